"""Find a Chromium for the browser tests, or install one: `python -m tests.browser.chromium`.

In this order: the one HMM_CHROMIUM names, Playwright's own if it is there, one on the machine;
only then Playwright's download, and Debian's package where that fails. What is found must start,
since a downloaded browser may lack the system's libraries. The headless shell comes first, which is
Chromium without windows and all that belongs to them: tests take a tenth less of time in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

PROGRAMS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
MAC_PROGRAMS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# Root and containers have no sandbox; the rest keeps the browser from calling home during tests.
LAUNCH_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NOT_FOUND = (
    "No Chromium could be found or installed for the browser tests: install Chromium or Google "
    "Chrome, name it in HMM_CHROMIUM, or run 'make test-fast', which needs none."
)


def candidates(playwright: Playwright) -> Iterator[str | None]:
    """Paths of browsers that may be on this machine, best first; None for Playwright's own."""
    named = os.environ.get("HMM_CHROMIUM")
    if named:
        yield named
        return
    yield None
    # Its whole Chromium, where only that was installed.
    yield playwright.chromium.executable_path
    for path in (*map(shutil.which, PROGRAMS), *MAC_PROGRAMS):
        if path and Path(path).is_file():
            yield path


def launch(playwright: Playwright) -> tuple[Browser, str]:
    """Start the first browser that starts; with what it is. Raises RuntimeError if none does."""
    for path in candidates(playwright):
        try:
            browser = playwright.chromium.launch(executable_path=path, args=LAUNCH_ARGS)
        except Error:
            continue
        return browser, path or "Playwright's own Chromium"
    raise RuntimeError(NOT_FOUND)


def find() -> str | None:
    """What the first browser that starts is, or None."""
    with sync_playwright() as playwright:
        try:
            browser, path = launch(playwright)
        except RuntimeError:
            return None
        browser.close()
        return path


def install_steps() -> Iterator[list[list[str]]]:
    """Ways to install a browser, each a list of commands to run one after the other."""
    yield [[sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]]
    if shutil.which("apt-get"):
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        # What it recommends is for a desktop: a hundred packages. Of those a page needs its fonts.
        install = [
            *as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes",
            "--no-install-recommends", "fonts-liberation",
        ]  # fmt: skip
        yield [[*as_root, "apt-get", "update"], [*install, "chromium-headless-shell"]]
        # Ubuntu has no such package.
        yield [[*install, "chromium"]]


def run(command: list[str]) -> tuple[bool, str]:
    """Whether a command came to a good end within ten minutes, and what it printed."""
    try:
        done = subprocess.run(command, check=False, timeout=600, capture_output=True, text=True)
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, str(error)
    return done.returncode == 0, done.stdout + done.stderr


def install() -> str | None:
    """Install a browser by the first way that gives one that starts; what it is, or None."""
    report = []
    for commands in install_steps():
        print("Installing Chromium for the browser tests:", *commands[-1][-3:], flush=True)
        # An update that fails may still leave a package list that is good enough.
        results = [run(command) for command in commands]
        path = find() if results[-1][0] else None
        if path is not None:
            return path
        report += [output for _, output in results]
    # Kept back until now: of two ways the first may fail without any harm.
    print(*report, sep="\n", file=sys.stderr)
    return None


def main() -> int:
    """Print the path of a browser that starts, installing one if there is none."""
    named = os.environ.get("HMM_CHROMIUM")
    path = find()
    if path is None and named:
        print(f"HMM_CHROMIUM names {named}, which does not start as a browser.", file=sys.stderr)
        return 1
    path = path or install()
    if path is None:
        print(NOT_FOUND, file=sys.stderr)
        return 1
    print(f"Browser tests use {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
