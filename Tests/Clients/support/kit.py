"""The Python test kit as its users run it: pytest in a process of its own, in a folder of their own."""

import os
import pathlib
import re
import subprocess
import sys

import needs
import tour

PACKAGE = tour.ROOT / "clients" / "python"
# Whoever has a bundle of their own set, without Lapse's CA, and a proxy that leads nowhere, uses the kit too.
HOSTILE = dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), "/etc/ssl/certs/ca-certificates.crt") | dict.fromkeys(
    ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), "http://127.0.0.1:9")
NEITHER = ("NO_PROXY", "no_proxy", "BROWSER", "PYTEST_ADDOPTS")


def environment(**more):
    """With the program under test; a value None takes a variable away."""
    found = {name: value for name, value in os.environ.items() if not name.startswith(("LAPSE_", "PYTEST_XDIST_", "AZURE_")) and name not in NEITHER}
    found |= HOSTILE | {"PYTHONPATH": str(PACKAGE), "LAPSE_BIN": needs.lapse()} | more
    return {name: str(value) for name, value in found.items() if value is not None}


def command(*arguments):
    return [sys.executable, "-m", "pytest", "-p", "lapse_idp.pytest_plugin", "-p", "no:cacheprovider", *arguments]


def pytest(folder, *arguments, **variables):
    """Runs it to its end."""
    return subprocess.run(
        command(*arguments), cwd=folder, env=environment(**variables), capture_output=True, text=True, timeout=240)


def outcomes(run):
    """From the last line of a run: how many passed, failed and so on."""
    last = run.stdout.strip().splitlines()[-1]
    return {word.removesuffix("s"): int(count) for count, word in re.findall(r"(\d+) (passed|failed|errors?|skipped)", last)}


def write(folder, **files):
    """`write(folder, test_a="…")` writes test_a.py."""
    for name, text in files.items():
        pathlib.Path(folder, f"{name}.py").write_text(text)
