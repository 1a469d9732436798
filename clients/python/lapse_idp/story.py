"""What Lapse saw of a test, in words: the timelines of its users, and the last events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .client import Tenant
from .connection import LapseError

MOST_USERS = 3
MOST_LINES = 30
MOST_PAGES = 20
WIDTH = 300

# Whatever somebody else has done to the tenant, the test's own outcome is the news.
_TROUBLE = (OSError, LapseError, ValueError, KeyError, TypeError)


def sections(tenant: Tenant) -> list[tuple[str, str]]:
    """Titles and texts, bounded: a timeline for each of the first users, and the last events. Never raises for what Lapse answers."""
    try:
        events = _events(tenant)
        users = list(dict.fromkeys(event["user"] for event in events if event["user"] is not None))
        found = [_timeline(tenant, user, events) for user in users[:MOST_USERS]]
        if len(users) > MOST_USERS:
            found.append(("Lapse: more users", f"{len(users) - MOST_USERS} more have events below."))
        names = {user["id"]: user["userPrincipalName"].partition("@")[0] for user in tenant.users}
        names.update({app["id"]: app["name"] for app in tenant.apps})
        lines = [_event_line(event, names) for event in events]
        return [*found, ("Lapse: last events", _bounded(lines) or "Nothing has reached this tenant.")]
    except _TROUBLE as error:
        return [("Lapse: no timeline", f"{type(error).__name__}: {error}"[:WIDTH])]


def text(tenant: Tenant) -> str:
    """The same as one text."""
    return "\n".join(f"--- {title} ---\n{body}" for title, body in sections(tenant))


def _events(tenant: Tenant) -> list[dict[str, Any]]:
    """The newest; a test that wrote more than so many pages has its earlier ones only."""
    found: list[dict[str, Any]] = []
    path = "events"
    for _ in range(MOST_PAGES):
        page = tenant.call("GET", path)
        found += page["items"]
        if page["next"] is None:
            break
        path = f"events?after={page['next']}"
    return found


def _timeline(tenant: Tenant, user: str, events: list[dict[str, Any]]) -> tuple[str, str]:
    told = tenant.call("GET", f"users/{user}/timeline")
    day = str(told["now"])[:10]

    def at(instant: str) -> str:
        date, _, rest = instant.partition("T")
        return rest[:8] if date == day else f"{date} {rest[:8]}"

    cuts = {each["id"]: each for each in (*told["revocations"], *told["stateChanges"])}
    apps = {row["client"]: row["clientName"] or row["client"] for row in told["rows"] if row["client"]}
    lines = []
    for event in events:
        if event["user"] != user and event["type"] != "clockChanged":
            continue
        said = _happened(event)
        if event["client"]:
            said = f"{apps.get(event['client'], event['client'])}: {said}"
        # Of everything that names a revocation, only the event that made it has no client.
        elif event["revocation"] in cuts:
            cut = cuts[event["revocation"]]
            said += f", {cut['cause']}" if cut.get("cause") else ""
            said += f"; {_spread(cut['planes'], at)}"
        lines.append(f"{at(event['at'])}  {said}")
    for row in told["rows"]:
        refused = [verdict for verdict in row["verdicts"] if not verdict["accepted"]]
        standing = "accepted" if not refused else "refused" if len(refused) == len(row["verdicts"]) else "refused in part"
        name = apps[row["client"]] if row["client"] else "the browser session"
        lines.append(f"Now {name}, signed in at {at(row['authTime'])}, is {standing}.")
        lines += [f"    {each['region']}: {_shortened(each['why'], at)}" for each in row["verdicts"] if each["why"]]
    name = str(told["userPrincipalName"]).partition("@")[0]
    return f"Lapse: timeline of {name}, at {str(told['now'])[:19]}Z", _bounded(lines)


def _spread(planes: dict[str, dict[str, dict[str, Any]]], at: Any) -> str:
    """Where it is in effect since when: planes of one answer together."""
    by_state: dict[str, list[str]] = {}
    for plane, regions in planes.items():
        for region, where in regions.items():
            visible = where["visibleAt"]
            state = (
                f"in effect since {at(visible)}" if where["effective"] and visible else "in effect" if where["effective"]
                else f"in effect from {at(visible)} on" if visible else "held")
            by_state.setdefault(state, []).append(plane if region == "local" else f"{plane} ({region})")
    return "; ".join(f"{', '.join(where)}: {state}" for state, where in by_state.items())


def _happened(mark: dict[str, Any]) -> str:
    code = f" with AADSTS{mark['code']}" if mark["code"] else ""
    region = f" in {mark['region']}" if mark["region"] not in (None, "local") else ""
    return f"{_words(mark['type'])}{code}{region} (event {mark['id']})"


def _event_line(event: dict[str, Any], names: dict[str, str]) -> str:
    parts = [f"{event['id']:>4}", str(event["at"])[11:19], _words(event["type"])]
    parts += [names.get(event[key], event[key]) for key in ("user", "client") if event[key]]
    if event["code"]:
        parts.append(f"AADSTS{event['code']}")
    if event["region"] not in (None, "local"):
        parts.append(event["region"])
    return "  ".join(parts)


def _words(type: str) -> str:
    """`refreshRefused` is `refresh refused`."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in type)


def _shortened(why: str, at: Any) -> str:
    """The rule's sentence, whose instants have seven decimals."""
    return " ".join(
        at(word.rstrip(".,;)")) + word[len(word.rstrip(".,;)")):] if word[:2] == "20" and "T" in word and "Z" in word else word
        for word in why.split(" "))


def _bounded(lines: Iterable[str]) -> str:
    every = [line if len(line) <= WIDTH else line[:WIDTH - 1] + "…" for line in lines]
    if len(every) > MOST_LINES:
        every = [f"… {len(every) - MOST_LINES} lines before", *every[-MOST_LINES:]]
    return "\n".join(every)
