# A web app on Flask and MSAL: the browser has a cookie with an id, and the tokens that belong to it stay on the server.
# requests, which MSAL uses, trusts the local certificate because `lapse check` has set REQUESTS_CA_BUNDLE.
import base64
import os
import re
import secrets
import time

import flask
import msal
import requests

SCOPES = ["User.Read"]
app = flask.Flask(__name__)
app.secret_key = secrets.token_bytes(32)
sessions = {}   # by the id in the cookie; with several workers this is a database, which all of them share
answers = {}    # what MSAL remembers of the service: with it, a refused request is not sent again for a minute


def client(cache=None):
    return msal.ConfidentialClientApplication(
        os.environ["LAPSE_CLIENT_ID"], os.environ["LAPSE_CLIENT_SECRET"], authority=os.environ["LAPSE_AUTHORITY"],
        instance_discovery=False,       # else MSAL asks Microsoft whether it knows localhost
        client_capabilities=["CP1"],    # this app understands claims challenges
        token_cache=cache or msal.TokenCache(), http_cache=answers)


def sign_in(claims=None, prompt=None):
    """Ends the session, and sends the user to the sign-in page: with the claims that were demanded, if any."""
    sessions.pop(flask.session.get("id"), None)
    flask.session["id"] = secrets.token_urlsafe()
    flow = client().initiate_auth_code_flow(
        SCOPES, redirect_uri=flask.url_for("callback", _external=True), claims_challenge=claims, prompt=prompt)
    sessions[flask.session["id"]] = {"flow": flow}
    return flask.redirect(flow["auth_uri"])


@app.get("/auth/callback")
def callback():
    flow = sessions.pop(flask.session.get("id"), {}).get("flow")
    if not flow:
        return flask.redirect("/")
    cache = msal.TokenCache()
    result = client(cache).acquire_token_by_auth_code_flow(flow, flask.request.args)
    if "error" in result:
        # The browser's session at the authority may be of before the refusal: the next try asks for the password.
        return '<p>You are not signed in. <a href="/sign-in">Sign in</a></p>'
    flask.session["id"] = secrets.token_urlsafe()   # nobody can have known this one before
    sessions[flask.session["id"]] = {"cache": cache}
    return flask.redirect("/")


@app.get("/sign-in")
def sign_in_anew():
    return sign_in(prompt="login")


def silently(cache, claims):
    """Tokens, or the refusal. A lost answer, a 5xx or a 429 says nothing about the token: comes back with it."""
    service = client(cache)
    [account] = service.get_accounts()
    for pause in (1, 2, 4, 8):
        try:
            return service.acquire_token_silent_with_error(SCOPES, account, claims_challenge=claims) or {}
        except (requests.RequestException, msal.exceptions.MsalServiceError, ValueError):
            time.sleep(pause)
    flask.abort(503, "The service does not answer. Please try again later.")


@app.get("/")
def home():
    cache = sessions.get(flask.session.get("id"), {}).get("cache")
    if not cache:
        return sign_in()
    claims = None
    for _ in range(2):
        result = silently(cache, claims)
        if "access_token" not in result:    # Refused, for whatever reason: that refresh token is dead for good.
            return sign_in(result.get("claims") or claims)
        answer = requests.get(
            f"{os.environ['LAPSE_GRAPH']}/v1.0/me", headers={"Authorization": f"Bearer {result['access_token']}"}, timeout=20)
        challenge = re.search('claims="([^"]+)"', answer.headers.get("WWW-Authenticate", ""))
        if answer.status_code >= 429:
            flask.abort(503, "The service does not answer. Please try again later.")
        if not challenge:
            return f"<h1>{answer.json()['displayName']}</h1>"
        claims = base64.b64decode(challenge.group(1)).decode()
    return sign_in(claims)


app.run(port=int(os.environ["PORT"]), threaded=True)
