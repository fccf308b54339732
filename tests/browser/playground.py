"""How tests and measurements drive the Playground: its controls and its panel.

Everything goes through what a visitor sees and touches. Nothing here waits a fixed time.
"""

from __future__ import annotations

import random
import re

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as BrowserTimeout

from tests.browser import page as page_module
from tests.browser.page import open_page

PANEL = "[data-testid=hmm-panel]"
CHARTS = ("curve", "learned", "true", "means", "sequence")
PAGES = (
    "Playground",
    "Data",
    "Training",
    "Landscape",
    "Posterior",
    "Viterbi",
    "Messages",
    "Models",
    "Trust",
)


def open_playground(page: Page, query: str = "") -> None:
    """Go to the Playground with these URL parameters, and wait until its charts are drawn."""
    open_page(page, f"/?{query}" if query else "/")
    wait_until_drawn(page)


def wait_until_drawn(page: Page) -> None:
    """Wait until every chart of the panel is on the screen; there may be no true matrix."""
    page.wait_for_function(
        """([panel, charts]) => {
          const root = document.querySelector(panel);
          return root && charts.every((name) => {
            const chart = root.querySelector(`[data-chart=${name}]`);
            return chart.closest("[hidden]") || chart.querySelector("svg");
          });
        }""",
        arg=[PANEL, list(CHARTS)],
    )


def wait_until_settled(page: Page) -> None:
    """Wait until no script runs and the panel has said and drawn what it was sent."""
    page_module.wait_until_settled(page, PANEL)


# Controls


def button(page: Page, name: str) -> Locator:
    """One of the run controls: Play, Pause, Step, Reset, New start."""
    return page.locator(page_module.CONTROLS).get_by_role("button", name=name, exact=True)


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
    # Of a long list only a part is there at a time; what is typed brings its own to sight.
    box.fill(option)
    page.get_by_role("option", name=option, exact=True).click()


def visit(page: Page, name: str) -> None:
    """Go to another page, and wait until it begins to appear: what is pressed before belongs to the
    page that is left, and brings it back."""
    leave_for(page, name)
    current = page.locator("[data-testid=stTopNavLink][aria-current=page]", has_text=name)
    expect(current).to_have_count(1)


def leave_for(page: Page, name: str) -> None:
    """Choose another page by the links at the top, or on a narrow page by their menu."""
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


def learned_graph_of(page: Page, num_states: int) -> Locator:
    """The state graph of a learned model of so many states."""
    return page.get_by_role("img", name=f"State graph of {num_states} states, learned.")


def show_as(page: Page, view: str) -> None:
    """Show the model as a "picture" or a "matrix"."""
    page.locator(PANEL).get_by_role("button", name=view, exact=True).click()


def chart(page: Page, name: str) -> Locator:
    """A chart of the panel, or a figure of another page."""
    return page.locator(f"[data-chart={name}], [data-key={name}]")


def graph(page: Page, name: str) -> Locator:
    """The state graph of the "learned" or the "true" model."""
    return page.locator(f"{PANEL} [data-graph={name}]")


def axis_range(page: Page, name: str, axis: str = "xaxis") -> list[float]:
    """The range that an axis of a chart shows."""
    found: list[float] = chart(page, name).evaluate(
        "(chart, axis) => [...chart.layout[axis].range]", axis
    )
    return found


def wait_for_range(page: Page, name: str, condition: str) -> None:
    """Wait until the time axis goes from `low` to `high`, of which this is true in JavaScript."""
    page.wait_for_function(
        f"""name => {{
          const chart = document.querySelector(`[data-chart=${{name}}], [data-key=${{name}}]`);
          const [low, high] = chart.layout.xaxis.range;
          return {condition};
        }}""",
        arg=name,
    )


def place_in(page: Page, name: str, share: float) -> tuple[float, float]:
    """A place in a chart, in pixels of the window, so far along its width."""
    box = chart(page, name).bounding_box()
    assert box is not None
    return box["x"] + share * box["width"], box["y"] + box["height"] / 3


def drag_zoom(page: Page, name: str, left: float = 0.3, right: float = 0.6) -> list[float]:
    """Zoom by dragging over a part of a chart's width; the range of the time axis after it."""
    low, high = axis_range(page, name)
    page.mouse.move(*place_in(page, name, left))
    page.mouse.down()
    page.mouse.move(*place_in(page, name, right), steps=6)
    page.mouse.up()
    wait_for_range(page, name, f"low > {low} && high < {high}")
    return axis_range(page, name)


# A restless visitor

RESTLESS = (
    *("Play", "Play", "Pause", "Step", "Reset", "New start"),
    *("States K", "Noise σ", "Method", "page"),
)


ANY_ABLE = """(buttons) => buttons.some(
  (button) => !button.disabled && button.ariaDisabled !== "true"
)"""


def act_at_random(page: Page, rng: random.Random) -> str:
    """Do one thing that a restless visitor might do; what it was."""
    action = rng.choice(RESTLESS)
    if action in ("States K", "Noise σ"):
        nudge(page, action, rng.choice(("ArrowLeft", "ArrowRight")))
    elif action == "Method":
        choose(page, action, rng.choice(("EM", "Gradient", "Both")))
    elif action == "page":
        leave_for(page, rng.choice(PAGES))
    else:
        controls = button(page, action)
        if controls.evaluate_all(ANY_ABLE):
            try:
                controls.first.click(timeout=5000)
            except BrowserTimeout:
                # It may have gone, or a run may have ended, between the look and the click.
                if controls.evaluate_all(ANY_ABLE):
                    raise
    return action
