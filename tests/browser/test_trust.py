"""The Trust page as people see it: its verdict, the way to the top, intervals on the Playground."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import playground as ui
from tests.browser.page import open_page

ALL_PAGES_IN_SIGHT = """() => {
  const frame = document.querySelector(".st-key-page_frame").getBoundingClientRect();
  const links = [...document.querySelectorAll("[data-testid=stTopNavLink]")];
  const ends = links.map((link) => link.getBoundingClientRect().right);
  return new Set(ends).size === links.length && Math.max(...ends) <= frame.left;
}"""


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 720}], ids=["narrow"])
def test_a_model_is_trained_to_the_top_and_its_intervals_are_drawn(page: Page) -> None:
    open_page(page, "/trust?K=2&M=60&N=10&seed=1&runs=EM_2")
    page.wait_for_function(ALL_PAGES_IN_SIGHT)
    expect(page.get_by_text("This is no maximum yet")).to_be_visible()
    page.get_by_role("button", name="Train to the end").click()
    expect(page.get_by_text("This is a maximum")).to_be_visible()
    figure = ui.chart(page, "intervals_means")
    expect(figure).to_have_attribute("aria-label", re.compile("Means μ with Wald intervals at 95"))
    page.get_by_role("radio", name="Profile").click()
    page.get_by_role("button", name="Profile 10 numbers").click()
    expect(page.get_by_text("10 intervals in")).to_be_visible()
    page.get_by_text("Intervals on the Playground").click()
    ui.visit(page, "Playground")
    ui.wait_until_drawn(page)
    expect(ui.chart(page, "means")).to_have_attribute(
        "aria-label", re.compile("Whiskers are intervals at 95 %.")
    )
