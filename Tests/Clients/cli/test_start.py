"""How Lapse starts, refuses to start, stops and starts again."""

import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import requests

import needs
from lab import ADELE, DOMAIN, NATIVE
from serve import PORTS, Process

FILES = ["ca.pem", "ca-key.pem", "server.pem", "server-key.pem", "signing.pem", "signing-key.pem", "lapse.sqlite3"]


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A data folder that a Lapse has used and left in good order."""
    folder = tmp_path_factory.mktemp("used")
    process = Process(folder, *PORTS, data_dir=folder / "data")
    process.lapse.tenant("POST", "grants", {"user": ADELE, "client_id": NATIVE, "scope": "openid offline_access"})
    process.stop()
    return folder / "data"


@pytest.fixture
def data(used, tmp_path):
    """A copy of that folder."""
    return shutil.copytree(used, tmp_path / "data")


def fingerprint(folder):
    """Every file's content but the lock's, whose appearance says nothing."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(folder.rglob("*")) if path.name != "lock"}


def start(cwd, *options, environment=()):
    """Runs a Lapse that is expected to end by itself."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    with tempfile.TemporaryDirectory() as elsewhere:
        options = [str(option) for option in options]
        if "--ready-file" not in options:
            options += ["--ready-file", f"{elsewhere}/ready.json"]
        process = subprocess.Popen(
            [needs.lapse(), "serve", *options],
            cwd=cwd, env={**inherited, **dict(environment)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 20
        while process.poll() is None:
            if os.path.exists(f"{elsewhere}/ready.json") or time.monotonic() > end:
                process.kill()
                process.communicate()
                pytest.fail("lapse runs, instead of refusing to start")
            time.sleep(0.02)
        return subprocess.CompletedProcess(process.args, process.returncode, *process.communicate())


def assert_refuses(cwd, *options, naming, environment=()):
    """It ends at once with one line that names the culprit, and leaves the folder as it was."""
    before = fingerprint(cwd)
    ended = start(cwd, *options, environment=environment)
    assert ended.returncode > 0, ended
    assert ended.stdout == "", ended
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    for name in [naming] if isinstance(naming, str) else naming:
        assert name in ended.stderr, ended.stderr
    after = fingerprint(cwd)
    assert after == before, f"made or changed: {set(after.items()) - set(before.items())}"


def assert_starts_unharmed(launch, folder, data):
    """The folder is still good for a Lapse."""
    process = launch(folder, *PORTS, data_dir=data)
    grants = process.lapse.tenant("GET", f"users/{ADELE}/grants")["items"]
    process.stop()
    assert grants, "the database was made anew"


# MARK: Ports and folders

@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_port_in_use_stops_the_start(launch, data, tmp_path, scheme):
    other = {"https": "http", "http": "https"}[scheme]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert_refuses(
            tmp_path, "--data-dir", data, f"--{scheme}-port", port, f"--{other}-port", "0", naming=[str(port), "in use"])
    assert_starts_unharmed(launch, tmp_path, data)


def test_the_same_port_for_both_schemes_stops_the_start(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    ended = start(tmp_path, "--ephemeral", "--https-port", port, "--http-port", port)
    assert ended.returncode > 0
    assert len(ended.stderr.splitlines()) == 1 and str(port) in ended.stderr, ended.stderr


def test_a_folder_below_a_file_stops_the_start(tmp_path):
    (tmp_path / "file").write_text("mine")
    assert_refuses(tmp_path, "--data-dir", tmp_path / "file" / "data", *PORTS, naming=str(tmp_path / "file" / "data"))
    assert_refuses(tmp_path, "--data-dir", tmp_path / "file", *PORTS, naming=str(tmp_path / "file"))


def test_a_folder_in_the_place_of_a_file_stops_the_start(data, tmp_path):
    for name in FILES:
        broken = shutil.copytree(data, tmp_path / f"broken-{name}")
        (broken / name).unlink()
        (broken / name).mkdir()
        assert_refuses(tmp_path, "--data-dir", broken, *PORTS, naming=str(broken / name))


def test_a_second_lapse_keeps_out_of_a_folder_in_use(launch, data, tmp_path):
    process = launch(tmp_path, *PORTS, data_dir=data)
    ended = start(tmp_path, "--data-dir", data, *PORTS)
    assert ended.returncode > 0
    assert len(ended.stderr.splitlines()) == 1 and str(data) in ended.stderr, ended.stderr
    # The first one has noticed nothing.
    assert process.lapse.tenant("GET", f"users/{ADELE}/grants")["items"]
    process.stop()


def modes(folder):
    return {path.name: path.stat().st_mode & 0o777 for path in [folder, *folder.iterdir()]}


@pytest.mark.parametrize("is_used", [False, True], ids=["empty", "used"])
def test_a_folder_that_others_may_read_is_made_private(launch, data, tmp_path, is_used):
    if is_used:
        for path in data.iterdir():
            path.chmod(0o644)
    else:
        shutil.rmtree(data)
        data.mkdir()
    data.chmod(0o755)
    process = launch(tmp_path, *PORTS, data_dir=data)
    process.lapse.tenant("POST", "grants", {"user": ADELE, "client_id": NATIVE, "scope": "openid offline_access"})
    # While it runs there is a log beside the database, too.
    found = modes(data)
    assert found["data"] == 0o700
    secrets = {name: mode for name, mode in found.items() if name.startswith("lapse.sqlite3") or name.endswith("-key.pem")}
    assert {"lapse.sqlite3", "lapse.sqlite3-wal", "lapse.sqlite3-shm"} < set(secrets)
    assert set(secrets.values()) == {0o600}, secrets
    process.stop()


def test_a_folder_that_others_may_read_and_use_stops_the_start(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "thesis.txt").write_text("mine")
    shared.chmod(0o755)
    assert_refuses(tmp_path, "--data-dir", shared, *PORTS, naming=["--data-dir", str(shared), "thesis.txt", "chmod 700"])
    assert modes(shared)["shared"] == 0o755 and not (shared / "lock").exists()


def test_a_symbolic_link_to_a_folder_stops_the_start(data, tmp_path):
    (tmp_path / "link").symlink_to(data)
    assert_refuses(tmp_path, "--data-dir", tmp_path / "link", *PORTS, naming=[str(tmp_path / "link"), "symbolic link"])


# MARK: Databases

def test_the_database_of_another_program_is_left_alone(data, tmp_path):
    database = data / "lapse.sqlite3"
    database.unlink()
    with sqlite3.connect(database) as mine:
        mine.execute("CREATE TABLE recipes (name TEXT)")
        mine.execute("INSERT INTO recipes VALUES ('soup')")
    mine.close()
    assert_refuses(tmp_path, "--data-dir", data, *PORTS, naming=[str(database), "another program"])


@pytest.mark.parametrize("version, word", [(999, "newer"), (0, "older")])
def test_a_database_of_another_schema_is_left_alone(data, tmp_path, version, word):
    database = data / "lapse.sqlite3"
    with sqlite3.connect(database) as meta:
        meta.execute("UPDATE meta SET version = ?", [version])
    meta.close()
    assert_refuses(tmp_path, "--data-dir", data, *PORTS, naming=[str(database), word, str(version)])


def text_file(path):
    path.write_text("This is no database.\n" * 1000)


def broken_header(path):
    overwrite(path, 0, b"\0" * 100)


def broken_pages(path):
    overwrite(path, 4096, os.urandom(path.stat().st_size - 8192))


def half_a_file(path):
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path, offset, content):
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


@pytest.mark.parametrize("damage", [text_file, broken_header, broken_pages, half_a_file],
    ids=lambda damage: damage.__name__)
def test_a_damaged_database_is_left_alone(data, tmp_path, damage):
    damage(data / "lapse.sqlite3")
    assert_refuses(tmp_path, "--data-dir", data, *PORTS, naming=str(data / "lapse.sqlite3"))


# MARK: Certificates and keys

@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".pem")])
def test_a_truncated_certificate_or_key_is_left_alone(data, tmp_path, name):
    os.truncate(data / name, 200)
    assert_refuses(tmp_path, "--data-dir", data, *PORTS, naming=str(data / name))


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".pem")])
def test_a_missing_certificate_or_key_is_not_made_anew_beside_the_other(data, tmp_path, name):
    (data / name).unlink()
    assert_refuses(tmp_path, "--data-dir", data, *PORTS, naming=str(data / name))


@pytest.mark.parametrize("name", ["server-key.pem", "signing-key.pem"])
def test_a_key_that_belongs_to_another_certificate_is_left_alone(launch, data, tmp_path, name):
    other = tmp_path / "other"
    process = launch(tmp_path, *PORTS, data_dir=other)
    process.stop()
    shutil.copy(other / name, data / name)
    assert_refuses(tmp_path, "--data-dir", data, *PORTS, naming=str(data / name))


# MARK: Settings

@pytest.mark.parametrize("text, naming", [
    ("https-port: [", "lapse.yaml"), ("\t- a\n b: {", "lapse.yaml"), ("a: &a [*a", "lapse.yaml"),
    ("- a\n- b", "lapse.yaml"),
    ("just words", "lapse.yaml"), ("htps-port: 1", "htps-port"), ("https_port: 1", "https_port"),
    ("HTTPS-PORT: 1", "HTTPS-PORT"),
    ("https-port: many", "https-port"), ("https-port: 65536", "https-port"), ("https-port: -1", "https-port"),
    ("https-port: 1.5", "https-port"), ("https-port: [1]", "https-port"), ("ephemeral: perhaps", "ephemeral"),
    ("ephemeral: 2", "ephemeral"), ("host: 5", "host"), ("host: ''", "host"), ("propagation: slow", "propagation"),
    ("propagation: {planes: {refresh: slow}}", "planes.refresh"), ("control-token: short", "control-token"),
    ("control-token: with a blank", "control-token"), ("public-url: localhost", "public-url"),
    ("public-url: https://localhost/path", "public-url"), ("public-url: ftp://localhost", "public-url"),
    ("graph-url: 'https://'", "graph-url"), ("back-channel: front", "back-channel"), ("open-registration: maybe", "open-registration"),
    ("seed: nowhere.yaml", "nowhere.yaml"),
])
def test_a_mistake_in_the_file_stops_the_start(tmp_path, text, naming):
    (tmp_path / "lapse.yaml").write_text(text)
    assert_refuses(tmp_path, *(option for name in ("https", "http") if f"{name}-port" not in text
                               for option in (f"--{name}-port", "0")), naming=naming)


LAUGHS = "a0: &a0 lol\n" + "".join(
    f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 60))
"""Some fifty lines that stand for more values than there are atoms."""


@pytest.mark.parametrize("text", [LAUGHS, LAUGHS + "? [*a59]\n: 1\n", "[" * 500 + "]" * 500], ids=["values", "key", "deep"])
def test_a_file_that_says_more_than_a_machine_holds_is_refused(tmp_path, text):
    (tmp_path / "laughs.yaml").write_text(text)
    assert_refuses(tmp_path, "--seed", "laughs.yaml", *PORTS, naming="laughs.yaml")
    assert_refuses(tmp_path, "--config", "laughs.yaml", *PORTS, naming="laughs.yaml")
    for command in (
            ["fault", "add", "--file", "laughs.yaml"], ["report", "--expect", "laughs.yaml"],
            ["check", "--scenario", "laughs.yaml", "--", "true"], ["check", "--seed", "laughs.yaml", "--", "true"],
            ["check", "--expect", "laughs.yaml", "--", "true"]):
        ended = subprocess.run([needs.lapse(), *command], cwd=tmp_path, capture_output=True, text=True, timeout=20)
        assert ended.returncode == (64 if "--seed" in command else 1), ended
        assert len(ended.stderr.splitlines()) == 1 and "laughs.yaml" in ended.stderr, ended.stderr


@pytest.mark.parametrize("variable, value", [
    ("LAPSE_HTTPS_PORT", "many"), ("LAPSE_HTTP_PORT", "65536"), ("LAPSE_HTTP_PORT", "-1"), ("LAPSE_HTTP_PORT", "１"),
    ("LAPSE_EPHEMERAL", "perhaps"), ("LAPSE_PROPAGATION", "slow"), ("LAPSE_PROPAGATION", '{"planes":'),
    ("LAPSE_CONTROL_TOKEN", "short"), ("LAPSE_PUBLIC_URL", "localhost"), ("LAPSE_CONFIG", "nowhere.yaml"),
    ("LAPSE_SEED", "nowhere.yaml")])
def test_a_mistake_in_the_environment_stops_the_start(tmp_path, variable, value):
    naming = value if value.endswith(".yaml") else variable
    assert_refuses(tmp_path, environment={variable: value}, naming=naming)


@pytest.mark.parametrize("options, naming", [
    (["--https-port", "many"], "--https-port"), (["--http-port", "65536"], "--http-port"),
    (["--http-port", ""], "--http-port"),
    (["--propagation", "slow"], "--propagation"), (["--propagation", "{"], "--propagation"),
    (["--propagation", '{"seed":"x"}'], "seed"), (["--control-token", "short"], "--control-token"),
    (["--public-url", "localhost"], "--public-url"), (["--graph-url", "https://localhost/x"], "--graph-url"), (["--back-channel", "front"], "--back-channel"),
    (["--https-port", "off", "--http-port", "off"], "port"), (["--config", "nowhere.yaml"], "nowhere.yaml"),
    (["--seed", "nowhere.yaml"], "nowhere.yaml")])
def test_a_mistake_in_a_flag_stops_the_start(tmp_path, options, naming):
    assert_refuses(tmp_path, *options, naming=naming)


def test_an_unknown_flag_stops_the_start(tmp_path):
    ended = start(tmp_path, "--htps-port", "1")
    assert ended.returncode > 0 and "--htps-port" in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "lapse.example"])
def test_an_address_that_others_reach_needs_a_control_token(tmp_path, host):
    assert_refuses(tmp_path, "--host", host, *PORTS, naming=["--host", "--control-token"])
    assert_refuses(tmp_path, *PORTS, environment={"LAPSE_HOST": host}, naming=[host, "--control-token"])


def test_a_host_that_is_not_of_this_machine_stops_the_start(tmp_path):
    # An address for documentation: it is nobody's.
    ended = start(tmp_path, "--ephemeral", "--host", "192.0.2.1", "--control-token", "a-secret-of-the-lab", *PORTS)
    assert ended.returncode > 0
    assert len(ended.stderr.splitlines()) == 1 and "192.0.2.1" in ended.stderr, ended.stderr


def test_a_ready_file_that_cannot_be_written_stops_the_start(launch, data, tmp_path):
    place = tmp_path / "nowhere" / "ready.json"
    ended = start(tmp_path, "--data-dir", data, *PORTS, "--ready-file", place)
    assert ended.returncode > 0
    assert str(place) in ended.stderr.splitlines()[-1], ended.stderr
    assert_starts_unharmed(launch, tmp_path, data)


def free_ports(count):
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in servers]
    for server in servers:
        server.close()
    return ports


class Configured:
    """Starts a Lapse with its environment untouched, to see which of several settings wins."""

    def __init__(self, folder, *options, environment=()):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
        self._process = subprocess.Popen(
            [needs.lapse(), "serve", "--ephemeral", *options], cwd=folder,
            env={**inherited, **dict(environment)}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)

    def __enter__(self):
        """The first lines that it prints, up to its addresses."""
        lines = []
        for line in self._process.stdout:
            lines.append(line.decode())
            if "Authority" in lines[-1]:
                return "".join(lines)
        pytest.fail("lapse ended: " + "".join(lines))

    def __exit__(self, *_):
        self._process.terminate()
        self._process.communicate(timeout=15)
        assert self._process.returncode == 0


def test_flag_wins_over_environment_over_file_over_default(tmp_path):
    flag, variable, file = (str(port) for port in free_ports(3))
    (tmp_path / "lapse.yaml").write_text(f"https-port: off\nhttp-port: {file}\n")
    with Configured(tmp_path) as said:
        assert f"http://localhost:{file}" in said and "https://" not in said
    with Configured(tmp_path, environment={"LAPSE_HTTP_PORT": variable}) as said:
        assert f"http://localhost:{variable}" in said and "https://" not in said
    with Configured(tmp_path, "--http-port", flag, environment={"LAPSE_HTTP_PORT": variable}) as said:
        assert f"http://localhost:{flag}" in said and "https://" not in said


def test_another_file_is_read_when_it_is_named(tmp_path):
    named, variable = (str(port) for port in free_ports(2))
    (tmp_path / "lapse.yaml").write_text("not: read\n")
    (tmp_path / "named.yaml").write_text(f"https-port: off\nhttp-port: {named}\n")
    (tmp_path / "variable.yaml").write_text(f"https-port: off\nhttp-port: {variable}\n")
    with Configured(tmp_path, environment={"LAPSE_CONFIG": "variable.yaml"}) as said:
        assert f"http://localhost:{variable}" in said
    with Configured(tmp_path, "--config", "named.yaml", environment={"LAPSE_CONFIG": "variable.yaml"}) as said:
        assert f"http://localhost:{named}" in said


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n"])
def test_a_file_that_says_nothing_changes_nothing(tmp_path, text):
    (tmp_path / "lapse.yaml").write_text(text)
    with Configured(tmp_path, *PORTS) as said:
        assert "https://localhost:" in said


# MARK: Seeds

TENANT = {"id": "33333333-cccc-4ccc-8ccc-333333333333", "name": "Tailspin", "domains": ["tailspin.example"]}
USER = {"id": "aaaaaaaa-0009-4000-8000-000000000001", "userPrincipalName": "ann@tailspin.example"}
APP = {"id": "bbbbbbbb-0009-4000-8000-000000000001", "name": "App", "kind": "public"}
GUEST = {"userPrincipalName": "guest@tailspin.example"}
ELSEWHERE = {"tenant": "44444444-dddd-4ddd-8ddd-444444444444", "user": "aaaaaaaa-0009-4000-8000-000000000009"}


def tenants(**changes):
    return {"tenants": [{**TENANT, **changes}]}


@pytest.mark.parametrize("seed, naming", [
    ("tenants: [", "seed.yaml"), ("", "seed.yaml"), ("just words", "seed.yaml"), ({}, "tenants"),
    ({"tenants": []}, "tenants"),
    ({"tenants": {}}, "tenants"), ({"tenants": [1]}, "tenants[0]"), ({**tenants(), "nothing": 1}, "nothing"),
    (tenants(nothing=1), "tenants[0].nothing"), (tenants(id="x"), "tenants[0].id"),
    (tenants(name=5), "tenants[0].name"), (tenants(domains=[]), "tenants[0].domains"), (tenants(domains=["a b"]),
        "tenants[0].domains"),
    (tenants(propagation="slow"), "tenants[0].propagation"), (tenants(policies={"tieRule": "coin"}),
        "tenants[0].policies.tieRule"),
    ({"tenants": [TENANT, TENANT]}, "tenants[1].id"),
    ({"tenants": [TENANT, {**TENANT, "id": ELSEWHERE["tenant"]}]}, "tenants[1].domains"),
    (tenants(users=[{**USER, "nothing": 1}]), "tenants[0].users[0].nothing"), (tenants(users=[{}]),
        "tenants[0].users[0]"),
    (tenants(users=[USER, {**USER, "userPrincipalName": "b@tailspin.example"}]), "tenants[0].users[1].id"),
    (tenants(users=[USER, {"userPrincipalName": "ANN@tailspin.example"}]), "tenants[0].users[1].userPrincipalName"),
    (tenants(users=[{"userPrincipalName": "ann@other.example"}]), "tenants[0].users[0].userPrincipalName"),
    (tenants(users=[{**GUEST, "home": {}}]), "tenants[0].users[0].home"),
    (tenants(users=[{**GUEST, "home": ELSEWHERE}]), "tenants[0].users[0].home"),
    (tenants(users=[{**GUEST, "home": {**ELSEWHERE, "nothing": 1}}]), "tenants[0].users[0].home.nothing"),
    (tenants(users=[USER, {**GUEST, "home": {"tenant": TENANT["id"], "user": USER["id"]}}]), "tenants[0].users[1].home"),
    (tenants(users=[{**USER, "roles": ["King"]}]), "tenants[0].users[0].roles"),
    (tenants(apps=[{**APP, "nothing": 1}]), "tenants[0].apps[0].nothing"), (tenants(apps=[APP, APP]),
        "tenants[0].apps[1].id"),
    (tenants(apps=[{**APP, "kind": "tablet"}]), "tenants[0].apps[0].kind"),
    (tenants(apps=[{**APP, "redirectUris": ["cb"]}]), "tenants[0].apps[0].redirectUris"),
    (tenants(apps=[{**APP, "lifetimes": {"accessToken": "soon"}}]), "tenants[0].apps[0].lifetimes.accessToken"),
    (tenants(apps=[{**APP, "secrets": "text"}]), "tenants[0].apps[0].secrets"),
])
def test_a_mistake_in_the_seed_stops_the_start(tmp_path, seed, naming):
    (tmp_path / "seed.yaml").write_text(seed if isinstance(seed, str) else json.dumps(seed))
    assert_refuses(tmp_path, "--seed", "seed.yaml", *PORTS, naming=["seed.yaml", naming])


def test_a_seed_is_for_an_empty_database_only(launch, tmp_path):
    (tmp_path / "seed.yaml").write_text(json.dumps(tenants(users=[USER], apps=[APP])))
    process = launch(tmp_path, "--seed", str(tmp_path / "seed.yaml"), *PORTS, data_dir=tmp_path / "data")
    assert [tenant["name"] for tenant in process.lapse.control("GET", "/tenants")["items"]] == ["Tailspin"]
    process.stop()
    process = launch(tmp_path, *PORTS, data_dir=tmp_path / "data")
    assert [tenant["name"] for tenant in process.lapse.control("GET", "/tenants")["items"]] == ["Tailspin"]
    process.stop()


# MARK: The control token

def test_the_control_token_guards_the_control_api_and_nothing_else(launch, tmp_path):
    secret = "a-secret-of-the-lab"
    process = launch(tmp_path, "--control-token", secret, *PORTS)
    lapse = process.lapse

    def status(path, **headers):
        return requests.get(lapse.https + path, headers=headers, verify=lapse.ca_file, timeout=5).status_code

    api = "/_lapse/api/tenants"
    assert status(api) == 401
    for wrong in ("", "Bearer", "Bearer ", "Bearer wrong", f"Bearer {secret}x", f"Bearer {secret[:-1]}",
        f"Basic {secret}", secret):
        assert status(api, Authorization=wrong) == 401, wrong
    assert status(f"{api}?token={secret}") == 401
    assert status(f"{api}/{DOMAIN}/users") == 401
    refused = requests.post(f"{lapse.https}{api}/{DOMAIN}/reset", json={}, verify=lapse.ca_file, timeout=5)
    assert refused.status_code == 401
    assert list(refused.json()["error"]) == ["code", "field", "message"]
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert status(api, Authorization=f"Bearer {secret}") == 200
    assert status(f"/{DOMAIN}/v2.0/.well-known/openid-configuration") == 200
    process.stop()


def test_an_address_that_others_reach_starts_with_a_control_token(launch, tmp_path):
    process = launch(tmp_path, "--host", "0.0.0.0", "--control-token", "a-secret-of-the-lab", *PORTS)
    assert requests.get(process.lapse.http + "/_lapse/api/tenants", timeout=5).status_code == 401
    process.stop()


# MARK: Stopping and starting again

def refresh(lapse, token):
    return requests.post(
        f"{lapse.authority}/oauth2/v2.0/token", verify=lapse.ca_file, timeout=5,
        data={"grant_type": "refresh_token", "client_id": NATIVE, "refresh_token": token})


def keys(lapse):
    return requests.get(f"{lapse.authority}/discovery/v2.0/keys", verify=lapse.ca_file, timeout=5).json()["keys"]


def test_a_restart_keeps_certificates_keys_tokens_and_clocks(launch, tmp_path):
    process = launch(tmp_path, *PORTS, data_dir=tmp_path / "data")
    process.lapse.tenant("PUT", "clock", {"mode": "frozen", "now": "2026-03-01T12:00:00.1234567Z"})
    grant = process.lapse.tenant(
        "POST", "grants", {"user": ADELE, "client_id": NATIVE, "scope": "openid offline_access User.Read"})
    revoked = process.lapse.tenant("POST", "revocations", {"user": "alex@contoso.example", "cause": "adminRevoke"})
    key = keys(process.lapse)[0]
    process.stop()
    before = {name: (tmp_path / "data" / name).read_bytes() for name in FILES if name.endswith(".pem")}

    process = launch(tmp_path, *PORTS, data_dir=tmp_path / "data")
    assert before == {name: (tmp_path / "data" / name).read_bytes() for name in before}
    assert (keys(process.lapse)[0]["kid"], keys(process.lapse)[0]["n"]) == (key["kid"], key["n"])
    assert process.lapse.tenant("GET", "clock") == {"now": "2026-03-01T12:00:00.1234567Z", "mode": "frozen"}
    assert process.lapse.tenant("GET", "revocations")["items"] == [revoked]
    answer = refresh(process.lapse, grant["refresh_token"])
    assert answer.status_code == 200, answer.text
    assert process.lapse.graph("GET", "me", grant["access_token"]).status_code == 200
    process.stop()


def certificate(path, *options):
    return subprocess.run(
        ["openssl", "x509", "-in", path, "-noout", *options], capture_output=True, text=True, check=True).stdout


def test_further_names_widen_the_ca_while_they_are_asked_for(launch, tmp_path):
    data, ca = tmp_path / "data", tmp_path / "data" / "ca.pem"
    names = [option for name in ("login.microsoftonline.com", "lapse") for option in ("--tls-name", name)]

    def run(*options):
        """The banner, and what the certificates then say."""
        process = launch(tmp_path, *PORTS, *options, data_dir=data)
        assert requests.get(f"{process.lapse.https}/_lapse/ca.pem", verify=ca, timeout=5).text == ca.read_text()
        process.stop()
        return (tmp_path / "lapse.log").read_text(), certificate(ca, "-text"), certificate(data / "server.pem", "-text")

    banner, narrow, _ = run()
    assert "DNS:login.microsoftonline.com" not in narrow
    assert "ca.pem, for localhost only\n" in banner
    key, subject = certificate(ca, "-pubkey"), certificate(ca, "-subject")

    banner, wide, server = run(*names)
    for text in (wide, server):
        assert "DNS:login.microsoftonline.com" in text and "DNS:lapse" in text
    assert "issued again with its old key\n" in banner
    assert (certificate(ca, "-pubkey"), certificate(ca, "-subject")) == (key, subject)
    # Who trusts it for that does not do so for long.
    days = subprocess.run(["openssl", "x509", "-in", ca, "-noout", "-checkend", str(31 * 86_400)], capture_output=True)
    assert days.returncode == 1
    # Nothing is issued again for the same names, in whatever order.
    kept = ca.read_bytes()
    assert "issued again" not in run(*names[2:], *names[:2], "--tls-name", "localhost")[0]
    assert ca.read_bytes() == kept

    banner, narrow, server = run()
    assert "login.microsoftonline.com" not in narrow + server
    assert "for localhost only, issued again with its old key\n" in banner
    assert certificate(ca, "-pubkey") == key


@pytest.mark.parametrize("certificate, key", [("ca.pem", "ca-key.pem"), ("server.pem", "server-key.pem"), ("signing.pem", "signing-key.pem")])
def test_a_pair_whose_writing_was_cut_short_is_finished(launch, data, tmp_path, certificate, key):
    # As a process leaves it that is killed when the key has arrived, and the certificate waits beside its place.
    (data / certificate).rename(data / f"{certificate}.new")
    before = (data / f"{certificate}.new").read_bytes()
    process = launch(tmp_path, *PORTS, data_dir=data)
    assert (data / certificate).read_bytes() == before
    process.stop()
    # Killed earlier: both wait, and neither counts.
    for name in (certificate, key):
        (data / f"{name}.new").write_text("half")
    launch(tmp_path, *PORTS, data_dir=data).stop()
    assert (data / certificate).read_bytes() == before


def test_the_keys_are_for_their_owner_alone(data):
    assert data.stat().st_mode & 0o077 == 0 or all(
        (data / name).stat().st_mode & 0o077 == 0 for name in FILES if name.endswith("key.pem"))
    for name in FILES:
        if name.endswith("-key.pem"):
            assert (data / name).stat().st_mode & 0o777 == 0o600, name


STOPS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def hang_up_is_heard():
    """A run in the background may have been told to ignore it, and its children would."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hang_up_is_heard")
@pytest.mark.parametrize("by", STOPS)
def test_a_signal_stops_lapse_cleanly(launch, tmp_path, by):
    process = launch(tmp_path, *PORTS, data_dir=tmp_path / "data")
    # A client that keeps its connection open does not keep Lapse.
    with requests.Session() as session:
        assert session.get(process.lapse.http + "/_lapse/api/health", timeout=5).ok
        process.stop(by)
    # The database is whole without a log beside it.
    assert not (tmp_path / "data" / "lapse.sqlite3-wal").exists()
    assert not (tmp_path / "ready.json").exists()


def test_a_lapse_that_was_told_to_outlive_its_terminal_does(tmp_path):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    process = subprocess.Popen(
        ["nohup", needs.lapse(), "serve", "--ephemeral", *PORTS, "--ready-file", "ready.json"], cwd=tmp_path, env=inherited,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not (tmp_path / "ready.json").exists():
            assert process.poll() is None
            time.sleep(0.02)
        http = json.loads((tmp_path / "ready.json").read_text())["http"]
        process.send_signal(signal.SIGHUP)
        # It is asked often enough for a signal to have been heard.
        for _ in range(50):
            assert requests.get(http + "/_lapse/api/health", timeout=5).ok
        process.terminate()
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("hang_up_is_heard")
@pytest.mark.parametrize("by", STOPS)
def test_an_ephemeral_lapse_leaves_nothing_behind(launch, tmp_path, monkeypatch, by):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    process = launch(tmp_path, *PORTS)
    assert Path(process.lapse.ca_file).is_relative_to(temporary), process.lapse.ca_file
    process.stop(by)
    assert list(temporary.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lapse.log", "temporary"]


@pytest.mark.usefixtures("hang_up_is_heard")
@pytest.mark.parametrize("by", STOPS)
@pytest.mark.parametrize("command", [["serve", "--ephemeral", *PORTS], ["demo"], ["check", "--", "sleep", "60"]], ids=lambda command: command[0])
def test_a_signal_while_an_ephemeral_lapse_starts_leaves_nothing_behind(tmp_path, command, by):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    process = subprocess.Popen(
        [needs.lapse(), *command], cwd=tmp_path, env=inherited | {"TMPDIR": str(temporary)}, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not list(temporary.iterdir()):
            assert process.poll() is None
        process.send_signal(by)
        assert process.wait(timeout=15) == (130 if command[0] == "check" else 0)
    finally:
        process.kill()
        process.wait()
    assert list(temporary.iterdir()) == []


def test_an_ephemeral_lapse_whose_database_cannot_be_made_leaves_nothing_behind(tmp_path):
    # SQLite takes no path of more than 512 bytes.
    temporary = tmp_path.joinpath(*["deep" * 50] * 3)
    temporary.mkdir(parents=True)
    ended = start(tmp_path, "--ephemeral", *PORTS, environment={"TMPDIR": str(temporary)})
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert list(temporary.iterdir()) == []


def test_an_ephemeral_lapse_that_cannot_start_leaves_nothing_behind_either(tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = start(
            tmp_path, "--ephemeral", "--https-port", "0", "--http-port", taken.getsockname()[1],
            environment={"TMPDIR": str(temporary)})
    assert ended.returncode > 0
    assert list(temporary.iterdir()) == []


def test_the_ready_file_says_where_lapse_is(launch, tmp_path):
    process = launch(tmp_path, "--https-port", "0", "--http-port", "off", data_dir=tmp_path / "data")
    said = json.loads((tmp_path / "ready.json").read_text())
    assert list(said) == ["https", "http", "ca_file", "pid"]
    assert said["https"].startswith("https://localhost:") and said["http"] is None
    assert Path(said["ca_file"]) == tmp_path / "data" / "ca.pem"
    os.kill(said["pid"], 0)
    # Written last: who finds it finds Lapse listening.
    assert requests.get(said["https"] + "/_lapse/api/health", verify=said["ca_file"], timeout=5).ok
    process.stop()
