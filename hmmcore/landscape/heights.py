"""The log-likelihood over a plane."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from hmmcore import batch
from hmmcore.arrays import FloatArray, IntArray, frozen_array, require_type
from hmmcore.landscape.base import AnyPlane
from hmmcore.sequences import Sequences

CHUNK_NUMBERS = 1 << 22
"""Numbers of models and of their log-likelihoods that are in memory at once."""


def surface(
    plane: AnyPlane,
    sequences: Sequences,
    xs: ArrayLike,
    ys: ArrayLike,
    cancelled: Callable[[], bool] | None = None,
) -> FloatArray:
    """The log-likelihood of all sequences over a grid of positions.

    Args:
        xs, ys: positions (Nx,) and (Ny,) on the plane.
        cancelled: asked now and then; what is not computed when it says True is NaN.

    Returns:
        (Ny, Nx) in nats; -inf where a position is no model, or makes the data impossible.

    Raises:
        ValueError: when models of the plane could not emit data of this shape or these values.
    """
    require_type("plane", plane, AnyPlane, "a Plane")
    across, up = grid_positions(xs, ys)
    found = np.full(len(across), np.nan)
    size = _numbers_of(plane) + len(sequences)
    for chunk in chunks(len(across), max(1, CHUNK_NUMBERS // size)):
        if cancelled is not None and cancelled():
            break
        models, which = plane.models(across[chunk], up[chunk])
        values = np.full(len(chunk), -np.inf)
        if len(models):
            values[which] = batch.log_likelihoods(models, sequences).sum(axis=1)
        found[chunk] = values
    return found.reshape(np.size(ys), np.size(xs))


def grid_positions(xs: ArrayLike, ys: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Positions (Ny Nx,) of the points of a grid, row after row.

    Raises:
        ValueError: when xs or ys are no finite numbers in one axis.
    """
    columns, rows = frozen_array("xs", xs, 1), frozen_array("ys", ys, 1)
    return np.tile(columns, len(rows)), np.repeat(rows, len(columns))


def chunks(count: int, size: int) -> Iterator[IntArray]:
    """The numbers below a count, some at a time."""
    for start in range(0, count, size):
        yield np.arange(start, min(start + size, count))


def _numbers_of(plane: AnyPlane) -> int:
    return sum(v.size for v in batch.stack([plane.hmm]).arrays().values())
