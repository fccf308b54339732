"""What tests do with a page of the app, whichever page it is."""

from __future__ import annotations

from playwright.sync_api import Page

from pages.ui.failure import MESSAGE

APP = "[data-testid=stApp]"


def open_page(page: Page, path: str = "/") -> None:
    """Go to a path of the app, such as "/data?k=3", and wait until its first run is over."""
    # Relative to the app's own base address, which may have a path of its own.
    page.goto(path.lstrip("/"))
    page.wait_for_selector("[data-testid=stMainBlockContainer] [data-testid=stElementContainer]")
    wait_until_idle(page)


def wait_until_idle(page: Page) -> None:
    """Wait until no script of the app is running."""
    page.wait_for_selector(f"{APP}[data-test-script-state=notRunning]")


def page_failures(page: Page) -> list[str]:
    """Texts of the failures the page shows: Streamlit's exceptions and our own failure notice."""
    exceptions = page.locator("[data-testid=stException]").all_inner_texts()
    notices = page.locator("[data-testid=stAlert]", has_text=MESSAGE).all_inner_texts()
    return exceptions + notices
