"""The log-likelihood along the straight line from one model to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore import batch
from hmmcore.alignment import align_parameters
from hmmcore.arrays import FloatArray, as_count
from hmmcore.landscape.through import Space
from hmmcore.model import HMM
from hmmcore.sequences import Sequences

MARGIN = 0.1
"""About how far a line goes on beyond either end, as a share of its length."""


@dataclass(frozen=True)
class Line:
    """What lies between two models.

    Attributes:
        positions: (P,) along the line: 0 is the first model, 1 the second, with a margin beyond.
        log_likelihoods: (P,) in nats; -inf where the data are impossible.
        barrier: how far the lowest point between the two lies below the lower of them, in nats;
            0 where the line does not go below it, infinite where the data become impossible.
        lowest: position of that point; of the lower end where there is no barrier.
    """

    positions: FloatArray
    log_likelihoods: FloatArray
    barrier: float
    lowest: float


def line(
    first: HMM, second: HMM, sequences: Sequences, num_points: int = 201, align: bool = True
) -> Line:
    """The log-likelihood along the straight line from one model to another of its kind.

    It is straight where means and probabilities are as they are, and spreads and rates are
    logarithms; see `Space`.

    Args:
        num_points: how many points, those in the margins and the two models among them.
        align: whether the second model's states are first put in the order of the first's that
            they lie closest to. Otherwise a barrier may lie between two orders of one model.

    Raises:
        ValueError: when the models are of different kinds, have a rate of zero, or could not emit
            such data.
    """
    num_points = as_count("num_points", num_points, minimum=2)
    space = Space(first)
    start, stop = space.point(first), space.point(second)
    if align:
        stop = space.point(second.permute(align_parameters(first, second)))
    # Whole steps, so that both models, and the middle between them, are met exactly.
    steps = max(1, 2 * round((num_points - 1) / (1.0 + 2.0 * MARGIN) / 2.0))
    before = (num_points - 1 - steps) // 2
    positions = np.arange(-before, num_points - before) / steps
    models, which = space.models(start + positions[:, np.newaxis] * (stop - start))
    values = np.full(len(positions), -np.inf)
    values[which] = batch.log_likelihoods(models, sequences).sum(axis=1)
    between = (positions >= 0.0) & (positions <= 1.0)
    inside, heights = positions[between], values[between]
    lowest = int(np.argmin(heights))
    lower_end = min(heights[0], heights[-1])
    barrier = float(lower_end - heights[lowest]) if heights[lowest] < lower_end else 0.0
    return Line(positions, values, barrier, float(inside[lowest]))
