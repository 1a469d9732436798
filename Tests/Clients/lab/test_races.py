"""Redeems and revocations at once, enforced without delay.

One process, one monotonic clock: what was sent after something was answered has really happened after it.
"""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from connection import FORM, SCOPE, Connection
from lab import ADELE, ALEX, DOMAIN, NATIVE, PASSWORD


@pytest.fixture(scope="module")
def lapse(stored):
    # A database in memory has no log and no checkpoints that could get in between.
    return stored.lapse


@dataclass
class Grant:
    """A sign-in with every refresh token that came from it."""

    sent_at: float
    answered_at: float
    tokens: list


@dataclass
class Redeem:
    """One redeem with the instants at which it was sent and answered."""

    grant: Grant
    sent_at: float
    answered_at: float
    status: int
    answer: dict


@dataclass
class Revoke:
    sent_at: float
    answered_at: float


def judged(redeems, revokes):
    """Every redeem against every revocation of its user; returns how many had to fail and how many had to succeed."""
    must_fail = must_succeed = 0
    for redeem in redeems:
        dead = any(redeem.grant.answered_at < revoke.sent_at and revoke.answered_at < redeem.sent_at for revoke in revokes)
        # Signed in after every revocation that had been sent before the redeem was answered.
        alive = all(
            revoke.answered_at < redeem.grant.sent_at or redeem.answered_at < revoke.sent_at for revoke in revokes)
        if dead:
            must_fail += 1
            assert redeem.status == 400, f"a dead grant was redeemed: {redeem.answer}"
        if alive:
            must_succeed += 1
            assert redeem.status == 200, f"a living grant was refused: {redeem.answer}"
        if redeem.status != 200:
            assert redeem.answer["error_codes"] == [50173], redeem.answer
            assert redeem.answer["suberror"] == "bad_token", redeem.answer
    return must_fail, must_succeed


def racing(lapse, user, revoke, seconds=5, redeemers=4):
    """Redeems over several connections while another signs the user in and revokes again and again."""
    grants, redeems, revokes = [], [], []
    end = time.monotonic() + seconds

    def revoking():
        connection = Connection(lapse)
        while time.monotonic() < end:
            for _ in range(3):
                sent_at = time.monotonic()
                signed_in = connection.sign_in(user)
                grants.append(Grant(sent_at, time.monotonic(), [signed_in["refresh_token"]]))
                # Lets some redeems through: they are what is counted, not how often they fail.
                enough = len(redeems) + 8
                while len(redeems) < enough and time.monotonic() < end:
                    time.sleep(0.0005)
            sent_at = time.monotonic()
            revoke(connection, signed_in["access_token"])
            revokes.append(Revoke(sent_at, time.monotonic()))
            # Nothing is sent sooner after the answer than this.
            redeem(connection, grants[-1], grants[-1].tokens[-1])

    def redeem(connection, grant, token):
        sent_at = time.monotonic()
        status, answer = connection.redeem(token)
        redeems.append(Redeem(grant, sent_at, time.monotonic(), status, answer))
        if status == 200:
            grant.tokens.append(answer["refresh_token"])

    def redeeming(number):
        connection = Connection(lapse)
        turn = number
        while time.monotonic() < end:
            # The latest grants in turn: one that lives, one that is about to die, one that is dead.
            if not (latest := grants[-4:]):
                continue
            turn += 1
            grant = latest[turn % len(latest)]
            # Now the first generation, now the last: both descend from the same sign-in.
            redeem(connection, grant, grant.tokens[0 if turn % 3 == 0 else -1])

    with ThreadPoolExecutor(redeemers + 1) as pool:
        work = [pool.submit(redeeming, number) for number in range(redeemers)] + [pool.submit(revoking)]
        for done in work:
            done.result(timeout=seconds + 20)
    return redeems, revokes


def by_graph(connection, access_token):
    status, _, body = connection.send("POST", "/v1.0/me/revokeSignInSessions", Authorization=f"Bearer {access_token}")
    assert (status, json.loads(body)["value"]) == (200, True), body


def by_control(connection, _):
    connection.revoke(ALEX)


@pytest.mark.parametrize("user, revoke", [(ADELE, by_graph), (ALEX, by_control)], ids=["by_graph", "by_control"])
def test_no_redeem_sent_after_an_answered_revoke_succeeds(lapse, user, revoke):
    redeems, revokes = racing(lapse, user, revoke)
    must_fail, must_succeed = judged(redeems, revokes)
    # Enough of each kind, or the race proves nothing; a slow machine gets through a few hundred.
    assert len(redeems) > 300 and len(revokes) > 10 and must_fail > 50 and must_succeed > 50, (
        len(redeems), len(revokes), must_fail, must_succeed)


def test_a_revocation_of_one_user_refuses_nobody_else(lapse):
    stop = threading.Event()

    def revoking():
        connection = Connection(lapse)
        while not stop.is_set():
            connection.revoke(ADELE)

    with ThreadPoolExecutor(2) as pool:
        revoker = pool.submit(revoking)
        connection = Connection(lapse)
        token = connection.sign_in(ALEX)["refresh_token"]
        for _ in range(300):
            status, answer = connection.redeem(token)
            if status != 200:
                break
            token = answer["refresh_token"]
        stop.set()
        revoker.result(timeout=20)
    assert status == 200, answer


@pytest.mark.parametrize("count", [2, 8, 8, 8])
def test_a_code_is_redeemed_once_however_many_try(lapse, count):
    connections = [Connection(lapse) for _ in range(count)]
    for _ in range(5):
        code = connections[0].code()
        together = threading.Barrier(count)

        def redeem(connection, code=code, together=together):
            together.wait(timeout=10)
            return connection.redeem_code(code)

        with ThreadPoolExecutor(count) as pool:
            answers = list(pool.map(redeem, connections))
        assert sorted(status for status, _ in answers) == [200] + [400] * (count - 1), answers
        for status, answer in answers:
            assert status == 200 or answer["error_codes"] == [54005], answer


def test_a_device_code_is_redeemed_once_however_many_try(lapse):
    connections = [Connection(lapse) for _ in range(8)]
    _, _, body = connections[0].send(
        "POST", f"/{DOMAIN}/oauth2/v2.0/devicecode", urlencode({"client_id": NATIVE, "scope": SCOPE}),
        **{"Content-Type": FORM})
    code = json.loads(body)
    form = urlencode({"step": "signIn", "otc": code["user_code"], "login": ADELE, "passwd": PASSWORD})
    status, _, page = connections[0].send("POST", "/devicelogin", form, **{"Content-Type": FORM})
    assert status == 200 and b"You are signed in" in page, page
    together = threading.Barrier(len(connections))

    def redeem(connection):
        together.wait(timeout=10)
        return connection.token(
            grant_type="urn:ietf:params:oauth:grant-type:device_code", client_id=NATIVE, device_code=code["device_code"])

    with ThreadPoolExecutor(len(connections)) as pool:
        answers = list(pool.map(redeem, connections))
    assert sorted(status for status, _ in answers) == [200] + [400] * 7, answers


def test_a_code_redeemed_while_its_user_is_revoked_gives_nothing_that_outlives_the_revocation(lapse):
    """Whoever comes first, afterwards no refresh token of that sign-in lives."""
    redeemer, revoker = Connection(lapse), Connection(lapse)
    for _ in range(20):
        code = redeemer.code()
        together = threading.Barrier(2)

        def redeem(code=code, together=together):
            together.wait(timeout=10)
            return redeemer.redeem_code(code)

        def revoke(together=together):
            together.wait(timeout=10)
            revoker.revoke(ADELE)

        with ThreadPoolExecutor(2) as pool:
            redeemed, revoked = pool.submit(redeem), pool.submit(revoke)
            (status, answer), _ = redeemed.result(timeout=20), revoked.result(timeout=20)
        if status == 200:
            status, answer = redeemer.redeem(answer["refresh_token"])
        assert (status, answer.get("error_codes")) == (400, [50173]), answer


def test_a_rotated_token_and_its_parent_may_be_redeemed_at_once(lapse):
    """Entra keeps the parent: clients that share a cache do not lock each other out."""
    connections = [Connection(lapse) for _ in range(8)]
    token = connections[0].sign_in(ALEX)["refresh_token"]
    with ThreadPoolExecutor(len(connections)) as pool:
        answers = list(pool.map(lambda connection: [connection.redeem(token) for _ in range(20)], connections))
    children = [answer["refresh_token"] for part in answers for status, answer in part if status == 200]
    assert len(set(children)) == 160, answers[0][0]
