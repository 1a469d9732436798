"""The README does what it says: its verdict is the program's, its Python runs, its witnesses exist."""

import os
import pathlib
import re
import subprocess
import sys

import needs
from browser import Browser
from lab import ADELE, PASSWORD
from serve import PORTS, Process

ROOT = pathlib.Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text()


def test_the_verdict_of_the_readme_is_the_one_that_the_recipe_gets():
    """test_ten_minutes.py compares the recipe's page with what the program says."""
    verdict = re.search(r"^\$ lapse check -- (\S+ \S+)\n(Lapse Native: bad\n.*?Verdict: bad)$", README, re.DOTALL | re.MULTILINE)
    page = (ROOT / "docs" / "test-your-app.md").read_text()
    assert verdict.group(2) in page and f"lapse check -- {verdict.group(1)} " in page


def test_no_region_believes_anything():
    """Regions enforce, and tokens are accepted: in the docs, the pages, the help and the API's description."""
    texts = {path: path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "Sources").rglob("*.json"),
                                                 *(ROOT / "Sources").rglob("*.html"), *(ROOT / "Sources").rglob("*.js"))}
    help_texts = subprocess.run([needs.lapse(), "--experimental-dump-help"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert "explain" in help_texts
    for place, text in {**texts, "lapse --help": help_texts}.items():
        assert not re.search(r"\bbeliev", text, re.IGNORECASE), place


def test_the_docs_link_to_what_is_there():
    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")):
        text = document.read_text()
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)", text):
            file = document.parent / target if target else document
            assert file.exists(), f"{document.name}: {target}"
            if anchor and file.suffix == ".md":
                headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
                assert anchor in {re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-") for each in headings}, f"{document.name}: #{anchor}"


def test_the_python_of_the_readme_runs_as_it_stands(at_home):
    code = re.search(r"```python msal\n(.*?)```", README, re.DOTALL).group(1)
    # Whoever reads the message approves the sign-in; here the form filler does, before MSAL begins to poll.
    code = code.replace("tokens = app", "import sys; sys.stdout.flush(); sys.stdin.readline()\nflow['interval'] = 0\ntokens = app")
    # Whoever has a bundle of their own set, without Lapse's CA, runs it too.
    environment = os.environ | dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), "/etc/ssl/certs/ca-certificates.crt")
    child = subprocess.Popen(
        [sys.executable, "-c", code], cwd=at_home.folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        message = child.stdout.readline()
        page, user_code = re.search(r"open the page (\S+) and enter the code (\S+)", message).groups()
        Browser(at_home.lapse).approve_device(page, user_code, ADELE, PASSWORD)
        output, _ = child.communicate("\n", timeout=60)
    finally:
        child.kill()
    assert output.strip() == "invalid_grant bad_token [50173]"
    assert child.returncode == 0


def test_every_witness_that_the_docs_name_is_a_test():
    tests = "\n".join(path.read_text() for path in (ROOT / "Tests").rglob("*.swift"))
    names = set(re.findall(r'@Test\(\s*"((?:[^"\\]|\\.)*)"', tests))
    files = {path.name for path in (ROOT / "Tests" / "Clients").rglob("test_*.py")}
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        rows = [line for line in document.read_text().splitlines() if line.startswith("|")]
        for row in rows:
            for name in re.findall(r'"([A-Z0-9][^"|]{12,})"', row):
                assert name in names, f"{document.name}: {name}"
            for name in re.findall(r"`(test_\w+\.py)`", row):
                assert name in files, f"{document.name}: {name}"


def test_the_seed_file_of_the_docs_starts_a_lapse(tmp_path):
    text = (ROOT / "docs" / "control-api.md").read_text()
    (tmp_path / "seed.yaml").write_text(re.search(r"```yaml\n(.*?)```", text, re.DOTALL).group(1))
    process = Process(tmp_path, *PORTS, "--seed", "seed.yaml")
    tenants = process.lapse.control("GET", "/tenants")["items"]
    users = process.lapse.control("GET", "/tenants/tailspin.example/users")["items"]
    process.stop()
    assert [tenant["name"] for tenant in tenants] == ["Tailspin"]
    assert [user["displayName"] for user in users] == ["Wren Otter"]
