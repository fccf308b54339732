"""Lecture mode and lessons in a session: what the page presents, and no part of the experiment."""

import json
from dataclasses import replace

import pytest

from pages.ui.files.experiment_file import write
from pages.ui.files.experiment_reading import read
from pages.ui.files.refusal import FileRefused
from pages.ui.parts import tour
from pages.ui.parts.presets import PRESETS, matching_preset
from pages.ui.session.link import LONG_LESSON, link
from pages.ui.session.opening import open_file
from pages.ui.session.session import Session
from pages.ui.settings.config import Config
from pages.ui.settings.lesson import MAX_LINK_BYTES, lesson_of

LESSON = lesson_of({"title": "a <b>", "question": "b\n\nc", "press": "d", "answer": 'e "f"'})
LONG = lesson_of({"title": "a", "question": "b", "answer": "雨" * (MAX_LINK_BYTES // 3)})
SMALL = Config(length=40, num_sequences=3)


def test_presenting_changes_nothing_of_the_experiment():
    session = Session(SMALL)
    session.step()
    session.remedy(start="kmeans")
    runs, before, data = session.runs, session.before, session.data
    session.change_page(lecture="on", lesson=LESSON)
    assert (session.runs, session.before, session.data) == (runs, before, data)
    session.undo()
    assert (session.config.lecture, session.config.lesson) == ("on", LESSON)
    assert session.config.start == "random"


def test_examples_and_the_tour_leave_the_lesson_where_it_is():
    session = Session(replace(SMALL, lecture="on", lesson=LESSON))
    session.change(**PRESETS["easy"].values)
    assert matching_preset(session.config) is PRESETS["easy"]
    assert (session.config.lecture, session.config.lesson) == ("on", LESSON)
    tour.begin(session)
    assert session.config == Config(lecture="on", lesson=LESSON)


@pytest.mark.parametrize("lesson", [LESSON, LONG], ids=["short", "long"])
def test_an_experiment_file_holds_the_lesson_to_the_byte(lesson):
    session = Session(replace(SMALL, lecture="on", lesson=lesson))
    content = write(session)
    assert read(content).config == session.config
    other = Session(Config())
    open_file(other, content)
    assert other.config == session.config
    assert write(other) == content


def test_a_file_without_a_lesson_leaves_the_present_one():
    session = Session(replace(SMALL, lecture="on", lesson=LESSON))
    open_file(session, write(Session(SMALL)))
    assert session.config == replace(SMALL, lecture="on", lesson=LESSON)


@pytest.mark.parametrize(
    "lesson", [3, "a", {"title": "a"}, {"title": "a", "question": 3}, {"title": "a" * 999}]
)
def test_a_damaged_lesson_is_refused(lesson):
    content = json.loads(write(Session(replace(SMALL, lesson=LESSON))))
    with pytest.raises(FileRefused, match=r"^The experiment file is damaged: .*\.$"):
        read(json.dumps({**content, "lesson": lesson}).encode())


def test_a_file_of_before_has_no_lesson():
    content = json.loads(write(Session(replace(SMALL, lesson=LESSON))))
    del content["lesson"]
    assert read(json.dumps(content).encode()).config == SMALL


def test_the_link_says_what_it_cannot_carry():
    session = Session(replace(SMALL, lesson=LESSON))
    assert link(session)["unsaid"] == ""
    session.change_page(lesson=LONG)
    assert link(session)["unsaid"] == LONG_LESSON


def test_a_long_lesson_comes_back_after_a_reload_and_stays_after_back():
    session = Session(SMALL)
    session.change_page(lesson=LONG)
    session.follow_url({**session.query(), "K": "3"}, "")
    assert (session.config.num_states, session.config.lesson) == (3, LONG)
    after = Session.from_url(session.query())
    assert after.config.lesson is None
    assert after.restore_upload(session.upload_key)
    assert after.config == session.config
    session.change_page(lesson=None)
    again = Session.from_url(session.query())
    again.restore_upload(session.upload_key)
    assert again.config.lesson is None


def test_back_leads_to_the_lesson_that_was_closed():
    session = Session(replace(SMALL, lesson=LESSON))
    query = session.query()
    session.change_page(lesson=None)
    session.follow_url(query, "")
    assert session.config.lesson == LESSON
