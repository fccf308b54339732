"""Put results back beside the rows of the file that they are from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hmmcore.arrays import IntArray
from hmmcore.tables.table import Table

if TYPE_CHECKING:
    import pandas as pd


def beside(table: Table, rows: IntArray, columns: Mapping[str, Any]) -> pd.DataFrame:
    """The file's own rows, in its order and with all its columns as text, and further columns.

    Args:
        rows: (T,) the row of the file that each value is from, see `TableData.rows`; values whose
            row is -1 are in none.
        columns: name to values (T,), an array or one of pandas. A name that the file has already
            gets a "′".

    Returns:
        A frame in which rows without a value have an empty cell.

    Raises:
        ValueError: when a row is not in the file, or has two values.
    """
    import pandas as pd

    there = rows >= 0
    places = rows[there]
    if len(places) and int(places.max()) >= len(table):
        raise ValueError(f"row {int(places.max())} is not in the file, which has {len(table)}.")
    if len(np.unique(places)) < len(places):
        raise ValueError("a row of the file has several observations.")
    frame = table.frame.copy()
    for name, values in columns.items():
        while name in frame.columns:
            name += "′"
        frame[name] = pd.Series(values[there], index=places).reindex(frame.index)
    return frame
