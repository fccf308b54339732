"""The section of the Trust page with every number, its standard error and its interval."""

from __future__ import annotations

import streamlit as st

from pages.ui.session.session import Session
from pages.ui.session.view import View


def section(session: Session, view: View) -> None:
    """Draw the table of the parameters."""
    st.header("How sure is each number?", anchor=False)
