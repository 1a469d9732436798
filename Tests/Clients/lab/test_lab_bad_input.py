"""What the lab's controls do not understand: refused with the field and the reason, and nothing has changed."""

import json

import pytest

from lab import ADELE, CONTOSO, DOMAIN, FABRIKAM_DOMAIN, NATIVE
from lab_client import SCOPE, Tenant, instant, written
from wire import Wire, assert_control_error

NOBODY = "0b0d1e50-0000-4000-8000-00000000dead"
START = instant("2026-03-01T08:00:00.1234567Z")
CONTROL = f"/_lapse/api/tenants/{DOMAIN}"
HUGE = 10**30
PARTS = ("clock", "propagation", "policies", "users", "apps", "revocations", "events")


@pytest.fixture(scope="module")
def lapse(own):
    return own


@pytest.fixture(scope="module")
def contoso(lapse):
    """Something of everything that could be changed by mistake."""
    tenant = Tenant(lapse)
    tenant.freeze(START)
    tenant.propagate({"regions": ["eastus", "westeurope"], "routing": "round-robin", "planes": {
        "refresh": "manual", "session": {"fixed": "PT3M"}}})
    tenant.signed_in = tenant.sign_in()
    tenant.revoked = tenant.revoke()["id"]
    return tenant


@pytest.fixture
def refused(lapse, contoso):
    """Sends what must be refused and compares the lab before and after."""
    wire = Wire(lapse)

    def send(method, path, body=None, status=400, field=None, content_type=None):
        before = everything(contoso)
        target = path if path.startswith("/_lapse") else CONTROL + path
        content_type = content_type or (None if body is None else "application/json")
        answer = wire.request(method, target, body, content_type)
        assert_control_error(answer, status, field)
        message = answer.json()["error"]["message"]
        assert len(message) > 10 and (field is None or field.split(".")[0].split("[")[0] in message), message
        assert everything(contoso) == before, "it was refused and has changed something"
        return answer

    return send


def everything(tenant):
    found = [tenant.control("GET", f"/{part}") for part in PARTS]
    found.append(tenant.send("GET", "/_lapse/api/tenants").json())
    return found + [tenant.control("GET", f"/users/{ADELE}/{part}") for part in ("grants", "sessions")]


def rows(table):
    return [pytest.param(*row[1:], id=row[0]) for row in table]


# MARK: Propagation

REGIONS = {"regions": ["eastus", "westeurope"]}


def refresh(model):
    return {**REGIONS, "planes": {"refresh": model}}


@pytest.mark.parametrize("model, field", rows([
    ("unknown_preset", "sometimes", None), ("preset_in_capitals", "Flapping", None), ("empty_preset", "", None),
    ("number", 1, None), ("list", [], None), ("null", None, None), ("true", True, None),
    ("unknown_member", {"speed": 1}, "speed"),
    ("seed_text", {"seed": "1"}, "seed"), ("seed_fraction", {"seed": 1.5}, "seed"),
    ("seed_negative", {"seed": -1}, "seed"), ("seed_huge", {"seed": HUGE}, "seed"), ("seed_true", {"seed": True}, "seed"),
    ("regions_text", {"regions": "eastus"}, "regions"), ("regions_none", {"regions": []}, "regions"),
    ("regions_null", {"regions": [None]}, None), ("regions_numbers", {"regions": [1]}, None),
    ("regions_doubled", {"regions": ["eastus", "eastus"]}, None),
    ("regions_seventeen", {"regions": [f"r{number}" for number in range(17)]}, "regions"),
    ("region_empty", {"regions": [""]}, None), ("region_long", {"regions": ["a" * 33]}, None),
    ("region_capitals", {"regions": ["EastUS"]}, None), ("region_blank", {"regions": ["east us"]}, None),
    ("region_unicode", {"regions": ["östlich"]}, None), ("region_newline", {"regions": ["east\nus"]}, None),
    ("region_fixed", {"regions": ["fixed"]}, None), ("region_manual", {"regions": ["manual"]}, None),
    ("region_immediate", {"regions": ["immediate"]}, None), ("region_uniform", {"regions": ["uniform"]}, None),
    ("region_lognormal", {"regions": ["lognormal"]}, None), ("region_attempts", {"regions": ["afterattempts"]}, None),
    ("routing_unknown", {"routing": "nearest"}, "routing"), ("routing_number", {"routing": 1}, "routing"),
    ("origin_unknown", {"origin": "eastus"}, "origin"), ("origin_null_list", {"origin": []}, "origin"),
    ("planes_list", {"planes": []}, "planes"), ("planes_text", {"planes": "manual"}, "planes"),
    ("plane_unknown", {"planes": {"moon": "immediate"}}, "planes.moon"),
    ("plane_in_capitals", {"planes": {"Refresh": "manual"}}, "planes.Refresh"),
    ("word_unknown", refresh("later"), "planes.refresh"), ("number_plane", refresh(3), "planes.refresh"),
    ("list_plane", refresh(["PT3M"]), "planes.refresh"), ("true_plane", refresh(True), "planes.refresh"),
    ("empty_object", {"planes": {"refresh": {"fixed": "PT1M", "uniform": ["PT1M", "PT2M"]}}}, "planes.refresh"),
    ("unknown_kind", refresh({"gaussian": "PT3M"}), None),
    ("fixed_number", refresh({"fixed": 180}), "planes.refresh.fixed"),
    ("fixed_text", refresh({"fixed": "3 minutes"}), "planes.refresh.fixed"),
    ("fixed_empty", refresh({"fixed": ""}), "planes.refresh.fixed"),
    ("fixed_p", refresh({"fixed": "P"}), "planes.refresh.fixed"),
    ("fixed_pt", refresh({"fixed": "PT"}), "planes.refresh.fixed"),
    ("fixed_negative", refresh({"fixed": "-PT3M"}), "planes.refresh.fixed"),
    ("fixed_negative_inside", refresh({"fixed": "PT-3M"}), "planes.refresh.fixed"),
    ("fixed_huge", refresh({"fixed": f"PT{HUGE}S"}), "planes.refresh.fixed"),
    ("fixed_years", refresh({"fixed": "P99999999999Y"}), "planes.refresh.fixed"),
    ("fixed_exponent", refresh({"fixed": "PT1e9S"}), "planes.refresh.fixed"),
    ("fixed_infinite", refresh({"fixed": "PTinfS"}), "planes.refresh.fixed"),
    ("fixed_blank", refresh({"fixed": " PT3M"}), "planes.refresh.fixed"),
    ("fixed_null", refresh({"fixed": None}), "planes.refresh"),
    ("uniform_one", refresh({"uniform": ["PT1M"]}), "planes.refresh.uniform"),
    ("uniform_three", refresh({"uniform": ["PT1M", "PT2M", "PT3M"]}), "planes.refresh.uniform"),
    ("uniform_backwards", refresh({"uniform": ["PT5M", "PT30S"]}), "planes.refresh.uniform"),
    ("uniform_text", refresh({"uniform": "PT5M"}), "planes.refresh.uniform"),
    ("uniform_numbers", refresh({"uniform": [1, 2]}), None),
    ("uniform_negative", refresh({"uniform": ["-PT1M", "PT1M"]}), None),
    ("lognormal_without_p95", refresh({"lognormal": {"median": "PT1M"}}), None),
    ("lognormal_without_median", refresh({"lognormal": {"p95": "PT1M"}}), None),
    ("lognormal_zero", refresh({"lognormal": {"median": "PT0S", "p95": "PT1M"}}), None),
    ("lognormal_backwards", refresh({"lognormal": {"median": "PT5M", "p95": "PT1M"}}), None),
    ("lognormal_more", refresh({"lognormal": {"median": "PT1M", "p95": "PT5M", "p99": "PT9M"}}), None),
    ("lognormal_text", refresh({"lognormal": "PT1M"}), None), ("lognormal_empty", refresh({"lognormal": {}}), None),
    ("attempts_none", refresh({"afterAttempts": 0}), "planes.refresh.afterAttempts"),
    ("attempts_negative", refresh({"afterAttempts": -3}), "planes.refresh.afterAttempts"),
    ("attempts_fraction", refresh({"afterAttempts": 2.5}), "planes.refresh.afterAttempts"),
    ("attempts_text", refresh({"afterAttempts": "3"}), "planes.refresh.afterAttempts"),
    ("attempts_many", refresh({"afterAttempts": 1_000_001}), "planes.refresh.afterAttempts"),
    ("attempts_huge", refresh({"afterAttempts": HUGE}), "planes.refresh.afterAttempts"),
    ("attempts_true", refresh({"afterAttempts": True}), "planes.refresh.afterAttempts"),
    ("attempts_on_directory", {"planes": {"directory": {"afterAttempts": 3}}}, "planes.directory.afterAttempts"),
    ("attempts_on_a_directory", {**REGIONS, "planes": {"directory": {"eastus": {"afterAttempts": 3}}}}, None),
    ("region_that_is_not_there", refresh({"moon": "manual"}), "planes.refresh.moon"),
    ("region_beside_a_kind", refresh({"eastus": "manual", "fixed": "PT3M"}), None),
    ("nested", refresh({"eastus": {"westeurope": "manual"}}), None),
    ("bad_inside_a_region", refresh({"eastus": {"fixed": "soon"}}), "planes.refresh.eastus.fixed"),
    ("default_region", {"planes": {"refresh": {"eastus": "manual"}}}, "planes.refresh.eastus"),
]))
def test_a_propagation_model_that_is_none(refused, model, field):
    answer = refused("PUT", "/propagation", json.dumps(model))
    # The path leads to the mistake; where it ends may be the list or its member.
    if field:
        named = answer.json()["error"]["field"]
        assert named == field or named.startswith((f"{field}.", f"{field}[")), answer


@pytest.mark.parametrize("text", ["", "{", "instant", "{}x", '{"seed":1,"seed":2', "\0", '"\\ud800"'])
def test_a_propagation_that_is_no_json(refused, text):
    refused("PUT", "/propagation", text)


# MARK: Clock

@pytest.mark.parametrize("body, field", rows([
    ("nothing", {}, None), ("both", {"by": "PT1M", "until": "propagation"}, None), ("unknown", {"for": "PT1M"}, "for"),
    ("unknown_beside", {"by": "PT1M", "x": 1}, "x"), ("by_number", {"by": 60}, "by"), ("by_text", {"by": "a minute"}, "by"),
    ("by_negative", {"by": "-PT1M"}, "by"), ("by_negative_inside", {"by": "PT-1M"}, "by"), ("by_empty", {"by": ""}, "by"),
    ("by_p", {"by": "P"}, "by"), ("by_p_t", {"by": "P1DT"}, "by"), ("by_null", {"by": None}, None),
    ("by_huge", {"by": f"P{HUGE}D"}, "by"), ("by_beyond_all_times", {"by": "P36500000D"}, "by"),
    ("by_list", {"by": ["PT1M"]}, "by"), ("by_lower_case", {"by": "pt1m"}, "by"), ("by_nul", {"by": "PT1M\0"}, "by"),
    ("until_unknown", {"until": "tomorrow"}, "until"), ("until_number", {"until": 1}, "until"),
    ("until_null", {"until": None}, None), ("until_empty", {"until": ""}, "until"),
    ("until_capitals", {"until": "Propagation"}, "until"),
]))
def test_an_advance_that_cannot_be_understood(refused, body, field):
    refused("POST", "/clock/advance", body, field=field)


@pytest.mark.parametrize("body, field", rows([
    ("before_the_tenants_birth", {"now": "2019-12-31T23:59:59.9999999Z"}, "now"),
    ("long_ago", {"now": "0001-01-01T00:00:00Z"}, "now"),
    ("negative_year", {"now": "-0001-01-01T00:00:00Z"}, "now"), ("too_late", {"now": "99999-01-01T00:00:00Z"}, "now"),
    ("no_time", {"now": "2026-01-01"}, "now"), ("no_zone", {"now": "2026-01-01T00:00:00"}, "now"),
    ("text", {"now": "noon"}, "now"), ("number", {"now": 1767225600}, "now"), ("empty", {"now": ""}, "now"),
    ("no_such_day", {"now": "2026-02-30T00:00:00Z"}, "now"), ("no_such_hour", {"now": "2026-01-01T25:00:00Z"}, "now"),
    ("mode_unknown", {"mode": "paused"}, "mode"), ("mode_number", {"mode": 1}, "mode"),
    ("good_mode_bad_now", {"mode": "running", "now": "noon"}, "now"),
    ("good_now_bad_mode", {"mode": "paused", "now": "2026-01-01T00:00:00Z"}, "mode"),
    ("unknown", {"mode": "frozen", "zone": "UTC"}, "zone"), ("speed", {"speed": 2}, "speed"), ("list", [], None),
]))
def test_a_clock_that_cannot_be_set(refused, body, field):
    refused("PUT", "/clock", body, field=field)


# MARK: Revocations

@pytest.mark.parametrize("body, field", rows([
    ("nothing", {}, None), ("no_cause", {"user": ADELE}, "cause"), ("no_user", {"cause": "adminRevoke"}, "user"),
    ("cause_unknown", {"user": ADELE, "cause": "because"}, "cause"), ("cause_number", {"user": ADELE, "cause": 1}, "cause"),
    ("a_state_is_no_cause", {"user": ADELE, "cause": "disable"}, "cause"),
    ("user_number", {"user": 1, "cause": "adminRevoke"}, "user"),
    ("user_list", {"user": [ADELE], "cause": "adminRevoke"}, "user"),
    ("unknown", {"user": ADELE, "cause": "adminRevoke", "when": "now"}, "when"),
    ("password_number", {"user": ADELE, "cause": "passwordChange", "newPassword": 1}, "newPassword"),
    ("plane", {"user": ADELE, "cause": "adminRevoke", "plane": "refresh"}, "plane"),
]))
def test_a_revocation_that_cannot_be_understood(refused, body, field):
    refused("POST", "/revocations", body, field=field)


@pytest.mark.parametrize("user", ["nobody@contoso.example", NOBODY, "", "nestor@fabrikam.example"])
def test_a_revocation_of_nobody(refused, user):
    refused("POST", "/revocations", {"user": user, "cause": "adminRevoke"}, status=None)


@pytest.mark.parametrize("wait", ["PT61S", "PT2M", "P1D", "-PT1S", "10", "soon", "PT", f"PT{HUGE}S", "%00"])
def test_a_wait_that_is_too_long_or_no_duration(refused, contoso, wait):
    refused("GET", f"/revocations/{contoso.revoked}?wait={wait}", field="wait")


@pytest.mark.parametrize("body, field", rows([
    ("plane_unknown", {"plane": "moon"}, "plane"), ("plane_number", {"plane": 1}, "plane"),
    ("plane_list", {"plane": ["refresh"]}, "plane"), ("region_unknown", {"region": "moon"}, "region"),
    ("region_empty", {"region": ""}, "region"), ("region_number", {"region": 1}, "region"),
    ("good_plane_bad_region", {"plane": "refresh", "region": "moon"}, "region"),
    ("good_region_bad_plane", {"plane": "moon", "region": "eastus"}, "plane"),
    ("unknown", {"planes": ["refresh"]}, "planes"),
    ("list", [], None),
]))
def test_a_release_that_cannot_be_understood(refused, contoso, body, field):
    refused("POST", f"/revocations/{contoso.revoked}/release", body, field=field)
    refused("POST", "/propagation/release", body, field=field)


@pytest.mark.parametrize("id", ["garbage", "0", "1", NOBODY, "%00", "..", "a" * 3000])
def test_a_revocation_that_is_not_there(refused, id):
    refused("GET", f"/revocations/{id}", status=None)
    refused("POST", f"/revocations/{id}/release", {}, status=None)


# MARK: Trials

@pytest.mark.parametrize("id", [NOBODY, "x", "%00", "..%2f", "a" * 3000, "0"])
@pytest.mark.parametrize("kind, endpoint", [("grants", "token"), ("grants", "graph"), ("sessions", "authorize")])
def test_a_trial_of_what_is_not_there(refused, kind, endpoint, id):
    refused("POST", f"/{kind}/{id}/try", {"endpoint": endpoint}, status=None)


# MARK: Explain

@pytest.mark.parametrize("more, field", rows([
    ("region_unknown", {"region": "moon"}, "region"), ("region_number", {"region": 1}, "region"),
    ("at_text", {"at": "noon"}, "at"),
    ("at_number", {"at": 1}, "at"), ("at_without_zone", {"at": "2026-03-01T00:00:00"}, "at"),
    ("unknown", {"plane": "refresh"}, "plane"),
    ("two", {"session": "x"}, None), ("three", {"session": "x", "access_token": "y"}, None),
]))
def test_an_explanation_of_what_cannot_be_understood(refused, contoso, more, field):
    refused("POST", "/explain", {"refresh_token": contoso.signed_in["refresh_token"], **more}, field=field)


@pytest.mark.parametrize("body", [
    {}, {"token": "x"}, {"refresh_token": 1}, {"refresh_token": None}, {"session": []}, {"access_token": {}},
    {"at": "2026-03-01T00:00:00Z"}, [], "null", '"x"'])
def test_an_explanation_of_nothing(refused, body):
    refused("POST", "/explain", body)


@pytest.mark.parametrize("text", [
    "", "x", "1.A", "a" * 16_000, "\0", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "ü" * 100, "%00"])
@pytest.mark.parametrize("kind", ["refresh_token", "session", "access_token", "grant"])
def test_what_lapse_never_issued_is_unknown_and_that_is_no_mistake(contoso, kind, text):
    before = everything(contoso)
    answer = contoso.ask("POST", "/explain", {kind: text})
    if text == "":
        assert answer.status in (200, 400), answer
    else:
        assert answer.status == 200, answer
        shown = answer.json()
        assert (shown["kind"], shown["known"], shown["verdicts"], shown["history"]) == (kind, False, [], []), shown
        assert shown["reason"] and shown["grant"] is shown["user"] is None, shown
    assert everything(contoso) == before


# MARK: Tenants

@pytest.mark.parametrize("body, status, field", rows([
    ("template_unknown", {"template": "northwind"}, None, "template"), ("template_number", {"template": 1}, 400, "template"),
    ("template_empty", {"template": ""}, None, "template"), ("template_list", {"template": ["contoso"]}, 400, "template"),
    ("template_and_users", {"template": "contoso", "users": []}, 400, None),
    ("template_unknown_member", {"template": "contoso", "speed": 1}, 400, "speed"),
    ("template_bad_propagation", {"template": "contoso", "propagation": "sometimes"}, 400, "propagation"),
    ("template_bad_model", {"template": "contoso", "propagation": {"planes": {"refresh": {"fixed": "x"}}}}, 400, None),
    ("template_bad_policies", {"template": "contoso", "policies": {"tieRule": "maybe"}}, 400, None),
    ("list", [], 400, None), ("id_text", {"id": "tailspin", "name": "T", "domains": ["t.example"]}, 400, "id"),
    ("id_taken", {"id": CONTOSO, "name": "T", "domains": ["t.example"]}, 409, "id"),
    ("domain_taken", {"name": "T", "domains": [FABRIKAM_DOMAIN]}, 409, None),
    ("domain_taken_in_capitals", {"name": "T", "domains": [DOMAIN.upper()]}, 409, None),
    ("domain_doubled", {"name": "T", "domains": ["t.example", "t.example"]}, None, None),
    ("domain_blank", {"name": "T", "domains": ["t example"]}, 400, None),
    ("domain_common", {"name": "T", "domains": ["common"]}, None, None),
    ("domain_number", {"name": "T", "domains": [1]}, 400, None),
    ("domains_text", {"name": "T", "domains": "t.example"}, 400, None),
    ("name_number", {"name": 1, "domains": ["t.example"]}, 400, "name"),
    ("user_without_a_name", {"name": "T", "domains": ["t.example"], "users": [{}]}, 400, None),
    ("user_taken", {"name": "T", "domains": ["t.example"], "users": [{
        "id": "aaaaaaaa-0001-4000-8000-000000000001", "userPrincipalName": "a@t.example"}]}, 409, None),
    ("user_doubled", {"name": "T", "domains": ["t.example"], "users": [
        {"userPrincipalName": "a@t.example"}, {"userPrincipalName": "A@t.example"}]}, None, None),
    ("user_of_another_domain", {"name": "T", "domains": ["t.example"], "users": [
        {"userPrincipalName": "a@x.example"}]}, None, None),
    ("app_without_a_kind", {"name": "T", "domains": ["t.example"], "apps": [{"name": "A"}]}, 400, None),
    ("propagation_unknown", {"name": "T", "domains": ["t.example"], "propagation": "x"}, 400, "propagation"),
    ("policy_unknown", {"name": "T", "domains": ["t.example"], "policies": {"x": 1}}, 400, None),
    ("unknown_member", {"name": "T", "domains": ["t.example"], "groups": []}, 400, "groups"),
]))
def test_a_tenant_that_cannot_be_made(refused, body, status, field):
    refused("POST", "/_lapse/api/tenants", body, status, field)


@pytest.mark.parametrize("tenant", [NOBODY, "nobody.example", "common", "organizations", "x", "%00", "..%2f", "a" * 3000])
@pytest.mark.parametrize("method, path, body", [
    ("DELETE", "", None), ("GET", "/clock", None), ("PUT", "/clock", {"mode": "running"}),
    ("POST", "/clock/advance", {"by": "PT1M"}), ("GET", "/propagation", None), ("PUT", "/propagation", {}),
    ("GET", "/revocations", None), ("POST", "/revocations", {"user": ADELE, "cause": "adminRevoke"}),
    ("POST", "/explain", {"refresh_token": "x"}), ("GET", "/events", None), ("GET", "/events/stream", None),
    ("POST", f"/grants/{NOBODY}/try", {"endpoint": "token"}), ("POST", f"/sessions/{NOBODY}/try", {"endpoint": "authorize"}),
    ("POST", "/grants", {"user": ADELE, "client_id": NATIVE, "scope": SCOPE}), ("POST", "/reset", {})])
def test_a_tenant_that_is_not_there(refused, tenant, method, path, body):
    refused(method, f"/_lapse/api/tenants/{tenant}{path}", body, status=None)


# MARK: Events, grants, methods

@pytest.mark.parametrize("query", [
    "after=x", "after=-1", "after=1.5", f"after={HUGE}", "after=1&after=2", "type=nothing", "type=%ff"])
@pytest.mark.parametrize("path", ["/events", "/events/stream"])
def test_events_that_cannot_be_asked_for(refused, path, query):
    refused("GET", f"{path}?{query}", status=None, field=query.split("=")[0])


@pytest.mark.parametrize("user", ["nobody", NOBODY, "nestor@fabrikam.example", "%00"])
@pytest.mark.parametrize("path", ["/events", "/events/stream"])
def test_events_of_nobody(refused, path, user):
    refused("GET", f"{path}?user={user}", status=None)


@pytest.mark.parametrize("text", ["x", "-1", "1.5", str(HUGE)])
def test_a_last_event_that_is_none(lapse, text):
    answer = Wire(lapse).get(f"{CONTROL}/events/stream", headers={"Last-Event-ID": text})
    assert_control_error(answer, 400)


@pytest.mark.parametrize("more, field", rows([
    ("late", {"authTime": written(START + 1)}, "authTime"), ("early", {"authTime": "2019-12-31T23:59:59Z"}, "authTime"),
    ("text", {"authTime": "noon"}, "authTime"), ("method", {"method": "magic"}, "method"), ("unknown", {"mfa": True}, "mfa"),
    ("client", {"client_id": NOBODY}, "client_id"), ("scope", {"scope": 1}, "scope"),
]))
def test_a_sign_in_that_cannot_be(refused, more, field):
    refused("POST", "/grants", {"user": ADELE, "client_id": NATIVE, "scope": SCOPE, **more}, None, field)


@pytest.mark.parametrize("method, path", [
    ("PUT", "/revocations"), ("DELETE", "/propagation"), ("GET", "/explain"), ("GET", "/clock/advance"), ("POST", "/clock"),
    ("PUT", "/events"), ("POST", "/events/stream"), ("PATCH", "")])
def test_a_method_that_is_none(refused, method, path):
    refused(method, path, {} if method != "GET" else None, status=None)


@pytest.mark.parametrize("method, path, body", [
    ("PUT", "/propagation", '"flapping"'),
    ("POST", "/clock/advance", '{"by":"PT1M"}'), ("PUT", "/clock", '{"mode":"running"}'),
    ("POST", "/explain", '{"refresh_token":"x"}'), ("POST", "/_lapse/api/tenants", '{"template":"contoso"}'),
    ("POST", "/revocations", '{"user":"adele@contoso.example","cause":"adminRevoke"}')])
@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain"])
def test_what_does_not_say_that_it_is_json(refused, method, path, body, content_type):
    """A page of another origin can send this without asking."""
    refused(method, path, body, status=None, content_type=content_type)
