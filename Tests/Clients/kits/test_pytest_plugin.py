"""The Python test kit: pytest's plugin and unittest's mix-in, as their users meet them."""

import contextlib
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
import yaml

import kit
import needs
from lab_client import until
from serve import PORTS, Process


def is_open(origin):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(origin).port)) == 0


# Sandboxes, one a test


HUNDRED = """
import json, os, pathlib
import pytest

@pytest.mark.parametrize("number", range(100))
def test_its_own(lapse, lapse_tenant, number):
    before = lapse_tenant.call("GET", "clock")
    lapse_tenant.propagation({"planes": {"refresh": {"fixed": f"{number + 1}m"}}})
    user = "adele" if number % 2 else "alex"
    grant = lapse_tenant.sign_in(user)
    revocation = lapse_tenant.revoke(user)
    assert lapse_tenant.refresh(grant["refresh_token"])["status"] == 200
    took = lapse_tenant.until("propagation")
    assert lapse_tenant.refresh(grant["refresh_token"])["body"]["error_codes"] == [50173]
    # Nobody else moved its clock, revoked its users or wrote into its log.
    assert [(each["id"], each["at"]) for each in took["tookEffect"]] == [(revocation["id"], took["now"])]
    assert [event["type"] for event in lapse_tenant.events()] == [
        "clockChanged", "propagationChanged", "signedIn", "revoked", "tokenRefreshed", "clockChanged", "refreshRefused"]
    assert os.environ["LAPSE_TENANT"] == lapse_tenant.domain
    with open("seen", "a") as seen:
        seen.write(json.dumps([lapse.https, lapse_tenant.id, before["now"], took["now"], os.getpid()]) + "\\n")
"""
TIMES = """
import json

def pytest_runtest_logreport(report):
    if report.when != "call" and not hasattr(report, "wasxfail"):
        node = getattr(report, "node", None)
        if node is not None:
            with open("times", "a") as times:
                times.write(json.dumps([node.gateway.id, report.nodeid, report.duration]) + "\\n")
"""
NOTHING = """
import pytest

@pytest.mark.parametrize("number", range(100))
def test_nothing(number):
    pass
"""


def added_times(folder):
    """What each test waited for before and after itself, in milliseconds; the first of each worker, which also starts or finds the server, apart."""
    of, firsts = {}, {}
    for worker, test, seconds in map(json.loads, (folder / "times").read_text().splitlines()):
        firsts.setdefault(worker, test)
        of[test] = of.get(test, 0) + seconds * 1000
    return [ms for test, ms in of.items() if test not in firsts.values()], [of[test] for test in firsts.values()]


@pytest.mark.alone
def test_a_hundred_tests_in_four_workers_each_have_their_own(tmp_path, record_property):
    kit.write(tmp_path, test_hundred=HUNDRED, conftest=TIMES)
    run = kit.pytest(tmp_path, "-n", "4", "-q")
    assert (run.returncode, kit.outcomes(run)) == (0, {"passed": 100}), run.stdout + run.stderr
    seen = [json.loads(line) for line in (tmp_path / "seen").read_text().splitlines()]
    servers, tenants, _, _, processes = map(set, zip(*seen, strict=True))
    assert (len(servers), len(tenants), len(processes)) == (1, 100, 4)
    assert not is_open(servers.pop()), "the server outlives the run"

    spent, firsts = added_times(tmp_path)
    (tmp_path / "times").unlink()
    (tmp_path / "test_hundred.py").write_text(NOTHING)
    assert kit.pytest(tmp_path, "-n", "4", "-q").returncode == 0
    nothing, _ = added_times(tmp_path)
    added = statistics.median(spent) - statistics.median(nothing)
    record_property(
        "A sandbox of its own adds to each of 100 tests in 4 workers",
        f"{added:.0f} ms (median; the slowest {max(spent):.0f} ms), to the first of each worker {max(firsts):.0f} ms")
    assert added < 500


def test_a_run_that_needs_no_lapse_starts_none(tmp_path):
    kit.write(tmp_path, test_nothing=NOTHING)
    started = tmp_path / "started"
    program = tmp_path / "lapse"
    program.write_text(f"#!/bin/sh\ntouch {started}\nexit 1\n")
    program.chmod(0o755)
    run = kit.pytest(tmp_path, "-n", "2", "-q", LAPSE_BIN=program)
    assert (run.returncode, kit.outcomes(run)) == (0, {"passed": 100}), run.stdout
    assert not started.exists()


WAITS = """
import pathlib, threading
import pytest

@pytest.mark.parametrize("number", range(2))
def test_waits(lapse, lapse_tenant, number):
    pathlib.Path(f"waits-{number}").write_text(lapse.https)
    threading.Event().wait(120)
"""


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda by: by.name)
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_the_server_ends_with_a_run_that_is_cut_short(tmp_path, by, workers):
    kit.write(tmp_path, test_waits=WAITS)
    # A session of its own: a terminal's Ctrl-C goes to all that it runs.
    run = subprocess.Popen(
        kit.command(*workers), cwd=tmp_path, env=kit.environment(TMPDIR=tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True)
    try:
        started = [tmp_path / f"waits-{number}" for number in range(2 if workers else 1)]
        until("the tests have a server", lambda: all(path.exists() and path.read_text() for path in started), seconds=60)
        server = started[0].read_text()
        assert is_open(server)
        if by == signal.SIGINT:
            os.killpg(run.pid, by)
        else:
            run.send_signal(by)
        until("the server is gone", lambda: not is_open(server))
        until("its files are gone, too", lambda: not [path for path in tmp_path.iterdir() if path.name.startswith("lapse-tests-")])
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()


# The environment


TRUSTING = """
import json, os, pathlib, subprocess
import httpx, msal, requests
from azure.identity import EnvironmentCredential

def now(name):
    pathlib.Path(name).write_text(json.dumps(dict(os.environ, PYTEST_CURRENT_TEST=""), sort_keys=True))

def test_before():
    now("before")

def test_libraries_find_and_trust_it(lapse_tenant):
    now("meanwhile")
    metadata = os.environ["LAPSE_AUTHORITY"] + "/v2.0/.well-known/openid-configuration"
    for answer in (requests.get(metadata), httpx.get(metadata)):
        assert lapse_tenant.id in answer.json()["issuer"]
    assert lapse_tenant.id in subprocess.run(["curl", "-sS", metadata], capture_output=True, text=True, check=True).stdout
    fetched = "fetch(process.argv[1]).then(a => a.text()).then(t => process.stdout.write(t))"
    assert lapse_tenant.id in subprocess.run(["node", "-e", fetched, metadata], capture_output=True, text=True, check=True).stdout
    assert EnvironmentCredential(disable_instance_discovery=True).get_token("https://graph.microsoft.com/.default").token
    app = msal.PublicClientApplication(
        os.environ["LAPSE_CLIENT_ID"], authority=os.environ["LAPSE_AUTHORITY"], instance_discovery=False)
    # BROWSER signs in.
    assert app.acquire_token_interactive(["User.Read"], timeout=30)["id_token_claims"]["preferred_username"] == os.environ["LAPSE_USER"]
    command = [os.environ["LAPSE_BIN"], "revoke", "adele"]
    assert subprocess.run(command, capture_output=True, text=True).returncode == 0
    assert len(lapse_tenant.events(type="revoked", user="adele")) == 1

def test_after_one_that_passed():
    now("after-passed")

def test_that_fails(lapse_tenant):
    os.environ["LAPSE_USER"] = os.environ["SSL_CERT_FILE"] = "something else"
    del os.environ["NO_PROXY"]
    raise SystemError

def test_after_one_that_failed():
    now("after-failed")
"""


def test_the_environment_is_set_for_a_test_and_put_back(tmp_path):
    for name in ("curl", "node"):
        needs.program(name)
    kit.write(tmp_path, test_trusting=TRUSTING)
    run = kit.pytest(tmp_path, "-q", NO_PROXY="internal.example", AZURE_TENANT_ID="mine", AZURE_REGIONAL_AUTHORITY_NAME="westeurope")
    assert kit.outcomes(run) == {"passed": 4, "failed": 1}, run.stdout + run.stderr
    before, meanwhile, passed, failed = (
        json.loads((tmp_path / name).read_text()) for name in ("before", "meanwhile", "after-passed", "after-failed"))
    assert before == passed == failed
    assert before["NO_PROXY"] == "internal.example" and "AZURE_CLIENT_ID" not in before
    assert meanwhile["NO_PROXY"] == "internal.example,localhost" and meanwhile["AZURE_TENANT_ID"] != "mine"
    assert "AZURE_REGIONAL_AUTHORITY_NAME" not in meanwhile


def test_the_environment_has_the_names_that_check_gives(tmp_path):
    """Whoever has set up an app for `lapse check` has nothing to do."""
    wanted = subprocess.run(
        [needs.lapse(), "check", "--", sys.executable, "-c", "import json, os, sys; json.dump(dict(os.environ), sys.stderr)"],
        capture_output=True, text=True, timeout=60, env=kit.environment()).stderr
    checked = json.loads(wanted[wanted.index("{"):wanted.rindex("}") + 1])
    kit.write(tmp_path, test_names="import json, os\ndef test_names(lapse_tenant):\n    json.dump(dict(os.environ), open('names', 'w'))\n")
    assert kit.pytest(tmp_path, "-q").returncode == 0
    given = json.loads((tmp_path / "names").read_text())
    before = kit.environment()
    ours = {name for name, value in checked.items() if before.get(name) != value and (name.startswith("LAPSE_") or name in given)}
    assert {"LAPSE_AUTHORITY", "LAPSE_COOKIES", "BROWSER", "NODE_EXTRA_CA_CERTS", "no_proxy"} <= ours
    assert ours <= given.keys(), ours - given.keys()
    for name in ("LAPSE_CLIENT_ID", "LAPSE_CLIENT_SECRET", "LAPSE_PASSWORD", "BROWSER"):
        assert given[name] == checked[name], name


# Which Lapse


def test_a_lapse_that_runs_is_used_and_goes_on(tmp_path, own):
    before = [tenant["id"] for tenant in own.control("GET", "/tenants")["items"]]
    kit.write(tmp_path, test_running=f"def test_running(lapse, lapse_tenant):\n    assert lapse.https == {own.https!r}\n    lapse_tenant.sign_in('adele')\n")
    run = kit.pytest(tmp_path, "-q", "-n", "2", LAPSE_SERVER=own.https, LAPSE_CA=own.ca_file, LAPSE_BIN=None)
    assert (run.returncode, kit.outcomes(run)) == (0, {"passed": 1}), run.stdout
    # Over plain HTTP, too: the addresses are the server's own.
    run = kit.pytest(tmp_path, "-q", LAPSE_SERVER=own.http, LAPSE_CA=own.ca_file)
    assert (run.returncode, kit.outcomes(run)) == (0, {"passed": 1}), run.stdout
    assert [tenant["id"] for tenant in own.control("GET", "/tenants")["items"]] == before


def test_one_with_a_control_token(tmp_path):
    process = Process(tmp_path, *PORTS, "--control-token", "a-token-of-tests")
    kit.write(tmp_path, test_token="def test_token(lapse_tenant):\n    lapse_tenant.revoke('adele')\n")
    where = {"LAPSE_SERVER": process.lapse.https, "LAPSE_CA": process.lapse.ca_file}
    assert kit.outcomes(kit.pytest(tmp_path, "-q", **where, LAPSE_CONTROL_TOKEN="a-token-of-tests")) == {"passed": 1}
    refused = kit.pytest(tmp_path, "-q", **where)
    assert kit.outcomes(refused) == {"error": 1} and "LAPSE_CONTROL_TOKEN" in refused.stdout, refused.stdout
    process.stop()


MANY = HUNDRED + "\ndef test_of_others(): pass\n"


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
@pytest.mark.parametrize(("variables", "said"), [
    ({"LAPSE_BIN": "/nowhere/lapse"}, "LAPSE_BIN is /nowhere/lapse, which is no program"),
    ({"LAPSE_BIN": None}, "there is no program `lapse`"),
    ({"LAPSE_SERVER": "https://localhost:9"}, "LAPSE_SERVER is https://localhost:9, and nothing usable answers there"),
    ({"LAPSE_BIN": "broken"}, "ended with 3:\nthis is why"),
], ids=["no-file", "no-program", "no-server", "ends"])
def test_what_is_missing_is_said_once(tmp_path, workers, variables, said):
    kit.write(tmp_path, test_many=MANY)
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho this is why >&2\nexit 3\n")
    broken.chmod(0o755)
    path = os.pathsep.join(["/usr/bin", "/bin", str(tmp_path)])
    run = kit.pytest(tmp_path, "-q", *workers, **{"PATH": path, **variables})
    assert kit.outcomes(run) == {"error": 1, "skipped": 99, "passed": 1}, run.stdout
    assert run.returncode == 1 and run.stdout.count("ERROR at setup") == 1
    whole = run.stdout.split("= short test summary info =")[0]
    assert whole.count(said) == 1 and "Traceback" not in whole and "session.py" not in whole, run.stdout


SEED = {"tenants": [{
    "name": "Tailspin", "domains": ["tailspin.example"],
    "users": [{"userPrincipalName": "wren@tailspin.example", "displayName": "Wren", "password": "Passw1rd!"}],
    "apps": [{"name": "Tailspin API", "kind": "resource", "exposes": {"uri": "api://tailspin", "scopes": ["read"]}},
             {"name": "Tailspin Job", "kind": "confidential", "secrets": ["tailspin-job-secret"]},
             {"id": "dddddddd-0004-4000-8000-000000000001", "name": "Tailspin Web", "kind": "confidential", "secrets": ["tailspin-web-secret"],
              "redirectUris": ["http://localhost/cb"], "delegated": ["User.Read"]}],
}, {"name": "Another", "domains": ["another.example"]}]}
SEEDED = """
import os

def test_seeded(lapse_tenant):
    grant = lapse_tenant.sign_in("wren@tailspin.example", "web", "offline_access User.Read")
    assert lapse_tenant.refresh(grant["refresh_token"], "web")["status"] == 200
    assert lapse_tenant.refresh(grant["refresh_token"], "web", secret="another")["body"]["error"] == "invalid_client"
    found = [os.environ[name] for name in ("LAPSE_CLIENT_SECRET", "LAPSE_USER", "LAPSE_PASSWORD", "AZURE_CLIENT_SECRET")]
    assert found == ["tailspin-web-secret", f"wren@{lapse_tenant.domain}", "Passw1rd!", "tailspin-job-secret"]
"""


def test_a_seed_file(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "seed.json").write_text(json.dumps(SEED))
    kit.write(tmp_path / "tests", test_seeded=SEEDED)
    run = kit.pytest(tmp_path, "-q", "--lapse-seed", "seed.json")
    assert kit.outcomes(run) == {"passed": 1}, run.stdout
    (tmp_path / "tests" / "pytest.ini").write_text("[pytest]\nlapse_seed = ../seed.json\n")
    run = kit.pytest(tmp_path / "tests", "-q", "-n", "1")
    assert kit.outcomes(run) == {"passed": 1}, run.stdout
    # The same as YAML.
    (tmp_path / "tests" / "pytest.ini").unlink()
    (tmp_path / "seed.yaml").write_text(yaml.safe_dump(SEED))
    run = kit.pytest(tmp_path, "-q", "--lapse-seed", "seed.yaml")
    assert kit.outcomes(run) == {"passed": 1}, run.stdout
    missing = kit.pytest(tmp_path, "-q", "--lapse-seed", "nothing.yaml")
    assert kit.outcomes(missing) == {"error": 1} and "there is no seed file nothing.yaml" in missing.stdout, missing.stdout
    both = kit.pytest(tmp_path, "-q", "--lapse-seed", "seed.json", LAPSE_SERVER="https://localhost:9")
    assert kit.outcomes(both) == {"error": 1} and "--lapse-seed" in both.stdout, both.stdout


# What a failed test says


FAILS = """
import pytest

@pytest.fixture
def broken(lapse_tenant):
    lapse_tenant.revoke("alex")
    raise LookupError("the fixture")

def test_fixture(lapse_tenant, broken):
    pass

def test_many(lapse_tenant):
    lapse_tenant.propagation({"planes": {"refresh": {"fixed": "3m"}}})
    grant = lapse_tenant.sign_in("adele")
    for _ in range(120):
        lapse_tenant.refresh(grant["refresh_token"])
    lapse_tenant.revoke("adele")
    for name in ("alex", "admin"):
        lapse_tenant.sign_in(name)
    lapse_tenant.call("POST", "users", {"userPrincipalName": "fourth@" + lapse_tenant.domain, "displayName": "Fourth", "password": "Passw0rd!"})
    lapse_tenant.sign_in("fourth")
    assert grant is None

def test_removed(lapse_tenant):
    lapse_tenant.remove()
    lapse_tenant.sign_in("adele")

def test_passes(lapse_tenant):
    lapse_tenant.sign_in("adele")
"""


def test_a_failed_test_says_what_lapse_saw(tmp_path):
    kit.write(tmp_path, test_fails=FAILS)
    run = kit.pytest(tmp_path, "-q", "-n", "1")
    assert kit.outcomes(run) == {"error": 1, "failed": 2, "passed": 1}, run.stdout
    # By test, and in it by section.
    found = {}
    for part in re.split(r"^_{3,} (?:ERROR at \w+ of )?(test_\w+) _{3,}$", run.stdout, flags=re.MULTILINE)[1:]:
        if part.startswith("test_") and "\n" not in part:
            test = part
            continue
        sections = re.split(r"^-+ (Lapse: .+?) -+$", part.split("= short test summary")[0], flags=re.MULTILINE)
        found[test] = dict(zip(sections[1::2], sections[2::2], strict=True))
    # A fixture that fails is a part of its test.
    assert re.search(r"\d  revoked \(event \d+\), adminRevoke; .*refresh.*: in effect since", "".join(found["test_fixture"].values()))
    [*timelines, more, events] = found["test_many"].items()
    assert [re.match(r"Lapse: timeline of (\w+), at 20", title).group(1) for title, _ in timelines] == ["adele", "alex", "admin"]
    assert more[0] == "Lapse: more users"
    adele = timelines[0][1]
    assert "Lapse Native: token refreshed" in adele and "Now Lapse Native, signed in at" in adele and "lines before" in adele
    assert re.search(r"revoked \(event \d+\), adminRevoke; refresh: in effect from \d\d:\d\d:\d\d on; session, cae, directory: in effect since", adele)
    assert "enforces it from" in adele and ".0000000Z" not in adele
    for _, text in (*timelines, events):
        assert len(text.strip().splitlines()) <= 31
        assert max(map(len, text.splitlines())) <= 300
    assert "signed in  adele  Lapse Native" not in events[1] and "revoked  adele" in events[1]
    # The sandbox that the test removed itself is not there for a story, nor to be removed.
    assert "no timeline" in "".join(found["test_removed"])


PAGES = """
import os
import pytest
from playwright.sync_api import sync_playwright

@pytest.fixture
def page():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=ARGUMENTS)
        yield browser.new_page()
        browser.close()

def test_picture[IN](lapse_tenant, page):
    page.goto("data:text/html,<h1>What the user sees</h1>")
    assert page.title() == "another"

def test_closed[IN](lapse_tenant, page):
    page.close()
    raise LookupError
"""


def test_a_page_of_playwright_is_pictured(tmp_path):
    import chromium

    kit.write(tmp_path, test_pages=f"ARGUMENTS = {chromium.ARGUMENTS!r}\n" + PAGES.replace("[IN]", ""),
              conftest="def pytest_addoption(parser):\n    parser.addoption('--output', default=None)\n")
    where = {"CHROMIUM": needs.program("chromium"), "HOME": tmp_path}
    for options, folder in (((), "test_picture0"), (("--output", "pictures"), "pictures")):
        run = kit.pytest(tmp_path, "-q", "--basetemp", str(tmp_path / "temporary"), *options, **where)
        assert kit.outcomes(run) == {"failed": 2}, run.stdout + run.stderr
        path = re.search(r"^(\S+\.png) shows data:text/html", run.stdout, re.MULTILINE).group(1)
        picture = tmp_path / path
        assert picture.parent.name == folder and picture.read_bytes().startswith(b"\x89PNG")
        assert "There is no picture: " in run.stdout


NESTED = """
def test_outer(lapse, lapse_tenant, pytester):
    pytester.makepyfile("def test_inner(lapse, lapse_tenant):\\n    lapse_tenant.sign_in('adele')\\n")
    pytester.inline_run("-p", "no:cacheprovider").assertoutcome(passed=1)
    lapse_tenant.sign_in("adele")

def test_next(lapse_tenant):
    lapse_tenant.sign_in("adele")
"""


def test_a_run_in_a_run_leaves_the_outer_one_its_lapse(tmp_path):
    kit.write(tmp_path, test_nested=NESTED)
    run = kit.pytest(tmp_path, "-q", "-p", "pytester", PYTEST_PLUGINS="lapse_idp.pytest_plugin")
    assert kit.outcomes(run) == {"passed": 2}, run.stdout + run.stderr


# unittest


CASES = """
import os, unittest
from lapse_idp.unittest import LapseTestCase

class Case(LapseTestCase):
    def setUp(self):
        self.grant = self.lapse_tenant.sign_in("adele")
        self.addCleanup(self.lapse_tenant.revoke, "adele")
        self.assertEqual(os.environ["LAPSE_TENANT"], self.lapse_tenant.domain)

    def test_first(self):
        self.assertEqual(self.lapse_tenant.refresh(self.grant["refresh_token"])["status"], 200)
        seen.add(self.lapse_tenant.id)

    def test_second(self):
        self.assertEqual(len(self.lapse_tenant.events(type="signedIn")), 1)
        seen.add(self.lapse_tenant.id)
        self.assertEqual(len(seen), 2)

    def test_third_fails(self):
        with self.subTest("a part"):
            self.assertEqual(self.lapse_tenant.domain, "another")
        self.lapse_tenant.revoke("alex")
        raise LookupError

    @unittest.skip("not now")
    def test_skipped(self):
        raise SystemError

class Later(unittest.TestCase):
    def test_the_environment_is_as_it_was(self):
        self.assertNotIn("LAPSE_TENANT", os.environ)

seen = set()
"""


def test_unittest_has_the_same(tmp_path):
    kit.write(tmp_path, test_cases=CASES)
    run = subprocess.run(
        [sys.executable, "-m", "unittest", "test_cases"], cwd=tmp_path, env=kit.environment(TMPDIR=tmp_path), capture_output=True,
        text=True, timeout=120)
    assert "Ran 5 tests" in run.stderr and "FAILED (failures=1, errors=1, skipped=1)" in run.stderr, run.stderr
    said = run.stderr[run.stderr.index("ERROR: test_third_fails"):]
    assert "LookupError" in said and "Lapse: timeline of alex" in said, run.stderr
    assert "revoked (event" in said
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("lapse-")], "it leaves files behind"

    run = kit.pytest(tmp_path, "-q")
    assert kit.outcomes(run) == {"passed": 3, "failed": 2, "skipped": 1}, run.stdout
    assert "Lapse: timeline of alex" in run.stdout and "revoked (event" in run.stdout


def test_unittest_says_once_what_is_missing(tmp_path):
    kit.write(tmp_path, test_cases=CASES)
    run = subprocess.run(
        [sys.executable, "-m", "unittest", "test_cases"], cwd=tmp_path, env=kit.environment(LAPSE_BIN="/nowhere/lapse"), capture_output=True,
        text=True, timeout=120)
    assert "FAILED (errors=1, skipped=3)" in run.stderr, run.stderr
    assert run.stderr.count("LAPSE_BIN is /nowhere/lapse, which is no program") == 1
