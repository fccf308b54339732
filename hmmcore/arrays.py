"""Checks and conversions that every value of the package shares."""

from __future__ import annotations

from collections.abc import Callable, Sized
from contextlib import suppress
from datetime import date, timedelta
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hmmcore.compiling import kernel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

PROBABILITY_ATOL = 1e-8
"""How far the sum of a distribution may be from one: what float64 rounding cannot reach by
accident, and what typing three decimals does. What comes in a smaller type may be further off, by
as much as rounding to that type explains."""

LARGEST_ROUNDING = 0.01
"""However many entries a distribution has, rounding takes its sum no further from one than this."""


LONGEST_QUOTE = 100
"""An error shows no more letters than this of a value that was given."""


def quoted(value: Any) -> str:
    """A given value as an error shows it: as Python writes it, cut after LONGEST_QUOTE letters."""
    return cut(repr(value))


def cut(text: str, most: int = LONGEST_QUOTE) -> str:
    """A text, cut after so many letters."""
    return text if len(text) <= most else f"{text[:most]}…"


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


def numeric_array(name: str, values: ArrayLike, *, masked_is_missing: bool = False) -> FloatArray:
    """Copy `values` into a fresh C-contiguous float64 array, or say that they are not numbers.

    Text, truth values, dates and complex numbers are refused, though NumPy would make numbers of
    them. A masked entry is refused too, or becomes NaN where that means a missing value.
    """
    # Arrays that training computes at every step need no such check.
    if type(values) is not np.ndarray or values.dtype.kind != "f":
        values = _numbers(name, values, masked_is_missing)
    try:
        return np.array(values, dtype=np.float64, order="C")
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of numbers: {cut(str(error))}.") from None


def _numbers(name: str, values: Any, masked_is_missing: bool) -> Any:
    """`values`, with NaN for what is masked, after refusing what is not a number."""
    if isinstance(values, (list, tuple)):
        if all(_is_plain(kind) for kind in set(map(type, values))):
            return values
        return [_numbers(name, value, masked_is_missing) for value in values]
    kind = getattr(getattr(values, "dtype", None), "kind", None)
    if kind is None:
        values = np.asarray(values)
        kind = values.dtype.kind
    masked = isinstance(values, np.ma.MaskedArray)
    if kind in _NO_NUMBERS:
        _refuse(name, kind, np.asarray(values).ravel())
    if kind == "O":
        held = np.asarray(values.compressed() if masked else values, dtype=object)
        if held.ndim:
            _numbers(name, held.ravel().tolist(), masked_is_missing)
        elif isinstance(held.item(), (date, timedelta)):
            _refuse(name, "M", held.ravel())
    if not masked:
        return values
    if not masked_is_missing:
        require_unmasked(name, values)
    return (values if kind == "O" else values.astype(np.float64)).filled(np.nan)


def _is_plain(kind: type) -> bool:
    """Whether it is a type of single numbers, or None, which stands for NaN."""
    plain = issubclass(kind, (float, int, np.floating, np.integer, type(None)))
    return plain and not issubclass(kind, (bool, np.timedelta64))


_NO_NUMBERS = {
    "b": "the truth value {}",
    "c": "the complex number {}",
    "S": "the text {}",
    "U": "the text '{}'",
    "M": "the date {}",
    "m": "the span of time {}",
}
"""What NumPy would convert to a number although it is none, by the letter of its dtype's kind."""


def _refuse(name: str, kind: str, values: Any) -> None:
    first = values[0] if len(values) else ""
    raise ValueError(
        f"{name} must be an array of numbers: it holds {_NO_NUMBERS[kind].format(cut(str(first)))}."
    )


def require_unmasked(name: str, values: Any) -> None:
    """Raise ValueError naming the first entry that a masked array masks."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        where = [int(i) for i in np.argwhere(np.ma.getmaskarray(values))[0]]
        raise ValueError(
            f"{name}{where or ''} is masked; only observations may lack an entry, so it must be "
            "a number."
        )


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


@kernel()
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

    What comes as float32 or float16 is divided by its sums, which rounding leaves beside one.

    Raises:
        ValueError: naming the row, and what it sums to, when it is not a distribution.
    """
    array = frozen_array(name, values, ndim)
    rows = array.reshape(-1, array.shape[-1])
    # All at once, since training makes a model per step; row by row only to say what is wrong.
    if array.min() >= 0.0 and np.abs(rows.sum(axis=1) - 1.0).max() <= PROBABILITY_ATOL:
        return array
    atol = max(PROBABILITY_ATOL, _rounding(values, rows.shape[1]))
    for index, row in enumerate(rows):
        label = name if ndim == 1 else f"{name} row {index}"
        if (row < 0).any():
            entry = int(np.argmin(row))
            raise ValueError(
                f"{label} has {row[entry]:.6g} at position {entry}; a probability cannot be "
                "negative."
            )
        total = float(row.sum())
        if abs(total - 1.0) > atol:
            shown = np.array2string(row, precision=6, threshold=8)
            raise ValueError(f"{label} is {shown} and sums to {total:.9g}; it must sum to 1.")
    return np.asarray(read_only(array / array.sum(axis=-1, keepdims=True)))


def _rounding(values: ArrayLike, num_entries: int) -> float:
    """How far rounding in a type smaller than float64 takes the sum of so many entries from one."""
    given = np.asarray(values).dtype
    if given.kind != "f" or given.itemsize >= np.dtype(np.float64).itemsize:
        return 0.0
    return min(num_entries * float(np.finfo(given).eps), LARGEST_ROUNDING)


def variances_from(sd: ArrayLike) -> FloatArray:
    """Squares of standard deviations of any shape.

    Raises:
        ValueError: naming the first that is not positive, or whose square is out of range.
    """
    spreads = numeric_array("sd", sd)
    with np.errstate(over="ignore", under="ignore"):
        variances = np.square(spreads)
    for right, what in (
        (spreads > 0.0, "a standard deviation must be positive"),
        ((variances > 0.0) & np.isfinite(variances), "its square, the variance, is out of range"),
    ):
        if not right.all():
            where = tuple(int(i) for i in np.argwhere(~right)[0])
            raise ValueError(f"sd{list(where) or ''} is {spreads[where]}; {what}.")
    return np.asarray(variances)


def as_permutation(permutation: ArrayLike, num_states: int | None) -> IntArray:
    """Return `permutation` as integers after checking that it holds 0..num_states-1 once each.

    Without `num_states` it may be of any length.
    """
    require_unmasked("permutation", permutation)
    if num_states is None:
        num_states = max(1, len(permutation)) if isinstance(permutation, Sized) else 1
    try:
        indices = numeric_array("permutation", permutation)
    except ValueError:
        indices = np.empty(0)  # holds nothing that it must
    if indices.shape != (num_states,) or not np.array_equal(
        np.sort(indices), np.arange(num_states)
    ):
        shown = permutation.tolist() if isinstance(permutation, np.ndarray) else permutation
        raise ValueError(
            f"permutation is {quoted(shown)}; it must hold each of 0..{num_states - 1} once."
        )
    return indices.astype(np.int64)


def as_count(name: str, value: Any, minimum: int = 1) -> int:
    """Return `value` as an int after checking that it is whole and at least `minimum`."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole and not (isinstance(value, float) and value.is_integer()):
        raise ValueError(f"{name} is {quoted(value)}; it must be a whole number.")
    if int(value) < minimum:
        raise ValueError(f"{name} is {quoted(int(value))}; it must be at least {minimum}.")
    return int(value)


def as_number(name: str, value: Any, is_right: Callable[[float], bool], must: str) -> float:
    """Return `value` as a float after checking that it is one real number, and the right one.

    Args:
        is_right: whether a number will do; NaN must not.
        must: what it must do or be, as in "be a positive number".
    """
    if isinstance(value, np.ndarray) and value.ndim == 0 and not np.ma.is_masked(value):
        value = value.item()
    if isinstance(value, Real) and not isinstance(value, bool):
        with suppress(OverflowError):
            number = float(value)
            if is_right(number):
                return number
            value = number  # shown as any float is, whatever type it came in
    raise ValueError(f"{name} is {quoted(value)}; it must {must}.")


def as_positive(name: str, value: Any) -> float:
    """Return `value` as a float after checking that it is positive and finite."""
    return as_number(name, value, lambda number: 0.0 < number < np.inf, "be a positive number")


def as_size(name: str, value: Any) -> float:
    """Return `value` as a float after checking that it is finite and not negative."""
    return as_number(
        name, value, lambda number: 0.0 <= number < np.inf, "be a finite number of at least 0"
    )


def require_generator(rng: Any) -> None:
    """Raise ValueError when `rng` is not a source of randomness, as when it is a seed."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"rng is {quoted(rng)}; it must be a generator: pass np.random.default_rng(seed)."
        )


def require_type(name: str, value: Any, wanted: type, right: str) -> None:
    """Raise ValueError naming the type of `value` when it is not the one that is wanted.

    Args:
        right: what it must be, as in "an HMM".
    """
    if not isinstance(value, wanted):
        what = value.__name__ if isinstance(value, type) else f"of type {type(value).__name__}"
        raise ValueError(f"{name} is {'None' if value is None else what}; it must be {right}.")


def softmax(logits: FloatArray) -> FloatArray:
    """Distributions over the last axis; a logit of -inf gives a probability of exactly zero."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))
