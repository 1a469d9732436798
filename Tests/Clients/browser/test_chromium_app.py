"""The sample app in real Chromium, good and bad: what each does when its user is revoked."""

import time

import pytest

import chromium
from lab import ADELE, PASSWORD

MISTAKES = ["retries", "ignores", "keeps", "loops", "outage"]


@pytest.fixture
def app(lapse, chrome):
    """The app, its user signed in."""
    context = chrome.new_context()
    page = context.new_page()
    page.goto(f"{lapse.https}/_lapse/app/")
    sign_in(page)
    yield page
    context.close()


def sign_in(page):
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("[name=login]").fill(ADELE)
    page.locator("[name=passwd]").fill(PASSWORD)
    page.locator("button.main").click()
    page.get_by_role("heading", name=f"Signed in as {ADELE}").wait_for()


def did(page, button, until):
    """What the app did after the click, once it has done the last of it."""
    before = page.locator("#log li").count()
    page.get_by_role("button", name=button).click()
    page.locator("#log li", has_text=until).nth(0).wait_for()
    page.wait_for_timeout(300)
    return page.locator("#log li").all_inner_texts()[before:]


def revoke(lapse):
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})


REFUSED = "The refresh was refused: invalid_grant, bad_token."


def test_it_lives_well(lapse, app):
    assert did(app, "Call Graph", "Adele Vance") == ["Graph answered: Adele Vance."]
    assert did(app, "Refresh silently", "Refreshed.") == ["Refreshed."]
    chromium.assert_accessible(app)


def test_it_is_revoked_on_its_own_page_and_judged_beside_it(lapse, app):
    judge = app.locator("#judge")
    judge.get_by_text("It has met nothing yet.").or_(judge.get_by_text("Verdict: untested")).wait_for()
    app.get_by_label("tries a dead token again and again").check()
    app.get_by_role("button", name="Revoke me").click()
    app.locator("#log li", has_text="The user revoked all sessions.").wait_for()
    did(app, "Refresh silently", "It ends its own session")
    judge.get_by_text("Verdict: bad").wait_for()
    judge.locator("li.fail").first.wait_for()
    chromium.assert_accessible(app)


def test_a_good_app_asks_once_and_is_back(lapse, app):
    revoke(lapse)
    assert did(app, "Call Graph", "It ends its own session") == [
        "Graph answered 401 with a claims challenge.", REFUSED, "It drops the dead token.", "prompt=none says login_required.",
        "It ends its own session and asks the user to sign in again."]
    assert app.get_by_role("heading", level=2, name="Not signed in").is_visible()
    assert app.locator("#notice").inner_text() == "Please sign in again."
    sign_in(app)
    assert did(app, "Call Graph", "Adele Vance")[-1] == "Graph answered: Adele Vance."


def test_a_single_page_apps_day_ends_unnoticed_while_the_session_lives(lapse, app):
    lapse.tenant("PUT", "policies", {"lifetimes": {"spaRefreshToken": "PT1H"}})
    # By single sign-on: the browser's session lives for a day.
    app.get_by_role("button", name="Sign in", exact=True).click()
    app.get_by_text("Signed in.", exact=True).wait_for()
    lapse.tenant("POST", "clock/advance", {"by": "PT2H"})
    told = did(app, "Refresh silently", "signed in without a page")
    assert told == [REFUSED, "It drops the dead token.", "The browser still has a session: signed in without a page."]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_bad_app_does_not(lapse, app, mistake):
    app.locator(f"#{mistake}").check()
    revoke(lapse)
    if mistake == "retries":
        told = did(app, "Refresh silently", "It ends its own session")
        assert told.count(REFUSED) == 5 and told.count("It tries the same token again.") == 4
        refused = lapse.tenant("GET", "events?type=refreshRefused")["items"]
        assert len(refused) == 5
    if mistake == "ignores":
        assert did(app, "Refresh silently", "It trusts its access token") == [
            "It trusts its access token until its end, and does not ask for another."]
        told = did(app, "Call Graph", "Graph answered 401")
        chromium.until(app, "document.querySelectorAll('#log li').length >= 10")
        told = app.locator("#log li").all_inner_texts()
        assert told.count("Graph answered 401 with a claims challenge.") == 5 and REFUSED not in told
    if mistake == "keeps":
        told = did(app, "Refresh silently", "It goes on as if")
        assert app.get_by_role("heading", name=f"Signed in as {ADELE}").is_visible()
    if mistake == "loops":
        told = did(app, "Refresh silently", "It ends its own session")
        assert told.count("prompt=none says login_required.") == 5
    if mistake == "outage":
        told = did(app, "Refresh silently", "It gives up for now")
        assert told.count(REFUSED) == 5 and told.count("It takes that for an outage, waits and tries again.") == 4
        assert app.locator("#notice").inner_text() == "The service is down. Please try again later."
        assert app.get_by_role("heading", name=f"Signed in as {ADELE}").is_visible()


def test_nothing_is_asked_while_nobody_is_signed_in(lapse, app):
    revoke(lapse)
    did(app, "Refresh silently", "It ends its own session")
    before = len(lapse.tenant("GET", "events")["items"])
    chromium.until(app, "document.querySelectorAll('.row button:disabled').length === 4")
    assert app.get_by_role("button", name="Sign in", exact=True).is_enabled()
    assert app.locator("#notice").inner_text() == "Please sign in again."
    # By itself it asks nothing either.
    app.clock.install()
    app.get_by_label("Use it by itself").check()
    app.clock.run_for(12_000)
    assert len(lapse.tenant("GET", "events")["items"]) == before
    assert judged(lapse) == ("good", [])


def judged(lapse):
    """What the judge says of the app: its verdict, and the rules it broke."""
    [client] = [each for each in lapse.tenant("GET", "report")["clients"] if each["name"] == "Lapse Sample App"]
    return client["verdict"], [each["rule"] for each in client["findings"] if each["severity"] == "fail"]


def test_the_judge_praises_the_good_app(lapse, app):
    revoke(lapse)
    did(app, "Call Graph", "It ends its own session")
    sign_in(app)
    assert judged(lapse) == ("good", [])


RULES = {
    "retries": "retriesDeadToken", "ignores": "ignoresClaimsChallenge", "keeps": "keepsItsSession", "loops": "loopsOnSilentSignIn",
    "outage": "takesRefusalForOutage"}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_judge_finds_what_the_page_calls_a_mistake(lapse, chrome, mistake):
    """As a person would: switch it on, sign in, be revoked, go on using the app."""
    context = chrome.new_context()
    page = context.new_page()
    page.goto(f"{lapse.https}/_lapse/app/")
    page.locator(f"#{mistake}").check()
    sign_in(page)
    # The sign-in led away and back.
    assert [each for each in MISTAKES if page.locator(f"#{each}").is_checked()] == [mistake]
    revoke(lapse)
    for button in ("Refresh silently", "Call Graph", "Call Graph"):
        before = page.locator("#log li").count()
        # Nobody can press it once the app has ended its session.
        page.get_by_role("button", name=button).evaluate("button => button.click()")
        chromium.until(page, f"document.querySelectorAll('#log li').length > {before} || document.getElementById('graph').disabled")
    waited = time.monotonic() + 20
    while RULES[mistake] not in judged(lapse)[1] and time.monotonic() < waited:
        page.wait_for_timeout(200)
    assert judged(lapse) == ("bad", [RULES[mistake]])
    context.close()


def test_two_devices_have_names_and_one_is_used_by_itself(lapse, app):
    with app.expect_popup() as opened:
        app.get_by_role("link", name="Open another device").click()
    phone = opened.value
    phone.wait_for_load_state()
    assert phone.get_by_role("heading", level=1).inner_text() == "A sample app: Phone"
    # The browser has a session already.
    phone.get_by_role("button", name="Sign in", exact=True).click()
    phone.get_by_role("heading", name=f"Signed in as {ADELE}").wait_for()
    assert phone.get_by_role("heading", level=1).inner_text() == "A sample app: Phone"
    phone.get_by_label("Use it by itself").check()
    revoke(lapse)
    # It notices without a hand.
    phone.get_by_text("It ends its own session and asks the user to sign in again.").wait_for(timeout=20_000)
    verdicts = {each["name"]: each["verdict"] for each in lapse.tenant("GET", "report")["clients"]}
    assert verdicts == {"Lapse Sample App, Phone": "good"} | {name: verdict for name, verdict in verdicts.items() if name == "Lapse Sample App"}
    assert "Laptop" in phone.get_by_role("link", name="Open another device").get_attribute("href")


def test_an_outage_costs_the_app_nothing(lapse, app):
    lapse.tenant("POST", "faults", {"match": {"endpoint": "token"}, "effect": {"status": 429, "retryAfter": "PT1S"}, "times": 1})
    did(app, "Refresh silently", "The refresh was refused: throttled.")
    assert app.locator("#notice").inner_text() == "The service is busy; the app waits 1 seconds."
    assert did(app, "Refresh silently", "Refreshed.") == ["Refreshed."]
    assert judged(lapse) == ("good", [])
