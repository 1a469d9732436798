"""What goes on around the redeems: Graph, the silent page, readers of the event stream, starts, memory."""

import contextlib
import shutil
import statistics
import urllib.parse

from benchmark.lapse import CLIENT, SCOPE, Server, check_signatures, fill, make_grant, redeem
from benchmark.load import window, write_request, write_script
from benchmark.mixed import streams
from benchmark.tables import side_by_side
from benchmark.tools import say

CONNECTIONS, MANY_CONNECTIONS = 32, 512
STREAMS = (0, 50, 100)
STARTS = 10
#: Some 70 MB.
TOKENS_AT_START = 600_000
SILENT = "/contoso.example/oauth2/v2.0/authorize?" + urllib.parse.urlencode({
    "client_id": CLIENT, "response_type": "code", "redirect_uri": "http://localhost", "scope": SCOPE, "prompt": "none",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"})


def measure_starts(lapse, folder):
    """Milliseconds to the first answer, with few and with many refresh tokens in a database that was cleanly stopped."""
    found = {}
    for tokens in (1, TOKENS_AT_START):
        data = folder / f"starts-{tokens}"
        with Server(lapse, data) as server:
            made = make_grant(server.connect())
        if tokens > 1:
            fill(data, made["grant"], tokens)
            Server(lapse, data).stop()
        times = []
        for _ in range(STARTS):
            with Server(lapse, data) as server:
                times.append(server.seconds_to_answer * 1e3)
        found[f"start with {tokens:,} refresh token{'s'[:tokens - 1]}"] = statistics.median(times)
        shutil.rmtree(data)
    return found


class Place:
    """A running program and what is sent to it."""

    def __init__(self, server, folder, name):
        self.server = server
        self.memory = {"memory idle": server.memory()}
        connection = server.connect()
        made = make_grant(connection)
        check_signatures(redeem(connection, made["refresh_token"])[0])
        connection.close()
        cookies = "; ".join(f"{name}={value}" for name, value in made["cookies"].items())
        self.redeems = write_script(folder / f"{name}-redeem.lua", made["refresh_token"])
        self.requests = {
            "Graph me": write_request(
                folder / f"{name}-me.lua", "GET", "/v1.0/me", headers={"Authorization": f"Bearer {made['access_token']}"}),
            "authorize, prompt=none": write_request(folder / f"{name}-silent.lua", "GET", SILENT, headers={"Cookie": cookies})}


def measure_requests(programs, folder, options):
    found = {name: {"cpu_ms": {}, "cores": {}, "beside_ms": {}, "starts_ms": {}} for name in programs}
    with contextlib.ExitStack() as stack:
        places = {
            name: Place(stack.enter_context(Server(program, folder / f"requests-{name}")), folder, name)
            for name, program in programs.items()}
        for turn in range(options.rounds):
            for name in places if turn % 2 == 0 else reversed(places):
                say(f"Requests: round {turn + 1} of {options.rounds}, {name}")
                place, mine = places[name], found[name]
                for what, script in place.requests.items():
                    done = window(place.server, script, CONNECTIONS, options.window)
                    mine["cpu_ms"].setdefault(what, []).append(done["server_cpu_ms"])
                    mine["cores"].setdefault(what, []).append(done["server_cores"])
                for number in STREAMS:
                    with streams(place.server, number):
                        done = window(place.server, place.redeems, 1, options.window)
                    mine["beside_ms"].setdefault(number, []).append(done["p50_ms"])
        for name, place in places.items():
            window(place.server, place.redeems, CONNECTIONS, options.window)
            place.memory["memory loaded"] = place.server.memory()
            window(place.server, place.redeems, MANY_CONNECTIONS, options.window)
            place.memory[f"memory after {MANY_CONNECTIONS} connections"] = place.server.memory()
            found[name]["memory_mb"] = place.memory
    for name, program in programs.items():
        say(f"Starts: {name}")
        found[name]["starts_ms"] = measure_starts(program, folder)
        shutil.rmtree(folder / f"requests-{name}")
        for group in ("cpu_ms", "cores", "beside_ms"):
            found[name][group] = {what: statistics.median(each) for what, each in found[name][group].items()}
    return found


def request_rows(found):
    """What was measured of one program, as it is shown."""
    for what, each in found["cpu_ms"].items():
        yield f"{what}, CPU", f"{each:.3f} ms"
        yield f"{what}, cores in use at {CONNECTIONS} connections", f"{found['cores'][what]:.2f}"
    for number, each in found["beside_ms"].items():
        yield f"redeem beside {number} event streams, p50", f"{each:.2f} ms"
    for what, each in found["starts_ms"].items():
        yield what, f"{each:.0f} ms"
    for what, each in found["memory_mb"].items():
        yield what, f"{each:.1f} MB"


def request_lines(report):
    settings = report["settings"]
    return [f"Windows of {settings['window_seconds']} s, median of {settings['rounds']}",
            *side_by_side(report["requests"], request_rows)]
