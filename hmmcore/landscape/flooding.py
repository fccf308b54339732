"""The summits of a surface, and the passes between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from hmmcore.arrays import FloatArray, IntArray, as_size, numeric_array
from hmmcore.compiling import kernel


class Pass(NamedTuple):
    """The highest way from a summit to a higher one.

    Attributes:
        row, column: its lowest point.
        drop: how far that lies below the lower of the two summits.
    """

    row: int
    column: int
    drop: float


@dataclass(frozen=True)
class Hills:
    """Summits and passes of a surface, each by its row and column.

    Attributes:
        peaks: summits, the highest first.
        passes: between them, the highest first; one fewer than there are peaks on each stretch of
            land that holds together.
    """

    peaks: tuple[tuple[int, int], ...]
    passes: tuple[Pass, ...]


def hills(values: ArrayLike, least_drop: float = 0.0) -> Hills:
    """The summits of a surface, and the passes between them, by flooding it from the top.

    As the water falls, land appears at summits and grows; where two pieces of land meet, the
    meeting point is the pass between them, and the lower summit is no longer counted as one of the
    piece. That drop from the lower summit to the pass is its topological persistence (Edelsbrunner,
    Letscher & Zomorodian 2002). A point has eight neighbours. Of points of one height the first, in
    reading order, appears first, so a plateau has one summit.

    Args:
        values: (Ny, Nx). Where they are -inf or NaN is no land.
        least_drop: a summit from which one need not go down so far to reach a higher one is none.
    """
    heights = numeric_array("values", values)
    if heights.ndim != 2:
        raise ValueError(f"values have shape {heights.shape}; they must be a surface (Ny, Nx).")
    least_drop = as_size("least_drop", least_drop)
    is_land = heights > -np.inf
    land = np.flatnonzero(is_land)
    downwards = land[np.argsort(-heights.ravel()[land], kind="stable")]
    summits, saddles, drops = _flood(heights, downwards)
    # A summit that shares its height with a point beside it has no drop.
    kept = (drops >= least_drop) & (drops > 0.0)
    flat = heights.ravel()
    peaks = summits[kept]
    peaks = peaks[np.argsort(-flat[peaks], kind="stable")]
    # The highest summit of each stretch of land meets no higher one.
    passes = np.flatnonzero(kept & (saddles >= 0))
    passes = passes[np.argsort(-flat[saddles[passes]], kind="stable")]
    width = heights.shape[1]
    return Hills(
        tuple((int(p) // width, int(p) % width) for p in peaks),
        tuple(
            Pass(int(saddles[n]) // width, int(saddles[n]) % width, float(drops[n])) for n in passes
        ),
    )


@kernel()
def _flood(heights: FloatArray, downwards: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Every summit, the point at which its land meets a higher summit's, and the drop to there.

    Args:
        downwards: (L,) the points that are land, from the highest to the lowest.

    Returns:
        summits (S,), saddles (S,) and drops (S,): points as indices of the flattened heights. A
        summit that meets no higher one has the saddle -1 and an infinite drop.
    """
    num_rows, num_columns = heights.shape
    flat = heights.reshape(-1)
    # Of each point of land the next on the way to its summit; -1 is water.
    towards = np.full(flat.size, -1)
    appeared = np.empty(flat.size, dtype=np.int64)
    saddles = np.full(flat.size, -1)
    drops = np.full(flat.size, np.inf)
    summits = np.empty(len(downwards), dtype=np.int64)
    num_summits = 0
    for n in range(len(downwards)):
        point = downwards[n]
        towards[point] = point
        appeared[point] = n
        row, column = point // num_columns, point % num_columns
        own = -1
        for r in range(max(0, row - 1), min(num_rows, row + 2)):
            for c in range(max(0, column - 1), min(num_columns, column + 2)):
                other = r * num_columns + c
                if other == point or towards[other] < 0:
                    continue
                while towards[other] != other:
                    towards[other] = towards[towards[other]]
                    other = towards[other]
                if own < 0:
                    own = other
                elif other != own:
                    low, high = own, other
                    if appeared[low] < appeared[high]:
                        low, high = high, low
                    towards[low] = high
                    saddles[low] = point
                    drops[low] = flat[low] - flat[point]
                    own = high
        if own < 0:
            summits[num_summits] = point
            num_summits += 1
        else:
            towards[point] = own
    found = summits[:num_summits]
    return found, saddles[found], drops[found]
