# A command on a device without a browser: it shows a code, its user enters that elsewhere, and MSAL refreshes.
# requests, which MSAL uses, trusts the local certificate because `lapse check` has set REQUESTS_CA_BUNDLE.
import base64
import os
import re
import time

import msal
import requests

SCOPES = ["User.Read"]
app = msal.PublicClientApplication(
    os.environ["LAPSE_CLIENT_ID"], authority=os.environ["LAPSE_AUTHORITY"],
    instance_discovery=False,       # else MSAL asks Microsoft whether it knows localhost
    client_capabilities=["CP1"])    # this app understands claims challenges


def sign_in(claims):
    flow = app.initiate_device_flow(SCOPES, claims_challenge=claims)
    print(flow["message"], flush=True)
    result = app.acquire_token_by_device_flow(flow, claims_challenge=claims)
    if "error" in result:
        raise SystemExit(f"nobody signed in: {result['error']}")
    return result


def silently(claims):
    """Tokens, or the refusal. A lost answer, a 5xx or a 429 says nothing about the token: comes back with it."""
    [account] = app.get_accounts()
    for pause in (1, 2, 4, 8, 16, 32, 64):
        try:
            return app.acquire_token_silent_with_error(SCOPES, account, claims_challenge=claims) or {}
        except (requests.RequestException, msal.exceptions.MsalServiceError, ValueError):
            time.sleep(pause)
    raise SystemExit("the service does not answer")


def token(claims):
    result = silently(claims) if app.get_accounts() else {}
    if "access_token" not in result:    # Refused, for whatever reason: that refresh token is dead for good.
        result = sign_in(result.get("claims") or claims)
    return result["access_token"]


claims = None
for _ in range(16):
    answer = requests.get(
        f"{os.environ['LAPSE_GRAPH']}/v1.0/me", headers={"Authorization": f"Bearer {token(claims)}"}, timeout=20)
    print(answer.status_code, answer.json().get("userPrincipalName"), flush=True)
    challenge = re.search('claims="([^"]+)"', answer.headers.get("WWW-Authenticate", ""))
    claims = base64.b64decode(challenge.group(1)).decode() if challenge else None
    time.sleep(0.5)
