"""Labs: each one's score by learners with a rule, what a kill leaves of a run, and the command that plays them."""

import csv
import re
import subprocess

import pytest

import needs
from serve import PORTS

SECONDS = {"D": 86_400, "H": 3600, "M": 60, "S": 1}
PLANES = {"token": "refresh", "graph": "cae", "authorize": "session"}
# Microsoft's table "token revocation", for what the labs have: public clients' tokens, confidential clients' tokens, cookies.
ENDED = {
    "adminRevoke": {"password token", "password cookie", "non-password token", "non-password cookie", "confidential token"},
    "userRevoke": {"password token", "password cookie", "non-password token", "non-password cookie", "confidential token"},
    "passwordChange": {"password token", "password cookie"},
    "adminResetEntra": {"password token", "password cookie", "non-password token", "confidential token"},
    "singleSignOut": {"password cookie", "non-password cookie"},
}
LEAD = {"lost-laptop": 600, "off-boarding": 1200, "cae": 600, "spa-day": 82_800}
"""How old the tokens are when the first thing happens, as the situation says."""
NAMES = ["lost-laptop", "off-boarding", "password-reset", "three-regions", "cae", "stolen-token", "spa-day", "agent-at-night"]


def seconds(text):
    return sum(float(number) * SECONDS[unit] for number, unit in re.findall(r"([\d.]+)([DHMS])", text))


class Rule:
    """A learner who knows the table, the delays and how long access tokens live, and reads the rest off the lab."""

    def __init__(self, run):
        self.run = run
        self.delays = run["propagation"]["planes"]

    def delay(self, plane, region):
        delay = self.delays.get(plane, "immediate")
        if isinstance(delay, dict) and "fixed" not in delay:
            delay = delay.get(region, "immediate")
        return 0 if delay == "immediate" else seconds(delay["fixed"])

    def refused(self, question, at):
        """Whether it is refused so many seconds after the first thing that happens."""
        sign_in = next(one for one in self.run["signIns"] if one["id"] == question["signIn"])
        plane = PLANES[question["endpoint"]]
        # Without continuous access evaluation Graph looks at the end alone.
        if plane == "cae" and not sign_in["cp1"]:
            return at >= 3600 - LEAD[self.run["name"]]
        # Microsoft's "refresh tokens": a single-page app's ends a day after the sign-in.
        if plane == "refresh" and sign_in["app"] == "spa" and at >= 86_400 - LEAD[self.run["name"]]:
            return True
        kind = "confidential token" if sign_in["app"] == "web" and plane != "session" else f"{sign_in['method']} {'cookie' if plane == 'session' else 'token'}"
        enabled, cut = True, False
        for what in self.run["happens"]:
            if what["user"] == sign_in["user"] and at >= seconds(what["at"]) + self.delay(plane, question["region"]):
                if "account" in what:
                    enabled = what["account"] == "enabled"
                elif kind in ENDED[what["cause"]]:
                    cut = True
        return cut or not enabled

    def predict(self, question):
        if question["at"] is not None:
            return "refused" if self.refused(question, seconds(question["at"])) else "accepted"
        # No lab waits longer than a day; to the second.
        first = next((at for at in range(90_000) if self.refused(question, at)), None)
        return "never" if first is None else f"PT{first}S"


def at_once(question):
    return "PT0S" if question["at"] is None else "refused"


def sandbox(lapse):
    return f"/tenants/{lapse.control('POST', '/tenants', {'template': 'contoso'})['id']}/lab"


def test_the_labs_that_come_along_are_told_in_three_languages(own):
    titles = [[lab["title"] for lab in own.control("GET", f"/labs?lang={language}")["items"]] for language in ("en", "es", "pt")]
    assert [lab["name"] for lab in own.control("GET", "/labs")["items"]] == NAMES
    assert all(len(set(names)) == 3 for names in zip(*titles, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_who_predicts_by_the_rule_scores_full_and_who_expects_all_at_once_does_not(own, name):
    lab = sandbox(own)
    for changed in (False, True):
        run = own.control("POST", lab, {"name": name, "changed": changed})
        own.control("POST", f"{lab}/predictions", {question["id"]: Rule(run).predict(question) for question in run["questions"]})
        over = own.control("POST", f"{lab}/play", {})
        told = [(question["id"], question["prediction"], question["outcome"]["answer"]) for question in over["questions"]]
        assert over["over"] and over["points"] == over["possible"], told
        if not changed:
            assert over["change"] and over["explanation"]
    run = own.control("POST", lab, {"name": name})
    own.control("POST", f"{lab}/predictions", {question["id"]: at_once(question) for question in run["questions"]})
    over = own.control("POST", f"{lab}/play", {})
    assert over["points"] < over["possible"]


def test_a_kill_in_the_middle_loses_no_step(launch, tmp_path):
    process = launch(tmp_path, *PORTS, data_dir=tmp_path / "data")
    lab = sandbox(process.lapse)
    process.lapse.control("POST", lab, {"name": "lost-laptop", "language": "pt"})
    process.lapse.control("POST", f"{lab}/predictions", {"phone-after-1-minute": "accepted", "graph-from": "50m"})
    before = process.lapse.control("POST", f"{lab}/play", {"steps": 2})
    process.kill()
    after = launch(tmp_path, *PORTS, data_dir=tmp_path / "data").lapse
    assert after.control("GET", lab) == before
    over = after.control("POST", f"{lab}/play", {})
    assert over["language"] == "pt" and over["points"] == 2
    assert len(after.control("GET", f"{lab.removesuffix('/lab')}/revocations")["items"]) == 1


# MARK: The command

def lab(folder, *arguments, stdin="", code=0):
    run = subprocess.run([needs.lapse(), "lab", *arguments], cwd=folder, input=stdin, text=True, capture_output=True, timeout=60)
    assert run.returncode == code, run.stdout + run.stderr
    return run.stdout if code == 0 else run.stderr


@pytest.mark.parametrize("name", NAMES)
def test_each_lab_ends_by_itself(tmp_path, name):
    said = lab(tmp_path, name, "--auto", "--csv", "points.csv")
    assert "(a, r)" not in said and "Score" not in said
    with open(tmp_path / "points.csv") as file:
        rows = list(csv.DictReader(file))
    assert {row["lab"] for row in rows} == {name} and {row["changed"] for row in rows} == {"true", "false"}
    assert all(row["answer"] and row["prediction"] == "" and row["points"] == "0" for row in rows)
    assert [path.name for path in tmp_path.iterdir()] == ["points.csv"]


def test_it_is_played_at_the_terminal_in_the_learners_language(tmp_path):
    answers = "a\nr\nperhaps\na\n\n50m\nn\n"
    said = lab(tmp_path, "lost-laptop", "--lang", "es", "--csv", "points.csv", stdin=answers)
    assert "El portátil perdido" in said and "Puntuación: 4 / 5" in said and "Revocar" in said and "**" not in said
    # What is no answer is asked for again.
    assert "must be accepted or refused" in said
    with open(tmp_path / "points.csv") as file:
        assert [row["points"] for row in csv.DictReader(file)] == ["1", "1", "1", "0", "1"]


def test_it_is_played_on_a_running_lapse(own, tmp_path):
    before = len(own.control("GET", "/tenants")["items"])
    said = lab(tmp_path, "cae", "--auto", "--server", own.http, "--json")
    assert '"name":"cae"' in said
    assert len(own.control("GET", "/tenants")["items"]) == before + 1


@pytest.mark.parametrize("arguments, complaint, code", [
    (["nothing"], "'nothing' is no file and none of: lost-laptop", 64), (["lost-laptop", "--lang", "fr"], "must be one of: en, es, pt", 64),
    (["--auto"], "there is no lab to play", 64), (["nowhere.yaml"], "nowhere.yaml", 1), (["bad.yaml"], "bad.yaml: questions[0].signIn: names none of signIns", 1),
    (["lost-laptop", "--auto", "--csv", "/nowhere/points.csv"], "--csv: cannot write", 1),
    (["lost-laptop", "--auto", "--server", "http://localhost:1"], "nothing answers at http://localhost:1", 1),
])
def test_what_cannot_be_played_is_said(tmp_path, arguments, complaint, code):
    (tmp_path / "bad.yaml").write_text("""
name: bad
title: Bad
situation: So.
signIns: [{id: phone, user: adele, app: native}]
happens: [{user: adele, cause: adminRevoke}]
questions: [{id: a, ask: Well, endpoint: token, signIn: laptop}]
explanation: So.
""")
    assert complaint in lab(tmp_path, *arguments, code=code)
