"""Input that no honest client sends, over real sockets: every surface refuses it in its own responder and lives on.

A row is what is sent and what has to come back. Where Entra's number for a refusal is known, the row names it.
"""

import base64
import json
import random
import re
import socket
import uuid
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

from lab import (
    ADELE, ADELE_ID, ALEX, API, API_SECRET, DAEMON, DAEMON_SECRET, DOMAIN, GRAPH_DEFAULT, NATIVE, NESTOR_IN_CONTOSO_ID,
    PASSWORD, REDIRECT, WEB, WEB_SECRET)
from wire import (
    FORM, JSON, Wire, assert_closed_to_other_origins, assert_control_error, assert_graph_error, assert_harmless_page,
    assert_page, assert_token_error)

TOKEN = f"/{DOMAIN}/oauth2/v2.0/token"
DEVICE_CODE = f"/{DOMAIN}/oauth2/v2.0/devicecode"
AUTHORIZE = f"/{DOMAIN}/oauth2/v2.0/authorize"
LOGOUT = f"/{DOMAIN}/oauth2/v2.0/logout"
METADATA = f"/{DOMAIN}/v2.0/.well-known/openid-configuration"
CONTROL = f"/_lapse/api/tenants/{DOMAIN}"
BODY_BOUND = 128 * 1024

STRANGER = "cccccccc-0009-4000-8000-000000000009"
MARKUP = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
GRANTED = "1.A" + "A" * 75
"""Looks like a refresh token and was never issued."""


@pytest.fixture(scope="module")
def wire(own):
    return Wire(own)


@pytest.fixture(autouse=True)
def lives_on(wire):
    yield
    assert wire.is_healthy(), "Lapse is not well after this"


@pytest.fixture(scope="module")
def tokens(wire):
    """A signed-in user's tokens."""
    answer = wire.request("POST", f"{CONTROL}/grants", {
        "user": ADELE, "client_id": NATIVE, "scope": "openid profile offline_access User.Read User.RevokeSessions.All"})
    assert answer.status == 201, answer
    return answer.json()


def rows(table):
    return [pytest.param(*row[1:], id=row[0]) for row in table]


def basic(client, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()}


# What cannot be read as a form or a query, for every surface that reads one.
UNREADABLE = [
    ("no_hexadecimal", "%zz"), ("half_an_escape", "%e"), ("a_trailing_percent", "%"), ("no_utf_8", "%ff"),
    ("a_surrogate", "%ed%a0%80"), ("an_overlong_encoding", "%c0%af"), ("nul", "a%00b")]

BAD_TENANTS = [
    ("unknown_guid", "33333333-cccc-4ccc-8ccc-333333333333", 90002), ("unknown_domain", "nobody.example", 90002),
    ("a_blank", "a%20b", 900023), ("markup", "%22%3E%3Cscript%3E", 900023), ("dots", "%2e%2e%2f%2e%2e", 900023),
    ("a_name_without_a_dot", "contoso", 900023), ("a_long_name", "a" * 4000, 900023),
    # Refused before it is a name of anything: Entra's number for that is not known.
    ("no_utf_8", "%ff", None), ("half_an_escape", "%e", None), ("nul", "%00", None)]


# MARK: The token endpoint

REFRESH = {"grant_type": "refresh_token", "client_id": NATIVE, "refresh_token": GRANTED}
CODE = {"grant_type": "authorization_code", "client_id": NATIVE, "redirect_uri": REDIRECT, "code": "1.A" + "A" * 44}
DEVICE = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": NATIVE, "device_code": "A" * 64}
CLIENT = {"grant_type": "client_credentials", "client_id": DAEMON, "client_secret": DAEMON_SECRET, "scope": GRAPH_DEFAULT}
USER = {
    "grant_type": "password", "client_id": NATIVE, "username": ADELE, "password": PASSWORD,
    "scope": "openid offline_access"}
ON_BEHALF = {
    "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "client_id": API, "client_secret": API_SECRET,
    "requested_token_use": "on_behalf_of", "scope": GRAPH_DEFAULT, "assertion": "a.b.c"}


def without(form, *names):
    return {name: value for name, value in form.items() if name not in names}


@pytest.mark.parametrize("form, status, code, error", rows([
    ("nothing", "", 400, 900144, "invalid_request"),
    ("no_grant_type", without(REFRESH, "grant_type"), 400, 900144, "invalid_request"),
    ("an_empty_grant_type", {**REFRESH, "grant_type": ""}, 400, 900144, "invalid_request"),
    ("an_unknown_grant_type", {**REFRESH, "grant_type": "implicit"}, 400, 70003, "unsupported_grant_type"),
    ("a_grant_type_with_markup", {**REFRESH, "grant_type": MARKUP}, 400, 70003, "unsupported_grant_type"),
    ("no_client_id", without(REFRESH, "client_id"), 400, 900144, "invalid_request"),
    ("no_refresh_token", without(REFRESH, "refresh_token"), 400, 900144, "invalid_request"),
    ("no_code", without(CODE, "code"), 400, 900144, "invalid_request"),
    ("no_redirect_uri", without(CODE, "redirect_uri"), 400, 70000, "invalid_grant"),
    ("no_device_code", without(DEVICE, "device_code"), 400, 900144, "invalid_request"),
    ("no_user_name", without(USER, "username"), 400, 900144, "invalid_request"),
    ("no_password", without(USER, "password"), 400, 900144, "invalid_request"),
    ("no_assertion", without(ON_BEHALF, "assertion"), 400, 900144, "invalid_request"),
    ("no_requested_token_use", without(ON_BEHALF, "requested_token_use"), 400, 900144, "invalid_request"),
    ("no_scope_for_a_client", without(CLIENT, "scope"), 400, None, None),
    ("a_doubled_parameter", urlencode(REFRESH) + "&client_id=" + NATIVE, 400, 9000411, "invalid_request"),
    ("a_doubled_empty_parameter", urlencode(REFRESH) + "&scope=&scope=", 400, 9000411, "invalid_request"),
    ("a_garbage_refresh_token", {**REFRESH, "refresh_token": "garbage"}, 400, 9002313, "invalid_grant"),
    ("a_truncated_refresh_token", {**REFRESH, "refresh_token": GRANTED[:-2]}, 400, 9002313, "invalid_grant"),
    ("an_unknown_refresh_token", REFRESH, 400, 70000, "invalid_grant"),
    ("a_garbage_code", {**CODE, "code": "garbage"}, 400, 9002313, "invalid_grant"),
    ("an_unknown_code", CODE, 400, 70000, "invalid_grant"),
    ("a_garbage_device_code", {**DEVICE, "device_code": "garbage"}, 400, 70018, "bad_verification_code"),
    ("an_unknown_device_code", DEVICE, 400, 70018, "bad_verification_code"),
    ("a_garbage_assertion", {**ON_BEHALF, "assertion": "garbage"}, 400, None, "invalid_grant"),
    ("an_assertion_of_dots", {**ON_BEHALF, "assertion": "." * 10_000}, 400, None, "invalid_grant"),
    ("a_forged_assertion", ON_BEHALF, 400, None, "invalid_grant"),
    ("an_unknown_user", {**USER, "username": "nobody@contoso.example"}, 400, 50034, "invalid_grant"),
    ("a_user_name_without_a_domain", {**USER, "username": "@"}, 400, 50034, "invalid_grant"),
    ("a_wrong_password", {**USER, "password": "wrong"}, 400, 50126, "invalid_grant"),
    ("an_unknown_client", {**REFRESH, "client_id": STRANGER}, 400, 700016, "unauthorized_client"),
    ("a_client_id_with_markup", {**REFRESH, "client_id": MARKUP}, 400, 700016, "unauthorized_client"),
    ("a_wrong_secret", {**CLIENT, "client_secret": "wrong"}, 401, 7000215, "invalid_client"),
    ("an_empty_secret", {**CLIENT, "client_secret": ""}, 401, 7000218, "invalid_client"),
    ("no_secret", without(CLIENT, "client_secret"), 401, 7000218, "invalid_client"),
    ("a_secret_of_a_public_client", {**REFRESH, "client_secret": "x"}, 401, 700025, "invalid_client"),
    ("a_flow_the_client_does_not_have", {
        **USER, "client_id": WEB, "client_secret": WEB_SECRET}, 400, None, "unauthorized_client"),
    ("a_garbage_scope", {**USER, "scope": "https://nowhere.example/.default"}, 400, 500011, "invalid_resource"),
    ("a_scope_that_is_no_scope", {**USER, "scope": "Fly.Moon"}, 400, 650053, "invalid_client"),
    ("a_scope_of_blanks", {**USER, "scope": "   "}, 400, None, None),
    ("a_scope_of_slashes", {**USER, "scope": "///"}, 400, 70011, "invalid_scope"),
    ("two_resources", {**USER, "scope": "User.Read api://lapse-lab/access_as_user"}, 400, 28000, "invalid_scope"),
    ("a_large_parameter", {**REFRESH, "refresh_token": "a" * 100_000}, 400, 9002313, "invalid_grant"),
    ("very_many_parameters", "&".join(f"{n:x}" for n in range(20_000)), 400, 900144, "invalid_request"),
    ("very_many_scopes", {**USER, "scope": "User.Fly " * 10_000}, 400, 650053, "invalid_client"),
    ("nothing_but_ampersands", "&" * 100_000, 400, 900144, "invalid_request"),
]))
def test_the_token_endpoint_refuses(wire, form, status, code, error):
    assert_token_error(wire.post(TOKEN, form), status, code, error)


@pytest.mark.parametrize("text", rows(UNREADABLE))
@pytest.mark.parametrize("place", ["refresh_token={}", "{}=1", "unknown={}"])
@pytest.mark.parametrize("endpoint", [TOKEN, DEVICE_CODE])
def test_a_form_that_cannot_be_decoded_is_refused(wire, endpoint, place, text):
    form = without(REFRESH, "refresh_token")
    assert_token_error(wire.post(endpoint, urlencode(form) + "&" + place.format(text)), 400)


@pytest.mark.parametrize("content_type", [
    None, "text/plain", JSON, "multipart/form-data; boundary=x", "application/x-www-form", "garbage", ";", "a" * 5000])
@pytest.mark.parametrize("endpoint, missing", [(TOKEN, "grant_type"), (DEVICE_CODE, "client_id")])
def test_a_body_of_another_type_has_no_parameters(wire, endpoint, missing, content_type):
    answer = wire.post(endpoint, REFRESH, content_type=content_type)
    assert_token_error(answer, 400, 900144, "invalid_request")
    assert f"'{missing}'" in answer.json()["error_description"]


@pytest.mark.parametrize("content_type", [FORM.upper(), f"{FORM}; charset=utf-8", f"{FORM};charset=UTF-8"])
def test_other_spellings_of_the_content_type_are_read(wire, content_type):
    assert_token_error(wire.post(TOKEN, REFRESH, content_type=content_type), 400, 70000)


@pytest.mark.parametrize("tenant, code", rows(BAD_TENANTS))
@pytest.mark.parametrize("endpoint", ["oauth2/v2.0/token", "oauth2/v2.0/devicecode"])
def test_the_token_endpoint_of_a_tenant_that_is_not_there(wire, endpoint, tenant, code):
    form = {**USER, "scope": "openid"}
    assert_token_error(
        wire.post(f"/{tenant}/{endpoint}", form), 400, code, "invalid_tenant" if code == 90002 else "invalid_request")


@pytest.mark.parametrize("headers, form, status", rows([
    ("no_base64", {"Authorization": "Basic !!!"}, without(CLIENT, "client_id", "client_secret"), 400),
    ("nothing_behind_the_scheme", {"Authorization": "Basic"}, without(CLIENT, "client_id", "client_secret"), 400),
    ("no_colon", {"Authorization": "Basic " + base64.b64encode(b"abc").decode()}, CLIENT, 400),
    ("no_client", basic("", DAEMON_SECRET), without(CLIENT, "client_id", "client_secret"), 400),
    ("no_utf_8", {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()}, CLIENT, 400),
    ("a_broken_escape", basic("%zz", "x"), without(CLIENT, "client_id", "client_secret"), 400),
    ("another_client_than_the_body", basic(WEB, DAEMON_SECRET), CLIENT, 400),
    ("another_secret_than_the_body", basic(DAEMON, "other"), CLIENT, 400),
    ("a_wrong_secret", basic(DAEMON, "wrong"), without(CLIENT, "client_id", "client_secret"), 401),
    ("an_unknown_client", basic(STRANGER, "x"), without(CLIENT, "client_id", "client_secret"), 400),
    ("very_long", basic(DAEMON, "x" * 20_000), without(CLIENT, "client_id", "client_secret"), 401),
]))
def test_broken_or_contradicting_basic_authentication_is_refused(wire, headers, form, status):
    assert_token_error(wire.post(TOKEN, form, headers=headers), status)


def test_basic_authentication_that_agrees_with_the_body_is_fine(wire):
    secret = quote(DAEMON_SECRET, safe="")
    for headers, form in [
        (basic(DAEMON, secret), CLIENT), (basic(DAEMON, secret), without(CLIENT, "client_secret")),
        (basic(DAEMON.upper(), secret), without(CLIENT, "client_id", "client_secret")),
        ({"Authorization": "Negotiate abc"}, CLIENT),
    ]:
        answer = wire.post(TOKEN, form, headers=headers)
        assert answer.status == 200, answer


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("endpoint", [TOKEN, DEVICE_CODE])
def test_the_token_endpoint_takes_post_alone(wire, endpoint, method):
    # Entra has a number for it.
    assert_token_error(wire.request(method, f"{endpoint}?{urlencode(REFRESH)}"), code=900561, error="invalid_request")


def test_parameters_in_the_address_are_no_parameters_of_the_body(wire):
    assert_token_error(wire.post(f"{TOKEN}?{urlencode(REFRESH)}"), 400, 900144)


@pytest.mark.parametrize("place", ["header", "query", "body"])
@pytest.mark.parametrize("endpoint", [TOKEN, DEVICE_CODE])
def test_the_correlation_id_of_the_request_comes_back(wire, endpoint, place):
    mine = str(uuid.uuid4())
    asked = {"client-request-id": mine}
    answer = wire.post(
        endpoint + ("?" + urlencode(asked) if place == "query" else ""),
        {"grant_type": "nothing", **(asked if place == "body" else {})}, headers=asked if place == "header" else {})
    assert_token_error(answer, 400, correlation_id=mine)


@pytest.mark.parametrize("place", ["header", "query"])
def test_the_correlation_id_of_the_request_comes_back_on_pages_and_in_redirects(wire, place):
    mine = str(uuid.uuid4())
    asked = {"client-request-id": mine}
    headers, query = (asked, {}) if place == "header" else ({}, asked)

    page = wire.get(f"{AUTHORIZE}?{urlencode({**ASKED, 'client_id': STRANGER, **query})}", headers=headers)
    assert_page(page, 400, 700016)
    assert mine in page.text, page

    redirect = wire.get(f"{AUTHORIZE}?{urlencode({**ASKED, 'prompt': 'none', **query})}", headers=headers)
    assert redirect.status == 302, redirect
    assert f"Correlation ID: {mine}" in dict(parse_qsl(urlsplit(redirect.headers["Location"]).query))["error_description"]


@pytest.mark.parametrize("text", ["garbage", MARKUP, "0" * 36, "1" * 5000])
def test_a_correlation_id_that_is_none_is_replaced(wire, text):
    for answer in (
        wire.post(TOKEN, {"client-request-id": text}),
        wire.post(TOKEN, headers={"client-request-id": text}),
        wire.post(f"{TOKEN}?client-request-id={quote(text)}"),
    ):
        assert_token_error(answer, 400)
        assert text not in answer.text


@pytest.mark.parametrize("form, status, code, error", rows([
    ("no_client_id", {"scope": "openid"}, 400, 900144, "invalid_request"),
    ("no_scope", {"client_id": NATIVE}, 400, 900144, "invalid_request"),
    ("a_doubled_scope", f"client_id={NATIVE}&scope=openid&scope=openid", 400, 9000411, "invalid_request"),
    ("an_unknown_client", {"client_id": STRANGER, "scope": "openid"}, 400, 700016, "unauthorized_client"),
    ("a_client_without_the_flow", {"client_id": WEB, "scope": "openid"}, 400, None, "unauthorized_client"),
    ("an_unknown_scope", {"client_id": NATIVE, "scope": "Fly.Moon"}, 400, 650053, "invalid_client"),
    ("a_long_scope", {"client_id": NATIVE, "scope": "a" * 100_000}, 400, 70011, "invalid_scope"),
]))
def test_the_devicecode_endpoint_refuses(wire, form, status, code, error):
    assert_token_error(wire.post(DEVICE_CODE, form), status, code, error)


# MARK: Bounds and framing

@pytest.mark.parametrize("target, content_type", [
    (TOKEN, FORM), (DEVICE_CODE, FORM), (AUTHORIZE, FORM), ("/devicelogin", FORM), (LOGOUT, FORM), (f"{CONTROL}/users",
        JSON)])
def test_a_body_may_be_as_large_as_the_bound_and_no_larger(wire, target, content_type):
    assert wire.post(target, "a" * BODY_BOUND, content_type=content_type).status < 413
    assert_large = {TOKEN: assert_token_error, DEVICE_CODE: assert_token_error, f"{CONTROL}/users": assert_control_error}
    for size in (BODY_BOUND + 1, 3 * BODY_BOUND):
        assert_large.get(target, assert_page)(wire.post(target, "a" * size, content_type=content_type), 413)


def test_a_body_in_chunks_is_bounded_too(wire):
    chunk = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"
    answer = wire.send(head("POST", TOKEN, wire, "Transfer-Encoding: chunked") + chunk * 9 + b"0\r\n\r\n")
    assert_token_error(answer, 413)


def test_a_large_body_that_nobody_reads_does_no_harm(wire):
    for target in ("/v1.0/me/revokeSignInSessions", "/oidc/userinfo"):
        assert_graph_error(wire.post(target, "a" * 1_000_000), 401)


def head(method, target, wire, *headers):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {wire.host}", "Connection: close", f"Content-Type: {FORM}",
        *headers, "", ""]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("target", [TOKEN, METADATA, "/devicelogin", "/v1.0/me", "/_lapse/api/health", "/nowhere"])
@pytest.mark.parametrize("headers", rows([
    ("too_many", {f"x-{number}": "1" for number in range(200)}), ("too_long", {"x-long": "a" * 40_000}),
    ("much_too_long", {"x-long": "a" * 1_000_000}), ("a_long_name", {"x" * 40_000: "a"}), ("nul", {"x-nul": "a\0b"}),
]))
def test_headers_are_bounded(wire, target, headers):
    answer = wire.get(target, headers=headers)
    assert 400 <= answer.status < 500, answer


@pytest.mark.parametrize("raw", rows([
    ("no_request", b"GARBAGE\r\n\r\n"), ("blank_lines", b"\r\n" * 100 + b"\0\r\n\r\n"),
    ("a_tls_hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 600),
    ("http_2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ("another_version", b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n"),
    ("a_long_address", b"GET /devicelogin?otc=" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ("no_ascii", b"GET /devicelogin?otc=\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ("nul", b"GET /devicelogin?otc=\0 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ("an_unknown_method", b"BREW /devicelogin HTTP/1.1\r\nHost: localhost\r\n\r\n"),
]))
def test_what_is_no_http_is_refused(wire, raw):
    answer = wire.send(raw)
    assert answer is None or 400 <= answer.status < 500, answer


@pytest.mark.parametrize("target", [TOKEN, AUTHORIZE, "/devicelogin", LOGOUT, f"{CONTROL}/users"])
@pytest.mark.parametrize("framing, body", rows([
    ("two_lengths", ["Content-Length: 5", "Content-Length: 6"], b"a=b&c="),
    ("a_negative_length", ["Content-Length: -1"], b"a=b"),
    ("a_length_that_is_no_number", ["Content-Length: x"], b"a=b"),
    ("length_and_chunks", ["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\n"),
    ("a_chunk_without_a_length", ["Transfer-Encoding: chunked"], b"zz\r\nabc\r\n0\r\n\r\n"),
    ("a_chunk_longer_than_any_number", ["Transfer-Encoding: chunked"], b"f" * 40 + b"\r\nabc\r\n0\r\n\r\n"),
]))
def test_a_broken_framing_of_the_body_is_the_callers_mistake(wire, target, framing, body):
    answer = wire.send(head("POST", target, wire, *framing) + body)
    assert answer is None or 400 <= answer.status < 500, answer


@pytest.mark.parametrize("raw", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01" + b"\xff" * 600, b"\0" * 5000])
def test_what_is_no_tls_is_turned_away_from_the_https_port(own, raw):
    port = urlsplit(own.https).port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(raw)
        try:
            # An alert at most, then the end.
            while connection.recv(4096):
                pass
        except ConnectionResetError:
            pass


def test_a_client_that_hangs_up_in_the_middle_does_no_harm(wire):
    for target in (TOKEN, AUTHORIZE, f"{CONTROL}/users"):
        with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as connection:
            connection.sendall(head("POST", target, wire, "Content-Length: 500") + b"a=b")


# MARK: Metadata

@pytest.mark.parametrize("tenant, code", rows(BAD_TENANTS))
@pytest.mark.parametrize("document", ["v2.0/.well-known/openid-configuration", "discovery/v2.0/keys"])
def test_the_metadata_of_a_tenant_that_is_not_there(wire, document, tenant, code):
    assert_token_error(
        wire.get(f"/{tenant}/{document}"), 400, code, "invalid_tenant" if code == 90002 else "invalid_request")


@pytest.mark.parametrize("query, status, code", rows([
    ("no_endpoint", "", 400, 900144),
    ("an_unknown_cloud", "?authorization_endpoint=https://evil.example/common", 400, 50049),
    ("no_address", "?authorization_endpoint=%20", 400, None),
    ("a_broken_escape", "?authorization_endpoint=%zz", 400, None),
    ("no_utf_8", "?authorization_endpoint=%ff", 400, None),
    ("a_port_that_is_none", "?authorization_endpoint=https://localhost:99999999999/common", 400, None),
    ("a_tenant_that_can_be_none",
     "?authorization_endpoint=https://login.microsoftonline.com/a%20b/oauth2/v2.0/authorize", 400, 900023),
    ("doubled", "?authorization_endpoint=https://login.microsoftonline.com/common&authorization_endpoint=x", 400,
        9000411),
]))
def test_instance_discovery_refuses(wire, query, status, code):
    assert_token_error(wire.get("/common/discovery/instance" + query), status, code)


@pytest.mark.parametrize("user", ["@", "%ff", "%zz", "%00", "a@b@c", "a" * 5000])
def test_the_realm_of_a_user_that_is_not_there_is_unknown(wire, user):
    answer = wire.get(f"/common/userrealm/{user}?api-version=1.0")
    if answer.status == 200:
        assert answer.json()["account_type"] == "Unknown"
    else:
        assert_token_error(answer)


def test_an_encoded_at_sign_in_a_path_is_an_at_sign(wire):
    assert wire.get("/common/userrealm/adele%40contoso.example").json()["account_type"] == "Managed"
    assert wire.get(f"{CONTROL}/users/adele%40contoso.example").json()["id"] == ADELE_ID
    guest = quote("nestor_fabrikam.example#EXT#@contoso.example", safe="")
    assert wire.get(f"{CONTROL}/users/{guest}").json()["id"] == NESTOR_IN_CONTOSO_ID


@pytest.mark.parametrize("host", ['evil"<script>', "a b", "evil.example/path", "user@evil.example", "%0d%0a", "a" * 300])
def test_a_host_that_is_none_gets_into_no_address(wire, host):
    answer = wire.get(METADATA, host=host)
    if answer.status == 200:
        assert urlsplit(answer.json()["issuer"]).netloc == "localhost", answer
    else:
        assert 400 <= answer.status < 500, answer


@pytest.mark.parametrize("target, assert_error", [
    (f"/{DOMAIN}/oauth2/v2.0/nothing", assert_page), (f"/{DOMAIN}/oauth2/v3.0/token/", assert_token_error),
    ("/nothing", assert_page),
    ("/_lapse/nothing", assert_page), ("/_lapse/api/nothing", assert_control_error),
    (f"{CONTROL}/nothing", assert_control_error), (f"/{DOMAIN}/discovery/v3.0/keys", assert_token_error),
    ("/../../etc/passwd", assert_page),
    ("/_lapse/../../etc/passwd", assert_page), ("/%2e%2e/%2e%2e/etc/passwd", assert_page),
    ("/_lapse/%2e%2e/schema.sql", assert_page), ("/error?code=12345", assert_page),
    ("/error?code=" + quote(MARKUP), assert_page)])
def test_an_unknown_path_is_not_found_in_the_voice_of_its_surface(wire, target, assert_error):
    assert_error(wire.get(target), 404)


@pytest.mark.parametrize("target, status", [
    ("/v1.0", 400), ("/v1.0/", 400), ("/oidc/nothing", 400), ("/v1.0/nothing", 401), ("/beta/nothing", 401)])
def test_graph_has_its_own_answer_to_an_unknown_path(wire, target, status):
    """Behind a version it looks at the token first."""
    assert_graph_error(wire.get(target), status)


# MARK: Authorize

ASKED = {
    "client_id": NATIVE, "response_type": "code", "redirect_uri": REDIRECT, "scope": "openid User.Read",
    "state": "s t&a=te"}


@pytest.mark.parametrize("query, code", rows([
    ("no_parameters", {}, 900144), ("no_client_id", without(ASKED, "client_id"), 900144),
    ("an_unknown_client", {**ASKED, "client_id": STRANGER}, 700016),
    ("a_client_id_with_markup", {**ASKED, "client_id": MARKUP}, 700016),
    ("no_redirect_uri", without(ASKED, "redirect_uri"), 900144),
    ("a_large_state_and_no_client", {"state": "a" * 20_000}, 900144),
    ("a_doubled_client", urlencode(ASKED) + "&client_id=" + NATIVE, 9000411),
    ("a_doubled_redirect", urlencode(ASKED) + "&redirect_uri=https://evil.example/", 9000411),
]))
def test_authorize_shows_a_page_when_it_does_not_know_whom_to_answer(wire, query, code):
    query = urlencode(query) if isinstance(query, dict) else query
    assert_page(wire.get(f"{AUTHORIZE}?{query}"), 400, code)


@pytest.mark.parametrize("uri", [
    "https://evil.example/cb", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>alert(1)</script>",
    "//evil.example/cb", "/cb", "http://localhost.evil.example/cb", "http://localhost@evil.example/cb",
    "http://localhost:80@evil.example/cb", "http://localhost:999999/cb", "http://localhost:/cb", "http://localhost:8x/cb",
    "https://localhost/cb", "http://localhost/cb/", "http://localhost/cb/../evil", "http://localhost/cb?a=b",
    "http://localhost/cb#fragment", "http://localhost/CB", "HTTP://LOCALHOST/cb", "http://[::1]/cb",
    "http://localhost\\evil/cb",
    "http://localhost/cb\r\nSet-Cookie: a=b", " http://localhost/cb", "http://localhost/cb ", MARKUP,
    "http://localhost:８０/cb", "http://localhost/" + "a" * 10_000])
def test_authorize_never_redirects_to_an_address_that_is_not_registered(wire, uri):
    answer = wire.get(f"{AUTHORIZE}?{urlencode({**ASKED, 'redirect_uri': uri})}")
    # What is no absolute URI at all has a code of its own.
    is_absolute = re.fullmatch(r"[A-Za-z0-9+.-]+:[^\x00-\x20\x7f#]+", uri)
    assert_page(answer, 400, 50011 if is_absolute else 90102)
    assert answer.headers["Set-Cookie"] is None


@pytest.mark.parametrize("text", rows(UNREADABLE))
@pytest.mark.parametrize("target, assert_error", [(AUTHORIZE, assert_page), ("/devicelogin", assert_page), (LOGOUT,
    assert_page),
                                                  ("/error", assert_page), (f"{CONTROL}/events", assert_control_error)])
def test_a_query_that_cannot_be_decoded_is_refused(wire, target, assert_error, text):
    assert_error(wire.get(f"{target}?{urlencode(ASKED)}&otc={text}"), 400)


@pytest.mark.parametrize("text", rows(UNREADABLE))
@pytest.mark.parametrize("target", [AUTHORIZE, "/devicelogin", LOGOUT])
def test_a_form_for_a_page_that_cannot_be_decoded_is_refused(wire, target, text):
    assert_page(wire.post(target, f"step=signIn&login={text}"), 400)


@pytest.mark.parametrize("tenant, code", rows(BAD_TENANTS))
def test_authorize_at_a_tenant_that_is_not_there(wire, tenant, code):
    assert_page(wire.get(f"/{tenant}/oauth2/v2.0/authorize?{urlencode(ASKED)}"), 400, code)


@pytest.mark.parametrize("changes, error, code", rows([
    ("no_response_type", {"response_type": ""}, "invalid_request", 900144),
    ("an_unknown_response_type", {"response_type": "nothing"}, "unsupported_response_type", 700054),
    ("a_response_type_with_markup", {"response_type": MARKUP}, "unsupported_response_type", 700054),
    ("an_unknown_prompt", {"prompt": "nothing"}, "invalid_request", None),
    ("an_unknown_response_mode", {"response_mode": "nothing"}, "invalid_request", None),
    ("no_scope", {"scope": ""}, "invalid_request", 900144),
    ("an_unknown_scope", {"scope": "Fly.Moon"}, "invalid_client", 650053),
    ("an_unknown_resource", {"scope": "https://nowhere.example/.default"}, "invalid_resource", 500011),
    ("a_short_challenge", {"code_challenge": "short"}, "invalid_request", 50147),
    ("a_long_challenge", {"code_challenge": "a" * 129}, "invalid_request", 50147),
    ("an_unknown_challenge_method", {"code_challenge": "a" * 43, "code_challenge_method": "none"}, "invalid_request",
        50149),
    ("a_negative_age", {"max_age": "-1"}, "invalid_request", None),
    ("an_age_that_is_no_number", {"max_age": "old"}, "invalid_request", None),
    ("an_age_beyond_all_numbers", {"max_age": "9" * 30}, "invalid_request", None),
    ("nobody_signed_in", {"prompt": "none"}, "login_required", 50058),
]))
@pytest.mark.parametrize("mode", [None, "query", "fragment", "form_post"])
def test_authorize_tells_the_app_what_is_wrong(wire, mode, changes, error, code):
    query = {**ASKED, **({"response_mode": mode} if mode else {}), **changes}
    answer = wire.get(f"{AUTHORIZE}?{urlencode(query)}")
    if query.get("response_mode") == "form_post":
        assert answer.status == 200, answer
        assert_harmless_page(answer)
        assert 'value="s t&amp;a=te"' in answer.text and f'value="{error}"' in answer.text, answer
        return
    assert answer.status == 302, answer
    assert answer.headers["Location"].startswith(REDIRECT), answer
    target = urlsplit(answer.headers["Location"])
    told = dict(parse_qsl(target.fragment if query.get("response_mode") == "fragment" else target.query))
    assert told["state"] == ASKED["state"], answer
    assert told["error"] == error, answer
    if code is not None:
        assert told["error_description"].startswith(f"AADSTS{code}: "), answer


@pytest.mark.parametrize("name", ["state", "login_hint", "nonce", "domain_hint", "unknown"])
@pytest.mark.parametrize("text", [MARKUP, "\r\nSet-Cookie: a=b", "' onfocus='alert(1)", "{{app}}", "\u202e" * 50,
    "a" * 20_000])
def test_a_sign_in_page_shows_parameters_as_text(wire, name, text):
    answer = wire.get(f"{AUTHORIZE}?{urlencode({**ASKED, name: text})}")
    assert answer.status == 200, answer
    assert_harmless_page(answer)
    assert answer.headers["Set-Cookie"] is None


def test_a_form_post_shows_the_state_as_text(wire):
    answer = wire.get(f"{AUTHORIZE}?{urlencode({**ASKED, 'state': MARKUP, 'response_mode': 'form_post', 'prompt': 'none'})}")
    assert answer.status == 200, answer
    assert_harmless_page(answer)


@pytest.mark.parametrize("form", rows([
    ("an_unknown_step", {"step": "fly"}), ("a_session_that_is_none", {"step": "pick", "session": "garbage"}),
    ("no_session", {"step": "consent"}), ("a_doubled_step", "step=decline&step=decline"),
]))
@pytest.mark.parametrize("target", [f"{AUTHORIZE}?{urlencode(ASKED)}", "/devicelogin"])
def test_a_form_that_none_of_our_pages_has_is_refused(wire, target, form):
    assert_page(wire.post(target, form), 400)


@pytest.mark.parametrize("form", rows([
    ("a_session_of_nobody", {"step": "pick", "session": str(uuid.uuid4())}),
    ("consent_of_nobody", {"step": "consent", "session": str(uuid.uuid4())}),
    ("a_name_with_markup", {"step": "signIn", "login": MARKUP, "passwd": "x"}),
    ("a_name_of_blanks", {"step": "signIn", "login": " ", "passwd": " "}),
    ("no_name", {"step": "signIn"}),
    ("a_long_name", {"step": "signIn", "login": "a" * 60_000 + "@contoso.example", "passwd": "x"}),
]))
def test_who_does_not_sign_in_sees_the_sign_in_page_again(wire, form):
    answer = wire.post(f"{AUTHORIZE}?{urlencode(ASKED)}", form)
    assert answer.status == 200 and 'name="passwd"' in answer.text, answer
    assert_harmless_page(answer)
    assert answer.headers["Set-Cookie"] is None


FOREIGN = rows([
    ("another_site", {"Origin": "https://evil.example"}), ("another_port", {"Origin": "http://localhost:1"}),
    ("no_origin_at_all", {"Origin": "null"}), ("told_by_the_browser", {"Sec-Fetch-Site": "cross-site"}),
    ("the_same_site_only", {"Sec-Fetch-Site": "same-site"})])


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("form", [
    {"step": "signIn", "login": ADELE, "passwd": PASSWORD}, {"step": "pick", "session": str(uuid.uuid4())},
    {"step": "consent", "session": str(uuid.uuid4())}, {"step": "other"}, {"step": "decline"}],
        ids=lambda form: form["step"])
def test_a_form_of_our_sign_in_page_that_another_site_sends_is_forbidden(wire, form, headers):
    answer = wire.post(f"{AUTHORIZE}?{urlencode(ASKED)}", form, headers=headers)
    assert_page(answer, 403)
    assert answer.headers["Set-Cookie"] is None


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("form", [
    {"step": "code"}, {"step": "signIn", "login": ADELE, "passwd": PASSWORD}, {"step": "pick",
        "session": str(uuid.uuid4())},
    {"step": "decline"}], ids=lambda form: form["step"])
def test_a_form_of_our_device_page_that_another_site_sends_is_forbidden(wire, form, headers):
    code = wire.post(DEVICE_CODE, {"client_id": NATIVE, "scope": "openid"}).json()
    assert_page(wire.post("/devicelogin", {"otc": code["user_code"], **form}, headers=headers), 403)
    poll = wire.post(TOKEN, {**DEVICE, "device_code": code["device_code"]})
    assert_token_error(poll, 400, 70016)


def test_a_form_that_our_own_page_sends_is_taken(wire):
    answer = wire.post(
        f"{AUTHORIZE}?{urlencode(ASKED)}", {"step": "signIn", "login": ADELE, "passwd": PASSWORD},
        headers={"Origin": wire.origin, "Sec-Fetch-Site": "same-origin"})
    assert answer.status == 302 and answer.headers["Location"].startswith(REDIRECT), answer


@pytest.mark.parametrize("code", ["", "garbage", MARKUP, "A" * 9, "a" * 100_000, "ÄÖÜ", "\u202e"])
def test_the_device_page_asks_again_for_a_code_that_is_none(wire, code):
    answer = wire.post("/devicelogin", {"step": "code", "otc": code})
    assert answer.status == 200 and 'name="otc"' in answer.text, answer
    assert_harmless_page(answer)
    if len(code) < 10_000:
        assert_harmless_page(wire.get("/devicelogin?" + urlencode({"otc": code})))


@pytest.mark.parametrize("uri", ["https://evil.example/", "javascript:alert(1)", "//evil.example", "/", MARKUP,
    "garbage"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_logout_never_redirects_to_an_address_that_is_not_registered(wire, method, uri):
    query = urlencode({"post_logout_redirect_uri": uri, "state": MARKUP, "logout_hint": MARKUP,
        "id_token_hint": "garbage"})
    answer = wire.get(f"{LOGOUT}?{query}") if method == "GET" else wire.post(LOGOUT, query)
    assert answer.status == 200, answer
    assert_harmless_page(answer)


def test_logout_returns_the_state_encoded(wire):
    query = urlencode({"post_logout_redirect_uri": REDIRECT, "state": "a\r\nSet-Cookie: b=c&d"})
    answer = wire.get(f"{LOGOUT}?{query}")
    assert answer.status == 302, answer
    assert dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["state"] == "a\r\nSet-Cookie: b=c&d"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_logout_at_a_tenant_that_is_not_there_is_refused(wire, method):
    for tenant, code in [("nobody.example", 90002), ("a%20b", 900023)]:
        assert_page(wire.request(method, f"/{tenant}/oauth2/v2.0/logout"), 400, code)


def test_logout_refuses_a_doubled_parameter(wire):
    assert_page(wire.get(f"{LOGOUT}?state=a&state=b"), 400, 9000411)
    assert_page(wire.post(f"{LOGOUT}?state=a", "state=b"), 400, 9000411)


# MARK: Graph and userinfo

def jwt(header, payload, signature="AAAA"):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part(header)}.{part(payload)}.{signature}"


@pytest.mark.parametrize("authorization", rows([
    ("none", None), ("empty", ""), ("no_token", "Bearer"), ("a_blank_token", "Bearer  "), ("another_scheme", "Basic abc"),
    ("garbage", "Bearer garbage"), ("dots", "Bearer .."), ("very_many_dots", "Bearer " + "." * 20_000),
    ("letters", "Bearer a.b.c"), ("a_refresh_token", "Bearer " + GRANTED), ("no_base64", "Bearer !!!.!!!.!!!"),
    ("very_long", "Bearer " + "a" * 30_000), ("a_broken_escape", "Bearer %zz"),
    ("no_algorithm", "Bearer " + jwt({"alg": "none", "typ": "JWT"}, {"aud": "https://graph.microsoft.com"}, "")),
    ("a_shared_secret", "Bearer " + jwt({"alg": "HS256"}, {"aud": "https://graph.microsoft.com"})),
    ("a_forged_signature", "Bearer " + jwt({"alg": "RS256", "kid": "x"}, {"aud": "https://graph.microsoft.com"})),
    ("a_header_that_is_a_list", "Bearer " + jwt([], {})),
    ("a_payload_that_is_a_number", "Bearer " + jwt({"alg": "RS256"}, 5)),
    ("a_deep_header", "Bearer " + base64.urlsafe_b64encode(b"[" * 9000).decode() + ".e30.AAAA"),
]))
@pytest.mark.parametrize("method, target", [
    ("GET", "/v1.0/me"), ("GET", "/beta/users"), ("POST", "/v1.0/me/revokeSignInSessions"), ("GET", "/oidc/userinfo")])
def test_graph_refuses_what_is_no_access_token(wire, method, target, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = wire.request(method, target, b"" if method == "POST" else None, headers=headers)
    assert_graph_error(answer, 401, "InvalidAuthenticationToken")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer "), answer


@pytest.mark.parametrize("target", ["/v1.0/me", "/oidc/userinfo"])
def test_graph_refuses_a_token_that_was_tampered_with_and_one_for_others(wire, tokens, target):
    header, payload, signature = tokens["access_token"].split(".")
    other = jwt({}, {"aud": "https://graph.microsoft.com"}).split(".")[1]
    for token in (
        f"{header}.{other}.{signature}", f"{header}.{payload}.{signature[:-8]}AAAAAAAA", f"{header}.{payload}.",
        tokens["id_token"], tokens["refresh_token"],
    ):
        assert_graph_error(
            wire.get(target, headers={"Authorization": f"Bearer {token}"}), 401, "InvalidAuthenticationToken")


@pytest.mark.parametrize("method, target, status", rows([
    ("an_unknown_segment", "GET", "/v1.0/nothing", 400), ("an_unknown_action", "POST", "/v1.0/me/fly", 400),
    ("too_many_segments", "POST", "/v1.0/me/revokeSignInSessions/again", 400),
    ("get_for_post", "GET", "/v1.0/me/revokeSignInSessions", 405), ("post_for_get", "POST", "/v1.0/me", 405),
    ("delete", "DELETE", "/v1.0/me", 405),
    ("an_unknown_user", "GET", "/v1.0/users/nobody@contoso.example", None),
    ("an_unknown_user_revoked", "POST", f"/v1.0/users/{STRANGER}/revokeSignInSessions", None),
    ("a_user_of_another_tenant", "GET", "/v1.0/users/nestor@fabrikam.example", None),
    ("no_hexadecimal", "GET", "/v1.0/users/%zz", 400), ("half_an_escape", "GET", "/v1.0/users/%e", 400),
    ("no_utf_8", "GET", "/v1.0/users/%ff", 400), ("nul", "GET", "/v1.0/users/a%00b", 400),
    ("an_open_bracket", "GET", "/v1.0/users('", None), ("empty_brackets", "GET", "/v1.0/users('')", None),
    ("a_quote", "GET", "/v1.0/users('a'b')", None), ("a_long_name", "GET", "/v1.0/users/" + "a" * 9000, None),
    ("a_query_that_cannot_be_read", "GET", "/v1.0/me?$select=%zz", 400),
    ("a_query_without_utf_8", "GET", "/v1.0/me?a=%ff", 400),
    ("a_doubled_option", "GET", "/v1.0/me?$select=id&$select=id", 400),
    ("an_unknown_property", "GET", "/v1.0/me?$select=nothing", 400),
    ("very_many_properties", "GET", "/v1.0/me?$select=" + "a," * 9000, 400),
    ("an_option_that_is_not_there", "GET", "/v1.0/users?$expand=memberOf", 400),
    ("a_filter_that_is_none", "GET", "/v1.0/users?$filter=id%20like%20'a'", 400),
    ("no_page_size", "GET", "/v1.0/users?$top=0", 400), ("a_negative_page_size", "GET", "/v1.0/users?$top=-1", 400),
    ("a_large_page_size", "GET", "/v1.0/users?$top=1000", 400),
    ("a_word_for_a_page_size", "GET", "/v1.0/users?$top=ten", 400),
    ("a_page_size_beyond_all_numbers", "GET", "/v1.0/users?$top=" + "9" * 30, 400),
    ("a_garbage_skip_token", "GET", "/v1.0/users?$skiptoken=!!!", 400),
]))
@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_graph_refuses_a_signed_in_user(wire, tokens, version, method, target, status):
    answer = wire.request(
        method, target.replace("v1.0", version), b"" if method == "POST" else None,
        headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert_graph_error(answer, status)


def test_an_action_of_beta_is_not_found_elsewhere(wire, tokens):
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert_graph_error(wire.post("/v1.0/me/invalidateAllRefreshTokens", headers=headers), 400)


def test_graph_returns_the_client_request_id(wire):
    mine = str(uuid.uuid4())
    answer = wire.get("/v1.0/me", headers={"client-request-id": mine})
    assert_graph_error(answer, 401)
    assert answer.headers["client-request-id"] == mine


@pytest.mark.parametrize("region", ["mars", MARKUP, "a" * 5000, "local,local"])
def test_an_unknown_region_is_refused(wire, tokens, region):
    headers = {"x-lapse-region": region}
    signed_in = {**headers, "Authorization": f"Bearer {tokens['access_token']}"}
    assert_token_error(wire.post(TOKEN, REFRESH, headers=headers), 400)
    assert_page(wire.get(f"{AUTHORIZE}?{urlencode(ASKED)}", headers=headers), 400)
    for target in ("/v1.0/me", "/v1.0/users/" + ADELE_ID, "/oidc/userinfo"):
        assert_graph_error(wire.get(target, headers=signed_in), 400)
    assert_graph_error(wire.post("/v1.0/me/revokeSignInSessions", headers=signed_in), 400)


def test_an_unknown_region_is_refused_by_the_devicecode_endpoint_too(wire):
    assert_token_error(wire.post(DEVICE_CODE, {"client_id": NATIVE, "scope": "openid"},
        headers={"x-lapse-region": "mars"}), 400)


# MARK: The control API

SIGN_IN = {"user": ADELE, "client_id": NATIVE, "scope": "openid"}
REVOKE = {"user": ADELE, "cause": "adminRevoke"}
NEW_USER = {"userPrincipalName": "new@contoso.example"}
NEW_APP = {"name": "New", "kind": "public"}


@pytest.mark.parametrize("host", [
    "localhost", "localhost:1234", "LocalHost", "127.0.0.1", "127.0.0.1:8443", "127.8.9.10", "[::1]", "[::1]:8443",
    "foo.localhost", "a.b.localhost:8080"])
def test_the_control_api_answers_to_the_names_of_this_machine(wire, host):
    assert wire.get("/_lapse/api/health", host=host).status == 200
    assert wire.get(CONTROL + "/clock", host=host).status == 200


FOREIGN_HOSTS = [
    "evil.example", "evil.example:8443", "localhost.evil.example", "127.0.0.1.evil.example", "evillocalhost",
    "10.0.0.1", "0.0.0.0",
    "127.0.0.256", "[::2]", "[::ffff:10.0.0.1]", "localhost@evil.example", "evil.example/localhost", "contoso.example",
    "a" * 300]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_the_control_api_refuses_a_foreign_host(wire, host):
    for method, target in [("GET", "/_lapse/api/health"), ("GET", CONTROL + "/users"), ("POST", CONTROL + "/reset")]:
        assert_control_error(wire.request(method, target, host=host), 403)


def test_the_control_api_refuses_a_request_without_a_host(wire):
    for version in ("1.0", "1.1"):
        answer = wire.send(f"GET {CONTROL}/users HTTP/{version}\r\nConnection: close\r\n\r\n".encode())
        assert 400 <= answer.status < 500, answer
        assert b"adele" not in answer.body


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("method, path, body", [
    ("GET", "/users", None), ("POST", "/reset", {}), ("PUT", "/clock", {"mode": "frozen"}),
    ("DELETE", f"/users/{ADELE_ID}", None)])
def test_the_control_api_takes_nothing_from_pages_of_other_origins(wire, method, path, body, headers):
    assert_control_error(wire.request(method, CONTROL + path, body, headers=headers), 403)
    assert wire.get(CONTROL + "/clock").json()["mode"] == "running"


def test_the_control_api_is_closed_to_scripts_of_other_origins(wire):
    for answer in (
        wire.get(CONTROL + "/users"), wire.get(CONTROL + "/users", headers={"Origin": wire.origin}),
        wire.request("OPTIONS", CONTROL + "/users", headers={
            "Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}),
    ):
        assert_closed_to_other_origins(answer)


@pytest.mark.parametrize("path", [
    "", "/users", "/apps", "/clock", "/propagation", "/policies", "/revocations", "/events", "/exchanges",
    "/exchanges.har", f"/users/{ADELE_ID}/grants"])
@pytest.mark.parametrize("tenant, status", [
    ("nobody.example", 404), ("33333333-cccc-4ccc-8ccc-333333333333", 404), ("common", 404), ("a%20b", 404), ("..", 404),
    ("a" * 5000, 404), ("%ff", None), ("%zz", None), ("%00", None)])
def test_the_control_api_knows_no_such_tenant(wire, tenant, status, path):
    assert_control_error(wire.get(f"/_lapse/api/tenants/{tenant}{path}"), status)


WRITES = [
    ("POST", "/users"), ("PATCH", f"/users/{ADELE_ID}"), ("POST", "/apps"), ("PATCH", f"/apps/{NATIVE}"),
    ("PUT", "/clock"),
    ("POST", "/clock/advance"), ("PUT", "/propagation"), ("PUT", "/policies"), ("POST", "/revocations"),
    ("POST", "/grants")]


@pytest.mark.parametrize("body, content_type", rows([
    ("plain_text", '{"mode":"frozen"}', "text/plain"), ("a_form", "mode=frozen", FORM),
    ("no_type", '{"mode":"frozen"}', None),
    ("no_json", "{", JSON), ("half_a_string", '{"a":"', JSON), ("a_list", "[]", JSON), ("a_number", "1", JSON),
    ("nothing_at_all", "null", JSON), ("no_utf_8", b'{"a":"\xff"}', JSON), ("a_bare_nul", b'{"a":"\0"}', JSON),
    ("half_a_surrogate", '{"a":"\\ud800"}', JSON), ("very_deep", "[" * 60_000, JSON),
    ("deep", '{"a":' * 500 + "1" + "}" * 500, JSON), ("a_huge_number", '{"seed":' + "9" * 10_000 + "}", JSON),
    ("a_number_beyond_all_numbers", '{"seed":1e999}', JSON), ("an_unknown_field", '{"nothing":1}', JSON),
    ("very_many_fields", json.dumps({f"a{number}": 1 for number in range(8000)}), JSON),
]))
@pytest.mark.parametrize("method, path", WRITES, ids=lambda value: value.strip("/").split("/")[0])
def test_the_control_api_takes_well_formed_json_alone(wire, method, path, body, content_type):
    assert_control_error(wire.request(method, CONTROL + path, body, content_type), 400)


@pytest.mark.parametrize("method, path, body, field", rows([
    ("clock", "PUT", "/clock", {"mode": "frozen", "nothing": 1}, "nothing"),
    ("advance", "POST", "/clock/advance", {"by": "PT1S", "nothing": 1}, "nothing"),
    ("propagation", "PUT", "/propagation", {"nothing": 1}, "nothing"),
    ("a_plane", "PUT", "/propagation", {"planes": {"nothing": "immediate"}}, "planes.nothing"),
    ("policies", "PUT", "/policies", {"nothing": 1}, "nothing"),
    ("lifetimes", "PUT", "/policies", {"lifetimes": {"nothing": "PT1M"}}, "lifetimes.nothing"),
    ("a_revocation", "POST", "/revocations", {**REVOKE, "nothing": 1}, "nothing"),
    ("a_grant", "POST", "/grants", {**SIGN_IN, "nothing": 1}, "nothing"),
    ("a_user", "POST", "/users", {**NEW_USER, "nothing": 1}, "nothing"),
    ("a_user's_home", "POST", "/users", {**NEW_USER, "home": {"tenant": STRANGER, "user": STRANGER, "nothing": 1}},
        "home.nothing"),
    ("a_user's_change", "PATCH", f"/users/{ADELE_ID}", {"nothing": 1}, "nothing"),
    ("an_app", "POST", "/apps", {**NEW_APP, "nothing": 1}, "nothing"),
    ("an_app's_api", "POST", "/apps", {**NEW_APP, "kind": "resource", "exposes": {"uri": "api://new", "scopes": [],
        "nothing": 1}},
        "exposes.nothing"),
    ("an_app's_change", "PATCH", f"/apps/{NATIVE}", {"nothing": 1}, "nothing"),
]))
def test_the_control_api_names_an_unknown_field(wire, method, path, body, field):
    assert_control_error(wire.request(method, CONTROL + path, body), 400, field)


BAD_DURATIONS = [
    "", "PT", "P", "5 minutes", "-PT5M", "PT-5M", "P1Y", "P1M", "PT5", "PT1.5H", "PT5M5H", "PT99999999999999H", "P36501D",
    "PT" + "9" * 5000 + "S", "\u0665", 5, 1.5, True, ["PT5M"], {}]


@pytest.mark.parametrize("duration", BAD_DURATIONS, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("method, path, body, field", [
    ("POST", "/clock/advance", lambda value: {"by": value}, "by"),
    ("PUT", "/propagation", lambda value: {"planes": {"refresh": {"fixed": value}}}, "planes.refresh.fixed"),
    ("PUT", "/policies", lambda value: {"lifetimes": {"accessToken": value}}, "lifetimes.accessToken"),
    ("PATCH", f"/apps/{NATIVE}", lambda value: {"lifetimes": {"accessToken": value}}, "lifetimes.accessToken"),
], ids=["advance", "propagation", "policies", "app"])
def test_the_control_api_refuses_what_is_no_duration(wire, method, path, body, field, duration):
    assert_control_error(wire.request(method, CONTROL + path, body(duration)), 400, field)


BAD_INSTANTS = [
    "", "now", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00",
    "1999-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z", "99999-01-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00+99:00", 1767225600,
    True, [], {}]


@pytest.mark.parametrize("instant", BAD_INSTANTS, ids=repr)
def test_the_control_api_refuses_what_is_no_instant_since_the_birth(wire, instant):
    assert_control_error(wire.request("PUT", CONTROL + "/clock", {"now": instant}), 400, "now")
    assert_control_error(wire.request("POST", CONTROL + "/grants", {**SIGN_IN, "authTime": instant}), 400, "authTime")


def test_a_clock_at_its_last_instant_neither_overflows_nor_refuses_to_go_on(wire):
    last = {"mode": "frozen", "now": "9999-12-31T23:59:59.9999999Z"}
    assert wire.request("PUT", CONTROL + "/clock", last).status == 200
    for _ in range(3):
        assert wire.request("POST", CONTROL + "/clock/advance", {"by": "P36500D"}).status < 500
    form = {**USER, "scope": "openid offline_access User.Read"}
    assert wire.post(TOKEN, form).status < 500
    assert wire.request("POST", CONTROL + "/revocations", REVOKE).status < 500
    assert wire.post(TOKEN, form).status < 500
    assert wire.get(f"{AUTHORIZE}?{urlencode(ASKED)}").status < 500
    assert wire.request("POST", CONTROL + "/reset", {}).status == 200
    assert wire.get(CONTROL + "/clock").json()["mode"] == "running"


@pytest.mark.parametrize("method, path, body, status, field", rows([
    ("clock_without_a_word", "PUT", "/clock", {}, 400, None),
    ("clock_mode", "PUT", "/clock", {"mode": "fast"}, 400, "mode"),
    ("clock_mode_type", "PUT", "/clock", {"mode": 1}, 400, "mode"),
    ("advance_nothing", "POST", "/clock/advance", {}, 400, None),
    ("advance_until_nothing", "POST", "/clock/advance", {"until": "tomorrow"}, 400, None),
    ("preset", "PUT", "/propagation", '"nothing"', 400, None),
    ("plane_word", "PUT", "/propagation", {"planes": {"refresh": "sometimes"}}, 400, "planes.refresh"),
    ("plane_number", "PUT", "/propagation", {"planes": {"refresh": 5}}, 400, "planes.refresh"),
    ("plane_null_model", "PUT", "/propagation", {"planes": {"refresh": {}}}, 400, None),
    ("planes_list", "PUT", "/propagation", {"planes": []}, 400, "planes"),
    ("attempts_of_the_directory", "PUT", "/propagation", {"planes": {"directory": {"afterAttempts": 3}}}, 400, None),
    ("negative_seed", "PUT", "/propagation", {"seed": -1}, 400, "seed"),
    ("seed_text", "PUT", "/propagation", {"seed": "one"}, 400, "seed"),
    ("fractional_seed", "PUT", "/propagation", {"seed": 1.5}, 400, "seed"),
    ("no_regions", "PUT", "/propagation", {"regions": []}, 400, "regions"),
    ("region_markup", "PUT", "/propagation", {"regions": [MARKUP]}, 400, None),
    ("region_number", "PUT", "/propagation", {"regions": [1]}, 400, None),
    ("routing", "PUT", "/propagation", {"routing": "lost"}, 400, "routing"),
    ("origin", "PUT", "/propagation", {"origin": "lost"}, 400, "origin"),
    ("tie_rule", "PUT", "/policies", {"tieRule": "coin"}, 400, "tieRule"),
    ("revoke_answer", "PUT", "/policies", {"revokeAnswer": 201}, 400, "revokeAnswer"),
    ("revoke_answer_text", "PUT", "/policies", {"revokeAnswer": "200"}, 400, "revokeAnswer"),
    ("lifetimes_list", "PUT", "/policies", {"lifetimes": []}, 400, "lifetimes"),
    ("revoke_nobody", "POST", "/revocations", {"cause": "adminRevoke"}, 400, "user"),
    ("revoke_a_stranger", "POST", "/revocations", {**REVOKE, "user": STRANGER}, None, None),
    ("revoke_without_a_cause", "POST", "/revocations", {"user": ADELE}, 400, "cause"),
    ("unknown_cause", "POST", "/revocations", {**REVOKE, "cause": "mood"}, 400, "cause"),
    ("user_number", "POST", "/revocations", {**REVOKE, "user": 1}, 400, "user"),
    ("user_nul", "POST", "/revocations", {**REVOKE, "user": "a\0b"}, None, None),
    ("actor_list", "POST", "/revocations", {**REVOKE, "actor": []}, 400, "actor"),
    ("long_actor", "POST", "/revocations", {**REVOKE, "actor": "a" * 9000}, 400, "actor"),
    ("password_of_a_revoke", "POST", "/revocations", {**REVOKE, "newPassword": "x"}, 400, "newPassword"),
    ("empty_password", "POST", "/revocations", {**REVOKE, "cause": "passwordChange", "newPassword": ""}, 400,
        "newPassword"),
    ("password_list", "POST", "/revocations", {**REVOKE, "cause": "passwordChange", "newPassword": []}, 400,
        "newPassword"),
    ("grant_for_nobody", "POST", "/grants", without(SIGN_IN, "user"), 400, "user"),
    ("grant_for_a_stranger", "POST", "/grants", {**SIGN_IN, "user": STRANGER}, None, None),
    ("grant_without_client", "POST", "/grants", without(SIGN_IN, "client_id"), 400, "client_id"),
    ("grant_to_a_strange_client", "POST", "/grants", {**SIGN_IN, "client_id": STRANGER}, None, None),
    ("grant_without_scope", "POST", "/grants", without(SIGN_IN, "scope"), 400, "scope"),
    ("grant_of_a_strange_scope", "POST", "/grants", {**SIGN_IN, "scope": "Fly.Moon"}, 400, "scope"),
    ("scope_list", "POST", "/grants", {**SIGN_IN, "scope": ["openid"]}, 400, "scope"),
    ("future_sign_in", "POST", "/grants", {**SIGN_IN, "authTime": "9000-01-01T00:00:00Z"}, 400, "authTime"),
    ("method", "POST", "/grants", {**SIGN_IN, "method": "magic"}, 400, "method"),
    ("no_name", "POST", "/users", {}, 400, "userPrincipalName"),
    ("empty_name", "POST", "/users", {"userPrincipalName": ""}, 400, "userPrincipalName"),
    ("name_of_another_domain", "POST", "/users", {"userPrincipalName": "new@fabrikam.example"}, 400, "userPrincipalName"),
    ("name_without_a_name", "POST", "/users", {"userPrincipalName": "@contoso.example"}, 400, "userPrincipalName"),
    ("two_at_signs", "POST", "/users", {"userPrincipalName": "a@b@contoso.example"}, 400, "userPrincipalName"),
    ("long_name", "POST", "/users", {"userPrincipalName": "a" * 300 + "@contoso.example"}, 400, "userPrincipalName"),
    ("taken_name", "POST", "/users", {"userPrincipalName": ADELE.upper()}, 409, "userPrincipalName"),
    ("taken_id", "POST", "/users", {**NEW_USER, "id": ADELE_ID}, 409, "id"),
    ("garbage_id", "POST", "/users", {**NEW_USER, "id": "garbage"}, 400, "id"),
    ("number_for_a_password", "POST", "/users", {**NEW_USER, "password": 1}, 400, "password"),
    ("word_for_a_flag", "POST", "/users", {**NEW_USER, "accountEnabled": "yes"}, 400, "accountEnabled"),
    ("unknown_role", "POST", "/users", {**NEW_USER, "roles": ["King"]}, 400, None),
    ("roles_text", "POST", "/users", {**NEW_USER, "roles": "King"}, 400, "roles"),
    ("guest_of_nowhere", "POST", "/users", {**NEW_USER, "home": {}}, 400, None),
    ("guest_of_a_stranger", "POST", "/users", {**NEW_USER, "home": {"tenant": STRANGER, "user": STRANGER}}, None, None),
    ("guest_at_home", "POST", "/users", {**NEW_USER, "home": {"tenant": "11111111-aaaa-4aaa-8aaa-111111111111",
        "user": ADELE_ID}}, None, None),
    ("guest_twice", "POST", "/users", {**NEW_USER, "home": {
            "tenant": "22222222-bbbb-4bbb-8bbb-222222222222", "user": "aaaaaaaa-0001-4000-8000-000000000004"}}, None,
            None),
    ("guest_with_a_password", "PATCH", f"/users/{NESTOR_IN_CONTOSO_ID}", {"password": "An0ther-secret!"}, 400,
        "password"),
    ("guest_disabled", "PATCH", f"/users/{NESTOR_IN_CONTOSO_ID}", {"accountEnabled": False}, 400, "accountEnabled"),
    ("guest_revoked", "POST", "/revocations", {**REVOKE, "user": NESTOR_IN_CONTOSO_ID}, 400, "user"),
    ("changed_id", "PATCH", f"/users/{ADELE_ID}", {"id": STRANGER}, 400, "id"),
    ("changed_to_a_taken_name", "PATCH", f"/users/{ADELE_ID}", {"userPrincipalName": ALEX}, 409, "userPrincipalName"),
    ("changed_stranger", "PATCH", f"/users/{STRANGER}", {"displayName": "x"}, 404, None),
    ("deleted_stranger", "DELETE", f"/users/{STRANGER}", None, 404, None),
    ("deleted_nul", "DELETE", "/users/%00", None, None, None),
    ("app_without_a_kind", "POST", "/apps", {"name": "New"}, 400, "kind"),
    ("app_of_no_kind", "POST", "/apps", {**NEW_APP, "kind": "kind"}, 400, "kind"),
    ("app_without_a_name", "POST", "/apps", {"kind": "public"}, 400, "name"),
    ("app_with_a_taken_id", "POST", "/apps", {**NEW_APP, "id": NATIVE}, 409, "id"),
    ("app_of_microsofts", "POST", "/apps", {**NEW_APP, "id": "00000003-0000-0000-c000-000000000000"}, None, "id"),
    ("redirect_that_is_no_address", "POST", "/apps", {**NEW_APP, "redirectUris": ["cb"]}, 400, "redirectUris[0]"),
    ("redirect_number", "POST", "/apps", {**NEW_APP, "redirectUris": [1]}, 400, None),
    ("unknown_flow", "POST", "/apps", {**NEW_APP, "flows": ["implicit"]}, 400, "flows[0]"),
    ("token_version", "POST", "/apps", {**NEW_APP, "accessTokenVersion": 3}, 400, "accessTokenVersion"),
    ("api_list", "POST", "/apps", {**NEW_APP, "kind": "resource", "exposes": []}, 400, "exposes"),
    ("changed_stranger_app", "PATCH", f"/apps/{STRANGER}", {"name": "x"}, 404, None),
    ("deleted_stranger_app", "DELETE", f"/apps/{STRANGER}", None, 404, None),
]))
def test_the_control_api_refuses(wire, method, path, body, status, field):
    answer = wire.request(method, CONTROL + path, body, JSON if body is not None else None)
    assert_control_error(answer, status, field)


@pytest.mark.parametrize("target, status", rows([
    ("cursor", "/events?after=x", 400), ("negative_cursor", "/events?after=-1", 400),
    ("long_cursor", "/events?after=" + "9" * 30, 400),
    ("event_type", "/events?type=nothing", 400), ("events_of_a_stranger", f"/events?user={STRANGER}", None),
    ("doubled_cursor", "/events?after=1&after=2", 400), ("exchanges_cursor", "/exchanges?after=-1", 400),
    ("a_long_exchange", "/exchanges?after=" + "9" * 30, 400), ("a_year_of_waiting", "/exchanges?wait=1y", 400),
    ("a_wait_below_nothing", "/exchanges?wait=-PT1S", 400), ("a_wait_of_nul", "/exchanges?wait=%00", 400),
    ("an_endpoint_above", "/exchanges?endpoint=..", 400), ("an_endpoint_with_markup", "/exchanges.har?endpoint=" + quote(MARKUP), 400),
    ("exchanges_of_a_stranger", f"/exchanges.har?user={STRANGER}&wait=PT1M", 404),
    ("exchanges_of_markup", "/exchanges?user=" + quote(MARKUP), 404), ("exchanges_of_nul", "/exchanges?client=a%00b", 400),
    ("exchanges_of_a_long_name", "/exchanges?user=" + "a" * 5000, 404), ("exchanges_of_a_pattern", "/exchanges?user=%25", 404),
    ("exchanges_of_an_at", "/exchanges?user=@", 404), ("revocations_cursor", "/revocations?after=x", 400),
    ("a_revocation", "/revocations/garbage", 404), ("an_unknown_revocation", f"/revocations/{STRANGER}", 404),
    ("a_user", "/users/nobody@contoso.example", 404), ("a_user_with_markup", "/users/" + quote(MARKUP, safe=""), 404),
    ("an_app", "/apps/" + "a" * 5000, 404), ("grants_of_a_stranger", f"/users/{STRANGER}/grants", 404),
    ("sessions_of_a_stranger", f"/users/{STRANGER}/sessions", 404),
]))
def test_the_control_api_finds_nothing(wire, target, status):
    assert_control_error(wire.get(CONTROL + target), status)


@pytest.mark.parametrize("method, target", [
    ("DELETE", "/_lapse/api/health"), ("PATCH", CONTROL + "/clock"), ("GET", CONTROL + "/clock/advance"),
    ("PUT", CONTROL + "/users"),
    ("DELETE", CONTROL + "/events"), ("GET", CONTROL + "/reset"), ("TRACE", CONTROL + "/users")])
def test_the_control_api_knows_no_such_method(wire, method, target):
    assert_control_error(wire.request(method, target))


def test_a_changed_password_replaces_the_old_one(wire):
    """What the control API confirms has happened."""
    answer = wire.request("PATCH", f"{CONTROL}/users/{ALEX}", {"password": "An0ther-secret!"})
    assert answer.status == 200 and answer.json()["password"] == "An0ther-secret!", answer
    assert_token_error(wire.post(TOKEN, {**USER, "username": ALEX}), 400, 50126)
    assert wire.post(TOKEN, {**USER, "username": ALEX, "password": "An0ther-secret!"}).status == 200


def test_nothing_of_all_this_has_changed_the_lab(wire):
    """What was refused was not done by half."""
    assert wire.request("POST", CONTROL + "/reset", {}).status == 200
    before = lab(wire)
    for method, path in WRITES:
        for body in ({"nothing": 1}, {"name": "x", "kind": "public", "displayName": "x", "mode": "frozen", "nothing": 1}):
            wire.request(method, CONTROL + path, body)
    assert lab(wire) == before
    assert wire.get(CONTROL + "/clock").json()["mode"] == "running"


def lab(wire):
    parts = ("users", "apps", "policies", "propagation", "revocations", "events")
    return [wire.get(f"{CONTROL}/{part}").json() for part in parts]


# MARK: Chance

SPICE = [
    "%", "%zz", "%ff", "%00", "\0", "&", "=", "&&", "?", "#", "/", "//", "/../", ";", "+", '"', "'", "<script>", "{",
    "}", "[", "]",
    "null", "-1", "0", "99999999999999999999", "1e999", "true", "\u00e9", "\U0001f600", "\u202e", "a" * 3000,
    "client_id=x", "common", " "]


def mutated(chance, text):
    """The text with one to three accidents."""
    for _ in range(chance.randint(1, 3)):
        start = chance.randint(0, len(text))
        end = min(len(text), start + chance.choice([0, 1, 1, 5, 30]))
        accident = chance.choice(["insert", "replace", "delete", "double", "cut"])
        if accident == "insert":
            text = text[:start] + chance.choice(SPICE) + text[start:]
        elif accident == "replace":
            text = text[:start] + chr(chance.randint(33, 126)) + text[end:]
        elif accident == "delete":
            text = text[:start] + text[end:]
        elif accident == "double":
            text = text[:end] + text[start:]
        else:
            text = text[:start]
    return text


def valid_requests(surface, tokens):
    """Method, address, content type, body."""
    if surface == "token":
        forms = [REFRESH, {**REFRESH, "refresh_token": tokens["refresh_token"]}, CODE, DEVICE, CLIENT, USER, ON_BEHALF]
        return [("POST", TOKEN, FORM, urlencode(form)) for form in forms] + [
            ("POST", DEVICE_CODE, FORM, urlencode({"client_id": NATIVE, "scope": "openid"}))]
    if surface == "authorize":
        asked = urlencode({**ASKED, "response_mode": "form_post", "prompt": "login", "login_hint": ADELE, "max_age": "5"})
        sign_in = urlencode({"step": "signIn", "login": ADELE, "passwd": PASSWORD, "kmsi": "1"})
        return [
            ("GET", f"{AUTHORIZE}?{urlencode(ASKED)}", None, ""), ("GET", f"{AUTHORIZE}?{asked}", None, ""),
            ("POST", f"{AUTHORIZE}?{urlencode(ASKED)}", FORM, sign_in), ("POST", "/devicelogin", FORM,
                "step=code&otc=ABCDEFGHJ"),
            ("GET", f"{LOGOUT}?{urlencode({'post_logout_redirect_uri': REDIRECT, 'state': 'a'})}", None, "")]
    if surface == "graph":
        return [
            ("GET", "/v1.0/me?$select=id,displayName", None, ""), ("GET", "/beta/users?$top=2&$skiptoken=YWRlbGU", None,
                ""),
            ("GET", f"/v1.0/users/{ADELE_ID}", None, ""), ("GET", f"/v1.0/users('{ADELE}')", None, ""),
            ("POST", f"/v1.0/users/{ADELE}/revokeSignInSessions", JSON, "{}"), ("GET", "/oidc/userinfo", None, "")]
    return [
        ("PUT", f"{CONTROL}/clock", JSON, '{"mode":"frozen","now":"2026-01-01T00:00:00.1234567Z"}'),
        ("POST", f"{CONTROL}/clock/advance", JSON, '{"by":"PT5M"}'),
        ("PUT", f"{CONTROL}/propagation", JSON, '{"seed":1,"regions":["local"],"planes":{"refresh":{"fixed":"PT3M"}}}'),
        ("PUT", f"{CONTROL}/policies", JSON,
            '{"tieRule":"precise","revokeAnswer":200,"lifetimes":{"accessToken":"PT1H"}}'),
        ("POST", f"{CONTROL}/users", JSON,
            '{"userPrincipalName":"new@contoso.example","accountEnabled":true,"roles":[]}'),
        ("PATCH", f"{CONTROL}/users/{ADELE_ID}", JSON, '{"displayName":"A","mail":null}'),
        ("POST", f"{CONTROL}/apps", JSON,
            '{"name":"New","kind":"public","redirectUris":["http://localhost/x"],"flows":["code"]}'),
        ("POST", f"{CONTROL}/revocations", JSON, json.dumps({"user": ADELE, "cause": "passwordChange", "actor": "me"})),
        ("POST", f"{CONTROL}/grants", JSON, json.dumps({"user": ADELE, "client_id": NATIVE,
            "scope": "openid offline_access"})),
        ("GET", f"{CONTROL}/events?after=0&type=signedIn&user={ADELE}", None, "")]


@pytest.mark.parametrize("surface", ["token", "authorize", "graph", "control"])
def test_three_hundred_accidents_neither_break_nor_hang_anything(wire, tokens, surface):
    chance = random.Random(f"{surface} 2026")
    for _ in range(300):
        method, target, content_type, body = chance.choice(valid_requests(surface, tokens))
        if body and chance.random() < 0.7:
            body = mutated(chance, body)
        else:
            # What comes before the query is hit too; what would end the request line is not.
            target = "/" + mutated(chance, target).lstrip("/").replace(" ", "+").replace("\0", "%00")
        headers = {"Authorization": f"Bearer {tokens['access_token']}"} if surface == "graph" else {}
        answer = wire.request(method, target, body if method != "GET" else None, content_type, headers)
        assert answer.status < 500, f"{answer.status} to {method} {target} {body!r}"
    wire.request("POST", CONTROL + "/reset", {})
