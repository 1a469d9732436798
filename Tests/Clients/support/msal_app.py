"""What tests ask of an MSAL app."""

from lab import GRAPH_SCOPES


def refresh(app, scopes=GRAPH_SCOPES):
    """A silent call that really refreshes: without `force_refresh` the cached access token would be the answer, revoked or not."""
    return app.acquire_token_silent_with_error(scopes, app.get_accounts()[0], force_refresh=True)
