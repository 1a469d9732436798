"""The recipes of the docs run as they stand."""

import os
import re
import subprocess
import sys

import pytest

import tour
from conftest import Process


@pytest.fixture
def folder(tmp_path):
    """Where a Lapse was started as `scripts/run` starts it: default ports, data in `.lapse`."""
    process = Process(tmp_path, data_dir=".lapse")
    yield tmp_path
    process.stop()


@pytest.mark.parametrize("page", ["docs/propagation-delay.md", "docs/parallel-tests.md"])
def test_the_commands_answer_what_the_page_prints(folder, page):
    assert tour.blocks(page)
    tour.play(page, folder)


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
