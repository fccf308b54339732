"""How figures share the width of a page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.figures.charts import MAX_WRITTEN_STATES


def halves(num_states: int, name: str) -> tuple[Any, Any]:
    """Two places side by side, or one below the other where so many states need the width."""
    if num_states > MAX_WRITTEN_STATES:
        return st.container(), st.container()
    return side_by_side([1, 1], name)


def side_by_side(widths: list[int], name: str) -> tuple[Any, Any]:
    """Two places with these shares of the width; one below the other on a narrow page.

    `assets/page.css` sees to that: Streamlit itself does it on telephones only. No two pairs that
    a page shows have the same `name`.
    """
    with st.container(key=f"side_by_side_{name}"):
        left, right = st.columns(widths, gap="medium")
    return left, right
