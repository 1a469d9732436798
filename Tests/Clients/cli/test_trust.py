"""`lapse trust` and `lapse untrust`, with the stores that programs really read."""

import contextlib
import os
import pathlib
import pty
import re
import subprocess
import sys

import pytest
import requests
from playwright.sync_api import Error, sync_playwright

import chromium
import needs
from own_machine import OwnMachine
from serve import PORTS, Process


@pytest.fixture
def machine(tmp_path):
    return OwnMachine(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A Lapse with a real data folder: the process."""
    folder = tmp_path_factory.mktemp("trusted")
    process = Process(folder, *PORTS, data_dir=".lapse")
    yield process
    process.stop()


@contextlib.contextmanager
def chromium_of(machine):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=needs.program("chromium"), env=machine.environment, args=chromium.ARGUMENTS)
        yield browser.new_page()
        browser.close()


@pytest.mark.parametrize("has_run_before", [False, True])
def test_chromium_opens_lapse_after_trust_and_refuses_it_after_untrust(machine, running, has_run_before):
    address = running.lapse.https + "/_lapse/"
    # Where Chromium keeps its database depends on which one it found when it began.
    if has_run_before:
        with chromium_of(machine) as page, pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            page.goto(address)
    trusted = machine.run("lapse trust --yes", running.folder)
    assert trusted.returncode == 0, trusted.stderr
    with chromium_of(machine) as page:
        assert page.goto(address).status == 200
    taken = machine.run("lapse untrust", running.folder)
    assert taken.returncode == 0 and "is taken out" in taken.stdout, taken.stdout + taken.stderr
    with chromium_of(machine) as page, pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        page.goto(address)


PROGRAMS = {
    "curl": "curl -sS -o /dev/null {address}",
    "openssl": "openssl s_client -verify_return_error -connect localhost:{port} </dev/null",
    "python": sys.executable + " -c 'import urllib.request; urllib.request.urlopen(\"{address}\")'",
    "requests": "REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt "
                + sys.executable + " -c 'import requests; requests.get(\"{address}\").raise_for_status()'",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_that_read_debians_store_trust_lapse_until_untrust(machine, running, name):
    command = PROGRAMS[name].format(address=running.lapse.https + "/_lapse/", port=running.lapse.https.rpartition(":")[2])
    run = machine.run(
        f"tries() {{ if {command} >/dev/null 2>&1; then echo trusts; else echo refuses; fi; }}\n"
        "tries; lapse trust --yes >/dev/null; tries; lapse untrust >/dev/null; tries; ls /usr/local/share/ca-certificates",
        running.folder)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["refuses", "trusts", "refuses"]


def test_it_says_what_it_did_line_by_line_and_does_it_once(machine, running):
    profiles = [machine.firefox(name) for name in ("aaa.default", "bbb.work")]
    run = machine.run("lapse trust --yes; echo; lapse trust --yes; echo; lapse untrust; echo; lapse untrust", running.folder)
    assert run.returncode == 0, run.stderr
    stores = [f"Chromium, {machine.chromium}", *(f"Firefox, {profile}" for profile in profiles),
              "Debian, /usr/local/share/ca-certificates"]
    told = [line for line in run.stdout.splitlines() if line.startswith(("Chromium", "Firefox", "Debian", "No store"))]
    assert told[:8] == [f"{store}: trusts it now" for store in stores] + [f"{store}: trusted it already" for store in stores]
    assert [re.sub("CA [0-9a-f]{8}", "CA", line) for line in told[8:]] == [
        *(f"{store}: Lapse local CA is taken out" for store in stores), "No store here has Lapse local CA."]
    assert [machine.trusted(database) for database in (machine.chromium, *profiles)] == [(0, 0)] * 3
    # The steps for other systems name the file and the certificate.
    assert run.stdout.count(f"security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db {running.folder}/.lapse/ca.pem") == 2
    printed = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha1", "-in", running.lapse.ca_file], capture_output=True, text=True, check=True)
    sha1 = printed.stdout.strip().partition("=")[2].replace(":", "")
    assert run.stdout.count(f"certutil -user -delstore Root {sha1}") == 2
    printed = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", running.lapse.ca_file], capture_output=True, text=True, check=True)
    assert run.stdout.count(printed.stdout.strip().partition("=")[2]) == 2


def test_whoever_is_not_root_is_told_what_root_would_do_and_has_the_rest(machine, running):
    run = machine.run("person trust --yes", running.folder)
    assert run.returncode == 0, run.stderr
    assert machine.trusted(machine.chromium) == (1, 1)
    line = next(line.strip() for line in run.stdout.splitlines() if "sudo" in line)
    assert "Debian, /usr/local/share/ca-certificates: belongs to root" in run.stdout
    # What is said works, and to untrust it says what takes it out again.
    address = running.lapse.https + "/_lapse/"
    run = machine.run(
        f"sudo() {{ \"$@\"; }}\n{line}\ncurl -sS -o /dev/null {address} && echo works\n"
        "person untrust || echo $?", running.folder)
    assert run.stdout.splitlines()[-1] == "1" and "works" in run.stdout, run.stdout + run.stderr
    assert machine.trusted(machine.chromium) == (0, 0)
    line = next(line.strip() for line in run.stdout.splitlines() if line.startswith("  sudo rm"))
    assert re.fullmatch(
        "sudo rm /usr/local/share/ca-certificates/lapse-local-ca-[0-9a-f]{8}.crt && sudo update-ca-certificates", line)


def test_root_by_sudo_leaves_the_browsers_alone(machine, running):
    run = machine.run("SUDO_USER=adele lapse trust --yes", running.folder)
    assert run.returncode == 0, run.stderr
    assert "Debian, /usr/local/share/ca-certificates: trusts it now" in run.stdout and "Chromium" not in run.stdout
    assert list(machine.home.iterdir()) == []


def test_a_profile_with_a_primary_password_is_named_and_left_as_it_was(machine, running):
    locked, free = machine.firefox("aaa.locked", "a password"), machine.firefox("bbb.free")
    run = machine.run("lapse trust --yes", running.folder)
    assert run.returncode == 1
    assert f"Firefox, {locked}: could not be changed: it has a primary password; import the CA in the browser's settings" in run.stdout
    assert [machine.trusted(profile) for profile in (locked, free)] == [(0, 0), (1, 1)]


def test_it_says_what_to_install_when_certutil_is_missing(machine, running):
    said = "certutil is missing; Debian has it: sudo apt-get install libnss3-tools"
    programs = machine.folder / "bin"
    programs.mkdir()
    for program in pathlib.Path("/usr/bin").iterdir():
        if program.name != "certutil":
            (programs / program.name).symlink_to(program)
    script = f"export PATH={programs}\nlapse trust --yes || echo $?"
    run = machine.run(script, running.folder)
    assert f"Chromium, {machine.chromium}: {said}" in run.stdout
    assert "Debian, /usr/local/share/ca-certificates: trusts it now" in run.stdout and not run.stdout.endswith("1\n")
    # A browser that is there, and cannot be told, is a failure.
    machine.firefox("aaa.default")
    run = machine.run(script, running.folder)
    assert run.stdout.endswith("\n1\n") and run.stdout.count(said) == 2
    run = machine.run(f"export PATH={programs}\nlapse status --server {running.lapse.http}")
    assert f"The browsers' databases were not read: {said}" in run.stdout


def test_a_lapse_whose_data_folder_is_elsewhere_is_asked_itself(machine, running):
    run = machine.run(
        f"lapse trust --yes --server {running.lapse.https}\nperson trust --yes --server {running.lapse.http}\n"
        f"lapse untrust --server {running.lapse.https.replace('localhost', '127.0.0.1')}")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Debian, /usr/local/share/ca-certificates: trusts it now" in run.stdout
    assert "| sudo tee" in run.stdout and f"curl -s {running.lapse.http}/_lapse/ca.pem" in run.stdout
    assert machine.trusted(machine.chromium) == (0, 0)


def test_the_ca_is_where_the_options_and_the_environment_say(machine, running):
    for arguments, environment in [
            (f"--ca {running.lapse.ca_file}", {}), (f"--data-dir {running.folder}/.lapse", {}),
            ("", {"LAPSE_CA": running.lapse.ca_file}), ("", {"LAPSE_DATA_DIR": f"{running.folder}/.lapse"}),
            ("", {"LAPSE_SERVER": running.lapse.https})]:
        run = machine.run(f"person trust --yes {arguments}", environment=environment)
        assert run.returncode == 0, run.stdout + run.stderr
        assert machine.trusted(machine.chromium) == (1, 1)
        run = machine.run(f"person untrust {arguments}", environment=environment)
        assert run.returncode == 0, run.stdout + run.stderr
        assert machine.trusted(machine.chromium) == (0, 0)


def test_a_ca_that_may_speak_for_more_is_refused_without_wide(machine, tmp_path):
    folder = tmp_path / "wide"
    folder.mkdir()

    def issue(*options):
        Process(folder, *PORTS, *options, data_dir=".lapse").stop()

    issue()
    assert machine.run("person trust --yes", folder).returncode == 0
    issue("--tls-name", "login.example")
    run = machine.run("person trust --yes", folder)
    assert run.returncode == 1 and machine.trusted(machine.chromium) == (1, 1)
    assert re.fullmatch(
        "lapse: Lapse local CA [0-9a-f]{8} may speak for login.example, and its key lies in the data folder\\. .* insist with --wide\n",
        run.stderr)
    run = machine.run("person trust --yes --wide", folder)
    assert run.returncode == 0 and "for localhost, login.example, until" in run.stdout, run.stdout + run.stderr
    assert "trusts it now, in place of an older certificate of this CA" in run.stdout
    # The narrow one again: whoever takes it out takes out the wide one of the same key.
    issue()
    run = machine.run("person untrust", folder)
    assert run.returncode == 0 and machine.trusted(machine.chromium) == (0, 0), run.stdout


def test_untrust_takes_out_whatever_was_issued_with_the_key_and_finds_it_under_any_name(machine, tmp_path):
    folder = tmp_path / "again"
    folder.mkdir()
    machine.firefox("aaa.default")
    profile = machine.home / ".mozilla" / "firefox" / "aaa.default"
    for options in ([], ["--tls-name", "login.example"], []):
        Process(folder, *PORTS, *options, data_dir=".lapse").stop()
        machine.certutil(profile, "-A", "-t", "C,,", "-n", "by hand", "-a", "-i", str(folder / ".lapse" / "ca.pem"))
    assert machine.certutil(profile, "-L").count("by hand") == 3
    run = machine.run("person untrust", folder)
    assert run.returncode == 0 and run.stdout.count("is taken out") == 3, run.stdout + run.stderr
    assert "by hand" not in machine.certutil(profile, "-L")


def test_untrust_all_takes_out_the_cas_of_lapses_that_are_gone_and_no_others(machine, tmp_path):
    others = make_ca(tmp_path, "/O=Somebody/CN=Their CA")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        Process(tmp_path / name, *PORTS, data_dir=".lapse").stop()
        assert machine.run("person trust --yes", tmp_path / name).returncode == 0
    machine.certutil(machine.chromium, "-A", "-t", "C,,", "-n", "Their CA", "-a", "-i", str(others))
    assert machine.trusted(machine.chromium) == (2, 2)
    run = machine.run("person untrust --all")
    assert run.returncode == 0 and run.stdout.count("is taken out") == 2, run.stdout + run.stderr
    assert machine.trusted(machine.chromium) == (0, 0) and "Their CA" in machine.certutil(machine.chromium, "-L")


def make_ca(folder, subject):
    file = folder / "their-ca.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "/dev/null",
         "-subj", subject, "-days", "2", "-out", str(file)], check=True, capture_output=True)
    return file


def test_what_is_not_the_ca_of_a_lapse_is_left_alone(machine, tmp_path, running):
    theirs, posing = tmp_path / "theirs", tmp_path / "posing"
    for folder in (theirs, posing):
        folder.mkdir()
    theirs, posing = make_ca(theirs, "/O=Somebody/CN=Their CA"), make_ca(posing, "/O=Lapse/CN=Lapse local CA 00000000")
    (tmp_path / "two.pem").write_text(theirs.read_text() + posing.read_text())
    (tmp_path / "none.pem").write_text("nothing")
    for arguments, said in [
            (f"--ca {theirs}", f"--ca: {theirs} is not the CA of a Lapse but Their CA, which is left alone"),
            (f"--ca {posing}", f"--ca: {posing} is not the CA of a Lapse but Lapse local CA 00000000, which is left alone"),
            (f"--ca {tmp_path}/two.pem", f"--ca: {tmp_path}/two.pem holds 2 certificates; name a file with the CA only"),
            (f"--ca {tmp_path}/none.pem", f"--ca: there is no certificate in {tmp_path}/none.pem"),
            ("--ca missing.pem", "--ca: cannot read missing.pem"),
            ("--data-dir missing", "--data-dir: cannot read missing/ca.pem"),
            ("--ca a --server b", "--ca and --server: give one of them; each names a CA"),
            ("--server nowhere", "--server: must be an address such as https://localhost:8443"),
            ("--server https://[2001:db8::1]:8443", "--server: 2001:db8::1 is not this machine, and what it shows on the way proves nothing: "
                                                    "copy ca.pem from its data folder, and name it with --ca"),
            ("--server https://lapse.example", "--server: lapse.example is not this machine, and what it shows on the way proves nothing: "
                                               "copy ca.pem from its data folder, and name it with --ca")]:
        for command in ("trust --yes", "untrust"):
            run = machine.run(f"lapse {command} {arguments}")
            assert (run.returncode, run.stdout, run.stderr) == (64, "", f"lapse: {said}\n"), command
    run = machine.run("lapse trust --yes", environment={"LAPSE_SERVER": "https://localhost:1"})
    assert (run.returncode, run.stderr) == (
        1, "lapse: there is no .lapse/ca.pem, and nothing answers at https://localhost:1: start Lapse first, or name its CA with --ca\n")
    run = machine.run("lapse trust --yes --server https://localhost:1")
    assert (run.returncode, run.stderr) == (1, "lapse: nothing answers at https://localhost:1; is `lapse serve` running there?\n")
    assert list(machine.home.iterdir()) == []


def test_it_asks_first(machine, running):
    run = machine.run("lapse trust", running.folder)
    assert (run.returncode, run.stdout, run.stderr) == (64, "", "lapse: --yes: is required where nobody can be asked\n")
    for answer, code, trusted in [("n", 1, False), ("", 1, False), ("y", 0, True)]:
        terminal, end = pty.openpty()
        os.write(terminal, f"{answer}\n".encode())
        run = machine.run("person trust", running.folder, stdin=end)
        os.close(terminal)
        os.close(end)
        assert run.returncode == code and "Trust it? [y/N] " in run.stdout, run.stdout + run.stderr
        assert machine.chromium.exists() == trusted


def test_the_real_machine_was_left_alone(running):
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(running.lapse.https, verify="/etc/ssl/certs/ca-certificates.crt", timeout=10)
