"""The run controls, and the figures and messages that follow the training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.ui.browser.component import component
from pages.ui.live.frame_source import frame_source
from pages.ui.live.panel import show_panel
from pages.ui.parts import controls, health
from pages.ui.parts.earlier_runs import earlier_runs
from pages.ui.parts.examples import example_picker
from pages.ui.parts.jobs.following import followed
from pages.ui.parts.widgets import wide
from pages.ui.session.commands import receive
from pages.ui.session.session import Session
from pages.ui.session.trust.appraisal import appraisal, question, resting
from pages.ui.session.trust.whiskers import remark
from pages.ui.text import count, markdown_text

NOTHING_TRAINED = (
    "Nothing is trained, so no step changes the model. Choose parameters under What is trained in "
    "the sidebar."
)

TRAINING_ON = "Training on to iteration {} at full speed. Pause stops on the way."

ON_THE_WAY = (
    "Going to iteration {}, by the same steps as before, at full speed. Pause stops on the way."
)

KEY = "run_controls"

MOST_COMMANDS = 20
"""Commands that the browser holds until they are acknowledged."""


def listen(session: Session) -> None:
    """Take what the run controls said with this run of the page.

    Where the browser cannot open its own line, they say their commands here, all that were not
    acknowledged, and while the runs play they ask for runs of the page, each of which trains a
    little. `assets/run-controls.js` holds that value.
    """
    said = _said()
    # After a restart of the server, the browser still says what another session has carried out.
    ours = str(said.get("stream")).endswith(session.token)
    commands = said.get("commands") if ours else None
    for message in commands[:MOST_COMMANDS] if isinstance(commands, list) else ():
        if isinstance(message, str) and not receive(session, message):
            break
    if said.get("refused") is True:
        session.tick()


def run_controls(session: Session) -> None:
    """Draw Play or Pause, Step, Reset, New start and time travel: the same on every page."""
    draw = component("hmm_run_controls", "run-controls.js", "drawRunControls")
    # In a list, because Streamlit searches a dict for data frames, and for that it imports pandas,
    # for which a first visitor would have to wait.
    message = {**frame_source(session).live(), "heard": _said().get("asked")}
    draw(key=KEY, data=[message], on_said_change=lambda: None)


def _said() -> dict[str, Any]:
    said = getattr(st.session_state.get(KEY), "said", None)
    return said if isinstance(said, dict) else {}


def choices(
    session: Session,
    more: Callable[[], None] = lambda: None,
    *,
    examples: bool = False,
    sequences: bool = True,
) -> None:
    """Draw the choices above the figures.

    Args:
        more: draws a page's own choices.
        examples: whether to draw the list of examples.
        sequences: whether the figures show one sequence and method, which are chosen here.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="choices"):
        if examples:
            example_picker(session, width=wide(session, 225))
        controls.choice(session, "speed", width=wide(session, 110))
        if sequences:
            controls.sequence(session)
            if not session.data.kinds:
                # All parts of a product are drawn together.
                controls.dimensions(session)
            if session.config.method == "Both":
                controls.segments(session, "shown")
        more()


def live_panel(session: Session) -> None:
    """Draw the live panel; while the runs play, it gets further frames by the page's own line."""
    sentence = remark(session)  # first: it may begin what the panel draws
    with st.container(key="live"):
        if session.main_runs:
            show_panel(frame_source(session).frame(), key="live_panel")
    if session.main_runs:
        whiskers(session, sentence)
        earlier_runs(session)
    health.findings(session)


def whiskers(session: Session, sentence: str) -> None:
    """Say why no interval is drawn where they are wanted; draw them once they are known."""
    if sentence:
        st.caption(markdown_text(sentence))
    asked = question(session) if session.config.whiskers == "on" and resting(session) else None
    job = None if asked is None else appraisal(session, asked)
    if job is not None and not job.done:
        followed(session, job, lambda: None)


def messages(session: Session) -> None:
    """Draw what is above the figures: notes on the last change, and obstacles to training."""
    notices(session)
    if not session.trains_anything:
        st.info(NOTHING_TRAINED, icon=":material/info:")
    else:
        health.obstacles(session)


def notices(session: Session) -> None:
    """Draw the notes on the last change, all in one box, and why training is impossible.

    They may quote a link or a file of unknown origin, so they are escaped.
    """
    if session.replay is not None:
        text = TRAINING_ON if session.replay.is_new else ON_THE_WAY
        st.info(text.format(count(session.replay.run_position.latest)), icon=":material/forward:")
    if len(session.notes) == 1:
        st.info(markdown_text(session.notes[0]), icon=":material/info:")
    elif session.notes:
        st.info(
            "\n".join(f"- {markdown_text(note)}" for note in session.notes), icon=":material/info:"
        )
    if session.problem:
        st.error(markdown_text(session.problem), icon=":material/error:")
