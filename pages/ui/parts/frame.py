"""The top of every page: Copy link and Export, and the exchange with `assets/address.js`."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import streamlit as st

from pages.ui.browser.component import component
from pages.ui.parts.export_area import export_area
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


def page_frame(session: Session) -> None:
    """Draw the top of the page, and take over what the browser reports after a reload or reconnect.

    After a reload it reports the key of the visitor's own data ("own"); after it lost the
    connection and found it again, its address ("back").
    """
    with st.container(key="page_frame", horizontal=True, width="content"):
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
