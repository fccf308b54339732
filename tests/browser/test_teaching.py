"""The tour and the experiments that teach, as a visitor meets them in a browser."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from pages.ui.parts.presets import PRESETS
from pages.ui.settings.address import to_query
from tests.browser import playground as ui

GUIDE = ".st-key-guide"
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 800, "height": 1000}


def bottom(page: Page, selector: str) -> float:
    """Where an element ends, in pixels from the top of the window."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def expect_clear_of_the_charts(page: Page) -> None:
    """The line is whole, and nothing of it lies on the panel."""
    panel = page.locator(ui.PANEL).bounding_box()
    assert panel is not None
    assert bottom(page, GUIDE) <= panel["y"]
    cut = page.locator(f"{GUIDE} p").evaluate_all(
        """(texts) => texts.some((text) => text.getBoundingClientRect().bottom
          > text.closest(".st-key-guide").getBoundingClientRect().bottom)"""
    )
    assert not cut


@pytest.mark.parametrize(("viewport", "color_scheme"), [(NARROW, "dark")], ids=["narrow"])
def test_a_newcomer_takes_the_tour_with_the_keyboard(page: Page) -> None:
    ui.open_playground(page)
    on = page.locator(".st-key-tour_on button")
    expect(on).to_have_text("Take the tour")
    expect_clear_of_the_charts(page)
    on.focus()
    for step in (1, 2, 3):
        page.keyboard.press("Enter")
        expect(page.locator(GUIDE)).to_contain_text(f"{step} of 3")
        expect(on).to_be_focused()
        ui.wait_until_settled(page)
        expect_clear_of_the_charts(page)
        if step == 2:
            ui.press(page, "Play")
            ui.wait_beyond(page, 2)
            ui.press(page, "Pause")
            on.focus()
    page.keyboard.press("Enter")
    expect(page.locator(GUIDE)).to_have_count(0)
    # Nor does the link that the address bar holds now bring it back.
    page.goto(page.url)
    ui.wait_until_drawn(page)
    expect(page.locator(GUIDE)).to_have_count(0)


def test_names_are_drawn_as_they_were_typed(page: Page) -> None:
    query = {**to_query(PRESETS["umbrella"].config), "names": "<i>dry,a very long day"}
    ui.open_playground(page, urlencode(query))
    ui.wait_until_settled(page)
    expect(page.locator(".hmm-sequence .hmm-legend")).to_contain_text("<i>dry")
    expect(page.locator(".hmm-sequence .hmm-legend")).to_contain_text("a very long day")
    expect(ui.graph(page, "learned")).to_contain_text("<i>dry")
    ui.show_as(page, "matrix")
    for chart in ("learned", "sequence"):
        labels = page.locator(f'[data-chart="{chart}"] text')
        expect(labels.filter(has_text="<i>dry").first).to_be_visible()
        expect(labels.filter(has_text="a very l…").first).to_be_visible()


def test_links_open_examples(page: Page) -> None:
    for name in ("easy", "umbrella"):
        given = PRESETS[name]
        ui.open_playground(page, urlencode(to_query(given.config)))
        expect(page.get_by_role("combobox", name="Example")).to_have_value(given.title)
        expect(page.locator(GUIDE)).to_contain_text(given.question)
        expect(page.locator(GUIDE)).to_contain_text(given.press)
        expect(page.get_by_text(given.outcome[:40])).to_have_count(0)
        ui.wait_until_settled(page)
        expect_clear_of_the_charts(page)
        assert bottom(page, ui.PANEL) <= WIDE["height"]
        start = ui.log_likelihood(page)
        ui.press(page, "Step")
        ui.expect_iteration(page, 1)
        assert ui.log_likelihood(page) > start

    page.locator(GUIDE).get_by_role("button", name="Answer").click()
    expect(page.get_by_text("the published figures")).to_be_visible()
    page.keyboard.press("Escape")
    ui.choose(page, "Example", PRESETS["casino"].title)
    expect(page.locator(GUIDE)).to_contain_text(PRESETS["casino"].press)
    ui.nudge(page, "States K", "ArrowRight")
    expect(page.locator(GUIDE)).to_have_count(0)
