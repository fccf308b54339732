"""Work that a section of the Trust page begins at a press, follows and cancels."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.ui.parts.widgets import run_again
from pages.ui.session.background import Job
from pages.ui.session.session import Session
from pages.ui.text import NARROW_SPACE, count, many, markdown_text

POLL_SECONDS = 0.5
"""Seconds between two looks at a job that is on its way."""


def begin_or_cancel(job: Job | None, name: str, label: str, begin: Callable[[], None]) -> None:
    """Draw the button that begins a job; while it is on its way, the one that cancels it."""
    if job is not None and not job.done:
        st.button(
            "Cancel", key=f"cancel_{name}", icon=":material/close:",
            on_click=_cancel, args=(job,), help="Stop here, and keep what was found.",
        )  # fmt: skip
        return
    st.button(
        label, key=f"begin_{name}", icon=":material/play_arrow:", on_click=begin,
        help="Computes beside everything else; you may go to other pages meanwhile.",
    )  # fmt: skip


def _cancel(job: Job) -> None:
    job.cancelled = True


def followed(session: Session, job: Job, draw: Callable[[Job], None]) -> None:
    """Draw a job's results; while it is on its way, again and again."""
    if job.done:
        draw(job)
        return

    def look() -> None:
        over = job.done
        with session.lock:
            draw(job)
        if over:
            run_again()  # once more, with the buttons of a job that is done

    st.fragment(look, run_every=POLL_SECONDS)()


def progress(job: Job, done: int, unit: str) -> None:
    """Draw how far a job is; `unit` is what it counts, in the singular."""
    if job.failed:
        st.error(markdown_text(job.failed), icon=":material/error:")
    elif not job.done:
        text = f"{count(done)} of {many(job.total, unit)} done."
        st.progress(min(1.0, done / job.total), text)
    elif job.cancelled:
        st.caption(f"Cancelled after {count(done)} of {many(job.total, unit)}.")
    else:
        st.caption(f"{many(done, unit)} in {job.seconds:.1f}{NARROW_SPACE}s.")
