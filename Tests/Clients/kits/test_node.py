"""The test kit for Node: its own tests, and its page."""

import os
import re
import shutil
import subprocess

import needs
import pages
import tour

KIT = tour.ROOT / "clients" / "node"


def environment():
    """With the program under test."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")} | {"LAPSE_BIN": needs.lapse()}


def test_the_kit_s_own_tests(record_property):
    files = sorted(KIT.glob("*.test.mjs"))
    run = subprocess.run(
        [needs.program("node"), "--test", *files], cwd=KIT, env=environment(), capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    counted = dict(re.findall(r"^\W+(tests|pass|skipped) (\d+)$", run.stdout, re.MULTILINE))
    assert int(counted["pass"]) > 40 and counted["skipped"] == "0", run.stdout
    record_property("Tests of the kit for Node", counted["pass"])


def test_the_page(tmp_path):
    needs.program("node")
    (tmp_path / "docs").symlink_to(tour.ROOT / "docs")
    for name in ("lapse.mjs", "lapse.d.ts"):
        shutil.copy(KIT / name, tmp_path)
    assert pages.play("docs/node.md", tmp_path, environment()) == ["app.mjs", "app.test.mjs", "verbs.test.mjs", "process.test.mjs"]
    assert os.listdir(tmp_path) == ["docs"], "the page leaves something behind"
