"""The Training page in a real browser: the comparison, live."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import page as page_module
from tests.browser import playground as ui
from tests.browser.page import open_page

COMPARISON = "[data-testid=hmm-run-comparison]"
CHARTS = ("curve", "distance", "location", "spread", "stay")
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 800, "height": 1000}


def open_training(page: Page, query: str = "") -> None:
    """Go to the Training page, and wait until its charts are drawn."""
    open_page(page, f"/training?method=Both&M=60&N=5{'&' if query else ''}{query}")
    wait_until_drawn(page)


def wait_until_drawn(page: Page) -> None:
    page.wait_for_function(
        """([comparison, charts]) => charts.every((name) =>
          document.querySelector(`${comparison} [data-chart=${name}] svg`))""",
        arg=[COMPARISON, list(CHARTS)],
    )


def wait_until_settled(page: Page) -> None:
    """Wait until no script runs and the comparison has said and drawn what it was sent."""
    page_module.wait_until_settled(page, COMPARISON)


def curve_ends(page: Page, chart: str) -> list[float]:
    """How far along the axis each line of a chart goes, longest first."""
    found: list[float] = page.evaluate(
        """chart => document.querySelector(`[data-chart=${chart}]`).data
          .filter((trace) => trace.mode === "lines" && trace.hoverinfo !== "skip")
          .map((trace) => trace.x[trace.x.length - 1])""",
        chart,
    )
    return sorted(found, reverse=True)


def axis_title(page: Page, chart: str) -> str:
    title: str = ui.chart(page, chart).evaluate("chart => chart.layout.xaxis.title.text")
    return title


def press_segment(page: Page, label: str) -> None:
    page.locator("[data-testid=stMain]").get_by_role("radio", name=label, exact=True).click()


def test_both_play_side_by_side_along_every_axis_and_with_a_sweep(page: Page) -> None:
    open_training(page, "rate=0.02")
    expect(page.get_by_test_id("verdict")).to_have_text("EM and Gradient stand at the same start")
    ui.press(page, "Play")
    reached = ui.wait_beyond(page, 4, "EM")
    assert ui.wait_beyond(page, 4, "Gradient") > 4
    # The axis changes while they play.
    press_segment(page, "Seconds")
    page.wait_for_url("**along=seconds*")
    reached = ui.wait_beyond(page, reached, "EM")
    ui.press(page, "Pause")
    expect(ui.button(page, "Play")).to_be_visible()
    wait_until_settled(page)
    assert axis_title(page, "curve") == axis_title(page, "stay") == "seconds of computing"
    ends = curve_ends(page, "curve")
    assert len(ends) == 2
    assert min(ends) > 0.0
    assert max(ends) < 10.0
    expect(page.get_by_test_id("verdict")).to_contain_text("of computing")

    press_segment(page, "Iterations")
    page.wait_for_url("**along=iterations*")
    expect(ui.chart(page, "curve").get_by_text("iteration", exact=True)).to_be_visible()
    wait_until_settled(page)
    reached = ui.iteration(page, "EM")
    assert curve_ends(page, "curve") == [reached, reached]
    expect(page.get_by_test_id("verdict")).to_contain_text("EM is ahead by")

    ui.choose(page, "Learning-rate sweep", "3 rates: ÷3 to ×3")
    ui.expect_iteration(page, 0, "Gradient 0.06")
    ui.press(page, "Reset")
    ui.press(page, "Step")
    for run in ("EM", "Gradient", "Gradient 0.00667", "Gradient 0.06"):
        ui.expect_iteration(page, 1, run)
    expect(page.get_by_test_id("sweep")).to_contain_text("Of 3 learning rates 0.06")
    wait_until_settled(page)
    assert curve_ends(page, "curve") == [1, 1, 1, 1]


def test_time_travel_moves_the_whole_comparison(page: Page) -> None:
    open_training(page)
    for number in range(1, 6):
        ui.press(page, "Step")
        ui.expect_iteration(page, number, "Gradient")
    latest = page.get_by_test_id("verdict").inner_text()
    slider = page.get_by_role("slider", name="Iteration shown")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    for run in ("EM", "Gradient"):
        ui.expect_iteration(page, 3, run)
    expect(page.get_by_test_id("verdict")).to_contain_text("after 3 iterations")
    page.get_by_role("button", name="Latest").click()
    ui.expect_iteration(page, 5, "EM")
    expect(page.get_by_test_id("verdict")).to_have_text(latest)


def test_going_back_and_forth_while_it_plays(page: Page) -> None:
    """Two live views share one line: each takes its own pictures, and none is left standing."""
    open_training(page, "rate=0.001")
    ui.press(page, "Play")
    reached = ui.wait_beyond(page, 2, "Gradient")
    for _ in range(2):
        ui.visit(page, "Playground")
        ui.wait_until_drawn(page)
        reached = ui.wait_beyond(page, reached, "Gradient")
        ui.visit(page, "Training")
        wait_until_drawn(page)
        reached = ui.wait_beyond(page, reached, "Gradient")
    ui.press(page, "Pause")
    expect(ui.button(page, "Play")).to_be_visible()


CUT_OFF = """(roots) => roots.flatMap((root) =>
  [...document.querySelectorAll(root)].filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth)
    .map((e) => `${root}: "${e.textContent}" ${e.scrollWidth} > ${e.clientWidth}`))"""


@pytest.mark.parametrize(
    ("color_scheme", "viewport"), [("light", WIDE), ("dark", NARROW)], ids=["wide", "narrow"]
)
def test_nothing_of_the_comparison_is_cut_off(page: Page) -> None:
    open_training(page, "fan=5")
    for number in range(1, 3):
        ui.press(page, "Step")
        ui.expect_iteration(page, number, "Gradient")
    wait_until_settled(page)
    parts = ("[data-testid=stMain]", "html", ".hmm-verdict", ".hmm-runs", ".hmm-run-comparison h2")
    assert page.evaluate(CUT_OFF, list(parts)) == []
