"""Axes that stand still: ranges that only grow, and only in steps.

On the live panel motion means change in the model. An axis that follows the data would move
everything all the time; these ranges stay the same over many iterations and then jump once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt


def iteration_limit(iteration: int) -> int:
    """Right end of the iteration axis: 50, 100, 200, 500, 1000, 2000, ..."""
    limit, factors = 50, (2.0, 2.0, 2.5)
    turn = 0
    while limit < iteration:
        limit = round(limit * factors[turn % 3])
        turn += 1
    return limit


def seconds_limit(seconds: float) -> float:
    """Right end of an axis of computing time: 0.05, 0.1, 0.2, 0.5, 1, 2, ..."""
    return iteration_limit(math.ceil(seconds * 1000)) / 1000


def decades(values: Iterable[float], lowest: int) -> tuple[int, int]:
    """Ends of a logarithmic axis as powers of ten, never below `lowest`; three decades at least."""
    logs = [math.log10(value) for value in values if value > 0.0 and math.isfinite(value)]
    if not logs:
        return (-3, 0)
    high = math.ceil(max(logs))
    high = max(high, lowest + 3)
    return (max(lowest, min(math.floor(min(logs)), high - 3)), high)


def likelihood_range(values: Iterable[float], truth: float | None = None) -> tuple[float, float]:
    """Ends of the axis of the log-likelihood per observation: below the start, above the best.

    `values` are all log-likelihoods seen so far; those that are not finite are passed over.
    More values can widen the range and never narrow it: the ends are multiples of a power of
    two that grows with what is to be shown, so every coarser range contains every finer one.
    """
    seen = np.asarray([*values, *(() if truth is None else (truth,))], dtype=np.float64)
    seen = seen[np.isfinite(seen)]
    if seen.size == 0:
        return (-1.0, 0.0)
    lowest, highest = float(seen.min()), float(seen.max())
    # A lone value (iteration 0 without a truth) has no extent of its own.
    extent = max(highest - lowest, 0.02 * max(abs(highest), abs(lowest)), 1e-3)
    step = 2.0 ** math.ceil(math.log2(extent / 16))
    low = math.floor((lowest - 0.05 * extent) / step) * step
    high = math.ceil((highest + 0.12 * extent) / step) * step
    return (low, high)


def histogram(
    observations: npt.NDArray[np.float64], num_bins: int = 40
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Edges (B+1,) and densities (B,) of the finite `observations`; the area is one.

    Constant data get one bin around their value, no data an empty histogram over [0, 1].
    """
    finite = observations[np.isfinite(observations)]
    if finite.size == 0:
        return np.array([0.0, 1.0]), np.array([0.0])
    if np.ptp(finite) == 0.0:
        half = max(0.5, 1e-3 * abs(float(finite[0])))
        return finite[0] + np.array([-half, half]), np.array([0.5 / half])
    density, edges = np.histogram(finite, bins=num_bins, density=True)
    return edges, density


def gaussian_densities(
    grid: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64],
    standard_deviations: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Weighted normal densities (K, G) on `grid` (G,): weights[k] * N(x; means[k], sd[k]^2)."""
    scaled = (grid[None, :] - means[:, None]) / standard_deviations[:, None]
    height = weights / (standard_deviations * math.sqrt(2.0 * math.pi))
    densities: npt.NDArray[np.float64] = height[:, None] * np.exp(-0.5 * scaled**2)
    return densities
