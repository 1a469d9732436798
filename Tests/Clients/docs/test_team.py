"""One Lapse for a team: the page, behind Debian's HAProxy, in namespaces where its names, files and ports are free."""

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest

import chromium
import needs
import tour
from lab import ADELE, NATIVE, PASSWORD

PAGE = (tour.ROOT / "docs" / "team.md").read_text()
FIRST, SECOND = "https://lapse.team.example", "https://lapse-2.team.example"

# As Debian 12 ships it, but for whom it runs as and what it logs to.
DEBIANS = """\
global
\tmaxconn 1000

defaults
\tmode http
\ttimeout connect 5000
\ttimeout client 50000
\ttimeout server 50000

"""

# One holds the namespaces until its input ends, and takes what it started along.
SETUP = """
mkdir etc lib
cp -dR /etc/. etc 2>/dev/null || true
mount --bind etc /etc
mount --bind lib /var/lib
mkdir -p /var/lib/lapse /etc/haproxy /etc/systemd/system
ip link set lo up
ip address add 10.0.0.12/32 dev lo
echo "127.0.0.1 localhost lapse.team.example lapse-2.team.example unknown.team.example" > /etc/hosts
cat company-ca.pem >> /etc/ssl/certs/ca-certificates.crt
cp lapse.pem /etc/haproxy/lapse.pem
trap 'kill $(jobs -p); wait' EXIT
bash -eu server.sh
set -a; . /etc/lapse.env; set +a
$FIRST --ready-file first.json > first.log 2>&1 &
$SECOND --ready-file second.json > second.log 2>&1 &
until [ -e first.json ] && [ -e second.json ]; do kill -0 %1 && kill -0 %2; sleep 0.05; done
cp second/ca.pem /etc/haproxy/lapse-2-ca.pem
cp haproxy.cfg /etc/haproxy/haproxy.cfg
haproxy -c -f /etc/haproxy/haproxy.cfg
haproxy -db -f /etc/haproxy/haproxy.cfg > haproxy.log 2>&1 &
until curl -s -o /dev/null https://lapse.team.example/; do kill -0 %3; sleep 0.05; done
echo "$LAPSE_CONTROL_TOKEN"
read -r _ || true
"""


def block(kind, answer=False):
    """The block of this kind, or the answer that is printed below it."""
    found = re.search(rf"^```{kind}\n(.*?)```" + (r"\n```text\n(.*?)```" if answer else ""), PAGE, re.MULTILINE | re.DOTALL)
    assert found, kind
    return found.group(2 if answer else 1)


def served(lines, folder=None):
    """The command line of the unit, for the program under test."""
    command = re.search(r"^ExecStart=(.*)$", lines, re.MULTILINE).group(1)
    command = command.replace("/usr/bin/lapse", shlex.quote(needs.lapse()), 1)
    return command.replace("/var/lib/lapse", folder) if folder else command


class Team:
    """Both machines of the page in one: two Lapses, and HAProxy before them."""

    def __init__(self, folder):
        self.folder = folder
        # What a person elsewhere has: the program, Python with MSAL, and nothing of Lapse's data.
        self.home = folder / "home"
        (self.home / "bin").mkdir(parents=True)
        for name, program in (("lapse", needs.lapse()), ("python3", sys.executable)):
            path = self.home / "bin" / name
            path.write_text(f'#!/bin/sh\nexec {shlex.quote(program)} "$@"\n')
            path.chmod(0o755)
        (self.home / "test_app.py").write_text(block("python test_app"))
        (self.home / "pipeline.sh").write_text(block("sh pipeline"))
        self._certify()
        (folder / "server.sh").write_text(block("sh server"))
        (folder / "haproxy.cfg").write_text(DEBIANS + "\n".join(re.findall(r"^```text haproxy\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)))
        for name in ("haproxy", "ip", "nsenter"):
            needs.program(name)
        setup = SETUP.replace("$FIRST", served(block("ini unit"))).replace("$SECOND", served(block("text second"), "second"))
        with (folder / "setup.log").open("w") as log:
            self._process = subprocess.Popen(
                ["unshare", "--map-root-user", "--net", "--mount", "bash", "-eu", "-c", setup], cwd=folder,
                env=self.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        lines = iter(self._process.stdout.readline, "")
        self.token = next((line.strip() for line in lines if re.fullmatch(r"[0-9a-f]{32}\n", line)), None)
        if self.token is None:
            pytest.fail("".join((folder / name).read_text() for name in ("setup.log", "first.log", "second.log") if (folder / name).exists()))

    def _certify(self):
        """A CA of the company, and its certificate for both names."""
        script = """
        new="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        openssl req -x509 $new -keyout company-key.pem -out company-ca.pem -days 2 -subj "/CN=Team CA"
        openssl req $new -keyout key.pem -out request.pem -subj "/CN=lapse.team.example"
        printf 'subjectAltName=DNS:lapse.team.example,DNS:*.team.example' > names
        openssl x509 -req -in request.pem -CA company-ca.pem -CAkey company-key.pem -days 2 -extfile names -out certificate.pem
        cat certificate.pem key.pem > lapse.pem
        """
        subprocess.run(["bash", "-eu", "-c", script], cwd=self.folder, check=True, capture_output=True)

    def environment(self, **more):
        return {"PATH": f"{self.home / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin", "HOME": str(self.home), "LANG": "C.UTF-8"} | more

    def start(self, *command, **more):
        """Starts a command where the names lead to HAProxy, in the folder of a person who has the token."""
        enter = ["nsenter", "--user", "--net", "--mount", "--preserve-credentials", "--target", str(self._process.pid), f"--wd={self.home}"]
        more = {"LAPSE_CONTROL_TOKEN": self.token, "REQUESTS_CA_BUNDLE": str(self.folder / "company-ca.pem")} | more
        return subprocess.Popen(
            [*enter, *command], env=self.environment(**more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def run(self, script, code=0, **more):
        """What a script prints there."""
        output, errors = (process := self.start("bash", "-euc", script, **more)).communicate(timeout=120)
        assert process.returncode == code, f"{script}\nended with {process.returncode}: {output}{errors}"
        return output

    def curl(self, address, *arguments):
        return self.run(shlex.join(["curl", "-s", *arguments, address]))

    def control(self, path, *arguments, server=FIRST):
        answer = self.curl(
            f"{server}/_lapse/api/{path}", "-H", f"Authorization: Bearer {self.token}", "-H", "Content-Type: application/json", *arguments)
        return json.loads(answer) if answer else None

    def status(self, address, *arguments):
        return int(self.curl(address, "-o", "/dev/null", "-w", "%{http_code}", *arguments))

    def domains(self, server=FIRST):
        return [tenant["domains"][0] for tenant in self.control("tenants", server=server)["items"]]

    def stop(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=15)


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    team = Team(tmp_path_factory.mktemp("team"))
    yield team
    team.stop()


@pytest.fixture
def sandbox(team):
    domain = team.control("tenants", "-d", '{"template":"contoso"}')["domains"][0]
    yield domain
    team.control(f"tenants/{domain}", "-X", "DELETE")


def signed_in(team, tenant, user="adele", scope="openid offline_access User.Read"):
    return team.control(
        f"tenants/{tenant}/grants", "-d", json.dumps({"user": f"{user}@{tenant}", "client_id": NATIVE, "scope": scope}))


def refresh(token):
    return ["-d", "grant_type=refresh_token", "-d", f"client_id={NATIVE}", "-d", f"refresh_token={token}"]


def test_systemd_takes_the_unit(tmp_path):
    unit = tmp_path / "lapse.service"
    unit.write_text(block("ini unit").replace("/usr/bin/lapse", needs.lapse()))
    run = subprocess.run(
        [needs.program("systemd-analyze"), "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60)
    # It looks at the machine's other units too.
    assert run.returncode == 0 and unit.name not in run.stdout + run.stderr, run.stdout + run.stderr


def test_the_commands_answer_what_the_page_prints(team):
    commands = re.findall(r"^```sh team\n(.*?)```\n(?:```text\n(.*?)```)?", PAGE, re.MULTILINE | re.DOTALL)
    assert len(commands) == 2
    # A Lapse of one's own in this folder does not stand in the way: its CA is for localhost, and not for this name.
    own = team.home / ".lapse"
    own.mkdir()
    (own / "ca.pem").write_bytes((team.folder / "second" / "ca.pem").read_bytes())
    script = f"\necho '{tour.MARK}'\n".join(command for command, _ in commands)
    outputs = team.run(script).split(tour.MARK)
    for (command, expected), output in zip(commands, outputs, strict=True):
        assert re.fullmatch(tour.pattern(expected), output.strip()), f"{command}\nanswered\n{output}"

    # What the page says of the file, and of a CA that the machine does not know.
    assert ADELE in (team.home / "team.yaml").read_text()
    made = team.control("tenants", "-d", '{"template":"contoso"}', server=SECOND)["domains"][0]
    team.run(f"lapse reset --seed team.yaml --server {SECOND}")
    assert made not in team.domains(SECOND) and "contoso.example" in team.domains(SECOND)
    unknown = "mount -t tmpfs none /etc/ssl/certs && lapse status --json"
    team.run(f"unshare --mount bash -euc {shlex.quote(unknown)}", LAPSE_SERVER=FIRST, LAPSE_CA=str(team.folder / "company-ca.pem"))
    team.run(f"unshare --mount bash -euc {shlex.quote(unknown)}", code=2, LAPSE_SERVER=FIRST)


def children_of(pid):
    """The processes that it started."""
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [int(child) for child in children.read().split()]


def test_a_pipeline_leaves_no_sandbox_however_it_ends(team):
    before = team.domains()
    assert team.run("bash pipeline.sh").splitlines()[-1].startswith("Removed sbx-")
    assert team.domains() == before

    failing = "sed -i 's/50173/1/' test_app.py; bash pipeline.sh"
    process = team.start("bash", "-c", failing)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and "50173" in errors and "Removed sbx-" in output, output + errors
    assert team.domains() == before

    (team.home / "test_app.py").write_text("print('It runs.', flush=True)\nimport signal\nsignal.pause()\n")
    process = team.start("bash", "pipeline.sh")
    assert process.stdout.readline() == "It runs.\n"
    assert len(team.domains()) == len(before) + 1
    # Both get it, as of a runner that stops a job.
    for each in [*children_of(process.pid), process.pid]:
        os.kill(each, signal.SIGTERM)
    output, errors = process.communicate(timeout=60)
    assert process.returncode != 0 and "Removed sbx-" in output, output + errors
    assert team.domains() == before

    seen = team.run(block("sh curl"), LAPSE_SERVER=FIRST)
    assert '"cause":"adminRevoke"' in seen
    assert team.domains() == before


def test_addresses_and_cookies_are_those_of_the_public_name_whatever_headers_say(team, sandbox):
    told = [
        "-H", "X-Forwarded-Host: evil.example", "-H", "X-Forwarded-Proto: http", "-H", "Forwarded: host=evil.example;proto=http"]
    metadata = json.loads(team.curl(f"{FIRST}/{sandbox}/v2.0/.well-known/openid-configuration", *told))
    addresses = [metadata[name] for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")]
    device = json.loads(team.curl(f"{FIRST}/{sandbox}/oauth2/v2.0/devicecode", *told, "-d", f"client_id={NATIVE}&scope=openid"))
    refused = json.loads(team.curl(f"{FIRST}/{sandbox}/oauth2/v2.0/token", *told, *refresh("nonsense")))
    token = signed_in(team, sandbox, "admin", "User.ReadWrite.All")["access_token"]
    users = json.loads(team.curl(f"{FIRST}/v1.0/users?$top=1", *told, "-H", f"Authorization: Bearer {token}"))
    addresses += [device["verification_uri"], refused["error_uri"], users["@odata.nextLink"]]
    assert all(address.startswith(f"{FIRST}/") for address in addresses), addresses

    form = f"{FIRST}/{sandbox}/oauth2/v2.0/authorize?client_id={NATIVE}&response_type=code&redirect_uri=http://localhost/cb&scope=openid"
    fields = ["--data-urlencode", f"login=adele@{sandbox}", "-d", f"step=signIn&passwd={PASSWORD}&kmsi=1"]
    head = team.curl(form, *told, *fields, "-o", "/dev/null", "-D", "-")
    cookies = [line for line in head.splitlines() if line.lower().startswith("set-cookie: ")]
    assert " 302" in head.splitlines()[0] and cookies, head
    assert all(cookie.endswith("; Secure; HttpOnly; SameSite=None") for cookie in cookies), cookies


def test_the_control_api_answers_to_its_name_with_the_token(team):
    tenants = "_lapse/api/tenants"
    bearer = ["-H", f"Authorization: Bearer {team.token}"]
    assert team.status(f"{FIRST}/{tenants}", *bearer) == 200
    assert team.status(f"{FIRST}/{tenants}") == 401
    # Through HAProxy nobody comes to Lapse by another name; past it, Lapse refuses the name itself.
    assert team.status(f"https://unknown.team.example/{tenants}", *bearer) == 503
    assert team.status(f"{FIRST}/{tenants}", *bearer, "-H", "Host: localhost") == 503
    for host, status in [("lapse.team.example", 200), ("localhost:8080", 200), ("lapse-2.team.example", 403), ("evil.example", 403)]:
        assert team.status(f"http://127.0.0.1:8080/{tenants}", *bearer, "-H", f"Host: {host}") == status, host


def test_two_lapses_behind_one_proxy_share_nothing(team, sandbox):
    token = signed_in(team, sandbox)["refresh_token"]
    assert team.status(f"{FIRST}/{sandbox}/oauth2/v2.0/token", *refresh(token)) == 200
    assert sandbox in team.domains(FIRST) and sandbox not in team.domains(SECOND)
    unknown = json.loads(team.curl(f"{SECOND}/{sandbox}/oauth2/v2.0/token", *refresh(token)))
    assert unknown["error_codes"] == [90002], unknown
    elsewhere = json.loads(team.curl(f"{SECOND}/contoso.example/oauth2/v2.0/token", *refresh(token)))
    assert elsewhere["error"] == "invalid_grant" and elsewhere["error_codes"] != [50173], elsewhere
    issuers = [json.loads(team.curl(f"{server}/contoso.example/discovery/v2.0/keys"))["keys"][0] for server in (FIRST, SECOND)]
    assert issuers[0]["kid"] != issuers[1]["kid"]
    assert [key["issuer"].partition("/1111")[0] for key in issuers] == [FIRST, SECOND]


@pytest.mark.parametrize("answer, code", [("closed", 52), ("dropped", 52), ("cut", 18)])
def test_an_answer_that_does_not_come_does_not_come_through_the_proxy(team, sandbox, answer, code):
    team.control(f"tenants/{sandbox}/faults", "-d", json.dumps({"match": {"endpoint": "token"}, "effect": {"answer": answer}, "times": 1}))
    token = signed_in(team, sandbox)["refresh_token"]
    ask = shlex.join(["curl", "-s", *refresh(token), f"{FIRST}/{sandbox}/oauth2/v2.0/token"])
    team.run(ask, code=code)
    assert "access_token" in team.run(ask)
    refreshed = team.control(f"tenants/{sandbox}/events?type=tokenRefreshed")["items"]
    assert len(refreshed) == (1 if answer == "closed" else 2)
    assert len(team.control(f"tenants/{sandbox}/events?type=faultHit")["items"]) == 1


# How long the proxy leaves a connection open on which nothing more is asked.
RESTING = """
import http.client, sys, time
connection = http.client.HTTPSConnection("lapse.team.example")
connection.request("GET", "/_lapse/ca.pem")
assert connection.getresponse().read()
began = time.monotonic()
assert connection.sock.recv(1) == b""
print(time.monotonic() - began)
"""


@pytest.mark.long
def test_waits_of_a_minute_gates_and_streams_live_behind_the_proxy(team, sandbox):
    team.control(f"tenants/{sandbox}/propagation", "-X", "PUT", "-d", '{"planes":{"refresh":"manual"}}')
    token = signed_in(team, sandbox)["refresh_token"]
    revoked = team.control(f"tenants/{sandbox}/revocations", "-d", json.dumps({"user": f"adele@{sandbox}", "cause": "adminRevoke"}))
    team.control(f"tenants/{sandbox}/gates/redeem.beforeDecision", "-X", "PUT", "-d", '{"closed":true}')
    bearer = ["-H", f"Authorization: Bearer {team.token}"]
    timed = ["-s", "-w", " %{http_code} %{time_total}"]
    began = time.monotonic()
    stream = team.start("curl", "-sN", *bearer, f"{FIRST}/_lapse/api/tenants/{sandbox}/events/stream?type=revoked&user=alex@{sandbox}")
    wait = team.start("curl", *timed, *bearer, f"{FIRST}/_lapse/api/tenants/{sandbox}/revocations/{revoked['id']}?wait=PT1M")
    rest = team.start("python3", "-c", RESTING, SSL_CERT_FILE=str(team.folder / "company-ca.pem"))
    gate = team.start("curl", *timed, *refresh(token), f"{FIRST}/{sandbox}/oauth2/v2.0/token")
    with contextlib.ExitStack() as stack:
        stack.callback(stream.kill)
        for held, said in [(wait, '"effective":false'), (gate, '"access_token"')]:
            output, errors = held.communicate(timeout=90)
            *body, status, seconds = output.rsplit(" ", 2)
            assert status == "200" and said in body[0] and float(seconds) >= 59, output + errors
        assert time.monotonic() - began >= 59
        output, errors = rest.communicate(timeout=30)
        assert rest.returncode == 0 and 29 <= float(output) < 55, output + errors
        team.control(f"tenants/{sandbox}/revocations", "-d", json.dumps({"user": f"alex@{sandbox}", "cause": "adminRevoke"}))
        assert any('"type":"revoked"' in line for line in iter(stream.stdout.readline, "")), "the stream ended"


# The browser runs in the namespaces, where the names lead; the tests drive it from without, by what it prints.
SEEN = """
import json, sys
from playwright.sync_api import sync_playwright
import chromium
program, server, token, user, password = sys.argv[1:]
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=program, args=chromium.ARGUMENTS)
    context = browser.new_context()
    page = context.new_page()
    page.goto(server + "/")
    page.get_by_label("This Lapse wants its control token").fill(token)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Contoso").wait_for()
    start = page.locator("body").inner_text()
    page.get_by_role("link", name="Dashboard").click()
    chromium.until(page, "document.getElementById('connection')?.textContent === 'Live'")
    page.goto(server + "/_lapse/app/")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("[name=login]").fill(user)
    page.locator("[name=passwd]").fill(password)
    page.locator("button.main").click()
    page.get_by_role("heading", name="Signed in as " + user).wait_for()
    page.get_by_role("button", name="Call Graph").click()
    page.get_by_text("Graph answered: Adele Vance.").wait_for()
    cookies = [cookie for cookie in context.cookies(server) if cookie["name"].startswith("ESTS")]
    print(json.dumps({"start": start, "cookies": cookies}))
    browser.close()
"""


def test_start_page_dashboard_and_sample_app_live_under_the_name(team):
    home = team.folder / "browser"
    environment = chromium.trusting(home, str(team.folder / "company-ca.pem"))
    process = team.start(
        "python3", "-c", SEEN, needs.program("chromium"), FIRST, team.token, ADELE, PASSWORD, HOME=environment["HOME"],
        PYTHONPATH=str(tour.ROOT / "Tests" / "Clients" / "support"))
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    seen = json.loads(output)
    assert f'authority="{FIRST}/contoso.example"' in seen["start"]
    # Lapse's own CA is not met here.
    assert "ca.pem" not in seen["start"] and "The local CA" not in seen["start"]
    assert seen["cookies"] and all((cookie["secure"], cookie["sameSite"]) == (True, "None") for cookie in seen["cookies"])
