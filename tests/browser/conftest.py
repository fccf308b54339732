"""One server and one browser for all browser tests of a process; a fresh page for each test, of a
visitor whose browser has loaded the app before: its cache is all that a test leaves to the next.

A test asks for `page` and starts with `open_page(page, "/data?k=3")`. It fails by itself if the
browser met an uncaught error, wrote an error to its console, or showed a failed page.
Other settings by parametrizing the fixtures they come from:

    @pytest.mark.parametrize("color_scheme", ["light", "dark"])
    @pytest.mark.parametrize("viewport", [{"width": 390, "height": 844}])
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    sync_playwright,
)

from tests.browser import chromium
from tests.browser.page import page_failures
from tests.browser.server import Server, running_app

ROOT = Path(__file__).resolve().parents[2]

# Console errors that are none of ours: text and address, with the reason why they are let through.
IGNORED_CONSOLE_ERRORS = (
    # On a deep link such as /data Streamlit does not know the app's base address and tries /data
    # itself before /; the first of the two answers 404 by design.
    re.compile(r"status of 404 .*/[a-z_-]+/_stcore/(health|host-config)\)$"),
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and run them last.

    Last because Playwright keeps an event loop in this thread for the rest of the session, in
    which other tests could not start their own; and because fast failures are worth seeing first.
    """
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.path.is_relative_to(here))


@pytest.fixture(scope="session")
def app_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real app, started as a visitor's server starts it."""
    log_path = tmp_path_factory.mktemp("server") / "log.txt"
    with running_app(ROOT / "app.py", log_path) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        chromium_browser, _ = chromium.launch(playwright)
        yield chromium_browser
        chromium_browser.close()


class Contexts:
    """Browser contexts, each with a cache of its own: one for each server and kind of visitor.

    A page that loads from the cache is there in half the time. Each context keeps an empty tab
    open: opening a window anew for every test, with all that belongs to one, costs a second.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._open: dict[tuple[object, ...], BrowserContext] = {}

    def of(self, server: Server, color_scheme: str, viewport: dict[str, int]) -> BrowserContext:
        """The context of such visitors."""
        key = (server.url, server.process_id, color_scheme, *viewport.values())
        if key not in self._open:
            self._open[key] = self._browser.new_context(
                base_url=f"{server.url}/",
                color_scheme=color_scheme,  # type: ignore[arg-type]
                viewport=viewport,  # type: ignore[arg-type]
            )
            self._open[key].new_page()
        return self._open[key]

    def forget(self, context: BrowserContext) -> None:
        """Leave nothing of a test behind but what the browser has cached."""
        context.set_offline(False)
        context.clear_permissions()
        context.clear_cookies()
        for page in context.pages[1:]:
            address = urlsplit(page.url)
            if address.netloc:
                origin = f"{address.scheme}://{address.netloc}"
                context.new_cdp_session(page).send(
                    "Storage.clearDataForOrigin",
                    {"origin": origin, "storageTypes": "local_storage,indexeddb,service_workers"},
                )
            page.close()


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Contexts:
    """The contexts of all tests, closed with the browser."""
    return Contexts(browser)


@pytest.fixture
def color_scheme() -> str:
    """What the visitor's system prefers: "light" or "dark"."""
    return "light"


@pytest.fixture
def viewport() -> dict[str, int]:
    """Size of the window in pixels."""
    return {"width": 1440, "height": 900}


@pytest.fixture
def server(app_server: Server) -> Server:
    """The server that `page` talks to. A test of another app overrides this one."""
    return app_server


@pytest.fixture
def browser_errors() -> list[str]:
    """What went wrong in the browser so far. A test that provokes an error clears it."""
    return []


@pytest.fixture
def page(
    contexts: Contexts,
    server: Server,
    color_scheme: str,
    viewport: dict[str, int],
    browser_errors: list[str],
) -> Iterator[Page]:
    """An empty tab; at its end nothing may have gone wrong in it."""

    def note_console(message: ConsoleMessage) -> None:
        text = f"console: {message.text} ({message.location.get('url', '')})"
        known = any(pattern.search(text) for pattern in IGNORED_CONSOLE_ERRORS)
        if message.type == "error" and not known:
            browser_errors.append(text)

    context = contexts.of(server, color_scheme, viewport)
    new_page = context.new_page()
    new_page.on("console", note_console)
    new_page.on("pageerror", lambda error: browser_errors.append(f"uncaught: {error}"))
    yield new_page
    browser_errors.extend(f"on the page: {text}" for text in page_failures(new_page))
    contexts.forget(context)
    assert not browser_errors, "\n".join(["The browser met errors:", *browser_errors])
