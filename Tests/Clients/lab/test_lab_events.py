"""The log of what happened: filters, pages, and the stream."""

import http.client
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from lab import ADELE, ADELE_ID, ALEX, DAEMON, DAEMON_SECRET, GRAPH_DEFAULT
from lab_client import Tenant, code_of, instant, new_sandbox
from serve import HTTP_ALONE

START = instant("2026-03-01T08:00:00.1234567Z")


class Stream:
    """Server-sent events as a browser reads them. Open, as soon as it is made: what happens from then on will come."""

    def __init__(self, tenant, query="", last=None, timeout=15):
        self._connection = http.client.HTTPConnection("127.0.0.1", tenant.port, timeout=timeout)
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": str(last)} if last is not None else {})
        self._connection.request("GET", f"/_lapse/api/tenants/{tenant.name}/events/stream{query}", headers=headers)
        self.answer = self._connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        assert self.answer.headers["Content-Type"].startswith("text/event-stream"), self.answer.headers

    def next(self):
        """The next event; None at the end of the stream."""
        found = {}
        while True:
            line = self.answer.readline()
            if not line:
                return None
            line = line.decode().rstrip("\r\n")
            if line == "" and found:
                event = json.loads(found["data"])
                # What takes effect is no event of the log, and has no number to go on from.
                number = None if "plane" in event else str(event["id"])
                assert (found.get("id"), found["event"]) == (number, event["type"]), found
                return event
            if line and not line.startswith(":"):
                name, _, value = line.partition(":")
                assert name in ("id", "event", "data", "retry") and name not in found, line
                found[name] = value.removeprefix(" ")

    def take(self, count):
        return [self.next() for _ in range(count)]

    def close(self):
        self.answer.close()
        self._connection.close()


@pytest.fixture
def tenant(lapse):
    tenant = Tenant(lapse)
    tenant.freeze(START)
    return tenant


@pytest.fixture
def stream():
    """Opens streams that end with the test."""
    opened = []

    def open(*arguments, **options):
        opened.append(Stream(*arguments, **options))
        return opened[-1]

    yield open
    for each in opened:
        each.close()


def happen(tenant):
    """A bit of everything, for two users."""
    for user in (ADELE, ALEX):
        made = tenant.sign_in(user)
        tenant.refresh(made["refresh_token"])
        tenant.authorize(made["cookies"]["ESTSAUTH"])
        tenant.revoke(user)
        tenant.refresh(made["refresh_token"])


# MARK: The list

def test_the_list_is_in_order_and_complete_in_pages(tenant):
    for _ in range(40):
        happen(tenant)
    answer, pages = tenant.control("GET", "/events"), 1
    found = answer["items"]
    while answer["next"] is not None:
        answer = tenant.control("GET", f"/events?after={answer['next']}")
        assert answer["items"], "a page was announced and is empty"
        found += answer["items"]
        pages += 1
    assert pages > 1, "401 events on one page"
    ids = [each["id"] for each in found]
    assert ids == sorted(set(ids)) and len(ids) >= 400
    assert list(found[0]) == [
        "id", "at", "type", "user", "client", "grant", "revocation", "region", "code", "requestId"]
    # From any place in the middle.
    assert tenant.everything(f"/events?after={ids[123]}") == found[124:]
    assert tenant.control("GET", f"/events?after={ids[-1]}") == {"items": [], "next": None}


def test_filters_leave_out_the_rest_and_nothing_else(tenant):
    for _ in range(30):
        happen(tenant)
    every = tenant.everything("/events")
    for type in {each["type"] for each in every}:
        assert tenant.everything(f"/events?type={type}") == [each for each in every if each["type"] == type]
    own = [each for each in every if each["user"] == ADELE_ID]
    assert own and len(own) < len(every)
    for name in (ADELE, ADELE_ID, ADELE.upper()):
        assert tenant.everything(f"/events?user={quote(name)}") == own
    both = [each for each in own if each["type"] == "refreshRefused"]
    assert {each["code"] for each in both} == {50173} and len(both) == 30
    assert tenant.everything(f"/events?type=refreshRefused&user={ADELE}") == both
    assert tenant.everything(f"/events?type=refreshRefused&user={ADELE}&after={both[7]['id']}") == both[8:]


def test_what_wrote_an_event_names_it(tenant):
    """`x-lapse-event` and the request's id lead from an answer to its event."""
    made = tenant.sign_in()
    daemon = tenant.token(
        {"grant_type": "client_credentials", "client_secret": DAEMON_SECRET, "scope": GRAPH_DEFAULT}, DAEMON)
    answers = {
        "tokenRefreshed": tenant.refresh(made["refresh_token"]),
        "codeIssued": tenant.authorize(made["cookies"]["ESTSAUTH"]),
        "revoked": tenant.graph("POST", f"users/{ADELE_ID}/revokeSignInSessions", daemon.json()["access_token"]),
        "refreshRefused": tenant.refresh(made["refresh_token"]),
        "silentSignInRefused": tenant.authorize(made["cookies"]["ESTSAUTH"]),
        "accessOutlived": tenant.graph("GET", "me", made["access_token"])}
    events = {str(each["id"]): each for each in tenant.everything("/events")}
    for type, answer in answers.items():
        event = events[answer.headers["x-lapse-event"]]
        assert event["type"] == type, (event, answer)
        request = answer.headers["x-ms-request-id"] or answer.headers["request-id"]
        assert event["requestId"] in (request, None), (event, answer)
        assert event["region"] == answer.region
    assert events[answers["refreshRefused"].headers["x-lapse-event"]]["revocation"] == (
        events[answers["revoked"].headers["x-lapse-event"]]["revocation"])
    # What writes none names none.
    assert tenant.graph("GET", "me", tenant.sign_in()["access_token"]).headers["x-lapse-event"] is None
    assert tenant.ask("GET", "/clock").headers["x-lapse-event"] is None


def test_becoming_enforced_is_no_event(tenant):
    tenant.propagate({"planes": {"refresh": {"fixed": "PT3M"}}})
    tenant.revoke()
    before = len(tenant.everything("/events"))
    assert tenant.advance(until="propagation")["tookEffect"]
    assert [each["type"] for each in tenant.everything("/events")[before:]] == ["clockChanged"]


# MARK: The stream

def test_a_stream_tells_what_happens_from_now_on(tenant, stream):
    happen(tenant)
    before = tenant.everything("/events")[-1]["id"]
    live = stream(tenant)
    happen(tenant)
    expected = tenant.everything(f"/events?after={before}")
    assert live.take(len(expected)) == expected
    # It stays open: what comes later comes too.
    made = tenant.sign_in()
    assert live.next()["grant"] == made["grant"]


def test_an_event_arrives_at_once(tenant, stream):
    live = stream(tenant)
    for _ in range(10):
        begun = time.monotonic()
        made = tenant.sign_in()
        event = live.next()
        assert (event["type"], event["grant"]) == ("signedIn", made["grant"])
        assert time.monotonic() - begun < 3


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_stream_goes_on_after_the_last_event_that_was_seen(tenant, stream, how):
    for _ in range(60):
        happen(tenant)
    every = tenant.everything("/events")
    for seen in (0, 1, 250, len(every) - 1):
        last = every[seen]["id"]
        live = stream(tenant, last=last) if how == "header" else stream(tenant, f"?after={last}")
        assert live.take(len(every) - seen - 1) == every[seen + 1:]
        made = tenant.sign_in()
        assert live.next()["grant"] == made["grant"]
        every = tenant.everything("/events")
        live.close()


def test_a_reader_that_comes_and_goes_under_load_loses_and_doubles_nothing(lapse, tenant):
    tokens = [tenant.sign_in(user)["refresh_token"] for user in (ADELE, ALEX)]
    first = tenant.everything("/events")[-1]["id"]
    count = 250

    def work(token):
        mine = Tenant(lapse)
        for _ in range(count):
            assert code_of(mine.refresh(token)) is None

    def read(step):
        found, last = [], first
        while len(found) < 2 * count:
            live = Stream(tenant, last=last)
            # It leaves in the middle of what is sent to it.
            found += live.take(min(step, 2 * count - len(found)))
            last = found[-1]["id"]
            live.close()
        return found

    with ThreadPoolExecutor(5) as pool:
        readers = [pool.submit(read, step) for step in (7, 31, 2 * count)]
        workers = [pool.submit(work, token) for token in tokens]
        for each in workers:
            each.result(timeout=60)
        seen = [each.result(timeout=60) for each in readers]
    expected = tenant.everything(f"/events?after={first}")
    assert len(expected) == 2 * count
    for found in seen:
        assert [each["id"] for each in found] == [each["id"] for each in expected]
        assert found == expected


def test_a_stream_is_filtered_like_the_list(tenant, stream):
    first = tenant.everything("/events")[-1]["id"]
    streams = {query: stream(tenant, query) for query in (
        "?type=refreshRefused", f"?user={ADELE}", f"?type=signedIn&user={ALEX}")}
    for _ in range(3):
        happen(tenant)
    for query, live in streams.items():
        expected = tenant.everything(f"/events{query}&after={first}")
        assert expected and live.take(len(expected)) == expected
    for query in streams:
        expected = tenant.everything(f"/events{query}&after={first}")
        assert stream(tenant, query, last=expected[0]["id"]).take(len(expected) - 1) == expected[1:]


def arrival(event):
    assert list(event) == ["at", "type", "id", "plane", "region", "user"], event
    return event["at"][11:19], event["type"], event["plane"], event["region"], event["user"]


def test_a_stream_tells_what_takes_effect_when_it_is_asked_to(tenant, stream):
    tenant.control("PUT", "/propagation", {
        "regions": ["east", "west"],
        "planes": {"refresh": {"east": {"fixed": "3m"}, "west": {"fixed": "5m"}}, "session": "manual", "cae": {"afterAttempts": 2}}})
    live, of_alex, plain = stream(tenant, "?effects=true"), stream(tenant, f"?effects=true&user={ALEX}"), stream(tenant)
    revoked = tenant.revoke()
    assert live.next()["revocation"] == revoked["id"]
    # The directory at once, and only once, though the clock stands still at the instant.
    at_once = [arrival(event) for event in live.take(2)]
    assert at_once == [("08:00:00", "revocationInEffect", "directory", region, ADELE_ID) for region in ("east", "west")]
    tenant.advance(by="4m")
    moved = [live.next(), live.next()]
    assert moved[0]["type"] == "clockChanged"
    assert arrival(moved[1]) == ("08:03:00", "revocationInEffect", "refresh", "east", ADELE_ID)
    tenant.control("POST", f"/revocations/{revoked['id']}/release", {"plane": "session", "region": "east"})
    assert live.next()["type"] == "revocationReleased"
    assert arrival(live.next()) == ("08:04:00", "revocationInEffect", "session", "east", ADELE_ID)
    tenant.control("PATCH", f"/users/{ALEX}", {"accountEnabled": False})
    assert {event["type"] for event in live.take(2)} == {"userUpdated", "accountDisabled"}
    assert {arrival(event)[1:3] for event in live.take(2)} == {("stateChangeInEffect", "directory")}
    # A clock that is set back reaches it again.
    tenant.control("PUT", "/clock", {"now": "2026-03-01T08:02:00.5Z"})
    assert live.next()["type"] == "clockChanged"
    tenant.advance(by="1m")
    assert live.next()["type"] == "clockChanged"
    assert arrival(live.next()) == ("08:03:00", "revocationInEffect", "refresh", "east", ADELE_ID)
    # Of Alex only what is his; and nothing of the kind to who did not ask.
    assert {event["type"] for event in of_alex.take(2)} == {"userUpdated", "accountDisabled"}
    assert {event["type"] for event in of_alex.take(2)} == {"stateChangeInEffect"}
    assert not [event for event in plain.take(7) if "plane" in event]
    assert tenant.send("GET", f"/_lapse/api/tenants/{tenant.name}/events/stream?effects=maybe").status == 400


def test_a_stream_tells_what_takes_effect_while_the_clock_runs(tenant, stream):
    tenant.control("PUT", "/clock", {"mode": "running"})
    tenant.control("PUT", "/propagation", {"planes": {
        plane: {"fixed": delay} for plane, delay in [("refresh", "0.5s"), ("session", "1s"), ("cae", "1d"), ("directory", "1s")]}})
    live = stream(tenant, "?effects=true")
    begun = time.monotonic()
    tenant.revoke()
    assert live.next()["type"] == "revoked"
    assert [event["plane"] for event in live.take(3)] == ["refresh", "directory", "session"]
    assert 1 <= time.monotonic() - begun < 10


def test_a_stream_tells_of_its_tenant_alone(lapse, tenant, stream):
    sandbox, made = new_sandbox(lapse)
    live, other = stream(tenant), stream(sandbox)
    tenant.sign_in()
    theirs = sandbox.sign_in(f"adele@{sandbox.name}")
    tenant.revoke()
    mine = live.take(2)
    assert [each["type"] for each in mine] == ["signedIn", "revoked"]
    assert {each["user"] for each in mine} == {ADELE_ID}
    assert other.next()["grant"] == theirs["grant"]
    sandbox.send("DELETE", f"/_lapse/api/tenants/{made['id']}")


def test_the_event_that_an_answer_names_comes_through_the_stream(tenant, stream):
    made = tenant.sign_in()
    live = stream(tenant)
    for _ in range(20):
        answer = tenant.refresh(made["refresh_token"])
        assert live.next()["id"] == int(answer.headers["x-lapse-event"])


def test_a_stream_goes_on_through_a_reset(tenant, stream):
    last = tenant.everything("/events")[-1]["id"]
    live = stream(tenant)
    tenant.control("POST", "/reset")
    made = tenant.sign_in()
    found = live.next()
    while found["type"] != "signedIn":
        found = live.next()
    assert found["grant"] == made["grant"]
    assert found["id"] > last, "the number of an event was used twice"


# MARK: The end of a stream

def ended(live):
    """Reads to the end; a stream that does not end runs into its timeout."""
    while live.next() is not None:
        pass
    return True


def test_a_stream_ends_with_its_tenant(lapse, tenant, stream):
    sandbox, made = new_sandbox(lapse)
    live = [stream(sandbox), stream(sandbox, "?type=revoked"), stream(sandbox, "?after=0")]
    stays = stream(tenant)
    sandbox.sign_in(f"adele@{sandbox.name}")
    assert sandbox.send("DELETE", f"/_lapse/api/tenants/{made['id']}").status == 204
    assert all(ended(each) for each in live)
    signed_in = tenant.sign_in()
    assert stays.next()["grant"] == signed_in["grant"]


def test_open_streams_do_not_keep_lapse_from_stopping(launch, tmp_path, stream):
    process = launch(tmp_path, *HTTP_ALONE)
    tenant = Tenant(process.lapse)
    live = [stream(tenant), stream(tenant, "?type=revoked"), stream(tenant)]
    tenant.sign_in()
    assert live[0].next()["type"] == "signedIn"
    begun = time.monotonic()
    process.stop()
    assert time.monotonic() - begun < 8
    assert all(ended(each) for each in live)


def test_an_open_wait_does_not_keep_lapse_from_stopping(launch, tmp_path):
    process = launch(tmp_path, *HTTP_ALONE)
    tenant = Tenant(process.lapse)
    tenant.propagate({"planes": {"refresh": "manual"}})
    id = tenant.revoke()["id"]

    def wait():
        try:
            return Tenant(process.lapse).ask("GET", f"/revocations/{id}?wait=PT1M").status
        except (OSError, http.client.HTTPException):
            return None

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.5)
        begun = time.monotonic()
        process.stop()
        assert time.monotonic() - begun < 12
        waiting.result(timeout=15)


def test_readers_that_vanish_do_no_harm(lapse, tenant):
    for _ in range(3):
        live = [Stream(tenant, "?after=0") for _ in range(40)]
        tenant.sign_in()
        for each in live:
            each.close()
        happen(tenant)
    assert tenant.send("GET", "/_lapse/api/health").status == 200
    last = Stream(tenant)
    made = tenant.sign_in()
    assert last.next()["grant"] == made["grant"]
    last.close()


def test_a_reader_that_reads_nothing_holds_up_nobody(lapse, tenant, stream):
    """Its buffers fill; the others are served, and it gets everything in the end."""
    asleep = stream(tenant, timeout=30)
    first = tenant.everything("/events")[-1]["id"]
    tokens = [tenant.sign_in()["refresh_token"] for _ in range(4)]
    stopped = threading.Event()

    def work(token):
        mine = Tenant(lapse)
        for _ in range(500):
            assert code_of(mine.refresh(token)) is None
        stopped.set()

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(work, token) for token in tokens]:
            each.result(timeout=120)
    expected = tenant.everything(f"/events?after={first}")
    assert len(expected) == 2004
    assert [each["id"] for each in asleep.take(len(expected))] == [each["id"] for each in expected]
