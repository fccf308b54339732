"""Streamlit's widgets and reruns, where they need care."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st


def set_widget(key: str, value: Any) -> bool:
    """Let the next widget of this key hold a value; whether it was assigned for that.

    Only where it holds another: the browser sets every widget that was assigned, and that would
    take back what the visitor entered while the run was on its way to them. Where it was not
    assigned, a widget that several pages have needs the value as its default: on the next page the
    browser makes it anew, from its default.
    """
    if st.session_state.get(key) == value:
        return False
    st.session_state[key] = value
    return True


def run_again() -> None:
    """`st.rerun`, unless the visitor asked for another run meanwhile.

    Asked for on top of that one, it would take its page and its address back.
    """
    # To read the session's state lets the other run go first.
    st.session_state.get("run_again")
    st.rerun()


def entered(key: str, take: Callable[[Any], None]) -> Callable[[], None]:
    """A widget's `on_change` that hands on what the widget of this key holds then.

    It hands on nothing where Streamlit has forgotten the widget: a page that is being left still
    reports its widgets with a change made in that moment, and they count as changed.
    """

    def changed() -> None:
        if key in st.session_state:
            take(st.session_state[key])

    return changed
