"""Containers side by side, in which figures share the width of a page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.figures.charts import MAX_WRITTEN_STATES


def halves(num_states: int, name: str) -> tuple[Any, Any]:
    """Two containers side by side, or one below the other where many states need the full width."""
    if num_states > MAX_WRITTEN_STATES:
        return st.container(), st.container()
    return side_by_side([1, 1], name)


def side_by_side(widths: list[int], name: str) -> tuple[Any, Any]:
    """Two containers with these shares of the width; one below the other on a narrow page.

    `assets/page.css` stacks them there; Streamlit itself does so only on telephones. `name` is
    unique on the page.
    """
    with st.container(key=f"side_by_side_{name}"):
        left, right = st.columns(widths, gap="medium")
    return left, right
