"""Groups of observations that lack the same coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hmmcore.arrays import FloatArray, IntArray, any_missing

Rows = IntArray | slice
"""Indices of rows or columns; a slice of all of them makes no copy."""


def patterns(observations: FloatArray) -> Iterator[tuple[Rows, Rows]]:
    """Group the rows of observations (T, D) by which coordinates are observed.

    Yields:
        the rows of a group, and the coordinates observed in them. Rows that are wholly missing are
        in no group.
    """
    if not any_missing(observations):
        yield slice(None), slice(None)
        return
    seen = ~np.isnan(observations)
    # Eight coordinates to a byte: NumPy sorts single bytes fastest, by radix sort.
    packed = np.packbits(seen, axis=1)
    codes: NDArray[Any] = packed[:, 0]
    if packed.shape[1] > 1:
        codes = np.unique(packed, axis=0, return_inverse=True)[1].reshape(-1)
    order = np.argsort(codes, kind="stable")
    borders = np.flatnonzero(np.diff(codes[order].astype(np.int64))) + 1
    for rows in np.split(order, borders):
        there = np.flatnonzero(seen[rows[0]])
        if len(there):
            yield rows, there
