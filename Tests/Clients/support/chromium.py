"""Debian's Chromium, headless, driven by Playwright. It trusts Lapse's CA as a person would make it: in the profile's certificate store."""

import contextlib
import importlib.resources
import json
import os
import subprocess
import sys
import time

from playwright.sync_api import sync_playwright

import needs

# Deque's axe-core, as the package brings it along: nothing else of that package is used.
AXE = importlib.resources.files("axe_playwright_python") / "axe.min.js"

# Root, as tests in a container often are, needs the first.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def trusting(home, ca_file):
    """The environment of a browser whose home folder has a certificate store that trusts the CA."""
    store = home / ".pki" / "nssdb"
    if not store.exists():
        store.mkdir(parents=True)
        certutil = [needs.program("certutil"), "-d", f"sql:{store}"]
        subprocess.run([*certutil, "-N", "--empty-password"], check=True)
        subprocess.run([*certutil, "-A", "-t", "C,,", "-n", "Lapse", "-i", ca_file], check=True)
    return {name: value for name, value in os.environ.items() if "proxy" not in name.lower()} | {"HOME": str(home)}


@contextlib.contextmanager
def started(home, ca_file):
    """The browser, for any number of profiles that are forgotten."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.program("chromium"), env=trusting(home, ca_file), args=ARGUMENTS)
        yield browser
        browser.close()


# A profile that outlives the browser is opened in a process of its own: Playwright runs once in each thread.
RESTARTED = """
import sys, json
from playwright.sync_api import sync_playwright
program, arguments, profile, address, steps = json.loads(sys.argv[1])
with sync_playwright() as playwright:
    context = playwright.chromium.launch_persistent_context(profile, executable_path=program, args=arguments)
    page = context.new_page()
    page.goto(address)
    for kind, target, value in steps:
        if kind == "fill": page.locator(target).fill(value)
        if kind == "check": page.locator(target).check()
        if kind == "click": page.locator(target).click()
    page.wait_for_url("**/cb?*")
    print(page.url)
    context.close()
"""


def in_profile(home, ca_file, profile, address, steps=()):
    """Starts the browser with the profile, goes to the address, does the steps, and closes it again: where it ended."""
    what = json.dumps([needs.program("chromium"), ARGUMENTS, str(profile), address, list(steps)])
    run = subprocess.run(
        [sys.executable, "-c", RESTARTED, what], env=trusting(home, ca_file), capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


# What assistive technology and people with other eyes need, looked for in the page itself: each complaint is one line.
AUDIT = r"""() => {
  const complaints = [];
  const shown = element => element.getClientRects().length > 0 && getComputedStyle(element).visibility !== 'hidden';
  const name = element => (element.getAttribute('aria-label')
    || [...(element.labels || [])].map(label => label.innerText).join(' ')
    || (element.getAttribute('aria-labelledby') || '').split(/\s+/).map(id => document.getElementById(id)?.innerText || '').join(' ')
    || element.innerText || element.getAttribute('title') || element.getAttribute('alt') || '').trim();
  const describe = element => `${element.tagName.toLowerCase()}${element.id ? '#' + element.id : ''} "${name(element).slice(0, 40)}"`;
  if (!document.documentElement.lang) complaints.push('the page says no language');
  if (!document.title.trim()) complaints.push('the page has no title');
  if (document.querySelectorAll('main').length !== 1) complaints.push('the page has not one main part');
  if (document.querySelectorAll('h1').length !== 1) complaints.push('the page has not one first heading');
  let level = 0;
  for (const heading of document.querySelectorAll('h1,h2,h3,h4,h5,h6')) {
    if (!shown(heading)) continue;
    const now = Number(heading.tagName[1]);
    if (now > level + 1) complaints.push(`${describe(heading)} skips a level`);
    level = now;
  }
  const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) complaints.push(`the id ${id} stands twice`);
  for (const element of document.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,summary,[role=button],[tabindex="0"]')) {
    if (shown(element) && !name(element)) complaints.push(`${describe(element)} has no name: ${element.outerHTML.slice(0, 80)}`);
    if (element.tabIndex > 0) complaints.push(`${describe(element)} jumps the order of focus`);
  }
  for (const element of document.querySelectorAll('img,svg[role=img]')) if (!name(element) && !element.querySelector('title')) complaints.push(`${describe(element)} has no text`);
  const rgb = text => (text.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [.2126, .7152, .0722][at], 0);
  const over = (top, under) => { const a = top[3] ?? 1; return [0, 1, 2].map(i => top[i] * a + under[i] * (1 - a)); };
  const paper = element => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(rgb(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, top) => top.length ? over(top, under) : under, matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255]);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !shown(element) || element.closest('svg,script,style,[disabled]')) continue;
    const style = getComputedStyle(element), under = paper(element);
    const ink = over(rgb(style.color), under), [high, low] = [light(ink), light(under)].sort((a, b) => b - a);
    const contrast = (high + .05) / (low + .05), size = parseFloat(style.fontSize);
    const wanted = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (contrast < wanted) complaints.push(`contrast ${contrast.toFixed(2)} of "${walker.currentNode.textContent.trim().slice(0, 30)}"`);
    if (element.scrollWidth > element.clientWidth + 1 && style.overflowX === 'hidden' && style.textOverflow !== 'ellipsis') complaints.push(`${describe(element)} is cut off`);
  }
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) complaints.push(`the page is wider than the window: ${document.documentElement.scrollWidth}`);
  return complaints;
}"""


def until(page, expression, seconds=10):
    """Waits for the page to say yes. Playwright's own way evaluates text, which a strict Content-Security-Policy forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"it never became true: {expression}"
        page.wait_for_timeout(10)


def axe(page):
    """What axe-core complains of: the rule, and the first place."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(one => [one.id, one.nodes[0].html]))")
    return [f"{rule}: {place[:200]}" for rule, place in found]


def assert_accessible(page):
    complaints = page.evaluate(AUDIT) + axe(page)
    assert complaints == [], complaints


def focus_order(page, limit=60):
    """The names of what Tab reaches, once around; fails where it is caught."""
    # From the top, wherever the page has put the focus, which it does when it is drawn.
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.evaluate("() => { document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex') }")
    seen = []
    for _ in range(limit):
        page.keyboard.press("Tab")
        found = page.evaluate("""() => { const e = document.activeElement; return e === document.body || !e ? null
            : (e.getAttribute('aria-label') || [...(e.labels || [])].map(l => l.innerText).join(' ') || e.innerText || e.name || e.tagName).trim() }""")
        if found is None or (seen and found == seen[0] and len(seen) > 1 and found not in seen[1:]):
            return seen
        seen.append(found)
    raise AssertionError(f"Tab never leaves the page: {seen[-10:]}")
