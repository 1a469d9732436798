"""The page on pytest: from the wheel's file in an empty folder to a red test that says why, and a green one."""

import os
import re
import shutil
import subprocess
import sys
import time

import pytest

import kit
import needs
import tour

PAGE = "docs/pytest.md"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel's file, made of the program under test."""
    folder = tmp_path_factory.mktemp("wheel")
    made = subprocess.run(
        [tour.ROOT / "scripts" / "package", "--program", needs.lapse(), "--into", folder, "wheel"], capture_output=True, text=True, timeout=400)
    assert made.returncode == 0, made.stdout + made.stderr
    [file] = folder.glob("*.whl")
    yield file
    shutil.rmtree(folder)


BLOCK = re.compile(r"^```(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.long
def test_the_page_runs_from_the_wheel_s_file_in_an_empty_folder(wheel, tmp_path, record_property):
    """Each of its files is written, each of its commands run, each answer compared, in the page's order."""
    folder = tmp_path / "empty"
    folder.mkdir()
    shutil.copy(wheel, folder)
    variables = kit.environment(
        PYTHONPATH=None, LAPSE_BIN=None, PIP_CONSTRAINT=tour.ROOT / "Tests" / "Clients" / "requirements.txt", COLUMNS="80",
        # pip reaches its index as it does elsewhere on this machine.
        **{name: os.environ.get(name) for name in (*kit.HOSTILE, "NO_PROXY", "no_proxy")})
    blocks = BLOCK.findall((tour.ROOT / PAGE).read_text())
    ran, start = 0, time.monotonic()
    while blocks:
        kind, text = blocks.pop(0)
        if name := re.fullmatch(r"python (\w+\.py)", kind):
            (folder / name.group(1)).write_text(text)
            continue
        assert kind == "sh tour", f"nothing runs ```{kind}"
        answer, expected = blocks.pop(0)
        assert answer == "text", text
        run = subprocess.run(["bash", "-eu", "-c", text], cwd=folder, env=variables, capture_output=True, text=True, timeout=300)
        pattern = ".*?".join(re.escape(part) for part in expected.strip().split("…"))
        assert run.returncode == 0 and re.fullmatch(pattern, run.stdout.strip(), re.DOTALL), f"{text}\nanswered\n{run.stdout}{run.stderr}"
        ran += 1
        if ran == 3:
            record_property("From the wheel's file to a red test and a green one", f"{time.monotonic() - start:.1f} s")
        if ran == 1:
            installed = folder / "venv" / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
            names = {path.name for path in (installed / "lapse_idp").iterdir()}
            assert {path.name for path in (kit.PACKAGE / "lapse_idp").iterdir() if path.name != "__pycache__"} <= names
    assert ran == 6 and [path.name for path in folder.iterdir()] == [wheel.name], "the page leaves something behind"
