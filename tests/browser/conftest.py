"""One server and one browser for all browser tests of a process; an empty tab for each test, of a
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
from urllib.parse import urljoin

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    expect,
    sync_playwright,
)

from pages.ui.browser.assets import PLOTLY, asset_url
from tests.browser import chromium
from tests.browser.page import page_failures, rerouted
from tests.browser.server import Server, running_app

# Ends a test that hangs, as Playwright does with all but `expect`. How fast the app is on an idle
# machine is measured by benchmarks/live.py.
expect.set_options(timeout=30_000)

ROOT = Path(__file__).resolve().parents[2]

# Console errors that are none of ours: text and address, with the reason why they are let through.
IGNORED_CONSOLE_ERRORS = (
    # On a deep link such as /data Streamlit does not know the app's base address and tries /data
    # itself before /; the first of the two answers 404 by design.
    re.compile(r"status of 404 .*/[a-z_-]+/_stcore/(health|host-config)\)$"),
)

STAND_INS = """async ([urls, plotly]) => {
  history.replaceState(null, "", "/");
  document.body.innerHTML = `
    <div id="controls"></div>
    <button id="elsewhere">Elsewhere</button> <a href="/posterior">Posterior</a>
    <div id="place"></div> <div id="other"></div>`;
  window.lines = [];
  window.WebSocket = class {
    static OPEN = 1;
    constructor() {
      Object.assign(this, { sent: [], begun: performance.now(), readyState: 0 });
      lines.push(this);
    }
    send(text) { this.sent.push(text); }
    open() { this.readyState = 1; this.onopen(); }
    close(code = 1000) { this.readyState = 3; this.onclose?.({ code }); }
    answer(text) { this.onmessage({ data: bytes(text).buffer }); }
  };
  window.bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  window.modules = {};
  for (const [name, url] of Object.entries(urls)) modules[name] = await import(url);
  window.plotlyLoaded = () => modules.plotting.loadPlotly(plotly).then(() => null, () => null);
  // Whoever observes a size is told of it in the browser's next frame, the youngest last.
  window.sizesTold = () => new Promise((told) => {
    new ResizeObserver((_, observer) => { observer.disconnect(); told(); }).observe(document.body);
  });
  // What Streamlit calls with each message of a component: what it returns ends the message.
  window.show = (draw, text, place = "place") => {
    const parentElement = document.getElementById(place);
    window.end = draw({ data: bytes(text), parentElement, setTriggerValue() {} }, plotly);
  };
  window.said = []; // what the run controls say to the page, and when
  window.showControls = (live) => modules["run-controls"].drawRunControls({
    data: [window.lastLive = live], parentElement: document.getElementById("controls"),
    setStateValue: (_, value) => said.push({ ...value, at: performance.now() }) });
}"""


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


class Tabs:
    """A tab for each server, in which its tests take place one after the other.

    A page that is loaded again in the same tab costs half of what it costs in a new one. Beside
    it stays an empty tab: opening a window anew, with all that belongs to one, costs a second.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: dict[tuple[str, int], BrowserContext] = {}
        self._free: dict[BrowserContext, Page] = {}

    def of(self, server: Server, color_scheme: str, viewport: dict[str, int]) -> Page:
        """The tab of a server, empty, as such a visitor has it."""
        key = (server.url, server.process_id)
        if key not in self._contexts:
            self._contexts[key] = self._browser.new_context(base_url=f"{server.url}/")
            self._contexts[key].new_page()
        context = self._contexts[key]
        tab = self._free.pop(context, None) or context.new_page()
        tab.set_viewport_size(viewport)  # type: ignore[arg-type]
        tab.emulate_media(color_scheme=color_scheme)  # type: ignore[arg-type]
        return tab

    def put_back(self, tab: Page) -> None:
        """Leave nothing of a test behind but what the browser has cached."""
        context = tab.context
        context.clear_permissions()
        context.clear_cookies()
        for page in context.pages[1:]:
            if page is not tab or tab in rerouted or not emptied(tab):
                page.close()
            else:
                self._free[context] = tab


def emptied(tab: Page) -> bool:
    """Empty a tab and what its site has stored; whether that is done."""
    try:
        # A page of the site that stores nothing itself.
        tab.goto("_stcore/health")
        origin = tab.evaluate("() => { sessionStorage.clear(); return location.origin; }")
        tab.context.new_cdp_session(tab).send(
            "Storage.clearDataForOrigin",
            {"origin": origin, "storageTypes": "local_storage,indexeddb,service_workers"},
        )
        tab.goto("about:blank")
        tab.mouse.move(0, 0)
    except Error:
        # Its server has ended, or it is closed.
        return False
    return True


@pytest.fixture(scope="session")
def tabs(browser: Browser) -> Tabs:
    """The tabs of all tests, closed with the browser."""
    return Tabs(browser)


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
    tabs: Tabs,
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

    def note_error(error: Error) -> None:
        browser_errors.append(f"uncaught: {error}")

    tab = tabs.of(server, color_scheme, viewport)
    tab.on("console", note_console)
    tab.on("pageerror", note_error)
    yield tab
    browser_errors.extend(f"on the page: {text}" for text in page_failures(tab))
    tab.remove_listener("console", note_console)
    tab.remove_listener("pageerror", note_error)
    tabs.put_back(tab)
    assert not browser_errors, "\n".join(["The browser met errors:", *browser_errors])


@pytest.fixture
def empty(
    browser: Browser,
    app_server: Server,
    browser_errors: list[str],
    request: pytest.FixtureRequest,
) -> Iterator[Page]:
    """An empty page of the app's site, with its modules, whose clock stands still.

    A parameter is the time zone of the browser.
    """
    context = browser.new_context(
        base_url=app_server.url,
        viewport={"width": 1300, "height": 900},
        timezone_id=getattr(request, "param", None),
    )
    page = context.new_page()
    page.on("pageerror", lambda error: browser_errors.append(str(error)))
    page.clock.install(time=0)
    page.goto("/_stcore/health")
    page.clock.pause_at(60_000)
    names = (
        *("address", "run-controls", "scrubber", "panel", "figure", "plotting", "brush", "charts"),
        *("state-graph-layout", "zoom-keys", "state-names", "landscape", "landscape-shapes"),
        "landscape-solid",
        "trellis",
    )
    urls = {name: urljoin("/", asset_url(f"{name}.js")) for name in names}
    page.evaluate(STAND_INS, [urls, urljoin("/", asset_url(PLOTLY))])
    yield page
    context.close()
    assert browser_errors == []
