"""Lessons and lecture mode on every page, as Streamlit runs them, without a browser."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.parts.lesson import FILE, LINK
from pages.ui.parts.presets import PRESETS
from pages.ui.settings.address import to_query
from pages.ui.settings.lesson import LABELS, MAX_LINK_BYTES, lesson_of, packed
from tests.pages.shown import opened, press, session, text

PAGES = ["playground.py", "data.py", "training.py", "posterior.py", "decoding.py", "messages.py"]
LESSON = lesson_of(
    {"title": "Rain <b>", "question": "*Why*\n# not", "press": "Press", "answer": "So <i>it</i> is"}
)
SHOWN = ":gray[{}] **Rain \\<b\\>**\n\n\\*Why\\*  \n\\# not\n\nPress"


@pytest.mark.parametrize("page", PAGES)
def test_a_lesson_is_above_every_page_until_it_is_closed(page: str) -> None:
    app = opened(page, lesson=packed(LESSON))
    assert SHOWN.format(LINK) in text(app)
    assert "So \\<i\\>it\\<\\/i\\> is" in text(app)
    press(app, "step")
    assert SHOWN.format(LINK) in text(app)
    press(app, "lesson_close")
    assert "Rain" not in text(app)
    assert "lesson" not in app.query_params
    assert session(app).latest == 1


def test_beside_a_lesson_no_example_asks() -> None:
    query = {**to_query(PRESETS["easy"].config), "lesson": packed(LESSON)}
    app = opened("playground.py", **query)
    assert PRESETS["easy"].question not in text(app)
    press(app, "lesson_close")
    assert PRESETS["easy"].question in text(app)


def write(app: AppTest, **texts: str) -> AppTest:
    """Fill in the form of a lesson, and send it."""
    for name, value in texts.items():
        boxes = [*app.text_input, *app.text_area]
        (box,) = (box for box in boxes if str(box.key).startswith(f"lesson_{name}_"))
        box.set_value(value)
    return press(app, "lesson_show")


def test_a_lesson_that_is_written_is_shown_and_in_the_link() -> None:
    texts = {name: getattr(LESSON, name) for name in LABELS}
    app = write(opened("posterior.py", lecture="on"), **texts)
    assert session(app).config.lesson == LESSON
    assert SHOWN.format(LINK) in text(app)
    assert app.query_params["lesson"] == packed(LESSON)
    # The form goes on from it.
    write(app, answer="Another")
    lesson = session(app).config.lesson
    assert lesson is not None
    assert (lesson.title, lesson.answer) == (LESSON.title, "Another")


def test_a_lesson_without_a_question_is_refused_and_stays_in_the_form() -> None:
    app = write(opened("playground.py"), title="Alone")
    assert session(app).config.lesson is None
    assert [warning.value for warning in app.warning] == ["A lesson needs a title and a question."]
    write(app, question="Why?")
    assert not app.warning
    lesson = session(app).config.lesson
    assert lesson is not None
    assert (lesson.title, lesson.question) == ("Alone", "Why?")


def test_a_lesson_too_long_for_a_link_is_told_to_be_a_file() -> None:
    app = write(opened("playground.py"), title="Rain", question="Why?", answer="z" * MAX_LINK_BYTES)
    assert f":gray[{FILE}] **Rain**" in text(app)
    assert "send the experiment file under Export" in text(app)
    assert "lesson" not in app.query_params


@pytest.mark.parametrize("page", PAGES)
def test_a_lecture_has_no_sidebar_and_ends_by_the_same_press(page: str) -> None:
    app = opened(page, lecture="on", K="3")
    assert len(app.sidebar) == 0
    assert app.button(key="lecture").label == "End lecture"
    press(app, "lecture")
    assert app.button(key="lecture").label == "Lecture"
    assert app.slider(key="control_num_states").value == 3
    assert "lecture" not in app.query_params
    press(app, "lecture")
    assert len(app.sidebar) == 0
    assert app.query_params["lecture"] == "on"
