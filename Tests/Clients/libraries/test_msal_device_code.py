"""MSAL Python, public client, device code: the whole life of a sign-in that is revoked."""

import msal

from lab import ADELE, ADELE_ID, ALEX, GRAPH_SCOPES
from msal_app import refresh
from refusals import assert_revoked


def test_a_user_signs_in_on_another_device_and_the_app_refreshes_silently(new_native_app, sign_in_with_device_code):
    app = new_native_app()
    first = sign_in_with_device_code(app, GRAPH_SCOPES, ADELE)
    assert first["id_token_claims"]["preferred_username"] == ADELE

    second = refresh(app)

    assert second["token_source"] == "identity_provider"
    assert second["access_token"] != first["access_token"]


def test_after_a_revocation_the_app_must_sign_its_user_in_again(lapse, new_native_app, sign_in_with_device_code):
    app = new_native_app()
    token = sign_in_with_device_code(app, GRAPH_SCOPES, ADELE)["access_token"]
    assert "access_token" in refresh(app)

    lapse.revoke_own_sessions(token)
    assert_revoked(refresh(app))

    # The same app object will do: the new refresh token makes another request than the refused one, so that MSAL's memory
    # of the refusal does not apply.
    sign_in_with_device_code(app, GRAPH_SCOPES, ADELE)
    assert "access_token" in refresh(app)


def test_a_new_sign_in_does_not_wake_the_revoked_refresh_token(lapse, new_native_app, sign_in_with_device_code):
    before = msal.TokenCache()
    token = sign_in_with_device_code(new_native_app(before), GRAPH_SCOPES, ADELE)["access_token"]
    lapse.revoke_own_sessions(token)

    sign_in_with_device_code(new_native_app(), GRAPH_SCOPES, ADELE)

    assert_revoked(refresh(new_native_app(before)))


def test_an_access_token_outlives_the_revocation(lapse, new_native_app, sign_in_with_device_code):
    app = new_native_app()
    token = sign_in_with_device_code(app, GRAPH_SCOPES, ADELE)["access_token"]

    lapse.revoke_own_sessions(token)

    assert lapse.graph("GET", "me", token).json()["id"] == ADELE_ID
    # What MSAL answers by default, from its cache: an app sees nothing of the revocation until the access token ends.
    cached = app.acquire_token_silent(GRAPH_SCOPES, app.get_accounts()[0])
    assert (cached["token_source"], cached["access_token"]) == ("cache", token)


def test_a_revocation_leaves_other_users_of_the_same_app_alone(lapse, new_native_app, sign_in_with_device_code):
    adeles, alexs = new_native_app(), new_native_app()
    token = sign_in_with_device_code(adeles, GRAPH_SCOPES, ADELE)["access_token"]
    sign_in_with_device_code(alexs, GRAPH_SCOPES, ALEX)

    lapse.revoke_own_sessions(token)

    assert_revoked(refresh(adeles))
    assert "access_token" in refresh(alexs)


def test_a_device_code_approved_before_the_revocation_is_refused_after_it(lapse, browser, new_native_app):
    app = new_native_app()
    flow = app.initiate_device_flow(scopes=GRAPH_SCOPES)
    browser.approve_device(flow["verification_uri"], flow["user_code"], ADELE)

    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})

    assert_revoked(app.acquire_token_by_device_flow(flow))


def test_a_signed_in_browser_approves_a_device_with_a_click_until_the_revocation(lapse, browser, new_native_app):
    app = new_native_app()

    def page_after_the_code():
        flow = app.initiate_device_flow(scopes=GRAPH_SCOPES)
        return flow, browser.fill_in(browser.open(flow["verification_uri"]), code=flow["user_code"])

    _, page = page_after_the_code()
    browser.fill_in(page, user=ADELE)

    flow, page = page_after_the_code()
    assert browser.form(page).password_field is None
    browser.fill_in(page)
    token = app.acquire_token_by_device_flow(flow)["access_token"]

    lapse.revoke_own_sessions(token)

    _, page = page_after_the_code()
    assert browser.form(page).password_field


def test_msal_repeats_a_refusal_from_memory_until_the_app_restarts(lapse, new_native_app, sign_in_with_device_code):
    """A trap of the client, not of Lapse: MSAL remembers a 400 for 60 s and repeats it for an identical request."""
    cache = msal.TokenCache()
    app = new_native_app(cache)
    sign_in_with_device_code(app, GRAPH_SCOPES, ADELE)
    lapse.tenant("PATCH", f"users/{ADELE_ID}", {"accountEnabled": False})
    assert refresh(app)["error_codes"] == [50057]

    # Nobody revoked anything, so the old refresh token lives again, but this app does not ask.
    lapse.tenant("PATCH", f"users/{ADELE_ID}", {"accountEnabled": True})
    assert refresh(app)["error_codes"] == [50057]

    # A new app object has a new memory (`http_cache`); the tokens come from the cache that it shares with the old one.
    assert "access_token" in refresh(new_native_app(cache))
