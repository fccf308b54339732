"""The part of a page that lives: the run controls, and figures that follow the training."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.ui import controls, words
from pages.ui.frame import follow_in_address
from pages.ui.live_source import pictures
from pages.ui.panel import show_panel
from pages.ui.session import Session
from pages.ui.text import count, plain
from pages.ui.view import current_view

TICK = 0.4
"""Seconds between two drawings of what Streamlit's own elements show."""

STUCK = (
    "All states are alike, so each observation belongs to every state with the same probability, "
    "1 / K. Every step therefore changes all states in the same way, and nothing can ever tell "
    "them apart: the slope of the likelihood between them is exactly zero, here and after any "
    "number of steps. Choose another starting point to see the model learn."
)


NOTHING_TRAINED = (
    "Nothing is trained, so no step changes the model. Choose parameters under What is trained in "
    "the sidebar."
)


ON_THE_WAY = (
    "Going to iteration {}, by the same steps as before, at full speed. Pause stops on the way."
)


def run_controls(session: Session) -> None:
    """Play or Pause, Step, Reset, New start, and the speed."""
    able = session.can_go_on
    with st.container(horizontal=True, vertical_alignment="bottom", key="run_controls"):
        if session.player.playing:
            st.button(
                "Pause", key="pause", icon=":material/pause:", type="primary",
                on_click=session.pause, help="Stop where the training is.",
            )  # fmt: skip
        else:
            st.button(
                "Play", key="play", icon=":material/play_arrow:", type="primary",
                on_click=session.play, disabled=not able,
                help="Train, and watch the model change." if able else "Nothing left to train.",
            )  # fmt: skip
        st.button(
            "Step", key="step", icon=":material/skip_next:", on_click=session.step,
            disabled=not able, help="Take one training step.",
        )  # fmt: skip
        st.button(
            "Reset", key="reset", icon=":material/replay:", on_click=session.reset,
            help="Go back to iteration 0 of the same starting point.",
        )  # fmt: skip
        random = session.new_start_helps
        st.button(
            "New start", key="new_start", icon=":material/casino:",
            on_click=session.new_start, disabled=not random,
            help="Start from another random model, on the same data."
            if random
            else "This starting point has nothing random in it; choose another one first.",
        )  # fmt: skip
        controls.choice(session, "speed", width=130)
        if session.data.sequences.num_sequences > 1:
            number = session.data.sequences.num_sequences
            controls.number(session, "sequence", maximum=number, width=130)
        controls.dimensions(session)
        if session.config.method == "Both":
            controls.segments(session, "shown")


def time_travel(session: Session) -> None:
    """A slider over all iterations, for pages whose figures are not the live panel's."""
    latest = session.latest
    controls.set_widget("iteration_shown", latest if session.at is None else session.at)
    st.slider(
        "Iteration shown", 0, max(latest, 1), key="iteration_shown",
        disabled=session.player.playing or latest == 0,
        on_change=lambda: session.travel(st.session_state["iteration_shown"]),
        help="Go back in time: all figures, on every page, show the model as it was then. What "
        "was learned stays; at the right end is the latest model. Of long runs not every "
        "iteration is kept, and the last one kept before is shown.",
    )  # fmt: skip


def live_figures(session: Session, draw: Callable[[], None]) -> None:
    """Draw what Streamlit's own elements show, again and again while the runs play.

    The keyed container keeps the fragment's place in the page: without it a rerun of the page
    can meet a rerun of the fragment and leave the page blank.
    """

    @st.fragment(run_every=TICK if session.player.playing else None)
    def beat() -> None:
        with session.lock:
            if session.player.playing:
                session.tick()
                if not session.player.playing:
                    # Ended by itself: the buttons outside have to know.
                    st.rerun()
            draw()
            follow_in_address(session)
            _afterwards(session)

    with st.container(key="live"):
        beat()


def go_on(session: Session) -> None:
    """Take the runs to where a link says, on a page without figures that follow them."""
    if session.replay is not None:
        with st.container(horizontal=True):
            st.button("Pause", key="pause", icon=":material/pause:", on_click=session.pause)
        live_figures(session, lambda: None)


def live_panel(session: Session) -> None:
    """Draw the live panel, which fetches its further pictures itself while the runs play."""
    with st.container(key="live"):
        picture = pictures(session).picture()
        if picture is not None:
            show_panel(picture, key="live_panel")
        _afterwards(session)


def messages(session: Session) -> None:
    """What the visitor should know before looking: notes on the last change, and obstacles."""
    notices(session)
    if not session.config.trainable:
        st.info(NOTHING_TRAINED, icon=":material/info:")
    elif session.is_stuck:
        st.warning(STUCK, icon=":material/all_match:")


def notices(session: Session) -> None:
    """Notes on the last change, all in one box, and why there is nothing to train.

    They may quote a link or a file, and anybody can write those.
    """
    if session.replay is not None:
        st.info(ON_THE_WAY.format(count(session.replay.place.latest)), icon=":material/forward:")
    if len(session.notes) == 1:
        st.info(plain(session.notes[0]), icon=":material/info:")
    elif session.notes:
        st.info("\n".join(f"- {plain(note)}" for note in session.notes), icon=":material/info:")
    if session.problem:
        st.error(plain(session.problem), icon=":material/error:")


def _afterwards(session: Session) -> None:
    """What keeps states alive, and why runs ended. Below the figures, so that nothing jumps."""
    for icon, sentence in words.afterwards(session, current_view(session)):
        (st.warning if icon == words.HEALING else st.info)(sentence, icon=icon)
