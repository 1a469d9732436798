"""What a person at a terminal reads: the banner, whose next steps can be pasted, and a line for each request."""

import json
import os
import pty
import re
import subprocess

import pytest
import requests

from lab import ADELE, NATIVE
from serve import HTTP_ALONE, PORTS

SEED = """
tenants:
  - id: 33333333-cccc-4ccc-8ccc-333333333333
    name: Wingtip
    domains: [wingtip.example]
    users:
      - {id: aaaaaaaa-0003-4000-8000-000000000001, userPrincipalName: kim@wingtip.example, displayName: Kim, password: A-secret-0f-kim}
    apps:
      - {id: bbbbbbbb-0003-4000-8000-000000000001, name: Kim's tool, kind: public, redirectUris: ["http://localhost"]}
"""


def facts(banner):
    return dict(re.findall(r"^  (\w[\w ]*?) {2,}(\S.*)$", banner, re.MULTILINE))


def steps(banner):
    """What stands under "Try next"."""
    block = banner.partition("Try next, in another terminal:\n")[2].partition("\n\n")[0]
    return [line.strip() for line in block.splitlines()]


def pasted(command, folder):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    return subprocess.run(
        command, shell=True, cwd=folder, capture_output=True, text=True, timeout=30,
        env=environment | {"LAPSE_CONTROL_TOKEN": "a-control-token"})


@pytest.mark.parametrize("options", [PORTS, HTTP_ALONE, [*PORTS, "--control-token", "a-control-token"]])
def test_each_next_step_of_the_banner_runs_as_it_stands(launch, tmp_path, options):
    process = launch(tmp_path, *options, data_dir=tmp_path / "a folder")
    banner = (tmp_path / "lapse.log").read_text()
    base = process.lapse.https or process.lapse.http
    assert facts(banner)["Dashboard"].startswith(f"{base}/_lapse/ ")
    assert facts(banner)["Client id"] == f"{NATIVE}  (Lapse Native)"
    assert facts(banner)["User"] == f"{ADELE}, password Passw0rd!"
    *first, grant, revoke, events = steps(banner)
    assert first == (["export LAPSE_CONTROL_TOKEN=…   # the control token"] if "--control-token" in options else [])
    grant, revoke, events = (pasted(step, tmp_path) for step in (grant, revoke, events))
    assert json.loads(grant.stdout)["refresh_token"], grant.stderr
    assert revoke.returncode == 0, revoke.stderr
    assert events.returncode == 0 and "revoked" in events.stdout, events.stderr


def test_with_a_seed_the_banner_has_the_names_of_the_file(launch, tmp_path):
    (tmp_path / "wingtip.yaml").write_text(SEED)
    launch(tmp_path, *PORTS, "--seed", "wingtip.yaml")
    banner = (tmp_path / "lapse.log").read_text()
    assert facts(banner)["Client id"] == "bbbbbbbb-0003-4000-8000-000000000001  (Kim's tool)"
    assert facts(banner)["User"] == "kim@wingtip.example, password as in wingtip.yaml"
    assert "A-secret-0f-kim" not in banner and "/wingtip.example" in facts(banner)["Authority"]
    grant, *others = (pasted(step, tmp_path) for step in steps(banner))
    assert json.loads(grant.stdout)["refresh_token"], grant.stderr
    assert [step.returncode for step in others] == [0, 0], [step.stderr for step in others]


def run_and_refuse(launch, tmp_path, *options, on_terminal=False, **more):
    """What stands on standard error after a refused refresh."""
    master, slave = pty.openpty() if on_terminal else os.pipe()
    process = launch(tmp_path, *PORTS, *options, stderr=slave, environment=more)
    os.close(slave)
    answer = process.lapse.refresh(NATIVE, "1.never-issued")
    assert answer.status_code == 400
    process.stop()
    text = b""
    while True:
        try:
            part = os.read(master, 65_536)
        except OSError:  # Linux: the last writer of a terminal has gone.
            break
        if not part:
            break
        text += part
    os.close(master)
    return text.decode()


def test_a_terminal_gets_a_coloured_line_for_each_request(launch, tmp_path):
    text = run_and_refuse(launch, tmp_path, on_terminal=True, TERM="xterm")
    assert re.search(r"POST  /contoso\.example/oauth2/v2\.0/token  \x1b\[33m400\x1b\[0m  \x1b\[31mAADSTS\d+ \w+\x1b\[0m", text), text
    assert "never-issued" not in text


def test_no_color_and_a_dumb_terminal_are_respected(launch, tmp_path):
    for more in ({"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}):
        text = run_and_refuse(launch, tmp_path, on_terminal=True, **more)
        assert "POST  /contoso.example/oauth2/v2.0/token  400" in text and "\x1b" not in text


def test_elsewhere_nothing_is_told_unless_it_is_asked_for(launch, tmp_path):
    assert run_and_refuse(launch, tmp_path) == ""
    line = json.loads(run_and_refuse(launch, tmp_path, "--log-level", "requests", LAPSE_LOG_FORMAT="json"))
    assert (line["method"], line["path"], line["status"]) == ("POST", "/contoso.example/oauth2/v2.0/token", 400)
    (tmp_path / "lapse.yaml").write_text("log-level: requests\n")
    assert "POST  /contoso.example/oauth2/v2.0/token  400" in run_and_refuse(launch, tmp_path)


def test_the_start_page_is_for_this_machines_names(lapse):
    page = requests.get(f"{lapse.https}/", verify=lapse.ca_file, timeout=5)
    assert page.status_code == 200 and "Does your app know?" in page.text
    elsewhere = requests.get(f"{lapse.https}/", headers={"Host": "elsewhere.example"}, verify=lapse.ca_file, timeout=5)
    assert elsewhere.status_code == 200 and "<h1>Lapse</h1>" in elsewhere.text
    assert "script" not in elsewhere.text and "/_lapse/api" not in elsewhere.text
