"""MSAL Python, confidential clients: a web app, a daemon, and an API that calls on behalf of its caller."""

import msal
import pytest

from lab import (
    ADELE, ADELE_ID, ALEX, API, API_SCOPE, API_SECRET, DAEMON, DAEMON_SECRET, FABRIKAM_DOMAIN, GRAPH_DEFAULT, GRAPH_SCOPES,
    NESTOR, NESTOR_IN_CONTOSO_ID, REDIRECT, WEB, WEB_SECRET,
)
from msal_app import refresh
from refusals import assert_revoked

USER_READ = ["https://graph.microsoft.com/User.Read"]


@pytest.fixture
def new_confidential_app(lapse):
    def new(client_id, secret, cache=None):
        return msal.ConfidentialClientApplication(
            client_id, client_credential=secret, authority=lapse.authority, instance_discovery=False, verify=lapse.ca_file,
            token_cache=cache)

    return new


@pytest.fixture
def web(new_confidential_app):
    return new_confidential_app(WEB, WEB_SECRET)


@pytest.fixture
def daemon(new_confidential_app):
    return new_confidential_app(DAEMON, DAEMON_SECRET)


@pytest.fixture
def api(new_confidential_app):
    return new_confidential_app(API, API_SECRET)


def sign_in(web, browser, user):
    flow = web.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT)
    result = web.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"], user))
    assert "access_token" in result, result
    return result


# The web app


def test_a_web_app_signs_in_refreshes_and_is_refused_after_a_revocation(lapse, web, browser):
    token = sign_in(web, browser, ADELE)["access_token"]
    assert "access_token" in refresh(web)

    lapse.revoke_own_sessions(token)

    assert_revoked(refresh(web))


def test_a_changed_password_leaves_the_web_apps_refresh_token_alive(
        lapse, web, browser, new_native_app, sign_in_with_device_code):
    """Microsoft's matrix: tokens of confidential clients survive it, those of public clients do not."""
    native = new_native_app()
    sign_in(web, browser, ADELE)
    sign_in_with_device_code(native, GRAPH_SCOPES, ADELE)

    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "passwordChange", "newPassword": "An0ther-secret!"})

    assert "access_token" in refresh(web)
    assert_revoked(refresh(native))


def test_a_wrong_secret_is_no_client(new_confidential_app, browser):
    impostor = new_confidential_app(WEB, "not the secret of the app")
    flow = impostor.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT)
    result = impostor.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"], ADELE))
    assert (result["error"], result["error_codes"]) == ("invalid_client", [7000215])


# The daemon


def test_a_daemon_gets_a_token_once_and_lists_users_with_it(lapse, daemon):
    first = daemon.acquire_token_for_client([GRAPH_DEFAULT])
    again = daemon.acquire_token_for_client([GRAPH_DEFAULT])
    assert (first["token_source"], again["token_source"]) == ("identity_provider", "cache")
    # An application has no user whose sign-in could be revoked, and so no refresh token.
    assert "refresh_token" not in first

    users = lapse.graph("GET", "users", first["access_token"])
    assert {ADELE, ALEX} <= {user["userPrincipalName"] for user in users.json()["value"]}


@pytest.mark.parametrize("name", [ADELE, ADELE_ID])
def test_a_daemon_revokes_a_user_by_name_or_id(lapse, daemon, name, new_native_app, sign_in_with_device_code):
    app = new_native_app()
    sign_in_with_device_code(app, GRAPH_SCOPES, ADELE)

    token = daemon.acquire_token_for_client([GRAPH_DEFAULT])["access_token"]
    answer = lapse.graph("POST", f"users/{name}/revokeSignInSessions", token)

    assert (answer.status_code, answer.json()["value"]) == (200, True), answer.text
    assert_revoked(refresh(app))


def test_revoking_a_guest_says_true_and_does_nothing_until_the_home_tenant_revokes(
        lapse, daemon, new_native_app, sign_in_with_device_code):
    app = new_native_app()
    sign_in_with_device_code(app, GRAPH_SCOPES, NESTOR)

    token = daemon.acquire_token_for_client([GRAPH_DEFAULT])["access_token"]
    answer = lapse.graph("POST", f"users/{NESTOR_IN_CONTOSO_ID}/revokeSignInSessions", token)
    assert (answer.status_code, answer.json()["value"]) == (200, True), answer.text
    assert "access_token" in refresh(app)

    lapse.control("POST", f"/tenants/{FABRIKAM_DOMAIN}/revocations", {"user": NESTOR, "cause": "adminRevoke"})
    assert_revoked(refresh(app))


def test_a_revoked_user_does_not_stop_a_daemon(lapse, daemon):
    token = daemon.acquire_token_for_client([GRAPH_DEFAULT])["access_token"]
    lapse.graph("POST", f"users/{ADELE_ID}/revokeSignInSessions", token)

    daemon.remove_tokens_for_client()

    assert daemon.acquire_token_for_client([GRAPH_DEFAULT])["token_source"] == "identity_provider"


# The API in the middle


def test_an_api_calls_graph_on_behalf_of_its_caller(lapse, api, new_native_app, sign_in_with_device_code):
    assertion = sign_in_with_device_code(new_native_app(), [API_SCOPE], ADELE)["access_token"]

    result = api.acquire_token_on_behalf_of(assertion, USER_READ)

    assert "access_token" in result, result
    assert lapse.graph("GET", "me", result["access_token"]).json()["id"] == ADELE_ID


def test_an_api_is_refused_when_its_callers_sign_in_was_revoked(lapse, api, new_native_app, sign_in_with_device_code):
    assertion = sign_in_with_device_code(new_native_app(), [API_SCOPE], ADELE)["access_token"]
    assert "access_token" in api.acquire_token_on_behalf_of(assertion, USER_READ)

    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})

    # The assertion is still good until it expires; the sign-in behind it is not. MSAL looks into no cache here.
    assert_revoked(api.acquire_token_on_behalf_of(assertion, USER_READ))


def test_the_refresh_token_that_an_api_got_on_behalf_of_a_user_dies_with_the_users_sign_in(
        lapse, api, new_native_app, sign_in_with_device_code):
    # The lab's API is registered for on-behalf-of alone: that flow's refresh tokens are its own.
    assertion = sign_in_with_device_code(new_native_app(), [API_SCOPE], ADELE)["access_token"]
    api.acquire_token_on_behalf_of(assertion, USER_READ)
    assert "access_token" in refresh(api, USER_READ)

    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})

    assert_revoked(refresh(api, USER_READ))


def test_a_token_for_graph_is_no_assertion_for_the_api(api, new_native_app, sign_in_with_device_code):
    token = sign_in_with_device_code(new_native_app(), GRAPH_SCOPES, ADELE)["access_token"]
    result = api.acquire_token_on_behalf_of(token, USER_READ)
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [500131])
