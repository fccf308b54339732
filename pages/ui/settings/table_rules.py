"""Edited tables: their type, the names of their rows and columns, and their checks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from hmmcore.arrays import PROBABILITY_ATOL
from pages.ui.settings.field import Field

MAX_MEAN = 1e6
MAX_RATE = 1e6

Table = tuple[tuple[float, ...], ...]
STATES, SYMBOLS, ANY, PARTS = 0, -1, -2, -3
"""Placeholders in the shape of a table: the number of states K, of symbols C, any number, or of the
counts and numbers that are observed together."""


def as_table(values: ArrayLike) -> Table:
    """An edited table as nested tuples, which are immutable and comparable."""
    return tuple(tuple(float(entry) for entry in row) for row in np.atleast_2d(values))


def column_names(field: Field, number: int) -> list[str]:
    """Names of the columns of a table: S1, S2, … for states, 1, 2, … for symbols."""
    assert field.table is not None
    prefix = "" if field.table[1] == SYMBOLS else "S"
    return [f"{prefix}{column + 1}" for column in range(number)]


def row_names(field: Field, number: int) -> list[str]:
    """Names of the rows: S1, … for states, x1, … for dimensions, μ or the like for a single row."""
    assert field.table is not None
    if field.table[0] == STATES:
        return [f"S{row + 1}" for row in range(number)]
    if number > 1:
        return [f"x{row + 1}" for row in range(number)]
    return [field.label.split()[-1]]


def is_distribution(field: Field) -> bool:
    """Whether each row of a table is a probability distribution."""
    return field.name in ("initial_table", "transition_table", "symbols_table")


def table_problem(field: Field, values: np.ndarray) -> str | None:
    """One sentence that says what is wrong with an edited table, or None."""
    rows = np.atleast_2d(values)
    if ANY in (field.table or ()):
        # Only the model that it makes knows what its rows mean.
        finite = bool(np.isfinite(rows).all())
        return None if finite else f"{field.label} has a number that is not finite."
    names = row_names(field, len(rows))
    for row, row_name in zip(rows, names, strict=True):
        name = f"Row {row_name}"
        whose = name if len(rows) > 1 else field.label
        bad = np.flatnonzero(~np.isfinite(row))
        if len(bad):
            cell = column_names(field, len(row))[bad[0]]
            return f"{name} has an empty or non-numeric cell for {cell}; enter a number."
        if field.name == "rates_table":
            if row.min() < 0 or row.max() > MAX_RATE:
                return f"{whose} must lie between 0 and {MAX_RATE:g}."
        elif not is_distribution(field):
            if np.abs(row).max() > MAX_MEAN:
                return f"{whose} must lie between −{MAX_MEAN:g} and {MAX_MEAN:g}."
        elif (row < 0).any():
            return (
                f"{name} has a negative entry, {row.min():.4g}; a probability cannot be negative."
            )
        elif abs(row.sum() - 1.0) > PROBABILITY_ATOL:
            return f"{name} sums to {row.sum():.6g}; it must sum to 1."
    return None
