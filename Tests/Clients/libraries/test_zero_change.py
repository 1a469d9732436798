"""Clients as they are shipped, in a network namespace where Microsoft's names lead to Lapse: the page on it, word for word."""

import os
import re
import shlex
import subprocess
import sys

import pytest

import needs
import tour

PAGE = (tour.ROOT / "docs" / "zero-change.md").read_text()
BLOCK = re.compile(r"```(sh|python) namespace\n(.*?)```(?:\n```text\n(.*?)```)?", re.DOTALL)


def program(folder, name, command):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    path.chmod(0o755)


@pytest.fixture
def home(tmp_path):
    """A folder with the programs that the page runs."""
    program(tmp_path, "bin/az", shlex.quote(needs.azure_cli()))
    program(tmp_path, "bin/python3", shlex.quote(sys.executable))
    program(tmp_path, "bin/lapse", shlex.quote(needs.lapse()))
    return tmp_path


def test_clients_that_know_no_other_authority(home):
    blocks = BLOCK.findall(PAGE)
    assert [kind for kind, _, _ in blocks] == ["sh", "sh", "sh", "python"]
    steps = []
    for kind, code, _ in blocks:
        steps.append(code if kind == "sh" else f"python3 -W ignore - <<'PYTHON'\n{code}PYTHON\n")
    script = "trap 'kill %1; wait' EXIT\n" + f"\necho; echo '{tour.MARK}'\n".join(steps)
    # Of the machine's own settings nothing may reach the clients.
    environment = {
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}", "HOME": str(home), "AZURE_CONFIG_DIR": str(home / "azure"),
        "AZURE_CORE_COLLECT_TELEMETRY": "false", "AZURE_CORE_LOGIN_EXPERIENCE_V2": "off"}
    command = re.search(r"^unshare .*(?= bash$)", PAGE, re.MULTILINE).group().split()
    run = subprocess.run(
        [*command, "bash", "-eu", "-c", script], cwd=home, env=environment, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stdout + run.stderr
    outputs = run.stdout.split(tour.MARK)
    assert "for localhost and graph.microsoft.com, login.microsoftonline.com, management.azure.com" in outputs[0]
    for (_, code, expected), output in zip(blocks, outputs, strict=True):
        if expected:
            assert re.fullmatch(tour.pattern(expected), output.strip()), f"{code}\nanswered\n{output}\n{run.stderr}"
