"""A data folder of each older schema: opened, migrated, and of the same verdicts; killed while it migrates, and whole."""

import json
import pathlib
import random
import shutil
import sqlite3
import time

import pytest
import requests

from lab import NATIVE
from serve import PORTS

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Fixtures"
OLDER = sorted(int(folder.name.removeprefix("schema-")) for folder in FIXTURES.glob("schema-*"))
NEWEST = OLDER[-1] + 1
# What schema 7's program called differently.
RENAMED = {"notYetBelieved": "notYetInEffect", "believes it": "enforces it", "does not believe it": "does not enforce it"}

# What an app has had since schema 10.
APP = {"signInAudience": "AzureADMultipleOrgs", "idTokens": False, "enabled": True, "assignmentRequired": False, "assigned": [],
       "certificates": [], "optionalClaims": {"idToken": [], "accessToken": []}}
POLICIES = {"retention": {"events": {"rows": 1_000_000, "age": "P30D"}, "tokens": {"age": "P30D"}}}


@pytest.fixture(params=OLDER)
def schema(request):
    return request.param


@pytest.fixture
def fixture(schema):
    return FIXTURES / f"schema-{schema}"


@pytest.fixture
def folder(fixture, tmp_path):
    """The data folder as the older program left it."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    for file in fixture.glob("*.pem"):
        shutil.copy(file, data / file.name)
    database = sqlite3.connect(data / "lapse.sqlite3")
    database.executescript((fixture / "database.sql").read_text())
    database.execute("PRAGMA journal_mode = WAL")
    database.close()
    return data


def dump(data):
    """The schema of the database and all that is in it."""
    database = sqlite3.connect(data / "lapse.sqlite3")
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert not database.execute("PRAGMA foreign_key_check").fetchall()
        return database.execute("SELECT version FROM meta").fetchone()[0], list(database.iterdump())
    finally:
        database.close()


def renamed(value):
    if isinstance(value, dict):
        # Until schema 10 a deleted user's older sign-in was refused as a name that nobody has.
        if value.get("code") == 50034:
            value = value | {"code": 500341}
        value |= APP if "redirectUris" in value else POLICIES if "tieRule" in value else {}
        return {name: renamed(member) for name, member in value.items()}
    if isinstance(value, list):
        return [renamed(element) for element in value]
    if isinstance(value, str):
        for old, new in RENAMED.items():
            value = value.replace(old, new)
    return value


def assert_nothing_is_lost(lapse, fixture):
    """Everything that the older program said of its folder."""
    expected = renamed(json.loads((fixture / "expected.json").read_text()))
    for secret in expected["secrets"]:
        explained = lapse.control("POST", f"/tenants/{secret['tenant']}/explain", {secret["kind"]: secret["value"]})
        assert explained == secret["explained"], secret["name"]
    for tenant, parts in expected["tenants"].items():
        for part, said in parts.items():
            assert lapse.control("GET", f"/tenants/{tenant}/{part}") == said, f"{part} of {tenant}"


def refresh(lapse, token):
    form = {"grant_type": "refresh_token", "client_id": NATIVE, "refresh_token": token}
    answer = requests.post(f"{lapse.http}/contoso.example/oauth2/v2.0/token", form, timeout=10).json()
    return answer.get("error_codes", [None])[0]


def test_an_older_folder_is_migrated_and_says_the_same(folder, fixture, schema, tmp_path, launch):
    process = launch(tmp_path, *PORTS, data_dir=folder)
    assert_nothing_is_lost(process.lapse, fixture)
    secrets = {
        secret["name"]: secret["value"] for secret in json.loads((fixture / "expected.json").read_text())["secrets"]
        if secret["kind"] == "refresh_token"}
    # The clock of the fixture stands still in the middle of the delay; then everything takes effect.
    assert refresh(process.lapse, secrets["revoked by an administrator"]) is None
    process.lapse.control("POST", "/tenants/contoso.example/clock/advance", {"until": "propagation"})
    assert refresh(process.lapse, secrets["revoked by an administrator"]) == 50173
    assert refresh(process.lapse, secrets["after the revoke"]) is None
    assert refresh(process.lapse, secrets["challenged by policy"]) == 50076
    process.lapse.reset()
    assert refresh(process.lapse, secrets["after the revoke"]) is not None, "a reset takes every grant"
    process.stop()
    assert f"Database    migrated from schema {schema} to {NEWEST}; a copy of it as it was is" in (tmp_path / "lapse.log").read_text()
    # The copy is the database as it was, of the older schema, and nobody else may read it.
    copy = folder / f"lapse.sqlite3.schema-{schema}"
    assert copy.stat().st_mode & 0o777 == 0o600
    database = sqlite3.connect(copy)
    assert database.execute("SELECT version FROM meta").fetchone() == (schema,)
    database.close()


def test_fifty_kills_while_it_migrates_lose_nothing(folder, fixture, schema, tmp_path, launch):
    kept = tmp_path / "kept"
    shutil.copytree(folder, kept)
    begun = time.monotonic()
    process = launch(tmp_path, *PORTS, data_dir=folder)
    start = time.monotonic() - begun
    process.stop()
    whole = {schema: dump(kept)[1], NEWEST: dump(folder)[1]}
    chance = random.Random(7)
    seen = []
    for _ in range(50):
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
        process = launch(tmp_path, *PORTS, data_dir=folder, is_awaited=False)
        # From before it opens the database until it listens.
        time.sleep(chance.uniform(0, start))
        process.kill()
        version, left = dump(folder)
        assert left == whole[version], f"a kill left schema {version} in parts"
        seen.append(version)
    # The last one opens, whatever it left, and nothing is lost.
    process = launch(tmp_path, *PORTS, data_dir=folder)
    assert_nothing_is_lost(process.lapse, fixture)
    process.stop()
    assert set(seen) == {schema, NEWEST}, "the kills came before and after the migration"
