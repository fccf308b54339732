"""Which sequence, or which piece of one, stands in which lane."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hmmcore.arrays import IntArray
from hmmcore.lanes import LANES


@dataclass(frozen=True)
class Layout:
    """Which rows stand in which lane.

    Attributes:
        starts: (B, LANES) the first row of each lane.
        lengths: (B, LANES) how many rows, 0 in unused lanes, longest first within a block.
        bounds: (B + 1,) block b is the steps bounds[b] : bounds[b + 1] of a lane array.
        members: the numbers of what stands in the lanes, in their order; unused lanes come last.
    """

    starts: IntArray
    lengths: IntArray
    bounds: IntArray
    members: IntArray

    @property
    def num_blocks(self) -> int:
        """Number of blocks of LANES sequences each, B."""
        return len(self.starts)

    @property
    def num_members(self) -> int:
        """Lanes in use."""
        return len(self.members)

    @cached_property
    def num_steps(self) -> int:
        """Number of steps of all blocks together, S: the first axis of a lane array."""
        return int(self.bounds[-1])

    def tile(self, first: int, steps: int) -> Layout:
        """Steps first : first + steps of a layout of one block."""
        lengths = np.clip(self.lengths - first, 0, steps)
        bounds = np.array([0, lengths.max()])
        return Layout(self.starts + first, lengths, bounds, self.members)


def lay_out(starts: IntArray, lengths: IntArray, members: IntArray) -> Layout:
    """Put stretches of rows into lanes: those of `members`, which are in order, longest first."""
    num_blocks = -(-len(members) // LANES)
    placed = np.zeros((2, num_blocks * LANES), dtype=np.int64)
    placed[:, : len(members)] = starts[members], lengths[members]
    in_blocks = placed.reshape(2, num_blocks, LANES)
    bounds = np.zeros(num_blocks + 1, dtype=np.int64)
    np.cumsum(in_blocks[1, :, 0], out=bounds[1:])
    return Layout(in_blocks[0], in_blocks[1], bounds, members)


@dataclass(frozen=True)
class Arrangement:
    """How the sequences of a chunk go into lanes: short ones together, long ones eight by eight.

    Attributes:
        together: a layout of the sequences that fit a tile, if any.
        long_blocks: layouts of one block each.
    """

    num_sequences: int
    together: Layout | None
    long_blocks: tuple[Layout, ...]


def arrange(offsets: IntArray, steps: int) -> Arrangement:
    """Put the sequences that lie between `offsets` into lanes, tiles being `steps` long."""
    starts, lengths = offsets[:-1], np.diff(offsets)
    order = np.argsort(-lengths, kind="stable")
    is_long = lengths[order] > steps
    short, long = order[~is_long], order[is_long]
    return Arrangement(
        len(lengths),
        lay_out(starts, lengths, short) if len(short) else None,
        tuple(
            lay_out(starts, lengths, long[first : first + LANES])
            for first in range(0, len(long), LANES)
        ),
    )
