"""What can be taken away: an experiment that is opened again, and figures as they are seen."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import playground as ui
from tests.browser.page import open_page

CSV = "height\n" + "\n".join(f"{(7 * n) % 11 + 5 * (n % 40 > 20)}" for n in range(120))


def bring(page: Page, path: Path) -> None:
    """Give a file to the Data page."""
    page.get_by_role("tab", name="Your CSV file").click()
    page.locator("input[type=file]").set_input_files(path)


def test_own_data_and_their_runs_travel_in_a_file(page: Page, tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(CSV)
    open_page(page, "/data?K=2&method=Both")
    bring(page, table)
    page.get_by_role("button", name="Use this data").click()
    expect(page.get_by_text("In use:")).to_be_visible()
    ui.visit(page, "Playground")
    ui.expect_iteration(page, 0)
    for number in range(1, 4):
        ui.press(page, "Step")
        ui.expect_iteration(page, number)
    values = ui.log_likelihood_text(page), ui.log_likelihood_text(page, "Gradient")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(".hmm-link output")).to_contain_text("cannot carry your own data")

    # A file belongs to the run of the page that showed its button: the steps' own run comes first.
    ui.wait_until_settled(page)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Experiment file").click()
    kept = tmp_path / download.value.suggested_filename
    download.value.save_as(kept)

    # Somebody else, who is busy with something of their own, opens it.
    page.context.clear_cookies()
    open_page(page, "/data?K=4&seed=5")
    broken = tmp_path / "broken.json"
    broken.write_text(kept.read_text()[:500])
    bring(page, broken)
    expect(page.get_by_text("not JSON from beginning to end")).to_be_visible()
    expect(page.get_by_role("slider", name="States K")).to_have_value("4")
    page.locator("input[type=file]").set_input_files(kept)
    expect(page.get_by_text("The experiment is open as it was saved.")).to_be_visible()
    expect(page.get_by_text("In use:")).to_be_visible()
    expect(page.get_by_text("not JSON from beginning to end")).to_have_count(0)
    ui.visit(page, "Playground")
    ui.expect_iteration(page, 3)
    expect(page.get_by_test_id("log-likelihood-EM")).to_have_text(values[0])
    expect(page.get_by_test_id("log-likelihood-Gradient")).to_have_text(values[1])


def test_a_saved_figure_shows_what_is_on_the_screen(page: Page, tmp_path: Path) -> None:
    def saved_curves() -> int:
        with page.expect_download() as download:
            button = ui.chart(page, "means").get_by_role("button", name="Download as SVG")
            button.dispatch_event("click")
        saved = tmp_path / "means.svg"
        download.value.save_as(saved)
        return len(re.findall(r'<path [^>]*d="M[^"]{20,}"[^>]*fill: none', saved.read_text()))

    ui.open_playground(page, "M=60&N=5")
    ui.press(page, "Step")
    ui.wait_until_settled(page)
    # Five states, their sum, and the true means.
    assert saved_curves() >= 6
    ui.press(page, "Play")
    # Without a pointer on it, it is painted, and Plotly itself holds older numbers or none.
    page.mouse.move(0, 0)
    ui.wait_beyond(page, 8)
    assert saved_curves() >= 6
    ui.press(page, "Pause")
    expect(ui.button(page, "Play")).to_be_visible()
