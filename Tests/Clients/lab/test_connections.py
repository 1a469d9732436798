"""What one connection may take, and what all of them together: bytes over real sockets."""

import contextlib
import json
import os
import resource
import socket
import ssl
import struct
import subprocess
import time
from http.client import HTTPResponse
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest

import needs
from connection import Connection
from lab import ADELE, ADELE_ID, DOMAIN
from serve import HTTP_ALONE, PORTS
from wire import FORM, TIMEOUT, Wire

TOKEN = f"/{DOMAIN}/oauth2/v2.0/token"
CONTROL = f"/_lapse/api/tenants/{DOMAIN}"
GET = "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEALTH = GET.format("/_lapse/api/health")


@pytest.fixture(scope="module")
def wire(own):
    return Wire(own)


def connected(lapse):
    return socket.create_connection(("127.0.0.1", urlsplit(lapse.http).port), timeout=TIMEOUT)


# MARK: Requests and answers in step

@pytest.mark.parametrize("path", [
    "/", "/nothing", "/error?code=50173", "/_lapse", "/_lapse/", "/_lapse/ca.pem", "/_lapse/none", "/_lapse/api",
    "/_lapse/api/health", "/_lapse/api/none", f"{CONTROL}/users", f"{CONTROL}/reset", f"{CONTROL}/events/stream", TOKEN,
    f"/{DOMAIN}/oauth2/v2.0/devicecode", f"/{DOMAIN}/oauth2/v2.0/authorize", f"/{DOMAIN}/oauth2/v2.0/logout",
    f"/{DOMAIN}/v2.0/.well-known/openid-configuration", "/v1.0/me", f"/beta/users/{ADELE_ID}/revokeSignInSessions", "/tenants",
    "/tenants/none", "/oidc/userinfo", "/_lapse/resource/x", "/devicelogin", "/" + "a" * 5000, "/%ff",
    "/nobody.example/oauth2/v2.0/token"])
def test_what_follows_a_head_is_answered_right(own, path):
    with connected(own) as connection:
        connection.sendall((f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n" + HEALTH).encode())
        with connection.makefile("rb") as stream:
            first = answer(stream, "HEAD")
            assert first.status >= 200 and first.getheader("Content-Length") is not None, first.headers
            second = answer(stream)
            assert second.status == 200 and json.loads(second.read())["status"] == "ok"


def answer(stream, method="GET"):
    """The next answer of a connection. Several are read from one stream: none may read ahead for itself."""

    class Socket:
        def makefile(self, _):
            return stream

    found = HTTPResponse(Socket(), method=method)
    found.begin()
    found.close = lambda: None
    found._close_conn = lambda: None
    return found


@pytest.mark.parametrize("lines", [
    ["Host: localhost", "Host: localhost"], ["Host: localhost", "Host: evil.example"], []])
def test_a_request_that_does_not_name_its_host_once_ends_the_connection(own, lines):
    with connected(own) as connection:
        connection.sendall((HEALTH + "\r\n".join(["GET /_lapse/api/health HTTP/1.1", *lines, "", ""]) + HEALTH).encode())
        with connection.makefile("rb") as stream:
            first = answer(stream)
            assert (first.status, json.loads(first.read())["status"]) == (200, "ok")
            second = answer(stream)
            assert (second.status, second.getheader("Connection"), second.read()) == (400, "close", b"")
            assert stream.read() == b""


@pytest.mark.parametrize("option", ["close", "Close", "foo, close"])
def test_the_answer_to_a_request_that_asks_to_close_says_so_and_is_the_last(own, option):
    with connected(own) as connection:
        asked = f"GET /_lapse/api/health HTTP/1.1\r\nHost: localhost\r\nConnection: {option}\r\n\r\n"
        connection.sendall((HEALTH + asked + HEALTH).encode())
        with connection.makefile("rb") as stream:
            first = answer(stream)
            assert (first.status, first.getheader("Connection")) == (200, None)
            first.read()
            second = answer(stream)
            assert (second.status, second.getheader("Connection")) == (200, "close")
            second.read()
            assert stream.read() == b""


@pytest.mark.parametrize("option", ["", "Connection: keep-alive\r\n", "Connection: close\r\n"])
def test_a_connection_of_an_older_http_is_for_one_request(own, option):
    with connected(own) as connection:
        connection.sendall(f"GET /_lapse/api/health HTTP/1.0\r\n{option}Host: localhost\r\n\r\n{HEALTH}".encode())
        with connection.makefile("rb") as stream:
            first = answer(stream)
            assert (first.status, first.getheader("Connection")) == (200, "close")
            assert json.loads(first.read())["status"] == "ok"
            assert stream.read() == b""


@pytest.mark.parametrize("is_secure", [False, True])
@pytest.mark.parametrize("is_reset", [False, True])
def test_a_client_that_hangs_up_in_the_middle_of_a_request_is_no_failure_of_lapse(tmp_path, launch, is_secure, is_reset):
    process = launch(tmp_path, *PORTS)
    with contextlib.ExitStack() as stack:
        connection = socket.create_connection(
            ("127.0.0.1", urlsplit(process.lapse.https if is_secure else process.lapse.http).port), timeout=TIMEOUT)
        if is_secure:
            context = ssl.create_default_context(cafile=process.lapse.ca_file)
            connection = context.wrap_socket(connection, server_hostname="localhost")
        stack.enter_context(connection)
        connection.sendall((POST + "Content-Length: 100\r\n\r\ngrant_type=").encode())
        # Its beginning has been read when a later request is answered.
        assert Wire(process.lapse).is_healthy()
        if is_reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert Wire(process.lapse).is_healthy()
    process.stop()
    assert "failed" not in (process.folder / "lapse.log").read_text()


@pytest.mark.parametrize("host", ["[::1].evil.example", "[::1]evil.example", "localhost:99999999", "localhost:0"])
def test_a_host_is_checked_as_a_whole(wire, host):
    assert wire.get("/_lapse/api/health", host=host).status == 403
    # Elsewhere it is not taken over.
    metadata = wire.get(f"/{DOMAIN}/v2.0/.well-known/openid-configuration", host=host)
    assert metadata.json()["issuer"].startswith("http://localhost/"), metadata


def test_a_port_that_there_is_not_matches_no_loopback_address(wire):
    for port, status in [("65535", 200), ("99999", 400), ("0", 400), ("080", 400)]:
        page = wire.get(
            f"/{DOMAIN}/oauth2/v2.0/authorize?client_id=bbbbbbbb-0002-4000-8000-000000000001&response_type=code"
            f"&scope=openid&redirect_uri=http%3A%2F%2Flocalhost%3A{port}%2Fcb")
        assert page.status == status, (port, page)


def test_a_token_has_no_padding(own, wire):
    token = Connection(own).sign_in(ADELE)["access_token"]
    for text, status in [(token, 200), (token + "==", 401), (token + "=", 401)]:
        for path in ("/v1.0/me", "/oidc/userinfo"):
            assert wire.get(path, headers={"Authorization": f"Bearer {text}"}).status == status


# MARK: TLS

@pytest.mark.parametrize("ciphers, version, is_taken", [
    ("ECDHE-ECDSA-AES128-GCM-SHA256", ssl.TLSVersion.TLSv1_2, True),
    ("ECDHE-ECDSA-AES256-GCM-SHA384", ssl.TLSVersion.TLSv1_2, True),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", ssl.TLSVersion.TLSv1_2, True),
    ("ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", ssl.TLSVersion.TLSv1_2, False),
    ("ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0", ssl.TLSVersion.TLSv1_2, False),
    ("ALL:!aNULL:!AESGCM:!CHACHA20:@SECLEVEL=0", ssl.TLSVersion.TLSv1_2, False),
    ("DEFAULT", ssl.TLSVersion.TLSv1_3, True)])
def test_tls_encrypts_with_authentication_alone(own, ciphers, version, is_taken):
    context = ssl.create_default_context(cafile=own.ca_file)
    context.minimum_version = context.maximum_version = version
    context.set_ciphers(ciphers)
    address = urlsplit(own.https)
    with socket.create_connection((address.hostname, address.port), timeout=TIMEOUT) as plain:
        if is_taken:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                assert secure.version() == version.name.replace("_", ".")
        else:
            with pytest.raises(ssl.SSLError, match=r"(?i)handshake.failure"):
                context.wrap_socket(plain, server_hostname="localhost")


# MARK: Many connections

@contextlib.contextmanager
def descriptors(soft):
    """How many this process may have, and what it starts."""
    old = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, old)


def pid(process):
    return json.loads((process.folder / "ready.json").read_text())["pid"]


def processor_time(number):
    with open(f"/proc/{number}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def assert_at_rest(number):
    """A loop that spins takes all that the machine gives it; one at rest takes nothing, however busy the machine is."""
    time.sleep(0.5)
    before = processor_time(number)
    time.sleep(3)
    assert processor_time(number) - before < 0.3


def test_connections_beyond_the_bound_wait_without_costing_anything(tmp_path, launch):
    process = launch(tmp_path, *HTTP_ALONE, descriptors=100)
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(connected(process.lapse)) for _ in range(120)]
        assert_at_rest(pid(process))
        # There is room for everything else.
        assert len(os.listdir(f"/proc/{pid(process)}/fd")) < 80
        # Whoever was first is answered, and the next when one leaves.
        opened[0].sendall(HEALTH.encode())
        assert opened[0].recv(12) == b"HTTP/1.1 200"
        for each in opened[:110]:
            each.close()
        opened[-1].sendall(HEALTH.encode())
        assert opened[-1].recv(12) == b"HTTP/1.1 200"
    assert Wire(process.lapse).is_healthy()


def test_lapse_takes_the_descriptors_that_it_may_have_for_itself_alone(tmp_path, launch):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with descriptors(200):
        process = launch(tmp_path, *HTTP_ALONE)
        checked = subprocess.run(
            [needs.lapse(), "check", "--grace", "PT0S", "--", "bash", "-c", "ulimit -n"], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=60, cwd=tmp_path)
    wanted = 2 * 4096 + 64
    assert resource.prlimit(pid(process), resource.RLIMIT_NOFILE)[0] == (wanted if most < 0 else min(wanted, most))
    assert checked.stderr.split()[0] == "200", checked


def test_lapse_rests_when_no_descriptor_is_left_and_goes_on_when_there_is(tmp_path, launch):
    process = launch(tmp_path, *HTTP_ALONE)
    number = pid(process)
    assert Wire(process.lapse).is_healthy()
    usual = resource.prlimit(number, resource.RLIMIT_NOFILE)
    used = 1 + max(int(name) for name in os.listdir(f"/proc/{number}/fd"))
    resource.prlimit(number, resource.RLIMIT_NOFILE, (used, usual[1]))
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(connected(process.lapse)) for _ in range(used)]
        assert_at_rest(number)
        resource.prlimit(number, resource.RLIMIT_NOFILE, usual)
        waiting[-1].sendall(HEALTH.encode())
        assert waiting[-1].recv(12) == b"HTTP/1.1 200"


POST = f"POST {TOKEN} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\n"
SLOW = [
    "GET /_lapse/api/health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    POST + "Content-Length: 131072\r\n\r\ngrant_type=refresh_token&x=",
    POST + "Transfer-Encoding: chunked\r\n\r\nfffff\r\n"]


@pytest.mark.long
def test_a_thousand_slow_clients_are_gone_after_a_minute_and_nobody_waits_for_them(tmp_path, launch):
    with descriptors(4096):
        process = launch(tmp_path, *HTTP_ALONE)
        with contextlib.ExitStack() as stack:
            slow = [stack.enter_context(connected(process.lapse)) for _ in range(1000)]
            done, redeemed, failed = Event(), [], []
            redeemer = Thread(target=redeem, args=(process.lapse, done, redeemed, failed))
            redeemer.start()
            try:
                trickle(slow)
            finally:
                done.set()
                redeemer.join()
    assert not failed, failed
    # One second apart, each over a connection of its own.
    assert len(redeemed) > 10


def redeem(lapse, done, redeemed, failed):
    try:
        token = Connection(lapse).sign_in(ADELE)["refresh_token"]
        while not done.wait(1):
            status, body = Connection(lapse).redeem(token)
            redeemed.append(status)
            if status != 200:
                failed.append(body)
    except Exception as error:
        failed.append(error)


def trickle(connections):
    """A byte each five seconds on each; all have to be answered with 408 and closed."""
    for index, connection in enumerate(connections):
        connection.setblocking(False)
        connection.sendall(SLOW[index % len(SLOW)].encode())
    answers = dict.fromkeys(connections, b"")
    living = set(connections)
    end = time.monotonic() + 75
    while living:
        assert time.monotonic() < end, f"{len(living)} of {len(connections)} are still there"
        for connection in list(living):
            try:
                connection.send(b"a")
            except BlockingIOError:
                pass
            except OSError:
                living.discard(connection)
        pause = min(5, end - time.monotonic())
        turn = time.monotonic() + pause
        while living and time.monotonic() < turn:
            for connection in list(living):
                try:
                    part = connection.recv(4096)
                    answers[connection] += part
                    if not part:
                        living.discard(connection)
                except BlockingIOError:
                    pass
                except OSError:
                    living.discard(connection)
            time.sleep(0.25)
    # Who sent a byte at that very moment may have lost the answer.
    told = [text for text in answers.values() if text]
    assert len(told) > len(connections) / 2
    assert all(text.startswith(b"HTTP/1.1 408 ") and text.endswith(b"\r\n\r\n") for text in told)
