"""The intervals that the Playground draws, where the visitor wants them."""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.coordinates import Coordinate, flat
from pages.ui.session.session import Session
from pages.ui.session.trust import appraisal
from pages.ui.session.trust.estimates import shown_estimates
from pages.ui.session.view import View

Intervals = dict[str, FloatArray]
"""Parameter, of a product "1.rates", to (..., 2): the ends of the interval of each of its numbers,
in its own shape."""

WAIT = "Its intervals take long; the Trust page computes them on a press."
NO_MAXIMUM = (
    "No intervals are drawn: the model is no maximum, and away from it they mean nothing. The "
    "Trust page says what helps."
)


def intervals(session: Session, view: View) -> Intervals | None:
    """The intervals of the shown model; None while they are not wanted, not known, or unfounded."""
    if session.config.whiskers != "on":
        return None
    verdict = appraisal.known_verdict(session)
    if verdict is None or not verdict.optimality.rest_satisfied:
        return None
    asked = appraisal.question(session)  # only now: while a run plays it is another in each frame
    assert asked is not None
    ends: dict[str, list[tuple[Coordinate, float, float]]] = {}
    for one in shown_estimates(session, view, asked, verdict):
        kind, *place = flat(one.coordinate)
        ends.setdefault(str(kind), []).append((tuple(place), one.low, one.high))
    return {kind: _placed(found) for kind, found in ends.items()}


def _placed(found: list[tuple[Coordinate, float, float]]) -> FloatArray:
    shape = np.max([place for place, _, _ in found], axis=0).astype(int) + 1
    values = np.full((*shape, 2), np.nan)
    for place, low, high in found:
        values[tuple(map(int, place))] = low, high
    return values


def remark(session: Session) -> str:
    """Why no interval is drawn although they are wanted, in a sentence; empty if there is none."""
    if session.config.whiskers != "on" or not appraisal.resting(session):
        return ""
    asked = appraisal.question(session)
    if asked is None:
        return ""
    job = appraisal.appraisal(session, asked)
    if job is None:
        return WAIT
    if job.failed:
        return job.failed
    verdict = appraisal.verdict_of(job)
    is_maximum = verdict is None or verdict.optimality.rest_satisfied
    return "" if is_maximum else NO_MAXIMUM
