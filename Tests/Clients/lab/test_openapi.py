"""The control API is what its OpenAPI document says it is: the document is sound, a tour of every operation is answered
as it says, and so is whatever can be made up from it."""

import json
import pathlib
import re
import tempfile
import time
import zlib
from base64 import urlsafe_b64decode
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit
from xml.etree import ElementTree

import pytest
import requests
import schemathesis
from hypothesis import strategies
from hypothesis.configuration import set_hypothesis_home_dir
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance, negative_data_rejection, positive_data_acceptance, response_schema_conformance,
    status_code_conformance)

import school
from certificate import Certificate
from lab import ADELE, API, CONTOSO, DAEMON, NATIVE, PASSWORD, REDIRECT, WEB, WEB_SECRET
from serve import PORTS, Process

ROOT = pathlib.Path(__file__).resolve().parents[3]


def served():
    """The document as Lapse serves it: joined of its files, with the values of the enums that they name."""
    with tempfile.TemporaryDirectory(prefix="lapse-openapi-") as folder:
        process = Process(pathlib.Path(folder), *PORTS)
        try:
            return process.lapse.control("GET", "/openapi.json")
        finally:
            process.stop()


DOCUMENT = served()
BASE = DOCUMENT["servers"][0]["url"]
METHODS = ["get", "put", "post", "patch", "delete"]
STREAM = "streamEvents"
WITHOUT_DATABASE = ["/health", "/labs", "/status", "/openapi.json", "/exchanges"]

# Nothing is written next to the tests: not by hypothesis either, on which schemathesis rests.
NOTES = tempfile.TemporaryDirectory(prefix="lapse-hypothesis-")
set_hypothesis_home_dir(NOTES.name)

# Nothing takes longer, even in a debug build on a busy machine.
TIMEOUT = 10
BODY_BOUND = 128 * 1024
# Of calls that take a whole directory.
SEED_BOUND = 8 * 1024 * 1024
STRANGER = "cccccccc-0009-4000-8000-000000000009"
NESTOR_AT_HOME = {"tenant": "22222222-bbbb-4bbb-8bbb-222222222222", "user": "aaaaaaaa-0001-4000-8000-000000000004"}
SCOPE = "openid offline_access User.Read"
GATE = "redeem.beforeDecision"
# What a challenge demands of the next access token.
DEMAND = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'


def resolved(value):
    """What a reference stands for."""
    while "$ref" in value:
        target = DOCUMENT
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        value = target
    return value


class Operation:
    def __init__(self, path, method, item):
        described = item[method]
        self.path, self.method, self.described = path, method.upper(), described
        self.name = described["operationId"]
        self.parameters = [resolved(each) for each in item.get("parameters", []) + described.get("parameters", [])]
        self.responses = {int(status): resolved(answer) for status, answer in described["responses"].items()}
        self.takes_body = "requestBody" in described

    def body_schema(self):
        return self.described["requestBody"]["content"]["application/json"]["schema"]

    def names_tenant(self):
        return "{tenant}" in self.path


OPERATIONS = {
    operation.name: operation
    for path, item in DOCUMENT["paths"].items()
    for operation in (Operation(path, method, item) for method in METHODS if method in item)}


def mistakes(value, schema):
    """What is wrong with a value of the document's schema, as text; empty when nothing is."""
    validator = Draft202012Validator(
        {**schema, "components": DOCUMENT["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER)
    error = best_match(validator.iter_errors(value))
    return "" if error is None else f"{error.json_path}: {error.message}"


# MARK: The document

def test_the_document_is_valid_openapi():
    OpenAPIV31SpecValidator(DOCUMENT).validate()
    assert (DOCUMENT["openapi"], BASE) == ("3.1.0", "/_lapse/api")


def test_the_document_has_the_program_s_version(own):
    assert DOCUMENT["info"]["version"] == own.control("GET", "/health")["version"]


def test_every_operation_says_what_it_does_and_how_it_fails():
    assert len(OPERATIONS) == sum(method in item for item in DOCUMENT["paths"].values() for method in METHODS)
    for operation in OPERATIONS.values():
        summary = operation.described["summary"]
        assert summary.endswith(".") and ". " not in summary, f"{operation.name}: one sentence, not {summary!r}"
        assert {401, 403} <= set(operation.responses), operation.name
        # All that is kept in the database may meet a full disk.
        assert (503 in operation.responses) == (operation.path not in WITHOUT_DATABASE), operation.name
        assert not operation.names_tenant() or 404 in operation.responses, operation.name
        assert not operation.takes_body or {400, 413} <= set(operation.responses), operation.name
        assert len([status for status in operation.responses if status < 300]) == 1, operation.name


def test_the_examples_are_valid():
    for operation in OPERATIONS.values():
        for parameter in operation.parameters:
            assert "example" not in parameter or not mistakes(parameter["example"], parameter["schema"]), operation.name
        if operation.takes_body:
            for media in operation.described["requestBody"]["content"].values():
                assert "example" not in media or not mistakes(media["example"], media["schema"]), operation.name


def test_every_component_is_used():
    used = set(re.findall(r'"#/components/(\w+/\w+)"', json.dumps(DOCUMENT)))
    there = {f"{kind}/{name}" for kind, parts in DOCUMENT["components"].items() for name in parts}
    # A lab is described for its file, whose schema is made of it (test_schemas): requests are not made up from so deep a schema.
    assert there - used == {"securitySchemes/controlToken", "schemas/LabScript"}


def test_no_answer_may_have_a_member_that_the_document_does_not_know():
    seen = set()

    def walk(schema, is_closed_outside=False):
        if "$ref" in schema:
            if schema["$ref"] in seen and not is_closed_outside:
                return
            seen.add(schema["$ref"])
            schema = resolved(schema)
        is_closed = "additionalProperties" in schema or schema.get("unevaluatedProperties") is False
        if schema.get("type") == "object" and "properties" in schema:
            assert is_closed or is_closed_outside, schema
        for part in schema.get("properties", {}).values():
            walk(part)
        for part in schema.get("oneOf", []):
            walk(part)
        for part in schema.get("allOf", []):
            walk(part, is_closed)
        for keyword in ("items", "additionalProperties"):
            if isinstance(schema.get(keyword), dict):
                walk(schema[keyword])

    for operation in OPERATIONS.values():
        for answer in operation.responses.values():
            for media in answer.get("content", {}).values():
                # The document's own parts are not described a second time.
                if media["schema"].get("$ref") != "#/components/schemas/Description":
                    walk(media["schema"])


def test_the_document_lists_every_code_that_can_be_forced():
    pages = (ROOT / "Tests" / "Golden" / "codes").glob("*.txt")
    forced = (ROOT / "docs" / "codes.md").read_text().partition("## Codes that can only be forced")[2].rpartition("\n\n")[2]
    listed = [int(number) for number in re.findall(r"(?:^|, |,\n)(\d+)", forced)]
    assert DOCUMENT["components"]["schemas"]["RefusalCode"]["enum"] == sorted([*(int(page.stem) for page in pages), *listed])


# MARK: The tour

class Visitor:
    """Calls operations by name, and holds each request and each answer against the document."""

    def __init__(self, lapse, token=None):
        self.origin = lapse.http
        self.session = requests.Session()
        # Neither a proxy nor a password file of whoever runs the tests belongs here.
        self.session.trust_env = False
        self.token = token
        self.tenant = None
        self.visited = defaultdict(set)

    def visit(
            self, name, status, body=None, *, tenant=None, id=None, client=NATIVE, gate=GATE, query=None, headers=None,
            raw=None):
        """The body of the answer. `raw` is a body that is sent as it is, with its content type."""
        operation = OPERATIONS[name]
        content, content_type = raw or ((None, None) if body is None else (json.dumps(body), "application/json"))
        answer = self.session.request(
            operation.method, self.address(operation, tenant, id, client, gate), params=query, data=content,
            timeout=TIMEOUT, headers=self.headers(headers, **{"Content-Type": content_type}), allow_redirects=False)
        told = f"{name} {str(content)[:300]}: {answer.status_code} {answer.text[:1000]}"
        assert answer.status_code == status, f"not {status}: {told}"
        if status < 400:
            # What is taken is documented as well; what is refused need not be.
            assert operation.takes_body or body is None, name
            if body is not None:
                wrong = mistakes(body, operation.body_schema())
                assert not wrong, f"the request: {wrong}\n{told}"
            self.check_parameters(operation, "query", query)
            self.check_parameters(operation, "header", headers)
        self.visited[name].add("refused" if status >= 400 else "done")
        return self.checked(operation, answer, told)

    def address(self, operation, tenant=None, id=None, client=NATIVE, gate=GATE):
        path = operation.path
        for name, value in (
                ("tenant", tenant or self.tenant), ("id", id), ("user", id), ("client", client), ("gate", gate)):
            if f"{{{name}}}" in path:
                path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return self.origin + BASE + path

    def headers(self, given=None, **more):
        authorization = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {**authorization, **(given or {}), **more}

    def check_parameters(self, operation, place, given):
        known = {each["name"]: each for each in operation.parameters if each["in"] == place}
        for name, value in (given or {}).items():
            assert name in known, f"{operation.name} has no {place} parameter {name}"
            assert not mistakes(value, known[name]["schema"]), mistakes(value, known[name]["schema"])

    def checked(self, operation, answer, told):
        assert answer.status_code in operation.responses, f"the status is not documented: {told}"
        content = operation.responses[answer.status_code].get("content")
        if content is None:
            assert answer.content == b"", told
            return None
        (content_type, media), = content.items()
        assert media_type(answer) == content_type, told
        value = answer.json() if content_type == "application/json" else answer.text
        wrong = mistakes(value, media["schema"])
        assert not wrong, f"{wrong}\n{told}"
        return value

    def refused(self, name, status, body=None, field=None, **options):
        """A call that is refused; `field` is what the answer has to name."""
        error = self.visit(name, status, body, **options)["error"]
        if field is not None:
            assert error["field"] == field, error
        return error

    @contextmanager
    def stream(self, query=None, **headers):
        operation = OPERATIONS[STREAM]
        with self.session.get(
                self.address(operation), params=query, headers=self.headers(headers), stream=True,
                timeout=TIMEOUT) as answer:
            assert answer.status_code == 200, answer.text
            assert media_type(answer) in operation.responses[200]["content"]
            self.visited[STREAM].add("done")
            yield self.sent(answer)

    def sent(self, answer):
        """The events of a stream, each under its own type and number."""
        fields = {}
        # Byte by byte, or the last line would wait for the next one.
        for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                assert name not in fields, f"{name} twice in {fields}"
                fields[name] = value
            elif not line and fields:
                assert list(fields) == ["id", "event", "data"], fields
                event = json.loads(fields["data"])
                assert not mistakes(event, DOCUMENT["components"]["schemas"]["Event"]), fields
                assert (str(event["id"]), event["type"]) == (fields["id"], fields["event"]), fields
                yield event
                fields = {}

    # What more than one part of the tour does.

    def sandbox(self, **more):
        made = self.visit("createTenant", 201, {"template": "contoso", **more})
        self.tenant = made["id"]
        return made

    def sign_in(self, user, client=NATIVE, scope=SCOPE, **more):
        return self.visit("createGrant", 201, {"user": user, "client_id": client, "scope": scope, **more})

    def revoke(self, user, cause="adminRevoke", **more):
        return self.visit("createRevocation", 201, {"user": user, "cause": cause, **more})

    def propagate(self, **planes):
        self.visit("setPropagation", 200, {"planes": planes})

    def fault(self, effect, **more):
        return self.visit("createFault", 201, {"effect": effect, **more})

    def explain(self, status=200, **question):
        return self.visit("explain", status, question)

    def form(self, path, cookies=None, **fields):
        """A form of the authority, as a client or a browser without other cookies sends it."""
        with requests.Session() as browser:
            browser.trust_env = False
            return browser.post(
                f"{self.origin}/{self.tenant}/oauth2/v2.0/{path}", fields, cookies=cookies, timeout=TIMEOUT,
                allow_redirects=False)

    def refresh(self, token, client=NATIVE):
        return self.form("token", grant_type="refresh_token", client_id=client, refresh_token=token)

    def ask(self, client=NATIVE, **how):
        """What an app asks of a browser that has no session."""
        return self.form(
            "authorize", client_id=client, response_type="code", redirect_uri=REDIRECT, scope="openid", **how)

    def graph(self, token):
        """Who the token's user is, as Graph says it."""
        return self.session.get(
            f"{self.origin}/v1.0/me", headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT)


def media_type(answer):
    return answer.headers["Content-Type"].partition(";")[0]


def member(made, name):
    """The user's id and name in a sandbox."""
    user, = [user for user in made["users"] if user["userPrincipalName"].startswith(f"{name}@")]
    return user["id"], user["userPrincipalName"]


def tour_of_the_server(lab):
    assert lab.visit("listExchanges", 200)["next"] is None
    lab.session.get(f"{lab.origin}/common/oauth2/v2.0/logout", timeout=TIMEOUT)
    assert "/logout" in lab.visit("listExchanges", 200)["items"][0]["path"]
    assert lab.visit("getHealth", 200)["status"] == "ok"
    assert lab.visit("getStatus", 200)["addresses"]["http"] == lab.origin
    assert lab.visit("getDescription", 200) == DOCUMENT
    # Query and header are for others to read; here they change nothing.
    for name in ("getHealth", "getStatus", "getDescription", "listTenants", "listExchanges"):
        lab.refused(name, 403, headers={"Host": "evil.example"})
        lab.refused(name, 403, headers={"Origin": "https://evil.example"})


def tour_of_the_tenants(lab):
    names = {tenant["name"] for tenant in lab.visit("listTenants", 200)["items"]}
    assert {"Contoso", "Fabrikam"} <= names
    made = lab.sandbox()
    assert re.fullmatch(r"sbx-[0-9a-f]{8}\.contoso\.example", made["domains"][0]), made["domains"]
    assert made["id"] in {tenant["id"] for tenant in lab.visit("listTenants", 200)["items"]}
    # What is known of the built-in lab is shown; guests are left out.
    assert {user["password"] for user in made["users"]} == {PASSWORD}
    assert not [user for user in made["users"] if "home" in user]
    assert {app["id"]: app.get("secrets") for app in made["apps"]}[WEB] == [WEB_SECRET]
    for template in (CONTOSO, CONTOSO.upper(), "contoso.example", "Contoso", "fabrikam"):
        lab.sandbox(template=template)
    other = lab.sandbox(propagation="documented", policies={"tieRule": "entra"})
    assert other["propagation"]["planes"]["refresh"] == {"fixed": "PT3M"} and other["policies"]["tieRule"] == "entra"
    lab.sandbox(propagation={"regions": ["here", "there"], "planes": {"cae": "manual"}})

    lab.visit("createTenant", 201, {})
    lab.visit("createTenant", 201)
    seed = {
        "id": "33333333-CCCC-4CCC-8CCC-333333333333", "name": "Tailspin",
        "domains": ["Tailspin.example", "two.example"], "propagation": "flapping",
        "policies": {"lifetimes": {"accessToken": "PT2M"}},
        "users": [{"userPrincipalName": "wren@tailspin.example", "password": "An0ther-secret!", "mail": None}],
        "apps": [{"name": "Tailspin Web", "kind": "confidential", "secrets": ["tailspin-web-secret"], "exposes": None}],
        "faults": [{"match": {"user": "wren@tailspin.example"}, "effect": {"status": 503}, "times": 1}]}
    made = lab.visit("createTenant", 201, seed)
    assert (made["users"][0]["password"], made["apps"][0]["secrets"]) == ("An0ther-secret!", ["tailspin-web-secret"])
    assert made["domains"] == ["tailspin.example", "two.example"]
    lab.refused("createTenant", 409, {"id": seed["id"]}, "id")
    lab.refused("createTenant", 409, {"domains": ["contoso.example"]}, "domains")
    user = {"id": made["users"][0]["id"], "userPrincipalName": "x@x.example"}
    lab.refused("createTenant", 409, {"domains": ["x.example"], "users": [user]}, "users[0].id")
    for body, field in [
            ({"template": ""}, "template"), ({"template": 1}, "template"), ({"nothing": 1}, "nothing"),
            ({"template": "contoso", "nothing": 1}, "nothing"), ({"template": "contoso", "name": "x"}, "name"),
            ({"template": "contoso", "propagation": "slow"}, "propagation"), ({"id": "x"}, "id"),
            ({"domains": ["a b"]}, "domains[0]"), ({"policies": {"nothing": 1}}, "policies.nothing"),
            ({"users": [{"nothing": 1}]}, None), ({"apps": [{"name": "x", "kind": "tablet"}]}, "apps[0].kind"),
            ({"faults": [{}]}, "faults[0].effect"),
            ({"faults": [{"effect": {"status": 404}}]}, "faults[0].effect.status"),
            ({"faults": [{"effect": {"status": 500}}] * 101}, "faults"),
            ({"template": "contoso", "faults": []}, "faults")]:
        assert mistakes(body, OPERATIONS["createTenant"].body_schema()), f"the document takes {body}"
        lab.refused("createTenant", 400, body, field)
    # A name of a tenant that is not there is no name of a member of the body alone.
    assert lab.session.post(
        f"{lab.origin}{BASE}/tenants", json={"template": "nobody.example"}, timeout=TIMEOUT).status_code in (400, 404)

    lab.tenant = made["id"]
    lab.sign_in("wren@tailspin.example", client=made["apps"][0]["id"], scope="openid")
    planted = lab.visit("listFaults", 200)["items"]
    assert [fault["match"] for fault in planted] == [{"user": made["users"][0]["id"]}]
    lab.visit("clearFaults", 204)
    lab.fault({"status": 500})
    lab.visit("setGate", 200, {"closed": True})
    lab.visit("createExpectation", 201, {"after": "refusal", "retriesAtMost": 0})
    assert lab.visit("resetTenant", 200)["name"] == "Tailspin"
    assert lab.visit("resetTenant", 200, {})["name"] == "Tailspin"
    assert lab.visit("listGrants", 200, id="wren@tailspin.example")["items"] == []
    assert lab.visit("listFaults", 200)["items"] == planted
    assert lab.visit("listExpectations", 200)["items"] == []
    assert not any(gate["closed"] for gate in lab.visit("listGates", 200)["items"])
    lab.refused("resetTenant", 400, raw=("{", "application/json"))
    lab.visit("deleteTenant", 204, tenant="two.example")
    lab.refused("deleteTenant", 404)
    # Its names are free again.
    lab.visit("createTenant", 201, seed)


def tour_of_the_seeds(lab):
    """Export, import, reset. A reset of all is in `test_a_reset_of_all_is_answered_as_the_document_says`."""
    lab.refused("exportTenants", 404, query={"tenant": "nobody.example"})
    lab.refused("exportTenants", 400, query={"secrets": "yes"}, field="secrets")
    exported = lab.visit("exportTenants", 200)
    assert {"Contoso", "Fabrikam"} <= {tenant["name"] for tenant in exported["tenants"]}
    lab.refused("importTenants", 409, exported, "tenants[0].id")
    hashed = {"sha256": "0f" * 32}
    tenant = {
        "id": "66666666-eeee-4eee-8eee-666666666666", "name": "Import", "domains": ["import.example"], "sandbox": True,
        "propagation": "documented", "policies": {"tieRule": "entra"},
        "users": [{
            "userPrincipalName": "ann@import.example", "password": {**hashed, "salt": CONTOSO}, "mustChangePassword": True,
            "withdrawnConsents": [NATIVE], "city": "Quito", "businessPhones": ["+1"]}],
        "apps": [{"id": "import", "name": "Import", "kind": "confidential", "secrets": ["in clear", hashed]}],
        "faults": [{"effect": {"status": 503}}]}
    made = lab.visit("importTenants", 201, {"tenants": [tenant]})
    assert [each["name"] for each in made["items"]] == ["Import"]
    exported = lab.visit("exportTenants", 200, query={"tenant": "import.example", "secrets": "true"})["tenants"][0]
    assert exported["users"][0]["password"] == tenant["users"][0]["password"] and exported["apps"][0]["secrets"][1] == hashed
    assert "sha256" not in json.dumps(lab.visit("exportTenants", 200, query={"tenant": "import.example"}))
    for body, field in [
            ({}, "tenants"), ({"tenants": []}, "tenants"), ({"tenants": [{"name": "x"}]}, "tenants[0].domains"),
            ({"tenants": [{**tenant, "users": [{**tenant["users"][0], "password": {"sha256": "x"}}]}]},
                "tenants[0].users[0].password.sha256"),
            ({"tenants": [{**tenant, "apps": [{"name": "x", "kind": "public", "secrets": [{"md5": "x"}]}]}]},
                "tenants[0].apps[0].secrets[0].sha256")]:
        assert mistakes(body, OPERATIONS["importTenants"].body_schema()), f"the document takes {body}"
        lab.refused("importTenants", 400, body, field)
        if body:
            lab.refused("resetTenants", 400, body, field)
    one = {"tenant": "import.example"}
    assert [each["name"] for each in lab.visit("resetTenants", 200, query=one)["items"]] == ["Import"]
    renamed = {"tenants": [{**tenant, "name": "Renamed"}]}
    assert [each["name"] for each in lab.visit("resetTenants", 200, renamed, query=one)["items"]] == ["Renamed"]
    lab.refused("resetTenants", 400, renamed, "tenant", query={"tenant": "contoso.example"})
    lab.refused("resetTenants", 404, query={"tenant": "nobody.example"})
    taken = {"tenants": [{**tenant, "domains": ["import.example", "contoso.example"]}]}
    lab.refused("resetTenants", 409, taken, "tenants[0].domains", query=one)
    lab.visit("deleteTenant", 204, tenant="import.example")


def tour_of_the_policies(lab):
    lab.sandbox()
    default = lab.visit("getPolicies", 200)
    given = {
        "tieRule": "entra", "revocationMatrix": {"passwordChange": [], "singleSignOut": ["passwordToken"]},
        "revokeAnswer": 204, "permissions": "2019", "errorLayout": "2021", "suberror": False, "loopDetection": True,
        "tokenTimes": "wall", "cloud": "china",
        "lifetimes": {"code": "PT1M", "session": "P1DT0.5S"},
        "retention": {"events": {"rows": 7, "age": None}, "tokens": {"age": "PT1M"}}}
    assert lab.visit("setPolicies", 200, given) == given == lab.visit("getPolicies", 200)
    names = DOCUMENT["components"]["schemas"]["Lifetimes"]["properties"]
    every = {"lifetimes": dict.fromkeys(names, "PT1H")}
    assert lab.visit("setPolicies", 200, every)["lifetimes"] == every["lifetimes"]
    assert lab.visit("setPolicies", 200, {}) == default
    lab.refused("getPolicies", 404, tenant="nobody.example")
    for body, field in [
            ({"tieRule": "coin"}, "tieRule"), ({"revokeAnswer": 201}, "revokeAnswer"), ({"nothing": 1}, "nothing"),
            ({"revocationMatrix": {"lunch": []}}, "revocationMatrix.lunch"),
            ({"revocationMatrix": {"userRevoke": ["x"]}}, "revocationMatrix.userRevoke[0]"), ({"suberror": 1}, "suberror"),
            ({"lifetimes": {"code": "soon"}}, "lifetimes.code"), ({"lifetimes": []}, "lifetimes")]:
        assert mistakes(body, OPERATIONS["setPolicies"].body_schema()), f"the document takes {body}"
        lab.refused("setPolicies", 400, body, field)
    lab.refused("setPolicies", 400, {"lifetimes": {"code": "PT0S"}}, "lifetimes.code")


def tour_of_the_propagation(lab):
    lab.sandbox()
    default = lab.visit("getPropagation", 200)
    assert lab.visit("setPropagation", 200, {}) == default
    for preset in DOCUMENT["components"]["schemas"]["Preset"]["enum"]:
        assert lab.visit("setPropagation", 200, preset) == lab.visit("getPropagation", 200)
    delays = [
        "immediate", "manual", {"fixed": "PT3M"}, {"uniform": ["PT0S", "PT5M"]}, {"afterAttempts": 3},
        {"lognormal": {"median": "PT1M", "p95": "PT5M"}}, {"here": "manual", "there": {"afterAttempts": 1000000}}]
    for delay in delays:
        model = {
            "seed": 2**63 - 1, "regions": ["here", "there"], "routing": "random", "origin": "immediate",
            "planes": dict.fromkeys(("refresh", "session", "cae"), delay) | {"directory": {"here": "manual"}}}
        assert lab.visit("setPropagation", 200, model) == model == lab.visit("getPropagation", 200)
    lab.visit("setPropagation", 200, {"regions": [f"r-{number}" for number in range(16)]})
    for body in [
            "slow", {"nothing": 1}, {"seed": -1}, {"seed": 0.5}, {"regions": []}, {"regions": ["a", "a"]},
            {"regions": ["Here"]}, {"regions": ["a" * 33]}, {"regions": [f"r-{number}" for number in range(17)]},
            *({"regions": [word]} for word in
                ("fixed", "uniform", "lognormal", "afterattempts", "manual", "immediate")),
            {"routing": "lost"}, {"origin": "lost"}, {"planes": {"nothing": "immediate"}},
            *({"planes": {"refresh": delay}} for delay in (
                "sometimes", 5, {}, {"fixed": "soon"}, {"fixed": "PT1S", "afterAttempts": 1}, {"uniform": ["PT1S"]},
                {"uniform": ["PT1S", "PT2S", "PT3S"]}, {"lognormal": {"median": "PT1S"}}, {"afterAttempts": 0},
                {"afterAttempts": 1000001}, {"afterAttempts": 1.5}, {"local": {"local": "manual"}})),
            {"planes": {"directory": {"afterAttempts": 3}}},
            {"planes": {"directory": {"local": {"afterAttempts": 3}}}}]:
        assert mistakes(body, OPERATIONS["setPropagation"].body_schema()), f"the document takes {body}"
        lab.refused("setPropagation", 400, body)
    # What no schema says.
    for delay in (
            {"uniform": ["PT2S", "PT1S"]}, {"lognormal": {"median": "PT0S", "p95": "PT1S"}},
            {"lognormal": {"median": "PT2S", "p95": "PT1S"}}, {"elsewhere": "manual"},
            {"local": "manual", "fixed": "PT1S"}):
        lab.refused("setPropagation", 400, {"planes": {"refresh": delay}})
    lab.refused("getPropagation", 404, tenant=STRANGER)


def tour_of_the_clock(lab):
    made = lab.sandbox()
    adele, alex = member(made, "adele")[1], member(made, "alex")[1]
    assert lab.visit("getClock", 200)["mode"] == "running"
    lab.refused("getClock", 404, tenant="a b")
    frozen = lab.visit("setClock", 200, {"mode": "frozen", "now": "2026-01-01T01:00:00.12345678+01:00"})
    assert frozen == {"now": "2026-01-01T00:00:00.1234567Z", "mode": "frozen"}
    for body, field in [
            ({}, None), ({"mode": "fast"}, "mode"), ({"now": "yesterday"}, "now"), ({"now": 0}, "now"),
            ({"mode": "frozen", "nothing": 1}, "nothing")]:
        assert mistakes(body, OPERATIONS["setClock"].body_schema()), f"the document takes {body}"
        lab.refused("setClock", 400, body, field)
    lab.refused("setClock", 400, {"now": "1999-01-01T00:00:00Z"}, "now")

    assert lab.visit("advanceClock", 200, {"by": "PT0S"})["tookEffect"] == []
    for body, field in [
            ({}, None), ({"by": "soon"}, "by"), ({"by": "-PT1S"}, "by"), ({"until": "tomorrow"}, "until"),
            ({"by": "PT1S", "until": "propagation"}, None), ({"by": "PT1S", "nothing": 1}, "nothing")]:
        assert mistakes(body, OPERATIONS["advanceClock"].body_schema()), f"the document takes {body}"
        lab.refused("advanceClock", 400, body, field)
    for until in ("next-event", "propagation", "refresh-token-expiry"):
        lab.refused("advanceClock", 409, {"until": until}, "until")
    assert lab.visit("getClock", 200) == frozen

    # One of everything that can take effect.
    lab.propagate(refresh={"fixed": "PT3M"}, session={"fixed": "PT4M"})
    lab.sign_in(adele)
    code = lab.form(
        f"authorize?client_id={NATIVE}&response_type=code&redirect_uri={quote(REDIRECT, safe='')}&scope=openid",
        step="signIn", login=adele, passwd=PASSWORD)
    assert "code" in parse_qs(urlsplit(code.headers.get("Location", "")).query), code.text
    assert lab.form("devicecode", client_id=NATIVE, scope="openid").status_code == 200
    revocation = lab.revoke(adele)
    lab.visit("updateUser", 200, {"accountEnabled": False}, id=alex)
    first, = lab.visit("advanceClock", 200, {"until": "next-event"})["tookEffect"][:1]
    assert first["type"] in ("revocationInEffect", "stateChangeInEffect") and first["plane"] == "refresh"
    enforced = lab.visit("advanceClock", 200, {"until": "propagation"})
    assert {effect["plane"] for effect in enforced["tookEffect"]} == {"session"}
    assert lab.visit("getRevocation", 200, id=revocation["id"])["planes"]["session"]["local"]["effective"]
    expired = lab.visit("advanceClock", 200, {"until": "refresh-token-expiry"})["tookEffect"]
    assert expired[-1]["type"] == "refreshTokenExpired"
    types = {effect["type"] for effect in [first, *enforced["tookEffect"], *expired]}
    schema, = [DOCUMENT["components"]["schemas"]["Effect"]]
    assert types == {name for form in schema["oneOf"] for name in form["properties"]["type"]["enum"]}
    assert lab.visit("setClock", 200, {"mode": "running"})["mode"] == "running"


def tour_of_the_users(lab):
    made = lab.sandbox()
    domain = made["domains"][0]
    adele, name = member(made, "adele")
    page = lab.visit("listUsers", 200)
    assert page["next"] is None and [user["id"] for user in page["items"]]
    assert lab.visit("listUsers", 200, query={"after": name})["items"] != page["items"]
    new = {
        "id": "AAAAAAAA-0009-4000-8000-000000000001", "userPrincipalName": f"Wren@{domain}",
        "displayName": "Wren Otter", "givenName": "Wren", "surname": "Otter", "mail": "wren@mail.example",
        "password": "An0ther-secret!",
        "accountEnabled": False, "roles": ["Global Administrator", "Directory Readers"]}
    assert lab.visit("createUser", 201, new)["password"] == "An0ther-secret!"
    assert lab.visit("createUser", 201, {"userPrincipalName": f"plain@{domain}", "mail": None})["password"] == PASSWORD
    guest = lab.visit("createUser", 201, {"userPrincipalName": f"guest@{domain}", "home": NESTOR_AT_HOME})
    assert guest["home"] == NESTOR_AT_HOME and "password" not in guest
    for body, field in [
            ({}, "userPrincipalName"), ({"userPrincipalName": "x"}, "userPrincipalName"), ({**new, "id": "x"}, "id"),
            ({**new, "roles": ["King"]}, "roles[0]"), ({**new, "accountEnabled": "yes"}, "accountEnabled"),
            ({**new, "password": ""}, "password"), ({**new, "nothing": 1}, "nothing"),
            ({"userPrincipalName": f"x@{domain}", "home": {}}, "home.tenant"),
            ({"userPrincipalName": f"x@{domain}", "home": NESTOR_AT_HOME, "password": "x"}, "password")]:
        assert mistakes(body, OPERATIONS["createUser"].body_schema()), f"the document takes {body}"
        lab.refused("createUser", 400, body, field)
    lab.refused("createUser", 400, {"userPrincipalName": "x@elsewhere.example"}, "userPrincipalName")
    lab.refused("createUser", 409, {**new, "userPrincipalName": f"x@{domain}"}, "id")
    lab.refused("createUser", 409, {"userPrincipalName": f"PLAIN@{domain}"}, "userPrincipalName")
    lab.refused("createUser", 409, {"userPrincipalName": f"x@{domain}", "home": NESTOR_AT_HOME}, "home")

    # A name leads to the user as its id does, and no answer shows a password again.
    assert lab.visit("getUser", 200, id=name) == lab.visit("getUser", 200, id=adele)
    lab.refused("getUser", 404, id=STRANGER)
    lab.visit("getUser", 200, id=guest["id"])
    changed = lab.visit("updateUser", 200, {"displayName": "Adele", "roles": [], "surname": None}, id=adele)
    assert "password" not in changed
    assert lab.visit("updateUser", 200, id=adele)["displayName"] == "Adele"
    assert lab.visit("updateUser", 200, {"password": "An0ther-secret!"}, id=adele)["password"] == "An0ther-secret!"
    for body, field in [
            ({"id": STRANGER}, "id"), ({"home": NESTOR_AT_HOME}, "home"), ({"displayName": ""}, "displayName"),
            ({"nothing": 1}, "nothing"), ({"mail": 1}, "mail")]:
        assert mistakes(body, OPERATIONS["updateUser"].body_schema()), f"the document takes {body}"
        lab.refused("updateUser", 400, body, field, id=adele)
    lab.refused("updateUser", 400, {"accountEnabled": False}, "accountEnabled", id=guest["id"])
    lab.refused("updateUser", 409, {"userPrincipalName": f"plain@{domain}"}, "userPrincipalName", id=adele)
    lab.refused("updateUser", 404, {}, id=STRANGER)
    challenges = [{"code": 50076, "on": ["refresh"]}, {"code": 53003, "on": ["refresh", "authorize"]}]
    assert lab.visit("updateUser", 200, {"challenges": challenges}, id=adele)["challenges"] == challenges
    assert lab.visit("updateUser", 200, {"challenges": [{"code": 65001}]}, id=adele)["challenges"] == [
        {"code": 65001, "on": ["refresh", "authorize"]}]
    for challenge, field in [
            ({"code": 50}, "code"), ({"code": 7000222}, "code"), ({"on": ["refresh"]}, "code"), ({"code": 50076, "on": ["x"]}, "on[0]")]:
        lab.refused("updateUser", 400, {"challenges": [challenge]}, f"challenges[0].{field}", id=adele)
    lab.visit("updateUser", 200, {"challenges": []}, id=adele)
    lab.visit("withdrawConsent", 204, id=adele)
    lab.visit("withdrawConsent", 204, id=name)
    assert lab.visit("giveConsent", 200, id=name) == {"user": adele, "client": NATIVE, "consented": True}
    for each in ("giveConsent", "withdrawConsent"):
        lab.refused(each, 404, id=STRANGER)
        lab.refused(each, 404, id=adele, client=STRANGER)

    for user in (adele, guest["id"]):
        lab.visit("deleteUser", 204, id=user)
        lab.refused("deleteUser", 404, id=user)
    # A query that cannot be read.
    lab.refused("listUsers", 400, query="after=%ff")


PEM = Certificate().pem.strip()
schemathesis.openapi.format("pem-certificate", strategies.just(PEM))


def tour_of_the_apps(lab):
    lab.sandbox()
    assert {app["id"] for app in lab.visit("listApps", 200)["items"]} >= {NATIVE, WEB, DAEMON, API}
    assert NATIVE not in {app["id"] for app in lab.visit("listApps", 200, query={"after": NATIVE})["items"]}
    lab.refused("listApps", 400, query="after=%ff")
    new = {
        "id": "Tailspin-Web", "name": "Tailspin Web", "kind": "confidential", "secrets": ["one", "two"],
        "redirectUris": ["https://localhost/cb", "msal1://auth"], "spaRedirectUris": ["http://localhost:5173/"],
        "logoutUrl": "https://localhost/out", "flows": DOCUMENT["components"]["schemas"]["Flow"]["enum"],
        "delegated": ["User.Read"], "application": ["User.Read.All"],
        "exposes": {"uri": "api://tailspin", "scopes": ["read"], "xms_cc": True}, "accessTokenVersion": 1, "foci": True,
        "lifetimes": {"accessToken": "PT2M"}, "challenges": [{"code": 7000222, "on": ["authorize"]}],
        "signInAudience": "AzureADMyOrg", "idTokens": True, "enabled": False, "assignmentRequired": True, "assigned": [],
        "certificates": [{"pem": PEM, "endsAt": "2026-12-01T00:00:00.0000000Z"}],
        "optionalClaims": {"idToken": ["sid"], "accessToken": ["sid", "auth_time"]}}
    assert lab.visit("createApp", 201, new) == {**new, "id": "tailspin-web"}
    for kind in DOCUMENT["components"]["schemas"]["AppKind"]["enum"]:
        assert lab.visit("createApp", 201, {"name": kind, "kind": kind, "exposes": None})["secrets"] == []
    for body, field in [
            ({}, "kind"), ({"kind": "public"}, "name"), ({"name": "x", "kind": "tablet"}, "kind"),
            ({**new, "id": ""}, "id"), ({**new, "id": "a" * 129}, "id"),
            ({**new, "redirectUris": ["cb"]}, "redirectUris[0]"),
            ({**new, "redirectUris": ["http://localhost/#cb"]}, "redirectUris[0]"),
            ({**new, "secrets": [""]}, "secrets[0]"),
            ({**new, "certificates": ["-----BEGIN PRIVATE KEY-----"]}, "certificates[0]"),
            ({**new, "certificates": [{"endsAt": "2026-12-01T00:00:00Z"}]}, "certificates[0].pem"),
            ({**new, "certificates": [PEM] * 21}, "certificates"),
            ({**new, "optionalClaims": {"idToken": ["upn"]}}, "optionalClaims.idToken[0]"),
            ({**new, "flows": ["implicit"]}, "flows[0]"), ({**new, "accessTokenVersion": 3}, "accessTokenVersion"),
            ({**new, "exposes": {}}, "exposes.uri"), ({**new, "nothing": 1}, "nothing")]:
        assert mistakes(body, OPERATIONS["createApp"].body_schema()), f"the document takes {body}"
        lab.refused("createApp", 400, {**body, **({"id": "other"} if body.get("id") == new["id"] else {})}, field)
    lab.refused("createApp", 409, new, "id")
    lab.refused("createApp", 400, {**new, "id": "00000003-0000-0000-c000-000000000000"}, "id")

    assert "secrets" not in lab.visit("getApp", 200, id="TAILSPIN-web")
    lab.refused("getApp", 404, id=STRANGER)
    assert lab.visit("updateApp", 200, {"secrets": ["three"]}, id="tailspin-web")["secrets"] == ["three"]
    changed = lab.visit("updateApp", 200, {"exposes": None, "logoutUrl": None, "lifetimes": {}}, id="tailspin-web")
    assert (changed["exposes"], changed["logoutUrl"], changed["lifetimes"]) == (None, None, {})
    assert lab.visit("updateApp", 200, id="tailspin-web") == changed
    for body, field in [
            ({"id": "x"}, "id"), ({"name": ""}, "name"), ({"foci": 1}, "foci"), ({"nothing": 1}, "nothing")]:
        assert mistakes(body, OPERATIONS["updateApp"].body_schema()), f"the document takes {body}"
        lab.refused("updateApp", 400, body, field, id="tailspin-web")
    lab.refused("updateApp", 404, {}, id=STRANGER)
    lab.visit("deleteApp", 204, id="tailspin-web")
    lab.refused("deleteApp", 404, id="tailspin-web")


def tour_of_the_sign_ins(lab):
    made = lab.sandbox()
    (adele, name), (alex, _) = member(made, "adele"), member(made, "alex")
    whole = lab.sign_in(adele)
    assert whole["refresh_token"] and whole["id_token"]
    part = lab.sign_in(name, client=WEB, scope="User.Read", method="non-password", authTime="2026-01-01T00:00:00Z")
    assert (part["refresh_token"], part["id_token"]) == (None, None)
    signed = {"user": adele, "client_id": NATIVE, "scope": "openid"}
    for body, field in [
            ({}, "user"), ({**signed, "client_id": ""}, "client_id"), ({**signed, "scope": []}, "scope"),
            ({**signed, "method": "magic"}, "method"), ({**signed, "authTime": "now"}, "authTime"),
            ({**signed, "nothing": 1}, "nothing")]:
        assert mistakes(body, OPERATIONS["createGrant"].body_schema()), f"the document takes {body}"
        lab.refused("createGrant", 400, body, field)
    lab.refused("createGrant", 400, {**signed, "client_id": STRANGER}, "client_id")
    lab.refused("createGrant", 400, {**signed, "scope": "Fly.Moon"}, "scope")
    lab.refused("createGrant", 400, {**signed, "authTime": "9000-01-01T00:00:00Z"}, "authTime")
    lab.refused("createGrant", 404, {**signed, "user": STRANGER})

    alive = [grant["alive"] for grant in lab.visit("listGrants", 200, id=adele)["items"]]
    assert sorted(alive) == [False, True]
    methods = [session["method"] for session in lab.visit("listSessions", 200, id=name)["items"]]
    assert sorted(methods) == ["non-password", "password"]
    for list_them in ("listGrants", "listSessions", "getTimeline", "getTimelinePicture"):
        lab.refused(list_them, 404, id=STRANGER)
    for list_them in ("listGrants", "listSessions"):
        assert lab.visit(list_them, 200, id=alex)["items"] == []
    assert lab.visit("getTimeline", 200, id=alex)["rows"] == []
    assert "Nothing has happened yet." in lab.visit("getTimelinePicture", 200, id=alex)
    # Dead for every reason that there is: signed out, revoked, disabled, expired.
    assert lab.form("logout", whole["cookies"], logout_hint=lab.visit("getUser", 200, id=adele)["userPrincipalName"]).status_code == 200
    assert [session["endedAt"] for session in lab.visit("listSessions", 200, id=adele)["items"] if session["endedAt"]]
    revocation = lab.revoke(adele)
    for list_them in ("listGrants", "listSessions"):
        items = lab.visit(list_them, 200, id=adele)["items"]
        assert not [item for item in items if item["alive"]]
        assert revocation["id"] in {item["revocation"] for item in items}
    timeline = lab.visit("getTimeline", 200, id=adele)
    assert [row["kind"] for row in timeline["rows"]] == ["session", "session", "grant", "grant"]
    assert revocation["id"] in {verdict["revocation"] for row in timeline["rows"] for verdict in row["verdicts"]}
    assert lab.visit("getTimelinePicture", 200, id=adele).startswith("<svg ")
    lab.sign_in(alex)
    lab.visit("updateUser", 200, {"accountEnabled": False}, id=alex)
    assert lab.visit("listGrants", 200, id=alex)["items"][0]["code"] == 50057
    assert lab.visit("listSessions", 200, id=alex)["items"][0]["code"] == 50057
    admin = member(made, "admin")[0]
    lab.sign_in(admin)
    lab.visit("advanceClock", 200, {"by": "P100D"})
    assert not lab.visit("listGrants", 200, id=admin)["items"][0]["alive"]
    assert not lab.visit("listSessions", 200, id=admin)["items"][0]["alive"]


def tour_of_the_revocations(lab):
    made = lab.sandbox(propagation={"regions": ["here", "there"]})
    (adele, name), (alex, _) = member(made, "adele"), member(made, "alex")
    causes = DOCUMENT["components"]["schemas"]["Cause"]["enum"]
    for cause in causes:
        assert lab.revoke(name, cause, actor="the tour")["user"] == adele
    assert [revocation["cause"] for revocation in lab.visit("listRevocations", 200)["items"]] == causes
    assert lab.visit("listRevocations", 200, query={"after": "0"})["items"]
    lab.refused("listRevocations", 400, query={"after": "x"}, field="after")
    lab.revoke(adele, "passwordChange", newPassword="An0ther-secret!")
    valid = {"user": adele, "cause": "adminRevoke"}
    for body, field in [
            ({}, "user"), ({"user": adele}, "cause"), ({**valid, "cause": "mood"}, "cause"),
            ({**valid, "actor": "a" * 257}, "actor"), ({**valid, "newPassword": "x"}, "newPassword"),
            ({**valid, "nothing": 1}, "nothing")]:
        assert mistakes(body, OPERATIONS["createRevocation"].body_schema()), f"the document takes {body}"
        lab.refused("createRevocation", 400, body, field)
    lab.refused("createRevocation", 404, {**valid, "user": STRANGER})
    lab.refused("createRevocation", 400, valid, "x-lapse-region", headers={"x-lapse-region": "nowhere"})

    lab.visit("setPropagation", 200, {"regions": ["here", "there"], "origin": "immediate", "planes": {
        "refresh": "manual", "session": {"afterAttempts": 2}, "cae": {"fixed": "PT10M"},
        "directory": {"here": "manual"}}})
    there = lab.visit("createRevocation", 201, valid, headers={"x-lapse-region": "there"})
    planes = there["planes"]
    assert all(regions["there"]["effective"] for regions in planes.values()), planes
    assert not any(regions["here"]["effective"] for regions in planes.values()), planes
    assert [planes[plane]["here"]["held"] for plane in planes] == [True, False, False, True]
    assert planes["cae"]["here"]["visibleAt"] and planes["session"]["here"]["visibleAt"] is None
    assert lab.visit("getRevocation", 200, id=there["id"], query={"wait": "PT0.1S"}) == there
    lab.refused("getRevocation", 404, id=STRANGER)
    for wait in ("PT1M0.1S", "PT2M", "soon"):
        lab.refused("getRevocation", 400, id=there["id"], query={"wait": wait}, field="wait")

    for body, field in [({"plane": "moon"}, "plane"), ({"nothing": 1}, "nothing")]:
        assert mistakes(body, OPERATIONS["releaseRevocation"].body_schema()), f"the document takes {body}"
        lab.refused("releaseRevocation", 400, body, field, id=there["id"])
    lab.refused("releaseRevocation", 400, {"region": "nowhere"}, "region", id=there["id"])
    lab.refused("releaseRevocation", 404, id=STRANGER)
    released = lab.visit("releaseRevocation", 200, {"plane": "refresh", "region": "here"}, id=there["id"])["planes"]
    assert released["refresh"]["here"]["effective"] and not released["cae"]["here"]["effective"]
    released = lab.visit("releaseRevocation", 200, id=there["id"])
    assert all(arrival["effective"] for regions in released["planes"].values() for arrival in regions.values())
    assert lab.visit("getRevocation", 200, id=there["id"], query={"wait": "PT10S"}) == released
    assert lab.visit("listEvents", 200, query={"type": "revocationReleased"})["items"][-1]["revocation"] == there["id"]

    assert lab.visit("releaseAll", 200) == {"items": [], "next": None}
    held = lab.visit("createRevocation", 201, {"user": alex, "cause": "adminRevoke"})
    lab.refused("releaseAll", 400, {"region": "nowhere"}, "region")
    assert [item["id"] for item in lab.visit("releaseAll", 200, {"plane": "refresh"})["items"]] == [held["id"]]
    lab.visit("releaseAll", 200, {"region": "here"})

    # State changes are in effect in the same way, and found by the event that names them.
    count = len(lab.visit("listRevocations", 200)["items"])
    for body, kind, cause in [
            ({"accountEnabled": False}, "accountDisabled", "disable"),
            ({"accountEnabled": True}, "accountEnabled", "enable")]:
        lab.visit("updateUser", 200, body, id=alex)
        event = lab.visit("listEvents", 200, query={"type": kind, "user": alex})["items"][-1]
        change = lab.visit("getRevocation", 200, id=event["revocation"])
        assert (change["cause"], change["user"], change["stamp"]) == (cause, alex, None)
        assert lab.visit("releaseRevocation", 200, {}, id=change["id"])["planes"]["refresh"]["here"]["effective"]
    lab.visit("deleteUser", 204, id=alex)
    event = lab.visit("listEvents", 200, query={"type": "userDeleted"})["items"][-1]
    assert lab.visit("getRevocation", 200, id=event["revocation"])["cause"] == "delete"
    assert len(lab.visit("listRevocations", 200)["items"]) == count


def tour_of_the_explanations(lab):
    made = lab.sandbox()
    adele, _ = member(made, "adele")
    lab.visit("setClock", 200, {"mode": "frozen", "now": "2026-01-01T00:00:00.5Z"})
    planes = DOCUMENT["components"]["schemas"]["Plane"]["enum"]
    rules = set()

    def credentials():
        signed = lab.sign_in(adele)
        session = lab.visit("listSessions", 200, id=adele)["items"][0]["id"]
        return [
            ("refresh_token", signed["refresh_token"]), ("access_token", signed["access_token"]), ("grant", signed["grant"]), ("session", session),
            ("session", signed["cookies"]["ESTSAUTH"])]

    def explained(**more):
        """What is said of each credential, all of which are of one sign-in."""
        said = {}
        for kind, credential in held:
            answer = lab.explain(**{kind: credential}, **more)
            assert (answer["kind"], answer["known"], answer["user"]) == (kind, True, adele), answer
            said[kind] = {(verdict["plane"], verdict["region"]): verdict for verdict in answer["verdicts"]}
            rules.update(verdict["rule"] for verdict in answer["verdicts"])
        return said

    held = credentials()
    said = explained()
    assert list(said["refresh_token"]) == [(plane, "local") for plane in planes]
    assert said["refresh_token"]["refresh", "local"]["rule"] == "notRevoked"
    lab.propagate(
        refresh={"fixed": "PT3M"}, session={"afterAttempts": 2}, cae={"fixed": "PT3M"}, directory={"fixed": "PT3M"})
    revocation = lab.revoke(adele)
    before = len(lab.visit("listEvents", 200)["items"])
    said = explained()
    verdict = said["refresh_token"]["refresh", "local"]
    assert (verdict["rule"], verdict["accepted"], verdict["changesAt"]) == (
        "notYetInEffect", True, "2026-01-01T00:03:00.5000000Z")
    assert said["session"]["session", "local"]["attemptsLeft"] == 2
    # An instant that lies ahead answers what a test would see then.
    verdict = explained(at="2026-01-01T00:03:00.5Z")["refresh_token"]["refresh", "local"]
    assert (verdict["rule"], verdict["code"], verdict["revocation"]) == ("revoked", 50173, revocation["id"])
    assert list(explained(region="local")["session"]) == [(plane, "local") for plane in planes]
    assert len(lab.visit("listEvents", 200)["items"]) == before, "explaining wrote an event"
    lab.visit("setPolicies", 200, {"tieRule": "entra"})
    assert explained(at="2026-01-02T00:00:00Z")
    lab.visit("setPolicies", 200, {})
    lab.visit("advanceClock", 200, {"by": "P100D"})
    explained()

    lab.visit("resetTenant", 200)
    held = credentials()
    assert lab.form("logout", {"ESTSAUTH": held[-1][1]}, logout_hint=lab.visit("getUser", 200, id=adele)["userPrincipalName"]).status_code == 200
    explained()
    lab.visit("updateUser", 200, {"challenges": [{"code": 53003}]}, id=adele)
    explained()
    lab.visit("updateUser", 200, {"accountEnabled": False}, id=adele)
    explained()
    guest = lab.visit("createUser", 201, {
        "userPrincipalName": f"guest@{made['domains'][0]}", "home": NESTOR_AT_HOME})["id"]
    token = lab.sign_in(guest)["refresh_token"]
    lab.visit("deleteUser", 204, id=guest)
    rules.update(verdict["rule"] for verdict in lab.explain(refresh_token=token)["verdicts"])
    app = lab.visit("createApp", 201, {"name": "Gone", "kind": "public", "delegated": ["openid", "offline_access"]})["id"]
    token = lab.sign_in(adele, app, "openid offline_access")["refresh_token"]
    lab.visit("updateApp", 200, {"enabled": False}, id=app)
    rules.update(verdict["rule"] for verdict in lab.explain(refresh_token=token)["verdicts"])
    admin = lab.sign_in(member(made, "admin")[0], NATIVE, "User.Read Directory.AccessAsUser.All")["access_token"]
    gone = lab.session.delete(
        f"{lab.origin}/v1.0/servicePrincipals(appId='{app}')", headers={"Authorization": f"Bearer {admin}"}, timeout=TIMEOUT)
    assert gone.status_code == 204, gone.text
    rules.update(verdict["rule"] for verdict in lab.explain(refresh_token=token)["verdicts"])
    lab.visit("deleteApp", 204, id=app)
    rules.update(verdict["rule"] for verdict in lab.explain(refresh_token=token)["verdicts"])
    # An application's own token has no user, and nothing revokes it.
    token = lab.form(
        "token", grant_type="client_credentials", client_id=WEB, client_secret=WEB_SECRET,
        scope="https://graph.microsoft.com/.default").json()["access_token"]
    lab.explain(access_token=token)
    lab.visit("deleteUser", 204, id=adele)
    explained()
    assert rules == set(DOCUMENT["components"]["schemas"]["Verdict"]["properties"]["rule"]["enum"])

    for kind in ("refresh_token", "session", "access_token", "grant"):
        for credential in ("nothing", STRANGER, "a.b.c"):
            assert not lab.explain(**{kind: credential})["known"]
    for body, field in [
            ({}, None), ({"session": "a", "access_token": "a"}, None), ({"at": "2026-01-01T00:00:00Z"}, None),
            ({"session": "a", "at": "then"}, "at"), ({"session": "a", "nothing": 1}, "nothing"),
            ({"session": 1}, "session")]:
        assert mistakes(body, OPERATIONS["explain"].body_schema()), f"the document takes {body}"
        lab.refused("explain", 400, body, field)
    lab.refused("explain", 400, {"session": held[-1][1], "region": "nowhere"}, "region")
    lab.refused("explain", 404, {"session": "a"}, tenant=STRANGER)


def tour_of_the_trials(lab):
    made = lab.sandbox()
    adele, _ = member(made, "adele")
    lab.visit("setClock", 200, {"mode": "frozen", "now": "2026-01-01T00:00:00.5Z"})
    signed = lab.sign_in(adele, scope="openid offline_access User.Read")
    session = lab.visit("listSessions", 200, id=adele)["items"][0]["id"]
    asked = [("tryGrant", signed["grant"], "token"), ("tryGrant", signed["grant"], "graph"), ("trySession", session, "authorize")]
    assert [lab.visit(call, 200, {"endpoint": endpoint}, id=id)["status"] for call, id, endpoint in asked] == [200, 200, 302]
    lab.propagate(refresh={"fixed": "PT3M"}, session={"fixed": "PT3M"})
    lab.revoke(adele)
    later = {"region": "local", "at": "2026-01-01T00:03:00.5Z"}
    said = [lab.visit(call, 200, {"endpoint": endpoint, **later}, id=id) for call, id, endpoint in asked]
    assert [each["status"] for each in said] == [400, 200, 302]
    assert [each["verdict"]["accepted"] for each in said] == [False, True, False]
    assert said[0]["body"]["error_codes"] == [50173] and said[2]["body"]["error"] == "login_required"
    # As the token endpoint says it: in plain text.
    fault = lab.fault({"status": 429})["id"]
    assert lab.visit("tryGrant", 200, {"endpoint": "token"}, id=signed["grant"])["body"] == "Too Many Requests"
    lab.visit("deleteFault", 204, id=fault)
    assert len(lab.visit("listEvents", 200, query={"type": "trial"})["items"]) == 7
    assert lab.visit("listGrants", 200, id=adele)["items"][0]["refreshTokens"] == 1
    for call, id, wrong in [("tryGrant", signed["grant"], "authorize"), ("trySession", session, "token")]:
        for body, field in [({}, "endpoint"), ({"endpoint": "keys"}, "endpoint"), ({"endpoint": 1}, "endpoint")]:
            assert mistakes(body, OPERATIONS[call].body_schema()), f"the document takes {body}"
            lab.refused(call, 400, body, field, id=id)
        right = "token" if call == "tryGrant" else "authorize"
        for body, field in [({"endpoint": wrong}, "endpoint"), ({"endpoint": right, "region": "nowhere"}, "region"), ({"endpoint": right, "at": "then"}, "at")]:
            lab.refused(call, 400, body, field, id=id)
        lab.refused(call, 404, {"endpoint": right}, id=STRANGER)
        lab.refused(call, 404, {"endpoint": right}, id=id, tenant=STRANGER)


def tour_of_the_labs(lab):
    lab.sandbox()
    names = [each["name"] for each in lab.visit("listLabs", 200, query={"lang": "pt"})["items"]]
    lab.refused("listLabs", 400, field="lang", query={"lang": "fr"})
    for call in ("getLab", "predictLab", "playLab"):
        lab.refused(call, 404)
        lab.refused(call, 404, tenant=STRANGER)
    for name in names:
        lab.visit("startLab", 201, {"name": name, "language": "es"})
        lab.visit("playLab", 200)
    run = lab.visit("startLab", 201, {"changed": True})
    assert run["changed"] and run["language"] == "en" and run["name"] == names[-1]
    [first, *_] = run["questions"]
    lab.visit("predictLab", 200, {first["id"]: "refused"})
    lab.visit("predictLab", 200, {first["id"]: None})
    assert lab.visit("getLab", 200, query={"lang": "pt"})["questions"][0]["prediction"] is None
    assert lab.visit("playLab", 200, {"steps": 1})["played"] == 1
    lab.refused("predictLab", 409, {first["id"]: "refused"})
    for call, body, field in [
            ("startLab", {"name": "a", "lab": {}}, None), ("startLab", {"lab": {}}, "lab.name"),
            ("startLab", {"language": "fr"}, "language"), ("startLab", {"changed": "yes"}, "changed"), ("playLab", {"steps": 0}, "steps")]:
        lab.refused(call, 400, body, field)
    lab.visit("startLab", 201)
    lab.refused("predictLab", 400, {"nowhere": "refused"}, "nowhere")
    lab.refused("getLab", 400, field="lang", query={"lang": "fr"})
    lab.refused("startLab", 404, {"name": "nothing"})
    lab.refused("startLab", 409, {"name": names[0]}, tenant=CONTOSO)


def tour_of_the_class(lab):
    for call in ("getClass", "getClassTable"):
        lab.refused(call, 404)
    with tempfile.TemporaryDirectory(prefix="lapse-class-") as folder, school.held(folder, 2, "--lab", "cae") as held:
        teacher = Visitor(held, held.token)
        teacher.visited = lab.visited
        assert [(each["number"], each["lab"]) for each in teacher.visit("getClass", 200)["items"]] == [(1, "cae"), (2, "cae")]
        assert teacher.visit("getClassTable", 200).count("\r\n") == 11
        learner = Visitor(held, held.learners[0].key)
        for call in ("getClass", "getClassTable", "listTenants"):
            assert learner.refused(call, 403)["code"] == "othersSandbox"
        learner.visit("getLab", 200, tenant=held.learners[0].tenant)
        assert learner.refused("getLab", 403, tenant=held.learners[1].tenant)["code"] == "othersSandbox"


def tour_of_the_faults(lab):
    made = lab.sandbox()
    adele, name = member(made, "adele")
    schemas = DOCUMENT["components"]["schemas"]
    assert lab.visit("listFaults", 200) == {"items": [], "next": None}
    # Every code, every word and every form that there is, and how it is shown.
    latencies = [{"fixed": "PT0S"}, {"uniform": ["PT1S", "PT2M"]}, {"lognormal": {"median": "PT1S", "p95": "PT2M"}}]
    effects = [
        *({"code": code} for code in schemas["RefusalCode"]["enum"]),
        {"code": 50076, "suberror": "mine", "claims": DEMAND}, {"code": 50076, "suberror": None},
        {"status": 429, "retryAfter": "PT1.5S"}, {"status": 500}, {"status": 503}, {"status": 503, "retryAfter": "PT10S"},
        {"challenge": DEMAND}, *({"answer": word} for word in schemas["Spoiling"]["enum"]),
        *({"keys": word} for word in schemas["KeyTrouble"]["enum"])]
    effects += [*({"latency": latency} for latency in latencies), {**effects[-1], "latency": latencies[-1]}]
    for effect in effects:
        fault = lab.fault(effect)
        assert fault == {"id": fault["id"], "match": {}, "effect": effect, "hits": 0, "left": None}
        assert lab.visit("getFault", 200, id=fault["id"].upper()) == fault
        lab.visit("deleteFault", 204, id=fault["id"])
    assert lab.fault({"status": 429})["effect"] == {"status": 429, "retryAfter": "PT1M"}
    assert lab.fault({"code": 50173, "suberror": ""})["effect"] == {"code": 50173, "suberror": None}
    for endpoint in schemas["Endpoint"]["enum"]:
        assert lab.fault({"status": 500}, match={"endpoint": endpoint})["match"] == {"endpoint": endpoint}
    for type_ in schemas["GrantType"]["enum"]:
        assert lab.fault({"status": 500}, match={"grantType": type_})["match"] == {"grantType": type_}
    match = {"endpoint": "token", "grantType": "device_code", "client": NATIVE.upper(), "user": name, "region": "local"}
    whole = lab.fault({"code": 50173}, match=match, name="whole", times=1000000, probability=0.5)
    assert (whole["name"], whole["times"], whole["left"], whole["probability"]) == ("whole", 1000000, 1000000, 0.5)
    assert whole["match"] == {
        **match, "grantType": "urn:ietf:params:oauth:grant-type:device_code", "client": NATIVE, "user": adele}
    assert lab.visit("listFaults", 200)["items"][-1] == whole

    valid = {"effect": {"code": 50173}}
    for body, field in [
            ({}, "effect"), ({"effect": "429"}, "effect"), ({**valid, "nothing": 1}, "nothing"),
            ({**valid, "name": "a" * 101}, "name"), ({**valid, "name": 1}, "name"), ({**valid, "match": []}, "match"),
            ({**valid, "times": 0}, "times"), ({**valid, "times": 1000001}, "times"), ({**valid, "times": 1.5}, "times"),
            ({**valid, "probability": 0}, "probability"), ({**valid, "probability": 1.1}, "probability"),
            ({**valid, "probability": "1"}, "probability"),
            *(({**valid, "match": match}, f"match.{field}") for match, field in [
                ({"nothing": 1}, "nothing"), ({"endpoint": "logout"}, "endpoint"),
                ({"grantType": "implicit"}, "grantType"), ({"client": ""}, "client"), ({"client": "a" * 129}, "client"),
                ({"user": ""}, "user"), ({"user": 1}, "user"), ({"region": "Here"}, "region")]),
            *(({"effect": effect}, "effect") for effect in (
                {}, {"code": 50173, "status": 429}, {"answer": "cut", "keys": "stale"}, {"suberror": "bad_token"})),
            *(({"effect": effect}, f"effect.{field}") for effect, field in [
                ({"code": 1}, "code"), ({"code": "50173"}, "code"), ({"code": 50173, "suberror": "a" * 101}, "suberror"),
                ({"code": 50173, "claims": "[]"}, "claims"), ({"code": 50173, "retryAfter": "PT1S"}, "retryAfter"),
                ({"status": 404}, "status"), ({"status": 429, "retryAfter": "soon"}, "retryAfter"),
                ({"status": 500, "retryAfter": "PT1S"}, "retryAfter"), ({"status": 429, "claims": "{}"}, "claims"),
                ({"challenge": ""}, "challenge"), ({"challenge": {}}, "challenge"), ({"answer": "late"}, "answer"),
                ({"answer": "cut", "nothing": 1}, "nothing"), ({"keys": "lost"}, "keys"),
                ({"keys": "stale", "latency": "manual"}, "latency")]),
            *(({"effect": {"latency": latency}}, None) for latency in (
                None, "immediate", "manual", 5, {}, {"fixed": "soon"}, {"uniform": ["PT1S"]},
                {"lognormal": {"median": "PT1S"}}, {"afterAttempts": 3}, {"local": "manual"},
                {"fixed": "PT1S", "uniform": ["PT1S", "PT2S"]}))]:
        assert mistakes(body, OPERATIONS["createFault"].body_schema()), f"the document takes {body}"
        lab.refused("createFault", 400, body, field)
    # What no schema says.
    for match, field in [
            ({"user": STRANGER}, "user"), ({"region": "elsewhere"}, "region"), ({"endpoint": "graph"}, "endpoint"),
            ({"endpoint": "authorize", "grantType": "password"}, "grantType")]:
        lab.refused("createFault", 400, {**valid, "match": match}, f"match.{field}")
    for effect, field in [
            ({"challenge": "{"}, "challenge"), ({"code": 50173, "claims": "{} {}"}, "claims"),
            ({"latency": {"fixed": "PT2M0.1S"}}, "latency"), ({"latency": {"uniform": ["PT0S", "PT3M"]}}, "latency"),
            ({"latency": {"lognormal": {"median": "PT1S", "p95": "PT3M"}}}, "latency"),
            ({"latency": {"uniform": ["PT2S", "PT1S"]}}, "latency.uniform")]:
        lab.refused("createFault", 400, {"effect": effect}, f"effect.{field}")
    for name_of_call in ("listFaults", "clearFaults"):
        lab.refused(name_of_call, 404, tenant=STRANGER)
    lab.refused("createFault", 404, valid, tenant=STRANGER)
    for id in (STRANGER, "x"):
        lab.refused("getFault", 404, id=id)
        lab.refused("deleteFault", 404, id=id)
    lab.refused("deleteFault", 404, id=whole["id"], tenant=CONTOSO)
    # A query that cannot be read.
    lab.refused("clearFaults", 400, query="name=%ff", field="name")

    # There may be a hundred.
    lab.visit("clearFaults", 204, query={"name": "whole"})
    left = lab.visit("listFaults", 200)["items"]
    assert "whole" not in {fault.get("name") for fault in left}
    for _ in range(100 - len(left)):
        lab.fault({"status": 500})
    assert len(lab.visit("listFaults", 200)["items"]) == 100
    lab.refused("createFault", 409, valid)
    lab.visit("clearFaults", 204)
    assert lab.visit("listFaults", 200)["items"] == []

    # What they do is counted, and is in the log.
    signed = lab.sign_in(adele)
    token = {"endpoint": "token", "grantType": "refresh_token", "user": adele}
    noted = []
    for effect, at, status, notes in [
            ({"code": 50173}, token, 400, {"endpoint": "token", "status": 400}),
            ({"status": 429}, token, 429, {"endpoint": "token", "status": 429, "retryAfter": "PT1M"}),
            ({"status": 503}, token, 503, {"endpoint": "token", "status": 503}),
            ({"answer": "malformed"}, token, 200, {"endpoint": "token", "answer": "malformed"}),
            ({"latency": {"fixed": "PT0.01S"}}, token, 200, {"endpoint": "token"}),
            ({"challenge": DEMAND}, {"endpoint": "graph"}, 401, {"endpoint": "graph", "status": 401})]:
        fault = lab.fault(effect, match=at, times=1)
        answer = lab.refresh(signed["refresh_token"]) if at is token else lab.graph(signed["access_token"])
        assert answer.status_code == status, f"{effect}: {answer.status_code} {answer.text}"
        assert lab.visit("getFault", 200, id=fault["id"]) == {**fault, "hits": 1, "left": 0}
        noted.append({"fault": fault["id"], **notes})
    hits = lab.visit("listEvents", 200, query={"type": "faultHit", "detail": "true"})["items"]
    assert [hit["notes"] for hit in hits] == noted
    with lab.stream({"after": "0", "type": "faultHit"}) as events:
        assert [next(events)["fault"] for _ in noted] == [each["fault"] for each in noted]
    assert lab.refresh(signed["refresh_token"]).status_code == 200


def tour_of_the_gates(lab):
    made = lab.sandbox()
    token = lab.sign_in(member(made, "adele")[0])["refresh_token"]
    gates = DOCUMENT["components"]["schemas"]["Gate"]["enum"]
    opened = [{"gate": gate, "closed": False, "waiting": 0} for gate in gates]
    assert lab.visit("listGates", 200) == {"items": opened, "next": None}
    for gate in gates:
        assert lab.visit("setGate", 200, {"closed": True}, gate=gate) == {"gate": gate, "closed": True, "waiting": 0}
    # A token request waits at one after the other until it is opened.
    with ThreadPoolExecutor(1) as pool:
        refreshing = pool.submit(lab.refresh, token)
        for gate in gates[:2]:
            deadline = time.monotonic() + TIMEOUT / 2
            while not lab.visit("listGates", 200)["items"][gates.index(gate)]["waiting"]:
                assert time.monotonic() < deadline and not refreshing.done(), f"nothing waits at {gate}"
                time.sleep(0.01)
            assert not lab.visit("setGate", 200, {"closed": False}, gate=gate)["closed"]
        assert refreshing.result().status_code == 200
    lab.visit("setGate", 200, {"closed": False}, gate=gates[2])
    assert lab.visit("listGates", 200)["items"] == opened
    for body, field in [
            ({}, "closed"), ({"closed": None}, "closed"), ({"closed": 1}, "closed"), ({"closed": "true"}, "closed"),
            ({"closed": True, "nothing": 1}, "nothing")]:
        assert mistakes(body, OPERATIONS["setGate"].body_schema()), f"the document takes {body}"
        lab.refused("setGate", 400, body, field)
    message = lab.refused("setGate", 404, {"closed": True}, gate="nothing")["message"]
    assert message.rpartition(": ")[2] == ", ".join(gates) + "."
    lab.refused("setGate", 404, {"closed": True}, gate=GATE.upper())
    lab.refused("setGate", 404, {"closed": True}, tenant=STRANGER)
    lab.refused("listGates", 404, tenant=STRANGER)


def tour_of_the_forgeries(lab):
    made = lab.sandbox()
    adele, name = member(made, "adele")
    valid = {"user": adele, "client_id": NATIVE, "scope": "User.Read", "defect": "signature"}
    before = lab.visit("listEvents", 200)["items"]
    for defect in DOCUMENT["components"]["schemas"]["TokenDefect"]["enum"]:
        forged = lab.visit("forgeToken", 201, {**valid, "defect": defect})
        payload = forged["access_token"].split(".")[1]
        assert json.loads(urlsafe_b64decode(payload + "===")) == forged["claims"] and forged["defect"] == defect
        assert lab.graph(forged["access_token"]).status_code == 401
    lab.visit("forgeToken", 201, {**valid, "user": name, "scope": "api://lapse-lab/access_as_user"})
    assert lab.visit("listEvents", 200)["items"] == before, "forging wrote an event"
    assert lab.visit("listGrants", 200, id=adele)["items"] == []
    for body, field in [
            ({}, "user"), ({**valid, "user": ""}, "user"), ({**valid, "user": 1}, "user"),
            ({**valid, "client_id": ""}, "client_id"), ({**valid, "scope": []}, "scope"),
            ({**valid, "scope": ""}, "scope"), ({**valid, "defect": "x"}, "defect"),
            ({**valid, "defect": None}, "defect"), ({**valid, "nothing": 1}, "nothing")]:
        assert mistakes(body, OPERATIONS["forgeToken"].body_schema()), f"the document takes {body}"
        lab.refused("forgeToken", 400, body, field)
    lab.refused("forgeToken", 400, {**valid, "client_id": STRANGER}, "client_id")
    lab.refused("forgeToken", 400, {**valid, "scope": "Fly.Moon"}, "scope")
    lab.refused("forgeToken", 404, {**valid, "user": STRANGER})
    lab.refused("forgeToken", 404, valid, tenant=STRANGER)


def play_every_rule(lab, adele, alex):
    """A client for each rule of the judge, and named after it, that does what the rule is about."""

    def sign_in(rule):
        lab.visit("createApp", 201, {
            "id": rule, "name": rule, "kind": "public", "redirectUris": [REDIRECT], "delegated": ["User.Read"]})
        return lab.sign_in(adele, rule)

    def refresh(rule, signed, *statuses):
        for status in statuses:
            assert lab.refresh(signed["refresh_token"], rule).status_code == status, rule

    def be_refused(rule):
        signed = sign_in(rule)
        lab.revoke(adele)
        refresh(rule, signed, 400)
        return signed

    def be_challenged(rule, *statuses):
        signed = sign_in(rule)
        lab.fault({"challenge": DEMAND}, match={"client": rule})
        for status in statuses:
            assert lab.graph(signed["access_token"]).status_code == status, rule

    def meet_outage(rule, status, *statuses, **more):
        signed = sign_in(rule)
        lab.fault({"status": status}, match={"client": rule}, **more)
        refresh(rule, signed, status, *statuses)

    def see(rule, status, text):
        lab.visit("createVisit", 201, {"url": "http://localhost:5000/", "status": status, "text": text, "user": adele, "client": rule})

    refresh("retriesDeadToken", be_refused("retriesDeadToken"), 400, 400, 400, 400)
    patient = be_refused("takesRefusalForOutage")
    for _ in range(3):
        time.sleep(0.25)
        refresh("takesRefusalForOutage", patient, 400)
    outliving = be_refused("keepsItsSession")
    assert [lab.graph(outliving["access_token"]).status_code for _ in range(3)] == [200] * 3
    be_challenged("ignoresClaimsChallenge", 401, 401, 401, 401)
    be_challenged("forgetsTheDemand", 401)
    assert lab.ask("forgetsTheDemand").status_code == 200
    sign_in("loopsOnSilentSignIn")
    for _ in range(4):
        assert "login_required" in lab.ask("loopsOnSilentSignIn", prompt="none").headers["Location"]
    refresh("looping", sign_in("looping"), *[200] * 14, 400)
    meet_outage("ignoresRetryAfter", 429, 429, 429, 429)
    meet_outage("hammersThroughOutage", 503, *[503] * 11)
    meet_outage("losesLivingToken", 500, times=1)
    assert lab.ask("losesLivingToken").status_code == 200
    be_refused("disturbsOthers")
    lab.sign_in(alex, "disturbsOthers")
    assert lab.ask("disturbsOthers", login_hint=alex).status_code == 200
    be_refused("showsServerError")
    see("showsServerError", 500, "Internal Server Error")
    signed = sign_in("showsStalePage")
    see("showsStalePage", 200, "Hello, it is 12:00")
    lab.revoke(adele)
    refresh("showsStalePage", signed, 400)
    for text in ("Hello, it is 12:01", "Hello, it is 12:02"):
        see("showsStalePage", 200, text)
    be_refused("flattensRefusal")
    see("flattensRefusal", 500, '{"error": "internal"}')
    be_refused("showsConnected")
    for _ in range(2):
        see("showsConnected", 200, '{"connected": true}')
    be_refused("showsErrorPage")
    see("showsErrorPage", 401, "Unauthorized")
    meet_outage("showsOutage", 503, times=1)
    see("showsOutage", None, "connection reset")
    be_refused("hasNotAskedYet")
    be_refused("signsInAgain")
    assert lab.ask("signsInAgain", prompt="login").status_code == 200
    lab.sign_in(adele, "signsInAgain")
    be_challenged("answersChallenge", 401)
    assert lab.ask("answersChallenge", claims=DEMAND).status_code == 200
    lab.sign_in(adele, "answersChallenge")
    meet_outage("outlivesOutage", 503, 200, times=1)


REPORTS = ["getReport", "getReportPage", "getReportMarkdown", "getReportJUnit"]


def tour_of_the_reports(lab):
    made = lab.sandbox(policies={"loopDetection": True})
    (adele, name), (_, alex) = member(made, "adele"), member(made, "alex")
    schemas = DOCUMENT["components"]["schemas"]
    report = lab.visit("getReport", 200)
    assert report == {
        "program": {"name": "lapse", "version": lab.visit("getHealth", 200)["version"]}, "rules": "2026-11", "tenant": made["id"],
        "at": report["at"], "verdict": "untested", "judgedFrom": {"events": 0, "pages": 0}, "clients": [], "expectations": []}
    assert lab.visit("getReport", 200, query={"rules": "2026-11"})["rules"] == "2026-11"
    for operation in REPORTS:
        lab.refused(operation, 400, query={"rules": "2025-01"}, field="rules")
    play_every_rule(lab, adele, alex)
    lab.sign_in(adele)
    report = lab.visit("getReport", 200)
    clients = {client["name"]: client for client in report["clients"]}
    rules = schemas["ReactionRule"]["enum"]
    assert list(clients) == [*rules, "Lapse Native"] and report["verdict"] == "bad"
    findings = [(client, finding) for client in clients for finding in clients[client]["findings"]]
    assert {finding["rule"] for client, finding in findings if finding["rule"] == client} == set(rules)
    assert {finding["severity"] for _, finding in findings} == set(schemas["Severity"]["enum"])
    assert {client["verdict"] for client in clients.values()} == set(schemas["ReportVerdict"]["enum"])
    met = {client: clients[client]["incidents"][0] for client in rules}
    assert {incident["kind"] for incident in met.values()} == set(schemas["IncidentKind"]["enum"])

    dead = met["signsInAgain"]
    assert (dead["code"], dead["user"], dead["userPrincipalName"], dead["retries"]) == (50173, adele, name, 0)
    assert dead["grant"] and dead["revocation"] and dead["firstRetry"] is None
    assert dead["asked"]["prompt"] == "login" and dead["events"] == [
        dead["events"][0], dead["asked"]["event"], dead["recovered"]["event"]]
    slow = met["ignoresRetryAfter"]
    assert (slow["endpoint"], slow["retryAfter"], slow["retries"]) == ("token", "PT1M", 3) and slow["firstRetry"]
    assert met["losesLivingToken"]["asked"] and met["outlivesOutage"]["recovered"]
    assert met["loopsOnSilentSignIn"]["firstRetry"]["prompt"] == "none"
    assert [met[client]["asked"]["carriesClaims"] for client in ("answersChallenge", "forgetsTheDemand")] == [True, False]
    logged = lab.visit("listEvents", 200)["items"]
    assert [event["type"] for event in logged if event["id"] in met["keepsItsSession"]["events"]] == ["refreshRefused"]

    for name_of_call in REPORTS:
        lab.visit(name_of_call, 200)
        lab.visit(name_of_call, 200, query={"client": STRANGER})
        # A query that cannot be read.
        lab.refused(name_of_call, 400, query="client=%ff", field="client")
        lab.refused(name_of_call, 404, tenant=STRANGER)
    assert lab.visit("getReport", 200, query={"client": "SignsInAgain"})["clients"] == [clients["signsInAgain"]]
    report = lab.visit("getReport", 200, query={"client": STRANGER})
    assert (report["clients"], report["verdict"]) == ([], "untested")
    # Whoever is not there any more, or never was, has done it all the same.
    lab.visit("deleteApp", 204, id="looping")
    lab.visit("deleteUser", 204, id=adele)
    stranger = "a" * 300
    assert lab.refresh("nothing", stranger).status_code == 400
    names = {client["client"]: client["name"] for client in lab.visit("getReport", 200)["clients"]}
    assert (names["looping"], names[stranger]) == (None, None)
    assert lab.visit("listEvents", 200, query={"type": "refreshRefused"})["items"][-1]["client"] == stranger


def tour_of_the_report_pages(lab):
    made = lab.sandbox()
    adele, name = member(made, "adele")
    label, strange = "asks soon", "<b>&\"'\u0001\uffff"
    token = lab.sign_in(adele)["refresh_token"]
    lab.revoke(adele)
    assert [lab.refresh(token).status_code for _ in range(5)] == [400] * 5
    assert lab.ask().status_code == 200
    signed = lab.sign_in(adele)
    for given in (
            {"name": label, "after": "revoke", "reauthorizesWithin": "PT1M"},
            {"name": strange, "after": "refusal", "retriesAtMost": 1}, {"after": "outage", "retriesAtMost": 1}):
        lab.visit("createExpectation", 201, given)
    page = lab.visit("getReportPage", 200)
    assert page.startswith("<!DOCTYPE html>") and page.count("<svg ") == 1 and strange[:3] not in page
    markdown = lab.visit("getReportMarkdown", 200)
    assert markdown.startswith("# How the apps reacted: bad\n")
    tree = ElementTree.fromstring(lab.visit("getReportJUnit", 200))
    assert [suite.get("name") for suite in tree] == ["Lapse Native", "expectations"]
    client, expected = tree
    schemas = DOCUMENT["components"]["schemas"]
    harmless = schemas["Finding"]["if"], schemas["Finding"]["else"]["if"]
    harmless = [rule for part in harmless for rule in part["properties"]["rule"]["enum"]]
    assert [case.get("name") for case in client] == [
        rule for rule in schemas["ReactionRule"]["enum"] if rule not in harmless]
    assert [case.get("name") for case in client if case.find("failure") is not None] == ["retriesDeadToken"]
    assert [[part.tag for part in case] for case in expected] == [[], ["failure"], ["skipped"]]
    for node in (client, expected):
        for count, tag in (("tests", "testcase"), ("failures", ".//failure"), ("skipped", ".//skipped")):
            assert node.get(count) == str(len(node.findall(tag))), f"{count}={node.get(count)!r}"
    assert (tree.get("tests"), tree.get("failures")) == (str(len(tree.findall(".//testcase"))), "2")
    for text in (page, markdown):
        assert all(word in text for word in (name, "refused with 50173", "retriesDeadToken", label)), text
    assert "It met no refusal" not in page
    assert lab.graph(signed["access_token"]).status_code == 200
    tree = ElementTree.fromstring(lab.visit("getReportJUnit", 200, query={"client": STRANGER}))
    assert [suite.get("name") for suite in tree] == ["expectations"]


def tour_of_the_expectations(lab):
    made = lab.sandbox()
    adele, name = member(made, "adele")
    schemas = DOCUMENT["components"]["schemas"]
    assert lab.visit("listExpectations", 200) == {"items": [], "next": None}
    # Every occasion and every limit that there is, and how it is shown.
    limits = [
        {"reauthorizesWithin": "PT0S"}, {"recoversWithin": "P1DT0.5S"}, {"retriesAtMost": 1000000}, {"carriesClaims": False}]
    for given in (
            *({"after": occasion, "retriesAtMost": 0} for occasion in schemas["MetOccasion"]["enum"]),
            *({"after": "refusal", **limit} for limit in limits)):
        expectation = lab.visit("createExpectation", 201, given)
        assert expectation == {**given, "id": expectation["id"], "status": "pending", "outcomes": []}
        assert lab.visit("getExpectation", 200, id=expectation["id"].upper()) == expectation
        lab.visit("deleteExpectation", 204, id=expectation["id"])
    given = {
        "name": "n" * 100, "client": NATIVE.upper(), "user": name, "after": "challenge", "reauthorizesWithin": "PT5S",
        "recoversWithin": "PT10S", "retriesAtMost": 1, "carriesClaims": True}
    whole = lab.visit("createExpectation", 201, given)
    assert whole == {
        **given, "client": NATIVE, "user": adele, "id": whole["id"], "status": "pending", "outcomes": []}
    assert lab.visit("listExpectations", 200)["items"] == [whole]

    valid = {"after": "revoke", "retriesAtMost": 1}
    for body, field in [
            ({}, "after"), ({"retriesAtMost": 1}, "after"), ({"after": "lunch", "retriesAtMost": 1}, "after"),
            ({"after": None, "retriesAtMost": 1}, "after"), ({"after": "revoke"}, None),
            ({"after": "revoke", "name": "x", "client": NATIVE, "user": adele}, None),
            ({**valid, "nothing": 1}, "nothing"), ({**valid, "name": ""}, "name"), ({**valid, "name": "a" * 101}, "name"),
            ({**valid, "name": 1}, "name"), ({**valid, "client": ""}, "client"), ({**valid, "client": "a" * 129}, "client"),
            ({**valid, "client": 1}, "client"), ({**valid, "user": ""}, "user"), ({**valid, "user": 1}, "user"),
            ({**valid, "reauthorizesWithin": "soon"}, "reauthorizesWithin"),
            ({**valid, "reauthorizesWithin": 5}, "reauthorizesWithin"),
            ({**valid, "recoversWithin": "-PT1S"}, "recoversWithin"),
            ({"after": "revoke", "retriesAtMost": -1}, "retriesAtMost"),
            ({"after": "revoke", "retriesAtMost": 1000001}, "retriesAtMost"),
            ({"after": "revoke", "retriesAtMost": 1.5}, "retriesAtMost"),
            ({"after": "revoke", "retriesAtMost": "1"}, "retriesAtMost"),
            ({**valid, "carriesClaims": "true"}, "carriesClaims"), ({**valid, "carriesClaims": 1}, "carriesClaims")]:
        assert mistakes(body, OPERATIONS["createExpectation"].body_schema()), f"the document takes {body}"
        lab.refused("createExpectation", 400, body, field)
    # What no schema says.
    lab.refused("createExpectation", 400, {**valid, "user": STRANGER}, "user")
    lab.refused("createExpectation", 400, {**valid, "recoversWithin": "P40000D"}, "recoversWithin")
    lab.refused("createExpectation", 404, valid, tenant=STRANGER)
    lab.refused("listExpectations", 404, tenant=STRANGER)
    for id in (STRANGER, "x"):
        lab.refused("getExpectation", 404, id=id)
        lab.refused("getExpectation", 404, id=id, query={"wait": "PT10S"})
        lab.refused("deleteExpectation", 404, id=id)
    lab.refused("getExpectation", 404, id=whole["id"], tenant=CONTOSO)
    lab.refused("deleteExpectation", 404, id=whole["id"], tenant=CONTOSO)
    for wait in ("PT1M0.1S", "PT2M", "soon"):
        lab.refused("getExpectation", 400, id=whole["id"], query={"wait": wait}, field="wait")
    assert lab.visit("getExpectation", 200, id=whole["id"], query={"wait": "PT0.1S"}) == whole

    # What comes of them while an app runs, and that who waits hears of it.
    failing, passing = [lab.visit("createExpectation", 201, {"after": "revoke", **limit})["id"] for limit in (
        {"reauthorizesWithin": "PT0.3S"}, {"recoversWithin": "PT1M", "retriesAtMost": 0})]
    token = lab.sign_in(adele)["refresh_token"]
    lab.revoke(adele)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lab.visit, "getExpectation", 200, id=failing, query={"wait": "PT8S"})
        assert lab.refresh(token).status_code == 400
        assert waiting.result()["status"] == "failed"
    assert lab.visit("getExpectation", 200, id=passing)["status"] == "pending"
    assert lab.ask().status_code == 200
    lab.sign_in(adele)
    passed = lab.visit("getExpectation", 200, id=passing, query={"wait": "PT10S"})
    outcome, = passed["outcomes"]
    assert (passed["status"], outcome["client"], outcome["status"]) == ("passed", NATIVE, "passed")
    assert outcome["incident"] == outcome["events"][0]
    items = lab.visit("listExpectations", 200)["items"]
    assert [item["status"] for item in items] == ["pending", "failed", "passed"]
    assert {item["status"] for item in items} == set(schemas["ExpectationStatus"]["enum"])
    report = lab.visit("getReport", 200)
    assert (report["expectations"], report["verdict"]) == (items, "bad")
    report = lab.visit("getReport", 200, query={"client": WEB})
    assert [item["status"] for item in report["expectations"]] == ["pending", "pending"]

    # There may be a hundred.
    for _ in range(100 - len(items)):
        lab.visit("createExpectation", 201, valid)
    assert len(lab.visit("listExpectations", 200)["items"]) == 100
    lab.refused("createExpectation", 409, valid)
    lab.visit("deleteExpectation", 204, id=whole["id"])
    lab.refused("getExpectation", 404, id=whole["id"])
    lab.visit("createExpectation", 201, valid)


def tour_of_the_events(lab):
    made = lab.sandbox()
    (adele, name), (alex, _) = member(made, "adele"), member(made, "alex")
    signed = lab.sign_in(adele)
    lab.sign_in(alex)
    revoked = lab.revoke(adele)
    # Its access token outlives the grant; the app asks for another sign-in, as a challenge demands.
    assert lab.graph(signed["access_token"]).status_code == 200
    assert lab.refresh(signed["refresh_token"]).status_code == 400
    assert lab.ask(prompt="login", claims=DEMAND).status_code == 200
    # Refusals have a code, and what happens at the authority a region and a request id.
    assert lab.form(
        "token", grant_type="password", client_id=NATIVE, username=name, password="wrong",
        scope="openid").status_code == 400
    log = lab.visit("listEvents", 200)["items"]
    assert [event["id"] for event in log] == sorted({event["id"] for event in log})
    assert [event for event in log if event["code"] == 50126 and event["region"] and event["requestId"]], log
    signed = lab.visit("listEvents", 200, query={"type": "signedIn", "user": name, "after": "0"})["items"]
    assert [event["user"] for event in signed] == [adele]
    assert lab.visit("listEvents", 200, query={"detail": "false"})["items"] == log
    detailed = lab.visit("listEvents", 200, query={"detail": "true"})["items"]
    more = [{name: event.pop(name) for name in ("writtenAt", "presented", "notes")} for event in detailed]
    assert detailed == log
    said = {event["type"]: {**event, **rest} for event, rest in zip(detailed, more, strict=True)}
    assert said["accessOutlived"]["revocation"] == revoked["id"] and said["accessOutlived"]["presented"]
    assert said["refreshRefused"]["presented"] and said["signedIn"]["notes"] == {}
    assert said["signInRequested"]["notes"] == {"prompt": "login", "answersChallenge": True}
    lab.refused("listEvents", 400, query={"detail": "much"}, field="detail")
    seen = {"url": "http://localhost:5000/me?code=secret#x", "status": 200, "text": "Hello,\n  Adele " + "x" * 600, "user": adele, "client": NATIVE}
    page = lab.visit("createVisit", 201, seen)
    assert (page["type"], page["user"], page["client"]) == ("pageShown", adele, NATIVE)
    assert page["notes"]["page"] == {"url": "http://localhost:5000/me", "status": 200, "text": ("Hello, Adele " + "x" * 600)[:500]}
    assert lab.visit("createVisit", 201, {"url": "https://x.example/"})["notes"]["page"] == {"url": "https://x.example/", "status": None, "text": ""}
    for change, field in [
            ({"url": "localhost"}, "url"), ({"url": None}, "url"), ({"status": 99}, "status"), ({"status": "200"}, "status"),
            ({"text": 5}, "text"), ({"more": 1}, "more")]:
        lab.refused("createVisit", 400, {**seen, **change}, field)
    lab.refused("createVisit", 404, {**seen, "user": "nobody@x.example"})
    lab.refused("createVisit", 404, seen, tenant=STRANGER)
    for query, field in [
            ({"after": "x"}, "after"), ({"after": "-1"}, "after"), ({"type": "nothing"}, "type")]:
        lab.refused("listEvents", 400, query=query, field=field)
        lab.refused(STREAM, 400, query=query, field=field)
    for name_of_list in ("listEvents", STREAM):
        lab.refused(name_of_list, 404, query={"user": STRANGER})
        lab.refused(name_of_list, 404, tenant=STRANGER)
    lab.refused(STREAM, 400, headers={"Last-Event-ID": "x"})

    with lab.stream() as events:
        revoked = lab.revoke(alex)
        assert next(events)["revocation"] == revoked["id"], "it starts with what happens from now on"
    with lab.stream({"after": str(log[0]["id"])}) as events:
        assert [next(events) for _ in log[1:]] == log[1:]
    with lab.stream({"after": "0"}, **{"Last-Event-ID": str(log[1]["id"])}) as events:
        assert next(events) == log[2]
    with lab.stream({"after": "0", "type": "revoked", "user": alex}) as events:
        assert next(events)["revocation"] == revoked["id"]


def tour_of_the_exchanges(lab):
    made = lab.sandbox()
    adele, name = member(made, "adele")
    signed = lab.sign_in(adele)
    # Whoever asks once is told of everything from then on.
    assert lab.visit("listTenantExchanges", 200) == {"items": [], "next": None}
    with ThreadPoolExecutor(1) as pool:
        query = {"endpoint": "token", "user": "adele", "client": NATIVE, "wait": "PT8S"}
        waiting = pool.submit(lab.visit, "listTenantExchanges", 200, query=query)
        assert lab.graph(signed["access_token"]).status_code == 200
        assert lab.refresh(signed["refresh_token"]).status_code == 200
        (first,) = waiting.result()["items"]
    assert (first["tenant"], first["user"], first["userPrincipalName"], first["client"], first["endpoint"]) == (
        made["id"], adele, name, NATIVE, "token")
    assert '"token_type":"Bearer"' in first["response"] and first["event"]
    # Of every kind that there is: a refusal, a page with cookies, a redirect, bodies that are shown and that are not.
    lab.revoke(adele)
    assert lab.refresh(signed["refresh_token"]).status_code == 400
    assert lab.ask(prompt="login").status_code == 200
    assert lab.form("authorize", {"ESTSAUTH": "nothing"}, client_id=NATIVE, response_type="code", redirect_uri=REDIRECT,
                    scope="openid", prompt="none").status_code in (200, 302)
    lab.session.get(f"{lab.origin}/{lab.tenant}/oauth2/v2.0/authorize?client_id={NATIVE}&prompt=none", timeout=TIMEOUT)
    lab.session.post(f"{lab.origin}/{lab.tenant}/oauth2/v2.0/token", "<a/>", headers={"Content-Type": "text/xml"}, timeout=TIMEOUT)
    lab.session.get(f"{lab.origin}/{lab.tenant}/oauth2/v3.0/token", timeout=TIMEOUT)
    listed = lab.visit("listTenantExchanges", 200)["items"]
    assert [each["id"] for each in listed] == sorted({each["id"] for each in listed}) and len(listed) == 8, listed
    assert [each["code"] for each in listed if each["endpoint"] == "token"][:2] == [None, 50173]
    assert listed[-1]["endpoint"] is None and listed[-1]["user"] is None
    assert lab.visit("listTenantExchanges", 200, query={"after": str(listed[-2]["id"]), "wait": "PT5S"})["items"] == listed[-1:]
    assert lab.visit("listTenantExchanges", 200, query={"client": "nothing", "wait": "PT0.1S"})["items"] == []

    archive = lab.visit("archiveExchanges", 200)["log"]["entries"]
    assert [entry["_lapse"] for entry in archive] == [
        {name: each[name] for name in (
            "id", "tenant", "client", "clientName", "user", "userPrincipalName", "endpoint", "code", "region", "event")}
        for each in listed]
    for entry, each in zip(archive, listed, strict=True):
        assert entry["request"]["url"] == lab.origin + each["path"]
        assert entry["time"] == pytest.approx(sum(entry["timings"].values()))
    assert [entry["_lapse"]["endpoint"] for entry in lab.visit("archiveExchanges", 200, query={"endpoint": "graph"})[
        "log"]["entries"]] == ["graph"]
    whole = json.dumps([listed, archive])
    assert not [secret for secret in (signed["refresh_token"], signed["access_token"]) if secret in whole]

    for name_of_call in ("listTenantExchanges", "archiveExchanges"):
        for query, field in [
                ({"after": "-1"}, "after"), ({"after": "x"}, "after"), ({"wait": "1y"}, "wait"), ({"wait": "PT61S"}, "wait"),
                ({"endpoint": ".."}, "endpoint"), ({"endpoint": "Token"}, "endpoint")]:
            lab.refused(name_of_call, 400, query=query, field=field)
        lab.refused(name_of_call, 404, query={"user": STRANGER})
        lab.refused(name_of_call, 404, query={"user": "nobody", "wait": "PT1M"})
        lab.refused(name_of_call, 404, tenant=STRANGER)
    lab.visit("resetTenant", 200)
    assert lab.visit("listTenantExchanges", 200)["items"] == []


def tour_of_long_lists(lab):
    domain = "long.example"
    made = lab.visit("createTenant", 201, {
        "domains": [domain], "users": [{"userPrincipalName": f"user-{number}@{domain}"} for number in range(101)],
        "apps": [{"id": f"app-{number}", "name": "App", "kind": "public"} for number in range(101)]})
    lab.tenant = made["id"]
    for number in range(101):
        lab.revoke(f"user-{number}@{domain}")
    for name in ("listUsers", "listApps", "listRevocations", "listEvents"):
        first = lab.visit(name, 200)
        assert len(first["items"]) == 100 and first["next"], name
        rest = lab.visit(name, 200, query={"after": first["next"]})
        assert rest["next"] is None and len({item["id"] for item in first["items"] + rest["items"]}) >= 101, name


TOUR = [
    tour_of_the_server, tour_of_the_tenants, tour_of_the_seeds, tour_of_the_policies, tour_of_the_propagation, tour_of_the_clock,
    tour_of_the_users, tour_of_the_apps, tour_of_the_sign_ins, tour_of_the_revocations, tour_of_the_explanations, tour_of_the_trials,
    tour_of_the_labs, tour_of_the_class, tour_of_the_faults, tour_of_the_gates, tour_of_the_forgeries, tour_of_the_reports, tour_of_the_report_pages,
    tour_of_the_expectations, tour_of_the_events, tour_of_the_exchanges, tour_of_long_lists]


def test_the_tour_is_answered_as_the_document_says(own, subtests):
    lab = Visitor(own)
    for part in TOUR:
        with subtests.test(part.__name__):
            part(lab)
    for outcome in ("done", "refused"):
        assert [name for name in OPERATIONS if outcome not in lab.visited[name]] == [], f"never {outcome}"


def test_a_reset_of_all_is_answered_as_the_document_says(launch, tmp_path):
    process = launch(tmp_path, *PORTS)
    lab = Visitor(process.lapse)
    assert [each["name"] for each in lab.visit("resetTenants", 200, {})["items"]] == ["Contoso", "Fabrikam"]
    seed = {"tenants": [{"id": "66666666-eeee-4eee-8eee-666666666666", "name": "Only", "domains": ["only.example"]}]}
    lab.visit("resetTenants", 200, seed)
    assert [each["name"] for each in lab.visit("listTenants", 200)["items"]] == ["Only"]
    process.stop()


# MARK: What every operation refuses

@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_refuses_as_the_document_says(own, name):
    """Whatever the operation does, who asks and what is no JSON is judged alike; nothing of this reaches the tenant."""
    lab, operation = Visitor(own), OPERATIONS[name]
    there = {"tenant": CONTOSO, "id": NATIVE if "/apps/" in operation.path else ADELE}
    lab.refused(name, 403, headers={"Host": "evil.example"}, **there)
    lab.refused(name, 403, headers={"Origin": "https://evil.example"}, **there)
    if operation.names_tenant():
        for tenant in (STRANGER, "nobody.example", "common", "a b", "a" * 3000):
            lab.refused(name, 404, raw=(json.dumps(valid_body(operation)), "application/json"), tenant=tenant, id=ADELE)
    if operation.takes_body:
        bound = SEED_BOUND if name in ("importTenants", "resetTenants") else BODY_BOUND
        lab.refused(name, 413, raw=("a" * (bound + 1), "application/json"), **there)
        for body, content_type in [
                ("{}", "text/plain"), ("{}", None), ("a=b", "application/x-www-form-urlencoded"),
                ("{", "application/json"), ("[]", "application/json"), ("1", "application/json"),
                ("null", "application/json"),
                # The name of a preset is the only body that is no object.
                ('"x"', "application/json")]:
            lab.refused(name, 400, raw=(body, content_type), **there)


def valid_body(operation):
    media = operation.described.get("requestBody", {}).get("content", {}).get("application/json", {})
    return media.get("example", {})


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_a_method_that_the_document_does_not_know_leads_nowhere(own, path):
    known = {method for method in METHODS if method in DOCUMENT["paths"][path]}
    lab = Visitor(own)
    for method in [*METHODS, "options", "trace"]:
        if method not in known:
            known_path = path.format(tenant=CONTOSO, id=STRANGER, user=ADELE, client=NATIVE, gate=GATE)
            answer = lab.session.request(method, f"{own.http}{BASE}{known_path}", timeout=TIMEOUT)
            assert answer.status_code == 404, f"{method} {path}: {answer.status_code} {answer.text}"
            not_found = DOCUMENT["components"]["responses"]["NotFound"]["content"]["application/json"]["schema"]
            assert not mistakes(answer.json(), not_found), answer.text


def test_every_operation_wants_the_control_token_where_there_is_one(launch, tmp_path):
    token = "a-secret-of-the-lab"
    process = launch(tmp_path, "--control-token", token, *PORTS)
    for name in OPERATIONS:
        Visitor(process.lapse).refused(name, 401, tenant=CONTOSO, id=STRANGER)
        Visitor(process.lapse, "wrong").refused(name, 401, tenant=CONTOSO, id=STRANGER)
    assert Visitor(process.lapse, token).visit("listTenants", 200)["items"]
    process.stop()


@pytest.mark.parametrize("name, body, query, schema", [
    ("setClock", {"mode": "x"}, None, "ClockMode"), ("setPolicies", {"tieRule": "x"}, None, "NamedTieRule"),
    ("setPolicies", {"tokenTimes": "x"}, None, "TokenTimes"),
    ("setPolicies", {"permissions": "x"}, None, "Edition"), ("setPolicies", {"cloud": "x"}, None, "Cloud"), ("setPolicies", {"errorLayout": "x"}, None, "ErrorLayout"), ("setPropagation", "x", None, "Preset"),
    ("setPropagation", {"routing": "x"}, None, "Routing"), ("setPropagation", {"origin": "x"}, None, "Origin"),
    ("createUser", {"userPrincipalName": "x@contoso.example", "roles": ["x"]}, None, "Role"),
    ("createApp", {"name": "x", "kind": "x"}, None, "AppKind"),
    ("createApp", {"name": "x", "kind": "public", "flows": ["x"]}, None, "Flow"),
    ("createGrant", {"user": ADELE, "client_id": NATIVE, "scope": "openid", "method": "x"}, None, "Method"),
    ("createRevocation", {"user": ADELE, "cause": "x"}, None, "Cause"),
    ("createFault", {"match": {"endpoint": "x"}, "effect": {"status": 500}}, None, "Endpoint"),
    ("createFault", {"match": {"grantType": "x"}, "effect": {"status": 500}}, None, "GrantType"),
    ("createFault", {"effect": {"answer": "x"}}, None, "Spoiling"),
    ("createFault", {"effect": {"keys": "x"}}, None, "KeyTrouble"),
    ("forgeToken", {"user": ADELE, "client_id": NATIVE, "scope": "openid", "defect": "x"}, None, "TokenDefect"),
    ("createExpectation", {"after": "x", "retriesAtMost": 1}, None, "MetOccasion"),
    ("listEvents", None, {"type": "x"}, "EventType"), ("listTenantExchanges", None, {"endpoint": "x"}, "ExchangeEndpoint")],
    ids=lambda value: value if isinstance(value, str) else None)
def test_the_document_lists_the_same_words_as_the_server(own, name, body, query, schema):
    """The server names the words that it knows when it is given another one."""
    error = Visitor(own).refused(name, 400, body, query=query, tenant=CONTOSO)
    words = error["message"].rpartition(": ")[2].split(", ")
    assert words == DOCUMENT["components"]["schemas"][schema]["enum"], error


# MARK: What can be made up from the document

def made_up():
    """The document as schemathesis reads it: the same requests in every run, some that fit it and some that do not."""
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.config.generation.update(deterministic=True, max_examples=50, database="none")
    # Thousands of requests, made before the first test of any file begins.
    schema.config.phases.coverage.enabled = False
    # What an answer says would decide over the requests after it, and no two answers are alike.
    schema.config.phases.fuzzing.error_feedback.is_enabled = False
    schema.config.phases.fuzzing.extra_data_sources.responses = False
    # An endless answer: the tour reads it.
    return schema.exclude(operation_id=STREAM)


MADE_UP = made_up()


def takes_no_more_than_the_document(context, response, case):
    """What the document refuses, the server refuses: else it would take what nobody is told of."""
    # Two liberties that the document tells of in words: null, and a query parameter without a value.
    is_free = has_null(case.body) or any(value in ("", [""]) for value in (case.query or {}).values())
    if response.status_code < 400 and not is_free:
        negative_data_rejection(context, response, case)


NO_SCHEMA_TELLS = [
    (r"names no (user|member|region|app|tenant)\b", "a user, app, region or template that is not there"),
    (r"is not a region of", "a user, app, region or template that is not there"),
    (r"\bis taken", "a name that is taken"),
    (r"must name the shorter duration first", "The shorter first"),
    (r"(p95: must be a duration not shorter than the median|median: must be)", "The median above zero, p95 not below it"),
    (r"grantType: is only for the endpoint token", "Only for the endpoint token"),
    (r"with a domain of the tenant", "of another tenant's domain"),
    (r"must not be before the tenant's birth", "a time before the tenant's birth"),
    (r"^(by|at|wait|lifetimes|policies|reauthorizesWithin|recoversWithin|effect|propagation|planes|faults|apps|tenants)\b.* durations? such as",
     "at most a hundred years"),
    (r"^wait: must be a duration such as 90s, 5m, 1h30m, 2d or PT5M, at most PT1M", "at most PT1M"),
    (r"(challenge|claims): must be a JSON object as text", "A JSON object as text"),
    (r"latency: must not exceed PT2M", "at most PT2M"),
    (r"authTime: must lie between the tenant's birth and its now", "between the tenant's birth and its now"),
    (r"after: must be a cursor of this list", "A list of what a user holds accepts only such a text"),
    (r"must be an RFC 3339 instant", "from 2020 to 9999 in UTC as well"),
    (r"^lab[.:]", "as the schema LabScript says"), (r"must be at most 365 days", "At most 365 days"), (r"names none of signIns", "One of signIns"),
    (r"^lab\..*id: is there twice", "Ids are there once"), (r"is not a region of propagation", "also with the change"),
    (r"^at most one of name, lab$", "At most one of name and lab"), (r"must be PT0S: instants", "whose own is PT0S"), (r"has no change$", "400 when it has no change")]
"""What the server refuses of a request that fits the document, and the words in which the document tells of it."""


def test_the_document_tells_in_words_what_no_schema_tells():
    text = json.dumps(DOCUMENT)
    for _, words in NO_SCHEMA_TELLS:
        assert words in text, words


def refuses_no_more_than_the_document(context, response, case):
    """What the document allows, the server takes: else nobody could tell beforehand what a call needs. Whether what a request names is
    there, or taken, is found out by asking: 404 and 409 say so, and a 400 in the words above."""
    is_told = response.status_code == 400 and any(
        re.search(pattern, response.json()["error"]["message"]) for pattern, _ in NO_SCHEMA_TELLS)
    if not is_told:
        positive_data_acceptance(context, response, case)


def has_null(value):
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return value is None or any(map(has_null, parts))


CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    takes_no_more_than_the_document, refuses_no_more_than_the_document]


GIVEN_DURATION = DOCUMENT["components"]["schemas"]["GivenDuration"]["pattern"]


class Sandboxes:
    """A sandbox for each operation, so that what one does to its tenant is no other one's trouble."""

    # What these remove is not there a second time.
    REMOVING = ("deleteTenant", "deleteUser", "deleteApp", "deleteFault", "deleteExpectation")

    def __init__(self, lapse):
        self.lapse = lapse
        self.made = {}

    def of(self, operation):
        if operation not in self.made or operation in self.REMOVING:
            self.made[operation] = self.make()
        return self.made[operation]

    def make(self):
        tenant = self.lapse.control("POST", "/tenants", {"template": "contoso"})
        user = tenant["users"][0]["id"]
        path = f"/tenants/{tenant['id']}"
        signed = self.lapse.control("POST", f"{path}/grants", {"user": user, "client_id": NATIVE, "scope": SCOPE})
        revocation = self.lapse.control("POST", f"{path}/revocations", {"user": user, "cause": "adminRevoke"})
        lab = Visitor(self.lapse)
        lab.tenant = tenant["id"]
        assert lab.refresh(signed["refresh_token"]).status_code == 400
        # Failed already: nobody has to wait for it.
        expectation = self.lapse.control(
            "POST", f"{path}/expectations", {"after": "refusal", "reauthorizesWithin": "PT0S"})
        fault = self.lapse.control("POST", f"{path}/faults", {"match": {"user": user}, "effect": {"status": 429}})
        return Known(
            tenant["id"], tenant["domains"][0],
            {
                "users": user, "apps": NATIVE, "revocations": revocation["id"], "faults": fault["id"],
                "expectations": expectation["id"], "grants": signed["grant"],
                "sessions": self.lapse.control("GET", f"{path}/users/{user}/sessions")["items"][0]["id"]},
            {
                "user": user, "client_id": NATIVE, "client": NATIVE, "scope": SCOPE, "region": "local",
                "session": signed["cookies"]["ESTSAUTH"], "refresh_token": signed["refresh_token"],
                "access_token": signed["access_token"]})


@dataclass
class Known:
    """What is there in a sandbox: chance would never find it."""

    tenant: str
    domain: str
    ids: dict
    members: dict

    def put_into(self, case):
        # One half of the requests keeps what was made up.
        is_kept = zlib.crc32(repr((case.path_parameters, case.body)).encode(errors="replace")) % 2
        if "tenant" in case.path_parameters:
            case.path_parameters["tenant"] = self.tenant
        # Nothing that is waited for comes.
        if "exchanges" in case.operation.path and case.query and re.search(GIVEN_DURATION, str(case.query.get("wait"))):
            case.query["wait"] = "PT0S"
        if is_kept:
            return
        if "client" in case.path_parameters:
            case.path_parameters.update(user=self.ids["users"], client=NATIVE)
        if "id" in case.path_parameters:
            case.path_parameters["id"] = self.ids[case.operation.path.split("/")[3]]
        # A body that is wrong on purpose stays as it is.
        if isinstance(case.body, dict) and case.meta.generation.mode is GenerationMode.POSITIVE:
            case.body = {name: self.members.get(name, value) for name, value in case.body.items()}
            if isinstance(case.body.get("match"), dict):
                case.body["match"] = {name: self.members.get(name, value) for name, value in case.body["match"].items()}
            if isinstance(case.body.get("userPrincipalName"), str):
                case.body["userPrincipalName"] = case.body["userPrincipalName"].partition("@")[0] + "@" + self.domain


@pytest.fixture(scope="module")
def sandboxes(own):
    return Sandboxes(own)


@pytest.fixture(scope="module")
def without_sandboxes(tmp_path_factory):
    """A Lapse whose tenants may all go."""
    process = Process(tmp_path_factory.mktemp("reset"), *PORTS)
    yield process.lapse
    process.stop()


@MADE_UP.parametrize()
def test_whatever_can_be_made_up_is_answered_as_the_document_says(case, own, sandboxes, without_sandboxes):
    name = case.operation.definition.raw["operationId"]
    if name == "resetTenants":
        lapse = without_sandboxes
    else:
        lapse = own
        sandboxes.of(name).put_into(case)
    case.call_and_validate(base_url=lapse.http + BASE, checks=CHECKS, timeout=TIMEOUT)
