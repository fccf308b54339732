"""The pages for everyone: checked by axe-core, and used without a mouse."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import page as page_module
from tests.browser import playground as ui
from tests.browser.page import CONTROLS

VIEWS = {
    "Playground": ui.PANEL,
    "Data": "[data-testid=hmm-figure]",
    "Training": "[data-testid=hmm-run-comparison]",
    "Landscape": "[data-testid=hmm-landscape]",
    "Posterior": "[data-testid=hmm-figure]",
    "Viterbi": "[data-testid=hmm-figure]",
    "Messages": "[data-testid=hmm-trellis]",
    "Models": CONTROLS,
    "Trust": CONTROLS,
}
GRAVE = ("serious", "critical")
THEMES = {
    "dark": ("rgb(16, 21, 28)", {"runOnly": {"type": "rule", "values": ["color-contrast"]}}),
    "light": ("rgb(252, 252, 250)", {}),
}
"""Background of each theme, and options of axe-core. The themes differ in their colours alone."""

STREAMLITS_OWN: tuple[str, ...] = ()
"""Selectors of elements that Streamlit makes and we cannot mend, each with the reason beside it."""


def barriers(page: Page, where: str, options: dict[str, Any]) -> list[str]:
    """What axe-core finds grave on the page as it stands."""
    context = {"exclude": [[selector] for selector in STREAMLITS_OWN]} if STREAMLITS_OWN else None
    found = Axe().run(page, context, {"resultTypes": ["violations"], **options})
    return [
        f"{where}: {violation['id']} ({violation['impact']}): {node['html'][:200]}"
        for violation in found.response["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


def test_no_page_has_a_grave_barrier_in_either_theme(page: Page) -> None:
    # The map of the Landscape page is searched in a second: of little data, and by EM alone.
    ui.open_playground(page, "K=3&M=20&N=2")
    found = []
    for name, views in VIEWS.items():
        if name != "Playground":
            ui.visit(page, name)
            expect(page.get_by_role("heading", level=1)).to_have_text(name)
        for scheme, (ground, options) in THEMES.items():
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            expect(page.get_by_test_id("stApp")).to_have_css("background-color", ground)
            page_module.wait_until_settled(page, views)
            found += barriers(page, f"{name}, {scheme}", options)
    assert found == []


def test_a_chart_is_zoomed_by_keys_alone(page: Page) -> None:
    ui.open_playground(page, "K=3&M=200&N=3")
    ui.wait_until_settled(page)
    chart = ui.chart(page, "sequence")
    # From the chart before it, by Tab: past that one's buttons and marks.
    ui.chart(page, "means").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if chart.evaluate("chart => chart === document.activeElement"):
            break
    expect(chart).to_be_focused()
    expect(chart).to_have_accessible_description("Plus and minus zoom, arrows move, 0 returns.")
    whole = ui.axis_range(page, "sequence")
    page.keyboard.press("+")
    page.keyboard.press("+")
    ui.wait_for_range(page, "sequence", "high - low < 80")
    nearer = ui.axis_range(page, "sequence")
    page.keyboard.press("ArrowRight")
    ui.wait_for_range(page, "sequence", f"low > {nearer[0]}")
    moved = ui.axis_range(page, "sequence")
    assert moved[1] - moved[0] == pytest.approx(nearer[1] - nearer[0], abs=1e-6)
    # Training leaves the zoom as it is.
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    ui.wait_until_settled(page)
    assert ui.axis_range(page, "sequence") == pytest.approx(moved, abs=1e-6)
    chart.focus()
    page.keyboard.press("-")
    ui.wait_for_range(page, "sequence", f"high - low > {moved[1] - moved[0] + 1}")
    page.keyboard.press("0")
    ui.wait_for_range(page, "sequence", f"low === {whole[0]} && high === {whole[1]}")


def test_a_figure_is_zoomed_by_keys_and_names_more_states_then(page: Page) -> None:
    page_module.open_page(page, "/viterbi?K=3&M=200&N=3")
    page_module.wait_until_settled(page, VIEWS["Viterbi"])
    figure = ui.chart(page, "paths_over_time")
    whole = ui.axis_range(page, "paths_over_time")
    figure.focus()
    for _ in range(5):
        page.keyboard.press("+")
    ui.wait_for_range(page, "paths_over_time", "high - low < 20")
    # So near, each step of a strip has room for the name of its state.
    low, high = ui.axis_range(page, "paths_over_time")
    page.wait_for_function(
        """([low, high]) => {
          const chart = document.querySelector("[data-key=paths_over_time]");
          const { x } = chart.data.find((trace) => trace.mode === "text");
          return x.length >= 3 && x.every((place) => place >= low && place <= high);
        }""",
        arg=[low, high],
    )
    page.keyboard.press("Escape")
    ui.wait_for_range(page, "paths_over_time", f"low === {whole[0]} && high === {whole[1]}")
