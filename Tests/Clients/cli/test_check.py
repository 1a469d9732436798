"""`lapse check` and `lapse report`, as a build server runs them: in a fresh folder, on apps that know nothing of Lapse but their
environment."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time

import pytest
import xmlschema

import chromium
import needs
from lab import ADELE, NATIVE

GOOD, FAILED, BAD, UNTESTED = 0, 1, 2, 3

MSAL = """
import os, time
import msal, requests

app = msal.PublicClientApplication(
    os.environ["LAPSE_CLIENT_ID"], authority=os.environ["LAPSE_AUTHORITY"], instance_discovery=False, client_capabilities=CAPABLE)

def silently(account, claims):
    for pause in (0.3, 0.6, 1.2, 2.4):
        try:
            return app.acquire_token_silent(["User.Read"], account, claims_challenge=claims)
        except (requests.ConnectionError, msal.exceptions.MsalServiceError):
            time.sleep(pause)  # The answer failed or was lost on its way: the token that MSAL has is as good as before.
    return None

def token(claims=None):
    for account in app.get_accounts():
        result = silently(account, claims)
        if result and "access_token" in result:
            return result["access_token"]
    result = app.acquire_token_interactive(["User.Read"], claims_challenge=claims, timeout=30)
    if "error" in result:
        # The browser's own session is of before the revoke, and a region that had not heard of it took it: only a credential helps.
        result = app.acquire_token_interactive(["User.Read"], claims_challenge=claims, timeout=30, prompt="login")
    return result["access_token"]

bearer = token()
for _ in range(ROUNDS):
    answer = requests.get(os.environ["LAPSE_GRAPH"] + "/v1.0/me", headers={"Authorization": "Bearer " + bearer})
    challenge = msal_challenge(answer)
    bearer = token(challenge)
    time.sleep(0.3)
"""
CHALLENGE = """
import base64, re

def msal_challenge(answer):
    found = re.search('claims="([^"]+)"', answer.headers.get("WWW-Authenticate", ""))
    return base64.b64decode(found.group(1)).decode() if found else None
"""
BAD_APP = """
import os, time
import requests

# One connection: a handshake on a busy machine takes as long as the pause by which the judge knows a patient app.
session = requests.Session()

def post(form):
    return session.post(
        os.environ["LAPSE_AUTHORITY"] + "/oauth2/v2.0/token", {"client_id": os.environ["LAPSE_CLIENT_ID"], **form}).json()

tokens = post({"grant_type": "password", "username": os.environ["LAPSE_USER"], "password": os.environ["LAPSE_PASSWORD"],
    "scope": "openid offline_access User.Read"})
for _ in range(120):
    answer = post({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    tokens = answer if "refresh_token" in answer else tokens
    time.sleep(0.05)
"""


def msal_app(rounds=16, capable=None):
    return CHALLENGE + MSAL.replace("ROUNDS", str(rounds)).replace("CAPABLE", repr(capable))


@pytest.fixture
def run(tmp_path):
    """`lapse ARGS` in a folder of its own, where nothing else is."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    # Where requests finds the CA is what `lapse check` says, whatever is set on this machine.
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        environment.pop(name, None)
    program = needs.lapse()

    def run(*arguments, timeout=120):
        return subprocess.run(
            [program, *map(str, arguments)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=timeout)

    run.folder, run.program, run.environment = tmp_path, program, environment
    return run


def check(run, app, *options):
    (run.folder / "app.py").write_text(textwrap.dedent(app))
    return run("check", *options, "--", sys.executable, "app.py")


@pytest.mark.parametrize("scenario", ["lost-laptop", "password-reset", "flapping-regions", "dropped-answer"])
def test_an_app_on_msal_is_good(run, scenario):
    done = check(run, msal_app(), "--scenario", scenario)
    assert done.returncode == GOOD, (done.stdout, done.stderr)
    assert "Lapse Native: good" in done.stdout and done.stdout.endswith("Verdict: good\n")


def test_an_app_on_msal_is_good_in_every_scenario_side_by_side(run, record_property):
    begun = time.monotonic()
    done = check(run, msal_app(capable=["CP1"]), "--all")
    assert done.returncode == GOOD, (done.stdout, done.stderr)
    assert re.findall("^([a-z-]+) +good$", done.stdout, re.MULTILINE) == [
        "lost-laptop", "password-reset", "offboarding", "flapping-regions", "cae", "outage-then-revoke", "dropped-answer",
        "agent-overnight"]
    record_property("lapse check --all of an app on MSAL, seconds", round(time.monotonic() - begun))


def test_an_app_that_takes_challenges_is_good_when_it_is_challenged(run):
    done = check(run, msal_app(capable=["CP1"]), "--scenario", "cae")
    assert done.returncode == GOOD, (done.stdout, done.stderr)
    assert "answersChallenge" in done.stdout


@pytest.mark.parametrize("scenario", ["lost-laptop", "password-reset"])
def test_an_app_that_refreshes_meets_the_refusal_before_any_challenge(run, scenario):
    """This one waits between a refresh and the call it is for: a challenge that came with the refusal would be met there, now and then."""
    done = check(run, msal_app(capable=["CP1"]), "--scenario", scenario)
    assert done.returncode == GOOD, (done.stdout, done.stderr)
    assert "signsInAgain" in done.stdout and "answersChallenge" not in done.stdout


def test_an_app_that_holds_on_to_its_token_is_challenged(run):
    done = check(run, """
        import os, requests, time
        tokens = requests.post(os.environ["LAPSE_AUTHORITY"] + "/oauth2/v2.0/token", {
            "client_id": os.environ["LAPSE_CLIENT_ID"], "grant_type": "password", "username": os.environ["LAPSE_USER"],
            "password": os.environ["LAPSE_PASSWORD"], "scope": "openid offline_access User.Read",
            "claims": '{"access_token":{"xms_cc":{"values":["cp1"]}}}'}).json()
        tokens = requests.post(os.environ["LAPSE_AUTHORITY"] + "/oauth2/v2.0/token", {
            "client_id": os.environ["LAPSE_CLIENT_ID"], "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"],
            "claims": '{"access_token":{"xms_cc":{"values":["cp1"]}}}'}).json()
        bearer = {"Authorization": "Bearer " + tokens["access_token"]}
        while (answer := requests.get(os.environ["LAPSE_GRAPH"] + "/v1.0/me", headers=bearer)).status_code == 200:
            time.sleep(0.2)
        print(answer.status_code, answer.headers.get("WWW-Authenticate"))
        """, "--scenario", "lost-laptop")
    assert re.search('401 Bearer .*error="insufficient_claims"', done.stderr), (done.stdout, done.stderr)
    assert "Lapse Native" in done.stdout


def test_an_app_whose_user_left_stops_and_is_good(run):
    done = check(run, """
        import os, requests, time
        def post(form):
            return requests.post(
                os.environ["LAPSE_AUTHORITY"] + "/oauth2/v2.0/token", {"client_id": os.environ["LAPSE_CLIENT_ID"], **form}).json()
        tokens = post({"grant_type": "password", "username": os.environ["LAPSE_USER"], "password": os.environ["LAPSE_PASSWORD"],
            "scope": "openid offline_access User.Read"})
        while "error" not in tokens:
            tokens = post({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
            time.sleep(0.2)
        """, "--scenario", "offboarding")
    assert done.returncode == GOOD, (done.stdout, done.stderr)
    assert "hasNotAskedYet" in done.stdout


@pytest.mark.parametrize("scenario", ["lost-laptop", "password-reset", "offboarding"])
def test_an_app_that_retries_a_dead_token_is_bad(run, scenario):
    done = check(run, BAD_APP, "--scenario", scenario)
    assert done.returncode == BAD, (done.stdout, done.stderr)
    assert "fail: retriesDeadToken" in done.stdout and done.stdout.endswith("Verdict: bad\n")


def test_what_steers_another_lapse_does_not_steer_the_one_of_check(run):
    run.environment.update(LAPSE_CA="/nowhere", LAPSE_CONTROL_TOKEN="another's")
    done = check(run, "print('I need nobody')")
    assert done.returncode == UNTESTED, done.stderr


def test_an_app_that_meets_nothing_is_untested_and_told_why(run):
    done = check(run, "print('I need nobody')")
    assert done.returncode == UNTESTED
    assert "I need nobody" in done.stderr and "I need nobody" not in done.stdout
    assert "waited in vain for tokenRefreshed; the command had ended" in done.stderr


def test_a_command_that_fails_fails_the_check(run):
    assert check(run, "raise SystemExit(7)").returncode != GOOD
    done = check(run, msal_app(8) + "raise SystemExit(7)\n", "--scenario", "dropped-answer")
    assert done.returncode == FAILED, (done.stdout, done.stderr)
    assert "the command ended with 7" in done.stderr and "Verdict: good" in done.stdout


def test_a_command_that_serves_on_is_ended(run):
    begun = time.monotonic()
    done = check(run, msal_app(1000), "--scenario", "lost-laptop", "--grace", "PT2S")
    assert done.returncode == GOOD, (done.stdout, done.stderr)
    assert time.monotonic() - begun < 60


def test_all_formats_say_the_same(run, chrome):
    (run.folder / "expected.yaml").write_text(
        "- {name: signs in again soon, after: revoke, reauthorizesWithin: PT20S, retriesAtMost: 1}\n"
        "- {name: never tries again, after: revoke, retriesAtMost: 0}\n")
    done = check(
        run, BAD_APP, "--expect", "expected.yaml", "--junit", "report.xml", "--html", "report.html", "--json-file", "report.json",
        "--format", "markdown")
    assert done.returncode == BAD, (done.stdout, done.stderr)
    assert done.stdout.startswith("# How the apps reacted: bad\n") and "**fail** `retriesDeadToken`" in done.stdout

    report = json.loads((run.folder / "report.json").read_text())
    [client] = report["clients"]
    [finding] = [each for each in client["findings"] if each["severity"] == "fail"]
    assert (client["client"], client["verdict"], finding["rule"]) == (NATIVE, "bad", "retriesDeadToken")
    assert finding["guidance"]["url"].startswith("https://") and finding["advice"] and len(finding["events"]) > 3
    assert {each["name"]: each["status"] for each in report["expectations"]}["never tries again"] == "failed"

    # JUnit as Jenkins' schema wants it.
    schema = xmlschema.XMLSchema(needs.junit_schema())
    schema.validate(str(run.folder / "report.xml"))
    content = schema.to_dict(str(run.folder / "report.xml"))
    suites = {suite["@name"]: suite for suite in content["testsuite"]}
    assert int(content["@failures"]) == sum(int(suite["@failures"]) for suite in suites.values()) >= 2
    failed = [case["@name"] for case in suites["Lapse Native"]["testcase"] if "failure" in case]
    assert failed == ["retriesDeadToken"]
    assert "never tries again" in [case["@name"] for case in suites["expectations"]["testcase"] if "failure" in case]

    # The page is whole as a file, without a network, and readable.
    for scheme in ("light", "dark"):
        context = chrome.new_context(color_scheme=scheme, offline=True)
        page = context.new_page()
        page.goto((run.folder / "report.html").as_uri())
        assert page.get_by_role("heading", name=re.compile("retriesDeadToken")).is_visible()
        assert page.locator("article.fail svg.timeline .refusal").count() > 3
        page.get_by_text("The events that show it").first.click()
        assert page.get_by_role("row", name=re.compile("refreshRefused, code 50173")).first.is_visible()
        assert page.evaluate(chromium.AUDIT) == []
        context.close()


def test_mistakes_are_told_in_a_line(run):
    (run.folder / "steps.yaml").write_text("name: mine\nsteps: [{wait: {type: nothing}}]\n")
    (run.folder / "expected.yaml").write_text("- {after: noon, retriesAtMost: 1}\n")
    for arguments, said, code, lines in [
        (["check"], "there is no command: lapse check -- COMMAND", 64, 2),
        (["check", "--scenario", "moon", "--", "true"], "--scenario: must be a file or one of: lost-laptop,", 64, 1),
        (["check", "--scenario", "gone.yaml", "--", "true"], "cannot read gone.yaml", FAILED, 1),
        (["check", "--scenario", "steps.yaml", "--", "true"], "steps.yaml: steps[0].wait.type: 'nothing' is not a type of event",
         FAILED, 1),
        (["check", "--grace", "soon", "--", "true"],
         "The value 'soon' is invalid for '--grace <grace>': must be a duration such as 90s, 5m", 64, 2),
        (["check", "--expect", "expected.yaml", "--", "true"], "after: must be one of: revoke,", FAILED, 1),
        (["check", "--html", "no/such/folder.html", "--", "true"], "--html: cannot write no/such/folder.html", FAILED, 1),
    ]:
        done = run(*arguments)
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        assert done.stderr.startswith("lapse: ") and said in done.stderr and len(done.stderr.splitlines()) == lines, done.stderr


def test_an_interrupt_ends_the_command_too(run):
    (run.folder / "app.py").write_text("import time; print('here', flush=True); time.sleep(600)")
    process = subprocess.Popen(
        [run.program, "check", "--", sys.executable, "app.py"], cwd=run.folder, env=run.environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "here\n"
    process.send_signal(signal.SIGINT)
    shown, said = process.communicate(timeout=30)
    assert process.returncode == 130
    # What is known by then is said.
    assert said == "lapse: it was stopped; this is what is known so far\n" and shown.startswith("lost-laptop:\n")
    running = subprocess.run(["pgrep", "-f", str(run.folder)], capture_output=True, text=True).stdout
    assert running == "", said


def test_report_exits_by_what_it_says(lapse, run):
    options = ["--server", lapse.https, "--ca", lapse.ca_file]
    assert run("report", *options).returncode == UNTESTED
    token = lapse.tenant("POST", "grants", {"user": ADELE, "client_id": NATIVE, "scope": "openid offline_access"})["refresh_token"]
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
    lapse.refresh(NATIVE, token)
    done = run("report", *options)
    assert done.returncode == GOOD and "note: hasNotAskedYet" in done.stdout
    for _ in range(3):
        lapse.refresh(NATIVE, token)
    assert run("report", *options).returncode == BAD
    assert json.loads(run("report", *options, "--json").stdout)["verdict"] == "bad"
    assert run("report", *options, "--client", "somebody-else").returncode == UNTESTED
    # An expectation that a file brings is forgotten when the report is made.
    (run.folder / "expected.yaml").write_text("expectations:\n  - {after: refusal, retriesAtMost: 5, client: somebody-else}\n")
    done = run("report", *options, "--client", "somebody-else", "--expect", "expected.yaml")
    assert done.returncode != GOOD and "pending: after refusal" in done.stdout
    assert lapse.tenant("GET", "expectations")["items"] == []


def test_an_expectation_is_answered_while_the_app_runs(lapse):
    made = lapse.tenant("POST", "expectations", {
        "name": "signs in again", "after": "revoke", "client": NATIVE, "user": ADELE, "reauthorizesWithin": "PT2S", "retriesAtMost": 1})
    path = f"expectations/{made['id']}"
    assert made["status"] == "pending"
    grant = {"user": ADELE, "client_id": NATIVE, "scope": "openid offline_access"}
    token = lapse.tenant("POST", "grants", grant)["refresh_token"]
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
    lapse.refresh(NATIVE, token)
    assert lapse.tenant("GET", path)["status"] == "pending"
    # Nobody signs in: when the two seconds are over, that is an answer.
    answered = lapse.tenant("GET", f"{path}?wait=PT8S")
    assert answered["status"] == "failed" and "has not re-authorized" in answered["outcomes"][0]["says"]
    lapse.tenant("DELETE", path)
    assert lapse.tenant("GET", "expectations")["items"] == []
