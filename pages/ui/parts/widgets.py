"""Safe ways to assign Streamlit's widgets, to read them, and to rerun the page; their widths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.ui.session.session import Session

if TYPE_CHECKING:  # it takes a while to import, and the first page shows no table
    import pandas as pd
    from pandas.io.formats.style import Styler

LECTURE_CONTROLS = 4 / 3
"""How many times as large Streamlit's elements are in lecture mode: 20 to 15 pixels, as in
`assets/page.css`. Charts grow by more."""


def wide(session: Session, pixels: int) -> int:
    """A width in pixels of an element of the page, as the page's size of type has it."""
    return round(pixels * (LECTURE_CONTROLS if session.config.lecture == "on" else 1))


def sized(session: Session, key: str) -> str:
    """The key of a table, another one in lecture mode: a table keeps the size of type that the page
    had when it was drawn first."""
    return f"{key}_lecture" if session.config.lecture == "on" else key


def with_minus(frame: pd.DataFrame, formats: Mapping[str, str]) -> Styler:
    """A table whose columns of numbers are written as ".2f" or ".4g" says, with a true minus sign.

    Streamlit sorts it by its numbers all the same. What is not known is left empty.
    """

    def shown(form: str) -> Callable[[float], str]:
        return lambda value: format(value, form).replace("-", "−")

    writers = {name: shown(form) for name, form in formats.items()}
    return frame.style.format(writers, na_rep="", subset=list(formats))


def set_widget(key: str, value: Any) -> None:
    """Make the widget of this key hold `value`; the caller gives it the same value as default.

    A widget that already holds the value is not assigned: the browser resets every assigned widget,
    and would discard what the visitor entered while this run was under way. A browser that missed
    the run of an assignment starts at the default, as it does on each page that has the widget.
    """
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def run_again() -> None:
    """`st.rerun`, unless the visitor has requested another run meanwhile.

    A rerun on top of that request would return to this run's page and address.
    """
    # Reading the session state ends this run here if another one is requested.
    st.session_state.get("run_again")
    st.rerun()


def on_entry(key: str, take: Callable[[Any], None]) -> Callable[[], None]:
    """An `on_change` callback that calls `take` with the value of the widget of this key.

    Does nothing when Streamlit has dropped the widget: while the visitor leaves a page, its widgets
    are still reported, and count as changed.
    """

    def changed() -> None:
        if key in st.session_state:
            take(st.session_state[key])

    return changed
