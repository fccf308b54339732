"""Climbing to a maximum of the likelihood from nearby, with its curvature there as a guide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.uncertainty.constrained import Constrained

FEW_SLOPES = 1e-4
"""A climb is over when no coordinate has a steeper slope, in nats per standard error or less."""

LEAST_GAIN = 1e-10
"""Nats: or when a step gains, and the next is predicted to gain, no more than this."""

MOST_STEPS = 300

ENOUGH = 1e-4
"""Of what the slope promises a step must gain this share (Armijo 1966)."""

STILL_STEEP = 0.5
"""Where this share of the slope is left at the end of a step, twice as far is tried."""

MOST_DOUBLINGS, MOST_HALVINGS = 12, 40

FLATTEST = 1e-3
"""Curvatures, in units of the standard errors were the states seen, count as no smaller: so that no
first step is larger than the root of a thousand."""

MOST_COORDINATES = 150
"""With more the curvature would take longer than it saves."""

STEP = 1e-3
"""Of the differences that the curvature is taken from, in the same units: a guide need not be
exact."""

Stopping = Callable[[], bool] | None


class Stopped(Exception):
    """The work was told to stop."""


@dataclass(frozen=True, eq=False)
class Found:
    """A place (n,) and the log-likelihood there, in nats."""

    place: FloatArray
    log_likelihood: float


def climbed(
    constrained: Constrained,
    start: FloatArray,
    held: float | None = None,
    guide: FloatArray | None = None,
    stopped: Stopping = None,
) -> Found:
    """The maximum near a start, with the coordinate held at a value.

    Quasi-Newton steps (BFGS; Nocedal & Wright 2006, chapter 6), halved where they do not gain and
    doubled where they could gain more.

    Args:
        guide: inverse (n, n) of the curvature, in squares of `constrained.units`.
        stopped: asked before each sweep over the data; where it says True, `Stopped` is raised.
    """
    units = constrained.units

    def height(moved: FloatArray) -> tuple[float, FloatArray]:
        if stopped is not None and stopped():
            raise Stopped
        value, slopes = constrained.log_likelihood(start + units * moved, held)
        return value, slopes * units

    here = np.zeros(len(start))
    value, slopes = height(here)
    inverse = np.eye(len(start)) if guide is None else guide
    for _ in range(MOST_STEPS):
        if value == -np.inf or np.abs(slopes).max(initial=0.0) <= FEW_SLOPES:
            break
        direction = inverse @ slopes
        promised = float(direction @ slopes)
        if not promised > 0.0:
            inverse, direction = np.eye(len(start)), slopes
            promised = float(slopes @ slopes)
        reached = _along(height, here, direction, value, promised)
        if reached is None:
            break
        moved, higher, at_end = reached
        gained, change, turned = higher - value, moved - here, slopes - at_end
        here, value, slopes = moved, higher, at_end
        if gained <= LEAST_GAIN and 0.5 * promised <= LEAST_GAIN:
            break
        inverse = _updated(inverse, change, turned)
    return Found(start + units * here, value)


def guide(constrained: Constrained, hessian: FloatArray) -> FloatArray:
    """What `climbed` takes, from minus the second derivatives (n, n) at the start."""
    scaled = hessian * np.outer(constrained.units, constrained.units)
    values, vectors = np.linalg.eigh(scaled) if len(scaled) else (np.empty(0), np.eye(0))
    found: FloatArray = (vectors / np.maximum(np.abs(values), FLATTEST)) @ vectors.T
    return found


def second_derivatives(constrained: Constrained, stopped: Stopping = None) -> FloatArray | None:
    """Minus the second derivatives (n, n) at the start, roughly; None of too many coordinates."""
    size = len(constrained.start)
    if size > MOST_COORDINATES:
        return None
    found = np.zeros((size, size))
    for n in range(size):
        step = STEP * constrained.units[n]
        ends = []
        for side in (-step, step):
            if stopped is not None and stopped():
                raise Stopped
            moved = constrained.start.copy()
            moved[n] += side
            ends.append(constrained.log_likelihood(moved, None)[1])
        found[n] = (ends[0] - ends[1]) / (2.0 * step)
    return 0.5 * (found + found.T)


def _along(
    height: Callable[[FloatArray], tuple[float, FloatArray]],
    here: FloatArray,
    direction: FloatArray,
    value: float,
    promised: float,
) -> tuple[FloatArray, float, FloatArray] | None:
    """Where a step in a direction ends, how high that is, and the slopes; None if none gains."""
    length = 1.0
    for _ in range(MOST_HALVINGS):
        end = here + length * direction
        higher, slopes = height(end)
        if higher >= value + ENOUGH * length * promised:
            break
        if higher > -np.inf:
            # The parabola through both heights, with the slope at the first.
            lack = value + length * promised - higher
            length *= float(np.clip(0.5 * length * promised / lack, 0.1, 0.5))
        else:
            length *= 0.25
    else:
        return None
    for _ in range(MOST_DOUBLINGS):
        if not float(slopes @ direction) > STILL_STEEP * promised:
            break
        farther = here + 2.0 * length * direction
        next_height, next_slopes = height(farther)
        if not next_height > higher:
            break
        length, end, higher, slopes = 2.0 * length, farther, next_height, next_slopes
    return end, higher, slopes


def _updated(inverse: FloatArray, change: FloatArray, turned: FloatArray) -> FloatArray:
    """The inverse curvature, as a step has shown it to be: of BFGS."""
    agreement = float(change @ turned)
    if agreement <= 1e-10 * float(np.linalg.norm(change) * np.linalg.norm(turned)):
        return inverse
    mapped = inverse @ turned
    scale = (agreement + float(turned @ mapped)) / agreement**2
    crossed = np.outer(mapped, change) / agreement
    found: FloatArray = inverse + scale * np.outer(change, change) - crossed - crossed.T
    return found
