"""Make the README's picture: `python -m tools.screenshots` writes docs/playground.png."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.page import open_page
from tests.browser.server import running_app

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SETTINGS = "/?method=Both&start=random&speed=10"
ENOUGH_ITERATIONS = 22


def main() -> None:
    """Start the app, train a little, and take the picture."""
    DOCS.mkdir(exist_ok=True)
    with (
        TemporaryDirectory() as folder,
        running_app(ROOT / "app.py", Path(folder) / "log.txt") as server,
        sync_playwright() as playwright,
    ):
        browser, _ = chromium.launch(playwright)
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, base_url=f"{server.url}/"
        )
        page = context.new_page()
        open_page(page, SETTINGS)
        page.get_by_role("button", name="Play", exact=True).click()
        page.wait_for_function(
            "enough => Number(document.querySelector('[data-testid=iteration-EM]')"
            "?.innerText) >= enough",
            arg=ENOUGH_ITERATIONS,
        )
        page.get_by_role("button", name="Pause", exact=True).click()
        page.get_by_role("button", name="Play", exact=True).wait_for()
        # Away from the buttons, so that no help text hangs in the picture.
        page.mouse.move(720, 890)
        page.wait_for_timeout(500)
        page.screenshot(path=DOCS / "playground.png")
        browser.close()


if __name__ == "__main__":
    main()
