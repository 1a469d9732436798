"""Starts one `lapse serve` and ends it when whoever it is for is gone: at the end of a test run, however that ends.

Run as a file, in a process of its own: `python keeper.py FOLDER PROGRAM [OPTION…]`. The folder has a file `owner`, which the test run keeps
locked for as long as it lives; the system unlocks it even where a run is killed. Prints what the server's ready file says, as JSON, and then goes
on in the background; when the server does not start, prints `{"failed": why}`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

START_SECONDS = 30
STOP_SECONDS = 10


def main() -> None:
    folder, command = Path(sys.argv[1]), sys.argv[2:]
    heard, told = os.pipe()
    if os.fork() > 0:
        os.close(told)
        with os.fdopen(heard, "rb") as answer:
            sys.stdout.buffer.write(answer.read())
        return
    # In the background, and away from the terminal: Ctrl-C is for the test run, which still needs the server to clean up.
    os.setsid()
    os.close(heard)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    # Whoever waits for the end of the server waits for this lock.
    with (folder / "keeper").open("w") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX)
        keep(folder, command, told)


def keep(folder: Path, command: list[str], told: int) -> None:
    log, ready = folder / "server.log", folder / "ready.json"
    try:
        with log.open("wb") as output:
            # A lapse.yaml of the folder where the tests run, and the settings of whoever runs them, are not the tests'.
            server = subprocess.Popen(
                [*command, "--ready-file", str(ready)], cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env={name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")})
    except OSError as error:
        tell(told, {"failed": f"{command[0]} cannot be run: {error.strerror}"})
        return
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists() and server.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        if not ready.exists():
            code = server.poll()
            happened = f"ended with {code}" if code is not None else f"was not ready after {START_SECONDS} s"
            said = log.read_text(errors="replace").strip()
            tell(told, {"failed": f"{' '.join(command)} {happened}" + (f":\n{said[-4000:]}" if said else "")})
            return
        tell(told, json.loads(ready.read_text()))
        threading.Thread(target=end_with_owner, args=(folder, server), daemon=True).start()
        server.wait()
    finally:
        stop(server)


def tell(told: int, what: dict[str, object]) -> None:
    with os.fdopen(told, "wb") as answer, contextlib.suppress(BrokenPipeError):
        answer.write(json.dumps(what).encode())


def end_with_owner(folder: Path, server: subprocess.Popen[bytes]) -> None:
    with (folder / "owner").open() as owner:
        fcntl.flock(owner, fcntl.LOCK_EX)
    # Before the server's end, which is this process's.
    shutil.rmtree(folder, ignore_errors=True)
    stop(server)


def stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
