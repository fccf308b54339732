"""Training runs side by side: how far each has come, who is ahead, and what its curve says.

A run is described by its curve: the log-likelihood per observation, in nats, of the start
(iteration 0) and after every step. Nothing here runs anything, so it serves histories of any
trainer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from hmmcore.alignment import align_parameters
from hmmcore.arrays import FloatArray, numeric_array
from hmmcore.emissions import members
from hmmcore.model import HMM

WINDOW = 10
"""Steps that say how a run goes at present."""

FEWEST_STEPS = 4
"""Gains that a rate is estimated from, at the least."""

ROUNDING_RTOL = 1e-10
"""A change smaller than this, relative to the log-likelihood or to one nat, may be rounding."""

LEVEL = 1e-6
"""Nats per observation: with a smaller difference neither run is ahead."""

SETTLED, SETTLED_STEPS = 1e-7, 5
"""Nats per observation, and steps: a run that moved less over so many steps may have settled."""

SETTLED_REMAINING = 1e-5
"""Nats per observation: a run that still has more to gain, by its rate, has not settled."""

FLAT = 1e-4
"""Nats per observation: two settled runs that differ by less may still meet after a few thousand
steps."""

SLOW_RATE = 0.9
"""A distance that shrinks by less than a tenth a step takes long: 22 steps to a tenth of it."""

GROWING_RATE = 1.05
"""Gains count as growing from this factor per step on."""

OSCILLATING_DIPS = 3
"""With this many dips among the last WINDOW steps a run oscillates."""

PATIENCE = 1000
"""Steps within which a run of even pace must close the gap."""

ALIKE_DIVERGENCE = 0.01
"""Nats: states of two models whose symmetric divergence is smaller emit alike."""

ALIKE_PROBABILITY = 0.02
"""Transition probabilities that differ by less are alike."""


@dataclass(frozen=True)
class Progress:
    """What the curve of one run says.

    Attributes:
        iteration: the last one; 0 is the start.
        log_likelihood: there, in nats per observation.
        gain: of the last step; None at the start, or where it is not a finite number.
        rate: factor by which the distance to where the run is heading shrinks in one step;
            above 1 the gains grow. None where the last steps do not tell. See `linear_rate`.
        remaining: nats per observation from here to there, if it goes on at this rate; None
            where nothing says so.
        dips: how many steps lowered the likelihood by more than rounding.
        recent_dips: the same among the last WINDOW steps.
        deepest_dip: the largest loss in one step, in nats per observation; 0 without one.
        pace: "start" (no step yet), "growing" (gains grow by more than GROWING_RATE: it leaves a
            plateau), "settled" (it moved less than SETTLED over SETTLED_STEPS steps, and little
            is to come), "oscillating" (OSCILLATING_DIPS or more of the last WINDOW steps went
            down), "dipping" (fewer did), "slow" (rate of SLOW_RATE or more) or "climbing". In a
            `Verdict` a contender that has finished, and did not fail, is "settled" at its end.
    """

    iteration: int
    log_likelihood: float
    gain: float | None
    rate: float | None
    remaining: float | None
    dips: int
    recent_dips: int
    deepest_dip: float
    pace: str


@dataclass(frozen=True, eq=False)
class Contender:
    """One run as it is compared with another from the same start.

    Attributes:
        log_likelihoods: (I + 1,) in nats per observation.
        places: (I + 1,) where each iteration stands on the axis of the comparison, for example
            seconds of computing; never falling.
        hmm: the model of the last iteration; used to tell optima apart once a run has settled.
        finished: whether it goes no further; it then stays what it is while others go on.
        failed: whether that is because a step could not be taken.
    """

    log_likelihoods: FloatArray
    places: FloatArray
    hmm: HMM
    finished: bool = False
    failed: bool = False


@dataclass(frozen=True)
class Verdict:
    """Who is ahead of two, and a likely reason.

    Attributes:
        leader: 0 or 1; None where they are level.
        margin: how far the leader is ahead, in nats per observation; infinity where the other's
            likelihood is not finite.
        where: the place on the axis up to which both have come, or could have come; they are
            compared there.
        iterations: of each, at that place.
        progress: of each, up to there.
        reason: "start" (neither has moved), "failed" (a step of the one that trails failed),
            "same_optimum", "different_optima", "flat" (both have settled, at one height, but their
            models differ), "level", "falls_short" (going on like this, the one that trails closes
            less than half of the gap), or "pace": none of these, so compare their progress.
    """

    leader: int | None
    margin: float
    where: float
    iterations: tuple[int, int]
    progress: tuple[Progress, Progress]
    reason: str


def progress(log_likelihoods: ArrayLike) -> Progress:
    """What the curve (I + 1,) of one run says.

    Raises:
        ValueError: when it is not one curve that begins with the start.
    """
    curve = _as_curve(log_likelihoods)
    # The difference of two infinite values is NaN.
    with np.errstate(invalid="ignore"):
        gains = np.diff(curve)
    fell = gains < -_rounding(curve)
    recent = gains[-WINDOW:]
    rate = linear_rate(curve)
    recent_dips = int(fell[-WINDOW:].sum())
    gain = float(gains[-1]) if len(gains) and np.isfinite(gains[-1]) else None
    remaining = gain * rate / (1.0 - rate) if gain is not None and rate and rate < 1.0 else None
    return Progress(
        iteration=len(gains),
        log_likelihood=float(curve[-1]),
        gain=gain,
        rate=rate,
        remaining=remaining,
        dips=int(fell.sum()),
        recent_dips=recent_dips,
        deepest_dip=float(-gains[fell].min()) if fell.any() else 0.0,
        pace=_pace(recent, rate, remaining, recent_dips),
    )


def linear_rate(log_likelihoods: ArrayLike) -> float | None:
    """Factor by which the distance to the limit shrinks in one step, from the last gains.

    Where a method converges linearly, as EM does (Dempster, Laird & Rubin 1977), its gains shrink
    by the same factor as its distance; for EM the more information is hidden, the closer to 1.
    Estimated as the slope of the logarithms of up to WINDOW gains over the iterations. The sum
    of the gains to come follows as in Aitken's acceleration.

    Returns:
        None with fewer than FEWEST_STEPS steps, or where one of them gained nothing.
    """
    curve = _as_curve(log_likelihoods)[-WINDOW - 1 :]
    with np.errstate(invalid="ignore"):
        gains = np.diff(curve)
    if len(gains) < FEWEST_STEPS or not (gains > _rounding(curve)).all():
        return None
    steps = np.arange(len(gains)) - (len(gains) - 1) / 2.0
    slope = float(steps @ np.log(gains) / (steps @ steps))
    return math.exp(slope)


def distances(log_likelihoods: ArrayLike, reference: float) -> FloatArray:
    """How far each iteration lies below a reference (I + 1,); NaN at it, above it, or undefined.

    What is left are positive numbers, for a logarithmic axis.
    """
    curve = np.asarray(log_likelihoods, dtype=np.float64)
    below: FloatArray = reference - curve
    return np.where(np.isfinite(below) & (below > 0.0), below, np.nan)


def best_log_likelihood(curves: Sequence[ArrayLike]) -> float | None:
    """The highest finite value on any curve; None without one."""
    finite = [values[np.isfinite(values)] for values in map(np.asarray, curves)]
    highest = [float(values.max()) for values in finite if values.size]
    return max(highest, default=None)


def iteration_at(places: ArrayLike, where: float) -> int:
    """The last iteration whose place is not beyond `where`; 0 before the first."""
    return max(0, int(np.searchsorted(np.asarray(places), where, side="right")) - 1)


def models_alike(first: HMM, second: HMM) -> bool:
    """Whether two models say nearly the same, up to the names of their states.

    States are matched by what they emit; then no symmetric divergence may exceed
    ALIKE_DIVERGENCE, and no transition probability differ by more than ALIKE_PROBABILITY. Initial
    probabilities are left out: one start for each sequence says little about them.
    """
    permuted = second.permute(align_parameters(first, second))
    divergences = np.diagonal(first.emissions.distances(permuted.emissions))
    moved = np.abs(first.transition_matrix - permuted.transition_matrix)
    return bool((divergences <= ALIKE_DIVERGENCE).all() and (moved <= ALIKE_PROBABILITY).all())


def compare(first: Contender, second: Contender) -> Verdict:
    """Who is ahead at the place that both have reached, and a likely reason.

    Raises:
        ValueError: when a contender's places do not belong to its curve.
    """
    both = (first, second)
    for contender in both:
        if np.shape(contender.places) != np.shape(contender.log_likelihoods):
            raise ValueError(
                f"places have shape {np.shape(contender.places)} and log_likelihoods "
                f"{np.shape(contender.log_likelihoods)}; there must be one for each iteration."
            )
    ends = [float(contender.places[-1]) for contender in both]
    going_on = [end for end, one in zip(ends, both, strict=True) if not one.finished]
    where = min(going_on, default=max(ends))
    reached = [iteration_at(contender.places, where) for contender in both]
    progresses = [
        _progress_at(contender, iteration)
        for contender, iteration in zip(both, reached, strict=True)
    ]
    values = [one.log_likelihood for one in progresses]
    if not any(map(math.isfinite, values)):
        leader, margin = None, 0.0
    else:
        comparable = [value if math.isfinite(value) else -math.inf for value in values]
        margin = abs(comparable[0] - comparable[1])
        leader = None if margin <= LEVEL else int(comparable[1] > comparable[0])
    return Verdict(
        leader,
        margin,
        where,
        (reached[0], reached[1]),
        (progresses[0], progresses[1]),
        _reason(both, progresses, leader, margin),
    )


def state_parameters(hmm: HMM) -> dict[str, FloatArray]:
    """The numbers of each state, (K, C) by name: C dimensions or symbols, else C = 1.

    "initial_probs", "self_transition_probs" (the diagonal of A), and of the family's "means" and
    "standard_deviations", "rates" or "probs"; of the parts of a product, "0.means" and so on.
    """
    found = {
        "initial_probs": hmm.initial_probs[:, np.newaxis],
        "self_transition_probs": np.diagonal(hmm.transition_matrix)[:, np.newaxis],
    }
    for first, part in members(hmm.emissions):
        for name in ("means", "standard_deviations", "rates", "probs"):
            values = getattr(part, name, None)
            if values is not None:
                found[f"{first}{name}"] = np.reshape(values, (hmm.num_states, -1))
    return found


def num_components(hmm: HMM) -> int:
    """How many dimensions or symbols the means, rates or probabilities of a state have.

    Of a product: of all its parts together, one part after the other.
    """
    return len(_components(hmm))


def _components(hmm: HMM) -> list[tuple[str, int]]:
    """Of each component what the names of its parameters begin with, and its number there."""
    parameters = state_parameters(hmm)
    found = []
    for first, _ in members(hmm.emissions):
        own = [values.shape[1] for name, values in parameters.items() if name.startswith(first)]
        found += [(first, component) for component in range(max(own))]
    return found


def parameter_paths(
    hmms: Sequence[HMM], permutation: ArrayLike, component: int = 0
) -> dict[str, FloatArray]:
    """The numbers of `state_parameters` over S models, as (S, K) by name.

    Args:
        permutation: (K,) state permutation[k] of every model is column k.
        component: of those with several: which dimension or symbol, from 0. Of a product it also
            says whose numbers they are: those of the part that has it, by their own names.
    """
    order = np.asarray(permutation)
    parameters = [state_parameters(hmm) for hmm in hmms]
    each = _components(hmms[0])
    first, component = each[min(component, len(each) - 1)]
    return {
        name.removeprefix(first): np.array(
            [one[name][order, min(component, values.shape[1] - 1)] for one in parameters]
        )
        for name, values in parameters[0].items()
        if name.startswith(first) or "." not in name
    }


def _progress_at(contender: Contender, iteration: int) -> Progress:
    reached = progress(contender.log_likelihoods[: iteration + 1])
    at_end = iteration == len(contender.log_likelihoods) - 1
    if at_end and contender.finished and not contender.failed:
        return replace(reached, pace="settled")
    return reached


def _reason(
    both: Sequence[Contender], progresses: Sequence[Progress], leader: int | None, margin: float
) -> str:
    if all(one.iteration == 0 for one in progresses):
        return "start"
    trailing = None if leader is None else both[1 - leader]
    if trailing is not None and trailing.failed:
        return "failed"
    settled = [one.pace == "settled" for one in progresses]
    if all(settled) or (leader is not None and settled[leader]):
        if models_alike(both[0].hmm, both[1].hmm):
            return "same_optimum"
        if all(settled):
            return "flat" if margin <= FLAT else "different_optima"
    if leader is None:
        return "level"
    trails = progresses[1 - leader]
    to_come = trails.remaining
    if to_come is None and trails.pace == "slow" and trails.gain is not None:
        to_come = PATIENCE * trails.gain
    # The first steps say little about the last.
    if to_come is not None and trails.iteration >= WINDOW and to_come < margin / 2.0:
        return "falls_short"
    return "pace"


def _pace(gains: FloatArray, rate: float | None, remaining: float | None, recent_dips: int) -> str:
    if not len(gains):
        return "start"
    if rate is not None and rate > GROWING_RATE:
        return "growing"
    # How far it strayed, so that ups and downs do not cancel.
    travelled = np.abs(np.cumsum(gains[-SETTLED_STEPS:])).max()
    if (
        len(gains) >= SETTLED_STEPS
        and travelled < SETTLED
        and not (remaining is not None and remaining > SETTLED_REMAINING)
    ):
        return "settled"
    if recent_dips:
        return "oscillating" if recent_dips >= OSCILLATING_DIPS else "dipping"
    return "slow" if rate is not None and rate >= SLOW_RATE else "climbing"


def _rounding(curve: FloatArray) -> FloatArray:
    """(I,) how far each step may seem to change the likelihood without doing so."""
    return ROUNDING_RTOL * np.maximum(1.0, np.abs(curve[:-1]))


def _as_curve(log_likelihoods: ArrayLike) -> FloatArray:
    curve = numeric_array("log_likelihoods", log_likelihoods)
    if curve.ndim != 1 or not curve.size:
        raise ValueError(
            f"log_likelihoods have shape {curve.shape}; they must be (iterations + 1,), and begin "
            "with the start."
        )
    return curve
