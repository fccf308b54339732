"""What stands at the top of every page: Copy link, and Export."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import streamlit as st

from pages.ui.parts.export_area import export_area
from pages.ui.parts.widgets import run_again
from pages.ui.session.kept import UPLOADS
from pages.ui.session.link import link, settings
from pages.ui.session.session import Session

LONGEST_ADDRESS = 100_000


def frame(session: Session) -> None:
    """Draw it, and go on from the address where the connection was lost and found again."""
    with st.container(key="page_frame", horizontal=True, width="content"):
        told = _tell(
            "page_link",
            {
                "query": settings(session),
                # The tab keeps the key of its own data, and gives it back after a reload.
                "own": session.upload_key,
                "lost": session.lost is not None,
                "presses": session.presses,
                "back": session.back,
                **link(session),
            },
            on_back_change=lambda: None,
            on_own_change=lambda: None,
            width="content",
        )
        export_area(session)
    own, back = getattr(told, "own", None), getattr(told, "back", None)
    if session.upload_key:
        UPLOADS.find(session.upload_key)  # in use
    if isinstance(own, str) and session.bring_back(own):
        run_again()
    if isinstance(back, str):
        # The page says that all is well when it hears that this was heard.
        unheard, session.back = back != session.back, back
        query = urlsplit(back).query if len(back) <= LONGEST_ADDRESS else ""
        if session.resume(dict(parse_qsl(query, keep_blank_values=True))) or unheard:
            run_again()


def follow_in_address(session: Session) -> None:
    """Let the address keep up where only a part of the page runs again and again."""
    _tell("page_address", link(session), height=1)


def _tell(key: str, message: dict[str, Any], **options: Any) -> Any:
    from pages.ui.browser.assets import asset_url

    # In a list Streamlit looks for no data frames: for that, a first visitor would wait for pandas.
    return _component(asset_url("address.js"))(key=key, data=[message], **options)


@lru_cache(maxsize=4)
def _component(url: str) -> Callable[..., Any]:
    # Found anew by its address, as in `panel.register`: inline code would be sent with every run.
    return st.components.v2.component(
        "hmm_address",
        js=f'const o=location.origin\nexport default c=>import(o+"{url}").then(m=>m.follow(c))',
        isolate_styles=False,
    )
