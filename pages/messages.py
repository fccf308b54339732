"""The Messages page: every number of the recursions, opened to its terms."""

from __future__ import annotations

import streamlit as st

from hmmcore.arrays import IntArray
from pages.ui.live.frame_source import frame_source
from pages.ui.live.trellis import show_trellis
from pages.ui.parts import about, controls, health, words
from pages.ui.parts.run_controls import choices, messages
from pages.ui.parts.widgets import on_entry, wide
from pages.ui.session import decoded
from pages.ui.session.message_view import changes
from pages.ui.session.session import current_session
from pages.ui.session.view import View, current_view, selected_sequence
from pages.ui.text import count

MOST_CHANGES = 200
"""Changes of state that are listed."""

GO_TO = "go_to_change"

session = current_session()
view = current_view(session)


def message_controls() -> None:
    """Draw the choices of the window, the pass and the model."""
    length = selected_sequence(session).num_observations
    first = max(1, length - session.config.window + 1)
    controls.number(session, "first_time", maximum=first, width=wide(session, 120))
    controls.number(session, "window", width=wide(session, 120))
    if session.data.kinds:
        controls.dimensions(session)
    go_to_change()
    controls.segments(session, "message_pass")
    if session.shown_data.generating_model is not None or session.config.message_model == "true":
        controls.segments(session, "message_model")


def go_to_change() -> None:
    """Draw the list of times at which the most probable path changes its state."""
    if view is None:
        return
    found = changes(shown_path(view))[:MOST_CHANGES]
    st.selectbox(
        "Go to",
        found,
        index=None,
        format_func=lambda time: f"the change at t = {count(time + 1)}",
        placeholder="a change of state" if found else "no change of state",
        key=GO_TO,
        disabled=not found,
        width=wide(session, 190),
        help="Moves the window to where the Viterbi path of the shown model goes to another state.",
        on_change=on_entry(GO_TO, go_to),
    )


def shown_path(view: View) -> IntArray:
    """The Viterbi path of the model whose messages are shown."""
    truth = decoded.ceiling(session) if session.config.message_model == "true" else None
    return view.path.states if truth is None else truth.path.states


def go_to(time: int | None) -> None:
    """Put a time, 0-based, into the middle of the window, and choose the state there."""
    if time is None or view is None:
        return
    first = max(1, time + 1 - session.config.window // 2)
    session.change(first_time=first, cell=f"{time + 1}.{int(shown_path(view)[time]) + 1}")
    st.session_state[GO_TO] = None


choices(session, message_controls)
messages(session)
if view is None:
    st.info(words.NO_MODEL, icon=":material/info:")
else:
    with st.container(key="live"):
        show_trellis(frame_source(session).frame())
    if view.true_states is not None and view.own_numbers:
        st.caption(words.OWN_NUMBERS)
health.findings(session)
with st.expander("What am I looking at?", icon=":material/help:"):
    st.markdown(about.ABOUT_MESSAGES)
