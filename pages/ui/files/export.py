"""Data as tables and CSV for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hmmcore import HMM
from hmmcore.arrays import FloatArray
from hmmcore.formulas import defused
from hmmcore.io import decoded_frame
from pages.ui.experiment.dataset import Dataset
from pages.ui.figures import theme

# Imported when it is needed: every page imports this module, and pandas would delay the first
# visitor by a quarter of a second.
if TYPE_CHECKING:
    import pandas as pd

VALUE_COLUMNS = {"numbers": "value", "counts": "count", "symbols": "symbol"}
RESERVED_NAMES = ("sequence", "time", "state", "viterbi_state")
"""Names of other columns of the tables; a column of the visitor's data may not have them."""
RESERVED_PREFIX = "smoothed_prob_"
"""Names that begin with it are reserved too."""


def data_frame(data: Dataset, first: int | None = None) -> pd.DataFrame:
    """One row per observation: sequence and time from 1, the observation, and the true state.

    The observation is a number ("value"), a count ("count"), a symbol's label ("symbol"), or one
    column per dimension with its name. Missing values are empty cells. The column of true states
    exists only if they are known.

    Args:
        first: the number of rows to include; None for all.
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
    """The table of `decoded_frame`, with the observations written as in `data_frame`."""
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
    """The columns of `data_frame` that hold the observations: name to values."""
    columns = zip(_names(data), data.sequences.observations[rows].T, strict=True)
    return {name: _written(data, values) for name, values in columns}


def number_columns(data: Dataset) -> tuple[str, ...]:
    """Names of the columns of `data_frame` that hold real numbers."""
    return _names(data) if data.family in ("numbers", "points") else ()


def _names(data: Dataset) -> tuple[str, ...]:
    others = {name for name in data.columns if not _is_reserved(name)}
    columns: list[str] = []
    for name in data.columns:
        if _is_reserved(name):
            name = f"{name} value"
            while name in others:
                name += "′"
        columns.append(name)
    return tuple(columns) or (VALUE_COLUMNS[data.family],)


def _is_reserved(name: str) -> bool:
    return name in RESERVED_NAMES or name.startswith(RESERVED_PREFIX)


def _written(data: Dataset, values: FloatArray) -> object:
    if data.family == "symbols":
        return [None if v != v else data.labels[int(v)] for v in values.tolist()]
    if data.family == "counts":
        import pandas as pd

        # pandas' nullable integers, spelled with a capital I, because counts can be missing.
        return pd.array(values, dtype="Int64")
    return values


def csv_bytes(data: Dataset) -> bytes:
    """The data as CSV, with all digits of every number."""
    return frame_csv(data_frame(data))


def frame_csv(frame: pd.DataFrame) -> bytes:
    """A table as CSV with all digits of every number, and with its texts and names defused."""
    written = frame.rename(columns=defused)
    for name in written.select_dtypes(exclude="number"):
        written[name] = written[name].map(defused, na_action="ignore")
    return written.to_csv(index=False, lineterminator="\n").encode()
