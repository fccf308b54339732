"""Observations of one or more sequences, held one after the other in one array."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from hmmcore.arrays import (
    FloatArray,
    IntArray,
    any_missing,
    numeric_array,
    quoted,
    read_only,
    require_type,
)
from hmmcore.values import Value

if TYPE_CHECKING:
    import pandas as pd

Nats = TypeVar("Nats", float, FloatArray)


@dataclass(frozen=True, eq=False)
class Sequences(Value):
    """N independent sequences of D-dimensional observations, possibly of different lengths.

    A missing value is NaN, or a masked entry, which becomes NaN: an observation may lack all of its
    coordinates or some of them. Models use the observed ones and integrate the others out.

    Attributes:
        observations: x (T, D), all sequences one after the other; T is the sum of lengths. One
            axis (T,) is taken as D = 1.
        lengths: (N,) how many observations each sequence has; None means one sequence.

    Raises:
        ValueError: when lengths do not add up to T, a sequence is empty, or an observation is
            infinite.
    """

    observations: FloatArray
    lengths: IntArray

    def __init__(self, observations: ArrayLike, lengths: ArrayLike | None = None) -> None:
        array = numeric_array("observations", observations, masked_is_missing=True)
        if array.ndim == 1:
            array = array[:, np.newaxis]
        if array.ndim != 2:
            raise ValueError(
                f"observations have shape {array.shape}; they must be (T,) or (T, D). "
                "For an array of equally long sequences use Sequences.from_array."
            )
        if array.size == 0:
            raise ValueError(f"observations have shape {array.shape}; there must be at least one.")
        bad = np.argwhere(np.isinf(array))
        if len(bad):
            row, column = (int(i) for i in bad[0])
            raise ValueError(
                f"observations row {row} is {quoted(array[row].tolist())} (column {column}); every "
                "value must be a finite number, or NaN where it is missing."
            )
        object.__setattr__(self, "observations", read_only(array))
        object.__setattr__(self, "lengths", _checked_lengths(lengths, len(array)))

    @classmethod
    def from_list(cls, sequences: Iterable[ArrayLike]) -> Sequences:
        """Join a list of arrays, each (M_n,) or (M_n, D), into one value."""
        if not np.iterable(sequences):
            raise ValueError(
                f"sequences is {quoted(sequences)}; it must be a list of arrays, each (M_n,) or "
                "(M_n, D)."
            )
        arrays = [
            numeric_array(f"sequence {n}", sequence, masked_is_missing=True)
            for n, sequence in enumerate(sequences)
        ]
        if not arrays:
            raise ValueError("the list of sequences is empty; there must be at least one.")
        for n, array in enumerate(arrays):
            if array.ndim == 0:
                raise ValueError(
                    f"sequence {n} is {array}; it must be an array (M_n,) or (M_n, D). One "
                    "sequence x is given as [x]."
                )
            if array.size == 0:
                raise ValueError(
                    f"sequence {n} is empty (shape {array.shape}); it must have at least one "
                    "observation."
                )
        columns = [array[:, np.newaxis] if array.ndim == 1 else array for array in arrays]
        for n, column in enumerate(columns):
            if column.ndim != 2 or column.shape[1] != columns[0].shape[1]:
                raise ValueError(
                    f"sequence {n} has shape {arrays[n].shape}; sequence 0 has "
                    f"{arrays[0].shape}. All must be (M_n,) or (M_n, D) with the same D."
                )
        return cls(np.concatenate(columns), [len(column) for column in columns])

    @classmethod
    def from_array(cls, observations: ArrayLike) -> Sequences:
        """Split an array (N, M) or (N, M, D) into N sequences of M observations."""
        array = numeric_array("observations", observations, masked_is_missing=True)
        if array.ndim not in (2, 3):
            raise ValueError(
                f"observations have shape {array.shape}; from_array takes (N, M) or (N, M, D)."
            )
        if array.size == 0:
            raise ValueError(f"observations have shape {array.shape}; there must be at least one.")
        num_sequences, length = array.shape[:2]
        return cls(
            array.reshape(num_sequences * length, *(array.shape[2:] or (1,))),
            np.full(num_sequences, length),
        )

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        value_columns: str | Sequence[str],
        sequence_column: str | None = None,
    ) -> Sequences:
        """Read sequences from a data frame.

        Args:
            frame: one row per observation, in order of time within each sequence.
            value_columns: the D columns that hold the observations, or the name of one. An empty
                cell is a missing value.
            sequence_column: which sequence a row belongs to; sequences keep the order in which
                they first appear, and their rows need not be adjacent. None: one sequence.

        Raises:
            ValueError: naming the column and the row (0-based) that is no number, or does not say
                its sequence.
        """
        import pandas as pd

        require_type("frame", frame, pd.DataFrame, "a pandas DataFrame")
        one = isinstance(value_columns, str) or not np.iterable(value_columns)
        wanted: list[Any] = [value_columns] if one else list(value_columns)
        if not wanted:
            raise ValueError("value_columns is empty; name at least one column.")
        for n, column in enumerate(wanted):
            if column in wanted[:n]:
                raise ValueError(f"column {quoted(column)} is named twice in value_columns.")
        values = np.column_stack(
            [_numbers(_column(frame, "value_columns", column)) for column in wanted]
        )
        if sequence_column is None:
            return cls(values)
        labels = _column(frame, "sequence_column", sequence_column)
        _require_full(labels)
        codes, names = labels.factorize()
        order = np.argsort(codes, kind="stable")
        return cls(values[order], np.bincount(codes, minlength=len(names)))

    @property
    def num_sequences(self) -> int:
        """Number of sequences, N."""
        return len(self.lengths)

    @property
    def num_observations(self) -> int:
        """Number of observations, T: the sum of lengths."""
        return len(self.observations)

    @property
    def num_dimensions(self) -> int:
        """Number of dimensions of an observation, D."""
        return int(self.observations.shape[1])

    @cached_property
    def offsets(self) -> IntArray:
        """(N + 1,) sequence n is observations[offsets[n] : offsets[n + 1]]."""
        ends = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(self.lengths)])
        return ends.astype(np.int64, copy=False)

    @cached_property
    def longest(self) -> int:
        """Observations of the longest sequence."""
        return int(self.lengths.max())

    @cached_property
    def has_missing(self) -> bool:
        """Whether any value is missing."""
        return any_missing(self.observations)

    @cached_property
    def num_missing(self) -> int:
        """How many observations are wholly missing."""
        if not self.has_missing:
            return 0
        return int(np.count_nonzero(np.isnan(self.observations).all(axis=1)))

    @property
    def num_observed(self) -> int:
        """How many observations are observed, wholly or in part: n of BIC."""
        return self.num_observations - self.num_missing

    def per_observation(self, nats: Nats) -> Nats:
        """Nats of all sequences, or an array of such, divided by `num_observed`."""
        return nats / self.num_observed

    @cached_property
    def num_partly_missing(self) -> int:
        """How many observations lack some of their coordinates, but not all."""
        if not self.has_missing:
            return 0
        return int(np.count_nonzero(np.isnan(self.observations).any(axis=1))) - self.num_missing

    @cached_property
    def arrangements(self) -> dict[tuple[int, ...], Any]:
        """How sweeps have split these sequences: a cache, since every training step needs it."""
        return {}

    def means(self) -> FloatArray:
        """Mean (D,) of what is observed.

        Raises:
            ValueError: when all values of a dimension are missing.
        """
        self.require_every_dimension()
        if not self.has_missing:
            return np.asarray(self.observations.mean(axis=0))
        return np.asarray(np.nanmean(self.observations, axis=0))

    def variances(self) -> FloatArray:
        """Variance (D,) of what is observed; exactly 0 where it differs by rounding at most.

        The plain variance of constant data can be above zero, because their mean is rounded.

        Raises:
            ValueError: when all values of a dimension are missing.
        """
        self.require_every_dimension()
        values = self.observations
        there: Any = ~np.isnan(values) if self.has_missing else True
        largest = values.max(axis=0, where=there, initial=-np.inf)
        smallest = values.min(axis=0, where=there, initial=np.inf)
        rounding = np.finfo(np.float64).eps * np.maximum(np.abs(largest), np.abs(smallest))
        with np.errstate(over="ignore", invalid="ignore"):
            spread: FloatArray = values.var(axis=0, where=there)
            constant = largest - smallest <= 16.0 * rounding
            # Values beyond 1e154 have squares that overflow.
            spread = np.where(np.isfinite(spread), spread, np.inf)
            return np.where(constant | (np.sqrt(spread) <= rounding), 0.0, spread)

    def require_every_dimension(self) -> None:
        """Raise ValueError naming the first dimension of which nothing is observed."""
        if not self.has_missing:
            return
        absent = np.flatnonzero(np.isnan(self.observations).all(axis=0))
        if len(absent):
            raise ValueError(
                f"every value of dimension {absent[0]} is missing; there is nothing to learn it "
                "from, so leave it out."
            )

    def __len__(self) -> int:
        return self.num_sequences

    def __getitem__(self, n: int) -> FloatArray:
        """Observations (M_n, D) of sequence n."""
        if not isinstance(n, (int, np.integer)) or isinstance(n, bool):
            raise ValueError(
                f"n is {quoted(n)}; it must be one whole number, the place of a sequence."
            )
        if not -len(self) <= n < len(self):
            raise IndexError(f"there is no sequence {n}; there are {len(self)}.")
        n %= len(self)
        return self.observations[self.offsets[n] : self.offsets[n + 1]]

    def select(self, n: int) -> Sequences:
        """Return sequence n alone."""
        return Sequences(self[n])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequences):
            return NotImplemented
        return np.array_equal(
            self.observations, other.observations, equal_nan=True
        ) and np.array_equal(self.lengths, other.lengths)

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash


def _checked_lengths(lengths: ArrayLike | None, num_observations: int) -> IntArray:
    if lengths is None:
        lengths = [num_observations]
    values = numeric_array("lengths", lengths)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"lengths have shape {values.shape}; they must be a list of N numbers.")
    for n, length in enumerate(values):
        if not (np.isfinite(length) and length == np.floor(length) and length >= 1.0):
            raise ValueError(
                f"lengths[{n}] is {length:g}; every length must be a whole number of at least 1."
            )
    if values.sum() != num_observations:
        raise ValueError(
            f"lengths sum to {values.sum():.15g}, but there are {num_observations} observations."
        )
    return read_only(values.astype(np.int64))  # type: ignore[no-any-return]


def _column(frame: pd.DataFrame, argument: str, name: Any) -> pd.Series:
    if not isinstance(name, Hashable):
        raise ValueError(f"{argument} names the column {quoted(name)}; it must be the name of one.")
    count = int((frame.columns == name).sum())
    if count == 0:
        raise ValueError(
            f"there is no column {quoted(name)}; the columns are {quoted(list(frame.columns))}."
        )
    if count > 1:
        raise ValueError(f"{count} columns are named {quoted(name)}; give each a name of its own.")
    return frame[name]


def _require_full(column: pd.Series) -> None:
    missing = np.flatnonzero(column.isna().to_numpy())
    if len(missing):
        raise ValueError(
            f"column {quoted(column.name)} is empty in row {missing[0]}; every row needs "
            "its sequence."
        )


_NO_NUMBERS = (bool, np.bool_, complex, np.complexfloating)
"""Cells that would pass for numbers beside others in one column."""


def _numbers(column: pd.Series) -> FloatArray:
    """Values of a column of numbers, or of text that spells numbers; NaN where it is empty."""
    import pandas as pd

    kinds = pd.api.types
    empty = column.isna().to_numpy(dtype=np.bool_, copy=True)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = pd.Series(column.to_numpy(), name=column.name)  # its categories may be numbers
    values = np.full(len(column), np.nan)
    is_real = kinds.is_numeric_dtype(column) and not (
        kinds.is_complex_dtype(column) or kinds.is_bool_dtype(column)
    )
    # Dates would pass for numbers of nanoseconds.
    if is_real or kinds.is_string_dtype(column) or column.dtype == object:
        cells = column
        if not is_real:
            empty |= [isinstance(cell, str) and not cell.strip() for cell in column]
            cells = column.mask([isinstance(cell, _NO_NUMBERS) for cell in column])
        values = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = np.flatnonzero(~(np.isfinite(values) | empty))
    if len(bad):
        row = int(bad[0])
        raise ValueError(
            f"column {quoted(column.name)} has {quoted(column.iloc[row])} in row {row}; every "
            "value must be a finite number."
        )
    return values
