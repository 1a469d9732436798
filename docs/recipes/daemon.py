# A daemon: it has no user, and gets its tokens with a secret. Nobody's refusal can end those; an outage can delay them.
# requests, which MSAL uses, trusts the local certificate because `lapse check` has set REQUESTS_CA_BUNDLE.
import os
import time

import msal
import requests

SCOPES = ["https://graph.microsoft.com/.default"]


def token():
    for pause in (1, 2, 4, 8, 16, 32, 64):
        # A new object for each try: MSAL remembers a failure for a minute, and a daemon can wait for less.
        app = msal.ConfidentialClientApplication(
            os.environ["LAPSE_CLIENT_ID"], os.environ["LAPSE_CLIENT_SECRET"], authority=os.environ["LAPSE_AUTHORITY"],
            instance_discovery=False)   # else MSAL asks Microsoft whether it knows localhost
        try:
            result = app.acquire_token_for_client(SCOPES)
            if "access_token" in result:
                return result
            if result["error"] != "temporarily_unavailable":
                raise SystemExit(f"the secret or the registration is wrong: {result['error']}")
        except (requests.RequestException, msal.exceptions.MsalServiceError, ValueError):
            pass    # A lost answer, a 5xx or a 429: nothing is wrong with the secret.
        time.sleep(pause)
    raise SystemExit("the service does not answer")


tokens, ends = None, 0
for _ in range(16):
    # The tokens of `lapse check` are always about to end; elsewhere this asks once an hour or so.
    if ends < time.time() + 300:
        tokens = token()
        ends = time.time() + tokens["expires_in"]
    answer = requests.get(
        f"{os.environ['LAPSE_GRAPH']}/v1.0/users", headers={"Authorization": f"Bearer {tokens['access_token']}"}, timeout=20)
    print(answer.status_code, len(answer.json().get("value", [])), "users", flush=True)
    if answer.status_code == 401:
        ends = 0
    time.sleep(0.5)
