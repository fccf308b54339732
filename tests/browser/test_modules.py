"""The page's own JavaScript, module by module, on an empty page whose clock the test moves.

All that is timed is tested here: when a view paints and when Plotly draws, how often it asks for a
run of the page, how a lost line is opened again, and what is kept of a page that was left. The
clock is Playwright's, in the browser that the other tests have anyway: a document, events and
Plotly are real there, and what stands in for the rest is a WebSocket and what Streamlit hands to a
component.
"""

from __future__ import annotations

import base64
import json
import re
from itertools import pairwise, product
from typing import Any
from urllib.parse import parse_qsl, urljoin

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from hmmcore import Sequences
from pages.ui.browser import wire
from pages.ui.browser.stream import REPLACED, UNKNOWN
from pages.ui.experiment.dataset import Upload
from pages.ui.figures.theme import LIGHT
from pages.ui.figures.time_charts import paths_figure
from pages.ui.figures.time_scale import TimeScale
from pages.ui.live.figure import encode_figure
from pages.ui.live.frame_source import frame_source
from pages.ui.session.commands import receive
from pages.ui.session.session import Session
from tests.browser import playground as ui
from tests.browser.page import CONTROLS, let_rest


def now(page: Page) -> float:
    """Milliseconds on the page's clock."""
    moment: float = page.evaluate("performance.now()")
    return moment


def text_of(message: bytes | None) -> str:
    assert message is not None
    return base64.b64encode(message).decode()


class Panel:
    """The live panel of a session with the run controls, and the session."""

    def __init__(self, page: Page, query: str = "") -> None:
        self.page = page
        self.answered = 0
        self.session = Session.from_url(dict(parse_qsl(f"K=3&M=60&N=2&{query}")))
        self.show()
        page.evaluate("lines[0].open()")
        self.rest()

    def show(self) -> None:
        """A run of the page."""
        frames, heard = frame_source(self.session), len(said(self.page))
        self.page.evaluate("live => showControls(live)", {**frames.live(), "heard": heard})
        self.page.evaluate("text => show(modules.panel.drawPanel, text)", text_of(frames.frame()))

    def receive(self) -> None:
        """A training step, whose frame comes over the line."""
        self.session.step()
        self.send(frame_source(self.session).frame())

    def play(self) -> None:
        """A step of runs that play, whose frame the page requested."""
        self.session.step()
        self.send(frame_source(self.session).frame(wanted=True))

    def send(self, frame: bytes | None) -> None:
        """A frame comes over the line."""
        self.page.evaluate("text => lines.at(-1).answer(text)", text_of(frame))

    def press(self, name: str) -> None:
        """Press a run control, and let the server answer what was said over the line."""
        self.page.get_by_role("button", name=name, exact=True).click()
        self.answer()

    def answer(self) -> None:
        """Let the server carry out the commands that were sent over the line."""
        for message in self.page.evaluate("lines.at(-1).sent.splice(0)"):
            if message != "next" and (frame := frame_source(self.session).handle(message)):
                self.send(frame)

    @property
    def busy(self) -> str | None:
        """Of the panel and the run controls together."""
        parts = self.page.locator(f"{ui.PANEL}, {CONTROLS}")
        busy = parts.evaluate_all("parts => parts.map((part) => part.ariaBusy)")
        return "false" if busy == ["false", "false"] else "true"

    def rest(self) -> None:
        """Let time pass until all is drawn, and the page run where it is asked to."""
        let_rest(self.page, lambda: self.busy != "false", self.run_where_asked)

    def run_where_asked(self) -> None:
        """A run of the page where it was asked for one."""
        if (number := len(said(self.page))) > self.answered:
            self.answered = number
            self.show()

    def drawings(self) -> int:
        """How often Plotly has drawn a chart since this was asked first."""
        number: int = self.page.evaluate(
            """() => {
              window.drawings ??= (() => {
                for (const chart of document.querySelectorAll("[data-chart]")) {
                  chart.on?.("plotly_afterplot", () => { window.drawings += 1; });
                }
                return 0;
              })();
              return window.drawings;
            }"""
        )
        return number

    def paint(self) -> None:
        """A step whose numbers are painted."""
        drawings = self.drawings()
        self.receive()
        self.page.clock.run_for(100)
        assert self.drawings() == drawings
        assert self.busy == "true"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", r"Learned means: S1 −?\d.* \(true −?\d"),
        ("family=counts", r"Learned rates: S1 \d.* \(true \d"),
        (
            "family=symbols",
            r"Most probable symbol of each state: S1 \w+ with 0\.\d\d \(true 0\.\d\d\)",
        ),
        ("family=points&cov=full", r"Learned means: S1 \(.+, .+\) \(true \(.+, .+\)\), S2"),
    ],
    ids=["numbers", "counts", "symbols", "points"],
)
def test_new_numbers_are_painted_at_once_and_drawn_by_plotly_at_rest_and_said(
    empty: Page, query: str, words: str
) -> None:
    panel = Panel(empty, query)
    panel.receive()
    panel.rest()
    means = ui.chart(empty, "means")
    assert re.search(words, means.get_attribute("aria-label") or "")
    before, drawings = means.screenshot(animations="disabled"), panel.drawings()
    panel.paint()
    painted = means.screenshot(animations="disabled")
    assert painted != before
    panel.rest()
    assert panel.drawings() > drawings


# The state graph

PICTURE = """([K, width, height]) => {
  const { layout, ends, wordBox, numberBox, overlap } = modules["state-graph-layout"];
  const found = layout(K, width, height);
  const { places, radius, reach, worded, numbers } = found;
  const square = ({ x, y }, r) => ({ left: x - r, right: x + r, top: y - r, bottom: y + r });
  const circles = places.map((place) => square(place, radius));
  const rings = places.map(({ loop }) => square(loop, reach));
  const words = worded ? places.map(wordBox) : [];
  const written = Object.values(numbers).map(numberBox);
  const within = (one) => one.left >= -1 && one.right <= width + 1
    && one.top >= -1 && one.bottom <= height + 1;
  const apart = (boxes, others) => boxes.every((a, i) => others.every((b, j) =>
    (boxes === others && i === j) || !overlap(a, b)));
  const distances = places.flatMap((a, i) => places.slice(i + 1).map((b) =>
    Math.hypot(a.x - b.x, a.y - b.y)));
  const arrows = places.flatMap((a, i) => places.map((b, j) => [i, j]))
    .filter(([i, j]) => i !== j).map(([i, j]) => {
      const { from, to } = ends(found, i, j);
      return [Math.hypot(from.x - places[i].x, from.y - places[i].y) - radius,
        Math.hypot(to.x - places[j].x, to.y - places[j].y) - radius];
    });
  return {
    within: [...circles, ...rings, ...words, ...written].every(within)
      && places.every(({ start: { from } }) => within(square(from, 2))),
    apart: apart(written, written) && apart(written, circles) && apart(written, words)
      && apart(words, words),
    nearest: Math.min(...distances, Infinity) - 2 * radius,
    gaps: arrows.flat(),
    worded, numbers: Object.keys(numbers).length,
    again: JSON.stringify(layout(K, width, height)) === JSON.stringify(found),
  };
}"""


def test_a_picture_of_up_to_20_states_fits_and_nothing_lies_over_a_number(empty: Page) -> None:
    for width, num_states in product((150, 195, 365, 700), range(1, 21)):
        found = empty.evaluate(PICTURE, [num_states, width, 184])
        where = f"{num_states} states at {width}"
        assert found["within"], where
        assert found["apart"], where
        assert found["nearest"] is None or found["nearest"] > 0, where
        assert found["gaps"] == pytest.approx([1] * len(found["gaps"]), abs=1), where
        assert found["again"], where
        assert found["worded"] or num_states > 4 or width < 195, where
        assert found["numbers"] == 0 or num_states <= 8, where
    assert empty.evaluate(PICTURE, [2, 195, 184])["numbers"] == 4
    assert empty.evaluate(PICTURE, [3, 195, 184])["numbers"] >= 7


def test_arrows_are_as_thick_as_their_probability_and_zeros_have_none(empty: Page) -> None:
    widths = """p => {
      const { arrow, thickness } = modules["state-graph-layout"];
      const d = arrow({ from: { x: 0, y: 0 }, to: { x: 50, y: 0 } }, thickness(p));
      return Math.abs(Number(d.match(/^M0 ([-.\\d]+)/)[1])) * 2;
    }"""
    assert empty.evaluate(widths, 0.8) == pytest.approx(2 * empty.evaluate(widths, 0.4), abs=0.11)
    drawn = """([p, K]) => modules["state-graph-layout"].isDrawn(p, K)"""
    assert not empty.evaluate(drawn, [0.0, 3])
    assert empty.evaluate(drawn, [0.02, 3])
    assert not empty.evaluate(drawn, [0.04, 20])
    assert empty.evaluate(drawn, [0.05, 20])


def test_the_picture_moves_nothing_while_a_model_learns_and_is_not_built_anew(empty: Page) -> None:
    panel = Panel(empty, "structure=left-right")
    panel.receive()
    panel.rest()
    where = """() => [...document.querySelectorAll("[data-graph] text")].map((text) =>
      `${text.getAttribute("x")},${text.getAttribute("y")}`)"""
    before = empty.evaluate(where)
    empty.evaluate("() => { window.svg = document.querySelector('[data-graph=learned] svg'); }")
    empty.evaluate(
        """() => {
          window.built = 0;
          new MutationObserver((changes) => { built += changes.length; })
            .observe(svg, { childList: true });
        }"""
    )
    label = ui.graph(empty, "learned").get_attribute("aria-label")
    for _ in range(5):
        panel.receive()
        empty.clock.run_for(40)
    assert empty.evaluate(where) == before
    assert empty.evaluate("built") == 0
    assert ui.graph(empty, "learned").get_attribute("aria-label") != label
    # From left to right: no arrow goes back, and the last state is never left.
    arrows = ui.graph(empty, "true").locator("[data-arrow]")
    seen = arrows.evaluate_all(
        "all => all.filter((one) => one.checkVisibility()).map((one) => one.dataset.arrow).sort()"
    )
    assert seen == ["0,0", "0,1", "1,1", "1,2", "2,2", "start,0"]


def test_a_press_shows_the_matrix_at_once_and_older_frames_do_not_take_it_back(empty: Page) -> None:
    panel = Panel(empty)
    older = frame_source(panel.session).frame()
    empty.get_by_role("button", name="matrix", exact=True).click()
    empty.clock.run_for(50)
    expect(ui.graph(empty, "learned")).to_be_hidden()
    panel.send(older)
    empty.clock.run_for(50)
    expect(ui.chart(empty, "learned")).to_be_visible()
    panel.answer()
    panel.rest()
    assert panel.session.config.model_view == "matrix"
    expect(ui.chart(empty, "learned")).to_contain_text("to state")
    # Painted numbers that are hidden leave nothing to be waited for.
    panel.paint()
    panel.press("picture")
    panel.rest()
    expect(ui.graph(empty, "learned")).to_be_visible()
    # A link, or Back, says otherwise.
    panel.session.show_model_as("matrix")
    panel.show()
    panel.rest()
    expect(ui.graph(empty, "learned")).to_be_hidden()


def test_rows_are_said_to_sum_to_one_only_where_they_do_as_written(empty: Page) -> None:
    sums = """all => all.map((rows) =>
      modules.charts.sumAsWritten({ values: Float64Array.from(rows), shape: [2, 2] }))"""
    rows = [[0.9, 0.1, 0.1, 0.9], [0.335, 0.665, 0.5, 0.5], [1.0, 0.0, 0.0, 1.0]]
    assert empty.evaluate(sums, rows) == [True, False, True]


def beside(page: Page, left: bool) -> bytes:
    """The pixels of the sequence's chart beside its axes."""
    box = ui.chart(page, "sequence").bounding_box()
    assert box is not None
    margin = ui.chart(page, "sequence").evaluate("chart => chart.layout.margin")
    # Half a mark: one that stands on the edge is drawn whole.
    width = (margin["l"] if left else margin["r"]) - 6
    x = box["x"] if left else box["x"] + box["width"] - width
    # The observations alone: below them are names of states.
    clip = {"x": x, "y": box["y"], "width": width, "height": box["height"]}
    # Plotly's buttons fade by the browser's own clock, which stands for nobody.
    return page.screenshot(clip=clip, animations="disabled")  # type: ignore[arg-type]


def test_columns_are_painted_where_plotly_draws_them(empty: Page) -> None:
    """Their edges lie in the middle between neighbours, also where times are not regular."""
    for given, expected in (
        ("[1, 2, 5], undefined, undefined, 3", [0.5, 1.5, 3.5, 6.5]),
        ("undefined, 3, 2, 2", [2, 4, 6]),
        ("[7], undefined, undefined, 1", [6.5, 7.5]),
    ):
        assert empty.evaluate(f"modules.brush.edges({given})") == expected


def test_a_panel_of_dates_is_painted_on_its_axis_and_says_when(empty: Page) -> None:
    panel = Panel(empty)
    workdays = np.arange("2024-01-01", "2024-04-01", dtype="datetime64[D]")
    workdays = workdays[np.is_busday(workdays)][:60].astype("datetime64[ns]")
    values = np.where(np.arange(60) % 20 < 10, 0.0, 5.0) + np.arange(60) % 3
    upload = Upload("f.csv", "x", Sequences(values), times=workdays, time_name="day")
    panel.session.replace_upload(upload, 2)
    panel.show()
    panel.rest()
    panel.paint()
    panel.rest()
    chart = ui.chart(empty, "sequence")
    expect(chart).to_contain_text("day")
    expect(chart).to_contain_text("2024")
    box = chart.bounding_box()
    assert box is not None
    empty.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.5)
    empty.clock.run_for(1000)
    expect(chart).to_contain_text(re.compile(r"Feb \d+, 2024: Viterbi state S\d"))
    # Nearer, with other names of states, they are dates all the same.
    empty.mouse.move(0, 0)
    chart.focus()
    empty.keyboard.press("+")
    panel.rest()
    assert chart.evaluate("chart => chart.layout.xaxis.type") == "date"
    expect(chart).to_contain_text("Feb")
    expect(chart).not_to_contain_text("×10")


# On that day clocks in New York had no hour from 02:00 to 03:00.
HOURS = np.datetime64("2024-03-10", "ns") + np.arange(48) * np.timedelta64(1, "h")

abroad = pytest.mark.parametrize("empty", ["America/New_York", "Asia/Kolkata"], indirect=True)


def point_at_hour(page: Page, name: str, hour: int) -> None:
    """Point at one of HOURS in the Viterbi path of a chart."""
    chart = ui.chart(page, name)
    box, margin = chart.bounding_box(), chart.evaluate("chart => chart.layout.margin")
    row = chart.get_by_text("Viterbi path", exact=True).bounding_box()
    assert box is not None
    assert row is not None
    width = box["width"] - margin["l"] - margin["r"]
    x = box["x"] + margin["l"] + width * (hour + 0.5) / len(HOURS)
    page.mouse.move(x, row["y"] + row["height"] / 2)
    page.clock.run_for(1000)


@abroad
def test_in_every_time_zone_a_panel_shows_and_paints_the_times_of_the_file(empty: Page) -> None:
    panel = Panel(empty)
    values = np.sin(np.arange(48.0)) + np.arange(48) % 3
    upload = Upload("f.csv", "x", Sequences(values), times=HOURS, time_name="hour")
    panel.session.replace_upload(upload, 2)
    panel.show()
    panel.rest()
    chart = ui.chart(empty, "sequence")
    for hour in (2, 8):
        point_at_hour(empty, "sequence", hour)
        expect(chart).to_contain_text(f"Mar 10, 2024, {hour:02}:00: Viterbi state S")
    empty.mouse.move(0, 0)
    panel.rest()
    # Where Plotly drew marks of observations, there is paint.
    drawn = chart.evaluate(
        """chart => [...chart.querySelectorAll(".xy path.point")].map((mark) => {
          const [inner, outer] = [mark, chart].map((part) => part.getBoundingClientRect());
          return [inner.x + inner.width / 2 - outer.x, inner.y + inner.height / 2 - outer.y];
        })"""
    )
    assert len(drawn) == len(HOURS)
    panel.paint()
    painted = chart.evaluate(
        """(chart, places) => {
          const canvas = chart.parentElement.querySelector("canvas");
          const pen = canvas.getContext("2d");
          return places.map(([x, y]) => pen.getImageData(
            x * devicePixelRatio, y * devicePixelRatio, 1, 1).data[3]);
        }""",
        drawn,
    )
    assert painted == [255] * len(HOURS)
    # By keys too it is zoomed around its middle.
    panel.rest()
    chart.focus()
    empty.keyboard.press("+")
    panel.rest()
    assert [end[:16] for end in chart.evaluate("chart => chart.layout.xaxis.range")] == [
        "2024-03-10T09:06",
        "2024-03-11T13:54",
    ]


@abroad
def test_in_every_time_zone_a_figure_shows_the_times_of_the_file(empty: Page) -> None:
    path = np.repeat([0, 1, 0], 16)
    scale = TimeScale.of(len(HOURS), HOURS, "hour")
    figure = paths_figure(
        path + 0.5, path, path, 2, LIGHT, revision="", true_states=path, scale=scale
    )
    message = text_of(encode_figure(figure, "one", None, label="Paths."))
    empty.evaluate("text => show(modules.figure.drawFigure, text)", message)
    rest(empty)
    chart = ui.chart(empty, "one")
    for hour in (2, 8):
        point_at_hour(empty, "one", hour)
        expect(chart).to_contain_text(f"Viterbi path, Mar 10, 2024, {hour:02}:00: S1")
    # The names, which the browser places, stand in the middle of their runs.
    names = chart.locator(".textpoint").get_by_text("S2", exact=True)
    box, margin = chart.bounding_box(), chart.evaluate("chart => chart.layout.margin")
    assert box is not None
    middle = box["x"] + (margin["l"] + box["width"] - margin["r"]) / 2
    places = [name.bounding_box() for name in names.all()]
    assert len(places) == 3
    for place in places:
        assert place is not None
        assert abs(place["x"] + place["width"] / 2 - middle) < 3


def test_beside_the_axes_a_painted_chart_looks_as_plotly_drew_it(empty: Page) -> None:
    """No mark is painted outside of a zoom, and the scale of the posterior's colours stays."""
    panel = Panel(empty)
    panel.receive()
    panel.rest()
    # So narrow that some point would always stand beside it.
    ui.drag_zoom(empty, "sequence", 0.3, 0.36)
    empty.mouse.move(0, 0)
    panel.rest()
    drawn = [beside(empty, left) for left in (True, False)]
    panel.paint()
    assert [beside(empty, left) for left in (True, False)] == drawn


def test_the_scale_of_colours_stays_where_plotly_draws_the_axes_alone(empty: Page) -> None:
    panel = Panel(empty)
    panel.receive()
    panel.rest()
    # Other axes, which Plotly has to draw; the numbers are painted until the panel rests.
    panel.session.change(num_states=4)
    drawings = panel.drawings()
    panel.send(frame_source(panel.session).frame())
    empty.clock.run_for(100)
    assert panel.busy == "true"
    assert panel.drawings() > drawings
    painted, drawings = beside(empty, left=False), panel.drawings()
    panel.rest()
    assert panel.drawings() > drawings
    assert beside(empty, left=False) == painted


def test_a_last_frame_that_came_while_the_panel_had_no_place_is_drawn_in_the_end(
    empty: Page,
) -> None:
    panel = Panel(empty)
    panel.receive()
    panel.rest()
    panel.paint()
    # Streamlit takes a component out and puts it back where runs of the page overtake each other.
    empty.evaluate("() => { window.root = document.querySelector('.hmm-panel'); root.remove(); }")
    panel.receive()
    # Longer than the view waits for further frames before it comes to rest.
    empty.clock.run_for(600)
    drawings = panel.drawings()
    empty.evaluate("document.getElementById('place').append(root)")
    panel.rest()
    assert panel.drawings() > drawings
    ui.expect_iteration(empty, 3)


def test_a_chart_says_its_result_once_it_rests(empty: Page) -> None:
    panel = Panel(empty, "method=Both")
    panel.receive()
    panel.rest()
    before = ui.chart(empty, "curve").get_attribute("aria-label")
    assert before is not None
    runs = {run.name: run for run in panel.session.main_runs}
    for name in ("EM", "Gradient"):
        reached = ui.log_likelihood_text(empty, name)
        assert f"{name}: {float(reached.replace('−', '-')):.3f}".replace("-", "−") in before
    assert before.count("at iteration 1") == len(runs) == 2
    assert "true model −" in before
    panel.paint()
    assert ui.chart(empty, "curve").get_attribute("aria-label") == before
    panel.rest()
    after = ui.chart(empty, "curve").get_attribute("aria-label")
    assert after is not None
    assert "EM: " in after
    assert after.count("at iteration 2") == 2
    sequence = ui.chart(empty, "sequence").get_attribute("aria-label")
    assert re.search(r"It is the true one at \d+ of 60 steps\.$", sequence or "")


def test_keys_zoom_and_move_within_the_whole_and_dates_too(empty: Page) -> None:
    keyed = "([key, layout, homes]) => modules['zoom-keys'].keyed(key, layout, homes)"

    def press(key: str, **axes: Any) -> Any:
        homes = {name: axis.pop("home") for name, axis in axes.items() if "home" in axis}
        return empty.evaluate(keyed, [key, axes, homes])

    def axis(*shown: float, **more: Any) -> dict[str, Any]:
        return {"range": list(shown), "home": [0, 100], **more}

    assert press("+", xaxis=axis(0, 100), yaxis=axis(0, 100, fixedrange=True)) == {
        "xaxis.range": [20, 80]
    }
    assert press("ArrowRight", xaxis=axis(20, 80)) == {"xaxis.range": [35, 95]}
    assert press("ArrowRight", xaxis=axis(35, 95)) == {"xaxis.range": [40, 100]}
    # What would change nothing is left to the browser: an arrow then scrolls the page.
    assert press("ArrowRight", xaxis=axis(40, 100)) is None
    assert press("ArrowUp", xaxis=axis(40, 100)) is None
    assert press("-", xaxis=axis(40, 100)) == {"xaxis.range": [0, 100]}
    for key in ("ArrowLeft", "-", "0", "Escape", "a"):
        assert press(key, xaxis=axis(0, 100)) is None
    assert press("0", xaxis=axis(40, 100)) == press("Escape", xaxis=axis(40, 100)) == "home"
    # Plots one above the other share their time; one plot alone is zoomed both ways.
    shared = {"xaxis": axis(0, 100, matches="x2"), "xaxis2": axis(0, 100)}
    stacked = press("+", **shared, yaxis=axis(0, 100), yaxis2=axis(0, 100))
    assert list(stacked) == ["xaxis2.range"]
    assert set(press("+", xaxis=axis(0, 100), yaxis=axis(0, 100))) == {"xaxis.range", "yaxis.range"}
    # A reversed axis stays reversed.
    assert press("+", xaxis=axis(100, 0)) == {"xaxis.range": [80, 20]}
    # The ends of an axis of dates are texts, of which Plotly has several forms.
    days = {"home": ["2024-01-01", "2024-01-11T00:00"]}
    shown = ["2024-01-01 12:00", "2024-01-05 00:00:00.0000"]
    assert press("ArrowLeft", xaxis={"range": shown, **days}) == {
        "xaxis.range": ["2024-01-01T00:00:00.000000", "2024-01-04T12:00:00.000000"]
    }
    assert press("0", xaxis={"range": ["2024-01-01", "2024-01-11"], **days}) is None


def test_names_of_states_are_painted_where_they_fit(empty: Page) -> None:
    fit = """([names, range, pixels]) => modules["state-names"].fitted(names, range, pixels)"""
    runs = {"start": [0.5, 90.5, 92.5], "end": [90.5, 92.5, 100.5], "strip": [0, 0, 1]}
    names = {
        "runs": {**runs, "state": [0, 1, 0]}, "strips": ["true path", "Viterbi path"],
        "names": ["S1", "S2"], "inks": ["#ffffff", "#101418"],
    }  # fmt: skip
    whole = empty.evaluate(fit, [names, [0.5, 100.5], 300])
    assert whole == {
        "x": [45.5, 96.5], "y": ["true path", "Viterbi path"], "text": ["S1", "S1"],
        "textfont.color": ["#ffffff", "#ffffff"],
    }  # fmt: skip
    # Nearer, in the middle of what is seen of a run.
    nearer = empty.evaluate(fit, [names, [85.5, 95.5], 300])
    assert (nearer["x"], nearer["text"]) == ([88, 91.5, 94], ["S1", "S2", "S1"])

    panel = Panel(empty)
    panel.receive()
    panel.rest()
    texts = "chart => chart.data.find((trace) => trace.mode === 'text').text.length"
    before = ui.chart(empty, "sequence").evaluate(texts)
    assert before > 2
    panel.paint()
    panel.rest()
    ui.drag_zoom(empty, "sequence", 0.3, 0.36)
    panel.rest()
    # Four steps are left, each of which has its name or stands in a run that has one.
    assert 2 <= ui.chart(empty, "sequence").evaluate(texts) <= 10


def test_no_mark_of_a_mean_is_cut_off_by_the_edge_of_its_chart(empty: Page) -> None:
    Panel(empty)
    room = ui.chart(empty, "means").evaluate(
        """chart => {
          const { margin, height, yaxis } = chart.layout;
          const marks = chart.data.find((trace) => trace.mode === "markers");
          const [low, high] = yaxis.range;
          const pixels = (height - margin.t - margin.b) / (high - low);
          return pixels * (Math.min(...marks.y) - low) - marks.marker.size / 2;
        }"""
    )
    assert room >= 1


def test_training_goes_in_steps_for_a_visitor_who_wants_less_motion(empty: Page) -> None:
    empty.emulate_media(reduced_motion="reduce")
    panel = Panel(empty)
    panel.play()
    empty.clock.run_for(100)
    ui.expect_iteration(empty, 1)
    for _ in range(4):
        panel.play()
        empty.clock.run_for(50)
    assert ui.iteration(empty) == 1
    empty.clock.run_for(300)
    ui.expect_iteration(empty, 5)
    # What is pressed is answered at once.
    panel.play()
    panel.press("Step")
    empty.clock.run_for(100)
    ui.expect_iteration(empty, 7)
    empty.clock.run_for(1000)
    assert ui.iteration(empty) == 7


def said(page: Page) -> list[dict[str, Any]]:
    """What the run controls have said to the page."""
    found: list[dict[str, Any]] = page.evaluate("said")
    return found


def moments(page: Page) -> list[float]:
    """When they said it."""
    return [one["at"] for one in said(page)]


def test_after_steps_the_page_runs_every_400_milliseconds_at_most(empty: Page) -> None:
    panel = Panel(empty)
    begun = now(empty)
    empty.evaluate("history.replaceState(null, '', '/posterior')")
    panel.session.page = "posterior"  # where every step is news
    panel.show()
    for _ in range(6):
        panel.press("Step")
        empty.clock.run_for(250)
        if len(said(empty)) > panel.answered:
            panel.answered = len(said(empty))
            panel.show()
    empty.clock.run_for(1000)
    times = moments(empty)
    assert times[0] >= begun + 200, "the frame is seen first"
    assert len(times) >= 2
    assert all(later - earlier >= 400 for earlier, later in pairwise(times))
    # Only when the page has answered is all said, and it is asked once more where it does not.
    assert panel.busy == "true"
    asked = len(times)
    empty.clock.run_for(3000)
    assert len(moments(empty)) == asked + 1
    panel.show()
    empty.clock.run_for(5000)
    assert len(moments(empty)) == asked + 1


def test_a_run_that_was_asked_for_and_got_lost_is_asked_for_again(empty: Page) -> None:
    """Also where the page has nothing new to say, after a run that somebody else asked for."""
    panel = Panel(empty)
    empty.evaluate("history.replaceState(null, '', '/posterior')")
    panel.session.page = "posterior"
    panel.show()
    panel.press("Step")
    empty.clock.run_for(1000)
    asked = len(said(empty))
    assert asked > panel.answered
    frames = frame_source(panel.session)
    empty.evaluate("live => showControls(live)", {**frames.live(), "heard": asked - 1})
    busy = empty.locator(CONTROLS)
    expect(busy).to_have_attribute("aria-busy", "true")
    empty.clock.run_for(3500)
    assert len(said(empty)) == asked + 1
    panel.show()
    empty.clock.run_for(5000)
    assert len(said(empty)) == asked + 1
    expect(busy).to_have_attribute("aria-busy", "false")


def test_a_new_session_answers_for_itself_alone(empty: Page) -> None:
    """What the one before was asked, as while the server was started anew, nobody hears."""
    panel = Panel(empty)
    empty.evaluate("history.replaceState(null, '', '/posterior')")
    panel.session.page = "posterior"
    panel.show()
    panel.press("Step")
    empty.clock.run_for(1000)
    assert len(said(empty)) > panel.answered, "a run was asked for"
    assert panel.busy == "true"
    panel.session = Session.from_url({"K": "3", "M": "60", "N": "2"})
    panel.session.page = "posterior"
    frames = frame_source(panel.session)
    empty.evaluate("live => showControls(live)", {**frames.live(), "heard": 0})
    empty.evaluate("text => show(modules.panel.drawPanel, text)", text_of(frames.frame()))
    empty.evaluate("lines.at(-1).open()")
    empty.clock.run_for(2000)
    assert empty.locator(CONTROLS).get_attribute("aria-busy") == "false"


def test_no_run_is_asked_for_right_after_a_click(empty: Page) -> None:
    """Streamlit would drop the click."""
    panel = Panel(empty)
    panel.press("New start")
    begun = now(empty)
    empty.locator("#elsewhere").click()
    empty.clock.run_for(990)
    assert said(empty) == []
    empty.clock.run_for(100)
    assert moments(empty) == [pytest.approx(begun + 1000, abs=50)]


@pytest.mark.parametrize("way", ["a link", "Back"])
def test_no_run_is_asked_for_while_a_page_is_left(empty: Page, way: str) -> None:
    """It would bring the page back."""
    panel = Panel(empty)
    panel.press("New start")
    if way == "Back":
        empty.evaluate("history.replaceState(null, '', '/training')")
    else:
        # Its address comes with its first run.
        link = "document.querySelector('a[href=\"/posterior\"]')"
        empty.evaluate(f"{link}.addEventListener('click', (event) => event.preventDefault())")
        empty.evaluate(f"{link}.click()")
    # What the page that is left still has to say changes nothing.
    panel.show()
    panel.press("New start")
    empty.clock.run_for(2900)
    assert said(empty) == []
    empty.evaluate("history.replaceState(null, '', '/training')")
    panel.session.page = "training"
    panel.show()
    panel.press("New start")
    empty.clock.run_for(2000)
    assert len(said(empty)) >= 1


def test_back_makes_no_entries_though_a_run_of_the_page_that_was_left_comes_late(
    empty: Page,
) -> None:
    """Streamlit writes the page of every run into the address."""
    message = {"page": "data", "query": "K=3", "settings": 0, "session": 0, "number": 0}
    entries = empty.evaluate(
        """(message) => {
          const follow = (page, number) => modules.address.follow({ data: [{ ...message, page,
            number, run_position: {} }], parentElement: document.getElementById("other"),
            setTriggerValue() {} });
          history.replaceState(null, "", "/training?K=3");
          history.pushState(null, "", "/data"); // a page that is opened
          history.pushState(null, "", "/data?K=3");
          follow("data", 1);
          const length = history.length;
          history.replaceState(null, "", "/training?K=3"); // where Back leads
          window.dispatchEvent(new PopStateEvent("popstate"));
          history.pushState(null, "", "/data?K=3");
          follow("data", 2);
          history.pushState(null, "", "/training?K=3");
          follow("training", 3);
          const after = [history.length - length, location.pathname];
          history.pushState(null, "", "/training?K=3"); // of a page that is left, once more
          history.pushState(null, "", "/data"); // and a link later
          return [length, ...after, history.length - length, location.pathname];
        }""",
        message,
    )
    before = entries[0]
    assert entries == [before, 0, "/training", 1, "/data"]


def test_back_leads_to_where_the_runs_stood_though_settings_changed_as_a_page_was_opened(
    empty: Page,
) -> None:
    """No timer has run between the page's own address and the next."""
    found = empty.evaluate(
        """async () => {
          history.replaceState(null, "", "/data"); // a page that has just been opened
          modules.address.follow({ data: [{ page: "data", query: "K=3", settings: 7, session: 0,
            number: 1, run_position: { runs: "EM_3" } }],
            parentElement: document.getElementById("other"), setTriggerValue() {} });
          history.pushState(null, "", "/data?K=3");
          history.pushState(null, "", "/data?K=4");
          const there = new Promise((resolve) => {
            addEventListener("popstate", resolve, { once: true });
          });
          history.back();
          await there;
          return location.search;
        }"""
    )
    assert found == "?K=3&runs=EM_3"


def test_a_link_that_is_copied_before_the_address_has_the_settings_has_them(empty: Page) -> None:
    """A page that has just been opened has a bare address until Streamlit has written them."""
    empty.context.grant_permissions(["clipboard-read", "clipboard-write"])
    empty.evaluate(
        """() => {
          history.replaceState(null, "", "/viterbi?embed=true");
          const parentElement = document.getElementById("place");
          modules.address.follow({ parentElement, setTriggerValue() {}, data: [{
            page: "viterbi", query: "K=3&seed=8", settings: 4, session: 1, number: 1,
            run_position: { runs: "EM_6" }, unsaid: "",
          }] });
        }"""
    )
    empty.get_by_role("button", name="Copy link").click()
    expect(empty.locator(".hmm-link output")).to_contain_text("Link copied.")
    link = empty.evaluate("navigator.clipboard.readText()")
    where, _, settings = link.partition("?")
    assert where == urljoin(empty.url, "/viterbi")
    expected = {"K": "3", "seed": "8", "runs": "EM_6", "embed": "true"}
    assert dict(parse_qsl(settings)) == expected


def test_a_frame_that_is_sent_ahead_of_a_run_asks_for_no_other(empty: Page) -> None:
    panel = Panel(empty)
    panel.session.change(num_states=4)
    panel.send(frame_source(panel.session).frame(ahead=True))
    empty.clock.run_for(5000)
    assert said(empty) == []
    panel.show()
    panel.rest()
    assert said(empty) == []


def test_a_link_that_is_clicked_before_the_request_is_sent_leads_away_after_it(
    empty: Page,
) -> None:
    """Streamlit sends what a component says in a task of its own: that would be too late."""
    panel = Panel(empty)
    panel.press("New start")
    empty.evaluate(
        """() => {
          window.clicks = [];
          const link = document.querySelector("a[href='/posterior']");
          link.addEventListener("click", (event) => {
            clicks.push(said.length);
            event.preventDefault();
          });
          const tell = said.push.bind(said);
          said.push = (...one) => {
            tell(...one);
            queueMicrotask(() => { link.click(); window.atOnce = clicks.length; });
          };
        }"""
    )
    empty.clock.run_for(1000)
    assert empty.evaluate("[atOnce, clicks]") == [0, [1]]


def test_a_lost_line_is_opened_again_less_and_less_often_and_says_again_what_was_not_heard(
    empty: Page,
) -> None:
    panel = Panel(empty)
    empty.get_by_role("button", name="Step", exact=True).click()
    waits = []
    for _ in range(3):
        lost = now(empty)
        empty.evaluate("lines.at(-1).close()")
        before = empty.evaluate("lines.length")
        while empty.evaluate("lines.length") == before:
            empty.clock.run_for(50)
        waits.append(round(empty.evaluate("lines.at(-1).begun") - lost, -2))
    assert waits == [500, 1000, 2000]
    empty.evaluate("lines.at(-1).open()")
    assert empty.evaluate("lines.at(-1).sent") == ["1 0 step"]
    panel.answer()
    ui.expect_iteration(empty, 1)
    # Whoever has the line now keeps it; a server that has forgotten us waits for a run of the page.
    for code in (UNKNOWN, REPLACED):
        before = empty.evaluate("lines.length")
        empty.evaluate("code => lines.at(-1).close(code)", code)
        empty.clock.run_for(10_000)
        assert empty.evaluate("lines.length") == before
        panel.show()
        empty.evaluate("lines.at(-1).open()")


def test_a_line_that_cannot_be_opened_is_refused_and_tried_again(empty: Page) -> None:
    panel = Panel(empty)
    slower = empty.get_by_text("Slower here")
    empty.evaluate("lines.at(-1).close()")
    # Nobody misses it until something is to be said.
    empty.clock.run_for(20_000)
    expect(slower).to_have_count(0)
    for name in ("Step", "Step", "Play"):
        empty.get_by_role("button", name=name, exact=True).click()
    empty.clock.run_for(2900)
    assert said(empty) == []
    empty.clock.run_for(200)
    expect(slower).to_be_visible()
    (request,) = said(empty)
    assert request["refused"]
    assert request["commands"] == ["1 0 step", "2 0 step", "3 0 play"]
    # The page answers, and as long as the runs play, it is asked for another run.
    for message in request["commands"]:
        assert receive(panel.session, message)
    panel.show()
    empty.clock.run_for(900)
    assert [one["commands"] for one in said(empty)[1:]] == [[]]
    # Its line comes back in the end, of which the page hears.
    before = empty.evaluate("lines.length")
    empty.clock.run_for(31_000)
    assert empty.evaluate("lines.length") == before + 1
    empty.evaluate("lines.at(-1).open()")
    expect(slower).to_have_count(0)
    panel.session.pause()
    panel.show()
    empty.clock.run_for(4000)
    assert not said(empty)[-1]["refused"]


def test_a_journey_skips_places_and_frames_let_answers_go_first(empty: Page) -> None:
    panel = Panel(empty)
    for _ in range(9):
        panel.session.step()
    panel.show()
    panel.rest()
    # Each key is a place; those that wait while the first is under way make room for the last.
    slider = empty.get_by_role("slider", name="Iteration shown")
    slider.focus()
    for _ in range(4):
        empty.keyboard.press("ArrowLeft")
    assert empty.evaluate("lines.at(-1).sent") == ["1 0 at 8"]
    panel.answer()
    panel.answer()
    ui.expect_iteration(empty, 5)
    assert panel.session.acknowledged == 2
    # What is used elsewhere is answered before the next frame is asked for.
    panel.press("Play")
    assert empty.evaluate("lines.at(-1).sent") == ["next", "next"]
    empty.evaluate("lines.at(-1).sent.splice(0)")
    empty.locator("#elsewhere").click()
    frame = frame_source(panel.session).next_frame(0.0)
    panel.send(frame)
    empty.clock.run_for(240)
    assert empty.evaluate("lines.at(-1).sent") == []
    empty.clock.run_for(20)
    assert empty.evaluate("lines.at(-1).sent") == ["next"]


def test_a_press_right_after_a_change_names_the_settings_to_come(empty: Page) -> None:
    panel = Panel(empty)
    before = panel.session.settings_number

    def press(name: str) -> None:
        empty.get_by_role("button", name=name, exact=True).click()

    empty.locator("#elsewhere").click()
    press("Play")
    empty.clock.run_for(1100)
    press("Step")
    # What is typed is entered when its box is left, unless it was entered by Enter long before.
    empty.evaluate(
        "document.getElementById('other').innerHTML = '<input type=number aria-label=Length>'"
    )
    empty.get_by_label("Length").fill("40")
    empty.clock.run_for(5000)
    press("Step")
    empty.get_by_label("Length").fill("50")
    empty.keyboard.press("Enter")
    empty.clock.run_for(5000)
    press("Step")
    sent = [f"1 {before + 1} play", f"2 {before} step", f"3 {before + 1} step", f"4 {before} step"]
    assert empty.evaluate("lines.at(-1).sent") == sent


OUTCOME = "[data-testid=hmm-outcome]"


def test_the_outcome_follows_every_frame_and_only_its_verdict_is_announced(empty: Page) -> None:
    panel = Panel(empty, "start=symmetric")
    pill = empty.locator(OUTCOME).get_by_role("status")
    expect(pill).to_have_text("stuck: all states alike")
    empty.evaluate(
        """(outcome) => {
          window.announced = [];
          const status = document.querySelector(`${outcome} [role=status]`);
          new MutationObserver(() => announced.push(status.textContent))
            .observe(status, { childList: true, characterData: true, subtree: true });
        }""",
        OUTCOME,
    )
    numbers = empty.locator(OUTCOME)
    seen = set()
    for iteration in range(1, 5):
        panel.receive()
        expect(numbers).to_contain_text(f"EM, iteration {iteration}")
        seen.add(numbers.inner_text())
    assert len(seen) == 4
    assert empty.evaluate("announced") == ["learning"]
    live = empty.locator(f"{OUTCOME} [role=status], {OUTCOME} [aria-live]")
    expect(live).to_have_count(1)


def test_the_remedy_and_its_undoing_are_commands_and_keep_the_focus(empty: Page) -> None:
    panel = Panel(empty, "start=symmetric")
    line = empty.locator(OUTCOME)
    remedy = line.get_by_role("button", name="Nudge the start", exact=True)
    remedy.focus()
    empty.keyboard.press("Enter")
    (sent,) = empty.evaluate("lines.at(-1).sent")
    assert re.fullmatch(rf"1 {panel.session.settings_number} remedy \d{{1,9}}", sent)
    panel.answer()
    assert panel.session.config.nudge == 1
    expect(remedy).to_be_hidden()
    undo = line.get_by_role("button", name="Undo", exact=True)
    expect(undo).to_be_focused()
    empty.keyboard.press("Enter")
    panel.answer()
    assert panel.session.config.nudge == 0
    expect(undo).to_be_hidden()
    expect(remedy).to_be_focused()
    # Where nothing is left to press here, Play is next.
    panel.session.change(start="random")
    panel.send(frame_source(panel.session).frame())
    expect(empty.get_by_role("button", name="Play", exact=True)).to_be_focused()


def test_where_a_run_rests_a_link_leads_to_the_landscape_by_the_pages_own_links(
    empty: Page,
) -> None:
    panel = Panel(empty, "K=2&M=20&N=2")
    link = empty.locator(OUTCOME).get_by_role("link")
    expect(link).to_have_count(0)
    for _ in range(400):
        panel.session.step()
    panel.send(frame_source(panel.session).frame())
    expect(link).to_have_text("Is there a higher hill?")
    assert link.evaluate("link => link.pathname") == "/landscape"
    empty.evaluate(
        """() => {
          const [header, own] = ["header", "a"].map((name) => document.createElement(name));
          own.href = "/landscape";
          own.onclick = (event) => { event.preventDefault(); window.followed = true; };
          header.append(own);
          document.body.append(header);
        }"""
    )
    link.click()
    empty.clock.run_for(100)
    assert empty.evaluate("window.followed")


def test_frames_are_asked_for_while_a_map_is_searched_although_nothing_plays(empty: Page) -> None:
    panel = Panel(empty)
    empty.evaluate("lines.at(-1).sent.splice(0)")
    live = {**frame_source(panel.session).live(), "searching": True}
    empty.evaluate("live => showControls(live)", live)
    assert empty.evaluate("lines.at(-1).sent") == ["next", "next"]
    expect(empty.get_by_role("button", name="Play", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [330, 460, 938, 1099, 1350])
def test_words_of_the_outcome_are_whole_and_move_nothing_below_it(empty: Page, width: int) -> None:
    Panel(empty)
    empty.evaluate(
        "width => (document.getElementById('controls').style.width = `${width}px`)", width
    )
    heights, cut = set(), []
    longest = {
        "pill": ["stuck: all states alike", "warning"], "run": "Gradient, iteration 12\u202f345",
        "share": [">99\u202f%", "of states right", ">99\u202f% by the true model"],
        "distance": ["+0.00004", "nats per observation above the true model", ""],
        "criteria": "AIC 123\u202f456.7 · BIC 123\u202f987.6 · 439 free parameters",
        "help": [["Word", "Text " * 40]],
        "remedy": {"number": 7, "label": "Start from the best of several", "help": "Try."},
    }  # fmt: skip
    for line in (
        {"pill": ["cannot be trained", "error"], "run": "", "share": ["", "", ""], "help": [],
         "distance": ["", "", ""], "criteria": "", "remedy": None, "undo": ""},
        {"pill": ["learning", "busy"], "run": "EM, iteration 3", "undo": "", "remedy": None,
         "share": ["97\u202f%", "of states right", "98\u202f% is possible"],
         "distance": ["0.12", "nats per observation below the true model", ""],
         "criteria": "AIC 913.4 · BIC 950.0 · 14 free parameters", "help": [["Word", "Text"]]},
        {**longest, "undo": "Go back."},
        {**longest, "undo": "", "elsewhere": ["Is there a higher hill?", "landscape"]},
    ):  # fmt: skip
        empty.evaluate(
            "line => modules['run-controls'].drawRunControls({ data: [{ ...lastLive,"
            " outcome: line }], parentElement: document.getElementById('controls') })",
            line,
        )
        box = empty.locator(OUTCOME).bounding_box()
        assert box is not None
        heights.add(round(box["height"]))
        cut += empty.evaluate(
            """(outcome) => {
              const root = document.querySelector(outcome), edge = root.getBoundingClientRect();
              const parts = root.querySelectorAll(".hmm-facts > *, .hmm-actions > *");
              return [...parts].filter((part) => {
                const { right, bottom } = part.getBoundingClientRect();
                return right > edge.right || bottom > edge.bottom;
              }).map((part) => part.textContent);
            }""",
            OUTCOME,
        )
    assert cut == []
    assert len(heights) == 1, heights


def test_play_ends_a_film(empty: Page) -> None:
    panel = Panel(empty)
    for _ in range(9):
        panel.session.step()
    panel.show()
    panel.rest()
    empty.get_by_role("button", name="Film", exact=True).click()
    empty.clock.run_for(100)
    empty.get_by_role("button", name="Play", exact=True).click()
    empty.clock.run_for(500)
    panel.answer()
    assert panel.session.player.playing
    assert empty.evaluate("lines.at(-1).sent") == ["next", "next"]


def test_a_line_that_is_lost_while_the_runs_play_is_refused_in_the_end(empty: Page) -> None:
    panel = Panel(empty, "method=Gradient&rate=0.0001")
    panel.press("Play")
    empty.evaluate("() => { lines.at(-1).close(); window.WebSocket.prototype.open = null; }")
    for _ in range(8):
        empty.clock.run_for(500)
        empty.evaluate("() => { if (lines.at(-1).readyState === 0) lines.at(-1).close(); }")
    assert said(empty)[-1]["refused"]
    # A place that was said may have been shown: the next one is another command.
    panel.session.pause()
    panel.show()
    slider = empty.get_by_role("slider", name="Iteration shown")
    for _ in range(3):
        panel.session.step()
    panel.show()
    slider.focus()
    empty.keyboard.press("ArrowLeft")
    empty.clock.run_for(3500)
    empty.keyboard.press("ArrowLeft")
    empty.clock.run_for(3500)
    assert [one.partition(" at ")[2] for one in said(empty)[-1]["commands"]] == ["2", "1"]


def test_after_pause_no_frame_of_before_is_shown(empty: Page) -> None:
    panel = Panel(empty, "method=Gradient&rate=0.0001&speed=max")
    panel.press("Play")
    frames = [frame_source(panel.session).next_frame(0.0) for _ in range(3)]
    panel.send(frames[0])
    empty.clock.run_for(100)
    shown = ui.iteration(empty, "Gradient")
    empty.get_by_role("button", name="Pause", exact=True).click()
    expect(empty.get_by_role("button", name="Play", exact=True)).to_be_focused()
    panel.send(frames[1])
    empty.clock.run_for(500)
    assert ui.iteration(empty, "Gradient") == shown
    panel.answer()
    # Nor one that was sent before and arrives after it.
    panel.send(frames[2])
    empty.clock.run_for(500)
    assert ui.iteration(empty, "Gradient") == panel.session.latest
    expect(empty.get_by_role("button", name="Play", exact=True)).to_be_visible()
    # Nor does the page ask for others.
    empty.evaluate("lines.at(-1).sent.splice(0)")
    empty.clock.run_for(2000)
    assert "next" not in empty.evaluate("lines.at(-1).sent")


def test_the_film_runs_from_the_start_to_the_latest_iteration(empty: Page) -> None:
    empty.evaluate(
        """() => {
          window.told = [];
          const scrubber = new modules.scrubber.Scrubber((command) => told.push(command));
          scrubber.show({ playing: false, at: null, latest: 3, marks: [] }, false);
          document.getElementById("place").append(scrubber.root);
        }"""
    )
    film = empty.locator(".hmm-scrubber").get_by_role("button").first
    expect(film).to_have_text("Film")
    film.click()
    expect(film).to_have_text("Stop")
    empty.clock.run_for(7000)
    expect(film).to_have_text("Film")
    commands: list[str] = empty.evaluate("told")
    assert list(dict.fromkeys(commands)) == ["at 0", "at 1", "at 2", "now"]
    assert commands[-1] == "now"


# A single figure on a page that is left and comes back.


def figure_message(title: str) -> str:
    figure = {"data": [{"x": [1, 2], "y": [2, 1]}], "layout": {"title": {"text": title}}}
    header = {
        "key": "one", "label": "A figure.", "height": 300, "colours": ["#123456"],
        "figure": json.dumps(figure),
    }  # fmt: skip
    return text_of(wire.pack(header, {}))


def show_figure(page: Page, title: str, place: str = "place") -> None:
    page.evaluate(
        "([text, place]) => show(modules.figure.drawFigure, text, place)",
        [figure_message(title), place],
    )


FIGURE = "[data-testid=hmm-figure]"


def rest(page: Page) -> None:
    """Let time pass until the figure is drawn."""
    let_rest(page, lambda: not page.locator(f"{FIGURE}[aria-busy=false]").count())


def test_a_figure_is_kept_while_its_page_is_left_and_never_shown_for_another(empty: Page) -> None:
    show_figure(empty, "first")
    rest(empty)
    empty.evaluate(
        """figure => {
          window.drawn = document.querySelector(figure);
          window.drawings = 0;
          drawn.on("plotly_afterplot", () => { drawings += 1; });
        }""",
        FIGURE,
    )
    # Mounted elsewhere a moment later, and back on a page that was left: as it was, at once.
    for pause, place in ((1000, "other"), (2000, "place")):
        empty.evaluate("() => { document.getElementById('place').replaceChildren(); end(); }")
        empty.clock.run_for(pause)
        show_figure(empty, "first", place)
        rest(empty)
        assert empty.evaluate("figure => document.querySelector(figure) === drawn", FIGURE)
        expect(empty.locator(FIGURE)).to_be_visible()
        if place == "other":
            show_figure(empty, "first")
            rest(empty)
    assert empty.evaluate("drawings") == 0
    # Another one meanwhile: what was drawn before is not seen.
    empty.evaluate("() => { drawn.remove(); end(); }")
    empty.clock.run_for(2000)
    show_figure(empty, "second")
    expect(empty.locator(FIGURE)).to_be_hidden()
    rest(empty)
    expect(empty.locator(FIGURE)).to_be_visible()
    expect(empty.locator(FIGURE).get_by_text("second")).to_be_visible()


def test_a_figure_that_could_not_be_drawn_is_tried_again_when_its_page_comes_back(
    empty: Page, browser_errors: list[str]
) -> None:
    def fail(route: Route) -> None:
        route.abort()

    empty.route("**/plotly*", fail)
    show_figure(empty, "first")
    rest(empty)
    expect(empty.get_by_text("The drawing library could not be loaded")).to_be_visible()
    empty.unroute("**/plotly*", fail)
    browser_errors.clear()
    empty.evaluate("() => { document.getElementById('place').replaceChildren(); end(); }")
    empty.clock.run_for(2000)
    show_figure(empty, "first")
    rest(empty)
    expect(empty.locator(FIGURE).get_by_text("first")).to_be_visible()


def test_names_of_earlier_runs_stand_clear_of_each_other_and_are_not_cut_off(empty: Page) -> None:
    """Five runs that end close together, near the true model, and one far below the axis."""
    panel = Panel(empty, "noise=0.5")
    for _ in range(4):
        for _ in range(25):
            panel.session.step()
        panel.session.new_start()
    panel.session.step()
    panel.session.change(noise_sd=5.0, separation=10.0)
    panel.session.step()
    panel.session.change(noise_sd=0.5, separation=1.5, start="symmetric")
    panel.show()
    panel.rest()
    chart = ui.chart(empty, "curve")
    expect(chart).to_contain_text("↓")
    names = [f"start {number}: −" for number in range(1, 4)]
    texts = [chart.get_by_text(name) for name in [*names, "true model", "σ = 5"]]
    boxes = [text.bounding_box() for text in texts]
    outer = chart.bounding_box()
    assert outer is not None
    for box in boxes:
        assert box is not None
        assert outer["x"] <= box["x"]
        assert outer["y"] <= box["y"]
        assert box["x"] + box["width"] <= outer["x"] + outer["width"]
        assert box["y"] + box["height"] <= outer["y"] + outer["height"]
    tops = sorted(box["y"] for box in boxes if box)
    assert all(below - above >= 10 for above, below in pairwise(tops))
    # They stay while numbers are painted.
    drawings = panel.drawings()
    panel.paint()
    expect(chart.get_by_text(names[0])).to_be_visible()
    assert panel.drawings() == drawings


@pytest.mark.parametrize(("which", "first", "later"), [("forward", 1, 3), ("backward", 4, 2)])
def test_the_film_of_a_pass_goes_time_by_time(
    empty: Page, which: str, first: int, later: int
) -> None:
    session = Session.from_url({"K": "2", "M": "30", "N": "1", "window": "4", "pass": which})
    session.page = "messages"
    message = text_of(frame_source(session).frame())
    empty.evaluate("plotlyLoaded()")
    empty.evaluate("text => show(modules.trellis.drawTrellis, text)", message)
    empty.clock.run_for(500)
    story, unreached = empty.get_by_test_id("story"), empty.get_by_label("not reached yet")
    expect(empty.get_by_role("gridcell")).to_have_count(8)
    expect(unreached).to_have_count(0)
    empty.get_by_role("button", name="Play the pass").click()
    expect(story).to_have_text(re.compile(f"^t = {first}: S"))
    expect(unreached).to_have_count(6)
    empty.clock.run_for(1800)
    expect(story).to_have_text(re.compile(f"^t = {later}: S"))
    expect(unreached).to_have_count(2)
    empty.get_by_role("button", name="Pause").click()
    empty.clock.run_for(5000)
    expect(unreached).to_have_count(2)
    empty.get_by_role("button", name="One time back").click()
    expect(unreached).to_have_count(4)
    empty.get_by_role("button", name="Play the pass").click()
    empty.clock.run_for(5000)
    # At the end of the window it stops.
    expect(empty.get_by_role("button", name="Play the pass")).to_be_visible()
    expect(unreached).to_have_count(0)
