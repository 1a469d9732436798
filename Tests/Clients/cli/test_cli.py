"""The commands that steer a running Lapse, as scripts and people call them."""

import json
import os
import subprocess
import time
import xml.etree.ElementTree
from concurrent.futures import ThreadPoolExecutor

import pytest

import needs
from lab import ADELE, NATIVE, PASSWORD
from serve import PORTS, Process


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    process = Process(folder, *PORTS, data_dir=".lapse")
    yield folder, process.lapse
    process.stop()


@pytest.fixture
def lapse(running):
    """Calls a command in the folder of the server, whose CA it finds there; every test begins at the seed."""
    folder, server = running
    server.reset()

    def call(*arguments, code=0, stdin=None, ca=True, **environment):
        variables = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
        run = subprocess.run(
            [needs.lapse(), *arguments], cwd=folder if ca else "/", input=stdin, text=True,
            capture_output=True, timeout=60, env=variables | {"LAPSE_SERVER": server.https} | environment)
        assert run.returncode == code, run.stdout + run.stderr
        return run.stdout if code == 0 else run.stderr

    call.server = server
    return call


def grant(lapse):
    return lapse.server.tenant("POST", "grants", {"user": ADELE, "client_id": NATIVE, "scope": "openid offline_access User.Read"})


def test_revoke_says_where_it_is_enforced(lapse):
    lapse("propagation", "set", '{"planes":{"refresh":"manual","session":{"afterAttempts":2},"cae":{"fixed":"PT3M"}}}')
    lines = lapse("revoke", ADELE, "--cause", "userRevoke", "--actor", "helpdesk").splitlines()
    assert lines[0].startswith(f"Revoked {ADELE} at ") and "(userRevoke)" in lines[0]
    assert [line.split()[2:4] for line in lines[1:]] == [
        ["held", "until"], ["in", "effect"], ["in", "effect"], ["in", "effect"]]
    assert [line.split()[4] for line in lines[2:]] == ["after", "from", "since"]
    answer = json.loads(lapse("revoke", ADELE, "--json"))
    assert answer["cause"] == "adminRevoke"
    assert answer["planes"]["refresh"]["local"] == {"visibleAt": None, "held": True, "effective": False}


def test_revoke_waits_until_it_is_effective_or_the_time_is_over(lapse):
    lapse("propagation", "set", '{"planes":{"refresh":"manual"}}')
    began = time.monotonic()
    assert "held" in lapse("revoke", ADELE, "--wait", "PT1S")
    assert time.monotonic() - began >= 1
    lapse("propagation", "set", "instant")
    assert "held" not in lapse("revoke", ADELE, "--wait", "PT30S")


def test_a_timeline_is_told_and_drawn(lapse, tmp_path):
    grant(lapse)
    lapse("revoke", ADELE)
    told = lapse("timeline", "--user", ADELE)
    assert "Lapse Native, signed in at " in told and "    local: refused. The sign-in at " in told and "revoked at " in told
    assert [row["kind"] for row in json.loads(lapse("timeline", "--user", ADELE, "--json"))["rows"]] == ["session", "grant"]
    assert lapse("timeline", "--user", ADELE, "--svg", str(tmp_path / "t.svg")).endswith("/t.svg\n")
    picture = xml.etree.ElementTree.parse(tmp_path / "t.svg").getroot()
    said = [title.text for title in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert any(": the user was revoked (adminRevoke)." in text for text in said), said
    assert "cannot write" in lapse("timeline", "--user", ADELE, "--svg", str(tmp_path / "no" / "t.svg"), code=1)
    assert "no user 'nobody'" in lapse("timeline", "--user", "nobody", code=1)


def test_the_demo_tells_its_story_and_draws_it(lapse, tmp_path):
    assert "lapse timeline --user USER --svg FILE" in lapse("demo")
    lapse("demo", "--svg", str(tmp_path / "demo.svg"))
    picture = xml.etree.ElementTree.parse(tmp_path / "demo.svg").getroot()
    said = [title.text for title in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert sum("refreshRefused, AADSTS50173" in text for text in said) == 2


def test_the_clock_is_frozen_set_advanced_and_resumed(lapse):
    assert lapse("clock", "freeze", "--at", "2026-03-01T12:00:00Z") == "2026-03-01T12:00:00.0000000Z (frozen)\n"
    assert lapse("clock", "advance", "PT5M").startswith("2026-03-01T12:05:00.0000000Z")
    assert lapse("clock", "set", "2026-03-01T11:00:00Z") == "2026-03-01T11:00:00.0000000Z (frozen)\n"
    assert json.loads(lapse("clock", "--json")) == {"now": "2026-03-01T11:00:00.0000000Z", "mode": "frozen"}
    assert "(running)" in lapse("clock", "resume")
    assert lapse("clock", "advance", "--until", "propagation", code=1) == "lapse: until: has nothing ahead of it\n"
    assert "before the tenant's birth" in lapse("clock", "set", "2019-12-31T23:59:59Z", code=1)
    lapse("clock", "advance", code=64)
    lapse("clock", "advance", "PT5M", "--until", "propagation", code=64)


def test_propagation_is_shown_set_and_released(lapse):
    assert lapse("propagation").splitlines()[0] == "regions local; routing sticky; origin sampled; seed 1"
    assert "three" not in lapse("propagation", "set", "flapping")
    assert json.loads(lapse("propagation", "--json"))["routing"] == "round-robin"
    assert lapse("propagation", "release") == "Nothing is held or on its way.\n"
    lapse("propagation", "set", '{"regions":["east","west"],"planes":{"refresh":"manual"}}')
    revocation = json.loads(lapse("revoke", ADELE, "--json"))["id"]
    released = json.loads(lapse("propagation", "release", revocation, "--region", "west", "--json"))
    assert [released["planes"]["refresh"][region]["effective"] for region in ("east", "west")] == [False, True]
    assert "held" not in lapse("propagation", "release")
    assert lapse("propagation", "set", "quick", code=1).startswith("lapse: ")
    assert lapse("propagation", "set", "{", code=1) == "lapse: the model is not valid JSON\n"


def test_explain_knows_each_kind_by_its_look(lapse):
    given = grant(lapse)
    assert lapse("explain", given["refresh_token"]).startswith("A refresh token of user ")
    assert lapse("explain", given["access_token"]).startswith("An access token of user ")
    assert lapse("explain", "-", stdin=given["cookies"]["ESTSAUTH"] + "\n").startswith("A session of user ")
    assert "no such refresh token" in lapse("explain", "1.A" + "A" * 75)
    assert "No browser session" in lapse("explain", "never")
    lapse("revoke", ADELE)
    text = lapse("explain", given["refresh_token"], "--region", "local")
    assert "refresh in local: refused (50173)" in text and "signedIn" in text
    answer = json.loads(lapse("explain", given["refresh_token"], "--at", "2021-01-01T00:00:00Z", "--json"))
    assert answer["verdicts"][0]["rule"] == "notYetInEffect"
    assert lapse("explain", given["refresh_token"], "--region", "mars", code=1).startswith("lapse: region: ")


def test_events_are_listed_and_followed(running, lapse):
    grant(lapse)
    listed = [json.loads(line) for line in lapse("events", "--json", "--type", "signedIn").splitlines()]
    assert [event["type"] for event in listed] == ["signedIn"]
    folder, server = running
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    child = subprocess.Popen(
        [needs.lapse(), "events", "--follow", "--json", "--after", str(listed[-1]["id"])],
        cwd=folder, env=environment | {"LAPSE_SERVER": server.https}, stdout=subprocess.PIPE, text=True)
    try:
        for _ in range(3):
            lapse("revoke", ADELE)
            assert json.loads(child.stdout.readline())["type"] == "revoked"
    finally:
        child.kill()
        child.wait()


def test_a_sandbox_is_made_used_and_removed(lapse):
    made = json.loads(lapse("sandbox", "--json"))
    domain = made["domains"][0]
    assert f"adele@{domain}" in [user["userPrincipalName"] for user in made["users"]]
    assert {user["password"] for user in made["users"]} == {PASSWORD}
    assert domain in lapse("sandbox", "list")
    assert lapse("revoke", f"adele@{domain}", "--tenant", domain).startswith(f"Revoked adele@{domain}")
    assert "no user" in lapse("revoke", f"adele@{domain}", code=1)
    assert lapse("sandbox", "delete", domain) == f"Removed {domain}.\n"
    assert domain not in lapse("sandbox", "list")
    assert lapse("sandbox", "delete", domain, code=1).startswith("lapse: There is no tenant ")
    assert lapse("sandbox", "create", "--template", "nowhere", code=1) == "lapse: template: names no tenant\n"


def test_a_server_that_is_not_there_or_not_trusted_is_said_in_one_line(lapse):
    # Both try for ten seconds before they give up.
    with ThreadPoolExecutor(2) as pool:
        nobody = pool.submit(lapse, "clock", "--server", "http://localhost:1", code=1)
        stranger = pool.submit(lapse, "clock", ca=False, code=1)
    assert nobody.result() == "lapse: cannot reach http://localhost:1: is `lapse serve` running there?\n"
    assert "certificate is not trusted" in stranger.result()
    assert lapse("clock", "--ca", "nowhere.pem", code=1) == "lapse: --ca: cannot read nowhere.pem\n"
    assert lapse("clock", "--server", "localhost:8443", code=1).startswith("lapse: --server: ")
    assert lapse("clock", ca=False, LAPSE_CA=lapse.server.ca_file).endswith("(running)\n")
    assert "no tenant 'nowhere.example'" in lapse("clock", "--tenant", "nowhere.example", code=1)


def test_a_control_token_is_asked_for_and_taken(tmp_path):
    process = Process(tmp_path, *PORTS, "--control-token", "long-enough")
    try:
        def call(*arguments):
            return subprocess.run(
                [needs.lapse(), "clock", "--server", process.lapse.http, *arguments],
                capture_output=True, text=True, timeout=60)
        refused = call()
        assert (refused.returncode, refused.stderr) == (1, "lapse: The control API wants its token: Authorization: Bearer.\n")
        assert call("--control-token", "long-enough").returncode == 0
    finally:
        process.stop()
