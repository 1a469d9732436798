"""Random histories against the model: thousands of short lives of a tenant, every answer foretold.

    LAPSE_SEED=2026      the base seed of another run
    LAPSE_SEED=2026/417  that one history alone, as a failure prints it
"""

import os
import random
import re
from urllib.parse import quote

import pytest

from consistency_model import KILLS, PLANES, Model, Subject
from lab import ADELE, ADELE_ID, ALEX, NATIVE, WEB
from lab_client import (
    DAY, HOUR, MINUTE, SECOND, SPA, Tenant, code_of, duration, instant, new_sandbox, written)
from serve import HTTP_ALONE

BASE, _, ALONE = os.environ.get("LAPSE_SEED", "2026").partition("/")
HISTORIES, RESTARTED, REPEATED = 2000, 100, 40
PARTS = 4
ALEX_ID = "aaaaaaaa-0001-4000-8000-000000000002"
LAB = {ADELE: ADELE_ID, ALEX: ALEX_ID}
"""The two users of a history: name and id."""
KINDS = {NATIVE: "token", SPA: "token", WEB: "confidential token"}
START = instant("2026-03-01T08:00:00Z")
REGIONS = ["eastus", "westeurope", "southeastasia"]
DELAYS = ["PT0S", "PT0.25S", "PT1S", "PT29S", "PT3M", "PT15M"]
PRINTED = re.compile(r"issued on '(.+?)' and the TokensValidFrom date .* is '(.+?)'")


class Token:
    """Something to knock with: a generation of a refresh token, or a session's cookie."""

    def __init__(self, subject, text, client, end, endpoint):
        self.subject, self.text, self.client, self.end, self.endpoint = subject, text, client, end, endpoint

    @property
    def last_word(self):
        """The end of the token, as the model wants it."""
        code = {"session": 50058}.get(self.endpoint) or (700084 if self.client == SPA else 700082)
        return self.endpoint, self.end, code


class History:
    """One life of a tenant. Every choice comes from the seed; every step is written down before it is taken."""

    def __init__(self, tenant, seed, ids, restart=None):
        self.tenant, self.ids, self.restart = tenant, ids, restart
        self.adele, self.alex = ids
        self.chance = random.Random(seed)
        self.steps, self.tokens, self.sessions, self.codes = [], [], [], []
        self.enabled = dict.fromkeys([*ids, *KINDS], True)
        self.sticky, self.log = {}, []

    def live(self):
        chance = self.chance
        self.tenant.control("POST", "/reset")
        self.model = Model(START + chance.choice([0, 1, chance.randrange(SECOND)]))
        self.tenant.freeze(self.model.now)
        self.change_propagation()
        if chance.random() < 0.2:
            self.change_tie_rule()
        self.sign_in()
        restarts = set(chance.sample(range(5), chance.choice([1, 1, 2]))) if self.restart else ()
        ways = [
            (self.sign_in, 12), (self.refresh, 26), (self.check_session, 12), (self.redeem_code, 7), (self.revoke, 15),
            (self.move_clock, 17), (self.advance_until_enforced, 4), (self.switch_account, 6), (self.switch_app, 4), (self.release, 7),
            (self.release_everything, 2), (self.change_propagation, 2), (self.change_tie_rule, 2),
            (self.explain_elsewhen, 3)]
        for number in range(chance.randint(5, 8)):
            if number in restarts:
                self.tenant = self.restart(chance.random() < 0.5, self.note)
            chance.choices([way for way, _ in ways], [weight for _, weight in ways])[0]()
        self.look_back()

    def note(self, text):
        self.steps.append(f"{written(self.model.now)} {text}")

    # Steps

    def change_propagation(self):
        model = self.random_model()
        self.note(f"propagation {model}")
        shown = self.tenant.propagate(model)
        self.model.put(model)
        self.sticky = {}
        assert {name: shown[name] for name in ("seed", "regions", "routing", "origin")} == {
            name: model[name] for name in ("seed", "regions", "routing", "origin")}, shown
        # The whole model, whatever was left out.
        assert list(shown["planes"]) == list(PLANES), shown

    def random_model(self):
        chance = self.chance
        regions = chance.sample(REGIONS, chance.choice([1, 1, 2, 3]))
        planes = {plane: self.random_delays(plane, regions) for plane in PLANES if chance.random() < 0.75}
        return {
            "seed": chance.randrange(1000), "regions": regions, "origin": chance.choice(["sampled", "sampled", "immediate"]),
            "routing": chance.choice(["sticky", "round-robin", "round-robin", "random"]), "planes": planes}

    def random_delays(self, plane, regions):
        if self.chance.random() < 0.3:
            return {region: self.random_delay(plane) for region in regions if self.chance.random() < 0.8} or "immediate"
        return self.random_delay(plane)

    def random_delay(self, plane):
        chance = self.chance
        low, high = sorted(chance.sample(range(len(DELAYS)), 2))
        delays = [
            "immediate", "manual", {"fixed": chance.choice(DELAYS)}, {"fixed": chance.choice(DELAYS)},
            {"uniform": [DELAYS[low], DELAYS[high]]}, {"lognormal": {"median": "PT1M", "p95": "PT5M"}},
            {"afterAttempts": chance.randint(1, 3)}]
        return chance.choice(delays if plane != "directory" else delays[:-1])

    def change_tie_rule(self):
        others = {"precise", "entra", "skew"} - {self.model.tie_rule if isinstance(self.model.tie_rule, str) else "skew"}
        rule = self.chance.choice(sorted(others))
        self.model.tie_rule = {"skew": self.chance.choice(["PT1S", "PT1M", "PT1H"])} if rule == "skew" else rule
        self.note(f"tieRule {self.model.tie_rule}")
        self.tenant.control("PUT", "/policies", {"tieRule": self.model.tie_rule})

    def sign_in(self):
        user, client = self.chance.choice([self.adele, self.adele, self.alex]), self.chance.choice(list(KINDS))
        method = self.chance.choice(["password", "password", "non-password"])
        at, more = self.model.now, {}
        if self.chance.random() < 0.25:
            known = [change.at for change in self.model.changes if change.at <= at]
            at = self.chance.choice([at - 1, at - SECOND // 2, at - HOUR, *known])
            more = {"authTime": written(at)}
        self.note(f"sign in {user} to {client[-1]} by {method} {more}")
        made = self.tenant.sign_in(user, client, method=method, **more)
        number, way = self.model.next_number(), "password" if method == "password" else "other"
        session = Subject(user, f"{way} cookie", at, number)
        self.sessions.append(Token(session, made["cookies"]["ESTSAUTH"], None, self.model.now + DAY, "session"))
        self.take_grant(user, client, way, at, number, made["refresh_token"])
        self.compare(self.tokens[-1])

    def take_grant(self, user, client, way, auth_time, number, text):
        kind = KINDS[client] if client == WEB else f"{way} token"
        self.tokens.append(
            Token(Subject(user, kind, auth_time, number, client), text, client, self.refresh_end(client), "refresh"))

    def refresh_end(self, client):
        return self.model.now + (DAY if client == SPA else 90 * DAY)

    def refresh(self):
        token = self.chance.choice(self.tokens)
        region = self.choose_region()
        self.note(f"refresh token {self.tokens.index(token)} in {region}")
        answer = self.tenant.refresh(token.text, token.client, region)
        if self.knock(token, answer, region, code_of(answer)):
            end = token.end if token.client == SPA else self.refresh_end(token.client)
            self.tokens.append(Token(token.subject, answer.json()["refresh_token"], token.client, end, "refresh"))
        self.compare(token)

    def check_session(self):
        session = self.chance.choice(self.sessions)
        client, region = self.chance.choice([NATIVE, NATIVE, WEB]), self.choose_region()
        self.note(f"silent sign-in with session {self.sessions.index(session)} to {client[-1]} in {region}")
        answer = self.tenant.authorize(session.text, client, region)
        if answer.status == 400:
            # A page: the app is not told that it is disabled.
            assert b"AADSTS7000112" in answer.body, answer
            assert not self.knock(session, answer, region, 7000112, client)
            return self.compare(session)
        told = answer.redirect
        assert ("code" in told) != (told.get("error") == "login_required"), answer
        if self.knock(session, answer, region, None if "code" in told else 50058, client):
            # It slides with its use.
            session.end = self.model.now + DAY
            self.codes.append((session.subject, client, told["code"], self.model.now + 10 * MINUTE))
        self.compare(session)

    def redeem_code(self):
        self.codes = [each for each in self.codes if each[3] > self.model.now]
        if not self.codes:
            return self.check_session()
        session, client, code, _ = self.codes.pop(self.chance.randrange(len(self.codes)))
        region = self.choose_region()
        self.note(f"redeem a code for {client[-1]} in {region}")
        answer = self.tenant.redeem(code, client, region)
        # The credential is the session's, however late the code.
        way = session.kind.removesuffix(" cookie")
        self.take_grant(session.user, client, way, session.auth_time, session.sequence, None)
        if self.knock(self.tokens[-1], answer, region, code_of(answer)):
            self.tokens[-1].text = answer.json()["refresh_token"]
            self.compare(self.tokens[-1])
        else:
            self.tokens.pop()

    def choose_region(self):
        return self.chance.choice([None, None, *self.model.regions])

    def knock(self, token, answer, asked, code, client=None):
        """Every answer of an endpoint is the model's, and says in which region it was decided. A session is the browser's: the app that
        asks is told beside it."""
        expected = self.model.route(asked)
        region = answer.region
        assert region == expected or (expected is None and region in self.model.regions), (
            f"answered by {region}, expected {expected}")
        if expected is None and self.model.model["routing"] == "sticky" and token.endpoint == "refresh":
            assert self.sticky.setdefault((token.client, token.subject.user), region) == region, "sticky has moved"
        verdict = self.model.verdict(token.subject, token.endpoint, region, end=token.last_word)
        client = client or token.subject.client
        if self.model.refuses_app(client, token.endpoint, region):
            verdict.accepted, verdict.code = False, 7000112
        self.model.count(token.subject, token.endpoint, region, client)
        self.log.append((region, code))
        assert code == verdict.code, f"answered {code} by {region}, expected {verdict}: {answer}"
        if code == 50173:
            printed = PRINTED.search(answer.json()["error_description"]).groups()
            id, = verdict.cut_offs
            at = next(change.at for change in self.model.changes if change.id == id)
            stamp = at - at % SECOND
            assert printed == (written(token.subject.auth_time), written(stamp)), f"{printed}, expected {verdict}"
        return verdict.accepted

    def revoke(self):
        user = self.chance.choice([self.adele, self.adele, self.alex])
        cause = self.chance.choice([*KILLS, "adminRevoke", "userRevoke"])
        region = self.chance.choice([None, None, *self.model.regions])
        self.note(f"revoke {user}: {cause}, taken by {region}")
        made = self.tenant.revoke(user, cause, region)
        change = self.model.change(made["id"], user, cause, region)
        assert (made["user"], made["at"], made["cause"]) == (self.ids[user], written(change.at), cause), made
        if cause != "passwordExpired":
            assert made["stamp"] == written(change.at - change.at % SECOND), made
        self.learn(change, made)

    def switch_account(self):
        user = self.chance.choice([self.adele, self.adele, self.alex])
        self.enabled[user] = is_enabled = not self.enabled[user]
        self.note(f"{'enable' if is_enabled else 'disable'} {user}")
        self.tenant.control("PATCH", f"/users/{user}", {"accountEnabled": is_enabled})
        self.switched(user, "account", f"user={quote(user)}")

    def switch_app(self):
        client = self.chance.choice([*KINDS, NATIVE])
        self.enabled[client] = is_enabled = not self.enabled[client]
        self.note(f"{'enable' if is_enabled else 'disable'} the app {client[-1]}")
        self.tenant.control("PATCH", f"/apps/{client}", {"enabled": is_enabled})
        self.switched(client, "servicePrincipal", f"client={client}")

    def switched(self, who, what, found_by):
        word = "enable" if self.enabled[who] else "disable"
        event = self.tenant.everything(f"/events?type={what}{word.capitalize()}d&{found_by}")[-1]
        change = self.model.change(event["revocation"], who, word)
        shown = self.tenant.revocation(change.id)
        assert (shown["cause"], shown["stamp"], shown["at"]) == (change.cause, None, written(change.at)), shown
        self.learn(change, shown)

    def learn(self, change, shown):
        late = [
            f"{plane} {region} {'held' if place['held'] else place['visibleAt'] or 'after attempts'}"
            for plane, regions in shown["planes"].items() for region, place in regions.items() if not place["effective"]]
        self.steps[-1] += f" -> {change.id} late: {', '.join(late) or 'nowhere'}"
        for (plane, region), arrival in change.arrivals.items():
            arrival.learn(shown["planes"][plane][region], self.model.now)
        self.log.append([(where, arrival.visible_at) for where, arrival in change.arrivals.items()])

    def release(self):
        if not self.model.changes:
            return self.revoke()
        change = self.chance.choice(self.model.changes)
        plane, region = self.chance.choice(list(change.arrivals))
        where = self.chance.choice([{}, {"plane": plane}, {"region": region}, {"plane": plane, "region": region}])
        if region not in self.model.regions:
            where.pop("region", None)
        self.note(f"release {change.cause} {change.id} {where}")
        shown = self.tenant.release(change.id, **where)
        self.model.release(change, **where)
        self.learn(change, shown)

    def release_everything(self):
        plane, region = self.chance.choice(PLANES), self.chance.choice(self.model.regions)
        where = self.chance.choice([{}, {"plane": plane}, {"region": region}])
        late = {change.id: change for change in self.model.changes if not self.is_over(change)}
        self.note(f"release everything {where}")
        items = self.tenant.control("POST", "/propagation/release", where)["items"]
        before = {id: self.places(change) for id, change in late.items()}
        for change in late.values():
            self.model.release(change, **where)
        shown = {each["id"]: each for each in items}
        moved = {id for id, change in late.items() if self.places(change) != before[id]}
        assert moved <= set(shown) <= set(late) and (where or set(shown) == set(late)), f"{set(shown)}, moved {moved}"
        for id, each in shown.items():
            self.learn(late[id], each)

    def is_over(self, change):
        return all(at is not None and at <= self.model.now for at in self.places(change))

    @staticmethod
    def places(change):
        return [arrival.visible_at for arrival in change.arrivals.values()]

    def move_clock(self):
        now, chance = self.model.now, self.chance
        marks = [at for change in self.model.changes for at in [change.at, *self.places(change)] if at]
        marks += [each.subject.auth_time for each in self.tokens]
        mark = chance.choice(marks) + chance.choice([-1, 0, 0, 1])
        if (mark >= now and chance.random() < 0.7) or chance.random() < 0.5:
            by = mark - now if mark >= now else chance.choice([0, 1, SECOND // 4, SECOND, 29 * SECOND, 3 * MINUTE])
            by = chance.choice([by, by, by, DAY]) if chance.random() < 0.1 else by
            self.note(f"advance by {duration(by)}")
            self.moved(self.tenant.advance(by=duration(by)), now + by)
        else:
            later = chance.choice([mark, mark, now - SECOND // 2, now - 10 * MINUTE, now + MINUTE])
            self.note(f"clock set to {written(later)}")
            assert self.tenant.freeze(later)["now"] == written(later)
            self.model.now = later

    def advance_until_enforced(self):
        ahead = [at for change in self.model.changes for at in self.places(change) if at and at > self.model.now]
        self.note("advance until propagation")
        answer = self.tenant.ask("POST", "/clock/advance", {"until": "propagation"})
        if ahead:
            assert answer.status == 200, answer
            return self.moved(answer.json(), max(ahead))
        assert (answer.status, answer.json()["error"]["field"]) == (409, "until"), answer
        assert self.tenant.now() == self.model.now

    def moved(self, answer, now):
        """The clock is where it should be, and what became enforced on the way is listed in its order."""
        before, self.model.now = self.model.now, now
        assert (answer["now"], answer["mode"]) == (written(now), "frozen"), answer
        listed = [each for each in answer["tookEffect"] if each["type"].endswith("InEffect")]
        assert [each["at"] for each in listed] == sorted(each["at"] for each in listed), listed
        expected = [
            (written(arrival.visible_at), f"{'revocation' if change.cause in KILLS else 'stateChange'}InEffect", change.id,
             plane, region)
            for change in self.model.changes for (plane, region), arrival in change.arrivals.items()
            if arrival.visible_at is not None and before < arrival.visible_at <= now]
        found = [tuple(each[name] for name in ("at", "type", "id", "plane", "region")) for each in listed]
        assert sorted(found) == sorted(expected)

    def explain_elsewhen(self):
        token = self.chance.choice(self.tokens + self.sessions)
        at = self.model.now + self.chance.choice([-HOUR, -SECOND, -1, 1, SECOND, 3 * MINUTE, DAY])
        region = self.chance.choice([None, *self.model.regions])
        self.note(f"explain at {written(at)} in {region}")
        self.compare(token, at, region)

    # Judgement

    def compare(self, token, at=None, region=None):
        """All that `explain` says of a token, against the model."""
        asked = {"session" if token.endpoint == "session" else "refresh_token": token.text}
        asked |= ({"at": written(at)} if at else {}) | ({"region": region} if region else {})
        shown = self.tenant.explain(**asked)
        at = at or self.model.now
        known = {name: shown[name] for name in ("known", "user", "authTime", "at")}
        assert known == {
            "known": True, "user": self.ids[token.subject.user], "authTime": written(token.subject.auth_time),
            "at": written(at)}, shown
        regions = [region] if region else self.model.regions
        places = [(plane, each) for plane in PLANES for each in regions]
        assert [(each["plane"], each["region"]) for each in shown["verdicts"]] == places, shown["verdicts"]
        for verdict in shown["verdicts"]:
            self.compare_verdict(token, verdict, at)

    def compare_verdict(self, token, shown, at):
        expected = self.model.verdict(token.subject, shown["plane"], shown["region"], at, token.last_word)
        wanted = {
            "accepted": expected.accepted, "code": expected.code, "rule": expected.rule,
            "changesAt": written(expected.changes_at), "attemptsLeft": expected.attempts_left,
            "authTime": written(token.subject.auth_time)}
        found = {name: shown[name] for name in wanted}
        assert found == wanted, f"explain of {token.endpoint} says {shown}, expected {expected}"
        cut_offs = expected.cut_offs or {None: None}
        assert shown["revocation"] in cut_offs and shown["cutOff"] == written(cut_offs[shown["revocation"]]), (
            f"explain of {token.endpoint} says {shown}, expected {expected}")

    def look_back(self):
        """At the end everything that was ever issued is explained once more, and nothing has moved but by releases."""
        self.note("look back")
        for token in self.tokens + self.sessions:
            self.compare(token)
        for change in self.model.changes:
            self.learn(change, self.tenant.revocation(change.id))
        listed = {each["id"] for each in self.tenant.everything("/revocations")}
        assert listed == {change.id for change in self.model.changes if change.cause in KILLS}


def lived(tenant, number, ids=LAB, restart=None):
    """Lives one history and says how to have it again when it goes wrong."""
    history = History(tenant, f"{BASE}/{number}", ids, restart)
    try:
        history.live()
    except Exception as error:
        steps = "\n  ".join(history.steps)
        raise AssertionError(
            f"{error}\nseed {BASE}/{number} (alone: LAPSE_SEED={BASE}/{number}), steps:\n  {steps}") from error
    return history


def numbers(count, first=0):
    """The histories of a test; the one that was asked for, if it is one of them."""
    every = range(first, first + count)
    return [each for each in every if not ALONE or str(each) == ALONE]


@pytest.fixture(scope="module")
def lapse(own):
    return own


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_two_thousand_histories_go_as_the_rule_says(lapse, part):
    """Half of them in Contoso, half in a sandbox."""
    print(f"base seed {BASE}")
    tenant, ids = Tenant(lapse), LAB
    if part % 2:
        tenant, made = new_sandbox(lapse)
        every = {user["userPrincipalName"]: user["id"] for user in made["users"]}
        ids = {name: every[name] for name in (f"adele@{tenant.name}", f"alex@{tenant.name}")}
    for number in numbers(HISTORIES):
        if number % PARTS == part:
            lived(tenant, number, ids)


def test_the_same_seed_and_requests_give_the_same_instants_regions_and_answers(lapse):
    tenant = Tenant(lapse)
    for number in numbers(REPEATED):
        assert lived(tenant, number).log == lived(tenant, number).log, f"seed {BASE}/{number}"


@pytest.mark.parametrize("part", range(2))
def test_a_restart_in_the_middle_changes_nothing(launch, tmp_path, part):
    """A clean stop or `kill -9`, once or twice in a history."""
    options = {"data_dir": tmp_path / "data"}
    running = launch(tmp_path, *HTTP_ALONE, **options)

    def restart(is_kill, note):
        nonlocal running
        note("kill -9" if is_kill else "stop")
        (running.kill if is_kill else running.stop)()
        running = launch(tmp_path, *HTTP_ALONE, **options)
        return Tenant(running.lapse)

    for number in numbers(RESTARTED // 2, HISTORIES + part * RESTARTED // 2):
        lived(Tenant(running.lapse), number, restart=restart)


@pytest.mark.parametrize("delay, below, share", [
    # What part of the delays lies below a length.
    ({"uniform": ["PT30S", "PT5M"]}, 165 * SECOND, 0.5), ({"uniform": ["PT30S", "PT5M"]}, 57 * SECOND, 0.1),
    ({"lognormal": {"median": "PT1M", "p95": "PT5M"}}, 60 * SECOND, 0.5),
    ({"lognormal": {"median": "PT1M", "p95": "PT5M"}}, 300 * SECOND, 0.95)])
def test_drawn_delays_are_spread_as_their_model_says(lapse, delay, below, share):
    tenant = Tenant(lapse)
    tenant.control("POST", "/reset")
    tenant.freeze(START)
    tenant.propagate({"seed": 7, "regions": REGIONS, "planes": dict.fromkeys(PLANES, delay)})
    drawn = []
    for _ in range(50):
        planes = tenant.revoke()["planes"]
        drawn += [instant(shown["visibleAt"]) - START for regions in planes.values() for shown in regions.values()]
    assert len(drawn) == 50 * len(PLANES) * len(REGIONS) and len(set(drawn)) > len(drawn) * 0.9
    # Seeded, and so wide that no honest sample of 600 is outside.
    assert abs(sum(each < below for each in drawn) / len(drawn) - share) < 0.08
