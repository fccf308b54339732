"""Axes that stand still: ranges that only grow, and only in steps.

On the live panel motion means change in the model. An axis that follows the data would move
everything all the time; these ranges stay the same over many iterations and then jump once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from hmmcore.arrays import FloatArray

if TYPE_CHECKING:
    from hmmcore import Gaussian

GRID_POINTS = 160
"""Number of points at which a curve over an axis of observations is computed."""

ELLIPSE_RADIUS = 2.0
"""In standard deviations: 1 - exp(-2), or 86 %, of a state's points lie within."""
ELLIPSE_POINTS = 49


def iteration_limit(iteration: int, first: int = 0) -> int:
    """Right end of the iteration axis: 50, 100, 200, 500, 1000, 2000, ...

    An axis that begins before 0 ends at 10 to begin with, so that both of its sides can be seen.
    """
    if first < 0 and iteration <= 10:
        return 10
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


def likelihood_range(
    values: Iterable[float], truth: float | None = None, earlier: Iterable[float] = ()
) -> tuple[float, float]:
    """Ends of the axis of the log-likelihood per observation: below the start, above the best.

    `values` are all log-likelihoods seen so far; those that are not finite are ignored. `earlier`
    are the ends of earlier runs: the nearest of them are within the range, as many as leave a
    third of it to `values` and `truth`.
    More values can widen the range and never narrow it: the ends are multiples of a power of
    two that grows with what is to be shown, so every coarser range contains every finer one.
    """
    seen = np.asarray([*values, *(() if truth is None else (truth,))], dtype=np.float64)
    seen = seen[np.isfinite(seen)]
    if seen.size == 0:
        return (-1.0, 0.0)
    lowest, highest = float(seen.min()), float(seen.max())
    most = 3.0 * (highest - lowest)
    ends = [value for value in earlier if math.isfinite(value)]
    for end in sorted(ends, key=lambda end: max(lowest - end, end - highest)):
        if max(highest, end) - min(lowest, end) > most:
            break
        lowest, highest = min(lowest, end), max(highest, end)
    # A lone value (iteration 0 without a truth) has no extent of its own.
    extent = max(highest - lowest, 0.02 * max(abs(highest), abs(lowest)), 1e-3)
    step = 2.0 ** math.ceil(math.log2(extent / 16))
    low = math.floor((lowest - 0.05 * extent) / step) * step
    high = math.ceil((highest + 0.12 * extent) / step) * step
    return (low, high)


def rounded(low: float, high: float) -> tuple[float, float]:
    """Ends of an axis, moved apart to multiples of a power of two: similar data share an axis.

    The step is chosen so that 6 to 12 steps fit between the given ends. Every coarser range
    contains every finer one.
    """
    part = (high - low) / 12
    if not 0.0 < part < math.inf:
        return low, high
    step = 2.0 ** math.ceil(math.log2(part))
    return math.floor(low / step) * step, math.ceil(high / step) * step


def histogram(observations: FloatArray, num_bins: int = 40) -> tuple[FloatArray, FloatArray]:
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


def count_histogram(counts: FloatArray, max_bins: int = 60) -> tuple[FloatArray, FloatArray]:
    """Edges (B+1,), halfway between whole numbers, and heights (B,) of the finite `counts`.

    A height is the share of the data for each count; bins are so many counts wide that at most
    `max_bins` are needed.
    """
    finite = counts[np.isfinite(counts)]
    if finite.size == 0:
        return np.array([-0.5, 0.5]), np.array([0.0])
    low, high = int(finite.min()), int(finite.max())
    width = -(-(high - low + 1) // max_bins)
    num_bins = -(-(high - low + 1) // width)
    edges = low - 0.5 + width * np.arange(num_bins + 1, dtype=np.float64)
    return edges, np.histogram(finite, bins=edges)[0] / (finite.size * width)


def whole_numbers(low: float, high: float) -> FloatArray:
    """At most about `GRID_POINTS` whole numbers from `low` to `high`, evenly spaced."""
    step = max(1.0, math.ceil((high - low) / GRID_POINTS))
    return np.arange(low, high + step, step)


def covariance_matrices(emissions: Gaussian, dimensions: list[int] | None = None) -> FloatArray:
    """Covariances (K, D, D) of any `covariance_type`, or of some of the dimensions only."""
    num_states, num_dimensions = emissions.means.shape
    if emissions.covariance_type == "full":
        spreads = emissions.covariances
    elif emissions.covariance_type == "tied":
        spreads = np.tile(emissions.covariances, (num_states, 1, 1))
    else:
        variances = emissions.standard_deviations**2
        spreads = np.einsum("kd,de->kde", variances, np.eye(num_dimensions))
    if dimensions is None:
        return spreads
    chosen = np.ix_(range(num_states), dimensions, dimensions)
    matrices: FloatArray = spreads[chosen]
    return matrices


def ellipses(means: FloatArray, covariances: FloatArray) -> FloatArray:
    """Closed outlines (K, P, 2) at ELLIPSE_RADIUS standard deviations about means (K, 2)."""
    angles = np.linspace(0.0, 2.0 * np.pi, ELLIPSE_POINTS)
    circle = ELLIPSE_RADIUS * np.column_stack([np.cos(angles), np.sin(angles)])
    factors = np.linalg.cholesky(covariances)
    outlines: FloatArray = means[:, None] + circle @ factors.transpose(0, 2, 1)
    return outlines


def gaussian_densities(
    grid: FloatArray,
    means: FloatArray,
    standard_deviations: FloatArray,
    weights: FloatArray,
) -> FloatArray:
    """Weighted normal densities (K, G) on `grid` (G,): weights[k] * N(x; means[k], sd[k]^2)."""
    scaled = (grid[None, :] - means[:, None]) / standard_deviations[:, None]
    height = weights / (standard_deviations * math.sqrt(2.0 * math.pi))
    densities: FloatArray = height[:, None] * np.exp(-0.5 * scaled**2)
    return densities
