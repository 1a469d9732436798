"""The start page in real Chromium: what runs here, and what to type where."""

import pytest

import chromium
from lab import ADELE, NATIVE
from lab_client import Tenant
from serve import PORTS


@pytest.fixture
def opened(chrome):
    contexts = []

    def open_page(lapse, origin=None, **options):
        context = chrome.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{origin or lapse.https}/")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme, width", [("light", 1280), ("dark", 390)])
def test_it_names_tenants_users_client_ids_and_the_password(lapse, opened, scheme, width):
    page = opened(lapse, color_scheme=scheme, viewport={"width": width, "height": 900})
    page.get_by_role("heading", name="Contoso").wait_for()
    text = page.locator("main").inner_text()
    for name in (ADELE, "nestor@fabrikam.example", NATIVE, f"{lapse.https}/contoso.example", "Passw0rd!"):
        assert name in text, name
    assert f'authority="{lapse.https}/contoso.example"' in page.locator("#msal-python").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    chromium.assert_accessible(page)


def test_a_client_id_is_copied_and_the_dashboard_is_one_click_away(lapse, opened):
    page = opened(lapse, permissions=["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy the client id of Lapse Native")
    button.click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == NATIVE
    page.get_by_role("link", name="Dashboard").click()
    chromium.until(page, "document.getElementById('connection')?.textContent === 'Live'")


def test_it_counts_sandboxes_and_names_none_of_them(launch, tmp_path, opened):
    lapse = launch(tmp_path, *PORTS).lapse
    # More than a page of the list has.
    for _ in range(105):
        Tenant(lapse).send("POST", "/_lapse/api/tenants", {"template": "contoso"})
    page = opened(lapse, lapse.http)
    page.get_by_role("heading", name="Contoso").wait_for()
    page.get_by_text("Sandboxes: 105.", exact=True).wait_for()
    text = page.locator("main").inner_text()
    assert "sbx-" not in text and "There are more tenants" not in text


def test_with_a_control_token_it_asks_first(launch, tmp_path, opened):
    lapse = launch(tmp_path, *PORTS, "--control-token", "a-control-token").lapse
    # Over HTTP: the browser of the tests trusts the certificate of the Lapse that they share.
    page = opened(lapse, lapse.http)
    page.get_by_label("This Lapse wants its control token").wait_for()
    assert ADELE not in page.content()
    page.get_by_label("This Lapse wants its control token").fill("a-control-token")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Contoso").wait_for()
    assert ADELE in page.locator("main").inner_text()
