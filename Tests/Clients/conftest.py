"""Unmodified client libraries against the real binary.

scripts/test clients [FILE…], or LAPSE_BINARY=path/to/lapse pytest Tests/Clients

One Lapse serves the whole run, or each worker of it, on free ports; each test starts from the seed. TLS is verified everywhere,
against the CA that Lapse made for itself.

With `-n`, the tests of a file go to one worker, since they may share a Lapse; those of the files in `APART` go where there is room.
"""

import contextlib
import dataclasses
import fcntl
from collections import Counter

import msal
import pytest
from xdist.scheduler import LoadFileScheduling

import chromium
import needs
from browser import Browser
from lab import ADELE, GRAPH_SCOPES, NATIVE
from serve import PORTS, Process


def pytest_configure(config):
    said = needs.missing("LAPSE_BINARY")
    if said and not config.option.collectonly:
        pytest.exit(said, returncode=2)


APART = {"test_check.py", "test_check_servers.py", "test_judge.py", "test_lab_property.py", "test_recipes.py", "test_ten_minutes.py"}
"""Long files whose tests share nothing but what each worker can have of its own."""


class ByFile(LoadFileScheduling):
    def _split_scope(self, nodeid):
        file = super()._split_scope(nodeid)
        return nodeid if file.rpartition("/")[2] in APART else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return ByFile(config, log)


def pytest_collection_modifyitems(items):
    for item in items:
        # Schemathesis tells its tests apart by their names alone, which pytest's ids no longer repeat.
        if item.name.endswith("]") and not item.nodeid.endswith("]"):
            item._id = dataclasses.replace(item._id, params=item.name.partition("[")[2].removesuffix("]"))
    ids = [item.nodeid for item in items]
    # With `-n`, those of one id would run once.
    assert len(set(ids)) == len(ids), f"tests of one id: {[each for each, count in Counter(ids).items() if count > 1]}"
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_terminal_summary(terminalreporter):
    """What tests measured: their `record_property`."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def run_folder(request, tmp_path_factory):
    """Where the workers of a run meet."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if hasattr(request.config, "workerinput") else own


@contextlib.contextmanager
def held(lock, how=fcntl.LOCK_EX):
    with lock.open("w") as file:
        fcntl.flock(file, how)
        yield


@pytest.fixture(autouse=True)
def turn_on_the_machine(request, run_folder):
    """The machine is for as many tests as there are workers, or for one that is marked `alone`."""
    is_alone = request.node.get_closest_marker("alone") is not None
    with contextlib.ExitStack() as stack:
        # A test that waits to be alone keeps those who come later waiting too: else it would wait for ever.
        with held(run_folder / "next"):
            stack.enter_context(held(run_folder / "machine", fcntl.LOCK_EX if is_alone else fcntl.LOCK_SH))
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


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A Lapse of the file's own: whatever its tests do to it, they do it to nobody else."""
    process = Process(tmp_path_factory.mktemp("own"), *PORTS)
    yield process.lapse
    process.stop()


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The same with a real file: the process, whose data are in `data` of its folder."""
    folder = tmp_path_factory.mktemp("stored")
    process = Process(folder, *PORTS, data_dir=folder / "data")
    yield process
    process.stop()


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    process = Process(tmp_path_factory.mktemp("lapse"), *PORTS)
    yield process.lapse
    process.stop()


@pytest.fixture(scope="module")
def running_on_443(tmp_path_factory, run_folder):
    """For flows in which MSAL drops the port; it needs the right to open this one, and one worker has it at a time."""
    with held(run_folder / "port 443"):
        process = Process(tmp_path_factory.mktemp("lapse-443"), "--https-port", "443", "--http-port", "off")
        yield process.lapse
        process.stop()


@pytest.fixture
def at_home(tmp_path, run_folder):
    """One as `scripts/run` starts it: data in `.lapse` of its folder, and the default ports, which one worker has at a time."""
    with held(run_folder / "default ports"):
        process = Process(tmp_path, data_dir=".lapse")
        yield process
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
def lapse_on_443(running_on_443, trust):
    trust(running_on_443)
    running_on_443.reset()
    return running_on_443


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


@pytest.fixture
def signed_in_app(new_native_app, sign_in_with_device_code):
    """An MSAL app whose user is Adele."""
    app = new_native_app()
    sign_in_with_device_code(app, GRAPH_SCOPES, ADELE)
    return app
