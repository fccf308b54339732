"""The Playground, the first page: the live panel of a model in training."""

from __future__ import annotations

import streamlit as st

from pages.ui.parts import about
from pages.ui.parts.examples import example_line
from pages.ui.parts.run_controls import choices, live_panel, messages
from pages.ui.parts.tour import OFFERED, tour_again, tour_line
from pages.ui.session.session import current_session

session = current_session()

choices(session, examples=True)
if session.tour or not example_line(session):
    tour_line(session)
messages(session)
live_panel(session)

with st.expander("What am I looking at?", icon=":material/help:"):
    st.markdown(about.about_playground(session.data))
    if session.tour in (None, OFFERED):
        tour_again(session)
