"""Each package installs on a bare Debian 12, as docs/install.md says, and what it installs works.

The packages are made of the program under test. Each package but the image has a Debian of its own: a copy of one that debootstrap
makes once. Root is needed, as for any chroot.
"""

import contextlib
import gzip
import json
import os
import platform
import re
import secrets
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

import needs
import tour

pytestmark = pytest.mark.long

RELEASE = "bookworm"
PAGE = "docs/install.md"
HOME = "/srv"
"""Where the packages are tried, in the bare Debian."""


def said_by(*command, **options):
    """What a command prints; it has to succeed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=600, **options)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def _root():
    if os.geteuid() != 0:
        # A build server that cannot try the packages must not pass for one that has.
        (pytest.fail if os.environ.get("CI") else pytest.skip)("These tests need root: they install packages in a chroot.")


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The folder of all packages, made once."""
    folder = tmp_path_factory.mktemp("packages")
    said_by(tour.ROOT / "scripts" / "package", "--program", needs.lapse(), "--into", folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    """A bare Debian, from where this machine has its own packages from."""
    folder = tmp_path_factory.mktemp("debian") / "root"
    places = said_by("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages").split("\n")
    mirrors = [place.split()[0] for place in places if place.split()[1:] == [RELEASE]]
    assert mirrors, f"apt's sources name no {RELEASE}"
    said_by(needs.program("debootstrap"), "--variant=minbase", RELEASE, folder, mirrors[0])
    # Every installed machine knows this name; debootstrap leaves that to the installer.
    (folder / "etc" / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    said_by(*inside(folder), "apt-get update -qq")
    yield folder
    shutil.rmtree(folder)


def inside(root):
    """The beginning of a command line whose last argument a shell runs in there."""
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={root}/proc",
            "chroot", str(root), "/usr/bin/env", "-i", f"HOME={HOME}", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive",
            "bash", "-ec"]


@dataclass
class Debian:
    root: Path

    def says(self, script):
        return said_by(*inside(self.root), f"cd {HOME}; {script}")

    def seconds_to_refusal(self, script):
        """How long it takes from the package file to the refusal that all is about."""
        start = time.monotonic()
        process = subprocess.Popen(
            [*inside(self.root), f"cd {HOME}; {script}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lines, seconds = [], None
        with process:
            for line in process.stdout:
                lines.append(line)
                if seconds is None and "AADSTS50173" in line:
                    seconds = time.monotonic() - start
        assert process.returncode == 0 and seconds is not None, "".join(lines)
        # The story goes on to its end.
        assert any("sign in again" in line for line in lines), "".join(lines)
        return seconds


@pytest.fixture
def bare(debian, tmp_path):
    """A bare Debian of the test's own."""
    root = tmp_path / "root"
    said_by("cp", "-a", "--reflink=auto", debian, root)
    yield Debian(root)
    shutil.rmtree(root)


def commands(kind):
    """What the page says of a package, for this machine's processor."""
    text = (tour.ROOT / PAGE).read_text()
    block = re.search(rf"```sh {kind}\n(.*?)```", text, re.DOTALL).group(1)
    architecture = said_by("dpkg", "--print-architecture").strip()
    return block.replace("x86_64", platform.machine()).replace("amd64", architecture)


def named_in(script, packages):
    """The package files that commands name."""
    files = [file for file in packages.iterdir() if file.name in script]
    assert files, (script, os.listdir(packages))
    return files


def install(kind, packages, bare, record_property):
    """Does what the page says."""
    script = commands(kind)
    for file in named_in(script, packages):
        shutil.copy(file, bare.root / HOME[1:])
    seconds = bare.seconds_to_refusal(script)
    record_property(f"From the {kind}'s file to the first AADSTS50173", f"{seconds:.1f} s")


def libraries(text):
    """From `lapse --version --verbose`: the file of each library."""
    return dict(re.fullmatch(r"(\S+)(?: .*)?: (.+)", line).groups() for line in text.splitlines()[1:])


def assert_version(text):
    assert text == said_by(needs.lapse(), "--version"), "it is the program under test"


def assert_complete(prefix, bare, zsh):
    """Man page, completions and licences stand where they belong."""
    share = bare.root / prefix.removeprefix("/") / "share"
    page = said_by("gzip", "-cd", share / "man" / "man1" / "lapse.1.gz")
    lint = subprocess.run([needs.program("mandoc"), "-T", "lint", "-W", "error"], input=page, capture_output=True, text=True)
    assert lint.returncode == 0, lint.stdout
    for command in ("serve", "revoke", "clock advance", "check"):
        assert f".Ss lapse {command}\n" in page, f"{command} is not in the man page"
    assert ".It Sy \\-\\-https\\-port HTTPS\\-PORT\n" in page
    assert ".Ss lapse measure" not in page, "what help does not show stands in the man page"
    bare.says(f"source {prefix}/share/bash-completion/completions/lapse && complete -p lapse")
    assert (share / zsh / "_lapse").read_text().startswith("#compdef lapse\n")
    assert "complete -c 'lapse'" in (share / "fish" / "vendor_completions.d" / "lapse.fish").read_text()
    kits = [path for suffix in ("node/*.mjs", "node/*.ts", "go/*.go") for path in (tour.ROOT / "clients").glob(suffix) if not re.search(r"[._]test\.", path.name)]
    there = [path for path in (share / "lapse").rglob("*") if path.is_file()]
    assert sorted((path.name, path.read_bytes()) for path in there) == sorted((path.name, path.read_bytes()) for path in kits)
    licences = share / "doc" / "lapse"
    assert (licences / "NOTICE").read_bytes() == (tour.ROOT / "NOTICE").read_bytes()
    assert ".symtab" not in said_by("readelf", "--sections", "--wide", bare.root / prefix.removeprefix("/") / "bin" / "lapse")
    return licences


def test_the_debian_package(packages, bare, record_property):
    install("deb", packages, bare, record_property)
    assert_version(bare.says("lapse --version"))
    # Debian's own, which Debian keeps safe.
    used = libraries(bare.says("lapse --version --verbose"))
    assert all(used[name].startswith("/usr/lib/") and "/lapse/" not in used[name] for name in ("SQLite", "OpenSSL")), used
    licences = assert_complete("/usr", bare, "zsh/vendor-completions")
    assert (licences / "copyright").read_bytes() == (tour.ROOT / "LICENSE").read_bytes()
    bare.says("apt-get purge -y -qq lapse && ! command -v lapse && test ! -e /usr/share/doc/lapse && test ! -e /usr/share/lapse")


def test_the_tarball(packages, bare, record_property):
    install("tarball", packages, bare, record_property)
    [name] = [path.name for path in (bare.root / HOME[1:]).glob("lapse-*") if path.is_dir()]
    assert_version(bare.says(f"{name}/bin/lapse --version"))
    used = libraries(bare.says(f"{name}/bin/lapse --version --verbose"))
    assert all(used[library].startswith(f"{HOME}/{name}/lib/lapse/") for library in ("SQLite", "OpenSSL")), used
    licences = assert_complete(f"{HOME}/{name}", bare, "zsh/site-functions")
    assert (licences / "LICENSE").read_bytes() == (tour.ROOT / "LICENSE").read_bytes()
    listed = (licences / "LIBRARIES").read_text()
    assert "libsqlite3-0" in listed and "libssl3" in listed and (licences / "libssl3").stat().st_size, listed


def test_the_wheel(packages, bare, record_property):
    # Whoever has a wheel has Python; a bare Debian has not.
    bare.says("apt-get install -y -qq --no-install-recommends python3-venv")
    install("wheel", packages, bare, record_property)
    assert_version(bare.says("lapse/bin/lapse --version"))
    assert_version(bare.says("lapse/bin/python -m lapse_idp --version"))
    used = libraries(bare.says("lapse/bin/lapse --version --verbose"))
    assert all("/site-packages/lapse_idp.libs/" in used[library] for library in ("SQLite", "OpenSSL")), used
    files = bare.says("lapse/bin/pip show --files lapse-idp")
    for name in ("LICENSE", "NOTICE", "LIBRARIES", "libssl3", "libsqlite3-0"):
        assert f".dist-info/licenses/{name}\n" in files, files
    refused = bare.says("lapse/bin/lapse clock set never 2>/dev/null || echo $?")
    assert refused.strip() not in ("", "0"), "the exit status is the program's"


OWN_NETWORK = ["unshare", "--net", "bash", "-c", 'ip link set lo up && exec "$@"', "bash"]


@dataclass
class Image:
    """The image's container, as buildah runs it: in a chroot, with the image's variables and user. The ports are fixed, so a command has
    a network of its own, or that of a server."""
    store: list
    container: str
    configuration: dict

    def command(self, *words, token=None, network=OWN_NETWORK):
        variables = ["--env", f"LAPSE_CONTROL_TOKEN={token}"] if token else []
        return [*network, *self.store, "run", "--isolation", "chroot", *variables, self.container, "--", *words]


@pytest.fixture
def image(packages, tmp_path):
    [file] = packages.glob("lapse-*-image.tar.gz")
    store = [needs.program("buildah"), "--root", str(tmp_path / "storage"), "--runroot", str(tmp_path / "run"), "--storage-driver", "vfs"]
    # Docker and Podman take it as it is.
    archive = tmp_path / "image.tar"
    with gzip.open(file) as packed, archive.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    name = said_by(*store, "pull", "--quiet", f"docker-archive:{archive}").strip()
    archive.unlink()
    container = said_by(*store, "from", "--pull-never", name).strip()
    yield Image(store, container, json.loads(said_by(*store, "inspect", "--type", "image", name))["Docker"]["config"])
    said_by(*store, "rm", "--all")
    said_by(*store, "rmi", "--all", "--force")


@contextlib.contextmanager
def served(image, token):
    """The image as it starts by itself. Yields the network."""
    command = image.command(*image.configuration["Entrypoint"], *image.configuration["Cmd"], token=token)
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in server.stdout:
            if "https://" in line:
                break
        else:
            pytest.fail(f"the image does not serve: {server.wait()}")
        yield ["nsenter", f"--net=/proc/{server.pid}/ns/net"]
    finally:
        server.terminate()
        server.communicate(timeout=30)


def test_the_image(image, record_property):
    start = time.monotonic()
    assert "AADSTS50173" in said_by(*image.command("/usr/bin/lapse", "demo"))
    record_property("From the image's start to the end of the story", f"{time.monotonic() - start:.1f} s")
    assert_version(said_by(*image.command("/usr/bin/lapse", "--version")))
    used = libraries(said_by(*image.command("/usr/bin/lapse", "--version", "--verbose")))
    assert {"SQLite", "OpenSSL", "glibc"} <= used.keys(), used

    # Everybody reaches it: without a token it serves nobody, and says how to have one.
    command = image.configuration["Entrypoint"] + image.configuration["Cmd"]
    refused = subprocess.run(image.command(*command), capture_output=True, text=True, timeout=60)
    assert refused.returncode != 0 and refused.stdout == "", refused
    assert "LAPSE_CONTROL_TOKEN" in refused.stderr and "openssl rand -hex 16" in refused.stderr, refused.stderr

    token = secrets.token_hex(16)
    kind, *health = image.configuration["Healthcheck"]["Test"]
    assert kind == "CMD"
    unhealthy = subprocess.run(image.command(*health, token=token), capture_output=True, text=True, timeout=60)
    assert unhealthy.returncode != 0, "nothing runs, and it is healthy"
    with served(image, token) as network:

        def answer(*words):
            return said_by(*image.command(*words, token=token, network=network))

        assert "ok" in answer(*health)
        answer("/usr/bin/lapse", "status")
        # It finds the certificate in the image's folder, and the token in its environment.
        assert "contoso.example" in answer("/usr/bin/lapse", "sandbox")
    assert image.configuration["Volumes"] == {"/data": {}} and image.configuration["User"] == "1000:1000"


def test_made_again_a_package_is_the_same(packages, tmp_path):
    said_by(tour.ROOT / "scripts" / "package", "--program", needs.lapse(), "--into", tmp_path, "tarball")
    [again] = tmp_path.glob("*.tar.gz")
    assert again.read_bytes() == (packages / again.name).read_bytes()
    again.unlink()


def test_the_checksums(packages):
    script = commands("checksums")
    said_by("bash", "-ec", script, cwd=packages)
    listed = {line.split()[1] for line in (packages / "SHA256SUMS").read_text().splitlines()}
    assert listed == {path.name for path in packages.iterdir()} - {"SHA256SUMS"} and len(listed) == 4
