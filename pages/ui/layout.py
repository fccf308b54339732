"""How figures share the width of a page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.charts import MAX_WRITTEN_STATES

STACKED = """<style>
@media (max-width: 1100px) {
  .st-key-side_by_side [data-testid=stHorizontalBlock] { flex-wrap: wrap; }
  .st-key-side_by_side [data-testid=stColumn] { min-width: 100%; }
}
</style>"""
"""Streamlit itself sets columns below each other on telephones only."""


def halves(num_states: int) -> tuple[Any, Any]:
    """Two places side by side, or one below the other where so many states need the width."""
    if num_states > MAX_WRITTEN_STATES:
        return st.container(), st.container()
    return side_by_side([1, 1])


def side_by_side(widths: list[int]) -> tuple[Any, Any]:
    """Two places with these shares of the width; one below the other on a narrow page."""
    st.html(STACKED)
    with st.container(key="side_by_side"):
        left, right = st.columns(widths, gap="medium")
    return left, right
