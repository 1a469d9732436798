"""The sign-in pages in real Chromium: what people see and do, in three languages, on a phone, in the dark, with the keyboard alone."""

import http.server
import re
import threading
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

import chromium
import lab_client
from lab import ADELE, ALEX, DOMAIN, NATIVE, PASSWORD

FORM = {"Content-Type": "application/x-www-form-urlencoded"}

SCHEMES, WIDTHS = ["light", "dark"], {"desk": 1280, "phone": 320}


@pytest.fixture(scope="module")
def app():
    """The app at its redirect URI: it takes whatever comes, and remembers it."""
    came = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            if self.path.startswith("/cb"):
                came.append((self.command, self.path, body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"the app")

        do_POST = do_GET

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.came, server.address = came, f"http://localhost:{server.server_port}/cb"
    yield server
    server.shutdown()


@pytest.fixture
def visit(lapse, chrome):
    """A page of a new profile."""
    contexts = []

    def visit(**options):
        contexts.append(chrome.new_context(**options))
        return contexts[-1].new_page()

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture
def authorize(lapse, app):
    def address(**more):
        query = {"client_id": NATIVE, "response_type": "code", "redirect_uri": app.address, "scope": "openid User.Read",
                 "state": "s"} | more
        return f"{lapse.authority}/oauth2/v2.0/authorize?{urlencode(query)}"

    return address


def sign_in(page, user=ADELE, password=PASSWORD, stay=False):
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password", exact=True).fill(password)
    if stay:
        page.get_by_label("Stay signed in").check()
    page.get_by_role("button", name="Sign in").click()


def answer(page):
    """What the app got at its redirect URI."""
    page.wait_for_url("**/cb?*")
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_a_new_password_answers_the_challenge_that_it_has_expired(lapse, authorize, visit):
    page, contoso = visit(), lab_client.Tenant(lapse)
    contoso.control("PATCH", f"/users/{ADELE}", {"challenges": [{"code": 50055}, {"code": 50076, "on": ["refresh"]}]})
    page.goto(authorize())
    assert page.get_by_label("New password").count() == 0
    sign_in(page)
    assert "The password has expired. Choose a new one." in page.get_by_role("alert").inner_text()
    chromium.assert_accessible(page)
    # The old one again is no new one.
    page.get_by_label("New password").fill(PASSWORD)
    sign_in(page)
    page.get_by_label("New password").fill("An0ther-passw0rd")
    sign_in(page)
    assert "code" in answer(page)
    assert contoso.control("GET", f"/users/{ADELE}")["challenges"] == [{"code": 50076, "on": ["refresh"]}]
    assert [each["cause"] for each in contoso.control("GET", f"/revocations?user={ADELE}")["items"]] == ["passwordChange"]
    visitor = visit()
    visitor.goto(authorize())
    sign_in(visitor)
    assert "The user name or the password is wrong." in visitor.get_by_role("alert").inner_text()
    sign_in(visitor, password="An0ther-passw0rd")
    assert "code" in answer(visitor)


def test_consent_is_asked_for_in_sentences(authorize, visit):
    page = visit(locale="es")
    page.goto(authorize(prompt="consent", scope="openid offline_access User.Read"))
    page.locator("[name=login]").fill(ADELE)
    page.locator("[name=passwd]").fill(PASSWORD)
    page.locator("button.main").click()
    assert page.get_by_role("listitem").all_inner_texts() == [
        "Saber quién es usted (openid)", "Conservar este acceso cuando usted no esté (offline_access)",
        "Iniciar su sesión y leer su perfil (User.Read)"]


def test_a_device_is_signed_in_by_whoever_is_trying_to(lapse, visit):
    page = visit()
    for _ in range(2):
        started = lab_client.Tenant(lapse).send("POST", f"/{DOMAIN}/oauth2/v2.0/devicecode", f"client_id={NATIVE}&scope=openid", **FORM).json()
        page.goto(f"{lapse.https}/devicelogin")
        page.get_by_label("Code").fill(started["user_code"])
        page.get_by_role("button", name="Next").click()
        assert page.get_by_text("Are you trying to sign in to Lapse Native?").is_visible()
        assert page.get_by_text("Go on only if you started this yourself.").is_visible()
        chromium.assert_accessible(page)
        if page.get_by_label("User name").count():
            sign_in(page)
        else:
            page.get_by_role("button", name="Adele").click()
        assert page.get_by_role("heading", level=1).inner_text() == "You are signed in"


def test_a_wrong_password_a_right_one_and_single_sign_on(lapse, authorize, visit):
    page = visit()
    page.goto(authorize())
    sign_in(page, password="wrong")
    assert "The user name or the password is wrong." in page.get_by_role("alert").inner_text()
    assert page.get_by_label("User name").input_value() == ADELE
    chromium.assert_accessible(page)
    sign_in(page)
    assert set(answer(page)) == {"code", "state", "session_state"}
    page.goto(authorize(prompt="none"))
    assert "code" in answer(page)


def test_the_keyboard_alone_signs_in(lapse, authorize, visit):
    page = visit()
    page.goto(authorize())
    assert chromium.focus_order(page)[:5] == ["User name", "Password", "Stay signed in", "Sign in", "Use a security key"]
    page.reload()
    # The browser moves the focus there when it first draws the page: nobody types before.
    page.locator("[name=login]:focus").wait_for()
    page.keyboard.type(ADELE)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    assert "code" in answer(page)


def test_the_picker_and_another_account(lapse, authorize, visit):
    page = visit()
    page.goto(authorize())
    sign_in(page)
    page.goto(authorize(prompt="select_account"))
    page.get_by_role("button", name="Use another account").click()
    sign_in(page, ALEX)
    answer(page)
    page.goto(authorize())
    assert page.get_by_role("heading", level=1).inner_text() == "Pick an account"
    chromium.assert_accessible(page)
    page.get_by_role("button", name=re.compile(ADELE)).click()
    assert "code" in answer(page)


@pytest.mark.parametrize("stay", [True, False])
def test_a_session_stays_when_the_browser_is_closed_or_does_not(lapse, authorize, tmp_path, stay):
    steps = [("fill", "[name=login]", ADELE), ("fill", "[name=passwd]", PASSWORD), *([("check", "[name=kmsi]", "")] if stay else []),
             ("click", "button.main", "")]
    first = chromium.in_profile(tmp_path, lapse.ca_file, tmp_path / "profile", authorize(), steps)
    assert "code=" in first
    again = chromium.in_profile(tmp_path, lapse.ca_file, tmp_path / "profile", authorize(prompt="none"))
    assert ("code=" in again) == stay, again
    assert ("error=login_required" in again) != stay


def test_a_revoked_cookie_leads_to_the_page(lapse, authorize, visit):
    page = visit()
    page.goto(authorize())
    sign_in(page)
    answer(page)
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
    page.goto(authorize(prompt="none"))
    assert answer(page)["error"] == "login_required"
    page.goto(authorize())
    assert page.get_by_label("User name").input_value() == ADELE
    sign_in(page)
    assert "code" in answer(page)


def test_consent_given_and_refused(lapse, authorize, visit):
    page = visit()
    page.goto(authorize())
    sign_in(page)
    answer(page)
    page.goto(authorize(prompt="consent"))
    assert page.get_by_role("listitem").all_inner_texts() == [
        "Know who you are (openid)", "Sign you in and read your profile (User.Read)"]
    chromium.assert_accessible(page)
    page.get_by_role("button", name="Cancel").click()
    assert answer(page)["error"] == "access_denied"
    page.goto(authorize(prompt="consent"))
    page.get_by_role("button", name="Accept").click()
    assert "code" in answer(page)


def test_a_device_code(lapse, authorize, visit, new_native_app):
    flow = new_native_app().initiate_device_flow(scopes=["User.Read"])
    page = visit()
    page.goto(flow["verification_uri"])
    chromium.assert_accessible(page)
    page.get_by_label("Code").fill("WRONG1234")
    page.get_by_role("button", name="Next").click()
    assert "That code is wrong" in page.get_by_role("alert").inner_text()
    page.get_by_label("Code").fill(flow["user_code"].lower())
    page.get_by_role("button", name="Next").click()
    sign_in(page)
    assert page.get_by_role("heading", level=1).inner_text() == "You are signed in"
    assert "access_token" in new_native_app().acquire_token_by_device_flow(flow)


def test_form_post_and_fragment(lapse, authorize, visit, app):
    page = visit()
    page.goto(authorize(response_mode="form_post"))
    sign_in(page)
    page.wait_for_url("**/cb")
    method, path, body = app.came[-1]
    assert (method, path) == ("POST", "/cb") and "code=" in body
    page.goto(authorize(response_mode="fragment"))
    page.wait_for_url("**/cb#*")


def test_signing_out_ends_it(lapse, authorize, visit):
    page = visit()
    page.goto(authorize())
    sign_in(page)
    answer(page)
    page.goto(f"{lapse.authority}/oauth2/v2.0/logout")
    assert page.get_by_role("heading", level=1).inner_text() == "Pick an account"
    chromium.assert_accessible(page)
    page.get_by_role("button", name="Adele").click()
    assert page.get_by_role("heading", level=1).inner_text() == "You signed out of your account"
    chromium.assert_accessible(page)
    page.goto(authorize(prompt="none"))
    assert answer(page)["error"] == "login_required"


LANGUAGES = [
    ({"locale": "es-MX"}, {}, "es", "Iniciar sesión", "El nombre de usuario o la contraseña no son correctos."),
    ({"locale": "pt-BR"}, {}, "pt-BR", "Entrar", "O nome de usuário ou a senha está errada."),
    ({"locale": "pt-PT"}, {}, "pt-PT", "Iniciar sessão", "O nome de utilizador ou a palavra-passe estão errados."),
    ({"locale": "pt-AO"}, {}, "pt-PT", "Iniciar sessão", "O nome de utilizador ou a palavra-passe estão errados."),
    ({"locale": "de-DE"}, {}, "en", "Sign in", "The user name or the password is wrong."),
    ({"locale": "en-US"}, {"ui_locales": "fr pt-PT en"}, "pt-PT", "Iniciar sessão", "O nome de utilizador ou a palavra-passe estão errados."),
]


@pytest.mark.parametrize("options, query, tag, heading, reason", LANGUAGES)
def test_the_language_of_the_person(lapse, authorize, visit, options, query, tag, heading, reason):
    page = visit(**options)
    page.goto(authorize(**query))
    assert page.locator("html").get_attribute("lang") == tag
    assert page.get_by_role("heading", level=1).inner_text() == heading
    page.locator("[name=login]").fill(ADELE)
    page.locator("[name=passwd]").fill("wrong")
    page.locator("button.main").click()
    assert reason in page.get_by_role("alert").inner_text()
    assert "AADSTS50126" in page.get_by_role("alert").inner_text()
    chromium.assert_accessible(page)


def pages(lapse, authorize, page):
    """Each page that a person can come to, one after the other."""
    page.goto(authorize())
    yield "signin"
    page.locator("[name=login]").fill(ADELE)
    page.locator("[name=passwd]").fill("wrong")
    page.locator("button.main").click()
    yield "wrong-password"
    page.locator("[name=passwd]").fill(PASSWORD)
    page.locator("button.main").click()
    answer(page)
    page.goto(authorize(prompt="select_account"))
    yield "picker"
    page.goto(authorize(prompt="consent"))
    yield "consent"
    page.goto(f"{lapse.https}/devicelogin")
    yield "device"
    page.goto(authorize(redirect_uri="http://localhost/elsewhere"))
    yield "error"
    page.goto(f"{lapse.https}/error?code=50173")
    yield "code"
    page.goto(f"{lapse.https}/nothing/here")
    yield "not-found"
    page.goto(f"{lapse.authority}/oauth2/v2.0/logout")
    yield "sign-out"
    page.goto(f"{lapse.authority}/oauth2/v2.0/logout?logout_hint={ADELE}")
    yield "signed-out"


@pytest.mark.parametrize("language", ["en", "es", "pt", "pt-PT"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_page_fits_and_can_be_read(lapse, authorize, visit, scheme, width, language):
    page = visit(color_scheme=scheme, viewport={"width": WIDTHS[width], "height": 640}, locale=language)
    for name in pages(lapse, authorize, page):
        assert page.evaluate(chromium.AUDIT) == [], name
        assert "Lapse" in page.locator("footer").inner_text(), f"{name} does not say whose it is"


def test_no_page_takes_a_script_or_style_from_elsewhere(lapse, authorize, visit, app):
    page = visit()
    asked, refused = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" and "Security Policy" in message.text else None)
    for _ in pages(lapse, authorize, page):
        pass
    assert {urlsplit(url).netloc for url in asked} <= {urlsplit(lapse.https).netloc, urlsplit(app.address).netloc}
    assert refused == []
