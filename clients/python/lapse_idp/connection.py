"""HTTP to one Lapse: kept-alive connections, one a thread, which no proxy of the environment comes between."""

from __future__ import annotations

import http.client
import json
import os
import select
import socket
import ssl
import threading
from typing import Any, NamedTuple
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 75
"""Longer than the minute that the control API waits at most."""

_METHODS_WITH_BODY = ("POST", "PUT", "PATCH")


class LapseError(Exception):
    """The control API refused a call: with an HTTP `status`, a `code` such as `notFound`, the `field` that is wrong (or None), and a
    `message`."""

    def __init__(self, status: int, code: str, field: str | None, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.field = field
        self.message = message


class Answer(NamedTuple):
    """An answer as it came."""

    status: int
    body: bytes


class Connection:
    """Connections to one origin, such as `https://localhost:8443`. `ca_file` None: whoever the system trusts."""

    def __init__(self, origin: str, ca_file: str | None, token: str | None = None) -> None:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{origin!r} is not an address such as https://localhost:8443")
        self._host, self._port = parts.hostname, parts.port
        self._context = ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None
        self._token = token
        self._kept = threading.local()

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Calls the control API; `path` is what follows `/_lapse/api`. Returns the answer's JSON, or None where it has none; raises
        LapseError for a refusal, and OSError or http.client.HTTPException when Lapse does not answer."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        content = None
        if body is not None or method in _METHODS_WITH_BODY:
            content = json.dumps({} if body is None else body).encode()
            headers["Content-Type"] = "application/json"
        answer = self.send(method, f"/_lapse/api{path}", content, headers)
        if answer.status >= 300:
            raise _refusal(answer)
        return json.loads(answer.body) if answer.body else None

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """Any request; the answer whatever its status."""
        connection = self._open()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except BaseException:
            # Whatever it was, the next request must not read the rest of this one's answer.
            connection.close()
            self._kept.connection = None
            raise
        return Answer(answer.status, content)

    def close(self) -> None:
        """Closes this thread's connection."""
        connection: http.client.HTTPConnection | None = getattr(self._kept, "connection", None)
        if connection is not None:
            connection.close()
            self._kept.connection = None

    def _open(self) -> http.client.HTTPConnection:
        kept: http.client.HTTPConnection | None = getattr(self._kept, "connection", None)
        # A process that was forked shares the socket of its parent.
        if kept is not None and self._kept.process == os.getpid() and not _is_over(kept):
            return kept
        fresh: http.client.HTTPConnection
        if self._context is not None:
            fresh = http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT_SECONDS, context=self._context)
        else:
            fresh = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_SECONDS)
        self._kept.connection, self._kept.process = fresh, os.getpid()
        return fresh


def _is_over(connection: http.client.HTTPConnection) -> bool:
    """Whether the server has closed it meanwhile: between two answers there is nothing to read but the end."""
    opened: socket.socket | None = connection.sock
    if opened is None:
        return False  # http.client opens it anew
    poll = select.poll()
    poll.register(opened, select.POLLIN)
    return bool(poll.poll(0))


def _refusal(answer: Answer) -> LapseError:
    try:
        error = json.loads(answer.body)["error"]
        return LapseError(answer.status, error["code"], error["field"], error["message"])
    except (ValueError, KeyError, TypeError):
        # A proxy's page, or another server's.
        return LapseError(answer.status, "unknown", None, answer.body[:500].decode(errors="replace"))
