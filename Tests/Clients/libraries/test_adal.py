"""ADAL for Python, the library of the endpoints of version 1, which programs still carry."""

import adal
import pytest

from browser import Browser
from lab import ADELE, DOMAIN, NATIVE

GRAPH = "https://graph.microsoft.com/"


@pytest.fixture
def new_context(lapse):
    def new(cache=None):
        context = adal.AuthenticationContext(f"{lapse.https}/{DOMAIN}", validate_authority=False, cache=cache)
        context.verify_ssl = lapse.ca_file
        # ADAL asks for no version unless it is told to.
        return context

    return new


def sign_in(context, lapse):
    """The device code flow."""
    code = context.acquire_user_code(GRAPH, NATIVE)
    Browser(lapse).approve_device(code["verification_url"], code["user_code"], ADELE)
    return context.acquire_token_with_device_code(GRAPH, code, NATIVE)


def test_revoked_refused_signed_in_again(lapse, new_context):
    cache = adal.TokenCache()
    context = new_context(cache)
    token = sign_in(context, lapse)
    assert token["userId"] == ADELE
    assert context.acquire_token(GRAPH, ADELE, NATIVE)["accessToken"] == token["accessToken"]

    # One refresh token serves the other resource too.
    other = context.acquire_token("api://lapse-lab", ADELE, NATIVE)
    assert other["resource"] == "api://lapse-lab"

    lapse.revoke_own_sessions(token["accessToken"])
    with pytest.raises(adal.AdalError) as refused:
        context.acquire_token_with_refresh_token(token["refreshToken"], NATIVE, GRAPH)
    answer = refused.value.error_response
    assert answer["error"] == "invalid_grant"
    assert "AADSTS50173: " in answer["error_description"]
    assert "suberror" not in answer

    again = sign_in(new_context(), lapse)
    assert new_context().acquire_token_with_refresh_token(again["refreshToken"], NATIVE, GRAPH)["accessToken"]


def test_policy_wants_interaction(lapse, new_context):
    token = sign_in(new_context(), lapse)
    lapse.tenant("PATCH", f"users/{ADELE}", {"challenges": [{"code": 50076}]})
    with pytest.raises(adal.AdalError) as refused:
        new_context().acquire_token_with_refresh_token(token["refreshToken"], NATIVE, GRAPH)
    # Programs of that time look for this word.
    assert refused.value.error_response["error"] == "interaction_required"


def test_application_and_password(lapse, new_context):
    daemon = new_context().acquire_token_with_client_credentials(
        GRAPH, "bbbbbbbb-0002-4000-8000-000000000004", "lapse-daemon-secret")
    assert daemon["expiresIn"] == 3599
    assert lapse.graph("GET", "users", daemon["accessToken"]).status_code == 200
