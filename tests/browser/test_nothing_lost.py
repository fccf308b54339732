"""Nothing is lost: by a link, a reload, Back, a lost connection, another tab, or a restart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from pages.ui.session.session import Session
from tests.browser import playground as ui
from tests.browser.page import SlowLine, open_page, wait_until_idle
from tests.browser.server import Server, running_app

ROOT = Path(__file__).resolve().parents[2]
HEALTH = "**/_stcore/health"
"""What Streamlit asks for before it connects again."""
NO_SERVER = re.compile(
    "net::ERR_|in reaching server|server is not responding|disconnected from server|in CLOSING or"
)
"""What a browser and Streamlit say of a server that cannot be reached."""
LONGEST_RETURN_MS = 90_000
"""Streamlit asks ever less often whether its server is there again, at last every 15 seconds."""
SMALL = "K=3&M=60&N=5&seed=21&method=Both"


def address(page: Page) -> str:
    """What the address bar holds; Playwright's own `url` lags behind what the page writes."""
    href: str = page.evaluate("location.href")
    return href


def wait_for_address(page: Page, part: str) -> None:
    """Wait until the address bar holds this."""
    page.wait_for_function("part => location.href.includes(part)", arg=part)


def stepped(page: Page, steps: int) -> tuple[str, str]:
    """Step so often; the log-likelihoods that both runs show then."""
    for number in range(ui.iteration(page) + 1, ui.iteration(page) + steps + 1):
        ui.press(page, "Step")
        ui.expect_iteration(page, number)
        ui.expect_iteration(page, number, "Gradient")
    return shown(page)


def shown(page: Page) -> tuple[str, str]:
    """The log-likelihoods that both runs show."""
    return ui.log_likelihood_text(page), ui.log_likelihood_text(page, "Gradient")


def expect_there(page: Page, iteration: int, values: tuple[str, str]) -> None:
    """The Playground shows both runs at this iteration, with these log-likelihoods."""
    ui.wait_until_drawn(page)
    ui.expect_iteration(page, iteration)
    ui.expect_iteration(page, iteration, "Gradient")
    expect(page.get_by_test_id("log-likelihood-EM")).to_have_text(values[0])
    expect(page.get_by_test_id("log-likelihood-Gradient")).to_have_text(values[1])


def copied_link(page: Page) -> str:
    """Press Copy link; what is in the clipboard then."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(".hmm-link output")).to_contain_text("Link copied.")
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


@contextmanager
def another_browser(page: Page) -> Iterator[Page]:
    """A tab of somebody who was never here."""
    assert page.context.browser is not None
    context = page.context.browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        yield context.new_page()
    finally:
        context.close()


def test_a_copied_link_opens_the_same_runs_on_the_same_page(page: Page) -> None:
    ui.open_playground(page, SMALL)
    stepped(page, 3)
    ui.enter(page, "Learning rate", 0.2)
    wait_for_address(page, "rate=0.2")
    ui.wait_until_settled(page)
    length = page.evaluate("history.length")
    values = stepped(page, 3)
    page.get_by_role("slider", name="Iteration shown").focus()
    page.keyboard.press("ArrowLeft")
    ui.expect_iteration(page, 5)
    page.get_by_role("button", name="Mark").click()
    expect(page.locator(".hmm-flag")).to_have_count(1)
    link = copied_link(page)
    assert "runs=EM_6%7EGradient_6_0_0.05_adam_3_0.2_adam&at=5&marks=5" in link
    # Where the runs stand makes no entries for the button Back.
    assert page.evaluate("history.length") == length
    with another_browser(page) as theirs:
        theirs.goto(link)
        ui.wait_until_drawn(theirs)
        ui.expect_iteration(theirs, 5)
        expect(theirs.locator(".hmm-flag")).to_have_count(1)
        theirs.get_by_role("button", name="Latest").click()
        expect_there(theirs, 6, values)
    # On another page the link leads to that page.
    ui.visit(page, "Viterbi")
    page.wait_for_selector("[data-testid=hmm-figure]")
    link = copied_link(page)
    assert "/viterbi?" in link
    with another_browser(page) as theirs:
        theirs.goto(link)
        expect(theirs.get_by_text("EM at iteration 5").first).to_be_visible()


def test_a_reload_brings_back_own_data_in_use_or_not(page: Page, tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("height\n" + "\n".join(str(n % 7 + 9 * (n % 30 > 15)) for n in range(90)))
    open_page(page, "/data?K=2")
    page.get_by_role("tab", name="Your CSV file").click()
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_role("button", name="Use this data").click()
    expect(page.get_by_text("In use:")).to_be_visible()
    ui.visit(page, "Playground")
    for number in (1, 2):
        ui.press(page, "Step")
        ui.expect_iteration(page, number)
    value = ui.log_likelihood_text(page)
    wait_for_address(page, "runs=EM_2")
    page.reload()
    ui.expect_iteration(page, 2)
    expect(page.get_by_test_id("log-likelihood-EM")).to_have_text(value)
    expect(page.locator("[data-testid=stSidebar]")).to_contain_text("From your file")
    expect(page.get_by_text("made with an uploaded file")).to_have_count(0)

    ui.visit(page, "Data")
    page.get_by_role("tab", name="Your CSV file").click()
    page.get_by_role("button", name="Back to generated data").click()
    expect(page.get_by_text("Kept: column “height”")).to_be_visible()
    page.reload()
    page.get_by_role("tab", name="Your CSV file").click()
    page.get_by_role("button", name="Use it again").click()
    expect(page.get_by_text("In use: column “height”")).to_be_visible()


def test_a_reload_while_playing_comes_back_near_by(page: Page) -> None:
    ui.open_playground(page, f"{SMALL}&speed=10&method=Gradient")
    ui.press(page, "Play")
    reached = ui.wait_beyond(page, 12, "Gradient")
    # The address follows the training, a moment behind: by seven steps at the most.
    page.wait_for_function(
        """() => {
          const written = Number(/runs=Gradient_(\\d+)/.exec(location.search)?.[1]);
          return Number(document.querySelector("[data-testid=iteration-Gradient]").textContent)
            - written <= 7;
        }"""
    )
    written = int(page.url.partition("runs=Gradient_")[2].partition("&")[0])
    assert written >= reached - 7
    page.reload()
    ui.wait_until_drawn(page)
    assert ui.iteration(page, "Gradient") >= written >= 6
    expect(ui.button(page, "Play")).to_be_visible()


def test_pages_and_back_keep_and_restore_the_runs(page: Page) -> None:
    ui.open_playground(page, SMALL)
    values = stepped(page, 3)
    for name in ("Data", "Posterior", "Playground"):
        ui.visit(page, name)
    expect_there(page, 3, values)
    # A setting that was changed by mistake took the runs with it; Back brings both back.
    ui.nudge(page, "States K", "ArrowRight")
    wait_for_address(page, "K=4")
    ui.expect_iteration(page, 0)
    ui.wait_until_settled(page)
    page.go_back()
    expect(page.get_by_role("slider", name="States K")).to_have_value("3")
    expect_there(page, 3, values)


def test_two_tabs_are_two_visitors(page: Page) -> None:
    ui.open_playground(page, SMALL)
    values = stepped(page, 2)
    wait_for_address(page, "EM_2")
    other = page.context.new_page()
    other.goto(address(page))
    expect_there(other, 2, values)
    ui.press(other, "Step")
    ui.expect_iteration(other, 3)
    ui.nudge(other, "States K", "ArrowRight")
    wait_for_address(other, "K=4")
    assert stepped(page, 1) != values
    expect(page.get_by_role("slider", name="States K")).to_have_value("3")
    assert ui.iteration(page) == 3
    other.close()


def test_a_dropped_connection_loses_nothing(page: Page, browser_errors: list[str]) -> None:
    ui.open_playground(page, SMALL)
    values = stepped(page, 3)
    with unreachable_server(page):
        expect(length(page)).to_be_disabled()
        ui.press(page, "Step")
    expect(length(page)).to_be_enabled(timeout=LONGEST_RETURN_MS)
    # What was pressed meanwhile is heard in the end, once.
    ui.expect_iteration(page, 4)
    ui.press(page, "Step")
    ui.expect_iteration(page, 5)
    assert shown(page) != values
    forget_the_time_without_a_server(browser_errors)


def test_a_long_way_is_gone_in_sight_and_pause_stops_on_it(page: Page) -> None:
    ui.open_playground(page, "K=10&M=1000&N=100&method=Gradient&runs=Gradient_90000&marks=1")
    told = page.locator("[data-testid=stAlert]", has_text="Going to iteration 90\u202f000")
    expect(told).to_be_visible()
    first = ui.wait_beyond(page, 5, "Gradient")
    ui.wait_beyond(page, first, "Gradient")
    wait_for_address(page, "runs=Gradient_90000")
    ui.press(page, "Pause")
    expect(told).to_have_count(0)
    ui.wait_until_settled(page)
    wait_for_address(page, f"runs=Gradient_{ui.iteration(page, 'Gradient')}")


def length(page: Page) -> Locator:
    """A control that Streamlit disables while it has no connection."""
    return page.get_by_role("spinbutton", name="Length M", exact=True)


def expect_again_connected(page: Page) -> None:
    """The page has found another server and brought it to where it was."""
    bubble = page.locator(".hmm-link output")
    expect(bubble).to_have_text(
        "Connected again: everything is as it was.", timeout=LONGEST_RETURN_MS
    )
    wait_until_idle(page)


def forget_the_time_without_a_server(browser_errors: list[str]) -> None:
    """Once the page is connected again, what was said of that time is no error."""
    browser_errors[:] = [text for text in browser_errors if not NO_SERVER.search(text)]


@contextmanager
def unreachable_server(page: Page) -> Iterator[None]:
    """Cut the page's WebSockets, and let it find no server until the end.

    Not by Chromium's offline mode: that may stop a WebSocket before it is closed, which then goes
    on looking open.
    """
    page.route(HEALTH, lambda route: route.abort())
    page.evaluate("() => window.hmmSockets.forEach((socket) => socket.close())")
    try:
        yield
    finally:
        page.unroute(HEALTH)


@pytest.fixture(autouse=True)
def sockets(page: Page) -> Iterator[None]:
    """Let tests reach the page's WebSockets."""
    with page.add_init_script(
        """
        window.hmmSockets = [];
        const Original = window.WebSocket;
        window.WebSocket = class extends Original {
          constructor(...given) { super(...given); window.hmmSockets.push(this); }
        };
        """
    ):
        yield


class TestRestart:
    """The server ends and another one begins at the same address, while the page stays open."""

    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[Server]:
        with running_app(ROOT / "app.py", tmp_path / "log.txt") as server:
            yield server

    def test_the_page_comes_back_by_itself(
        self, page: Page, server: Server, browser_errors: list[str], tmp_path: Path
    ) -> None:
        ui.open_playground(page, "M=60&N=5&seed=21&method=Gradient&speed=10")
        ui.press(page, "Play")
        seen = ui.wait_beyond(page, 15, "Gradient")
        server.stop()
        expect(length(page)).to_be_disabled()
        log_path = tmp_path / "second.txt"
        with running_app(ROOT / "app.py", log_path, port=server.port) as second:
            expect_again_connected(page)
            expect(ui.button(page, "Play")).to_be_visible()
            wait_for_address(page, "runs=Gradient_")
            query = dict(parse_qsl(urlsplit(address(page)).query))
            reached = int(query["runs"].removeprefix("Gradient_"))
            # The address keeps up with a run that plays, twice a second.
            assert reached >= seen - 10
            ui.expect_iteration(page, reached, "Gradient")
            ui.wait_until_settled(page)
            same = Session.from_url(query)
            while same.player.playing:  # on its way there
                same.tick()
            run = same.runs["Gradient"]
            value = run.curve[-1]
            assert ui.log_likelihood(page, "Gradient") == pytest.approx(value, abs=6e-5)
            ui.press(page, "Step")
            ui.expect_iteration(page, reached + 1, "Gradient")
            assert "Traceback" not in second.log()
            page.goto("about:blank")
            forget_the_time_without_a_server(browser_errors)


def test_a_control_moved_while_a_page_is_being_left_is_heard(page: Page) -> None:
    slow = SlowLine(page)
    ui.open_playground(page, SMALL)
    with slow.kept_back("answers"):
        ui.leave_for(page, "Posterior")
        ui.nudge(page, "States K", "ArrowRight")
    wait_for_address(page, "K=4")
    expect(page.get_by_role("slider", name="States K")).to_have_value("4")
