"""The run controls, and the figures and messages that follow the training."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.ui.live.frame_source import frame_source
from pages.ui.live.panel import show_panel
from pages.ui.parts import controls, health
from pages.ui.parts.examples import example_picker
from pages.ui.parts.frame import follow_in_address
from pages.ui.parts.widgets import on_entry, run_again, set_widget
from pages.ui.session.checkups import checkups
from pages.ui.session.session import Session
from pages.ui.text import count, markdown_text

TICK = 0.4
"""Seconds between two redraws in `live_figures`."""

NOTHING_TRAINED = (
    "Nothing is trained, so no step changes the model. Choose parameters under What is trained in "
    "the sidebar."
)


ON_THE_WAY = (
    "Going to iteration {}, by the same steps as before, at full speed. Pause stops on the way."
)


def _press(session: Session, act: Callable[[], None]) -> Callable[[], None]:
    """Act on a press of a run control, and count it.

    The count acknowledges the press to the browser, which then sends the next one.
    """

    def count_and_act() -> None:
        session.presses += 1
        act()

    return count_and_act


def run_controls(
    session: Session,
    instead: Callable[[], None] | None = None,
    *,
    examples: bool = False,
) -> None:
    """Draw Play or Pause, Step, Reset, New start, and the speed.

    Args:
        instead: draws a page's own controls in place of the choices of sequence, dimensions and
            method.
        examples: whether to draw the list of examples.
    """
    can_go_on = session.can_go_on
    with st.container(horizontal=True, vertical_alignment="bottom", key="run_controls"):
        if session.player.playing:
            st.button(
                "Pause", key="pause", icon=":material/pause:", type="primary",
                on_click=_press(session, session.pause), help="Stop where the training is.",
            )  # fmt: skip
        else:
            st.button(
                "Play", key="play", icon=":material/play_arrow:", type="primary",
                on_click=_press(session, session.play), disabled=not can_go_on,
                help="Train, and watch the model change."
                if can_go_on
                else "Nothing left to train.",
            )  # fmt: skip
        st.button(
            "Step", key="step", icon=":material/skip_next:", on_click=_press(session, session.step),
            disabled=not can_go_on, help="Take one training step.",
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
    """Draw a slider over all iterations, for pages without a live panel."""
    if session.player.playing:
        # Only the figures are redrawn while the runs play: a number here would lag behind them.
        st.slider(
            "Iteration shown", 0, 1, 1, key="iteration_playing", format="the latest",
            disabled=True, help="Pause to go back in time.",
        )  # fmt: skip
        return

    def go_back(iteration: int) -> None:
        # The browser tells of the slider once more when Play has already taken it away, and
        # Streamlit, which has forgotten it, takes that for a change.
        if not session.player.playing:
            session.travel(iteration)

    latest = session.latest
    where = latest if session.at is None else session.at
    set_widget("iteration_shown", where)
    st.slider(
        "Iteration shown", 0, max(latest, 1), where, key="iteration_shown", disabled=latest == 0,
        on_change=on_entry("iteration_shown", go_back),
        help="Go back in time: all figures, on every page, show the model as it was then. What "
        "was learned stays; at the right end is the latest model. Of long runs not every "
        "iteration is kept, and the last one kept before is shown.",
    )  # fmt: skip


def live_figures(session: Session, draw: Callable[[], None]) -> None:
    """Draw figures with `draw`, and redraw them while the runs play.

    The keyed container fixes the fragment's place in the page. Without it, a rerun of the fragment
    during a rerun of the page can leave the page blank.
    """

    @st.fragment(run_every=TICK if session.player.playing else None)
    def redraw() -> None:
        with session.lock:
            if session.player.playing:
                session.tick()
                if not session.player.playing:
                    # The runs ended by themselves: the buttons outside the fragment have to change.
                    run_again()
            draw()
            follow_in_address(session)
            if checkups(session).diagnosis_keys() != shown_news:
                # Findings are outside the fragment, so that their buttons rerun the whole page.
                run_again()

    shown_news = checkups(session).diagnosis_keys()
    with st.container(key="live"):
        redraw()
    health.findings(session)


def replay_progress(session: Session) -> None:
    """Replay the runs to a link's iteration, on a page without figures that follow them."""
    if session.replay is not None:
        with st.container(horizontal=True):
            act = _press(session, session.pause)
            st.button("Pause", key="pause", icon=":material/pause:", on_click=act)
        live_figures(session, lambda: None)


def live_panel(session: Session) -> None:
    """Draw the live panel; while the runs play, it fetches further frames by itself."""
    with st.container(key="live"):
        frame = frame_source(session).frame()
        if frame is not None:
            show_panel(frame, key="live_panel")
    health.findings(session)


def messages(session: Session) -> None:
    """Draw what is above the figures: notes on the last change, and obstacles to training."""
    notices(session)
    if not session.config.trainable:
        st.info(NOTHING_TRAINED, icon=":material/info:")
    else:
        health.obstacles(session)


def notices(session: Session) -> None:
    """Draw the notes on the last change, all in one box, and why training is impossible.

    They may quote a link or a file of unknown origin, so they are escaped.
    """
    if session.replay is not None:
        st.info(
            ON_THE_WAY.format(count(session.replay.run_position.latest)), icon=":material/forward:"
        )
    if len(session.notes) == 1:
        st.info(markdown_text(session.notes[0]), icon=":material/info:")
    elif session.notes:
        st.info(
            "\n".join(f"- {markdown_text(note)}" for note in session.notes), icon=":material/info:"
        )
    if session.problem:
        st.error(markdown_text(session.problem), icon=":material/error:")
