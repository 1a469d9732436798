"""Races that are played on purpose: each order of a redeem and a revoke, forced at each gate, enforced without delay.

A request waits at a closed gate as long as the test wants, so that "before" and "after" are facts and no matter of luck.
"""

import http.client
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlencode

import pytest

from connection import Connection
from lab import ADELE, ALEX, DOMAIN, FABRIKAM_DOMAIN, NATIVE, NESTOR, REDIRECT
from lab_client import FORM, Tenant, new_sandbox, until
from serve import PORTS

BEFORE_DECISION, AFTER_COMMIT, AFTER_REVOKE = "redeem.beforeDecision", "redeem.afterCommit", "revoke.afterCommit"
GATES = [BEFORE_DECISION, AFTER_COMMIT, AFTER_REVOKE]
SCOPE = "openid offline_access User.Read User.RevokeSessions.All"
# No gate holds anybody longer than a minute, and no test keeps one closed as long.
PATIENCE = 30


class Race:
    """Requests on their way, each on a connection and a thread of its own, and the gates of one tenant."""

    def __init__(self, lapse, tenant):
        self._lapse = lapse
        self.tenant = tenant
        self._pool = ThreadPoolExecutor(40)

    def sign_in(self, user=ADELE):
        return self.tenant.sign_in(user, scope=SCOPE)

    def close(self, gate):
        assert self.tenant.control("PUT", f"/gates/{gate}", {"closed": True})["closed"] is True

    def open(self, gate):
        assert self.tenant.control("PUT", f"/gates/{gate}", {"closed": False})["closed"] is False

    def waiting(self, gate):
        [found] = [item for item in self.tenant.control("GET", "/gates")["items"] if item["gate"] == gate]
        return found["waiting"]

    def until_waiting(self, gate, count=1):
        until(f"{count} wait at {gate}", lambda: self.waiting(gate) == count)

    def send(self, ask, *arguments, **options):
        """Sends on another thread and returns what will come of it."""
        return self._pool.submit(ask, Tenant(self._lapse, self.tenant.name), *arguments, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Opens the gates, so that whoever still waits when a test failed goes on; tenant or Lapse may be gone by now.
        with suppress(OSError, http.client.HTTPException):
            self.tenant.ask("POST", "/reset")
        self._pool.shutdown()


def redeem(tenant, token, at=None):
    answer = tenant.refresh(token, tenant=at)
    return answer.status, answer.json()


def by_control(tenant, _):
    answer = tenant.ask("POST", "/revocations", {"user": ADELE, "cause": "adminRevoke"})
    assert answer.status == 201, answer


def by_graph(tenant, access_token):
    answer = tenant.graph("POST", "me/revokeSignInSessions", access_token)
    assert (answer.status, answer.json()["value"]) == (200, True), answer


def assert_revoked(answered):
    status, body = answered
    assert (status, body["error"], body["error_codes"]) == (400, "invalid_grant", [50173]), body
    assert body["suberror"] == "bad_token", body


def assert_granted(answered):
    status, body = answered
    assert status == 200, body
    assert body["access_token"] and body["refresh_token"], body
    return body["refresh_token"]


def assert_opens(tenant, access_token):
    answer = tenant.graph("GET", "me", access_token)
    assert answer.status == 200, answer


@pytest.fixture
def race(lapse):
    with Race(lapse, Tenant(lapse)) as race:
        yield race


@pytest.fixture(params=[by_control, by_graph], ids=["by_control", "by_graph"])
def revoke(request):
    return request.param


# MARK: Both orders at each gate

def test_a_redeem_that_arrived_before_the_revoke_and_is_decided_after_it_is_refused(race, revoke):
    signed_in = race.sign_in()
    race.close(BEFORE_DECISION)
    redeeming = race.send(redeem, signed_in["refresh_token"])
    race.until_waiting(BEFORE_DECISION)
    revoke(race.tenant, signed_in["access_token"])
    assert not redeeming.done()
    race.open(BEFORE_DECISION)
    assert_revoked(redeeming.result(PATIENCE))


def test_a_redeem_that_waits_undecided_succeeds_when_nobody_is_revoked(race):
    """The other order at that gate: the revoke comes when the redeem has passed, and kills what came of it."""
    signed_in = race.sign_in()
    race.close(BEFORE_DECISION)
    redeeming = race.send(redeem, signed_in["refresh_token"])
    race.until_waiting(BEFORE_DECISION)
    race.open(BEFORE_DECISION)
    child = assert_granted(redeeming.result(PATIENCE))
    by_control(race.tenant, None)
    assert_revoked(redeem(race.tenant, child))


def test_a_redeem_that_was_stored_before_the_revoke_is_answered_with_tokens_that_are_dead_already(race, revoke):
    signed_in = race.sign_in()
    race.close(AFTER_COMMIT)
    redeeming = race.send(redeem, signed_in["refresh_token"])
    race.until_waiting(AFTER_COMMIT)
    revoke(race.tenant, signed_in["access_token"])
    assert not redeeming.done()
    race.open(AFTER_COMMIT)
    child = assert_granted(redeeming.result(PATIENCE))
    assert_revoked(redeem(race.tenant, child))
    assert_revoked(redeem(race.tenant, signed_in["refresh_token"]))


def test_a_redeem_that_arrives_after_the_revoke_never_reaches_the_gate_behind_the_decision(race, revoke):
    """The other order at that gate: what is refused has committed nothing that could wait."""
    signed_in = race.sign_in()
    race.close(AFTER_COMMIT)
    revoke(race.tenant, signed_in["access_token"])
    assert_revoked(race.send(redeem, signed_in["refresh_token"]).result(PATIENCE))
    assert race.waiting(AFTER_COMMIT) == 0


def test_a_revoke_counts_before_its_revoker_is_told(race, revoke):
    signed_in = race.sign_in()
    race.close(AFTER_REVOKE)
    revoking = race.send(revoke, signed_in["access_token"])
    race.until_waiting(AFTER_REVOKE)
    assert_revoked(redeem(race.tenant, signed_in["refresh_token"]))
    # Nor does an access token notice; it lives until its end.
    assert_opens(race.tenant, signed_in["access_token"])
    assert not revoking.done()
    race.open(AFTER_REVOKE)
    revoking.result(PATIENCE)
    assert_revoked(redeem(race.tenant, signed_in["refresh_token"]))


def test_a_redeem_that_was_answered_before_the_revoke_was_sent_stands_and_its_child_dies(race, revoke):
    signed_in = race.sign_in()
    race.close(AFTER_REVOKE)
    child = assert_granted(redeem(race.tenant, signed_in["refresh_token"]))
    revoking = race.send(revoke, signed_in["access_token"])
    race.until_waiting(AFTER_REVOKE)
    assert_revoked(redeem(race.tenant, child))
    assert not revoking.done()
    race.open(AFTER_REVOKE)
    revoking.result(PATIENCE)


def test_who_signs_in_between_a_stored_revoke_and_its_answer_stays_signed_in(race, revoke):
    signed_in = race.sign_in()
    race.close(AFTER_REVOKE)
    revoking = race.send(revoke, signed_in["access_token"])
    race.until_waiting(AFTER_REVOKE)
    again = race.sign_in()
    race.open(AFTER_REVOKE)
    revoking.result(PATIENCE)
    assert_granted(redeem(race.tenant, again["refresh_token"]))
    assert_revoked(redeem(race.tenant, signed_in["refresh_token"]))


def test_gates_hold_a_redeem_twice(race):
    """Decided only when the first opens, answered only when the second does."""
    signed_in = race.sign_in()
    race.close(BEFORE_DECISION)
    race.close(AFTER_COMMIT)
    redeeming = race.send(redeem, signed_in["refresh_token"])
    race.until_waiting(BEFORE_DECISION)
    assert race.tenant.everything("/events?type=tokenRefreshed") == []
    race.open(BEFORE_DECISION)
    race.until_waiting(AFTER_COMMIT)
    assert race.waiting(BEFORE_DECISION) == 0
    assert len(race.tenant.everything("/events?type=tokenRefreshed")) == 1
    assert not redeeming.done()
    race.open(AFTER_COMMIT)
    assert_granted(redeeming.result(PATIENCE))


# MARK: Who waits, and for how long

@pytest.mark.parametrize("gate", [BEFORE_DECISION, AFTER_COMMIT])
def test_sixteen_redeems_wait_at_one_gate_and_all_go_on_when_it_opens(race, gate):
    token = race.sign_in()["refresh_token"]
    race.close(gate)
    redeeming = [race.send(redeem, token) for _ in range(16)]
    race.until_waiting(gate, 16)
    # What waits was stored behind the one gate, and was not behind the other.
    assert len(race.tenant.everything("/events?type=tokenRefreshed")) == (16 if gate == AFTER_COMMIT else 0)
    assert not any(waiting.done() for waiting in redeeming)
    race.open(gate)
    children = [assert_granted(waiting.result(PATIENCE)) for waiting in redeeming]
    assert len(set(children)) == 16
    assert race.waiting(gate) == 0
    # Open for whoever comes next, too.
    assert_granted(redeem(race.tenant, children[0]))


def test_sixteen_revokes_wait_at_one_gate_and_all_go_on_when_it_opens(race, revoke):
    access_token = race.sign_in()["access_token"]
    race.close(AFTER_REVOKE)
    revoking = [race.send(revoke, access_token) for _ in range(16)]
    race.until_waiting(AFTER_REVOKE, 16)
    assert len(race.tenant.everything("/revocations")) == 16
    assert not any(waiting.done() for waiting in revoking)
    race.open(AFTER_REVOKE)
    for waiting in revoking:
        waiting.result(PATIENCE)
    assert race.waiting(AFTER_REVOKE) == 0


def test_a_redeem_under_an_alias_waits_for_the_tenant_of_its_token(race):
    signed_in = race.sign_in()
    race.close(BEFORE_DECISION)
    redeeming = race.send(redeem, signed_in["refresh_token"], at="organizations")
    race.until_waiting(BEFORE_DECISION)
    by_control(race.tenant, None)
    race.open(BEFORE_DECISION)
    assert_revoked(redeeming.result(PATIENCE))


def test_another_tenant_does_not_wait(race, lapse):
    fabrikam = Tenant(lapse, FABRIKAM_DOMAIN)
    nestor = fabrikam.sign_in(NESTOR, scope=SCOPE)
    token = race.sign_in()["refresh_token"]
    for gate in GATES:
        race.close(gate)
    redeeming = race.send(redeem, token)
    race.until_waiting(BEFORE_DECISION)
    child = assert_granted(redeem(fabrikam, nestor["refresh_token"]))
    answer = fabrikam.ask("POST", "/revocations", {"user": NESTOR, "cause": "adminRevoke"})
    assert answer.status == 201, answer
    assert_revoked(redeem(fabrikam, child))
    assert [(item["closed"], item["waiting"]) for item in fabrikam.control("GET", "/gates")["items"]] == [(False, 0)] * 3
    assert not redeeming.done()
    for gate in GATES:
        race.open(gate)
    assert_granted(redeeming.result(PATIENCE))


def test_nothing_but_redeems_waits_for_a_redeem(race):
    """No transaction is open at a gate: everybody else is served."""
    signed_in = race.sign_in()
    race.close(AFTER_COMMIT)
    redeeming = race.send(redeem, signed_in["refresh_token"])
    race.until_waiting(AFTER_COMMIT)
    assert_opens(race.tenant, signed_in["access_token"])
    assert race.sign_in(ALEX)["refresh_token"]
    code = race.tenant.send(
        "POST", f"/{DOMAIN}/oauth2/v2.0/devicecode", urlencode({"client_id": NATIVE, "scope": SCOPE}), **{"Content-Type": FORM})
    assert code.status == 200, code
    assert not redeeming.done()
    race.open(AFTER_COMMIT)
    assert_granted(redeeming.result(PATIENCE))


@pytest.mark.parametrize("at", [DOMAIN, "organizations"])
def test_a_code_waits_as_a_refresh_token_does(race, lapse, at):
    """Under an alias too, where most apps send it."""
    code = Connection(lapse).code(at)
    race.close(BEFORE_DECISION)
    redeeming = race.send(
        Tenant.token, {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}, tenant=at)
    race.until_waiting(BEFORE_DECISION)
    by_control(race.tenant, None)
    race.open(BEFORE_DECISION)
    answer = redeeming.result(PATIENCE)
    assert (answer.status, answer.json()["error_codes"]) == (400, [50173]), answer


@pytest.mark.parametrize("gate", GATES)
def test_a_reset_opens_every_gate(race, gate):
    signed_in = race.sign_in()
    for each in GATES:
        race.close(each)
    # Those before it are open, or nobody would come this far.
    for each in GATES[:GATES.index(gate)]:
        race.open(each)
    if gate == AFTER_REVOKE:
        waiting = race.send(by_control, None)
    else:
        waiting = race.send(redeem, signed_in["refresh_token"])
    race.until_waiting(gate)
    race.tenant.control("POST", "/reset")
    assert [item["closed"] for item in race.tenant.control("GET", "/gates")["items"]] == [False] * 3
    answered = waiting.result(PATIENCE)
    if gate == BEFORE_DECISION:
        # Decided after the reset: of the grant nothing is left.
        assert answered[0] == 400, answered
    elif gate == AFTER_COMMIT:
        assert_granted(answered)
    race.until_waiting(gate, 0)
    assert_granted(redeem(race.tenant, race.sign_in()["refresh_token"]))


def test_a_sandbox_that_is_removed_lets_its_waiters_go(lapse):
    sandbox, _ = new_sandbox(lapse)
    with Race(lapse, sandbox) as race:
        token = race.sign_in(f"adele@{sandbox.name}")["refresh_token"]
        race.close(BEFORE_DECISION)
        redeeming = race.send(redeem, token)
        race.until_waiting(BEFORE_DECISION)
        sandbox.control("DELETE", "")
        status, answer = redeeming.result(PATIENCE)
    assert status == 400, answer


@pytest.mark.parametrize("gate", [BEFORE_DECISION, AFTER_COMMIT])
def test_a_client_that_gives_up_leaves_nobody_waiting(race, gate):
    token = race.sign_in()["refresh_token"]
    form = urlencode({"grant_type": "refresh_token", "client_id": NATIVE, "refresh_token": token})
    race.close(gate)
    with socket.create_connection(("127.0.0.1", race.tenant.port), timeout=PATIENCE) as client:
        client.sendall(
            f"POST /{DOMAIN}/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\n"
            f"Content-Length: {len(form)}\r\n\r\n{form}".encode())
        race.until_waiting(gate)
    race.open(gate)
    race.until_waiting(gate, 0)
    # Nor is anything broken for the next, through the same gate.
    race.close(gate)
    redeeming = race.send(redeem, token)
    race.until_waiting(gate)
    race.open(gate)
    assert_granted(redeeming.result(PATIENCE))
    assert race.waiting(gate) == 0


def test_lapse_stops_while_a_request_waits(launch, tmp_path):
    process = launch(tmp_path, *PORTS)
    with Race(process.lapse, Tenant(process.lapse)) as race:
        token = race.sign_in()["refresh_token"]
        race.close(BEFORE_DECISION)
        redeeming = race.send(redeem, token)
        race.until_waiting(BEFORE_DECISION)
        process.stop()
        # Answered or not, but over.
        redeeming.exception(PATIENCE)


# MARK: The calls

def test_gates_are_open_from_the_start_and_listed_in_the_order_of_a_redeem(race):
    assert race.tenant.control("GET", "/gates") == {
        "items": [{"gate": gate, "closed": False, "waiting": 0} for gate in GATES], "next": None}


@pytest.mark.parametrize("gate", GATES)
def test_closing_and_opening_twice_is_as_once(race, gate):
    for is_closed in (True, True, False, False):
        shown = race.tenant.control("PUT", f"/gates/{gate}", {"closed": is_closed})
        assert shown == {"gate": gate, "closed": is_closed, "waiting": 0}
        listed = {item["gate"]: item["closed"] for item in race.tenant.control("GET", "/gates")["items"]}
        assert listed == {each: is_closed and each == gate for each in GATES}


@pytest.mark.parametrize("body, field", [({}, "closed"), ({"closed": "yes"}, "closed"), ({"closed": 1}, "closed"),
    ({"closed": None}, "closed"), ({"closed": True, "for": "PT1S"}, "for")])
def test_what_is_no_order_to_a_gate_is_refused_and_closes_nothing(race, body, field):
    answer = race.tenant.ask("PUT", f"/gates/{BEFORE_DECISION}", body)
    assert (answer.status, answer.json()["error"]["field"]) == (400, field), answer
    assert not any(item["closed"] for item in race.tenant.control("GET", "/gates")["items"])


@pytest.mark.parametrize("path", ["/gates/redeem", "/gates/redeem.beforedecision", "/gates/redeem.afterRevoke"])
def test_a_gate_that_is_not_there_is_not_found(race, path):
    answer = race.tenant.ask("PUT", path, {"closed": True})
    assert (answer.status, answer.json()["error"]["code"]) == (404, "notFound"), answer
