"""An open loop of redeems: each is sent when it is due, however long others take, and its latency is counted from then.

A closed loop sends nothing while it waits, so it hides what a waiting client would feel. Runs as a process of its own:
`python3 -m benchmark.openloop PORT RATE SECONDS`, with the refresh token on standard input; prints one line of JSON.
"""

import collections
import gc
import json
import select
import socket
import sys
import time

from benchmark.lapse import HOST, TOKEN, redeem_body

CONNECTIONS = 256
PATIENCE = 30


def request(port, token):
    body = redeem_body(token).encode()
    return (f"POST {TOKEN} HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection((HOST, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.due = 0.0

    def read(self):
        """Whether the answer is whole; what it says is then in `received`."""
        part = self.socket.recv(65_536)
        if not part:
            raise SystemExit("the server closed a connection")
        self.received += part
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return False
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        return len(body) >= length


def drive(port, token, rate, seconds):
    """Latencies in seconds, in the order of the answers."""
    sending = request(port, token)
    idle = [Connection(port) for _ in range(CONNECTIONS)]
    by_number = {connection.socket.fileno(): connection for connection in idle}
    # Those in use; poll() would round its time up to milliseconds.
    busy, waiting, latencies = set(), collections.deque(), []
    number, wanted = 0, int(rate * seconds)
    began = time.perf_counter() + 0.05
    while len(latencies) < wanted:
        now = time.perf_counter()
        while number < wanted and began + number / rate <= now:
            waiting.append(began + number / rate)
            number += 1
        while waiting and idle:
            connection = idle.pop()
            connection.due, connection.received = waiting.popleft(), b""
            connection.socket.sendall(sending)
            busy.add(connection.socket.fileno())
        if now > began + seconds + PATIENCE:
            raise SystemExit(f"{wanted - len(latencies)} of {wanted} redeems were not answered within {PATIENCE} s")
        until_next = max(0, began + number / rate - time.perf_counter()) if number < wanted else 1
        for ready in select.select(busy, (), (), until_next)[0]:
            connection = by_number[ready]
            if connection.read():
                if not connection.received.startswith(b"HTTP/1.1 200"):
                    raise SystemExit(f"a redeem was answered with {connection.received[:300]!r}")
                latencies.append(time.perf_counter() - connection.due)
                busy.remove(ready)
                idle.append(connection)
    return latencies


def main():
    port, rate, seconds = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    token = sys.stdin.readline().strip()
    gc.disable()
    latencies = sorted(drive(port, token, rate, seconds))

    def at(share):
        return latencies[min(len(latencies) - 1, int(share * len(latencies)))] * 1e3

    print(json.dumps({"redeems": len(latencies), "p50_ms": at(0.5), "p99_ms": at(0.99), "p999_ms": at(0.999),
                      "worst_ms": latencies[-1] * 1e3}))


if __name__ == "__main__":
    main()
