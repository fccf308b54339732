"""The part of a page that lives: the run controls, and figures that follow the training."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.ui.live.frame_source import frame_source
from pages.ui.live.panel import show_panel
from pages.ui.parts import controls, health
from pages.ui.parts.examples import example_picker
from pages.ui.parts.frame import follow_in_address
from pages.ui.parts.widgets import entered, run_again, set_widget
from pages.ui.session.checkups import checkups
from pages.ui.session.session import Session
from pages.ui.text import count, plain

TICK = 0.4
"""Seconds between two drawings of what Streamlit's own elements show."""

NOTHING_TRAINED = (
    "Nothing is trained, so no step changes the model. Choose parameters under What is trained in "
    "the sidebar."
)


ON_THE_WAY = (
    "Going to iteration {}, by the same steps as before, at full speed. Pause stops on the way."
)


def _press(session: Session, act: Callable[[], None]) -> Callable[[], None]:
    """What a run control is for; the next press is sent when this one was heard."""

    def heard() -> None:
        session.presses += 1
        act()

    return heard


def run_controls(
    session: Session,
    instead: Callable[[], None] | None = None,
    *,
    examples: bool = False,
) -> None:
    """Play or Pause, Step, Reset, New start, and the speed.

    Args:
        instead: draws a page's own controls in place of those that choose what is shown of one
            model: sequence and method.
        examples: whether there are examples to choose from.
    """
    able = session.can_go_on
    with st.container(horizontal=True, vertical_alignment="bottom", key="run_controls"):
        if session.player.playing:
            st.button(
                "Pause", key="pause", icon=":material/pause:", type="primary",
                on_click=_press(session, session.pause), help="Stop where the training is.",
            )  # fmt: skip
        else:
            st.button(
                "Play", key="play", icon=":material/play_arrow:", type="primary",
                on_click=_press(session, session.play), disabled=not able,
                help="Train, and watch the model change." if able else "Nothing left to train.",
            )  # fmt: skip
        st.button(
            "Step", key="step", icon=":material/skip_next:", on_click=_press(session, session.step),
            disabled=not able, help="Take one training step.",
        )  # fmt: skip
        st.button(
            "Reset", key="reset", icon=":material/replay:", on_click=_press(session, session.reset),
            help="Go back to iteration 0 of the same starting point.",
        )  # fmt: skip
        random = session.new_start_helps
        st.button(
            "New start", key="new_start", icon=":material/casino:",
            on_click=_press(session, session.new_start), disabled=not random,
            help="Start from another random model, on the same data."
            if random
            else "This starting point has nothing random in it; choose another one first.",
        )  # fmt: skip
        if examples:
            example_picker(session, width=225)
        controls.choice(session, "speed", width=110)
        if instead is not None:
            instead()
            return
        if session.data.sequences.num_sequences > 1:
            number = session.data.sequences.num_sequences
            controls.number(session, "sequence", maximum=number, width=120)
        controls.dimensions(session)
        if session.config.method == "Both":
            controls.segments(session, "shown")


def time_travel(session: Session) -> None:
    """A slider over all iterations, for pages whose figures are not the live panel's."""
    if session.player.playing:
        # This part of the page stands still meanwhile: a number would lag behind the figures.
        st.slider(
            "Iteration shown", 0, 1, 1, key="iteration_playing", format="the latest",
            disabled=True, help="Pause to go back in time.",
        )  # fmt: skip
        return
    latest = session.latest
    where = latest if session.at is None else session.at
    default = {} if set_widget("iteration_shown", where) else {"value": where}
    st.slider(
        "Iteration shown", 0, max(latest, 1), key="iteration_shown", **default,
        disabled=latest == 0,
        on_change=entered("iteration_shown", session.travel),
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
                    run_again()
            draw()
            follow_in_address(session)
            if checkups(session).news() != told:
                # Findings stand outside, so that their buttons run the whole page.
                run_again()

    told = checkups(session).news()
    with st.container(key="live"):
        beat()
    health.findings(session)


def go_on(session: Session) -> None:
    """Take the runs to where a link says, on a page without figures that follow them."""
    if session.replay is not None:
        with st.container(horizontal=True):
            act = _press(session, session.pause)
            st.button("Pause", key="pause", icon=":material/pause:", on_click=act)
        live_figures(session, lambda: None)


def live_panel(session: Session) -> None:
    """Draw the live panel, which fetches its further frames itself while the runs play."""
    with st.container(key="live"):
        frame = frame_source(session).frame()
        if frame is not None:
            show_panel(frame, key="live_panel")
    health.findings(session)


def messages(session: Session) -> None:
    """What the visitor should know before looking: notes on the last change, and obstacles."""
    notices(session)
    if not session.config.trainable:
        st.info(NOTHING_TRAINED, icon=":material/info:")
    else:
        health.obstacles(session)


def notices(session: Session) -> None:
    """Notes on the last change, all in one box, and why there is nothing to train.

    They may quote a link or a file, and anybody can write those.
    """
    if session.replay is not None:
        st.info(
            ON_THE_WAY.format(count(session.replay.run_position.latest)), icon=":material/forward:"
        )
    if len(session.notes) == 1:
        st.info(plain(session.notes[0]), icon=":material/info:")
    elif session.notes:
        st.info("\n".join(f"- {plain(note)}" for note in session.notes), icon=":material/info:")
    if session.problem:
        st.error(plain(session.problem), icon=":material/error:")
