"""What the control API answers, as types. Instants are text in RFC 3339 with seven decimals and Z, durations are ISO 8601.

Objects may have more members than are named here: the API's own description is `/_lapse/api/openapi.json`.
"""

from __future__ import annotations

from typing import Any, TypedDict


class Grant(TypedDict):
    """What one sign-in gave."""

    grant: str
    refresh_token: str | None
    access_token: str
    id_token: str | None
    expires_in: int
    cookies: dict[str, str]


class TokenAnswer(TypedDict):
    """What the token endpoint answered, good or bad."""

    status: int
    body: dict[str, Any]


class Visibility(TypedDict):
    """Where one region stands with a revocation."""

    visibleAt: str | None
    held: bool
    effective: bool


class Revocation(TypedDict):
    """A revocation, and where it is in effect: by plane, then by region."""

    id: str
    user: str
    at: str
    cause: str
    actor: str | None
    stamp: str
    planes: dict[str, dict[str, Visibility]]


class _Effect(TypedDict):
    at: str
    type: str
    id: str


class Effect(_Effect, total=False):
    """Something that took effect while the clock was moved."""

    plane: str
    region: str


class Clock(TypedDict):
    """A tenant's clock: `mode` is `running` or `frozen`."""

    now: str
    mode: str


class Advance(Clock):
    """The clock after it was moved, and what took effect meanwhile, in order."""

    tookEffect: list[Effect]


class _Fault(TypedDict):
    id: str
    match: dict[str, str]
    effect: dict[str, Any]
    hits: int
    left: int | None


class Fault(_Fault, total=False):
    """A fault, how often it was met, and how often it will be yet (`left` None: without end)."""

    times: int
    probability: float
    name: str


class Forged(TypedDict):
    """An access token with one defect, and its claims."""

    access_token: str
    defect: str
    claims: dict[str, Any]


class Verdict(TypedDict):
    """How one plane of one region judges, by which rule, in words (`why`), and when that changes."""

    plane: str
    region: str
    accepted: bool
    code: int | None
    rule: str
    why: str
    authTime: str | None
    cutOff: str | None
    revocation: str | None
    changesAt: str | None
    attemptsLeft: int | None


class Event(TypedDict):
    """A line of the tenant's log."""

    id: int
    at: str
    type: str
    user: str | None
    client: str | None
    grant: str | None
    revocation: str | None
    region: str | None
    code: int | None
    requestId: str | None


class Explanation(TypedDict):
    """Why a token or a session is accepted or refused."""

    kind: str
    known: bool
    reason: str | None
    grant: str | None
    session: str | None
    user: str | None
    client: str | None
    authTime: str | None
    at: str
    verdicts: list[Verdict]
    history: list[Event]


class Outcome(TypedDict):
    """What became of an expectation at one client: `says` is a sentence."""

    client: str
    incident: int
    status: str
    says: str
    events: list[int]


class _Expectation(TypedDict):
    id: str
    after: str
    status: str
    outcomes: list[Outcome]


class Expectation(_Expectation, total=False):
    """What was expected of a client, and whether it `passed`, `failed` or is `pending`."""

    name: str
    client: str
    user: str
    reauthorizesWithin: str
    recoversWithin: str
    retriesAtMost: int


class Exchange(TypedDict):
    """A request to the authority or Graph with its answer; passwords, secrets, tokens, codes and cookies are masked."""

    id: int
    at: str
    method: str
    path: str
    status: int
    endpoint: str | None
    client: str | None
    user: str | None
    code: int | None
    request: Any
    response: Any


class Finding(TypedDict):
    """What a rule of the report found."""

    rule: str
    severity: str
    user: str | None
    userPrincipalName: str | None
    says: str
    advice: str | None
    events: list[int]


class ClientReport(TypedDict):
    """How one client reacted."""

    client: str
    name: str | None
    verdict: str
    findings: list[Finding]
    incidents: list[dict[str, Any]]


class Report(TypedDict):
    """How each client handled what it met."""

    tenant: str
    at: str
    verdict: str
    clients: list[ClientReport]
    expectations: list[Expectation]


class _User(TypedDict):
    id: str
    userPrincipalName: str
    displayName: str


class User(_User, total=False):
    """A user of a new sandbox, with the password where it is known: Lapse keeps only the hashes of those of a seed file."""

    password: str


class App(TypedDict):
    """An app registration of a new sandbox, with its secrets where they are known. `kind` is public, confidential, spa or resource."""

    id: str
    name: str
    kind: str
    secrets: list[str | dict[str, Any]]
    redirectUris: list[str]
    spaRedirectUris: list[str]
    application: list[str]


class Made(TypedDict):
    """What the call that makes a sandbox answers."""

    id: str
    name: str
    domains: list[str]
    users: list[User]
    apps: list[App]
