"""The Playground in a real browser, used as a visitor uses it."""

from __future__ import annotations

import random
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import playground as ui
from tests.browser.page import SlowLine, page_failures, wait_until_idle

LIFT_OUT = """(panel) => {
  const root = document.querySelector(panel);
  const place = root.parentElement;
  root.remove();
  window.hmmPutBack = () => place.append(root);
}"""

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 800, "height": 1000}


def looks(*cases: tuple[str, dict[str, int]]) -> pytest.MarkDecorator:
    """Run a test in these modes and window sizes."""
    names = [f"{scheme}-{size['width']}px" for scheme, size in cases]
    return pytest.mark.parametrize(("color_scheme", "viewport"), cases, ids=names)


STILL_MS = 500
"""How long nothing may move for the page to count as standing still: five ticks."""


def expect_still(page: Page) -> None:
    """The page stands still: neither the tile nor any chart changes any more."""
    expect(ui.button(page, "Play")).to_be_visible()
    ui.wait_until_settled(page)
    ui.start_watching(page)
    page.wait_for_timeout(STILL_MS)
    seen = ui.stop_watching(page)
    assert seen.frames > 0
    assert (seen.changes, seen.draws) == ([], [])


@looks(("light", WIDE), ("dark", NARROW))
def test_a_visitor_sets_up_an_experiment_and_watches_it_learn(page: Page) -> None:
    ui.open_playground(page)
    ui.nudge(page, "States K", "ArrowLeft", times=2)
    expect(page.locator(ui.PANEL)).to_have_attribute("data-states", "3")
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
    expect_still(page)

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
    expect_still(page)
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


def test_no_frame_is_blank_or_grey_and_the_zoom_stays_while_it_plays(page: Page) -> None:
    ui.open_playground(page)
    zoomed = ui.drag_zoom(page, "sequence")
    assert zoomed[1] - zoomed[0] < 100
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    assert ui.axis_range(page, "sequence") == pytest.approx(zoomed, abs=1e-6)

    ui.start_watching(page)
    ui.press(page, "Play")
    reached = ui.wait_beyond(page, 15)
    ui.press(page, "Pause")
    expect(ui.button(page, "Play")).to_be_visible()
    seen = ui.stop_watching(page)
    assert seen.blank_frames == 0
    assert seen.minimum_opacity >= 0.95
    shown = [number for _, number in seen.changes]
    assert shown == sorted(set(shown))
    # At ten steps a second most are seen one by one, even on a busy machine.
    assert len(shown) >= reached // 3
    assert ui.axis_range(page, "sequence") == pytest.approx(zoomed, abs=1e-6)

    box = page.locator("[data-chart=sequence] .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function(
        "() => document.querySelector('[data-chart=sequence]')._fullLayout.xaxis.range[1] >= 200"
    )


PAINTED_BESIDE_THE_AXES = """(edge) => {
  const chart = document.querySelector("[data-chart=sequence]");
  const canvas = chart.parentElement.querySelector(".hmm-canvas");
  const { xaxis } = chart._fullLayout;
  const scale = canvas.width / canvas.clientWidth;
  const painted = (left, width) => canvas.getContext("2d")
    .getImageData(left * scale, 0, width * scale, canvas.height).data
    .some((value, i) => i % 4 === 3 && value > 0);
  const end = xaxis._offset + xaxis._length;
  return {
    painted: chart.classList.contains("hmm-painted") && painted(xaxis._offset, xaxis._length),
    left: painted(0, xaxis._offset - edge),
    right: painted(end + edge, canvas.clientWidth - end - edge),
  };
}"""


def test_nothing_is_painted_beside_the_axes_of_a_zoom(page: Page) -> None:
    ui.open_playground(page, "K=5&speed=50&start=symmetric&nudge=3&method=Gradient&rate=0.0001")
    # So narrow that a step takes almost the margin: some point would always stand in it.
    ui.drag_zoom(page, "sequence", 0.3, 0.36)
    ui.wait_until_settled(page)
    ui.press(page, "Play")
    ui.wait_beyond(page, 5, "Gradient")
    page.wait_for_selector("[data-chart=sequence].hmm-painted")
    # Half a mark: one that stands on the edge is drawn whole.
    seen = page.evaluate(PAINTED_BESIDE_THE_AXES, 5)
    assert seen == {"painted": True, "left": False, "right": False}


# The colour bar of the posterior, and what Plotly itself shows of the heat map, in each frame in
# which the canvas shows the chart.
CELLS_OF_PLOTLYS = """() => [...document.querySelectorAll("[data-chart=sequence] .hm image")]
  .filter((image) => image.checkVisibility({ opacityProperty: true })).length"""

WATCH_THE_SCALE = """() => {
  const watch = { on: true, painted: 0, bare: 0 };
  window.hmmScale = watch;
  const look = () => {
    if (!watch.on) return;
    const chart = document.querySelector("[data-chart=sequence].hmm-painted");
    if (chart) {
      watch.painted += 1;
      const bar = chart.querySelector(".cbfills")?.getBoundingClientRect();
      const names = chart.querySelectorAll(".cbaxis text").length;
      if (!(bar?.height > 50) || names !== 3) watch.bare += 1;
    }
    requestAnimationFrame(look);
  };
  look();
}"""


def test_the_scale_of_colours_stays_while_the_chart_is_painted(page: Page) -> None:
    ui.open_playground(page, "K=3&M=60&N=5&method=Gradient&rate=0.0001")
    # As soon as this was learned, charts can be painted.
    ui.press(page, "Step")
    ui.expect_iteration(page, 1, "Gradient")
    ui.wait_until_settled(page)
    page.evaluate(WATCH_THE_SCALE)
    ui.nudge(page, "States K", "ArrowRight")
    expect(page.locator(ui.PANEL)).to_have_attribute("data-states", "4")
    ui.wait_until_settled(page)
    ui.visit(page, "Data")
    ui.choose(page, "Means", "Logarithmic")
    page.wait_for_url("**means=*")
    ui.visit(page, "Playground")
    ui.press(page, "Play")
    ui.wait_beyond(page, 5, "Gradient")
    # The scale stands for a heat map of Plotly's that nobody sees.
    assert page.evaluate(CELLS_OF_PLOTLYS) == 0
    ui.press(page, "Pause")
    expect(ui.button(page, "Play")).to_be_visible()
    seen = page.evaluate("() => { window.hmmScale.on = false; return window.hmmScale; }")
    assert seen["painted"] > 0
    assert seen["bare"] == 0


def test_a_last_picture_that_came_while_the_panel_had_no_place_is_drawn_in_the_end(
    page: Page,
) -> None:
    slow = SlowLine(page)
    ui.open_playground(page, "K=3&M=60&N=5&method=Gradient&speed=50")
    ui.press(page, "Play")
    ui.wait_beyond(page, 5, "Gradient")
    page.wait_for_selector(".hmm-painted")
    # Streamlit takes a component out and puts it back where runs of the page overtake each other.
    with slow.kept_back("answers"):
        page.evaluate(LIFT_OUT, ui.PANEL)
        ui.press(page, "Pause")
        # Longer than the view waits for further pictures before it comes to rest.
        page.wait_for_timeout(600)
        page.evaluate("() => window.hmmPutBack()")
        expect(page.locator(".hmm-painted")).to_have_count(0)


def test_other_data_give_up_the_zoom(page: Page) -> None:
    ui.open_playground(page)
    ui.drag_zoom(page, "sequence")
    ui.enter(page, "Seed", 5)
    page.wait_for_function(
        "() => document.querySelector('[data-chart=sequence]')._fullLayout.xaxis.range[1] >= 200"
    )


@pytest.mark.parametrize("playing", [False, True])
def test_training_survives_a_visit_to_other_pages(page: Page, playing: bool) -> None:
    ui.open_playground(page, "M=60&N=5")
    ui.press(page, "Play" if playing else "Step")
    reached = ui.wait_beyond(page, 0)
    for name in ("Data", "Training", "Posterior", "Viterbi", "Playground"):
        ui.visit(page, name)
        page.wait_for_url(f"**/{'' if name == 'Playground' else name.lower()}?*")
        expect(page.get_by_role("slider", name="States K")).to_have_value("5")
    ui.wait_until_drawn(page)
    if playing:
        ui.wait_beyond(page, reached)
    else:
        wait_until_idle(page)
        assert ui.iteration(page) == reached


def test_play_by_keyboard_alone(page: Page) -> None:
    ui.open_playground(page, "M=60&N=5")
    play = ui.button(page, "Play")
    for _ in range(60):
        page.keyboard.press("Tab")
        if play.evaluate("(element) => element === document.activeElement"):
            break
    expect(play).to_be_focused()
    page.keyboard.press("Enter")
    ui.wait_beyond(page, 2)


CUT_OFF = """(roots) => roots.flatMap((root) =>
  [...document.querySelectorAll(root)].filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth)
    .map((e) => `${root}: "${e.value ?? e.textContent}" ${e.scrollWidth} > ${e.clientWidth}`))"""


@looks(("light", WIDE), ("light", NARROW), ("dark", WIDE), ("dark", NARROW))
def test_nothing_is_cut_off(page: Page) -> None:
    # Two tiles, and the longest name of an optimizer: the most there is to fit.
    ui.open_playground(page, "method=Both&noise=0.8&optimizer=momentum")
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    wait_until_idle(page)
    wide = "[data-testid=stMain], [data-testid=stMainBlockContainer], html"
    names = (".hmm-panel h4", ".hmm-panel h5", ".hmm-note")
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


@pytest.mark.parametrize("viewport", [NARROW])
def test_what_is_said_of_a_button_is_not_in_the_way_of_a_link_below_it(page: Page) -> None:
    ui.open_playground(page)
    ui.button(page, "Step").hover()
    told = page.get_by_role("tooltip")
    expect(told).to_be_visible()
    link = page.get_by_role("link", name="Data", exact=True).bounding_box()
    box = told.bounding_box()
    assert box is not None
    assert link is not None
    middle = link["x"] + link["width"] / 2, link["y"] + link["height"] / 2
    assert box["x"] < middle[0] < box["x"] + box["width"]
    assert box["y"] < middle[1] < box["y"] + box["height"]
    page.mouse.move(*middle, steps=5)
    page.mouse.click(*middle)
    expect(page).to_have_url(re.compile("/data"))


def test_forty_random_actions(page: Page, browser_errors: list[str]) -> None:
    """What a restless visitor does, as fast as the page lets them; the seed makes it the same."""
    rng = random.Random(20)
    ui.open_playground(page)

    for number in range(40):
        if number % 4 == 0:
            # Otherwise most of the time would be spent on pages without run controls.
            ui.visit(page, "Playground")
        ui.act_at_random(page, rng)
        page.wait_for_timeout(rng.choice([0, 40, 150, 400]))
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
