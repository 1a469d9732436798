"""A machine for one test: its own home folder, and its own view of Debian's store of certificates. Nothing on the real one changes."""

import os
import shlex
import subprocess

import needs

# In a mount namespace of its own: a copy of what is trusted, and an empty folder for what root adds to it.
STORES = """
cp -dR /etc/ssl/certs "$OWN_CERTS" 2>/dev/null || true
mount --bind "$OWN_CERTS" /etc/ssl/certs
mount -t tmpfs none /usr/local/share/ca-certificates
"""
PERSON = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


class OwnMachine:
    def __init__(self, folder):
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir()
        self.chromium = self.home / ".pki" / "nssdb"

    @property
    def environment(self):
        """That of a person who has set nothing."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR")}
        return kept | {"HOME": str(self.home), "OWN_CERTS": str(self.folder / "certs")}

    def firefox(self, name, password=""):
        """A profile of Firefox, as far as certificates go."""
        profile = self.home / ".mozilla" / "firefox" / name
        profile.mkdir(parents=True)
        (self.folder / "password").write_text(password + "\n")
        self.certutil(profile, "-N", "-f", str(self.folder / "password"))
        return profile

    def certutil(self, database, *arguments):
        run = subprocess.run(
            [needs.program("certutil"), "-d", f"sql:{database}", *arguments], capture_output=True, text=True, timeout=30,
            stdin=subprocess.DEVNULL)
        assert run.returncode == 0, run.stderr
        return run.stdout

    def trusted(self, database):
        """How many certificates of Lapse the database has, and how many of them it trusts."""
        lines = [line for line in self.certutil(database, "-L").splitlines() if line.startswith("Lapse local CA ")]
        return len(lines), sum(line.split()[-1] == "C,," for line in lines)

    def run(self, script, cwd=None, environment=None, stdin=subprocess.DEVNULL):
        """Runs a script as root of this machine, whose stores are as fresh as on the first day. `lapse` is the program under test, and
        `person` runs a command as somebody who is not root."""
        own = self.folder / "certs"
        subprocess.run(["rm", "-rf", str(own)], check=True)
        functions = (
            f"lapse() {{ {shlex.quote(needs.lapse())} \"$@\"; }}\n"
            f"person() {{ {shlex.join(PERSON)} {shlex.quote(needs.lapse())} \"$@\"; }}\n")
        return subprocess.run(
            ["unshare", "--map-root-user", "--mount", "bash", "-eu", "-c", STORES + functions + script],
            cwd=cwd or self.home, env=self.environment | (environment or {}), stdin=stdin, capture_output=True, text=True, timeout=120)
