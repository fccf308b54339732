"""Checks and conversions that every value of the package shares."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

PROBABILITY_ATOL = 1e-8
"""How far the sum of a distribution may be from one: what float32 rounding of a few dozen
entries cannot reach by accident, and what typing three decimals does."""


def frozen_array(name: str, values: ArrayLike, ndim: int) -> FloatArray:
    """Copy `values` into a read-only, C-contiguous float64 array of `ndim` axes.

    Raises:
        ValueError: naming `name` when the values are not numbers, have another number of axes,
            are empty, or are not finite.
    """
    array = numeric_array(name, values)
    if array.ndim != ndim:
        raise ValueError(
            f"{name} has {array.ndim} axes (shape {array.shape}); it must have {ndim}."
        )
    if array.size == 0:
        raise ValueError(f"{name} is empty (shape {array.shape}); it needs at least one entry.")
    require_finite(name, array)
    return np.asarray(read_only(array))


def numeric_array(name: str, values: ArrayLike) -> FloatArray:
    """Copy `values` into a fresh C-contiguous float64 array, or say that they are not numbers."""
    if getattr(getattr(values, "dtype", None), "kind", None) == "c":
        raise ValueError(f"{name} holds complex numbers; it must hold real ones.")
    try:
        return np.array(values, dtype=np.float64, order="C")
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of numbers: {error}.") from None


def read_only(array: Any) -> Any:
    """Mark `array` read-only and return it."""
    array.flags.writeable = False
    return array


def require_finite(name: str, array: FloatArray) -> None:
    """Raise ValueError naming the first entry of `array` that is NaN or infinite."""
    finite = np.isfinite(array)
    if not finite.all():
        where = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(f"{name}{list(where)} is {array[where]}; it must be a finite number.")


@njit(cache=True, nogil=True)
def any_missing(observations: FloatArray) -> bool:
    """Whether an array of any shape holds a NaN.

    So cheap beside scoring the same numbers that an emission family may ask each time it is
    called; complete data then take the kernels that know nothing of missing ones.
    """
    count = 0
    for value in observations.ravel():
        count += value != value  # only NaN differs from itself
    return count > 0


def probability_rows(name: str, values: ArrayLike, ndim: int) -> FloatArray:
    """Copy `values` into a read-only array whose last axis holds probability distributions.

    Raises:
        ValueError: naming the row, and what it sums to, when it is not a distribution.
    """
    array = frozen_array(name, values, ndim)
    rows = array.reshape(-1, array.shape[-1])
    # All at once, since training makes a model per step; row by row only to say what is wrong.
    if array.min() >= 0.0 and np.abs(rows.sum(axis=1) - 1.0).max() <= PROBABILITY_ATOL:
        return array
    for index, row in enumerate(rows):
        label = name if ndim == 1 else f"{name} row {index}"
        if (row < 0).any():
            entry = int(np.argmin(row))
            raise ValueError(
                f"{label} has {row[entry]:.6g} at position {entry}; a probability cannot be "
                "negative."
            )
        total = float(row.sum())
        if abs(total - 1.0) > PROBABILITY_ATOL:
            shown = np.array2string(row, precision=6, threshold=8)
            raise ValueError(f"{label} is {shown} and sums to {total:.9g}; it must sum to 1.")
    return array


def as_permutation(permutation: ArrayLike, num_states: int) -> IntArray:
    """Return `permutation` as integers after checking that it holds 0..num_states-1 once each."""
    indices = np.asarray(permutation)
    if indices.shape != (num_states,) or not np.array_equal(
        np.sort(indices), np.arange(num_states)
    ):
        raise ValueError(
            f"permutation is {indices.tolist()}; it must hold each of 0..{num_states - 1} once."
        )
    return indices.astype(np.int64)


def as_count(name: str, value: Any, minimum: int = 1) -> int:
    """Return `value` as an int after checking that it is whole and at least `minimum`."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole and not (isinstance(value, float) and value.is_integer()):
        raise ValueError(f"{name} is {value!r}; it must be a whole number.")
    if int(value) < minimum:
        raise ValueError(f"{name} is {int(value)}; it must be at least {minimum}.")
    return int(value)


def softmax(logits: FloatArray) -> FloatArray:
    """Distributions over the last axis; a logit of -inf gives a probability of exactly zero."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))
