"""The preset `flapping`: three regions that learn of a revocation one after the other, and requests that go round them."""

import json
from itertools import pairwise
from urllib.parse import quote

import pytest

from lab import ADELE, DAEMON, DAEMON_SECRET, DOMAIN, GRAPH_DEFAULT, NATIVE, PASSWORD, REDIRECT
from lab_client import FORM, SECOND, Tenant, code_of, instant
from serve import HTTP_ALONE
from wire import Wire, assert_control_error, assert_graph_error, assert_page, assert_token_error

REGIONS = ["eastus", "westeurope", "southeastasia"]
START = instant("2026-03-01T08:00:00.7654321Z")


def flap(lapse):
    """A user is revoked and a program refreshes every second: when each region learns of it, what the program is told."""
    tenant = Tenant(lapse)
    tenant.control("POST", "/reset")
    tenant.freeze(START)
    tenant.propagate("flapping")
    token = tenant.sign_in()["refresh_token"]
    planes = tenant.revoke()["planes"]
    # A uniform delay ends after four minutes.
    told = []
    for second in range(242):
        tenant.freeze(START + second * SECOND)
        answer = tenant.refresh(token)
        told.append((second, answer.region, code_of(answer)))
    return {
        plane: {region: instant(shown["visibleAt"]) - START for region, shown in regions.items()}
        for plane, regions in planes.items()}, told


def test_a_program_is_accepted_then_both_in_turn_then_refused(lapse):
    delays, told = flap(lapse)
    assert list(delays["refresh"]) == REGIONS
    for plane in ("refresh", "session", "cae"):
        assert all(10 * SECOND <= delay <= 240 * SECOND for delay in delays[plane].values()), delays
    assert len({delay for plane in ("refresh", "session", "cae") for delay in delays[plane].values()}) == 9, delays
    assert set(delays["directory"].values()) == {0}, "no delay is said for the directory"

    # Request by request round the regions, beginning with the first.
    assert [region for _, region, _ in told] == [REGIONS[number % 3] for number in range(len(told))]
    first, last = min(delays["refresh"].values()), max(delays["refresh"].values())
    before = [code for second, _, code in told if second * SECOND < first]
    between = [code for second, _, code in told if first <= second * SECOND < last]
    after = [code for second, _, code in told if last <= second * SECOND]
    assert set(before) == {None} and set(after) == {50173}
    assert set(between) == {None, 50173}
    assert (50173, None) in pairwise(between), "never accepted after a refusal"
    for second, region, code in told:
        assert code == (50173 if delays["refresh"][region] <= second * SECOND else None), (second, region)


def test_the_same_run_gives_the_same_answers_after_a_reset_and_in_another_process(lapse, launch, tmp_path):
    once = flap(lapse)
    assert flap(lapse) == once
    assert flap(launch(tmp_path, *HTTP_ALONE).lapse) == once


def test_another_seed_draws_other_delays(lapse):
    tenant = Tenant(lapse)
    tenant.freeze(START)
    tenant.propagate("flapping")
    model = tenant.control("GET", "/propagation")
    assert (model["regions"], model["routing"]) == (REGIONS, "round-robin")
    drawn = []
    for seed in (1, 2):
        tenant.control("POST", "/reset")
        tenant.freeze(START)
        tenant.propagate({**model, "seed": seed})
        drawn.append([tenant.revoke()["planes"], tenant.revoke()["planes"]])
    assert len({json.dumps(planes) for both in drawn for planes in both}) == 4


def test_a_request_that_names_its_region_is_not_counted(lapse):
    tenant = Tenant(lapse)
    tenant.propagate("flapping")
    token = tenant.sign_in()["refresh_token"]
    assert tenant.refresh(token).region == "eastus"
    for region in ("southeastasia", "southeastasia", "eastus"):
        assert tenant.refresh(token, region=region).region == region
    assert [tenant.refresh(token).region for _ in range(3)] == ["westeurope", "southeastasia", "eastus"]
    # A new model begins anew, a reset too.
    tenant.propagate("flapping")
    assert tenant.refresh(token).region == "eastus"


def test_every_door_is_counted(lapse):
    tenant = Tenant(lapse)
    tenant.propagate("flapping")
    made = tenant.sign_in()
    endpoints = [
        lambda: tenant.refresh(made["refresh_token"]), lambda: tenant.authorize(made["cookies"]["ESTSAUTH"]),
        lambda: tenant.graph("GET", "me", made["access_token"]),
        lambda: tenant.send("GET", "/oidc/userinfo", Authorization=f"Bearer {made['access_token']}"),
        lambda: tenant.refresh("garbage")]
    assert [endpoint().region for endpoint in endpoints] == [*REGIONS, *REGIONS[:2]]


def test_a_sticky_client_stays_where_it_is(lapse):
    tenant = Tenant(lapse)
    tenant.propagate({"regions": REGIONS, "routing": "sticky"})
    users = [ADELE, "alex@contoso.example", "admin@contoso.example"]
    tokens = [tenant.sign_in(user)["refresh_token"] for user in users]
    first = [tenant.refresh(token).region for token in tokens]
    for _ in range(5):
        assert [tenant.refresh(token).region for token in tokens] == first
    # Another sign-in of the same user at the same client goes there too.
    assert [tenant.refresh(tenant.sign_in(user)["refresh_token"]).region for user in users] == first


def test_random_routing_goes_everywhere_and_repeats_itself(lapse):
    tenant = Tenant(lapse)

    def went():
        tenant.control("POST", "/reset")
        tenant.propagate({"seed": 5, "regions": REGIONS, "routing": "random"})
        token = tenant.sign_in()["refresh_token"]
        return [tenant.refresh(token).region for _ in range(60)]

    once = went()
    assert all(once.count(region) >= 8 for region in REGIONS), once
    assert went() == once
    # Not in turn: that would be round-robin.
    assert any(one == other for one, other in pairwise(once))


AUTHORIZE = (
    f"/{DOMAIN}/oauth2/v2.0/authorize?client_id={NATIVE}&response_type=code&redirect_uri={quote(REDIRECT, safe='')}"
    "&scope=openid")
TOKEN = f"/{DOMAIN}/oauth2/v2.0/token"


@pytest.mark.parametrize("method, target", [
    ("GET", f"/{DOMAIN}/v2.0/.well-known/openid-configuration"), ("GET", f"/{DOMAIN}/discovery/v2.0/keys"),
    ("GET", "/common/discovery/instance?authorization_endpoint=https://login.microsoftonline.com/common"),
    ("GET", f"/common/userrealm/{ADELE}"), ("GET", AUTHORIZE), ("GET", AUTHORIZE + "&prompt=none"), ("POST", TOKEN),
    ("GET", TOKEN), ("POST", f"/{DOMAIN}/oauth2/v2.0/devicecode"), ("GET", f"/{DOMAIN}/oauth2/v2.0/logout"),
    ("GET", "/devicelogin"), ("GET", "/error?code=50173"), ("GET", "/oidc/userinfo"), ("GET", "/v1.0/me"),
    ("POST", "/v1.0/me/revokeSignInSessions"), ("GET", "/v1.0/nothing"), ("GET", "/nothing"), ("GET", "/_lapse/ca.pem"),
    ("GET", "/_lapse/api/health"), ("GET", "/_lapse/api/tenants"), ("GET", f"/_lapse/api/tenants/{DOMAIN}/users"),
    ("GET", "/_lapse/api/tenants/nobody.example/users"), ("GET", "/_lapse/api/nothing")])
def test_every_answer_names_its_region(lapse, method, target):
    Tenant(lapse).propagate("flapping")
    answer = Wire(lapse).request(method, target, "" if method == "POST" else None, FORM if method == "POST" else None)
    assert answer.headers["x-lapse-region"], answer


@pytest.mark.parametrize("region", ["northpole", "EastUS", "eastus,westeurope", "local", "a" * 500, "%00", '"><script>'])
def test_an_unknown_region_is_refused_in_the_voice_of_the_surface(lapse, region):
    tenant, wire, named = Tenant(lapse), Wire(lapse), {"x-lapse-region": region}
    tenant.propagate("flapping")
    made = tenant.sign_in()
    form = {"grant_type": "refresh_token", "client_id": NATIVE, "refresh_token": made["refresh_token"]}
    assert_token_error(wire.post(TOKEN, form, headers=named), 400)
    assert_page(wire.get(AUTHORIZE, headers=named), 400)
    bearer = {"Authorization": f"Bearer {made['access_token']}"}
    for target in ("/v1.0/me", "/oidc/userinfo"):
        assert_graph_error(wire.get(target, headers={**bearer, **named}), 400)
    assert_graph_error(wire.post("/v1.0/me/revokeSignInSessions", headers={**bearer, **named}), 400)
    control = f"/_lapse/api/tenants/{DOMAIN}"
    answer = wire.request(
        "POST", f"{control}/revocations", {"user": ADELE, "cause": "adminRevoke"}, headers=named)
    assert_control_error(answer, 400, "x-lapse-region")
    assert wire.get(f"{control}/revocations").json()["items"] == [], "a refused revoke has revoked"
    assert code_of(tenant.refresh(made["refresh_token"])) is None


def test_the_region_that_takes_the_revoke_may_believe_it_at_once(lapse):
    """`origin: immediate`, through the control API and through Graph."""
    tenant = Tenant(lapse)
    tenant.freeze(START)
    tenant.propagate({
        "regions": REGIONS, "routing": "round-robin", "origin": "immediate",
        "planes": {"refresh": "manual", "session": {"fixed": "PT5M"}}})
    for taken_by in REGIONS:
        shown = tenant.revoke(region=taken_by)["planes"]
        assert [region for region in REGIONS if shown["refresh"][region]["effective"]] == [taken_by]
        assert [region for region in REGIONS if shown["session"][region]["effective"]] == [taken_by]
    assert [region for region in REGIONS if tenant.revoke()["planes"]["refresh"][region]["effective"]] == ["eastus"]
    daemon = tenant.token(
        {"grant_type": "client_credentials", "client_secret": DAEMON_SECRET, "scope": GRAPH_DEFAULT}, DAEMON)
    answer = tenant.graph(
        "POST", f"users/{ADELE}/revokeSignInSessions", daemon.json()["access_token"], region="southeastasia")
    assert (answer.status, answer.region) == (200, "southeastasia"), answer
    shown = tenant.everything("/revocations")[-1]["planes"]["refresh"]
    assert [region for region in REGIONS if shown[region]["effective"]] == ["southeastasia"]


def test_the_password_flow_goes_round_the_regions(lapse):
    tenant = Tenant(lapse)
    tenant.propagate("flapping")
    form = {"grant_type": "password", "username": ADELE, "scope": "openid", "password": PASSWORD}
    assert [tenant.token(form).region for _ in range(3)] == REGIONS
    assert [tenant.token({**form, "password": "wrong"}).region for _ in range(3)] == REGIONS
