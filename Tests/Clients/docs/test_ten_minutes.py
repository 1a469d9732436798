"""The page on testing an app, in a fresh folder: its commands answer what it prints, and what it shows of a build server is green."""

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
