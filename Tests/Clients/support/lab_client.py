"""One tenant of the lab as a program without a library speaks to it: one connection over plain HTTP, as fast as it goes."""

import http.client
import json
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, UTC
from http.client import HTTPMessage
from urllib.parse import parse_qsl, urlencode, urlsplit

from lab import ADELE, DOMAIN, NATIVE, REDIRECT, WEB, WEB_SECRET

FORM = "application/x-www-form-urlencoded"
SPA = "bbbbbbbb-0002-4000-8000-000000000003"
SPA_REDIRECT = "http://localhost/"
SPA_ORIGIN = "http://localhost"
SCOPE = "offline_access User.Read"

SECOND = 10_000_000
"""An instant is a count of 100 ns since 1970, as in Lapse."""
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND


def instant(text):
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return seconds * SECOND + int(fraction.ljust(7, "0"))


def written(ticks):
    if ticks is None:
        return None
    seconds, fraction = divmod(ticks, SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:07}Z"


def duration(ticks):
    seconds, fraction = divmod(ticks, SECOND)
    return f"PT{seconds}" + (f".{fraction:07}".rstrip("0") if fraction else "") + "S"


@dataclass(repr=False)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def region(self):
        return self.headers["x-lapse-region"]

    @property
    def redirect(self):
        """The parameters that an app gets at its redirect URI."""
        assert self.status == 302, self
        return dict(parse_qsl(urlsplit(self.headers["Location"]).query))

    def __repr__(self):
        return f"{self.status} {self.headers['Location'] or ''} {self.body[:1500]!r}"


class Tenant:
    def __init__(self, lapse, name=DOMAIN):
        self.name = name
        self.port = urlsplit(lapse.http).port
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def send(self, method, path, body=None, region=None, **headers):
        """`body` is a form as text, or an object that is sent as JSON."""
        if isinstance(body, dict):
            body, headers = json.dumps(body), {"Content-Type": "application/json", **headers}
        if region:
            headers["x-lapse-region"] = region
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())

    def ask(self, method, path, body=None, region=None):
        """A call of the control API on this tenant, as it is answered."""
        headers = {}
        if method in ("POST", "PUT", "PATCH"):
            body, headers = json.dumps({} if body is None else body), {"Content-Type": "application/json"}
        return self.send(method, f"/_lapse/api/tenants/{self.name}{path}", body, region, **headers)

    def control(self, method, path, body=None, region=None):
        """A call of the control API that must succeed."""
        answer = self.ask(method, path, body, region)
        assert 200 <= answer.status < 300, f"{method} {path} {body}: {answer}"
        return answer.json() if answer.body else None

    def everything(self, path):
        """A list with all its pages."""
        path, _, query = path.partition("?")
        query, found = dict(parse_qsl(query)), []
        while True:
            page = self.control("GET", f"{path}?{urlencode(query)}")
            found += page["items"]
            if page["next"] is None:
                return found
            query["after"] = page["next"]

    def freeze(self, at=None):
        return self.control("PUT", "/clock", {"mode": "frozen"} if at is None else {"mode": "frozen", "now": written(at)})

    def now(self):
        return instant(self.control("GET", "/clock")["now"])

    def advance(self, **how):
        return self.control("POST", "/clock/advance", how)

    def propagate(self, model):
        return self.control("PUT", "/propagation", model)

    def sign_in(self, user=ADELE, client=NATIVE, **more):
        return self.control("POST", "/grants", {"user": user, "client_id": client, "scope": SCOPE, **more})

    def revoke(self, user=ADELE, cause="adminRevoke", region=None):
        return self.control("POST", "/revocations", {"user": user, "cause": cause}, region)

    def revocation(self, id):
        return self.control("GET", f"/revocations/{id}")

    def release(self, id, **where):
        return self.control("POST", f"/revocations/{id}/release", where)

    def explain(self, **what):
        return self.control("POST", "/explain", what)

    def token(self, form, client=NATIVE, region=None, tenant=None):
        form, headers = {"client_id": client, **form}, {"Content-Type": FORM}
        if client == WEB:
            form["client_secret"] = WEB_SECRET
        if client == SPA:
            headers["Origin"] = SPA_ORIGIN
        return self.send("POST", f"/{tenant or self.name}/oauth2/v2.0/token", urlencode(form), region, **headers)

    def refresh(self, token, client=NATIVE, region=None, tenant=None):
        return self.token({"grant_type": "refresh_token", "refresh_token": token}, client, region, tenant)

    def redeem(self, code, client=NATIVE, region=None):
        return self.token({"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}, client, region)

    def authorize(self, cookie, client=NATIVE, region=None):
        """Silent sign-in with a session."""
        asked = urlencode({
            "client_id": client, "response_type": "code", "redirect_uri": REDIRECT, "scope": SCOPE, "prompt": "none"})
        return self.send(
            "GET", f"/{self.name}/oauth2/v2.0/authorize?{asked}", None, region, Cookie=f"ESTSAUTH={cookie}")

    def graph(self, method, path, token, region=None):
        return self.send(method, f"/v1.0/{path}", None, region, Authorization=f"Bearer {token}")


def new_sandbox(lapse, **more):
    """A tenant of one's own, and what the server told about it."""
    answer = Tenant(lapse).send("POST", "/_lapse/api/tenants", {"template": "contoso", **more})
    assert answer.status == 201, answer
    made = answer.json()
    return Tenant(lapse, made["domains"][0]), made


def code_of(answer):
    """The number of a refusal, None of a success."""
    if answer.status == 200:
        return None
    assert answer.status == 400, answer
    return answer.json()["error_codes"][0]


def new_id():
    return str(uuid.uuid4())


def until(what, condition, seconds=20):
    """What the condition comes to, as soon as that is something; asked again and again, where nothing else tells of it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return found
