"""Load by wrk, and the CPU time of everything that takes part in it."""

import json
import os
import re
import time

from benchmark.lapse import HOST, TOKEN, redeem_body
from benchmark.tools import Failed, run

WRK_SCRIPT = """
wrk.method = "%(method)s"
wrk.path = "%(path)s"
%(headers)s
%(body)s

function done(summary, latency, requests)
    local e = summary.errors
    print(string.format(
        'RESULT {"requests":%%d,"microseconds":%%d,"bad":%%d,"broken":%%d,"p50":%%d,"p99":%%d,"worst":%%d}',
        summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout,
        latency:percentile(50), latency:percentile(99), latency.max))
end
"""


def write_script(file, token):
    """What wrk shall send: redeems of this token."""
    return write_request(file, "POST", TOKEN, redeem_body(token), {"Content-Type": "application/x-www-form-urlencoded"})


def write_request(file, method, path, body=None, headers={}):
    """What wrk shall send, again and again; none of it may have a quotation mark or a backslash."""
    file.write_text(WRK_SCRIPT % {
        "method": method, "path": path, "body": f'wrk.body = "{body}"' if body else "",
        "headers": "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items())})
    return file


def busy_seconds():
    """CPU time of everything on this machine, with what other machines took from it."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, steal = (int(value) for value in file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def child_seconds():
    """CPU time of all tools that have run to their end."""
    used = os.times()
    return used.children_user + used.children_system


def share_of_cores(command, processes, **options):
    """Runs a tool that keeps so many cores busy; also answers which share of them it got: less on a machine with other work."""
    cpu, started = child_seconds(), time.perf_counter()
    done = run(command, **options)
    return done, (child_seconds() - cpu) / (time.perf_counter() - started) / processes


def window(server, script, connections, seconds, refused=False):
    """One run of wrk, with the server's CPU time over it; every request has to be accepted, or every one refused."""
    own, client, machine = server.cpu_seconds(), child_seconds(), busy_seconds()
    done = run(["wrk", "-t", 1, "-c", connections, "-d", f"{seconds}s", "-s", script, f"http://{HOST}:{server.port}"])
    own, client, machine = server.cpu_seconds() - own, child_seconds() - client, busy_seconds() - machine
    line = re.search(r"^RESULT (.*)$", done.stdout, re.M)
    if not line:
        raise Failed("wrk printed no result")
    result = json.loads(line.group(1))
    if result["bad"] != (result["requests"] if refused else 0) or result["broken"] or not result["requests"]:
        raise Failed(
            f"of {result['requests']} requests {result['bad']} were answered with an error and {result['broken']} broke off")
    duration = result["microseconds"] / 1e6
    return {
        "requests": result["requests"],
        "seconds": duration,
        "redeems_per_second": result["requests"] / duration,
        "server_cpu_ms": own / result["requests"] * 1e3,
        "client_cpu_ms": client / result["requests"] * 1e3,
        "p50_ms": result["p50"] / 1e3,
        "p99_ms": result["p99"] / 1e3,
        "worst_ms": result["worst"] / 1e3,
        "server_cores": own / duration,
        "client_cores": client / duration,
        "other_cores": max(0, machine - own - client) / duration,
    }
