"""Time travel in a real browser: the panel's own controls, and what other pages show then."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser import playground as ui


def scrubber(page: Page) -> Locator:
    return page.get_by_role("slider", name="Iteration shown")


def control(page: Page, name: str) -> Locator:
    """A button of the line of iterations."""
    return page.locator(".hmm-scrubber").get_by_role("button", name=name, exact=True)


def test_a_visitor_goes_back_marks_a_place_and_returns(page: Page) -> None:
    ui.open_playground(page, "K=3&M=60&N=5&noise=1")
    expect(scrubber(page)).to_be_disabled()
    expect(control(page, "First")).to_be_disabled()
    values = [ui.log_likelihood_text(page)]
    for taken in range(1, 5):
        ui.press(page, "Step")
        ui.expect_iteration(page, taken)
        values.append(ui.log_likelihood_text(page))

    scrubber(page).focus()
    for back in (3, 2, 1):
        page.keyboard.press("ArrowLeft")
        ui.expect_iteration(page, back)
        assert ui.log_likelihood_text(page) == values[back]
    expect(scrubber(page)).to_have_attribute("aria-valuetext", "iteration 1 of 4")
    control(page, "Mark").click()
    expect(control(page, "Mark")).to_have_attribute("aria-pressed", "true")

    control(page, "First").click()
    ui.expect_iteration(page, 0)
    assert ui.log_likelihood_text(page) == values[0]
    expect(control(page, "First")).to_be_disabled()
    control(page, "Latest").click()
    ui.expect_iteration(page, 4)
    expect(control(page, "Latest")).to_be_disabled()
    page.get_by_role("button", name="Go to marked iteration 1").click()
    ui.expect_iteration(page, 1)

    ui.visit(page, "Posterior")
    expect(page.get_by_role("heading", name="EM at iteration 1")).to_be_visible()
    scrubber(page).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="EM at iteration 2")).to_be_visible()
    ui.visit(page, "Playground")
    ui.expect_iteration(page, 2)
    assert ui.log_likelihood_text(page) == values[2]

    # What was learned is still there, and goes on.
    ui.press(page, "Step")
    ui.expect_iteration(page, 5)


def test_dragging_the_line_while_it_plays_pauses(page: Page) -> None:
    ui.open_playground(page, "K=3&M=60&N=5&method=Gradient&rate=0.001")
    ui.press(page, "Play")
    ui.wait_beyond(page, 5, "Gradient")
    scrubber(page).focus()
    page.keyboard.press("Home")
    ui.expect_iteration(page, 0, "Gradient")
    expect(ui.button(page, "Play")).to_be_visible()
    ui.press(page, "Play")
    ui.wait_beyond(page, 6, "Gradient")
