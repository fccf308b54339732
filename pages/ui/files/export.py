"""Data as tables and CSV for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hmmcore import HMM, describe_states, most_probable_states, smooth, viterbi
from hmmcore.arrays import FloatArray, IntArray
from hmmcore.formulas import defused
from hmmcore.tables import beside, read_table
from pages.ui.experiment.dataset import Dataset, Source
from pages.ui.figures import theme
from pages.ui.files.blocks import EXACT_IN_FLOAT

# Imported when it is needed: every page imports this module, and pandas would delay the first
# visitor by a quarter of a second.
if TYPE_CHECKING:
    import pandas as pd

VALUE_COLUMNS = {"numbers": "value", "counts": "count", "symbols": "symbol"}
RESERVED_NAMES = (
    "sequence", "time", "state", "true_state", "viterbi_state", "state_name", "viterbi_state_name"
)  # fmt: skip
"""Names of other columns of the tables; a column of the visitor's data may not have them."""
SIGNED_NUMBER = r"[+\-][\d.,]*\d[\d.,]*(?:[eE][+-]?\d+)?%?"
RESERVED_PREFIX = "smoothed_prob_"
"""Names that begin with it are reserved too."""


def data_frame(data: Dataset, first: int | None = None) -> pd.DataFrame:
    """One row per observation: sequence and time, the observation, and the true state.

    Sequences have their names and times are dates where the file had them; otherwise both are
    counted from 1. The observation is a number ("value"), a count ("count"), a symbol's label
    ("symbol"), or one column per dimension with its name. What is missing or unknown is an empty
    cell. The column of true states exists only if they are known.

    Args:
        first: the number of rows to include; None for all.
    """
    import pandas as pd

    rows = slice(0, first)
    columns = places(data, rows) | observed_columns(data, rows)
    if data.true_states is not None:
        names = data.state_names or [theme.state_name(k) for k in range(data.num_true_states)]
        # The last stands for -1, a state that is not known.
        columns["state"] = np.array([*names, None], dtype=object)[data.true_states[rows]]
    return pd.DataFrame(columns)


def places(data: Dataset, rows: slice) -> dict[str, object]:
    """The columns that say where each observation belongs."""
    sequences = data.sequences
    number = np.repeat(np.arange(len(sequences)), sequences.lengths)[rows]
    starts = np.repeat(sequences.offsets[:-1], sequences.lengths)[rows]
    names = np.array(data.sequence_names, dtype=object)
    times = np.arange(len(number)) - starts + theme.FIRST_TIME
    if data.times is not None:
        times = data.times[rows]
        if times.dtype.kind == "f" and _are_whole(times):
            times = times.astype(np.int64)  # 3, as people write it, and not 3.0
    return {"sequence": names[number] if data.sequence_names else number + 1, "time": times}


def _are_whole(values: FloatArray) -> bool:
    return bool(((values == np.rint(values)) & (np.abs(values) < EXACT_IN_FLOAT)).all())


def decoded_data_frame(
    hmm: HMM, data: Dataset, source: Source | None = None, state_names: Sequence[str] = ()
) -> pd.DataFrame:
    """The data with what a model decodes of them, beside the rows of the file they came in.

    After the columns of the file, or those of `data_frame` where there is no file with an
    observation per row: "true_state" if it is known, "state" (the most probable one at each step),
    "viterbi_state", and "smoothed_prob_1" to "smoothed_prob_K". States are counted from 1; where
    there is none the cell is empty. If the model's states have names (K,), "state_name" and
    "viterbi_state_name" are there too.
    """
    import pandas as pd

    probs, path = smooth(hmm, data.sequences).smoothed_probs, viterbi(hmm, data.sequences).states
    states = {} if data.true_states is None else {"true_state": data.true_states}
    states |= {"state": most_probable_states(probs), "viterbi_state": path}
    # The last stands for -1, no state.
    named = np.array([*state_names, None], dtype=object) if state_names else None
    columns = {
        **{name: pd.array(_from_one(values), dtype="Int64") for name, values in states.items()},
        **{
            f"{name}_name": named[values]
            for name, values in states.items()
            if named is not None and name != "true_state"
        },
        **{f"{RESERVED_PREFIX}{k}": values for k, values in enumerate(probs.T, 1)},
    }
    if source is not None:
        table = read_table(source.content, **source.options)
        return beside(table, source.rows, columns)
    return pd.DataFrame({**places(data, slice(None)), **observed_columns(data), **columns})


def learned_frame(
    hmm: HMM, shares: FloatArray, data: Dataset, state_names: Sequence[str] = ()
) -> pd.DataFrame:
    """What a model of the data says of each state; see `hmmcore.describe_states`.

    `shares` (K,) are those of the data.
    """
    names: list[str] = []
    for state, name in enumerate(state_names):
        name = name or theme.state_name(state)
        while name in names:  # of a file whose names were cut, or are the same
            name += "′"
        names.append(name)
    labels = dict(enumerate(data.part_labels)) if data.kinds else data.labels
    return describe_states(hmm, shares, data.columns, labels, names)


def _from_one(states: IntArray) -> FloatArray:
    """States counted from 1, and NaN for none."""
    return np.where(states < 0, np.nan, states + 1.0)


def observed_columns(data: Dataset, rows: slice = slice(None)) -> dict[str, object]:
    """The columns of `data_frame` that hold the observations: name to values."""
    columns = zip(_names(data), data.sequences.observations[rows].T, strict=True)
    if data.kinds:
        return {
            name: _written(part, values)
            for part, (name, values) in zip(data.parts, columns, strict=True)
        }
    return {name: _written(data, values) for name, values in columns}


def number_columns(data: Dataset) -> tuple[str, ...]:
    """Names of the columns of `data_frame` that hold real numbers."""
    if data.kinds:
        named = zip(_names(data), data.kinds, strict=True)
        return tuple(name for name, kind in named if kind == "numbers")
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
    for name in written.select_dtypes(exclude=["number", "datetime"]):
        written[name] = _defused(written[name])
    return written.to_csv(index=False, lineterminator="\n").encode()


def _defused(column: pd.Series) -> pd.Series:
    """A column of texts, defused. Numbers as a visitor's file writes them stay as they are.

    With a decimal comma or a percent sign they are told from a text by their column: there every
    cell that begins with a sign is such a number.
    """
    is_signed = column.astype(str).str.match(r"[+\-]")
    is_number = column.astype(str).str.fullmatch(SIGNED_NUMBER)
    if (is_number | ~is_signed).all():
        return column.where(is_number, column.map(defused, na_action="ignore"))
    return column.map(defused, na_action="ignore")
