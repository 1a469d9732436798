"""A user with very much behind them: how long the dashboard takes. Nothing here fails for being slow; the figures are printed.

The full size is `LAPSE_EVENTS=10000 scripts/test clients test_chromium_load.py`; else a tenth of it is enough to see that all is shown.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import chromium
import lab_client
from lab import ADELE, DOMAIN, NATIVE

EVENTS = int(os.environ.get("LAPSE_EVENTS", "1000"))
GRANTS, REVOCATIONS, REGIONS = EVENTS // 5, max(EVENTS // 200, 5), [f"region{number:02}" for number in range(16)]

# What took longer than 50 ms at a stretch, as the browser tells it.
WATCH = """() => {
  window.tasks = [];
  new PerformanceObserver(list => window.tasks.push(...list.getEntries().map(one => one.duration))).observe({ type: 'longtask', buffered: true });
}"""
LONGEST = "() => Math.max(0, ...window.tasks.splice(0))"
# When a row of that event is on the screen: the second frame after the row was made.
SEEN = """id => new Promise(done => {
  const look = () => {
    if (!document.querySelector(`[aria-label="Explain event ${id}"]`)) return false;
    requestAnimationFrame(() => requestAnimationFrame(() => done(Date.now())));
    return true;
  };
  if (!look()) { const watch = new MutationObserver(() => look() && watch.disconnect()); watch.observe(document.getElementById('view'), { childList: true, subtree: true }); }
})"""


def grow(lapse):
    """Sign-ins, each refreshed a few times, and revocations between them."""
    contoso = lab_client.Tenant(lapse)
    contoso.freeze()
    contoso.propagate({"regions": REGIONS, "planes": {"refresh": {"uniform": ["PT10S", "PT4M"]}, "session": {"fixed": "PT3M"}, "cae": {"fixed": "PT15M"}}})

    def sign_in_and_refresh(share):
        own, made = lab_client.Tenant(lapse), []
        for _ in range(share):
            token = own.sign_in()["refresh_token"]
            for _ in range(EVENTS // GRANTS - 1):
                made.append(own.refresh(token).status)
        return made

    for _ in range(REVOCATIONS):
        with ThreadPoolExecutor(4) as pool:
            answers = [status for share in pool.map(sign_in_and_refresh, [GRANTS // REVOCATIONS // 4] * 4) for status in share]
        assert set(answers) == {200}
        contoso.revoke()
        contoso.advance(by="PT5M")
    # The last of them is on its way.
    contoso.sign_in()
    contoso.revoke()
    return contoso


@pytest.mark.alone
def test_a_user_with_very_much_behind_them(own, chrome, record_property):
    contoso = grow(own)
    events = len(contoso.everything("/events?limit=1000"))
    assert events >= EVENTS
    record_property("events, grants, regions, revocations", f"{events}, {GRANTS}, {len(REGIONS)}, {REVOCATIONS + 1}")
    context = chrome.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.add_init_script(f"({WATCH})()")
    address = f"{own.http}/_lapse/?tenant={DOMAIN}&user={ADELE}&client={NATIVE}"
    for view, shown in (("board", ".light"), ("timeline", "svg.timeline .part"), ("events", "#view tbody tr")):
        began = time.monotonic()
        page.goto("about:blank")
        page.goto(f"{address}#{view}")
        page.locator(shown).first.wait_for()
        whole = time.monotonic() - began
        page.locator("#connection", has_text="Live").wait_for()
        first = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        record_property(f"{view}: first paint, all shown, longest task", f"{first:.0f} ms, {whole * 1000:.0f} ms, {page.evaluate(LONGEST):.0f} ms")
    # What happens comes to the screen by itself.
    ways = []
    for _ in range(20):
        token = contoso.sign_in()["refresh_token"]
        began = time.time()
        event = int(contoso.refresh(token).headers["x-lapse-event"])
        ways.append(page.evaluate(SEEN, event) / 1000 - began)
    assert page.locator("#view tbody tr").count() == 200
    ways.sort()
    record_property("events: an event's way to the screen, median and longest; longest task", f"{ways[10] * 1000:.0f} ms, {ways[-1] * 1000:.0f} ms; {page.evaluate(LONGEST):.0f} ms")
    # Dragging asks for the course once, and then for nothing.
    contoso.revoke()
    page.goto("about:blank")
    page.goto(f"{address}#board")
    page.locator(".light.late").first.wait_for()
    page.locator("#connection", has_text="Live").wait_for()
    slider = page.get_by_role("slider")
    slider.focus()
    chromium.until(page, "document.getElementById('time').max > 1")
    before, calls = page.locator("#board").inner_text(), []
    for _ in range(50):
        slider.press("ArrowRight")
    # The course is there.
    chromium.until(page, "document.getElementById('looked').textContent !== 'now'")
    assert page.locator("#board").inner_text() != before
    page.evaluate(LONGEST)
    page.on("request", lambda request: calls.append(request.url))
    for key in ("ArrowLeft", "ArrowRight"):
        for _ in range(50):
            slider.press(key)
    assert [call for call in calls if call.endswith("/explain")] == []
    record_property("board: a hundred steps of the slider, longest task", f"{page.evaluate(LONGEST):.0f} ms")
    context.close()
