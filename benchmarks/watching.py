"""Record what a visitor sees of the panel in every animation frame."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.playground import CHARTS, PANEL


@dataclass(frozen=True)
class Watch:
    """What was seen frame by frame.

    Attributes:
        frames: how many animation frames there were.
        blank_frames: those in which the panel or one of its charts was missing.
        minimum_opacity: of the panel and the elements around it; Streamlit greys stale elements.
        changes: times at which another iteration was shown with all its charts, and that iteration.
        draws: times at which the panel's count of drawings changed, and that count.
        inputs: times at which the visitor pressed, typed or resized, and the name of that event.
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
    // Not the frame's own time, since a drawing may have come before this in the same frame.
    const now = performance.now();
    watch.first ??= now;
    watch.last = now;
    watch.frames += 1;
    const root = document.querySelector(panel);
    const whole = root && root.clientHeight && charts.every((name) => {
      const chart = root.querySelector(`[data-chart=${name}]`);
      return chart && (chart.closest("[hidden]")
        || (chart.querySelector("svg.main-svg") && chart.clientHeight));
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
    """Record every animation frame from now on."""
    page.evaluate(START_WATCHING, [PANEL, list(CHARTS)])


def stop_watching(page: Page) -> Watch:
    """Stop recording, and return what was seen."""
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
