# An MCP server between agents and Entra, as far as tokens go: an agent gets the server's own, and the user's stay on the server.
# requests, which MSAL uses, trusts the local certificate because `lapse check` has set REQUESTS_CA_BUNDLE.
import base64
import hashlib
import http.server
import json
import os
import queue
import re
import secrets
import threading
import time
import urllib.parse
import webbrowser

import msal
import requests

SCOPES = ["User.Read"]
SIGN_IN = "The user has to sign in again."
OUTAGE = (requests.RequestException, msal.exceptions.MsalServiceError, ValueError)  # lost, 5xx, or a 429, which MSAL cannot read
flows, codes, grants, connections = {}, {}, {}, {}  # by state, by the server's own code, refresh token and access token
answers = {}    # what MSAL remembers of the service: with it, a refused request is not sent again for a minute


class Connection:
    """A user's sign-in. The server's own tokens lead here, and are worth nothing once it is dead."""

    def __init__(self):
        self.cache, self.lock = msal.TokenCache(), threading.Lock()
        self.access_token = self.refusal = None

    def msal(self):
        return msal.PublicClientApplication(
            os.environ["LAPSE_CLIENT_ID"], authority=os.environ["LAPSE_AUTHORITY"],
            instance_discovery=False,       # else MSAL asks Microsoft whether it knows localhost
            client_capabilities=["CP1"],    # this app understands claims challenges
            token_cache=self.cache, http_cache=answers)

    def tokens(self, claims=None):
        """Tokens, or none when the sign-in is dead. An outage says nothing about it: what MSAL raises is passed on."""
        with self.lock:     # one token is presented once at a time
            if self.refusal:
                return None
            app = self.msal()
            result = app.acquire_token_silent_with_error(SCOPES, app.get_accounts()[0], claims_challenge=claims) or {}
            if "access_token" not in result:    # Refused, for whatever reason: that refresh token is dead for good.
                return self.end(result.get("claims") or claims)
            return result

    def end(self, claims):
        """From now on every agent is told so, and which claims the next sign-in has to bring."""
        self.refusal = {"error": "invalid_grant", "error_description": SIGN_IN, "claims": claims or ""}


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, text = self.path.partition("?")
        if self.command == "POST":
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = json.loads(text) if path == "/mcp" else dict(urllib.parse.parse_qsl(text))
        try:
            getattr(self, self.command + path.replace("/", "_"), lambda _: self.answer(404, {}))(asked)
        except OUTAGE as error:     # No token is to blame: the agent keeps its own, and comes back.
            response = getattr(error, "response", None)
            wait = "2" if response is None else response.headers.get("Retry-After", "2")
            self.answer(503, {"error": "temporarily_unavailable"}, {"Retry-After": wait})

    do_POST = do_GET

    def GET_authorize(self, asked):
        if urllib.parse.urlsplit(asked["redirect_uri"]).hostname != "localhost":
            return self.answer(400, {"error": "invalid_request"})   # else anybody could have the code sent to them
        flow = Connection().msal().initiate_auth_code_flow(     # with PKCE
            SCOPES, redirect_uri=f"{ADDRESS}/callback", claims_challenge=asked.get("claims"),
            prompt="login")     # the browser's session may be of before the refusal
        flows[flow["state"]] = (flow, asked)
        self.answer(302, {}, {"Location": flow["auth_uri"]})

    def GET_callback(self, query):
        (flow, asked), connection, code = flows.pop(query["state"]), Connection(), secrets.token_urlsafe()
        result = connection.msal().acquire_token_by_auth_code_flow(flow, query)
        if "error" not in result:
            codes[code] = (connection, asked["code_challenge"])
        back = {"error": "access_denied"} if "error" in result else {"code": code}
        self.answer(302, {}, {"Location": f"{asked['redirect_uri']}?{urllib.parse.urlencode(back | {'state': asked['state']})}"})

    def POST_token(self, form):
        """An agent's refresh gets tokens, or the refusal as what it is: 400 and invalid_grant."""
        refresh_token = form.get("refresh_token")
        if form["grant_type"] == "authorization_code":
            connection, challenge = codes.pop(form["code"], (None, None))
            if challenge == s256(form["code_verifier"]):
                refresh_token = secrets.token_urlsafe()
                grants[refresh_token] = connection
        connection = grants.get(refresh_token)
        tokens = connection and connection.tokens()
        if not tokens:
            return self.answer(400, connection.refusal if connection else {"error": "invalid_grant"})
        connections.pop(connection.access_token, None)
        connection.access_token = secrets.token_urlsafe()
        connections[connection.access_token] = connection
        self.answer(200, {
            "token_type": "Bearer", "expires_in": tokens["expires_in"],
            "access_token": connection.access_token, "refresh_token": refresh_token})

    def POST_mcp(self, message):
        """The one tool, whoami: asks Graph with the user's token."""
        connection, claims = self.whose(), None
        for _ in range(2):
            tokens = connection and connection.tokens(claims)
            if not tokens:
                break
            me = requests.get(
                f"{os.environ['LAPSE_GRAPH']}/v1.0/me", headers={"Authorization": f"Bearer {tokens['access_token']}"}, timeout=20)
            if me.status_code >= 429:
                me.raise_for_status()
            if me.status_code != 401:
                content = [{"type": "text", "text": me.json()["displayName"]}]
                return self.answer(200, {"jsonrpc": "2.0", "id": message["id"], "result": {"content": content}})
            challenge = re.search('claims="([^"]+)"', me.headers.get("WWW-Authenticate", ""))
            claims = base64.b64decode(challenge.group(1)).decode() if challenge else None
        else:
            connection.end(claims)
        self.answer(401, {"error": "invalid_token", "error_description": SIGN_IN}, {"WWW-Authenticate": 'Bearer error="invalid_token"'})

    def GET_status(self, _):
        connection = self.whose()
        self.answer(200, {"connected": bool(connection and not connection.refusal)})

    def GET_agent(self, back):
        """Where the user comes back to the agent, which is a part of this program."""
        self.answer(200, {})
        returned.put(back)

    def whose(self):
        return connections.get(self.headers.get("Authorization", "").removeprefix("Bearer "))

    def answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        """Not its own log: addresses hold codes."""


def s256(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


server = http.server.ThreadingHTTPServer(("localhost", 0), Server)
ADDRESS = f"http://localhost:{server.server_port}"
threading.Thread(target=server.serve_forever, daemon=True).start()

# From here on: an agent that uses the server, so that `lapse check --scenario mcp-proxy -- python3 mcp_proxy.py` needs nobody else.
returned = queue.Queue()


def ask(path, **request):
    """Asks the server, and tells Lapse what it answered, without the tokens."""
    answer = requests.request("POST" if request.keys() & {"data", "json"} else "GET", ADDRESS + path, timeout=60, **request)
    text = json.dumps({name: value for name, value in answer.json().items() if not name.endswith("_token")})
    print(path, answer.status_code, text, flush=True)
    requests.post(f"{os.environ['LAPSE_HTTP']}/_lapse/api/tenants/{os.environ['LAPSE_TENANT']}/visits", timeout=20, json={
        "url": ADDRESS + path, "status": answer.status_code, "text": text,
        "user": os.environ["LAPSE_USER"], "client": os.environ["LAPSE_CLIENT_ID"]}).raise_for_status()
    return answer


def sign_in(claims=""):
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe()
    webbrowser.open(f"{ADDRESS}/authorize?" + urllib.parse.urlencode({
        "redirect_uri": f"{ADDRESS}/agent", "state": state, "code_challenge": s256(verifier), "claims": claims}))
    back = returned.get(timeout=60)
    if back.get("state") != state or "code" not in back:
        raise SystemExit(f"nobody signed in: {back.get('error')}")
    return ask("/token", data={"grant_type": "authorization_code", "code": back["code"], "code_verifier": verifier}).json()


tokens = sign_in()
for _ in range(12):
    answer = ask("/token", data={"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    if answer.status_code == 200:
        tokens = answer.json()
    own = {"Authorization": f"Bearer {tokens['access_token']}"}
    ask("/mcp", headers=own, json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}})
    for _ in range(3 if answer.status_code == 400 else 1):  # shown to the user, who signs in when there is time
        ask("/status", headers=own)
        time.sleep(0.5)
    if answer.status_code == 400:
        tokens = sign_in(answer.json().get("claims", ""))
    if answer.status_code >= 500:
        time.sleep(int(answer.headers.get("Retry-After", 1)))
