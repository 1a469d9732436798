"""Two programs under the same load, in turns, so that a slow minute of the machine touches both."""

import shutil
import statistics

from benchmark.lapse import Server, check_signatures, count_tokens, make_grant, redeem
from benchmark.load import window, write_script
from benchmark.tables import disturbance, table
from benchmark.tools import Failed, say

TOKENS = 1_000
COMPARED = ("server_cpu_ms", "redeems_per_second", "p99_ms")


def measure_anew(lapse, folder, options):
    """One window of a program that starts on an empty folder: the quicker one has more tokens after a window, never before."""
    data = folder / "compared"
    with Server(lapse, data) as server:
        connections = [server.connect() for _ in range(options.connections)]
        token = make_grant(connections[0])["refresh_token"]
        check_signatures(redeem(connections[0], token)[0])
        for number in range(TOKENS - 2):
            redeem(connections[number % len(connections)], token)
        if count_tokens(data) != TOKENS:
            raise Failed(f"{lapse} has {count_tokens(data)} refresh tokens after its warm-up and not {TOKENS}")
        for connection in connections:
            connection.close()
        measured = window(server, write_script(folder / "redeem.lua", token), options.connections, options.window)
    shutil.rmtree(data)
    return measured


def compare(programs, folder, options):
    """Pairs of windows of `this` and `other`; who goes first alternates."""
    pairs = []
    for number in range(options.rounds):
        order = ("this", "other") if number % 2 == 0 else ("other", "this")
        pair = {"first": order[0]}
        for name in order:
            say(f"Pair {number + 1} of {options.rounds}, {name}")
            pair[name] = measure_anew(programs[name], folder, options)
        pair["ratios"] = {key: pair["this"][key] / pair["other"][key] for key in COMPARED}
        pairs.append(pair)
    middle = {name: {key: statistics.median(pair[name][key] for pair in pairs) for key in COMPARED}
              for name in ("this", "other", "ratios")}
    ranges = {key: [edge(pair["ratios"][key] for pair in pairs) for edge in (min, max)] for key in COMPARED}
    return {"pairs": pairs, "median": middle, "ratio_ranges": ranges}


def comparison_lines(report):
    found, settings = report["comparison"], report["settings"]

    def row(label, figures):
        cells = [label]
        for key, form in zip(COMPARED, ("{:.3f} ms", "{:,.0f}", "{:.2f} ms")):
            cells += [form.format(figures["this"][key]), form.format(figures["other"][key]), f"{figures['ratios'][key]:.3f}"]
        return cells

    lines = [
        f"{settings['rounds']} pairs of windows of {settings['window_seconds']} s at {settings['connections']} connections, "
        f"each program new with {TOKENS:,} refresh tokens; a ratio is this / other"]
    others = statistics.median(pair[name]["other_cores"] for pair in found["pairs"] for name in ("this", "other"))
    lines += [*disturbance(others), ""]
    ranges = ["range of the ratios"]
    for key in COMPARED:
        low, high = found["ratio_ranges"][key]
        ranges += ["", "", f"{low:.3f}-{high:.3f}"]
    return lines + table(
        ["", "server CPU each", "other", "ratio", "per second", "other", "ratio", "p99", "other", "ratio"],
        [*(row(f"pair {number}, {pair['first']} first", pair) for number, pair in enumerate(found["pairs"], 1)),
         row("median", found["median"]), ranges])
