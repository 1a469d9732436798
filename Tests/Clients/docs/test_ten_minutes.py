"""The page on testing an app, in a fresh folder: its commands answer what it prints, and what it shows of build servers is green."""

import re
import subprocess

import pytest
import yaml

import needs
import tour


@pytest.mark.long
def test_an_app_is_tested_in_ten_minutes(tmp_path):
    """In a fresh folder: nothing runs there before, and the packages come from where anybody's come from."""
    for name in ("curl", "node", "go", "swiftc"):
        needs.program(name)
    (tmp_path / "docs").symlink_to(tour.ROOT / "docs")
    tour.play("docs/test-your-app.md", tmp_path)


@pytest.mark.parametrize("service", ["actions", "gitlab"])
def test_the_lines_of_a_build_are_green(tmp_path, service):
    """What the examples run, on this machine, with the program under test where the wheel puts its own."""
    text = (tour.ROOT / "docs" / "test-your-app.md").read_text()
    (tmp_path / "app.py").write_text(re.search(r"<<'PYTHON'\n(.*?)PYTHON\n", text, re.DOTALL).group(1))
    [job] = (found := yaml.safe_load(re.search(rf"```yaml {service}\n(.*?)```", text, re.DOTALL).group(1))).get("jobs", found).values()
    lines = job["script"] if service == "gitlab" else [step["run"] for step in job["steps"] if "run" in step]
    assert len(lines) == 3
    for line in lines:
        line = re.sub(r" \./lapse_idp-\S+\.whl", "", line)
        done = subprocess.run(["bash", "-eu", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        if "venv venv" in line:
            (tmp_path / "venv" / "bin" / "lapse").symlink_to(needs.lapse())
    assert (tmp_path / "report.xml").stat().st_size and (tmp_path / "report" / "report.html").stat().st_size
