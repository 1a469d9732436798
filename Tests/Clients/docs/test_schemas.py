"""The JSON Schemas of the files that people write: what the docs show fits them, and what they refuse the program refuses."""

import copy
import json
import re
import subprocess

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

import needs
import tour
from certificate import Certificate
from lab import ADELE, CONTOSO, NATIVE
from serve import HTTP_ALONE, Process

SCHEMAS = {path.name.removesuffix(".schema.json"): json.loads(path.read_text())
    for path in sorted((tour.ROOT / "docs" / "schemas").glob("*.json"))}


def mistake(kind, value):
    """What is wrong with the value, as text; empty when nothing is."""
    error = best_match(Draft202012Validator(SCHEMAS[kind]).iter_errors(value))
    return "" if error is None else f"{error.json_path}: {error.message}"


def kind_of(value):
    """Which file it is, by what only such a file has."""
    if isinstance(value, list):
        return "expectations" if "after" in value[0] else "faults"
    return next((kind for member, kind in [
        ("tenants", "seed"), ("steps", "scenario"), ("questions", "lab"), ("faults", "faults"), ("expectations", "expectations")] if member in value), None)


def files_of_the_docs():
    """Every file that a page shows or writes, with its page; and the scenarios that come along."""
    for page in [tour.ROOT / "README.md", *sorted((tour.ROOT / "docs").rglob("*.md"))]:
        text = page.read_text()
        blocks = re.findall(r"<<'?YAML'?\n(.*?)\nYAML$", text, re.DOTALL | re.MULTILINE)
        blocks += re.findall(r"```yaml(?: users)?\n(.*?)```", text, re.DOTALL)
        for number, block in enumerate(blocks):
            value = yaml.safe_load(block)
            if isinstance(value, dict) and set(value) == {"users"}:
                value = {"tenants": [{"id": CONTOSO, "name": "x", "domains": ["tailspin.example"], **value}]}
            if value is not None:
                yield f"{page.name} {number}", value
    for path in sorted((tour.ROOT / "Sources" / "LapseRules" / "Scenarios" / "BuiltIn").glob("*.json")):
        yield path.name, json.loads(path.read_text())
    for path in sorted((tour.ROOT / "Sources" / "LapseInstance" / "Labs").glob("*.yaml")):
        yield path.name, yaml.safe_load(path.read_text())


DOCS = dict(files_of_the_docs())


def test_there_is_a_schema_for_each_kind_of_file():
    assert list(SCHEMAS) == ["expectations", "faults", "lab", "lapse", "scenario", "seed"]
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)
    assert {kind_of(value) for value in DOCS.values()} == {"seed", "scenario", "lab", "faults", "expectations"}


@pytest.mark.parametrize("name", DOCS)
def test_what_the_docs_show_fits_its_schema(name):
    assert mistake(kind_of(DOCS[name]), DOCS[name]) == ""


HASH = "0f" * 32
TENANT = {"id": CONTOSO, "name": "Contoso", "domains": ["contoso.example"]}
USER = {"userPrincipalName": ADELE}
APP = {"id": NATIVE, "name": "App", "kind": "public"}
PEM = Certificate().pem
FULL = {
    "seed": {"tenants": [{
        **TENANT, "propagation": {
            "seed": 1, "regions": ["east", "west"], "routing": "random", "origin": "immediate", "planes": {
                "refresh": {"uniform": ["PT1S", "PT2S"]}, "session": {"east": {"afterAttempts": 3}},
                "cae": {"lognormal": {"median": "PT1M", "p95": "PT5M"}}, "directory": "manual"}},
        "policies": {
            "tieRule": "entra", "revocationMatrix": {cause: [] for cause in (
                "userRevoke", "adminRevoke", "passwordChange", "selfServiceReset", "adminResetAzurePortal", "adminResetEntra",
                "singleSignOut", "passwordExpired")},
            "revokeAnswer": 204, "permissions": "2019", "errorLayout": "2021", "suberror": False, "loopDetection": True,
            "tokenTimes": "wall", "cloud": "china", "lifetimes": dict.fromkeys((
                "accessToken", "caeAccessToken", "idToken", "refreshTokenInactivity", "spaRefreshToken", "code", "deviceCode",
                "session", "persistentSession", "signInFrequency"), "PT5M"),
            "retention": {"events": {"rows": 1000, "age": "P7D"}, "tokens": {"age": None}}},
        "users": [{
            **USER, "id": "aaaaaaaa-0001-4000-8000-000000000001", "displayName": "A", "givenName": "A", "surname": "V", "mail": "a@x",
            "password": {"sha256": HASH, "salt": CONTOSO}, "accountEnabled": False, "mustChangePassword": True,
            "withdrawnConsents": [NATIVE], "consents": [{"client": NATIVE, "scopes": ["Mail.Read"]}], "roles": ["Global Administrator"], "challenges": [{"code": 50076, "on": ["refresh"]}],
            **dict.fromkeys((
                "city", "companyName", "country", "department", "employeeId", "jobTitle", "mailNickname", "mobilePhone",
                "officeLocation", "postalCode", "preferredLanguage", "state", "streetAddress", "usageLocation"), "x"),
            "businessPhones": ["+1"], "manager": ADELE, "licences": ["x"], "authenticationMethods": ["fido2"],
            "memberOf": [{"id": "aaaaaaaa-0001-4000-8000-00000000000a", "displayName": "x", "kind": "role"}],
            "devices": [{"id": "aaaaaaaa-0001-4000-8000-00000000000b", "displayName": "x", "accountEnabled": False}]},
            {"userPrincipalName": "guest#EXT#@contoso.example", "home": {
                "tenant": "22222222-bbbb-4bbb-8bbb-222222222222", "user": "aaaaaaaa-0001-4000-8000-000000000009"}}],
        "apps": [{
            **APP, "kind": "confidential", "secrets": ["x", {"sha256": HASH}, {"value": "y", "endsAt": "2031-01-01T00:00:00Z"}], "redirectUris": ["http://localhost"],
            "spaRedirectUris": ["http://localhost"], "logoutUrl": "https://x/out", "flows": ["code"], "delegated": ["User.Read"], "application": ["User.Read.All"],
            "exposes": {"uri": "api://x", "scopes": ["y"], "xms_cc": True}, "accessTokenVersion": 1, "foci": True,
            "signInAudience": "AzureADMyOrg", "idTokens": True, "enabled": False, "assignmentRequired": True, "assigned": [ADELE],
            "certificates": [PEM, {"pem": PEM, "endsAt": "2031-01-01T00:00:00Z"}], "optionalClaims": {"idToken": ["sid"], "accessToken": ["auth_time"]},
            "lifetimes": {"accessToken": "PT2M"}, "challenges": [{"code": 7000222}]}],
        "faults": [{"effect": {"status": 503, "retryAfter": "PT1S"}}]},
        {"id": "22222222-bbbb-4bbb-8bbb-222222222222", "name": "Two", "domains": ["two.example"], "propagation": "documented", "users": [
            {"id": "aaaaaaaa-0001-4000-8000-000000000009", "userPrincipalName": "g@two.example"}]},
        {"id": "33333333-bbbb-4bbb-8bbb-222222222222", "name": "Three", "domains": ["three.example"], "sandbox": True, "policies": {"tieRule": {"skew": "PT1M"}}}]},
    "lapse": {
        "host": "127.0.0.1", "control-token": "long-enough", "https-port": "off", "http-port": 0, "data-dir": ".lapse", "ephemeral": True,
        "seed": None, "propagation": "documented", "public-url": "http://localhost:8080", "graph-url": "http://localhost:8080", "back-channel": "request",
        "tls-name": ["login.example"], "open-registration": "true", "ready-file": "ready.json",
        "log-level": "requests", "log-format": "json"},
    "scenario": {
        "name": "all", "about": "x", "needs": "user", "policies": {"tieRule": {"skew": "PT1M"}}, "propagation": "instant", "steps": [
            {"pause": "PT0S"}, {"call": "POST faults", "body": {"effect": {"status": 500}}},
            {"wait": {"type": ["tokenRefreshed", "refreshRefused"], "count": 2, "within": "PT0.1S"}}]},
    "lab": {
        "name": "all", "title": {"en": "x", "es": "y", "pt": "z"}, "situation": "x", "policies": {"tieRule": "entra"}, "propagation": "flapping", "lead": "10m",
        "signIns": [{"id": "a", "user": "adele", "app": "native", "method": "non-password", "cp1": True}],
        "happens": [{"user": "adele", "cause": "adminRevoke"}, {"user": "adele", "account": "disabled", "at": "PT1M"}],
        "questions": [{"id": "b", "ask": "x", "endpoint": "token", "signIn": "a", "region": "eastus", "at": "PT1M"}], "explanation": "x",
        "change": {"text": "x", "policies": {"tieRule": "precise"}, "propagation": "flapping", "happens": [{"user": "adele", "cause": "userRevoke"}]}},
    "faults": {"name": "all", "faults": [
        {"name": "f", "match": {
            "endpoint": "token", "grantType": "refresh_token", "client": NATIVE, "user": ADELE, "region": "local"},
            "effect": {"code": 50173, "suberror": None, "claims": "{}", "latency": {"fixed": "PT1S"}}, "times": 1, "probability": 0.5},
        {"effect": {"code": 50173, "error": "x", "error_description": "y", "members": {"z": 1}}},
        {"effect": {"status": 429, "retryAfter": "PT1S"}}, {"effect": {"challenge": "{}", "variant": "padded"}}, {"effect": {"answer": "cut"}},
        {"effect": {"keys": "stale"}}]},
    "expectations": {"expectations": [{
        "name": "e", "client": NATIVE, "user": ADELE, "after": "revoke", "reauthorizesWithin": "PT5S", "recoversWithin": "PT5S",
        "retriesAtMost": 1, "carriesClaims": False}]}}
"""A file of each kind; together they say all that files can say."""


def names(schema, root, seen=()):
    """Every member that the schema has a name for."""
    if isinstance(schema, list):
        return {name for each in schema for name in names(each, root, seen)}
    if not isinstance(schema, dict):
        return set()
    found = set(schema.get("properties", {}))
    for key, value in schema.items():
        if key == "$ref" and value not in seen:
            found |= names(root["$defs"][value.rpartition("/")[2]], root, (*seen, value))
        elif key == "properties":
            found |= names(list(value.values()), root, seen)
        elif key != "$defs" and isinstance(value, (dict, list)):
            found |= names(value, root, seen)
    return found


def said(value):
    if isinstance(value, dict):
        return set(value) | said(list(value.values()))
    return {name for each in value for name in said(each)} if isinstance(value, list) else set()


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """Whether the program takes a file of that kind, and what it says."""
    folder = tmp_path_factory.mktemp("schemas")
    process = Process(folder, *HTTP_ALONE)
    variables = {"PATH": "/usr/bin:/bin", "LAPSE_SERVER": process.lapse.http, "HOME": str(folder)}

    def take(kind, value):
        if kind == "lapse" and isinstance(value, dict):
            # A Lapse whose port is taken stops right behind its settings.
            place = {"https-port": "off", "http-port": int(process.lapse.http.rpartition(":")[2]), "ephemeral": True}
            value = {**place, **{name: each for name, each in value.items() if name not in place or each not in (None, 0)}}
        file = folder / "file.yaml"
        file.write_text(json.dumps(value))
        arguments, good = {
            "lapse": (["serve", "--config", "file.yaml"], "is in use"),
            "seed": (["reset", "--seed", "file.yaml"], " is as file.yaml says."),
            "scenario": (["check", "--scenario", "file.yaml", "--", "true"], "No app has done anything yet."),
            "lab": (["lab", "file.yaml", "--auto"], "A change to try: x"),
            "faults": (["fault", "add", "--file", "file.yaml"], None),
            "expectations": (["report", "--expect", "file.yaml"], None)}[kind]
        if kind in ("faults", "expectations"):
            subprocess.run([needs.lapse(), "reset", "--seed", "lab.yaml"], cwd=folder, env=variables, capture_output=True, timeout=60, check=True)
        run = subprocess.run([needs.lapse(), *arguments], cwd=folder, env=variables, capture_output=True, text=True, timeout=60)
        told = run.stdout + run.stderr
        is_taken = good in told if good else not run.stderr
        return is_taken, told

    (folder / "lab.yaml").write_text(subprocess.run(
        [needs.lapse(), "export"], cwd=folder, env=variables, capture_output=True, text=True, timeout=60, check=True).stdout)
    take.exported = lambda *arguments: json.loads(subprocess.run(
        [needs.lapse(), "export", "--json", *arguments], cwd=folder, env=variables, capture_output=True, timeout=60, check=True).stdout)
    yield take
    process.stop()


@pytest.mark.parametrize("kind", FULL)
def test_a_file_that_says_everything_fits_and_is_taken(kind, taken):
    assert mistake(kind, FULL[kind]) == ""
    assert names(SCHEMAS[kind], SCHEMAS[kind]) - said(list(FULL.values())) == set(), "a member that none of these files shows"
    is_taken, told = taken(kind, FULL[kind])
    assert is_taken, told


def test_whatever_a_seed_may_say_is_exported(taken):
    """A member that is new is in the schema, then in the file above, and here it is missed where nobody writes it."""
    is_taken, told = taken("seed", FULL["seed"])
    assert is_taken, told
    exported = [taken.exported("--with-secrets"), taken.exported("--with-secrets", "--tenant", "three.example")]
    # A secret leaves by its hash.
    assert said(FULL["seed"]) - said(exported) == {"value"}


def tenant(**changes):
    return {"tenants": [{**TENANT, **changes}]}


def user(**changes):
    return tenant(users=[{**USER, **changes}])


def app(**changes):
    return tenant(apps=[{**APP, **changes}])


def step(value):
    return {"name": "x", "steps": [value]}


BAD = [
    *(("seed", value) for value in [
        [], {}, {"tenants": []}, {"tenants": [1]}, {**tenant(), "more": 1}, tenant(more=1), tenant(id="x"), tenant(name=None), tenant(name=""),
        tenant(domains=[]), tenant(domains=["x"]), tenant(sandbox="yes"), tenant(propagation="slow"), tenant(propagation={"regions": []}),
        tenant(propagation={"planes": {"refresh": {"fixed": "soon"}}}), tenant(propagation={"planes": {"directory": {"afterAttempts": 1}}}),
        tenant(policies={"tieRule": "coin"}), tenant(policies={"lifetimes": {"code": "PT0S"}}), user(userPrincipalName=None),
        user(userPrincipalName="ann"), user(displayName=""), user(displayName=None), user(password=None), user(password=""), user(password={}),
        user(password={"sha256": "x"}), user(password={"sha256": HASH, "more": 1}), user(roles=["King"]), user(accountEnabled="yes"),
        user(challenges=[{"code": 7000222}]), user(challenges=[{"code": 50076, "on": []}]), user(home={"tenant": CONTOSO}),
        user(mustChangePassword=1), user(withdrawnConsents=[""]), user(consents=[{"scopes": ["x"]}]), user(consents=["x"]), user(city=""), user(businessPhones=["1", "2"]), user(more=1), app(id=""),
        app(kind="tablet"), app(kind=None), app(secrets="x"), app(secrets=[{"md5": "x"}]), app(redirectUris=["cb"]), app(flows=["implicit"]),
        app(exposes={}), app(accessTokenVersion=3), app(lifetimes={"accessToken": "soon"}), app(more=1), tenant(faults=[{}]),
        tenant(faults=[{"effect": {"status": 404}}])]),
    *(("lapse", value) for value in [
        [], {"colour": 1}, {"https-port": 70000}, {"https-port": "x"}, {"http-port": -1}, {"ephemeral": "maybe"}, {"propagation": "slow"},
        {"public-url": "localhost"}, {"graph-url": "http://x/path"}, {"back-channel": "front"}, {"host": ""}, {"host": 1}, {"control-token": "short"},
        {"data-dir": ["x"]}, {"tls-name": [1]}]),
    *(("scenario", value) for value in [
        [], {}, {"name": "x"}, {"name": "x", "steps": []}, {"name": "", "steps": [{"pause": "PT1S"}]}, step({}), step({"pause": "soon"}),
        step({"pause": "PT1S", "more": 1}), step({"call": "FETCH faults"}), step({"call": "POST"}), step({"wait": {}}),
        step({"wait": {"type": "nothing"}}), step({"wait": {"type": []}}), step({"wait": {"type": "tokenRefreshed", "count": 0}}),
        step({"wait": {"type": "tokenRefreshed", "within": "x"}}), step({"wait": {"type": "tokenRefreshed", "more": 1}}),
        {**step({"pause": "PT1S"}), "policies": {"more": 1}}, {**step({"pause": "PT1S"}), "propagation": "slow"},
        {**step({"pause": "PT1S"}), "more": 1}]),
    *(("faults", value) for value in [
        {}, {"faults": {}}, [{}], [{"effect": {}}], [{"effect": {"status": 404}}], [{"effect": {"code": 1}}], [{"effect": {"answer": "x"}}],
        [{"effect": {"keys": "x"}}], [{"effect": {"status": 500, "code": 50173}}], [{"effect": {"status": 503}, "times": 0}],
        [{"effect": {"status": 503}, "probability": 0}], [{"effect": {"status": 503}, "match": {"endpoint": "x"}}],
        [{"effect": {"status": 503}, "match": {"grantType": "x"}}], [{"effect": {"status": 503}, "more": 1}],
        [{"effect": {"status": 503}, "name": ""}]]),
    *(("lab", {**FULL["lab"], **value}) for value in [
        {"name": "Big Lab"}, {"title": {"es": "x"}}, {"title": ""}, {"situation": "x" * 1001}, {"signIns": []}, {"happens": [{"user": "adele"}]},
        {"happens": [{"user": "adele", "cause": "boredom"}]}, {"lead": "soon"}, {"questions": [{**FULL["lab"]["questions"][0], "endpoint": "door"}]},
        {"change": {"propagation": "instant"}}, {"explanation": None}, {"more": 1}]),
    *(("expectations", value) for value in [
        {}, [{}], [{"after": "revoke"}], [{"after": "x", "retriesAtMost": 1}], [{"after": "revoke", "retriesAtMost": -1}],
        [{"after": "revoke", "recoversWithin": "soon"}], [{"after": "revoke", "carriesClaims": "yes"}],
        [{"after": "revoke", "retriesAtMost": 1, "more": 1}]])]


@pytest.mark.parametrize("kind, value", BAD, ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:90])
def test_what_the_program_refuses_the_schema_refuses(kind, value, taken):
    is_taken, told = taken(kind, value)
    assert not is_taken and told.count("\n") == 1, told
    assert mistake(kind, value), "the schema takes it"


@pytest.mark.parametrize("kind", FULL)
def test_a_member_that_may_be_left_out_may_have_no_value(kind, taken):
    """As YAML reads `propagation:` with nothing behind it."""
    if kind == "seed":
        # Guests and faults need what is beside them.
        value = {"tenants": [{**TENANT, **dict.fromkeys(set(FULL[kind]["tenants"][0]) - set(TENANT))}]}
    elif kind == "lapse":
        value = dict.fromkeys(FULL[kind])
    elif kind == "lab":
        value = {**FULL[kind], **dict.fromkeys(("policies", "propagation", "lead")), "change": {**FULL[kind]["change"], "policies": None, "happens": None}}
        value["questions"] = [{**FULL[kind]["questions"][0], "region": None, "at": None}]
        value["signIns"] = [{**FULL[kind]["signIns"][0], "method": None, "cp1": None}]
    elif kind == "scenario":
        value = {**dict.fromkeys(FULL[kind]), "name": "x", "steps": [{"pause": "PT0S"}]}
    else:
        value = copy.deepcopy(FULL[kind][kind][:1] if kind == "expectations" else FULL[kind][kind][1:2])
        for name in ("name", "client", "user", "recoversWithin", "carriesClaims") if kind == "expectations" else ("name", "match", "times", "probability"):
            value[0][name] = None
    assert mistake(kind, value) == ""
    is_taken, told = taken(kind, value)
    assert is_taken, told
