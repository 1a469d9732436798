"""Single calls, by how much there is of what they might look through: refresh tokens, events, revocations of one user, sandboxes."""

import contextlib
import http.client
import json
import shutil
import sqlite3
import statistics
import threading
import time

from benchmark.lapse import CLIENT, HOST, SCOPE, TENANT, USER, Server, ask, fill, make_grant, redeem, revoke
from benchmark.mixed import fetch
from benchmark.tables import side_by_side, table
from benchmark.tools import Failed, say

TIMES = 15
TOKENS, EVENTS = (1_000, 100_000, 10_000_000), 1_000_000
REVOCATIONS = (0, 100, 4_000)
SANDBOXES = (10, 1_000)
#: Seconds in which a file gives back what a reset has emptied, as far as it comes.
SHRINKING = 20


def timed(work):
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3


def get(connection, path):
    return lambda: fetch(connection, "GET", path)


def post(connection, path, value, expected=200):
    body = json.dumps(value)
    return lambda: ask(connection, "POST", path, body, "application/json", expected)


def fill_events(data, number):
    """Repeats the log's last event of a redeem, at the end of the log."""
    database = sqlite3.connect(data / "lapse.sqlite3")
    with contextlib.closing(database), database:
        names = [row[1] for row in database.execute("PRAGMA table_info(events)") if row[1] != "id"]
        columns = ", ".join(names)
        count, last = database.execute("SELECT count(*), max(id) FROM events").fetchone()
        found = database.execute("SELECT max(id) FROM events WHERE type = 'tokenRefreshed'").fetchone()[0]
        if found is None:
            raise Failed("the log has no redeem to repeat")
        database.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number - count}) "
            f"INSERT INTO events (id, {columns}) SELECT {last} + i, {columns} FROM n JOIN events WHERE id = {found}")


def calls_of_tokens(connection, token):
    yield "redeem", lambda: redeem(connection, token)
    yield "revoke of another user", post(
        connection, f"{TENANT}/revocations", {"user": "alex@contoso.example", "cause": "adminRevoke"}, 201)
    yield "grants", get(connection, f"{TENANT}/users/{USER}/grants")
    yield "timeline", get(connection, f"{TENANT}/users/{USER}/timeline")
    yield "advance by 1 s", post(connection, f"{TENANT}/clock/advance", {"by": "PT1S"})
    yield "advance until the next event", post(connection, f"{TENANT}/clock/advance", {"until": "next-event"})
    yield "report", get(connection, f"{TENANT}/report")
    yield "explain", post(connection, f"{TENANT}/explain", {"refresh_token": token})


def calls_of_events(connection):
    yield "events of a rare type", get(connection, f"{TENANT}/events?type=policiesChanged")
    yield "events of one user", get(connection, f"{TENANT}/events?user=alex@contoso.example")
    yield "the last events", get(connection, f"{TENANT}/events?after={EVENTS - 10}")


def in_turns(places, calls):
    """The same calls of each place, in turns: milliseconds by call and place."""
    found = {}
    made = {size: dict(calls(*place)) for size, place in places.items()}
    for name in next(iter(made.values())):
        for turn in range(TIMES):
            for size in places if turn % 2 == 0 else reversed(list(places)):
                found.setdefault(name, {}).setdefault(size, []).append(timed(made[size][name]))
    return found


def measure_tokens(lapse, folder, options):
    places = {}
    sizes = TOKENS[:2] if options.quick else TOKENS
    with contextlib.ExitStack() as stack:
        for size in sizes:
            say(f"Scale: {size:,} refresh tokens")
            data = folder / f"tokens-{size}"
            with Server(lapse, data) as server:
                made = make_grant(server.connect())
            fill(data, made["grant"], size)
            server = stack.enter_context(Server(lapse, data, patience=600))
            places[size] = (server.connect(), made["refresh_token"])
        found = in_turns(places, calls_of_tokens)
    for size in sizes:
        shutil.rmtree(folder / f"tokens-{size}")
    return found


def measure_events(lapse, folder, options):
    places = {}
    sizes = (1_000, EVENTS // 10 if options.quick else EVENTS)
    with contextlib.ExitStack() as stack:
        for size in sizes:
            say(f"Scale: {size:,} events")
            data = folder / f"events-{size}"
            with Server(lapse, data) as server:
                connection = server.connect()
                redeem(connection, make_grant(connection)["refresh_token"])
            fill_events(data, size)
            server = stack.enter_context(Server(lapse, data, patience=600))
            places[size] = (server.connect(),)
        found = in_turns(places, calls_of_events)
    for size in sizes:
        shutil.rmtree(folder / f"events-{size}")
    return found


def graph_token(connection):
    """An access token of an administrator's, who may revoke whom she likes."""
    grant = ask(connection, "POST", f"{TENANT}/grants", json.dumps(
        {"user": "admin@contoso.example", "client_id": CLIENT, "scope": f"{SCOPE} User.RevokeSessions.All"}), "application/json", 201)[0]
    return grant["access_token"]


def measure_revocations(lapse, folder, options):
    """By how often one user was revoked before: the first redeem after a revoke, Graph's revoke, and what is shown of the user."""
    found = {"first redeem after a revoke": {}, "Graph's revoke": {}, "timeline": {}, "timeline with its picture": {}, "explain": {}}
    with contextlib.ExitStack() as stack:
        places = {}
        for size in REVOCATIONS:
            say(f"Scale: {size:,} former revocations")
            server = stack.enter_context(Server(lapse, folder / f"revocations-{size}"))
            connection = server.connect()
            for _ in range(30):
                make_grant(connection)
            for _ in range(size):
                revoke(connection)
            places[size] = (connection, graph_token(connection))
        for turn in range(TIMES):
            for size in REVOCATIONS if turn % 2 == 0 else reversed(REVOCATIONS):
                connection, token = places[size]

                def note(name, work):
                    found[name].setdefault(size, []).append(timed(work))

                revoke(connection)
                made = make_grant(connection)["refresh_token"]
                note("first redeem after a revoke", lambda: redeem(connection, made))
                note("Graph's revoke", lambda: fetch(
                    connection, "POST", f"/v1.0/users/{USER}/revokeSignInSessions", Authorization=f"Bearer {token}"))
                note("timeline", get(connection, f"{TENANT}/users/{USER}/timeline"))
                note("timeline with its picture", get(connection, f"{TENANT}/users/{USER}/timeline?picture=true"))
                note("explain", post(connection, f"{TENANT}/explain", {"refresh_token": made}))
    for size in REVOCATIONS:
        shutil.rmtree(folder / f"revocations-{size}")
    return found


def calls_of_sandboxes(connection):
    logout = "/organizations/oauth2/v2.0/logout?post_logout_redirect_uri=https%3A%2F%2Felsewhere.example%2F"
    made = []

    def make():
        made.append(ask(connection, "POST", "/_lapse/api/tenants", json.dumps({"template": "Contoso"}), "application/json", 201)[0]["id"])

    yield "a sandbox by its template's name", make
    yield "reset of a sandbox", lambda: ask(
        connection, "POST", f"/_lapse/api/tenants/{made[-1]}/reset", "", "application/json", 200)
    yield "removing a sandbox", lambda: fetch(connection, "DELETE", f"/_lapse/api/tenants/{made.pop()}", expected=204)
    yield "logout with a foreign address", get(connection, logout)


def measure_sandboxes(lapse, folder, options):
    sizes = (10, 100) if options.quick else SANDBOXES
    places = {}
    with contextlib.ExitStack() as stack:
        for size in sizes:
            say(f"Scale: {size:,} sandboxes")
            server = stack.enter_context(Server(lapse, folder / f"sandboxes-{size}"))
            connection = server.connect()
            for _ in range(size):
                ask(connection, "POST", "/_lapse/api/tenants", json.dumps({"template": "contoso"}), "application/json", 201)
            places[size] = (connection,)
        found = in_turns(places, calls_of_sandboxes)
    for size in sizes:
        shutil.rmtree(folder / f"sandboxes-{size}")
    return found


def measure_reset(lapse, folder, options):
    """Resets a tenant with very many refresh tokens, while another tenant's user redeems without a pause."""
    size, data = (TOKENS[1] if options.quick else TOKENS[-1]), folder / "reset"
    say(f"Scale: a reset of {size:,} refresh tokens")
    with Server(lapse, data) as server:
        made = make_grant(server.connect())
    fill(data, made["grant"], size)
    file = data / "lapse.sqlite3"
    found = {"refresh tokens": size, "database before": file.stat().st_size / 1e6}
    with Server(lapse, data, patience=600) as server:
        connection = server.connect()
        body = json.dumps({"user": "nestor@fabrikam.example", "client_id": CLIENT, "scope": SCOPE})
        other = ask(connection, "POST", "/_lapse/api/tenants/fabrikam.example/grants", body, "application/json", 201)[0]["refresh_token"]
        latencies, most, done = [], 0, threading.Event()

        def reset():
            long = http.client.HTTPConnection(HOST, server.port, timeout=600)
            with contextlib.closing(long):
                found["seconds"] = timed(lambda: ask(long, "POST", f"{TENANT}/reset", "", "application/json", 200)) / 1e3
            done.set()

        running = threading.Thread(target=reset)
        running.start()
        while not done.is_set():
            latencies.append(timed(lambda: redeem(connection, other)))
            most = max(most, server.memory())
        running.join()
        time.sleep(SHRINKING)
        found |= {"redeems": len(latencies), "p99_ms": statistics.quantiles(latencies, n=100)[98], "worst_ms": max(latencies),
                  "memory_mb": most, "database after": file.stat().st_size / 1e6}
    shutil.rmtree(data)
    return found


SUBJECTS = (("refresh tokens of one user", measure_tokens), ("events", measure_events),
            ("former revocations of one user", measure_revocations), ("sandboxes", measure_sandboxes))


def measure_scale_of_calls(programs, folder, options):
    found = {}
    for name, program in programs.items():
        place = folder / f"scale-{name}"
        place.mkdir()
        found[name] = {subject: {
            call: {size: statistics.median(times) for size, times in sizes.items()}
            for call, sizes in measure(program, place, options).items()} for subject, measure in SUBJECTS}
    return found


def measure_resets(programs, folder, options):
    """By program; an older one may hold up all redeems meanwhile."""
    found = {}
    for name, program in programs.items():
        place = folder / f"resets-{name}"
        place.mkdir()
        found[name] = measure_reset(program, place, options)
    return found


def reset_rows(found):
    """What was measured of one program, as it is shown."""
    what = f"reset of a tenant with {found['refresh tokens']:,} refresh tokens"
    yield what, f"{found['seconds']:.1f} s"
    yield "another tenant's redeem beside it, 99th percentile", f"{found['p99_ms']:.1f} ms"
    yield "another tenant's redeem beside it, worst", f"{found['worst_ms']:.1f} ms"
    yield "memory meanwhile, at most", f"{found['memory_mb']:.0f} MB"
    yield f"database before, and {SHRINKING} s after", f"{found['database before']:.0f} / {found['database after']:.1f} MB"


def reset_lines(report):
    return ["", "A reset", *side_by_side(report["resets"], reset_rows)]


def scale_lines(report):
    lines = [f"Medians of {TIMES} single calls in milliseconds, in turns; the ratio is that of the most to the fewest"]
    for name, subjects in report["scale"].items():
        for subject, calls in subjects.items():
            sizes = list(next(iter(calls.values())))
            label = "" if name == "this" else ", the other program"
            lines += ["", f"{subject[0].upper()}{subject[1:]}{label}"]
            lines += table(["", *(f"{size:,}" for size in sizes), "ratio"], [
                [call, *(f"{found[size]:.2f}" for size in sizes), f"{found[sizes[-1]] / found[sizes[0]]:.2f}"]
                for call, found in calls.items()])
    return lines
