# A web app on FastAPI and Microsoft's `identity`, whose `identity.web.Auth` keeps the tokens in any mapping: here one for each
# browser, on the server. (The package has more for Flask, Django and Quart, and nothing for FastAPI by name.)
# It does not declare the client capability cp1, so that nobody challenges its access tokens: they are good until they end.
import os
import secrets
import time

import fastapi
import identity.web
import msal
import requests
import uvicorn
from fastapi.responses import HTMLResponse, RedirectResponse

SCOPES = ["User.Read"]
app = fastapi.FastAPI()
sessions = {}   # by the id in the cookie; with several workers this is a database, which all of them share
answers = {}    # what MSAL remembers of the service: with it, a refused request is not sent again for a minute


def auth(session):
    return identity.web.Auth(
        session=session, client_id=os.environ["LAPSE_CLIENT_ID"], client_credential=os.environ["LAPSE_CLIENT_SECRET"],
        authority=os.environ["LAPSE_AUTHORITY"], http_cache=answers)


def sign_in(request, prompt=None):
    """Ends the session, and sends the user to the sign-in page."""
    sessions.pop(request.cookies.get("id"), None)
    key, session = secrets.token_urlsafe(), {}
    sessions[key] = session
    flow = auth(session).log_in(scopes=SCOPES, redirect_uri=str(request.url_for("callback")), prompt=prompt)
    answer = RedirectResponse(flow["auth_uri"], 302)
    answer.set_cookie("id", key, httponly=True, samesite="lax")
    return answer


@app.get("/auth/callback")
def callback(request: fastapi.Request):
    session = sessions.pop(request.cookies.get("id"), {})
    result = auth(session).complete_log_in(dict(request.query_params))
    if "error" in result:
        # The browser's session at the authority may be of before the refusal: the next try asks for the password.
        return HTMLResponse('<p>You are not signed in. <a href="/sign-in">Sign in</a></p>')
    key = secrets.token_urlsafe()   # nobody can have known this one before
    sessions[key] = session
    answer = RedirectResponse("/", 302)
    answer.set_cookie("id", key, httponly=True, samesite="lax")
    return answer


@app.get("/sign-in")
def sign_in_anew(request: fastapi.Request):
    return sign_in(request, prompt="login")


def silently(session):
    """Tokens, or the refusal. A lost answer, a 5xx or a 429 says nothing about the token: comes back with it."""
    for pause in (1, 2, 4, 8):
        try:
            return auth(session).get_token_for_user(SCOPES)
        except (requests.RequestException, msal.exceptions.MsalServiceError, ValueError):
            time.sleep(pause)
    raise fastapi.HTTPException(503, "The service does not answer. Please try again later.")


@app.get("/")
def home(request: fastapi.Request):
    session = sessions.get(request.cookies.get("id"))
    if not session or not auth(session).get_user():
        return sign_in(request)
    result = silently(session)
    if "access_token" not in result:    # Refused, for whatever reason: that refresh token is dead for good.
        return sign_in(request)
    answer = requests.get(
        f"{os.environ['LAPSE_GRAPH']}/v1.0/me", headers={"Authorization": f"Bearer {result['access_token']}"}, timeout=20)
    if answer.status_code == 401:
        return sign_in(request)
    if answer.status_code >= 429:
        raise fastapi.HTTPException(503, "The service does not answer. Please try again later.")
    return HTMLResponse(f"<h1>{answer.json()['displayName']}</h1>")


uvicorn.run(app, host="localhost", port=int(os.environ["PORT"]), log_level="warning")
