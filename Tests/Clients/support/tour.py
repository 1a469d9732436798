"""Pages whose commands are run and whose printed answers are compared."""

import os
import pathlib
import re
import subprocess

import needs

ROOT = pathlib.Path(__file__).resolve().parents[3]
MARK = "----8<----"


def blocks(page):
    """Each command block of the page with the answer printed below it."""
    return re.findall(r"```sh tour\n(.*?)```\n```text\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


def pattern(answer):
    """The answer as a regular expression: an ellipsis stands for whatever differs from run to run."""
    return "[^\n]*?".join(re.escape(part) for part in answer.strip().split("…"))


def left_in(folder):
    """What lies there, but for the data of a Lapse that runs there."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if ".lapse" not in path.parts)


def play(page, folder):
    """Runs the page's commands in one shell, in the folder where a Lapse was started; `lapse` is the program under test."""
    program = folder / "bin" / "lapse"
    if not program.exists():
        program.parent.mkdir(exist_ok=True)
        program.symlink_to(needs.lapse())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    environment["PATH"] = f"{program.parent}:{environment['PATH']}"
    before = left_in(folder)
    script = f"\necho; echo '{MARK}'\n".join(commands for commands, _ in blocks(page))
    run = subprocess.run(
        ["bash", "-eu", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=400)
    assert run.returncode == 0, run.stderr
    assert left_in(folder) == before, "the page leaves something behind"
    outputs = run.stdout.split(MARK)
    assert len(outputs) == len(blocks(page))
    for (commands, expected), output in zip(blocks(page), outputs, strict=True):
        assert re.fullmatch(pattern(expected), output.strip()), f"{commands}\nanswered\n{output}"
