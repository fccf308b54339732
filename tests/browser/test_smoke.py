"""The app opens, in both modes, and shows something."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page import open_page, page_failures
from tests.browser.server import Server


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_the_first_page_opens(page: Page, server: Server) -> None:
    open_page(page, "/")
    assert page_failures(page) == []
    assert page.locator("[data-testid=stMainBlockContainer]").inner_text().strip()
    assert "Traceback" not in server.log()


@pytest.mark.parametrize("address", ["/", "/data", "/training", "/posterior", "/viterbi"])
def test_every_address_brings_the_style_of_the_page(page: Page, address: str) -> None:
    open_page(page, address)
    sheets = page.evaluate("[...document.styleSheets].map((sheet) => String(sheet.href))")
    assert sheets[-1].endswith("/page.css")


def test_an_address_below_a_page_leads_to_the_page(page: Page) -> None:
    open_page(page, "/data/x?K=3")
    assert "/data?" in page.url
    expect(page.get_by_role("slider", name="States K")).to_have_value("3")
