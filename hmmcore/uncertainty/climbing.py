"""Climbing to a maximum of the likelihood from nearby, with its curvature there as a guide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

from hmmcore.arrays import FloatArray
from hmmcore.uncertainty.constrained import Constrained

FEW_SLOPES = 1e-4
"""A climb is over when no coordinate has a steeper slope, in nats per standard error or less."""

MOST_STEPS = 300

IMPOSSIBLE = 1e300
"""What stands for the depth of a model under which the data are impossible."""

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

    By quasi-Newton steps (BFGS; Nocedal & Wright 2006, chapter 6).

    Args:
        guide: inverse (n, n) of the curvature, in squares of `constrained.units`.
        stopped: asked before each sweep over the data; where it says True, `Stopped` is raised.
    """
    units = constrained.units
    best = Found(start, -np.inf)

    def depth(moved: FloatArray) -> tuple[float, FloatArray]:
        nonlocal best
        if stopped is not None and stopped():
            raise Stopped
        place = start + units * moved
        value, slopes = constrained.log_likelihood(place, held)
        if value == -np.inf:
            return IMPOSSIBLE, np.zeros(len(start))
        if value > best.log_likelihood:
            best = Found(place, value)
        return -value, -slopes * units

    if not len(start):
        depth(start)
        return best
    # Symmetric to the last bit, as SciPy asks for.
    inverse = None if guide is None else 0.5 * (guide + guide.T)
    scipy.optimize.minimize(
        depth, np.zeros(len(start)), jac=True, method="BFGS",
        options={"gtol": FEW_SLOPES, "maxiter": MOST_STEPS, "hess_inv0": inverse},
    )  # fmt: skip
    return best


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
