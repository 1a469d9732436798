"""The dashboard in real Chromium: a revocation travels before one's eyes."""

import contextlib
import re
import sqlite3
import time
import uuid

import pytest
import requests

import chromium
from lab import ADELE, DOMAIN, NATIVE
from serve import HTTP_ALONE, Process

VIEWS = ["board", "timeline", "lineage", "events", "requests", "faults", "report", "users", "apps", "sandboxes"]


@pytest.fixture
def visit(lapse, chrome):
    contexts = []

    def visit(path="", **options):
        context = chrome.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{lapse.https}/_lapse/{path}")
        chromium.until(page, "document.getElementById('connection').textContent === 'Live'")
        return page

    yield visit
    for context in contexts:
        context.close()


def frozen(lapse):
    lapse.tenant("PUT", "clock", {"mode": "frozen", "now": "2026-03-01T12:00:00Z"})


def grant(lapse):
    return lapse.tenant("POST", "grants", {"user": ADELE, "client_id": NATIVE, "scope": "openid offline_access User.Read"})


def test_an_empty_lab_says_what_to_do_first(visit):
    page = visit()
    assert "Nothing has happened to this user yet" in page.locator("#view").inner_text()
    chromium.assert_accessible(page)


def test_a_revocation_travels(lapse, visit):
    frozen(lapse)
    lapse.tenant("PUT", "propagation", {"planes": {"refresh": {"fixed": "PT3M"}, "session": {"fixed": "PT5M"}}})
    page = visit()
    page.get_by_role("button", name="Sign in as this user").click()
    page.locator("svg.timeline .alive").first.wait_for()
    token = grant(lapse)["refresh_token"]

    page.get_by_role("button", name="Revoke").click()
    page.locator("svg.timeline .cut").wait_for(state="attached")
    # The window in which it is not enforced is shaded, and counted down.
    assert page.locator("svg.timeline .waiting").count() == 2
    waiting = page.get_by_role("list", name="Not yet in effect")
    assert waiting.get_by_role("listitem").all_inner_texts() == [
        f"{place}, local: still accepts, {left} left (adminRevoke) Release" for place, left in (("Token endpoint", "3:00"), ("Sign-in page", "5:00"))]
    assert lapse.refresh(NATIVE, token).status_code == 200
    # The command that does the same.
    command = page.locator("#curl").inner_text()
    assert "-X POST" in command and '"cause":"adminRevoke"' in command and "/_lapse/api/tenants/" in command

    page.get_by_role("button", name="+1 min").click()
    page.get_by_text("Token endpoint, local: still accepts, 2:00 left (adminRevoke)").wait_for()
    page.get_by_role("button", name="To the next event").click()
    page.get_by_text("Sign-in page, local: still accepts, 2:00 left (adminRevoke)").wait_for()
    assert waiting.get_by_role("listitem").count() == 1
    assert lapse.refresh(NATIVE, token).json()["error_codes"] == [50173]
    page.locator("svg.timeline .refusal").wait_for()
    page.get_by_role("button", name="Until all is in effect").click()
    page.get_by_text("Every revocation is in effect everywhere.").wait_for()
    assert page.locator("svg.timeline .dead").count() >= 2

    # What the picture is made of is said beside it, with all that is in it.
    looks = page.evaluate("[...document.querySelectorAll('svg.timeline .part > [class]')].map(one => one.getAttribute('class')).filter(name => name !== 'behind')")
    shown = page.evaluate("[...document.querySelectorAll('.legend svg > *')].map(one => one.getAttribute('class'))")
    assert set(looks) <= set(shown) and len(shown) == 8
    # Each part says what it is, to whoever comes to it with Tab.
    page.locator("svg.timeline .part").first.focus()
    first = page.locator("#said").inner_text()
    assert re.fullmatch(r"Browser session: every region accepted it from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d\.", first)
    # What is said is seen with the picture, and short.
    assert page.locator("#said").bounding_box()["y"] < page.locator("svg.timeline").bounding_box()["y"]
    assert max(len(part.get_attribute("aria-label").split()) for part in page.locator("svg.timeline .part").all()) <= 25
    page.keyboard.press("ArrowRight")
    assert page.locator("#said").inner_text() != first


def test_on_a_phone_the_picture_begins_at_the_present_and_stays_where_it_is_moved(lapse, visit):
    frozen(lapse)
    grant(lapse)
    lapse.tenant("POST", "clock/advance", {"by": "PT1H"})
    page = visit(viewport={"width": 390, "height": 844})
    page.locator("svg.timeline .alive").first.wait_for()
    place = "document.querySelector('.picture')"
    seen = "(now => now.left >= 0 && now.right <= innerWidth)(document.querySelector('svg.timeline .now').getBoundingClientRect())"
    assert page.evaluate(f"{place}.scrollWidth > {place}.clientWidth") and page.evaluate(seen)
    page.evaluate(f"{place}.scrollLeft = 7")
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
    page.locator("svg.timeline .cut").wait_for(state="attached")
    assert page.evaluate(f"{place}.scrollLeft") == 7


@pytest.mark.parametrize("width, height, share", [(1280, 800, 0.1), (390, 844, 0.15)])
def test_the_header_leaves_the_room_to_what_is_shown(lapse, visit, width, height, share):
    page = visit(viewport={"width": width, "height": height})
    page.locator("#connection", has_text="Live").wait_for()
    head, live, brand = (page.locator(name).bounding_box() for name in ("header", "#connection", "h1"))
    assert head["height"] <= share * height
    assert brand["y"] - 10 < live["y"] < brand["y"] + brand["height"]
    # Each of its buttons can be come to.
    page.get_by_role("button", name="Until all is in effect").focus()
    assert page.evaluate("(place => place.left >= 0 && place.right <= innerWidth)(document.activeElement.getBoundingClientRect())")


def test_the_report_leads_to_the_page_with_the_drawings(lapse, visit):
    grant(lapse)
    page = visit("#report")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="The whole report, with drawings").click()
    opened.value.wait_for_load_state()
    assert opened.value.url.endswith("/report.html") and opened.value.get_by_role("heading", level=1).count() == 1


def test_a_running_clock_counts_down_by_itself(lapse, visit):
    grant(lapse)
    lapse.tenant("PUT", "propagation", {"planes": {"refresh": {"fixed": "PT3S"}}})
    page = visit()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("list", name="Not yet in effect").wait_for()
    page.get_by_text("Every revocation is in effect everywhere.").wait_for(timeout=10_000)


def test_held_and_released_disabled_and_enabled(lapse, visit):
    frozen(lapse)
    token = grant(lapse)["refresh_token"]
    lapse.tenant("PUT", "propagation", {"regions": ["eastus", "westeurope"]})
    page = visit()
    page.get_by_role("button", name="Hold new revocations").click()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_text("Token endpoint, eastus: still accepts, held until it is released (adminRevoke)").wait_for()
    assert lapse.refresh(NATIVE, token).status_code == 200
    page.get_by_role("button", name="Release refresh in eastus").click()
    chromium.until(page, "document.querySelectorAll('[aria-label^=\"Release \"]').length === 7")
    form = {"grant_type": "refresh_token", "client_id": NATIVE, "refresh_token": token}
    statuses = [requests.post(f"{lapse.authority}/oauth2/v2.0/token", form, headers={"x-lapse-region": region}, verify=lapse.ca_file, timeout=5).status_code
                for region in ("eastus", "westeurope")]
    assert statuses == [400, 200]
    page.get_by_role("button", name="Release all").click()
    page.get_by_text("Every revocation is in effect everywhere.").wait_for()
    # Holding keeps the regions and their routing.
    assert lapse.tenant("GET", "propagation")["regions"] == ["eastus", "westeurope"]
    page.get_by_label("Preset").select_option("instant")
    page.get_by_role("button", name="Disable").click()
    page.get_by_role("link", name="Users").click()
    page.get_by_role("row", name=re.compile(ADELE)).get_by_text("disabled").wait_for()
    page.get_by_role("button", name="Enable").click()
    page.get_by_role("row", name=re.compile(ADELE)).get_by_text("enabled").wait_for()
    page.get_by_label("Model").fill("{")
    page.get_by_role("button", name="Apply").click()
    assert "This is not valid JSON" in page.get_by_role("alert").inner_text()
    page.get_by_label("Model").fill('{"planes":{"refresh":"never"}}')
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("planes.refresh").wait_for()


def test_a_delay_is_a_number_and_a_unit_for_an_endpoint_and_a_region(lapse, visit):
    lapse.tenant("PUT", "propagation", {"regions": ["eastus", "westeurope"], "planes": {"refresh": {"fixed": "PT9S"}}})
    page = visit()
    page.locator("#delay").fill("1.5")
    page.get_by_role("button", name="Set the delay").click()
    chromium.until(page, "document.getElementById('model').value.includes('PT1M30S')")
    assert lapse.tenant("GET", "propagation")["planes"]["refresh"] == {"fixed": "PT1M30S"}
    # One region alone: the other keeps what it had.
    page.locator("#delay-region").select_option("westeurope")
    page.locator("#delay").fill("0")
    page.get_by_role("button", name="Set the delay").click()
    chromium.until(page, "document.getElementById('model').value.includes('immediate')")
    assert lapse.tenant("GET", "propagation")["planes"]["refresh"] == {"eastus": {"fixed": "PT1M30S"}, "westeurope": "immediate"}
    page.locator("#delay").fill("")
    page.get_by_role("button", name="Set the delay").click()
    assert "The delay must be a number" in page.get_by_role("alert").inner_text()


def test_the_address_says_what_is_looked_at_and_can_be_shared(lapse, visit):
    page = visit(f"?tenant={DOMAIN}&user=alex@contoso.example&client={NATIVE}#board")
    assert page.locator("#user option:checked").inner_text() == "Alex Wilber (alex)"
    page.get_by_text("This user has no sign-in with Lapse Native.").wait_for()
    page.locator("#user").select_option(label="Adele Vance (adele)")
    chromium.until(page, "new URLSearchParams(location.search).get('user') === 'adele@contoso.example'")
    assert page.evaluate("location.hash") == "#board"
    page.locator("#tenant").select_option(label="Fabrikam (fabrikam.example)")
    chromium.until(page, "new URLSearchParams(location.search).get('tenant') === 'fabrikam.example'")
    # Without an address: Contoso, and not a sandbox.
    sandbox = lapse.control("POST", "/tenants", {"template": "contoso"})
    assert visit().locator("#tenant option:checked").inner_text() == f"Contoso ({DOMAIN})"
    lapse.control("DELETE", f"/tenants/{sandbox['id']}")


@pytest.mark.parametrize("preset", ["instant", "documented", "observed", "flapping"])
def test_the_preset_box_says_which_one_it_is(lapse, visit, preset):
    lapse.tenant("PUT", "propagation", preset)
    page = visit()
    assert page.locator("#preset").input_value() == preset
    page.locator("#delay").fill("7")
    page.get_by_role("button", name="Set the delay").click()
    chromium.until(page, "document.getElementById('preset').value === ''")


def test_events_are_searched_and_a_moving_clock_is_one_row(lapse, visit):
    frozen(lapse)
    for _ in range(5):
        lapse.tenant("POST", "clock/advance", {"by": "PT1M"})
    grant(lapse)
    page = visit("#events")
    page.get_by_role("cell", name="clockChanged, 6 times").wait_for()
    # Nothing is to be explained of a clock.
    assert page.get_by_role("row", name=re.compile("clockChanged")).get_by_role("button").count() == 0
    page.get_by_label("Search").press_sequentially("lapse nat")
    assert page.get_by_label("Search").input_value() == "lapse nat"
    assert page.get_by_role("row").count() == 2
    page.get_by_role("cell", name="signedIn").wait_for()


def test_a_server_that_has_gone_is_said_in_words(tmp_path, chrome):
    process = Process(tmp_path, *HTTP_ALONE)
    context = chrome.new_context()
    page = context.new_page()
    page.goto(f"{process.lapse.http}/_lapse/")
    page.get_by_text("Live").wait_for()
    process.stop()
    page.get_by_text("Connection lost; trying again…").wait_for()
    page.get_by_role("button", name="+1 min").click()
    page.get_by_text("Lapse does not answer. Is it still running?").wait_for()
    context.close()


def test_events_come_by_themselves_and_explain_themselves(lapse, visit):
    frozen(lapse)
    token = grant(lapse)["refresh_token"]
    page = visit("#events")
    page.get_by_role("cell", name="signedIn").wait_for()
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "userRevoke"})
    assert lapse.refresh(NATIVE, token).status_code == 400
    row = page.get_by_role("row", name=re.compile("refreshRefused.*50173"))
    row.wait_for()
    row.get_by_role("button", name=re.compile("Explain")).click()
    explained = page.locator("#explained")
    explained.get_by_text("It goes back to the userRevoke").wait_for()
    assert explained.get_by_role("row").all_inner_texts()[1].split("\t")[:3] == ["Token endpoint", "local", "refused (AADSTS50173)"]
    explained.get_by_text("In words").click()
    assert "Token endpoint, local: The sign-in at" in explained.inner_text()
    page.get_by_label("Type").select_option("revoked")
    assert page.locator("#view > .scroll").get_by_role("row").count() == 2


def test_going_to_and_fro_between_tenants_mixes_nothing(lapse, visit):
    page = visit("#users")
    for _ in range(5):
        for domain in ("fabrikam.example", DOMAIN):
            page.locator("#tenant").select_option(label=page.locator("#tenant option", has_text=domain).inner_text())
    page.get_by_role("cell", name=ADELE, exact=True).wait_for()
    chromium.until(page, "document.getElementById('connection').textContent === 'Live'")
    page.get_by_role("link", name="Events").click()
    page.get_by_role("heading", name="Events").wait_for()
    # What is in the log already, from the tenant's reset, is drawn.
    page.get_by_role("cell", name="tenantReset").first.wait_for()
    before = page.get_by_role("row").count()
    grant(lapse)
    page.get_by_role("cell", name="signedIn").wait_for()
    page.wait_for_timeout(300)
    # One stream, one row for one event.
    assert page.get_by_role("row").count() == before + 1


def test_lineage_greys_out_what_died(lapse, visit):
    frozen(lapse)
    grant(lapse)
    page = visit("#lineage")
    page.get_by_text("Grant of Lapse Native").wait_for()
    assert page.locator("li.dead").count() == 0
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
    page.locator("li.dead", has_text="Grant of Lapse Native").first.wait_for()
    assert page.locator(".chip.no").all_inner_texts() == ["Sign-in page: refused (AADSTS50058)", "Token endpoint: refused (AADSTS50173)"]


def test_lineage_says_once_what_regions_agree_on(lapse, visit):
    frozen(lapse)
    lapse.tenant("PUT", "propagation", {"regions": ["eastus", "westeurope"], "planes": {"refresh": {"eastus": "immediate", "westeurope": {"fixed": "PT3M"}}}})
    grant(lapse)
    page = visit("#lineage")
    chips = page.locator(".chip")
    page.get_by_text("Token endpoint: accepted everywhere").wait_for()
    assert chips.all_inner_texts() == ["Sign-in page: accepted everywhere", "Token endpoint: accepted everywhere"]
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
    page.get_by_text("Token endpoint: accepted in westeurope").wait_for()
    assert sorted(chips.all_inner_texts()) == [
        "Sign-in page: refused (AADSTS50058) everywhere", "Token endpoint: accepted in westeurope", "Token endpoint: refused (AADSTS50173) in eastus"]
    # An access token lives on.
    assert page.locator("li:not(.dead) > .what", has_text="access token").count() == 1


def test_requests_are_seen_and_secrets_are_not(lapse, visit):
    token = grant(lapse)["refresh_token"]
    page = visit("#requests")
    page.get_by_text("Secrets and tokens are masked.").wait_for()
    lapse.refresh(NATIVE, token)
    exchange = page.locator("details", has_text="POST /contoso.example/oauth2/v2.0/token")
    exchange.wait_for()
    exchange.locator("summary").click()
    shown = exchange.inner_text()
    assert "refresh_token=***" in shown and token not in shown
    # It stays open while others come, from either port.
    requests.get(f"{lapse.http}/contoso.example/v2.0/.well-known/openid-configuration", timeout=5)
    page.locator("summary", has_text="openid-configuration").wait_for()
    assert exchange.get_attribute("open") is not None


def test_the_lost_laptop_is_played_step_by_step(lapse, visit):
    page = visit()
    page.get_by_role("button", name="Play the lost laptop").click()
    story = page.locator("#story")
    story.get_by_text("A sandbox, whose clock stands still.").wait_for()
    story.get_by_role("button", name="Pause").click()
    for _ in range(6):
        story.get_by_role("button", name="Step").click()
        chromium.until(page, "!document.querySelector('#story button:nth-of-type(2)').disabled || document.querySelectorAll('#story li').length === 7")
    story.get_by_text("and is back. The phone refreshes.").wait_for()
    told = story.get_by_role("listitem").all_inner_texts()
    assert len(told) == 7
    assert told[4].endswith("The laptop refreshes.")
    assert "The laptop is refused: invalid_grant, AADSTS50173, bad_token." in told[5]
    assert told[6].endswith("The phone refreshes.")
    # Each device has its name in the picture, what happened has its distance, and the picture does not go down as the story goes on.
    rows = page.locator("svg.timeline text.ink")
    assert {"Phone", "Laptop"} <= set(rows.all_text_contents())
    drawn = page.locator("svg.timeline")
    signed_in, revoked = (float(drawn.locator(f".{name}").last.get_attribute(side)) for name, side in (("alive", "x"), ("cut", "x1")))
    assert revoked - signed_in > 100
    assert page.locator("svg.timeline").bounding_box()["y"] < 600
    assert [button.inner_text() for button in story.get_by_role("button").all()] == ["Play again", "Close"]
    page.locator("svg.timeline .refusal").first.wait_for()
    assert page.locator("#tenant option:checked").inner_text().endswith(".contoso.example)")
    story.get_by_role("button", name="Play again").click()
    chromium.until(page, "document.querySelectorAll('#story li').length === 1 && document.querySelectorAll('#tenant option').length === 4")
    assert story.get_by_role("button", name="Step").is_visible()
    story.get_by_role("button", name="Close").click()
    # What was made is removed again.
    page.get_by_role("link", name="Sandboxes").click()
    for left in (3, 2):
        page.get_by_role("button", name=re.compile("Remove sbx-")).first.click()
        chromium.until(page, f"document.querySelectorAll('#tenant option').length === {left}")


def test_a_control_token_is_asked_for(tmp_path, chrome, trust):
    process = Process(tmp_path, *HTTP_ALONE, "--control-token", "a-control-token")
    context = chrome.new_context()
    page = context.new_page()
    page.goto(f"{process.lapse.http}/_lapse/")
    page.get_by_label("This Lapse wants its control token").fill("a-control-token")
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("Live").wait_for()
    assert "YOUR-CONTROL-TOKEN" not in page.locator("#curl").inner_text()
    context.close()
    process.stop()


def test_what_goes_wrong_on_purpose_and_how_the_app_takes_it(lapse, visit):
    token = grant(lapse)["refresh_token"]
    page = visit("#faults")
    page.get_by_text("Nothing goes wrong on purpose.").wait_for()
    page.locator("#view").get_by_label("Endpoint").select_option("token")
    page.get_by_label("Whom").select_option("user")
    page.get_by_label("Times").fill("4")
    page.get_by_role("button", name="Make it go wrong").click()
    row = page.get_by_role("row", name=re.compile(f"endpoint token, user {ADELE}.*50173.*0, 4 left"))
    row.wait_for()
    assert '"effect":{"code":50173}' in page.locator("#curl").inner_text()
    # Counted as it happens.
    for _ in range(4):
        assert lapse.refresh(NATIVE, token).json()["error_codes"] == [50173]
    page.get_by_role("row", name=re.compile("4, 0 left")).wait_for()
    assert lapse.refresh(NATIVE, token).status_code == 200

    # The four were one app that does not listen.
    page.get_by_role("link", name="Report").click()
    page.get_by_role("heading", name="Lapse Native: bad").wait_for()
    assert page.get_by_text("fail: retriesDeadToken").is_visible()
    chromium.assert_accessible(page)

    page.get_by_role("link", name="Faults").click()
    page.get_by_label("What goes wrong").select_option(label="the answer is lost, what it did stays")
    assert page.locator("#view textarea").input_value() == '{"answer":"dropped"}'
    page.get_by_role("button", name=re.compile("Remove the fault")).click()
    page.get_by_text("Nothing goes wrong on purpose.").wait_for()
    # What is no fault is told, and nothing is made.
    page.locator("#view textarea").fill('{"code":1}')
    page.get_by_role("button", name="Make it go wrong").click()
    page.get_by_role("alert").get_by_text("effect.code: must be the number of a code that docs/codes.md lists").wait_for()
    assert lapse.tenant("GET", "faults")["items"] == []
    chromium.assert_accessible(page)


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_can_be_read_and_reached(lapse, visit, scheme, width):
    lapse.tenant("PATCH", f"apps/{NATIVE}", {"name": "<img src=x onerror=alert(1)> & a name that is rather long for what it is"})
    lapse.tenant("PUT", "propagation", {"planes": {"refresh": {"fixed": "PT3M"}}})
    token = grant(lapse)["refresh_token"]
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
    lapse.refresh(NATIVE, token)
    page = visit(color_scheme=scheme, viewport={"width": width, "height": 900})
    page.on("dialog", lambda dialog: pytest.fail("markup ran"))
    page.locator("svg.timeline .alive").first.wait_for()
    for name in VIEWS:
        page.evaluate(f"location.hash = '#{name}'")
        chromium.until(page, f"document.querySelector('nav a[aria-current]').hash === '#{name}'")
        assert page.evaluate(chromium.AUDIT) == [], name
    assert page.locator("#view img").count() == 0


def test_tab_goes_through_everything_in_reading_order_and_out_again(lapse, visit):
    grant(lapse)
    page = visit()
    page.locator("svg.timeline .alive").first.wait_for()
    order = chromium.focus_order(page, limit=120)
    # The picture is one stop, whatever is in it.
    landmarks = ["Tenant", "Freeze", "Timeline", "Sandboxes", "Browser session", "Play the lost laptop", "Sign-in with", "Sign in as this user", "Revoke", "Apply", "The control API"]
    places = [next(at for at, name in enumerate(order) if name.startswith(landmark)) for landmark in landmarks]
    assert places == sorted(places), order


def test_a_foreign_page_neither_reads_nor_steers(lapse, chrome, running):
    lapse.tenant("PATCH", "users/alex@contoso.example", {"displayName": "Renamed"})
    context = chrome.new_context()
    page = context.new_page()
    # Another origin of this machine: the same Lapse by another name.
    page.goto(f"{lapse.https.replace('localhost', '127.0.0.1')}/contoso.example/v2.0/.well-known/openid-configuration")
    outcome = page.evaluate("""async origin => {
        const attempt = async (path, options) => { try { const answer = await fetch(origin + path, options); return answer.status } catch (error) { return 'blocked' } };
        return [await attempt('/_lapse/api/tenants'),
            await attempt('/_lapse/api/tenants/contoso.example/reset', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' }),
            await attempt('/_lapse/api/tenants/contoso.example/reset', { method: 'POST', mode: 'no-cors', headers: { 'Content-Type': 'text/plain' }, body: '{}' })]
    }""", lapse.https)
    assert outcome[:2] == ["blocked", "blocked"]
    # What is sent without asking comes to nothing: nobody reset the tenant.
    assert lapse.tenant("GET", "users/alex@contoso.example")["displayName"] == "Renamed"
    context.close()
    assert requests.get(f"{lapse.https}/_lapse/", headers={"Host": "evil.example"}, verify=lapse.ca_file, timeout=5).status_code == 403


def filled(data, grants, events):
    """Copies the one grant and its events beside the server, where making so many would take minutes."""
    with contextlib.closing(sqlite3.connect(data / "lapse.sqlite3")) as database, database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(grants)")]
        one = dict(zip(columns, database.execute("SELECT * FROM grants").fetchone(), strict=True))
        for _ in range(grants - 1):
            row = one | {"id": str(uuid.uuid4()), "number": None}
            database.execute(f"INSERT INTO grants VALUES ({','.join('?' * len(columns))})", [row[name] for name in columns])
        columns = [row[1] for row in database.execute("PRAGMA table_info(events)")]
        event = dict(zip(columns, database.execute("SELECT * FROM events WHERE type = 'tokenRefreshed'").fetchone(), strict=True))
        first, = database.execute("SELECT max(id) FROM events").fetchone()
        for number in range(events - first):
            row = event | {"id": first + 1 + number, "at": event["at"] + number * 10_000_000}
            database.execute(f"INSERT INTO events VALUES ({','.join('?' * len(columns))})", [row[name] for name in columns])


@pytest.mark.alone
def test_it_stays_smooth_with_many_events_and_grants(tmp_path, chrome, capsys):
    """What the browser measures is printed, not judged."""
    data = tmp_path / "data"
    process = Process(tmp_path, *HTTP_ALONE, data_dir=data)
    process.lapse.https = process.lapse.http
    token = grant(process.lapse)["refresh_token"]
    assert process.lapse.refresh(NATIVE, token).status_code == 200
    process.stop()
    filled(data, 2_000, 10_000)
    process = Process(tmp_path, *HTTP_ALONE, data_dir=data)
    process.lapse.https = process.lapse.http

    context = chrome.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script("""window.longest = 0; new PerformanceObserver(list => {
        for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration)
    }).observe({ type: 'longtask', buffered: true })""")
    page.goto(f"{process.lapse.http}/_lapse/")
    page.locator("svg.timeline .alive").first.wait_for()
    page.get_by_role("link", name="Events").click()
    page.get_by_text(re.compile("^10000 events")).wait_for()
    seen = []
    for number in range(10):
        began = time.monotonic()
        assert process.lapse.refresh(NATIVE, token).status_code == 200
        chromium.until(page, f"document.querySelector('#view .note').textContent.startsWith('{10_001 + number} events')")
        seen.append((time.monotonic() - began) * 1000)
    page.get_by_role("link", name="Timeline").click()
    page.locator("svg.timeline .alive").first.wait_for()
    measured = {
        "first paint": page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"),
        "an event is visible after": sorted(seen)[5], "longest task": page.evaluate("window.longest")}
    with capsys.disabled():
        print("\nThe dashboard with 10,000 events and 2,000 grants, in milliseconds:", {name: round(value) for name, value in measured.items()})
    assert "are left out" in page.locator("svg.timeline").text_content()
    page.get_by_text(re.compile(r"^The data folder holds [1-9]\d*\.\d MB\.$")).wait_for()
    # What came before somebody looked is there as well.
    page.get_by_role("link", name="Requests").click()
    page.get_by_text(f"POST /{DOMAIN}/oauth2/v2.0/token → 200").first.wait_for()
    context.close()
    process.stop()
