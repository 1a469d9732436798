"""Redeems without a pause for minutes, under a retention that keeps little: what the disk and the memory come to."""

import json

from benchmark.lapse import TENANT, Server, ask, make_grant
from benchmark.load import window, write_script
from benchmark.tables import table
from benchmark.tools import say

CONNECTIONS = 32
EVENTS, LIFETIME, AGE = 100_000, "PT1M", "PT10S"
POLICIES = {
    "lifetimes": {"refreshTokenInactivity": LIFETIME},
    "retention": {"events": {"rows": EVENTS, "age": None}, "tokens": {"age": AGE}}}
ROWS, BAR = 24, 30


def size(file):
    return file.stat().st_size / 1e6 if file.exists() else 0


def measure_soak(lapse, folder, options):
    """A sample after each window; each window signs in anew, since its token would end."""
    data, samples, seconds, redeems = folder / "soak", [], 0, 0
    with Server(lapse, data) as server:
        connection = server.connect()
        ask(connection, "PUT", f"{TENANT}/policies", json.dumps(POLICIES), "application/json", 200)
        while seconds < options.soak_seconds:
            script = write_script(folder / "soak.lua", make_grant(connection)["refresh_token"])
            found = window(server, script, CONNECTIONS, options.window)
            seconds, redeems = seconds + options.window, redeems + found["requests"]
            say(f"Soak: {seconds} of {options.soak_seconds} s")
            samples.append({
                "seconds": seconds, "redeems": redeems, "database_mb": size(data / "lapse.sqlite3"),
                "log_mb": size(data / "lapse.sqlite3-wal"), "memory_mb": server.memory()})
    return samples


def soak_lines(report):
    samples = report["soak"]
    lines = [
        f"Redeems over {CONNECTIONS} connections. A refresh token lives for {LIFETIME}; events: {EVENTS:,} rows are kept; tokens that have ended: {AGE}."]
    step = max(1, len(samples) // ROWS)
    shown = samples[step - 1::step]
    most = max(each["database_mb"] + each["log_mb"] for each in samples)
    lines += table(["after", "redeems", "database", "its log", "memory", "database and log"], [
        [f"{each['seconds']} s", f"{each['redeems']:,}", f"{each['database_mb']:.1f} MB", f"{each['log_mb']:.1f} MB",
         f"{each['memory_mb']:.0f} MB", "█" * max(1, round(BAR * (each["database_mb"] + each["log_mb"]) / most))]
        for each in shown])
    third = len(samples) // 3
    if third:
        def highest(key, part):
            return max(each[key] for each in part)
        rows = [
            [name, f"{highest(key, samples[third:2 * third]):.1f} MB", f"{highest(key, samples[2 * third:]):.1f} MB"]
            for name, key in (("database", "database_mb"), ("its log", "log_mb"), ("memory", "memory_mb"))]
        lines += table(["the most of", "the second third", "the last third"], rows)
    return lines
