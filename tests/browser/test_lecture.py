"""Lecture mode, a lesson's link, and the pages on a telephone, as people see them."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from pages.ui.settings.lesson import lesson_of, packed
from tests.browser import playground as ui
from tests.browser.page import CONTROLS, open_page, wait_until_settled

LEAST = 14
"""Pixels of the smallest text that is read from the last row."""
VIEWS = ", ".join(
    f"[data-testid=hmm-{name}]"
    for name in ("panel", "run-comparison", "landscape", "trellis", "figure")
)
PATHS = (
    "/", "/data", "/training", "/landscape", "/posterior", "/viterbi", "/messages", "/models",
    "/trust",
)  # fmt: skip
LECTURE = "?K=3&M=20&N=2&method=Both&runs=EM_5~Gradient_5&lecture=on"

# Texts that are seen and smaller, with their sizes; a drawing may be scaled as a whole.
SMALL_TEXTS = """(least) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const range = document.createRange();
    range.selectNode(walker.currentNode);
    const { width, height } = range.getBoundingClientRect();
    const element = walker.currentNode.parentElement;
    const whole = element.ownerSVGElement?.getScreenCTM().a ?? 1;
    const size = parseFloat(getComputedStyle(element).fontSize) * whole;
    const seen = width && height && element.checkVisibility({ visibilityProperty: true });
    const text = range.toString().trim();
    if (seen && text && size < least) found.push([text, size]);
  }
  return found;
}"""

LESSON = lesson_of(
    {
        "title": "<b>Rain</b> & *snow*",
        "question": "Is :red[this] $x^2$?\n# Not a title\n- nor a list\n\nhttps://example.org/<i>",
        "press": "Press Play.",
        "answer": "It is [no link](https://example.org).\n\n<script>document.title = 'x'</script>",
    }
)


@pytest.mark.parametrize(
    ("viewport", "paths"),
    [
        ({"width": 1280, "height": 720}, PATHS),
        ({"width": 1920, "height": 1080}, ("/", "/landscape", "/posterior")),
    ],
    ids=["narrow", "wide"],
)
def test_a_lecture_can_be_read_from_the_last_row(page: Page, paths: tuple[str, ...]) -> None:
    for path in paths:
        # A map of EM is searched in a second, one of gradient ascent in a minute or more.
        methods = "EM" if path == "/landscape" else "Both"
        open_page(page, f"{path}{LECTURE.replace('method=Both', f'method={methods}')}")
        wait_until_settled(page, VIEWS)
        assert page.evaluate(SMALL_TEXTS, LEAST) == [], path
        assert page.evaluate(SIDEWAYS) <= 0, path
        if path == "/posterior":
            # A table is painted: its rows tell the size of its text. It has a header and three.
            table = page.locator("[data-testid=stDataFrame] canvas").first.bounding_box()
            assert table is not None
            assert table["height"] > 4 * 2.5 * LEAST
    expect(page.get_by_role("slider", name="States K")).to_have_count(0)


def test_the_press_begins_a_lecture_and_ends_it(page: Page) -> None:
    ui.open_playground(page, "K=3&M=60&N=3")
    ui.wait_until_settled(page)
    before = ui.chart(page, "curve").bounding_box()
    page.get_by_role("button", name="Lecture", exact=True).click()
    end = page.get_by_role("button", name="End lecture")
    expect(end).to_be_visible()
    expect(page.get_by_role("slider", name="States K")).to_have_count(0)
    ui.wait_until_settled(page)
    assert page.evaluate(SMALL_TEXTS, LEAST) == []
    assert before is not None
    larger = ui.chart(page, "curve").bounding_box()
    assert larger is not None
    assert larger["height"] == pytest.approx(1.6 * before["height"], abs=1)
    end.click()
    expect(page.get_by_role("slider", name="States K")).to_be_visible()
    ui.wait_until_settled(page)
    assert ui.chart(page, "curve").bounding_box() == before


def text_of(place: Locator) -> str:
    """What is read there, without the invisible signs that keep an address from being a link."""
    return place.inner_text().replace("\u2060", "")


def test_a_lesson_is_plain_text_for_whoever_opens_its_link(page: Page) -> None:
    title = "HMM Playground"
    ui.open_playground(page, urlencode({"K": "3", "lesson": packed(LESSON)}))
    lesson = page.locator(".st-key-lesson")
    expect(lesson).to_contain_text("Lesson in this link")
    for part in (LESSON.title, *LESSON.question.split("\n"), LESSON.press):
        assert part in text_of(lesson)
    assert "no link" not in text_of(page.locator("body"))
    answer = lesson.get_by_role("button", name="Answer")
    answer.click()
    expect(page.get_by_text("It is [no link]")).to_be_visible()
    body = page.get_by_test_id("stPopoverBody")
    for part in LESSON.answer.split("\n\n"):
        assert part in text_of(body)
    for place in (lesson, body):
        assert place.locator("a, h1, ul, b, i, em, script, .katex").count() == 0
    expect(page).to_have_title(title)
    page.keyboard.press("Escape")
    ui.visit(page, "Posterior")
    expect(lesson).to_contain_text(LESSON.press)
    lesson.get_by_role("button", name="close").click()
    expect(lesson).to_have_count(0)


PHONE = {"width": 390, "height": 844}
SIDEWAYS = """() => {
  const main = document.querySelector("[data-testid=stMain]");
  return Math.max(main.scrollWidth - main.clientWidth, document.body.scrollWidth - innerWidth);
}"""
ON_TOP = """(element) => {
  const box = element.getBoundingClientRect();
  const seen = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return element.contains(seen) || seen.contains(element);
}"""


@pytest.mark.parametrize(("viewport", "color_scheme"), [(PHONE, "dark")], ids=["phone"])
def test_everything_is_at_hand_on_a_telephone(page: Page) -> None:
    ui.open_playground(page, "K=3&M=60&N=3")
    ui.wait_until_settled(page)
    curve = ui.chart(page, "curve").bounding_box()
    assert curve is not None
    assert curve["y"] + curve["height"] <= PHONE["height"], "a whole chart is in sight"
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    for name in ("Pages", "Copy link", "Export"):
        assert page.get_by_role("button", name=name).evaluate(ON_TOP), name
    assert page.get_by_test_id("stExpandSidebarButton").evaluate(ON_TOP)
    # The open sidebar lies above all else, and its button closes it.
    page.get_by_test_id("stExpandSidebarButton").click()
    close = page.get_by_test_id("stSidebarCollapseButton").get_by_role("button")
    expect(close).to_be_visible()
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stSidebar]').getBoundingClientRect().x === 0"
    )
    assert close.evaluate(ON_TOP)
    close.click()
    expect(page.get_by_test_id("stExpandSidebarButton")).to_be_visible()
    for name in (*ui.PAGES[1:], "Playground"):
        page.get_by_role("button", name="Pages").click()
        page.get_by_test_id("stPopoverBody").get_by_role("link", name=name).click()
        expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
        wait_until_settled(page, VIEWS)
        assert page.evaluate(SIDEWAYS) <= 0, name
        expect(page.locator(CONTROLS).get_by_role("button", name="Play")).to_be_visible()
