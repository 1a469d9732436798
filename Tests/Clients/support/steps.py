"""The steps that all test kits share, and how Python plays them."""

import json
import re

import pytest

import tour
from lapse_idp.client import LapseError

STORIES = json.loads((tour.ROOT / "clients" / "steps.json").read_text())["stories"]
PLACEHOLDER = re.compile(r'\{([^{}"]+)\}')


def at_path(value, path):
    for name in path.split("."):
        value = len(value) if name == "length" else value[int(name)] if isinstance(value, list) else value[name]
    return value


class Player:
    """Plays the steps that all test kits share."""

    def __init__(self, tenant):
        self.tenant, self.answers = tenant, {}

    def play(self, step):
        given = self.filled_in(step["with"])
        if "fails" not in step:
            answer = self.do(step["do"], given)
            for path, expected in step.get("answers", {}).items():
                assert at_path(answer, path) == self.filled_in(expected), (step, answer)
            if "as" in step:
                self.answers[step["as"]] = answer
            return
        fails = step["fails"]
        if "says" in fails:
            with pytest.raises(AssertionError, match=re.escape(fails["says"])):
                self.do(step["do"], given)
            return
        with pytest.raises(LapseError) as refused:
            self.do(step["do"], given)
        assert {name: getattr(refused.value, name) for name in fails} == fails and refused.value.message, step

    def do(self, verb, given):
        """The verb and its arguments, as Python spells them."""
        def snake(name):
            return re.sub(r"[A-Z]", lambda letter: "_" + letter.group().lower(), name)

        named = {snake(name): value for name, value in given.items()}
        if verb != "expect":
            return getattr(self.tenant, snake(verb))(**named)
        within = {way: named.pop(f"{way}_within") for way in ("reauthorizes", "recovers") if f"{way}_within" in named}
        [(way, duration)] = within.items()
        more = {"retries_at_most": named.pop("retries_at_most")} if "retries_at_most" in named else {}
        return getattr(self.tenant.expect(**named), way)(duration, **more)

    def filled_in(self, value):
        if isinstance(value, dict):
            return {name: self.filled_in(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.filled_in(each) for each in value]
        return PLACEHOLDER.sub(lambda found: str(self.named(found.group(1))), value) if isinstance(value, str) else value

    def named(self, what):
        kind, _, name = what.partition(":")
        if name:
            return {"user": self.tenant.user, "client": self.tenant.client}[kind](name)
        return self.tenant.domain if what == "domain" else at_path(self.answers, what)
