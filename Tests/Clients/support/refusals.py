"""What an app gets when its refresh token is dead."""


def assert_revoked(result):
    """The answer that tells an app to sign its user in again."""
    assert "access_token" not in result, "the refresh token still works"
    assert result["error"] == "invalid_grant", result
    assert result["error_codes"] == [50173], result
    # MSAL JS and the brokers of Android and Apple's systems give up a token on this word alone.
    assert result["suberror"] == "bad_token", result
    assert "AADSTS50173:" in result["error_description"], result
