"""What MSAL Python makes of refusals that no revocation made."""

import pytest

from lab import ADELE, ADELE_ID, GRAPH_SCOPES, NATIVE
from msal_app import refresh


@pytest.fixture
def app(signed_in_app):
    return signed_in_app


@pytest.mark.parametrize("code, suberror, classification", [
    # MSAL repeats the words that it knows; "" is any other, and there is none without a suberror.
    (50076, "basic_action", "basic_action"), (50079, "basic_action", "basic_action"),
    (50078, "basic_action", "basic_action"), (53003, "message_only", "message_only"),
    (530003, "message_only", "message_only"), (65001, "consent_required", "consent_required"),
    (50055, "user_password_expired", "user_password_expired"), (50053, None, None)])
def test_a_challenge(lapse, app, code, suberror, classification):
    lapse.tenant("PATCH", f"users/{ADELE_ID}", {"challenges": [{"code": code, "on": ["refresh"]}]})
    result = refresh(app)
    assert (result["error"], result["error_codes"], result.get("suberror")) == ("invalid_grant", [code], suberror), result
    assert result.get("classification") == classification, result


def test_the_claims_of_a_challenge_go_back_to_authorize(lapse, app, browser):
    lapse.tenant("PATCH", f"users/{ADELE_ID}", {"challenges": [{"code": 50076, "on": ["refresh"]}]})
    claims = refresh(app)["claims"]
    lapse.tenant("PATCH", f"users/{ADELE_ID}", {"challenges": []})
    flow = app.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri="http://localhost/cb", claims_challenge=claims)
    answer = browser.sign_in(flow["auth_uri"], ADELE)
    assert "access_token" in app.acquire_token_by_auth_code_flow(flow, answer)


def test_too_old_a_sign_in(lapse, app):
    lapse.tenant("PUT", "policies", {"lifetimes": {"signInFrequency": "PT1S"}})
    lapse.tenant("POST", "clock/advance", {"by": "PT1S"})
    result = refresh(app)
    assert (result["error_codes"], result["suberror"], result["classification"]) == ([70043], "token_expired", ""), result


def test_consent_withdrawn_and_given(lapse, app, new_native_app):
    lapse.control("DELETE", f"/tenants/contoso.example/consents/{ADELE}/{NATIVE}")
    assert refresh(app)["classification"] == "consent_required"
    lapse.control("PUT", f"/tenants/contoso.example/consents/{ADELE}/{NATIVE}")
    # MSAL repeats a refusal from memory for a minute: a restarted app does not.
    assert "access_token" in refresh(new_native_app(app.token_cache))
