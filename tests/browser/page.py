"""What tests do with a page of the app, whichever page it is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakSet

from playwright.sync_api import Page, WebSocketRoute
from playwright.sync_api import TimeoutError as BrowserTimeout

from pages.ui.parts.failure import MESSAGE

IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
"""Streamlit's app while no script runs: a way to wait, which says nothing of what is seen."""

# What is kept of a page that was left is out of the document. For some frames, since what a run of
# the page has said last is shown in a frame of its own.
SETTLED = """([idle, views]) => {
  const found = [...document.querySelectorAll(views)];
  const rests = document.querySelector(idle) && found.length
    && found.every((view) => view.ariaBusy === "false");
  if (!rests) delete window.hmmRestsSince;
  else window.hmmRestsSince ??= performance.now();
  const settled = performance.now() - window.hmmRestsSince > 100;
  if (settled) delete window.hmmRestsSince;
  return settled;
}"""


def open_page(page: Page, path: str = "/") -> None:
    """Go to a path of the app, such as "/data?k=3", and wait until its first run is over."""
    # Relative to the app's own base address, which may have a path of its own.
    page.goto(path.lstrip("/"))
    page.wait_for_selector("[data-testid=stMainBlockContainer] [data-testid=stElementContainer]")
    wait_until_idle(page)


def wait_until_idle(page: Page) -> None:
    """Wait until no script of the app is running."""
    page.wait_for_selector(IDLE)


CONTROLS = "[data-testid=hmm-run-controls]"


def wait_until_settled(page: Page, views: str) -> None:
    """Wait until no script runs, these views are drawn, and the page shows what the runs are at."""
    views = f"{CONTROLS}, {views}"
    try:
        page.wait_for_function(SETTLED, arg=[IDLE, views])
    except BrowserTimeout as error:
        idle = page.locator(IDLE).count() > 0
        found = page.locator(views).evaluate_all("views => views.map((view) => view.ariaBusy)")
        raise AssertionError(f"The page does not settle: {idle=}, aria-busy {found}") from error


def let_rest(
    page: Page, is_busy: Callable[[], bool], meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Let time pass on the clock of an empty page until all is drawn, and stays so.

    Args:
        is_busy: whether something is left to be drawn.
        meanwhile: what a server would do each time that some time has passed.
    """
    # What a browser fetches and compiles, and the frame in which it tells of a new size, have a
    # time of their own, which no test's clock can move: sizes may be told of when all seemed drawn.
    page.evaluate("plotlyLoaded()")
    until = time.monotonic() + 60.0
    while time.monotonic() < until:
        page.clock.run_for(50)
        meanwhile()
        if not is_busy():
            # By then Plotly's own marks are known.
            page.clock.run_for(1000)
            page.evaluate("sizesTold()")
            if not is_busy():
                return
    raise AssertionError("The page does not rest.")


def page_failures(page: Page) -> list[str]:
    """Texts of the failures the page shows: Streamlit's exceptions and our own failure notice."""
    exceptions = page.locator("[data-testid=stException]").all_inner_texts()
    notices = page.locator("[data-testid=stAlert]", has_text=MESSAGE).all_inner_texts()
    return exceptions + notices


rerouted: WeakSet[Page] = WeakSet()
"""Tabs with WebSockets of their own kind, which they never lose."""


def reroute(page: Page, address: str, handler: Callable[[WebSocketRoute], None]) -> None:
    """Let a test answer the WebSockets of addresses that match; before a page is opened."""
    rerouted.add(page)
    page.route_web_socket(re.compile(address), handler)


class SlowLine:
    """Streamlit's line, which may keep messages back for a while; made before a page is opened."""

    def __init__(self, page: Page) -> None:
        self._ways: dict[str, Callable[[str | bytes], None]] = {}
        self._kept: dict[str, list[str | bytes]] = {}
        reroute(page, "/_stcore/stream", self._route)

    def _route(self, line: WebSocketRoute) -> None:
        server = line.connect_to_server()
        self._ways = {"answers": line.send, "requests": server.send}
        server.on_message(lambda message: self._pass_on("answers", message))
        line.on_message(lambda message: self._pass_on("requests", message))

    def _pass_on(self, way: str, message: str | bytes) -> None:
        if way in self._kept:
            self._kept[way].append(message)
        else:
            self._ways[way](message)

    @contextmanager
    def kept_back(self, way: str) -> Iterator[list[str | bytes]]:
        """Hold the server's "answers" or the page's "requests" until the end, in their order."""
        self._kept[way] = []
        yield self._kept[way]
        for message in self._kept.pop(way):
            self._ways[way](message)
