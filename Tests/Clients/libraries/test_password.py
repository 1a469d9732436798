"""User name and password without a page (ROPC), by MSAL Python and azure-identity.

MSAL drops the port of the authority when it asks for the user's realm: `https://localhost:8443/contoso.example` asks
`https://localhost/common/userrealm/…`. So these tests run a Lapse of their own on port 443 and need the right to open it.
"""

import msal
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AuthenticationRequiredError, UsernamePasswordCredential

from lab import ADELE, DOMAIN, GRAPH_SCOPES, NATIVE, PASSWORD
from msal_app import refresh
from refusals import assert_revoked


@pytest.fixture
def lapse(lapse_on_443):
    return lapse_on_443


@pytest.fixture
def app(lapse):
    return msal.PublicClientApplication(
        NATIVE, authority=f"https://localhost/{DOMAIN}", instance_discovery=False, verify=lapse.ca_file)


def test_msal_signs_in_with_a_password_refreshes_and_is_refused_after_a_revocation(lapse, app):
    result = app.acquire_token_by_username_password(ADELE, PASSWORD, GRAPH_SCOPES)
    assert "access_token" in result, result
    assert "access_token" in refresh(app)

    lapse.revoke_own_sessions(result["access_token"])
    assert_revoked(refresh(app))

    assert "access_token" in app.acquire_token_by_username_password(ADELE, PASSWORD, GRAPH_SCOPES)
    assert "access_token" in refresh(app)


def test_msal_is_told_of_a_wrong_password(app):
    result = app.acquire_token_by_username_password(ADELE, "not the password", GRAPH_SCOPES)
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [50126])


def test_a_changed_password_revokes_what_the_old_one_gave(lapse, app):
    app.acquire_token_by_username_password(ADELE, PASSWORD, GRAPH_SCOPES)

    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "passwordChange", "newPassword": "An0ther-secret!"})

    assert_revoked(refresh(app))
    assert app.acquire_token_by_username_password(ADELE, PASSWORD, GRAPH_SCOPES)["error_codes"] == [50126]
    assert "access_token" in app.acquire_token_by_username_password(ADELE, "An0ther-secret!", GRAPH_SCOPES)


def test_azure_identity_signs_in_with_a_password_and_again_after_a_revocation(lapse):
    """With the password at hand the credential signs in again by itself: a revocation does not stop such a program."""
    lapse.tenant("PUT", "policies", {"lifetimes": {"accessToken": "PT2M"}})
    credential = UsernamePasswordCredential(
        NATIVE, ADELE, PASSWORD, tenant_id=DOMAIN, authority="https://localhost", disable_instance_discovery=True)
    token = credential.get_token(*GRAPH_SCOPES).token

    lapse.revoke_own_sessions(token)

    assert credential.get_token(*GRAPH_SCOPES).token != token


def test_azure_identity_reports_the_revocation_when_it_may_not_sign_in_again(lapse):
    # Less than five minutes: a token that clients take for expired, so that the second call refreshes.
    lapse.tenant("PUT", "policies", {"lifetimes": {"accessToken": "PT2M"}})
    credential = UsernamePasswordCredential(
        NATIVE, ADELE, PASSWORD, tenant_id=DOMAIN, authority="https://localhost", disable_instance_discovery=True,
        disable_automatic_authentication=True)
    with pytest.raises(AuthenticationRequiredError):
        credential.get_token(*GRAPH_SCOPES)
    credential.authenticate(scopes=GRAPH_SCOPES)
    token = credential.get_token(*GRAPH_SCOPES).token

    lapse.revoke_own_sessions(token)

    with pytest.raises(ClientAuthenticationError) as refused:
        credential.get_token(*GRAPH_SCOPES)
    assert "AADSTS50173:" in refused.value.response.text()
