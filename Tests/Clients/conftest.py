"""Unmodified client libraries against the real binary.

scripts/test clients [FILE…], or LAPSE_BINARY=path/to/lapse pytest Tests/Clients

One Lapse serves the whole run, or each worker of it, on free ports; each test starts from the seed. TLS is verified everywhere,
against the CA that Lapse made for itself.

With `-n`, the tests of a file go to one worker, since they may share a Lapse. What else is to be known of a test its marks say:
those in pytest.ini, and `xdist_group`, the name of a port that only one of them can have.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass

import msal
import pytest
import requests

import chromium
import needs
from browser import Browser
from lab import DOMAIN, FABRIKAM_DOMAIN, NATIVE


PORT_443 = pytest.mark.xdist_group("port 443")
DEFAULT_PORTS = pytest.mark.xdist_group("ports 8443 and 8080")


def pytest_configure(config):
    said = needs.missing("LAPSE_BINARY")
    if said and not config.option.collectonly:
        pytest.exit(said, returncode=2)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if not any(item.get_closest_marker(name) for name in ("xdist_group", "apart")):
            item.add_marker(pytest.mark.xdist_group(item.path.name))
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def machine(request, tmp_path_factory):
    """Gives the machine to one test alone, or to as many as there are workers."""
    # The folder of the run: a worker's own is inside.
    folder = tmp_path_factory.getbasetemp().parent if hasattr(request.config, "workerinput") else tmp_path_factory.getbasetemp()

    @contextlib.contextmanager
    def used(alone):
        with (folder / "door").open("w") as door, (folder / "room").open("w") as room:
            # Who waits at the door to be alone keeps those who come later out: else the room would never be empty.
            fcntl.flock(door, fcntl.LOCK_EX)
            fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            fcntl.flock(door, fcntl.LOCK_UN)
            yield

    return used


@pytest.fixture(autouse=True)
def room_on_the_machine(request, machine):
    with machine(alone=request.node.get_closest_marker("alone") is not None):
        yield


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
    """A running `lapse serve`: in memory, or on the data folder that it is told."""

    def __init__(self, folder, *options, data_dir=None):
        ready_file = folder / "ready.json"
        # One that was killed leaves its ready file behind.
        ready_file.unlink(missing_ok=True)
        self._log = folder / "lapse.log"
        place = ["--data-dir", str(data_dir)] if data_dir else ["--ephemeral"]
        # Neither the settings nor the lapse.yaml of whoever runs the tests may change what is tested.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [needs.lapse(), "serve", *place, "--ready-file", str(ready_file), *options],
                cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.lapse = self._wait(ready_file)

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


@pytest.fixture
def launch():
    """Starts processes that end with the test, however the test ends."""
    processes = []

    def start(*arguments, **options):
        processes.append(Process(*arguments, **options))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    process = Process(tmp_path_factory.mktemp("lapse"), "--https-port", "0", "--http-port", "0")
    yield process.lapse
    process.stop()


@pytest.fixture(scope="session")
def running_on_443(tmp_path_factory):
    """For flows in which MSAL drops the port; it needs the right to open this one."""
    process = Process(tmp_path_factory.mktemp("lapse-443"), "--https-port", "443", "--http-port", "off")
    yield process.lapse
    process.stop()


@pytest.fixture
def trust(monkeypatch):
    """Makes the libraries of this process trust a Lapse's CA, by the variables that their documentation names."""

    def trusting(lapse):
        # requests (MSAL, azure-identity). This variable wins over MSAL's own `verify=`, so that another value of it,
        # set on the machine, would break MSAL too.
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", lapse.ca_file)
        # httpx (msgraph-sdk) and everything that takes OpenSSL's defaults.
        monkeypatch.setenv("SSL_CERT_FILE", lapse.ca_file)
        for name in ("CURL_CA_BUNDLE", "SSL_CERT_DIR"):
            monkeypatch.delenv(name, raising=False)
        # No proxy stands between this machine and itself.
        monkeypatch.setenv("NO_PROXY", "localhost")

    return trusting


@pytest.fixture
def lapse(running, trust):
    """Lapse as its seed describes it, and trusted."""
    trust(running)
    running.reset()
    return running


@pytest.fixture
def browser(lapse):
    return Browser(lapse)


@pytest.fixture(scope="module")
def chrome(running, tmp_path_factory):
    """Debian's Chromium, which trusts the Lapse of this run."""
    with chromium.started(tmp_path_factory.mktemp("chromium"), running.ca_file) as browser:
        yield browser


@pytest.fixture
def new_native_app(lapse):
    """Makes MSAL public clients. Apps that share a cache are one app that was restarted: tokens stay, the memory of HTTP
    answers goes."""

    def new(cache=None, **options):
        return msal.PublicClientApplication(
            NATIVE, authority=lapse.authority, instance_discovery=False, verify=lapse.ca_file, token_cache=cache, **options)

    return new


@pytest.fixture
def sign_in_with_device_code(lapse):
    """Signs a user in to an MSAL app by device code, through the real pages of a browser of its own."""

    def sign_in(app, scopes, user):
        flow = app.initiate_device_flow(scopes=scopes)
        assert "user_code" in flow, flow
        # Approved before the first poll: MSAL polls at once and finds the answer without waiting.
        Browser(lapse).approve_device(flow["verification_uri"], flow["user_code"], user)
        result = app.acquire_token_by_device_flow(flow)
        assert "access_token" in result, result
        return result

    return sign_in
