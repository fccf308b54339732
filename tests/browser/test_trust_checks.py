"""The Trust page in a real browser: what is computed while one watches, and what it says."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page import open_page

WIDE, TELEPHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SMALL = "K=2&M=40&N=8&runs=EM_30&simulations=20&datasets=20"


@pytest.mark.parametrize("viewport", [WIDE, TELEPHONE])
def test_verdicts_come_by_themselves_and_intervals_are_counted_at_a_press(page: Page) -> None:
    open_page(page, f"/trust?{SMALL}")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text(re.compile("residuals? of 320 lies? beyond ±3"))).to_be_visible()
    expect(main.get_by_text(re.compile("of 32 observations held out lie inside"))).to_be_visible()
    expect(main.get_by_text(re.compile("20 data sets in"))).to_be_visible()
    page.get_by_role("button", name="Draw, fit and count").click()
    expect(
        main.get_by_text(re.compile("of 40 intervals of the means held the truth"))
    ).to_be_visible()
    assert page.evaluate(
        "() => { const main = document.querySelector('[data-testid=stMain]');"
        " return main.scrollWidth <= main.clientWidth; }"
    )
    with page.expect_download() as download:
        page.get_by_role("button", name="Forecast (CSV)").click()
    table = download.value.path().read_text(encoding="utf-8").splitlines()
    assert table[0].startswith("sequence,time,steps_ahead,mean,standard_deviation,lower,upper")
    assert len(table) == 1 + 8 * 10


def test_a_long_count_is_cancelled_and_the_settings_are_in_the_link(page: Page) -> None:
    open_page(page, "/trust?K=3&datasets=5000&level=80&ahead=3")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_role("heading", name="How often do 80 % intervals")).to_be_visible()
    page.get_by_role("button", name="Draw, fit and count").click()
    expect(main.get_by_text(re.compile("[1-9]\\d* of 5.000 data sets"))).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(main.get_by_text(re.compile("Cancelled after"))).to_be_visible()
    main.get_by_role("radio", name="Ordinary").click()
    page.wait_for_function("() => location.search.includes('residual=ordinary')")
    expect(main.get_by_text("Ordinary residuals of neighbouring times")).to_be_visible()
