"""A relying party that knows nothing of Microsoft: PyJWT with the keys that the metadata names."""

import base64
import hashlib
import ssl

import jwt
import pytest
import requests
from cryptography import x509

from lab import ADELE, ADELE_ID, API, API_SCOPE, CONTOSO, GRAPH_SCOPES, NATIVE, REDIRECT


@pytest.fixture
def metadata(lapse):
    address = f"{lapse.https}/{CONTOSO}/v2.0/.well-known/openid-configuration"
    return requests.get(address, verify=lapse.ca_file, timeout=10).json()


@pytest.fixture
def validate(lapse, metadata):
    keys = jwt.PyJWKClient(metadata["jwks_uri"], ssl_context=ssl.create_default_context(cafile=lapse.ca_file))

    def validate(token, audience, issuer=metadata["issuer"]):
        return jwt.decode(
            token, keys.get_signing_key_from_jwt(token), algorithms=["RS256"], audience=audience, issuer=issuer,
            options={"require": ["exp", "iat", "nbf", "iss", "aud", "sub"]})

    return validate


@pytest.fixture
def sign_in(new_native_app, browser):
    """Signs Adele in and returns MSAL's answer with the raw tokens."""

    def sign_in(scopes):
        app = new_native_app()
        flow = app.initiate_auth_code_flow(scopes, redirect_uri=REDIRECT)
        return app.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"], ADELE))

    return sign_in


def test_an_id_token_is_valid_for_its_client(sign_in, validate):
    claims = validate(sign_in(GRAPH_SCOPES)["id_token"], audience=NATIVE)
    assert (claims["oid"], claims["tid"], claims["preferred_username"], claims["ver"]) == (ADELE_ID, CONTOSO, ADELE, "2.0")


def test_an_id_token_repeats_the_nonce_of_the_request(new_native_app, browser, validate):
    app = new_native_app()
    flow = app.initiate_auth_code_flow(GRAPH_SCOPES, redirect_uri=REDIRECT)
    result = app.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"], ADELE))
    # MSAL sends the hash of the nonce in its flow, and no longer checks what comes back.
    sent = hashlib.sha256(flow["nonce"].encode()).hexdigest()
    assert validate(result["id_token"], audience=NATIVE)["nonce"] == sent


def test_an_access_token_is_valid_for_the_labs_api(sign_in, validate):
    claims = validate(sign_in([API_SCOPE])["access_token"], audience=API)
    assert (claims["oid"], claims["azp"], claims["scp"], claims["ver"]) == (ADELE_ID, NATIVE, "access_as_user", "2.0")


def test_an_access_token_for_graph_has_the_names_of_version_1(sign_in, validate):
    """Lapse signs these with its own key and leaves out the header that keeps Entra's from being verified."""
    token = sign_in(GRAPH_SCOPES)["access_token"]
    claims = validate(token, audience="https://graph.microsoft.com", issuer=f"https://sts.windows.net/{CONTOSO}/")
    assert claims["ver"] == "1.0"
    assert "nonce" not in jwt.get_unverified_header(token)


def test_tokens_are_refused_where_they_do_not_belong(sign_in, validate):
    result = sign_in([API_SCOPE])
    with pytest.raises(jwt.InvalidAudienceError):
        validate(result["access_token"], audience=NATIVE)
    with pytest.raises(jwt.InvalidIssuerError):
        validate(result["id_token"], audience=NATIVE, issuer="https://login.microsoftonline.com/common/v2.0")
    head, body, signature = result["id_token"].split(".")
    with pytest.raises(jwt.InvalidSignatureError):
        validate(f"{head}.{body}.{'A' * len(signature)}", audience=NATIVE)


def test_the_signing_key_is_published_with_a_certificate_of_the_same_key(lapse, metadata, sign_in):
    header = jwt.get_unverified_header(sign_in(GRAPH_SCOPES)["id_token"])
    keys = requests.get(metadata["jwks_uri"], verify=lapse.ca_file, timeout=10).json()["keys"]
    assert header["alg"] == "RS256"
    key = next(key for key in keys if key["kid"] == header["kid"])
    assert (key["kty"], key["use"]) == ("RSA", "sig")

    certificate = x509.load_der_x509_certificate(base64.b64decode(key["x5c"][0]))
    assert certificate.public_key().public_numbers() == jwt.PyJWK(key, "RS256").key.public_numbers()
