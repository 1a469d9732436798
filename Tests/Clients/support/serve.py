"""A Lapse that serves, and what its owner asks of it."""

import json
import os
import resource
import signal
import subprocess
import time
from dataclasses import dataclass

import pytest
import requests

import needs
from lab import DOMAIN, FABRIKAM_DOMAIN

# Free ones. Without these options a Lapse takes 8443 and 8080.
PORTS = ["--https-port", "0", "--http-port", "0"]
HTTP_ALONE = ["--https-port", "off", "--http-port", "0"]


@dataclass
class Lapse:
    https: str
    http: str | None
    ca_file: str

    @property
    def authority(self):
        return f"{self.https}/{DOMAIN}"

    def control(self, method, path, json=None):
        """A call of the control API; `path` is what follows `/_lapse/api`. The answer must be a success."""
        response = requests.request(
            method, f"{self.https}/_lapse/api{path}", json=json, verify=self.ca_file, timeout=10)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def tenant(self, method, path, json=None):
        """A call of the control API on Contoso."""
        return self.control(method, f"/tenants/{DOMAIN}/{path}", json)

    def graph(self, method, path, token):
        """A call of Graph as a program without an SDK makes it."""
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(method, f"{self.https}/v1.0/{path}", headers=headers, verify=self.ca_file, timeout=10)

    def revoke_own_sessions(self, token):
        answer = self.graph("POST", "me/revokeSignInSessions", token)
        assert (answer.status_code, answer.json()["value"]) == (200, True), answer.text

    def refresh(self, client, token):
        """A refresh as a program without a library makes it."""
        form = {"grant_type": "refresh_token", "client_id": client, "refresh_token": token}
        return requests.post(f"{self.authority}/oauth2/v2.0/token", form, verify=self.ca_file, timeout=10)

    def reset(self):
        for domain in (DOMAIN, FABRIKAM_DOMAIN):
            self.control("POST", f"/tenants/{domain}/reset")


class Process:
    """A running `lapse serve`: in memory, or on the data folder that it is told.

    It has no more descriptors than it is told, or as many as whoever runs the tests."""

    def __init__(
            self, folder, *options, data_dir=None, is_awaited=True, environment=(), stderr=subprocess.STDOUT, descriptors=None):
        self.folder = folder
        ready_file = folder / "ready.json"
        # One that was killed leaves its ready file behind.
        ready_file.unlink(missing_ok=True)
        self._log = folder / "lapse.log"
        place = ["--data-dir", str(data_dir)] if data_dir else ["--ephemeral"]
        # Neither the settings nor the lapse.yaml of whoever runs the tests may change what is tested.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")} | dict(environment)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [needs.lapse(), "serve", *place, "--ready-file", str(ready_file), *options],
                cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=stderr,
                preexec_fn=descriptors and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))))
        self.lapse = self._wait(ready_file) if is_awaited else None

    def _wait(self, ready_file):
        deadline = time.monotonic() + 30
        while not ready_file.exists():
            if self._process.poll() is not None:
                pytest.fail(f"lapse ended with {self._process.returncode}: {self._log.read_text()}")
            if time.monotonic() > deadline:
                self._process.kill()
                pytest.fail(f"lapse is not ready after 30 s: {self._log.read_text()}")
            time.sleep(0.05)
        ready = json.loads(ready_file.read_text())
        return Lapse(https=ready["https"], http=ready["http"], ca_file=ready["ca_file"])

    def kill(self):
        """Ends it in the middle of whatever it is doing."""
        self._process.kill()
        self._process.wait()

    def stop(self, by=signal.SIGTERM):
        self._process.send_signal(by)
        try:
            code = self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            pytest.fail(f"lapse did not stop within 15 s of {by.name}")
        assert code == 0, f"lapse ended with {code}: {self._log.read_text()}"
