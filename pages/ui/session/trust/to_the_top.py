"""What leads from a model that is no maximum to one."""

from __future__ import annotations

import math
from functools import partial

from hmmcore.uncertainty import Verdict, raised
from pages.ui.experiment.player import MAX_ITERATIONS
from pages.ui.session.remedies import Offer
from pages.ui.session.session import Session
from pages.ui.session.trust.words import restrictions
from pages.ui.session.view import View
from pages.ui.text import capitalised, count

LEAST_STEPS, MOST_STEPS = 50, 100_000
"""Steps that are taken on one press."""

FAR = 1000
"""Steps where no rate foretells how many."""

LEFT = 1e-5
"""Nats that may be left to gain; a tenth of what a maximum may have."""


def offer(session: Session, view: View, verdict: Verdict) -> Offer | None:
    """What helps the shown model; None where nothing does."""
    found = verdict.optimality
    if session.at is not None:
        return Offer(
            "Show the latest", ":material/last_page:",
            "An earlier iteration is shown; go to where the run stands.",
            partial(session.travel, None),
        )  # fmt: skip
    if found.collapsed:
        return None
    if session.can_go_on and not found.rising:
        return Offer(
            "Train to the end", ":material/skip_next:",
            "Plays on from here at full speed, until training comes to rest.",
            partial(_play_on, session),
        )  # fmt: skip
    if restrictions(session):
        return None
    if found.rising:
        if session.no_hand:
            return None
        return Offer(
            "Open what is zero", ":material/lock_open:",
            "Raises what should rise, to where the data are more probable, and starts from there; "
            "Undo brings back the run.",
            partial(_open, session, view, verdict),
        )  # fmt: skip
    if found.verdict == "saddle":
        return Offer(
            "Nudge", ":material/call_split:",
            "Moves every state of the starting point a little, each its own way, and starts again.",
            session.nudge,
        )  # fmt: skip
    steps = _steps(verdict)
    return Offer(
        "Train to the end", ":material/skip_next:",
        f"Training had come to rest: each step gains next to nothing. By EM's pace {count(steps)} "
        "more lead to the top; Pause stops on the way.",
        partial(session.train_on, steps),
    )  # fmt: skip


def _play_on(session: Session) -> None:
    session.change(speed="max")
    session.play()


def _steps(verdict: Verdict) -> int:
    """After so many steps of EM hardly anything is left to gain, by its rate here."""
    if not 0.0 < verdict.pace < 1.0 or verdict.num_flat:
        return FAR
    wanted = math.log(LEFT / max(verdict.optimality.gain, LEFT)) / math.log(verdict.pace)
    return int(min(max(wanted * 1.5, LEAST_STEPS), MOST_STEPS, MAX_ITERATIONS))


def _open(session: Session, view: View, verdict: Verdict) -> None:
    try:
        opened = raised(view.state.hmm, session.data.sequences, verdict.optimality.rising)
    except ValueError as error:
        session.notes = (f"{capitalised(str(error).rstrip('.'))}.",)
    else:
        session.start_by_hand(opened)
