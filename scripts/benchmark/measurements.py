"""What a run without a mode measures."""

import contextlib
import json
import shutil
import statistics
import time

from benchmark.lapse import TENANT, Server, ask, check_signatures, count_tokens, fill, make_grant, redeem, revoke
from benchmark.load import window, write_script
from benchmark.signatures import has_signer, measure_signatures
from benchmark.tools import Failed, say

CONNECTIONS = (1, 32)
FEW, MANY = 1_000, 1_000_000
STARTS = REQUESTS = 20


def measure_whole(lapse, folder, options):
    report = {"starts_ms": measure_starts(lapse, folder)}
    report["signatures"], report["redeems"], report["memory_mb"] = measure_redeems(lapse, folder, options, has_signer(lapse))
    report["refusals"] = measure_refusals(lapse, folder, options)
    report["history"] = measure_history(lapse, folder, options)
    sizes = [FEW, options.many]
    report["tokens"] = {"sizes": sizes, "measured": measure_scale(lapse, folder, sizes)}
    return report


def measure_redeems(lapse, folder, options, with_signer):
    data = folder / "redeems"
    windows = {connections: [] for connections in CONNECTIONS}
    with Server(lapse, data) as server:
        time.sleep(0.5)  # what a start leaves to do is done
        idle = server.memory()
        connection = server.connect()
        token = make_grant(connection)["refresh_token"]
        check_signatures(redeem(connection, token)[0])
        connection.close()
        script = write_script(folder / "redeem.lua", token)

        before = measure_signatures(lapse, options.speed_seconds, with_signer)
        say("Redeems: warm-up")
        warm_up = window(server, script, max(CONNECTIONS), min(2, options.window))
        for number in range(options.rounds):
            # Both sizes in each round: a slow minute of the machine then touches both.
            for connections in CONNECTIONS:
                say(f"Redeems: round {number + 1} of {options.rounds}, {connections} connection{'s'[:connections - 1]}")
                windows[connections].append(window(server, script, connections, options.window))
        loaded = server.memory()
        after = measure_signatures(lapse, options.speed_seconds, with_signer)
    answered = warm_up["requests"] + sum(each["requests"] for group in windows.values() for each in group)
    if count_tokens(data) < answered:
        raise Failed(f"{answered} redeems were answered, but only {count_tokens(data)} refresh tokens are stored")
    shutil.rmtree(data)

    signatures = {}
    for name in before:
        pair = [before[name], after[name]]
        signatures[name] = None if None in pair else {
            "before": pair[0]["rate"], "after": pair[1]["rate"], "mean": statistics.mean(each["rate"] for each in pair),
            "share": statistics.mean(each["share"] for each in pair)}
    redeems = {
        connections: {
            "windows": group,
            "median": {key: statistics.median(each[key] for each in group) for key in group[0]}}
        for connections, group in windows.items()}
    return signatures, redeems, {"idle": idle, "loaded": loaded}


def measure_starts(lapse, folder):
    say("Start-up")
    data = folder / "starts"
    Server(lapse, data).stop()
    times = []
    for _ in range(STARTS):
        with Server(lapse, data) as server:
            times.append(server.seconds_to_answer * 1e3)
    shutil.rmtree(data)
    return times


def measure_refusals(lapse, folder, options):
    """Redeems that are refused (50173) beside redeems that are accepted, of one server."""
    rates = {"accepted": [], "refused": []}
    data = folder / "refusals"
    with Server(lapse, data) as server:
        connection = server.connect()
        tokens = {"refused": make_grant(connection)["refresh_token"]}
        revoke(connection)
        tokens["accepted"] = make_grant(connection)["refresh_token"]
        redeem(connection, tokens["refused"], expected=400)
        connection.close()
        scripts = {name: write_script(folder / f"{name}.lua", token) for name, token in tokens.items()}
        for turn in range(options.rounds):
            for name in rates if turn % 2 == 0 else reversed(rates):
                say(f"Refusals: round {turn + 1} of {options.rounds}, {name}")
                done = window(server, scripts[name], max(CONNECTIONS), options.window, refused=name == "refused")
                rates[name].append(done["redeems_per_second"])
    shutil.rmtree(data)
    return rates


REGIONS = {
    "regions": ["eastus", "westeurope", "southeastasia"], "routing": "round-robin",
    "planes": {plane: {"fixed": "PT1S"} for plane in ("refresh", "session", "cae", "directory")}}


def measure_history(lapse, folder, options):
    """Redeems of a user who was revoked a thousand times, in three regions, beside one who never was, in one."""
    names = ("never revoked, one region", f"revoked {FEW:,} times, three regions")
    rates = {name: [] for name in names}
    with contextlib.ExitStack() as stack:
        places = {}
        for number, name in enumerate(names):
            data = folder / f"history-{number}"
            server = stack.enter_context(Server(lapse, data))
            connection = server.connect()
            if number:
                ask(connection, "PUT", TENANT + "/propagation", json.dumps(REGIONS), "application/json", 200)
                for _ in range(FEW):
                    revoke(connection)
            script = write_script(folder / f"history-{number}.lua", make_grant(connection)["refresh_token"])
            connection.close()
            places[name] = (server, script)
        for turn in range(options.rounds):
            for name in names if turn % 2 == 0 else reversed(names):
                say(f"A long history: round {turn + 1} of {options.rounds}, {name}")
                server, script = places[name]
                rates[name].append(window(server, script, max(CONNECTIONS), options.window)["redeems_per_second"])
    for number in range(len(names)):
        shutil.rmtree(folder / f"history-{number}")
    return rates


def measure_scale(lapse, folder, sizes):
    say("Few and many refresh tokens")
    found = {size: {"redeem_ms": [], "revoke_ms": []} for size in sizes}
    with contextlib.ExitStack() as stack:
        places = {}
        for size in sizes:
            data = folder / f"tokens-{size}"
            with Server(lapse, data) as server:
                made = make_grant(server.connect())
            fill(data, made["grant"], size)
            server = stack.enter_context(Server(lapse, data, patience=600))
            found[size]["start_ms"] = server.seconds_to_answer * 1e3
            places[size] = (server.connect(), made["refresh_token"])
        # Both servers in turns, so that a slow moment of the machine does not fall on one of them alone.
        for turn in range(REQUESTS):
            for size in sizes if turn % 2 == 0 else reversed(sizes):
                connection, token = places[size]
                found[size]["redeem_ms"].append(redeem(connection, token)[1] * 1e3)
        for turn in range(REQUESTS):
            for size in sizes if turn % 2 == 0 else reversed(sizes):
                found[size]["revoke_ms"].append(revoke(places[size][0])[1] * 1e3)
        # A revocation that did nothing would be quick too.
        for connection, token in places.values():
            redeem(connection, token, expected=400)
    for size in sizes:
        shutil.rmtree(folder / f"tokens-{size}")
    return found
