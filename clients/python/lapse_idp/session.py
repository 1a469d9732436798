"""The one Lapse of a test run: found or started when a test first needs it, shared by the workers of the run, stopped after it.

A run has a folder where its processes meet. The process that made the folder, the run's owner, holds a lock in it; when the lock is gone, so is the
server (`keeper.py`).
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from . import PROGRAM

if TYPE_CHECKING:
    from .client import Lapse

# The client is imported where it is needed: TLS is slow to import, and a test run may need no Lapse.

_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
)


class StartError(Exception):
    """There is no Lapse to test with; the text says why, and what to do.

    `was_told`: another test of the run has met it before."""

    def __init__(self, why: str, was_told: bool = False) -> None:
        super().__init__(why)
        self.was_told = was_told


@dataclass
class Options:
    """What the runner was told: the program's file, and a seed file."""

    program: str | None = None
    seed: str | None = None


class Session:
    """A test run's part in this process."""

    def __init__(self) -> None:
        self.options = Options()
        self._folder: Path | None = None
        self._owner: IO[str] | None = None
        self._process = 0
        self._server: Lapse | None = None

    def hold(self) -> Path:
        """The run's folder; who asks first is the owner, and has to `release()` it."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="lapse-tests-"))
            self._process = os.getpid()
            self._owner = (self._folder / "owner").open("w")
            fcntl.flock(self._owner, fcntl.LOCK_EX)
            atexit.register(self.release)
        return self._folder

    def join(self, folder: str) -> None:
        """Takes part in the run whose owner told this folder; on another machine it is not there, and the run has an own part here."""
        if os.path.isdir(folder):
            self._folder = Path(folder)

    def release(self) -> None:
        """Ends what the owner holds, and returns when the server has stopped. Else does nothing."""
        atexit.unregister(self.release)
        folder, owner = self._folder, self._owner
        self._folder = self._owner = self._server = None
        # A process that was forked has the owner's lock, and is not the owner.
        if folder is None or owner is None or self._process != os.getpid():
            return
        with contextlib.ExitStack() as stack:
            # Opened first: the keeper removes the folder. None is there when no test needed a server, or none started.
            keeper = None
            with contextlib.suppress(FileNotFoundError):
                keeper = stack.enter_context((folder / "keeper").open())
            # Not only closed: a process that was forked has it open, too.
            fcntl.flock(owner, fcntl.LOCK_UN)
            owner.close()
            if keeper is not None:
                fcntl.flock(keeper, fcntl.LOCK_EX)
        shutil.rmtree(folder, ignore_errors=True)

    def server(self) -> Lapse:
        """The Lapse of LAPSE_SERVER, else one of the run's own, which the first process that asks starts. Raises StartError, at once when
        another has met it before."""
        if self._server is None:
            folder = self.hold()
            with self._alone():
                if self.has_failed:
                    raise StartError((folder / "failed").read_text(), was_told=True)
                try:
                    self._server = self._found() or self._joined() or self._started()
                except StartError as error:
                    (folder / "failed").write_text(str(error))
                    raise
        return self._server

    @property
    def has_failed(self) -> bool:
        """Whether this run has found no Lapse before."""
        return self._folder is not None and (self._folder / "failed").exists()

    @property
    def bundle(self) -> Path | None:
        """A file with what this machine trusts and with Lapse's CA; None when Lapse has no CA of its own."""
        server, folder = self.server(), self.hold()
        if server.ca_file is None:
            return None
        bundle = folder / "bundle.pem"
        with self._alone():
            if not bundle.exists():
                text = _trusted() + Path(server.ca_file).read_text()
                (folder / "bundle.part").write_text(text)
                (folder / "bundle.part").rename(bundle)
        return bundle

    def cookies(self, tenant_id: str) -> Path:
        """Where `lapse visit` keeps a tenant's cookies."""
        return self.hold() / f"cookies-{tenant_id}.json"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.hold() / "start").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _found(self) -> Lapse | None:
        address = os.environ.get("LAPSE_SERVER", "").rstrip("/")
        if not address:
            return None
        from http.client import HTTPException

        from .client import Lapse, LapseError

        if self.options.program or self.options.seed:
            raise StartError("LAPSE_SERVER names a Lapse that runs: --lapse-bin and --lapse-seed are for one of the tests' own.")
        ca_file = os.environ.get("LAPSE_CA") or None
        try:
            token = os.environ.get("LAPSE_CONTROL_TOKEN")
            addresses = Lapse(address, None, ca_file, token).call("GET", "/status")["addresses"]
        except (OSError, ValueError, KeyError, HTTPException, LapseError) as error:
            raise StartError(
                f"LAPSE_SERVER is {address}, and nothing usable answers there: {error}\n"
                "Its CA's file belongs into LAPSE_CA, its control token into LAPSE_CONTROL_TOKEN.") from error
        is_https = urlsplit(address).scheme == "https"
        program = next(iter(self._programs(required=False)), None)
        return Lapse(
            address if is_https else addresses["https"] or address, addresses["http"] if is_https else address, ca_file, token, program)

    def _joined(self) -> Lapse | None:
        """The one that another process of the run has started."""
        try:
            ready = json.loads((self.hold() / "started.json").read_text())
        except FileNotFoundError:
            return None
        return self._lapse(ready)

    def _started(self) -> Lapse:
        [program] = self._programs(required=True)
        command = [program, "serve", "--ephemeral", "--https-port", "0", "--http-port", "0"]
        if self.options.seed:
            if not os.path.isfile(self.options.seed):
                raise StartError(f"Lapse did not start: there is no seed file {self.options.seed}")
            command += ["--seed", os.path.abspath(self.options.seed)]
        # By its file, and without site-packages: it needs nothing of them, and starts sooner.
        keeper = [sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py")), str(self.hold()), *command]
        done = subprocess.run(keeper, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        try:
            ready: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise StartError(f"Lapse did not start: {done.stderr.decode(errors='replace').strip()}") from None
        if "failed" in ready:
            raise StartError(f"Lapse did not start: {ready['failed']}")
        ready["program"] = program
        (self.hold() / "started.json").write_text(json.dumps(ready))
        return self._lapse(ready)

    def _lapse(self, ready: dict[str, Any]) -> Lapse:
        from .client import Lapse

        seed = None if self.options.seed is None else _first_tenant(Path(self.options.seed))
        return Lapse(ready["https"], ready["http"], ready["ca_file"], program=ready["program"], seed=seed)

    def _programs(self, required: bool) -> list[str]:
        """The program's file, or nothing."""
        for name, path in (("--lapse-bin", self.options.program), ("LAPSE_BIN", os.environ.get("LAPSE_BIN"))):
            if path:
                # A name without a folder stands for what the shell would run.
                file = shutil.which(path)
                if file is None:
                    raise StartError(f"Lapse did not start: {name} is {path}, which is no program.")
                return [os.path.abspath(file)]
        file = str(PROGRAM) if PROGRAM.exists() else shutil.which("lapse")
        if file is not None:
            return [os.path.abspath(file)]
        if required:
            raise StartError(
                "Lapse did not start: there is no program `lapse` in this package or on the PATH.\n"
                "Install the wheel lapse-idp, or name the program in LAPSE_BIN or with --lapse-bin; LAPSE_SERVER names a Lapse that runs.")
        return []


def _first_tenant(file: Path) -> dict[str, Any] | None:
    """Of a seed file that has been accepted; None where it is YAML, and nothing here reads that."""
    text = file.read_text()
    try:
        seed = json.loads(text)
    except ValueError:
        if importlib.util.find_spec("yaml") is None:
            return None
        seed = importlib.import_module("yaml").safe_load(text)
    first: dict[str, Any] = seed["tenants"][0]
    return first


def _trusted() -> str:
    """The certificates that this machine trusts: as its variables say, else the system's, else certifi's."""
    named = [os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")]
    for path in (*named, *_CERTIFICATES, _of_certifi()):
        if path and os.path.isfile(path):
            return Path(path).read_text().rstrip("\n") + "\n"
    return ""


def _of_certifi() -> str | None:
    found = importlib.util.find_spec("certifi")
    return None if found is None or found.origin is None else str(Path(found.origin).with_name("cacert.pem"))


session = Session()
"""This process's."""
