"""The app opens, in both modes, and shows something."""

import pytest
from playwright.sync_api import Page

from tests.browser.page import open_page, page_failures
from tests.browser.server import Server


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_the_first_page_opens(page: Page, server: Server) -> None:
    open_page(page, "/")
    assert page_failures(page) == []
    assert page.locator("[data-testid=stMainBlockContainer]").inner_text().strip()
    assert "Traceback" not in server.log()
