"""A class on one Lapse: what a learner's key steers, and what of a class outlives a kill."""

import csv
import io
import random
import statistics
import subprocess

import pytest
import requests

import needs
import school
from test_labs import Rule, at_once

METHODS = ["get", "put", "post", "patch", "delete"]


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    with school.held(tmp_path_factory.mktemp("class"), 5, "--lab", "three-regions") as held:
        yield held


@pytest.fixture(scope="module")
def operations(held):
    document = held.ask("GET", "/openapi.json").json()
    return [(method.upper(), path) for path, item in document["paths"].items() for method in METHODS if method in item]


def test_a_learners_key_steers_one_sandbox_and_nothing_else(held, operations):
    third, fourth = held.learners[2], held.learners[3]
    before = held.ask("GET", f"/tenants/{fourth.tenant}/events").json()
    for method, path in operations:
        filled = path.replace("{tenant}", fourth.tenant)
        for name in ("id", "user", "client", "gate"):
            filled = filled.replace(f"{{{name}}}", "x")
        status = held.ask(method, filled, {} if method in ("POST", "PUT", "PATCH") else None, key=third.key).status_code
        assert status == (200 if path in ("/labs", "/health") else 403), f"{method} {path}: {status}"
    assert held.ask("GET", f"/tenants/{fourth.tenant}/events").json() == before
    # Nor by another name of the same address.
    name = held.ask("GET", "/tenants").json()["items"]
    [domain] = [tenant["domains"][0] for tenant in name if tenant["id"] == fourth.tenant]
    for path in (f"/tenants/{domain}/clock", f"/tenants/{fourth.tenant.upper()}/clock", f"//tenants//{fourth.tenant}/clock",
                 f"/TENANTS/{fourth.tenant}/clock", f"/tenants/{third.tenant}/../{fourth.tenant}/clock", f"/tenants/%2e%2e/{fourth.tenant}/clock"):
        assert held.ask("GET", path, key=third.key).status_code in (403, 404), path


def test_the_own_sandbox_is_steered_and_stays_there(held, operations):
    third = held.learners[2]
    for method, path in operations:
        if method == "GET" and path.startswith("/tenants/{tenant}") and path.count("{") == 1 and "stream" not in path:
            assert held.ask(method, path.replace("{tenant}", third.tenant), key=third.key).status_code == 200, path
    assert held.ask("POST", f"/tenants/{third.tenant}/reset", {}, key=third.key).status_code == 200
    assert held.ask("DELETE", f"/tenants/{third.tenant}", key=third.key).status_code == 403
    assert held.ask("GET", f"/tenants/{third.tenant}/clock", key=third.key).status_code == 200


def test_a_guest_leads_to_no_other_sandbox(held):
    third, fourth = held.learners[2], held.learners[3]
    user = held.ask("GET", f"/tenants/{fourth.tenant}/users").json()["items"][0]
    body = {"userPrincipalName": "g", "displayName": "g", "home": {"tenant": fourth.tenant, "user": user["id"]}}
    answer = held.ask("POST", f"/tenants/{third.tenant}/users", body, key=third.key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "othersSandbox")


def test_what_is_not_there_is_not_the_learners(held):
    for name in ("nope.example", "00000000-0000-4000-8000-000000000001", "common", "x y"):
        assert held.ask("GET", f"/tenants/{name}/lab", key=held.learners[2].key).status_code == 403


def test_nobody_signs_in_to_a_sandbox_of_the_class_by_what_the_docs_tell(held):
    tenant = held.learners[3].tenant
    native, daemon = "bbbbbbbb-0002-4000-8000-000000000001", "bbbbbbbb-0002-4000-8000-000000000004"
    domain = held.ask("GET", f"/tenants/{tenant}/users").json()["items"][0]["userPrincipalName"].partition("@")[2]
    for form, code in [
            ({"grant_type": "password", "client_id": native, "username": f"admin@{domain}", "password": "Passw0rd!", "scope": "User.Read"}, 50126),
            ({"grant_type": "client_credentials", "client_id": daemon, "client_secret": "lapse-daemon-secret", "scope": "https://graph.microsoft.com/.default"}, 7000215)]:
        answer = requests.post(f"{held.http}/{tenant}/oauth2/v2.0/token", form, timeout=30)
        assert answer.json()["error_codes"] == [code], answer.text


def test_what_was_scored_stays_in_the_table(tmp_path):
    with school.held(tmp_path, 1, "--lab", "cae") as held:
        [one] = held.learners
        lab = f"/tenants/{one.tenant}/lab"
        for body in ({}, {"changed": True}):
            held.ask("POST", f"{lab}/predictions", {"mail-after-1-minute": "accepted"}, key=one.key)
            held.ask("POST", f"{lab}/play", {}, key=one.key)
            assert held.ask("POST", lab, body, key=one.key).status_code == 201
        rows = list(csv.DictReader(io.StringIO(held.ask("GET", "/class.csv").text)))
    assert [row["run"] for row in rows if row["question"] == "mail-after-1-minute"] == ["1", "2", "3"]
    assert [row["points"] for row in rows if row["question"] == "mail-after-1-minute"] == ["1", "1", ""]


def test_a_class_that_did_not_begin_makes_nobody_twice(tmp_path):
    (tmp_path / "bad.yaml").write_text("""
name: bad
title: Bad
situation: So.
signIns: [{id: phone, user: nobody, app: native}]
happens: [{user: adele, cause: adminRevoke}]
questions: [{id: a, ask: Well, endpoint: token, signIn: phone}]
explanation: So.
""")
    for _ in range(2):
        run = subprocess.run([needs.lapse(), "class", "--size", "3", "--http-port", "0", "--lab", "bad.yaml"], cwd=tmp_path, text=True, capture_output=True, timeout=60)
        assert run.returncode == 1 and "--lab: signIns[0].user: names no member of Contoso" in run.stderr, run.stderr
    with school.held(tmp_path, 3) as held:
        assert len(held.ask("GET", "/tenants").json()["items"]) == 5
        held.ask("DELETE", f"/tenants/{held.learners[1].tenant}")
    with school.held(tmp_path, 3, "--lab", "cae") as held:
        assert [each["lab"] for each in held.ask("GET", "/class").json()["items"]] == ["cae"] * 3


@pytest.mark.parametrize("key", ["wrong", "x" * 32, ""])
def test_no_other_key_does(held, key):
    assert held.ask("GET", f"/tenants/{held.learners[0].tenant}/clock", key=key or " ").status_code == 401


def test_a_token_of_the_own_sandbox_revokes_nobody_elsewhere(held):
    third, fourth = held.learners[2], held.learners[3]
    users = {}
    for one in (third, fourth):
        users[one.number] = {user["userPrincipalName"].partition("@")[0]: user["id"] for user in held.ask("GET", f"/tenants/{one.tenant}/users").json()["items"]}
    made = held.ask("POST", f"/tenants/{third.tenant}/grants", {
        "user": users[3]["admin"], "client_id": "bbbbbbbb-0002-4000-8000-000000000001", "scope": "User.RevokeSessions.All"}, key=third.key).json()
    revoke = f"{held.http}/v1.0/users/{users[4]['adele']}/revokeSignInSessions"
    answer = requests.post(revoke, headers={"Authorization": f"Bearer {made['access_token']}"}, timeout=30)
    assert answer.status_code == 404, answer.text
    assert held.ask("GET", f"/tenants/{fourth.tenant}/revocations").json()["items"] == []


def test_what_everybody_predicted_outlives_a_kill_and_tells_the_learners_apart(tmp_path):
    seeded = random.Random(7)

    def by_chance(question):
        return seeded.choice(["PT10S", "PT2M", "PT20M", "never"] if question["at"] is None else ["accepted", "refused"])

    kinds = {"rule": lambda run: {question["id"]: Rule(run).predict(question) for question in run["questions"]},
             "at once": lambda run: {question["id"]: at_once(question) for question in run["questions"]},
             "chance": lambda run: {question["id"]: by_chance(question) for question in run["questions"]}}
    with school.held(tmp_path, 24, "--lab", "three-regions") as held:
        learners = held.learners
        kind_of = {learner.number: list(kinds)[learner.number % 3] for learner in learners}
        for learner in learners:
            lab = f"/tenants/{learner.tenant}/lab"
            run = held.ask("GET", lab, key=learner.key).json()
            assert held.ask("POST", f"{lab}/predictions", kinds[kind_of[learner.number]](run), key=learner.key).status_code == 200
            if learner.number % 2:
                held.ask("POST", f"{lab}/play", {"steps": 3}, key=learner.key)
        before = held.ask("GET", "/class").json()
        held.process.kill()
    with school.held(tmp_path, 24) as held:
        assert [learner.key for learner in held.learners] == [learner.key for learner in learners]
        assert held.ask("GET", "/class").json() == before
        assert {each["played"] for each in before["items"]} == {0, 3}
        for learner in held.learners:
            held.ask("POST", f"/tenants/{learner.tenant}/lab/play", {}, key=learner.key)
        rows = list(csv.DictReader(io.StringIO(held.ask("GET", "/class.csv").text)))
    points = {}
    for row in rows:
        points.setdefault(int(row["learner"]), []).append(int(row["points"]))
    median = {kind: statistics.median(sum(points[number]) for number in points if kind_of[number] == kind) for kind in kinds}
    assert median["rule"] == 5 and median["at once"] == 2 and median["at once"] != median["chance"] < 5, median
    asia = {kind: statistics.median(float(row["predicted_seconds"] or "inf") for row in rows if row["question"] == "asia-from" and kind_of[int(row["learner"])] == kind) for kind in kinds}
    assert asia["rule"] == 240 and asia["at once"] == 0 and asia["chance"] > 0


@pytest.mark.parametrize("arguments, complaint, code", [
    (["--size", "0"], "--size must be from 1 to 500", 64), ([], "Missing expected argument '--size <size>'", 64),
    (["--size", "2", "--lab", "nothing"], "'nothing' is no file and none of", 64), (["--size", "2", "--host", "127.0.0.1", "--http-port", "0"], "does not go with --host", 64),
    (["--size", "2", "--host", "0.0.0.0"], "an address that learners can open", 64),
    (["--size", "2", "--data-dir", "broken"], "class.json is damaged", 1),
])
def test_what_cannot_be_held_is_said(tmp_path, arguments, complaint, code):
    (tmp_path / "broken").mkdir(mode=0o700)
    (tmp_path / "broken" / "class.json").write_text("{}")
    run = subprocess.run([needs.lapse(), "class", *arguments], cwd=tmp_path, text=True, capture_output=True, timeout=60)
    assert run.returncode == code and complaint in run.stderr, run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["broken"]
