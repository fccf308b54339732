"""Lessons: plain text, bounded, and the same after a link, whatever is in it."""

import base64
import json
import zlib

import pytest

from pages.ui.settings.address import from_query, to_query
from pages.ui.settings.config import Config
from pages.ui.settings.lesson import LABELS, LENGTHS, MAX_LINK_BYTES, lesson_of, packed, unpacked

NASTY = "<b>\"&'\\</b> **bold** $x^2$\n\n:red[a] \u200bäß 雨 👩\u200d🏫 %00 +?#&a=b"
LESSON = lesson_of({name: f"{name} {NASTY}" for name in LENGTHS})


def test_a_link_holds_a_lesson_to_the_byte():
    assert unpacked(packed(LESSON)) == LESSON
    config = Config(lesson=LESSON, lecture="on")
    query = to_query(config)
    assert query["lecture"] == "on"
    assert from_query(query) == (config, ())
    assert "question" not in query["lesson"], "nor does the address tell the answer"
    assert not {"lesson", "lecture"} & set(to_query(Config()))


def test_the_title_is_one_line_and_other_texts_keep_theirs():
    lesson = lesson_of({"title": " a\n b ", "question": "\r\nc\r\nd\n\ne ", "press": "f\tg"})
    assert (lesson.title, lesson.question, lesson.press, lesson.answer) == (
        "a b", "c\nd\n\ne", "f g", "",
    )  # fmt: skip


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\ud800", "\u202e", "\u2066"])
def test_what_is_no_character_to_be_read_is_left_out(sign):
    assert lesson_of({"title": f"a{sign}b", "question": "c"}).title == "ab"


@pytest.mark.parametrize("name", LENGTHS)
def test_texts_are_bounded(name):
    fits = lesson_of({"title": "a", "question": "b", name: "z" * LENGTHS[name]})
    assert len(getattr(fits, name)) == LENGTHS[name]
    with pytest.raises(ValueError, match=rf"^{LABELS[name]} of the lesson has .* are the most\.$"):
        lesson_of({"title": "a", "question": "b", name: "z" * (LENGTHS[name] + 1)})


@pytest.mark.parametrize("texts", [{}, {"title": "a"}, {"title": " ", "question": "b"}])
def test_a_lesson_needs_a_title_and_a_question(texts):
    with pytest.raises(ValueError, match=r"^A lesson needs a title and a question\.$"):
        lesson_of(texts)


def test_a_text_is_a_text():
    with pytest.raises(ValueError, match=r"^Answer of the lesson is no text\.$"):
        lesson_of({"title": "a", "question": "b", "answer": ["c"]})


@pytest.mark.parametrize("letter", ["z", "雨", '"'])
def test_what_is_longer_than_a_link_is_left_out_of_it(letter):
    size = len(letter.encode())
    longest = lesson_of(
        {"title": "a", "question": "b", "answer": letter * ((MAX_LINK_BYTES - 2) // size)}
    )
    assert from_query(to_query(Config(lesson=longest)))[0].lesson == longest
    longer = lesson_of({"title": "a", "question": "b", "answer": letter * (MAX_LINK_BYTES // size)})
    assert not longer.fits_link
    assert "lesson" not in to_query(Config(lesson=longer))
    assert unpacked(packed(longer)) is None


def link_of(content):
    """What a link would hold of any content."""
    return base64.urlsafe_b64encode(zlib.compress(content)).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "!!!", "é", "x" * 100_000, link_of(b""), link_of(b"[" * 9_000), link_of(b"\xff"),
        link_of(b'{"title": "a", "question": "b"}'), link_of(b'"abcd"'), link_of(b'["a", "b"]'),
        link_of(b'["a", "b", "c", 4]'), link_of(b'["", "", "", ""]'), link_of(b"null"),
        link_of(json.dumps(["a", "b", "c", " " * 50_000_000]).encode()),
    ],
    ids=range(15),
)  # fmt: skip
def test_a_link_that_holds_no_lesson_says_so(text):
    config, notes = from_query({"lesson": text})
    assert config == Config()
    assert notes == ("Lesson in the link could not be read and was left out.",)
