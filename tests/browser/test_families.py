"""Every kind of observations in a real browser: the panel draws the chart that suits it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import playground as ui
from tests.browser.page import open_page

NARROW = {"width": 800, "height": 1000}
CARD = ".hmm-means h2"


def traces(page: Page, chart: str = "means") -> list[dict[str, Any]]:
    """What Plotly was given to draw, trace by trace."""
    found: list[dict[str, Any]] = ui.chart(page, chart).evaluate(
        """chart => chart.data.map((trace) => ({
          type: trace.type, mode: trace.mode, points: trace.x?.length ?? 0,
          dash: trace.line?.dash ?? "solid", shape: trace.line?.shape,
        }))"""
    )
    return found


def overflowing(page: Page) -> list[str]:
    """Texts of the panel's charts that reach beyond their chart."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("[data-chart], [data-graph]")].flatMap((chart) => {
          const room = chart.getBoundingClientRect();
          return [...chart.querySelectorAll("text")]
            .filter((text) => text.textContent && text.getClientRects().length)
            .filter((text) => {
              const box = text.getBoundingClientRect();
              return box.left < room.left - 1 || box.right > room.right + 1
                || box.top < room.top - 1 || box.bottom > room.bottom + 1;
            })
            .map((text) => `${chart.dataset.chart ?? "graph"}: ${text.textContent}`);
        })"""
    )
    return found


def step(page: Page, query: str, card: str) -> None:
    """Open a link, take a step, and see that the emissions were drawn anew."""
    ui.open_playground(page, query)
    ui.wait_until_settled(page)
    expect(page.locator(CARD)).to_have_text(card)
    before = ui.log_likelihood(page)
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    ui.wait_until_settled(page)
    assert ui.log_likelihood(page) > before
    assert overflowing(page) == []


def test_counts_are_stepped_curves_over_their_histogram(page: Page) -> None:
    step(page, "family=counts&K=3&M=60&N=4", "Rates and counts")
    curves = [trace for trace in traces(page) if trace["shape"] == "hvh"]
    assert len(curves) == 4, "one for each state, and their sum"
    assert (
        ui.axis_range(page, "sequence", "yaxis")[0]
        < 0
        < ui.axis_range(page, "sequence", "yaxis")[1]
    )


@pytest.mark.parametrize("viewport", [NARROW], ids=["narrow"])
def test_symbols_are_bars_on_a_scale_from_zero_to_one(page: Page) -> None:
    step(page, "family=symbols&K=3&C=4&M=60&N=4", "Symbol probabilities")
    bars = [trace for trace in traces(page) if trace["type"] == "bar"]
    assert [trace["points"] for trace in bars] == [4] * 4, "the data, and each state"
    assert ui.axis_range(page, "means", "yaxis") == [0, 1]
    assert ui.axis_range(page, "sequence", "yaxis") == [-0.6, 3.6]


def test_many_symbols_are_a_table_of_colours(page: Page) -> None:
    step(page, "family=symbols&K=20&C=20&M=60&N=4", "Symbol probabilities")
    assert [trace["type"] for trace in traces(page)] == ["heatmap"]


@pytest.mark.parametrize("viewport", [NARROW], ids=["narrow"])
@pytest.mark.parametrize("color_scheme", ["dark"])
def test_points_lie_among_learned_and_true_ellipses(page: Page) -> None:
    step(page, "family=points&K=3&M=60&N=4&cov=full", "Means and covariances")
    lines = [trace for trace in traces(page) if trace["mode"] == "lines"]
    assert [line["dash"] == "solid" for line in lines] == [True] * 3 + [False] * 3
    stood = ui.axis_range(page, "means"), ui.axis_range(page, "means", "yaxis")
    ui.press(page, "Step")
    ui.expect_iteration(page, 2)
    ui.wait_until_settled(page)
    assert (ui.axis_range(page, "means"), ui.axis_range(page, "means", "yaxis")) == stood
    sequence = ui.chart(page, "sequence")
    expect(sequence.get_by_text("observation x1", exact=True)).to_be_visible()
    ui.choose(page, "Dimension", "x2")
    expect(sequence.get_by_text("observation x2", exact=True)).to_be_visible()
    expect(ui.chart(page, "means").get_by_text("observation x1", exact=True)).to_be_visible()


@pytest.mark.parametrize("viewport", [NARROW], ids=["narrow"])
def test_several_quantities_have_a_panel_and_a_chart_each(page: Page) -> None:
    query = "family=product&kinds=ncs&C=3&K=3&M=60&N=4"
    step(page, query, "What each state emits of each")
    assert {trace["type"] == "bar" for trace in traces(page)} == {True, False}
    for name in ("x", "n", "s"):
        expect(ui.chart(page, "sequence").get_by_text(name, exact=True)).to_be_visible()
    for title in ("observation x", "count n", "symbol s"):
        expect(ui.chart(page, "means").get_by_text(title, exact=True)).to_be_visible()
    # A number of each part is in the reader's hand.
    grip = page.get_by_role("slider", name="count n: rate of S2")
    before = grip.get_attribute("aria-valuetext")
    grip.press("ArrowRight")
    expect(grip).not_to_have_attribute("aria-valuetext", before or "")


def test_a_small_network_learns_live(page: Page) -> None:
    ui.open_playground(page, "model=network&K=3&M=60&N=4&method=Both")
    ui.press(page, "Play")
    ui.wait_beyond(page, 3)
    ui.wait_beyond(page, 3, "Gradient")
    ui.press(page, "Pause")


def test_another_family_is_one_choice_away_and_back(page: Page) -> None:
    ui.open_playground(page, "M=60&N=4")
    for family, card in [
        ("Symbols (Categorical)", "Symbol probabilities"),
        ("Points (multivariate Gaussian)", "Means and covariances"),
        ("Counts (Poisson)", "Rates and counts"),
        ("Numbers (Gaussian)", "Means and densities"),
    ]:
        ui.choose(page, "Observations", family)
        expect(page.locator(CARD)).to_have_text(card)
        ui.wait_until_settled(page)
        ui.press(page, "Step")
        ui.expect_iteration(page, 1)
    assert "family" not in page.url


def test_words_of_a_file_stand_on_the_axis(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "weather.csv"
    days = ("sun", "<b>rain</b>", "sun", "fog", "<b>rain</b>") * 8
    file.write_text("sky\n" + "\n".join(days) + "\n", encoding="utf-8")
    open_page(page, "/data?K=2")
    page.get_by_role("tab", name="Your CSV file").click()
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("Read 40 observations in 1 sequence. Symbols:")).to_be_visible()
    page.get_by_role("button", name="Use this data").click()
    expect(page.get_by_text("In use: column “sky” (symbols) of weather.csv.")).to_be_visible()
    ui.visit(page, "Playground")
    for chart, names in {
        "sequence": ("<b>rain<…", "fog", "sun"),
        "means": ("<b>rain</b>", "fog", "sun"),
    }.items():
        for name in names:
            expect(ui.chart(page, chart).get_by_text(name, exact=True)).to_be_visible()
    ui.wait_until_settled(page)
    assert overflowing(page) == []
