"""The commands that steer a running Lapse, as scripts and people call them."""

import contextlib
import json
import os
import re
import select
import shutil
import socket
import subprocess
import threading
import time
import xml.etree.ElementTree

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


def test_revoke_waits_until_it_is_in_effect_or_the_time_is_over(lapse):
    lapse("propagation", "set", '{"planes":{"refresh":"manual","session":{"fixed":"5m"}}}')
    lapse("clock", "freeze", "--at", "2026-03-01T12:00")
    began = time.monotonic()
    assert lapse("revoke", ADELE, "--wait", "1s", code=4) == (
        "lapse: not in effect everywhere after 1 s: refresh in local is held until it is released; "
        "session in local takes effect at 12:05:00\n")
    assert time.monotonic() - began >= 1
    lapse("propagation", "set", "instant")
    assert "held" not in lapse("revoke", ADELE, "--wait", "PT30S")


def test_a_bad_argument_is_refused_before_anything_is_done(lapse):
    before = lapse("events")
    for arguments, said in [
        (["revoke", ADELE, "--wait", "foo"], "The value 'foo' is invalid for '--wait <wait>': must be a duration such as 90s, 5m"),
        (["revoke", ADELE, "--wait", "10"], "The value '10' is invalid for '--wait <wait>': must be a duration such as 90s, 5m"),
        (["revoke", ADELE, "--cause", "anger"], "The value 'anger' is invalid for '--cause <cause>': must be one of: userRevoke, "),
        (["revoke", ADELE, "--actor", "x" * 257], "--actor: must be at most 256 bytes long"),
        (["clock", "advance", "foo"], "The value 'foo' is invalid for '<duration>': must be a duration such as 90s, 5m"),
        (["clock", "advance", "-PT5M"], "'-PT5M': the clock is advanced by a duration such as 90s, 5m, 1h30m, 2d or PT5M; "
                                        "lapse clock set sets it back"),
        (["clock", "advance", "-5m"], "'-5m': the clock is advanced by a duration"),
        (["clock", "advance"], "give a duration such as 90s, 5m, 1h30m, 2d or PT5M, or --until, one of the two"),
        (["clock", "advance", "5m", "--until", "propagation"], "give a duration such as"),
        (["clock", "advance", "--until", "noon"], "The value 'noon' is invalid for '--until <until>': must be one of: next-event, "),
        (["clock", "set", "tomorrow"], "The value 'tomorrow' is invalid for '<instant>': must be an instant such as 2026-11-28, "),
        (["clock", "set", "2019-12-31"], "<instant> must not be before the tenant's birth"),
        (["clock", "freeze", "--at", "2019-12-31"], "--at: must not be before the tenant's birth"),
        (["fault", "add", "--status", "418"], "The value '418' is invalid for '--status <status>': must be one of: 429, 500, 503"),
        (["fault", "add", "--status", "430"], "The value '430' is invalid for '--status <status>': must be one of: 429, 500, 503"),
        (["fault", "add"], "give one of --code, --error, --status, --challenge, --answer, --keys, or --latency"),
        (["fault", "add", "--status", "500", "--retry-after", "5s"], "--retry-after: is for 429 and 503"),
        (["fault", "add", "--code", "50173", "--endpoint", "keys"], "--endpoint: is not one where this effect can be played"),
        (["fault", "add", "--code", "50173", "--times", "0"], "--times: must be a whole number from 1 to "),
        (["fault", "add", "--latency", "3m"], "--latency: must not exceed PT2M"),
        (["fault", "add", "--code", "50173", "--client", ""], "--client: must not be empty"),
        (["fault", "clear", "x", "--name", "y"], "give a fault's id or --name, not both"),
        (["propagation", "set", "quick"], "<model>: must be a model or the name of a preset: instant, "),
        (["propagation", "set", "{"], "<model>: the text is not valid JSON"),
        (["propagation", "set", '{"planes":{"refresh":{"fixed":"soon"}}}'], "<model>: planes.refresh.fixed: must be a duration"),
        (["propagation", "release", "--plane", "x"], "The value 'x' is invalid for '--plane <plane>': must be one of: refresh, "),
        (["events", "--type", "x"], "The value 'x' is invalid for '--type <type>': must be one of: signInRequested, "),
        (["events", "--after", "x"], "The value 'x' is invalid for '--after <after>': must be the number of an event"),
        (["explain", "", "--at", "x"], "The value 'x' is invalid for '--at <at>': must be an instant such as 2026-11-28, "),
        (["explain", ""], "<token>: there is nothing to explain"),
        (["sandbox", "create", "--template", "nowhere"], "--template: names no tenant"),
        (["sandbox", "rm"], "give a sandbox's domain or id, or --all, one of the two"),
        (["sandbox", "list", "--tenant", "x"], "unknown option '--tenant'"),
        (["clock", "--server", "localhost:8443"], "--server: must be an address such as https://localhost:8443"),
        (["visit", "nothing"], "'nothing' is not an address such as http://localhost:5000/"),
        (["visit", "http:///x"], "'http:///x' is not an address such as http://localhost:5000/"),
        (["--port", "9000"], "unknown option '--port'; did you mean --https-port or --http-port?"),
        (["revok", ADELE], "'revok' is not a command of lapse; did you mean revoke?\nCommands: serve, demo, revoke, "),
        (["clock", "st"], "'st' is not a command of lapse clock; did you mean set?\nCommands: show, advance, "),
    ]:
        assert lapse(*arguments, code=64).startswith(f"lapse: {said}"), (arguments, lapse(*arguments, code=64))
    assert lapse("events") == before, "something was done all the same"


def test_durations_and_instants_are_taken_as_people_type_them(lapse, tmp_path):
    assert lapse("clock", "freeze", "--at", "2026-11-28T10:00") == "2026-11-28T10:00:00Z (frozen)\n"
    assert lapse("clock", "advance", "1h30m") == "2026-11-28T11:30:00Z (frozen)\n"
    assert lapse("clock", "set", "2026-11-28") == "2026-11-28T00:00:00Z (frozen)\n"
    assert lapse("clock", "set", "2026-11-28T10:00:00+01:00", "--precise") == "2026-11-28T09:00:00.0000000Z (frozen)\n"
    lapse("propagation", "set", '{"planes":{"refresh":{"uniform":["30s","5m"]}}}')
    assert json.loads(lapse("propagation", "--json"))["planes"]["refresh"] == {"uniform": ["PT30S", "PT5M"]}, "answers are ISO 8601"
    assert '"fixed":"PT2S"' in lapse("fault", "add", "--latency", "2s")
    (tmp_path / "faults.yaml").write_text("- {effect: {status: 429, retryAfter: 10s}}\n")
    assert '"retryAfter":"PT10S"' in lapse("fault", "add", "--file", str(tmp_path / "faults.yaml"))
    (tmp_path / "lapse.yaml").write_text("propagation: {planes: {refresh: {fixed: 5m}}}\n")
    (tmp_path / "seed.yaml").write_text(
        "tenants: [{id: 11111111-aaaa-4aaa-8aaa-111111111111, name: T, domains: [t.example],"
        " policies: {lifetimes: {accessToken: 2m, refreshTokenInactivity: 2d}}}]\n")
    process = Process(tmp_path, *PORTS, "--seed", "seed.yaml")
    try:
        assert process.lapse.control("GET", "/tenants/t.example/propagation")["planes"]["refresh"] == {"fixed": "PT5M"}
        assert process.lapse.control("GET", "/tenants/t.example/policies")["lifetimes"] == {
            "accessToken": "PT2M", "refreshTokenInactivity": "P2D"}
    finally:
        process.stop()


def test_a_file_of_faults_is_checked_before_the_first_is_made(lapse, tmp_path):
    (tmp_path / "faults.yaml").write_text("- {effect: {code: 50173}}\n- {effect: {status: 418}}\n")
    said = lapse("fault", "add", "--file", str(tmp_path / "faults.yaml"), code=1)
    assert said == f"lapse: {tmp_path}/faults.yaml: [1].effect.status: must be one of: 429, 500, 503\n"
    assert lapse("fault") == "Nothing goes wrong on purpose.\n"
    assert "no other option" in lapse("fault", "add", "--file", "x", "--times", "1", code=64)


def test_faults_are_cleared_and_counted(lapse):
    for name in ("one", "one", "two"):
        lapse("fault", "add", "--code", "50173", "--name", name)
    assert lapse("fault", "clear", "--name", "one") == "Removed 2 faults.\n"
    assert lapse("fault", "clear") == "Removed 1 fault.\n"
    assert lapse("fault", "clear") == "There were no faults.\n"
    id = json.loads(lapse("fault", "add", "--code", "50173", "--json"))["id"]
    assert lapse("fault", "clear", id) == f"Removed fault {id}.\n"


def test_a_user_is_known_by_what_stands_before_the_at(lapse):
    grant(lapse)
    assert lapse("revoke", "adele").startswith(f"Revoked {ADELE} at ")
    assert lapse("revoke", "Adele").startswith(f"Revoked {ADELE} at ")
    assert "revoked" in lapse("events", "--user", "adele") and lapse("events", "--user", "alex") == ""
    assert lapse("timeline", "--user", "adele").startswith(f"{ADELE}, at ")
    assert ADELE.split("@")[0] not in lapse("fault", "add", "--code", "50173", "--user", "adele")
    events = lapse("events")
    assert lapse("revoke", "a", code=64) == (
        "lapse: 'a' is not one user of contoso.example; these fit: "
        "adele@contoso.example, admin@contoso.example, alex@contoso.example\n")
    assert "these fit: nestor_fabrikam.example#EXT#@contoso.example" in lapse("revoke", "nestor", code=64)
    assert lapse("revoke", "nobody", code=64) == "lapse: there is no user 'nobody' in contoso.example\n"
    assert lapse("events") == events
    lapse.server.tenant("POST", "users", {"userPrincipalName": "two@contoso.example"})
    made = lapse.server.control("POST", "/tenants", {
        "domains": ["one.example", "other.example"],
        "users": [{"userPrincipalName": "twin@one.example"}, {"userPrincipalName": "twin@other.example"}]})
    said = lapse("revoke", "twin", "--tenant", made["id"], code=64)
    assert "these fit: twin@one.example, twin@other.example" in said
    lapse.server.control("DELETE", f"/tenants/{made['id']}")


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
    assert "no user 'nobody@contoso.example'" in lapse("timeline", "--user", "nobody@contoso.example", code=1)


def test_the_demo_tells_its_story_and_draws_it(lapse, tmp_path):
    assert "lapse timeline --user USER --svg FILE" in lapse("demo")
    lapse("demo", "--svg", str(tmp_path / "demo.svg"))
    picture = xml.etree.ElementTree.parse(tmp_path / "demo.svg").getroot()
    said = [title.text for title in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert sum("refreshRefused, AADSTS50173" in text for text in said) == 2


def test_the_clock_is_frozen_set_advanced_and_resumed(lapse):
    assert lapse("clock", "freeze", "--at", "2026-03-01T12:00:00Z") == "2026-03-01T12:00:00Z (frozen)\n"
    assert lapse("clock", "advance", "PT5M") == "2026-03-01T12:05:00Z (frozen)\n"
    assert lapse("clock", "set", "2026-03-01T11:00:00Z") == "2026-03-01T11:00:00Z (frozen)\n"
    assert json.loads(lapse("clock", "--json")) == {"now": "2026-03-01T11:00:00.0000000Z", "mode": "frozen"}
    assert "(running)" in lapse("clock", "resume")
    assert lapse("clock", "advance", "--until", "propagation", code=1) == "lapse: --until: has nothing ahead of it\n"


def test_propagation_is_shown_set_and_released(lapse):
    assert lapse("propagation").splitlines()[0] == "regions local; routing sticky; origin sampled; seed 1"
    lapse("propagation", "set", "flapping")
    assert json.loads(lapse("propagation", "--json"))["routing"] == "round-robin"
    assert lapse("propagation", "release") == "Nothing is held or on its way.\n"
    lapse("propagation", "set", '{"regions":["east","west"],"planes":{"refresh":"manual"}}')
    revocation = json.loads(lapse("revoke", ADELE, "--json"))["id"]
    released = json.loads(lapse("propagation", "release", revocation, "--region", "west", "--json"))
    assert [released["planes"]["refresh"][region]["effective"] for region in ("east", "west")] == [False, True]
    assert "held" not in lapse("propagation", "release")
    assert lapse("propagation", "release", revocation, "--region", "mars", code=64).startswith("lapse: --region: ")


def test_explain_knows_each_kind_by_its_look(lapse):
    given = grant(lapse)
    who = f"of {ADELE}"
    assert f"A refresh token {who} for Lapse Native, signed in at " in lapse("explain", given["refresh_token"])
    assert f"An access token {who} for Lapse Native, signed in at " in lapse("explain", given["access_token"])
    assert f"A session {who}, signed in at " in lapse("explain", "-", stdin=given["cookies"]["ESTSAUTH"] + "\n")
    lapse("revoke", ADELE)
    text = lapse("explain", given["refresh_token"], "--region", "local")
    assert "  refresh in local: refused (50173)" in text and "signedIn" in text
    answer = json.loads(lapse("explain", given["refresh_token"], "--at", "2021-01-01T00:00:00Z", "--json"))
    assert answer["verdicts"][0]["rule"] == "notYetInEffect"
    assert lapse("explain", given["refresh_token"], "--region", "mars", code=64).startswith("lapse: --region: is not a region of ")


def test_explain_begins_with_one_sentence(lapse):
    lapse("clock", "freeze", "--at", "2026-11-28T16:42:21Z")
    lapse("propagation", "set", '{"planes":{"refresh":{"fixed":"15m"},"session":"manual"}}')
    given = grant(lapse)
    token = given["refresh_token"]

    def sentence(text, *options):
        return lapse("explain", text, *options).splitlines()[0]

    assert sentence(token).startswith("Accepted: nothing revokes it before it changes at 2027-")
    lapse("revoke", "adele")
    lapse("clock", "advance", "1s")
    assert sentence(token) == (
        "Still accepted for 14 min 59 s: the token endpoint enforces the administrator's revoke from 16:57:21.")
    assert sentence(token, "--precise").endswith(" from 2026-11-28T16:57:21.0000000Z.")
    assert sentence(given["cookies"]["ESTSAUTH"]) == (
        "Still accepted until it is released: the sign-in page does not enforce the administrator's revoke yet.")
    assert sentence(given["access_token"]).endswith(": resources take this access token until it ends, whatever is revoked.")
    # The planes that others are judged on say nothing about it.
    told = lapse("explain", token)
    assert "session in" not in told and "cae in" not in told and "directory in" not in told
    assert ".0000000Z" not in told
    lapse("clock", "advance", "15m")
    refused = "Refused (AADSTS50173): the token endpoint enforces the administrator's revoke of 16:42:21 since 16:57:21."
    assert sentence(token) == refused
    assert sentence(token, "--at", "2026-11-28T16:50") == (
        "At 2026-11-28T16:50:00Z: still accepted for 7 min 21 s: "
        "the token endpoint enforces the administrator's revoke from 16:57:21.")
    lapse("clock", "advance", "365d")
    assert sentence(given["access_token"]).startswith("Refused: The access token ended at ")


def test_explain_tells_regions_apart(lapse):
    lapse("clock", "freeze", "--at", "2026-11-28T12:00")
    lapse("propagation", "set", '{"regions":["east","west"],"planes":{"refresh":{"east":"immediate","west":{"fixed":"3m"}}}}')
    token = grant(lapse)["refresh_token"]
    lapse("revoke", "adele", "--cause", "userRevoke")
    assert lapse("explain", token).splitlines()[0] == (
        "Refused (AADSTS50173) in east: the token endpoint enforces the user's own revoke of 12:00:00 since 12:00:00; "
        "still accepted for 3 min in west: the token endpoint enforces the user's own revoke from 12:03:00.")


def test_explain_looks_in_every_tenant_and_says_what_nobody_knows(lapse):
    given = grant(lapse)
    for token in (given["refresh_token"], given["access_token"], given["cookies"]["ESTSAUTH"]):
        told = lapse("explain", token, "--tenant", "fabrikam.example")
        assert told.splitlines()[1] == "contoso.example knows it, fabrikam.example does not."
        assert json.loads(lapse("explain", token, "--tenant", "fabrikam.example", "--json"))["known"] is True
    for text in ("foo", "1.Afoo", "0.AXoA" + "x" * 200, "a.b.c"):
        assert lapse("explain", text, code=3).startswith("lapse: this does not look like anything that Lapse issued: ")
    for text, kind in [("1.A" + "A" * 75, "refresh token"), ("A" * 43, "session"), ("eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "access token")]:
        assert f"knows this {kind}; " in lapse("explain", text, code=3)
        lapse("explain", text, "--json", code=3)
    assert "no tenant 'nowhere.example'" in lapse("explain", given["refresh_token"], "--tenant", "nowhere.example", code=1)


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
            revocation = json.loads(lapse("revoke", ADELE, "--json"))["id"]
            # What takes effect is told from when on the stream is open; the log has no gap.
            while (event := json.loads(child.stdout.readline()))["type"] == "revocationInEffect":
                pass
            assert (event["type"], event["revocation"]) == ("revoked", revocation)
    finally:
        child.kill()
        child.wait()


def test_what_is_followed_begins_with_now_has_names_and_tells_what_takes_effect(running, lapse):
    lapse("clock", "freeze", "--at", "2026-03-01T12:00:00Z")
    lapse("propagation", "set", '{"planes":{"refresh":{"fixed":"3m"},"session":"manual","cae":"manual","directory":"manual"}}')
    grant(lapse)
    folder, server = running
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}

    def follow(*options):
        return subprocess.Popen(
            [needs.lapse(), "events", "--follow", *options], cwd=folder, env=environment | {"LAPSE_SERVER": server.https},
            stdout=subprocess.PIPE, text=True)

    children = [follow(), follow("--json"), follow("--user", "adele")]

    def seen(child, word):
        """The first line with the word. What came before the stream was open does not come: it is done again until it does."""
        while True:
            lapse("fault", "add", "--code", "50173")
            token = grant(lapse)["refresh_token"]
            server.refresh(NATIVE, token)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(0.1)
            if select.select([child.stdout], [], [], 0.5)[0]:
                break
        while word not in (line := child.stdout.readline()):
            assert line
        return line

    try:
        for child in children:
            assert "signedIn" in seen(child, "signedIn")
        id = json.loads(lapse("revoke", "adele", "--json"))["id"]
        lapse("revoke", "alex")
        lapse("clock", "advance", "3m")
        for child in children[::2]:
            while not ("revocationInEffect" in (line := child.stdout.readline()) and ADELE in line):
                assert line and "aaaaaaaa-0001" not in line, line
                if "signedIn" in line:
                    assert f'user={ADELE} client="Lapse Native"' in line
            assert line.split() == [
                "2026-03-01T12:03:00Z", "revocationInEffect", f"user={ADELE}", "plane=refresh", "region=local",
                f"revocation={id[:8]}"]
        while not ("revocationInEffect" in (line := children[1].stdout.readline()) and "aaaaaaaa-0001-4000-8000-000000000001" in line):
            assert line
        assert json.loads(line) == {
            "at": "2026-03-01T12:03:00.0000000Z", "type": "revocationInEffect", "id": id, "plane": "refresh", "region": "local",
            "user": "aaaaaaaa-0001-4000-8000-000000000001"}
        lapse("propagation", "release", id, "--plane", "session")
        while "plane=session" not in (line := children[0].stdout.readline()):
            assert line
        assert "2026-03-01T12:03:00Z  revocationInEffect" in line
        # Of Alex nothing came to who asked for Adele.
        while "plane=session" not in (line := children[2].stdout.readline()):
            assert "alex" not in line
    finally:
        for child in children:
            child.kill()
            child.wait()
            child.stdout.close()


def test_events_name_users_and_apps(lapse):
    grant(lapse)
    lapse("revoke", "adele")
    lines = lapse("events", "--type", "signedIn").splitlines()
    assert f'  signedIn              user={ADELE} client="Lapse Native" region=local grant=' in lines[0] and ".0000000Z" not in lines[0]
    assert len(lines[0].split("grant=")[1]) == 8
    assert len(lapse("events", "--type", "signedIn", "--precise").splitlines()[0].split("grant=")[1]) == 36
    lapse.server.tenant("POST", "users", {"userPrincipalName": "gone@contoso.example"})
    gone = lapse.server.tenant("GET", "users/gone@contoso.example")["id"]
    lapse.server.tenant("DELETE", f"users/{gone}")
    assert f"user={gone}" in lapse("events", "--type", "userDeleted")


def test_a_sandbox_is_made_used_and_removed(lapse):
    assert lapse("sandbox", "list") == "There are no sandboxes.\n"
    made = json.loads(lapse("sandbox", "--json"))
    domain = made["domains"][0]
    assert f"adele@{domain}" in [user["userPrincipalName"] for user in made["users"]]
    assert {user["password"] for user in made["users"]} == {PASSWORD}
    assert lapse("sandbox", "list") == f"{domain}  Contoso  {made['id']}\n"
    assert [each["id"] for each in json.loads(lapse("sandbox", "list", "--json"))["items"]] == [made["id"]]
    assert lapse("revoke", f"adele@{domain}", "--tenant", domain).startswith(f"Revoked adele@{domain}")
    assert "no user" in lapse("revoke", f"adele@{domain}", code=1)
    assert lapse("sandbox", "rm", domain) == f"Removed {domain}.\n"
    assert domain not in lapse("sandbox", "list")
    assert lapse("sandbox", "delete", domain, code=1).startswith("lapse: There is no tenant ")
    for _ in range(2):
        lapse("sandbox")
    assert lapse("sandbox", "rm", "--all") == "Removed 2 sandboxes.\n"
    assert lapse("sandbox", "rm", "--all") == "There are no sandboxes.\n"
    assert lapse("clock", "--tenant", "fabrikam.example").endswith("(running)\n"), "what was not made for a test stays"


def client_commands():
    """Every command that talks to a running Lapse, by the program's own list, with what it must be given."""
    told = json.loads(subprocess.run(
        [needs.lapse(), "--experimental-dump-help"], capture_output=True, text=True, check=True, timeout=60).stdout)

    def walk(command, path):
        options = {name["name"] for each in command.get("arguments", []) for name in each.get("names", [])}
        if "server" in options and not command.get("subcommands"):
            yield path, [each for each in command["arguments"] if not each["isOptional"]]
        for inner in command.get("subcommands", []):
            yield from walk(inner, [*path, inner["commandName"]])

    return list(walk(told["command"], []))


GIVEN = {
    "token": "1.A" + "A" * 75, "instant": "2026-11-28", "model": "instant", "url": "http://localhost:1/", "user": "adele",
    "fault add": ["--code", "50173"], "clock advance": ["5m"], "sandbox rm": ["--all"], "trust": ["--yes"], "lab": ["cae"],
}
"""What commands are given, by the name of the argument or of the command. Who adds a command that wants more, adds it here."""


@pytest.mark.parametrize("server", ["https://localhost:1", "http://127.0.0.1:1"])
def test_without_a_server_every_client_command_says_so_at_once(tmp_path, server):
    commands = client_commands()
    assert len(commands) > 15, commands
    # What import reads before it asks anybody.
    (tmp_path / "nothing.yaml").write_text("tenants: [{id: 33333333-cccc-4ccc-8ccc-333333333333, name: Tailspin, domains: [tailspin.example]}]")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    for path, required in commands:
        words = list(path)
        for argument in required:
            name = argument["valueName"]
            value = GIVEN.get(name, str(tmp_path / "nothing.yaml"))
            words += [f"--{name}", value] if argument["kind"] == "option" else [value]
        words += GIVEN.get(" ".join(path), [])
        began = time.monotonic()
        done = subprocess.run(
            [needs.lapse(), *words, "--server", server], cwd=tmp_path, env=environment | {"HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        took = time.monotonic() - began
        assert done.returncode == 1, (words, done)
        # A second, and what a busy machine makes of it.
        assert took < 3, (words, took)
        assert "cannot reach" in done.stdout + done.stderr or "nothing" in done.stdout + done.stderr, (words, done)


def test_a_server_that_is_not_there_or_not_trusted_is_said_in_one_line(lapse, tmp_path):
    assert lapse("clock", "--server", "http://localhost:1", code=1) == (
        "lapse: nothing answers at http://localhost:1; is `lapse serve` running there?\n")
    began = time.monotonic()
    assert "certificate is not trusted; --ca must name its CA" in lapse("clock", ca=False, code=1)
    assert time.monotonic() - began < 3
    assert lapse("clock", "--ca", "nowhere.pem", code=1) == "lapse: --ca: cannot read nowhere.pem\n"
    (tmp_path / "ca.pem").write_text("no certificate\n")
    assert lapse("clock", "--ca", str(tmp_path / "ca.pem"), code=1) == f"lapse: --ca: {tmp_path}/ca.pem does not hold a certificate\n"
    plain = lapse.server.http.replace("http://", "https://")
    assert lapse("clock", "--server", plain, code=1) == (
        f"lapse: cannot reach {plain}: it does not answer in TLS; is its address http://…?\n")
    assert lapse("clock", ca=False, LAPSE_CA=lapse.server.ca_file).endswith("(running)\n")
    assert "no tenant 'nowhere.example'" in lapse("clock", "--tenant", "nowhere.example", code=1)
    assert lapse("visit", "http://localhost:1/secret?code=1", code=1) == (
        "lapse: cannot reach http://localhost:1; is anything listening there?\n")


def test_a_server_that_takes_its_time_is_waited_for(lapse):
    """A second is for the connection, not for the answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                # Longer than a connection may take.
                released.wait(20)
                body = b'{"now":"2026-03-01T12:00:00.0000000Z","mode":"frozen"}'
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

        released = threading.Event()
        thread = threading.Thread(target=answer)
        thread.start()
        threading.Timer(2, released.set).start()
        assert lapse("clock", "--server", f"http://127.0.0.1:{server.getsockname()[1]}") == "2026-03-01T12:00:00Z (frozen)\n"
        thread.join()


@pytest.mark.parametrize("name", ["ca-key.pem", "server.pem", "server-key.pem", "signing.pem", "signing-key.pem"])
def test_a_broken_key_is_told_in_a_sentence(running, tmp_path, name):
    folder, _ = running
    data = tmp_path / "data"
    shutil.copytree(folder / ".lapse", data)
    for text in ["broken", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"]:
        (data / name).write_text(text)
        done = subprocess.run(
            [needs.lapse(), "serve", *PORTS, "--data-dir", str(data)], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done
        assert done.stderr.startswith("lapse: --data-dir: cannot use ") and str(data / name) in done.stderr
        assert not re.search(r"\.swift|Error\b|\berror\(", done.stderr), done.stderr


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


def answering(listener, answer):
    """Answers one request with these bytes as soon as it begins, and ends when the other side does."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(1)
        connection.sendall(answer)
        connection.settimeout(20)
        with contextlib.suppress(OSError):
            while connection.recv(1):
                pass


def test_localhost_may_be_the_other_loopback(tmp_path):
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        body = b'{"now":"2026-03-01T12:00:00.0000000Z","mode":"frozen"}'
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        threading.Thread(target=answering, args=(listener, head + body), daemon=True).start()
        done = subprocess.run(
            [needs.lapse(), "clock", "--server", f"http://localhost:{listener.getsockname()[1]}"], cwd=tmp_path, capture_output=True,
            text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "2026-03-01T12:00:00Z (frozen)\n"), done.stderr


def test_an_answer_counts_that_comes_before_the_request_is_read(tmp_path):
    seed = {"tenants": [{"id": "33333333-cccc-4ccc-8ccc-333333333333", "name": "Big", "domains": ["big.example"], "users": [
        {"userPrincipalName": f"u{number}@big.example", "displayName": "U" * 200} for number in range(20_000)]}]}
    (tmp_path / "big.yaml").write_text(json.dumps(seed))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        body = b'{"error":{"code":"tooLarge","field":null,"message":"That is too much."}}'
        head = b"HTTP/1.1 413 Content Too Large\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)

        def refuse():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1)
                connection.sendall(head + body)
                held.wait(25)

        held = threading.Event()
        threading.Thread(target=refuse, daemon=True).start()
        began = time.monotonic()
        done = subprocess.run(
            [needs.lapse(), "import", "big.yaml", "--server", f"http://127.0.0.1:{listener.getsockname()[1]}"], cwd=tmp_path,
            capture_output=True, text=True, timeout=60)
        took = time.monotonic() - began
        held.set()
    assert (done.returncode, done.stderr) == (1, "lapse: That is too much.\n")
    assert took < 20, "it was the alarm that ended it"
