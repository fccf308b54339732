"""The first page: a model that learns, live."""

from __future__ import annotations

import streamlit as st

from pages.ui import about
from pages.ui.live import live, messages, run_controls
from pages.ui.panel import live_panel
from pages.ui.session import current_session
from pages.ui.view import current_view, panel_frame

session = current_session()


def draw() -> None:
    """The live panel of the shown run."""
    view = current_view(session)
    if view is not None:
        live_panel(panel_frame(session, view), key="live_panel")


run_controls(session)
messages(session)
live(session, draw)

with st.expander("What am I looking at?", icon=":material/help:"):
    st.markdown(about.about_playground(session.data))
