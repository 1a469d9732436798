"""Running and installing the tools that measure."""

import os
import pathlib
import shutil
import subprocess
import sys


class Failed(Exception):
    """Why there is nothing to report, in one line."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(command, **options):
    """Runs a tool to its end; answers what it wrote."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    except OSError as error:
        raise Failed(f"cannot run {command[0]}: {error.strerror}") from None
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{command[0]} did not end within {error.timeout} s") from None
    if done.returncode != 0:
        wrote = (done.stderr.strip() or done.stdout.strip() or "it wrote nothing").splitlines()
        raise Failed(f"{pathlib.Path(command[0]).name} ended with {done.returncode}: " + " / ".join(wrote[-3:]))
    return done


def need(tool):
    """Installs the tool by the package of its name, where it is missing."""
    if shutil.which(tool):
        return
    if not shutil.which("apt-get"):
        raise Failed(f"{tool} is missing; please install it")
    as_root = []
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            raise Failed(f"{tool} is missing; please install it (Debian: package {tool})")
        as_root = ["sudo"]
    say(f"Installing {tool}")
    try:
        run([*as_root, "apt-get", "update", "-qq"])
        run([*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq",
             "--no-install-recommends", tool])
    except Failed as failure:
        raise Failed(f"{tool} is missing and could not be installed: {failure}") from None
    if not shutil.which(tool):
        raise Failed(f"{tool} was installed but is not on the PATH")
