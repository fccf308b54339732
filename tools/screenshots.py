"""Make the README's pictures: `python -m tools.screenshots` writes them to docs/."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.browser import playground as ui
from tests.browser.page import open_page
from tests.browser.server import Server, running_app

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


@dataclass(frozen=True)
class Picture:
    """One picture of the README.

    Attributes:
        name: of the file.
        address: of the page and its settings.
        iterations: how far it plays first.
        until: what it says when all is there.
        dark: whether the page is dark.
        tall: height of the window, in pixels.
    """

    name: str
    address: str
    iterations: int = 0
    until: str = ""
    dark: bool = False
    tall: int = 900


PICTURES = (
    Picture("playground", "/?method=Both&speed=10", 21),
    Picture("landscape", "/landscape?K=3&M=40&N=4&runs=EM_30", until="trained in", dark=True),
    Picture(
        "messages",
        "/messages?K=3&M=8&N=4&noise=1.2&runs=EM_4&cell=4.2",
        until="term by term",
        tall=1250,
    ),
    Picture(
        "trust", "/trust?K=3&M=100&N=10&start=best&runs=EM_11", until="is a maximum", tall=1250
    ),
)


def take(browser: Browser, server: Server, picture: Picture) -> None:
    """Train for some iterations, and take the picture."""
    context = browser.new_context(
        viewport={"width": 1440, "height": picture.tall},
        base_url=f"{server.url}/",
        color_scheme="dark" if picture.dark else "light",
    )
    page = context.new_page()
    open_page(page, picture.address)
    if picture.iterations:
        ui.press(page, "Play")
        ui.wait_beyond(page, picture.iterations)
        ui.press(page, "Pause")
        ui.button(page, "Play").wait_for()
    if picture.until:
        page.get_by_text(picture.until).first.wait_for(timeout=120_000)
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
