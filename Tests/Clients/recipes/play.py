"""The recipes as `lapse check` judges them, good and bad: a table.

scripts/test recipes [APP…] [--stability [TIMES]]

Each good app is played in every scenario that is for it and must be good; each bad one must be bad by a rule that names its mistake. The
exit status is 1 when a verdict is wrong.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from agents import MCP
from commands import APP_MJS, APP_PY, APP_SH, DAEMON, DEVICE, GO, SWIFT
from skeleton import MISTAKES, ROOT, NotPossible
from web_apps import DJANGO, FASTAPI, FLASK, NODE, PROXY, SAMPLE_APP

SKELETONS = [FLASK, FASTAPI, DJANGO, NODE, PROXY, SAMPLE_APP, DAEMON, DEVICE, GO, SWIFT, APP_PY, APP_SH, APP_MJS, MCP]
RIGHT, WRONG, UNTESTED, NOT_POSSIBLE = "right", "WRONG", "untested", "–"
AT_ONCE = 3
"""Half of what apps do is waiting, so that two cores are busy with three."""


@dataclass(frozen=True)
class Cell:
    result: str
    says: str
    """The rules that named the mistake, or what went wrong."""


def play(skeleton, mistake=None, scenarios=None, at_once=7):
    """Plays an app, good or with a mistake.

    :param scenarios: what a good one is played in (default: all that are for it).
    :param at_once: how many scenarios of a good app run side by side.
    """
    bad = skeleton.mistakes[mistake] if mistake else None
    if isinstance(bad, NotPossible):
        return Cell(NOT_POSSIBLE, bad)
    with tempfile.TemporaryDirectory(prefix="lapse-recipe-") as name:
        folder = Path(name)
        skeleton.write(folder, mistake)
        if skeleton.build:
            built = subprocess.run(skeleton.build, cwd=folder, capture_output=True, text=True, timeout=240)
            if built.returncode:
                return Cell(WRONG, f"it cannot be built: {built.stderr}")
        if bad:
            return judge_bad(skeleton, mistake, bad, folder)
        runs = [["--scenario", each] for each in scenarios or skeleton.scenarios] or [["--all", "--jobs", str(at_once)]]
        for options in runs:
            done, _ = check(skeleton, folder, options)
            if done.returncode:
                return Cell(UNTESTED if done.returncode == 3 else WRONG, f"{options[-1]}: {said(done)}")
        return Cell(RIGHT, "")


def judge_bad(skeleton, mistake, bad, folder):
    done, report = check(skeleton, folder, ["--scenario", bad.scenario.format(root=ROOT)], bad.environment)
    found = {each["rule"] for client in report.get("clients", []) for each in client["findings"] if each["severity"] == "fail"}
    named = found & (bad.rules or MISTAKES[mistake])
    if done.returncode == 2 and named:
        return Cell(RIGHT, ", ".join(sorted(named)))
    return Cell(UNTESTED if done.returncode == 3 else WRONG, said(done))


def check(skeleton, folder, options, environment=None):
    """`lapse check` on an app in a folder: how it ended, and its report."""
    # Neither the settings of whoever runs this nor another Lapse may change what is tested.
    own = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_") and name not in (
        "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")}
    own["PATH"] += ":/usr/sbin"
    command = [sys.executable if word == "python" else word.format(root=ROOT) for word in skeleton.command]
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    done = subprocess.run(
        [os.environ["LAPSE_BINARY"], "check", *skeleton.options, *options, "--json-file", str(report), "--", *command],
        cwd=folder, env=own | (environment or {}), capture_output=True, text=True, timeout=400)
    return done, json.loads(report.read_text()) if report.exists() else {}


def said(done):
    return f"exit status {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"


def table(chosen):
    """Plays the apps with all their mistakes, and prints how each verdict was.

    :returns: whether none was wrong.
    """
    begun = time.monotonic()
    columns = [None, *MISTAKES, *sorted({mistake for each in chosen for mistake in each.mistakes} - set(MISTAKES))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # Good apps first: they take longest.
        jobs = {
            (each.name, column): pool.submit(play, each, column, at_once=2)
            for column in columns for each in chosen if column is None or column in each.mistakes}
        cells = {cell: job.result() for cell, job in jobs.items()}
    show = [["", *(column or "good" for column in columns)]]
    for each in chosen:
        show.append([each.name, *(cells[each.name, column].result if (each.name, column) in cells else "" for column in columns)])
    widths = [max(len(row[index]) for row in show) for index in range(len(show[0]))]
    for row in show:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    print()
    for (name, column), cell in cells.items():
        if cell.says and (cell.result != RIGHT or column):
            print(f"{name}, {column or 'good'}: {'not possible: ' if cell.result == NOT_POSSIBLE else ''}{cell.says}")
    counts = Counter(cell.result for cell in cells.values())
    print()
    print(f"{counts[RIGHT]} right, {counts[WRONG]} wrong, {counts[UNTESTED]} untested, {counts[NOT_POSSIBLE]} not possible; "
        f"{time.monotonic() - begun:.0f} s")
    return counts[WRONG] == 0


REPEATED = "outage"
"""The mistake of the bad app that is played again and again."""


def stability(times, skeleton, scenario="lost-laptop", busy=4):
    """Plays a good and a bad app again and again while the machine is busy with something else, and prints the verdicts.

    :returns: whether a good one was never bad, and a bad one never good. A slow machine may leave either untested.
    """
    loads = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        verdicts = {}
        for kind in (None, REPEATED):
            begun, counts = time.monotonic(), Counter()
            with tempfile.TemporaryDirectory(prefix="lapse-recipe-") as name:
                skeleton.write(Path(name), kind)
                for _ in range(times):
                    done, report = check(skeleton, Path(name), ["--scenario", scenario])
                    counts[report.get("verdict", f"exit status {done.returncode}")] += 1
            verdicts[kind] = counts
            shown = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
            print(f"{skeleton.name}, {kind or 'good'}: {shown}; {(time.monotonic() - begun) / times:.1f} s each, {busy} busy processes", flush=True)
    finally:
        for load in loads:
            load.kill()
            load.wait()
    return set(verdicts[None]) <= {"good", "untested"} and set(verdicts[REPEATED]) <= {"bad", "untested"}


def main():
    parser = argparse.ArgumentParser(prog="scripts/test recipes", description="Plays the recipes, good and bad, through lapse check.")
    parser.add_argument("app", nargs="*", help=f"only these: {', '.join(each.name for each in SKELETONS)}")
    parser.add_argument(
        "--stability", nargs="?", const=40, type=int, metavar="TIMES",
        help="instead, a good and a bad app again and again on a busy machine (default: 40 times)")
    arguments = parser.parse_args()
    unknown = set(arguments.app) - {each.name for each in SKELETONS}
    if unknown:
        parser.error(f"there is no app {', '.join(sorted(unknown))}")
    if arguments.stability is not None:
        if arguments.stability < 1 or len(arguments.app) > 1:
            parser.error("--stability takes a number from 1 on, and one app")
        chosen = [each for each in SKELETONS if each.name in arguments.app] or [NODE]
        if isinstance(chosen[0].mistakes[REPEATED], NotPossible):
            parser.error(f"{chosen[0].name} cannot make the mistake {REPEATED}: {chosen[0].mistakes[REPEATED]}")
        return 0 if stability(arguments.stability, chosen[0]) else 1
    chosen = [each for each in SKELETONS if not arguments.app or each.name in arguments.app]
    missing = sorted({program for each in chosen for program in each.programs if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")})
    if missing:
        parser.error(f"these programs are missing: {', '.join(missing)}")
    return 0 if table(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
