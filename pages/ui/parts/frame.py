"""The top of every page: Copy link, Export, Lesson and Lecture, and what is said to the browser by
`assets/address.js`."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.ui.browser.component import component
from pages.ui.parts.export_area import export_area
from pages.ui.parts.lesson import lecture_button, lesson_form
from pages.ui.parts.widgets import run_again
from pages.ui.session.link import link, settings
from pages.ui.session.session import Session
from pages.ui.session.upload_store import UPLOADS

LONGEST_ADDRESS = 100_000
"""Characters of an address from the browser."""


def page_title(title: str) -> None:
    """Draw the heading of a page, which only screen readers notice: others see it at the top.

    `assets/page.css` hides it.
    """
    with st.container(key="page_title"):
        st.title(title, anchor=False)


def page_frame(session: Session, pages: Sequence[StreamlitPage]) -> None:
    """Draw the top of the page, and take over what the browser reports after a reload or reconnect.

    After a reload it reports the key of the visitor's own data ("own"); after it lost the
    connection and found it again, its address ("back").
    """
    with st.container(key="page_frame", horizontal=True, width="content"):
        _pages_menu(session, pages)
        # In a list, because Streamlit searches a dict for data frames, and for that it imports
        # pandas, for which a first visitor would have to wait.
        message = [
            {
                "page": session.page,
                "query": settings(session),
                # The browser tab stores this key, and reports it after a reload.
                "own": session.upload_key,
                "lost": session.missing_upload_query is not None,
                "back": session.reconnected_at,
                "lecture": session.config.lecture == "on",
                **link(session),
            }
        ]
        draw = component("hmm_address", "address.js", "follow")
        reply = draw(
            key="page_link",
            data=message,
            on_back_change=lambda: None,
            on_own_change=lambda: None,
            width="content",
        )
        export_area(session)
        lesson_form(session)
        lecture_button(session)
    own, back = getattr(reply, "own", None), getattr(reply, "back", None)
    if session.upload_key:
        # Keeps the upload in the store, which drops what nobody looks up.
        UPLOADS.find(session.upload_key)
    if isinstance(own, str) and session.restore_upload(own):
        run_again()
    if isinstance(back, str):
        # The browser repeats the address until the page acknowledges it, by sending it back.
        acknowledged, session.reconnected_at = back == session.reconnected_at, back
        query = urlsplit(back).query if len(back) <= LONGEST_ADDRESS else ""
        if session.resume(dict(parse_qsl(query, keep_blank_values=True))) or not acknowledged:
            run_again()


def _pages_menu(session: Session, pages: Sequence[StreamlitPage]) -> None:
    """Draw the links to the pages as a menu, which `assets/page.css` shows on a telephone."""
    with (
        st.container(key="pages_menu", width="content"),
        # Of each page another one, so that it closes when a page is chosen.
        st.popover("Pages", key=f"pages_{session.page}", icon=":material/menu_book:"),
    ):
        for page in pages:
            st.page_link(page)
