#!/usr/bin/env python3
"""Makes a data folder with something of every kind in it, and what Lapse says of it: what a later schema has to keep.

    Tests/Fixtures/make.py PROGRAM FOLDER

Writes the folder's database as SQL, its certificates and test keys, and `expected.json`: every secret that was handed out,
with what `explain` says of it. Run it with the last program of a schema before the schema changes, and commit the result.
"""

import json
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

CONTOSO, FABRIKAM = "contoso.example", "fabrikam.example"
ADELE, ALEX, ADMIN, NESTOR = (
    f"adele@{CONTOSO}", f"alex@{CONTOSO}", f"admin@{CONTOSO}", f"nestor@{FABRIKAM}")
GUEST = f"nestor_{FABRIKAM}#EXT#@{CONTOSO}"
NATIVE, WEB, SPA = (f"bbbbbbbb-0002-4000-8000-00000000000{number}" for number in (1, 2, 3))
NOW = "2026-03-01T12:00:00.0000000Z"
SCOPE = "openid profile offline_access User.Read"


class Lapse:
    def __init__(self, program, data):
        self.ready = data.parent / "ready.json"
        self.process = subprocess.Popen(
            [program, "serve", "--data-dir", data, "--http-port", "0", "--https-port", "0", "--ready-file", self.ready],
            stdout=subprocess.DEVNULL)
        while not self.ready.exists():
            if self.process.poll() is not None:
                sys.exit(f"{program} ended with {self.process.returncode}")
            time.sleep(0.05)
        ready = json.loads(self.ready.read_text())
        self.https, self.http = ready["https"], ready["http"]
        self.context = ssl.create_default_context(cafile=ready["ca_file"])

    def call(self, method, path, body=None, tenant=CONTOSO):
        request = urllib.request.Request(
            f"{self.http}/_lapse/api/tenants/{tenant}/{path}".rstrip("/"), method=method,
            data=None if body is None else json.dumps(body).encode(), headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def form(self, path, **fields):
        data = urllib.parse.urlencode(fields).encode()
        with urllib.request.urlopen(f"{self.http}/{path}", data, timeout=10) as answer:
            return json.load(answer)

    def sign_in(self, user, client=NATIVE, scope=SCOPE, tenant=CONTOSO, **options):
        return self.call("POST", "grants", {"user": user, "client_id": client, "scope": scope, **options}, tenant)

    def revoke(self, user, cause="adminRevoke", **options):
        return self.call("POST", "revocations", {"user": user, "cause": cause, **options})

    def advance(self, by):
        self.call("POST", "clock/advance", {"by": by})
        self.call("POST", "clock/advance", {"by": by}, FABRIKAM)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(timeout=20) != 0:
            sys.exit("Lapse did not stop cleanly")


def fill(lapse):
    """Returns the secrets, each with the tenant whose control API knows it."""
    secrets = []

    def keep(name, answer, tenant=CONTOSO):
        for kind in ("refresh_token", "access_token"):
            if answer.get(kind):
                secrets.append({"name": name, "tenant": tenant, "kind": kind, "value": answer[kind]})
        for value in (answer.get("cookies") or {}).values():
            secrets.append({"name": name, "tenant": tenant, "kind": "session", "value": value})
        return answer

    for tenant in (CONTOSO, FABRIKAM):
        lapse.call("PUT", "clock", {"mode": "frozen", "now": NOW}, tenant)
    lapse.call("PUT", "propagation", {
        "seed": 7, "regions": ["eastus", "westeurope"], "routing": "round-robin", "origin": "sampled",
        "planes": {
            "refresh": {"fixed": "PT3M"}, "session": {"uniform": ["PT30S", "PT5M"]},
            "cae": {"eastus": "immediate", "westeurope": "manual"},
            "directory": {"lognormal": {"median": "PT1M", "p95": "PT5M"}}}})
    lapse.call("PUT", "policies", {
        "tieRule": "entra", "revokeAnswer": 204, "lifetimes": {"accessToken": "PT20M"},
        "revocationMatrix": {"passwordChange": ["passwordCookie", "passwordToken", "nonPasswordToken"]}})
    lapse.call("POST", "users", {
        "id": "aaaaaaaa-0001-4000-8000-0000000000a1", "userPrincipalName": f"mila@{CONTOSO}", "displayName": "Mila",
        "password": "Another1!", "roles": ["Helpdesk Administrator"],
        "challenges": [{"code": 50076, "on": ["refresh"]}]})
    lapse.call("POST", "users", {"userPrincipalName": f"gone@{CONTOSO}", "displayName": "Gone"})
    lapse.call("POST", "users", {"userPrincipalName": f"off@{CONTOSO}", "displayName": "Off"})
    lapse.call("POST", "apps", {
        "id": "dddddddd-0004-4000-8000-000000000001", "name": "Web with an API", "kind": "confidential",
        "secrets": ["a-secret"], "redirectUris": ["http://localhost:3000/cb"], "logoutUrl": "http://localhost:3000/out",
        "delegated": ["User.Read"], "application": ["User.Read.All"],
        "exposes": {"uri": "api://fixture", "scopes": ["read"], "xms_cc": True},
        "lifetimes": {"accessToken": "PT2M"}, "challenges": [{"code": 7000222}]})

    keep("revoked by an administrator", lapse.sign_in(ADELE))
    keep("revoked, confidential", lapse.sign_in(ADELE, WEB))
    keep("revoked, single-page", lapse.sign_in(ADELE, SPA))
    keep("revoked, without a password", lapse.sign_in(ADELE, method="non-password"))
    keep("challenged by policy", lapse.sign_in(f"mila@{CONTOSO}"))
    keep("deleted", lapse.sign_in(f"gone@{CONTOSO}"))
    keep("disabled", lapse.sign_in(f"off@{CONTOSO}"))
    keep("guest", lapse.sign_in(GUEST))
    keep("guest at home", lapse.sign_in(NESTOR, tenant=FABRIKAM), FABRIKAM)
    rotated = keep("rotated", lapse.sign_in(ALEX))
    lapse.advance("PT10S")
    child = lapse.form(
        f"{CONTOSO}/oauth2/v2.0/token", grant_type="refresh_token", client_id=NATIVE, refresh_token=rotated["refresh_token"],
        claims='{"access_token":{"xms_cc":{"values":["cp1"]}}}')
    keep("rotated, the child", child)
    lapse.form(f"{CONTOSO}/oauth2/v2.0/devicecode", client_id=NATIVE, scope="openid")
    lapse.call("PUT", f"consents/{ALEX}/{SPA}")
    lapse.call("DELETE", f"consents/{ALEX}/{WEB}")
    keep("consent withdrawn", lapse.sign_in(ALEX, WEB))

    lapse.revoke(ADELE)
    lapse.advance("PT20S")
    lapse.revoke(ADELE, "passwordChange", newPassword="Passw0rd!2")
    lapse.revoke(ALEX, "userRevoke")
    lapse.revoke(f"mila@{CONTOSO}", "passwordExpired")
    held = lapse.revoke(ADMIN, "adminResetEntra")
    lapse.call("POST", f"revocations/{held['id']}/release", {"plane": "cae", "region": "westeurope"})
    lapse.call("DELETE", f"users/gone@{CONTOSO}")
    lapse.call("PATCH", f"users/off@{CONTOSO}", {"accountEnabled": False})
    lapse.call("PUT", "propagation", {"regions": ["eastus", "westeurope"], "planes": {"refresh": {"afterAttempts": 2}}})
    keep("counted attempts", lapse.sign_in(ADMIN))
    lapse.revoke(ADMIN)
    keep("after the revoke", lapse.sign_in(ADELE))
    lapse.call("POST", "faults", {
        "name": "one in two", "match": {"endpoint": "token", "user": ALEX}, "effect": {"status": 503, "retryAfter": "PT5S"},
        "times": 3, "probability": 0.5})
    lapse.call("POST", "expectations", {"after": "revoke", "reauthorizesWithin": "PT1M", "name": "comes back"})
    return secrets


def expected(lapse, secrets):
    """What a program of a later schema has to say as well."""
    explained = [
        {**secret, "explained": lapse.call("POST", "explain", {secret["kind"]: secret["value"]}, secret["tenant"])}
        for secret in secrets]
    tenants = {
        tenant: {
            part: lapse.call("GET", part, tenant=tenant)
            for part in ("clock", "propagation", "policies", "users", "apps", "revocations", "faults", "expectations", "events")}
        for tenant in (CONTOSO, FABRIKAM)}
    return {"secrets": explained, "tenants": tenants}


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        data = pathlib.Path(temporary) / "data"
        lapse = Lapse(program, data)
        secrets = fill(lapse)
        found = expected(lapse, secrets)
        lapse.stop()
        (folder / "expected.json").write_text(json.dumps(found, indent=1) + "\n")
        dump = subprocess.run(["sqlite3", data / "lapse.sqlite3", ".dump"], check=True, capture_output=True, text=True)
        (folder / "database.sql").write_text(dump.stdout)
        for file in data.glob("*.pem"):
            shutil.copy(file, folder / file.name)


if __name__ == "__main__":
    main()
