"""A model in the reader's hand: dragged, moved by keys, typed, and carried in a link."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import playground as ui


def grip(page: Page, name: str) -> Locator:
    """The mark of a number of the model."""
    return page.get_by_role("slider", name=name, exact=True)


def value(mark: Locator) -> float:
    """What a mark says of its number."""
    return float((mark.get_attribute("aria-valuetext") or "").replace("−", "-"))


def drag(page: Page, mark: Locator, right: float = 0.0, up: float = 0.0) -> None:
    """Drag a mark by so many pixels, in steps as a hand does."""
    box = mark.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y - up, steps=8)
    page.mouse.up()
    ui.wait_until_settled(page)


def test_a_mark_is_dragged_moved_by_keys_and_typed_over(page: Page) -> None:
    ui.open_playground(page, "K=3&M=60&N=5")
    ui.wait_until_settled(page)
    for taken in (1, 2, 3):
        ui.press(page, "Step")
        ui.expect_iteration(page, taken)
    ui.wait_until_settled(page)
    mark = grip(page, "mean of S1")
    trained, before = ui.log_likelihood(page), value(mark)
    drag(page, mark, right=40)
    dragged = value(mark)
    assert dragged > before + 0.2
    ui.expect_iteration(page, 0)
    expect(page.get_by_role("combobox", name="Starting point")).to_have_value("By hand")
    expect(ui.chart(page, "curve")).to_contain_text("nats per observation to go")
    expect(ui.chart(page, "curve")).to_contain_text("best run")
    # Arrow keys move what has the focus, and what they say is the value.
    mark.focus()
    page.keyboard.press("ArrowLeft")
    ui.wait_until_settled(page)
    assert before < value(mark) < dragged
    # A spread by the edge of its curve, and a number that is typed.
    edge = grip(page, "standard deviation of S2")
    spread = value(edge)
    drag(page, edge, right=15)
    assert value(edge) != spread
    mark.focus()
    page.keyboard.press("Enter")
    page.keyboard.type("twelve")
    page.keyboard.press("Enter")
    entry = page.get_by_role("textbox", name=re.compile("^mean of S1"))
    expect(entry).to_have_attribute("aria-invalid", "true")
    entry.fill("-1,25")
    page.keyboard.press("Enter")
    expect(mark).to_have_attribute("aria-valuetext", "−1.25")
    ui.wait_until_settled(page)
    made = ui.log_likelihood(page)
    # Training goes on from there, and Reset returns to it; what was trained can be had back.
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    assert ui.log_likelihood(page) > made
    ui.press(page, "Reset")
    ui.expect_iteration(page, 0)
    assert ui.log_likelihood(page) == made
    page.locator(".st-key-undo_remedy").get_by_role("button").click()
    ui.expect_iteration(page, 3)
    assert ui.log_likelihood(page) == trained


def test_cells_are_dragged_and_the_link_has_every_digit(page: Page) -> None:
    ui.open_playground(page, "K=3&M=60&N=5&view=matrix")
    ui.wait_until_settled(page)
    cell = grip(page, "from S1 to S3")
    drag(page, cell, up=30)
    moved = value(cell)
    assert 0.1 < moved <= 1.0
    row = [value(grip(page, f"from S1 to S{j}")) for j in (1, 2, 3)]
    assert sum(row) == pytest.approx(1.0, abs=1e-3)
    begins = grip(page, "begins in S2")
    begins.focus()
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    expect(begins).to_have_attribute("aria-valuetext", "0")
    ui.wait_until_settled(page)
    expect(page).to_have_url(re.compile("start=hand.*hand="))
    seen = [(value(grip(page, f"from S1 to S{j}"))) for j in (1, 2, 3)]
    made = ui.log_likelihood(page)
    assert page.context.browser is not None
    other = page.context.browser.new_context().new_page()
    other.goto(page.url)
    ui.wait_until_drawn(other)
    ui.wait_until_settled(other)
    assert ui.log_likelihood(other) == made
    assert [value(grip(other, f"from S1 to S{j}")) for j in (1, 2, 3)] == seen
    assert value(grip(other, "begins in S2")) == 0.0
    other.context.close()


def test_a_networks_means_are_not_to_be_dragged_and_a_sentence_says_so(page: Page) -> None:
    ui.open_playground(page, "K=3&M=60&N=5&model=network")
    ui.wait_until_settled(page)
    expect(page.get_by_role("slider", name=re.compile("^mean of"))).to_have_count(0)
    expect(page.locator(".hmm-means .hmm-note")).to_contain_text("not to be dragged")
    expect(page.locator(".hmm-means .hmm-note")).to_have_attribute(
        "title", re.compile("choose Free as the model of the means")
    )
