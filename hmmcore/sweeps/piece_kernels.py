"""The recursions that cut one long sequence into pieces, exactly.

A piece takes the probabilities of the states before it to those after it by a K×K transfer matrix.
`transfer` finds the matrices of eight pieces at once, `chain_pieces` multiplies them in order.
Arrays in lanes are as in `hmmcore.sweeps.lane_kernels`.
"""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.compiling import kernel
from hmmcore.lanes import (
    LANES,
    exp_of_nonpositive,
    exponent,
    fill,
    inverse_power,
    larger,
    load,
    store,
)
from hmmcore.sweeps.lane_kernels import LN_2, clear_unused, times


@kernel(error_model="numpy")
def transfer(
    transition_matrix: FloatArray,
    scores: FloatArray,
    lengths: IntArray,
    bounds: IntArray,
    allowed: FloatArray,
    products: FloatArray,
    logs: FloatArray,
) -> None:
    """Run the forward recursion from every state at once: the transfer matrix of each lane.

    Args:
        scores (S, K, LANES): log p(x_t | z_t = k); left as it is but for the first steps and
            unused ones.
        allowed (B, K, LANES): zero for states that cannot be at a lane's first step.
        products (B, K * K, LANES): out: entry i * K + j is p(z_M = j, x_1..x_M | z_1 = i), over a
            factor common to the lane.
        logs (B, LANES): out: the logarithm of that factor.
    """
    num_states = len(transition_matrix)
    clear_unused(lengths, bounds, scores)
    here = np.empty((num_states, num_states, LANES))
    likelihoods = np.empty((1, num_states, LANES))
    running = np.empty((1, 2, LANES))
    row = np.empty((1, num_states, LANES))
    for b in range(len(lengths)):
        first = bounds[b]
        shifts, powers = fill(0.0), fill(0.0)
        lane = LANES - 1
        while lane >= 0 and lengths[b, lane] == 0:
            lane -= 1
        for k in range(num_states):
            for place in range(LANES):
                if allowed[b, k, place] == 0.0:
                    scores[first, k, place] = -np.inf
        scale = fill(1.0)
        for t in range(first, bounds[b + 1]):
            shift = load(scores, t, 0)
            for k in range(1, num_states):
                shift = larger(load(scores, t, k), shift)
            for k in range(num_states):
                likelihood = exp_of_nonpositive(load(scores, t, k) - shift)
                store(likelihoods, 0, k, likelihood * scale)
            total = fill(0.0)
            for i in range(num_states):
                if t == first:
                    for j in range(num_states):
                        store(row, 0, j, fill(1.0) if i == j else fill(0.0))
                else:
                    times(here, i, transition_matrix, row, 0)
                for j in range(num_states):
                    ahead = load(row, 0, j) * load(likelihoods, 0, j)
                    store(here, i, j, ahead)
                    total = total + ahead
            # The next step's likelihoods carry the scale.
            scale = inverse_power(total)
            shifts = shifts + shift
            if lane >= 0 and lengths[b, lane] == t - first + 1:
                store(running, 0, 0, powers)
                store(running, 0, 1, shifts)
                while lane >= 0 and lengths[b, lane] == t - first + 1:
                    for i in range(num_states):
                        for j in range(num_states):
                            products[b, i * num_states + j, lane] = here[i, j, lane]
                    logs[b, lane] = running[0, 0, lane] * LN_2 + running[0, 1, lane]
                    lane -= 1
            powers = powers + exponent(total)


@kernel(error_model="numpy")
def chain_pieces(
    initial_probs: FloatArray,
    transition_matrix: FloatArray,
    products: FloatArray,
    logs: FloatArray,
    used: IntArray,
    entering: FloatArray,
    before: FloatArray,
    leaving: FloatArray,
) -> float:
    """Follow one sequence from piece to piece, forward and then backward.

    Args:
        products (B, K * K, LANES), logs (B, LANES): what `transfer` left; the pieces follow each
            other lane by lane, then block by block.
        used (B,): how many lanes of each block hold a piece.
        entering, before, leaving (B, K, LANES): out, as `forward` and `backward` take them, but
            for `before` of the first piece and `leaving` of the last, which stay as they are.

    Returns:
        log p(x_1..x_M).
    """
    num_states = len(initial_probs)
    alpha, predicted = np.empty(num_states), initial_probs.copy()
    log_lik = 0.0
    for b in range(len(used)):
        for lane in range(used[b]):
            total = 0.0
            for j in range(num_states):
                alpha[j] = 0.0
                entering[b, j, lane] = predicted[j]
            for i in range(num_states):
                for j in range(num_states):
                    alpha[j] += predicted[i] * products[b, i * num_states + j, lane]
            for j in range(num_states):
                total += alpha[j]
            log_lik += np.log(total) + logs[b, lane]
            next_b, next_lane = (b, lane + 1) if lane + 1 < used[b] else (b + 1, 0)
            for j in range(num_states):
                alpha[j] /= total
                predicted[j] = 0.0
                if next_b < len(used):
                    before[next_b, j, next_lane] = alpha[j]
            for i in range(num_states):
                for j in range(num_states):
                    predicted[j] += alpha[i] * transition_matrix[i, j]
    future = np.ones(num_states)
    for b in range(len(used) - 1, -1, -1):
        for lane in range(used[b] - 1, -1, -1):
            # Through the piece, and through the transition that leads into it.
            total = 0.0
            for j in range(num_states):
                leaving[b, j, lane] = future[j]
            for i in range(num_states):
                alpha[i] = 0.0
                for j in range(num_states):
                    alpha[i] += products[b, i * num_states + j, lane] * leaving[b, j, lane]
            for i in range(num_states):
                future[i] = 0.0
                for j in range(num_states):
                    future[i] += transition_matrix[i, j] * alpha[j]
                total += future[i]
            for i in range(num_states):
                future[i] /= total
    return log_lik
