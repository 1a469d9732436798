"""The recipes of the docs run as they stand."""

import re

import pytest

import kit
import tour


@pytest.fixture
def folder(at_home):
    return at_home.folder


WAYS = [f"docs/ways/{path.name}" for path in sorted((tour.ROOT / "docs" / "ways").glob("*.md"))]


@pytest.mark.parametrize("page", ["docs/tour.md", "docs/control-api.md", "docs/propagation-delay.md", "docs/parallel-tests.md", "docs/faults.md", "docs/scenarios.md", "docs/labs.md", *WAYS])
def test_the_commands_answer_what_the_page_prints(folder, page):
    assert tour.blocks(page)
    tour.play(page, folder)


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


def test_the_recipe_for_parallel_tests_runs_in_parallel(tmp_path):
    text = (tour.ROOT / "docs" / "parallel-tests.md").read_text()
    (tmp_path / "test_recipe.py").write_text(re.search(r"```python sandboxes\n(.*?)```", text, re.DOTALL).group(1))
    run = kit.pytest(tmp_path, "-n", "4", "test_recipe.py")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "4 passed" in run.stdout
