"""What can be taken away from every page."""

from __future__ import annotations

import streamlit as st

from pages.ui.session import Session


def export_area(session: Session) -> None:
    with st.popover("Export", icon=":material/download:"):
        st.write("later")
