"""Assigning widgets, reading them, and rerunning the page."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui.parts.widgets import on_entry, set_widget


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    held: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", held)
    return held


def test_a_change_passes_on_the_value_of_the_widget(state: dict[str, Any]) -> None:
    values: list[Any] = []
    changed = on_entry("box", values.append)
    state["box"] = None
    changed()
    state["box"] = 3
    changed()
    assert values == [None, 3]


def test_a_dropped_widget_passes_on_nothing(state: dict[str, Any]) -> None:
    values: list[Any] = []
    on_entry("box", values.append)()
    assert values == []


def test_a_widget_is_assigned_only_where_it_holds_another_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Watched(dict[str, Any]):
        assigned = 0

        def __setitem__(self, key: str, value: Any) -> None:
            self.assigned += 1
            super().__setitem__(key, value)

    held = Watched(box=3)
    monkeypatch.setattr(st, "session_state", held)
    set_widget("box", 3)
    assert held.assigned == 0
    set_widget("box", 4)
    assert (held["box"], held.assigned) == (4, 1)


def page_left_for_another() -> None:
    """A page that wants to run again while its visitor has asked for another address."""
    import streamlit as st
    from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

    from pages.ui.parts.widgets import run_again

    context = get_script_run_ctx()
    assert context is not None
    st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    if st.session_state["runs"] == 1:
        assert context.script_requests is not None
        context.script_requests.request_rerun(RerunData(query_string="asked=1"))
        run_again()
    st.text(context.query_string)


def test_a_rerun_gives_way_to_a_run_that_the_visitor_requested() -> None:
    app = AppTest.from_function(page_left_for_another).run()
    assert app.text[0].value == "asked=1"
