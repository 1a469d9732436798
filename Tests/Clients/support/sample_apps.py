"""Small apps on plain HTTPS that behave as real ones do, good and bad: what Lapse's judge is tried on.

`GoodApp` is the one to learn from. It holds the tokens of its users, and makes four decisions, each a method of its own:

- `pause`: there was no answer. How long it waits before it sends the same again, and when it stops.
- `when_down`: waiting did not help either.
- `when_refused`: the authority said no to a refresh token. It reads `error`, then `suberror` and `claims`; no numbers, no texts.
- `when_challenged`: Graph wants another access token, and says with `claims` what that one must satisfy.

Each bad app below makes one of them as such apps are often written, and is good in everything else.
"""

import base64
import hashlib
import json
import re
import secrets
import time
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import requests

from browser import Browser, FirstForm
from lab import DAEMON, DAEMON_SECRET, DOMAIN, GRAPH_DEFAULT, NATIVE, PASSWORD, REDIRECT, WEB, WEB_SECRET

SCOPE = "openid profile offline_access User.Read"
MOST_TRIES = 4
"""One request, and three more when there is no answer."""


@dataclass(frozen=True)
class Registration:
    """Who the app is to the authority."""

    id: str
    redirect: str = REDIRECT
    secret: str | None = None
    origin: str | None = None
    """Where its pages come from, if it is one that runs in the browser: the authority wants to see it in each token request."""


NATIVE_APP = Registration(NATIVE)
WEB_APP = Registration(WEB, secret=WEB_SECRET)
SINGLE_PAGE_APP = Registration(
    "bbbbbbbb-0002-4000-8000-000000000003", redirect="http://localhost:5173/", origin="http://localhost:5173")


class Person(Browser):
    """Somebody at a browser: it holds the session cookie, and only the person knows the password."""

    def __init__(self, lapse, name, password=PASSWORD):
        super().__init__(lapse)
        self.name = name
        self.password = password
        self.is_away = False
        """Does not see that an app asks for a sign-in."""
        self.walks_off = False
        """Sees the page, and leaves it as it is."""
        self.second_factor = None
        """What proves it. The lab has none, so that here a test stops asking for it."""

    def visit(self, address):
        """Goes where an app sends, and does what the pages ask.

        Returns what the app gets at its redirect URI; None when the person never gets there.
        """
        if self.is_away:
            return None
        page = self.open(address)
        # Two pages at most ask for something: who is sent back to them after that gives up.
        for _ in range(2):
            form = FirstForm(page.text).form
            if self._leaves(page) or form is None or self.walks_off:
                break
            if self.second_factor:
                self.second_factor()
            if form.password_field:
                page = self.fill_in(page, user=self.name, password=self.password)
            else:
                page = self._consent(page, form)
        return self.parameters(page) if self._leaves(page) else None

    @staticmethod
    def _leaves(page):
        """Whether it leads to an app: a redirect, or a form that posts itself there."""
        form = None if page.is_redirect else FirstForm(page.text).form
        return page.is_redirect or (form is not None and not {"code", "error"}.isdisjoint(form.hidden))

    def _consent(self, page, form):
        """The button is the answer, which no field holds."""
        return self._follow(self._session.post(page.url, {**form.hidden, "step": "consent"}, **self._options()))


@dataclass
class Account:
    """What an app keeps for one of its users."""

    person: Person
    refresh_token: str | None = None
    access_token: str | None = None
    notice: str | None = None
    """What the app shows."""

    def drop_tokens(self):
        self.refresh_token = self.access_token = None


@dataclass(frozen=True)
class Refusal:
    """The authority's no, as far as an app may act on it."""

    error: str
    suberror: str | None
    claims: str | None

    @property
    def ends_the_grant(self):
        """Nothing will come of this token any more, or not before the person has settled something."""
        return self.error in ("invalid_grant", "interaction_required")

    @property
    def can_be_settled_by_signing_in(self):
        """Entra: a policy that no sign-in satisfies says so."""
        return self.suberror != "message_only"

    @property
    def notice(self):
        """What the person is told."""
        words = {
            "basic_action": "One more step is needed to go on.", "consent_required": "The app needs your consent again.",
            "message_only": "Your organisation does not let you in from here."}
        return words.get(self.suberror, "Please sign in again.")


class Outage(Exception):
    """No answer, and waiting did not help: nothing is known of any token."""


class GoodApp:
    """Refreshes, calls Graph, survives outages, and sends a user to sign in exactly when that is what it takes."""

    def __init__(self, lapse, *people, tenant=DOMAIN, registration=NATIVE_APP, is_capable=False, timeout=10):
        self._lapse = lapse
        self._tenant = tenant
        self.registration = registration
        self._is_capable = is_capable
        """Whether it tells the authority that it understands claims challenges (`cp1`)."""
        self._timeout = timeout
        self._session = requests.Session()
        self.accounts = {person.name: Account(person) for person in people}

    # What users and timers make it do. Without a name it is its only user.

    def sign_in(self, user=None, claims=None, prompt=None):
        """Authorize with PKCE, in the person's own browser. Returns whether there are new tokens."""
        account = self._account(user)
        verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": self.registration.id, "response_type": "code", "redirect_uri": self.registration.redirect,
            "scope": SCOPE, "state": state, "code_challenge": challenge, "code_challenge_method": "S256",
            "login_hint": account.person.name, **self._claims(claims), **({"prompt": prompt} if prompt else {})}
        answer = account.person.visit(f"{self._lapse.https}/{self._tenant}/oauth2/v2.0/authorize?{urlencode(query)}")
        if answer is None or "code" not in answer or answer.get("state") != state:
            return False
        try:
            return self._redeem(account, {
                "grant_type": "authorization_code", "code": answer["code"], "redirect_uri": self.registration.redirect,
                "code_verifier": verifier, **self._claims(claims)}) is None
        except Outage:
            return False

    def refresh(self, user=None, claims=None):
        """New tokens without the user, who is asked only when the authority says no."""
        account = self._account(user)
        if not account.refresh_token:
            # It has asked for a sign-in already, and the button is still there.
            return False
        try:
            refusal = self._present(account, claims)
        except Outage:
            return self.when_down(account)
        return refusal is None or self.when_refused(account, refusal, claims)

    def call_graph(self, user=None):
        """Reads the profile. Returns Graph's answer; None when there was none, or no token to ask with."""
        account = self._account(user)
        if not account.access_token and not self.refresh(user):
            return None
        try:
            answer = self._get_profile(account)
            if answer.status_code == 401 and self._gets_past(answer, account):
                answer = self._get_profile(account)
        except Outage:
            self.when_down(account)
            return None
        return answer

    def _gets_past(self, answer, account):
        """What follows on a 401: whether there is another access token to ask with."""
        demand = demand_of(answer)
        if demand:
            return self.when_challenged(account, demand)
        account.access_token = None
        return self.refresh(account.person.name)

    # The four decisions.

    def pause(self, attempt, retry_after):
        """Nothing came, or an answer that is none: the seconds until it sends the same again, None to stop.

        What the other side asks for is what it waits. Otherwise a little, and longer each time.
        """
        if attempt == MOST_TRIES:
            return None
        return retry_after if retry_after is not None else 0.3 * attempt

    def when_down(self, account):
        """An outage says nothing of a token, so every token stays. A later call tries them again."""
        account.notice = "The service does not answer. Please try again later."
        return False

    def when_refused(self, account, refusal, demand):
        """The token is dead, or the person has something to settle: both end at the sign-in, once, with what was demanded.

        :param demand: the claims of a challenge that the refresh was to answer.
        """
        account.drop_tokens()
        account.notice = refusal.notice
        return refusal.can_be_settled_by_signing_in and self.sign_in(account.person.name, claims=refusal.claims or demand)

    def when_challenged(self, account, demand):
        """Asks silently, once, for an access token that satisfies the demand. `refresh` asks the person when that is refused."""
        account.access_token = None
        return self.refresh(account.person.name, claims=demand)

    # How it speaks.

    def _account(self, user):
        if user:
            return self.accounts[user]
        (account,) = self.accounts.values()
        return account

    def _claims(self, demand):
        """The `claims` parameter: what is demanded, merged with what the app can do."""
        claims = json.loads(demand) if demand else {}
        if self._is_capable:
            claims.setdefault("access_token", {})["xms_cc"] = {"values": ["cp1"]}
        return {"claims": json.dumps(claims)} if claims else {}

    def _present(self, account, claims=None):
        """Presents the refresh token. Returns the refusal, None when there are new tokens."""
        return self._redeem(account, {
            "grant_type": "refresh_token", "refresh_token": account.refresh_token, "scope": SCOPE, **self._claims(claims)})

    def _redeem(self, account, form):
        answer, body = self._exchange(lambda: self._post(form))
        if answer.ok:
            account.refresh_token = body.get("refresh_token", account.refresh_token)
            account.access_token = body["access_token"]
            account.notice = None
            return None
        refusal = Refusal(body.get("error", ""), body.get("suberror"), body.get("claims"))
        assert refusal.ends_the_grant, f"a mistake of the app, which neither a person nor patience settles: {body}"
        return refusal

    def _post(self, form):
        registration = self.registration
        form = {"client_id": registration.id, **form}
        if registration.secret:
            form["client_secret"] = registration.secret
        headers = {"Origin": registration.origin} if registration.origin else {}
        return self._session.post(
            f"{self._lapse.https}/{self._tenant}/oauth2/v2.0/token", form, headers=headers, **self._options())

    def _get_profile(self, account):
        headers = {"Authorization": f"Bearer {account.access_token}"}
        answer, _ = self._exchange(lambda: self._session.get(f"{self._lapse.https}/v1.0/me", headers=headers, **self._options()))
        return answer

    def _exchange(self, send):
        """Sends a request until it is answered; the answer and its JSON.

        An answer is one that says something of the request: "busy", "broken", half a body and no connection do not.
        """
        attempt = 1
        while True:
            retry_after = None
            try:
                answer = send()
                if answer.status_code != 429 and answer.status_code < 500:
                    return answer, answer.json()
                retry_after = answer.headers.get("Retry-After")
            except requests.RequestException:
                # Also a body that is no JSON.
                pass
            pause = self.pause(attempt, int(retry_after) if retry_after else None)
            if pause is None:
                raise Outage
            time.sleep(pause)
            attempt += 1

    def _options(self):
        return {"verify": self._lapse.ca_file, "timeout": self._timeout}


def demand_of(answer):
    """The claims of a challenge (RFC 6750's header, Entra's parameter); None when a 401 holds none."""
    claims = re.search(r'claims="([^"]+)"', answer.headers.get("WWW-Authenticate", ""))
    return base64.b64decode(claims.group(1)).decode() if claims else None


class GoodSinglePageApp(GoodApp):
    """An app in a browser: its refresh tokens end each day, so it asks first, once, whether the browser still has a session."""

    def when_refused(self, account, refusal, demand):
        account.drop_tokens()
        if self.sign_in(account.person.name, claims=refusal.claims or demand, prompt="none"):
            return True
        return super().when_refused(account, refusal, demand)


class GoodDaemon:
    """An app without a user: its secret gets it a token, and there is nobody whom it could send anywhere."""

    def __init__(self, lapse, tenant=DOMAIN):
        self._app = GoodApp(lapse, tenant=tenant, registration=Registration(DAEMON, secret=DAEMON_SECRET))
        self._account = Account(person=None)

    def get_token(self):
        """Returns whether it got one, however long the authority made it wait."""
        try:
            return self._app._redeem(self._account, {"grant_type": "client_credentials", "scope": GRAPH_DEFAULT}) is None
        except Outage:
            return False


# Bad apps.


class RetriesDeadToken(GoodApp):
    """Presents the refused token six times more, at once, before it sends the user to sign in: "it may have been a hiccup"."""

    def when_refused(self, account, refusal, demand):
        for _ in range(6):
            if self._present(account, demand) is None:
                return True
        return super().when_refused(account, refusal, demand)


class IgnoresClaimsChallenge(GoodApp):
    """Calls Graph five times more with the challenged token, and gives up: "401 is 401"."""

    def when_challenged(self, account, demand):
        for _ in range(5):
            if self._get_profile(account).ok:
                break
        return False


class LoopsOnSilentSignIn(GoodApp):
    """Asks `prompt=none` six times in a row before it shows the user a page."""

    def when_refused(self, account, refusal, demand):
        account.drop_tokens()
        for _ in range(6):
            if self.sign_in(account.person.name, claims=refusal.claims or demand, prompt="none"):
                return True
        return super().when_refused(account, refusal, demand)


class TreatsRefusalAsOutage(GoodApp):
    """Takes every 400 for an outage: waits longer and longer, retries the dead token, and never asks the user to sign in."""

    def when_refused(self, account, refusal, demand):
        for pause in (0.3, 0.6, 0.9, 1.2):
            time.sleep(pause)
            if self._present(account, demand) is None:
                return True
        return self.when_down(account)


class KeepsItsCookie(GoodApp):
    """A web app with a session of its own: nobody is asked to sign in, and Graph is called with the access token that is left."""

    def when_refused(self, account, refusal, demand):
        for _ in range(5):
            time.sleep(0.2)
            self._get_profile(account)
        return False


class IgnoresRetryAfter(GoodApp):
    """Comes back at once, five times, whatever it was told to wait."""

    def pause(self, attempt, retry_after):
        if retry_after is None:
            return super().pause(attempt, retry_after)
        return 0 if attempt <= 5 else None


class HammersThroughOutage(GoodApp):
    """Sends the same again at once, eight times, to a service that is down."""

    def pause(self, attempt, retry_after):
        return 0 if attempt <= 8 else None


class LosesLivingToken(GoodApp):
    """Throws its tokens away at the first outage, and sends the user to sign in: "when in doubt, start again"."""

    def pause(self, attempt, retry_after):
        return None

    def when_down(self, account):
        account.drop_tokens()
        return self.sign_in(account.person.name)


class DisturbsOthers(GoodApp):
    """Empties its whole cache when one user is refused, and sends all of them to sign in."""

    def when_refused(self, account, refusal, demand):
        for other in self.accounts.values():
            if other is not account:
                other.drop_tokens()
                self.sign_in(other.person.name)
        return super().when_refused(account, refusal, demand)


class SignsOutEverybody(GoodApp):
    """Signs all its users out of their browsers when one is refused, and asks all of them for their passwords."""

    def when_refused(self, account, refusal, demand):
        for other in self.accounts.values():
            if other is not account:
                other.drop_tokens()
                other.person.open(f"{self._lapse.https}/{self._tenant}/oauth2/v2.0/logout")
                self.sign_in(other.person.name)
        return super().when_refused(account, refusal, demand)


class ForgetsTheDemand(GoodApp):
    """Signs in anew after a refusal or a challenge, but without the claims that came with it."""

    def when_refused(self, account, refusal, demand):
        return super().when_refused(account, replace(refusal, claims=None), None)

    def when_challenged(self, account, demand):
        account.access_token = None
        return self.refresh(account.person.name)
