"""What goes wrong on purpose, as clients meet it: MSAL Python, raw sockets, a relying party with PyJWT."""

import base64
import hashlib
import http.client
import json
import os
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPResponse
from urllib.parse import urlencode, urlsplit

import jwt
import msal
import pytest
import requests

import needs
from lab import ADELE, ALEX, API, API_SCOPE, CONTOSO, DOMAIN, GRAPH_SCOPES, NATIVE, PASSWORD, REDIRECT
from lab_client import FORM, Tenant, code_of, until
from msal_app import refresh
from serve import PORTS

SCOPE = "openid offline_access User.Read User.RevokeSessions.All"
CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
# As the catalogue has it, for 50076 and its like.
USUAL_CLAIMS = '{"access_token":{"capolids":{"essential":true,"values":["cccccccc-0003-4000-8000-000000000001"]}}}'
# Nothing takes longer, even in a debug build on a busy machine.
PATIENCE = 20
ENDPOINTS = ["token", "authorize", "devicecode", "keys", "discovery", "graph", "resource"]


class Lab(Tenant):
    """Contoso, and what goes wrong in it."""

    def fault(self, effect, endpoint="token", **more):
        match = {"endpoint": endpoint, **more.pop("match", {})} if endpoint else more.pop("match", {})
        return self.control("POST", "/faults", {"match": match, "effect": effect, **more})["id"]

    def clear(self):
        self.control("DELETE", "/faults")

    def hits(self, fault):
        return self.control("GET", f"/faults/{fault}")["hits"]

    def events(self, kind=None):
        return self.everything("/events" + (f"?type={kind}" if kind else ""))

    def kinds(self):
        """What happened, in order."""
        return [event["type"] for event in self.events()]


@pytest.fixture(scope="module")
def running(stored):
    # With a file to look into; the fixtures of conftest that build on `running` find this Lapse.
    return stored.lapse


@pytest.fixture
def lab(lapse):
    return Lab(lapse)


class Database:
    """What Lapse has stored, read beside it."""

    def __init__(self, folder):
        self._address = f"file:{folder / 'data' / 'lapse.sqlite3'}?mode=ro"

    def rows(self, query, *arguments):
        connection = sqlite3.connect(self._address, uri=True)
        try:
            return connection.execute(query, arguments).fetchall()
        finally:
            connection.close()

    def count(self, table):
        return self.rows(f"SELECT COUNT(*) FROM {table}")[0][0]

    def hashes(self):
        """Of all refresh tokens, as text; a test signs in once."""
        rows = self.rows("SELECT grant_number, hash FROM refresh_tokens")
        assert len({grant for grant, _ in rows}) == 1, "tokens of one grant"
        return {hash.hex() for _, hash in rows}

    def everything(self):
        """All that is stored but the log of events and the faults' own counts."""
        tables = {name for name, in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")} - {"events", "faults"}
        return {name: sorted(map(repr, self.rows(f"SELECT * FROM {name}"))) for name in tables}


@pytest.fixture
def database(stored):
    return Database(stored.folder)


def hashed(token):
    return hashlib.sha256(token.encode()).hexdigest()


# MARK: Refusals and outages, as MSAL Python meets them

@pytest.fixture
def app(signed_in_app):
    return signed_in_app


def assert_refreshed(result):
    assert result and "access_token" in result and "error" not in result, result


@pytest.mark.parametrize("effect, suberror, classification, claims", [
    ({"code": 50173}, "bad_token", "", None),
    ({"code": 50173, "suberror": None}, None, None, None),
    ({"code": 70043}, "token_expired", "", None),
    ({"code": 50076}, "basic_action", "basic_action", USUAL_CLAIMS),
    ({"code": 50076, "claims": CLAIMS}, "basic_action", "basic_action", CLAIMS),
    ({"code": 50076, "suberror": "additional_action"}, "additional_action", "additional_action", USUAL_CLAIMS),
])
def test_msal_returns_a_forced_refusal_and_repeats_it_from_memory(
        lab, app, new_native_app, effect, suberror, classification, claims):
    fault = lab.fault(effect, times=1)
    result = refresh(app)
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [effect["code"]]), result
    assert result["error_description"].startswith(f"AADSTS{effect['code']}: "), result
    assert (result.get("suberror"), result.get("classification")) == (suberror, classification), result
    assert result.get("claims") == claims, result
    assert refresh(app)["error_codes"] == [effect["code"]]
    assert lab.hits(fault) == 1
    [hit] = lab.events("faultHit")
    assert (hit["fault"], hit["code"], hit["client"]) == (fault, effect["code"], NATIVE), hit
    # The fault is spent, and nothing happened to the token: a restarted app goes on with it.
    assert_refreshed(refresh(new_native_app(app.token_cache)))


def test_the_claims_of_a_forced_refusal_go_back_to_authorize(lab, app, browser):
    lab.fault({"code": 50076, "claims": CLAIMS}, times=1)
    flow = app.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT, claims_challenge=refresh(app)["claims"])
    assert_refreshed(app.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"], ADELE)))


@pytest.mark.parametrize("effect, status", [
    ({"code": 90033}, 503), ({"status": 503}, 503), ({"status": 503, "retryAfter": "PT9S"}, 503), ({"status": 500}, 500)])
def test_msal_raises_an_outage_and_repeats_it_from_memory(lab, app, new_native_app, effect, status):
    fault = lab.fault(effect, times=1)
    for _ in range(2):
        with pytest.raises(msal.exceptions.MsalServiceError, match=f"^HTTP Error: {status}$"):
            refresh(app)
    assert lab.hits(fault) == 1
    # An outage refuses nobody.
    assert lab.events("refreshRefused") == []
    assert_refreshed(refresh(new_native_app(app.token_cache)))


@pytest.mark.parametrize("effect", [{"status": 429}, {"status": 429, "retryAfter": "PT9S"}])
def test_msal_cannot_read_a_throttled_answer_and_repeats_it_from_memory(lab, app, new_native_app, effect, caplog):
    """Recorded of Entra: plain text. MSAL Python expects JSON of everything below 500."""
    fault = lab.fault(effect, times=1)
    for _ in range(2):
        with pytest.raises(json.JSONDecodeError):
            refresh(app)
    assert "Token response is not in json format: Too Many Requests" in caplog.text
    assert lab.hits(fault) == 1
    assert_refreshed(refresh(new_native_app(app.token_cache)))


@pytest.mark.parametrize("status, error", [(429, json.JSONDecodeError), (503, msal.exceptions.MsalServiceError)])
def test_msal_keeps_quiet_as_long_as_retry_after_says(lab, app, status, error):
    lab.fault({"status": status, "retryAfter": "PT3S"}, times=1)
    began, signed_in = time.monotonic(), lab.kinds()

    def refreshed():
        try:
            return refresh(app)
        except error:
            return None

    assert refreshed() is None
    assert_refreshed(until("MSAL asks again", refreshed))
    # MSAL counts in whole seconds, of which the first may have been nearly over.
    assert time.monotonic() - began >= 2
    # In between it asked nobody.
    assert lab.kinds() == [*signed_in, "faultHit", "tokenRefreshed"]


def test_an_app_hears_at_its_redirect_uri_of_a_forced_refusal(lab, new_native_app, browser):
    lab.fault({"code": 50076, "claims": CLAIMS}, "authorize", times=1)
    app = new_native_app()
    flow = app.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT, prompt="none")
    result = app.acquire_token_by_auth_code_flow(flow, browser.parameters(browser.open(flow["auth_uri"])))
    assert result["error"] == "interaction_required", result
    assert result["error_description"].startswith("AADSTS50076: "), result
    # Spent; nobody is signed in at this browser, which is another matter.
    flow = app.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT, prompt="none")
    result = app.acquire_token_by_auth_code_flow(flow, browser.parameters(browser.open(flow["auth_uri"])))
    assert result["error"] == "login_required", result


@pytest.mark.parametrize("effect, error, code", [
    ({"code": 50173}, "invalid_grant", 50173), ({"code": 90033}, "temporarily_unavailable", 90033),
    ({"status": 503}, "temporarily_unavailable", 90033), ({"status": 500}, "server_error", 50000)])
def test_msal_returns_what_the_device_code_endpoint_says(lab, new_native_app, effect, error, code):
    lab.fault(effect, "devicecode", times=1)
    flow = new_native_app().initiate_device_flow(GRAPH_SCOPES)
    assert "user_code" not in flow and (flow["error"], flow["error_codes"]) == (error, [code]), flow
    assert "user_code" in new_native_app().initiate_device_flow(GRAPH_SCOPES)


@pytest.mark.parametrize("status", [500, 503])
def test_msal_cannot_begin_while_discovery_is_out(lab, new_native_app, status):
    fault = lab.fault({"status": status}, "discovery", times=1)
    with pytest.raises(msal.exceptions.MsalServiceError, match=f"^HTTP Error: {status}$"):
        new_native_app().initiate_device_flow(GRAPH_SCOPES)
    assert lab.hits(fault) == 1
    assert "user_code" in new_native_app().initiate_device_flow(GRAPH_SCOPES)


@pytest.mark.parametrize("status", [429, 503])
def test_msal_waits_for_a_busy_discovery_as_long_as_it_is_told(lab, new_native_app, status):
    """Its HTTP client does: it repeats what may be repeated once, after the time of Retry-After."""
    fault = lab.fault({"status": status, "retryAfter": "PT1S"}, "discovery", times=1)
    began = time.monotonic()
    assert "user_code" in new_native_app().initiate_device_flow(GRAPH_SCOPES)
    assert time.monotonic() - began >= 1
    assert lab.hits(fault) == 1


def test_msal_answers_a_forced_challenge_with_a_new_token(lab, lapse, new_native_app, browser):
    app = new_native_app(client_capabilities=["cp1"])
    flow = app.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT)
    token = app.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"], ADELE))["access_token"]
    lab.fault({"challenge": CLAIMS}, "graph", times=1)
    answer = lapse.graph("GET", "me", token)
    challenge = requests.utils.parse_dict_header(answer.headers["WWW-Authenticate"].removeprefix("Bearer "))
    assert (answer.status_code, challenge["error"]) == (401, "insufficient_claims"), answer.headers
    decoded = base64.b64decode(challenge["claims"], validate=True).decode()
    assert decoded == CLAIMS
    # A challenge keeps MSAL from the token in its cache.
    renewed = app.acquire_token_silent_with_error(GRAPH_SCOPES, app.get_accounts()[0], claims_challenge=decoded)
    assert_refreshed(renewed)
    assert renewed["access_token"] != token
    assert lapse.graph("GET", "me", renewed["access_token"]).status_code == 200


# MARK: Requests to every endpoint

@dataclass
class Ask:
    """One request, as bytes for a socket or as arguments for `http.client`."""

    method: str
    target: str
    form: dict | None = None
    headers: dict = field(default_factory=dict)

    @property
    def body(self):
        return urlencode(self.form) if self.form else None

    @property
    def all_headers(self):
        return {**self.headers, "Content-Type": FORM} if self.form else self.headers

    @property
    def raw(self):
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in self.all_headers.items()]
        if self.method == "POST":
            lines.append(f"Content-Length: {len(self.body or '')}")
        return "\r\n".join([*lines, "", self.body or ""]).encode()


def refreshing(token):
    form = {"grant_type": "refresh_token", "client_id": NATIVE, "refresh_token": token}
    return Ask("POST", f"/{DOMAIN}/oauth2/v2.0/token", form)


@pytest.fixture
def asks(lab):
    """A request for each endpoint that is answered 200 with a body; Adele is signed in for them."""
    signed_in = lab.sign_in(scope=SCOPE)
    of_the_api = lab.sign_in(ALEX, scope=f"offline_access {API_SCOPE}")
    query = urlencode({"client_id": NATIVE, "response_type": "code", "redirect_uri": REDIRECT, "scope": SCOPE, "prompt": "login"})
    return {
        "token": refreshing(signed_in["refresh_token"]),
        "authorize": Ask("GET", f"/{DOMAIN}/oauth2/v2.0/authorize?{query}"),
        "devicecode": Ask("POST", f"/{DOMAIN}/oauth2/v2.0/devicecode", {"client_id": NATIVE, "scope": SCOPE}),
        "keys": Ask("GET", f"/{DOMAIN}/discovery/v2.0/keys"),
        "discovery": Ask("GET", f"/{DOMAIN}/v2.0/.well-known/openid-configuration"),
        "graph": Ask("GET", "/v1.0/me", headers={"Authorization": f"Bearer {signed_in['access_token']}"}),
        "resource": Ask("GET", "/_lapse/resource/x", headers={"Authorization": f"Bearer {of_the_api['access_token']}"}),
        # The same endpoints, with more to store.
        "signIn": Ask("POST", f"/{DOMAIN}/oauth2/v2.0/authorize?{query}", {"step": "signIn", "login": ADELE, "passwd": PASSWORD}),
        "revoke": Ask(
            "POST", "/v1.0/me/revokeSignInSessions", headers={"Authorization": f"Bearer {signed_in['access_token']}"}),
    }


# What each request leaves in the database.
STORING = {"token": "refresh_tokens", "devicecode": "device_codes", "signIn": "sessions", "revoke": "revocations"}


def endpoint_of(name):
    return {"signIn": "authorize", "revoke": "graph"}.get(name, name)


@dataclass
class Heard:
    """What came out of a socket, up to its end, to the end of a whole answer, or to the end of patience."""

    content: bytes
    has_ended: bool

    @property
    def head(self):
        return self.content.partition(b"\r\n\r\n")[0].decode()

    @property
    def has_head(self):
        return b"\r\n\r\n" in self.content

    @property
    def body(self):
        return self.content.partition(b"\r\n\r\n")[2]

    @property
    def status(self):
        return int(self.head.split(" ")[1])

    @property
    def headers(self):
        """By name in lower case."""
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in self.head.split("\r\n")[1:])}

    @property
    def promised(self):
        return int(self.headers["content-length"])

    @property
    def is_over(self):
        return self.has_ended or (self.has_head and len(self.body) >= self.promised)


@pytest.fixture
def connect(lapse):
    """Opens sockets over HTTP or HTTPS."""

    def connect(over):
        connection = socket.create_connection(("127.0.0.1", urlsplit(getattr(lapse, over)).port), timeout=PATIENCE)
        if over == "http":
            return connection
        return ssl.create_default_context(cafile=lapse.ca_file).wrap_socket(connection, server_hostname="localhost")

    return connect


@pytest.fixture
def hear(connect):
    """Sends a request and listens; behind the headers no longer than it is told. Who ends the connection is Lapse."""

    def hear(ask, over="http", patience=PATIENCE):
        heard = Heard(b"", has_ended=False)
        with connect(over) as connection:
            connection.sendall(ask.raw)
            while not heard.is_over:
                connection.settimeout(patience if heard.has_head else PATIENCE)
                try:
                    part = connection.recv(65536)
                except TimeoutError:
                    break
                heard = Heard(heard.content + part, has_ended=not part)
        return heard

    return hear


OVER = pytest.mark.parametrize("over", ["http", "https"])


# MARK: Spoiled answers, byte by byte

@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_requests_of_these_tests_are_answered_in_full(lab, asks, hear, endpoint):
    heard = hear(asks[endpoint])
    assert (heard.status, len(heard.body)) == (200, heard.promised), heard
    assert heard.promised > 0 and "x-lapse-fault" not in heard.headers, heard


@OVER
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_cut_answer_promises_more_than_comes(lab, asks, hear, endpoint, over):
    fault = lab.fault({"answer": "cut"}, endpoint, times=1)
    heard = hear(asks[endpoint], over)
    assert heard.has_ended, heard
    assert (heard.status, heard.headers["x-lapse-fault"]) == (200, fault), heard
    assert 0 < len(heard.body) < heard.promised, heard
    assert lab.hits(fault) == 1
    # Spent, and the next answer is whole.
    assert len((whole := hear(asks[endpoint], over)).body) == whole.promised


@OVER
@pytest.mark.parametrize("endpoint", [endpoint for endpoint in ENDPOINTS if endpoint != "authorize"])
def test_a_malformed_answer_has_its_length_and_is_no_json(lab, asks, hear, endpoint, over):
    """Authorize is left out: its pages are no JSON in the first place."""
    fault = lab.fault({"answer": "malformed"}, endpoint, times=1)
    heard = hear(asks[endpoint], over)
    assert not heard.has_ended and (heard.status, heard.headers["x-lapse-fault"]) == (200, fault), heard
    assert len(heard.body) == heard.promised > 0, heard
    with pytest.raises(json.JSONDecodeError):
        json.loads(heard.body)
    assert json.loads(hear(asks[endpoint], over).body)
    assert lab.hits(fault) == 1


@pytest.mark.parametrize("endpoint, over", [*((endpoint, "http") for endpoint in ENDPOINTS), ("token", "https")])
def test_a_silent_answer_stops_behind_its_headers(lab, asks, hear, endpoint, over):
    fault = lab.fault({"answer": "silent"}, endpoint, times=1)
    heard = hear(asks[endpoint], over, patience=1)
    assert not heard.has_ended, "the connection ended instead of falling silent"
    assert (heard.status, heard.headers["x-lapse-fault"]) == (200, fault), heard
    assert heard.promised > 0 and heard.body == b"", heard
    assert lab.hits(fault) == 1


@OVER
@pytest.mark.parametrize("answer", ["closed", "dropped"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_closed_or_dropped_connection_ends_without_a_byte(lab, asks, hear, endpoint, answer, over):
    fault = lab.fault({"answer": answer}, endpoint, times=1)
    assert hear(asks[endpoint], over) == Heard(b"", has_ended=True)
    assert lab.hits(fault) == 1
    assert hear(asks[endpoint], over).status == 200


@OVER
@pytest.mark.parametrize("name", [*ENDPOINTS, "signIn", "revoke"])
def test_before_a_closed_connection_nothing_was_done(lab, asks, hear, database, name, over):
    fault = lab.fault({"answer": "closed"}, endpoint_of(name), times=1)
    stored, logged = database.everything(), len(lab.events())
    assert hear(asks[name], over) == Heard(b"", has_ended=True)
    assert database.everything() == stored
    assert [(event["type"], event["fault"]) for event in lab.events()[logged:]] == [("faultHit", fault)]


@OVER
@pytest.mark.parametrize("name, happened", [
    ("token", "tokenRefreshed"), ("devicecode", "deviceCodeIssued"), ("signIn", "codeIssued"), ("revoke", "revoked")])
def test_before_a_dropped_connection_everything_was_done(lab, asks, hear, database, name, happened, over):
    lab.fault({"answer": "dropped"}, endpoint_of(name), times=1)
    stored, logged = database.count(STORING[name]), len(lab.events())
    assert hear(asks[name], over) == Heard(b"", has_ended=True)
    assert database.count(STORING[name]) == stored + 1
    kinds = [event["type"] for event in lab.events()[logged:]]
    assert kinds[0] == "faultHit" and kinds.count("faultHit") == 1, kinds
    assert kinds.count(happened) == 1, kinds


@pytest.mark.parametrize("answer", ["cut", "malformed", "silent"])
def test_behind_an_answer_that_nobody_can_read_everything_was_done(lab, asks, hear, database, answer):
    lab.fault({"answer": answer}, times=1)
    stored = database.count("refresh_tokens")
    hear(asks["token"], patience=1)
    assert database.count("refresh_tokens") == stored + 1
    assert lab.kinds()[-2:] == ["faultHit", "tokenRefreshed"]


@pytest.mark.parametrize("name, status", [("token", 200), ("signIn", 302), ("revoke", 204)])
def test_a_malformed_answer_leaves_its_connection_good_for_the_next(lab, asks, connect, name, status):
    """A redirect to an app has no body, and so has a revoke that a policy answers 204: a byte behind them would begin the next
    answer."""
    lab.control("PUT", "/policies", {"revokeAnswer": 204})
    fault = lab.fault({"answer": "malformed"}, endpoint_of(name), times=1)
    content = b""
    with connect("http") as connection:
        connection.sendall(asks[name].raw + Ask("GET", "/_lapse/api/health", headers={"Connection": "close"}).raw)
        while part := connection.recv(65536):
            content += part
    first = Heard(content, has_ended=True)
    assert (first.status, first.headers["x-lapse-fault"]) == (status, fault), first
    length = 0 if status == 204 else first.promised
    assert first.body[length:].startswith(b"HTTP/1.1 200 OK\r\n"), first


@pytest.mark.parametrize("answer", ["cut", "closed", "dropped"])
def test_only_the_connection_of_the_request_ends(lab, asks, connect, answer):
    with connect("http") as other, connect("http") as hit:
        lab.fault({"answer": answer}, times=1)
        hit.sendall(asks["token"].raw)
        while hit.recv(65536):
            pass
        other.sendall(asks["keys"].raw)
        response = HTTPResponse(other)
        response.begin()
        assert response.status == 200 and json.loads(response.read())["keys"]


@pytest.mark.parametrize("answer", ["closed", "dropped"])
def test_a_batch_goes_the_way_of_its_part_that_was_hit(lab, asks, answer):
    """What counts as a hit must have been met by somebody."""
    fault = lab.fault({"answer": answer}, "graph", times=1)
    parts = [{"id": str(number), "method": "GET", "url": "/me"} for number in (1, 2)]
    headers = {**asks["graph"].headers, "Content-Type": "application/json"}
    batch = json.dumps({"requests": parts})
    connection = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=PATIENCE)
    connection.request("POST", "/v1.0/$batch", batch, headers)
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    assert lab.hits(fault) == 1


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_endpoint_can_be_out(lab, asks, hear, endpoint):
    for status in (429, 500, 503):
        fault = lab.fault({"status": status, **({} if status == 500 else {"retryAfter": "PT7S"})}, endpoint, times=1)
        heard = hear(asks[endpoint])
        assert (heard.status, len(heard.body)) == (status, heard.promised), heard
        assert heard.headers.get("retry-after") == (None if status == 500 else "7"), heard
        assert lab.hits(fault) == 1
    assert hear(asks[endpoint]).status == 200


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_fault_of_one_endpoint_meets_no_other(lab, asks, hear, endpoint):
    fault = lab.fault({"status": 500}, endpoint)
    assert [name for name in ENDPOINTS if hear(asks[name]).status == 500] == [endpoint]
    assert lab.hits(fault) == 1


def test_a_fault_without_an_endpoint_meets_all(lab, asks, hear):
    fault = lab.fault({"status": 500}, None)
    assert [hear(asks[name]).status for name in ENDPOINTS] == [500] * len(ENDPOINTS)
    assert lab.hits(fault) == len(ENDPOINTS)


# MARK: Latency

@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_answer_is_held_back_at_least_as_long_as_the_latency(lab, asks, hear, endpoint):
    fault = lab.fault({"latency": {"fixed": "PT0.4S"}}, endpoint, times=1)
    began = time.monotonic()
    heard = hear(asks[endpoint])
    assert time.monotonic() - began >= 0.4
    # Late, and otherwise as ever.
    assert (heard.status, heard.headers["x-lapse-fault"], len(heard.body)) == (200, fault, heard.promised), heard
    assert "x-lapse-fault" not in hear(asks[endpoint]).headers


@pytest.mark.parametrize("effect, status", [({"code": 50173}, 400), ({"status": 503}, 503), ({"keys": "unknownKid"}, 200)])
def test_latency_stands_beside_another_effect(lab, asks, hear, effect, status):
    fault = lab.fault({**effect, "latency": {"fixed": "PT0.4S"}}, times=1)
    began = time.monotonic()
    heard = hear(asks["token"])
    assert time.monotonic() - began >= 0.4
    assert (heard.status, heard.headers["x-lapse-fault"]) == (status, fault), heard


@pytest.mark.parametrize("answer", ["closed", "dropped"])
def test_a_connection_may_end_late(lab, asks, hear, answer):
    lab.fault({"answer": answer, "latency": {"fixed": "PT0.4S"}}, times=1)
    began = time.monotonic()
    assert hear(asks["token"]) == Heard(b"", has_ended=True)
    assert time.monotonic() - began >= 0.4


def test_latency_that_varies_keeps_to_its_bounds_from_below(lab, asks, hear):
    lab.fault({"latency": {"uniform": ["PT0.2S", "PT0.4S"]}}, times=5)
    for _ in range(5):
        began = time.monotonic()
        assert hear(asks["token"]).status == 200
        assert time.monotonic() - began >= 0.2


def test_a_client_that_gives_up_was_served_all_the_same(lab, lapse, asks, database):
    lab.fault({"latency": {"fixed": "PT30S"}}, times=1)
    stored = database.count("refresh_tokens")
    with pytest.raises(requests.Timeout):
        requests.post(lapse.https + asks["token"].target, asks["token"].form, verify=lapse.ca_file, timeout=1)
    assert until("the token is redeemed", lambda: lab.events("tokenRefreshed"))
    assert database.count("refresh_tokens") == stored + 1
    # Nobody was told of the child; the parent is as good as before.
    assert lab.refresh(asks["token"].form["refresh_token"]).status == 200


def test_an_answer_that_is_held_back_holds_nobody_else(lab, asks, connect):
    lab.fault({"latency": {"fixed": "PT60S"}}, times=1, match={"user": ADELE})
    with connect("http") as slow:
        slow.sendall(asks["token"].raw)
        until("it was hit", lambda: lab.events("faultHit"))
        assert lab.refresh(lab.sign_in(ALEX)["refresh_token"]).status == 200
        assert lab.refresh(asks["token"].form["refresh_token"]).status == 200
        # It waits still.
        slow.setblocking(False)
        with pytest.raises(BlockingIOError):
            slow.recv(1)


@pytest.mark.parametrize("has_left", [False, True], ids=["the client waits", "the client has left"])
@pytest.mark.parametrize("effect", [{"latency": {"fixed": "PT60S"}}, {"answer": "silent"}], ids=["latency", "silent"])
def test_lapse_stops_while_an_answer_is_held_back(launch, tmp_path, effect, has_left):
    process = launch(tmp_path, *PORTS)
    lab = Lab(process.lapse)
    ask = refreshing(lab.sign_in()["refresh_token"])
    lab.fault(effect, times=1)
    with socket.create_connection(("127.0.0.1", lab.port), timeout=PATIENCE) as client:
        client.sendall(ask.raw)
        until("it was hit", lambda: lab.events("faultHit"))
        if "answer" in effect:
            # Who leaves with something unread resets the connection, which is another way to leave.
            heard = b""
            while not heard.endswith(b"\r\n\r\n"):
                heard += client.recv(65536)
        if has_left:
            client.close()
        process.stop()


# MARK: Commit, then drop

UNREADABLE = {
    "dropped": (requests.exceptions.ConnectionError, "closed connection without response"),
    "closed": (requests.exceptions.ConnectionError, "closed connection without response"),
    "cut": (requests.exceptions.ChunkedEncodingError, "IncompleteRead"),
    "malformed": (json.JSONDecodeError, "Expecting property name"),
    "silent": (requests.exceptions.ConnectionError, "Read timed out"),
}


def cached_refresh_token(app):
    [entry] = app.token_cache.search(msal.TokenCache.CredentialType.REFRESH_TOKEN)
    return entry["secret"]


@pytest.mark.parametrize("answer", UNREADABLE)
def test_msal_loses_an_answer_and_recovers_with_the_refresh_token_that_it_has(
        lab, new_native_app, sign_in_with_device_code, database, answer):
    """Entra leaves an old refresh token valid, and that saves whoever never hears of the new one."""
    app = new_native_app(timeout=2)
    sign_in_with_device_code(app, GRAPH_SCOPES, ADELE)
    parent = cached_refresh_token(app)
    assert database.hashes() == {hashed(parent)}

    fault = lab.fault({"answer": answer}, times=1)
    error, words = UNREADABLE[answer]
    with pytest.raises(error, match=words):
        refresh(app)
    assert lab.hits(fault) == 1
    # MSAL knows nothing of the child, if there is one.
    assert cached_refresh_token(app) == parent
    after_the_loss = database.hashes()
    lost = after_the_loss - {hashed(parent)}
    assert hashed(parent) in after_the_loss
    assert len(lost) == (0 if answer == "closed" else 1)

    assert_refreshed(refresh(app))
    child = cached_refresh_token(app)
    assert child != parent and hashed(child) not in lost
    assert database.hashes() == {hashed(parent), hashed(child)} | lost
    # Each that the client ever had still works, too.
    assert lab.refresh(parent).status == lab.refresh(child).status == 200


def test_a_revoke_kills_the_token_that_was_lost_as_well(lab, database, asks, hear):
    """Nobody can try a token that was never told; but its grant, which holds both, is dead."""
    lab.fault({"answer": "dropped"}, times=1)
    token = asks["token"].form["refresh_token"]
    assert hear(asks["token"]) == Heard(b"", has_ended=True)
    [refreshed] = lab.events("tokenRefreshed")
    rows = database.rows(
        "SELECT hash FROM refresh_tokens JOIN grants ON number = grant_number WHERE id = ?", refreshed["grant"])
    assert len(rows) == 2 and (bytes.fromhex(hashed(token)),) in rows
    lab.revoke()
    assert code_of(lab.refresh(token)) == 50173
    [grant] = [item for item in lab.everything(f"/users/{ADELE}/grants") if item["id"] == refreshed["grant"]]
    assert (grant["alive"], grant["refreshTokens"]) == (False, 2), grant


def test_a_code_whose_answer_was_dropped_is_spent(lab, new_native_app, browser):
    """A code is redeemed once, whoever heard of it; the app signs in again, here without a question."""
    app = new_native_app()
    flow = app.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT)
    answer = browser.sign_in(flow["auth_uri"], ADELE)
    lab.fault({"answer": "dropped"}, times=1, match={"grantType": "authorization_code"})
    with pytest.raises(requests.exceptions.ConnectionError):
        app.acquire_token_by_auth_code_flow(dict(flow), answer)
    result = app.acquire_token_by_auth_code_flow(dict(flow), answer)
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [54005]), result
    flow = app.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT, prompt="none")
    assert_refreshed(app.acquire_token_by_auth_code_flow(flow, browser.parameters(browser.open(flow["auth_uri"]))))


def test_a_code_whose_connection_was_closed_can_be_redeemed(lab, new_native_app, browser):
    app = new_native_app()
    flow = app.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT)
    answer = browser.sign_in(flow["auth_uri"], ADELE)
    lab.fault({"answer": "closed"}, times=1, match={"grantType": "authorization_code"})
    with pytest.raises(requests.exceptions.ConnectionError):
        app.acquire_token_by_auth_code_flow(dict(flow), answer)
    assert_refreshed(app.acquire_token_by_auth_code_flow(dict(flow), answer))


@pytest.mark.parametrize("answer", ["closed", "dropped"])
def test_msal_repeats_a_lost_discovery_by_itself(lab, new_native_app, answer):
    """A GET may be repeated, and MSAL's HTTP client does so once; a second loss reaches the app."""
    fault = lab.fault({"answer": answer}, "discovery", times=1)
    assert "user_code" in new_native_app().initiate_device_flow(GRAPH_SCOPES)
    assert lab.hits(fault) == 1
    lab.fault({"answer": answer}, "discovery", times=2)
    with pytest.raises(requests.exceptions.ConnectionError):
        new_native_app().initiate_device_flow(GRAPH_SCOPES)


# MARK: Exact counts

CALLERS, EACH, TIMES = 16, 3, 10
ALL = CALLERS * EACH


@dataclass
class Outcome:
    """What one caller made of one answer."""

    seconds: float
    status: int | None = None
    headers: http.client.HTTPMessage | None = None
    body: bytes | None = None
    failure: type | None = None

    def json(self):
        return json.loads(self.body)

    @property
    def is_json(self):
        try:
            return self.body is not None and bool(self.json())
        except ValueError:
            return False

    @property
    def is_as_ever(self):
        return self.status == 200 and self.is_json and self.headers["x-lapse-fault"] is None

    @property
    def has_its_length(self):
        return self.body is not None and len(self.body) == int(self.headers["Content-Length"])


def asked(connection, ask):
    """Asks once, whatever comes of it."""
    outcome, began = Outcome(0), time.monotonic()
    try:
        connection.request(ask.method, ask.target, ask.body, ask.all_headers)
        answer = connection.getresponse()
        outcome.status, outcome.headers = answer.status, answer.headers
        if answer.headers["x-lapse-fault"]:
            # A silent one would be waited for in vain.
            connection.sock.settimeout(1)
        outcome.body = answer.read()
        if connection.sock:
            connection.sock.settimeout(PATIENCE)
    except (http.client.IncompleteRead, http.client.RemoteDisconnected, TimeoutError) as error:
        outcome.failure = type(error)
        connection.close()
    outcome.seconds = time.monotonic() - began
    return outcome


def in_parallel(lab, ask):
    """All callers ask at once, each on a connection of its own, one request after the other."""
    together = threading.Barrier(CALLERS)

    def call(_):
        connection = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=PATIENCE)
        together.wait(timeout=PATIENCE)
        outcomes = [asked(connection, ask) for _ in range(EACH)]
        connection.close()
        return outcomes

    with ThreadPoolExecutor(CALLERS) as pool:
        return [outcome for outcomes in pool.map(call, range(CALLERS)) for outcome in outcomes]


def kid_of(token):
    return jwt.get_unverified_header(token)["kid"]


def listed_keys(lab):
    return [key["kid"] for key in lab.send("GET", f"/{DOMAIN}/discovery/v2.0/keys").json()["keys"]]


# Where, what, how a caller knows that it was hit, and the events that its requests leave when ten of them were hit.
COUNTED = {
    "code": ("token", {"code": 50173}, lambda it, _: it.status == 400 and it.json()["error_codes"] == [50173],
        {"refreshRefused": TIMES, "tokenRefreshed": ALL - TIMES}),
    "503": ("token", {"status": 503}, lambda it, _: it.status == 503 and it.json()["error_codes"] == [90033],
        {"tokenRefreshed": ALL - TIMES}),
    "429": ("token", {"status": 429}, lambda it, _: it.status == 429 and it.headers["Retry-After"] == "60",
        {"tokenRefreshed": ALL - TIMES}),
    "challenge": ("graph", {"challenge": CLAIMS}, lambda it, _: it.status == 401 and 'claims="' in it.headers["WWW-Authenticate"],
        {"accessChallenged": TIMES}),
    "cut": ("token", {"answer": "cut"}, lambda it, _: it.failure is http.client.IncompleteRead, {"tokenRefreshed": ALL}),
    "malformed": ("token", {"answer": "malformed"}, lambda it, _: it.has_its_length and not it.is_json, {"tokenRefreshed": ALL}),
    "silent": ("token", {"answer": "silent"}, lambda it, _: it.failure is TimeoutError and it.status == 200,
        {"tokenRefreshed": ALL}),
    "closed": ("token", {"answer": "closed"}, lambda it, _: it.failure is http.client.RemoteDisconnected,
        {"tokenRefreshed": ALL - TIMES}),
    "dropped": ("token", {"answer": "dropped"}, lambda it, _: it.failure is http.client.RemoteDisconnected,
        {"tokenRefreshed": ALL}),
    "unknownKid": ("token", {"keys": "unknownKid"}, lambda it, keys: kid_of(it.json()["access_token"]) not in keys,
        {"tokenRefreshed": ALL}),
    "stale": ("keys", {"keys": "stale"}, lambda it, keys: [key["kid"] for key in it.json()["keys"]] != keys, {}),
    "latency": ("token", {"latency": {"fixed": "PT0.3S"}},
        lambda it, _: it.headers["x-lapse-fault"] and it.is_json and it.seconds >= 0.3, {"tokenRefreshed": ALL}),
}


@pytest.mark.parametrize("kind", COUNTED)
def test_ten_hits_are_ten_however_many_ask_at_once(lab, asks, database, kind):
    endpoint, effect, is_hit, expected = COUNTED[kind]
    keys, stored = listed_keys(lab), database.count("refresh_tokens")
    fault = lab.fault(effect, endpoint, times=TIMES)
    outcomes = in_parallel(lab, asks[endpoint])
    hit = [it for it in outcomes if is_hit(it, keys)]
    assert (len(outcomes), len(hit)) == (ALL, TIMES)
    assert [it for it in outcomes if not is_hit(it, keys) and not it.is_as_ever] == []
    shown = lab.control("GET", f"/faults/{fault}")
    assert (shown["hits"], shown["left"]) == (TIMES, 0)
    events = lab.events()
    assert [event["fault"] for event in events if event["type"] == "faultHit"] == [fault] * TIMES
    for type, count in expected.items():
        assert [event["type"] for event in events].count(type) == count, type
    # No token is lost, none is doubled.
    assert database.count("refresh_tokens") == stored + expected.get("tokenRefreshed", 0)


def test_faults_that_play_one_after_the_other_are_exact_as_well(lab, asks):
    effects = [({"status": 503}, 7), ({"code": 50173}, 11), ({"answer": "dropped"}, 13)]
    faults = [lab.fault(effect, times=times) for effect, times in effects]
    outcomes = in_parallel(lab, asks["token"])
    assert [sum(it.status == status for it in outcomes) for status in (503, 400, None, 200)] == [7, 11, 13, ALL - 31]
    assert [lab.hits(fault) for fault in faults] == [7, 11, 13]
    # The next is not asked before the one ahead of it is spent.
    assert [event["fault"] for event in lab.events("faultHit")] == [faults[0]] * 7 + [faults[1]] * 11 + [faults[2]] * 13


def test_chance_hits_the_same_number_each_time(lab, lapse):
    """Chance has a seed: which of the matching requests are hit does not depend on who sends them."""
    counts = []
    for _ in range(2):
        lapse.reset()
        fault = lab.fault({"status": 500}, probability=0.5)
        token = lab.sign_in()["refresh_token"]
        outcomes = in_parallel(lab, refreshing(token))
        counts.append(sum(it.status == 500 for it in outcomes))
        assert lab.hits(fault) == counts[-1] == len(lab.events("faultHit"))
    assert counts[0] == counts[1] and 0 < counts[0] < ALL


# MARK: Keys and forged tokens, as a relying party meets them

@pytest.fixture
def metadata(lapse):
    address = f"{lapse.https}/{CONTOSO}/v2.0/.well-known/openid-configuration"
    return requests.get(address, verify=lapse.ca_file, timeout=10).json()


@pytest.fixture
def new_keys(lapse, metadata):
    """PyJWT's own client for keys, which keeps them for five minutes. Without a cooldown it asks for a key that it does not know;
    as it comes, it does not within thirty seconds after it asked last."""

    def new(cooldown_duration=0):
        trust = ssl.create_default_context(cafile=lapse.ca_file)
        return jwt.PyJWKClient(metadata["jwks_uri"], ssl_context=trust, cooldown_duration=cooldown_duration)

    return new


@pytest.fixture
def validate(metadata):
    """For the lab's API, which knows tokens of version 2."""

    def validate(keys, token, audience=API, issuer=metadata["issuer"]):
        return jwt.decode(
            token, keys.get_signing_key_from_jwt(token), algorithms=["RS256"], audience=audience, issuer=issuer,
            options={"require": ["exp", "iat", "nbf", "iss", "aud", "sub"]})

    return validate


@pytest.fixture
def new_token(lapse):
    """Refreshes over HTTPS, where the issuer is the metadata's: access token and id token."""
    grant = lapse.tenant("POST", "grants", {"user": ADELE, "client_id": NATIVE, "scope": f"openid offline_access {API_SCOPE}"})

    def new():
        answer = lapse.refresh(NATIVE, grant["refresh_token"])
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"], answer.json()["id_token"]

    return new


@pytest.fixture
def opens(lapse):
    """Whether the lab's own API takes the token."""

    def opens(token):
        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.get(f"{lapse.https}/_lapse/resource/x", headers=headers, verify=lapse.ca_file, timeout=10)
        assert answer.status_code in (200, 401), answer.text
        return answer.status_code == 200

    return opens


@pytest.mark.parametrize("trouble, error", [("stale", jwt.PyJWKClientError), ("wrong", jwt.InvalidSignatureError)])
def test_a_wrong_keys_document_troubles_whoever_reads_it_now(lab, new_keys, validate, new_token, opens, trouble, error):
    """Who has read the right one before goes on with that."""
    with_the_right_keys = new_keys()
    access_token, id_token = new_token()
    validate(with_the_right_keys, access_token)
    fault = lab.fault({"keys": trouble}, "keys")
    with pytest.raises(error):
        validate(new_keys(), access_token)
    with pytest.raises(error):
        validate(new_keys(), id_token, audience=NATIVE)
    assert lab.hits(fault) >= 2
    validate(with_the_right_keys, access_token)
    validate(with_the_right_keys, new_token()[0])
    assert opens(access_token)
    lab.clear()
    validate(new_keys(), access_token)
    validate(new_keys(), id_token, audience=NATIVE)


def test_tokens_under_a_key_that_no_document_lists_are_valid_nowhere(lab, new_keys, validate, new_token, opens):
    keys, (before, _) = new_keys(), new_token()
    validate(keys, before)
    fault = lab.fault({"keys": "unknownKid"}, times=1)
    access_token, id_token = new_token()
    assert lab.hits(fault) == 1
    for token, audience in ((access_token, API), (id_token, NATIVE)):
        # Fetching the document again does not help.
        for each in (keys, new_keys()):
            with pytest.raises(jwt.PyJWKClientError, match=f'Unable to find a signing key that matches: "{kid_of(token)}"'):
                validate(each, token, audience=audience)
    assert not opens(access_token)
    validate(keys, before)
    after, _ = new_token()
    validate(keys, after)
    assert opens(after)


def test_a_rolled_over_key_is_found_by_whoever_fetches_the_keys_again(lab, new_keys, validate, new_token, opens):
    eager, patient, (before, _) = new_keys(), new_keys(cooldown_duration=30), new_token()
    validate(eager, before)
    validate(patient, before)
    fault = lab.fault({"keys": "rolledOver"}, None)
    access_token, id_token = new_token()
    assert kid_of(access_token) == kid_of(id_token) != kid_of(before)
    assert lab.hits(fault) == 1
    validate(eager, access_token)
    # The token, and the one document that the client then fetched.
    assert lab.hits(fault) == 2
    validate(eager, id_token, audience=NATIVE)
    assert lab.hits(fault) == 2
    # As it comes, PyJWT has just asked, and holds the key for unknown until it may ask again.
    with pytest.raises(jwt.PyJWKClientError):
        validate(patient, access_token)
    validate(new_keys(), access_token)
    for keys in (eager, patient, new_keys()):
        validate(keys, before)
    assert opens(access_token) and opens(before)


def test_the_keys_endpoint_can_be_out_for_a_relying_party(lab, new_keys, validate, new_token):
    token, _ = new_token()
    for effect, error in [
        ({"status": 503}, jwt.PyJWKClientConnectionError), ({"answer": "closed"}, jwt.PyJWKClientConnectionError),
        ({"answer": "cut"}, jwt.PyJWKClientConnectionError), ({"answer": "malformed"}, json.JSONDecodeError),
    ]:
        lab.fault(effect, "keys", times=1)
        keys = new_keys()
        with pytest.raises(error):
            validate(keys, token)
        # The same client, once more.
        validate(keys, token)


# The class of what PyJWT raises, and what must be left unverified for the token to be good: one defect, and no other.
DEFECTS = {
    "audience": (jwt.InvalidAudienceError, {"verify_aud": False}),
    "issuer": (jwt.InvalidIssuerError, {"verify_iss": False}),
    "signature": (jwt.InvalidSignatureError, {"verify_signature": False}),
    "expired": (jwt.ExpiredSignatureError, {"verify_exp": False}),
    "notYetValid": (jwt.ImmatureSignatureError, {"verify_nbf": False, "verify_iat": False}),
    "keyId": (jwt.PyJWKClientError, {"verify_signature": False}),
}
# Without a signature PyJWT verifies nothing that it is not told to.
STRICT = {f"verify_{name}": True for name in ("signature", "exp", "nbf", "iat", "aud", "iss")}


@pytest.mark.parametrize("scope", [API_SCOPE, "https://graph.microsoft.com/User.Read"], ids=["api", "graph"])
@pytest.mark.parametrize("defect", DEFECTS)
def test_a_forged_token_is_refused_for_its_one_defect(lapse, new_keys, metadata, validate, opens, defect, scope):
    keys = new_keys()
    where = {"audience": API, "issuer": metadata["issuer"]}
    if scope != API_SCOPE:
        where = {"audience": "https://graph.microsoft.com", "issuer": f"https://sts.windows.net/{CONTOSO}/"}
    order = {"user": ADELE, "client_id": NATIVE, "scope": scope}
    validate(keys, lapse.tenant("POST", "grants", order)["access_token"], **where)
    forged = lapse.tenant("POST", "tokens/forge", {**order, "defect": defect})
    assert forged["defect"] == defect
    token = forged["access_token"]
    error, tolerance = DEFECTS[defect]
    with pytest.raises(error) as raised:
        validate(keys, token, **where)
    assert raised.type is error
    known = None if "verify_signature" in tolerance else keys.get_signing_key_from_jwt(token)
    claims = jwt.decode(token, known, algorithms=["RS256"], options={**STRICT, **tolerance}, **where)
    assert claims == forged["claims"]
    if scope == API_SCOPE:
        assert not opens(token)


def test_forging_stores_nothing(lapse, database):
    stored, events = database.everything(), database.count("events")
    for defect in DEFECTS:
        lapse.tenant("POST", "tokens/forge", {"user": ADELE, "client_id": NATIVE, "scope": API_SCOPE, "defect": defect})
    assert (database.everything(), database.count("events")) == (stored, events)


# MARK: The seed file

TAILSPIN = {
    "id": "33333333-cccc-4ccc-8ccc-333333333333", "name": "Tailspin", "domains": ["tailspin.example"],
    "propagation": {"regions": ["east", "west"]},
    "users": [{"userPrincipalName": f"{name}@tailspin.example"} for name in ("wren", "otto")],
    "apps": [{"id": NATIVE, "name": "App", "kind": "public", "delegated": ["openid", "offline_access", "User.Read"]}],
}
FAULTS = [
    {"name": "busy", "match": {"endpoint": "token", "user": "wren@tailspin.example"}, "effect": {"code": 90033}, "times": 2},
    {"name": "lost", "match": {"endpoint": "token", "region": "west"}, "effect": {"answer": "dropped"}, "times": 1},
]


@pytest.fixture
def seeded(launch, tmp_path):
    """Starts a Lapse on a seed file with these faults, and again on its data."""

    def start(*options):
        (tmp_path / "seed.yaml").write_text(json.dumps({"tenants": [{**TAILSPIN, "faults": FAULTS}]}))
        return launch(tmp_path, *PORTS, *options, data_dir=tmp_path / "data")

    return start


def played(tailspin, user, region, count):
    """The codes of so many refreshes; "lost" where no answer came."""
    token, codes = tailspin.sign_in(f"{user}@tailspin.example")["refresh_token"], []
    for _ in range(count):
        try:
            answer = tailspin.refresh(token, region=region)
            codes.append(None if answer.status == 200 else answer.json()["error_codes"][0])
        except http.client.RemoteDisconnected:
            codes.append("lost")
    return codes


def test_the_faults_of_a_seed_file_are_played_and_come_back_with_a_reset(seeded, tmp_path):
    process = seeded("--seed", str(tmp_path / "seed.yaml"))
    tailspin = Tenant(process.lapse, "tailspin.example")
    assert [(fault["name"], fault["hits"], fault["left"]) for fault in tailspin.everything("/faults")] == [
        ("busy", 0, 2), ("lost", 0, 1)]
    assert played(tailspin, "otto", "east", 2) == [None, None]
    assert played(tailspin, "wren", "west", 4) == [90033, 90033, "lost", None]
    assert [(fault["hits"], fault["left"]) for fault in tailspin.everything("/faults")] == [(2, 0), (1, 0)]
    tailspin.control("POST", "/reset")
    assert played(tailspin, "wren", "west", 4) == [90033, 90033, "lost", None]
    process.stop()


def test_a_restart_goes_on_with_the_faults_where_they_were(seeded, tmp_path):
    process = seeded("--seed", str(tmp_path / "seed.yaml"))
    assert played(Tenant(process.lapse, "tailspin.example"), "wren", "west", 1) == [90033]
    process.stop()
    process = seeded()
    assert played(Tenant(process.lapse, "tailspin.example"), "wren", "west", 3) == [90033, "lost", None]
    process.stop()


@pytest.mark.parametrize("faults, naming", [
    ("all", "faults"), ([1], "faults[0]"), ([{}], "faults[0].effect"), ([{"effect": {"code": 1}}], "faults[0].effect.code"),
    ([{"effect": {"status": 500}}, {"effect": {"status": 500}, "times": 0}], "faults[1].times"),
    ([{"effect": {"status": 500}, "match": {"user": "nobody@tailspin.example"}}], "faults[0].match.user"),
    ([{"effect": {"status": 500}, "match": {"region": "mars"}}], "faults[0].match.region"),
])
def test_a_mistake_in_a_fault_of_a_seed_file_stops_the_start(tmp_path, faults, naming):
    (tmp_path / "seed.yaml").write_text(json.dumps({"tenants": [{**TAILSPIN, "faults": faults}]}))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    try:
        ended = subprocess.run(
            [needs.lapse(), "serve", "--ephemeral", "--seed", "seed.yaml", *PORTS], cwd=tmp_path,
            env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=15)
    except subprocess.TimeoutExpired:
        pytest.fail("lapse runs, instead of refusing to start")
    assert ended.returncode > 0
    assert f"tenants[0].{naming}:" in ended.stderr, ended.stderr
