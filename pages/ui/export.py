"""Data as text for other programs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pages.ui import theme
from pages.ui.experiment import Dataset


def data_frame(data: Dataset, first: int | None = None) -> pd.DataFrame:
    """One row per observation: sequence and time from 1, value, and the true state where known.

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
        "value": sequences.observations[rows, 0],
    }
    if data.states is not None:
        names = np.array([theme.state_name(k) for k in range(int(data.states.max()) + 1)])
        columns["state"] = names[data.states[rows]]
    return pd.DataFrame(columns)


def csv_bytes(data: Dataset) -> bytes:
    """The data as CSV, every number with all its digits."""
    return data_frame(data).to_csv(index=False, lineterminator="\n").encode()
