"""The Posterior and the Viterbi page in a real browser, used as a visitor uses them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import playground as ui
from tests.browser.page import open_page, page_failures, wait_until_idle

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 800, "height": 1000}
FIGURES = {
    "posterior": ("posterior_over_time", "transition_counts", "learned_transition_matrix"),
    "viterbi": ("paths_over_time", "confusion"),
}
FIRST_DRAWING_MS = 20_000
"""The first figure waits for the drawing library; on a machine with other work that takes long."""
LONG_AWAY_MS = 2_000
"""By then a view that left the page has been told so."""

# How often a figure was drawn, in each frame in which it is seen.
FRAMES_SHOWN = """(key) => {
  window.hmmShownDraws = [];
  const look = () => {
    const root = document.querySelector(`[data-key=${key}]`);
    const layer = root?.querySelector("svg.main-svg");
    if (layer?.checkVisibility({ visibilityProperty: true })) {
      window.hmmShownDraws?.push(Number(root.dataset.draws));
    }
    if (window.hmmShownDraws) requestAnimationFrame(look);
  };
  look();
}"""

looks = pytest.mark.parametrize(
    ("color_scheme", "viewport"),
    [("light", WIDE), ("dark", NARROW)],
    ids=["light-1440px", "dark-800px"],
)


def figure(page: Page, key: str) -> Locator:
    """A figure that has been drawn."""
    return page.locator(f"[data-testid=hmm-figure][data-key={key}][data-draws]")


def draws(page: Page, key: str) -> int:
    """How often a figure has been drawn."""
    return int(figure(page, key).get_attribute("data-draws") or 0)


def expect_drawn(page: Page, name: str) -> None:
    """Every figure of a page is on the screen, as wide as its place."""
    for key in FIGURES[name]:
        drawn = figure(page, key).locator("svg.main-svg").first
        expect(drawn).to_be_visible(timeout=FIRST_DRAWING_MS)
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0


def expect_redrawn(page: Page, key: str, before: int) -> None:
    """A figure is drawn again."""
    page.wait_for_function(
        """([key, before]) => Number(
          document.querySelector(`[data-key=${key}]`)?.dataset.draws ?? 0) > before""",
        arg=[key, before],
    )


def time_range(page: Page, key: str) -> list[float]:
    """The stretch of time that a figure shows."""
    found: list[float] = page.evaluate(
        "(key) => [...document.querySelector(`[data-key=${key}]`)._fullLayout.xaxis.range]", key
    )
    return found


def zoom_in(page: Page, key: str) -> list[float]:
    """Drag over a part of a figure; the stretch of time that it shows then."""
    box = figure(page, key).locator(".nsewdrag").first.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.3 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=6)
    page.mouse.up()
    page.wait_for_function(
        "(key) => document.querySelector(`[data-key=${key}]`)._fullLayout.xaxis.range[0] > 10",
        arg=key,
    )
    return time_range(page, key)


def expect_heading(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", name=text)).to_be_visible()


@looks
def test_a_visitor_looks_at_the_posterior(page: Page) -> None:
    open_page(page, "/posterior?M=60&N=3&K=3")
    expect_drawn(page, "posterior")
    drawn = draws(page, "posterior_over_time")
    page.get_by_role("radio", name="Filtered").click()
    page.wait_for_url("**posterior=filtered*")
    expect_redrawn(page, "posterior_over_time", drawn)
    ui.enter(page, "Sequence", 2)
    expect_heading(page, re.compile("sequence 2"))

    ui.press(page, "Play")
    expect_heading(page, re.compile(r"EM at iteration ([3-9]|\d\d)"))
    ui.press(page, "Pause")
    wait_until_idle(page)
    page.get_by_text("What am I looking at?").click()
    expect(page.get_by_text("Why can a log-likelihood be positive?")).to_be_visible()
    assert page_failures(page) == []


@looks
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
    wait_until_idle(page)
    page.get_by_text("What am I looking at?").click()
    expect(page.get_by_text("Why do they differ?")).to_be_visible()
    assert page_failures(page) == []


def test_both_pages_show_the_same_run(page: Page) -> None:
    open_page(page, "/posterior?M=60&N=3&K=3")
    ui.press(page, "Step")
    expect_heading(page, re.compile("EM at iteration 1"))
    ui.visit(page, "Viterbi")
    expect_drawn(page, "viterbi")
    expect_heading(page, re.compile("EM at iteration 1"))
    ui.press(page, "Step")
    expect_heading(page, re.compile("EM at iteration 2"))
    ui.visit(page, "Posterior")
    expect_drawn(page, "posterior")
    expect_heading(page, re.compile("EM at iteration 2"))


@pytest.mark.parametrize(
    ("name", "key"), [("posterior", "posterior_over_time"), ("viterbi", "paths_over_time")]
)
def test_zoom_is_kept_while_the_model_learns(page: Page, name: str, key: str) -> None:
    open_page(page, f"/{name}?M=60&N=3&K=3")
    expect_drawn(page, name)
    zoomed = zoom_in(page, key)
    drawn = draws(page, key)
    ui.press(page, "Step")
    expect_redrawn(page, key, drawn)
    assert time_range(page, key) == pytest.approx(zoomed, abs=1e-6)
    # Another sequence has a time of its own.
    ui.enter(page, "Sequence", 2)
    page.wait_for_function(
        "(key) => document.querySelector(`[data-key=${key}]`)._fullLayout.xaxis.range[0] < 1",
        arg=key,
    )


def test_a_page_comes_back_as_it_was_left(page: Page) -> None:
    key = "posterior_over_time"
    open_page(page, "/posterior?M=60&N=3&K=3")
    expect_drawn(page, "posterior")
    zoomed, drawn = zoom_in(page, key), draws(page, key)
    ui.visit(page, "Playground")
    ui.wait_until_drawn(page)
    also_zoomed, panel_drawn = ui.drag_zoom(page, "sequence"), ui.draws(page)
    page.wait_for_timeout(LONG_AWAY_MS)
    ui.visit(page, "Posterior")
    expect_drawn(page, "posterior")
    wait_until_idle(page)
    assert (time_range(page, key), draws(page, key)) == (zoomed, drawn)
    page.wait_for_timeout(LONG_AWAY_MS)
    ui.visit(page, "Playground")
    ui.wait_until_settled(page)
    assert ui.axis_range(page, "sequence") == pytest.approx(also_zoomed, abs=1e-6)
    assert ui.draws(page) == panel_drawn


def test_after_a_step_elsewhere_no_old_figure_is_shown(page: Page) -> None:
    key = "posterior_over_time"
    open_page(page, "/posterior?M=60&N=3&K=3")
    expect_drawn(page, "posterior")
    before = draws(page, key)
    ui.visit(page, "Playground")
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    page.wait_for_timeout(LONG_AWAY_MS)
    page.evaluate(FRAMES_SHOWN, key)
    ui.visit(page, "Posterior")
    expect_redrawn(page, key, before)
    expect_drawn(page, "posterior")
    shown = page.evaluate(
        "() => { const shown = hmmShownDraws; hmmShownDraws = null; return shown }"
    )
    assert set(shown) == {before + 1}
    # What is kept of the panel takes no part in what is pressed here.
    page.wait_for_timeout(LONG_AWAY_MS)
    ui.press(page, "Step")
    expect_heading(page, re.compile("EM at iteration 2"))
    ui.visit(page, "Playground")
    ui.wait_until_settled(page)
    assert ui.iteration(page) == 2
    ui.press(page, "Step")
    ui.expect_iteration(page, 3)


def test_figures_follow_the_theme_of_the_page(page: Page) -> None:
    open_page(page, "/posterior?M=60&N=3&K=3")
    expect_drawn(page, "posterior")
    page.emulate_media(color_scheme="dark")
    for key in FIGURES["posterior"]:
        drawn = figure(page, key).locator("svg.main-svg").first
        expect(drawn).to_have_css("background-color", "rgb(16, 21, 28)")


def test_a_figure_that_could_not_be_drawn_is_tried_again_when_its_page_comes_back(
    page: Page, browser_errors: list[str]
) -> None:
    page.route("**/plotly.js*", lambda route: route.abort())
    open_page(page, "/posterior?M=60&N=3&K=3")
    expect(page.get_by_text("The drawing library could not be loaded").first).to_be_visible()
    page.unroute("**/plotly.js*")
    browser_errors.clear()
    ui.visit(page, "Playground")
    ui.wait_until_drawn(page)
    page.wait_for_timeout(LONG_AWAY_MS)
    ui.visit(page, "Posterior")
    expect_drawn(page, "posterior")


@looks
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
