"""What becomes of Lapse when its output cannot be written: closed, on a full device, or without a reader."""

import json
import os
import select
import subprocess
import sys

import pytest
import requests

import needs
from lab import ADELE
from serve import HTTP_ALONE, PORTS, Process


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    process = Process(tmp_path_factory.mktemp("output"), *PORTS)
    yield process.lapse
    process.stop()


def closed(ways):
    """Redirections that a shell makes: which stream goes where."""
    return " ".join({"closed": f"{stream}>&-", "full": f"{stream}>/dev/full"}[way] for stream, way in ways.items())


def run(arguments, redirections="", folder=None, **environment):
    """Runs a command with its streams as a shell redirects them."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    return subprocess.run(
        ["bash", "-c", f'exec "$0" "$@" {redirections}', needs.lapse(), *arguments], cwd=folder, env=variables | environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def broken_pipe():
    """The writing end of a pipe that nobody reads."""
    read, write = os.pipe()
    os.close(read)
    return write


BROKEN = [{1: "closed"}, {1: "full"}, {1: "closed", 2: "closed"}, {1: "full", 2: "full"}]


@pytest.mark.parametrize("ways", BROKEN, ids=str)
def test_a_server_comes_up_serves_and_stops_without_its_banner(tmp_path, monkeypatch, ways):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    script = f'exec "$0" serve --ready-file ready.json --ephemeral {" ".join(HTTP_ALONE)} {closed(ways)}'
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    process = subprocess.Popen(
        ["bash", "-c", script, needs.lapse()], cwd=tmp_path, env=variables | {"TMPDIR": str(temporary)}, stdin=subprocess.DEVNULL)
    serve_and_stop(process, tmp_path, temporary)


def test_a_server_whose_reader_has_gone_comes_up_serves_and_stops(tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    pipe = broken_pipe()
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    process = subprocess.Popen(
        [needs.lapse(), "serve", "--ready-file", "ready.json", "--ephemeral", *HTTP_ALONE], cwd=tmp_path,
        env=variables | {"TMPDIR": str(temporary)}, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)
    os.close(pipe)
    serve_and_stop(process, tmp_path, temporary)


def serve_and_stop(process, folder, temporary):
    try:
        while not (folder / "ready.json").exists():
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=0.05)
        ready = json.loads((folder / "ready.json").read_text())
        assert requests.get(ready["http"] + "/_lapse/api/health", timeout=10).ok
        process.terminate()
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.wait()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("ways", [{2: "closed"}, {2: "full"}, {1: "full", 2: "full"}], ids=str)
@pytest.mark.parametrize("arguments, code", [
    (["serve", "--http-port", "99999"], 64), (["serve", "--seed", "nowhere.yaml"], 1),
    (["clock", "--server", "localhost:1"], 64), (["clock", "--server", "http://localhost:1"], 1), (["check"], 64),
    (["clock", "advance"], 64), (["--nonsense"], 64)],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_an_error_that_cannot_be_said_has_its_exit_status(tmp_path, arguments, code, ways):
    assert run(arguments, closed(ways), tmp_path).returncode == code


@pytest.mark.parametrize("ways", [{1: "closed"}, {1: "full"}], ids=str)
@pytest.mark.parametrize("arguments", [
    ["clock"], ["clock", "--json"], ["propagation"], ["fault"], ["events"], ["timeline", "--user", ADELE], ["sandbox", "list"],
    ["revoke", ADELE], ["check", "--list"], ["--help"], ["--version"], ["demo"]], ids=" ".join)
def test_a_command_whose_output_is_not_taken_does_what_it_was_asked(running, arguments, ways):
    ended = run(arguments, closed(ways), LAPSE_SERVER=running.http)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("ways", [{1: "closed"}, {1: "full"}, {1: "full", 2: "full"}], ids=str)
def test_a_verdict_stays_an_exit_status(running, tmp_path, ways):
    running.reset()
    assert run(["report"], closed(ways), LAPSE_SERVER=running.http).returncode == 3
    (tmp_path / "expect.yaml").write_text("- {name: signs in again, after: revoke, retriesAtMost: 1}\n")
    told = run(["report", "--expect", "expect.yaml"], closed(ways), folder=tmp_path, LAPSE_SERVER=running.http)
    assert told.returncode == 2, told
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    ended = run(["check", "--grace", "PT0S", "--", "true"], closed(ways), TMPDIR=str(temporary))
    assert ended.returncode == 3, ended
    assert run(["check", "--grace", "PT0S", "--", "false"], closed(ways), TMPDIR=str(temporary)).returncode == 1
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("options", [[], ["--follow"], ["--json", "--follow"]], ids=" ".join)
def test_events_end_quietly_when_their_reader_goes(running, options):
    running.reset()
    for _ in range(3):
        running.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    child = subprocess.Popen(
        [needs.lapse(), "events", "--after", "0", *options], env=variables | {"LAPSE_SERVER": running.http},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        # As `head -1` does it.
        assert child.stdout.readline()
        child.stdout.close()
        while True:
            # Whoever follows sees that the reader has gone when there is something to write.
            running.tenant("POST", "revocations", {"user": ADELE, "cause": "adminRevoke"})
            try:
                assert child.wait(timeout=0.1) == 0
                break
            except subprocess.TimeoutExpired:
                pass
        assert child.stderr.read() == b""
    finally:
        child.kill()
        child.wait()
        child.stderr.close()


def test_a_ready_file_that_is_a_pipe_tells_its_reader_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "ready"
    os.mkfifo(pipe)
    # Somebody reads before there is something to read.
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    process = subprocess.Popen(
        [needs.lapse(), "serve", "--ready-file", str(pipe), "--ephemeral", *HTTP_ALONE], cwd=tmp_path, env=variables,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        assert select.select([reader], [], [], 30)[0]
        ready = json.loads(os.read(reader, 4096))
        assert requests.get(ready["http"] + "/_lapse/api/health", timeout=10).ok
        process.terminate()
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.wait()
        os.close(reader)
    assert pipe.is_fifo()


def test_a_closed_stream_is_no_place_for_a_file_to_be_opened_at(tmp_path):
    """Whatever is opened first takes the lowest free number: what is said would go there."""
    data = tmp_path / "data"
    script = f'exec "$0" serve --ready-file ready.json --data-dir "$1" {" ".join(HTTP_ALONE)} >&- 2>&-'
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LAPSE_")}
    process = subprocess.Popen(
        ["bash", "-c", script, needs.lapse(), str(data)], cwd=tmp_path, env=variables, stdin=subprocess.DEVNULL)
    try:
        while not (tmp_path / "ready.json").exists():
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=0.05)
        if sys.platform == "linux":
            assert [os.readlink(f"/proc/{process.pid}/fd/{stream}") for stream in (1, 2)] == ["/dev/null", "/dev/null"]
        process.terminate()
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.wait()
    assert (data / "lock").read_bytes() == b""


def test_the_command_that_is_checked_may_be_stopped_by_a_pipe(tmp_path):
    """What Lapse ignores is not handed on."""
    ended = run(["check", "--grace", "PT0S", "--", "bash", "-c", "yes | head -1 > /dev/null; exit ${PIPESTATUS[0]}"], folder=tmp_path)
    assert "the command ended with 141" in ended.stderr, ended
