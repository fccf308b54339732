"""How many paths of a sequence are listed, and which are drawn."""

from __future__ import annotations

MAX_PATH_CELLS = 10_000_000
"""Bound on M × K × paths, in proportion to which a list takes time and memory: about 0.3 s."""

DRAWS_STREAM = 6
"""Of the seed; the data have others."""


def most_paths(length: int, num_states: int) -> int:
    """How many paths of a sequence of M steps through K states are listed at most; one at least."""
    return max(1, MAX_PATH_CELLS // (length * num_states))
