"""A program without a library: what tests of crashes and races send, as fast as it goes."""

import http.client
import json
from urllib.parse import parse_qsl, urlencode, urlsplit

from lab import ADELE, DOMAIN, NATIVE, PASSWORD, REDIRECT

CONTROL = f"/_lapse/api/tenants/{DOMAIN}"
FORM = "application/x-www-form-urlencoded"
SCOPE = "openid offline_access User.Read User.RevokeSessions.All"


class Connection:
    """One keep-alive connection over plain HTTP."""

    def __init__(self, lapse):
        self._connection = http.client.HTTPConnection("127.0.0.1", urlsplit(lapse.http).port, timeout=10)

    def send(self, method, path, body="", **headers):
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        return answer.status, answer.headers, content

    def token(self, **form):
        status, _, body = self.send("POST", f"/{DOMAIN}/oauth2/v2.0/token", urlencode(form), **{"Content-Type": FORM})
        return status, json.loads(body)

    def redeem(self, token):
        return self.token(grant_type="refresh_token", client_id=NATIVE, refresh_token=token)

    def control(self, path, body):
        status, _, answer = self.send("POST", CONTROL + path, json.dumps(body), **{"Content-Type": "application/json"})
        assert status == 201, answer
        return json.loads(answer)

    def sign_in(self, user):
        return self.control("/grants", {"user": user, "client_id": NATIVE, "scope": SCOPE})

    def revoke(self, user):
        return self.control("/revocations", {"user": user, "cause": "adminRevoke"})

    def code(self, at=DOMAIN):
        """A code from the sign-in page, as a browser without JavaScript gets it."""
        query = {"client_id": NATIVE, "response_type": "code", "redirect_uri": REDIRECT, "scope": SCOPE,
            "prompt": "login"}
        form = urlencode({"step": "signIn", "login": ADELE, "passwd": PASSWORD})
        status, headers, body = self.send(
            "POST", f"/{at}/oauth2/v2.0/authorize?{urlencode(query)}", form, **{"Content-Type": FORM})
        assert status == 302, body
        return dict(parse_qsl(urlsplit(headers["Location"]).query))["code"]

    def redeem_code(self, code):
        return self.token(grant_type="authorization_code", client_id=NATIVE, redirect_uri=REDIRECT, code=code)
