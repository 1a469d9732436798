"""The recipes of the docs run as they stand."""

import os
import re
import subprocess
import sys

import pytest
import yaml

import needs
import tour
from serve import ON_DEFAULT_PORTS, Process

pytestmark = pytest.mark.apart


@pytest.fixture
def folder(tmp_path):
    """Where a Lapse was started as `scripts/run` starts it: default ports, data in `.lapse`."""
    process = Process(tmp_path, data_dir=".lapse")
    yield tmp_path
    process.stop()


WAYS = [f"docs/ways/{path.name}" for path in sorted((tour.ROOT / "docs" / "ways").glob("*.md"))]


@ON_DEFAULT_PORTS
@pytest.mark.parametrize("page", ["docs/propagation-delay.md", "docs/parallel-tests.md", "docs/faults.md", "docs/scenarios.md", *WAYS])
def test_the_commands_answer_what_the_page_prints(folder, page):
    assert tour.blocks(page)
    tour.play(page, folder)


@pytest.mark.long
def test_an_app_is_tested_in_ten_minutes(tmp_path):
    """In a fresh folder: nothing runs there before, and the packages come from where anybody's come from."""
    for name in ("curl", "node", "go", "swiftc"):
        needs.program(name)
    (tmp_path / "docs").symlink_to(tour.ROOT / "docs")
    tour.play("docs/test-your-app.md", tmp_path)


def test_the_build_server_s_line_is_green(tmp_path):
    """What the example of a build runs, on this machine."""
    text = (tour.ROOT / "docs" / "test-your-app.md").read_text()
    [job] = yaml.safe_load(re.search(r"```yaml actions\n(.*?)```", text, re.DOTALL).group(1))["jobs"].values()
    lines = [step["run"] for step in job["steps"] if "run" in step and not step["run"].startswith("apt-get")]
    # The checkout, with the program under test in place of its own build.
    scripts = tmp_path / "lapse" / "scripts"
    scripts.mkdir(parents=True)
    (scripts / "run").symlink_to(needs.lapse())
    (tmp_path / "lapse" / "docs").symlink_to(tour.ROOT / "docs")
    for line in lines:
        done = subprocess.run(["bash", "-eu", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
    assert (tmp_path / "report.xml").stat().st_size and (tmp_path / "report.html").stat().st_size


def test_the_pages_on_ways_to_die_say_what_the_catalogue_says():
    codes = (tour.ROOT / "docs" / "codes.md").read_text()
    rows = re.findall(r"^\| (\d+) \| \w+ \| [^|]+ \| ([^|]+) \| \[([^]]+)\]\(([^)]+)\) \|$", codes, re.MULTILINE)
    said = {}
    for page in WAYS:
        text = (tour.ROOT / page).read_text()
        for code, reaction in re.findall(r"^\| (\d+) \| ([^|]+) \|$", text, re.MULTILINE):
            said[code] = (reaction, text.splitlines()[0].removeprefix("# "), page.removeprefix("docs/"))
        for heading in ("On the wire", "What libraries make of it", "What a good app does"):
            assert f"\n## {heading}\n" in text, page
        assert page.removeprefix("docs/") in codes, f"{page} is in no table of contents"
    assert said == {code: (reaction, title, page) for code, reaction, title, page in rows}


@ON_DEFAULT_PORTS
def test_the_recipe_for_parallel_tests_runs_in_parallel(folder):
    text = (tour.ROOT / "docs" / "parallel-tests.md").read_text()
    (folder / "test_recipe.py").write_text(re.search(r"```python sandboxes\n(.*?)```", text, re.DOTALL).group(1))
    # A CA bundle that is set on this machine would win over the recipe's `verify`.
    environment = {name: value for name, value in os.environ.items() if name not in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "4", "test_recipe.py"], cwd=folder, env=environment, capture_output=True,
        text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "4 passed" in run.stdout
