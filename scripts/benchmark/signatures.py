"""RS256 signatures per second of OpenSSL and of Lapse."""

import json
import re
import subprocess

from benchmark.lapse import own_environment
from benchmark.load import share_of_cores
from benchmark.tools import Failed, say

SIGNATURES = 2
CORES = 2


def openssl_rate(seconds, processes):
    """The `sign/s` of openssl: of CPU time for one process, to compare with CPU time; else of time on the wall, as redeems."""
    several = ["-elapsed", "-multi", processes] if processes > 1 else []
    done, share = share_of_cores(["openssl", "speed", "-seconds", seconds, *several, "rsa2048"], processes)
    header = re.search(r"^\s+sign\s+verify.*$", done.stdout, re.M)
    row = re.search(r"^rsa\s+2048 bits\s+(.*)$", done.stdout, re.M)
    if not header or not row:
        raise Failed("openssl speed printed no line for rsa 2048 bits")
    # Newer versions have more columns.
    return {"rate": float(row.group(1).split()[header.group().split().index("sign/s")]), "share": share}


def has_signer(lapse):
    """Whether the program can measure its own signer. A program that cannot may answer with the help of `serve`."""
    done = subprocess.run([lapse, "measure-signer", "--help"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return done.returncode == 0 and "measure-signer" in done.stdout


def signer_rate(lapse, seconds, threads):
    several = ["--threads", threads] if threads > 1 else []
    done, share = share_of_cores([lapse, "measure-signer", "--seconds", seconds, *several], threads, env=own_environment())
    try:
        return {"rate": float(json.loads(done.stdout)["signatures_per_second"]), "share": share}
    except (ValueError, KeyError, TypeError):
        raise Failed("lapse measure-signer printed no signatures_per_second") from None


def measure_signatures(lapse, seconds, with_signer):
    say("Signatures")
    found = {f"openssl_{count}": openssl_rate(seconds, count) for count in (1, CORES)}
    for count in (1, CORES):
        found[f"lapse_{count}"] = signer_rate(lapse, seconds, count) if with_signer else None
    return found
