"""What a visitor sees when a page fails: one sentence that says what to do."""

from __future__ import annotations

import streamlit as st

MESSAGE = (
    "This page failed and the error was noted on the server. Your settings are still in the "
    "address bar: reload the page to go on from them."
)


def show_failure(error: Exception) -> bool:
    """Show one sentence in place of the traceback; a handler for `st.App(on_script_error=...)`.

    Streamlit writes the traceback to the server's log before it calls this. Returns True, which
    keeps the traceback off the visitor's screen.
    """
    st.error(MESSAGE, icon=":material/error:")
    return True
