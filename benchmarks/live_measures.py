"""The measurements of the live page, each a function of a browser that returns plain numbers.

Times in milliseconds are taken inside the page: from the input event to the first animation frame
in which the panel has changed. Times in seconds are taken outside, by the clock.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import TimeoutError as BrowserTimeout

from benchmarks.machine import usage
from benchmarks.watching import start_watching, stop_watching
from tests.browser import playground as ui
from tests.browser.page import page_failures, wait_until_idle
from tests.browser.server import Server

STANDARD = "K=5&M=200&N=20"
SLOW_EM = f"{STANDARD}&noise=2"
"""States that overlap so much that EM takes well over a thousand steps to its end."""
ENDLESS = f"{STANDARD}&method=Gradient&rate=0.0001"
"""A training that does not come to its end while it is watched."""
SLOWEST = f"{ENDLESS}&optimizer=plain"
"""A training that goes on for minutes at full speed, where `ENDLESS` ends within one."""
BOTH = f"{STANDARD}&noise=2&method=Both&rate=0.0001"
"""Both methods, neither of which comes to its end while it is watched."""
LONG = "K=5&M=100000&N=1"
WINDOW = {"width": 1440, "height": 900}
WINDOW_MILLISECONDS = 2000
"""Time within which a new window has loaded its own contents."""

# Whether Plotly has drawn every chart of the panel.
CHARTS_DRAWN = """([panel, charts]) => {
  const root = document.querySelector(panel);
  return root && root.clientHeight && charts.every((name) => {
    const chart = root.querySelector(`[data-chart=${name}]`);
    return chart.closest("[hidden]") || chart.querySelector("svg.main-svg");
  });
}"""

# The times at which the first figure of a page and all of its figures were drawn; null before that.
# Pages without a panel have single figures, and none is added after the page's script has ended.
PAGE_SHOWN = """([panel, name]) => {
  const link = document.querySelector("[data-testid=stTopNavLink][aria-current=page]");
  if (!link || !link.textContent.endsWith(name)) return null;
  const root = document.querySelector(panel);
  const here = name === "Playground";
  if (here !== Boolean(root?.clientHeight)) return null;
  const charts = here && [...root.querySelectorAll("[data-chart]")];
  const places = here ? charts.filter((chart) => !chart.closest("[hidden]"))
    : [...document.querySelectorAll("[data-testid=hmm-figure]")];
  const drawn = places.filter((one) =>
    one.querySelector("svg.main-svg")?.checkVisibility({ visibilityProperty: true }));
  if (!drawn.length) return null;
  const now = performance.now();
  window.hmmShown ??= now;
  const over = document.querySelector("[data-test-script-state=notRunning]");
  return over && drawn.length === places.length ? [window.hmmShown, now] : null;
}"""

# The share of frames that show the hover text of the cell under the pointer.
HOVER_STAYS = """(longest) => new Promise((resolve) => {
  const begin = performance.now();
  let [seen, frames] = [0, 0];
  const look = () => {
    frames += 1;
    seen += Boolean(document.querySelector("[data-chart=learned] .hovertext"));
    if (performance.now() - begin < longest) requestAnimationFrame(look);
    else resolve(seen / frames);
  };
  look();
})"""


@dataclass
class Errors:
    """Errors of the pages so far."""

    texts: list[str] = field(default_factory=list)


def window(browser: Browser) -> BrowserContext:
    """A visitor's browser before the visit: a window with an empty tab, and nothing cached."""
    context = browser.new_context(viewport=WINDOW)  # type: ignore[arg-type]
    # A new window loads its own contents for a moment after it has opened.
    context.new_page().wait_for_timeout(WINDOW_MILLISECONDS)
    return context


@contextmanager
def opened(browser: Browser, server: Server, query: str, errors: Errors) -> Iterator[Page]:
    """A page of a fresh context at the Playground, its charts drawn."""
    context = browser.new_context(base_url=f"{server.url}/", viewport=WINDOW)  # type: ignore[arg-type]
    try:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.texts.append(str(error)))
        ui.open_playground(page, query)
        ui.wait_until_settled(page)
        yield page
        errors.texts.extend(page_failures(page))
    finally:
        context.close()


def percentile(values: list[float], percent: float) -> float:
    """A percentile; nan of nothing."""
    return float(np.percentile(values, percent)) if values else float("nan")


@dataclass(frozen=True)
class Playing:
    """How a page looked while it played; medians over the runs."""

    rate: float
    interval_p95: float
    blank_frames: int
    minimum_opacity: float
    zoom_kept: bool
    updates: int


def playing(page: Page, speed: str, seconds: float, runs: int) -> Playing:
    """Play at a speed and look at every frame."""
    ui.choose(page, "Speed", speed)
    zoomed = ui.drag_zoom(page, "sequence")
    rates, intervals, blanks, opacities, updates = [], [], 0, [], 0
    name = "Gradient" if page.get_by_test_id("iteration-Gradient").count() else "EM"
    for _ in range(runs):
        ui.press(page, "Reset")
        ui.expect_iteration(page, 0, name)
        ui.press(page, "Play")
        ui.wait_beyond(page, 3, name)
        start_watching(page)
        page.wait_for_timeout(1000 * seconds)
        seen = stop_watching(page)
        ui.press(page, "Pause")
        expect(ui.button(page, "Play")).to_be_visible()
        times = [moment for moment, _ in seen.changes]
        rates.append(len(times) / seen.seconds)
        intervals.append(percentile(list(np.diff(times)), 95))
        updates += len(times)
        blanks += seen.blank_frames
        opacities.append(seen.minimum_opacity)
    kept = bool(np.allclose(ui.axis_range(page, "sequence"), zoomed, rtol=0, atol=1e-6))
    return Playing(median(rates), median(intervals), blanks, min(opacities), kept, updates)


def pauses(page: Page, speed: str, number: int) -> list[float]:
    """Milliseconds from pressing Pause to the last change of the picture, at every press."""
    rng = random.Random(1)
    ui.choose(page, "Speed", speed)
    found = []
    for _ in range(number):
        ui.press(page, "Reset")
        ui.expect_iteration(page, 0)
        ui.press(page, "Play")
        ui.wait_beyond(page, 2)
        # Somewhere between two ticks, a different place each time.
        page.wait_for_timeout(rng.uniform(0, 120))
        start_watching(page)
        ui.press(page, "Pause")
        # Nothing is asked of the page meanwhile: looking for a button takes it 40 ms.
        page.wait_for_timeout(700)
        seen = stop_watching(page)
        expect(ui.button(page, "Play")).to_be_visible()
        begin = seen.inputs[0][0]
        changed = [moment for moment, _ in (*seen.changes, *seen.draws) if moment >= begin]
        found.append(max(changed) - begin if changed else 0.0)
    return found


def sidebar_answers(page: Page, number: int) -> list[float]:
    """Milliseconds from a slider's key to the charts of the new data, while both methods train."""
    ui.choose(page, "Speed", "Full speed")
    found = []
    for turn in range(number):
        ui.press(page, "Play")
        ui.wait_beyond(page, 5, "Gradient")
        start_watching(page)
        ui.nudge(page, "Noise σ", "ArrowLeft" if turn % 2 else "ArrowRight")
        page.wait_for_function("() => window.hmmWatch.changes.some(([, i]) => i === 0)")
        seen = stop_watching(page)
        took = seen.reaction([change for change in seen.changes if change[1] == 0])
        assert took is not None
        found.append(took)
        ui.wait_until_settled(page)
    return found


def hover(page: Page, seconds: float) -> float:
    """The share of frames in which the text under a resting pointer is there while it plays."""
    ui.show_as(page, "matrix")
    ui.choose(page, "Speed", "Full speed")
    ui.press(page, "Play")
    ui.wait_beyond(page, 5, "Gradient")
    box = page.locator("[data-chart=learned] .nsewdrag").first.bounding_box()
    assert box is not None
    # At the edge of a cell: its middle is a mark of the hand, which has a text of its own.
    page.mouse.move(box["x"] + 0.015 * box["width"], box["y"] + 0.5 * box["height"], steps=3)
    page.wait_for_selector("[data-chart=learned] .hovertext")
    share = float(page.evaluate(HOVER_STAYS, 1000 * seconds))
    ui.press(page, "Pause")
    return share


def dragging(page: Page, seconds: float) -> float:
    """Pictures a second while a mean is dragged to and fro."""
    ui.wait_until_settled(page)
    box = page.get_by_role("slider", name="mean of S1", exact=True).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    start_watching(page)
    begin = time.perf_counter()
    while (passed := time.perf_counter() - begin) < seconds:
        page.mouse.move(x + 60 * np.sin(2 * passed), y)
        page.wait_for_timeout(10)
    seen = stop_watching(page)
    page.mouse.up()
    return len(seen.draws) / seen.seconds


def reactions(page: Page, act: Callable[[], None], number: int, what: str) -> list[float]:
    """Milliseconds from an input to the first change of the picture.

    `what` is "changes" (another iteration is shown) or "draws" (any chart was drawn).
    """
    found = []
    for _ in range(number):
        ui.wait_until_settled(page)
        start_watching(page)
        act()
        page.wait_for_function("(what) => window.hmmWatch[what].length > 0", arg=what)
        seen = stop_watching(page)
        took = seen.reaction(getattr(seen, what))
        if took is not None:
            found.append(took)
    return found


def page_switches(page: Page, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds from a click on a page's link to its first figure, and to all of them.

    After a first visit of each page.
    """
    first, all_of_them = [], []
    for number in range(rounds + 1):
        for other in ("Data", "Posterior", "Viterbi"):
            for name in (other, "Playground"):
                wait_until_idle(page)
                start_watching(page)
                page.evaluate("delete window.hmmShown")
                ui.leave_for(page, name)
                shown = page.wait_for_function(PAGE_SHOWN, arg=[ui.PANEL, name]).json_value()
                begin = stop_watching(page).inputs[0][0]
                if number:
                    first.append(shown[0] - begin)
                    all_of_them.append(shown[1] - begin)
    return first, all_of_them


def seconds_to_charts(page: Page, go: Callable[[], object]) -> float:
    """Seconds from `go`, which opens or reloads the page, until all charts are drawn."""
    begin = time.monotonic()
    go()
    page.wait_for_function(CHARTS_DRAWN, arg=[ui.PANEL, list(ui.CHARTS)])
    return time.monotonic() - begin


@dataclass(frozen=True)
class LongSequence:
    """One sequence of 100 000 observations."""

    step_ms: float
    redraw_ms: float
    message_kilobytes: float


def long_sequence(browser: Browser, server: Server, errors: Errors, runs: int) -> LongSequence:
    """A step, a redraw of all charts (the window changes its size), and what is sent."""
    sizes: list[int] = []
    with opened(browser, server, ENDLESS, errors) as page:
        page.on(
            "websocket",
            lambda socket: socket.on("framereceived", lambda data: sizes.append(len(data))),
        )
        page.goto(f"?{LONG}")
        ui.wait_until_drawn(page)
        ui.wait_until_settled(page)
        sizes.clear()
        steps = reactions(page, lambda: ui.press(page, "Step"), runs, "changes")
        assert sizes, "no message was seen while the model was stepped"
        largest = max(sizes)
        widths = iter([WINDOW["width"] - 40 * (1 + n % 2) for n in range(runs)])
        redraws = reactions(
            page,
            lambda: page.set_viewport_size({"width": next(widths), "height": WINDOW["height"]}),
            runs,
            "draws",
        )
    return LongSequence(median(steps), median(redraws), largest / 1000)


def cpu_after_close(
    browser: Browser, server: Server, errors: Errors, limit: float, longest: int = 15
) -> tuple[float, float]:
    """Seconds after closing a playing tab until the server uses less CPU than `limit` percent of
    one core for a second; and the percentage then."""
    with opened(browser, server, ENDLESS, errors) as page:
        ui.choose(page, "Speed", "Full speed")
        ui.press(page, "Play")
        ui.wait_beyond(page, 5, "Gradient")
    percent = 100.0
    for second in range(1, longest + 1):
        before = usage(server.process_id)[0]
        time.sleep(1)
        percent = 100 * (usage(server.process_id)[0] - before)
        if percent < limit:
            return float(second), percent
    return float("inf"), percent


def memory_growth(
    browser: Browser, server: Server, errors: Errors, seconds: float, warm_up: float
) -> tuple[float, float, int]:
    """MB by which the server grew while a page played at full speed; CPU percent; iterations."""
    with opened(browser, server, SLOWEST, errors) as page:
        ui.choose(page, "Speed", "Full speed")
        ui.press(page, "Play")
        page.wait_for_timeout(1000 * warm_up)
        cpu_before, memory_before = usage(server.process_id)
        page.wait_for_timeout(1000 * seconds)
        cpu_after, memory_after = usage(server.process_id)
        reached = ui.wait_beyond(page, int(2 * seconds), "Gradient")
        # After the end of a training the memory could not grow.
        assert ui.wait_beyond(page, reached, "Gradient") > reached, "the training had ended"
    return memory_after - memory_before, 100 * (cpu_after - cpu_before) / seconds, reached


def soak(browser: Browser, server: Server, errors: Errors, number: int) -> int:
    """Random actions until `number` are done or something goes wrong; how many were done."""
    rng = random.Random(3)
    with opened(browser, server, STANDARD, errors) as page:
        for done in range(number):
            try:
                if done % 4 == 0:
                    ui.visit(page, "Playground")
                ui.act_at_random(page, rng)
            except BrowserTimeout as error:
                errors.texts.append(f"action {done}: {error.message.splitlines()[0]}")
            page.wait_for_timeout(rng.choice([0, 40, 150, 400]))
            if page_failures(page) or errors.texts:
                return done
            if not page.locator("[data-testid=stMainBlockContainer]").is_visible():
                errors.texts.append(f"action {done}: the page is blank")
                return done
    return number
