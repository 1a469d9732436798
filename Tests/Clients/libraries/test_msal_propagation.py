"""MSAL Python against a revocation that is in effect late.

The tenant's clock is moved, the machine's is not. MSAL judges the tokens in its cache by the machine's clock and so would
never refresh by itself here; every silent call says `force_refresh`.
"""

import pytest

from lab import ADELE, GRAPH_SCOPES
from msal_app import refresh
from refusals import assert_revoked


@pytest.fixture
def slow(lapse):
    """A Contoso that enforces a revocation three minutes later, with a clock that stands still."""
    lapse.tenant("PUT", "propagation", {"planes": {"refresh": {"fixed": "PT3M"}, "session": {"fixed": "PT3M"}}})
    lapse.tenant("PUT", "clock", {"mode": "frozen"})
    return lapse


def test_a_refresh_works_until_the_revocation_is_enforced(slow, new_native_app, sign_in_with_device_code):
    app = new_native_app()
    token = sign_in_with_device_code(app, GRAPH_SCOPES, ADELE)["access_token"]

    slow.revoke_own_sessions(token)
    assert "access_token" in refresh(app)

    slow.tenant("POST", "clock/advance", {"by": "PT2M59S"})
    assert "access_token" in refresh(app)

    # The tokens of the refreshes in between do not save the app: they descend from the sign-in before the revocation.
    slow.tenant("POST", "clock/advance", {"by": "PT1S"})
    assert_revoked(refresh(app))


def test_signing_in_again_helps_at_once(slow, new_native_app, sign_in_with_device_code):
    app = new_native_app()
    token = sign_in_with_device_code(app, GRAPH_SCOPES, ADELE)["access_token"]
    slow.revoke_own_sessions(token)

    # Signed in after the revocation, before it is in effect: it never dies of it.
    sign_in_with_device_code(app, GRAPH_SCOPES, ADELE)

    slow.tenant("POST", "clock/advance", {"by": "PT3M"})
    assert "access_token" in refresh(app)


def test_the_stamp_is_seen_before_the_revocation_is_enforced(slow, new_native_app, sign_in_with_device_code):
    app = new_native_app()
    token = sign_in_with_device_code(app, GRAPH_SCOPES, ADELE)["access_token"]
    stamp = "me?$select=signInSessionsValidFromDateTime"
    before = slow.graph("GET", stamp, token).json()["signInSessionsValidFromDateTime"]

    slow.revoke_own_sessions(token)

    after = slow.graph("GET", stamp, token).json()["signInSessionsValidFromDateTime"]
    assert after > before
    assert "access_token" in refresh(app)
