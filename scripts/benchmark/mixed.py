"""Redeems that come at a steady rate, alone and beside everything that people and tests ask for meanwhile."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time

from benchmark.lapse import CLIENT, HOST, SCOPE, TENANT, Server, ask, make_grant, own_environment
from benchmark.tables import table
from benchmark.tools import Failed, say

FIGURES = ("p50_ms", "p99_ms", "p999_ms", "worst_ms")
OTHER_USER = "alex@contoso.example"
#: How many sign-ins and revocations the user of the timeline has.
SIGN_INS, REVOCATIONS = 30, 1_000
STREAMS = 20


class Reader(threading.Thread):
    """Asks for one thing again and again, with a pause between two."""

    def __init__(self, server, name, pause, work):
        super().__init__(daemon=True)
        self.server, self.label, self.pause, self.work = server, name, pause, work
        self.seconds, self.error, self.ends = [], None, threading.Event()

    def run(self):
        connection = http.client.HTTPConnection(HOST, self.server.port, timeout=120)
        with contextlib.closing(connection):
            while not self.ends.is_set():
                started = time.perf_counter()
                try:
                    self.work(connection)
                except Exception as error:
                    self.error = error
                    return
                self.seconds.append(time.perf_counter() - started)
                self.ends.wait(self.pause)


def fetch(connection, method, path, body=None, expected=200, **headers):
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != expected:
        raise Failed(f"{method} {path} answered {answer.status} and not {expected}: {content[:300].decode(errors='replace')}")
    return content


def getting(path):
    return lambda connection: fetch(connection, "GET", path)


def posting(path, value, expected=200):
    body = json.dumps(value)
    return lambda connection: ask(connection, "POST", path, body, "application/json", expected)


def dashboard(connection):
    """What the page asks for when something has happened, as its script does."""
    for path in (f"{TENANT}/users", f"{TENANT}/clock", f"{TENANT}/events?after=0", "/_lapse/api/exchanges?after=0",
                 f"{TENANT}/users/{OTHER_USER}/timeline?picture=true", f"{TENANT}/users/{OTHER_USER}/grants"):
        fetch(connection, "GET", path)


def sandbox(connection):
    """A test's tenant from its beginning to its end, with a reset on the way."""
    made = ask(connection, "POST", "/_lapse/api/tenants", json.dumps({"template": "contoso"}), "application/json", 201)[0]
    path = f"/_lapse/api/tenants/{made['id']}"
    ask(connection, "POST", f"{path}/reset", "", "application/json", 200)
    fetch(connection, "DELETE", path, expected=204)


def readers(server, other_tenant):
    logout = "/organizations/oauth2/v2.0/logout?post_logout_redirect_uri=https%3A%2F%2Felsewhere.example%2F"
    return [
        Reader(server, "dashboard", 0.5, dashboard),
        Reader(server, "report", 1, getting(f"{TENANT}/report")),
        Reader(server, "timeline", 0.5, getting(f"{TENANT}/users/{OTHER_USER}/timeline")),
        Reader(server, "sessions", 0.5, getting(f"{TENANT}/users/{OTHER_USER}/sessions")),
        Reader(server, "events of a rare type", 0.5, getting(f"{TENANT}/events?type=tenantReset")),
        Reader(server, "advance", 0.5, posting(f"{other_tenant}/clock/advance", {"by": "PT1S"})),
        Reader(server, "sandbox", 0.2, sandbox),
        Reader(server, "logout", 0.2, getting(logout)),
        Reader(server, "revoke", 0.2, lambda connection: ask(
            connection, "POST", f"{TENANT}/revocations", json.dumps({"user": OTHER_USER, "cause": "adminRevoke"}),
            "application/json", 201)),
    ]


@contextlib.contextmanager
def streams(server, number):
    """Readers of the event stream, who take what comes."""
    ends = threading.Event()
    connections = []
    for _ in range(number):
        connection = http.client.HTTPConnection(HOST, server.port, timeout=60)
        connection.request("GET", f"{TENANT}/events/stream")
        answer = connection.getresponse()
        if answer.status != 200:
            raise Failed(f"the event stream answered {answer.status}")
        connections.append((connection, answer))

    def drain(answer):
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException, AttributeError):
            while not ends.is_set() and answer.read1(65_536):
                pass

    threads = [threading.Thread(target=drain, args=(answer,), daemon=True) for _, answer in connections]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ends.set()
        for connection, answer in connections:
            connection.sock and connection.sock.close()
            connection.close()


def open_loop(server, token, rate, seconds):
    done = subprocess.run(
        [sys.executable, "-m", "benchmark.openloop", str(server.port), str(rate), str(seconds)],
        input=token + "\n", capture_output=True, text=True, cwd=pathlib.Path(__file__).resolve().parent.parent,
        env=own_environment())
    if done.returncode:
        raise Failed(f"the open loop ended: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout)


def prepare(server):
    connection = server.connect()
    token = make_grant(connection)["refresh_token"]
    other = json.dumps({"user": OTHER_USER, "client_id": CLIENT, "scope": SCOPE})
    for _ in range(SIGN_INS):
        ask(connection, "POST", f"{TENANT}/grants", other, "application/json", 201)
    for _ in range(REVOCATIONS):
        ask(connection, "POST", f"{TENANT}/revocations", json.dumps({"user": OTHER_USER, "cause": "adminRevoke"}),
            "application/json", 201)
    made = ask(connection, "POST", "/_lapse/api/tenants", json.dumps({"template": "contoso"}), "application/json", 201)[0]
    connection.close()
    return token, f"/_lapse/api/tenants/{made['id']}"


def measure_mixed(programs, folder, options):
    """For each program, in turns, the loop alone and beside the readers."""
    found = {name: {"alone": [], "beside": [], "readers": {}} for name in programs}
    with contextlib.ExitStack() as stack:
        places = {}
        for name, program in programs.items():
            server = stack.enter_context(Server(program, folder / f"mixed-{name}"))
            places[name] = (server, *prepare(server))
            open_loop(server, places[name][1], options.rate / 2, 2)
        for turn in range(options.rounds):
            for name in programs if turn % 2 == 0 else reversed(programs):
                server, token, other_tenant = places[name]
                say(f"Mixed: round {turn + 1} of {options.rounds}, {name}")
                found[name]["alone"].append(open_loop(server, token, options.rate, options.window))
                crowd = readers(server, other_tenant)
                with streams(server, STREAMS):
                    for reader in crowd:
                        reader.start()
                    found[name]["beside"].append(open_loop(server, token, options.rate, options.window))
                    for reader in crowd:
                        reader.ends.set()
                    for reader in crowd:
                        reader.join(120)
                        if reader.error:
                            raise Failed(f"{reader.label}: {reader.error}")
                        found[name]["readers"].setdefault(reader.label, []).extend(reader.seconds)
    for name in programs:
        shutil.rmtree(folder / f"mixed-{name}")
    return found


def mixed_lines(report):
    found, settings = report["mixed"], report["settings"]
    lines = [
        f"{settings['rate']:,} redeems a second for {settings['window_seconds']} s, {settings['rounds']} times alone and beside {STREAMS} readers of the "
        "event stream and those below; latency from when each was due"]
    for name, each in found.items():
        lines += ["", "This program" if name == "this" else "The other program"]
        rows = []
        for label in ("alone", "beside"):
            middle = {key: statistics.median(run[key] for run in each[label]) for key in FIGURES}
            rows.append([label, *(f"{middle[key]:.2f} ms" for key in FIGURES),
                         f"{max(run['worst_ms'] for run in each[label]):.1f} ms"])
        lines += table(["median of the rounds", "p50", "p99", "p99.9", "worst", "worst of all"], rows)
        lines += table(["beside it", "times", "median", "longest"], [
            [label, str(len(seconds)), f"{statistics.median(seconds) * 1e3:.1f} ms", f"{max(seconds) * 1e3:.1f} ms"]
            for label, seconds in each["readers"].items() if seconds])
    return lines
