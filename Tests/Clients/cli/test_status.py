"""`lapse status`: what it says of a server, and by which exit status."""

import contextlib
import http.server
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import threading
import time

import pytest
import requests

import needs
from own_machine import OwnMachine
from serve import PORTS, Process

TOKEN = "a-secret-of-the-lab"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A Lapse with a real data folder: the process."""
    process = Process(tmp_path_factory.mktemp("status"), *PORTS, data_dir=".lapse")
    yield process
    process.stop()


@pytest.fixture
def machine(tmp_path):
    return OwnMachine(tmp_path)


def call(machine, *arguments, code=0, command="status", cwd="/", **environment):
    run = subprocess.run(
        [needs.lapse(), command, *arguments], cwd=cwd, env=machine.environment | environment, capture_output=True, text=True, timeout=60)
    assert run.returncode == code, run.stdout + run.stderr
    return run


def domains(lapse):
    return [tenant["domains"] for tenant in lapse.control("GET", "/tenants")["items"]]


def test_it_says_what_runs_where_and_that_it_works(machine, running):
    before = domains(running.lapse)
    options = ["--server", running.lapse.https, "--ca", running.lapse.ca_file]
    said = json.loads(call(machine, *options, "--json").stdout)
    assert list(said) == ["version", "addresses", "dataFolder", "certificate", "checks"]
    assert said["version"] == running.lapse.control("GET", "/health")["version"]
    assert said["addresses"] == {"https": running.lapse.https, "http": running.lapse.http}
    assert said["dataFolder"]["path"] == f"{running.folder}/.lapse" and said["dataFolder"]["bytes"] > 10_000
    assert list(said["certificate"]) == ["names", "endsAt", "trustedBy"]
    assert said["certificate"]["names"] == ["localhost", "*.localhost", "127.0.0.1", "::1"]
    assert said["certificate"]["trustedBy"] == []
    assert [(check["name"], check["ok"]) for check in said["checks"]] == [
        (name, True) for name in ("certificate", "discovery", "keys", "sandbox", "mint", "refusedRefresh", "cleanup")]
    assert domains(running.lapse) == before
    # The same for a person, under the other name.
    lines = call(machine, *options, command="doctor").stdout.splitlines()
    assert lines[0] == f"Lapse {said['version']} answers at {running.lapse.https}"
    assert [line.split()[:2] for line in lines[-7:]] == [["ok", check["name"]] for check in said["checks"]]
    assert any("invalid_grant, 50173" in line for line in lines)


def test_it_says_which_stores_trust_the_ca(machine, running):
    profile = machine.firefox("aaa.default")
    options = f"--server {running.lapse.https} --ca {running.lapse.ca_file}"
    run = machine.run(f"lapse trust --yes >/dev/null; lapse status --json {options}", running.folder)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["certificate"]["trustedBy"] == [
        {"store": "Chromium", "path": str(machine.chromium)}, {"store": "Firefox", "path": str(profile)},
        {"store": "Debian", "path": "/usr/local/share/ca-certificates"}]
    # Without --ca, because the machine trusts it now.
    run = machine.run(
        f"lapse trust --yes >/dev/null; cd /; lapse status --server {running.lapse.https}", running.folder)
    assert run.returncode == 0, run.stdout + run.stderr


def test_nothing_answers(machine):
    run = call(machine, "--server", "https://localhost:1", code=1)
    assert (run.stdout, run.stderr) == ("", "lapse: nothing answers at https://localhost:1; is `lapse serve` running there?\n")


def test_bad_arguments_are_refused(machine):
    run = call(machine, "--server", "localhost", code=64)
    assert run.stderr == "lapse: --server: must be an address such as https://localhost:8443\n"
    assert call(machine, "--ca", "missing.pem", code=64).stderr == "lapse: --ca: cannot read missing.pem\n"


def test_a_certificate_that_is_not_trusted_is_something_wrong(machine, running):
    run = call(machine, "--server", running.lapse.https, "--ca", "/etc/ssl/certs/ca-certificates.crt", code=2)
    assert run.stderr == f"lapse: cannot reach {running.lapse.https}: its certificate is not trusted; --ca must name its CA\n"


def test_a_lapse_with_a_token_wants_it(machine, launch, tmp_path):
    lapse = launch(tmp_path, "--control-token", TOKEN, *PORTS).lapse
    options = ["--server", lapse.https, "--ca", lapse.ca_file]
    assert "answers, but The control API wants its token" in call(machine, *options, code=2).stderr
    call(machine, *options, "--control-token", TOKEN)
    call(machine, *options, LAPSE_CONTROL_TOKEN=TOKEN)


def test_it_works_where_there_is_no_tenant_of_the_lab(machine, launch, tmp_path):
    (tmp_path / "seed.yaml").write_text("tenants: [{id: 44444444-dddd-4ddd-8ddd-444444444444, name: Own, domains: [own.example], propagation: flapping}]")
    lapse = launch(tmp_path, "--seed", "seed.yaml", "--propagation", "observed", *PORTS).lapse
    call(machine, "--server", lapse.http)
    call(machine, "--server", lapse.http, "--tenant", "own.example")
    said = call(machine, "--server", lapse.http, "--tenant", "nobody.example", code=2).stdout
    assert [line.split()[:2] for line in said.splitlines() if line.startswith("  WRONG")] == [["WRONG", "discovery"], ["WRONG", "keys"]]


@pytest.mark.parametrize("wait", [False, True])
def test_the_size_of_the_data_is_told_while_the_database_is_taken(running, wait):
    """Nothing that a redeem waits for is held, and nothing that a redeem holds is waited for."""
    with contextlib.closing(sqlite3.connect(f"{running.folder}/.lapse/lapse.sqlite3", isolation_level=None)) as other:
        if wait:
            other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        answer = running.lapse.control("GET", "/status")
        assert time.monotonic() - began < 2
        files = pathlib.Path(running.folder, ".lapse").iterdir()
        assert answer["dataFolder"]["bytes"] == sum(file.stat().st_size for file in files)


# MARK: What goes wrong on the way

class Between:
    """Stands between the command and a Lapse, and answers what the test wants."""

    def __init__(self, lapse):
        self.lapse = lapse
        self.answer = lambda number, path, answer: answer
        self.tokens = 0
        between = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                sent = {name: self.headers[name] for name in ("Content-Type", "Authorization") if name in self.headers}
                answer = requests.request(self.command, lapse.http + self.path, data=body, headers=sent, timeout=10)
                if self.path.endswith("/token"):
                    between.tokens += 1
                    answer = between.answer(between.tokens, self.path, answer)
                self.send_response(answer.status_code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = do_DELETE = forward

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def between(running):
    between = Between(running.lapse)
    yield between
    between.server.shutdown()


def test_a_dead_token_that_is_taken_is_something_wrong_and_the_sandbox_goes(machine, running, between):
    before, first = domains(running.lapse), []

    def answer(number, path, answer):
        first.append(answer)
        return first[0]

    between.answer = answer
    run = call(machine, "--server", between.address, "--json", code=2)
    checks = {check["name"]: check for check in json.loads(run.stdout)["checks"]}
    assert [name for name, check in checks.items() if not check["ok"]] == ["refusedRefresh"]
    assert checks["refusedRefresh"]["detail"].startswith("after a revocation it is answered with 200")
    assert between.tokens == 2 and domains(running.lapse) == before


@pytest.mark.parametrize("signalled", [signal.SIGINT, signal.SIGTERM])
def test_whoever_stops_it_leaves_no_sandbox_behind(machine, running, between, signalled):
    before, arrived, go = domains(running.lapse), threading.Event(), threading.Event()

    def answer(number, path, answer):
        arrived.set()
        assert go.wait(30)
        return answer

    between.answer = answer
    child = subprocess.Popen(
        [needs.lapse(), "status", "--server", between.address], cwd="/", env=machine.environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    try:
        assert arrived.wait(30)
        assert len(domains(running.lapse)) == len(before) + 1
        os.kill(child.pid, signalled)
        child.communicate(timeout=30)
    finally:
        go.set()
        child.kill()
    assert child.returncode == 130
    assert domains(running.lapse) == before


def test_what_is_no_lapse_is_something_wrong(machine, tmp_path):
    (tmp_path / "served").mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://localhost:{server.server_port}"
    assert call(machine, "--server", address, code=2).stderr == f"lapse: {address} answers, but it is not a Lapse\n"
    server.shutdown()
