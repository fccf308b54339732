"""A lesson above the page, and the form in which a teacher writes one.

A lesson is text of unknown origin: it is escaped, and the page says that it is not its own.
"""

from __future__ import annotations

import zlib
from dataclasses import asdict

import streamlit as st

from pages.ui.session.session import Session
from pages.ui.settings.config import FIELD_OF
from pages.ui.settings.lesson import LABELS, LENGTHS, MAX_LINK_BYTES, lesson_of
from pages.ui.text import count, markdown_lines

HINTS = {
    "title": "Umbrellas",
    "question": "Does the model find out how often it rains?",
    "press": "Press Play, and compare the two matrices.",
    "answer": "Shown when somebody asks for it.",
}
LINK, FILE = "Lesson in this link", "Lesson in this file"


def lesson_line(session: Session) -> None:
    """Draw the lesson that came with the link or the file, until it is closed; else nothing."""
    lesson = session.config.lesson
    if lesson is None:
        return
    with st.container(
        horizontal=True, vertical_alignment="top", gap="small", wrap=False, key="lesson"
    ):
        origin = LINK if lesson.fits_link else FILE
        paragraphs = [f":gray[{origin}] **{markdown_lines(lesson.title)}**"]
        paragraphs += [markdown_lines(text) for text in (lesson.question, lesson.press) if text]
        st.markdown("\n\n".join(paragraphs), width="stretch")
        if lesson.answer:
            with st.popover(
                "Answer",
                type="tertiary",
                icon=":material/visibility:",
                key="lesson_answer",
                help="What will be seen, as the lesson has it. Try it first.",
            ):
                st.markdown(markdown_lines(lesson.answer))
        st.button(
            "", key="lesson_close", type="tertiary", icon=":material/close:",
            on_click=lambda: session.change_page(lesson=None),
            help="Close the lesson. The experiment stays as it is.",
        )  # fmt: skip


def lesson_form(session: Session) -> None:
    """Draw the button of the form in which a lesson is written, and the form."""
    lesson = session.config.lesson
    # Another lesson has other boxes. Those of a lesson that was refused keep what was typed.
    version = 0 if lesson is None else zlib.crc32(repr(lesson).encode())
    with (
        st.popover("Lesson", icon=":material/school:", key="lesson_writer"),
        st.form(f"lesson_form_{version}", border=False, enter_to_submit=False),
    ):
        st.caption(
            "A question of your own above every page, for whoever opens the link that you copy. "
            f"Plain text; a link carries {MAX_LINK_BYTES // 1000} kB, an experiment file more."
        )
        texts = {} if lesson is None else asdict(lesson)
        for name, label in LABELS.items():
            box = st.text_input if name == "title" else st.text_area
            box(
                label,
                texts.get(name, ""),
                max_chars=LENGTHS[name],
                placeholder=HINTS[name],
                key=f"lesson_{name}_{version}",
            )
        if session.lesson_refused:
            st.warning(session.lesson_refused, icon=":material/edit_off:")
        elif lesson is not None and not lesson.fits_link:
            st.info(
                f"The lesson has {count(lesson.num_bytes)} bytes, more than a link carries: send "
                "the experiment file under Export.",
                icon=":material/info:",
            )
        st.form_submit_button(
            "Show the lesson", key="lesson_show", on_click=_write, args=(session, version),
            help="Put it above every page, as whoever opens the link will see it.",
        )  # fmt: skip


def _write(session: Session, version: int) -> None:
    texts = {name: st.session_state.get(f"lesson_{name}_{version}", "") for name in LABELS}
    session.lesson_refused = ""
    try:
        session.change_page(lesson=lesson_of(texts))
    except ValueError as error:
        session.lesson_refused = str(error)


def lecture_button(session: Session) -> None:
    """Draw the press that begins lecture mode, and ends it."""
    is_on = session.config.lecture == "on"
    st.button(
        "End lecture" if is_on else "Lecture",
        key="lecture",
        icon=":material/co_present:",
        type="primary" if is_on else "secondary",
        on_click=lambda: session.change_page(lecture="off" if is_on else "on"),
        help=FIELD_OF["lecture"].help,
    )
