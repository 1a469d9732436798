"""Lapse, a local stand-in for Microsoft Entra ID: this package holds the program, and its command `lapse` runs it."""

import os
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent / "bin" / "lapse"


def main():
    """Becomes the program, with the arguments of this process."""
    os.execv(PROGRAM, ["lapse", *sys.argv[1:]])
