"""MSAL Python, public client, authorization code with PKCE through the real sign-in page."""

import msal
import pytest

from browser import Browser
from lab import ADELE, ADELE_ID, ALEX, CONTOSO, GRAPH_SCOPES, NATIVE, REDIRECT
from msal_app import refresh
from refusals import assert_revoked


@pytest.fixture
def app(new_native_app):
    return new_native_app()


def start(app, **options):
    """MSAL adds state, nonce and the PKCE challenge by itself."""
    return app.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT, **options)


def test_a_user_signs_in_and_the_app_learns_who_it_is(app, browser):
    flow = start(app)
    result = app.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"], ADELE))

    assert "access_token" in result, result
    claims = result["id_token_claims"]
    assert (claims["preferred_username"], claims["oid"], claims["tid"]) == (ADELE, ADELE_ID, CONTOSO)
    account = app.get_accounts()[0]
    assert (account["username"], account["home_account_id"]) == (ADELE, f"{ADELE_ID}.{CONTOSO}")


def test_the_answer_may_come_as_a_form_post(app, browser):
    flow = start(app, response_mode="form_post")
    result = app.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"], ADELE))
    assert result["id_token_claims"]["oid"] == ADELE_ID


def test_silent_calls_take_the_cache_first_and_refresh_when_told(app, browser):
    flow = start(app)
    first = app.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"], ADELE))

    cached = app.acquire_token_silent(GRAPH_SCOPES, app.get_accounts()[0])
    renewed = refresh(app)

    assert (cached["token_source"], cached["access_token"]) == ("cache", first["access_token"])
    assert renewed["token_source"] == "identity_provider"


def test_a_login_hint_fills_in_the_user_name(app, browser):
    flow = start(app, login_hint=ADELE)
    page = browser.open(flow["auth_uri"])
    assert browser.form(page).user_name == ADELE

    answer = browser.parameters(browser.fill_in(page))
    assert app.acquire_token_by_auth_code_flow(flow, answer)["id_token_claims"]["preferred_username"] == ADELE


def test_a_wrong_password_shows_the_form_again_with_the_name_kept(app, browser):
    page = browser.open(start(app)["auth_uri"])
    again = browser.fill_in(page, user=ADELE, password="not the password")

    assert browser.form(again).user_name == ADELE
    assert browser.parameters(browser.fill_in(again))["code"]


def test_a_browser_that_is_signed_in_needs_no_form_unless_the_app_says_prompt_login(app, browser):
    browser.sign_in(start(app)["auth_uri"], ADELE)

    flow = start(app)
    silent = browser.parameters(browser.open(flow["auth_uri"]))
    assert "access_token" in app.acquire_token_by_auth_code_flow(flow, silent)

    flow = start(app, prompt="login")
    answer = browser.sign_in(flow["auth_uri"], ALEX)
    assert app.acquire_token_by_auth_code_flow(flow, answer)["id_token_claims"]["preferred_username"] == ALEX


@pytest.mark.parametrize("stay_signed_in", [False, True])
def test_a_revocation_ends_the_browsers_session_too(lapse, app, browser, stay_signed_in):
    flow = start(app)
    answer = browser.sign_in(flow["auth_uri"], ADELE, stay_signed_in=stay_signed_in)
    token = app.acquire_token_by_auth_code_flow(flow, answer)["access_token"]
    flow = start(app, prompt="none")
    assert "code" in browser.parameters(browser.open(flow["auth_uri"]))

    lapse.revoke_own_sessions(token)

    flow = start(app, prompt="none")
    refused = app.acquire_token_by_auth_code_flow(flow, browser.parameters(browser.open(flow["auth_uri"])))
    assert refused["error"] == "login_required", refused
    # Without prompt=none the user sees the sign-in page again.
    assert browser.form(browser.open(start(app)["auth_uri"])).password_field


def test_a_revoked_refresh_token_is_refused_until_the_user_signs_in_again(lapse, app, browser):
    flow = start(app)
    token = app.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"], ADELE))["access_token"]
    lapse.revoke_own_sessions(token)
    assert_revoked(refresh(app))

    flow = start(app, login_hint=ADELE)
    app.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"]))
    assert "access_token" in refresh(app)


def test_a_code_made_before_the_revocation_is_refused_after_it(lapse, app, browser):
    flow = start(app)
    answer = browser.sign_in(flow["auth_uri"], ADELE)

    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})

    assert_revoked(app.acquire_token_by_auth_code_flow(flow, answer))


def test_a_code_works_once_and_only_with_its_verifier(app, browser):
    flow = start(app)
    answer = browser.sign_in(flow["auth_uri"], ADELE)

    stolen = app.acquire_token_by_auth_code_flow({**flow, "code_verifier": "x" * 43}, answer)
    assert stolen["error"] == "invalid_grant", stolen

    flow = start(app)
    answer = browser.parameters(browser.open(flow["auth_uri"]))
    assert "access_token" in app.acquire_token_by_auth_code_flow(flow, answer)
    assert app.acquire_token_by_auth_code_flow(flow, answer)["error_codes"] == [54005]


def test_the_answer_reaches_a_client_that_takes_the_metadata_as_plain_openid_connect(lapse, browser):
    """`oidc_authority` is MSAL's way to a provider that is not Microsoft's: it checks the issuer."""
    app = msal.PublicClientApplication(NATIVE, oidc_authority=f"{lapse.https}/{CONTOSO}/v2.0", verify=lapse.ca_file)
    flow = start(app)
    result = app.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"], ADELE))

    assert result["id_token_claims"]["iss"] == f"{lapse.https}/{CONTOSO}/v2.0"
    assert "access_token" in refresh(app)


@pytest.mark.parametrize("tenant", ["organizations", "common"])
def test_an_app_of_any_directory_finds_the_users_own(lapse, browser, tenant):
    app = msal.PublicClientApplication(
        NATIVE, authority=f"{lapse.https}/{tenant}", instance_discovery=False, verify=lapse.ca_file)
    flow = start(app)
    result = app.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"], ADELE))

    assert result["id_token_claims"]["tid"] == CONTOSO
    assert "access_token" in refresh(app)
    lapse.revoke_own_sessions(result["access_token"])
    assert_revoked(refresh(app))


def test_two_browsers_of_one_user_are_both_signed_out_by_a_revocation(lapse, app):
    office, home = Browser(lapse), Browser(lapse)
    for browser in (office, home):
        browser.sign_in(start(app)["auth_uri"], ADELE)

    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})

    for browser in (office, home):
        answer = browser.parameters(browser.open(start(app, prompt="none")["auth_uri"]))
        assert answer["error"] == "login_required"
