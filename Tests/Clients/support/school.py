"""A class that `lapse class` holds."""

import contextlib
import re
import subprocess
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import requests

import needs


@dataclass
class Learner:
    number: int
    link: str

    @property
    def tenant(self):
        return parse_qs(urlsplit(self.link).query)["tenant"][0]

    @property
    def key(self):
        return parse_qs(urlsplit(self.link).fragment)["key"][0]


class Held:
    def __init__(self, process):
        self.process = process
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Stop with"):
                break
        assert "Stop with" in said, said
        [self.teacher] = re.findall(r"^  (http\S+/_lapse/class#key=\S+)$", said, re.MULTILINE)
        self.learners = [Learner(int(number), link) for number, link in re.findall(r"^  (\d+)\s+(http\S+)$", said, re.MULTILINE)]
        self.said = said
        self.http = self.teacher.partition("/_lapse")[0]
        self.token = self.teacher.partition("#key=")[2]

    def ask(self, method, path, body=None, *, key=None):
        return requests.request(
            method, f"{self.http}/_lapse/api{path}", json=body, headers={"Authorization": f"Bearer {key or self.token}"}, timeout=60)


@contextlib.contextmanager
def held(folder, size, *arguments, port="0"):
    process = subprocess.Popen(
        [needs.lapse(), "class", "--size", str(size), "--http-port", port, *arguments], cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        yield Held(process)
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()
