"""What has to come out: the rule at the centre and the propagation model once more, from their description alone.

Small and slow. It knows every sign-in and every change of one tenant and says for any of them what each plane in each region
has to answer at any instant. Delays that the server draws are told to it, once; it checks that they keep to their model.
"""

from collections import Counter
from dataclasses import dataclass, field

from lab_client import DAY, HOUR, MINUTE, SECOND, instant, written

PLANES = ("refresh", "session", "cae", "directory")

# Microsoft's matrix: the event, and which kinds of tokens and cookies it kills.
EVERYTHING = {"password cookie", "password token", "other cookie", "other token", "confidential token"}
PASSWORDS = {"password cookie", "password token"}
KILLS = {
    "userRevoke": EVERYTHING,
    "adminRevoke": EVERYTHING,
    "passwordChange": PASSWORDS,
    "selfServiceReset": PASSWORDS,
    "adminResetAzurePortal": PASSWORDS,
    "adminResetEntra": PASSWORDS | {"other token", "confidential token"},
    "singleSignOut": {"password cookie", "other cookie"},
    "passwordExpired": set(),
}
UNITS = {"D": DAY, "H": HOUR, "M": MINUTE, "S": SECOND}


def ticks(text):
    """Only the durations that these tests send: one number and one unit."""
    return round(float(text.lstrip("PT")[:-1]) * UNITS[text[-1]])


@dataclass(eq=False)
class Subject:
    """A grant or a session: what a sign-in left behind, and all that the rule may look at."""

    user: str
    kind: str
    auth_time: int
    sequence: int
    client: str | None = None
    """Of a grant the app, whose service principal may be disabled."""


@dataclass(eq=False)
class Arrival:
    """When one plane in one region enforces one change."""

    visible_at: int | None = None
    bounds: tuple | None = None
    """Drawn by the server and not yet told: not before the first, not after the second."""
    attempts: int | None = None
    held: bool = False
    used: Counter = field(default_factory=Counter)

    def learn(self, shown, now):
        """The server's word: a drawn instant is taken over once; whatever is known must be shown as it is known."""
        if self.bounds:
            told = instant(shown["visibleAt"])
            assert self.bounds[0] <= told <= (self.bounds[1] or told), f"{shown} is not within {self.bounds}"
            self.visible_at, self.bounds = told, None
        enforced = self.visible_at is not None and self.visible_at <= now
        expected = {"visibleAt": written(self.visible_at), "held": self.held, "effective": enforced}
        assert shown == expected, f"shown {shown}, known {expected}"


@dataclass(eq=False)
class Change:
    """A revocation, or an account or a service principal disabled or enabled."""

    id: str
    user: str
    """Of a service principal its client."""
    at: int
    sequence: int
    cause: str
    arrivals: dict
    joined: dict = field(default_factory=dict)

    @property
    def order(self):
        return self.at, self.sequence

    def arrival(self, plane, region):
        """A region that joined later enforces it as soon as the first of the change's own regions does."""
        if (plane, region) in self.arrivals:
            return self.arrivals[plane, region]
        own = [each for (where, _), each in self.arrivals.items() if where == plane]
        dated = [each.visible_at for each in own if each.visible_at is not None]
        counted = [each.attempts for each in own if each.attempts is not None]
        if dated or not counted:
            return Arrival(min(dated, default=None), held=True)
        # As patient as the least patient of them, and it counts for itself.
        return Arrival(attempts=min(counted), used=self.joined.setdefault((plane, region), Counter()))


@dataclass
class Verdict:
    accepted: bool
    code: int | None
    rule: str
    cut_offs: dict
    """By the revocation's id. A refusal has one; of those that an acceptance survives or awaits any may be named."""
    changes_at: int | None = None
    attempts_left: int | None = None


class Model:
    def __init__(self, now):
        self.now, self.tie_rule, self.sequence, self.changes = now, "precise", 0, []
        self.put({})

    def put(self, model):
        self.model = {"regions": ["local"], "routing": "sticky", "origin": "sampled", "planes": {}, **model}
        self.requests = 0

    @property
    def regions(self):
        return self.model["regions"]

    def next_number(self):
        self.sequence += 1
        return self.sequence

    def route(self, asked):
        """The region in which a request lands; None when that is the server's secret."""
        if asked:
            return asked
        self.requests += 1
        if len(self.regions) > 1 and self.model["routing"] != "round-robin":
            return None
        return self.regions[(self.requests - 1) % len(self.regions)]

    def change(self, id, user, cause, taken_by=None):
        taken_by = taken_by or self.regions[0]
        arrivals = {(plane, region): self._expected(plane, region, taken_by) for plane in PLANES for region in self.regions}
        self.changes.append(Change(id, user, self.now, self.next_number(), cause, arrivals))
        return self.changes[-1]

    def _expected(self, plane, region, taken_by):
        delay = self.model["planes"].get(plane, "immediate")
        if isinstance(delay, dict) and set(delay) <= set(self.regions):
            delay = delay.get(region, "immediate")
        if delay == "immediate" or (self.model["origin"] == "immediate" and region == taken_by):
            return Arrival(self.now)
        if delay == "manual":
            return Arrival(held=True)
        (kind, value), = delay.items()
        if kind == "fixed":
            return Arrival(self.now + ticks(value))
        if kind == "uniform":
            return Arrival(bounds=tuple(self.now + ticks(each) for each in value))
        return Arrival(attempts=value) if kind == "afterAttempts" else Arrival(bounds=(self.now, None))

    def release(self, change, plane=None, region=None):
        for where, arrival in change.arrivals.items():
            early = arrival.visible_at is None or arrival.visible_at > self.now
            if early and plane in (None, where[0]) and region in (None, where[1]):
                # Released before its own date, on a clock that was set back, it waits for that date all the same.
                arrival.visible_at, arrival.held = max(self.now, change.at), False

    def count(self, subject, plane, region, client):
        """A request of this grant or session has reached the rule. It counts for whatever it could have died of: the app's first."""
        is_refused = self.refuses_app(client, plane, region)
        for change in self._of_app(client):
            if change.at <= self.now:
                change.arrival(plane, region).used[client] += 1
        if is_refused:
            return
        for change in self._touching(subject):
            if change.at <= self.now and (change.cause not in KILLS or self._is_older(subject, change)):
                change.arrival(plane, region).used[subject] += 1

    def verdict(self, subject, plane, region, at=None, end=None):
        """`end`: the plane, the instant and the refusal's number of the end of the token or session that is judged."""
        at = self.now if at is None else at
        now = self._door(subject, plane, region, at, end)
        looked_at = self._touching(subject) + self._of_app(subject.client)
        instants = {change.arrival(plane, region).visible_at for change in looked_at}
        instants |= {change.at for change in looked_at} | {end[1] if end else None}
        for later in sorted(each for each in instants if each is not None and each > at):
            then = self._door(subject, plane, region, later, end)
            if (then.accepted, then.code) != (now.accepted, now.code):
                now.changes_at = later
                break
        return now

    def _door(self, subject, plane, region, at, end):
        verdict = self._judge(subject, plane, region, at, end)
        if plane == "session" and not verdict.accepted:
            # Silent sign-in gives one answer, whatever the reason: nobody is signed in.
            verdict.code = 50058
        return verdict

    def _judge(self, subject, plane, region, at, end):
        def is_enforced(change):
            return self._is_enforced(change, change.arrival(plane, region), subject, at)

        # A resource takes what the app has got, and a session is the browser's.
        if plane == "refresh" and self.refuses_app(subject.client, plane, region, at):
            return Verdict(False, 7000112, "appDisabled", {})
        touching = self._touching(subject)
        states = [change for change in touching if change.cause not in KILLS and is_enforced(change)]
        if states and max(states, key=lambda each: each.order).cause == "disable":
            return Verdict(False, 50057, "accountDisabled", {})
        killing = [change for change in touching if change.cause in KILLS and self._is_older(subject, change)]
        enforced = [change for change in killing if is_enforced(change)]
        if enforced:
            latest = max(enforced, key=lambda each: each.order)
            arrival = latest.arrival(plane, region)
            spent = 0 if arrival.visible_at is None and arrival.attempts is not None else None
            return Verdict(False, 50173, "revoked", self._cut_offs([latest]), attempts_left=spent)
        if end and end[0] == plane and at >= end[1]:
            return Verdict(False, end[2], "expired", {})
        if killing:
            return self._awaiting([(each, each.arrival(plane, region)) for each in killing], subject, at)
        # Nothing but the account's state can come: a disabling that no enabling which is in effect already outdates.
        coming = [
            change for change in touching
            if change.cause == "disable" and not is_enforced(change) and not any(each.order > change.order for each in states)]
        if coming:
            verdict = self._awaiting([(each, each.arrival(plane, region)) for each in coming], subject, at)
            verdict.cut_offs = {None: None}
            return verdict
        return Verdict(True, None, "notRevoked", self._cut_offs(touching) | {None: None})

    def refuses_app(self, client, plane, region, at=None):
        """Whether the app's service principal is disabled, as far as the plane in the region knows."""
        at = self.now if at is None else at
        enforced = [
            change for change in self._of_app(client) if self._is_enforced(change, change.arrival(plane, region), client, at)]
        return bool(enforced) and max(enforced, key=lambda each: each.order).cause == "disable"

    def _of_app(self, client):
        return [change for change in self.changes if change.user == client]

    def _awaiting(self, pending, subject, at):
        counting = [
            (arrival.attempts - arrival.used[subject], change) for change, arrival in pending
            if arrival.visible_at is None and arrival.attempts is not None and change.at <= at]
        if counting and all(arrival.visible_at is None for _, arrival in pending):
            left = min(left for left, _ in counting)
            first = [change for each, change in counting if each == left]
            return Verdict(True, None, "attemptsLeft", self._cut_offs(first), attempts_left=left)
        return Verdict(True, None, "notYetInEffect", self._cut_offs([change for change, _ in pending]))

    def _cut_offs(self, changes):
        return {change.id: self._cut_off(change) for change in changes if change.cause in KILLS}

    def _touching(self, subject):
        return [
            change for change in self.changes
            if change.user == subject.user and subject.kind in KILLS.get(change.cause, EVERYTHING)]

    def _is_older(self, subject, change):
        if self.tie_rule != "precise":
            return subject.auth_time < self._cut_off(change)
        return (subject.auth_time, subject.sequence) < change.order

    def _cut_off(self, change):
        stamp = change.at - change.at % SECOND
        if isinstance(self.tie_rule, dict):
            return stamp - ticks(self.tie_rule["skew"])
        return stamp if self.tie_rule == "entra" else change.at

    @staticmethod
    def _is_enforced(change, arrival, subject, at):
        if arrival.visible_at is not None:
            return arrival.visible_at <= at
        # What is dated later than the clock waits: the clock was set back.
        return arrival.attempts is not None and change.at <= at and arrival.used[subject] >= arrival.attempts
