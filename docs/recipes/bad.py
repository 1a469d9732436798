# A bad app, to see a bad verdict of `lapse check`: it presents a refused refresh token again and again, and never asks its user.
import os
import time

import msal
import requests


# One connection for all requests: a new one each time would look like a pause between them.
connection = requests.Session()


def application():
    # One for each request, as in many a web app: so MSAL cannot notice that it was refused a moment ago.
    return msal.PublicClientApplication(
        os.environ["LAPSE_CLIENT_ID"], authority=os.environ["LAPSE_AUTHORITY"], instance_discovery=False, http_client=connection)


result = application().acquire_token_interactive(["User.Read"], timeout=20)
refresh_token = result["refresh_token"]
refusals = 0
while refusals < 6:
    result = application().acquire_token_by_refresh_token(refresh_token, ["User.Read"])
    if "error" in result:
        # The mistake: this token is dead for good. A good app looks at the error, drops the token and calls
        # acquire_token_interactive again.
        refusals += 1
        print(result["error"], flush=True)
        continue
    refresh_token = result["refresh_token"]
    bearer = {"Authorization": f"Bearer {result['access_token']}"}
    print(requests.get(f"{os.environ['LAPSE_GRAPH']}/v1.0/me", headers=bearer).status_code, flush=True)
    time.sleep(0.5)
