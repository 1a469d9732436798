"""The tenant's clock, and revocations that are held back and let go."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from lab import ADELE, ADELE_ID, ALEX, DAEMON, DAEMON_SECRET, GRAPH_DEFAULT, NATIVE
from lab_client import DAY, FORM, HOUR, MINUTE, SECOND, SPA, Tenant, code_of, instant, written
from serve import HTTP_ALONE

START = instant("2026-03-01T08:00:00.1234567Z")
REGIONS = ["eastus", "westeurope", "southeastasia"]
PLANES = ["refresh", "session", "cae", "directory"]


@pytest.fixture
def tenant(lapse):
    """Contoso as its seed describes it, with a clock that stands still."""
    tenant = Tenant(lapse)
    tenant.freeze(START)
    return tenant


# MARK: advance

def enforced(answer):
    return [(each["at"], each["type"], each["id"], each["plane"], each["region"]) for each in answer["tookEffect"]]


def test_until_propagation_everything_is_enforced_everywhere_in_order(tenant):
    tenant.propagate({"regions": REGIONS[:2], "planes": {
        "refresh": {"eastus": {"fixed": "PT3M"}, "westeurope": {"fixed": "PT1M"}}, "session": {"fixed": "PT2M"},
        "cae": {"fixed": "PT5M"}}})
    one = tenant.revoke(ADELE)["id"]
    tenant.advance(by="PT30S")
    two = tenant.revoke(ALEX)["id"]
    answer = tenant.advance(until="propagation")
    end = START + 5 * MINUTE + 30 * SECOND
    assert (answer["now"], answer["mode"]) == (written(end), "frozen")
    found = enforced(answer)
    assert [each[0] for each in found] == sorted(each[0] for each in found)
    delays = [
        ("refresh", "eastus", 180), ("refresh", "westeurope", 60), ("session", "eastus", 120),
        ("session", "westeurope", 120), ("cae", "eastus", 300), ("cae", "westeurope", 300)]
    assert sorted(found) == sorted(
        (written(START + (late + delay) * SECOND), "revocationInEffect", id, plane, region)
        for id, late in ((one, 0), (two, 30)) for plane, region, delay in delays)
    for id in (one, two):
        shown = tenant.revocation(id)["planes"]
        assert all(place["effective"] for regions in shown.values() for place in regions.values())


def test_until_propagation_waits_for_accounts_too(tenant):
    tenant.propagate({"planes": {"refresh": {"fixed": "PT3M"}}})
    tenant.control("PATCH", f"/users/{ADELE}", {"accountEnabled": False})
    found = enforced(tenant.advance(until="propagation"))
    assert [(at, type, plane, region) for at, type, _, plane, region in found] == [
        (written(START + 3 * MINUTE), "stateChangeInEffect", "refresh", "local")]


def test_what_is_held_keeps_nobody_waiting(tenant):
    """Without an instant nothing can be waited for."""
    tenant.propagate({"planes": {"refresh": "manual", "cae": {"afterAttempts": 2}, "session": {"fixed": "PT1M"}}})
    tenant.revoke()
    assert tenant.advance(until="propagation")["now"] == written(START + MINUTE)
    assert_nothing_ahead(tenant, "propagation")


def test_from_event_to_event(tenant):
    """Codes, device codes, sessions and refresh tokens end; revocations become enforced. Each in its turn."""
    tenant.propagate({"planes": {"refresh": {"fixed": "PT3M"}}})
    made = tenant.sign_in(ADELE)
    assert "code" in tenant.authorize(made["cookies"]["ESTSAUTH"]).redirect
    form = urlencode({"client_id": NATIVE, "scope": "openid"})
    device = tenant.send("POST", f"/{tenant.name}/oauth2/v2.0/devicecode", form, **{"Content-Type": FORM}).json()
    tenant.revoke(ALEX)
    walked, now = [], START
    while True:
        answer = tenant.ask("POST", "/clock/advance", {"until": "next-event"})
        if answer.status == 409:
            break
        answer = answer.json()
        assert instant(answer["now"]) > now and answer["tookEffect"], answer
        now = instant(answer["now"])
        assert {each["at"] for each in answer["tookEffect"]} == {answer["now"]}
        walked += [(now - START, each["type"]) for each in answer["tookEffect"]]
    assert walked == [
        (3 * MINUTE, "revocationInEffect"), (10 * MINUTE, "codeExpired"),
        (device["expires_in"] * SECOND, "deviceCodeExpired"), (DAY, "sessionExpired"), (90 * DAY, "refreshTokenExpired")]
    assert tenant.now() == now


def test_until_the_end_of_a_refresh_token(tenant):
    native, spa = tenant.sign_in(ADELE)["refresh_token"], tenant.sign_in(ALEX, SPA)["refresh_token"]
    # A single-page app's ends after a day, however often it is refreshed.
    tenant.advance(by="PT23H")
    younger = tenant.refresh(spa, SPA).json()["refresh_token"]
    answer = tenant.advance(until="refresh-token-expiry")
    assert answer["now"] == written(START + DAY)
    assert {(each["at"], each["type"]) for each in answer["tookEffect"] if each["type"] == "refreshTokenExpired"} == {
        (answer["now"], "refreshTokenExpired")}
    assert [code_of(tenant.refresh(token, SPA)) for token in (spa, younger)] == [700084, 700084]
    # The other one slides: a child made now outlives its parent.
    child = tenant.refresh(native).json()["refresh_token"]
    assert tenant.advance(until="refresh-token-expiry")["now"] == written(START + 90 * DAY)
    assert (code_of(tenant.refresh(native)), code_of(tenant.refresh(child))) == (700082, None)


def assert_nothing_ahead(tenant, until):
    before, events = tenant.control("GET", "/clock"), tenant.everything("/events")
    answer = tenant.ask("POST", "/clock/advance", {"until": until})
    assert answer.status == 409, answer
    error = answer.json()["error"]
    assert (error["code"], error["field"]) == ("conflict", "until") and error["message"], error
    assert (tenant.control("GET", "/clock"), tenant.everything("/events")) == (before, events)


@pytest.mark.parametrize("until", ["next-event", "propagation", "refresh-token-expiry"])
def test_where_nothing_is_ahead_the_clock_stays(tenant, until):
    assert_nothing_ahead(tenant, until)


def test_what_is_enforced_at_once_is_not_ahead(tenant):
    tenant.revoke()
    assert_nothing_ahead(tenant, "propagation")


def test_advance_by_stops_exactly_where_it_should(tenant):
    tenant.propagate({"planes": {"refresh": {"fixed": "PT1M"}}})
    id = tenant.revoke()["id"]
    assert tenant.advance(by="PT59.9999999S")["tookEffect"] == []
    assert tenant.advance(by="PT0S") == {**tenant.control("GET", "/clock"), "tookEffect": []}
    assert enforced(tenant.advance(by="PT0.0000001S")) == [
        (written(START + MINUTE), "revocationInEffect", id, "refresh", "local")]
    assert tenant.advance(by="PT1H")["tookEffect"] == []


# MARK: the clock

def test_a_frozen_clock_stands_and_a_running_one_goes_on_without_a_jump(lapse):
    tenant = Tenant(lapse)
    frozen = instant(tenant.freeze()["now"])
    assert tenant.now() == tenant.now() == frozen
    tenant.freeze(START)
    begun = time.monotonic()
    resumed = tenant.control("PUT", "/clock", {"mode": "running"})
    assert resumed["mode"] == "running"
    end = time.monotonic() + 10
    while tenant.now() == instant(resumed["now"]) and time.monotonic() < end:
        pass
    passed = tenant.now() - START
    assert 0 < passed <= (time.monotonic() - begun + 0.1) * SECOND
    # Frozen again: it stands where it is, and not where it was.
    stopped = instant(tenant.freeze()["now"])
    assert START < stopped == tenant.now()


def test_a_running_clock_can_be_moved(lapse):
    tenant = Tenant(lapse)
    tenant.control("PUT", "/clock", {"now": written(START)})
    answer = tenant.advance(by="P1D")
    assert answer["mode"] == "running"
    assert 0 <= instant(answer["now"]) - START - DAY < 10 * SECOND
    assert 0 <= tenant.now() - START - DAY < 10 * SECOND


def test_a_clock_set_back_makes_a_revocation_wait_and_kills_what_was_made_meanwhile(tenant):
    old = tenant.sign_in()["refresh_token"]
    tenant.advance(by="PT1H")
    tenant.revoke()
    tenant.freeze(START + MINUTE)
    meanwhile = tenant.sign_in()["refresh_token"]
    assert [code_of(tenant.refresh(token)) for token in (old, meanwhile)] == [None, None]
    shown = tenant.explain(refresh_token=meanwhile)["verdicts"][0]
    assert (shown["accepted"], shown["changesAt"]) == (True, written(START + HOUR))
    tenant.advance(by="PT58M59.9999999S")
    assert [code_of(tenant.refresh(token)) for token in (old, meanwhile)] == [None, None]
    tenant.advance(by="PT0.0000001S")
    assert [code_of(tenant.refresh(token)) for token in (old, meanwhile)] == [50173, 50173]


@pytest.mark.parametrize("is_kill", [False, True], ids=["stopped", "killed"])
def test_a_restart_keeps_the_clock(launch, tmp_path, is_kill):
    options = {"data_dir": tmp_path / "data"}
    process = launch(tmp_path, *HTTP_ALONE, **options)
    frozen, running = Tenant(process.lapse), Tenant(process.lapse, "fabrikam.example")
    frozen.freeze(START)
    frozen.propagate({"planes": {"refresh": {"fixed": "PT1M"}, "session": "manual"}})
    token, revocation = frozen.sign_in()["refresh_token"], frozen.revoke()
    running.control("PUT", "/clock", {"now": written(START)})
    begun = time.monotonic()
    (process.kill if is_kill else process.stop)()

    process = launch(tmp_path, *HTTP_ALONE, **options)
    frozen, running = Tenant(process.lapse), Tenant(process.lapse, "fabrikam.example")
    assert frozen.control("GET", "/clock") == {"now": written(START), "mode": "frozen"}
    assert frozen.revocation(revocation["id"]) == revocation
    assert code_of(frozen.refresh(token)) is None
    assert len(frozen.advance(until="propagation")["tookEffect"]) == 1
    assert code_of(frozen.refresh(token)) == 50173
    # A running one went on meanwhile.
    clock = running.control("GET", "/clock")
    assert clock["mode"] == "running"
    assert 0 <= instant(clock["now"]) - START <= (time.monotonic() - begun + 1) * SECOND


# MARK: hold and release

def hold(tenant):
    tenant.propagate({
        "regions": REGIONS, "routing": "round-robin", "planes": dict.fromkeys(PLANES, "manual")})
    made = tenant.sign_in()
    revocation = tenant.revoke()
    assert all(
        place == {"visibleAt": None, "held": True, "effective": False}
        for regions in revocation["planes"].values() for place in regions.values()), revocation
    return made, revocation["id"]


def released(shown):
    return {(plane, region) for plane, regions in shown["planes"].items() for region, place in regions.items()
        if place["effective"]}


@pytest.mark.parametrize("where, planes, regions", [
    ({"plane": "refresh", "region": "westeurope"}, ["refresh"], ["westeurope"]),
    ({"plane": "session"}, ["session"], REGIONS), ({"region": "southeastasia"}, PLANES, ["southeastasia"]),
    ({}, PLANES, REGIONS)],
    ids=["one", "plane", "region", "all"])
def test_a_held_revocation_is_enforced_where_it_is_released(tenant, where, planes, regions):
    made, id = hold(tenant)
    tenant.advance(by="P1D")
    expected = {(plane, region) for plane in planes for region in regions}
    shown = tenant.release(id, **where)
    assert released(shown) == expected
    for plane, region in expected:
        assert shown["planes"][plane][region] == {
            "visibleAt": written(START + DAY), "held": False, "effective": True}
    assert tenant.revocation(id) == shown
    for region in REGIONS:
        assert code_of(tenant.refresh(made["refresh_token"], region=region)) == (
            50173 if ("refresh", region) in expected else None)
    verdicts = tenant.explain(refresh_token=made["refresh_token"])["verdicts"]
    assert {(each["plane"], each["region"]) for each in verdicts if not each["accepted"]} == expected
    events = [each for each in tenant.everything("/events") if each["type"] == "revocationReleased"]
    assert [each["revocation"] for each in events] == [id]


def test_releases_add_up_and_repeat_themselves_without_harm(tenant):
    _, id = hold(tenant)
    tenant.release(id, plane="refresh", region="eastus")
    tenant.advance(by="PT1M")
    shown = tenant.release(id, plane="refresh")
    assert [shown["planes"]["refresh"][region]["visibleAt"] for region in REGIONS] == [
        written(START), written(START + MINUTE), written(START + MINUTE)]
    tenant.advance(by="PT1M")
    assert tenant.release(id, plane="refresh") == shown


def test_a_revocation_on_its_way_is_brought_forward_and_never_back(tenant):
    tenant.propagate({"planes": {"refresh": {"fixed": "PT10M"}, "session": {"fixed": "PT1M"}}})
    token = tenant.sign_in()["refresh_token"]
    id = tenant.revoke()["id"]
    tenant.advance(by="PT2M")
    shown = tenant.release(id)["planes"]
    assert shown["refresh"]["local"]["visibleAt"] == written(START + 2 * MINUTE)
    assert shown["session"]["local"]["visibleAt"] == written(START + MINUTE), "what took effect stays as it was"
    assert code_of(tenant.refresh(token)) == 50173
    tenant.advance(by="P1D")
    tenant.propagate({"planes": {"refresh": {"fixed": "P9D"}}})
    assert tenant.revocation(id)["planes"]["refresh"]["local"]["visibleAt"] == written(START + 2 * MINUTE)


def test_attempts_end_with_a_release(tenant):
    tenant.propagate({"planes": {"refresh": {"afterAttempts": 5}}})
    token = tenant.sign_in()["refresh_token"]
    id = tenant.revoke()["id"]
    assert tenant.revocation(id)["planes"]["refresh"]["local"] == {
        "visibleAt": None, "held": False, "effective": False}
    assert code_of(tenant.refresh(token)) is None
    assert tenant.explain(refresh_token=token)["verdicts"][0]["attemptsLeft"] == 4
    tenant.release(id, plane="refresh")
    assert code_of(tenant.refresh(token)) == 50173


def test_attempts_are_counted_per_grant_and_asking_counts_nothing(tenant):
    tenant.propagate({"planes": {"refresh": {"afterAttempts": 2}}})
    tokens = [tenant.sign_in()["refresh_token"] for _ in range(2)]
    tenant.revoke()
    for _ in range(5):
        assert tenant.explain(refresh_token=tokens[0])["verdicts"][0]["attemptsLeft"] == 2
    child = tenant.refresh(tokens[0]).json()["refresh_token"]
    # Parent and child are one grant.
    assert [code_of(tenant.refresh(token)) for token in (child, tokens[0], child)] == [None, 50173, 50173]
    assert [code_of(tenant.refresh(tokens[1])) for _ in range(3)] == [None, None, 50173]
    # A sign-in after the revocation has nothing to fear.
    fresh = tenant.sign_in()["refresh_token"]
    assert [code_of(tenant.refresh(fresh)) for _ in range(4)] == [None] * 4


@pytest.mark.parametrize("where, planes", [({}, PLANES), ({"plane": "refresh"}, ["refresh"])], ids=["all", "plane"])
def test_everything_that_is_late_is_released_at_once(tenant, where, planes):
    over = tenant.revoke()["id"]
    made, held = hold(tenant)
    tenant.propagate({"planes": {"refresh": {"fixed": "PT5M"}, "session": {"afterAttempts": 2}}})
    late = tenant.revoke(ALEX)["id"]
    tenant.control("PATCH", f"/users/{ALEX}", {"accountEnabled": False})
    change = last_change(tenant)
    answer = tenant.control("POST", "/propagation/release", where)
    assert {each["id"] for each in answer["items"]} == {held, late, change} and answer["next"] is None
    for shown in answer["items"]:
        assert shown == tenant.revocation(shown["id"])
        assert all(place["effective"] for plane in planes for place in shown["planes"][plane].values()), shown
    # What was not asked for waits on.
    assert released(tenant.revocation(held)) == {(plane, region) for plane in planes for region in REGIONS}
    assert over not in {each["id"] for each in answer["items"]}
    assert code_of(tenant.refresh(made["refresh_token"])) == 50173
    events = [each for each in tenant.everything("/events") if each["type"] == "revocationReleased"]
    assert {held, late} <= {each["revocation"] for each in events} <= {held, late, change}
    if not where:
        assert tenant.control("POST", "/propagation/release", {}) == {"items": [], "next": None}


def test_one_region_is_released_everywhere_at_once(tenant):
    held = [hold(tenant)[1] for _ in range(3)]
    answer = tenant.control("POST", "/propagation/release", {"region": "westeurope"})
    assert {each["id"] for each in answer["items"]} == set(held)
    for id in held:
        assert released(tenant.revocation(id)) == {(plane, "westeurope") for plane in PLANES}


def test_where_nothing_is_late_nothing_is_released(tenant):
    tenant.revoke()
    before = tenant.everything("/events")
    assert tenant.control("POST", "/propagation/release", {}) == {"items": [], "next": None}
    assert tenant.everything("/events") == before


@pytest.mark.parametrize("body, field", [
    ({"plane": "moon"}, "plane"), ({"region": "moon"}, "region"), ({"plane": 1}, "plane"), ({"nothing": 1}, "nothing")])
def test_a_release_that_cannot_be_understood_releases_nothing(tenant, body, field):
    _, id = hold(tenant)
    answer = tenant.ask("POST", f"/revocations/{id}/release", body)
    assert (answer.status, answer.json()["error"]["field"]) == (400, field), answer
    assert released(tenant.revocation(id)) == set()


# MARK: wait

def timed(work):
    begun = time.monotonic()
    answer = work()
    return answer, time.monotonic() - begun


@pytest.mark.parametrize("how", ["release", "clock"])
def test_a_wait_ends_as_soon_as_it_is_enforced_everywhere(lapse, tenant, how):
    tenant.propagate({"planes": {"refresh": "manual" if how == "release" else {"fixed": "PT1H"}}})
    id = tenant.revoke()["id"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(timed, lambda: Tenant(lapse).control("GET", f"/revocations/{id}?wait=PT30S"))
        # It has nothing to say yet.
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.5)
        # Others are served meanwhile.
        assert code_of(tenant.refresh(tenant.sign_in()["refresh_token"])) is None
        moved = time.monotonic()
        tenant.release(id) if how == "release" else tenant.advance(by="PT1H")
        shown, took = waiting.result(timeout=10)
        assert time.monotonic() - moved < 3, "the answer came late"
    assert 0.5 <= took < 15
    assert all(place["effective"] for regions in shown["planes"].values() for place in regions.values())
    assert shown == tenant.revocation(id)


def test_a_wait_for_a_part_goes_on(lapse, tenant):
    _, id = hold(tenant)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(timed, lambda: Tenant(lapse).control("GET", f"/revocations/{id}?wait=PT2S"))
        tenant.release(id, plane="refresh")
        shown, took = waiting.result(timeout=10)
    assert took >= 1.9
    assert released(shown) == {("refresh", region) for region in REGIONS}


def test_a_wait_for_nothing_ends_with_its_time(tenant):
    _, id = hold(tenant)
    shown, took = timed(lambda: tenant.control("GET", f"/revocations/{id}?wait=PT1S"))
    assert 0.9 <= took < 5
    assert released(shown) == set()


def test_a_wait_for_what_is_enforced_already_is_none(tenant):
    id = tenant.revoke()["id"]
    _, took = timed(lambda: tenant.control("GET", f"/revocations/{id}?wait=PT30S"))
    assert took < 3


def test_a_wait_on_a_running_clock_ends_when_the_instant_comes(lapse):
    tenant = Tenant(lapse)
    tenant.propagate({"planes": {"refresh": {"fixed": "PT1.5S"}}})
    id = tenant.revoke()["id"]
    shown, took = timed(lambda: tenant.control("GET", f"/revocations/{id}?wait=PT30S"))
    assert shown["planes"]["refresh"]["local"]["effective"] and 1 < took < 8


def test_many_may_wait_at_once(lapse, tenant):
    """Nobody who waits keeps another from being served."""
    tenant.propagate({"planes": {"refresh": "manual"}})
    id = tenant.revoke()["id"]
    begun, together = time.monotonic(), threading.Barrier(21)

    def wait():
        mine = Tenant(lapse)
        together.wait(timeout=10)
        return mine.control("GET", f"/revocations/{id}?wait=PT20S")

    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(wait) for _ in range(20)]
        together.wait(timeout=10)
        tenant.sign_in()
        tenant.release(id)
        assert all(each.result(timeout=10)["planes"]["refresh"]["local"]["effective"] for each in waiting)
    assert time.monotonic() - begun < 15


# MARK: the directory's delay and held accounts

def daemon_token(tenant):
    form = {"grant_type": "client_credentials", "client_secret": DAEMON_SECRET, "scope": GRAPH_DEFAULT}
    return tenant.token(form, DAEMON, REGIONS[0]).json()["access_token"]


def seen(tenant, token, name, region):
    answer = tenant.graph("GET", f"users/{ADELE_ID}?$select={name}", token, region)
    assert (answer.status, answer.region) == (200, region), answer
    return answer.json()[name]


def test_graph_shows_the_old_stamp_where_the_directory_lags(tenant):
    tenant.propagate({
        "regions": REGIONS, "planes": {"directory": {"westeurope": {"fixed": "PT5M"}, "southeastasia": "manual"}}})
    token, stamp = daemon_token(tenant), "signInSessionsValidFromDateTime"
    before, = {seen(tenant, token, stamp, region) for region in REGIONS}
    id = tenant.revoke()["id"]
    after = written(START)[:19] + "Z"
    assert [seen(tenant, token, stamp, region) for region in REGIONS] == [after, before, before]
    tenant.advance(by="PT4M59.9999999S")
    assert [seen(tenant, token, stamp, region) for region in REGIONS] == [after, before, before]
    tenant.advance(by="PT0.0000001S")
    assert [seen(tenant, token, stamp, region) for region in REGIONS] == [after, after, before]
    tenant.release(id, region="southeastasia")
    assert [seen(tenant, token, stamp, region) for region in REGIONS] == [after, after, after]


def test_a_stamp_never_moves_back(tenant):
    """A later cut-off that arrives earlier stays when the earlier one arrives."""
    tenant.propagate({"planes": {"directory": "manual"}})
    token, stamp = tenant.token(
        {"grant_type": "client_credentials", "client_secret": DAEMON_SECRET, "scope": GRAPH_DEFAULT},
        DAEMON).json()["access_token"], "signInSessionsValidFromDateTime"
    early = tenant.revoke()["id"]
    tenant.advance(by="PT10M")
    late = tenant.revoke()["id"]
    tenant.release(late)
    assert seen(tenant, token, stamp, "local") == written(START + 10 * MINUTE)[:19] + "Z"
    tenant.release(early)
    assert seen(tenant, token, stamp, "local") == written(START + 10 * MINUTE)[:19] + "Z"


def test_graph_shows_a_disabled_account_where_the_directory_has_heard_of_it(tenant):
    tenant.propagate({"regions": REGIONS, "planes": {"directory": {"westeurope": {"fixed": "PT5M"}}}})
    token = daemon_token(tenant)
    tenant.control("PATCH", f"/users/{ADELE}", {"accountEnabled": False})
    assert [seen(tenant, token, "accountEnabled", region) for region in REGIONS] == [False, True, False]
    tenant.advance(until="propagation")
    assert [seen(tenant, token, "accountEnabled", region) for region in REGIONS] == [False] * 3
    tenant.control("PATCH", f"/users/{ADELE}", {"accountEnabled": True})
    assert [seen(tenant, token, "accountEnabled", region) for region in REGIONS] == [True, False, True]


def last_change(tenant):
    """The id that the last event of a changed account names."""
    return [each["revocation"] for each in tenant.everything("/events") if each["revocation"]][-1]


@pytest.mark.parametrize("cause, code", [("disable", 50057), ("delete", 500341)])
def test_a_change_of_an_account_is_held_and_released_by_its_id(tenant, cause, code):
    tenant.propagate({"regions": REGIONS, "planes": {"refresh": "manual", "session": "manual"}})
    made = tenant.sign_in()
    if cause == "disable":
        tenant.control("PATCH", f"/users/{ADELE}", {"accountEnabled": False})
    else:
        tenant.control("DELETE", f"/users/{ADELE}")
    id = last_change(tenant)
    shown = tenant.revocation(id)
    assert (shown["id"], shown["user"], shown["cause"], shown["stamp"], shown["at"]) == (
        id, ADELE_ID, cause, None, written(START))
    assert released(shown) == {(plane, region) for plane in ("cae", "directory") for region in REGIONS}
    assert tenant.everything("/revocations") == [], "it is no revocation"
    assert {code_of(tenant.refresh(made["refresh_token"], region=region)) for region in REGIONS} == {None}

    tenant.release(id, plane="refresh", region="westeurope")
    assert [code_of(tenant.refresh(made["refresh_token"], region=region)) for region in REGIONS] == [None, code, None]
    assert "code" in tenant.authorize(made["cookies"]["ESTSAUTH"], region="westeurope").redirect
    tenant.release(id)
    assert {code_of(tenant.refresh(made["refresh_token"], region=region)) for region in REGIONS} == {code}
    assert "error" in tenant.authorize(made["cookies"]["ESTSAUTH"], region="westeurope").redirect


def test_an_account_that_is_enforced_enabled_again_lives_unless_it_was_revoked(tenant):
    tenant.propagate({"planes": {"refresh": {"fixed": "PT5M"}}})
    tokens = [tenant.sign_in(user)["refresh_token"] for user in (ADELE, ALEX)]
    for user in (ADELE, ALEX):
        tenant.control("PATCH", f"/users/{user}", {"accountEnabled": False})
    tenant.revoke(ALEX)
    tenant.advance(by="PT5M")
    assert [code_of(tenant.refresh(token)) for token in tokens] == [50057, 50057]
    for user in (ADELE, ALEX):
        tenant.control("PATCH", f"/users/{user}", {"accountEnabled": True})
    assert [code_of(tenant.refresh(token)) for token in tokens] == [50057, 50057]
    tenant.advance(by="PT5M")
    assert [code_of(tenant.refresh(token)) for token in tokens] == [None, 50173]
