"""Sweeps eight states at a time: see `state_kernels`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.lanes import LANES, aligned
from hmmcore.model import HMM
from hmmcore.sweeps import kernels, state_kernels
from hmmcore.sweeps.lane_sweep import FEW_SEQUENCES, MOST_STATES, Outputs, Sums, workspace

FEWEST_STATES = 9
"""With fewer states, sequences (or pieces of one) fill the lanes better."""
MANY_STATES = 32
"""With this many states or more, states fill the lanes better wherever sequences would leave a
quarter of them empty."""
TILE_CELLS = 1 << 19
"""Rows times states of a tile; a longer sequence is filtered twice, which costs a third more."""


def suits_states(hmm: HMM, num_sequences: int) -> bool:
    """Whether the model is dense, and its states fill lanes better than sequences do."""
    num_states = hmm.num_states
    if num_states < FEWEST_STATES:
        return False
    num_lanes = -(-num_sequences // LANES) * LANES
    better = num_sequences <= FEW_SEQUENCES or num_states > MOST_STATES
    better |= num_states >= MANY_STATES and 4 * num_sequences <= 3 * num_lanes
    return better and kernels.is_dense(hmm.transition_matrix)


@dataclass(frozen=True)
class Tile:
    """Rows after the forward recursion.

    Attributes:
        scores: (T, K) as the family gave them; free to be overwritten.
        alphas, likelihoods: (T, B, LANES) as `state_kernels.forward` leaves them.
        log_likelihoods: (N,), NaN for a sequence that `kernels` must sweep.
        ends: (N, B, LANES) p(z_M = k | x_1..x_M).
    """

    observations: FloatArray
    offsets: IntArray
    scores: FloatArray
    alphas: FloatArray
    likelihoods: FloatArray
    log_likelihoods: FloatArray
    ends: FloatArray


def in_blocks(rows: FloatArray) -> FloatArray:
    """Rows (T, K) as (T, B, LANES), zero beyond K."""
    blocks = aligned(len(rows), -(-rows.shape[1] // LANES), LANES)
    state_kernels.to_blocks(rows, blocks)
    return blocks


def sweep_sequences(
    hmm: HMM, rows: FloatArray, offsets: IntArray, sums: Sums | None, outputs: Outputs
) -> FloatArray:
    """Sweep sequences, adding to the sums: short ones together, a lone long one in tiles.

    Memory does not grow with length: the forward recursion runs through all tiles keeping only
    what it carries from one to the next, then once more inside each tile on the way back.

    Returns:
        log-likelihoods (N,); NaN for a sequence that `kernels` must sweep, which is left out of
        the sums. Without `sums` the forward recursion is all that runs.
    """
    steps = max(1, TILE_CELLS // hmm.num_states)
    stops = [len(rows)]
    if len(offsets) == 2:
        stops = [*range(steps, len(rows), steps), len(rows)]
    matrix = in_blocks(hmm.transition_matrix)
    start = np.repeat(in_blocks(hmm.initial_probs[np.newaxis]), len(offsets) - 1, axis=0)
    carried = [(0, stops[0], start, np.zeros_like(start))]
    tile = _forward(hmm, matrix, rows[: stops[0]], offsets if len(stops) == 1 else None, start)
    log_likelihoods = tile.log_likelihoods
    for first, stop in pairwise(stops):
        before = tile.ends
        entering = np.empty_like(before)
        state_kernels.times(before, 0, matrix, entering, 0)
        carried.append((first, stop, entering, before))
        tile = _forward(hmm, matrix, rows[first:stop], None, entering)
        log_likelihoods = log_likelihoods + tile.log_likelihoods
    if sums is None or np.isnan(log_likelihoods).all():
        return log_likelihoods
    transposed = in_blocks(hmm.transition_matrix.T)
    leaving = np.ones_like(start)
    for first, stop, entering, before in reversed(carried):
        if stop != len(rows):
            tile = _forward(hmm, matrix, rows[first:stop], None, entering)
        smoothed = tile.scores if outputs.smoothed is None else outputs.smoothed[first:stop]
        state_kernels.backward(
            transposed, tile.likelihoods, tile.alphas, tile.offsets, tile.log_likelihoods, before,
            leaving, smoothed, sums.lane_counts,
        )  # fmt: skip
        if outputs.filtered is not None:
            state_kernels.from_blocks(tile.alphas, True, outputs.filtered[first:stop])
        if outputs.statistics:
            sums.add(hmm.emissions.statistics(tile.observations, smoothed))
    sums.initial_counts += smoothed[tile.offsets[:-1]].sum(axis=0)
    return log_likelihoods


def _forward(
    hmm: HMM, matrix: FloatArray, rows: FloatArray, offsets: IntArray | None, entering: FloatArray
) -> Tile:
    """Score and filter sequences, or the one that all rows belong to."""
    if offsets is None:
        offsets = np.array([0, len(rows)])
    scores = hmm.emissions.log_likelihoods(rows)
    num_blocks = matrix.shape[1]
    alphas = workspace("alphas", len(rows), num_blocks)
    likelihoods = workspace("scores", len(rows), num_blocks)
    log_likelihoods, ends = np.empty(len(offsets) - 1), np.empty_like(entering)
    state_kernels.forward(
        matrix, scores, offsets, entering, alphas, likelihoods, log_likelihoods, ends
    )
    return Tile(rows, offsets, scores, alphas, likelihoods, log_likelihoods, ends)
