"""Data as text for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hmmcore import HMM
from hmmcore.arrays import FloatArray
from hmmcore.io import decoded_frame
from pages.ui.experiment.dataset import Dataset
from pages.ui.figures import theme

# Every page can export, and a first visitor need not wait a quarter of a second for pandas.
if TYPE_CHECKING:
    import pandas as pd

NAMES = {"numbers": "value", "counts": "count", "symbols": "symbol"}
TAKEN = ("sequence", "time", "state", "viterbi_state")
"""Names of other columns in tables of data, and so is what begins as follows."""
TAKEN_BEGINNING = "smoothed_prob_"


def data_frame(data: Dataset, first: int | None = None) -> pd.DataFrame:
    """One row per observation: sequence and time from 1, what was observed, and the true state.

    The observation is one number ("value"), a whole one ("count"), a symbol's label ("symbol"), or
    a column for each dimension by its name; the cell of a missing one is empty. The state is there
    where it is known.

    Args:
        first: only so many rows; None for all.
    """
    import pandas as pd

    sequences = data.sequences
    rows = slice(0, first)
    number = np.repeat(np.arange(1, len(sequences) + 1), sequences.lengths)[rows]
    starts = np.repeat(sequences.offsets[:-1], sequences.lengths)[rows]
    columns: dict[str, object] = {
        "sequence": number,
        "time": np.arange(len(number)) - starts + theme.FIRST_TIME,
    }
    columns |= observed_columns(data, rows)
    if data.states is not None:
        names = np.array([theme.state_name(k) for k in range(int(data.states.max()) + 1)])
        columns["state"] = names[data.states[rows]]
    return pd.DataFrame(columns)


def decoded_data_frame(hmm: HMM, data: Dataset) -> pd.DataFrame:
    """What a model decodes, as `decoded_frame` tells it, with the observations as `data_frame`."""
    import pandas as pd

    decoded = decoded_frame(hmm, data.sequences)
    names = list(decoded.columns)
    after = names.index("viterbi_state")
    return pd.DataFrame(
        {
            **{name: decoded[name] for name in ("sequence", "time")},
            **observed_columns(data),
            **{name: decoded[name] for name in names[after:]},
        }
    )


def observed_columns(data: Dataset, rows: slice = slice(None)) -> dict[str, object]:
    """The columns of `data_frame` that hold what was observed."""
    columns = zip(_names(data), data.sequences.observations[rows].T, strict=True)
    return {name: _written(data, values) for name, values in columns}


def number_columns(data: Dataset) -> tuple[str, ...]:
    """Names of the columns of `data_frame` that hold numbers."""
    return _names(data) if data.family in ("numbers", "points") else ()


def _names(data: Dataset) -> tuple[str, ...]:
    others = {name for name in data.columns if not _is_taken(name)}
    columns: list[str] = []
    for name in data.columns:
        if _is_taken(name):
            name = f"{name} value"
            while name in others:
                name += "′"
        columns.append(name)
    return tuple(columns) or (NAMES[data.family],)


def _is_taken(name: str) -> bool:
    return name in TAKEN or name.startswith(TAKEN_BEGINNING)


def _written(data: Dataset, values: FloatArray) -> object:
    if data.family == "symbols":
        return [None if v != v else data.labels[int(v)] for v in values.tolist()]
    if data.family == "counts":
        import pandas as pd

        # Whole numbers that can be missing: pandas' own, with a capital.
        return pd.array(values, dtype="Int64")
    return values


def csv_bytes(data: Dataset) -> bytes:
    """The data as CSV, every number with all its digits."""
    return data_frame(data).to_csv(index=False, lineterminator="\n").encode()
