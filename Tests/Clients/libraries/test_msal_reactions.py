"""What MSAL Python makes of every code that Lapse can answer. The words that it comes to stand in docs/codes.md, row by row.

A reaction is what the app's programmer sees: `error`, MSAL's `classification` of it where it has one, and `claims` where the app has to
hand some back; a page that the person sees and the app never hears of; an exception.
"""

import re

import jwt
import msal
import pytest
import requests

import tour
from browser import Browser
from certificate import Certificate
from lab import (
    ADELE, ADELE_ID, ALEX, API, API_SCOPE, API_SECRET, DAEMON, DAEMON_SECRET, DOMAIN, FABRIKAM_DOMAIN, GRAPH_DEFAULT, GRAPH_SCOPES,
    NATIVE, PASSWORD, REDIRECT, WEB, WEB_SECRET)

SPA = "bbbbbbbb-0002-4000-8000-000000000003"
NOBODY = "bbbbbbbb-0002-4000-8000-00000000ffff"
ROWS = dict(re.findall(r"^\| (\d+) \| \w+ \| [^|]+ \| ([^|]+) \|", (tour.ROOT / "docs" / "codes.md").read_text(), re.MULTILINE))
CLAIMS = {"aud": "x", "iss": DAEMON, "sub": DAEMON, "jti": "1", "exp": 4_000_000_000}
NEVER = "MSAL never sends this"


@pytest.fixture
def lapse(lapse_on_443):
    """On port 443: MSAL's password flow knows no other."""
    return lapse_on_443


class Apps:
    """MSAL's apps, each as if it had just been started: its memory of refusals is its own."""

    def __init__(self, lapse):
        self.lapse = lapse

    def _options(self, tenant):
        return {"authority": f"https://localhost/{tenant}", "instance_discovery": False, "verify": self.lapse.ca_file}

    def public(self, client=NATIVE, tenant=DOMAIN):
        return msal.PublicClientApplication(client, **self._options(tenant))

    def in_a_browser(self):
        """A single-page app's own requests come from its origin."""
        session = requests.Session()
        session.headers["Origin"] = "http://localhost:5173"
        session.verify = self.lapse.ca_file
        return msal.PublicClientApplication(
            SPA, authority=f"https://localhost/{DOMAIN}", instance_discovery=False, http_client=session)

    def confidential(self, client, secret, tenant=DOMAIN):
        return msal.ConfidentialClientApplication(client, client_credential=secret, **self._options(tenant))

    def daemon(self, secret=DAEMON_SECRET, tenant=DOMAIN, scopes=(GRAPH_DEFAULT,)):
        return self.confidential(DAEMON, secret, tenant).acquire_token_for_client(list(scopes))

    def grant(self, client=NATIVE, scope="openid offline_access User.Read"):
        return self.lapse.tenant("POST", "grants", {"user": ADELE, "client_id": client, "scope": scope})

    def refresh(self, token, app=None, scopes=GRAPH_SCOPES):
        return (app or self.public()).acquire_token_by_refresh_token(token, scopes)

    def silent(self, event=lambda: None, scopes=GRAPH_SCOPES):
        """Signs in, lets something happen, and asks again without the user."""
        app = self.public()
        flow = app.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT)
        app.acquire_token_by_auth_code_flow(flow, Browser(self.lapse).sign_in(flow["auth_uri"], ADELE))
        event()
        return app.acquire_token_silent_with_error(scopes, app.get_accounts()[0], force_refresh=True)

    def challenged(self, code):
        return self.silent(lambda: self.lapse.tenant("PATCH", f"users/{ADELE_ID}", {"challenges": [{"code": code}]}))

    def password(self, password=PASSWORD, user=ADELE, tenant=DOMAIN):
        return self.public(tenant=tenant).acquire_token_by_username_password(user, password, GRAPH_SCOPES)

    def lifetime(self, **lifetimes):
        self.lapse.tenant("PUT", "policies", {"lifetimes": lifetimes})

    def advance(self, by):
        self.lapse.tenant("POST", "clock/advance", {"by": by})

    def code_flow(self, change=lambda flow: None, event=lambda: None):
        """A sign-in with a code, changed or interrupted on the way back."""
        app = self.public()
        flow = app.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT)
        answer = Browser(self.lapse).sign_in(flow["auth_uri"], ADELE)
        change(flow)
        event()
        return app.acquire_token_by_auth_code_flow(flow, answer)

    def redirected(self, steps, **options):
        """What the app gets from a browser that comes back with an error."""
        app = self.public()
        flow = app.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT, **options)
        return app.acquire_token_by_auth_code_flow(flow, steps(Browser(self.lapse), flow["auth_uri"]))

    def device(self, change=lambda flow: None):
        app = self.public()
        flow = app.initiate_device_flow(GRAPH_SCOPES)
        change(flow)
        # Asks once: a pending flow would be asked until it ends.
        return app.acquire_token_by_device_flow(flow, exit_condition=lambda flow: True)

    def assertion(self, registered=True, **claims):
        """A JWT of the daemon by a certificate that it has."""
        key = Certificate()
        if registered:
            self.lapse.tenant("PATCH", f"apps/{DAEMON}", {"certificates": [key.pem]})
        return key.sign({**CLAIMS, "aud": f"{self.lapse.authority}/oauth2/v2.0/token", **claims})

    def signed(self, assertion):
        return self.confidential(DAEMON, {"client_assertion": assertion}).acquire_token_for_client([GRAPH_DEFAULT])

    def on_behalf_of(self, assertion, event=lambda: None):
        event()
        return self.confidential(API, API_SECRET).acquire_token_on_behalf_of(assertion, [GRAPH_SCOPES[0]])


def twice(apps):
    """A code that was redeemed already."""
    app = apps.public()
    flow = app.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT)
    answer = Browser(apps.lapse).sign_in(flow["auth_uri"], ADELE)
    assert "access_token" in app.acquire_token_by_auth_code_flow(dict(flow), answer)
    return apps.public().acquire_token_by_auth_code_flow(flow, answer)


def two_sessions(browser, uri):
    browser.sign_in(uri.replace("prompt=none", "prompt=login"), ADELE)
    browser.sign_in(uri.replace("prompt=none", "prompt=login"), ALEX)
    return browser.parameters(browser.open(uri))


def declines(browser, uri):
    browser.sign_in(uri.replace("prompt=consent", "prompt=login"), ADELE)
    page = browser.open(uri)
    answer = browser._session.post(page.url, {"step": "decline"}, **browser._options())
    return browser.parameters(answer)


def fifteen(apps):
    apps.lapse.tenant("PUT", "policies", {"loopDetection": True})
    token = apps.grant()["refresh_token"]
    for _ in range(14):
        assert "access_token" in apps.refresh(token)
    return apps.refresh(token)


def locked(apps):
    for _ in range(10):
        apps.password("wrong")
    return apps.password()


def must_change(apps):
    admin = apps.lapse.tenant("POST", "grants", {
        "user": "admin@contoso.example", "client_id": NATIVE, "scope": "User.ReadWrite.All Directory.AccessAsUser.All"})
    answer = requests.patch(
        f"https://localhost/v1.0/users/{ADELE}", verify=apps.lapse.ca_file, timeout=10,
        headers={"Authorization": f"Bearer {admin['access_token']}"},
        json={"passwordProfile": {"password": "N3w-secret!", "forceChangePasswordNextSignIn": True}})
    assert answer.status_code == 204, answer.text
    return apps.password("N3w-secret!")


def page(apps, redirect_uri, tenant=DOMAIN):
    flow = apps.public(tenant=tenant).initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=redirect_uri)
    return Browser(apps.lapse).open(flow["auth_uri"])


def without_redirects(apps):
    apps.lapse.tenant("PATCH", f"apps/{NATIVE}", {"redirectUris": []})
    return page(apps, REDIRECT)


def of_one_tenant(apps):
    apps.lapse.tenant("PATCH", f"apps/{NATIVE}", {"signInAudience": "AzureADMyOrg"})
    return page(apps, REDIRECT, "common")


def at_another_authority(apps):
    flow = apps.public(tenant="common").initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT)
    answer = Browser(apps.lapse).sign_in(flow["auth_uri"], ADELE)
    return apps.public().acquire_token_by_auth_code_flow(flow, answer)


def for_itself(apps):
    own = "cccccccc-0003-4000-8000-000000000009"
    apps.lapse.tenant("POST", "apps", {
        "id": own, "name": "Own API", "kind": "public", "redirectUris": [REDIRECT], "delegated": ["api://own-api/work"],
        "exposes": {"uri": "api://own-api", "scopes": ["work"]}})
    token = apps.grant(own, "openid offline_access api://own-api/work")["refresh_token"]
    return apps.refresh(token, apps.public(own), ["api://own-api/work"])


def day_old(apps):
    token = apps.grant(SPA)["refresh_token"]
    apps.advance("P1D")
    return token


def expired_secret(apps):
    apps.lapse.tenant("PATCH", f"apps/{DAEMON}", {"challenges": [{"code": 7000222}]})
    return apps.daemon()


def failing(apps, status):
    return apps.silent(lambda: apps.lapse.tenant("POST", "faults", {"match": {"endpoint": "token"}, "effect": {"status": status}}))


SCENARIOS = {
    90033: lambda apps: failing(apps, 503),
    50000: lambda apps: failing(apps, 500),
    50173: lambda apps: apps.silent(lambda: apps.lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})),
    700082: lambda apps: apps.silent(lambda: apps.advance("P90D")),
    700084: lambda apps: apps.refresh(day_old(apps), apps.in_a_browser()),
    70043: lambda apps: apps.silent(lambda: (apps.lifetime(signInFrequency="PT1S"), apps.advance("PT1S"))),
    50057: lambda apps: apps.silent(lambda: apps.lapse.tenant("PATCH", f"users/{ADELE_ID}", {"accountEnabled": False})),
    500341: lambda apps: apps.silent(lambda: apps.lapse.tenant("DELETE", f"users/{ADELE_ID}")),
    50034: lambda apps: apps.password(user="nobody@contoso.example"),
    7000112: lambda apps: apps.silent(lambda: apps.lapse.tenant("PATCH", f"apps/{NATIVE}", {"enabled": False})),
    50105: lambda apps: apps.silent(lambda: apps.lapse.tenant("PATCH", f"apps/{NATIVE}", {"assignmentRequired": True})),
    50058: lambda apps: apps.redirected(lambda browser, uri: browser.parameters(browser.open(uri)), prompt="none"),
    160021: lambda apps: apps.redirected(
        lambda browser, uri: browser.parameters(browser.open(f"{uri}&sid={NOBODY}")), prompt="none"),
    16000: lambda apps: apps.redirected(two_sessions, prompt="none"),
    50076: lambda apps: apps.challenged(50076),
    50079: lambda apps: apps.challenged(50079),
    50078: lambda apps: apps.challenged(50078),
    53003: lambda apps: apps.challenged(53003),
    530003: lambda apps: apps.challenged(530003),
    50055: must_change,
    50053: locked,
    65001: lambda apps: apps.silent(
        lambda: apps.lapse.control("DELETE", f"/tenants/{DOMAIN}/consents/{ADELE}/{NATIVE}")),
    90093: lambda apps: NEVER,
    65004: lambda apps: apps.redirected(declines, prompt="consent"),
    50196: fifteen,
    50126: lambda apps: apps.password("wrong"),
    50020: lambda apps: apps.refresh(apps.grant()["refresh_token"], apps.public(tenant=FABRIKAM_DOMAIN)),
    54005: twice,
    70008: lambda apps: apps.code_flow(event=lambda: apps.advance("PT10M")),
    500112: lambda apps: apps.code_flow(lambda flow: flow.update(redirect_uri="http://localhost/callback")),
    700009: lambda apps: NEVER,
    700005: at_another_authority,
    28003: lambda apps: NEVER,
    50148: lambda apps: apps.code_flow(lambda flow: flow.update(code_verifier=None)),
    501481: lambda apps: apps.code_flow(lambda flow: flow.update(code_verifier="w" * 43)),
    50147: lambda apps: NEVER,
    50149: lambda apps: NEVER,
    9002325: lambda apps: NEVER,
    9002326: lambda apps: NEVER,
    9002327: lambda apps: apps.refresh(apps.grant(SPA)["refresh_token"], apps.public(SPA)),
    70016: lambda apps: apps.device(),
    70020: lambda apps: apps.device(lambda flow: apps.advance("PT15M")),
    70018: lambda apps: apps.device(lambda flow: flow.update(device_code="unknown")),
    50013: lambda apps: apps.on_behalf_of("a.b.c"),
    500131: lambda apps: apps.on_behalf_of(apps.grant()["access_token"]),
    500133: lambda apps: apps.on_behalf_of(
        apps.grant(scope=f"openid {API_SCOPE}")["access_token"], lambda: apps.advance("PT2H")),
    700016: lambda apps: apps.refresh(apps.grant()["refresh_token"], apps.public(NOBODY)),
    7000215: lambda apps: apps.daemon("wrong"),
    7000218: lambda apps: apps.refresh(apps.grant(WEB)["refresh_token"], apps.public(WEB)),
    7000222: expired_secret,
    50027: lambda apps: apps.signed("a.b.c"),
    5002730: lambda apps: apps.signed(jwt.encode(CLAIMS, "k" * 32, "HS256", {"x5t": "AQID"})),
    50048: lambda apps: apps.signed(apps.assertion(iss="another")),
    700021: lambda apps: apps.signed(apps.assertion(iss=WEB, sub=WEB)),
    700023: lambda apps: apps.signed(apps.assertion(aud="https://idp.example")),
    700024: lambda apps: apps.signed(apps.assertion(exp=1_700_000_000)),
    700027: lambda apps: apps.signed(apps.assertion(registered=False)),
    700025: lambda apps: apps.refresh(apps.grant()["refresh_token"], apps.confidential(NATIVE, "any")),
    70000: lambda apps: apps.refresh(apps.grant()["refresh_token"], apps.confidential(WEB, WEB_SECRET)),
    9002313: lambda apps: apps.refresh("garbage"),
    50011: lambda apps: page(apps, "http://localhost/elsewhere"),
    90102: lambda apps: page(apps, "/auth/callback"),
    500113: without_redirects,
    9002332: lambda apps: page(apps, REDIRECT, "consumers"),
    50194: of_one_tenant,
    650053: lambda apps: apps.silent(scopes=["User.Fly"]),
    70011: lambda apps: apps.silent(scopes=["https://graph.microsoft.com/"]),
    9010010: lambda apps: NEVER,
    90009: for_itself,
    500011: lambda apps: apps.silent(scopes=["api://nobody/use"]),
    28000: lambda apps: apps.silent(scopes=["User.Read", API_SCOPE]),
    1002012: lambda apps: apps.daemon(scopes=["https://graph.microsoft.com/User.Read.All"]),
    700054: lambda apps: NEVER,
    700051: lambda apps: NEVER,
    90023: lambda apps: apps.redirected(lambda browser, uri: browser.parameters(browser.open(uri)), prompt="silent"),
    70003: lambda apps: NEVER,
    900144: lambda apps: NEVER,
    9000411: lambda apps: NEVER,
    900561: lambda apps: NEVER,
    90002: lambda apps: apps.daemon(tenant="nowhere.example"),
    900023: lambda apps: apps.daemon(tenant="nowhere"),
    50059: lambda apps: apps.daemon(tenant="common"),
    9001023: lambda apps: apps.password(tenant="common"),
    50049: lambda apps: NEVER,
}


def reaction(scenario, code, apps):
    try:
        result = scenario(apps)
    except ValueError as error:
        assert "authority" in str(error), error
        return "`ValueError`: no such authority"
    except msal.exceptions.MsalServiceError as error:
        assert re.fullmatch(r"HTTP Error: 5\d\d", str(error)), error
        return "`MsalServiceError`, an exception"
    if isinstance(result, str):
        return result
    if isinstance(result, requests.Response):
        assert result.status_code == 400 and f"AADSTS{code}:" in result.text, result.text
        return "a page; the app hears nothing"
    assert "access_token" not in result, "it was not refused"
    assert f"AADSTS{code}:" in result["error_description"], result
    words = [f"`{result['error']}`"]
    if "classification" in result:
        words.append(f"classification `\"{result['classification']}\"`")
    if "claims" in result:
        words.append("`claims`")
    return ", ".join(words)


@pytest.mark.parametrize("code", SCENARIOS)
def test_the_docs_say_what_msal_makes_of(lapse, code):
    assert reaction(SCENARIOS[code], code, Apps(lapse)) == ROWS.get(str(code))


def test_every_code_of_the_docs_was_tried():
    assert {str(code) for code in SCENARIOS} == set(ROWS)
