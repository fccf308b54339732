"""The landscape's own JavaScript, on an empty page whose clock the test moves."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from pages.ui.live.frame_source import frame_source
from pages.ui.live.landscape import MapPicture, PlaneAxis, PlanePath, SearchState, encode
from pages.ui.session.session import Session
from tests.browser import playground as ui
from tests.browser.page import let_rest
from tests.ui.live.landscape_frames import (
    axis,
    landscape_frame,
    line_picture,
    map_picture,
    surface_picture,
)

VIEW = "[data-testid=hmm-landscape]"


class View:
    """The landscape beside the run controls of a session."""

    def __init__(self, page: Page, **values: Any) -> None:
        self.page = page
        self.live = frame_source(Session.from_url({"K": "2", "M": "60"})).live()
        page.evaluate("live => showControls(live)", self.live)
        page.evaluate("lines[0].open()")
        self.show(**values)
        self.rest()
        self.commands()

    def show(self, **values: Any) -> None:
        message = base64.b64encode(encode(landscape_frame(**values), self.live)).decode()
        self.page.evaluate("text => show(modules.landscape.drawLandscape, text)", message)

    @property
    def busy(self) -> str | None:
        return self.page.locator(VIEW).get_attribute("aria-busy")

    def rest(self) -> None:
        """Let time pass until all is drawn."""
        let_rest(self.page, lambda: self.busy != "false")

    def commands(self) -> list[str]:
        """What was said to the server since this was asked last, without the numbers before it."""
        sent: list[str] = self.page.evaluate("lines.at(-1).sent.splice(0)")
        return [text for text in sent if text != "next"]

    def chart(self, name: str) -> Locator:
        return ui.chart(self.page, name)

    def place(self, name: str, x: float, y: float) -> tuple[float, float]:
        """Where a place of a chart's plane lies in the window."""
        chart = self.chart(name)
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        assert box is not None
        margin, size, xs, ys = chart.evaluate(
            "({ layout: { margin, width, height, xaxis, yaxis } }) => "
            "[margin, [width, height], xaxis.range, yaxis.range]"
        )
        width = size[0] - margin["l"] - margin["r"]
        height = size[1] - margin["t"] - margin["b"]
        return (
            box["x"] + margin["l"] + width * (x - xs[0]) / (xs[1] - xs[0]),
            box["y"] + margin["t"] + height * (ys[1] - y) / (ys[1] - ys[0]),
        )

    def click(self, name: str, x: float, y: float) -> list[str]:
        self.page.mouse.click(*self.place(name, x, y))
        self.page.clock.run_for(1000)
        return self.commands()


def told(commands: list[str], word: str) -> list[float]:
    """The numbers after a word, in the one command that was said."""
    (command,) = commands
    assert f" {word}" in f" {command}"
    return [float(number) for number in command.split(word)[1].split()]


def test_both_cards_say_what_they_show(empty: Page) -> None:
    view = View(empty, projected=True)
    surface = view.chart("surface").get_attribute("aria-label") or ""
    highest = f"{surface_picture().values.max():.3f}".replace("-", "−")
    assert f"highest {highest} at mean of S1 = " in surface
    assert "start: mean of S1 = −3.40, mean of S2 = 2.90" in surface
    assert "near the surface, not on it" in surface
    ends = view.chart("map0").get_attribute("aria-label") or ""
    assert "optimum 1, log-likelihood −24.94: " in ends
    card = empty.locator(VIEW)
    for text in (
        "projected",
        "truth",
        "its mirror",
        "earlier runs",
        "16 × 16 starts",
        "not at rest",
    ):
        expect(card.get_by_text(text, exact=True)).to_be_visible()
    row = empty.get_by_role("row").filter(has_text="2 means apart")
    expect(row).to_contain_text("1, the best")
    expect(row).to_contain_text("−24.94")
    expect(row).to_contain_text("35 %")
    expect(card).to_contain_text("10 starts miss the best with probability 0.02.")


def test_optima_of_nearly_one_height_have_the_decimals_that_tell_them_apart(empty: Page) -> None:
    (picture,) = landscape_frame().maps
    heights = (-29.920656, -29.921321, -30.051861)
    optima = tuple(
        replace(one, log_likelihood=height)
        for one, height in zip(picture.optima, heights, strict=True)
    )
    view = View(empty, maps=(replace(picture, optima=optima),))
    for row, text in enumerate(("−29.9207", "−29.9213", "−30.0519")):
        expect(empty.locator(f"{VIEW} tbody tr").nth(row)).to_contain_text(text)
    words = view.chart("map0").get_attribute("aria-label") or ""
    assert "optimum 1, log-likelihood −29.9207: " in words
    assert "optimum 2, log-likelihood −29.9213: " in words


def test_new_numbers_are_painted_and_drawn_by_plotly_at_rest(empty: Page) -> None:
    view = View(empty)
    chart = view.chart("surface")
    chart.evaluate(
        "chart => { window.drawings = 0;"
        " chart.on('plotly_afterplot', () => { window.drawings += 1; }); }"
    )
    before = chart.screenshot(animations="disabled")
    path = PlanePath("EM", np.array([-3.0, 3.0]), np.array([-3.0, -2.0]), "#1f77d0", "solid")
    view.show(surface=surface_picture(shift=0.6), paths=(path,))
    empty.clock.run_for(100)
    assert view.busy == "true"
    assert empty.evaluate("drawings") == 0
    assert chart.screenshot(animations="disabled") != before
    view.rest()
    assert empty.evaluate("drawings") > 0


def test_a_click_on_the_map_starts_at_the_middle_of_its_cell(empty: Page) -> None:
    view = View(empty)
    places = map_picture().xs
    x, y = told(view.click("map0", places[3] + 0.1, places[7] - 0.1), "start_at")
    assert [x, y] == pytest.approx([places[3], places[7]], rel=0, abs=1e-5)
    # That one start has no model.
    assert view.click("map0", places[-1], places[-1]) == []


def test_a_start_that_was_not_searched_can_be_chosen_where_there_is_a_model(empty: Page) -> None:
    picture = map_picture()
    optimum = np.full_like(picture.optimum, -1)
    view = View(empty, maps=(MapPicture(**{**vars(picture), "optimum": optimum}),))
    places = picture.xs
    x, y = told(view.click("map0", places[2], places[2]), "start_at")
    assert [x, y] == pytest.approx([places[2], places[2]], rel=0, abs=1e-5)
    assert view.click("map0", places[-1], places[-1]) == []


def test_a_click_on_the_surface_starts_right_there_but_not_where_there_is_no_model(
    empty: Page,
) -> None:
    view = View(empty)
    x, y = told(view.click("surface", 1.23, -0.77), "start_at")
    assert [x, y] == pytest.approx([1.23, -0.77], rel=0, abs=0.03)
    assert view.click("surface", 4.0, 4.0) == []


def test_a_drag_zooms_and_starts_nothing_and_a_double_click_returns(empty: Page) -> None:
    view = View(empty)
    whole = view.chart("map0").evaluate("chart => chart.layout.xaxis.range")
    ui.drag_zoom(empty, "map0", 0.3, 0.6)
    view.rest()
    assert view.commands() == []
    assert view.chart("map0").evaluate("chart => chart.layout.xaxis.range") != whole
    empty.mouse.dblclick(*view.place("map0", *view.chart("map0").evaluate(
        "({ layout: { xaxis, yaxis } }) => [xaxis, yaxis].map(({ range: [a, b] }) => (a + b) / 2)"
    )))  # fmt: skip
    view.rest()
    assert view.commands() == []


def test_arrows_choose_a_start_and_enter_takes_it(empty: Page) -> None:
    view = View(empty)
    places = map_picture().xs
    ring = empty.get_by_role("slider", name="on the map").first
    ring.focus()
    middle = round(0.5 * 15 + 1e-9)
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        empty.keyboard.press(key)
    words = ring.get_attribute("aria-valuetext") or ""
    assert words.startswith("from mean of S1 = ")
    assert "optimum 2, log-likelihood −25.31, 13 steps" in words
    empty.keyboard.press("Enter")
    x, y = told(view.commands(), "start_at")
    assert [x, y] == pytest.approx(
        [places[middle + 2], places[middle - 1]], rel=0, abs=1e-5
    )  # fmt: skip
    # At the edge it stays.
    for _ in range(4):
        empty.keyboard.press("Shift+ArrowDown")
    assert "not at rest after 16 steps" in (ring.get_attribute("aria-valuetext") or "")


def test_what_lies_under_the_pointer_is_said_in_values_not_positions(empty: Page) -> None:
    view = View(empty, x=axis(1, scale="log"), y=axis(2, scale="logit"))
    empty.mouse.move(*view.place("surface", 0.0, 0.0))
    empty.clock.run_for(100)
    expect(empty.locator(VIEW)).to_contain_text("mean of S1 = 1.0")
    expect(empty.locator(VIEW)).to_contain_text("mean of S2 = 0.50")


def test_an_optimum_is_adopted_and_a_search_begun_and_cancelled(empty: Page) -> None:
    search = SearchState(False, 0.25, "about 3 s more", True)
    view = View(empty, search=search)
    empty.get_by_role("button", name="Adopt optimum 2").click()
    assert told(view.commands(), "adopt") == [1]
    button = empty.get_by_role("button", name="Search", exact=True)
    button.click()
    (command,) = view.commands()
    assert command.endswith("search_on")
    view.show(search=SearchState(True, 0.5, "half of the starts", True))
    view.rest()
    bar = empty.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", "50")
    empty.get_by_role("button", name="Cancel", exact=True).click()
    (command,) = view.commands()
    assert command.endswith("cancel_search")
    view.show(search=SearchState(False, 1.0, "256 starts", False))
    view.rest()
    expect(bar).to_be_hidden()
    # It keeps the focus, and is gone once that is elsewhere.
    expect(button).to_be_focused()
    empty.keyboard.press("Enter")
    assert view.commands() == []
    empty.locator("#elsewhere").focus()
    # Nor is there one where a press would do nothing.
    view.show(search=SearchState(False, 0.0, "256 starts would take too long.", False))
    view.rest()
    expect(button).to_be_hidden()


def test_both_methods_have_maps_side_by_side_and_one_table(empty: Page) -> None:
    view = View(empty, maps=(map_picture("EM"), map_picture("Gradient")))
    expect(view.chart("map1")).to_be_visible()
    expect(empty.get_by_role("columnheader", name="share of starts, EM")).to_be_visible()
    expect(empty.get_by_role("columnheader", name="share of starts, Gradient")).to_be_visible()
    view.show(shows="line", line=line_picture(), maps=())
    view.rest()
    expect(view.chart("map0")).to_be_hidden()
    expect(view.chart("line")).to_be_visible()
    expect(view.chart("line")).to_have_attribute(
        "aria-label",
        "Log-likelihood per observation, in nats, along a line: start −1.400, truth −1.500. "
        "Between them lies a barrier.",
    )


def test_a_problem_stands_in_place_of_all_charts(empty: Page) -> None:
    view = View(empty)
    view.show(problem="K = 1 has no second mean.", surface=None, maps=())
    view.rest()
    expect(empty.get_by_text("K = 1 has no second mean.")).to_be_visible()
    for name in ("surface", "map0", "line"):
        expect(view.chart(name)).to_be_hidden()
    view.show()
    view.rest()
    expect(view.chart("surface")).to_be_visible()


def test_why_there_is_no_surface_stands_in_its_place(empty: Page) -> None:
    view = View(empty)
    view.show(surface=None, hint="The surface takes too long to draw.")
    view.rest()
    expect(empty.get_by_text("The surface takes too long to draw.")).to_be_visible()
    expect(view.chart("surface")).to_be_hidden()
    expect(view.chart("map0")).to_be_visible()
    view.show()
    view.rest()
    expect(view.chart("surface")).to_be_visible()
    expect(empty.get_by_text("The surface takes too long to draw.")).to_be_hidden()


@pytest.mark.parametrize("shows", ["ends", "height", "steps"])
def test_a_saved_picture_says_what_it_shows(empty: Page, tmp_path: Path, shows: str) -> None:
    view = View(empty, shows=shows)
    title = {
        "ends": "Where EM ends, from each start",
        "height": "How high EM ends, from each start",
        "steps": "How many steps EM takes, from each start",
    }[shows]
    saved = save(view, "map0", tmp_path)
    assert title in saved
    assert ("optimum 1, the best" in saved) == (shows == "ends")
    surface = save(view, "surface", tmp_path)
    assert "Log-likelihood per observation over mean of S1 and mean of S2" in surface
    assert "its mirror" in surface


def save(view: View, name: str, folder: Path) -> str:
    button = view.chart(name).get_by_role("button", name="Download as SVG")
    with view.page.expect_download() as download:
        button.dispatch_event("click")
        view.page.clock.run_for(3000)
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path.read_text()


def test_names_are_shown_as_they_are_typed(empty: Page) -> None:
    """Plotly takes tags and entities of its texts for its own."""
    view = View(empty, x=PlaneAxis(**{**vars(axis(1)), "title": "mean of <b>a</b>&amp;"}))
    expect(view.chart("surface")).to_contain_text("mean of <b>a</b>&amp;")


# Shapes

LEVELS = "ends => modules['landscape-shapes'].levels(ends, 14)"
CONTOUR = """([xs, ys, z, level]) => {
  const { contour, between } = modules["landscape-shapes"];
  const { x, y } = contour(xs, ys, z, level);
  const parts = x.filter(Number.isNaN).length;
  const points = x.map((at, i) => [at, y[i]]).filter(([at]) => !Number.isNaN(at));
  return [parts, points, points.map(([a, b]) => between(xs, ys, z, a, b))];
}"""


def test_a_contour_line_lies_on_its_level_all_around(empty: Page) -> None:
    places = np.linspace(-3.0, 3.0, 61)
    x, y = np.meshgrid(places, places)
    for values, level, parts in (
        (-(x**2) - y**2, -4.0, 1),
        (np.maximum(-((x - 1.5) ** 2), -((x + 1.5) ** 2)) - y**2, -0.5, 2),
        (x + 0.0, 0.31, 1),
        (x * y, 0.2, 2),
        (x, 5.0, 0),
    ):
        found, points, reached = empty.evaluate(
            CONTOUR, [places.tolist(), places.tolist(), values.tolist(), level]
        )
        assert found == parts
        np.testing.assert_allclose(reached, np.full(len(points), level), rtol=0, atol=1e-12)
    ring = np.array(
        empty.evaluate(
            CONTOUR, [places.tolist(), places.tolist(), (-(x**2) - y**2).tolist(), -4.0]
        )[1]
    )
    np.testing.assert_array_equal(ring[0], ring[-1])
    np.testing.assert_allclose(np.hypot(*ring.T), 2.0, rtol=0, atol=1e-3)
    angles = np.unwrap(np.arctan2(ring[:, 1], ring[:, 0]))
    assert abs(angles[-1] - angles[0]) == pytest.approx(2 * np.pi, rel=1e-9)


def test_levels_lie_within_the_range_at_round_numbers(empty: Page) -> None:
    def levels(ends: list[float]) -> list[float]:
        found: list[float] = empty.evaluate(LEVELS, ends)
        return found

    np.testing.assert_allclose(levels([-5.4, -1.4]), np.arange(-5.0, -1.4, 0.5), rtol=1e-12, atol=0)
    for low, high in ((-1e-7, 0.0), (-1e6, -3.0), (2.0, 2.001)):
        found = levels([low, high])
        assert 4 <= len(found) <= 14
        assert low < min(found)
        assert max(found) < high


def test_the_middle_of_a_region_lies_deepest_in_it(empty: Page) -> None:
    codes = np.zeros((9, 12), dtype=int)
    codes[:, 8:] = 1
    codes[0, 0] = 2
    found = empty.evaluate(
        "([codes, shape]) => modules['landscape-shapes'].middles(Uint8Array.from(codes), shape, 4)",
        [codes.ravel().tolist(), list(codes.shape)],
    )
    depths = [
        max(
            min(i + 1, 9 - i, j - left + 1, right - j) for i in range(9) for j in range(left, right)
        )
        for left, right in ((0, 8), (8, 12))
    ]
    assert [region["depth"] for region in found[:3]] == [*depths, 1]
    assert codes[found[0]["i"], found[0]["j"]] == 0
    assert found[3] is None


def test_hatching_lies_on_its_cells_alone(empty: Page) -> None:
    """Cells from 0.5 to 2.5 across and -0.5 to 1.5 up; every second of their diagonals."""
    call = """apart => modules["landscape-shapes"].hatching(
      [0, 1, 2], [0, 1], (i, j) => j > 0, apart)"""
    for apart, expected in (
        (1, [(0.5, 0.5, 1.5, 1.5), (0.5, -0.5, 2.5, 1.5), (1.5, -0.5, 2.5, 0.5)]),
        (2, [(0.5, 0.5, 1.5, 1.5), (1.5, -0.5, 2.5, 0.5)]),
    ):
        found = empty.evaluate(call, apart)
        lines = [
            (found["x"][n], found["y"][n], found["x"][n + 1], found["y"][n + 1])
            for n in range(0, len(found["x"]), 3)
        ]
        assert lines == expected


def test_keys_turn_the_solid_surface_around_and_stop_above_it(empty: Page) -> None:
    turned = "([key, eye]) => modules['landscape-solid'].turned(key, eye)"
    eye = {"x": -1.3, "y": -1.5, "z": 1.05}
    far = np.linalg.norm(list(eye.values()))
    for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"):
        moved = empty.evaluate(turned, [key, eye])
        assert moved != eye
        assert np.linalg.norm(list(moved.values())) == pytest.approx(far, rel=1e-12)
    for _ in range(40):
        eye = empty.evaluate(turned, ["ArrowUp", eye])
    assert eye["z"] < far
    assert eye["z"] == pytest.approx(far * np.sin(1.5), rel=1e-9)
    assert empty.evaluate(turned, ["0", eye]) == {"x": -1.3, "y": -1.5, "z": 1.05}
    assert empty.evaluate(turned, ["a", eye]) is None
