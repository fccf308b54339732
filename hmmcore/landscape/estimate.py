"""How long a search for basins will take."""

from __future__ import annotations

import os
import time

import numpy as np
from numpy.typing import ArrayLike

from hmmcore import batch
from hmmcore.arrays import as_count, require_type
from hmmcore.batch.fitting import GROUP_CELLS, LARGEST_GROUP, trains_in_lanes
from hmmcore.batch.outcome import CONVERGED, FAILED
from hmmcore.landscape.base import AnyPlane
from hmmcore.landscape.heights import grid_positions
from hmmcore.landscape.rest import stop_rule
from hmmcore.lanes import LANES
from hmmcore.training import Trainer

SECONDS = 0.06
"""How long the sample may train."""


def estimated_seconds(
    plane: AnyPlane,
    trainer: Trainer,
    num_starts: int,
    max_iterations: int,
    xs: ArrayLike | None = None,
    ys: ArrayLike | None = None,
) -> float:
    """About how long it takes to train from so many points of a plane, found by training a few.

    Takes less than a tenth of a second where a step of a few models does.

    Args:
        xs, ys: positions of the grid that will be searched. From those of its starts that come to
            rest while the sample trains it is guessed how many steps a start takes. Otherwise each
            is expected to take all it may.
    """
    require_type("plane", plane, AnyPlane, "a Plane")
    num_starts = as_count("num_starts", num_starts)
    rule = stop_rule(trainer, max_iterations, None)
    x, y = (np.array([position]) for position in plane.position(plane.hmm))
    has_grid = xs is not None and ys is not None
    if xs is not None and ys is not None:
        x, y = grid_positions(xs, ys)
    count = min(num_starts, _trained_at_once(plane, trainer) * (os.cpu_count() or 1))
    spread = np.linspace(0, len(x) - 1, count).astype(np.int64)
    models, _ = plane.models(x[spread], y[spread])
    if not len(models):
        return 0.0
    tolerance, patience = (rule.tolerance, rule.patience) if has_grid else (0.0, 10**9)
    steps = min(1, rule.max_iterations)
    while True:
        began = time.monotonic()
        fits = batch.fit(trainer, models, steps, tolerance, patience)
        spent = time.monotonic() - began
        if steps == rule.max_iterations or spent >= SECONDS / 2:
            break
        # What these steps took tells how many there is time for.
        steps = min(rule.max_iterations, int(steps * SECONDS / max(spent, 1e-3)))
    # The evaluation of the start takes as long as a step.
    taken = int(fits.iterations.sum()) + len(models)
    done = sum(reason in (CONVERGED, FAILED) for reason in fits.stop_reasons)
    expected = float(rule.max_iterations)
    if done and has_grid:
        # If every step is the last with one probability.
        mean = taken / done
        expected = mean * -np.expm1(-rule.max_iterations / mean)
    return spent / taken * num_starts * (1.0 + expected)


def _trained_at_once(plane: AnyPlane, trainer: Trainer) -> int:
    """How many models a thread trains at once, where there are many."""
    one = batch.stack([plane.hmm])
    if not trains_in_lanes(trainer, one):
        return 1
    cells = one.num_states * trainer.sequences.num_observations
    return max(LANES, min(LARGEST_GROUP, GROUP_CELLS // cells))
