"""The Landscape page in a real browser, used as a visitor uses it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser import page as page_module
from tests.browser import playground as ui
from tests.browser.page import CONTROLS, open_page

LANDSCAPE = "[data-testid=hmm-landscape]"
SMALL = "K=2&M=20&N=3"
SEARCHED = re.compile(r"64 × 64 starts( by each method)?, trained in \d")


def open_landscape(page: Page, query: str = SMALL) -> None:
    """Go to the Landscape page, and wait until its map is searched and all of it is drawn."""
    open_page(page, f"/landscape?{query}")
    expect_searched(page)


def expect_searched(page: Page) -> None:
    said = page.get_by_test_id("search")
    expect(said).to_have_text(SEARCHED)
    page_module.wait_until_settled(page, LANDSCAPE)


def map_of(page: Page, name: str = "map0") -> list[list[float]]:
    """The optimum of every pixel, as Plotly draws it."""
    found: list[list[float]] = page.locator(f"{LANDSCAPE} [data-chart={name}]").evaluate(
        "chart => chart.data.filter(({ type }) => type === 'heatmap').map(({ z }) => z.flat())"
    )
    return found


def click_pixel(page: Page, across: float, up: float) -> None:
    """Click the map at these shares of its width and height, from the lower left."""
    box = page.locator(f"{LANDSCAPE} [data-chart=map0] .nsewdrag").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"])


def rows(page: Page) -> list[str]:
    return page.locator(f"{LANDSCAPE} tbody tr").all_inner_texts()


def test_the_map_is_finished_while_one_watches(page: Page) -> None:
    open_landscape(page)
    expect(page.get_by_test_id("misses")).to_contain_text(re.compile("10 starts miss|Every start"))
    assert any("the best" in row for row in rows(page))
    expect(page.get_by_role("button", name="Search", exact=True)).to_be_hidden()


def test_a_pixel_becomes_the_start_and_undo_brings_the_old_one_back(page: Page) -> None:
    open_landscape(page)
    before = rows(page)
    click_pixel(page, 0.8, 0.25)
    expect(page.locator(f"{CONTROLS} .hmm-pill")).to_have_text("by hand")
    page_module.wait_until_settled(page, LANDSCAPE)
    assert rows(page) == before, "the map is the same"
    expect(page.get_by_test_id("search")).to_have_text(SEARCHED)
    ui.press(page, "Step")
    expect(page.locator(f"{CONTROLS} .hmm-which")).to_have_text("EM, iteration 1")
    ui.press(page, "Undo")
    expect(page.locator(f"{CONTROLS} .hmm-pill")).to_have_text("not started")


def test_an_optimum_becomes_the_model(page: Page) -> None:
    open_landscape(page)
    page.get_by_role("button", name="Adopt optimum 1", exact=True).click()
    expect(page.locator(f"{CONTROLS} .hmm-pill")).to_have_text("by hand")
    page_module.wait_until_settled(page, LANDSCAPE)
    expect(page).to_have_url(re.compile("start=hand"))
    ui.press(page, "Undo")
    expect(page.locator(f"{CONTROLS} .hmm-pill")).to_have_text("not started")


def test_only_these_two_are_trained_and_the_path_lies_on_the_surface(page: Page) -> None:
    open_landscape(page)
    near = page.get_by_text("so the paths lie near the surface, not on it")
    expect(near).to_be_visible()
    page.get_by_role("button", name="Train only these two").click()
    expect(near).to_have_count(0)
    expect(page.locator(f"{LANDSCAPE} .hmm-projected")).to_have_count(0)
    expect(page).to_have_url(re.compile("only=means.1%7Emeans.2"))
    page_module.wait_until_settled(page, LANDSCAPE)
    page.get_by_test_id("stMain").get_by_role("button", name="Train everything again").click()
    expect(near).to_be_visible()


def test_the_link_reproduces_what_the_page_shows(page: Page) -> None:
    query = f"{SMALL}&across=standard_deviations.1&up=means.2&map=height&runs=EM_4&at=2"
    open_landscape(page, query)
    first, link = rows(page), page.url
    titles = page.locator(f"{LANDSCAPE} [data-chart=surface]").evaluate(
        "chart => [chart.layout.xaxis.title.text, chart.layout.yaxis.title.text]"
    )
    assert titles == ["Standard deviation σ of the run's S1", "Mean μ of the run's S2"]
    pixels = map_of(page)
    page.goto("about:blank")
    page.goto(link)
    expect_searched(page)
    assert rows(page) == first
    assert map_of(page) == pixels
    expect(page.locator(f"{CONTROLS} .hmm-which")).to_have_text("EM, iteration 2 of 4")


def test_a_run_at_rest_asks_whether_there_is_a_higher_hill(page: Page) -> None:
    ui.open_playground(page, f"{SMALL}&speed=max")
    ui.press(page, "Play")
    link = page.get_by_role("link", name="Is there a higher hill?")
    expect(link).to_be_visible()
    iteration = page.locator(f"{CONTROLS} .hmm-which").inner_text()
    link.click()
    expect(page).to_have_url(re.compile("/landscape"))
    expect_searched(page)
    expect(page.locator(f"{CONTROLS} .hmm-which")).to_have_text(iteration)
    expect(link).to_be_hidden()


def test_while_a_run_plays_the_surface_moves_along(page: Page) -> None:
    open_landscape(page, f"{SMALL}&speed=2")
    surface = page.locator(f"{LANDSCAPE} [data-chart=surface]")
    before = surface.evaluate("chart => chart.data[0].z.flat()")
    ui.press(page, "Play")
    expect(page.locator(f"{CONTROLS} .hmm-which")).to_have_text(re.compile(r"iteration [2-9]"))
    ui.press(page, "Pause")
    page_module.wait_until_settled(page, LANDSCAPE)
    assert surface.evaluate("chart => chart.data[0].z.flat()") != before


def test_both_methods_stand_side_by_side_on_the_same_starts(page: Page) -> None:
    open_landscape(page, f"{SMALL}&method=Both&only=means.1~means.2&M=8&rate=0.3")
    titles = page.locator(f"{LANDSCAPE} .hmm-map h3")
    expect(titles).to_have_text(["EM", "gradient ascent"])
    assert len(map_of(page, "map0")[0]) == len(map_of(page, "map1")[0]) == 64 * 64
