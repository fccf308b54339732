"""Make the README's pictures: `python -m tools.screenshots` writes them to docs/."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.browser import playground as ui
from tests.browser.page import open_page, wait_until_idle
from tests.browser.server import Server, running_app

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


@dataclass(frozen=True)
class Picture:
    """One picture of the README.

    Attributes:
        name: of the file.
        address: of the page and its settings.
        iterations: how far it trains first.
        visit: the page to go to then; empty for the one that was opened.
        dark: whether the page is dark.
    """

    name: str
    address: str
    iterations: int
    visit: str = ""
    dark: bool = False


PICTURES = (
    Picture("playground", "/?method=Both&speed=10", 22),
    Picture("training", "/training?method=Both&speed=50&noise=1&fan=5", 60, dark=True),
    Picture("posterior", "/?noise=1&speed=10", 15, visit="Posterior"),
)


def take(browser: Browser, server: Server, picture: Picture) -> None:
    """Train for some iterations, and take the picture."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        base_url=f"{server.url}/",
        color_scheme="dark" if picture.dark else "light",
    )
    page = context.new_page()
    open_page(page, picture.address)
    ui.press(page, "Play")
    page.wait_for_function(
        "enough => document.querySelectorAll('[aria-label=\"Iteration shown\"]').length"
        " && Number(document.querySelector('[aria-label=\"Iteration shown\"]').value) >= enough",
        arg=picture.iterations,
    )
    ui.press(page, "Pause")
    ui.button(page, "Play").wait_for()
    if picture.visit:
        ui.visit(page, picture.visit)
        wait_until_idle(page)
    wait_for_rest(page)
    page.screenshot(path=DOCS / f"{picture.name}.png")
    context.close()


def wait_for_rest(page: Page) -> None:
    """Move the pointer away from the buttons, and wait for tooltips and transitions to end."""
    page.mouse.move(1430, 890)
    page.wait_for_timeout(2500)


def main() -> None:
    """Start the app, and take every picture."""
    DOCS.mkdir(exist_ok=True)
    with (
        TemporaryDirectory() as folder,
        running_app(ROOT / "app.py", Path(folder) / "log.txt") as server,
        sync_playwright() as playwright,
    ):
        browser, _ = chromium.launch(playwright)
        for picture in PICTURES:
            take(browser, server, picture)
        browser.close()


if __name__ == "__main__":
    main()
