"""Histories for Lapse's judge: who meets what, played in real time against a running Lapse, with the verdict that is due.

cd Tests/Clients && PYTHONPATH=support LAPSE_BINARY=/path/to/lapse python generators/histories.py [NAME...]

records the named ones, or all, in `Tests/Golden/histories`. A test can play `SCENARIOS` live as well: `scenario.record(lapse)`.

The rules that a bad client breaks are named as in the judge. What a verdict rests on is what the log can show: a client that does
nothing after a refusal has stopped, which is right; one that met no refusal, challenge or outage is untested.
"""

import asyncio
import contextlib
import json
import logging
import os
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import msal
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import (
    AuthenticationRequiredError, AuthorizationCodeCredential, ClientSecretCredential, DeviceCodeCredential,
    InteractiveBrowserCredential)
from msal.exceptions import MsalServiceError
from msgraph import GraphServiceClient

import sample_apps
from lab import DAEMON, DAEMON_SECRET, DOMAIN, GRAPH_DEFAULT, NATIVE, REDIRECT, WEB, WEB_SECRET
from sample_apps import NATIVE_APP, SINGLE_PAGE_APP, WEB_APP, GoodApp, GoodDaemon, GoodSinglePageApp, Person
from serve import PORTS, Process

GOLDEN = Path(__file__).parents[2] / "Golden" / "histories"
STEP_UP = json.dumps({"access_token": {"acrs": {"essential": True, "value": "c1"}}})
NEW_PASSWORD = "An0ther-secret!"
USER_READ = ["https://graph.microsoft.com/User.Read"]


def good(client=NATIVE, *notes):
    return {client: {"verdict": "good", "rules": [], **({"notes": list(notes)} if notes else {})}}


def bad(*rules, client=NATIVE):
    return {client: {"verdict": "bad", "rules": list(rules)}}


def untested(client=NATIVE):
    return {client: {"verdict": "untested", "rules": []}}


class Stage:
    """A tenant with its seed's users and apps, and what happens there."""

    def __init__(self, lapse, domain):
        self.lapse = lapse
        self.domain = domain

    def name(self, user):
        return f"{user}@{self.domain}"

    def person(self, user):
        return Person(self.lapse, self.name(user))

    def app(self, character, *people, **options):
        return character(self.lapse, *people, tenant=self.domain, **options)

    def control(self, method, path, body=None):
        return self.lapse.control(method, f"/tenants/{self.domain}/{path}", body)

    def events(self):
        """The whole log with all that Lapse tells of it, oldest first."""
        query, found = {"detail": "true"}, []
        while True:
            page = self.control("GET", f"events?{urlencode(query)}")
            found += page["items"]
            if page["next"] is None:
                return found
            query["after"] = page["next"]

    # What happens.

    def revoke(self, user="adele", cause="adminRevoke", **more):
        self.control("POST", "revocations", {"user": self.name(user), "cause": cause, **more})

    def change(self, user="adele", **members):
        self.control("PATCH", f"users/{self.name(user)}", members)

    def fault(self, effect, times=None, **match):
        if "user" in match:
            match["user"] = self.name(match["user"])
        fault = {"match": match, "effect": effect, **({"times": times} if times else {})}
        self.control("POST", "faults", fault)

    def end_faults(self):
        self.control("DELETE", "faults")

    def shorten_tokens(self):
        """To two minutes: libraries take a token with less than five for ended, so that each call refreshes."""
        self.control("PUT", "policies", {"lifetimes": {"accessToken": "PT2M"}})

    def challenge(self, person, *occasions):
        """Asks for a second factor until the person proves one."""
        self.change(challenges=[{"code": 50076, "on": list(occasions)}])
        person.second_factor = lambda: self.change(challenges=[])


class PersonsBrowser(webbrowser.BaseBrowser):
    """What a library opens when it asks this machine for a browser: a person's, who signs in and comes back to the library."""

    person = None

    def open(self, url, new=0, autoraise=True):
        if not self.person:
            return False
        # The library listens only after this has returned.
        threading.Thread(target=self._visit, args=[self.person, url]).start()
        return True

    @staticmethod
    def _visit(person, url):
        asked = dict(parse_qsl(urlsplit(url).query))
        send = requests.post if asked.get("response_mode") == "form_post" else requests.get
        send(asked["redirect_uri"], person.visit(url), timeout=10)


DESKTOP = PersonsBrowser("person")


@contextlib.contextmanager
def desktop_browser(person):
    """Makes the person's browser this machine's."""
    webbrowser.register("person", None, DESKTOP, preferred=True)
    DESKTOP.person = person
    try:
        yield
    finally:
        DESKTOP.person = None


@dataclass(frozen=True)
class Scenario:
    name: str
    about: str
    expected: dict
    play: Callable[[Stage], None]

    def record(self, lapse, domain=DOMAIN):
        """Plays it, and returns the log. Contoso is reset first; a sandbox is taken as it is."""
        if domain == DOMAIN:
            lapse.reset()
        stage = Stage(lapse, domain)
        self.play(stage)
        return stage.events()


SCENARIOS: list[Scenario] = []


def scenario(name, about, expected):
    """Adds a history of its own."""
    def adding(play):
        SCENARIOS.append(Scenario(name, about, expected, play))
        return play
    return adding


# Situations that any app can be put into. Each begins when Adele has signed in and the app has read her profile.


@dataclass(frozen=True)
class Situation:
    about: str
    play: Callable
    """With the stage, the app, and Adele."""
    options: dict = field(default_factory=dict)

    def with_app(self, character, registration):
        def play(stage):
            adele = stage.person("adele")
            app = stage.app(character, adele, **{"registration": registration, **self.options})
            assert app.sign_in() and app.call_graph().ok
            self.play(stage, app, adele)
        return play


SITUATIONS: dict[str, Situation] = {}


def situation(name, about, **options):
    def adding(play):
        SITUATIONS[name] = Situation(about, play, options)
        return play
    return adding


@situation("revoked", "An administrator revokes Adele's sign-ins")
def _(stage, app, adele):
    stage.revoke()
    app.refresh()
    app.call_graph()


@situation("revoked-user-away", "Adele is revoked while she is away and clicks on nothing")
def _(stage, app, adele):
    stage.revoke()
    adele.is_away = True
    app.refresh()
    app.call_graph()


@situation("revoked-page-left-open", "Adele is revoked, sees the sign-in page, and leaves it as it is")
def _(stage, app, adele):
    stage.revoke()
    adele.walks_off = True
    app.refresh()
    app.call_graph()


@situation("disabled", "Adele's account is disabled, so that no sign-in succeeds either")
def _(stage, app, adele):
    stage.change(accountEnabled=False)
    app.refresh()
    app.call_graph()


@situation("disabled-for-a-while", "Adele's account is disabled and enabled again before she signs in anew")
def _(stage, app, adele):
    adele.is_away = True
    stage.change(accountEnabled=False)
    app.refresh()
    stage.change(accountEnabled=True)
    adele.is_away = False
    app.sign_in()
    app.refresh()


@situation("deleted", "Adele's account is deleted")
def _(stage, app, adele):
    stage.control("DELETE", f"users/{adele.name}")
    app.refresh()
    app.call_graph()


@situation("password-reset", "An administrator gives Adele a new password, which she knows")
def _(stage, app, adele):
    stage.revoke(cause="adminResetEntra", newPassword=NEW_PASSWORD)
    adele.password = NEW_PASSWORD
    app.refresh()
    app.call_graph()


@situation("factor", "A policy asks Adele for a second factor, with claims to hand back (50076)")
def _(stage, app, adele):
    stage.challenge(adele, "refresh", "authorize")
    app.refresh()
    app.call_graph()
    app.refresh()


@situation("factor-without-a-page", "One refresh is refused with 50076 and claims, and the browser's session is enough")
def _(stage, app, adele):
    stage.fault({"code": 50076}, times=1, endpoint="token", grantType="refresh_token")
    app.refresh()
    app.call_graph()
    app.refresh()


@situation("factor-still-wanted", "Every refresh is refused with 50076, three times in a row")
def _(stage, app, adele):
    stage.fault({"code": 50076}, times=3, endpoint="token", grantType="refresh_token")
    app.refresh()
    app.refresh()
    app.refresh()


@situation("blocked", "A policy blocks Adele (53003), which no sign-in settles")
def _(stage, app, adele):
    stage.change(challenges=[{"code": 53003}])
    app.refresh()
    app.call_graph()


@situation("consent-withdrawn", "Adele's consent to the app is taken away, and she gives it again")
def _(stage, app, adele):
    stage.control("DELETE", f"consents/{adele.name}/{app.registration.id}")
    app.refresh()
    app.call_graph()


@situation("inactive", "Nobody uses the app for ninety days of the tenant's clock, which takes no time here")
def _(stage, app, adele):
    stage.control("POST", "clock/advance", {"by": "P90D"})
    app.refresh()


@situation("cae-revoked", "Adele is revoked, and Graph challenges her access token", is_capable=True)
def _(stage, app, adele):
    stage.revoke()
    app.call_graph()
    app.call_graph()


@situation("cae-disabled", "Adele's account is disabled, and Graph challenges her access token", is_capable=True)
def _(stage, app, adele):
    stage.change(accountEnabled=False)
    app.call_graph()
    app.call_graph()


@situation("step-up", "Graph demands an authentication context once, which a silent refresh gets", is_capable=True)
def _(stage, app, adele):
    stage.fault({"challenge": STEP_UP}, times=1, endpoint="graph")
    app.call_graph()
    app.call_graph()


@situation("step-up-lasting", "Graph demands an authentication context of each access token that it sees", is_capable=True)
def _(stage, app, adele):
    stage.fault({"challenge": STEP_UP}, endpoint="graph")
    app.call_graph()
    stage.end_faults()


@situation(
    "step-up-with-factor", "Graph demands an authentication context, and the refresh with it is refused with 50076",
    is_capable=True)
def _(stage, app, adele):
    stage.fault({"challenge": STEP_UP}, times=1, endpoint="graph")
    stage.challenge(adele, "refresh", "authorize")
    app.call_graph()
    app.call_graph()


def outage(name, about, effect, times, endpoint="token", **options):
    """A situation in which one endpoint fails so many times, and is well again."""

    @situation(name, about, **options)
    def _(stage, app, adele):
        stage.fault(effect, times, endpoint=endpoint, **({"grantType": "refresh_token"} if endpoint == "token" else {}))
        if endpoint == "token":
            app.refresh()
        app.call_graph()
        stage.end_faults()
        app.refresh()
        app.call_graph()


outage("503", "The token endpoint answers 503 twice", {"status": 503}, 2)
outage("503-once", "The token endpoint answers 503 once", {"status": 503}, 1)
outage("503-lasting", "The token endpoint answers 503 for a while", {"status": 503}, 9)
outage("503-retry-after", "The token endpoint answers 503 and says when to come back", {"status": 503, "retryAfter": "PT1S"}, 2)
outage("500", "The token endpoint answers 500 twice", {"status": 500}, 2)
outage("429", "The token endpoint answers 429 and says when to come back", {"status": 429, "retryAfter": "PT2S"}, 1)
outage("429-lasting", "The token endpoint answers 429 for a while", {"status": 429, "retryAfter": "PT2S"}, 5)
outage("503-retry-after-lasting", "The token endpoint answers 503 for a while, and says when to come back",
       {"status": 503, "retryAfter": "PT2S"}, 5)
outage("dropped", "The answer to a refresh is lost on its way", {"answer": "dropped"}, 1)
outage("dropped-lasting", "The answers to refreshes are lost on their way for a while", {"answer": "dropped"}, 9)
outage("cut", "The answer to a refresh is cut in half", {"answer": "cut"}, 1)
outage("malformed", "The answer to a refresh is no JSON", {"answer": "malformed"}, 1)
outage("closed", "The token endpoint closes connections without an answer", {"answer": "closed"}, 2)
outage("closed-lasting", "The token endpoint closes connections without an answer for a while", {"answer": "closed"}, 9)
outage("silent", "The token endpoint sends headers and then nothing", {"answer": "silent"}, 1, timeout=1)
outage("graph-503", "Graph answers 503 twice", {"status": 503}, 2, endpoint="graph")
outage("graph-503-once", "Graph answers 503 once", {"status": 503}, 1, endpoint="graph")
outage("graph-503-lasting", "Graph answers 503 for a while", {"status": 503}, 9, endpoint="graph")
outage("graph-429", "Graph answers 429 and says when to come back", {"status": 429, "retryAfter": "PT1S"}, 1, endpoint="graph")
outage("graph-429-lasting", "Graph answers 429 for a while", {"status": 429, "retryAfter": "PT2S"}, 5, endpoint="graph")
outage("graph-closed", "Graph closes connections without an answer", {"answer": "closed"}, 1, endpoint="graph")


@situation("outage-then-revoked", "The token endpoint answers 503 twice and is well again, and then Adele is revoked")
def _(stage, app, adele):
    stage.fault({"status": 503}, 2, endpoint="token")
    app.refresh()
    stage.revoke()
    app.refresh()
    app.call_graph()


@situation("revoked-unheard", "Adele is revoked, and the first refusal is lost on its way, unheard")
def _(stage, app, adele):
    stage.revoke()
    stage.fault({"answer": "dropped"}, 1, endpoint="token", grantType="refresh_token")
    app.refresh()
    app.call_graph()


@situation("revoked-behind-503", "Adele is revoked while the token endpoint answers 503")
def _(stage, app, adele):
    stage.fault({"status": 503}, 2, endpoint="token", grantType="refresh_token")
    stage.revoke()
    app.refresh()
    app.call_graph()


def flapping(held):
    """Regions that take turns, of which some have not heard of a revocation of refresh tokens."""
    regions = ["eastus", "westeurope", "southeastasia"]
    return {
        "regions": regions, "routing": "round-robin",
        "planes": {"refresh": {region: "manual" if region in held else "immediate" for region in regions}}}


@situation("flapping", "Adele is revoked, and of three regions that take turns one has not heard of it")
def _(stage, app, adele):
    stage.control("PUT", "propagation", flapping(["southeastasia"]))
    stage.revoke()
    for _ in range(4):
        app.refresh()


@situation("flapping-late", "Adele is revoked, and of three regions that take turns only one has heard of it")
def _(stage, app, adele):
    stage.control("PUT", "propagation", flapping(["eastus", "westeurope"]))
    stage.revoke()
    for _ in range(5):
        app.refresh()


# Who is put into which.

CHARACTERS = {
    "good": (GoodApp, "an app that does what it should"),
    "good-spa": (GoodSinglePageApp, "a single-page app that asks prompt=none once and then its user"),
    "retries-dead-token": (sample_apps.RetriesDeadToken, "an app that presents the refused token six times more, at once"),
    "ignores-claims-challenge": (
        sample_apps.IgnoresClaimsChallenge, "an app that calls five times more with the access token that was challenged"),
    "loops-on-silent-sign-in": (sample_apps.LoopsOnSilentSignIn, "an app that then asks prompt=none six times in a row"),
    "takes-refusal-for-outage": (
        sample_apps.TreatsRefusalAsOutage, "an app that backs off, retries the dead token, and never asks its user to sign in"),
    "keeps-its-cookie": (
        sample_apps.KeepsItsCookie, "a web app that goes on with the old access token under a session of its own"),
    "ignores-retry-after": (sample_apps.IgnoresRetryAfter, "an app that comes back at once, five times, whatever it was told"),
    "hammers-through-outage": (sample_apps.HammersThroughOutage, "an app that sends the same again at once, eight times"),
    "loses-living-token": (
        sample_apps.LosesLivingToken, "an app that throws its living refresh token away and sends its user to sign in"),
    "forgets-the-demand": (sample_apps.ForgetsTheDemand, "an app that signs in anew without the claims that it was given"),
}


def cast(character, expected, *situations, registration=NATIVE_APP, name=None):
    """Adds a history for each of the situations."""
    kind, who = CHARACTERS[character]
    for each in situations:
        at = SITUATIONS[each]
        SCENARIOS.append(Scenario(
            f"{name or character}-{each}", f"{at.about}: {who}.", expected, at.with_app(kind, registration)))


cast("good", good(),
     "revoked", "revoked-user-away", "revoked-page-left-open", "disabled", "disabled-for-a-while", "deleted", "password-reset",
     "factor", "factor-without-a-page", "factor-still-wanted", "blocked", "consent-withdrawn", "inactive",
     "cae-revoked", "cae-disabled", "step-up", "step-up-lasting", "step-up-with-factor",
     "503", "503-lasting", "503-retry-after", "500", "429", "dropped", "cut", "malformed", "closed", "silent",
     "graph-503", "graph-429", "graph-closed",
     "outage-then-revoked", "revoked-unheard", "revoked-behind-503", "flapping", "flapping-late")
cast("good", good(WEB), "revoked", "password-reset", "503", registration=WEB_APP, name="good-web")
cast("good-spa", good(SINGLE_PAGE_APP.id), "revoked", "disabled", "429", registration=SINGLE_PAGE_APP)

cast("retries-dead-token", bad("retriesDeadToken"), "revoked", "deleted", "factor", "flapping")
cast("ignores-claims-challenge", bad("ignoresClaimsChallenge"), "cae-revoked", "cae-disabled", "step-up-lasting")
cast("loops-on-silent-sign-in", bad("loopsOnSilentSignIn"), "revoked", "disabled", "consent-withdrawn")
cast("loops-on-silent-sign-in", bad("loopsOnSilentSignIn", client=SINGLE_PAGE_APP.id), "factor", registration=SINGLE_PAGE_APP)
cast("takes-refusal-for-outage", bad("takesRefusalForOutage"), "revoked", "disabled", "blocked")
cast("keeps-its-cookie", bad("keepsItsSession", client=WEB), "revoked", "disabled", "deleted", registration=WEB_APP)
cast("ignores-retry-after", bad("ignoresRetryAfter"), "429-lasting", "503-retry-after-lasting", "graph-429-lasting")
cast("hammers-through-outage", bad("hammersThroughOutage"),
     "503-lasting", "dropped-lasting", "closed-lasting", "graph-503-lasting")
cast("loses-living-token", bad("losesLivingToken"), "503-once", "dropped", "closed", "malformed", "graph-503-once")
cast("forgets-the-demand", good(NATIVE, "forgetsTheDemand"), "factor", "cae-revoked", "step-up")


# Histories of their own.


@scenario("untested", "Adele signs in, reads her profile and refreshes, and nothing stands in the way.", untested())
def _(stage):
    app = stage.app(GoodApp, stage.person("adele"))
    app.sign_in()
    for _ in range(3):
        app.call_graph()
        app.refresh()


@scenario("untested-while-others-are-revoked", "Alex is revoked, who never used the app; Adele's app goes on.", untested())
def _(stage):
    app = stage.app(GoodApp, stage.person("adele"))
    app.sign_in()
    stage.revoke("alex")
    app.refresh()
    app.call_graph()


@scenario(
    "untested-second-device", "Adele signs in on a second device and with prompt=login, without any need: that is her right.",
    untested())
def _(stage):
    for _ in range(2):
        app = stage.app(GoodApp, stage.person("adele"))
        app.sign_in()
        app.call_graph()
    app.sign_in(prompt="login")
    app.refresh()


@scenario(
    "untested-access-token-outlives", "Adele is revoked; the app lives on its access token, and nobody refuses it anything.",
    untested())
def _(stage):
    app = stage.app(GoodApp, stage.person("adele"))
    app.sign_in()
    stage.revoke()
    for _ in range(4):
        app.call_graph()


@scenario(
    "good-spa-token-ended", "A single-page app's refresh token ends by its age: prompt=none finds the browser's session.",
    good(SINGLE_PAGE_APP.id))
def _(stage):
    stage.control("PUT", "policies", {"lifetimes": {"spaRefreshToken": "PT1H"}})
    app = stage.app(GoodSinglePageApp, stage.person("adele"), registration=SINGLE_PAGE_APP)
    app.sign_in()
    stage.control("POST", "clock/advance", {"by": "PT1H"})
    app.refresh()
    app.call_graph()


def two_users(character, happens):
    """Adele and Alex use one app, each in a browser of their own, and something happens to her alone."""

    def play(stage):
        adele, alex = stage.person("adele"), stage.person("alex")
        app = stage.app(character, adele, alex)
        for person in (adele, alex):
            app.sign_in(person.name)
            app.call_graph(person.name)
        happens(stage)
        for person in (alex, adele, alex):
            app.refresh(person.name)
            app.call_graph(person.name)

    return play


for _character, _name, _who, _expected in (
        (GoodApp, "good", "the app leaves him alone", good()),
        (sample_apps.DisturbsOthers, "disturbs-others", "the app drops his living token and sends him to sign in, too",
         bad("disturbsOthers")),
        (sample_apps.SignsOutEverybody, "signs-out-everybody", "the app signs him out and asks for his password, too",
         bad("disturbsOthers"))):
    scenario(f"{_name}-two-users-revoked", f"Adele is revoked and Alex is not: {_who}.", _expected)(
        two_users(_character, lambda stage: stage.revoke()))
    scenario(f"{_name}-two-users-disabled", f"Adele's account is disabled and Alex's is not: {_who}.", _expected)(
        two_users(_character, lambda stage: stage.change(accountEnabled=False)))


@scenario(
    "good-second-user-arrives", "Adele is revoked and signs in again, and just then Alex uses the app for the first time.",
    good())
def _(stage):
    adele, alex = stage.person("adele"), stage.person("alex")
    app = stage.app(GoodApp, adele, alex)
    app.sign_in(adele.name)
    stage.revoke()
    app.refresh(adele.name)
    app.sign_in(alex.name)
    app.refresh(alex.name)


@scenario(
    "good-two-devices-revoked", "Adele uses the app on two devices and is revoked: each device is refused and asks her once.",
    good())
def _(stage):
    devices = [stage.app(GoodApp, stage.person("adele")) for _ in range(2)]
    for app in devices:
        app.sign_in()
    stage.revoke()
    for app in devices:
        app.refresh()
        app.call_graph()


@scenario("good-revoked-twice", "Adele is revoked, signs in again, and is revoked again: she is asked twice.", good())
def _(stage):
    app = stage.app(GoodApp, stage.person("adele"))
    app.sign_in()
    for _ in range(2):
        stage.revoke()
        app.refresh()
    app.call_graph()


@scenario(
    "good-last-call-after-revoked", "Adele is revoked; the app calls Graph with its access token before any refusal told it.",
    good())
def _(stage):
    app = stage.app(GoodApp, stage.person("adele"))
    app.sign_in()
    stage.revoke()
    for _ in range(4):
        app.call_graph()
    app.refresh()


@scenario(
    "good-and-bad-client", "Adele is revoked: one of her apps signs her in again, the other retries the dead token at once.",
    {**good(NATIVE), **bad("retriesDeadToken", client=WEB)})
def _(stage):
    adele = stage.person("adele")
    apps = [stage.app(GoodApp, adele), stage.app(sample_apps.RetriesDeadToken, adele, registration=WEB_APP)]
    for app in apps:
        app.sign_in()
    stage.revoke()
    for app in apps:
        app.refresh()


@scenario(
    "good-and-bad-user", "Two people use one client id: Adele with a good app, Alex with one that retries the dead token.",
    bad("retriesDeadToken"))
def _(stage):
    apps = [
        stage.app(GoodApp, stage.person("adele")), stage.app(sample_apps.RetriesDeadToken, stage.person("alex"))]
    for app in apps:
        app.sign_in()
    for user, app in zip(("adele", "alex"), apps, strict=True):
        stage.revoke(user)
        app.refresh()


@scenario(
    "good-and-untested-client", "Adele is revoked: one of her apps signs her in again, another only called Graph before that.",
    {**good(NATIVE), **untested(WEB)})
def _(stage):
    adele = stage.person("adele")
    app, other = stage.app(GoodApp, adele), stage.app(GoodApp, adele, registration=WEB_APP)
    for each in (app, other):
        each.sign_in()
        each.call_graph()
    stage.revoke()
    app.refresh()


@scenario(
    "good-second-device-in-outage", "While one device of Adele's cannot refresh she signs in on another; both go on.", good())
def _(stage):
    waiting, new = [stage.app(GoodApp, stage.person("adele")) for _ in range(2)]
    waiting.sign_in()
    stage.fault({"status": 503}, 4, endpoint="token", grantType="refresh_token")
    waiting.refresh()
    new.sign_in()
    for app in (waiting, new):
        app.refresh()


@scenario("good-daemon-429", "A daemon whose secret is fine is told to come back later, and does.", good(DAEMON))
def _(stage):
    stage.fault({"status": 429, "retryAfter": "PT1S"}, 1, endpoint="token", client=DAEMON)
    assert GoodDaemon(stage.lapse, stage.domain).get_token()


@scenario("good-daemon-503", "A daemon meets a service that is down twice, and backs off.", good(DAEMON))
def _(stage):
    stage.fault({"status": 503}, 2, endpoint="token", client=DAEMON)
    assert GoodDaemon(stage.lapse, stage.domain).get_token()


# Real libraries, unmodified, in the smallest app that their documentation shows: silently first, and then the person.


class Msal:
    """MSAL Python: `acquire_token_silent_with_error`, and the code flow when that gives no token."""

    def __init__(self, stage, person, kind=msal.PublicClientApplication, client=NATIVE, cache=None, **options):
        self.stage = stage
        self.person = person
        self.app = kind(
            client, authority=f"{stage.lapse.https}/{stage.domain}", instance_discovery=False, verify=stage.lapse.ca_file,
            token_cache=cache, **options)

    def sign_in(self, claims=None):
        flow = self.app.initiate_auth_code_flow(
            USER_READ, redirect_uri=REDIRECT, response_mode="form_post", claims_challenge=claims)
        answer = self.person.visit(flow["auth_uri"])
        return self.app.acquire_token_by_auth_code_flow(flow, answer) if answer else {}

    def silently(self, claims=None):
        account, *_ = self.app.get_accounts()
        return self.app.acquire_token_silent_with_error(USER_READ, account, claims_challenge=claims) or {}

    def get_token(self, claims=None):
        result = self.silently(claims)
        if "access_token" not in result:
            result = self.sign_in(result.get("claims") or claims)
        return result.get("access_token")

    def call_graph(self):
        """As Microsoft's "claims challenge" page has it: the claims of the 401 go to MSAL, which skips its cache."""
        answer = self.stage.lapse.graph("GET", "me", self.get_token())
        demand = sample_apps.demand_of(answer)
        return self.stage.lapse.graph("GET", "me", self.get_token(demand)) if demand else answer


def again_and_again(act):
    """A person who presses a button twice a second until it works.

    MSAL hands an outage to its caller: 5xx as an error of its own, the plain text of a 429 as JSON that it cannot read, and
    what `requests` raises as it is.
    """
    for _ in range(16):
        try:
            return act()
        except (MsalServiceError, ValueError, requests.RequestException):
            time.sleep(0.5)
    raise AssertionError("it never works")


def msal_python(name, about, expected, **options):
    """A history of MSAL Python's public client. Every silent call refreshes: two minutes are too few for MSAL's cache."""

    def adding(play):
        def staged(stage):
            if "client_capabilities" not in options:
                stage.shorten_tokens()
            adele = stage.person("adele")
            client = Msal(stage, adele, **options)
            assert "access_token" in client.sign_in()
            play(stage, client, adele)
        return scenario(f"msal-python-{name}", f"{about}: MSAL Python's public client.", expected)(staged)

    return adding


@msal_python("revoked", "Adele is revoked, and signs in anew when the silent call is refused", good())
def _(stage, client, adele):
    stage.revoke()
    assert client.get_token() and client.get_token()


@msal_python("revoked-asks-again", "Adele is revoked; the app asks silently six times, of which MSAL answers five itself", good())
def _(stage, client, adele):
    stage.revoke()
    for _ in range(6):
        assert client.silently()["error"] == "invalid_grant"


@msal_python("disabled", "Adele's account is disabled", good())
def _(stage, client, adele):
    stage.change(accountEnabled=False)
    assert not client.get_token()


@msal_python("factor", "A policy asks for a second factor (50076), and the claims go back through claims_challenge", good())
def _(stage, client, adele):
    stage.challenge(adele, "refresh", "authorize")
    assert client.get_token() and client.get_token()


@msal_python("consent-withdrawn", "Adele's consent is taken away, and she gives it again", good())
def _(stage, client, adele):
    stage.control("DELETE", f"consents/{adele.name}/{NATIVE}")
    assert client.get_token()


@msal_python("503", "503 once, after which MSAL keeps still for a minute; a restarted app asks again", good())
def _(stage, client, adele):
    stage.fault({"status": 503}, 1, endpoint="token")
    for _ in range(6):
        with contextlib.suppress(MsalServiceError):
            client.get_token()
    assert Msal(stage, adele, cache=client.app.token_cache).get_token()


# MSAL counts in whole seconds: it comes back up to one second early.
for _status in (429, 503):
    @msal_python(
        f"{_status}-retry-after", f"{_status} and when to come back, until which MSAL keeps still though it is asked", good())
    def _(stage, client, adele, status=_status):
        stage.fault({"status": status, "retryAfter": "PT2S"}, 1, endpoint="token")
        assert again_and_again(client.get_token)


for _answer in ("dropped", "cut", "malformed"):
    @msal_python(_answer, f"The answer to a refresh is spoiled twice ({_answer}); a person presses the button", good())
    def _(stage, client, adele, answer=_answer):
        stage.fault({"answer": answer}, 2, endpoint="token")
        assert again_and_again(client.get_token)


@msal_python("cae", "Adele is revoked, and the claims of Graph's challenge go through claims_challenge", good(),
             client_capabilities=["cp1"])
def _(stage, client, adele):
    stage.revoke()
    assert client.call_graph().ok


@msal_python("step-up", "Graph demands an authentication context, which a silent call gets", good(), client_capabilities=["cp1"])
def _(stage, client, adele):
    stage.fault({"challenge": STEP_UP}, 1, endpoint="graph")
    assert client.call_graph().ok


@msal_python(
    "cae-without-claims", "Adele is revoked; the app declares cp1 but never hands a challenge to MSAL, which serves its cache",
    bad("ignoresClaimsChallenge"), client_capabilities=["cp1"])
def _(stage, client, adele):
    stage.revoke()
    for _ in range(6):
        assert stage.lapse.graph("GET", "me", client.get_token()).status_code == 401


@msal_python("restarted", "Adele is revoked and away; the app is started again with the cache that it kept", good())
def _(stage, client, adele):
    stage.revoke()
    assert client.silently()["error"] == "invalid_grant"
    again = Msal(stage, adele, cache=client.app.token_cache)
    assert again.silently()["error"] == "invalid_grant"
    assert "access_token" in again.sign_in()


@scenario("msal-python-untested", "Adele signs in and the app refreshes: MSAL Python's public client.", untested())
def _(stage):
    stage.shorten_tokens()
    client = Msal(stage, stage.person("adele"))
    client.sign_in()
    assert client.call_graph().ok


@scenario(
    "msal-python-two-users", "Adele is revoked and Alex is not, who uses the same app object: MSAL Python's public client.",
    good())
def _(stage):
    stage.shorten_tokens()
    adele, alex = stage.person("adele"), stage.person("alex")
    client = Msal(stage, adele)
    client.sign_in()
    client.person = alex
    client.sign_in()
    stage.revoke()
    for person in (adele, alex):
        client.person = person
        [account] = client.app.get_accounts(person.name)
        result = client.app.acquire_token_silent_with_error(USER_READ, account)
        assert "access_token" in result or client.sign_in()


@scenario(
    "msal-python-interactive", "Adele is revoked, and MSAL opens her browser itself: acquire_token_interactive of MSAL Python.",
    good())
def _(stage):
    stage.shorten_tokens()
    client = Msal(stage, stage.person("adele"))
    with desktop_browser(client.person):
        assert "access_token" in client.app.acquire_token_interactive(USER_READ, timeout=20)
        stage.revoke()
        result = client.silently()
        assert "access_token" in client.app.acquire_token_interactive(
            USER_READ, timeout=20, claims_challenge=result.get("claims"))


@scenario("msal-python-device-code-revoked", "Adele is revoked and enters a new code: MSAL Python's device code flow.", good())
def _(stage):
    stage.shorten_tokens()
    client = Msal(stage, stage.person("adele"))

    def sign_in():
        flow = client.app.initiate_device_flow(USER_READ)
        client.person.approve_device(flow["verification_uri"], flow["user_code"], client.person.name)
        return client.app.acquire_token_by_device_flow(flow)

    assert "access_token" in sign_in()
    stage.revoke()
    assert client.silently()["error"] == "invalid_grant"
    assert "access_token" in sign_in()


@scenario(
    "msal-python-web-revoked", "Adele is revoked, and signs in to a web app again: MSAL Python's confidential client.", good(WEB))
def _(stage):
    stage.shorten_tokens()
    client = Msal(
        stage, stage.person("adele"), msal.ConfidentialClientApplication, WEB, client_credential=WEB_SECRET)
    assert "access_token" in client.sign_in()
    stage.revoke()
    assert client.get_token()


def msal_daemon(name, about, effect):
    @scenario(f"msal-python-daemon-{name}", f"{about}: MSAL Python's acquire_token_for_client.", good(DAEMON))
    def _(stage):
        client = Msal(stage, None, msal.ConfidentialClientApplication, DAEMON, client_credential=DAEMON_SECRET)
        stage.fault(effect, 1, endpoint="token")
        assert "access_token" in again_and_again(lambda: client.app.acquire_token_for_client([GRAPH_DEFAULT]))


msal_daemon("429", "A daemon whose secret is fine is told to come back later", {"status": 429, "retryAfter": "PT2S"})
msal_daemon("503", "A daemon meets 503 and when to come back", {"status": 503, "retryAfter": "PT2S"})


def user_credential(stage, person, kind=DeviceCodeCredential, **options):
    """azure-identity for a person, who sees to a device code at once."""
    if kind is DeviceCodeCredential:
        options["prompt_callback"] = lambda uri, code, _: person.approve_device(uri, code, person.name)
    return kind(
        client_id=NATIVE, tenant_id=stage.domain, authority=stage.lapse.https, disable_instance_discovery=True, **options)


def azure_identity(name, about, expected, kind=DeviceCodeCredential, **options):
    """A history of one of azure-identity's credentials, whose every call refreshes."""

    def adding(play):
        def staged(stage):
            stage.shorten_tokens()
            adele = stage.person("adele")
            credential = user_credential(stage, adele, kind, **options)
            with desktop_browser(adele):
                credential.authenticate(scopes=USER_READ)
                play(stage, lambda: credential.get_token(*USER_READ).token, credential)
        return scenario(f"azure-identity-{name}", f"{about}: {kind.__name__} of azure-identity.", expected)(staged)

    return adding


@azure_identity("revoked", "Adele is revoked, and is asked by the credential itself", good())
def _(stage, get_token, _credential):
    stage.revoke()
    assert get_token() and get_token()


@azure_identity(
    "browser-revoked", "Adele is revoked, and the credential opens her browser", good(), InteractiveBrowserCredential, timeout=20)
def _(stage, get_token, _credential):
    stage.revoke()
    assert get_token() and get_token()


@azure_identity("not-automatic-revoked", "Adele is revoked, and the app is told that it has to ask her", good(),
                disable_automatic_authentication=True)
def _(stage, get_token, credential):
    stage.revoke()
    for _ in range(3):
        try:
            get_token()
            raise AssertionError("it was not refused")
        except AuthenticationRequiredError as required:
            wanted = required
    credential.authenticate(scopes=wanted.scopes, claims=wanted.claims)
    assert get_token()


@azure_identity("disabled", "Adele's account is disabled, and the app leaves it at that", good(),
                disable_automatic_authentication=True)
def _(stage, get_token, _credential):
    stage.change(accountEnabled=False)
    with contextlib.suppress(AuthenticationRequiredError):
        get_token()


@azure_identity("factor", "One refresh is refused with 50076 and claims, which the credential does not hand back",
                good(NATIVE, "forgetsTheDemand"))
def _(stage, get_token, _credential):
    stage.fault({"code": 50076}, 1, endpoint="token", grantType="refresh_token")
    assert get_token() and get_token()


for _name, _effect, _times in (
        ("503", {"status": 503}, 2), ("503-retry-after", {"status": 503, "retryAfter": "PT1S"}, 2),
        ("429", {"status": 429, "retryAfter": "PT1S"}, 2), ("dropped", {"answer": "dropped"}, 1)):
    @azure_identity(_name, f"The token endpoint fails ({_name})", good())
    def _(stage, get_token, _credential, effect=_effect, times=_times):
        stage.fault(effect, times, endpoint="token")
        assert get_token() and get_token()


@azure_identity("503-lasting", "The token endpoint answers 503 until the credential gives up", good())
def _(stage, get_token, _credential):
    stage.fault({"status": 503}, endpoint="token")
    with contextlib.suppress(ClientAuthenticationError, HttpResponseError):
        get_token()
    stage.end_faults()


@scenario("azure-identity-code-revoked", "Adele is revoked, and her web app learns it: AuthorizationCodeCredential.", good(WEB))
def _(stage):
    adele = stage.person("adele")
    query = {"client_id": WEB, "response_type": "code", "redirect_uri": REDIRECT, "state": "one", "scope": sample_apps.SCOPE}

    def sign_in():
        answer = adele.visit(f"{stage.lapse.https}/{stage.domain}/oauth2/v2.0/authorize?{urlencode(query)}")
        return AuthorizationCodeCredential(
            stage.domain, WEB, answer["code"], REDIRECT, client_secret=WEB_SECRET, authority=stage.lapse.https,
            disable_instance_discovery=True)

    # The credential answers from its cache for thirty seconds whatever the token's lifetime; claims make it ask.
    any_claims = '{"access_token":{"xms_cc":{"values":["cp1"]}}}'
    credential = sign_in()
    credential.get_token(*USER_READ)
    stage.revoke()
    for _ in range(2):
        with contextlib.suppress(ClientAuthenticationError):
            credential.get_token(*USER_READ, claims=any_claims)
            raise AssertionError("it was not refused")
    assert sign_in().get_token(*USER_READ)


def client_secret(stage):
    return ClientSecretCredential(
        stage.domain, DAEMON, DAEMON_SECRET, authority=stage.lapse.https, disable_instance_discovery=True)


for _name, _effect in (
        ("429", {"status": 429, "retryAfter": "PT1S"}), ("503", {"status": 503}), ("dropped", {"answer": "dropped"})):
    @scenario(
        f"azure-identity-daemon-{_name}", f"A daemon meets an outage ({_name}) twice: ClientSecretCredential.", good(DAEMON))
    def _(stage, effect=_effect):
        stage.fault(effect, 2, endpoint="token")
        assert client_secret(stage).get_token(GRAPH_DEFAULT).token


def msgraph_sdk(name, about, expected, **options):
    """A history of the Graph SDK on a DeviceCodeCredential, as its documentation shows it."""

    def adding(play):
        def staged(stage):
            adele = stage.person("adele")
            credential = user_credential(stage, adele, **options)
            client = graph_client(stage, credential, USER_READ)

            async def calls():
                if options.get("disable_automatic_authentication"):
                    credential.authenticate(scopes=USER_READ, enable_cae=True)
                assert (await client.me.get()).user_principal_name == adele.name
                await play(stage, client, credential)

            asyncio.run(calls())
        return scenario(f"msgraph-sdk-{name}", f"{about}: Microsoft's Graph SDK for Python.", expected)(staged)

    return adding


def graph_client(stage, credential, scopes):
    client = GraphServiceClient(credential, scopes)
    client.request_adapter.base_url = f"{stage.lapse.https}/v1.0"
    return client


@msgraph_sdk("revoked", "Adele is revoked, Graph challenges, and the SDK and its credential see to it all", good())
async def _(stage, client, _credential):
    stage.revoke()
    assert await client.me.get() and await client.me.get()


async def told_to_ask(client):
    """What the SDK raises when the person is needed."""
    try:
        await client.me.get()
    except AuthenticationRequiredError as required:
        return required
    raise AssertionError("it was not refused")


@msgraph_sdk("not-automatic-revoked", "Adele is revoked, Graph challenges, and the app asks her when it is told to", good(),
             disable_automatic_authentication=True)
async def _(stage, client, credential):
    stage.revoke()
    wanted = await told_to_ask(client)
    credential.authenticate(scopes=wanted.scopes, claims=wanted.claims, enable_cae=True)
    assert await client.me.get()


@msgraph_sdk("goes-on-revoked", "Adele is revoked and away; the app is told to ask her, and goes on with calls, each of which "
             "the SDK makes with the token that was challenged", bad("ignoresClaimsChallenge"),
             disable_automatic_authentication=True)
async def _(stage, client, _credential):
    stage.revoke()
    for _ in range(6):
        await told_to_ask(client)


@msgraph_sdk("step-up", "Graph demands an authentication context once, which a silent refresh gets", good())
async def _(stage, client, _credential):
    stage.fault({"challenge": STEP_UP}, 1, endpoint="graph")
    assert await client.me.get() and await client.me.get()


for _name, _effect in (("429", {"status": 429, "retryAfter": "PT1S"}), ("503", {"status": 503, "retryAfter": "PT1S"})):
    @msgraph_sdk(_name, f"Graph says when to come back ({_name}), twice", good())
    async def _(stage, client, _credential, effect=_effect):
        stage.fault(effect, 2, endpoint="graph")
        assert await client.me.get()


@scenario("msgraph-sdk-daemon-429", "A daemon meets 429 at Graph: the Graph SDK on a ClientSecretCredential.", good(DAEMON))
def _(stage):
    stage.fault({"status": 429, "retryAfter": "PT1S"}, 1, endpoint="graph")
    client = graph_client(stage, client_secret(stage), [GRAPH_DEFAULT])

    async def calls():
        assert (await client.users.get()).value

    asyncio.run(calls())


# Recording.


def trust(lapse):
    """As the fixture of this name: libraries take the CA from the environment, and no proxy stands in between."""
    os.environ.update(REQUESTS_CA_BUNDLE=lapse.ca_file, SSL_CERT_FILE=lapse.ca_file, NO_PROXY="localhost")
    for name in ("CURL_CA_BUNDLE", "SSL_CERT_DIR"):
        os.environ.pop(name, None)
    # The libraries tell of each refusal that they meet.
    logging.disable()


def written(scenario, events):
    """The file of a history: an event a line, so that a person can read it."""
    head = {"name": scenario.name, "about": scenario.about, "expected": scenario.expected}
    lines = [f" {json.dumps(name)}: {json.dumps(value)},\n" for name, value in head.items()]
    log = ",\n".join("  " + json.dumps(event) for event in events)
    return "{\n" + "".join(lines) + ' "events": [\n' + log + "\n ]\n}\n"


def record(names):
    known = {each.name: each for each in SCENARIOS}
    assert len(known) == len(SCENARIOS), "two histories have one name"
    for name in names:
        if name not in known:
            sys.exit(f"There is no history {name}. Those that there are: {', '.join(known)}")
    GOLDEN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        process = Process(Path(folder), *PORTS)
        try:
            lapse = process.lapse
            trust(lapse)
            for each in [known[name] for name in names or known]:
                events = each.record(lapse)
                (GOLDEN / f"{each.name}.json").write_text(written(each, events))
                print(f"{each.name}: {len(events)} events")
        finally:
            # In memory, nothing is left behind.
            process.kill()


if __name__ == "__main__":
    record(sys.argv[1:])
