# A web app on Django and mozilla-django-oidc, in one file. The package signs users in; it keeps no refresh token, so that the
# backend below does, in the session on the server, and the view asks with it whether the sign-in is still good.
# requests, which the package uses, trusts the local certificate because `lapse check` has set REQUESTS_CA_BUNDLE.
import os
import re
import secrets
import tempfile
import time
from base64 import b64decode

import django
import requests
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.shortcuts import redirect

AUTHORITY, GRAPH = os.environ["LAPSE_AUTHORITY"], os.environ["LAPSE_GRAPH"]
CAPABLE = '{"access_token":{"xms_cc":{"values":["cp1"]}}}'   # this app understands claims challenges

if __name__ == "__main__":
    settings.configure(
        SECRET_KEY=secrets.token_urlsafe(), ALLOWED_HOSTS=["localhost"], ROOT_URLCONF="__main__",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "mozilla_django_oidc"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"],
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{tempfile.mkdtemp()}/users"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        AUTHENTICATION_BACKENDS=["__main__.Backend"],
        LOGIN_REDIRECT_URL="/", LOGIN_REDIRECT_URL_FAILURE="/not-signed-in",
        OIDC_RP_CLIENT_ID=os.environ["LAPSE_CLIENT_ID"], OIDC_RP_CLIENT_SECRET=os.environ["LAPSE_CLIENT_SECRET"],
        OIDC_RP_SIGN_ALGO="RS256", OIDC_RP_SCOPES="openid email offline_access User.Read", OIDC_USE_PKCE=True,
        OIDC_OP_AUTHORIZATION_ENDPOINT=f"{AUTHORITY}/oauth2/v2.0/authorize", OIDC_OP_TOKEN_ENDPOINT=f"{AUTHORITY}/oauth2/v2.0/token",
        OIDC_OP_USER_ENDPOINT=f"{GRAPH}/oidc/userinfo", OIDC_OP_JWKS_ENDPOINT=f"{AUTHORITY}/discovery/v2.0/keys")
    django.setup()

# Django wants its settings first.
from django.contrib.auth import logout  # noqa: E402
from django.urls import path  # noqa: E402
from mozilla_django_oidc.auth import OIDCAuthenticationBackend  # noqa: E402
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView  # noqa: E402


class Backend(OIDCAuthenticationBackend):
    def get_token(self, payload):
        """The package's, and the refresh token is kept."""
        tokens = super().get_token(payload | {"claims": CAPABLE})
        self.request.session["refresh_token"] = tokens["refresh_token"]
        return tokens


class SignIn(OIDCAuthenticationRequestView):
    def get_extra_params(self, request):
        """The claims that were demanded, if any."""
        claims = request.session.pop("claims", None)
        return {"claims": claims} if claims else {}


def sign_in(request, claims=None):
    """Ends the session, and sends the user to the sign-in page."""
    logout(request)
    request.session["claims"] = claims
    return redirect("oidc_authentication_init")


def refresh(request, claims):
    """Tokens, or the refusal. A lost answer, a 5xx or a 429 says nothing about the token: comes back with it."""
    form = {
        "grant_type": "refresh_token", "client_id": settings.OIDC_RP_CLIENT_ID, "client_secret": settings.OIDC_RP_CLIENT_SECRET,
        "refresh_token": request.session["refresh_token"], "scope": settings.OIDC_RP_SCOPES, "claims": claims or CAPABLE}
    for pause in (1, 2, 4, 8):
        try:
            answer = requests.post(settings.OIDC_OP_TOKEN_ENDPOINT, form, timeout=20)
            if answer.status_code < 429:
                return answer.json()
            pause = int(answer.headers.get("Retry-After", pause))
        except requests.RequestException:
            pass
        time.sleep(pause)
    return None


def busy():
    return HttpResponse("The service does not answer. Please try again later.", status=503)


def home(request):
    if not request.user.is_authenticated:
        return sign_in(request)
    claims = None
    for _ in range(2):
        # The tokens of `lapse check` are always about to end; elsewhere this refreshes once an hour or so.
        if claims or request.session.get("ends", 0) < time.time() + 300:
            tokens = refresh(request, claims)
            if tokens is None:
                return busy()
            if "error" in tokens:   # Refused, for whatever reason: that refresh token is dead for good.
                return sign_in(request, tokens.get("claims") or claims)
            request.session.update({
                "refresh_token": tokens["refresh_token"], "access_token": tokens["access_token"],
                "ends": time.time() + tokens["expires_in"]})
        answer = requests.get(
            f"{GRAPH}/v1.0/me", headers={"Authorization": f"Bearer {request.session['access_token']}"}, timeout=20)
        challenge = re.search('claims="([^"]+)"', answer.headers.get("WWW-Authenticate", ""))
        if answer.status_code >= 429:
            return busy()
        if not challenge:
            return HttpResponse(f"<h1>{answer.json()['displayName']}</h1>")
        claims = b64decode(challenge.group(1)).decode()
    return sign_in(request, claims)


def not_signed_in(request):
    return HttpResponse('<p>You are not signed in. <a href="/">Sign in</a></p>')


urlpatterns = [
    path("", home), path("not-signed-in", not_signed_in),
    path("auth/callback", OIDCAuthenticationCallbackView.as_view(), name="oidc_authentication_callback"),
    path("auth/sign-in", SignIn.as_view(), name="oidc_authentication_init"),
]

if __name__ == "__main__":
    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("runserver", f"localhost:{os.environ['PORT']}", use_reloader=False, skip_checks=True)
