"""The page on certificates runs as it stands, in a home folder and with stores of its own."""

import os
import re
import shlex
import subprocess
import sys

import needs
import tour
from own_machine import OwnMachine

PAGE = "docs/certificates.md"


def test_the_commands_answer_what_the_page_prints(at_home, tmp_path_factory):
    machine = OwnMachine(tmp_path_factory.mktemp("machine"))
    for name in ("certutil", "curl", "openssl", "node", "go", "keytool", "java"):
        needs.program(name)
    python = machine.folder / "bin" / "python3"
    python.parent.mkdir()
    python.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} \"$@\"\n")
    python.chmod(0o755)
    blocks = tour.blocks(PAGE)
    assert len(blocks) == 10
    script = f"export PATH={python.parent}:$PATH\n" + f"\necho; echo '{tour.MARK}'\n".join(
        commands for commands, _ in blocks)
    run = machine.run(script, at_home.folder)
    assert run.returncode == 0, run.stdout + run.stderr
    for (commands, expected), output in zip(blocks, run.stdout.split(tour.MARK), strict=True):
        assert re.fullmatch(tour.pattern(expected), output.strip()), f"{commands}\nanswered\n{output}"


def test_msal_takes_the_session_of_the_page_where_a_bundle_is_set(at_home):
    code = re.search(r"```python msal\n(.*?)```", (tour.ROOT / PAGE).read_text(), re.DOTALL).group(1)
    code = "\n".join(line.removeprefix("  ") for line in code.splitlines())
    # One without Lapse's CA, as a company sets it.
    environment = os.environ | dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), "/etc/ssl/certs/ca-certificates.crt")
    for session, came in [("http_client=http", "user_code"), ("verify=http.verify", "CERTIFICATE_VERIFY_FAILED")]:
        run = subprocess.run(
            [sys.executable, "-c", code.replace("http_client=http", session) + "\nprint(app.initiate_device_flow(scopes=['User.Read']))"],
            cwd=at_home.folder, env=environment, capture_output=True, text=True, timeout=60)
        assert came in run.stdout + run.stderr, run.stdout + run.stderr
