"""The sample app that Lapse serves, in a real browser, with somebody at it: what `lapse check` runs in place of a single-page app.

MISTAKE in the environment is the id of one of the app's own switches. With MISTAKE=tabs there are two tabs, each with tokens of its
own, and only the first learns.
"""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import chromium

mistake = os.environ.get("MISTAKE")
home = f"{os.environ['LAPSE_SERVER']}/_lapse/app/?tenant={os.environ['LAPSE_TENANT']}"
# Whoever refreshes first never sees the challenge.
buttons = ["Call Graph"] if mistake == "ignores" else ["Refresh silently", "Call Graph"]


def sign_in(page):
    page.get_by_role("button", name="Sign in", exact=True).click()
    signed_in = page.get_by_role("heading", name="Signed in as")
    # Where the browser still has a session, there is no page.
    signed_in.or_(page.locator("[name=login], [name=passwd]").first).first.wait_for()
    if not signed_in.is_visible():
        if page.locator("[name=login]").is_visible():
            page.locator("[name=login]").fill(os.environ["LAPSE_USER"])
        page.locator("[name=passwd]").fill(os.environ["LAPSE_PASSWORD"])
        page.locator("button.main").click()
        signed_in.wait_for()


def tab(context, switch):
    page = context.new_page()
    page.goto(home)
    sign_in(page)
    if switch:
        page.locator(f"#{switch}").check()
    return page


def use(page, button):
    """Presses it, and waits until the app has said what came of it."""
    before = page.locator("#log li").count()
    # Once the app has ended its session nobody can press it, and a click does nothing.
    page.get_by_role("button", name=button).evaluate("button => button.click()")
    chromium.until(page, f"document.querySelectorAll('#log li').length > {before} || document.getElementById('notice').textContent || document.getElementById('graph').disabled")
    page.wait_for_timeout(200)


with tempfile.TemporaryDirectory() as folder, chromium.started(Path(folder), os.environ["LAPSE_CA"]) as browser:
    context = browser.new_context()
    switches = [None, "outage"] if mistake == "tabs" else [mistake]
    pages = [tab(context, switch) for switch in switches]
    for _ in range(16):
        for page in pages:
            for button in buttons:
                use(page, button)
            if page.get_by_role("heading", name="Not signed in").is_visible():
                sign_in(page)
    browser.close()
