"""What tests do with a page of the app, whichever page it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, WebSocketRoute

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


class SlowAnswers:
    """What Streamlit says to a page, kept back for a while; made before the page is opened."""

    def __init__(self, page: Page) -> None:
        self._line: WebSocketRoute | None = None
        self._kept: list[str | bytes] | None = None
        page.route_web_socket(re.compile("/_stcore/stream"), self._route)

    def _route(self, line: WebSocketRoute) -> None:
        self._line = line
        line.connect_to_server().on_message(self._pass_on)

    def _pass_on(self, message: str | bytes) -> None:
        assert self._line is not None
        if self._kept is None:
            self._line.send(message)
        else:
            self._kept.append(message)

    @contextmanager
    def kept_back(self) -> Iterator[None]:
        """Nothing arrives until the end of this, and then all of it in its order."""
        assert self._line is not None
        self._kept = []
        yield
        kept, self._kept = self._kept, None
        for message in kept:
            self._line.send(message)
