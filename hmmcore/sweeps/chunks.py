"""Sequences in chunks, and chunks on one thread pool."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.lanes import LANES
from hmmcore.sequences import Sequences
from hmmcore.sweeps.lane_sweep import tile_steps
from hmmcore.sweeps.layout import Arrangement, arrange

CHUNK_CELLS = 1 << 17
"""Rows times states of a chunk: small enough for its arrays to stay near the core, large enough
that threads seldom wait for each other between two kernels. A constant, so that sums are taken in
the same order, and come out the same to the last bit, on any number of cores."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Chunk:
    """A run of whole sequences: `first` is the number of the first one."""

    first: int
    start: int
    observations: FloatArray
    offsets: IntArray

    def only(self, n: int) -> Chunk:
        """Sequence n of the chunk alone."""
        start, stop = int(self.offsets[n]), int(self.offsets[n + 1])
        return Chunk(
            self.first + n, self.start + start, self.observations[start:stop],
            np.array([0, stop - start]),
        )  # fmt: skip

    @property
    def num_rows(self) -> int:
        """Observations in the chunk."""
        return len(self.observations)

    @property
    def rows(self) -> slice:
        """Where the chunk lies among all observations."""
        return slice(self.start, self.start + self.num_rows)

    @property
    def sequences(self) -> slice:
        """Where its sequences lie among all sequences."""
        return slice(self.first, self.first + len(self.offsets) - 1)


def chunked(
    sequences: Sequences, num_states: int, at_least: int = 1, one_by_one: bool = False
) -> Iterator[Chunk]:
    """Split sequences into chunks of about CHUNK_CELLS cells; a sequence is never split.

    A chunk holds a multiple of `at_least` sequences, but for the last.
    """
    offsets = sequences.offsets
    rows = max(1, CHUNK_CELLS // num_states)
    first = 0
    while first < len(sequences):
        last = int(np.searchsorted(offsets, offsets[first] + rows, side="right")) - 1
        if last < len(sequences):
            last -= (last - first) % at_least
        last = min(max(last, first + at_least), len(sequences))
        if one_by_one:
            last = first + 1
        start, stop = int(offsets[first]), int(offsets[last])
        yield Chunk(
            first, start, sequences.observations[start:stop], offsets[first : last + 1] - start
        )
        first = last


def arranged_chunks(sequences: Sequences, num_states: int) -> list[tuple[Chunk, Arrangement]]:
    """Chunks with their lanes for `lane_sweep`, cached with the data."""
    steps = tile_steps(num_states)
    key = (num_states, CHUNK_CELLS, steps)
    if key not in sequences.arrangements:
        sequences.arrangements[key] = [
            (chunk, arrange(chunk.offsets, steps))
            for chunk in chunked(sequences, num_states, at_least=LANES)
        ]
    return sequences.arrangements[key]  # type: ignore[no-any-return]


def in_turns(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Apply `function` to every item, this thread and those of the shared pool taking turns.

    Each thread fetches its next item itself: waking a thread for every item would cost more than
    most items take.
    """
    if len(items) == 1:
        return [function(items[0])]
    results: dict[int, Result] = {}
    turns = iter(range(len(items)))

    def work() -> None:
        for i in turns:
            results[i] = function(items[i])

    helpers = [_pool().submit(work) for _ in range(min(_num_threads(), len(items)) - 1)]
    try:
        work()
    finally:
        for helper in helpers:
            # One that no thread has started is not needed any more.
            if not helper.cancel():
                helper.result()
    return [results[i] for i in range(len(items))]


def _num_threads() -> int:
    return os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_num_threads(), thread_name_prefix="hmmcore")
