"""The section of the Trust page that says why EM took so long."""

from __future__ import annotations

import streamlit as st

from pages.ui.session.session import Session
from pages.ui.session.view import View


def section(session: Session, view: View) -> None:
    """Draw how fast EM comes to the maximum, and why."""
    st.header("Why EM took so long", anchor=False)
