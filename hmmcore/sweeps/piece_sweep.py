"""A lone long sequence in pieces, eight at a time and on several threads, exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.lanes import LANES
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps import kernels, piece_kernels
from hmmcore.sweeps.lane_sweep import (
    FEW_SEQUENCES,
    PIECED_STATES,
    Outputs,
    Sums,
    run_backward,
    run_forward,
    score,
)
from hmmcore.sweeps.layout import Layout, lay_out

SHORTEST_PIECE, LONGEST_PIECE = 32, 2048


def in_pieces(sequences: Sequences, num_states: int) -> bool:
    """Whether the sequences are swept one by one, in pieces."""
    return (
        len(sequences) < FEW_SEQUENCES
        and num_states <= PIECED_STATES
        and sequences.longest >= SHORTEST_PIECE * LANES
    )


def pieces(length: int) -> list[Layout]:
    """Cut a sequence into layouts of one block each."""
    num_blocks = -(-length // (LONGEST_PIECE * LANES))
    size = -(-length // (num_blocks * LANES))
    starts = np.arange(0, length, size)
    lengths = np.minimum(size, length - starts)
    return [
        lay_out(starts, lengths, np.arange(i, min(i + LANES, len(starts))))
        for i in range(0, len(starts), LANES)
    ]


@dataclass(frozen=True)
class Boundaries:
    """`entering`, `before` and `leaving` of `lane_kernels` for every piece: (B, K, LANES) each."""

    log_likelihood: float
    entering: FloatArray
    before: FloatArray
    leaving: FloatArray


def boundaries(
    hmm: HMM,
    rows: FloatArray,
    layouts: list[Layout],
    run: Callable[[Callable[[int], None], range], list[None]],
) -> Boundaries:
    """Multiply the transfer matrices of a sequence's pieces in order.

    `run` calls a function with every member of a range, and may use several threads. The
    log-likelihood is NaN when `kernels` must sweep the sequence.
    """
    num_states, num_blocks = hmm.num_states, len(layouts)
    products = np.empty((num_blocks, num_states * num_states, LANES))
    logs = np.zeros((num_blocks, LANES))

    def transfer(b: int) -> None:
        _, scores = score(hmm.emissions, rows, layouts[b])
        allowed = np.ones((1, num_states, LANES))
        if b == 0:
            allowed[0, :, 0] = hmm.initial_probs > 0.0
        piece_kernels.transfer(
            hmm.transition_matrix, scores, layouts[b].lengths, layouts[b].bounds, allowed,
            products[b : b + 1], logs[b : b + 1],
        )  # fmt: skip

    run(transfer, range(num_blocks))
    used = np.array([layout.num_members for layout in layouts])
    shape = (num_blocks, num_states, LANES)
    entering, before, leaving = np.zeros(shape), np.zeros(shape), np.ones(shape)
    entering[:] = hmm.initial_probs[:, np.newaxis]
    log_likelihood = piece_kernels.chain_pieces(
        hmm.initial_probs, hmm.transition_matrix, products, logs, used, entering, before, leaving
    )
    first = hmm.emissions.log_likelihoods(rows[:1])[0]
    top = first[hmm.initial_probs > 0.0].max()
    possible = top > -np.inf and hmm.initial_probs @ np.exp(np.minimum(first - top, 0.0))
    if not possible >= kernels.UNDERFLOW_RISK:
        log_likelihood = np.nan
    return Boundaries(float(log_likelihood), entering, before, leaving)


def sweep_piece(
    hmm: HMM,
    rows: FloatArray,
    layout: Layout,
    known: Boundaries,
    block: int,
    sums: Sums,
    outputs: Outputs,
) -> None:
    """Sweep one block of pieces between boundaries that are known."""
    here = slice(block, block + 1)
    swept = run_forward(hmm, rows, layout, known.entering[here])
    run_backward(hmm, swept, known.before[here], known.leaving[here], sums, outputs)
    if block == 0:
        sums.initial_counts += swept.likelihoods[0, :, 0]
