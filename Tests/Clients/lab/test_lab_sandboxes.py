"""A hundred sandboxes at once: nothing of one is ever seen in another."""

import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from lab import ADELE_ID, API, API_SECRET, CONTOSO, DAEMON, DAEMON_SECRET, DOMAIN, GRAPH_DEFAULT, NATIVE, PASSWORD, WEB
from lab_client import DAY, SCOPE, SECOND, Tenant, code_of, duration, instant, new_id, new_sandbox, written
from serve import HTTP_ALONE

COUNT, CLIENTS = 100, 16
START = instant("2026-01-01T00:00:00.1234567Z")


@pytest.fixture(scope="module")
def folder(stored):
    """What a removed sandbox leaves behind can be counted here."""
    return stored.folder


@pytest.fixture(scope="module")
def lapse(stored):
    return stored.lapse


@dataclass
class Sandbox:
    """One of the hundred, and all that its client has seen of it."""

    tenant: Tenant
    made: dict
    number: int

    @property
    def start(self):
        return START + self.number * 3 * DAY

    @property
    def delay(self):
        return (10 + 7 * self.number) * SECOND

    @property
    def user(self):
        return next(user for user in self.made["users"] if user["userPrincipalName"].startswith("adele@"))


def at_once(work, items):
    """Does the work for all items by parallel clients that start together."""
    together = threading.Barrier(CLIENTS)

    def part(number):
        together.wait(timeout=30)
        return [(index, work(items[index])) for index in range(number, len(items), CLIENTS)]

    with ThreadPoolExecutor(CLIENTS) as pool:
        results = [pair for each in pool.map(part, range(CLIENTS)) for pair in each]
    return [result for _, result in sorted(results, key=lambda pair: pair[0])]


def use(sandbox):
    """Signs in, revokes, refreshes inside and after the sandbox's own delay."""
    tenant, user = sandbox.tenant, sandbox.user["userPrincipalName"]
    tenant.freeze(sandbox.start)
    tenant.propagate({"planes": {"refresh": {"fixed": duration(sandbox.delay)}}})
    sandbox.signed_in = tenant.sign_in(user)
    sandbox.revocation = tenant.revoke(user)
    assert sandbox.revocation["at"] == written(sandbox.start)
    assert sandbox.revocation["planes"]["refresh"]["local"]["visibleAt"] == written(sandbox.start + sandbox.delay)
    tenant.advance(by=duration(sandbox.delay - 1))
    inside = tenant.refresh(sandbox.signed_in["refresh_token"])
    assert code_of(inside) is None, inside
    took = tenant.advance(by="PT0.0000001S")["tookEffect"]
    assert [each["id"] for each in took] == [sandbox.revocation["id"]], took
    for token in (sandbox.signed_in["refresh_token"], inside.json()["refresh_token"]):
        assert code_of(tenant.refresh(token)) == 50173
    sandbox.alive = tenant.sign_in(user)
    assert code_of(tenant.refresh(sandbox.alive["refresh_token"])) is None


def rows(folder):
    """How many rows each table has."""
    database = sqlite3.connect(f"file:{folder / 'data' / 'lapse.sqlite3'}?mode=ro", uri=True)
    tables = [name for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    counted = {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}
    database.close()
    return counted


def test_a_hundred_sandboxes_at_once(lapse, folder):
    contoso = Tenant(lapse)
    contoso.control("POST", "/reset")
    before = rows(folder)
    users, events = contoso.everything("/users"), contoso.everything("/events")

    made = at_once(lambda number: new_sandbox(lapse), list(range(COUNT)))
    sandboxes = [Sandbox(tenant, told, number) for number, (tenant, told) in enumerate(made)]
    at_once(use, sandboxes)

    assert_distinct(sandboxes)
    at_once(assert_has_its_own_alone, sandboxes)
    neighbours = list(zip(sandboxes, sandboxes[1:] + sandboxes[:1], strict=True))
    at_once(lambda pair: assert_is_unknown_to(*pair), neighbours)
    # Knocking at foreign endpoints has left nothing behind those endpoints.
    at_once(assert_has_its_own_alone, sandboxes)
    assert (contoso.everything("/users"), contoso.everything("/events")) == (users, events)
    assert {each["id"] for each in tenants(lapse)} >= {each.made["id"] for each in sandboxes}

    at_once(lambda each: assert_can_be_removed(lapse, each), sandboxes)
    assert len(tenants(lapse)) == before["tenants"]
    assert rows(folder) == before
    assert contoso.everything("/events") == events


def tenants(lapse):
    answer = Tenant(lapse).send("GET", "/_lapse/api/tenants").json()
    found = answer["items"]
    while answer["next"]:
        answer = Tenant(lapse).send("GET", f"/_lapse/api/tenants?after={answer['next']}").json()
        found += answer["items"]
    return found


def assert_distinct(sandboxes):
    for values in (
        [each.made["id"] for each in sandboxes], [each.made["domains"][0] for each in sandboxes],
        [user["id"] for each in sandboxes for user in each.made["users"]],
        [user["userPrincipalName"] for each in sandboxes for user in each.made["users"]],
        [each.revocation["id"] for each in sandboxes], [each.signed_in["grant"] for each in sandboxes],
    ):
        assert len(set(values)) == len(values)


def assert_has_its_own_alone(sandbox):
    tenant = sandbox.tenant
    end = sandbox.start + sandbox.delay
    assert tenant.now() == end, "its clock was moved by another"
    ids = {user["id"] for user in sandbox.made["users"]}
    assert {user["id"] for user in tenant.everything("/users")} == ids
    assert [each["id"] for each in tenant.everything("/revocations")] == [sandbox.revocation["id"]]
    grants = {sandbox.signed_in["grant"], sandbox.alive["grant"]}
    assert {each["id"] for each in tenant.everything(f"/users/{sandbox.user['id']}/grants")} == grants
    assert len(tenant.everything(f"/users/{sandbox.user['id']}/sessions")) == 2
    for event in tenant.everything("/events"):
        assert event["user"] in {None, *ids} and event["grant"] in {None, *grants}, event
        assert event["revocation"] in (None, sandbox.revocation["id"]), event
        if event["type"] not in ("clockChanged", "tenantCreated"):
            assert event["at"] in (written(sandbox.start), written(end - 1), written(end)) or event["user"] is None, event


def assert_is_unknown_to(sandbox, other):
    """Nothing of a sandbox opens, names or moves anything in the other."""
    tenant, user = other.tenant, sandbox.user
    for token in (sandbox.alive["refresh_token"], sandbox.signed_in["refresh_token"]):
        shown = tenant.explain(refresh_token=token)
        assert (shown["known"], shown["verdicts"], shown["history"]) == (False, [], []), shown
        assert code_of(tenant.refresh(token)) not in (None, 50173)
    for what in ({"session": sandbox.alive["cookies"]["ESTSAUTH"]}, {"access_token": sandbox.alive["access_token"]}):
        assert tenant.explain(**what)["known"] is False
    assert "error" in tenant.authorize(sandbox.alive["cookies"]["ESTSAUTH"]).redirect
    for name in (user["id"], user["userPrincipalName"]):
        assert tenant.ask("GET", f"/users/{name}").status == 404
        assert tenant.ask("POST", "/revocations", {"user": name, "cause": "adminRevoke"}).status in (400, 404)
        assert tenant.ask("POST", "/grants", {"user": name, "client_id": NATIVE, "scope": SCOPE}).status in (400, 404)
    for method, path in (("GET", ""), ("POST", "/release")):
        assert tenant.ask(method, f"/revocations/{sandbox.revocation['id']}{path}").status == 404
    password = {"grant_type": "password", "username": user["userPrincipalName"], "password": PASSWORD, "scope": SCOPE}
    answer = tenant.token(password)
    # Nobody of that name is here; and who it is elsewhere is not told.
    assert code_of(answer) in (50020, 50034) and user["id"] not in answer.json()["error_description"], answer


def assert_can_be_removed(lapse, sandbox):
    tenant = sandbox.tenant
    address = f"/_lapse/api/tenants/{sandbox.made['id']}"
    assert tenant.send("DELETE", address).status == 204
    assert tenant.send("DELETE", address).status == 404
    for path in ("/users", "/events", "/clock", f"/revocations/{sandbox.revocation['id']}"):
        assert tenant.ask("GET", path).status == 404, path
    assert code_of(tenant.refresh(sandbox.alive["refresh_token"])) == 90002
    assert tenant.graph("GET", "me", sandbox.alive["access_token"]).status == 401
    # At home nobody knows its tokens either.
    assert Tenant(lapse).explain(refresh_token=sandbox.alive["refresh_token"])["known"] is False


@pytest.mark.parametrize("template", ["contoso", "Contoso", DOMAIN, CONTOSO])
def test_a_sandbox_has_the_templates_users_apps_passwords_and_secrets(lapse, template):
    answer = Tenant(lapse).send("POST", "/_lapse/api/tenants", {"template": template})
    assert answer.status == 201, answer
    made = answer.json()
    domain, = made["domains"]
    assert re.fullmatch(r"sbx-[0-9a-f]{8}\.contoso\.example", domain)
    assert [user["userPrincipalName"] for user in made["users"]] == [
        f"{name}@{domain}" for name in ("adele", "alex", "admin")], "guests are left out"
    assert {user["password"] for user in made["users"]} == {PASSWORD}
    assert ADELE_ID not in {user["id"] for user in made["users"]}
    secrets = {app["id"]: app.get("secrets") for app in made["apps"]}
    assert (secrets[DAEMON], secrets[API]) == ([DAEMON_SECRET], [API_SECRET])

    tenant = Tenant(lapse, domain)
    user = {"grant_type": "password", "username": f"adele@{domain}", "password": PASSWORD, "scope": SCOPE}
    signed_in = tenant.token(user)
    assert code_of(signed_in) is None, signed_in
    assert tenant.graph("GET", "me", signed_in.json()["access_token"]).json()["userPrincipalName"] == f"adele@{domain}"
    assert code_of(tenant.token({**user, "password": "wrong"})) == 50126
    daemon = {"grant_type": "client_credentials", "client_secret": DAEMON_SECRET, "scope": GRAPH_DEFAULT}
    assert code_of(tenant.token(daemon, DAEMON)) is None
    assert tenant.token({**daemon, "client_secret": "wrong"}, DAEMON).status == 401
    assert code_of(tenant.refresh(tenant.sign_in(f"alex@{domain}", WEB)["refresh_token"], WEB)) is None
    # The tenant's id opens the same endpoints as its domain.
    assert code_of(tenant.refresh(signed_in.json()["refresh_token"], tenant=made["id"])) is None
    tenant.send("DELETE", f"/_lapse/api/tenants/{made['id']}")


def test_a_sandbox_takes_a_propagation_and_policies_of_its_own(lapse):
    tenant, made = new_sandbox(lapse, propagation="observed", policies={"tieRule": "entra"})
    assert tenant.control("GET", "/propagation") == made["propagation"]
    assert made["propagation"]["planes"]["refresh"] == {"fixed": "PT29S"}
    assert tenant.control("GET", "/policies")["tieRule"] == "entra"
    # A reset brings back what it was made with.
    tenant.propagate("instant")
    tenant.control("PUT", "/policies", {"tieRule": "precise"})
    tenant.control("POST", "/reset")
    assert tenant.control("GET", "/propagation") == made["propagation"]
    assert tenant.control("GET", "/policies")["tieRule"] == "entra"
    assert Tenant(lapse).control("GET", "/policies")["tieRule"] == "precise", "it has changed its template"
    tenant.send("DELETE", f"/_lapse/api/tenants/{made['id']}")


def test_what_a_sandbox_changes_stays_in_it(lapse):
    one, made = new_sandbox(lapse)
    other, also_made = new_sandbox(lapse)
    one.control("PATCH", f"/apps/{NATIVE}", {"name": "Another name", "lifetimes": {"accessToken": "PT2M"}})
    one.control("PATCH", f"/users/adele@{one.name}", {"password": "An0ther-secret!"})
    assert one.sign_in(f"adele@{one.name}")["expires_in"] == 120
    for tenant in (other, Tenant(lapse)):
        assert tenant.control("GET", f"/apps/{NATIVE}")["name"] == "Lapse Native"
        user = {"grant_type": "password", "username": f"adele@{tenant.name}", "password": PASSWORD, "scope": SCOPE}
        assert tenant.token(user).json()["expires_in"] > 120
    for each in (made, also_made):
        one.send("DELETE", f"/_lapse/api/tenants/{each['id']}")


SEED = {
    "name": "Tailspin", "domains": ["tailspin.example"], "propagation": {"planes": {"refresh": {"fixed": "PT3M"}}},
    "policies": {"tieRule": "entra"},
    "users": [{"userPrincipalName": "wren@tailspin.example", "displayName": "Wren Otter", "password": "Otter-1234"}],
    "apps": [{
        "id": "dddddddd-0004-4000-8000-000000000001", "name": "Tailspin Web", "kind": "confidential",
        "secrets": ["tailspin-web-secret"], "redirectUris": ["http://localhost:3000/auth/callback"],
        "flows": ["code", "refresh", "password"], "delegated": ["User.Read"]}]}


def test_a_tenant_from_a_seed_object(lapse):
    answer = Tenant(lapse).send("POST", "/_lapse/api/tenants", SEED)
    assert answer.status == 201, answer
    made = answer.json()
    assert (made["name"], made["domains"]) == ("Tailspin", ["tailspin.example"])
    assert made["users"][0]["password"] == "Otter-1234" and made["apps"][0]["secrets"] == ["tailspin-web-secret"]
    assert made["propagation"]["planes"]["refresh"] == {"fixed": "PT3M"}

    tenant, client = Tenant(lapse, "tailspin.example"), SEED["apps"][0]["id"]
    tenant.freeze(START)
    form = {
        "grant_type": "password", "username": "wren@tailspin.example", "password": "Otter-1234", "scope": SCOPE,
        "client_secret": "tailspin-web-secret"}
    token = tenant.token(form, client).json()["refresh_token"]
    refresh = {"grant_type": "refresh_token", "refresh_token": token, "client_secret": "tailspin-web-secret"}
    tenant.advance(by="PT1S")
    tenant.revoke("wren@tailspin.example")
    assert code_of(tenant.token(refresh, client)) is None
    tenant.advance(until="propagation")
    assert code_of(tenant.token(refresh, client)) == 50173

    taken = [
        SEED, {**SEED, "id": new_id()}, {**SEED, "domains": ["other.example", "TAILSPIN.example"]},
        {"id": made["id"], "name": "Another", "domains": ["another.example"]},
        {"name": "Another", "domains": ["another.example"], "users": [
            {"id": made["users"][0]["id"], "userPrincipalName": "wren@another.example"}]}]
    for body in taken:
        assert Tenant(lapse).send("POST", "/_lapse/api/tenants", body).status == 409, body
    assert tenant.send("DELETE", "/_lapse/api/tenants/tailspin.example").status == 204
    # Gone altogether: the same may be made again.
    assert tenant.send("POST", "/_lapse/api/tenants", {**SEED, "id": made["id"]}).status == 201
    assert tenant.send("DELETE", f"/_lapse/api/tenants/{made['id']}").status == 204


def test_a_tenant_needs_hardly_anything(lapse):
    answer = Tenant(lapse).send("POST", "/_lapse/api/tenants", {"users": [{"userPrincipalName": "a@empty.example"}],
        "domains": ["empty.example"]})
    assert answer.status == 201, answer
    assert answer.json()["propagation"]["planes"]["refresh"] == "immediate"
    Tenant(lapse).send("DELETE", f"/_lapse/api/tenants/{answer.json()['id']}")


def test_sandboxes_survive_a_restart_and_a_removed_one_does_not(launch, tmp_path):
    options = {"data_dir": tmp_path / "data"}
    process = launch(tmp_path, *HTTP_ALONE, **options)
    kept, made = new_sandbox(process.lapse)
    kept.freeze(START)
    token = kept.sign_in(f"adele@{kept.name}")["refresh_token"]
    removed, gone = new_sandbox(process.lapse)
    removed.send("DELETE", f"/_lapse/api/tenants/{gone['id']}")
    process.kill()

    process = launch(tmp_path, *HTTP_ALONE, **options)
    kept = Tenant(process.lapse, kept.name)
    assert kept.now() == START
    assert code_of(kept.refresh(token)) is None
    assert {user["id"] for user in kept.everything("/users")} == {user["id"] for user in made["users"]}
    assert Tenant(process.lapse, gone["id"]).ask("GET", "/clock").status == 404
    process.stop()
