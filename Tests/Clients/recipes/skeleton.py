"""What an app of docs/recipes is to `lapse check`, and how it is made bad.

A bad app is the good one with a few lines changed: what is to be learned from stays free of switches, and what makes an app bad can be
read in a few lines. A mistake that an app cannot make says why.
"""

from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

MISTAKES = {
    "keeps-session": {"keepsItsSession"},
    "dead-token": {"retriesDeadToken", "takesRefusalForOutage"},
    "silent-loop": {"loopsOnSilentSignIn"},
    "outage": {"takesRefusalForOutage", "retriesDeadToken"},
    "ignores-challenge": {"ignoresClaimsChallenge"},
    "one-worker": {"retriesDeadToken", "takesRefusalForOutage"},
}
"""The six mistakes, each with the judge's rules that name it. A pause between two tries decides between the last two rules, and a busy
machine makes pauses."""


class NotPossible(str):
    """Why an app cannot make a mistake."""


@dataclass(frozen=True)
class Bad:
    """The lines of the good app that are other ones here. Each must stand in one of its files, once."""

    changes: tuple[tuple[str, str], ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    scenario: str = "lost-laptop"
    rules: frozenset[str] = frozenset()
    """What names the mistake here; none: what names it everywhere."""


def bad(*texts, **options):
    """:param texts: in turns what stands in the good app, and what stands there in the bad one."""
    return Bad(tuple(zip(texts[::2], texts[1::2], strict=True)), **options)


@dataclass(frozen=True)
class Skeleton:
    name: str
    files: tuple[str, ...]
    """Of docs/recipes, or from the root with a slash; the first is what runs."""
    command: tuple[str, ...]
    """In a folder with copies of the files. `python` is that of the tests."""
    mistakes: dict[str, Bad | NotPossible]
    options: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    """What has to run in the folder before."""
    scenarios: tuple[str, ...] = ()
    """What the good app is played in; none: all that are for such an app."""
    programs: tuple[str, ...] = ()

    def write(self, folder, mistake=None):
        """Copies the files to a folder: of the good app, or with a mistake."""
        texts = {Path(name).name: (ROOT / name if "/" in name else ROOT / "docs/recipes" / name).read_text() for name in self.files}
        for old, new in self.mistakes[mistake].changes if mistake else ():
            [name] = [name for name, text in texts.items() if text.count(old) == 1] or [None]
            if name is None:
                raise LookupError(f"{self.name}, {mistake}: in no file, or more than once: {old}")
            texts[name] = texts[name].replace(old, new)
        for name, text in texts.items():
            (folder / name).write_text(text)
