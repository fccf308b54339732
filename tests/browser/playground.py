"""How tests and measurements drive the Playground: its controls, its panel, and every frame of it.

Everything goes through what a visitor sees and touches. Nothing here waits a fixed time.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as BrowserTimeout

from tests.browser.page import APP, open_page

PANEL = "[data-testid=hmm-panel]"
CHARTS = ("curve", "learned", "true", "means", "sequence")
PAGES = ("Playground", "Data", "Training", "Posterior", "Viterbi")


def open_playground(page: Page, query: str = "") -> None:
    """Go to the Playground with these URL parameters, and wait until its charts are drawn."""
    open_page(page, f"/?{query}" if query else "/")
    wait_until_drawn(page)


def wait_until_drawn(page: Page) -> None:
    """Wait until every chart of the panel is on the screen; there may be no true matrix."""
    page.wait_for_selector(PANEL)
    page.wait_for_function(
        """([panel, charts]) => {
          const root = document.querySelector(panel);
          return root && root.dataset.iteration !== undefined
            && charts.every((name) => root.querySelector(`[data-chart=${name}]`).closest("[hidden]")
              || root.querySelector(`[data-chart=${name}] svg.main-svg`));
        }""",
        arg=[PANEL, list(CHARTS)],
    )


SETTLED = """([panel, app, still]) => {
  const idle = document.querySelector(app)?.dataset.testScriptState === "notRunning";
  const root = document.querySelector(panel);
  const tiles = root?.querySelector(".hmm-tiles")?.textContent;
  const seen = `${root?.dataset.draws} ${tiles} ${idle} ${root?.dataset.news}`;
  const held = window.hmmSettled;
  if (held?.seen !== seen) window.hmmSettled = { seen, since: performance.now() };
  // What was painted, Plotly draws itself when it has come to rest.
  const settled = held?.seen === seen && performance.now() - held.since > still
    && idle && root?.dataset.painted === "0" && root.dataset.news === "0";
  if (settled) delete window.hmmSettled;
  return settled;
}"""

HOW_IT_STANDS = """([panel, app]) => {
  const { testScriptState, testConnectionState } = document.querySelector(app)?.dataset ?? {};
  return JSON.stringify({ testScriptState, testConnectionState,
    panel: { ...document.querySelector(panel)?.dataset } });
}"""


def wait_until_settled(page: Page) -> None:
    """Wait until no script runs and the panel has said and drawn what it was sent."""
    try:
        page.wait_for_function(SETTLED, arg=[PANEL, APP, 200])
    except BrowserTimeout as error:
        stands = page.evaluate(HOW_IT_STANDS, [PANEL, APP])
        raise AssertionError(f"The page does not settle: {stands}") from error


# Controls


def button(page: Page, name: str) -> Locator:
    """One of the run controls: Play, Pause, Step, Reset, New start."""
    return page.locator(".st-key-run_controls").get_by_role("button", name=name, exact=True)


def press(page: Page, name: str) -> None:
    """Press one of the run controls."""
    button(page, name).click()


def nudge(page: Page, label: str, key: str, times: int = 1) -> None:
    """Move a slider with an arrow key."""
    # Streamlit names a slider twice over, so the name is not exact.
    page.get_by_role("slider", name=label).focus()
    for _ in range(times):
        page.keyboard.press(key)


def enter(page: Page, label: str, value: float) -> None:
    """Type a number into its box."""
    box = page.get_by_role("spinbutton", name=label, exact=True)
    box.fill(f"{value:g}")
    box.press("Enter")


TWO_FRAMES = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"


def choose(page: Page, label: str, option: str) -> None:
    """Choose from a list."""
    box = page.get_by_role("combobox", name=label, exact=True)
    box.scroll_into_view_if_needed()
    # A list that opens while its page still scrolls closes again.
    page.evaluate(TWO_FRAMES)
    box.click()
    page.get_by_role("option", name=option, exact=True).click()


def visit(page: Page, name: str) -> None:
    """Go to another page by the links at the top, or on a narrow page by their menu."""
    link = page.get_by_role("link", name=name, exact=True)
    more = page.get_by_role("button", name=re.compile(r"^\d+ more$"))
    expect(link.or_(more).first).to_be_visible()
    if link.count():
        link.click()
    else:
        more.click()
        page.get_by_role("menuitem").filter(has_text=name).click()


# What the panel says


def iteration(page: Page, run: str = "EM") -> int:
    """The iteration on the tile of a run."""
    return int("".join(filter(str.isdigit, page.get_by_test_id(f"iteration-{run}").inner_text())))


def log_likelihood_text(page: Page, run: str = "EM") -> str:
    """The log-likelihood per observation on the tile of a run, as it stands there."""
    return page.get_by_test_id(f"log-likelihood-{run}").inner_text()


def log_likelihood(page: Page, run: str = "EM") -> float:
    """The same as a number, in nats."""
    return float(log_likelihood_text(page, run).replace("−", "-"))


def expect_iteration(page: Page, number: int, run: str = "EM") -> None:
    """Wait until a tile stands at an iteration."""
    expect(page.get_by_test_id(f"iteration-{run}")).to_have_text(str(number))


def wait_beyond(page: Page, number: int, run: str = "EM") -> int:
    """Wait until a tile is beyond an iteration; the one it has reached."""
    page.wait_for_function(
        """([name, number]) => {
          const tile = document.querySelector(`[data-testid="${name}"]`);
          return tile && Number(tile.textContent.replace(/\\D/g, "")) > number;
        }""",
        arg=[f"iteration-{run}", number],
    )
    return iteration(page, run)


def draws(page: Page) -> int:
    """How often the panel has drawn a chart since it was made."""
    return int(page.locator(PANEL).get_attribute("data-draws") or 0)


def axis_range(page: Page, chart: str, axis: str = "xaxis") -> list[float]:
    """The range that an axis of a chart shows."""
    found: list[float] = page.evaluate(
        "([chart, axis]) => [...document.querySelector(`[data-chart=${chart}]`)"
        "._fullLayout[axis].range]",
        [chart, axis],
    )
    return found


def drag_zoom(page: Page, chart: str, left: float = 0.3, right: float = 0.6) -> list[float]:
    """Zoom by dragging over a part of a chart's width; the range of the time axis after it."""
    before = axis_range(page, chart)
    box = page.locator(f"[data-chart={chart}] .nsewdrag").first.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + left * box["width"], height)
    page.mouse.down()
    page.mouse.move(box["x"] + right * box["width"], height, steps=6)
    page.mouse.up()
    page.wait_for_function(
        "([chart, before]) => document.querySelector(`[data-chart=${chart}]`)"
        "._fullLayout.xaxis.range.some((end, i) => Math.abs(end - before[i]) > 1e-9)",
        arg=[chart, before],
    )
    return axis_range(page, chart)


# A restless visitor

RESTLESS = (
    *("play", "play", "pause", "step", "reset", "new_start"),
    *("States K", "Noise σ", "Method", "page"),
)


ANY_ABLE = "(buttons) => buttons.some((button) => !button.disabled)"


def act_at_random(page: Page, rng: random.Random) -> str:
    """Do one thing that a restless visitor might do; what it was."""
    action = rng.choice(RESTLESS)
    if action in ("States K", "Noise σ"):
        nudge(page, action, rng.choice(("ArrowLeft", "ArrowRight")))
    elif action == "Method":
        choose(page, action, rng.choice(("EM", "Gradient", "Both")))
    elif action == "page":
        visit(page, rng.choice(PAGES))
    else:
        controls = page.locator(f".st-key-{action} button")
        if controls.evaluate_all(ANY_ABLE):
            try:
                controls.first.click(timeout=5000)
            except BrowserTimeout:
                # It may have gone, or a run may have ended, between the look and the click.
                if controls.evaluate_all(ANY_ABLE):
                    raise
    return action


# Every frame


@dataclass(frozen=True)
class Watch:
    """What was seen frame by frame.

    Attributes:
        frames: how many animation frames there were.
        blank_frames: those in which the panel or one of its charts was missing.
        minimum_opacity: of the panel with all that it lies in; Streamlit greys what is stale.
        changes: when another iteration was seen, all of it drawn, and that iteration.
        draws: the same for the panel's count of drawings.
        inputs: when the visitor pressed, typed or resized, and the name of that event.
        seconds: from the first frame to the last.

    Times are milliseconds since the page was opened.
    """

    frames: int
    blank_frames: int
    minimum_opacity: float
    changes: list[tuple[float, int]]
    draws: list[tuple[float, int]]
    inputs: list[tuple[float, str]]
    seconds: float

    def reaction(self, seen: list[tuple[float, int]]) -> float | None:
        """Milliseconds from the first input to the first of `seen` after it; None without."""
        begin = self.inputs[0][0]
        return next((time - begin for time, _ in seen if time >= begin), None)


START_WATCHING = """([panel, charts]) => {
  const watch = {
    frames: 0, blank: 0, opacity: 1, changes: [], draws: [], inputs: [], first: null, on: true,
  };
  window.hmmWatch = watch;
  for (const name of ["pointerdown", "keydown", "resize"]) {
    const note = (event) => {
      if (watch.on) watch.inputs.push([event.timeStamp, name]);
      else window.removeEventListener(name, note, true);
    };
    window.addEventListener(name, note, true);
  }
  let iteration = null;
  let draws = null;
  const look = () => {
    if (!watch.on) return;
    // Not the frame's own time: a drawing may have gone before in this frame.
    const now = performance.now();
    watch.first ??= now;
    watch.last = now;
    watch.frames += 1;
    const root = document.querySelector(panel);
    const whole = root && root.clientHeight && charts.every((name) => {
      const chart = root.querySelector(`[data-chart=${name}]`);
      return chart && chart.querySelector("svg.main-svg") && chart.clientHeight;
    });
    if (!whole) watch.blank += 1;
    if (root) {
      let opacity = 1;
      for (let place = root; place; place = place.parentElement) {
        opacity *= Number(getComputedStyle(place).opacity);
      }
      watch.opacity = Math.min(watch.opacity, opacity);
      if (root.dataset.iteration !== iteration) {
        if (iteration !== null) watch.changes.push([now, Number(root.dataset.iteration)]);
        iteration = root.dataset.iteration;
      }
      if (root.dataset.draws !== draws) {
        if (draws !== null) watch.draws.push([now, Number(root.dataset.draws)]);
        draws = root.dataset.draws;
      }
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


def start_watching(page: Page) -> None:
    """Look at the panel in every animation frame from now on."""
    page.evaluate(START_WATCHING, [PANEL, list(CHARTS)])


def stop_watching(page: Page) -> Watch:
    """Stop looking, and tell what was seen."""
    seen = page.evaluate("() => { window.hmmWatch.on = false; return window.hmmWatch; }")
    return Watch(
        frames=seen["frames"],
        blank_frames=seen["blank"],
        minimum_opacity=seen["opacity"],
        changes=[(time, int(value)) for time, value in seen["changes"]],
        draws=[(time, int(value)) for time, value in seen["draws"]],
        inputs=[(time, name) for time, name in seen["inputs"]],
        seconds=(seen["last"] - seen["first"]) / 1000,
    )
