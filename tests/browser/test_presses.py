"""Presses of the run controls, over the live view's own line or by Streamlit: each counts once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import playground as ui
from tests.browser.page import SlowLine, open_page, reroute, wait_until_idle, wait_until_settled

SMALL = "K=3&M=60&N=5&seed=21"
PRESS_MANY = """([name, times]) => {
  const button = document.querySelector(`.st-key-${name} button`);
  for (let i = 0; i < times; i += 1) button.click();
}"""

PRESS_EACH = """(names) => names.forEach((name) => setTimeout(
  () => document.querySelector(`.st-key-${name} button`).click()))"""


def press_many(page: Page, name: str, times: int) -> None:
    """Press a run control so often that nothing can be answered in between."""
    # On a first visit the panel may be drawn before the buttons are.
    page.wait_for_selector(f".st-key-{name} button")
    page.evaluate(PRESS_MANY, [name, times])


@pytest.mark.parametrize("where", ["Playground", "Training"])
def test_steps_are_seen_before_the_page_answers_and_the_page_follows(
    page: Page, where: str
) -> None:
    slow = SlowLine(page)
    ui.open_playground(page, f"{SMALL}&method=Both")
    if where == "Training":
        ui.visit(page, where)
    wait_until_settled(page, "[data-testid=hmm-panel], [data-testid=hmm-run-comparison]")
    finding = page.get_by_text("At iteration", exact=False)
    with slow.kept_back("answers"):
        ui.press(page, "Reset")
        for taken in (1, 2, 3):
            ui.press(page, "Step")
            ui.expect_iteration(page, taken)
        ui.press(page, "Reset")
        ui.expect_iteration(page, 0)
        for taken in (1, 2):
            ui.press(page, "Step")
            ui.expect_iteration(page, taken)
        expect(finding).to_have_count(0)
    # What Streamlit says beside it is of that moment in the end, and nothing counted twice.
    expect(finding.first).to_contain_text("At iteration 2:")
    ui.expect_iteration(page, 2)


def test_every_one_of_many_quick_presses_counts_once(page: Page) -> None:
    ui.open_playground(page, SMALL)
    press_many(page, "step", 12)
    ui.expect_iteration(page, 12)
    ui.wait_until_settled(page)
    assert ui.iteration(page) == 12
    press_many(page, "reset", 1)
    press_many(page, "step", 2)
    ui.expect_iteration(page, 2)
    ui.wait_until_settled(page)
    assert ui.iteration(page) == 2


def test_play_right_after_a_press_plays(page: Page) -> None:
    ui.open_playground(page, f"{SMALL}&method=Gradient&rate=0.0001")
    for name in ("step", "reset", "step"):
        press_many(page, name, 1)
        press_many(page, "play", 1)
        expect(ui.button(page, "Pause")).to_be_visible()
        reached = ui.iteration(page, "Gradient")
        ui.wait_beyond(page, reached + 2, "Gradient")
        ui.press(page, "Pause")
        expect(ui.button(page, "Play")).to_be_visible()
        ui.wait_until_settled(page)


def test_a_step_comes_after_what_was_typed_before_it(page: Page) -> None:
    ui.open_playground(page, SMALL)
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    ui.wait_until_settled(page)
    # Leaving the box enters what stands in it; that makes new data.
    page.get_by_role("spinbutton", name="Length M", exact=True).fill("40")
    ui.press(page, "Step")
    page.wait_for_function("() => location.href.includes('M=40')")
    ui.wait_until_settled(page)
    assert ui.axis_range(page, "sequence") == pytest.approx([0.5, 40.5])
    assert ui.iteration(page) == 1


def test_a_step_comes_after_a_slider_that_was_moved_just_before(page: Page) -> None:
    ui.open_playground(page, SMALL)
    ui.nudge(page, "States K", "ArrowRight")
    press_many(page, "step", 1)
    page.wait_for_function("() => location.href.includes('K=4')")
    ui.wait_until_settled(page)
    expect(ui.learned_matrix_of(page, 4)).to_be_visible()
    assert ui.iteration(page) == 1


def test_where_the_views_line_is_closed_steps_go_by_streamlit(
    page: Page, browser_errors: list[str]
) -> None:
    reroute(page, "/live-hmm/", lambda line: line.close())
    ui.open_playground(page, SMALL)
    for taken in (1, 2):
        ui.press(page, "Step")
        ui.expect_iteration(page, taken)
        ui.wait_until_settled(page)
    ui.press(page, "Reset")
    ui.expect_iteration(page, 0)
    browser_errors.clear()


def test_a_step_ends_the_film_and_shows_the_latest_iteration(page: Page) -> None:
    ui.open_playground(page, SMALL)
    press_many(page, "step", 5)
    ui.expect_iteration(page, 5)
    ui.wait_until_settled(page)
    film = page.locator(".hmm-scrubber").get_by_role("button", name="Film", exact=True)
    film.click()
    expect(page.get_by_test_id("iteration-EM")).not_to_have_text("5")
    ui.press(page, "Step")
    ui.expect_iteration(page, 6)
    expect(film).to_be_visible()
    ui.wait_until_settled(page)
    assert ui.iteration(page) == 6


def test_a_step_closes_what_is_open_elsewhere(page: Page) -> None:
    ui.open_playground(page, SMALL)
    page.get_by_role("button", name="Export").first.click()
    expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def test_presses_that_streamlit_hears_are_answered_in_their_order(page: Page) -> None:
    # A new start on that many observations takes long enough for the others to arrive meanwhile.
    ui.open_playground(page, "K=3&M=50000&N=6&seed=21&start=random&method=Gradient&rate=0.0001")
    page.wait_for_selector(".st-key-new_start button")
    ui.wait_until_settled(page)
    page.evaluate(PRESS_EACH, ["new_start", "reset", "play"])
    expect(ui.button(page, "Pause")).to_be_visible(timeout=15_000)
    ui.wait_beyond(page, 2, "Gradient")
    assert "start_seed=1" in page.url
    ui.press(page, "Pause")
    expect(ui.button(page, "Play")).to_be_visible()
    ui.wait_until_settled(page)
    page.evaluate(PRESS_EACH, ["new_start", "step", "reset", "step", "step"])
    ui.expect_iteration(page, 2, "Gradient")
    ui.wait_until_settled(page)
    assert ui.iteration(page, "Gradient") == 2
    assert "start_seed=2" in page.url


def test_quick_steps_count_on_a_page_without_a_live_view(page: Page) -> None:
    open_page(page, f"/posterior?{SMALL}")
    press_many(page, "step", 6)
    # Each is a run of the page.
    expect(page.get_by_role("heading", name="EM at iteration 6")).to_be_visible(timeout=15_000)


def test_presses_that_wait_bring_back_no_page_that_was_left(page: Page) -> None:
    open_page(page, f"/posterior?{SMALL}")
    press_many(page, "step", 6)
    ui.visit(page, "Data")
    expect(page.get_by_role("tab", name="Edit the model")).to_be_visible()
    # The one that had been sent counts.
    ui.visit(page, "Viterbi")
    counted = re.compile(r"EM at iteration [1-6]\b")
    expect(page.get_by_role("heading", name=counted).first).to_be_visible()


@pytest.mark.parametrize(("where", "key"), [("Playground", "Enter"), ("Posterior", "Space")])
def test_play_and_pause_are_pressed_in_turn_by_one_key(page: Page, where: str, key: str) -> None:
    ui.open_playground(page, f"{SMALL}&method=Gradient&rate=0.0001")
    if where != "Playground":
        ui.visit(page, where)
        expect(page.get_by_role("heading", name="at iteration 0")).to_be_visible()
        wait_until_idle(page)
    ui.button(page, "Play").focus()
    for now in ("Pause", "Play", "Pause", "Play"):
        page.keyboard.press(key)
        expect(ui.button(page, now)).to_be_focused()


def test_a_key_that_is_held_down_on_play_does_not_pause(page: Page) -> None:
    ui.open_playground(page, f"{SMALL}&method=Gradient&rate=0.0001")
    ui.button(page, "Play").focus()
    page.keyboard.down("Enter")
    expect(ui.button(page, "Pause")).to_be_focused()
    for _ in range(3):
        # Every further one says that it repeats.
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    ui.wait_beyond(page, ui.iteration(page, "Gradient") + 5, "Gradient")
    expect(ui.button(page, "Pause")).to_be_focused()


def test_the_focus_stays_where_it_was_moved_to_before_play_turned_into_pause(page: Page) -> None:
    slow = SlowLine(page)
    ui.open_playground(page, f"{SMALL}&method=Gradient&rate=0.0001")
    ui.wait_until_settled(page)
    ui.button(page, "Play").focus()
    with slow.kept_back("answers"):
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
    expect(ui.button(page, "Pause")).to_be_visible()
    expect(ui.button(page, "Step")).to_be_focused()

    ui.button(page, "Pause").focus()
    with slow.kept_back("answers"):
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Transition matrix").click()
    expect(ui.button(page, "Play")).to_be_visible()
    ui.wait_until_settled(page)
    expect(ui.button(page, "Play")).not_to_be_focused()

    # Nor does it go to what was pressed without it.
    press_many(page, "play", 1)
    expect(ui.button(page, "Pause")).to_be_visible()
    ui.wait_beyond(page, ui.iteration(page, "Gradient") + 2, "Gradient")
    expect(ui.button(page, "Pause")).not_to_be_focused()
