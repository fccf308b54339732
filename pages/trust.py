"""The Trust page: how far to believe what was learned."""

from __future__ import annotations

import streamlit as st

from pages.ui.parts import controls, health, words
from pages.ui.parts.constraints.notes import about_trust
from pages.ui.parts.run_controls import choices, notices
from pages.ui.parts.trust import (
    bootstraps,
    coverage,
    estimates,
    forecasts,
    residuals,
    simulated,
    slowness,
    verdict,
)
from pages.ui.parts.trust.about import ABOUT
from pages.ui.session.session import current_session
from pages.ui.session.view import current_view

SECTIONS = (
    verdict.section,
    estimates.section,
    bootstraps.section,
    slowness.section,
    residuals.section,
    simulated.section,
    forecasts.section,
    coverage.section,
)
"""Functions of (session, view) that draw the sections of the page, from top to bottom."""

session = current_session()


def page_controls() -> None:
    """Draw the choice of the level, and of several quantities which one is checked."""
    if session.data.kinds:
        controls.dimensions(session)
    controls.segments(session, "level")


choices(session, page_controls)
notices(session)
health.way_back(session)
about_trust(session)
view = current_view(session)
if view is None:
    st.info(words.NO_MODEL, icon=":material/info:")
else:
    for section in SECTIONS:
        section(session, view)
with st.expander("What am I looking at?", icon=":material/help:"):
    st.markdown(ABOUT)
