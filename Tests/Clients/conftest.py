"""Unmodified client libraries against the real binary.

scripts/test clients [FILE…], or LAPSE_BINARY=path/to/lapse pytest Tests/Clients

One Lapse serves the whole run, or each worker of it, on free ports; each test starts from the seed. TLS is verified everywhere,
against the CA that Lapse made for itself.

With `-n`, the tests of a file go to one worker, since they may share a Lapse. What else is to be known of a test its marks say:
those in pytest.ini, and `xdist_group`, the name of a port that only one of them can have.
"""

import contextlib
import fcntl

import msal
import pytest

import chromium
import needs
from browser import Browser
from lab import NATIVE
from serve import PORTS, Process


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
        with (folder / "next").open("w") as turn, (folder / "machine").open("w") as machine:
            # A test that waits to be alone keeps those who come later waiting too: else it would wait for ever.
            fcntl.flock(turn, fcntl.LOCK_EX)
            fcntl.flock(machine, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            fcntl.flock(turn, fcntl.LOCK_UN)
            yield

    return used


@pytest.fixture(autouse=True)
def room_on_the_machine(request, machine):
    with machine(alone=request.node.get_closest_marker("alone") is not None):
        yield


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
    process = Process(tmp_path_factory.mktemp("lapse"), *PORTS)
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
