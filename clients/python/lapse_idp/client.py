"""A typed client for Lapse's control API: a server, and the verbs of a tenant.

Durations are text as people type it (`90s`, `5m`), ISO 8601, or a `timedelta`. Instants are RFC 3339, or a `datetime` with a time zone.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Union, cast
from urllib.parse import quote, urlencode, urlsplit

from .answers import (
    Advance, App, Clock, Event, Exchange, Expectation, Explanation, Fault, Forged, Grant, Made, Report, Revocation, TokenAnswer, User,
)
from .connection import Connection, LapseError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Lapse", "LapseError", "Reaction", "Tenant"]

SCOPE = "openid profile offline_access User.Read"
Duration = Union[str, timedelta]
Instant = Union[str, datetime]

_CONTOSO = "11111111-aaaa-4aaa-8aaa-111111111111"
_PASSWORD = "Passw0rd!"
"""Of every user of whom nothing else is said."""
_LONGEST_WAIT_SECONDS = 55
"""Of one call: the control API waits a minute at most."""


class Lapse:
    """A running Lapse.

    `https` and `http` are its origins (`http` None: it does not listen there), `ca_file` the file with its CA (None: the system trusts it),
    `program` the file of the program that runs, where this is known. `seed` is the tenant of a seed file that sandboxes are like.
    """

    def __init__(
            self, https: str, http: str | None = None, ca_file: str | None = None, token: str | None = None,
            program: str | None = None, seed: dict[str, Any] | None = None) -> None:
        self.https = https
        self.http = http
        self.ca_file = ca_file
        self.program = program
        self.connection = Connection(https, ca_file, token)
        self._seed = seed
        self._template: str | None = None

    def sandbox(self, template: str | dict[str, Any] | None = None) -> Tenant:
        """Makes a tenant for one test; its clock is frozen. From the name, domain or id of a tenant that is there (None: the seed file's
        first, Contoso in the built-in lab), or from a tenant as it stands in a seed file. Use it with `with`, or call `remove()`."""
        body = template if isinstance(template, dict) else {"template": template or self._default()}
        made = cast("Made", self.call("POST", "/tenants", body))
        if template is None and self._seed is not None:
            _fill_in(made, self._seed)
        tenant = Tenant(self, made)
        try:
            tenant.freeze()
        except BaseException:
            tenant.remove()
            raise
        return tenant

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Any call of the control API; `path` is what follows `/_lapse/api`. Returns the JSON of the answer; raises LapseError."""
        return self.connection.control(method, path, body)

    def _default(self) -> str:
        """The tenant that sandboxes are like, when nothing else is said."""
        if self._template is None and self._seed is not None:
            self._template = str((self._seed.get("domains") or [self._seed.get("id") or self._seed["name"]])[0])
        if self._template is None:
            # Sandboxes come behind the others, so that the first page shows whether there is more than one.
            there = [each for each in self.call("GET", "/tenants")["items"] if not each["domains"][0].startswith("sbx-")]
            if not any(each["id"] == _CONTOSO for each in there) and len(there) != 1:
                names = ", ".join(each["name"] for each in there) or "none"
                raise ValueError(f"say which tenant the sandbox is like: sandbox('NAME'). There are: {names}")
            self._template = _CONTOSO if len(there) > 1 else str(there[0]["id"])
        return self._template


class Tenant:
    """A sandbox, and what a test does with it.

    `id`, `domain`, `authority` (for MSAL), `users` and `apps` as they were made, with passwords and secrets.
    """

    def __init__(self, server: Lapse, made: Made) -> None:
        self.server = server
        self.id = made["id"]
        self.domain = made["domains"][0]
        self.users: list[User] = made["users"]
        self.apps: list[App] = made["apps"]
        self._is_removed = False

    def __repr__(self) -> str:
        return f"Tenant({self.domain!r})"

    def __enter__(self) -> Tenant:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.remove()

    @property
    def authority(self) -> str:
        """The authority's address, as MSAL takes it."""
        return f"{self.server.https}/{self.domain}"

    def user(self, name: str) -> str:
        """The full name in this tenant of `adele`, or of `adele@contoso.example`; an id as it is."""
        if _is_id(name) or any(each["userPrincipalName"].lower() == name.lower() for each in self.users):
            return name
        return f"{name.partition('@')[0]}@{self.domain}"

    def client(self, name: str) -> str:
        """The id of `native`, `web`, `spa`, `daemon` or `api` of the lab, or of any app by its name or the name's last word; an id as it is.
        Raises ValueError for another."""
        return name if _is_id(name) else self._app(name)["id"]

    def secret(self, client: str) -> str | None:
        """The first secret of an app; None when it has none, or is not known here."""
        app = self._known(client)
        if app is None or not app["secrets"]:
            return None
        first = app["secrets"][0]
        return first if isinstance(first, str) else first.get("value")

    def remove(self) -> None:
        """Removes the sandbox with everything in it. Does nothing the second time."""
        if not self._is_removed:
            self.server.call("DELETE", f"/tenants/{self.domain}")
            self._is_removed = True

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Any call of the control API on this tenant, such as `call("PUT", "policies", {"tieRule": "entra"})`. Returns the JSON of the
        answer, None where it has none; raises LapseError."""
        return self.server.call(method, f"/tenants/{self.domain}/{path.lstrip('/')}", body)

    # The clock

    def freeze(self) -> Clock:
        """Stops the clock where it is, as it is in a new sandbox."""
        return cast("Clock", self.call("PUT", "clock", {"mode": "frozen"}))

    def advance(self, by: Duration) -> Advance:
        """Moves the clock forward. Returns what took effect meanwhile."""
        return cast("Advance", self.call("POST", "clock/advance", {"by": _duration(by)}))

    def until(self, what: str) -> Advance:
        """Moves the clock to the `next-event`, until `propagation` is over, or to the next `refresh-token-expiry`. Returns what took effect
        meanwhile; raises LapseError with status 409 when nothing is ahead."""
        return cast("Advance", self.call("POST", "clock/advance", {"until": what}))

    # Sign-ins, and their end

    def sign_in(
            self, user: str, client: str = "native", scope: str = SCOPE, *, auth_time: Instant | None = None,
            method: str | None = None) -> Grant:
        """Signs a user in without a browser. Returns the tokens and the cookie of the session."""
        return cast("Grant", self.call("POST", "grants", _given(
            user=self.user(user), client_id=self.client(client), scope=scope, authTime=_instant(auth_time), method=method)))

    def refresh(
            self, refresh_token: str, client: str = "native", *, scope: str | None = None, region: str | None = None,
            claims: str | dict[str, Any] | None = None, secret: str | None = None) -> TokenAnswer:
        """Redeems a refresh token at the token endpoint, with the secret of a confidential client (the app's first, unless another is
        given). Returns status and body, whatever they are."""
        app = self._known(client)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if app is not None and app["kind"] == "spa" and app["spaRedirectUris"]:
            page = urlsplit(app["spaRedirectUris"][0])
            headers["Origin"] = f"{page.scheme}://{page.netloc}"
        if region is not None:
            headers["x-lapse-region"] = region
        form = _given(
            grant_type="refresh_token", client_id=self.client(client), refresh_token=refresh_token, scope=scope,
            claims=json.dumps(claims) if isinstance(claims, dict) else claims,
            client_secret=secret if secret is not None else self.secret(client))
        answer = self.server.connection.send("POST", f"/{self.domain}/oauth2/v2.0/token", urlencode(form).encode(), headers)
        try:
            return {"status": answer.status, "body": json.loads(answer.body)}
        except ValueError:
            # A fault may have damaged it.
            return {"status": answer.status, "body": {}}

    def revoke(self, user: str, cause: str = "adminRevoke", *, wait: Duration | None = None) -> Revocation:
        """Revokes a user's sign-ins. With `wait` returns as soon as that is in effect everywhere, or when the wait is over: it is time of
        the machine, a minute at most, and a frozen clock stands still meanwhile."""
        made = cast("Revocation", self.call("POST", "revocations", {"user": self.user(user), "cause": cause}))
        if wait is None:
            return made
        return cast("Revocation", self.call("GET", f"revocations/{made['id']}?{_query(wait=_duration(wait))}"))

    def propagation(self, model: str | dict[str, Any]) -> dict[str, Any]:
        """Sets how revocations spread: a preset's name (`instant`, `documented`, `observed`, `flapping`), or a model. Returns the model."""
        return cast("dict[str, Any]", self.call("PUT", "propagation", model))

    # What goes wrong on purpose

    def fault(
            self, match: dict[str, str], effect: dict[str, Any], *, times: int | None = None, probability: float | None = None,
            name: str | None = None) -> Fault:
        """Makes requests that match go wrong. `client` and `user` in `match` may be short names."""
        matched = dict(match)
        if "client" in matched:
            matched["client"] = self.client(matched["client"])
        if "user" in matched:
            matched["user"] = self.user(matched["user"])
        return cast("Fault", self.call("POST", "faults", _given(
            match=matched, effect=effect, times=times, probability=probability, name=name)))

    def clear_faults(self, name: str | None = None) -> None:
        """Takes all faults away, or those of a name."""
        self.call("DELETE", "faults" if name is None else f"faults?{_query(name=name)}")

    def forge(self, user: str, client: str = "native", scope: str = "User.Read", *, defect: str) -> Forged:
        """An access token with one defect, for APIs to refuse: `audience`, `issuer`, `signature`, `expired`, `notYetValid` or `keyId`."""
        return cast("Forged", self.call("POST", "tokens/forge", {
            "user": self.user(user), "client_id": self.client(client), "scope": scope, "defect": defect}))

    # What is seen

    def explain(
            self, *, refresh_token: str | None = None, session: str | None = None, access_token: str | None = None,
            at: Instant | None = None, region: str | None = None) -> Explanation:
        """Why a refresh token, a session (its id, or the cookie's value) or an access token is accepted or refused, now or at another
        instant."""
        return cast("Explanation", self.call("POST", "explain", _given(
            refresh_token=refresh_token, session=session, access_token=access_token, at=_instant(at), region=region)))

    def expect(self, client: str = "native", *, after: str = "revoke", user: str | None = None) -> Reaction:
        """Begins a sentence: `expect("native").reauthorizes(within="10s")`. `after` is `revoke`, `refusal`, `challenge`, `silentRefusal` or
        `outage`; what the app met before the call counts, too."""
        return Reaction(self, client, after, user)

    def events(self, *, type: str | None = None, user: str | None = None, after: int | str | None = None) -> list[Event]:
        """What happened, in order: all of it, only a type, only a user, or what came after the event of a number."""
        return cast("list[Event]", list(self._items("events", type=type, user=user and self.user(user), after=after)))

    def exchanges(
            self, *, client: str | None = None, user: str | None = None, endpoint: str | None = None, after: int | str | None = None,
            wait: Duration | None = None) -> list[Exchange]:
        """The requests to the authority and Graph with their answers, as far as Lapse has recorded and kept them, in order. With `wait`,
        and none of them there yet, waits for the first: time of the machine, a minute at most."""
        return cast("list[Exchange]", list(self._items(
            "exchanges", client=client and self.client(client), user=user and self.user(user), endpoint=endpoint, after=after,
            wait=None if wait is None else _duration(wait))))

    def har(self) -> dict[str, Any]:
        """The exchanges as an HTTP archive (HAR 1.2), for a browser's tools."""
        return cast("dict[str, Any]", self.call("GET", "exchanges.har"))

    def report(self, client: str | None = None) -> Report:
        """How each client, or one, handled what it met."""
        return cast("Report", self.call("GET", "report" if client is None else f"report?{_query(client=self.client(client))}"))

    def _items(self, path: str, **query: Any) -> Iterator[Any]:
        asked = _given(**query)
        while True:
            page = self.call("GET", f"{path}?{urlencode(asked)}")
            yield from page["items"]
            if page["next"] is None:
                return
            asked["after"] = page["next"]
            # The first page has waited.
            asked.pop("wait", None)

    def _known(self, client: str) -> App | None:
        """None: an id of Microsoft's, or of an app that came later."""
        if _is_id(client):
            return next((app for app in self.apps if app["id"] == client), None)
        return self._app(client)

    def _app(self, name: str) -> App:
        wanted = name.lower()
        named = [app for app in self.apps if app["name"].lower() == wanted]
        named = named or [app for app in self.apps if app["name"].lower().split()[-1:] == [wanted]]
        if len(named) != 1:
            there = ", ".join(f"{app['name']} ({app['id']})" for app in self.apps)
            raise ValueError(f"{'no app' if not named else 'more than one app'} is called {name!r}. There are: {there}")
        return named[0]


class Reaction:
    """What is expected of a client; `Tenant.expect` makes one."""

    def __init__(self, tenant: Tenant, client: str, after: str, user: str | None) -> None:
        self._tenant = tenant
        self._client = client
        self._after = after
        self._user = user

    def reauthorizes(self, within: Duration, *, retries_at_most: int | None = None) -> Expectation:
        """The client sends its user to sign in within that time of the machine, and repeats a refused request so often at most. Returns the
        expectation as soon as it passed; raises AssertionError, with what Lapse saw, when it failed or the time is over."""
        __tracebackhide__ = True
        return self._holds(f"re-authorize within {within} of", "reauthorizesWithin", within, retries_at_most)

    def recovers(self, within: Duration, *, retries_at_most: int | None = None) -> Expectation:
        """The client gets what it asked for within that time of the machine. Else as `reauthorizes`."""
        __tracebackhide__ = True
        return self._holds(f"recover within {within} of", "recoversWithin", within, retries_at_most)

    def _holds(self, what: str, key: str, within: Duration, retries: int | None) -> Expectation:
        __tracebackhide__ = True
        tenant = self._tenant
        expectation = cast("Expectation", tenant.call("POST", "expectations", _given(
            after=self._after, client=tenant.client(self._client), user=self._user and tenant.user(self._user), retriesAtMost=retries,
            **{key: _duration(within)})))
        path = f"expectations/{expectation['id']}"
        try:
            # A little more: what happens at the last moment has to be written, too.
            deadline = time.monotonic() + _seconds(str(cast("dict[str, Any]", expectation)[key])) + 0.5
            while expectation["status"] == "pending" and (left := deadline - time.monotonic()) > 0:
                wait = f"PT{min(left, _LONGEST_WAIT_SECONDS):.3f}S"
                expectation = cast("Expectation", tenant.call("GET", f"{path}?{_query(wait=wait)}"))
        finally:
            tenant.call("DELETE", path)
        if expectation["status"] != "passed":
            raise AssertionError(f"{self._client} did not {what} {self._after}: {_said(expectation, self._after)}")
        return expectation


def _said(expectation: Expectation, after: str) -> str:
    if not expectation["outcomes"]:
        return f"it met no {after}. Either nothing happened to its user, or it did not come back to Lapse."
    return "; ".join(
        f"{outcome['says']} (event {', '.join(map(str, outcome['events']))})"
        for outcome in expectation["outcomes"] if outcome["status"] != "passed")


def _fill_in(made: Made, seed: dict[str, Any]) -> None:
    """Passwords and secrets as the seed file says them: Lapse knows only their hashes."""
    users = {str(user["userPrincipalName"]).partition("@")[0].lower(): user for user in seed.get("users") or []}
    for user in made["users"]:
        said = users.get(user["userPrincipalName"].partition("@")[0].lower(), {})
        password = said.get("password", _PASSWORD)
        if "password" not in user and isinstance(password, str):
            user["password"] = password
    for app in made["apps"]:
        for each in seed.get("apps") or []:
            if app["id"] == each.get("id") or app["name"] == each.get("name"):
                app["secrets"] = app["secrets"] or list(each.get("secrets") or [])


_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _query(**members: str) -> str:
    return urlencode(members, quote_via=quote)


def _duration(value: Duration) -> str:
    if isinstance(value, str):
        return value
    seconds, fraction = divmod(value // timedelta(microseconds=1), 1_000_000)
    return f"PT{seconds}" + (f".{fraction:06}" if fraction else "") + "S"


def _instant(value: Instant | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if value.tzinfo is None:
        raise ValueError(f"{value!r} needs a time zone, such as timezone.utc")
    return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_ISO_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?")


def _seconds(iso: str) -> float:
    """Of a duration as the control API writes it."""
    parts = _ISO_DURATION.fullmatch(iso)
    assert parts is not None, iso
    days, hours, minutes, seconds = (float(part or 0) for part in parts.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
