"""Pages that write files and run commands, in their order: each fence that names a file is written, each command run, each answer compared."""

import re
import subprocess

import tour

FENCE = re.compile(r"^```(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def lines(text):
    """Without comments at their ends, and what surrounds them."""
    return {line.split(" // ")[0].strip() for line in text.splitlines()}


def play(page, folder, environment):
    """Returns the names of the files that it wrote. A fence of no name, such as `js`, shows lines of these files."""
    fences, written, ran = FENCE.findall((tour.ROOT / page).read_text()), [], 0
    shown, there = set(), set()
    while fences:
        kind, text = fences.pop(0)
        language, _, name = kind.partition(" ")
        if kind == "sh tour":
            answer, expected = fences.pop(0)
            assert answer == "text", f"{text} has no answer"
            run = subprocess.run(["bash", "-eu", "-c", text], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
            assert run.returncode == 0 and re.fullmatch(tour.pattern(expected), run.stdout.strip()), f"{text}\nanswered\n{run.stdout}{run.stderr}"
            ran += 1
        elif name:
            assert language != "sh", f"nothing runs ```{kind}"
            (folder / name).write_text(text)
            written.append(name)
            there |= lines(text)
        else:
            assert kind not in ("sh", "text"), f"nothing runs this: {text}"
            shown |= lines(text)
    assert ran and shown <= there, f"no file has {shown - there}"
    return written
