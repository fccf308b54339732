"""The run controls: every press counts once, in its order, whichever way it travels."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest
from playwright.sync_api import Page, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.browser import playground as ui
from tests.browser.page import SlowLine, wait_until_settled
from tests.browser.server import Server

SMALL = "K=3&M=60&N=5&seed=21"
SLOW = f"{SMALL}&method=Gradient&rate=0.0001"
"""Training that does not come to an end while a test looks at it."""

LIVE = "[data-testid=hmm-panel], [data-testid=hmm-run-comparison]"
PRESS_MANY = """([name, times]) => {
  const buttons = [...document.querySelectorAll("[data-testid=hmm-run-controls] button")];
  const button = buttons.find((one) => one.textContent === name);
  for (let i = 0; i < times; i += 1) button.click();
}"""


def press_many(page: Page, name: str, times: int) -> None:
    """Press a run control so often that nothing can be answered in between."""
    page.evaluate(PRESS_MANY, [name, times])


def test_presses_count_once_and_are_seen_before_the_page_answers(page: Page) -> None:
    slow = SlowLine(page)
    ui.open_playground(page, f"{SMALL}&method=Both")
    ui.wait_until_settled(page)
    finding = page.get_by_text("At iteration", exact=False)
    with slow.kept_back("answers"):
        press_many(page, "Step", 12)
        ui.expect_iteration(page, 12)
        ui.press(page, "Reset")
        ui.expect_iteration(page, 0)
        for taken in (1, 2):
            ui.press(page, "Step")
            ui.expect_iteration(page, taken)
        expect(finding).to_have_count(0)
    # What Streamlit says beside it is of that moment in the end, and nothing counted twice.
    expect(finding.first).to_contain_text("At iteration 2:")
    ui.visit(page, "Training")
    wait_until_settled(page, LIVE)
    ui.expect_iteration(page, 2)
    ui.press(page, "Step")
    ui.expect_iteration(page, 3)


def test_a_press_comes_after_what_was_changed_just_before(page: Page) -> None:
    ui.open_playground(page, SLOW)
    ui.wait_until_settled(page)
    ui.nudge(page, "States K", "ArrowRight")
    press_many(page, "Play", 1)
    expect(ui.learned_graph_of(page, 4)).to_be_visible()
    expect(ui.button(page, "Pause")).to_be_visible()
    ui.wait_beyond(page, 2, "Gradient")
    # A change of the data stops the runs. Leaving the box enters what stands in it.
    page.get_by_role("spinbutton", name="Length M", exact=True).fill("40")
    page.keyboard.press("Tab")
    ui.press(page, "Step")
    page.wait_for_function("() => location.href.includes('M=40')")
    ui.expect_iteration(page, 1, "Gradient")
    ui.wait_until_settled(page)
    assert ui.axis_range(page, "sequence") == pytest.approx([0.5, 40.5])
    # A new start is in the address, and what was pressed after it counts from there.
    press_many(page, "New start", 1)
    press_many(page, "Step", 2)
    ui.expect_iteration(page, 2, "Gradient")
    page.wait_for_function("() => location.href.includes('start_seed=1')")
    ui.wait_until_settled(page)
    assert ui.iteration(page, "Gradient") == 2


def test_play_and_pause_by_keyboard_keep_the_focus_and_their_place(page: Page) -> None:
    ui.open_playground(page, SLOW)
    ui.wait_until_settled(page)
    for _ in range(60):
        page.keyboard.press("Tab")
        if ui.button(page, "Play").evaluate("(button) => button === document.activeElement"):
            break
    expect(ui.button(page, "Play")).to_be_focused()
    step = ui.button(page, "Step").bounding_box()
    for key, now in (("Enter", "Pause"), ("Space", "Play"), ("Enter", "Pause")):
        page.keyboard.press(key)
        expect(ui.button(page, now)).to_be_focused()
        assert ui.button(page, "Step").bounding_box() == step
    page.keyboard.press("Enter")
    expect(ui.button(page, "Play")).to_be_focused()
    page.keyboard.down("Enter")
    for _ in range(3):
        # Every further one says that it repeats.
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    ui.wait_beyond(page, ui.iteration(page, "Gradient") + 5, "Gradient")
    expect(ui.button(page, "Pause")).to_be_focused()


def test_figures_of_other_pages_follow_and_the_page_can_be_left(page: Page) -> None:
    ui.open_playground(page, SLOW)
    ui.visit(page, "Posterior")
    expect(page.get_by_role("heading", name="Gradient at iteration 0")).to_be_visible()
    press_many(page, "Step", 6)
    expect(page.get_by_role("heading", name="Gradient at iteration 6")).to_be_visible()
    ui.press(page, "Play")
    expect(page.get_by_role("heading", name="Gradient at iteration 6")).to_have_count(0)
    ui.visit(page, "Training")
    reached = ui.iteration(page, "Gradient")
    ui.wait_beyond(page, reached, "Gradient")
    ui.visit(page, "Data")
    expect(page.get_by_role("tab", name="Edit the model")).to_be_visible()
    ui.press(page, "Pause")
    expect(page.get_by_role("slider", name="Iteration shown")).to_be_enabled()
    # One step back is the page that was left, however often the runs asked for runs of the page.
    page.go_back()
    expect(page.get_by_test_id("iteration-Gradient")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Gradient at iteration")).to_be_visible()
    page.go_back()
    ui.wait_until_drawn(page)


def test_a_client_that_floods_the_line_and_breaks_off_leaves_the_page_and_the_log_as_they_were(
    page: Page, server: Server
) -> None:
    lines: list[str] = []
    page.on("websocket", lambda line: lines.append(line.url))
    ui.open_playground(page, SLOW)
    ui.press(page, "Step")
    ui.expect_iteration(page, 1, "Gradient")
    (address,) = (line for line in lines if "/live-hmm/" in line)
    logged = server.log()
    for flood in ([b"next"] * 3, ["next"] * 20_000, ["1 0 reset"] * 100):
        client = connect(address, origin=Origin(server.url), proxy=None)
        # What no page says ends the line from the other end.
        with client as line, suppress(ConnectionClosed, OSError):
            for message in flood:
                line.send(message)
            # No goodbye: the other end finds a connection that is gone.
            line.socket.shutdown(socket.SHUT_RDWR)
    # Whoever presses gets the line back.
    ui.press(page, "Step")
    ui.expect_iteration(page, 2, "Gradient")
    ui.wait_until_settled(page)
    assert server.log() == logged
