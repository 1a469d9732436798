"""Apps that sign in place of a secret: MSAL and azure-identity with a certificate of their own, RS256 and PS256."""

import msal
import pytest
import requests
from azure.identity import CertificateCredential

from certificate import Certificate
from lab import ADELE, CONTOSO, DAEMON, GRAPH_DEFAULT, GRAPH_SCOPES, REDIRECT, WEB
from refusals import assert_revoked


@pytest.fixture(scope="module")
def certificate():
    return Certificate()


@pytest.fixture
def registered(lapse, certificate):
    for app in (DAEMON, WEB):
        lapse.tenant("PATCH", f"apps/{app}", {"certificates": [certificate.pem], "secrets": []})
    return certificate


def credential(certificate, kind):
    """As MSAL Python takes one: by its SHA-1, which it signs RS256, or by its text, which it signs PS256."""
    named = {"thumbprint": certificate.thumbprint} if kind == "RS256" else {"public_certificate": certificate.pem}
    return {"private_key": certificate.private, **named}


def app(lapse, client, given):
    return msal.ConfidentialClientApplication(
        client, client_credential=given, authority=lapse.authority, instance_discovery=False, verify=lapse.ca_file)


@pytest.mark.parametrize("kind", ["RS256", "PS256"])
def test_msal_signs_for_a_daemon(lapse, registered, kind):
    daemon = app(lapse, DAEMON, credential(registered, kind))
    assert "access_token" in daemon.acquire_token_for_client([GRAPH_DEFAULT])


def test_another_certificate_is_refused_by_its_thumbprint(lapse, registered):
    other = Certificate()
    answer = app(lapse, DAEMON, credential(other, "RS256")).acquire_token_for_client([GRAPH_DEFAULT])
    assert answer["error"] == "invalid_client" and answer["error_codes"] == [700027]
    assert other.thumbprint.upper() in answer["error_description"]


def test_a_web_app_with_a_certificate_signs_in_refreshes_and_is_refused_after_a_revocation(lapse, registered, browser):
    web = app(lapse, WEB, credential(registered, "PS256"))
    flow = web.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT)
    token = web.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"], ADELE))
    assert "access_token" in token, token
    again = web.acquire_token_silent_with_error(GRAPH_SCOPES, web.get_accounts()[0], force_refresh=True)
    assert "access_token" in again, again

    lapse.revoke_own_sessions(token["access_token"])

    assert_revoked(web.acquire_token_silent_with_error(GRAPH_SCOPES, web.get_accounts()[0], force_refresh=True))


def test_azure_identity_signs(lapse, registered, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", lapse.ca_file)
    data = (registered.private + registered.pem).encode()
    given = CertificateCredential(
        CONTOSO, DAEMON, certificate_data=data, authority=lapse.https, disable_instance_discovery=True)
    assert given.get_token(GRAPH_DEFAULT).token


def test_the_private_key_is_not_taken(lapse, certificate):
    answer = requests.patch(
        f"{lapse.https}/_lapse/api/tenants/{CONTOSO}/apps/{DAEMON}", verify=lapse.ca_file, timeout=10,
        json={"certificates": [certificate.private + certificate.pem]})
    assert answer.status_code == 400 and answer.json()["error"]["field"] == "certificates[0]", answer.text
