"""Labs in real Chromium: predicted and played with the keyboard alone, in three languages, on a phone and from the back row."""

import bisect

import pytest

import chromium


@pytest.fixture
def visit(lapse, chrome):
    contexts, before = [], {tenant["id"] for tenant in lapse.control("GET", "/tenants")["items"]}

    def visit(path="", **options):
        context = chrome.new_context(**{"viewport": {"width": 1280, "height": 720}, "locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{lapse.https}/_lapse/lab{path}")
        return page

    yield visit
    for context in contexts:
        context.close()
    for tenant in lapse.control("GET", "/tenants")["items"]:
        if tenant["id"] not in before:
            lapse.control("DELETE", f"/tenants/{tenant['id']}")


def started(page, title="The lost laptop"):
    page.get_by_role("button", name=f"Start: {title}").click()
    page.get_by_role("button", name="Play it").wait_for()
    return page


def slide(page, text):
    """Moves the slider to the place that says so, as a hand does that lets go there."""
    slider = page.get_by_role("slider")
    found = slider.evaluate("""(slider, text) => {
        for (let at = 0; at <= Number(slider.max); at++) {
            slider.value = String(at);
            slider.dispatchEvent(new Event('input', { bubbles: true }));
            if (slider.getAttribute('aria-valuetext') === text) { slider.dispatchEvent(new Event('change', { bubbles: true })); return true; }
        }
        return false;
    }""", text)
    assert found, f"no place says {text}"


def test_a_lab_is_predicted_played_scored_and_changed(lapse, visit):
    page = started(visit())
    for at, word in enumerate(["accepted", "refused", "refused", "accepted"]):
        page.get_by_role("group").nth(at).get_by_label(word).check()
    slider = page.get_by_role("slider")
    assert slider.get_attribute("aria-valuetext") == "not answered"
    slide(page, "refused from 50 min")
    assert slider.get_attribute("aria-valuetext") == "refused from 50 min"
    page.get_by_text("refused from 50 min").wait_for()
    # What was answered outlives a reload.
    chromium.until(page, "document.querySelectorAll('fieldset svg').length === 1")
    page.reload()
    page.get_by_text("refused from 50 min").wait_for()
    assert page.locator("input:checked").count() == 4
    page.get_by_role("button", name="Play it").click()
    for _ in range(5):
        page.get_by_role("button", name="Next step").click()
    page.get_by_text("Score: 4 of 5").wait_for()
    findings = page.locator(".findings > li")
    assert [one.split(".")[0] for one in findings.all_inner_texts()] == ["✓ Right", "✓ Right", "✗ Not so", "✓ Right", "✓ Right"]
    assert "AADSTS50173" in findings.nth(1).inner_text() and "enforces it from" in findings.nth(2).inner_text()
    # The prediction is drawn above what happened.
    assert findings.nth(4).locator("svg").count() == 2
    assert "stamped at once" in page.locator("#lab").inner_text()
    page.get_by_role("button", name="Play it with the change").click()
    page.get_by_role("heading", name="The lost laptop: With the change").wait_for()
    page.get_by_role("button", name="Play it").click()
    page.get_by_role("button", name="Play the rest").click()
    page.get_by_text("Score: 0 of 5").wait_for()
    assert len(lapse.control("GET", "/tenants")["items"]) == 3


def test_the_keyboard_alone_plays_a_lab(visit):
    page = visit()
    page.get_by_role("button", name="Start: The stolen refresh token").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Play it").wait_for()
    assert page.evaluate("document.activeElement.id") == "lab"
    for key in ("Tab", "Space", "Tab", "Space", "Tab", "End", "Tab", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Next step").wait_for()
    for _ in range(3):
        assert page.evaluate("document.activeElement.id") == "next"
        before = page.locator("#lab .note", has_text="Step ").inner_text()
        page.keyboard.press("Enter")
        page.wait_for_function("before => !document.body.innerText.includes(before)", arg=before)
    # The first two were answered with the first word, the third with never.
    page.get_by_text("Score: 2 of 3").wait_for()


@pytest.mark.parametrize("language, start, word", [("es", "Empezar", "rechazado"), ("pt", "Começar", "recusado")])
def test_it_speaks_the_learners_language(visit, language, start, word):
    page = visit(locale=f"{language}-{'ES' if language == 'es' else 'PT'}")
    page.get_by_role("button", name=f"{start}: ").first.click()
    page.get_by_label(word).first.wait_for()
    assert page.evaluate("document.documentElement.lang") == language
    page.get_by_label(word).first.check()
    page.locator("#language").select_option("en")
    page.get_by_role("button", name="Play it").wait_for()
    assert page.get_by_label("refused").first.is_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_is_read_on_a_phone_and_from_the_back_row(visit, scheme, width):
    page = visit(viewport={"width": width, "height": 720}, color_scheme=scheme)
    page.get_by_role("button", name="Start: Three regions").wait_for()
    chromium.assert_accessible(page)
    started(page, "Three regions")
    chromium.assert_accessible(page)
    slide(page, "refused from 4 min")
    page.get_by_role("button", name="Play it").click()
    page.get_by_role("button", name="Play the rest").click()
    page.get_by_text("Score: 1 of 5").wait_for()
    chromium.assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sizes = page.evaluate("""[...document.querySelectorAll('#lab *')].filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
        .map(one => parseFloat(getComputedStyle(one).fontSize))""")
    assert sizes and min(sizes) >= 13


def test_what_a_teacher_wrote_is_text(lapse, visit):
    tenant = lapse.control("POST", "/tenants", {"template": "contoso"})["id"]
    lapse.control("POST", f"/tenants/{tenant}/lab", {"lab": {
        "name": "own", "title": "<b>Mine</b>", "situation": "<img src=x onerror=alert(1)> **bold** `code` [good](https://example.com/) [bad](javascript:alert(1))",
        "signIns": [{"id": "phone", "user": "adele", "app": "native"}], "happens": [{"user": "adele", "cause": "adminRevoke"}],
        "questions": [{"id": "a", "ask": "?", "endpoint": "token", "signIn": "phone", "at": "PT1M"}], "explanation": "So."}})
    page = visit(f"?tenant={tenant}")
    page.get_by_role("heading", name="<b>Mine</b>").wait_for()
    text = page.locator("#lab p").first
    assert "<img src=x onerror=alert(1)>" in text.inner_text() and "[bad](javascript:alert(1))" in text.inner_text()
    assert text.locator("img").count() == 0
    assert [(link.inner_text(), link.get_attribute("href")) for link in text.get_by_role("link").all()] == [("good", "https://example.com/")]
    assert text.locator("strong").inner_text() == "bold" and text.locator("code").inner_text() == "code"


def test_whatever_the_delay_is_there_is_a_place_within_a_tenth(visit):
    page = started(visit())
    words = page.get_by_role("slider").evaluate("""slider => Array.from({ length: Number(slider.max) }, (_, at) => {
        slider.value = String(at);
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        return slider.getAttribute('aria-valuetext').replace('refused from ', '');
    })""")
    sizes = {"d": 86_400, "h": 3600, "min": 60, "s": 1}
    stops = []
    for each in words:
        parts = each.split()
        stops.append(sum(int(count) * sizes[unit] for count, unit in zip(parts[::2], parts[1::2], strict=True)))
    assert stops == sorted(set(stops)) and stops[0] == 0 and stops[-1] == 7 * 86_400
    for delay in range(7 * 86_400):
        near = min(abs(stop - delay) for stop in stops[max(0, bisect.bisect(stops, delay) - 1):][:2])
        assert near <= max(delay / 10, 1), delay
