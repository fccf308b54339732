"""The Models page in a real browser: what is trained while one watches can be taken along."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page import open_page, wait_until_idle

WIDE, TELEPHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SMALL = "K=2&M=40&N=8&restarts=12&upto=3&each=4&start_seed=99"


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


@pytest.mark.parametrize("viewport", [WIDE, TELEPHONE])
def test_a_model_is_chosen_and_taken_along_and_comes_back_by_its_link(page: Page) -> None:
    open_page(page, f"/models?{SMALL}")
    main = page.get_by_test_id("stMain")
    press(page, "Train from all")
    expect(main.get_by_text("of the starts reached the best")).to_be_visible()
    expect(main.get_by_text(re.compile("12 fits in"))).to_be_visible()
    press(page, "Try each K")
    expect(main.get_by_text(re.compile("BIC prefers K ="))).to_be_visible()
    # Once all is known the page runs again, with the buttons of a job that is done.
    expect(main.get_by_text(re.compile(r"\d fits in"))).to_have_count(2)
    wait_until_idle(page)
    assert page.evaluate(
        "() => { const main = document.querySelector('[data-testid=stMain]');"
        " return main.scrollWidth <= main.clientWidth; }"
    )
    chosen = page.get_by_role("button", name=re.compile("Use K = "))
    number = str(chosen.text_content())[-1]
    chosen.click()
    expect(main.get_by_text("Started again. What there was is kept")).to_be_visible()
    page.wait_for_function(
        "number => new URLSearchParams(location.search).get('K') === number"
        " && location.search.includes('runs=')",
        arg=number,
    )
    # What was found stays beside the model that was taken.
    expect(main.get_by_text(re.compile("BIC prefers K ="))).to_be_visible()


def test_a_long_sweep_shows_how_far_it_is_and_is_cancelled(page: Page) -> None:
    open_page(page, "/models?restarts=5000")
    press(page, "Train from all")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text(re.compile("of 5.000 fits"))).to_be_visible()
    expect(main.get_by_text("of the starts reached the best")).to_be_visible()
    press(page, "Cancel")
    expect(main.get_by_text(re.compile("Cancelled after"))).to_be_visible()
    expect(page.get_by_role("button", name="Adopt")).to_be_visible()


def test_constraints_are_compared_and_one_stands_in_the_sidebar_then(page: Page) -> None:
    open_page(page, "/models?K=3&M=40&N=8&structure=cyclic&side=plain.tied.cyclic&side_each=3")
    press(page, "Train them")
    main, sidebar = page.get_by_test_id("stMain"), page.get_by_test_id("stSidebar")
    expect(main.get_by_text(re.compile("BIC prefers Cyclic"))).to_be_visible()
    press(page, "Use this one")
    expect(sidebar.get_by_text("Chain: cyclic.")).to_be_visible()
    page.wait_for_function(
        "() => location.search.includes('chain=cyclic') && location.search.includes('runs=')"
    )
    expect(main.get_by_text(re.compile("BIC prefers Cyclic"))).to_be_visible()
    # Its controls are closed until somebody wants them.
    expect(sidebar.get_by_label("Sticky prior", exact=True)).to_be_hidden()
    sidebar.get_by_text("Constraints and priors").click()
    expect(sidebar.get_by_label("Sticky prior", exact=True)).to_be_visible()
    # While they open, what is pressed moves away under the pointer.
    sidebar.get_by_test_id("stExpander").evaluate(
        "area => Promise.all(area.getAnimations({ subtree: true }).map(({ finished }) => finished))"
    )
    press(page, "Hold nothing")
    expect(sidebar.get_by_text("Chain: cyclic.")).to_be_hidden()
