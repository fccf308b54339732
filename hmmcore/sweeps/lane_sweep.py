"""Sweeps of eight sequences, or of eight pieces of a long one, at a time.

For models that are dense (`kernels.is_dense`). Any other, and a sequence whose log-likelihood comes
back as NaN, is swept by the kernels of `hmmcore.sweeps.kernels`.

Three ways to fill the lanes, chosen by the data alone, so that the same data give the same bits
on any machine of one kind, with any number of threads:

- sequences next to each other, longest first, eight to a block;
- where a block is long, tile after tile of TILE_CELLS: the forward recursion runs through all of
  them keeping only what it carries from one to the next, then once more inside each tile on the
  way back, so that memory does not grow with length;
- a lone long sequence in pieces: what a piece does to any start is one K×K matrix (`transfer`),
  and multiplying these gives every piece its exact start and its exact future.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.emissions import Emissions, EmissionStatistics
from hmmcore.emissions.base import LaneEmissions
from hmmcore.lanes import LANES, aligned
from hmmcore.model import HMM
from hmmcore.sweeps import kernels, lane_kernels
from hmmcore.sweeps.layout import Arrangement, Layout, lay_out

TILE_CELLS = 1 << 17
"""Cells of one array of a block: two such arrays stay in a core's own cache."""
LARGEST_KEPT = 1 << 20
"""A larger workspace is not kept from one sweep to the next."""
FEW_SEQUENCES = 3
"""Fewer sequences than this leave too many lanes empty: a long one is cut into pieces instead."""
PIECED_STATES = 8
"""Cutting multiplies the forward work by the number of states; it pays up to this many."""
MOST_STATES = 64


def fills_lanes(num_states: int, num_sequences: int) -> bool:
    """Whether lanes are worth it for so many states and sequences."""
    enough = num_states <= PIECED_STATES or num_sequences > FEW_SEQUENCES
    return enough and num_states <= MOST_STATES


def suits_lanes(hmm: HMM, num_sequences: int) -> bool:
    """Whether the model is dense, and lanes are worth it."""
    return fills_lanes(hmm.num_states, num_sequences) and kernels.is_dense(hmm.transition_matrix)


def tile_steps(num_states: int) -> int:
    """Steps of a tile."""
    return max(1, TILE_CELLS // (num_states * LANES))


# --- one layout ---------------------------------------------------------------------------------


@dataclass(slots=True)
class Sums:
    """Expected counts that sweeps add to."""

    initial_counts: FloatArray  # (K,)
    lane_counts: FloatArray  # (K, K, LANES), over A[i, j]
    emissions: EmissionStatistics | None = None

    @classmethod
    def zero(cls, num_states: int) -> Sums:
        """Nothing added yet."""
        return cls(np.zeros(num_states), np.zeros((num_states, num_states, LANES)))

    def merge(self, other: Sums) -> None:
        """Add what another sweep found."""
        self.initial_counts += other.initial_counts
        self.lane_counts += other.lane_counts
        if other.emissions:
            self.add(other.emissions)

    def add(self, statistics: EmissionStatistics) -> None:
        """Add emission statistics."""
        if self.emissions is None:
            self.emissions = dict(statistics)
            return
        for name, value in statistics.items():
            self.emissions[name] = self.emissions[name] + value


@dataclass(slots=True)
class Outputs:
    """Where a sweep leaves its results: rows as in the observations; None where not wanted."""

    filtered: FloatArray | None = None
    smoothed: FloatArray | None = None
    statistics: bool = False


@dataclass
class Filtered:
    """A layout after the forward recursion."""

    layout: Layout
    observations: FloatArray  # (S, D, LANES)
    likelihoods: FloatArray  # (S, K, LANES)
    alphas: FloatArray  # (S, K, LANES)
    log_likelihoods: FloatArray  # (B, LANES), NaN where `kernels` must sweep
    ends: FloatArray  # (B, K, LANES)


class _Kept(threading.local):
    """A thread's workspaces: memory by purpose, and the array last shaped from it."""

    def __init__(self) -> None:
        self.memory: dict[str, FloatArray] = {}
        self.arrays: dict[str, FloatArray] = {}


_kept = _Kept()


def workspace(name: str, num_steps: int, num_columns: int) -> FloatArray:
    """An uninitialised (S, C, LANES) array that this thread uses again at its next sweep.

    Fresh memory costs more than the arithmetic done in it. A thread sweeps one layout at a time,
    so one array per purpose will do; a caller must be done with it before the next sweep begins.
    """
    arrays, shape = _kept.arrays, (num_steps, num_columns, LANES)
    # Training asks for the same shape at every step.
    if name in arrays and arrays[name].shape == shape:
        return arrays[name]
    size = num_steps * num_columns * LANES
    if size > LARGEST_KEPT:
        return aligned(*shape)
    memory = _kept.memory
    if name not in memory or memory[name].size < size:
        memory[name] = aligned(size)
    arrays[name] = memory[name][:size].reshape(shape)
    return arrays[name]


def broadcast_to_lanes(values: FloatArray, num_blocks: int) -> FloatArray:
    """Repeat (K,) numbers in every lane of every block: (B, K, LANES)."""
    out = np.empty((num_blocks, len(values), LANES))
    out[:] = values[:, np.newaxis]
    return out


def score(emissions: Emissions, rows: FloatArray, layout: Layout) -> tuple[FloatArray, FloatArray]:
    """Observations (S, D, LANES) and their scores (S, K, LANES).

    Unused steps have observations of zero, and scores that `lane_kernels.clear_unused` clears.
    """
    num_states = emissions.num_states
    observations = workspace("observations", layout.num_steps, rows.shape[1])
    where = layout.starts, layout.lengths, layout.bounds
    lane_kernels.to_lanes(rows, *where, observations)
    if works_in_lanes(emissions):
        scores = workspace("scores", layout.num_steps, num_states)
        emissions.lane_log_likelihoods(observations, scores)
    else:
        flat = emissions.log_likelihoods(_as_rows(observations))
        scores = np.ascontiguousarray(flat.reshape(len(observations), LANES, -1).transpose(0, 2, 1))
    return observations, scores


def statistics(
    emissions: Emissions, observations: FloatArray, weights: FloatArray
) -> EmissionStatistics:
    """Expected statistics of observations (S, D, LANES) under weights (S, K, LANES)."""
    if works_in_lanes(emissions):
        return emissions.lane_statistics(observations, weights)
    return emissions.statistics(_as_rows(observations), _as_rows(weights))


def works_in_lanes(emissions: Emissions) -> TypeGuard[LaneEmissions]:
    """Whether a family, and this value of it, has the lane methods."""
    return getattr(emissions, "works_in_lanes", False)


def _as_rows(lanes: FloatArray) -> FloatArray:
    return np.ascontiguousarray(lanes.transpose(0, 2, 1)).reshape(-1, lanes.shape[1])


def run_forward(hmm: HMM, rows: FloatArray, layout: Layout, entering: FloatArray) -> Filtered:
    """Score and filter a layout whose states have the probabilities `entering` at first."""
    observations, scores = score(hmm.emissions, rows, layout)
    alphas = workspace("alphas", layout.num_steps, hmm.num_states)
    log_likelihoods = np.empty((layout.num_blocks, LANES))
    ends = np.zeros((layout.num_blocks, hmm.num_states, LANES))
    lane_kernels.forward(
        hmm.transition_matrix, scores, layout.lengths, layout.bounds, entering, alphas,
        log_likelihoods, ends,
    )  # fmt: skip
    return Filtered(layout, observations, scores, alphas, log_likelihoods, ends)


def run_backward(
    hmm: HMM,
    swept: Filtered,
    before: FloatArray,
    leaving: FloatArray,
    sums: Sums,
    outputs: Outputs,
) -> FloatArray:
    """Smooth what `run_forward` left, and add to the sums.

    Returns:
        (B, K, LANES) `passed` of `lane_kernels.backward`.
    """
    layout = swept.layout
    passed = np.empty_like(leaving)
    lane_kernels.backward(
        np.ascontiguousarray(hmm.transition_matrix.T), swept.likelihoods, swept.alphas,
        layout.lengths, layout.bounds, before, leaving, sums.lane_counts, passed,
    )  # fmt: skip
    _put_out(hmm, layout, swept.observations, swept.likelihoods, swept.alphas, sums, outputs)
    return passed


def _put_out(
    hmm: HMM,
    layout: Layout,
    observations: FloatArray,
    smoothed: FloatArray,
    alphas: FloatArray,
    sums: Sums,
    outputs: Outputs,
) -> None:
    """Copy what the backward recursion left to the outputs that are wanted."""
    where = layout.starts, layout.lengths, layout.bounds
    if outputs.filtered is not None:
        lane_kernels.from_lanes(alphas, *where, True, outputs.filtered)
    if outputs.smoothed is not None:
        lane_kernels.from_lanes(smoothed, *where, False, outputs.smoothed)
    if outputs.statistics:
        sums.add(statistics(hmm.emissions, observations, smoothed))


# --- sequences in lanes -------------------------------------------------------------------------


def sweep_sequences(
    hmm: HMM, rows: FloatArray, arranged: Arrangement, sums: Sums | None, outputs: Outputs
) -> FloatArray:
    """Sweep sequences in lanes, adding to the sums.

    Returns:
        log-likelihoods (N,); NaN for a sequence that `kernels` must sweep, which is left out of
        the sums. Without `sums` the forward recursion is all that runs.
    """
    log_likelihoods = np.empty(arranged.num_sequences)
    if arranged.together is not None:
        sweep_whole(hmm, rows, arranged.together, sums, outputs, log_likelihoods)
    for block in arranged.long_blocks:
        found = sweep_tiles(hmm, rows, block, sums, outputs)
        log_likelihoods[block.members] = found.ravel()[: block.num_members]
    return log_likelihoods


def decode(
    hmm: HMM,
    log_initial: FloatArray,
    log_transition: FloatArray,
    rows: FloatArray,
    layout: Layout,
    states: IntArray,
) -> FloatArray:
    """Find the most probable paths (T,) of whole sequences; returns their log-joints (n,)."""
    _, scores = score(hmm.emissions, rows, layout)
    log_joints = np.empty((layout.num_blocks, LANES))
    lane_kernels.viterbi(
        log_initial, log_transition, scores, layout.starts, layout.lengths, layout.bounds,
        workspace("alphas", layout.num_steps, hmm.num_states), states, log_joints,
    )  # fmt: skip
    found = np.empty(layout.num_members)
    found[layout.members] = log_joints.ravel()[: layout.num_members]
    return found


def sweep_whole(
    hmm: HMM,
    rows: FloatArray,
    layout: Layout,
    sums: Sums | None,
    outputs: Outputs,
    log_likelihoods: FloatArray,
) -> None:
    """Sweep whole sequences, each short enough for one tile.

    Fills in the log-likelihoods (N,) of the layout's members: NaN for a sequence that `kernels`
    must sweep, which is left out of the sums. Without `sums` the forward recursion is all that
    runs.
    """
    if sums is None:
        entering = broadcast_to_lanes(hmm.initial_probs, layout.num_blocks)
        found = run_forward(hmm, rows, layout, entering).log_likelihoods
        log_likelihoods[layout.members] = found.ravel()[: layout.num_members]
        return
    observations, scores = score(hmm.emissions, rows, layout)
    alphas = workspace("alphas", layout.num_steps, hmm.num_states)
    lane_kernels.sweep_whole(
        hmm.initial_probs, hmm.transition_matrix, scores, layout.lengths, layout.bounds,
        layout.members, alphas, log_likelihoods, sums.initial_counts, sums.lane_counts,
    )  # fmt: skip
    _put_out(hmm, layout, observations, scores, alphas, sums, outputs)


def sweep_tiles(
    hmm: HMM, rows: FloatArray, block: Layout, sums: Sums | None, outputs: Outputs
) -> FloatArray:
    """Sweep one block of long sequences tile by tile.

    Returns:
        log-likelihoods (1, LANES); what is NaN, and what `sums` does, as in `sweep_whole`.
    """
    steps = tile_steps(hmm.num_states)
    starts = list(range(0, int(block.lengths.max()), steps))
    log_likelihoods = np.zeros((1, LANES))
    entering = broadcast_to_lanes(hmm.initial_probs, 1)
    before = np.zeros_like(entering)
    carried = []
    for start in starts:
        carried.append((entering, before))
        swept = run_forward(hmm, rows, block.tile(start, steps), entering)
        log_likelihoods += swept.log_likelihoods
        before = swept.ends
        entering = predicted_from(hmm, before)
    if sums is None:
        return log_likelihoods
    not_swept = np.isnan(log_likelihoods)
    if not_swept.any():
        # Once more without them: their NaN must not meet the others' sums.
        kept = np.flatnonzero(~not_swept[0, : block.num_members])
        if len(kept):
            again = lay_out(block.starts[0], block.lengths[0], kept)
            found = sweep_tiles(hmm, rows, again, sums, outputs)
            log_likelihoods[0, kept] = found[0, : len(kept)]
        return log_likelihoods
    leaving = np.ones_like(entering)
    for start, (entering, before) in zip(reversed(starts), reversed(carried), strict=True):
        if start != starts[-1]:
            swept = run_forward(hmm, rows, block.tile(start, steps), entering)
        goes_on = block.lengths > start + steps
        leaving = np.where(goes_on[:, np.newaxis], leaving, 1.0)
        leaving = run_backward(hmm, swept, before, leaving, sums, outputs)
    sums.initial_counts += swept.likelihoods[0].sum(axis=1)
    return log_likelihoods


def predicted_from(hmm: HMM, before: FloatArray) -> FloatArray:
    """Probabilities (B, K, LANES) of the states one step after `before`.

    A lane that holds nothing gets the model's own start, so that it stays finite.
    """
    predicted = np.einsum("bil,ij->bjl", before, hmm.transition_matrix)
    empty = ~(predicted.sum(axis=1, keepdims=True) > 0.0)
    return np.where(empty, hmm.initial_probs[:, np.newaxis], predicted)
