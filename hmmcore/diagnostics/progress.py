"""Findings from the likelihood curve: about the learning rate, and about convergence."""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.diagnostics.finding import Finding
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.training.base import stands_still

STANDSTILL = 1e-10
"""Nats per observation: a step that changes no more has not moved the model visibly."""

STANDSTILL_STEPS = {"EM": 5, "Gradient": 50}
"""So many steps in a row have to change no more than `STANDSTILL`, or than rounding. EM's gains
only shrink; gradient ascent passes turning points, at which it stands still for a moment."""

SETTLED = 1e-6
"""Nats per observation, the tolerance of `fit`: a model whose steps change less may still move, but
what it is like no longer depends on how many more it takes."""
SETTLED_STEPS = 10

WINDOW = 40
"""Steps that the learning rate is judged by: long enough for Adam's first dip, ten steps after its
start, to pass."""

DIPS = 4
"""Separate dips within the window. Adam swings through an optimum once or twice and comes to rest,
which is no fault; at a rate that is too high it leaps over it every few steps."""

DYING_OUT = 0.5
"""Ratio of the falls in the later half of the window to those in the earlier half. Below it the
oscillation dies out by itself."""

LARGE_FALL = 1e-4
"""Nats per observation: the average fall. Smaller ones are oscillations about an optimum that is
reached, and do no harm."""

NET_LOSS = 1e-3
"""Nats per observation that a whole window lost: too much to be a swing."""

PLUNGE = 0.1
"""Nats per observation that a whole window lies below what was reached before it: a leap to where
the slopes are gentle, often with states that lost all their data, and no way back."""

STEADY = 0.1
"""How far the gain of the window's later half may be from that of its earlier one, relative to it.
Near an optimum gains shrink; gains that are the same twenty steps later mean that it is still far
away."""

TINY_GAIN = 1e-3
"""Nats per observation and step: with a larger one the likelihood is seen to rise."""

LOOK_BACK = max(WINDOW, *STANDSTILL_STEPS.values()) + 1
"""Iterations, the present one among them, that all findings together look at."""


def progress_findings(
    log_likelihoods: FloatArray,
    sequences: Sequences,
    learning_rate: float | None,
    at_rest: bool,
    highest: float = -np.inf,
) -> list[Finding]:
    """Findings from the last steps.

    Args:
        log_likelihoods: of the last iterations, in nats, in order; `LOOK_BACK` of them where
            there are as many.
        learning_rate: of gradient ascent; None for EM.
        at_rest: see `is_at_rest`.
        highest: log-likelihood that was reached at that rate, in nats.
    """
    changes = sequences.per_observation(np.diff(log_likelihoods[-LOOK_BACK:]))
    if not len(changes):
        return []
    last = float(changes[-1])
    if at_rest:
        evidence = {
            "steps": _patience(learning_rate),
            "last_gain": last,
            "largest": float(np.abs(changes[-_patience(learning_rate) :]).max()),
        }
        return [Finding("converged", evidence=evidence)]
    findings = [Finding("not_converged", evidence={"last_gain": last})]
    if learning_rate is not None and len(changes) >= WINDOW:
        below = sequences.per_observation(highest - float(log_likelihoods[-WINDOW - 1 :].max()))
        findings += _about_the_rate(changes[-WINDOW:], learning_rate, below)
    return findings


def is_at_rest(
    log_likelihoods: FloatArray, learning_rate: float | None, hmm: HMM, sequences: Sequences
) -> bool:
    """Whether the last steps changed nothing, but for rounding; see `STANDSTILL`."""
    patience = _patience(learning_rate)
    changes = np.abs(np.diff(log_likelihoods[-patience - 1 :]))
    # A comparison with a value that is not a number is false, so that never counts as still.
    return len(changes) == patience and stands_still(
        float(changes.max()), STANDSTILL, abs(float(log_likelihoods[-1])), hmm, sequences
    )


def _patience(learning_rate: float | None) -> int:
    return STANDSTILL_STEPS["EM" if learning_rate is None else "Gradient"]


def is_settled(log_likelihoods: FloatArray, sequences: Sequences) -> bool:
    """Whether the last steps hardly changed the likelihood; see `SETTLED`."""
    changes = sequences.per_observation(np.diff(log_likelihoods[-SETTLED_STEPS - 1 :]))
    return len(changes) == SETTLED_STEPS and bool((np.abs(changes) <= SETTLED).all())


def _about_the_rate(changes: FloatArray, learning_rate: float, below: float) -> list[Finding]:
    """Too high or too low, from the changes of a full window in nats per observation.

    Args:
        below: how far the whole window lies below the highest likelihood before it.
    """
    half = len(changes) // 2
    falls = np.maximum(-changes, 0.0)
    fell = falls > 0.0
    dips = int(fell[0]) + int(np.count_nonzero(fell[1:] & ~fell[:-1]))
    mean_fall = float(falls[fell].mean()) if dips else 0.0
    lasting = falls[half:].sum() >= DYING_OUT * falls[:half].sum()
    lost = max(below, -float(changes.sum()))
    evidence = {"learning_rate": learning_rate, "steps": len(changes)}
    if (
        (dips >= DIPS and mean_fall >= LARGE_FALL and lasting)
        or lost >= PLUNGE
        or -changes.sum() >= NET_LOSS
    ):
        evidence |= {"falls": int(np.count_nonzero(fell)), "mean_fall": mean_fall, "lost": lost}
        return [Finding("rate_too_high", evidence=evidence)]
    first, second = float(changes[:half].sum()), float(changes[half:].sum())
    tiny = changes.min() > SETTLED and changes.max() < TINY_GAIN
    if tiny and abs(second - first) <= STEADY * first:
        evidence |= {"mean_gain": float(changes.mean()), "steadiness": second / first}
        return [Finding("rate_too_low", evidence=evidence)]
    return []
