"""`lapse check` on apps that listen and wait for somebody: web apps, apps on a device, several of them; and what it says when nothing was met."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap

import pytest
import xmlschema

import needs
from lab import ADELE, ALEX, DAEMON, NATIVE, WEB

GOOD, FAILED, BAD, UNTESTED = 0, 1, 2, 3

# A confidential web app with a session cookie and its tokens on the server, in the standard library. KEEPS: it keeps its session.
WEB_APP = """
import http.server, json, os, secrets, ssl, sys, time, urllib.error, urllib.parse, urllib.request

AUTHORITY, PORT = os.environ["LAPSE_AUTHORITY"] + "/oauth2/v2.0", int(os.environ.get("PORT", 0))
APP = {"client_id": os.environ["LAPSE_CLIENT_ID"], "client_secret": os.environ["LAPSE_CLIENT_SECRET"]}
TRUST = ssl.create_default_context(cafile=os.environ["LAPSE_CA"])
SCOPE = "openid offline_access User.Read"
sessions = {}

def token(**form):
    for pause in (0, 0.5, 1, 2):
        time.sleep(pause)
        try:
            return json.load(urllib.request.urlopen(AUTHORITY + "/token", urllib.parse.urlencode({**APP, **form}).encode(), context=TRUST))
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return json.load(error)
        except OSError:
            pass

class App(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass

    def answer(self, status, body="", **headers):
        self.send_response(status)
        for name, value in {"Content-Type": "text/html", "Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        redirect = f"http://localhost:{self.server.server_port}/auth/callback"
        session = (self.headers["Cookie"] or "").partition("session=")[2]
        if url.path == "/ready":
            return self.answer(200, "yes")
        if url.path == "/auth/callback":
            tokens = token(grant_type="authorization_code", code=dict(urllib.parse.parse_qsl(url.query))["code"], redirect_uri=redirect)
            if "refresh_token" in tokens:
                session = secrets.token_hex(8)
                sessions[session] = tokens["refresh_token"]
                return self.answer(302, Location="/", Set_Cookie=f"session={session}; Path=/; HttpOnly")
        elif session in sessions:
            tokens = token(grant_type="refresh_token", refresh_token=sessions[session], scope=SCOPE)
            if "refresh_token" in tokens:
                sessions[session] = tokens["refresh_token"]
                return self.answer(200, "Hello")
            if os.environ.get("KEEPS"):
                return self.answer(200, "Hello")
            del sessions[session]
        self.answer(302, Location=AUTHORITY + "/authorize?" + urllib.parse.urlencode({
            "client_id": APP["client_id"], "response_type": "code", "redirect_uri": redirect, "scope": SCOPE, "state": "here"}))

http.server.ThreadingHTTPServer(("127.0.0.1", PORT or int(sys.argv[1])), App).serve_forever()
"""


@pytest.fixture
def check(tmp_path):
    """`lapse check OPTIONS -- COMMAND` in a folder of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    (tmp_path / "quick.yaml").write_text("{name: quick, steps: [{wait: {type: tokenRefreshed, within: 3s}}]}")
    (tmp_path / "app.py").write_text(WEB_APP)

    def check(*options, command=None, timeout=120, **variables):
        return subprocess.run(
            [needs.lapse(), "check", *options, "--", *(command or [sys.executable, "app.py"])], cwd=tmp_path,
            env=environment | variables, capture_output=True, text=True, timeout=timeout)

    check.folder, check.environment = tmp_path, environment
    return check


VISITED = ["--client", "web", "--visit", "http://localhost:{port}/", "--ready-url", "http://localhost:{port}/ready"]


def test_a_web_app_is_used_by_somebody_and_judged(check):
    done = check(*VISITED, "--every", "PT0.3S", "--keep", "kept")
    assert done.returncode == GOOD, (done.stdout, done.stderr)
    assert "Lapse Web: good" in done.stdout and "signsInAgain (adele@contoso.example)" in done.stdout
    # The numbers of the report's events lead somewhere.
    [numbers] = re.findall("Events: (.*)", done.stdout)
    kept = check.folder / "kept"
    events = (kept / "events.txt").read_text().splitlines()
    named = [line for line in events if line.split()[0] in numbers.split(", ")]
    assert [line.split()[2] for line in named] == ["refreshRefused", "signInRequested", "codeRedeemed"] or "codeIssued" in named[1], named
    assert json.loads((kept / "report.json").read_text())["verdict"] == "good"
    assert "<svg" in (kept / "timeline-adele.svg").read_text() and "signsInAgain" in (kept / "report.html").read_text()
    assert "kept/events.txt" in done.stderr


def test_a_web_app_that_keeps_its_session_is_bad(check):
    done = check(*VISITED, "--every", "PT0.3S", KEEPS="1")
    assert done.returncode == BAD, (done.stdout, done.stderr)
    assert "fail: " in done.stdout and "Verdict: bad" in done.stdout


def test_every_scenario_is_played_in_a_sandbox_of_its_own(check):
    done = check("--all", *VISITED, "--every", "PT0.3S", "--junit", "all.xml", "--json-file", "all.json", "--keep", "kept")
    report = json.loads((check.folder / "all.json").read_text())
    verdicts = {run["name"]: run["verdict"] for run in report["scenarios"]}
    assert list(verdicts) == [
        "lost-laptop", "password-reset", "offboarding", "flapping-regions", "cae", "outage-then-revoke", "dropped-answer",
        "agent-overnight"]
    assert set(verdicts.values()) == {"good"} and done.returncode == GOOD, (done.stdout, done.stderr)
    people = {
        incident["userPrincipalName"] for run in report["scenarios"] for client in run["report"]["clients"] for incident in client["incidents"]}
    assert len(people) == 8 and all(person.startswith("adele@sbx-") for person in people)
    assert {path.name for path in (check.folder / "kept").iterdir()} == set(verdicts)
    schema = xmlschema.XMLSchema(needs.junit_schema())
    schema.validate(str(check.folder / "all.xml"))
    suites = schema.to_dict(str(check.folder / "all.xml"))["testsuite"]
    assert {suite["@name"] for suite in suites} >= {f"{name}: Lapse Web" for name in verdicts}
    assert re.search(r"^lost-laptop +good$", done.stdout, re.MULTILINE) and done.stdout.endswith("Verdict: good\n")


def test_an_app_at_a_fixed_port_is_started_anew_for_each_scenario(check):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = check(
        "--all", "--client", "web", "--visit", f"http://localhost:{port}/", "--every", "PT0.2S", "--format", "json",
        command=[sys.executable, "app.py", str(port)], timeout=180)
    report = json.loads(done.stdout)
    assert report["verdict"] == "good" and len(report["scenarios"]) == 8 and done.returncode == GOOD, done.stderr


def test_two_people_have_browsers_of_their_own(check):
    done = check(*VISITED, "--every", "PT0.3S", "--user", "adele", "--user", "alex", "--keep", "kept")
    assert done.returncode == GOOD, (done.stdout, done.stderr)
    events = json.loads((check.folder / "kept/events.json").read_text())
    signed_in = {event["user"] for event in events if event["type"] == "signedIn"}
    refused = {event["user"] for event in events if event["type"] == "refreshRefused"}
    assert len(signed_in) == 2 and len(refused) == 1


def test_the_environment_names_every_app_and_person(check):
    done = check(
        "--scenario", "quick.yaml", "--client", "web", "--client", "daemon", "--user", "alex", "--user", "adele", command=["env"])
    told = dict(line.split("=", 1) for line in done.stderr.splitlines() if line.startswith("LAPSE_"))
    assert (told["LAPSE_CLIENT_ID"], told["LAPSE_CLIENT_ID_2"]) == (WEB, DAEMON)
    assert (told["LAPSE_CLIENT_SECRET"], told["LAPSE_CLIENT_SECRET_2"]) == ("lapse-web-secret", "lapse-daemon-secret")
    assert (told["LAPSE_USER"], told["LAPSE_USER_2"], told["LAPSE_PASSWORD_2"]) == (ALEX, ADELE, "Passw0rd!")


def curl(form, path="token"):
    fields = " ".join(f"--data-urlencode '{name}={value}'" for name, value in form.items())
    return ["sh", "-c", f"curl -s $LAPSE_AUTHORITY/oauth2/v2.0/{path} -d client_id=$LAPSE_CLIENT_ID {fields}; exec sleep 60"]


@pytest.mark.parametrize(("command", "options", "reason"), [
    (["sleep", "60"], [], "nothing reached Lapse: the command never came to the authority that LAPSE_AUTHORITY names. Is it a server? Then somebody has to use it: --visit URL"),
    (["true"], [], "nothing reached Lapse:"),
    (["sh", "-c", "curl -s $LAPSE_AUTHORITY/v2.0/.well-known/openid-configuration; exec sleep 60"], [], "the app read Lapse's metadata, and asked for no token and for no sign-in"),
    (curl({"scope": "User.Read"}, "devicecode"), [], "was never entered; --approve-devices enters such codes"),
    (curl({"scope": "User.Read"}, "devicecode"), ["--approve-devices"], "the device's code was entered, and the app never asked for its tokens"),
    (curl({"grant_type": "password", "username": ADELE, "password": "Passw0rd!", "scope": "User.Read offline_access"}), [],
     "the app never asked for a token again: its access token is good till "),
    (curl({"grant_type": "password", "username": ADELE, "password": "wrong", "scope": "User.Read"}), [],
     "the sign-in was refused with AADSTS50126 (InvalidUserNameOrPassword)"),
    (curl({"grant_type": "client_credentials", "client_secret": "lapse-daemon-secret", "scope": "https://graph.microsoft.com/.default"}),
     ["--client", "daemon"], "the app asked for tokens on its own, and nobody's sign-ins can be revoked for those; --scenario daemon-outage"),
    (curl({"grant_type": "client_credentials", "client_secret": "wrong", "scope": "https://graph.microsoft.com/.default"}),
     ["--client", "daemon"], "the token endpoint refused the app with AADSTS7000215, and it got no token"),
])
def test_when_nothing_was_met_the_reason_is_told(check, command, options, reason):
    done = check("--scenario", "quick.yaml", *options, command=command)
    assert done.returncode == UNTESTED, (done.stdout, done.stderr)
    assert re.search("quick: step 1 waited in vain for tokenRefreshed; (the app did nothing of the kind|the command had ended)", done.stderr)
    assert f"lapse: {reason}" in done.stderr or re.search(f"lapse: the device code [A-Z0-9]{{9}} {re.escape(reason)}", done.stderr), done.stderr


def test_an_app_that_does_not_declare_cp1_is_told_so(check):
    (check.folder / "cae.yaml").write_text(
        "{name: challenged, needs: cp1, steps: [{wait: {type: signedIn}}, {call: POST revocations, body: {user: '{user}', cause: adminRevoke}}, "
        "{wait: {type: accessChallenged, within: 2s}}]}")
    done = check(
        "--scenario", "cae.yaml",
        command=curl({"grant_type": "password", "username": ADELE, "password": "Passw0rd!", "scope": "User.Read offline_access"}))
    assert done.returncode == UNTESTED
    assert "no token carried xms_cc, so that no resource could challenge it (the app does not declare the client capability cp1)" in done.stderr


def test_the_wait_says_what_has_come_so_far(check):
    (check.folder / "slow.yaml").write_text("{name: slow, steps: [{wait: {type: tokenRefreshed, within: 11s}}]}")
    done = check("--scenario", "slow.yaml", command=curl({"scope": "User.Read"}, "devicecode"))
    assert "slow: step 1 waits for tokenRefreshed, for 3 s of 11 s; so far: 1 × devicecode\n" in done.stderr
    assert "slow: step 1 waits for tokenRefreshed, for 10 s of 11 s; so far: 1 × devicecode\n" in done.stderr


def test_an_app_on_a_device_is_let_in(check):
    (check.folder / "device.py").write_text(textwrap.dedent("""
        import os, time, msal
        app = msal.PublicClientApplication(os.environ["LAPSE_CLIENT_ID"], authority=os.environ["LAPSE_AUTHORITY"], instance_discovery=False)
        def sign_in():
            return app.acquire_token_by_device_flow(app.initiate_device_flow(["User.Read"]))
        sign_in()
        for _ in range(20):
            [account] = app.get_accounts()
            if "access_token" not in (app.acquire_token_silent_with_error(["User.Read"], account) or {}):
                sign_in()
                break
            time.sleep(0.3)
        """))
    # MSAL asks every five seconds whether the code was entered.
    done = check("--approve-devices", "--grace", "30s", command=[sys.executable, "device.py"])
    assert done.returncode == GOOD, (done.stdout, done.stderr)
    assert "signsInAgain" in done.stdout


def test_a_daemon_is_judged_by_what_a_daemon_meets(check):
    (check.folder / "daemon.py").write_text(textwrap.dedent("""
        import os, time, msal
        # Started anew for each job, as by cron: MSAL keeps neither a token nor a failure.
        for job in range(8):
            app = msal.ConfidentialClientApplication(
                os.environ["LAPSE_CLIENT_ID"], os.environ["LAPSE_CLIENT_SECRET"], authority=os.environ["LAPSE_AUTHORITY"],
                instance_discovery=False)
            try:
                app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
                time.sleep(0.3)
            except msal.exceptions.MsalServiceError:
                time.sleep(2)
        """))
    done = check("--all", "--client", "daemon", command=[sys.executable, "daemon.py"])
    assert done.returncode == GOOD, (done.stdout, done.stderr)
    assert re.search("^daemon-outage +good", done.stdout, re.MULTILINE) and "lost-laptop" not in done.stdout


def test_an_app_that_is_never_ready_fails_the_check(check):
    done = check("--ready-url", "http://localhost:{port}/ready", "--client", "web", command=["sh", "-c", "exit 0"])
    assert done.returncode == FAILED and re.search("--ready-url: http://localhost:[0-9]+/ready was not ready within 1 min: the command had ended", done.stderr)


def test_an_interrupt_prints_what_is_known(check):
    (check.folder / "long.yaml").write_text("{name: long, steps: [{wait: {type: accessChallenged}}]}")
    process = subprocess.Popen(
        [needs.lapse(), "check", "--scenario", "long.yaml", *VISITED, "--every", "PT0.2S", "--", sys.executable, "app.py"], cwd=check.folder, env=check.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "step 1 waits" in line:
            break
    process.send_signal(signal.SIGINT)
    shown, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "it was stopped; this is what is known so far" in said and "long:\nLapse Web: " in shown


def test_mistakes_are_told_before_anything_is_started(check):
    for options, said in [
        (["--all", "--scenario", "cae"], "--all and --scenario exclude each other"), (["--jobs", "2"], "--jobs goes with --all"),
        (["--every", "1s"], "--every goes with --visit"), (["--visit", "localhost"], "--visit: 'localhost' is not an address"),
        (["--ready-url", "ftp://x/"], "--ready-url: 'ftp://x/' is not an address"), (["--client", "moon"], "--client: 'moon' must be one of native, web"),
        (["--user", "moon"], "--user: 'moon' must be one of adele@contoso.example"), (["--all", "--html", "x.html"], "--html: with --all, --keep FOLDER"),
        (["--keep", "app.py"], "--keep: cannot make the folder app.py"),
    ]:
        done = check(*options, command=["touch", "started"])
        assert done.returncode == 64 and said in done.stderr, (options, done.stderr)
    assert not (check.folder / "started").exists()


def test_a_seed_may_leave_its_ids_out(check):
    (check.folder / "seed.yaml").write_text(textwrap.dedent("""
        tenants:
          - name: Tailspin
            domains: [tailspin.example]
            users: [{userPrincipalName: wren@tailspin.example, password: Wren-2026!}]
            apps: [{name: Tailspin Web, kind: confidential, secrets: [a-secret-of-tailspin], redirectUris: [http://localhost/auth/callback],
                    delegated: [openid, offline_access, User.Read]}]
        """))
    done = check("--seed", "seed.yaml", *VISITED[2:], "--every", "PT0.3S")
    assert done.returncode == GOOD, (done.stdout, done.stderr)
    assert "Tailspin Web: good" in done.stdout and "wren@tailspin.example" in done.stdout and NATIVE not in done.stdout
