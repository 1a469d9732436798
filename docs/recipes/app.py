# Signs its user in through the browser, then asks Graph again and again who that is. MSAL refreshes; the app does the rest.
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


def silently(account, claims):
    """A token without asking the user; None when that is not possible."""
    for pause in (1, 2, 4, 8, 16, 32, 64):
        try:
            return app.acquire_token_silent(SCOPES, account, claims_challenge=claims)
        except (requests.RequestException, msal.exceptions.MsalServiceError, ValueError):
            # A lost answer, a 5xx, or a 429, whose plain text MSAL cannot read, say nothing about the token: come back with it.
            time.sleep(pause)
    raise SystemExit("the service does not answer")


def token(claims=None):
    for account in app.get_accounts():
        result = silently(account, claims)
        if result and "access_token" in result:
            return result["access_token"]
    # Refused, for whatever reason: ask the user to sign in, with the claims that were demanded.
    result = app.acquire_token_interactive(SCOPES, claims_challenge=claims, timeout=60)
    if "error" in result:
        # The browser's session was refused as well: this time ask for the password.
        result = app.acquire_token_interactive(SCOPES, claims_challenge=claims, prompt="login", timeout=60)
    return result["access_token"]


claims = None
for _ in range(16):
    answer = requests.get(
        f"{os.environ['LAPSE_GRAPH']}/v1.0/me", headers={"Authorization": f"Bearer {token(claims)}"}, timeout=20)
    print(answer.status_code, answer.json().get("userPrincipalName"), flush=True)
    challenge = re.search('claims="([^"]+)"', answer.headers.get("WWW-Authenticate", ""))
    claims = base64.b64decode(challenge.group(1)).decode() if challenge else None
    time.sleep(0.5)
