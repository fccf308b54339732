"""Sentences of the Trust page about the maximum, the intervals and EM's pace."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.coordinates import Coordinate
from hmmcore.uncertainty import Optimality, Verdict
from pages.ui.experiment import constraints
from pages.ui.session.coordinate_words import LONGEST_NAME, name_in_figures, state_in_figures
from pages.ui.session.session import Session
from pages.ui.session.trust.estimates import Estimate
from pages.ui.session.trust.pace import Pace
from pages.ui.session.view import View
from pages.ui.text import (
    NARROW_SPACE,
    count,
    decimal,
    listed,
    many,
    markdown_text,
    scientific,
    shortened,
)

PLAYING = "While a run plays, nothing is computed here. Pause it, or wait for its end."

NO_ERRORS = "Away from the maximum standard errors are none: they say nothing of the truth."

SLOWEST_NAMED = 3
"""Numbers of the slowest direction that a sentence names."""

RATIO_STEPS = 5
"""Steps over which the pace is judged."""

RATE_ELSEWHERE = (
    "The model is not at a maximum, so this is only about right: it is EM's pace from here on."
)

PROFILE_WAITS = (
    "Profile intervals come one by one: each number is held further and further from its estimate, "
    "and all others are trained anew, so they wait for a press. Until then there is no interval."
)


def restrictions(session: Session) -> str:
    """What training is held to besides the likelihood, in a few words; empty if to nothing."""
    config = session.config
    given = {
        "priors": constraints.has_priors(config, session.data.kinds),
        "ties": constraints.ties(config, config.num_states) is not None,
        "only some numbers trained": bool(config.only),
    }
    return listed([name for name, holds in given.items() if holds])


def about_verdict(session: Session, view: View, verdict: Verdict) -> str:
    """Whether the shown model is a maximum, and what that means for all below."""
    found = verdict.optimality
    if not session.trains_anything:
        return "Nothing is trained, so every number is known, and there is nothing to doubt."
    if found.collapsed:
        return _about_floor(session, view, found)
    if (held_to := restrictions(session)) and not found.satisfied:
        bootstrap = "" if session.config.only else "; the bootstrap below trains as the page does"
        return (
            f"**Trained with {held_to}**: without that the log-likelihood could gain about "
            f"{scientific(found.gain)} nats more. Standard errors and intervals here are those of "
            "the likelihood alone, with all of its numbers free, so they are not quite those of "
            f"this model{bootstrap}."
        )
    if found.satisfied:
        return (
            "**This is a maximum**: no small change makes the data more probable. Standard errors "
            "mean something here."
        )
    where = _iteration_shown(session, view)
    if found.rising:
        names = _names(session, found.rising, view)
        others = "" if len(names) == 1 else f", and so should {count(len(names) - 1)} more"
        return (
            f"**This is no maximum**: the {names[0]} is zero, or nearly so, and should "
            f"rise{others}. EM cannot leave zero.{where} {NO_ERRORS}"
        )
    if found.verdict == "saddle":
        return (
            "**This is no maximum**: the likelihood is flat here and curves upwards, as between "
            f"states that are all alike.{where} {NO_ERRORS}"
        )
    return (
        f"**This is no maximum yet**: the log-likelihood can still gain about "
        f"{scientific(found.gain)} nats.{where} {NO_ERRORS}"
    )


def _about_floor(session: Session, view: View, found: Optimality) -> str:
    """That there is no maximum where variances are at their floor, and what would be right."""
    data = session.shown_data
    if found.constant:
        columns = [data.columns[d] if data.columns else data.name for d in found.constant]
        names = listed([f"“{markdown_text(shortened(name, LONGEST_NAME))}”" for name in columns])
        never = "never varies" if len(columns) == 1 else "never vary"
        why, right = f"{names} {never}, so a variance is at its floor", "Data without it"
    else:
        states = [state_in_figures(session, k, view.permutation) for k in found.collapsed]
        why = f"in {listed(list(map(markdown_text, states)))} a variance is at its floor"
        right = "Fewer states or another start"
    rest = NO_ERRORS
    if found.rest_satisfied:
        rest = "What stands below is of the other numbers, with that variance and its mean held."
    return (
        f"**There is no maximum here**: {why}, and the likelihood grows without end as it shrinks, "
        f"so training on does not help. {right} would be "
        f"right.{_iteration_shown(session, view)} {rest}"
    )


def _iteration_shown(session: Session, view: View) -> str:
    if session.at is None:
        return ""
    return f" Iteration {count(view.state.iteration)} of {count(session.latest)} is shown."


def waiting(seconds: float) -> str:
    """Why what takes long waits for a press."""
    return f"So large a model on so many data takes {duration(seconds)}, so it waits for a press."


def duration(seconds: float) -> str:
    """A time that is only about right."""
    if seconds < 90:
        return f"about {max(1, round(seconds))}{NARROW_SPACE}s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} minutes"
    return f"about {round(seconds / 3600)} hours"


def about_truth(found: Sequence[Estimate], level: str) -> str:
    """How many intervals hold the truth; empty where it is unknown."""
    known = [one.holds_truth for one in found if one.holds_truth is not None]
    if not known:
        return ""
    return (
        f"{count(sum(known))} of {many(len(known), 'interval')} "
        f"{'holds' if sum(known) == 1 else 'hold'} the true number; about {level} in 100 should, "
        "where the learned states are those of the truth."
    )


def intervals_label(title: str, found: Sequence[Estimate], kind: str, level: str) -> str:
    """What a figure of intervals shows, for readers who cannot see it."""
    shown = [
        f"{one.name} {decimal(one.value)} from {decimal(one.low)} to {decimal(one.high)}"
        + ("" if math.isnan(one.truth) else f", truly {decimal(one.truth)}")
        for one in found[:8]
        if not math.isnan(one.low)
    ]
    more = f", and {count(len(found) - 8)} more" if len(found) > 8 else ""
    return (
        f"{title} with {kind} intervals at {level} %: "
        f"{'; '.join(shown) or 'no interval is known'}{more}."
    )


# EM's pace


def steps_for_digit(rate: float) -> float:
    """Steps after which the distance to the maximum is a tenth."""
    return math.inf if rate >= 1.0 else 0.0 if rate <= 0.0 else math.log(0.1) / math.log(rate)


def about_rate(session: Session, view: View, verdict: Verdict) -> list[str]:
    """Why EM is as fast as it is, and how far the next digit is, in sentences."""
    missing = verdict.missing
    if not len(missing):
        return ["Nothing is trained, so there is nothing to wait for."]
    worst = float(np.clip(missing[0], 0.0, 1.0))
    names = _names(session, verdict.slowest, view)
    steps = steps_for_digit(worst)
    sentences = [
        f"Were the states seen, the data would say more: in the direction in which EM is slowest, "
        f"**{worst:.1%} of the information is missing**, because nobody sees them. So near the "
        f"maximum each step leaves {_rate(worst)} of the distance, and of what the log-likelihood "
        f"can gain {_rate(worst)}² = {_rate(worst**2)}.",
    ]
    if math.isinf(steps):
        sentences.append("At that pace EM does not come to a maximum.")
    else:
        sentences.append(
            f"The next digit of the parameters takes {many(max(1, round(steps)), 'iteration')}, "
            f"the next of the log-likelihood {count(max(1, round(steps / 2)))}."
        )
    sentences += _flat_and_bounds(session, view, verdict)
    if names:
        some = listed(names[:SLOWEST_NAMED])
        sentences.append(
            f"That direction is {'mostly ' if len(names) > 1 else ''}the {some}"
            + (f" ({count(len(names))} numbers that move together)" if len(names) > 3 else "")
            + "."
        )
    if len(missing) > 1:
        median = float(np.median(missing))
        sentences.append(
            f"Of the {count(len(missing))} directions half have less than "
            f"{max(median, 0.0):.0%} missing: those are learned in the first few iterations."
        )
    return sentences


def _flat_and_bounds(session: Session, view: View, verdict: Verdict) -> list[str]:
    """What makes EM slower than what is missing inside."""
    sentences = []
    slow = {
        name: rate for name, rate in verdict.towards_bounds.items() if rate >= verdict.pace - 1e-12
    }
    for name, rate in slow.items():
        (called,) = _names(session, [name], view)
        sentences.append(
            f"Slower still is the way to a bound: the {called} goes to zero, and each step leaves "
            f"{_rate(min(rate, 1.0))} of it, and of what is to be gained there."
        )
    if verdict.num_flat:
        sentences.append(
            f"In {many(verdict.num_flat, 'further direction')} the data say next to nothing, so EM "
            "hardly moves there; the last little that is to be gained may lie there."
        )
    return sentences


def _names(session: Session, own: Iterable[Coordinate], view: View) -> list[str]:
    """What numbers of the run's own order are called, escaped for Markdown."""
    return [markdown_text(name_in_figures(session, name, view.permutation)) for name in own]


def _rate(rate: float) -> str:
    return f"{rate:.3f}" if rate < 0.9995 else f"1 − {scientific(1.0 - rate)}"


def about_gains(gains: FloatArray, pace: float) -> str:
    """How the last gains compare with the predicted ones; empty where there are too few."""
    ratio = observed_ratio(gains)
    if ratio is None:
        return ""
    return (
        f"Observed: over the last steps the gain of the log-likelihood shrank to {_rate(ratio)} of "
        f"the one before in each; predicted: {_rate(pace)}."
    )


def observed_ratio(gains: FloatArray) -> float | None:
    """By what the last gains (n,), all positive, shrank from step to step; None from too few."""
    last = gains[-RATIO_STEPS - 1 :]
    if len(last) <= RATIO_STEPS:
        return None
    return float((last[-1] / last[0]) ** (1.0 / RATIO_STEPS))


def pace_label(steps: Pace, missing: FloatArray) -> str:
    """What the figure of EM's pace shows, for readers who cannot see it."""
    told = ""
    if len(steps.gains):
        told = (
            f"Gains of the log-likelihood: {scientific(float(steps.gains[0]))} nats in iteration "
            f"{count(int(steps.iterations[0]))}, {scientific(float(steps.gains[-1]))} in iteration "
            f"{count(int(steps.iterations[-1]))}; dashed what the rate predicts. "
        )
    return (
        f"{told}Shares of information that are missing in {many(len(missing), 'direction')}, from "
        f"{float(missing[0]):.0%} down to {max(float(missing[-1]), 0.0):.0%}."
    )
