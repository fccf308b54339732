"""The Playground in a real browser, used as a visitor uses it."""

from __future__ import annotations

import random
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import playground as ui
from tests.browser.page import page_failures, wait_until_idle

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 800, "height": 1000}


def looks(*cases: tuple[str, dict[str, int]]) -> pytest.MarkDecorator:
    """Run a test in these modes and window sizes."""
    names = [f"{scheme}-{size['width']}px" for scheme, size in cases]
    return pytest.mark.parametrize(("color_scheme", "viewport"), cases, ids=names)


def expect_paused(page: Page) -> None:
    """The page has come to rest."""
    expect(ui.button(page, "Play")).to_be_visible()
    ui.wait_until_settled(page)


@looks(("dark", NARROW))
def test_a_visitor_sets_up_an_experiment_and_watches_it_learn(page: Page) -> None:
    ui.open_playground(page)
    ui.nudge(page, "States K", "ArrowLeft", times=2)
    expect(ui.learned_graph_of(page, 3)).to_be_visible()
    ui.enter(page, "Length M", 60)
    ui.enter(page, "Sequences N", 5)
    ui.nudge(page, "Noise σ", "ArrowRight")
    for parameter in ("K=3", "M=60", "N=5", "noise=0.55"):
        page.wait_for_url(lambda url, wanted=parameter: wanted in url.split("?")[1].split("&"))
    ui.wait_until_settled(page)
    start = ui.log_likelihood_text(page)

    ui.press(page, "Play")
    ui.wait_beyond(page, 2)
    assert ui.log_likelihood(page) > float(start.replace("−", "-"))
    before = ui.iteration(page)
    ui.choose(page, "Speed", "2 / s")
    assert ui.wait_beyond(page, before) > before
    ui.press(page, "Pause")
    expect_paused(page)

    reached = ui.iteration(page)
    ui.press(page, "Step")
    ui.expect_iteration(page, reached + 1)
    ui.press(page, "Reset")
    ui.expect_iteration(page, 0)
    assert ui.log_likelihood_text(page) == start
    ui.press(page, "New start")
    expect(page.get_by_test_id("log-likelihood-EM")).not_to_have_text(start)
    ui.expect_iteration(page, 0)


def test_the_gradient_plays_and_takes_another_learning_rate_on_the_way(page: Page) -> None:
    ui.open_playground(page, "M=60&N=5")
    ui.choose(page, "Method", "Gradient")
    ui.expect_iteration(page, 0, "Gradient")
    expect(page.get_by_test_id("iteration-EM")).to_have_count(0)
    start = ui.log_likelihood(page, "Gradient")
    ui.press(page, "Play")
    reached = ui.wait_beyond(page, 2, "Gradient")
    ui.enter(page, "Learning rate", 0.1)
    page.wait_for_url("**rate=0.1*")
    assert ui.wait_beyond(page, reached, "Gradient") > reached
    ui.press(page, "Pause")
    expect_paused(page)
    assert ui.log_likelihood(page, "Gradient") > start

    ui.choose(page, "Method", "Both")
    ui.expect_iteration(page, 0, "EM")
    assert ui.iteration(page, "Gradient") > reached
    # Both start from the same model.
    ui.press(page, "Reset")
    ui.expect_iteration(page, 0, "Gradient")
    assert ui.log_likelihood_text(page, "EM") == ui.log_likelihood_text(page, "Gradient")
    ui.press(page, "Step")
    ui.expect_iteration(page, 1, "EM")
    ui.expect_iteration(page, 1, "Gradient")


def test_the_zoom_stays_while_it_plays_until_a_double_click_or_other_data(page: Page) -> None:
    ui.open_playground(page)
    zoomed = ui.drag_zoom(page, "sequence")
    assert zoomed[1] - zoomed[0] < 100
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    assert ui.axis_range(page, "sequence") == pytest.approx(zoomed, abs=1e-6)

    ui.press(page, "Play")
    ui.wait_beyond(page, 5)
    assert ui.axis_range(page, "sequence") == pytest.approx(zoomed, abs=1e-6)
    ui.press(page, "Pause")
    expect_paused(page)
    assert ui.axis_range(page, "sequence") == pytest.approx(zoomed, abs=1e-6)
    page.mouse.dblclick(*ui.place_in(page, "sequence", 0.5))
    ui.wait_for_range(page, "sequence", "high >= 200")
    ui.drag_zoom(page, "sequence")
    ui.enter(page, "Seed", 5)
    ui.wait_for_range(page, "sequence", "high >= 200")


CUT_OFF = """(roots) => roots.flatMap((root) =>
  [...document.querySelectorAll(root)].filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth)
    .map((e) => `${root}: "${e.value ?? e.textContent}" ${e.scrollWidth} > ${e.clientWidth}`))"""


@looks(("light", WIDE), ("dark", NARROW))
def test_nothing_is_cut_off(page: Page) -> None:
    # Two tiles, and the longest name of an optimizer: the most there is to fit.
    ui.open_playground(page, "method=Both&noise=0.8&optimizer=momentum")
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    wait_until_idle(page)
    wide = "[data-testid=stMain], [data-testid=stMainBlockContainer], html"
    names = (".hmm-panel h2", ".hmm-panel h3", ".hmm-note")
    texts = (".hmm-tile", ".hmm-value span", ".hmm-value b", *names)
    assert page.evaluate(CUT_OFF, [*wide.split(", "), *texts]) == []
    labels = ".st-key-run_controls button p"
    controls = ("label p", "input:not([type=range])")
    sidebar = [f"[data-testid=stSidebar] {control}" for control in controls]
    assert page.evaluate(CUT_OFF, [labels, *sidebar]) == []


def test_the_first_screen_holds_the_whole_playground(page: Page) -> None:
    ui.open_playground(page)
    box = page.locator(ui.PANEL).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= WIDE["height"]


def test_fifteen_random_actions(page: Page, browser_errors: list[str]) -> None:
    """What a restless visitor does, as fast as the page lets them; the seed makes it the same."""
    rng = random.Random(20)
    ui.open_playground(page)

    for number in range(15):
        if number % 4 == 0:
            # Otherwise most of the time would be spent on pages without run controls.
            ui.visit(page, "Playground")
        ui.act_at_random(page, rng)
        assert page.locator("[data-testid=stSidebar]").is_visible()
        assert page.locator("[data-testid=stMainBlockContainer]").is_visible()
        assert page_failures(page) == []
        assert browser_errors == []

    ui.visit(page, "Playground")
    ui.wait_until_drawn(page)
    if ui.button(page, "Pause").count():
        ui.press(page, "Pause")
    ui.press(page, "Reset")
    ui.choose(page, "Method", "EM")
    ui.expect_iteration(page, 0)
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)


def test_the_model_is_a_picture_or_a_matrix(page: Page) -> None:
    ui.open_playground(page, "K=2&M=100&N=20&stay=0.8&runs=EM_30")
    ui.wait_until_settled(page)
    learned = ui.learned_graph_of(page, 2)
    expect(learned).to_have_accessible_name(
        re.compile(r"Strongest: S\d stays 0\.[78]\d, S\d stays 0\.[78]\d, S\d to S\d 0\.[12]\d, ")
    )
    expect(ui.graph(page, "learned").get_by_text("± 0.")).to_have_count(2)
    expect(ui.graph(page, "true")).to_contain_text("−0.75 ± 0.50")
    expect(ui.graph(page, "true")).to_contain_text("π .50")
    # A time is pointed at where Viterbi and true state are the same.
    strip = ui.chart(page, "sequence")
    lit = page.locator(f"{ui.PANEL} .hmm-lit")
    expect(lit).to_have_count(0)
    page.mouse.move(*ui.place_in(page, "sequence", 0.5))
    expect(lit).to_have_count(2)
    times = strip.evaluate(
        """chart => {
          const { z } = chart.data.find(({ type }) => type === "heatmap");
          return z[1].map((state, t) => [t, z[0][t], state]);
        }"""
    )
    different = next(one for one in times if one[1] != one[2])
    box = strip.bounding_box()
    assert box is not None
    margin = strip.evaluate("chart => chart.layout.margin")
    width = box["width"] - margin["l"] - margin["r"]
    across = box["x"] + margin["l"] + width * (different[0] + 0.5) / len(times)
    page.mouse.move(across, box["y"] + 0.9 * box["height"])
    for name, state in (("true", different[1]), ("learned", different[2])):
        expect(ui.graph(page, name).locator(".hmm-lit")).to_have_text(f"S{state + 1}")

    ui.show_as(page, "matrix")
    expect(learned).to_be_hidden()
    expect(ui.chart(page, "learned")).to_contain_text("to state")
    expect(page).to_have_url(re.compile("[?&]view=matrix"))
    ui.wait_until_settled(page)
    page.reload()
    ui.wait_until_drawn(page)
    ui.wait_until_settled(page)
    expect(ui.chart(page, "true")).to_be_visible()
    expect(learned).to_be_hidden()
    ui.show_as(page, "picture")
    expect(learned).to_be_visible()
    ui.wait_until_settled(page)
    expect(page).not_to_have_url(re.compile("view="))


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 720}], ids=["1280px"])
def test_a_first_visitor_sees_what_this_is_and_charts_without_scrolling(page: Page) -> None:
    ui.open_playground(page)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport(ratio=1)
    expect(page.get_by_text("Behind each observation hides a state")).to_be_in_viewport(ratio=1)
    for name in ("learned", "true"):
        expect(ui.graph(page, name)).to_be_in_viewport(ratio=1)
    for name in ("curve", "means"):
        expect(ui.chart(page, name)).to_be_in_viewport(ratio=1)


def test_a_new_start_leaves_the_run_before_as_a_named_curve_until_it_is_cleared(
    page: Page,
) -> None:
    ui.open_playground(page, "K=3&M=60&N=5")
    for taken in (1, 2):
        ui.press(page, "Step")
        ui.expect_iteration(page, taken)
    reached = ui.log_likelihood(page)
    ui.press(page, "New start")
    named = ui.chart(page, "curve").get_by_text("start 0: −")
    expect(named).to_be_visible()
    end = named.text_content() or ""
    assert float(end.split("−")[1]) == pytest.approx(-reached, abs=1e-3)
    ui.press(page, "Play")
    ui.wait_beyond(page, 3)
    expect(named).to_be_visible()
    ui.press(page, "Pause")
    expect_paused(page)
    page.get_by_text("Earlier runs", exact=True).click()
    expect(page.get_by_role("cell", name="Start number: 0, now 1")).to_be_visible()
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(named).to_have_count(0)
    expect(page.get_by_text("Earlier runs", exact=True)).to_have_count(0)
    ui.wait_until_settled(page)
