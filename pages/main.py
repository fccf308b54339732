"""The frame of every page: navigation, the sidebar's controls, and the address bar.

`app.py` names this file as the main script; it runs again at every interaction.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

# Whole, before any of its modules: where another thread is at it, this line waits. Threads that
# come to the modules of one package in different orders may each find the other's half made.
import hmmcore  # noqa: F401
from pages.ui.experiment.run_position import without_run_position
from pages.ui.live.frame_source import frame_source
from pages.ui.parts import controls
from pages.ui.parts.constraints.sidebar import constraint_controls
from pages.ui.parts.frame import page_frame, page_title
from pages.ui.parts.headline import headline
from pages.ui.parts.lesson import lesson_line
from pages.ui.parts.run_controls import listen, run_controls
from pages.ui.parts.word_list import word_list
from pages.ui.session.session import Session, current_session

ASSETS = Path(__file__).parent / "ui" / "browser" / "assets"


def write_address(session: Session) -> None:
    """Write the session's settings to the address bar.

    The position of the runs is added in the browser, by `assets/address.js`: each change that is
    written here makes an entry in the browser's history, and a training step should not.
    """
    wanted = session.query()
    if without_run_position(st.query_params.to_dict()) != wanted:
        st.query_params.from_dict(wanted)


def is_back_or_forward() -> bool:
    """Whether the browser's Back or Forward caused this run of the script.

    Streamlit knows; the address does not tell, because a run may still carry an earlier address.
    The attribute is not part of Streamlit's public interface. Without it, Back and Forward change
    the address but not the settings.
    """
    return getattr(get_script_run_ctx(), "is_history_navigation", False)


st.set_page_config(
    page_title="HMM Playground",
    page_icon=str(ASSETS / "favicon.svg"),
    layout="wide",
    initial_sidebar_state="auto",
)

PAGES = [
    st.Page("playground.py", title="Playground", icon=":material/play_circle:", default=True),
    st.Page("data.py", title="Data", icon=":material/table_chart:", url_path="data"),
    st.Page("training.py", title="Training", icon=":material/trending_up:", url_path="training"),
    st.Page("landscape.py", title="Landscape", icon=":material/landscape:", url_path="landscape"),
    st.Page("posterior.py", title="Posterior", icon=":material/gradient:", url_path="posterior"),
    st.Page("decoding.py", title="Viterbi", icon=":material/route:", url_path="viterbi"),
    st.Page("messages.py", title="Messages", icon=":material/hub:", url_path="messages"),
    st.Page("models.py", title="Models", icon=":material/balance:", url_path="models"),
    st.Page("trust.py", title="Trust", icon=":material/verified_user:", url_path="trust"),
]
page = st.navigation(PAGES, position="top")
session = current_session()
# Locked, so that everything this run shows belongs to one state, although the live panel trains in
# other threads.
with session.lock:
    if is_back_or_forward():
        session.follow_url(st.query_params.to_dict(), page.url_path)
    if session.page == page.url_path:
        frame_source(session).send_ahead()
    session.page = page.url_path
    listen(session)
    page_frame(session, PAGES)
    lesson_line(session)
    if session.config.lecture == "off":
        controls.sidebar(session)
        constraint_controls(session)
    headline(session.page)
    if page.url_path:
        page_title(page.title)
    run_controls(session)
    try:
        page.run()
        word_list()
    except Exception:
        # The message of `show_failure` says that the settings are in the address bar.
        write_address(session)
        raise
    # Last, because a page may change the settings.
    write_address(session)
