"""The apps of docs/recipes under `lapse check`: each good one once, and one bad one of each. `scripts/test recipes` plays all."""

import json
import re
import subprocess
import sys

import pytest

import needs
import play
import tour
from skeleton import MISTAKES, NotPossible

SKELETONS = {each.name: each for each in play.SKELETONS}
BAD = {
    "flask": "keeps-session", "fastapi": "outage", "django": "silent-loop", "node": "ignores-challenge", "proxy": "outage",
    "spa": "one-worker", "daemon": "hammers", "device": "dead-token", "go": "dead-token", "swift": "one-worker",
    "app.py": "silent-loop", "app.sh": "outage", "app.mjs": "one-worker", "mcp": "flattens-refusal"}
ONCE_MORE = [("mcp", "shows-connected")]
"""What no other app can do wrong."""
ON_THE_PAGE = ["flask", "fastapi", "django", "node", "proxy"]
"""What docs/web-apps.md plays."""
CELLS = [(each.name, mistake) for each in play.SKELETONS for mistake in each.mistakes]


@pytest.fixture
def skeleton(request):
    found = SKELETONS[request.param]
    for program in found.programs:
        if program != "apache2":    # which only root's PATH leads to
            needs.program(program)
    return found


@pytest.mark.parametrize("skeleton", [each for each in SKELETONS if each not in ON_THE_PAGE], indirect=True)
def test_a_good_app_is_good(skeleton):
    cell = play.play(skeleton, scenarios=[*skeleton.scenarios, "lost-laptop"][:1])
    assert cell.result == play.RIGHT, cell.says


@pytest.mark.parametrize(("skeleton", "mistake"), [*BAD.items(), *ONCE_MORE], indirect=["skeleton"])
def test_a_bad_app_is_bad_for_what_it_does(skeleton, mistake):
    cell = play.play(skeleton, mistake)
    assert cell.result == play.RIGHT, cell.says


@pytest.mark.parametrize(("name", "mistake"), CELLS)
def test_a_mistake_is_a_few_lines_of_the_app_as_it_stands(tmp_path, name, mistake):
    skeleton = SKELETONS[name]
    if isinstance(skeleton.mistakes[mistake], NotPossible):
        assert skeleton.mistakes[mistake]
        return
    skeleton.write(tmp_path, mistake)
    for path in tmp_path.iterdir():
        if path.suffix == ".py":
            compile(path.read_text(), path.name, "exec")
        if path.suffix == ".mjs":
            subprocess.run([needs.program("node"), "--check", path], check=True)
        if path.suffix == ".sh":
            subprocess.run(["bash", "-n", path], check=True)


def test_every_app_makes_the_six_mistakes_or_says_why_not():
    assert all(set(MISTAKES) <= set(each.mistakes) for each in play.SKELETONS)
    # Every mistake is made by three apps or more.
    for mistake in MISTAKES:
        assert sum(not isinstance(each.mistakes[mistake], NotPossible) for each in play.SKELETONS) >= 3, mistake


def test_a_change_that_fits_nowhere_is_refused(tmp_path):
    broken = play.FLASK.__class__(
        "flask", ("flask_msal.py",), (), {"outage": play.FLASK.mistakes["outage"].__class__((("no such line", ""),))})
    with pytest.raises(LookupError, match="flask, outage: in no file, or more than once: no such line"):
        broken.write(tmp_path, "outage")


@pytest.mark.parametrize(("verdict", "rules", "expected"), [
    ((2, "bad"), ["keepsItsSession"], play.RIGHT), ((2, "bad"), ["losesLivingToken"], play.WRONG), ((0, "good"), [], play.WRONG),
    ((3, "untested"), [], play.UNTESTED), ((1, "good"), [], play.WRONG)])
def test_the_table_says_right_only_when_the_rule_names_the_mistake(tmp_path, monkeypatch, verdict, rules, expected):
    """With a program in place of lapse that answers as told."""
    code, word = verdict
    told = {"verdict": word, "clients": [{"findings": [{"rule": rule, "severity": "fail"} for rule in rules]}]}
    program = tmp_path / "lapse"
    program.write_text(f"""#!/usr/bin/env python3
import json, sys
open(sys.argv[sys.argv.index("--json-file") + 1], "w").write(json.dumps({told!r}))
sys.exit({code})
""")
    program.chmod(0o755)
    monkeypatch.setenv("LAPSE_BINARY", str(program))
    assert play.play(play.FLASK, "keeps-session").result == expected


@pytest.mark.long
def test_the_page_on_web_apps_says_what_to_type(tmp_path):
    """In a fresh folder, with packages from where anybody's come from."""
    (tmp_path / "docs").symlink_to(tour.ROOT / "docs")
    page = (tour.ROOT / "docs/web-apps.md").read_text()
    assert all(f"docs/recipes/{SKELETONS[name].files[0]}" in page for name in ON_THE_PAGE)
    tour.play("docs/web-apps.md", tmp_path)


@pytest.mark.long
def test_the_page_on_agents_says_what_to_type(tmp_path):
    """As that on web apps, about mcp_proxy.py."""
    (tmp_path / "docs").symlink_to(tour.ROOT / "docs")
    tour.play("docs/agents.md", tmp_path)


def test_the_call_on_the_page_on_agents_tells_what_a_server_answered(tmp_path):
    """In the environment of `lapse check`, with no server that answers so."""
    [call] = re.findall(r"```sh visits\n(.*?)```", (tour.ROOT / "docs/agents.md").read_text(), re.DOTALL)
    (tmp_path / "tell.sh").write_text(call)
    done = subprocess.run(
        [needs.lapse(), "check", "--scenario", "mcp-proxy", "--keep", "kept", "--", "bash", "-eu", "tell.sh"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert '"type":"pageShown"' in done.stderr, done.stderr
    [told] = [each for each in json.loads((tmp_path / "kept/events.json").read_text()) if each["type"] == "pageShown"]
    assert told["client"] and told["user"], told
    assert told["notes"]["page"] == {"status": 500, "text": '{"error": "server_error"}', "url": "http://localhost:3000/token"}


@pytest.mark.parametrize(("page", "count"), [("docs/web-apps.md", 5), ("docs/agents.md", 1)])
def test_a_page_shows_lines_of_the_recipes(page, count):
    text = (tour.ROOT / page).read_text()
    shown = re.findall(r"```(?:python|js|apache) (\S+)\n(.*?)```", text, re.DOTALL)
    assert len(shown) == count
    for name, lines in shown:
        assert lines in (tour.ROOT / "docs/recipes" / name).read_text(), name


def test_the_page_on_clients_names_the_versions_that_run_here():
    text = (tour.ROOT / "docs/clients.md").read_text()
    versions = re.findall(r"^\| [^|]+ \| ([\w.-]+) ([\d.]+) \|", text, re.MULTILINE)
    assert {"msal", "identity", "mozilla-django-oidc", "libapache2-mod-auth-openidc"} <= {name for name, _ in versions}
    pins = "\n".join((tour.ROOT / "Tests/Clients" / file).read_text() for file in ("requirements.txt", "azure-cli.txt"))
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", pins, re.MULTILINE))
    for name, version in versions:
        if name in pinned:
            assert pinned[name] == version, name
        else:
            installed = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True).stdout
            # What stands behind the hyphen is Debian's.
            assert installed.partition("-")[0] == version, (name, installed)


@pytest.mark.parametrize(("arguments", "said"), [
    (["moon"], "there is no app moon"), (["--stability", "0"], "a number from 1 on"), (["flask", "node", "--stability"], "and one app"),
    (["daemon", "--stability"], "daemon cannot make the mistake outage")])
def test_wrong_arguments_of_the_table_are_told_before_anything_is_played(arguments, said):
    done = subprocess.run([sys.executable, play.__file__, *arguments], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and said in done.stderr, done.stderr
