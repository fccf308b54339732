"""Data as text for other programs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pages.ui import theme
from pages.ui.dataset import Dataset, FloatArray

NAMES = {"numbers": "value", "counts": "count", "symbols": "symbol"}


def data_frame(data: Dataset, first: int | None = None) -> pd.DataFrame:
    """One row per observation: sequence and time from 1, what was observed, and the true state.

    The observation is one number ("value"), a whole one ("count"), a symbol's label ("symbol"), or
    a column for each dimension by its name; the cell of a missing one is empty. The state is there
    where it is known.

    Args:
        first: only so many rows; None for all.
    """
    sequences = data.sequences
    rows = slice(0, first)
    number = np.repeat(np.arange(1, len(sequences) + 1), sequences.lengths)[rows]
    starts = np.repeat(sequences.offsets[:-1], sequences.lengths)[rows]
    columns: dict[str, object] = {
        "sequence": number,
        "time": np.arange(len(number)) - starts + theme.FIRST_TIME,
    }
    for name, values in zip(_names(data), sequences.observations[rows].T, strict=True):
        columns[name] = _written(data, values)
    if data.states is not None:
        names = np.array([theme.state_name(k) for k in range(int(data.states.max()) + 1)])
        columns["state"] = names[data.states[rows]]
    return pd.DataFrame(columns)


def number_columns(data: Dataset) -> tuple[str, ...]:
    """Names of the columns of `data_frame` that hold numbers."""
    return _names(data) if data.family in ("numbers", "points") else ()


def _names(data: Dataset) -> tuple[str, ...]:
    taken = ("sequence", "time", "state")
    columns = tuple(f"{name} value" if name in taken else name for name in data.columns)
    return columns or (NAMES[data.family],)


def _written(data: Dataset, values: FloatArray) -> object:
    if data.family == "symbols":
        return [None if v != v else data.labels[int(v)] for v in values.tolist()]
    # Whole numbers that can be missing: pandas' own, with a capital.
    return pd.array(values, dtype="Int64") if data.family == "counts" else values


def csv_bytes(data: Dataset) -> bytes:
    """The data as CSV, every number with all its digits."""
    return data_frame(data).to_csv(index=False, lineterminator="\n").encode()
