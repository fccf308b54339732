"""Rows of observations that lack the same coordinates, worked on together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hmmcore.arrays import FloatArray, IntArray, any_missing

Rows = IntArray | slice
"""What picks rows or columns of an array; the slice of all of them copies nothing."""


def patterns(observations: FloatArray) -> Iterator[tuple[Rows, Rows]]:
    """Group the rows of observations (T, D) by which coordinates are there.

    Yields:
        the rows of a group and the coordinates that they have. Rows that are wholly missing are
        in no group, for nothing is known of them.
    """
    if not any_missing(observations):
        yield slice(None), slice(None)
        return
    seen = ~np.isnan(observations)
    # Eight coordinates to a byte: sorting bytes is faster than sorting rows of booleans.
    packed = np.packbits(seen, axis=1)
    _, first, group = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    members = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[members], np.arange(len(first) + 1))
    for g, row in enumerate(first):
        there = np.flatnonzero(seen[row])
        if len(there):
            yield members[bounds[g] : bounds[g + 1]], there
