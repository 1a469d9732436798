"""The test kit for Go: its own tests, and its page."""

import os
import shutil
import subprocess

import needs
import pages
import tour

KIT = tour.ROOT / "clients" / "go"
FILES = ["lapse.go", "verbs.go", "start.go"]
"""What others copy."""


def environment():
    """With the program under test, and without what a workspace of whoever runs the tests would change. Nothing is fetched."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("LAPSE_", "GO"))}
    # Compiled packages stay where others have theirs, so that the standard library is compiled once.
    cache = os.environ.get("GOCACHE") or subprocess.run([needs.program("go"), "env", "GOCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    return known | {"LAPSE_BIN": needs.lapse(), "GOCACHE": cache, "GOPROXY": "off", "GOWORK": "off"}


def go(*arguments):
    return subprocess.run(["go", *arguments], cwd=KIT, env=environment(), capture_output=True, text=True, timeout=400)


def test_the_kit_s_own_tests(record_property):
    run = go("test", "-count=1", "-v", "./...")
    assert run.returncode == 0, run.stdout + run.stderr
    passed = run.stdout.count("--- PASS")
    assert passed > 40 and "--- SKIP" not in run.stdout, run.stdout
    record_property("Tests of the kit for Go", passed)


def test_it_is_formatted_and_vetted():
    assert subprocess.run(["gofmt", "-l", "."], cwd=KIT, capture_output=True, text=True, check=True).stdout == ""
    vetted = go("vet", "./...")
    assert vetted.returncode == 0, vetted.stderr


def test_the_page(tmp_path):
    """In a module of somebody's own."""
    (tmp_path / "docs").symlink_to(tour.ROOT / "docs")
    (tmp_path / "go.mod").write_text("module example.com/app\n\ngo 1.18\n")
    (tmp_path / "lapse").mkdir()
    for file in FILES:
        shutil.copy(KIT / file, tmp_path / "lapse")
    assert pages.play("docs/go.md", tmp_path, environment()) == ["app.go", "app_test.go", "verbs_test.go", "process_test.go"]
    assert sorted(os.listdir(tmp_path)) == ["docs", "go.mod"], "the page leaves something behind"
