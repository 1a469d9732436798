"""How many instructions a redeem takes, counted by valgrind's callgrind: hardly touched by what else the machine does."""

import collections
import pathlib
import shutil
import time

from benchmark.lapse import Server, check_signatures, make_grant, redeem
from benchmark.tables import table
from benchmark.tools import Failed, run, say

WARM_UP, COUNTED = 200, 1_000
PLACES = ("outside_thousands", "inside_thousands")
IDLE = 10  # seconds
PATIENCE = 300  # seconds; callgrind runs a program some fifty times slower


def without_debug_information(lapse, folder):
    """A copy for valgrind, which gives up on debug information of a version that it does not know."""
    copy = folder / "lapse"
    if not shutil.which("strip"):
        return lapse
    run(["strip", "--strip-debug", "-o", copy, lapse])
    return copy


def by_object(profile):
    """The instructions in a file of callgrind's, by the object file that they stand in.

    A cost after `calls=` is what the callee took; it stands once more where the callee is. A name is written out once.
    """
    found, names = collections.Counter(), {}
    current, total, is_callee = None, None, False
    for line in profile.read_text(errors="replace").splitlines():
        key, _, value = line.partition("=")
        if key in ("ob", "cob"):
            number, _, name = value.partition(" ")
            name = names.setdefault(number, name)
            current = name if key == "ob" else current
        elif key == "calls":
            is_callee = True
        elif line[:1] in tuple("0123456789+-*"):
            found[current] += 0 if is_callee else int(line.split()[1])
            is_callee = False
        elif line.startswith("totals: "):
            total = int(line.split()[1])
    if sum(found.values()) != total:
        raise Failed(f"the objects in callgrind's file have {sum(found.values())} instructions and not its total, {total}")
    return found


def count_instructions(lapse, folder):
    """Thousands per redeem, outside and inside libcrypto."""
    folder.mkdir()
    profile = folder / "callgrind"
    # Its pipes in the same folder, which goes with everything in it.
    steering = f"--vgdb-prefix={folder}/vgdb"
    # Threads take turns in the order of their waiting: the redeems then need half the time, and their counts vary less.
    callgrind = ["valgrind", "--quiet", "--tool=callgrind", "--fair-sched=try", "--instr-atstart=no", "--dump-line=no", steering,
                 f"--callgrind-out-file={profile}"]
    with Server(without_debug_information(lapse, folder), folder / "data", PATIENCE, under=callgrind) as server:
        def steer(*command):
            run(["vgdb", steering, f"--pid={server.process.pid}", *command], timeout=PATIENCE)

        connection = server.connect()
        token = make_grant(connection)["refresh_token"]
        check_signatures(redeem(connection, token)[0])
        for _ in range(WARM_UP - 1):
            redeem(connection, token)
        steer("instrumentation", "on")
        started = time.perf_counter()
        for _ in range(COUNTED):
            redeem(connection, token)
        seconds = time.perf_counter() - started
        steer("dump")
        time.sleep(IDLE)
        steer("dump")
        busy, idle = (by_object(pathlib.Path(f"{profile}.{number}")) for number in (1, 2))
    shutil.rmtree(folder)
    inside = sum(count for name, count in busy.items() if pathlib.Path(name or "").name.startswith("libcrypto."))
    if not inside:
        raise Failed(f"{lapse} ran no instruction of libcrypto; was it linked into the program?")
    # What the clock makes the server do is no part of a redeem, and on a busy machine more of it falls between two of them.
    by_the_clock = sum(idle.values()) / IDLE * seconds
    return {
        "outside_thousands": (sum(busy.values()) - inside - by_the_clock) / COUNTED / 1e3,
        "inside_thousands": inside / COUNTED / 1e3,
        "idle_thousands_per_second": sum(idle.values()) / IDLE / 1e3,
        "seconds": seconds}


def measure_instructions(programs, folder):
    found = {}
    for name in sorted(programs, reverse=True):
        say(f"Instructions: {name}")
        found[name] = count_instructions(programs[name], folder / name)
    if "other" in found:
        found["ratios"] = {place: found["this"][place] / found["other"][place] for place in PLACES}
    return found


def instruction_lines(report):
    found = report["instructions"]
    rows = [[name, *(f"{found[name][place]:,.1f}" for place in PLACES)] for name in ("this", "other") if name in found]
    if "ratios" in found:
        rows.append(["this / other", *(f"{found['ratios'][place]:.4f}" for place in PLACES)])
    return [
        f"Thousands of instructions per redeem: mean of {COUNTED:,} after {WARM_UP}, one connection", "",
        *table(["", "outside libcrypto", "inside libcrypto"], rows)]
