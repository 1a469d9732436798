"""Seed files on the command line: export, import, reset, init, and a seed that is not applied."""

import json
import os
import stat
import subprocess

import pytest
import requests
import yaml

import needs
from lab import ADELE, CONTOSO, DOMAIN, FABRIKAM_DOMAIN, NATIVE, PASSWORD, WEB, WEB_SECRET
from serve import HTTP_ALONE

TAILSPIN = """
tenants:
  - id: 33333333-cccc-4ccc-8ccc-333333333333
    name: Tailspin
    domains: [tailspin.example]
    users:
      - {userPrincipalName: wren@tailspin.example, displayName: Wren}
"""


class Lab:
    """A Lapse of the test's own, and its commands in the folder of the test."""

    def __init__(self, launch, folder, *options, **place):
        self.folder = folder
        self.process = launch(folder, *HTTP_ALONE, *options, **place)
        self.http = self.process.lapse.http

    def __call__(self, *arguments, code=0, **environment):
        run = self.run(*arguments, **environment)
        assert run.returncode == code, run.stdout + run.stderr
        return run.stdout if code == 0 else run.stderr

    def run(self, *arguments, **environment):
        variables = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
        return subprocess.run(
            [needs.lapse(), *arguments], cwd=self.folder, text=True, capture_output=True, timeout=60,
            env=variables | {"LAPSE_SERVER": self.http} | environment)

    def api(self, method, path, json=None):
        answer = requests.request(method, f"{self.http}/_lapse/api{path}", json=json, timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def names(self):
        return [tenant["name"] for tenant in self.api("GET", "/tenants")["items"]]

    def signs_in(self, password, client=NATIVE, **more):
        form = {"grant_type": "password", "client_id": client, "username": ADELE, "password": password, "scope": "openid", **more}
        answer = requests.post(f"{self.http}/{DOMAIN}/oauth2/v2.0/token", form, timeout=10).json()
        return answer.get("error_codes", "access_token" in answer)

    def log(self):
        return (self.folder / "lapse.log").read_text()


@pytest.fixture
def lab(launch, tmp_path):
    return Lab(launch, tmp_path)


@pytest.fixture
def other(launch, tmp_path):
    """An empty Lapse, but for a tenant of its own."""
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "seed.yaml").write_text(TAILSPIN)
    return Lab(launch, folder, "--seed", "seed.yaml")


def work(lab):
    """What people do to a directory."""
    lab.api("PATCH", f"/tenants/{DOMAIN}/users/{ADELE}", {"password": "Ch4nged-since!", "displayName": "Adele: #1, \u201cadministrator\u201d"})
    lab.api("PATCH", f"/tenants/{DOMAIN}/apps/{WEB}", {"secrets": ["of-our-own"], "flows": ["password"]})
    lab.api("POST", f"/tenants/{DOMAIN}/users", {"userPrincipalName": f"no@{DOMAIN}", "displayName": "no"})
    lab.api("PUT", f"/tenants/{DOMAIN}/propagation", {"regions": ["1", "true"], "planes": {"refresh": {"1": {"fixed": "PT3M"}}}})


def test_a_directory_goes_from_one_lapse_to_another(lab, other):
    work(lab)
    assert lab("export", "--with-secrets", "all.yaml") == ""
    file = lab.folder / "all.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert "keep this file as you keep a file of passwords" in text.splitlines()[1]
    assert [tenant["name"] for tenant in yaml.safe_load(text)["tenants"]] == ["Contoso", "Fabrikam"]
    told = other("import", str(file))
    assert [line.split()[1:] for line in told.splitlines()] == [["Contoso", DOMAIN], ["Fabrikam", FABRIKAM_DOMAIN]]
    assert sorted(other.names()) == ["Contoso", "Fabrikam", "Tailspin"]
    # The tenants are the same, and so are passwords and secrets.
    for domain in (DOMAIN, FABRIKAM_DOMAIN):
        arguments = ("export", "--with-secrets", "--tenant", domain)
        assert other(*arguments) == lab(*arguments)
    assert other.signs_in("Ch4nged-since!") is True and other.signs_in(PASSWORD) == [50126]
    assert other.signs_in("Ch4nged-since!", WEB, client_secret="of-our-own") is True
    assert other.signs_in("Ch4nged-since!", WEB, client_secret=WEB_SECRET) == [7000215]


def test_what_serve_reads_is_what_export_wrote(lab, launch, tmp_path):
    work(lab)
    text = lab("export", "--with-secrets")
    folder = tmp_path / "again"
    folder.mkdir()
    (folder / "seed.yaml").write_text(text)
    again = Lab(launch, folder, "--seed", "seed.yaml")
    assert again("export", "--with-secrets") == text
    assert again.signs_in("Ch4nged-since!") is True


def test_an_export_without_secrets_says_what_it_leaves_out(lab, other):
    work(lab)
    text = lab("export")
    assert "sha256" not in text and "of-our-own" not in text and "Ch4nged" not in text
    assert "Passwords and client secrets are left out" in text
    (other.folder / "all.yaml").write_text(text)
    other("import", "all.yaml")
    assert other.signs_in(PASSWORD) is True
    assert other.signs_in(PASSWORD, WEB, client_secret="of-our-own") == [7000215]
    assert json.loads(lab("export", "--json"))["tenants"][0]["id"] == CONTOSO


def test_one_tenant_is_exported_by_option_or_environment(lab):
    for text in (lab("export", "--tenant", FABRIKAM_DOMAIN), lab("export", LAPSE_TENANT=FABRIKAM_DOMAIN)):
        assert [tenant["name"] for tenant in yaml.safe_load(text)["tenants"]] == ["Fabrikam"]
        assert "Guests whose home is another tenant are left out." in text
    assert "no tenant 'nobody.example'" in lab("export", "--tenant", "nobody.example", code=1)


def test_an_export_goes_over_no_file_unasked(lab):
    file = lab.folder / "all.yaml"
    file.write_text("mine")
    assert lab("export", "all.yaml", code=64) == "lapse: all.yaml is there already; --force writes over it\n"
    assert file.read_text() == "mine"
    lab("export", "--force", "--with-secrets", "all.yaml")
    assert yaml.safe_load(file.read_text())["tenants"] and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "cannot write nowhere/all.yaml" in lab("export", "nowhere/all.yaml", code=1)


def test_an_import_makes_all_or_nothing_and_says_what_to_do(lab):
    (lab.folder / "two.yaml").write_text(TAILSPIN + f"  - {{id: {CONTOSO}, name: Contoso, domains: [other.example]}}\n")
    told = lab("import", "two.yaml", code=1)
    assert told.startswith("lapse: two.yaml: Contoso (contoso.example) is there already, and nothing was made.")
    assert "lapse reset --tenant contoso.example --seed two.yaml" in told
    assert lab.names() == ["Contoso", "Fabrikam"]


@pytest.mark.parametrize("text, says", [
    ("tenants: [", "bad.yaml is not valid YAML or JSON"), ("", "bad.yaml: must be an object"),
    ("tenants: []", "bad.yaml: tenants: is required"),
    (TAILSPIN + "    apps: [{name: App, kind: tablet}]\n", "bad.yaml: tenants[0].apps[0].kind: must be one of: public, confidential, spa, resource"),
    (TAILSPIN + "    nothing: 1\n", "bad.yaml: tenants[0].nothing: is not known"), (None, "cannot read bad.yaml")])
def test_a_bad_file_is_refused_before_anything_is_done(lab, text, says):
    if text is not None:
        (lab.folder / "bad.yaml").write_text(text)
    for arguments, option in (["import", "bad.yaml"], ""), (["reset", "--seed", "bad.yaml"], "--seed: "):
        # Not even a server is asked.
        told = lab(*arguments, code=64, LAPSE_SERVER="http://localhost:1")
        assert told.startswith(f"lapse: {option}{says}"), told
        assert told.count("\n") == 1


def test_reset_takes_all_tenants_or_one_back(lab):
    for domain in (DOMAIN, FABRIKAM_DOMAIN):
        lab.api("POST", f"/tenants/{domain}/users", {"userPrincipalName": f"new@{domain}"})

    def count():
        return [len(lab.api("GET", f"/tenants/{domain}/users")["items"]) for domain in (DOMAIN, FABRIKAM_DOMAIN)]

    assert count() == [5, 2]
    assert lab("reset", "--tenant", FABRIKAM_DOMAIN) == "Fabrikam (fabrikam.example) is as its seed says.\n"
    assert count() == [5, 1]
    assert lab("reset").splitlines() == [
        "Contoso (contoso.example) is as its seed says.", "Fabrikam (fabrikam.example) is as its seed says."]
    assert count() == [4, 1]
    assert "no tenant 'nobody.example'" in lab("reset", "--tenant", "nobody.example", code=1)


def test_reset_to_a_file_makes_the_directory_that_of_the_file(lab):
    (lab.folder / "lab.yaml").write_text(TAILSPIN)
    assert lab("reset", "--tenant", DOMAIN, "--seed", "lab.yaml", code=64) == "lapse: --tenant: lab.yaml has no tenant contoso.example\n"
    assert lab("reset", "--tenant", "tailspin.example", "--seed", "lab.yaml") == "Tailspin (tailspin.example) is as lab.yaml says.\n"
    assert lab.names() == ["Contoso", "Fabrikam", "Tailspin"]
    lab("reset", "--seed", "lab.yaml")
    assert lab.names() == ["Tailspin"]


def test_these_commands_keep_the_rules_of_the_control_api(launch, tmp_path):
    lab = Lab(launch, tmp_path, "--control-token", "a-secret-of-the-lab")
    (tmp_path / "lab.yaml").write_text(TAILSPIN)
    for arguments in (["export"], ["import", "lab.yaml"], ["reset"]):
        assert "wants its token" in lab(*arguments, code=1)
        lab(*arguments, "--control-token", "a-secret-of-the-lab")
    for path in ("export", "import", "reset"):
        answer = requests.request(
            "GET" if path == "export" else "POST", f"{lab.http}/_lapse/api/{path}", headers={"Host": "evil.example"}, timeout=10)
        assert answer.status_code == 403


# MARK: A seed that is not applied

def test_a_seed_that_is_not_applied_is_loud_and_says_what_to_do(launch, tmp_path):
    seed = tmp_path / "lab.yaml"
    Lab(launch, tmp_path, data_dir=".lapse").process.stop()
    seed.write_text(TAILSPIN)
    lab = Lab(launch, tmp_path, "--seed", "lab.yaml", data_dir=".lapse")
    told = lab.log()
    assert told.startswith("lapse: --seed: lab.yaml was NOT applied: .lapse has its tenants already (Contoso, Fabrikam).\n"), told
    assert "`lapse reset --seed lab.yaml`" in told and "--ephemeral" in told and "--data-dir" in told
    assert "password as in lab.yaml" not in told
    assert lab.names() == ["Contoso", "Fabrikam"]
    # What it says helps, and then there is nothing to say.
    lab("reset", "--seed", "lab.yaml")
    lab.process.stop()
    lab = Lab(launch, tmp_path, "--seed", "lab.yaml", data_dir=".lapse")
    assert "NOT applied" not in lab.log() and "/tailspin.example" in lab.log()
    assert lab.names() == ["Tailspin"]
    lab.process.stop()
    # Whoever edits the file meets it again.
    seed.write_text(TAILSPIN.replace("Wren", "Wren Otter"))
    lab = Lab(launch, tmp_path, "--seed", "lab.yaml", data_dir=".lapse")
    assert "(Tailspin)" in lab.log().splitlines()[0]
    lab.process.stop()
    # Without a seed the built-in lab's users are not named where they are not.
    lab = Lab(launch, tmp_path, data_dir=".lapse")
    assert "NOT applied" not in lab.log() and ADELE not in lab.log()


# MARK: init

def test_init_writes_what_serve_takes(launch, tmp_path):
    def init(*arguments):
        return subprocess.run([needs.lapse(), "init", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60)

    run = init()
    assert (run.returncode, run.stdout) == (0, "Wrote lapse.yaml and lapse-seed.yaml. Next: lapse serve\n"), run.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lapse-seed.yaml", "lapse.yaml"]
    (tmp_path / "lapse.yaml").write_text("mine")
    run = init()
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "lapse: lapse.yaml is there already, and nothing was written; --force writes over it\n"
    assert (tmp_path / "lapse.yaml").read_text() == "mine"
    assert init("--force").returncode == 0
    lab = Lab(launch, tmp_path, data_dir=".lapse")
    assert lab.names() == ["Contoso"] and "User        adele@contoso.example, password Passw0rd!" in lab.log()
    assert lab.signs_in(PASSWORD) is True
    lab.process.stop()
    # A key that is nearly right is named.
    (tmp_path / "lapse.yaml").write_text("https_port: 1\n")
    run = subprocess.run([needs.lapse(), "serve", "--ephemeral"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert run.returncode != 0 and "the key 'https_port' is not known; did you mean https-port?" in run.stderr
