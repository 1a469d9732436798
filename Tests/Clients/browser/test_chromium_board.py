"""The verdict board in real Chromium: what each endpoint answers, region by region, told apart without colour."""

import pytest
import requests

import chromium
from lab import ADELE, DOMAIN, NATIVE
from test_chromium_dashboard import frozen, grant, visit  # noqa: F401

SPA = "bbbbbbbb-0002-4000-8000-000000000003"
REGIONS = ["eastus", "westeurope", "southeastasia"]


def delays(lapse):
    lapse.tenant("PUT", "propagation", {
        "regions": REGIONS, "routing": "sticky",
        "planes": {"refresh": {"eastus": "immediate", "westeurope": {"fixed": "PT2M"}, "southeastasia": "manual"}, "session": {"fixed": "PT5M"}}})


def light(page, plane, region):
    return page.locator(f'#board button[data-plane="{plane}"][data-region="{region}"]')


def opened(visit, lapse):  # noqa: F811
    page = visit("#board")
    page.locator("#client").select_option(NATIVE)
    page.locator("#board button").first.wait_for()
    return page


def test_the_lights_say_what_the_endpoints_answer_and_count_down(lapse, visit):  # noqa: F811
    frozen(lapse)
    delays(lapse)
    token = grant(lapse)["refresh_token"]
    page = opened(visit, lapse)
    assert light(page, "refresh", "eastus").inner_text() == "accepted"
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
    page.get_by_role("button", name="Token endpoint in eastus: refused (50173, revoked)").wait_for()
    assert light(page, "refresh", "westeurope").inner_text() == "still accepted\nrevoked, 2:00 left"
    assert light(page, "refresh", "southeastasia").inner_text() == "still accepted\nrevoked, held until it is released"
    assert light(page, "session", "eastus").inner_text() == "still accepted\nrevoked, 5:00 left"
    # Nobody can take back an access token that no resource evaluates.
    assert "still accepted\nuntil the token ends" in light(page, "cae", "eastus").inner_text()
    for region, status in zip(REGIONS, (400, 200, 200), strict=True):
        answer = requests.post(
            f"{lapse.https}/{DOMAIN}/oauth2/v2.0/token", {"grant_type": "refresh_token", "client_id": NATIVE, "refresh_token": token},
            headers={"x-lapse-region": region}, verify=lapse.ca_file)
        assert answer.status_code == status
    # Each opens its sentence.
    light(page, "refresh", "westeurope").click()
    assert "westeurope enforces it from" in page.locator("#light").inner_text()
    page.get_by_role("button", name="+1 min").click()
    page.get_by_text("revoked, 1:00 left").wait_for()
    page.get_by_role("button", name="Until all is in effect").click()
    page.get_by_role("button", name="Token endpoint in westeurope: refused (50173, revoked)").wait_for()


def test_what_refuses_and_what_still_accepts_name_the_same_cause(lapse, visit):  # noqa: F811
    frozen(lapse)
    delays(lapse)
    grant(lapse)
    page = opened(visit, lapse)
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "singleSignOut"})
    page.get_by_role("button", name="Sign-in page in eastus: still accepted (signed out").wait_for()
    page.get_by_role("button", name="Until all is in effect").click()
    page.get_by_role("button", name="Sign-in page in eastus: refused (50058, signed out)").wait_for()
    # It does not reach the refresh token.
    assert light(page, "refresh", "eastus").inner_text() == "accepted"


def test_trying_shows_what_the_app_would_read_and_uses_nothing_up(lapse, visit):  # noqa: F811
    frozen(lapse)
    delays(lapse)
    grant(lapse)
    page = opened(visit, lapse)
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
    light(page, "refresh", "eastus").get_by_text("refused").wait_for()
    page.get_by_role("button", name="Try a refresh").click()
    page.get_by_text("Token endpoint in eastus, a refresh: 400 invalid_grant").wait_for()
    page.get_by_text("Token endpoint in southeastasia, a refresh: 200").wait_for()
    assert "AADSTS50173" in page.locator("#tried").inner_text()
    assert "access_token" not in page.locator("#tried").inner_text()
    page.get_by_role("button", name="Try its access token").click()
    page.get_by_text("Graph in westeurope, its access token: 200").wait_for()
    page.get_by_role("button", name="Try a silent sign-in").click()
    page.get_by_text("Sign-in page in eastus, a silent sign-in: 302").first.wait_for()
    [row] = lapse.tenant("GET", f"users/{ADELE}/grants")["items"]
    assert row["refreshTokens"] == 1
    assert [each["type"] for each in lapse.tenant("GET", "events?type=trial")["items"]] == ["trial"] * 9


def test_a_sign_in_of_the_page_refreshes_for_real(lapse, visit):  # noqa: F811
    frozen(lapse)
    page = visit("#board")
    page.locator("#client").select_option(SPA)
    page.get_by_text("This user has no sign-in with Lapse SPA.").wait_for()
    page.get_by_role("button", name="Sign in as this user").click()
    page.get_by_role("button", name="Refresh for real").click()
    page.get_by_text("A refresh, sent: new tokens").wait_for()
    [row] = lapse.tenant("GET", f"users/{ADELE}/grants")["items"]
    assert row["refreshTokens"] == 2
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="Token endpoint in local: refused (50173, revoked)").wait_for()
    page.get_by_role("button", name="Refresh for real").click()
    page.get_by_text("A refresh, sent: invalid_grant").wait_for()
    # No other app's token is taken from a page.
    page.locator("#client").select_option(NATIVE)
    page.get_by_role("button", name="Sign in as this user").click()
    page.locator("#board button").first.wait_for()
    assert page.get_by_role("button", name="Refresh for real").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_board_is_read_from_the_back_row_and_on_a_phone(lapse, visit, scheme, width):  # noqa: F811
    frozen(lapse)
    delays(lapse)
    grant(lapse)
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
    page = visit("#board", viewport={"width": width, "height": 720}, color_scheme=scheme)
    page.locator("#client").select_option(NATIVE)
    page.locator("#board .light.late").first.wait_for()
    sizes = page.evaluate("""[...document.querySelectorAll('#view *')].filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
        .map(one => parseFloat(getComputedStyle(one).fontSize))""")
    assert min(sizes) >= 14, sizes
    # Three shapes and three borders: no light rests on its colour.
    looks = page.evaluate("""['ok', 'late', 'no'].map(state => { const one = document.querySelector(`#board .light.${state}`) ?? document.querySelector(`.legend .${state}`);
        return [one.querySelector('path').getAttribute('d'), getComputedStyle(one).borderStyle, getComputedStyle(one).borderWidth].join(); })""")
    assert len(set(looks)) == 3
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("(board => board.scrollWidth <= board.clientWidth)(document.getElementById('board'))")
    chromium.assert_accessible(page)


def test_time_is_dragged_and_the_clock_stays_until_it_is_moved(lapse, visit):  # noqa: F811
    frozen(lapse)
    delays(lapse)
    made = grant(lapse)
    lapse.tenant("POST", "clock/advance", {"by": "PT1M"})
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
    page = opened(visit, lapse)
    light(page, "refresh", "westeurope").get_by_text("2:00 left").wait_for()
    slider = page.get_by_label("Look at another time")
    slider.focus()
    chromium.until(page, "document.getElementById('time').max > 1")
    # Wherever the slider stands, the lights are what explain says of that instant: no call a step is made for them.
    calls = []
    page.on("request", lambda request: calls.append(request.url) if "explain" in request.url else None)
    seen = set()
    most = int(slider.get_attribute("max"))
    for at in [0, *range(3, most, max(1, most // 25)), most]:
        slider.fill(str(at))
        told = page.locator("#looked").inner_text().split(", ")[0]
        if told == "now":
            continue
        instant = f"{told.replace(' ', 'T')}Z"
        explained = lapse.tenant("POST", "explain", {"grant": made["grant"], "at": instant})["verdicts"]
        for verdict in explained:
            # To the second, as it is shown: what changes within that second is not compared.
            if verdict["plane"] == "refresh" and not (verdict["changesAt"] or "").startswith(instant[:-1]):
                words = light(page, "refresh", verdict["region"]).inner_text().split("\n")[0]
                assert (words != "refused") == verdict["accepted"], (instant, words, verdict)
                seen.add(words)
    assert seen == {"accepted", "still accepted", "refused"} and calls == []
    assert lapse.tenant("GET", "clock")["now"] == "2026-03-01T12:01:00.0000000Z"
    slider.fill("0")
    page.get_by_text("2026-03-01 12:00:00, 1:00 ago").wait_for()
    page.get_by_role("button", name="Back to now").click()
    page.locator("#looked", has_text="now").wait_for()
    light(page, "refresh", "westeurope").get_by_text("2:00 left").wait_for()
    # With the keyboard alone, and then the clock follows.
    slider.focus()
    chromium.until(page, "document.getElementById('time').max > 1")
    for _ in range(40):
        if light(page, "refresh", "westeurope").inner_text().startswith("refused"):
            break
        slider.press("ArrowRight")
    page.get_by_role("button", name="Move the clock there").click()
    page.locator("#looked", has_text="now").wait_for()
    assert lapse.tenant("GET", "clock")["now"] > "2026-03-01T12:03:00"
    page.get_by_role("button", name="Token endpoint in westeurope: refused (50173, revoked)").wait_for()
    chromium.assert_accessible(page)
