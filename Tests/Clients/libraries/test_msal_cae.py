"""MSAL Python with the capability `cp1`: continuous access evaluation from the challenge to the new sign-in."""

import base64
import json
import re

import pytest
import requests

from browser import Browser
from lab import ADELE, API, API_SCOPE, GRAPH_SCOPES
from refusals import assert_revoked

# As Graph sent it in October 2021, but for the claims, which hold the instant.
RECORDED = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    'client_id="{resource}", error="insufficient_claims", claims="{claims}"')
GRAPH = "00000003-0000-0000-c000-000000000000"
DECODED = re.compile(r'\{"access_token":\{"nbf":\{"essential":true, "value":"(\d{10})"\}\}\}')


def sign_in(app, lapse, scopes, challenge=None):
    """The device code flow, answering a challenge."""
    flow = app.initiate_device_flow(scopes=scopes, claims_challenge=challenge)
    Browser(lapse).approve_device(flow["verification_uri"], flow["user_code"], ADELE)
    result = app.acquire_token_by_device_flow(flow, claims_challenge=challenge)
    assert "access_token" in result, result
    return result["access_token"]


def challenge_of(answer, resource):
    """The claims of a challenge, after the whole header was compared."""
    assert answer.status_code == 401, answer.text
    header = answer.headers["WWW-Authenticate"]
    claims = re.search(r'claims="([A-Za-z0-9+/=]+)"', header).group(1)
    assert header == RECORDED.format(resource=resource, claims=claims)
    decoded = base64.b64decode(claims, validate=True).decode()
    assert DECODED.fullmatch(decoded), decoded
    return decoded


@pytest.mark.parametrize("path, scopes, resource", [
    ("v1.0/me", GRAPH_SCOPES, GRAPH), ("oidc/userinfo", [*GRAPH_SCOPES], GRAPH), ("_lapse/resource/orders", [API_SCOPE], API)])
def test_challenged_refused_signed_in_again(lapse, new_native_app, path, scopes, resource):
    app = new_native_app(client_capabilities=["cp1"])
    token = sign_in(app, lapse, scopes)

    def call(token):
        return requests.get(
            f"{lapse.https}/{path}", headers={"Authorization": f"Bearer {token}"}, verify=lapse.ca_file, timeout=10)

    payload = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert payload["xms_cc"] == ["cp1"]
    assert payload["exp"] - payload["iat"] > 20 * 3600
    assert call(token).status_code == 200

    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})

    challenge = challenge_of(call(token), resource)
    # MSAL skips the access token in its cache, because the challenge asks for a newer one.
    [account] = app.get_accounts()
    assert_revoked(app.acquire_token_silent_with_error(scopes, account, claims_challenge=challenge))

    assert call(sign_in(app, lapse, scopes, challenge)).status_code == 200


def test_a_client_without_the_capability_keeps_its_access_token(lapse, new_native_app, sign_in_with_device_code):
    app = new_native_app()
    token = sign_in_with_device_code(app, GRAPH_SCOPES, ADELE)["access_token"]
    assert "xms_cc" not in json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
    assert lapse.graph("GET", "me", token).status_code == 200
    assert_revoked(app.acquire_token_silent_with_error(GRAPH_SCOPES, app.get_accounts()[0], force_refresh=True))
