"""Pictures of every page, each theme and width; and the two that the README shows.

`scripts/pictures` runs it, with the folder for all of them and that of the docs.
"""

import pathlib
import sys
import tempfile
from urllib.parse import urlencode

import requests

import chromium
import test_chromium_dashboard as dashboard
import test_chromium_sign_in as sign_in
from lab import ADELE, NATIVE
from serve import PORTS, Process

SPA = "bbbbbbbb-0002-4000-8000-000000000003"


def story(lapse):
    """A revocation that has arrived in one region and not yet in the other."""
    lapse.tenant("PUT", "clock", {"mode": "frozen", "now": "2026-03-01T09:00:00Z"})
    lapse.tenant("PUT", "propagation", {
        "regions": ["eastus", "westeurope"], "planes": {
            "refresh": {"eastus": {"fixed": "PT4M"}, "westeurope": {"fixed": "PT9M"}}, "session": {"fixed": "PT6M"}}})

    def sign_in(client, method="password"):
        return lapse.tenant("POST", "grants", {
            "user": ADELE, "client_id": client, "scope": "openid offline_access User.Read", "method": method})["refresh_token"]

    def refresh(token, region):
        form = {"grant_type": "refresh_token", "client_id": NATIVE, "refresh_token": token}
        requests.post(f"{lapse.authority}/oauth2/v2.0/token", form, headers={"x-lapse-region": region}, verify=lapse.ca_file, timeout=10)

    def pass_by(duration):
        lapse.tenant("POST", "clock/advance", {"by": duration})

    token = sign_in(NATIVE)
    pass_by("PT5M")
    sign_in(SPA, "non-password")
    pass_by("PT10M")
    refresh(token, "eastus")
    lapse.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
    pass_by("PT2M")
    refresh(token, "westeurope")
    pass_by("PT3M")
    refresh(token, "eastus")
    pass_by("PT1M")
    refresh(token, "westeurope")


def main(folder, docs):
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        process = Process(home, *PORTS)
        lapse = process.lapse

        def authorize(**more):
            query = {"client_id": NATIVE, "response_type": "code", "redirect_uri": f"{lapse.http}/cb", "scope": "openid User.Read",
                     "state": "s"} | more
            return f"{lapse.authority}/oauth2/v2.0/authorize?{urlencode(query)}"

        with chromium.started(home, lapse.ca_file) as browser:
            for scheme in sign_in.SCHEMES:
                for name, width in sign_in.WIDTHS.items():
                    lapse.reset()
                    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 860})
                    page = context.new_page()
                    for shown in sign_in.pages(lapse, authorize, page):
                        page.screenshot(path=folder / f"{shown}-{scheme}-{name}.png")
                    story(lapse)
                    page.goto(f"{lapse.https}/_lapse/")
                    page.locator("svg.timeline .alive").first.wait_for()
                    for view in dashboard.VIEWS:
                        page.evaluate(f"location.hash = '#{view}'")
                        page.wait_for_timeout(300)
                        page.screenshot(path=folder / f"dashboard-{view}-{scheme}-{name}.png", full_page=True)
                    page.goto(f"{lapse.https}/_lapse/app/")
                    page.wait_for_timeout(300)
                    page.screenshot(path=folder / f"app-{scheme}-{name}.png")
                    context.close()
            # The two of the README.
            lapse.reset()
            story(lapse)
            context = browser.new_context(color_scheme="light", viewport={"width": 1280, "height": 800})
            page = context.new_page()
            page.goto(f"{lapse.https}/_lapse/")
            page.locator("svg.timeline .alive").first.wait_for()
            page.screenshot(path=docs / "dashboard.png")
        picture = requests.get(
            f"{lapse.https}/_lapse/api/tenants/contoso.example/users/{ADELE}/timeline.svg", verify=lapse.ca_file, timeout=10)
        (docs / "timeline.svg").write_text(picture.text)
        process.stop()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
