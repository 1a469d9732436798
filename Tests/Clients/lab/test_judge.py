"""The judge, live: every character meets every situation in a sandbox of its own, and Lapse's report says what is due.

The recorded ones are judged by `JudgeTests`; here the clients run, unmodified libraries among them.
"""

import pytest

import histories
from lab_client import new_sandbox


def verdicts(tenant):
    """What the report says of each client: the verdict, and the rules by weight."""
    report = tenant.control("GET", "/report")
    found = {}
    for client in report["clients"]:
        rules = {severity: sorted({each["rule"] for each in client["findings"] if each["severity"] == severity})
            for severity in ("fail", "note", "good")}
        found[client["client"]] = (client["verdict"], rules)
    return found


@pytest.mark.parametrize("scenario", histories.SCENARIOS, ids=lambda each: each.name)
def test_the_report_says_what_is_due(running, trust, scenario):
    trust(running)
    tenant, _ = new_sandbox(running)
    scenario.record(running, tenant.name)
    said = verdicts(tenant)
    for client, expected in scenario.expected.items():
        verdict, rules = said.get(client, ("untested", {"fail": [], "note": [], "good": []}))
        assert (verdict, rules["fail"]) == (expected["verdict"], sorted(expected["rules"])), said
        assert set(expected.get("notes", [])) <= set(rules["note"]), said
    tenant.send("DELETE", f"/_lapse/api/tenants/{tenant.name}")


def test_a_lost_answer_is_made_good_and_the_report_says_so(running, trust):
    """Commit-then-drop: the old token is still valid, the client comes back with it, and nobody has to sign in."""
    trust(running)
    for name in ("good-dropped", "msal-python-dropped", "azure-identity-dropped"):
        [scenario] = [each for each in histories.SCENARIOS if each.name == name]
        tenant, _ = new_sandbox(running)
        scenario.record(running, tenant.name)
        [(verdict, rules)] = verdicts(tenant).values()
        assert verdict == "good" and "outlivesOutage" in rules["good"], rules
