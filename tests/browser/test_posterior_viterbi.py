"""The Posterior and the Viterbi page in a real browser, used as a visitor uses them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import page as page_module
from tests.browser import playground as ui
from tests.browser.page import open_page, page_failures

NARROW = {"width": 800, "height": 1000}
FIGURE = "[data-testid=hmm-figure]"
FIGURES = {
    "posterior": ("posterior_over_time", "transition_counts", "learned_transition_matrix"),
    "viterbi": ("paths_over_time", "confusion", "best_paths"),
}
FIRST_DRAWING_MS = 20_000
"""The first figure waits for the drawing library; on a machine with other work that takes long."""


def wait_until_settled(page: Page) -> None:
    """Wait until no script runs and every figure is drawn."""
    page_module.wait_until_settled(page, FIGURE)


def expect_drawn(page: Page, name: str) -> None:
    """Every figure of a page is on the screen, as wide as its place."""
    for key in FIGURES[name]:
        drawn = ui.chart(page, key).locator("svg").first
        expect(drawn).to_be_visible(timeout=FIRST_DRAWING_MS)
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0


def expect_heading(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", name=text)).to_be_visible()


def drawn_over_time(page: Page) -> str:
    """All that the figure of the posterior over time shows."""
    found: str = ui.chart(page, "posterior_over_time").evaluate(
        "figure => JSON.stringify(figure.data)"
    )
    return found


def test_a_visitor_looks_at_the_posterior(page: Page) -> None:
    open_page(page, "/posterior?M=60&N=3&K=3")
    expect_drawn(page, "posterior")
    wait_until_settled(page)
    smoothed = drawn_over_time(page)
    page.get_by_role("radio", name="Filtered").click()
    page.wait_for_url("**posterior=filtered*")
    wait_until_settled(page)
    assert drawn_over_time(page) != smoothed
    ui.enter(page, "Sequence", 2)
    expect_heading(page, re.compile("sequence 2"))

    ui.press(page, "Play")
    expect_heading(page, re.compile(r"EM at iteration ([3-9]|\d\d)"))
    ui.press(page, "Pause")
    expect(ui.button(page, "Play")).to_be_visible()
    page.get_by_text("What am I looking at?").click()
    expect(page.get_by_text("Why can a log-likelihood be positive?")).to_be_visible()
    assert page_failures(page) == []


@pytest.mark.parametrize(("color_scheme", "viewport"), [("dark", NARROW)], ids=["dark-800px"])
def test_a_visitor_looks_at_the_viterbi_path(page: Page) -> None:
    open_page(page, "/viterbi?M=60&N=3&K=3")
    expect_drawn(page, "viterbi")
    ui.enter(page, "Sequence", 3)
    expect_heading(page, re.compile("sequence 3"))
    ui.press(page, "Step")
    expect_heading(page, re.compile("EM at iteration 1"))
    expect(page.get_by_text("one path alone")).to_be_visible()

    ui.press(page, "Play")
    expect_heading(page, re.compile(r"EM at iteration ([5-9]|\d\d)"))
    ui.press(page, "Pause")
    expect(ui.button(page, "Play")).to_be_visible()
    page.get_by_text("What am I looking at?").click()
    expect(page.get_by_text("Why do they differ?")).to_be_visible()
    assert page_failures(page) == []


@pytest.mark.parametrize("viewport", [{"width": 390, "height": 844}])
def test_a_visitor_lists_the_best_paths_and_sends_them_on(page: Page) -> None:
    open_page(page, "/viterbi?M=60&N=3&K=3&noise=1.5")
    expect_drawn(page, "viterbi")
    wait_until_settled(page)
    expect(page.get_by_text("the first 5 together")).to_be_visible()
    ui.enter(page, "Best paths", 3)
    page.wait_for_url("**best=3*")
    ui.enter(page, "Draw number", 2)
    page.wait_for_url("**draw=2*")
    expect(page.get_by_text("the first 3 together")).to_be_visible()
    wait_until_settled(page)
    strips = "figure => JSON.stringify(figure.data.map((trace) => [trace.y, trace.z]))"
    sent = ui.chart(page, "best_paths").evaluate(strips)
    assert "path 3 ≠ best" in sent
    assert "draw 3" in sent
    with page.expect_download() as saved:
        page.get_by_role("button", name="Paths (CSV)").click()
    header = saved.value.path().read_text(encoding="utf-8").splitlines()[0]
    assert header == "time,path_1,path_2,path_3,draw_1,draw_2,draw_3"
    # Whoever opens the link has the same, the draws too.
    page.goto(page.url)
    expect_drawn(page, "viterbi")
    wait_until_settled(page)
    assert ui.chart(page, "best_paths").evaluate(strips) == sent
    assert page_failures(page) == []


def test_zoom_is_kept_while_the_model_learns(page: Page) -> None:
    key = "paths_over_time"
    open_page(page, "/viterbi?M=60&N=3&K=3")
    expect_drawn(page, "viterbi")
    wait_until_settled(page)
    zoomed = ui.drag_zoom(page, key)
    assert zoomed[0] > 10
    ui.press(page, "Step")
    expect_heading(page, re.compile("EM at iteration 1"))
    wait_until_settled(page)
    assert ui.axis_range(page, key) == pytest.approx(zoomed, abs=1e-6)
    # Another sequence has a time of its own.
    ui.enter(page, "Sequence", 2)
    ui.wait_for_range(page, key, "low < 1")


def test_a_page_comes_back_as_it_was_left(page: Page) -> None:
    key = "posterior_over_time"
    open_page(page, "/posterior?M=60&N=3&K=3")
    expect_drawn(page, "posterior")
    wait_until_settled(page)
    zoomed = ui.drag_zoom(page, key)
    ui.visit(page, "Playground")
    ui.wait_until_settled(page)
    also_zoomed = ui.drag_zoom(page, "sequence")
    ui.visit(page, "Posterior")
    expect_drawn(page, "posterior")
    wait_until_settled(page)
    assert ui.axis_range(page, key) == pytest.approx(zoomed, abs=1e-6)
    ui.visit(page, "Playground")
    ui.wait_until_settled(page)
    assert ui.axis_range(page, "sequence") == pytest.approx(also_zoomed, abs=1e-6)


def test_a_step_elsewhere_is_seen_on_return(page: Page) -> None:
    open_page(page, "/posterior?M=60&N=3&K=3")
    expect_drawn(page, "posterior")
    wait_until_settled(page)
    before = drawn_over_time(page)
    ui.visit(page, "Playground")
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    ui.visit(page, "Posterior")
    expect_heading(page, re.compile("EM at iteration 1"))
    expect_drawn(page, "posterior")
    wait_until_settled(page)
    assert drawn_over_time(page) != before
    # What is kept of the panel takes no part in what is pressed here.
    ui.press(page, "Step")
    expect_heading(page, re.compile("EM at iteration 2"))
    ui.visit(page, "Playground")
    ui.wait_until_settled(page)
    ui.expect_iteration(page, 2)
    ui.press(page, "Step")
    ui.expect_iteration(page, 3)


def test_figures_follow_the_theme_of_the_page(page: Page) -> None:
    open_page(page, "/posterior?M=60&N=3&K=3")
    expect_drawn(page, "posterior")
    page.emulate_media(color_scheme="dark")
    for key in FIGURES["posterior"]:
        drawn = ui.chart(page, key).locator("svg").first
        expect(drawn).to_have_css("background-color", "rgb(16, 21, 28)")


def test_the_largest_experiment_is_drawn(page: Page) -> None:
    open_page(page, "/posterior?K=20&M=100000&N=1")
    expect_drawn(page, "posterior")
    expect(page.get_by_text("1\u202f191 columns of 84 steps")).to_be_visible()
    ui.visit(page, "Viterbi")
    expect_drawn(page, "viterbi")
    expect(page.get_by_text("the first 200 of 100\u202f000 steps")).to_be_visible()


def test_what_two_pages_have_in_common_says_the_same_on_both(page: Page) -> None:
    ui.open_playground(page)
    ui.choose(page, "Example", "Sticky states")
    ui.wait_until_settled(page)
    for taken in range(1, 4):
        ui.press(page, "Step")
        ui.expect_iteration(page, taken)
    for name in ("Posterior", "Viterbi", "Posterior"):
        ui.visit(page, name)
        expect(page.get_by_role("heading", name="EM at iteration 3")).to_be_visible()
        expect(page.get_by_role("slider", name="Iteration shown")).to_have_value("3")
    ui.visit(page, "Playground")
    example = page.get_by_role("combobox", name="Example")
    expect(example).to_have_value("Sticky states")
    ui.visit(page, "Data")
    expect(example).to_have_value("Sticky states")
