"""The program under test: finding it, running it, and speaking to it."""

import base64
import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.parse

from benchmark.tools import Failed, say

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
TENANT = "/_lapse/api/tenants/contoso.example"
TOKEN = "/organizations/oauth2/v2.0/token"
CLIENT = "bbbbbbbb-0002-4000-8000-000000000001"  # Lapse Native
USER = "adele@contoso.example"
SCOPE = "openid profile offline_access User.Read"  # openid: each answer carries two signatures


def find_lapse():
    """The program to measure: LAPSE_BINARY, else the release build, made first."""
    given = os.environ.get("LAPSE_BINARY")
    if given:
        path = given
    else:
        if not shutil.which("swift"):
            raise Failed("swift is missing; install the Swift toolchain or set LAPSE_BINARY")
        say("Building the release program")
        done = subprocess.run([ROOT / "scripts/build"], stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Failed("scripts/build ended with an error")
        path = done.stdout.strip()
    return runnable(path)


def runnable(path):
    path = pathlib.Path(path).resolve()
    if not os.access(path, os.X_OK) or not path.is_file():
        raise Failed(f"there is no program {path}")
    return path


def own_environment():
    """Without LAPSE_ variables: the server under test has its default settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}


libc = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    """A port below the range that the system gives to clients: a poll of a closed port in it can connect to itself."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        below = int(file.read().split()[0])
    first = 10_000 if below > 11_000 else 1_024
    for _ in range(100):
        port = random.randrange(first, below)
        with socket.socket() as probe:
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                return port
    raise Failed(f"found no free port on {HOST}")


class Server:
    """One `lapse serve` over plain HTTP, from its start to its end."""

    def __init__(self, lapse, data, patience=60, under=()):
        """`seconds_to_answer` is the time from the start of the process to the first answer; `under` is a tool that runs it."""
        self.port = free_port()
        self.data = data
        self.patience = patience
        self.connections = []
        self.errors = open(data.parent / f"{data.name}.err", "w+")
        started = time.perf_counter()
        # In its own group, so that an interrupt at the keyboard reaches it only through stop().
        self.process = subprocess.Popen(
            [*under, lapse, "serve", "--data-dir", data, "--http-port", str(self.port), "--https-port", "off", "--host", HOST],
            cwd=data.parent, env=own_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self.errors, start_new_session=True, preexec_fn=die_with_parent)
        try:
            while not self.answers():
                if self.process.poll() is not None:
                    raise Failed(f"lapse serve ended with {self.process.returncode}: {self.complaint()}")
                if time.perf_counter() - started > patience:
                    raise Failed(f"lapse serve gave no answer within {patience} s: {self.complaint()}")
                # A little rest: with few cores a spinning poll would take the time of the server that is starting.
                time.sleep(max(0.0002, (time.perf_counter() - started) / 1000))
            self.seconds_to_answer = time.perf_counter() - started
        except BaseException:
            self.stop()
            raise

    def answers(self):
        try:
            with socket.create_connection((HOST, self.port), timeout=10) as connection:
                connection.sendall(
                    f"GET /_lapse/api/health HTTP/1.1\r\nHost: {HOST}:{self.port}\r\nConnection: close\r\n\r\n".encode())
                return connection.recv(4096).split(b" ", 2)[1:2] == [b"200"]
        except OSError:
            return False

    def complaint(self):
        self.errors.flush()
        self.errors.seek(0)
        return " / ".join(self.errors.read().split("\n")[-4:]).strip(" /") or "it wrote nothing"

    def connect(self):
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        self.connections.append(connection)
        return connection

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        # Connections first: the server would wait for those that a client keeps open.
        for connection in self.connections:
            connection.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(self.patience)
            except BaseException:
                self.process.kill()
                self.process.wait()
                raise
        self.errors.close()

    def cpu_seconds(self):
        """User and system time of all threads."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Resident memory in MB (1,000,000 bytes)."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024 / 1e6


def ask(connection, method, path, body, kind, expected):
    """One request; answers its JSON and its seconds."""
    started = time.perf_counter()
    connection.request(method, path, body, {"Content-Type": kind})
    answer = connection.getresponse()
    content = answer.read()
    seconds = time.perf_counter() - started
    if answer.status != expected:
        raise Failed(f"{method} {path} answered {answer.status} and not {expected}: {content[:300].decode(errors='replace')}")
    return json.loads(content), seconds


def make_grant(connection):
    body = json.dumps({"user": USER, "client_id": CLIENT, "scope": SCOPE})
    return ask(connection, "POST", f"{TENANT}/grants", body, "application/json", 201)[0]


def redeem_body(token):
    return urllib.parse.urlencode({"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": token})


def redeem(connection, token, expected=200):
    return ask(connection, "POST", TOKEN, redeem_body(token), "application/x-www-form-urlencoded", expected)


def revoke(connection):
    body = json.dumps({"user": USER, "cause": "adminRevoke"})
    return ask(connection, "POST", f"{TENANT}/revocations", body, "application/json", 201)


def check_signatures(answer):
    """The ratios are about two RS256 signatures per answer: look that it has them, and a child token."""
    for name in ("access_token", "id_token"):
        header = answer.get(name, "").split(".")[0]
        try:
            algorithm = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["alg"]
        except (ValueError, KeyError):
            algorithm = None
        if algorithm != "RS256":
            raise Failed(f"the answer to a redeem has no RS256 {name}")
    if not answer.get("refresh_token"):
        raise Failed("the answer to a redeem has no refresh token")


def count_tokens(data):
    with contextlib.closing(sqlite3.connect(data / "lapse.sqlite3")) as database:
        return database.execute("SELECT count(*) FROM refresh_tokens").fetchone()[0]


def fill(data, grant, tokens):
    """Gives the grant so many refresh tokens, beside the server because a million sign-ins would take hours."""
    database = sqlite3.connect(data / "lapse.sqlite3")
    with contextlib.closing(database), database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(refresh_tokens)")]
        # Programs before this one know a grant by its id.
        owner, found = "grant_id", (grant,)
        if "grant_number" in columns:
            owner, found = "grant_number", database.execute("SELECT number FROM grants WHERE id = ?", (grant,)).fetchone()
        # The last one, repeated: an instant each, and ends a second apart, so that a clock that runs meets one after the other.
        count = database.execute(f"SELECT count(*) FROM refresh_tokens WHERE {owner} = ?", found).fetchone()[0]
        if not count:
            raise Failed("the grant has no refresh token in the database")
        last = database.execute(
            f"SELECT * FROM refresh_tokens WHERE {owner} = ? ORDER BY issued_at DESC LIMIT 1", found).fetchone()
        last = dict(zip(columns, last))

        def token(number):
            row = last | {
                "issued_at": last["issued_at"] + number, "hash": os.urandom(32),
                "expires_at": last["expires_at"] + number * 10_000_000}
            if "ordinal" in row:
                row["ordinal"] = count + number
            return tuple(row.values())

        database.executemany(
            f"INSERT INTO refresh_tokens VALUES ({', '.join('?' * len(columns))})",
            (token(number) for number in range(1, tokens - count + 1)))
    if count_tokens(data) != tokens:
        raise Failed(f"the database has not the {tokens} refresh tokens that were put into it")
