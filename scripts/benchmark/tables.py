"""What was measured, as tables and beside the aims."""

import statistics

from benchmark.measurements import CONNECTIONS, REQUESTS, STARTS
from benchmark.signatures import CORES, SIGNATURES

DISTURBED = 0.1  # cores; less than this is the system's own work

AIM_CPU = 1.35
AIM_THROUGHPUT = 0.62
AIM_TAIL = 4
AIM_START_MS = 200
AIM_MEMORY_MB = 80
AIM_SCALE = 1.2
AIM_HISTORY = 0.9
AIM_REFUSED = 1


def ratios(report):
    one, both = (report["signatures"][f"openssl_{count}"]["mean"] for count in (1, CORES))
    signing_ms = SIGNATURES / one * 1e3
    few, many = report["tokens"]["sizes"]
    at = {connections: report["redeems"][connections]["median"] for connections in CONNECTIONS}
    busy = max(CONNECTIONS)
    scale = report["tokens"]["measured"]

    def median(size, what):
        return statistics.median(scale[size][what])

    rows = []

    def row(name, value, sense, aim, unit=""):
        rows.append({"name": name, "value": value, "unit": unit, "sense": sense, "aim": aim})

    for connections in CONNECTIONS:
        row(f"server CPU per redeem / CPU of two signatures, {connections} connection{'s'[:connections - 1]}",
            at[connections]["server_cpu_ms"] / signing_ms, "<=", AIM_CPU)
    row(f"redeems / two-signature rate of both cores, {busy} connections",
        at[busy]["redeems_per_second"] / (both / SIGNATURES), ">=", AIM_THROUGHPUT)
    row("p99 / time of two signatures, 1 connection", at[1]["p99_ms"] / signing_ms, "<", AIM_TAIL)
    row(f"start-up to the first answer, median of {STARTS}", statistics.median(report["starts_ms"]), "<=", AIM_START_MS, "ms")
    row("memory loaded", report["memory_mb"]["loaded"], "<=", AIM_MEMORY_MB, "MB")
    never, often = (statistics.median(rates) for rates in report["history"].values())
    row("redeems after 1,000 revocations in three regions / after none in one", often / never, ">=", AIM_HISTORY)
    accepted, refused = (statistics.median(report["refusals"][name]) for name in ("accepted", "refused"))
    row(f"refused / accepted redeems, {busy} connections", refused / accepted, ">", AIM_REFUSED)
    for what in ("redeem", "revoke"):
        row(f"{what} with {many:,} / with {few:,} refresh tokens", median(many, f"{what}_ms") / median(few, f"{what}_ms"),
            "<=", AIM_SCALE)
    return rows


def table(heads, rows):
    """The first column to the left, the others to the right."""
    cells = [heads, *rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    return ["  " + "  ".join(
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in cells]


def by_program(found, rows):
    """Each figure with what it is of each program, as `rows` shows one."""
    columns = {name: dict(rows(each)) for name, each in found.items()}
    for what in columns["this"]:
        yield what, {name: column.get(what, "") for name, column in columns.items()}


def side_by_side(found, rows):
    """The same as a table."""
    names = ["this" if name == "this" else "the other program" for name in found]
    return table(["", *names], [[what, *each.values()] for what, each in by_program(found, rows)])


def disturbance(cores):
    """The warning that other work took so many cores, if it was more than the system's own."""
    return [f"Other work took {cores:.2f} cores during the windows: read the ratios with care."] if cores > DISTURBED else []


def heading(report):
    machine = report["machine"]
    lines = [f"Lapse {report['lapse']} ({report['program']})"]
    if "other" in report:
        lines.append(f"beside Lapse {report['other']['lapse']} ({report['other']['program']})")
    return [*lines, f"{machine['cores']} cores ({machine['processor']}), {machine['openssl']}; {report['at']}"]


def whole_lines(report):
    machine, settings = report["machine"], report["settings"]
    lines = [f"Windows of {settings['window_seconds']} s, median of {settings['rounds']}"]
    if machine["cores"] != CORES:
        lines.append(f"The aims at {max(CONNECTIONS)} connections are for a machine of {CORES} cores.")

    lines += disturbance(max(report["redeems"][connections]["median"]["other_cores"] for connections in CONNECTIONS))

    def rate(name, key):
        found = report["signatures"][name]
        return "n/a" if found is None else f"{found[key]:,.0f}"

    def share(name):
        found = report["signatures"][name]
        return "n/a" if found is None else f"{found['share']:.0%}"

    lines += ["", "RS256 signatures per second"]
    lines += table(
        ["", "before", "after", "mean", "share of its cores"],
        [[label, *(rate(name, key) for key in ("before", "after", "mean")), share(name)] for label, name in (
            ("openssl speed rsa2048, one process", "openssl_1"),
            (f"openssl speed rsa2048, {CORES} processes", f"openssl_{CORES}"),
            ("Lapse's signer, one thread", "lapse_1"),
            (f"Lapse's signer, {CORES} threads", f"lapse_{CORES}"))])

    def redeem_row(connections):
        found = report["redeems"][connections]
        middle = found["median"]
        rates = [each["redeems_per_second"] for each in found["windows"]]
        return [
            f"{connections} connection{'s'[:connections - 1]}", f"{middle['redeems_per_second']:,.0f}",
            f"{min(rates):,.0f}-{max(rates):,.0f}", f"{middle['server_cpu_ms']:.3f} ms", f"{middle['p50_ms']:.2f} ms",
            f"{middle['p99_ms']:.2f} ms", f"{middle['server_cores']:.2f}", f"{middle['client_cores']:.2f}",
            f"{middle['other_cores']:.2f}"]

    lines += ["", "Redeems over plain HTTP, two signatures each"]
    lines += table(
        ["", "per second", "range", "server CPU each", "p50", "p99", "server cores", "wrk cores", "other cores"],
        [redeem_row(connections) for connections in CONNECTIONS])

    starts, memory = report["starts_ms"], report["memory_mb"]
    lines += ["", "Start-up and memory"]
    lines += table(["", "median", "range"], [
        ["start-up to the first answer", f"{statistics.median(starts):.0f} ms", f"{min(starts):.0f}-{max(starts):.0f}"],
        ["memory idle", f"{memory['idle']:.1f} MB", ""],
        [f"memory after the windows of {max(CONNECTIONS)} connections", f"{memory['loaded']:.1f} MB", ""]])

    lines += ["", f"Redeems at {max(CONNECTIONS)} connections, by the user's history"]
    lines += table(["", "per second", "range"], [
        [name, f"{statistics.median(rates):,.0f}", f"{min(rates):,.0f}-{max(rates):,.0f}"]
        for name, rates in report["history"].items()])

    lines += ["", f"Accepted and refused redeems at {max(CONNECTIONS)} connections"]
    lines += table(["", "per second", "range"], [
        [name, f"{statistics.median(rates):,.0f}", f"{min(rates):,.0f}-{max(rates):,.0f}"]
        for name, rates in report["refusals"].items()])

    lines += ["", f"One user's refresh tokens, median of {REQUESTS} single requests"]
    lines += table(["", "redeem", "revoke", "start-up (once)"], [
        [f"{size:,}", *(f"{statistics.median(report['tokens']['measured'][size][what]):.2f} ms" for what in
                        ("redeem_ms", "revoke_ms")), f"{report['tokens']['measured'][size]['start_ms']:,.0f} ms"]
        for size in report["tokens"]["sizes"]])

    lines += ["", "Against the aims"]
    lines += table(["", "measured", "aim"], [
        [row["name"], (f"{row['value']:.2f}" if not row["unit"] else f"{row['value']:.0f} {row['unit']}"),
         f"{row['sense']} {row['aim']}{' ' * bool(row['unit'])}{row['unit']}"] for row in report["ratios"]])
    return lines


def rounded(value):
    """Without the digits that no measurement has."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list) else value
