"""A disk that is full, and a database that another program holds: 503, nothing that was answered is lost, and no help is needed."""

import random
import resource
import sqlite3

import requests

from lab import ADELE, DOMAIN, GRAPH_SCOPES, NATIVE
from serve import PORTS
from test_crash import assert_sound, listed_revocations

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


class Lab:
    """What was answered, and how. One thread: the order of everything is known."""

    def __init__(self, process, database):
        self.lapse, self.pid = process.lapse, process._process.pid
        self.log, self.database = process._log, database
        self.session = requests.Session()
        # No certificates of whoever runs the tests.
        self.session.trust_env = False
        self.session.verify = process.lapse.ca_file
        self.alive, self.dead, self.revocations = [], [], []
        self.refused = 0

    def fill(self, room):
        """No file may become larger than the write-ahead log is now, and so many bytes."""
        size = self.database.with_name(self.database.name + "-wal").stat().st_size
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (size + room, resource.RLIM_INFINITY))

    def empty(self):
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, UNLIMITED)

    def asked(self, answer, refusal):
        """The body of a success; nothing of a 503, which has to say what `refusal` finds in it."""
        if answer.status_code < 300:
            return answer.json()
        assert answer.status_code == 503, answer.text
        assert answer.headers["Retry-After"] == "5"
        assert refusal(answer.json())
        self.refused += 1
        return None

    def control(self, path, body):
        url = f"{self.lapse.https}/_lapse/api/tenants/{DOMAIN}/{path}"
        return self.asked(
            self.session.post(url, json=body, timeout=20), lambda said: said["error"]["code"] == "unavailable")

    def sign_in(self):
        made = self.control("grants", {"user": ADELE, "client_id": NATIVE, "scope": "openid offline_access " + " ".join(GRAPH_SCOPES)})
        if made:
            self.alive.append(made["refresh_token"])
        return made

    def redeem(self, token):
        form = {"grant_type": "refresh_token", "client_id": NATIVE, "refresh_token": token}
        made = self.asked(
            self.session.post(f"{self.lapse.authority}/oauth2/v2.0/token", form, timeout=20),
            lambda said: (said["error"], said["error_codes"]) == ("temporarily_unavailable", [90033]))
        if made:
            self.alive.append(made["refresh_token"])
        return made

    def revoke(self):
        made = self.control("revocations", {"user": ADELE, "cause": "adminRevoke"})
        if made:
            self.revocations.append(made["id"])
            self.dead, self.alive = self.dead + self.alive, []
        return made

    def redeem_newest(self):
        return self.redeem(self.alive[-1]) if self.alive else None

    def assert_kept(self):
        assert set(self.revocations) <= set(listed_revocations(self.lapse))
        for token in self.alive[-10:]:
            assert self.redeem(token)
        for token in self.dead[-5:] + random.Random(1).sample(self.dead, min(len(self.dead), 10)):
            answer = self.lapse.refresh(NATIVE, token)
            assert (answer.status_code, answer.json()["error_codes"]) == (400, [50173]), answer.text


def test_wherever_the_disk_becomes_full_nothing_answered_is_lost(launch, tmp_path):
    chance = random.Random(7)
    database = tmp_path / "data" / "lapse.sqlite3"
    process = launch(tmp_path, *PORTS, data_dir=tmp_path / "data")
    lab = Lab(process, database)
    for point in range(20):
        lab.sign_in()
        # From no byte to some pages, and not in whole ones.
        lab.fill(chance.randrange(0, 40_000))
        before = lab.refused
        for _ in range(80):
            chance.choice([lab.sign_in, lab.revoke, lab.redeem_newest])()
            if lab.refused >= before + 4:
                break
        assert lab.refused >= before + 4, f"point {point}: the disk was never full"
        if point % 5 == 4:
            # Killed in the middle of it: what waits in the log is there at the next start.
            process.kill()
            process = launch(tmp_path, *PORTS, data_dir=tmp_path / "data")
            again = Lab(process, database)
            again.alive, again.dead, again.revocations = lab.alive, lab.dead, lab.revocations
            lab = again
        else:
            lab.empty()
        assert lab.sign_in() and lab.redeem(lab.alive[-1]) and lab.revoke(), "it recovers by itself"
        lab.assert_kept()
        assert lab.refused == 0 or lab.log.read_text().count("was answered with 503") <= 3, "a line a minute"
    process.stop()
    assert_sound(database)


def test_the_parts_of_a_batch_that_are_done_are_answered(launch, tmp_path):
    database = tmp_path / "data" / "lapse.sqlite3"
    process = launch(tmp_path, *PORTS, data_dir=tmp_path / "data")
    lab = Lab(process, database)
    token = lab.sign_in()["access_token"]
    lab.fill(30_000)
    batch = {"requests": [
        {"id": str(number), "method": "POST", "url": "/me/revokeSignInSessions", "body": {},
         "headers": {"Content-Type": "application/json"}} for number in range(20)]}
    answer = lab.session.post(
        f"{lab.lapse.https}/v1.0/$batch", json=batch, headers={"Authorization": f"Bearer {token}"}, timeout=20)
    lab.empty()
    assert answer.status_code == 200, answer.text
    parts = answer.json()["responses"]
    done = [part for part in parts if part["status"] == 200]
    failed = [part for part in parts if part["status"] == 503]
    assert done and failed and len(done) + len(failed) == 20
    assert {part["body"]["error"]["code"] for part in failed} == {"serviceNotAvailable"}
    assert {part["headers"]["Retry-After"] for part in failed} == {"5"}
    assert len(listed_revocations(lab.lapse)) == len(done)
    process.stop()


def test_another_program_that_holds_the_database_is_waited_for_and_then_told_of(launch, tmp_path):
    database = tmp_path / "data" / "lapse.sqlite3"
    process = launch(tmp_path, *PORTS, data_dir=tmp_path / "data")
    lab = Lab(process, database)
    token = lab.sign_in()["refresh_token"]
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert lab.redeem(token) is None
    assert lab.refused == 1
    other.execute("ROLLBACK")
    other.close()
    assert lab.redeem(token)
    process.stop()
    assert_sound(database)
