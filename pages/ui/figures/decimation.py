"""Choose what a figure draws of a series with more numbers than a screen has pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hmmcore.arrays import BoolArray, FloatArray, IntArray


def extreme_indices(values: FloatArray, max_points: int) -> npt.NDArray[np.intp]:
    """Sorted indices of at most `max_points` (>= 4) of `values` (M,) that keep its outline.

    The first and the last are kept, and the least and the greatest value of every stretch of equal
    length, so no spike is lost. A stretch without a finite value keeps its first point, so that a
    line through the points is broken there.
    """
    length = len(values)
    if length <= max_points:
        return np.arange(length)
    num_stretches = (max_points - 2) // 2
    width = -(-length // num_stretches)
    num_stretches = -(-length // width)
    padded = np.full(num_stretches * width, np.nan)
    padded[:length] = np.where(np.isfinite(values), values, np.nan)
    stretches = padded.reshape(num_stretches, width)
    undefined = np.isnan(stretches)
    starts = np.arange(num_stretches) * width
    least = starts + np.where(undefined, np.inf, stretches).argmin(axis=1)
    greatest = starts + np.where(undefined, -np.inf, stretches).argmax(axis=1)
    return np.unique(np.concatenate([[0], least, greatest, [length - 1]]))


def spread_indices(points: FloatArray, max_points: int) -> npt.NDArray[np.intp]:
    """Sorted indices of at most `max_points` of the complete `points` (M, D), evenly spaced.

    A point with a missing coordinate (NaN) cannot be drawn.
    """
    complete = np.flatnonzero(~np.isnan(points).any(axis=1))
    if len(complete) <= max_points:
        return complete
    chosen: npt.NDArray[np.intp] = complete[
        np.linspace(0, len(complete) - 1, max_points).astype(np.intp)
    ]
    return chosen


def lone_points(values: FloatArray) -> BoolArray:
    """Which of `values` (M,) are finite with no finite neighbour, so that no line reaches them."""
    there = np.pad(np.isfinite(values), 1)
    alone: BoolArray = there[1:-1] & ~there[:-2] & ~there[2:]
    return alone


def bin_width(length: int, max_bins: int) -> int:
    """Time steps per column, so that `length` steps need at most `max_bins` columns."""
    return max(1, -(-length // max_bins))


def mean_bins(values: FloatArray, width: int) -> FloatArray:
    """Means of `values` (M, K) over stretches of `width` steps; the last may be shorter."""
    if width == 1:
        return values
    starts = np.arange(0, len(values), width)
    sizes = np.diff(np.append(starts, len(values)))
    means: FloatArray = np.add.reduceat(values, starts, axis=0) / sizes[:, None]
    return means


def majority_bins(states: IntArray, width: int, num_states: int) -> IntArray:
    """Most frequent state (-1 = none) of every stretch of `width` steps of `states` (M,).

    The lowest state wins a tie.
    """
    if width == 1:
        return states
    stretch = np.arange(len(states)) // width
    # One column more than states: the last counts the steps without a state.
    columns = num_states + 1
    column = np.where(states < 0, num_states, states)
    counts = np.bincount(stretch * columns + column, minlength=(stretch[-1] + 1) * columns)
    winner = counts.reshape(-1, columns).argmax(axis=1)
    return np.where(winner == num_states, -1, winner)
