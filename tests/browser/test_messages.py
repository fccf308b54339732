"""The Messages page in a real browser, with pointer and keyboard."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import page as page_module
from tests.browser import playground as ui
from tests.browser.page import open_page
from tests.ui.live.test_trellis import number

TRELLIS = "[data-testid=hmm-trellis]"


def open_messages(page: Page, query: str = "") -> None:
    """Go to the Messages page, and wait until it is drawn."""
    open_page(page, f"/messages?K=3&M=60&N=3{'&' if query else ''}{query}")
    wait_until_settled(page)


def wait_until_settled(page: Page) -> None:
    page_module.wait_until_settled(page, TRELLIS)


def circle(page: Page, name: str) -> Locator:
    """A circle, such as "S2 at t = 3"."""
    return page.get_by_role("gridcell", name=re.compile(f"^{re.escape(name)},"))


def heading(page: Page) -> Locator:
    """What is explained."""
    return page.locator(TRELLIS).get_by_role("heading", name=re.compile("term by term"))


def terms_add_up(page: Page) -> None:
    """The terms that are shown make the sum that is shown, to the last digit."""
    shown = page.get_by_test_id("terms").first.locator("td.hmm-strong").all_inner_texts()
    total = page.get_by_test_id("sum").first.inner_text()
    places = len(total.partition(".")[2])
    assert len(shown) == 3
    assert round(sum(map(number, shown)) * 10**places) == round(number(total) * 10**places)


def press_segment(page: Page, label: str) -> None:
    page.locator("[data-testid=stMain]").get_by_role("radio", name=label, exact=True).click()


def test_a_circle_is_chosen_by_pointer_and_by_keys_and_its_terms_add_up(page: Page) -> None:
    open_messages(page)
    circle(page, "S3 at t = 4").click()
    expect(heading(page)).to_have_text("S3 at t = 4, term by term")
    terms_add_up(page)
    expect(circle(page, "S3 at t = 4")).to_be_focused()
    page.wait_for_url("**cell=4.3*")
    for key in ("ArrowUp", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(heading(page)).to_have_text("S2 at t = 6, term by term")
    expect(circle(page, "S2 at t = 6")).to_have_attribute("aria-selected", "true")
    terms_add_up(page)
    for label, title in (("Backward", "S2 at t = 6"), ("Together", "S2 at t = 6")):
        press_segment(page, label)
        page.wait_for_url(f"**pass={label.lower()}*")
        wait_until_settled(page)
        expect(heading(page)).to_have_text(f"{title}, term by term")
        terms_add_up(page)


def test_an_arrow_is_chosen_by_keys_and_its_table_adds_up_to_one(page: Page) -> None:
    open_messages(page, "pass=pairs&cell=4.2")
    circle(page, "S2 at t = 4").focus()
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text(re.compile(r"S\d to S2, t = 3 to 4, term by term"))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(heading(page)).to_have_text("S1 to S2, t = 3 to 4, term by term")
    cells = page.get_by_test_id("pairs").locator("tbody td").all_inner_texts()
    assert len(cells) == 9
    assert round(sum(map(number, cells)) * 1e4) == 10_000
    expect(page.get_by_test_id("learning")).to_contain_text("S1 → S2 ←")
    page.keyboard.press("Escape")
    expect(heading(page)).to_have_text("S2 at t = 4, term by term")


def centre(page: Page, name: str) -> tuple[float, float]:
    box = circle(page, name).locator(".hmm-trellis-ring").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_an_arrow_is_chosen_by_pointer_and_keys_go_on_from_it(page: Page) -> None:
    open_messages(page, "pass=pairs&cell=6.1")
    (x, y), (to_x, to_y) = centre(page, "S3 at t = 2"), centre(page, "S2 at t = 3")
    page.mouse.click(x + 0.4 * (to_x - x), y + 0.4 * (to_y - y))
    expect(heading(page)).to_have_text("S3 to S2, t = 2 to 3, term by term")
    expect(circle(page, "S2 at t = 3")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(heading(page)).to_have_text("S2 to S2, t = 2 to 3, term by term")
    page.keyboard.press("Escape")
    expect(heading(page)).to_have_text("S2 at t = 3, term by term")


def test_a_what_if_that_cannot_be_is_put_back(page: Page) -> None:
    open_messages(page, "family=counts&whatif=5_-1&cell=5.1")
    expect(page.get_by_text("-1 is no observation of these data")).to_be_visible()
    page.get_by_role("button", name="Put back").click()
    page.wait_for_url(lambda url: "whatif" not in url)
    expect(page.get_by_text("-1 is no observation of these data")).to_be_hidden()


def test_what_if_moves_the_circles_until_it_is_put_back(page: Page) -> None:
    open_messages(page, "pass=together&cell=5.1")
    before = circle(page, "S1 at t = 5").get_attribute("aria-label")
    assert before is not None
    box = page.get_by_role("spinbutton", name="x at t = 5, as a number")
    box.fill("2.5")
    box.press("Enter")
    expect(page.get_by_text(re.compile("What if: x5 = 2.5 instead of"))).to_be_visible()
    expect(circle(page, "S1 at t = 5")).not_to_have_attribute("aria-label", before)
    page.wait_for_url("**whatif=5_2.5*")
    page.get_by_role("button", name="missing", exact=True).click()
    expect(page.get_by_text(re.compile("What if: x5 = missing instead of"))).to_be_visible()
    page.get_by_role("button", name="Put back").click()
    expect(circle(page, "S1 at t = 5")).to_have_attribute("aria-label", before)
    page.wait_for_url(lambda url: "whatif" not in url)


def test_it_follows_the_runs_and_travels_with_them(page: Page) -> None:
    open_messages(page, "cell=3.1")
    expect(page.get_by_test_id("where")).to_have_text("sequence 1, EM at iteration 0")
    ui.press(page, "Play")
    expect(page.get_by_test_id("where")).not_to_have_text("sequence 1, EM at iteration 0")
    ui.press(page, "Pause")
    wait_until_settled(page)
    terms_add_up(page)
    ui.press(page, "Reset")
    expect(page.get_by_test_id("where")).to_have_text("sequence 1, EM at iteration 0")


def test_a_hostile_link_is_answered_in_a_sentence(page: Page) -> None:
    open_messages(page, "cell=9999.77&whatif=5_<script>&from_t=-3&of=x")
    expect(page.get_by_text("There is no circle or arrow 9999.77 to choose.")).to_be_visible()
    expect(page.get_by_text("What if: “5_<script>” in the link is none; left out.")).to_be_visible()
    terms_add_up(page)


@pytest.mark.parametrize("width", [800, 390])
def test_nothing_reaches_beyond_a_narrow_page(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_messages(page, "window=12&pass=viterbi")
    root = page.locator(TRELLIS)
    assert root.evaluate("root => root.scrollWidth - root.clientWidth") <= 0
    expect(circle(page, "S1 at t = 12")).to_be_attached()


@pytest.mark.parametrize("width", [1440, 390])
def test_observations_of_points_stand_side_by_side(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_messages(page, "family=points&cov=full")
    boxes = page.locator(f"{TRELLIS} .hmm-trellis-observation").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect()).map(({left, right}) => [left, right])"
    )
    assert len(boxes) == 9
    assert all(right < left for (_, right), (left, _) in pairwise(boxes))


@pytest.mark.parametrize(("which", "last"), [("forward", 9), ("backward", 1)])
def test_the_pass_that_is_played_stays_in_sight_on_a_telephone(
    page: Page, which: str, last: int
) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    open_messages(page, f"pass={which}")
    page.locator(TRELLIS).get_by_role("button", name="One time on").focus()
    for seen in range(1, 10):
        page.keyboard.press("Enter")
        time = seen if which == "forward" else 10 - seen
        expect(page.get_by_test_id("story")).to_contain_text(f"t = {time}: ")
        expect(circle(page, f"S1 at t = {time}")).to_be_in_viewport()
    assert time == last
