"""The variables by which libraries, and apps that a test starts, find a tenant and trust it: set for a test, and put back after it."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator
from urllib.parse import urlsplit

from .answers import App
from .client import Tenant
from .session import session


def variables(tenant: Tenant) -> dict[str, str | None]:
    """What the environment of a test has for this tenant; None: not set."""
    server = tenant.server
    app, user = _app(tenant), next(iter(tenant.users), None)
    found: dict[str, str | None] = {
        # As `lapse check` names them.
        "LAPSE_SERVER": server.https, "LAPSE_HTTP": server.http, "LAPSE_GRAPH": server.https,
        "LAPSE_AUTHORITY": tenant.authority, "LAPSE_TENANT": tenant.domain,
        "LAPSE_CLIENT_ID": app["id"] if app else None, "LAPSE_CLIENT_SECRET": (tenant.secret(app["id"]) or "") if app else None,
        "LAPSE_USER": user["userPrincipalName"] if user else None, "LAPSE_PASSWORD": user.get("password") if user else None,
        "LAPSE_COOKIES": str(session.cookies(tenant.id)),
        "NO_PROXY": _direct(urlsplit(server.https).hostname or "localhost"),
        # azure-identity's: the tenant, and the app that its EnvironmentCredential is.
        "AZURE_AUTHORITY_HOST": server.https, "AZURE_TENANT_ID": tenant.id,
        # A region's host would come before Lapse's.
        "AZURE_REGIONAL_AUTHORITY_NAME": None,
    }
    found["no_proxy"] = found["NO_PROXY"]
    daemon = next((each for each in tenant.apps if _is_daemon(each) and each["secrets"]), None)
    found["AZURE_CLIENT_ID"] = daemon["id"] if daemon else None
    found["AZURE_CLIENT_SECRET"] = tenant.secret(daemon["id"]) if daemon else None
    if server.program is not None:
        # In the background, as Python's webbrowser reads it: the app has to hear what the browser brings.
        found["BROWSER"] = f"{shlex.quote(server.program)} visit %s &"
    bundle = session.bundle
    if bundle is not None:
        found["LAPSE_CA"] = found["NODE_EXTRA_CA_CERTS"] = server.ca_file
        # requests, and with it MSAL and azure-identity; httpx and whatever takes OpenSSL's defaults; curl.
        found["REQUESTS_CA_BUNDLE"] = found["SSL_CERT_FILE"] = found["CURL_CA_BUNDLE"] = str(bundle)
    return found


def _app(tenant: Tenant) -> App | None:
    """The first that signs users in, else the first that is not only an API."""
    known = [each for each in tenant.apps if each["kind"] != "resource"]
    return next((each for each in known if not _is_daemon(each)), next(iter(known), None))


def _is_daemon(app: App) -> bool:
    """Whether nobody signs in to it."""
    return app["kind"] == "confidential" and not app["redirectUris"] and not app["spaRedirectUris"]


@contextlib.contextmanager
def applied(tenant: Tenant) -> Iterator[None]:
    """Sets the variables, and puts back what was there."""
    found = variables(tenant)
    before = {name: os.environ.get(name) for name in found}
    try:
        _set(found)
        yield
    finally:
        _set(before)
        session.cookies(tenant.id).unlink(missing_ok=True)


def _set(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _direct(host: str) -> str:
    """No proxy stands between this machine and itself."""
    before = os.environ.get("NO_PROXY") or os.environ.get("no_proxy")
    return ",".join(filter(None, (before, host)))
