"""Browser and app reach one Lapse by different names, each from a network namespace of its own, as containers do: docs/containers.md.

In a namespace this file is the program: it calls the functions that its input names."""

import functools
import json
import os
import re
import subprocess
import sys
import traceback
from urllib.parse import urlencode, urlsplit

import jwt
import msal
import pytest
import requests
import yaml

import needs
import tour
from browser import Browser
from lab import ADELE, ADELE_ID, CONTOSO, GRAPH_SCOPES, NATIVE, REDIRECT
from refusals import assert_revoked
from serve import Lapse

PAGE = (tour.ROOT / "docs" / "containers.md").read_text()
NAMED, LOCAL, BACK = "https://login.lapse.example:8443", "https://localhost:8443", "https://lapse:8443"
METADATA = f"{CONTOSO}/v2.0/.well-known/openid-configuration"
SCOPE = "openid offline_access User.ReadWrite.All User.RevokeSessions.All"
# Browser and Lapse are in the first namespace, the app is in the second; a veth pair joins them.
SETUP = """
echo "127.0.0.1 localhost login.lapse.example" > browser.hosts
printf '127.0.0.1 localhost\\n10.203.0.1 lapse\\n' > app.hosts
mount --bind browser.hosts /etc/hosts
ip link set lo up
coproc APP { exec unshare --net --mount bash -euc 'mount --bind app.hosts /etc/hosts; ip link set lo up; echo $$; read -r _'; }
trap 'kill $(jobs -p); wait' EXIT
read -r app <&"${APP[0]}"
ip link add front type veth peer name back netns "$app"
ip address add 10.203.0.1/30 dev front && ip link set front up
nsenter --net="/proc/$app/ns/net" bash -euc 'ip address add 10.203.0.2/30 dev back; ip link set back up'
$SERVE --ready-file ready.json > lapse.log 2>&1 &
timeout 30 bash -ec "until [ -e ready.json ]; do kill -0 $!; sleep 0.05; done"
cp .lapse/ca.pem ca.pem
echo $$ "$app"
read -r _ || true
"""


def block(kind, answer=""):
    return re.search(rf"```{kind}\n(.*?)```{answer}", PAGE, re.DOTALL).groups()[-1].strip()


def in_a_container():
    """What runs in the container of the page's Compose file: the image's own variable, and those of the file."""
    variables = yaml.safe_load(block("yaml compose"))["services"]["lapse"]["environment"] | {"LAPSE_HOST": "0.0.0.0"}
    return "\n".join(["LAPSE_CONTROL_TOKEN=of-the-shell", *(f'export {name}="{value}"' for name, value in variables.items()), "lapse serve"])


class Side:
    """What runs in one of the namespaces: a call with a function of this file is a call of it there."""

    def __init__(self, process_id, folder):
        environment = {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(tour.ROOT / "Tests/Clients/support"),
            "REQUESTS_CA_BUNDLE": "ca.pem", "SSL_CERT_FILE": "ca.pem"}
        enter = ["nsenter", "--user", "--net", "--mount", "--preserve-credentials", "--target", process_id, f"--wd={folder}"]
        self.process = subprocess.Popen(
            [*enter, sys.executable, "-BW", "ignore", __file__], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, function, *arguments):
        print(json.dumps([function.__name__, *arguments]), file=self.process.stdin, flush=True)
        returned, raised = json.loads(self.process.stdout.readline())
        if raised:
            raise RuntimeError(raised)
        return returned


@pytest.fixture
def start(tmp_path):
    """Starts Lapse as a script says, and returns both sides: the browser's and the app's."""
    processes = []

    def start(script):
        needs.program("ip")
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "lapse").symlink_to(needs.lapse())
        with (tmp_path / "setup.log").open("w") as log:
            holder = subprocess.Popen(
                ["unshare", "--user", "--map-root-user", "--net", "--mount", "bash", "-euc", SETUP.replace("$SERVE", script)], cwd=tmp_path,
                env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        processes.append(holder)
        process_ids = holder.stdout.readline().split()
        assert process_ids, "".join(path.read_text() for path in tmp_path.glob("*.log"))
        sides = [Side(each, tmp_path) for each in process_ids]
        processes[:0] = [side.process for side in sides]
        return sides

    yield start
    for process in processes:
        process.communicate(timeout=15)


def fetch(address, token=None, form=None, method=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.request(method or ("POST" if form else "GET"), address, data=form, headers=headers, timeout=10).json()


def browse(public, act, *arguments):
    return getattr(Browser(Lapse(public, None, "ca.pem")), act)(*arguments)


def validate(token, metadata):
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=["RS256"], audience=NATIVE, issuer=metadata["issuer"])


@functools.cache
def client(parameter="authority", version=""):
    return msal.PublicClientApplication(NATIVE, **{parameter: f"{BACK}/{CONTOSO}{version}"}, instance_discovery=False)


def call_msal(act, *arguments):
    return getattr(client(), act)(*arguments)


def run(script):
    return subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("script, public, unreached", [
    (block("sh serve"), NAMED, "Failed to resolve 'login.lapse.example'"), (in_a_container(), LOCAL, "Connection refused")], ids=["typed", "compose"])
def test_browser_and_app_know_one_name_each(start, script, public, unreached):
    browser, app = start(script)
    for side, address, said in [(app, public, unreached), (browser, BACK, "Failed to resolve 'lapse'")]:
        with pytest.raises(RuntimeError, match=said):
            side(fetch, address)
    named = app(run, "openssl s_client -connect lapse:8443 < /dev/null 2> errors | openssl x509 -noout -ext subjectAltName")
    assert {"DNS:localhost", "DNS:lapse", f"DNS:{urlsplit(public).hostname}"} <= set(re.findall(r"DNS:[^,\s]+", named)), named
    metadata = app(fetch, f"{BACK}/{METADATA}")
    assert metadata["issuer"] == browser(fetch, f"{public}/{METADATA}")["issuer"] == f"{public}/{CONTOSO}/v2.0"

    question = {"client_id": NATIVE, "response_type": "code", "redirect_uri": REDIRECT, "scope": SCOPE, "nonce": "n"}
    answer = browser(browse, public, "sign_in", f"{metadata['authorization_endpoint']}?{urlencode(question)}", ADELE)
    redeem = {"grant_type": "authorization_code", "client_id": NATIVE, "code": answer["code"], "redirect_uri": REDIRECT}
    tokens = app(fetch, metadata["token_endpoint"], None, redeem)
    claims = app(validate, tokens["id_token"], metadata)
    assert (claims["oid"], claims["nonce"], claims["iss"]) == (ADELE_ID, "n", metadata["issuer"])
    token = tokens["access_token"]
    assert app(fetch, metadata["userinfo_endpoint"], token)["name"] == "Adele Vance"
    assert app(fetch, f"{BACK}/v1.0/me", token)["id"] == ADELE_ID
    users = app(fetch, f"{BACK}/v1.0/users?$top=1", token)
    assert app(fetch, users["@odata.nextLink"], token)["value"]
    instance = app(fetch, f"{BACK}/common/discovery/instance?api-version=1.1&authorization_endpoint={metadata['authorization_endpoint']}")
    assert app(fetch, instance["tenant_discovery_endpoint"])["token_endpoint"].startswith(f"{BACK}/")

    device = app(fetch, metadata["device_authorization_endpoint"], None, {"client_id": NATIVE, "scope": SCOPE})
    assert device["verification_uri"].startswith(f"{public}/")
    browser(browse, public, "approve_device", device["verification_uri"], device["user_code"], ADELE)
    poll = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": NATIVE, "device_code": device["device_code"]}
    assert "access_token" in app(fetch, metadata["token_endpoint"], None, poll)

    flow = app(call_msal, "initiate_auth_code_flow", GRAPH_SCOPES, REDIRECT)
    result = app(call_msal, "acquire_token_by_auth_code_flow", flow, browser(browse, public, "sign_in", flow["auth_uri"], ADELE))
    assert result["id_token_claims"]["iss"] == metadata["issuer"]
    silently = ["acquire_token_silent_with_error", GRAPH_SCOPES, app(call_msal, "get_accounts")[0], None, True]
    assert "access_token" in app(call_msal, *silently)
    with pytest.raises(RuntimeError, match=f"The issuer '{metadata['issuer']}' does not match the authority"):
        app(client, "oidc_authority", "/v2.0")

    assert app(fetch, f"{BACK}/v1.0/me/revokeSignInSessions", token, None, "POST")["value"] is True
    refresh = {"grant_type": "refresh_token", "client_id": NATIVE, "refresh_token": tokens["refresh_token"]}
    refused = app(fetch, metadata["token_endpoint"], None, refresh)
    assert_revoked(refused)
    assert refused["error_uri"] == f"{public}/error?code=50173"
    assert_revoked(app(call_msal, *silently))


def test_what_the_page_says_besides(start):
    _, app = start(block("sh serve"))
    assert app(run, block("sh app")) == block("sh app", "\n```text\n(.*?)```")
    assert app(fetch, f"http://lapse:8080/{METADATA}")["token_endpoint"].startswith("http://lapse:8080/")
    assert app(fetch, f"{BACK}/_lapse/api/tenants")["error"]["code"] == "foreignHost"


def test_without_the_option_the_app_is_told_a_name_that_it_does_not_know(start):
    _, app = start(block("sh serve").replace("--back-channel request", ""))
    metadata = app(fetch, f"{BACK}/{METADATA}")
    with pytest.raises(RuntimeError, match=r"Failed to resolve 'login\.lapse\.example'"):
        app(fetch, metadata["token_endpoint"], None, {"grant_type": "refresh_token"})


if __name__ == "__main__":
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            outcome = [globals()[name](*arguments), None]
        except Exception:
            outcome = [None, traceback.format_exc()]
        print(json.dumps(outcome, default=str), flush=True)
