"""Progress and buttons of work that goes on beside a page."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.ui.parts.widgets import run_again
from pages.ui.session.background import Job
from pages.ui.session.session import Session
from pages.ui.text import NARROW_SPACE, count, many, markdown_text

POLL_SECONDS = 0.5
"""Seconds between two looks at a job that is on its way."""


def followed(session: Session, job: Job, draw: Callable[[], None]) -> None:
    """Draw what a job has found; while it is on its way again and again, at last the whole page."""
    if job.done:
        draw()
        return

    def look() -> None:
        over = job.done
        with session.lock:
            draw()
        if over:
            run_again()

    st.fragment(look, run_every=POLL_SECONDS)()


def how_far(job: Job, done: int, what: str) -> str:
    """How far a job is, in a sentence; `what` it counts, in the singular."""
    total = many(job.total, what)
    if job.failed:
        return job.failed
    if job.cancelled and job.done:
        return f"Cancelled after {count(done)} of {total}."
    if not job.done:
        return f"{count(done)} of {total}."
    all_of_it = total if done == job.total else f"{count(done)} of {total}"
    return f"{all_of_it} in {job.seconds:.1f}{NARROW_SPACE}s."


def progress(job: Job, done: int, what: str) -> None:
    """Draw how far a job is; `what` it counts, in the singular."""
    text = markdown_text(how_far(job, done, what))
    if job.failed:
        st.error(text, icon=":material/error:")
    elif not job.done:
        st.progress(min(1.0, done / max(1, job.total)), text)
    else:
        st.caption(text)


def cancel_button(job: Job, key: str) -> None:
    """Draw the button that cancels a job."""

    def cancel() -> None:
        job.cancelled = True

    st.button(
        "Cancel", key=key, icon=":material/close:", on_click=cancel,
        help="Stop here, and keep what was found.",
    )  # fmt: skip


def begin_or_cancel(job: Job | None, name: str, label: str, begin: Callable[[], object]) -> None:
    """Draw the button that begins a job; while it is on its way, the one that cancels it."""
    if job is not None and not job.done:
        cancel_button(job, f"cancel_{name}")
        return
    st.button(
        label, key=f"begin_{name}", type="primary", icon=":material/play_arrow:", on_click=begin,
        help="Computes beside everything else; you may go to other pages meanwhile.",
    )  # fmt: skip
