"""`kill -9` under load: what was answered before it is true after it."""

import http.client
import os
import random
import sqlite3
import subprocess
import threading
import time
from dataclasses import dataclass, field

import pytest

import needs
from connection import Connection
from lab import ADELE, ALEX
from serve import PORTS


@dataclass
class Witness:
    """What Lapse has answered to one user's threads. A user is revoked and signed in by one thread, so that the order of its
    grants and revocations is known; others redeem meanwhile."""

    user: str
    grants: list = field(default_factory=list)
    """Per sign-in: every refresh token that was answered."""
    revocations: list = field(default_factory=list)
    """The ids."""
    alive: int = 0
    """Grants before this one were revoked, as far as was answered."""
    in_doubt: bool = False
    """A revocation was sent and never answered: it may have happened or not."""
    surprises: list = field(default_factory=list)


def until_it_dies(work):
    """Runs the work again and again; the end of the process ends it."""

    def run():
        try:
            while True:
                work()
        except (OSError, http.client.HTTPException):
            pass

    return threading.Thread(target=run)


def revoking(witness, lapse, chance):
    connection = Connection(lapse)

    def work():
        witness.grants.append([connection.sign_in(witness.user)["refresh_token"]])
        for _ in range(chance.randint(1, 5)):
            status, answer = connection.redeem(witness.grants[-1][-1])
            if status != 200:
                return witness.surprises.append(answer)
            witness.grants[-1].append(answer["refresh_token"])
        if chance.random() < 0.7:
            witness.in_doubt = True
            witness.revocations.append(connection.revoke(witness.user)["id"])
            witness.in_doubt = False
            witness.alive = len(witness.grants)

    return until_it_dies(work)


def redeeming(witness, lapse, chance):
    connection = Connection(lapse)

    def work():
        grants = list(witness.grants)
        if not grants:
            return
        grant = chance.choice(grants[-4:])
        status, answer = connection.redeem(chance.choice(list(grant)))
        if status == 200:
            grant.append(answer["refresh_token"])
        elif answer["error_codes"] != [50173]:
            witness.surprises.append(answer)

    return until_it_dies(work)


def assert_sound(database):
    connection = sqlite3.connect(database)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def listed_revocations(lapse):
    found, cursor = [], ""
    while cursor is not None:
        page = lapse.tenant("GET", "revocations" + (f"?after={cursor}" if cursor else ""))
        found += [item["id"] for item in page["items"]]
        cursor = page["next"]
    return found


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_what_was_answered_before_a_crash_is_true_after_it(launch, tmp_path, seed):
    chance = random.Random(seed)
    process = launch(tmp_path, *PORTS, data_dir=tmp_path / "data")
    witnesses = [Witness(ADELE), Witness(ALEX)]
    threads = [
        make(witness, process.lapse, random.Random(chance.random()))
        for witness in witnesses for make in (revoking, redeeming, redeeming)]
    for thread in threads:
        thread.start()
    def answered():
        return sum(len(grant) for witness in witnesses for grant in witness.grants)

    # The moment is chance's, but comes when there is something to lose: no state of Lapse's says when.
    end = time.monotonic() + 30
    while not (all(witness.revocations for witness in witnesses) and answered() > 20) and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(chance.uniform(0.05, 0.6))
    process.kill()
    for thread in threads:
        thread.join(timeout=10)
        assert not thread.is_alive()
    assert answered() > 20, "there was no load"
    assert [witness.surprises for witness in witnesses] == [[], []]
    assert_sound(tmp_path / "data" / "lapse.sqlite3")

    process = launch(tmp_path, *PORTS, data_dir=tmp_path / "data")
    connection = Connection(process.lapse)
    assert {id for witness in witnesses for id in witness.revocations} <= set(listed_revocations(process.lapse))
    for witness in witnesses:
        for number, grant in enumerate(witness.grants):
            # The first and last of each grant; all of the last grant.
            for token in grant if number >= witness.alive else {grant[0], grant[-1]}:
                status, answer = connection.redeem(token)
                if number < witness.alive:
                    assert status == 400 and answer["error_codes"] == [50173], (number, witness.alive, answer)
                else:
                    assert status == 200 or (witness.in_doubt and answer["error_codes"] == [50173]), answer
        assert connection.redeem(connection.sign_in(witness.user)["refresh_token"])[0] == 200
    process.stop()
    assert_sound(tmp_path / "data" / "lapse.sqlite3")


@pytest.mark.parametrize("seed", range(12))
def test_a_crash_during_the_first_start_leaves_a_folder_that_starts(launch, tmp_path, seed):
    """Killed while it makes its keys and its database."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    first = subprocess.Popen(
        [needs.lapse(), "serve", "--data-dir", str(tmp_path / "data"), *PORTS],
            cwd=tmp_path,
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # From the first file to the last it takes a fraction of a second.
    end = time.monotonic() + 10
    while not (tmp_path / "data" / "lock").exists() and time.monotonic() < end:
        time.sleep(0.001)
    time.sleep(random.Random(seed).uniform(0, 0.25))
    first.kill()
    first.wait()

    process = launch(tmp_path, *PORTS, data_dir=tmp_path / "data")
    connection = Connection(process.lapse)
    assert connection.redeem(connection.sign_in(ADELE)["refresh_token"])[0] == 200
    process.stop()
