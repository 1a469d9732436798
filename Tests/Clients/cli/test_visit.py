"""`lapse visit`: a person with a browser at web apps of several kinds, each of which keeps its own session in a cookie."""

import contextlib
import http.server
import ssl
import subprocess
import threading
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

import needs
from lab import ADELE, ALEX, DOMAIN, NATIVE

SIGNED_IN = "session=of-the-app"


class App(http.server.BaseHTTPRequestHandler):
    """A web app with a page for each way of asking its user to sign in. `authority` and `seen` are its server's."""

    def log_message(self, *_):
        pass

    @property
    def own(self):
        return f"http://localhost:{self.server.server_port}"

    def answer(self, status, body="", **headers):
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def authorize(self, mode):
        return f"{self.server.authority}/oauth2/v2.0/authorize?" + urlencode({
            "client_id": NATIVE, "response_type": "code", "redirect_uri": f"{self.own}/cb", "scope": "openid User.Read",
            "response_mode": mode, "state": "here", "code_challenge": "a" * 43, "code_challenge_method": "plain"})

    def signed_in(self, fields):
        self.server.seen.append((self.command, fields))
        self.answer(302, Location="/me", Set_Cookie=f"{SIGNED_IN}; HttpOnly; SameSite=Lax; Path=/")

    def do_GET(self):
        path = urlsplit(self.path).path
        self.server.paths.append(path)
        knows = SIGNED_IN in (self.headers["Cookie"] or "")
        match path:
            case "/me" if knows:
                self.answer(200, "<title>Me</title><h1>Hello,\n Adele &amp; friends</h1><script>let no = 'page';</script><a href=/logout>Sign out</a>")
            case "/me" | "/query":
                self.answer(302, Location=self.authorize("query"))
            case "/form-post":
                self.answer(302, Location=self.authorize("form_post"))
            case "/cb":
                self.signed_in(parse_qs(urlsplit(self.path).query))
            case "/welcome":
                self.answer(200, "<p>You are a stranger. <a class='b' href='/about'>About</a> <A HREF=/query>Sign in</A>")
            case "/button":
                self.answer(401, "<form method=post action='/start'><input type=hidden name=csrf value='a&quot;b'>"
                            "<button name=with value=entra>Log in</button></form>")
            case "/marked":
                self.answer(200, "<a href='/query' data-testid='sign-in'>Los geht's</a>")
            case "/meta":
                self.answer(200, "<meta http-equiv=refresh content='0; url=/query'><p>One moment")
            case "/elsewhere":
                # Another host: what it sets is not for this one.
                self.answer(302, Location=f"http://127.0.0.1:{self.server.server_port}/query", Set_Cookie="only=localhost")
            case "/round":
                self.answer(302, Location="/and-round")
            case "/and-round":
                self.answer(302, Location="/round")
            case "/broken":
                self.answer(500, "<h1>Internal Server Error</h1>")
            case "/plain":
                self.answer(200, "just words", Content_Type="text/plain")
            case "/to-nowhere":
                self.answer(302, Location="mailto:somebody")
            case _:
                self.answer(404, "Not here")

    def do_POST(self):
        fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.paths.append(self.path)
        match self.path:
            case "/cb":
                self.signed_in(fields)
            case "/start" if fields == {"csrf": ['a"b'], "with": ["entra"]}:
                self.answer(303, Location=self.authorize("query"))
            case _:
                self.answer(400, f"Not this: {fields}")


@contextlib.contextmanager
def served(authority, context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), App)
    server.authority, server.seen, server.paths = authority, [], []
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def app(lapse):
    with served(lapse.authority) as server:
        yield server


@pytest.fixture
def visit(lapse, app, tmp_path):
    def visit(path, *options):
        address = path if "://" in path else f"http://localhost:{app.server_port}{path}"
        return subprocess.run(
            [needs.lapse(), "visit", address, "--server", lapse.https, "--ca", lapse.ca_file, *options], cwd=tmp_path,
            capture_output=True, text=True, timeout=60)
    return visit


@pytest.mark.parametrize("path", ["/me", "/query", "/form-post", "/welcome", "/button", "/marked", "/meta", "/elsewhere"])
def test_a_person_signs_in_however_the_app_asks_and_sees_its_page(visit, app, path):
    done = visit(path)
    place = f"http://localhost:{app.server_port}/me"
    assert (done.returncode, done.stderr) == (0, ""), (done.stdout, done.stderr)
    assert done.stdout == f'{ADELE} signed in and sees {place} (200): "Hello, Adele & friends Sign out"\n'
    [(method, fields)] = app.seen
    assert fields["code"] and fields["state"] == ["here"] and method == ("POST" if path == "/form-post" else "GET")


def test_a_person_who_is_signed_in_stays_so_from_one_command_to_the_next(visit, app, tmp_path):
    assert "signed in and sees" in visit("/me", "--cookies", "jar").stdout
    assert (tmp_path / "jar").stat().st_mode & 0o077 == 0
    assert visit("/me", "--cookies", "jar").stdout.startswith(f"{ADELE} sees http://localhost:")
    # The app has forgotten its user, and Lapse's own cookie leads back without a password.
    (tmp_path / "jar").write_text((tmp_path / "jar").read_text().replace("of-the-app", "of-nobody"))
    assert visit("/me", "--cookies", "jar").stdout.startswith(f"{ADELE} sees http://localhost:")
    assert len(app.seen) == 2


def test_another_person_and_a_wrong_password(visit, app, lapse):
    assert visit("/me", "--user", ALEX).stdout.startswith(f"{ALEX} signed in and sees")
    done = visit("/me", "--password", "wrong")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("lapse: the sign-in was refused: AADSTS50126: ") and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(("path", "said"), [
    ("/round", "leads from page to page and never to one that stays; the last was http://localhost:"),
    ("/broken", '/broken was answered 500: "Internal Server Error"'),
    ("/nothing", '/nothing was answered 404: "Not here"'),
    ("/to-nowhere", "/to-nowhere leads to 'mailto:somebody', which is not an address of HTTP"),
    ("http://localhost:1/", "cannot reach http://localhost:1; is anything listening there?"),
])
def test_what_shows_no_page_is_told_in_one_line(visit, app, path, said):
    done = visit(path)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("lapse: ") and said in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
    assert len(app.paths) <= 25


def test_a_server_without_tls_or_with_a_certificate_of_nobody(visit, app, lapse, tmp_path):
    done = visit(f"https://localhost:{app.server_port}/me")
    assert done.returncode == 1 and "it does not answer in TLS" in done.stderr
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", "key.pem", "-out", "cert.pem"], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with served(lapse.authority, context) as secure:
        done = visit(f"https://localhost:{secure.server_port}/me")
        assert done.returncode == 1 and "its certificate is not trusted" in done.stderr, done.stderr
        assert secure.paths == []


def test_what_the_page_has_to_say(visit, app):
    assert visit("/me", "--expect", "Hello,  Adele").returncode == 0
    done = visit("/me", "--expect", "Hello, Alex")
    assert done.returncode == 1 and 'does not say "Hello, Alex" but "Hello, Adele' in done.stderr
    done = visit("/me", "--expect", "Hello, Alex", "--every", "PT0.01S", "--times", "3")
    assert done.returncode == 4 and len(done.stdout.splitlines()) == 3
    done = visit("/me", "--expect", "Adele", "--every", "PT0.01S", "--times", "3")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 1


def test_it_comes_again(visit, app):
    done = visit("/me", "--every", "PT0.01S", "--times", "3")
    assert done.returncode == 0
    assert [line.split(" (200)")[0].rpartition(" ")[0] for line in done.stdout.splitlines()] == [
        f"{ADELE} signed in and sees", f"{ADELE} sees", f"{ADELE} sees"]
    done = visit("/broken", "--every", "PT0.01S", "--times", "2")
    assert done.returncode == 1 and done.stdout.count("was answered 500") == 2


def test_words_that_are_no_markup(visit):
    assert visit("/plain").stdout.endswith('/plain (200): "just words"\n')


def test_the_code_of_a_device(visit, lapse):
    answer = requests.post(
        f"{lapse.authority}/oauth2/v2.0/devicecode", {"client_id": NATIVE, "scope": "User.Read"}, verify=lapse.ca_file).json()
    done = visit(answer["verification_uri"])
    assert done.returncode == 1 and "asks for the code of a device: --code CODE gives it" in done.stderr
    done = visit(answer["verification_uri"], "--code", "NOSUCHCODE")
    assert done.returncode == 1 and "the code was refused" in done.stderr
    done = visit(answer["verification_uri"], "--code", answer["user_code"])
    assert done.returncode == 0 and "signed in and sees" in done.stdout, done.stderr
    redeemed = requests.post(f"{lapse.authority}/oauth2/v2.0/token", {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": NATIVE, "device_code": answer["device_code"]},
        verify=lapse.ca_file)
    assert redeemed.status_code == 200, redeemed.text


def test_mistakes_are_told_before_anything_is_done(visit, app):
    for options, said in [
        (["--times", "0"], "--times must be at least 1"), (["--every", "soon"], "must be a duration such as"),
        (["--expect", ""], "--expect must not be empty"),
    ]:
        done = visit("/me", *options)
        assert done.returncode == 64 and said in done.stderr, done.stderr
    assert visit("ftp://localhost/").returncode == 64
    assert app.paths == []


def test_it_stands_in_the_help():
    said = subprocess.run([needs.lapse(), "--help"], capture_output=True, text=True).stdout
    assert "  visit " in said
    assert DOMAIN not in said
