"""azure-identity: the credentials that the Azure and Graph SDKs take."""

from urllib.parse import urlencode

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    AuthenticationRequiredError, AuthorizationCodeCredential, ClientSecretCredential, DeviceCodeCredential,
)

from lab import (
    ADELE, ADELE_ID, ALEX, CONTOSO, DAEMON, DAEMON_SECRET, DOMAIN, GRAPH_DEFAULT, GRAPH_SCOPES, NATIVE, REDIRECT, WEB,
    WEB_SECRET,
)


@pytest.fixture
def short_tokens(lapse):
    """Access tokens of two minutes: clients take a token with less than five for expired, so that each call refreshes."""
    lapse.tenant("PUT", "policies", {"lifetimes": {"accessToken": "PT2M"}})


@pytest.fixture
def new_device_code_credential(lapse, browser):
    """A credential whose user approves each code at once, in the callback that shows it."""

    def new(**options):
        def approve(verification_uri, user_code, expires_on):
            browser.approve_device(verification_uri, user_code, ADELE)

        return DeviceCodeCredential(
            NATIVE, tenant_id=DOMAIN, authority=lapse.https, disable_instance_discovery=True, prompt_callback=approve,
            **options)

    return new


def test_a_device_code_credential_signs_in_and_refreshes(lapse, short_tokens, new_device_code_credential):
    credential = new_device_code_credential()
    record = credential.authenticate(scopes=GRAPH_SCOPES)
    assert (record.username, record.tenant_id, record.home_account_id) == (ADELE, CONTOSO, f"{ADELE_ID}.{CONTOSO}")

    first = credential.get_token(*GRAPH_SCOPES).token
    second = credential.get_token(*GRAPH_SCOPES).token

    assert first != second
    assert lapse.graph("GET", "me", second).json()["userPrincipalName"] == ADELE


def test_a_device_code_credential_asks_for_sign_in_after_a_revocation(lapse, short_tokens, new_device_code_credential):
    credential = new_device_code_credential(disable_automatic_authentication=True)
    credential.authenticate(scopes=GRAPH_SCOPES)
    lapse.revoke_own_sessions(credential.get_token(*GRAPH_SCOPES).token)

    with pytest.raises(AuthenticationRequiredError) as refused:
        credential.get_token(*GRAPH_SCOPES)

    # The exception's own text is the library's; the answer that it got is kept beside it.
    assert "AADSTS50173:" in refused.value.response.text()
    credential.authenticate(scopes=GRAPH_SCOPES)
    assert credential.get_token(*GRAPH_SCOPES).token


def test_a_device_code_credential_with_a_long_token_does_not_notice_the_revocation(lapse, new_device_code_credential):
    lapse.tenant("PUT", "policies", {"lifetimes": {"accessToken": "PT1H"}})
    credential = new_device_code_credential(disable_automatic_authentication=True)
    credential.authenticate(scopes=GRAPH_SCOPES)
    token = credential.get_token(*GRAPH_SCOPES).token

    lapse.revoke_own_sessions(token)

    assert credential.get_token(*GRAPH_SCOPES).token == token


def test_a_client_secret_credential_calls_graph(lapse):
    credential = ClientSecretCredential(
        CONTOSO, DAEMON, DAEMON_SECRET, authority=lapse.https, disable_instance_discovery=True)
    token = credential.get_token(GRAPH_DEFAULT).token

    users = lapse.graph("GET", "users", token).json()["value"]
    assert {ADELE, ALEX} <= {user["userPrincipalName"] for user in users}


def test_a_client_secret_credential_reports_a_wrong_secret(lapse):
    credential = ClientSecretCredential(
        CONTOSO, DAEMON, "not the secret of the app", authority=lapse.https, disable_instance_discovery=True)
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215:"):
        credential.get_token(GRAPH_DEFAULT)


@pytest.fixture
def code_credential(lapse, browser):
    """A credential of the web app, for a user who has just come back from the sign-in page."""
    query = {"client_id": WEB, "response_type": "code", "redirect_uri": REDIRECT, "state": "one",
             "scope": " ".join(["openid", "profile", "offline_access", *GRAPH_SCOPES])}
    answer = browser.sign_in(f"{lapse.authority}/oauth2/v2.0/authorize?{urlencode(query)}", ADELE)
    return AuthorizationCodeCredential(
        DOMAIN, WEB, answer["code"], REDIRECT, client_secret=WEB_SECRET, authority=lapse.https,
        disable_instance_discovery=True)


# The credential answers from its cache for thirty seconds whatever the token's lifetime; a call with claims, as the Graph
# SDKs make it, goes to the authority.
ANY_CLAIMS = '{"access_token":{"xms_cc":{"values":["cp1"]}}}'


def test_an_authorization_code_credential_redeems_its_code_and_refreshes(lapse, code_credential):
    first = code_credential.get_token(*GRAPH_SCOPES).token
    assert lapse.graph("GET", "me", first).json()["userPrincipalName"] == ADELE

    assert code_credential.get_token(*GRAPH_SCOPES, claims=ANY_CLAIMS).token != first


def test_an_authorization_code_credential_reports_the_revocation(lapse, code_credential):
    lapse.revoke_own_sessions(code_credential.get_token(*GRAPH_SCOPES).token)

    with pytest.raises(ClientAuthenticationError, match="AADSTS50173:"):
        code_credential.get_token(*GRAPH_SCOPES, claims=ANY_CLAIMS)

    # The credential threw the dead refresh token away.
    with pytest.raises(ClientAuthenticationError, match="No authorization code"):
        code_credential.get_token(*GRAPH_SCOPES, claims=ANY_CLAIMS)
