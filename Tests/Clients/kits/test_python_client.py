"""The typed client of the Python test kit: the verbs that all kits share, and what is Python's own."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

import kit
import steps
from lapse_idp.client import Lapse, LapseError
from lapse_idp.connection import Connection

@pytest.mark.parametrize("story", steps.STORIES, ids=lambda story: story["name"])
def test_the_steps_that_all_kits_share(tenant, story):
    player = steps.Player(tenant)
    for step in story["steps"]:
        player.play(step)


@pytest.fixture
def server(running):
    server = Lapse(running.https, running.http, running.ca_file)
    yield server
    server.connection.close()


@pytest.fixture
def tenant(server):
    with server.sandbox() as tenant:
        yield tenant


def test_durations_and_instants_of_python(tenant):
    start = tenant.call("GET", "clock")["now"]
    moved = tenant.advance(timedelta(days=1, milliseconds=250))
    assert datetime.fromisoformat(moved["now"]) - datetime.fromisoformat(start) == timedelta(days=1, milliseconds=250)
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
    grant = tenant.sign_in("adele", auth_time=at)
    assert tenant.explain(refresh_token=grant["refresh_token"])["authTime"] == "2026-01-02T03:04:05.6789010Z"
    with pytest.raises(ValueError, match="needs a time zone"):
        tenant.sign_in("adele", auth_time=at.replace(tzinfo=None))


def test_names_of_users_and_apps(tenant):
    adele = tenant.users[0]
    assert {tenant.user(name) for name in ("adele", "adele@contoso.example", f"adele@{tenant.domain}")} == {adele["userPrincipalName"]}
    assert tenant.user(adele["id"]) == adele["id"]
    assert tenant.client("native") == tenant.client("Lapse Native") == tenant.apps[0]["id"]
    assert tenant.client("04b07795-8ddb-461a-bbee-02f9e1bf7b46") == "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
    with pytest.raises(ValueError, match="no app is called 'nativ'"):
        tenant.client("nativ")
    with pytest.raises(LapseError) as refused:
        tenant.sign_in("nobody")
    assert (refused.value.status, refused.value.code) == (404, "notFound") and "nobody" in refused.value.message
    with pytest.raises(LapseError) as refused:
        tenant.advance("soon")
    assert (refused.value.status, refused.value.field) == (400, "by")


def test_a_sandbox_is_like_contoso_whatever_else_is_there(server):
    """Others make sandboxes at the same time, and ids are in no order of ours."""
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(server.sandbox())
        fresh = Lapse(server.https, server.http, server.ca_file)
        with fresh.sandbox() as tenant, fresh.sandbox("fabrikam.example") as other:
            assert tenant.domain.endswith(".contoso.example") and other.domain.endswith(".fabrikam.example")
            assert tenant.domain.count("sbx-") == 1
            assert tenant.call("GET", "clock")["mode"] == other.call("GET", "clock")["mode"] == "frozen"
        fresh.connection.close()


def test_an_expectation_says_why_it_does_not_hold(tenant):
    with pytest.raises(AssertionError, match="it met no revoke"):
        tenant.expect("native").reauthorizes(within=timedelta(milliseconds=100))
    grant = tenant.sign_in("adele")
    tenant.revoke("adele")
    for _ in range(3):
        assert tenant.refresh(grant["refresh_token"])["status"] == 400
    with pytest.raises(AssertionError, match=r"native did not re-authorize within 1s of refusal: .*event"):
        tenant.expect("native", after="refusal").reauthorizes(within="1s")
    with pytest.raises(AssertionError, match="it sent the same request 2 more times"):
        tenant.expect("native", after="refusal", user="adele").reauthorizes(within="1m", retries_at_most=1)
    assert tenant.call("GET", "expectations")["items"] == [], "they stay"


def test_an_expectation_waits_for_the_app(tenant):
    grant = tenant.sign_in("adele")
    tenant.revoke("adele")
    tenant.refresh(grant["refresh_token"])
    # The app comes while the test waits.
    app = threading.Timer(0.3, tenant.sign_in, ["adele"])
    app.start()
    start = time.monotonic()
    held = tenant.expect("native", after="refusal").reauthorizes(within="50s")
    app.join()
    assert held["status"] == "passed" and time.monotonic() - start < 20


def test_pages_of_events_are_one_list(tenant):
    grant = tenant.sign_in("adele")
    for _ in range(130):
        tenant.refresh(grant["refresh_token"])
    events = tenant.events(type="tokenRefreshed")
    assert len(events) == 130 and len({event["id"] for event in events}) == 130
    assert [event["id"] for event in tenant.events(after=events[-2]["id"])] == [events[-1]["id"]]
    assert tenant.events(user="alex") == []


def test_a_connection_that_the_server_closed_is_opened_anew():
    """A POST must not be sent twice, so the end of a kept connection has to be seen before."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        requests, closed = [], threading.Event()

        def serve():
            for _ in range(2):
                with listener.accept()[0] as accepted:
                    requests.append(accepted.recv(65_536))
                    accepted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                closed.set()

        thread = threading.Thread(target=serve)
        thread.start()
        connection = Connection(f"http://127.0.0.1:{listener.getsockname()[1]}", None)
        assert connection.control("POST", "/first") == {}
        assert closed.wait(10)
        assert connection.control("POST", "/second") == {}
        thread.join()
        connection.close()
    assert [request.split(b" ")[1] for request in requests] == [b"/_lapse/api/first", b"/_lapse/api/second"]


def test_the_package_is_typed(tmp_path):
    checker = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "--python-version", "3.10"]
    run = subprocess.run([*checker, "-p", "lapse_idp"], cwd=kit.PACKAGE, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stdout + run.stderr
    # Whoever uses it is told of mistakes.
    kit.write(tmp_path, test_mine=(
        "from lapse_idp.client import Tenant\n\n\ndef test_it(lapse_tenant: Tenant) -> None:\n"
        "    lapse_tenant.sign_in('adele')['refresh_tokn']\n    lapse_tenant.advance(5)\n    lapse_tenant.revoked('adele')\n"))
    run = subprocess.run(
        [*checker, "test_mine.py"], cwd=tmp_path, env=os.environ | {"MYPYPATH": str(kit.PACKAGE)}, capture_output=True, text=True, timeout=240)
    assert [line.rpartition("[")[2] for line in run.stdout.splitlines()[:-1] if "error:" in line] == ["typeddict-item]", "arg-type]", "attr-defined]"], run.stdout
