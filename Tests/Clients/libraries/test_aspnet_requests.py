"""ASP.NET Core, Microsoft.Identity.Web and MSAL.NET, played by hand: no .NET runs here. The requests have the parameters and headers
that OpenIdConnectHandler and TokenClient write; the checks are those of OpenIdConnectProtocolValidator, AadIssuerValidator and
MsalServiceExceptionFactory."""

import base64
import hashlib
import json
import re
import secrets
import time
import uuid
from urllib.parse import urlencode

import jwt
import pytest
import requests
import yaml

import tour
from lab import ADELE, ADELE_ID, CONTOSO, DOMAIN, WEB, WEB_SECRET
from refusals import assert_revoked

SITE = "https://localhost:5001"
CALLBACK, SIGNED_OUT, SIGN_OUT = f"{SITE}/signin-oidc", f"{SITE}/signout-callback-oidc", f"{SITE}/signout-oidc"
PAGE = (tour.ROOT / "docs" / "dotnet.md").read_text()
[REGISTRATION] = yaml.safe_load(re.search(r"```yaml app\n(.*?)```", PAGE, re.DOTALL).group(1))
TELEMETRY = {"x-client-SKU": "ID_NET8_0", "x-client-ver": "8.0.1.0"}
SIGN_IN_ONLY, WITH_TOKENS = "openid profile", "openid profile offline_access User.Read User.RevokeSessions.All"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def is_ui_required(answer):
    """Whether MSAL.NET throws MsalUiRequiredException."""
    body = answer.json()
    return body["error"] == "interaction_required" or (
        body["error"] == "invalid_grant" and body.get("suberror") not in ("client_mismatch", "protection_policy_required"))


class WebApp:
    callback = CALLBACK

    def __init__(self, lapse, browser, tenant=DOMAIN, **registered):
        self.lapse, self.browser, self.secret = lapse, browser, "kestrel-secret"
        # The page's own, for each test: a reset takes it away.
        self.id = lapse.tenant("POST", "apps", REGISTRATION | {"delegated": ["User.Read", "User.RevokeSessions.All"]} | registered)["id"]
        self.metadata = self.get(f"{lapse.https}/{tenant}/v2.0/.well-known/openid-configuration")
        self.keys = self.get(self.metadata["jwks_uri"])["keys"]

    def get(self, address, **headers):
        answer = requests.get(address, headers=headers, verify=self.lapse.ca_file, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def challenge(self, response_type, scope=SIGN_IN_ONLY, **hints):
        """The address that the handler redirects to; it remembers nonce, state and verifier in cookies."""
        self.verifier = base64url(secrets.token_bytes(32))
        self.state = f"CfDJ8{secrets.token_urlsafe(300)}"
        ticks = time.time_ns() // 100 + 621_355_968_000_000_000
        self.nonce = f"{ticks}.{base64.b64encode(f'{uuid.uuid4()}{uuid.uuid4()}'.encode()).decode()}"
        proof = {"code_challenge": base64url(hashlib.sha256(self.verifier.encode()).digest()), "code_challenge_method": "S256"}
        return self.metadata["authorization_endpoint"] + "?" + urlencode({
            "client_id": self.id, "redirect_uri": self.callback, "response_type": response_type, "scope": scope,
            **(proof if response_type == "code" else {}), "response_mode": "form_post", "nonce": self.nonce, **hints,
            "client_info": "1", "x-client-brkrver": "IDWeb.3.8.4.0", "state": self.state, **TELEMETRY})

    def sign_in(self, response_type, scope=SIGN_IN_ONLY, user=ADELE, **hints):
        """What the browser posts to the app."""
        page = self.browser.open(self.challenge(response_type, scope, **hints))
        form = self.browser.form(self.browser.fill_in(page, user=user))
        assert (form.method, form.action, form.hidden["state"]) == ("post", self.callback, self.state)
        return form.hidden

    def validated(self, token, code=None):
        key = next(key for key in self.keys if key["kid"] == jwt.get_unverified_header(token)["kid"])
        claims = jwt.decode(
            token, jwt.PyJWK(key), algorithms=["RS256"], audience=self.id, options={"require": ["exp", "iat", "nbf", "iss", "aud", "sub"]})
        # The key's issuer, too: EnableAadSigningKeyIssuerValidation.
        for template in (self.metadata["issuer"], key["issuer"]):
            assert template.replace("{tenantid}", claims["tid"]) == claims["iss"]
        assert claims["nonce"] == self.nonce
        if code:
            assert claims["c_hash"] == base64url(hashlib.sha256(code.encode()).digest()[:16])
        return claims

    def token(self, form, **headers):
        form = {"client_id": self.id, "client_secret": self.secret, **form}
        address = self.metadata["token_endpoint"]
        if form["grant_type"] == "refresh_token":
            # MSAL.NET knows the account by then, and goes to its home.
            address = address.replace("/organizations/", f"/{CONTOSO}/")
        return requests.post(address, form, headers=headers, verify=self.lapse.ca_file, timeout=10)

    def msal(self, grant_type, **form):
        """As MSAL.NET asks, which wants its correlation id back."""
        correlation = str(uuid.uuid4())
        answer = self.token(
            {"scope": "offline_access openid profile User.Read User.RevokeSessions.All", "grant_type": grant_type, "client_info": "1", **form},
            **{"x-client-SKU": "MSAL.NetCore", "x-client-Ver": "4.76.0.0", "x-client-OS": "Linux", "x-client-CPU": "x64",
               "client-request-id": correlation, "return-client-request-id": "true", "x-client-current-telemetry": "5|831,2,,,|0,1,1,,",
               "x-ms-lib-capability": "retry-after, h429", "X-AnchorMailbox": f"oid:{ADELE_ID}@{CONTOSO}", "x-client-brkrver": "IDWeb.3.8.4.0"})
        assert answer.headers["client-request-id"] == correlation
        assert answer.headers["Content-Type"].startswith("application/json"), answer.text
        return answer

    def redeem(self, code):
        answer = self.msal("authorization_code", code=code, redirect_uri=CALLBACK, code_verifier=self.verifier)
        assert answer.status_code == 200, answer.text
        return answer.json()


def account(client_info):
    return json.loads(base64.urlsafe_b64decode(client_info + "=" * (-len(client_info) % 4)))


@pytest.fixture
def app(lapse, browser):
    return WebApp(lapse, browser)


@pytest.mark.parametrize("tenant", [DOMAIN, CONTOSO, "organizations", "common"])
@pytest.mark.parametrize("response_type", ["id_token", "code id_token"])
def test_the_answer_of_authorize_is_a_sign_in(lapse, browser, tenant, response_type):
    """`id_token` is the default; `code id_token` was that of early versions of Microsoft.Identity.Web, for an app with tokens."""
    app = WebApp(lapse, browser, tenant)
    posted = app.sign_in(response_type)

    claims = app.validated(posted["id_token"], posted.get("code"))
    assert (claims["oid"], claims["tid"], claims["preferred_username"]) == (ADELE_ID, CONTOSO, ADELE)
    assert account(posted["client_info"]) == {"uid": ADELE_ID, "utid": CONTOSO}
    assert ("code" in posted) == (response_type == "code id_token")
    assert not {"access_token", "refresh_token"} & set(posted)


def test_id_tokens_have_to_be_allowed(lapse, browser):
    app = WebApp(lapse, browser, idTokens=False)
    refused = browser.parameters(browser.open(app.challenge("id_token")))
    assert (refused["error"], refused["state"]) == ("unsupported_response_type", app.state)
    assert refused["error_description"].startswith("AADSTS700054: ")


@pytest.mark.parametrize(("response_type", "callback"), [("code", CALLBACK), ("code id_token", "http://localhost:5000/signin-oidc")])
def test_the_handler_redeems_the_code_and_asks_for_the_user(app, response_type, callback):
    app.callback = callback
    # .NET 9 would push its request where the metadata name an endpoint for that.
    assert "pushed_authorization_request_endpoint" not in app.metadata
    posted = app.sign_in(response_type, "openid profile offline_access")

    proof = {"code_verifier": app.verifier} if response_type == "code" else {}
    answer = app.token(
        {"code": posted["code"], "grant_type": "authorization_code", "redirect_uri": callback, **proof},
        **{"User-Agent": "Microsoft ASP.NET Core OpenIdConnect handler"})

    tokens = answer.json()
    assert answer.status_code == 200 and {"access_token", "refresh_token", "expires_in"} <= set(tokens), answer.text
    claims = app.validated(tokens["id_token"])
    if "id_token" in posted:
        assert claims["sub"] == app.validated(posted["id_token"], posted["code"])["sub"]
    assert app.get(app.metadata["userinfo_endpoint"], Authorization=f"Bearer {tokens['access_token']}")["sub"] == claims["sub"]


@pytest.mark.parametrize("tenant", [DOMAIN, "organizations"])
def test_msal_redeems_refreshes_and_wants_the_user_back_after_a_revocation(lapse, browser, tenant):
    app = WebApp(lapse, browser, tenant)
    tokens = app.redeem(app.sign_in("code", WITH_TOKENS)["code"])
    assert app.validated(tokens["id_token"])["oid"] == ADELE_ID
    assert account(tokens["client_info"]) == {"uid": ADELE_ID, "utid": CONTOSO}
    renewed = app.msal("refresh_token", refresh_token=tokens["refresh_token"]).json()
    assert set(tokens) == set(renewed) and {"User.Read", "User.RevokeSessions.All"} <= set(renewed["scope"].split())

    lapse.revoke_own_sessions(renewed["access_token"])

    refused = app.msal("refresh_token", refresh_token=renewed["refresh_token"])
    assert refused.status_code == 400 and is_ui_required(refused)
    assert_revoked(refused.json())
    # Microsoft.Identity.Web's challenge: the session of the browser is dead as well, and the name is filled in.
    hints = {"login_hint": ADELE, "domain_hint": "organizations", "X-AnchorMailbox": f"upn:{ADELE}"}
    again = app.redeem(app.sign_in("code", WITH_TOKENS, user=None, **hints)["code"])
    assert app.msal("refresh_token", refresh_token=again["refresh_token"]).status_code == 200


@pytest.mark.parametrize("has_port", [True, False])
def test_instance_discovery_knows_the_authority(lapse, app, has_port):
    host = lapse.https.removeprefix("https://")
    asked = host if has_port else host.partition(":")[0]
    found = app.get(f"{lapse.https}/common/discovery/instance?" + urlencode({
        "api-version": "1.1", "authorization_endpoint": f"https://{asked}/{CONTOSO}/oauth2/v2.0/authorize"}))
    assert app.get(found["tenant_discovery_endpoint"])["token_endpoint"] == app.metadata["token_endpoint"]
    assert [entry for entry in found["metadata"] if asked in entry["aliases"]]


def test_signing_out_of_one_app_signs_out_of_the_other(lapse, browser, app):
    other = WebApp(lapse, browser, logoutUrl="https://localhost:5003/signout-oidc")
    posted = app.sign_in("id_token")
    session = app.validated(posted["id_token"])["sid"]
    assert session == posted["session_state"]
    # Single sign-on.
    assert browser.parameters(browser.open(other.challenge("id_token")))["session_state"] == session

    page = browser.open(app.metadata["end_session_endpoint"] + "?" + urlencode({
        "post_logout_redirect_uri": SIGNED_OUT, "id_token_hint": posted["id_token"], "state": app.state, **TELEMETRY}))

    # The handler compares with the id token's claim `sid`. Its ticket has no `iss`, so it expects none.
    for address in (SIGN_OUT, "https://localhost:5003/signout-oidc"):
        assert page.text.count(f'<iframe src="{address}?sid={session}"') == 1
    assert f"frame-src {SITE} https://localhost:5003" in page.headers["Content-Security-Policy"]
    assert f"2;url={SIGNED_OUT}?{urlencode({'state': app.state})}" in page.text
    assert browser.form(browser.open(app.challenge("id_token"))).password_field


def test_the_page_registers_the_app_that_its_settings_name(at_home):
    tour.play("docs/dotnet.md", at_home.folder)
    settings = json.loads(re.search(r"```json appsettings.Development.json\n(.*?)```", PAGE, re.DOTALL).group(1))["AzureAd"]
    assert settings["Instance"] == f"{at_home.lapse.https}/"
    app = at_home.lapse.control("GET", f"/tenants/{settings['TenantId']}/apps/{settings['ClientId']}")
    assert {SITE + settings[path] for path in ("CallbackPath", "SignedOutCallbackPath")} <= set(app["redirectUris"])
    assert (settings["ClientId"], settings["ClientSecret"], app["logoutUrl"]) == (WEB, WEB_SECRET, SIGN_OUT)
