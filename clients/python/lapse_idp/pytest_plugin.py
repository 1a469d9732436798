"""The pytest plugin: fixtures `lapse` (one server for the run) and `lapse_tenant` (a sandbox for each test).

The wheel tells pytest of it. What it needs of this package it imports when a test uses it: others' runs do not become slower.
"""

from __future__ import annotations

import inspect
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .client import Lapse, Tenant

_NOT_STARTED = "Lapse did not start: see the error of the first test that needs it"
_FOLDER = "lapse_folder"
_TENANT = pytest.StashKey["Tenant"]()
_PICTURES = pytest.StashKey[Path]()
PICTURE_TIMEOUT_MS = 5000

_runs = 0
"""Of pytest in this process: tests of plugins run one in another, and the Lapse is the outer one's."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lapse", "Lapse, a local stand-in for Microsoft Entra ID")
    group.addoption("--lapse-bin", metavar="FILE", help="The program (default: LAPSE_BIN, else the package's own, else lapse on the PATH).")
    group.addoption("--lapse-seed", metavar="FILE", help="A seed file whose first tenant the tests' sandboxes are like (default: the built-in lab).")
    parser.addini("lapse_seed", "The same as --lapse-seed; the path is from the folder of this file.", type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    global _runs
    _runs += 1
    folder = getattr(config, "workerinput", {}).get(_FOLDER)
    if folder is not None:
        from .session import session

        session.join(folder)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist starts a worker: it meets the others in the folder of the process that starts them all."""
    from .session import session

    node.workerinput[_FOLDER] = str(session.hold())


def pytest_unconfigure() -> None:
    global _runs
    _runs -= 1
    if _runs == 0:
        from .session import session

        session.release()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if "lapse" in getattr(item, "fixturenames", ()):
        from .session import session

        # The first test has told why. A hundred that say the same would hide it.
        if session.has_failed:
            pytest.skip(_NOT_STARTED)


@pytest.fixture(scope="session")
def lapse(request: pytest.FixtureRequest) -> Lapse:
    """The Lapse of this test run: that of LAPSE_SERVER, else one that is started for the run, shared by all workers of pytest-xdist,
    and stopped after it."""
    from .session import StartError, session

    config = request.config
    seeds = config.getini("lapse_seed")
    session.options.program = config.getoption("--lapse-bin")
    session.options.seed = config.getoption("--lapse-seed") or (str(seeds[0]) if seeds else None)
    try:
        return session.server()
    except StartError as error:
        missing = error
    # Not where it was caught: the report would tell both.
    if missing.was_told:
        pytest.skip(_NOT_STARTED)
    pytest.fail(str(missing), pytrace=False)


@pytest.fixture
def lapse_tenant(request: pytest.FixtureRequest, lapse: Lapse) -> Iterator[Tenant]:
    """A sandbox of the test's own: other tenants do not see it, its clock is frozen, and the environment names it to MSAL,
    azure-identity, requests, httpx and to programs that the test starts. It is removed after the test, and the environment is as before."""
    from .environment import applied

    with lapse.sandbox() as tenant, applied(tenant):
        if "page" in request.fixturenames:
            request.node.stash[_PICTURES] = _pictures(request)
        show(request.node, tenant)
        yield tenant


def show(item: pytest.Item, tenant: Tenant) -> None:
    """Lets the report say what Lapse saw in this tenant, should the test fail."""
    item.stash[_TENANT] = tenant
    item.addfinalizer(lambda: item.stash.__delitem__(_TENANT))


def _pictures(request: pytest.FixtureRequest) -> Path:
    """Where a page's picture belongs: where the test looks for files, or pytest-playwright's folder."""
    if "tmp_path" not in request.fixturenames:
        output = request.config.getoption("--output", default=None)
        if output:
            return Path(output)
    folder: Path = request.getfixturevalue("tmp_path")
    return folder


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    outcome = yield
    tenant = item.stash.get(_TENANT, None)
    if tenant is None:
        return
    report: pytest.TestReport = outcome.get_result()
    # Before it is removed: while the fixtures stand.
    if report.failed and call.when != "teardown":
        from .story import sections

        report.sections += sections(tenant)
        picture = _picture(item)
        if picture is not None:
            report.sections.append(("Lapse: the page", picture))


def _picture(item: pytest.Item) -> str | None:
    """Playwright's page as it is now: the file's name, or why there is none; None where the test has no page."""
    page = getattr(item, "funcargs", {}).get("page")
    folder = item.stash.get(_PICTURES, None)
    if page is None or folder is None or not hasattr(page, "screenshot"):
        return None
    if inspect.iscoroutinefunction(page.screenshot):
        return "There is no picture: the page is one of Playwright's asynchronous API."
    name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in item.name)[:100]
    path = folder / f"lapse-{name}.png"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(path), timeout=PICTURE_TIMEOUT_MS)
    except Exception as error:
        # Whatever the browser says, the test's own failure is the news.
        return f"There is no picture: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
    return f"{path} shows {page.url}"
