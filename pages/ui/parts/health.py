"""Draws the findings about the runs: a sentence with its evidence, and buttons for remedies."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from pages.ui.parts import words
from pages.ui.parts.finding_words import about
from pages.ui.session.checkups import Diagnosis, checkups
from pages.ui.session.remedies import offers
from pages.ui.session.session import Session
from pages.ui.session.view import current_view
from pages.ui.text import count, listed

MAX_FINDINGS = 3
"""Findings shown at the same time, the most important ones; those in `ENDINGS` do not count."""

ENDINGS = frozenset({"diverged", "converged"})
"""How a run ended: always shown, below the other findings."""

OBSTACLES = frozenset({"symmetric_start"})
"""Findings shown above the figures: they keep a run from learning, and hold from its start, so
they never appear during a run and push the figures down."""

BOXES = {"error": st.error, "warning": st.warning, "info": st.info, "success": st.success}
ICONS = {
    "diverged": ":material/error:",
    "symmetric_start": ":material/all_match:",
    "identical_states": ":material/all_match:",
    "rate_too_high": ":material/ssid_chart:",
    "rate_too_low": ":material/hourglass_top:",
    "zero_should_rise": ":material/north:",
    "no_transitions": ":material/looks_one:",
    "singular_covariance": ":material/compress:",
    "collapsed_variance": ":material/compress:",
    "dead_output": ":material/power_off:",
    "empty_state": ":material/do_not_disturb_on:",
    "overfitting": ":material/content_copy:",
    "worse_than_truth": ":material/landscape:",
    "near_duplicates": ":material/join_inner:",
    "equal_rows": ":material/shuffle:",
    "better_than_truth": ":material/verified:",
    "unidentifiable_initial_probs": ":material/question_mark:",
    "converged": ":material/flag:",
    "not_converged": ":material/pending:",
}


def obstacles(session: Session) -> None:
    """Draw what keeps the shown run from learning at all."""
    _draw(session, [d for d in checkups(session).diagnoses() if d.finding.kind in OBSTACLES])


def findings(session: Session) -> None:
    """Draw all other findings, and the button that undoes a remedy."""
    with st.container(key="health"):
        way_back(session)
        diagnoses = [d for d in checkups(session).diagnoses() if d.finding.kind not in OBSTACLES]
        endings = [d for d in diagnoses if d.finding.kind in ENDINGS]
        others = [d for d in diagnoses if d.finding.kind not in ENDINGS]
        _draw(session, others[:MAX_FINDINGS] + endings)


def _draw(session: Session, diagnoses: list[Diagnosis]) -> None:
    view = current_view(session)
    if view is None:
        return
    for diagnosis in diagnoses:
        title, sentence, evidence = about(session, view, diagnosis)
        text = f"**{title}** {sentence}"
        if evidence:
            text += f"  \n:small[At iteration {count(diagnosis.iteration)}: {evidence}]"
        kind, buttons = diagnosis.finding.kind, offers(session, diagnosis)
        box = partial(BOXES[diagnosis.finding.severity], text, icon=ICONS[kind])
        _beside(
            f"{diagnosis.run}_{kind}",
            box,
            [
                partial(
                    st.button, offer.label, key=f"remedy_{diagnosis.run}_{kind}_{number}",
                    icon=offer.icon, help=offer.help, on_click=offer.act, width="stretch",
                )
                for number, offer in enumerate(buttons)
            ],
        )  # fmt: skip


def _beside(name: str, box: Callable[[], object], buttons: list[Callable[[], object]]) -> None:
    """Draw a box with its buttons to the right, as wide as their labels, or below; see page.css."""
    if not buttons:
        box()
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"beside_{name}"):
        box()
        with st.container(width="content", gap="small"):
            for button in buttons:
                button()


def way_back(session: Session) -> None:
    """Draw what was replaced last, and the button that brings it back."""
    kept = session.before
    if kept is None:
        return
    reached = listed(
        [
            f"{run.name} at iteration {count(run.state.iteration)}"
            for run in kept.runs.values()
            if run.name in session.methods
        ]
    )
    text = f"Started again. What there was is kept: {reached}."
    if kept.data is not session.data:
        text = (
            f"Left behind, and kept for now: {words.source(kept.upload, kept.config)}, {reached}."
        )
    _beside(
        "way_back",
        partial(st.info, text, icon=":material/history:"),
        [
            partial(
                st.button, "Undo", key="undo_remedy", icon=":material/undo:",
                on_click=session.undo, width="stretch",
                help="Go back to the settings, the data and the runs of before.",
            )
        ],
    )  # fmt: skip
