"""Requests that no client library sends, byte by byte over a socket, and the error layout of each surface."""

import json
import re
import socket
import time
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import BadStatusLine, HTTPMessage, HTTPResponse
from threading import Thread
from urllib.parse import urlencode, urlsplit

# Nothing takes longer, even in a debug build on a busy machine.
TIMEOUT = 5
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ERROR_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ")
GRAPH_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


@dataclass(repr=False)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        told = [f"{name}: {self.headers[name]}" for name in ("Content-Type", "Location") if name in self.headers]
        return f"{self.status} {told} {self.body[:500]!r}"


class Wire:
    """One Lapse over plain HTTP; every request has a connection of its own."""

    def __init__(self, lapse):
        self.origin = lapse.http
        self.port = urlsplit(lapse.http).port
        self.host = f"localhost:{self.port}"

    def send(self, raw):
        """Sends the bytes as they are; None when the connection is closed without an answer."""
        end = time.monotonic() + TIMEOUT
        with socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT) as connection:
            # Beside the reading: a refusal comes before a large body has been sent, and nobody reads the rest of it.
            Thread(target=send_all, args=(connection, raw), daemon=True).start()
            answer = HTTPResponse(connection)
            try:
                answer.begin()
                body = answer.read()
            except (BadStatusLine, ConnectionResetError):
                return None
        assert time.monotonic() < end, f"took longer than {TIMEOUT} s: {raw[:500]!r}"
        return Answer(answer.status, answer.headers, body)

    def request(self, method, target, body=None, content_type=None, headers=(), host=None):
        """A request that is well framed, whatever it says. `body` is bytes, text, or an object to be sent as JSON."""
        if isinstance(body, (dict, list)):
            body, content_type = json.dumps(body), content_type or JSON
        body = body.encode() if isinstance(body, str) else body
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host or self.host}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in dict(headers).items()]
        if content_type:
            lines.append(f"Content-Type: {content_type}")
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        answer = self.send("\r\n".join([*lines, "", ""]).encode() + (body or b""))
        assert answer is not None, f"no answer to {method} {target[:500]}"
        return answer

    def get(self, target, **options):
        return self.request("GET", target, **options)

    def post(self, target, form="", content_type=FORM, **options):
        """A form: a dictionary, or text that is sent as it is."""
        body = urlencode(form) if isinstance(form, dict) else form
        return self.request("POST", target, body, content_type, **options)

    def is_healthy(self):
        answer = self.get("/_lapse/api/health")
        return answer.status == 200 and answer.json()["status"] == "ok"


def send_all(connection, raw):
    try:
        connection.sendall(raw)
    except OSError:
        pass  # The other side has heard enough.


def assert_token_error(answer, status=None, code=None, error=None, correlation_id=None):
    """The error layout of the token and devicecode endpoints and of metadata. Without `status` any refusal will do; code 0
    stands for an error that has no number."""
    assert_refused(answer, status)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8", answer
    body = answer.json()
    known = ["error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id", "error_uri",
        "suberror", "claims"]
    assert list(body) == [name for name in known if name in body], "members in Entra's order"
    assert known[:6] == list(body)[:6], answer
    assert ERROR_TIME.fullmatch(body["timestamp"]), answer
    assert GUID.fullmatch(body["trace_id"]) and body["trace_id"] == answer.headers["x-ms-request-id"], answer
    assert GUID.fullmatch(body["correlation_id"]), answer
    assert body["error_description"].endswith(
        f" Trace ID: {body['trace_id']} Correlation ID: {body['correlation_id']} Timestamp: {body['timestamp']}"), answer
    for number in body["error_codes"]:
        assert body["error_description"].startswith(f"AADSTS{number}: "), answer
    if code is not None:
        assert body["error_codes"] == ([code] if code else []), answer
    if error is not None:
        assert body["error"] == error, answer
    if correlation_id is not None:
        assert body["correlation_id"] == correlation_id, answer


def assert_page(answer, status=None, code=None):
    """An error as a page: it redirects nowhere and runs nothing."""
    assert_refused(answer, status)
    assert_harmless_page(answer)
    if code is not None:
        assert f"AADSTS{code}:" in answer.text, answer
        assert answer.headers["x-ms-request-id"] in answer.text, answer


def assert_harmless_page(answer):
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8", answer
    assert answer.headers["Location"] is None, answer
    assert answer.headers["X-Content-Type-Options"] == "nosniff", answer
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"], answer
    Harmless().feed(answer.text)


class Harmless(HTMLParser):
    """Fails for markup that none of our templates has: it came out of a parameter."""

    def handle_starttag(self, tag, attributes):
        assert tag not in ("img", "svg", "iframe", "object", "base"), f"<{tag}> came through"
        attributes = dict(attributes)
        assert tag != "script" or (attributes.get("src") or "").startswith("/_lapse/"), "a script came through"
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{name}= came through"
            assert not (value or "").lower().lstrip().startswith(("javascript:", "data:")), f"{name}={value}"


def assert_graph_error(answer, status=None, code=None):
    assert_refused(answer, status)
    assert answer.headers["Content-Type"].startswith("application/json"), answer
    body = answer.json()
    assert list(body) == ["error"] and list(body["error"]) == ["code", "message", "innerError"], answer
    inner = body["error"]["innerError"]
    assert list(inner) == ["date", "request-id", "client-request-id"], answer
    assert GRAPH_TIME.fullmatch(inner["date"]), answer
    assert GUID.fullmatch(inner["request-id"]) and inner["request-id"] == answer.headers["request-id"], answer
    assert inner["client-request-id"] == answer.headers["client-request-id"], answer
    if code is not None:
        assert body["error"]["code"] == code, answer


def assert_control_error(answer, status=None, field=None):
    assert_refused(answer, status)
    assert answer.headers["Content-Type"].startswith("application/json"), answer
    body = answer.json()
    assert list(body) == ["error"] and list(body["error"]) == ["code", "field", "message"], answer
    assert body["error"]["code"] and body["error"]["message"], answer
    assert_closed_to_other_origins(answer)
    if field is not None:
        assert body["error"]["field"] == field, answer


def assert_closed_to_other_origins(answer):
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")], answer


def assert_refused(answer, status):
    if status is None:
        assert 400 <= answer.status < 500, answer
    else:
        assert answer.status == status, answer
