"""What several runs have found, as one table in Markdown."""

import json
import statistics

from benchmark.requests import request_rows
from benchmark.scale import reset_rows
from benchmark.tables import by_program
from benchmark.tools import Failed

NAMES = {"this": "Lapse", "other": "before"}


def comparison_rows(report):
    found, settings = report["comparison"]["median"], report["settings"]
    for key, what, form in (("redeems_per_second", "redeems a second", "{:,.0f}"), ("server_cpu_ms", "CPU of a redeem", "{:.3f} ms"),
                            ("p99_ms", "redeem, 99th percentile", "{:.2f} ms")):
        yield f"{what}, {settings['connections']} connections", {name: form.format(found[name][key]) for name in NAMES}


def instruction_rows(report):
    found = report["instructions"]
    yield "thousands of instructions of a redeem, without libcrypto", {
        name: f"{found[name]['outside_thousands']:,.0f}" for name in NAMES if name in found}


def mixed_rows(report):
    found, rate = report["mixed"], report["settings"]["rate"]
    for label, words in (("alone", "alone"), ("beside", "beside everything else")):
        for key, what in (("p50_ms", "median"), ("p999_ms", "99.9th percentile"), ("worst_ms", "worst")):
            yield f"{rate:,} redeems a second {words}, {what}", {
                name: f"{statistics.median(run[key] for run in found[name][label]):.1f} ms" for name in found}


def scale_rows(report):
    found = report["scale"]
    for subject, calls in found["this"].items():
        for call, sizes in calls.items():
            first, last = list(sizes)[0], list(sizes)[-1]
            yield f"{call}, {int(first):,} and {int(last):,} {subject}", {
                name: " / ".join(f"{found[name][subject][call][size]:.2f}" for size in (first, last)) + " ms" for name in found}
    if "resets" in report:
        yield from by_program(report["resets"], reset_rows)


def soak_rows(report):
    samples = report["soak"]
    third = len(samples) // 3
    for key, what in (("database_mb", "database"), ("log_mb", "its log"), ("memory_mb", "memory")):
        highest = [max(each[key] for each in part) for part in (samples[third:2 * third], samples[2 * third:])]
        yield f"{samples[-1]['seconds'] // 60} minutes without a pause: {what}, second and last third", {
            "this": " / ".join(f"{each:.1f}" for each in highest) + " MB"}


def rows_of_requests(report):
    return by_program(report["requests"], request_rows)


PARTS = {"comparison": comparison_rows, "instructions": instruction_rows, "requests": rows_of_requests, "mixed": mixed_rows,
         "scale": scale_rows, "soak": soak_rows}


def page_lines(files):
    try:
        reports = [json.loads(file.read_text()) for file in files]
    except (OSError, ValueError) as error:
        raise Failed(f"--page: {error}") from None
    rows, facts = [], []
    for file, report in zip(files, reports):
        part = next((part for part in PARTS if part in report), None)
        if part is None:
            raise Failed(f"--page: {file} is of a run without a mode, or of none")
        rows += PARTS[part](report)
        machine = report["machine"]
        fact = f"{machine['cores']} cores ({machine['processor']}), {machine['openssl']}; {report['at'][:10]}; Lapse {report['lapse']}"
        other = report.get("other")
        facts.append(fact + (f", before: {other['lapse']}" if other else ""))
    lines = [f"- {fact}" for fact in dict.fromkeys(facts)]
    lines += ["", "| | Lapse | before |", "|---|---|---|"]
    return lines + [f"| {what} | {found.get('this', '')} | {found.get('other', '')} |" for what, found in rows]
