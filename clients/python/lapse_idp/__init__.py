"""Lapse, a local stand-in for Microsoft Entra ID: this package holds the program, and its command `lapse` runs it.

For tests: `lapse_idp.client` speaks to a Lapse, `lapse_idp.pytest_plugin` has the fixtures `lapse` and `lapse_tenant`, and
`lapse_idp.unittest` the same for unittest. They stand in modules of their own, for the command starts sooner without them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent / "bin" / "lapse"
"""The wheel's own program; it is not there when the package is used from a clone of the repository."""


def main() -> None:
    """Becomes the program, with the arguments of this process."""
    os.execv(PROGRAM, ["lapse", *sys.argv[1:]])
