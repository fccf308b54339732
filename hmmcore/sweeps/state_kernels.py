"""The scaled recursions for many states, eight states at a time, for models without zeros.

Where `lane_kernels` puts eight sequences next to each other, these put eight states of one: no
lane is empty when there are few sequences. As there, every transition probability is at least
`kernels.DENSE_TRANSITION`, rows are scaled by powers of two, and a sequence whose log-likelihood
ends as NaN must be swept by `kernels`.

A row of K states is B = ceil(K / LANES) lane values; places beyond K hold zero. Arrays (T, B,
LANES) hold T rows of N sequences one after the other, `offsets` (N + 1,) their bounds.
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
    multiply_add,
    store,
)
from hmmcore.sweeps.kernels import UNDERFLOW_RISK
from hmmcore.sweeps.lane_kernels import LN_2

COUNTED = 64
"""Rows that `count` takes at a time: few enough to stay in the core's first cache."""


@kernel()
def to_blocks(rows: FloatArray, blocks: FloatArray) -> None:
    """Copy rows (T, K) into (T, B, LANES), zero beyond K."""
    num_columns = rows.shape[1]
    flat = blocks.reshape(len(rows), -1)
    for t in range(len(rows)):
        for k in range(num_columns):
            flat[t, k] = rows[t, k]
        flat[t, num_columns:] = 0.0


@kernel(error_model="numpy")
def from_blocks(blocks: FloatArray, normalise: bool, rows: FloatArray) -> None:
    """Undo `to_blocks`; `normalise` divides every row by its sum."""
    num_columns = rows.shape[1]
    flat = blocks.reshape(len(rows), -1)
    for t in range(len(rows)):
        factor = 1.0
        if normalise:
            factor = 1.0 / flat[t, :num_columns].sum()
        for k in range(num_columns):
            rows[t, k] = flat[t, k] * factor


@kernel(forceinline=True)
def times(rows: FloatArray, t: int, matrix: FloatArray, out: FloatArray, u: int) -> None:
    """Row vector times matrix (K, B, LANES): out[u, j] = sum over i of rows[t, i] matrix[i, j].

    Several blocks at a time, because each addition to one sum waits for the one before it. Where
    the number of blocks is no multiple of eight, the last group computes some of them again.
    """
    num_states, num_blocks = matrix.shape[0], matrix.shape[1]
    flat = rows.reshape(len(rows), -1)
    done = 0
    while num_blocks > 4 and done < num_blocks:
        a, b = min(done, num_blocks - 4), min(done + 4, num_blocks - 4)
        sum_0, sum_1, sum_2, sum_3 = fill(0.0), fill(0.0), fill(0.0), fill(0.0)
        sum_4, sum_5, sum_6, sum_7 = fill(0.0), fill(0.0), fill(0.0), fill(0.0)
        for i in range(num_states):
            value = fill(flat[t, i])
            sum_0 = multiply_add(load(matrix, i, a), value, sum_0)
            sum_1 = multiply_add(load(matrix, i, a + 1), value, sum_1)
            sum_2 = multiply_add(load(matrix, i, a + 2), value, sum_2)
            sum_3 = multiply_add(load(matrix, i, a + 3), value, sum_3)
            sum_4 = multiply_add(load(matrix, i, b), value, sum_4)
            sum_5 = multiply_add(load(matrix, i, b + 1), value, sum_5)
            sum_6 = multiply_add(load(matrix, i, b + 2), value, sum_6)
            sum_7 = multiply_add(load(matrix, i, b + 3), value, sum_7)
        store(out, u, a, sum_0)
        store(out, u, a + 1, sum_1)
        store(out, u, a + 2, sum_2)
        store(out, u, a + 3, sum_3)
        store(out, u, b, sum_4)
        store(out, u, b + 1, sum_5)
        store(out, u, b + 2, sum_6)
        store(out, u, b + 3, sum_7)
        done += 8
    if num_blocks > 4:
        return
    for b in range(num_blocks):
        sum_0, sum_1, sum_2, sum_3 = fill(0.0), fill(0.0), fill(0.0), fill(0.0)
        even = num_states - num_states % 4
        for i in range(0, even, 4):
            sum_0 = multiply_add(load(matrix, i, b), flat[t, i], sum_0)
            sum_1 = multiply_add(load(matrix, i + 1, b), flat[t, i + 1], sum_1)
            sum_2 = multiply_add(load(matrix, i + 2, b), flat[t, i + 2], sum_2)
            sum_3 = multiply_add(load(matrix, i + 3, b), flat[t, i + 3], sum_3)
        for i in range(even, num_states):
            sum_0 = multiply_add(load(matrix, i, b), flat[t, i], sum_0)
        store(out, u, b, (sum_0 + sum_1) + (sum_2 + sum_3))


@kernel(error_model="numpy")
def forward(
    matrix: FloatArray,
    scores: FloatArray,
    offsets: IntArray,
    entering: FloatArray,
    alphas: FloatArray,
    likelihoods: FloatArray,
    log_liks: FloatArray,
    ends: FloatArray,
) -> None:
    """Filter every sequence.

    Args:
        matrix (K, B, LANES): the transition matrix in blocks.
        scores (T, K): log p(x_t | z_t = k).
        entering (N, B, LANES): the probabilities of the states at each sequence's first row,
            before its observation.
        alphas (T, B, LANES): out: p(z_t = k | x_1..x_t) times a factor from 1 to 2.
        likelihoods (T, B, LANES): out: shifted, what `backward` needs.
        log_liks (N,): out: log p(x_1..x_M); NaN when it needs `kernels.forward`.
        ends (N, B, LANES): out: p(z_M = k | x_1..x_M).
    """
    num_states, num_blocks = matrix.shape[0], matrix.shape[1]
    row = np.full((1, num_blocks, LANES), -np.inf)
    row_flat = row.reshape(-1)
    across = np.empty((1, 2, LANES))
    for n in range(len(offsets) - 1):
        first, stop = offsets[n], offsets[n + 1]
        shifts, powers, last = 0.0, fill(0.0), 1.0
        at_risk = False
        for t in range(first, stop):
            for k in range(num_states):
                row_flat[k] = scores[t, k]
            if t == first:
                for b in range(num_blocks):
                    for place in range(LANES):
                        if entering[n, b, place] == 0.0:
                            row[0, b, place] = -np.inf
            top = load(row, 0, 0)
            for b in range(1, num_blocks):
                top = larger(load(row, 0, b), top)
            store(across, 0, 0, top)
            shift = across[0, 0, 0]
            for place in range(1, LANES):
                if across[0, 0, place] > shift:
                    shift = across[0, 0, place]
            if t == first:
                for b in range(num_blocks):
                    store(alphas, t, b, load(entering, n, b))
            else:
                times(alphas, t - 1, matrix, alphas, t)
            totals = fill(0.0)
            for b in range(num_blocks):
                likelihood = exp_of_nonpositive(load(row, 0, b) - shift)
                store(likelihoods, t, b, likelihood)
                alpha = load(alphas, t, b) * likelihood
                store(alphas, t, b, alpha)
                totals = totals + alpha
            store(across, 0, 1, totals)
            last = _sum_of(across, 1)
            at_risk |= t == first and not last >= UNDERFLOW_RISK
            total = fill(last)
            scale = inverse_power(total)
            powers = powers + exponent(total)
            shifts += shift
            for b in range(num_blocks):
                store(alphas, t, b, load(alphas, t, b) * scale)
        store(across, 0, 0, powers)
        log_liks[n] = np.nan if at_risk else across[0, 0, 0] * LN_2 + shifts
        # Of the last row's sum the power of two is counted already; what is left is its mantissa.
        totals = fill(0.0)
        for b in range(num_blocks):
            totals = totals + load(alphas, stop - 1, b)
        store(across, 0, 1, totals)
        last = _sum_of(across, 1)
        log_liks[n] += np.log(last)
        for b in range(num_blocks):
            store(ends, n, b, load(alphas, stop - 1, b) * (1.0 / last))


@kernel(forceinline=True)
def _sum_of(across: FloatArray, u: int) -> float:
    """The sum of the lanes at across[0, u]."""
    left = (across[0, u, 0] + across[0, u, 1]) + (across[0, u, 2] + across[0, u, 3])
    right = (across[0, u, 4] + across[0, u, 5]) + (across[0, u, 6] + across[0, u, 7])
    return float(left + right)


@kernel(error_model="numpy")
def backward(
    transposed: FloatArray,
    likelihoods: FloatArray,
    alphas: FloatArray,
    offsets: IntArray,
    log_liks: FloatArray,
    before: FloatArray,
    leaving: FloatArray,
    smoothed: FloatArray,
    counts: FloatArray,
) -> None:
    """Smooth every sequence whose log-likelihood is a number, adding up expected transitions.

    Args:
        transposed (K, B, LANES): the transition matrix transposed, in blocks.
        likelihoods, alphas (T, B, LANES): what `forward` left; overwritten, rows of alphas only
            by a factor.
        before (N, B, LANES): p(z_t = k | x_1..x_t) one row before each sequence; zero where it
            truly begins.
        leaving (N, B, LANES): p(all x after each last row | z_t = k at that row), times any factor;
            one where the sequence truly ends. On return the same for the row before each first.
        smoothed (T, K): out: p(z_t = k | x); zero in a sequence left out.
        counts (K, B, LANES): added to: expected transitions over A[i, j].
    """
    num_states, num_blocks = transposed.shape[0], transposed.shape[1]
    across = np.empty((1, 1, LANES))
    future = np.empty((1, num_blocks, LANES))
    edge = np.empty((1, num_blocks, LANES))
    alpha_rows = alphas.reshape(len(alphas), -1)
    future_flat = future.reshape(-1)
    for n in range(len(offsets) - 1):
        first, stop = offsets[n], offsets[n + 1]
        if np.isnan(log_liks[n]):
            smoothed[first:stop] = 0.0
            continue
        for b in range(num_blocks):
            store(future, 0, b, load(leaving, n, b))
        for t in range(stop - 1, first - 1, -1):
            scale = _one_over_product(alphas, t, future, across)
            for b in range(num_blocks):
                store(alphas, t, b, load(alphas, t, b) * scale)
                ahead = load(future, 0, b)
                store(likelihoods, t, b, load(likelihoods, t, b) * (ahead * scale))
            for k in range(num_states):
                smoothed[t, k] = alpha_rows[t, k] * future_flat[k]
            times(likelihoods, t, transposed, future, 0)
        for t in range(first + 1, stop, COUNTED):
            count(alphas, t - 1, likelihoods, t, min(COUNTED, stop - t), counts)
        if before[n].max() > 0.0:
            scale = _one_over_product(before, n, future, across)
            for b in range(num_blocks):
                store(edge, 0, b, load(before, n, b) * scale)
                store(leaving, n, b, load(future, 0, b) * scale)
            count(edge, 0, likelihoods, first, 1, counts)


@kernel(forceinline=True, error_model="numpy")
def _one_over_product(rows: FloatArray, t: int, future: FloatArray, across: FloatArray) -> float:
    """One over the sum over k of rows[t, k] future[0, k]."""
    totals = fill(0.0)
    for b in range(rows.shape[1]):
        totals = multiply_add(load(rows, t, b), load(future, 0, b), totals)
    store(across, 0, 0, totals)
    return 1.0 / _sum_of(across, 0)


@kernel()
def count(
    weights: FloatArray, first: int, evidence: FloatArray, start: int, rows: int, counts: FloatArray
) -> None:
    """Add weights[first + u, i] evidence[start + u, j], summed over u < rows, to counts[i, j].

    Four states by two blocks are summed in registers at a time.
    """
    num_states, num_blocks = counts.shape[0], counts.shape[1]
    flat = weights.reshape(len(weights), -1)
    whole, even = num_states - num_states % 4, num_blocks - num_blocks % 2
    for i in range(0, whole, 4):
        for b in range(0, even, 2):
            sum_00, sum_01 = load(counts, i, b), load(counts, i, b + 1)
            sum_10, sum_11 = load(counts, i + 1, b), load(counts, i + 1, b + 1)
            sum_20, sum_21 = load(counts, i + 2, b), load(counts, i + 2, b + 1)
            sum_30, sum_31 = load(counts, i + 3, b), load(counts, i + 3, b + 1)
            for u in range(rows):
                seen_0, seen_1 = load(evidence, start + u, b), load(evidence, start + u, b + 1)
                weight_0, weight_1 = flat[first + u, i], flat[first + u, i + 1]
                weight_2, weight_3 = flat[first + u, i + 2], flat[first + u, i + 3]
                sum_00 = multiply_add(seen_0, weight_0, sum_00)
                sum_01 = multiply_add(seen_1, weight_0, sum_01)
                sum_10 = multiply_add(seen_0, weight_1, sum_10)
                sum_11 = multiply_add(seen_1, weight_1, sum_11)
                sum_20 = multiply_add(seen_0, weight_2, sum_20)
                sum_21 = multiply_add(seen_1, weight_2, sum_21)
                sum_30 = multiply_add(seen_0, weight_3, sum_30)
                sum_31 = multiply_add(seen_1, weight_3, sum_31)
            store(counts, i, b, sum_00)
            store(counts, i, b + 1, sum_01)
            store(counts, i + 1, b, sum_10)
            store(counts, i + 1, b + 1, sum_11)
            store(counts, i + 2, b, sum_20)
            store(counts, i + 2, b + 1, sum_21)
            store(counts, i + 3, b, sum_30)
            store(counts, i + 3, b + 1, sum_31)
        for b in range(even, num_blocks):
            sum_00, sum_10 = load(counts, i, b), load(counts, i + 1, b)
            sum_20, sum_30 = load(counts, i + 2, b), load(counts, i + 3, b)
            for u in range(rows):
                seen_0 = load(evidence, start + u, b)
                sum_00 = multiply_add(seen_0, flat[first + u, i], sum_00)
                sum_10 = multiply_add(seen_0, flat[first + u, i + 1], sum_10)
                sum_20 = multiply_add(seen_0, flat[first + u, i + 2], sum_20)
                sum_30 = multiply_add(seen_0, flat[first + u, i + 3], sum_30)
            store(counts, i, b, sum_00)
            store(counts, i + 1, b, sum_10)
            store(counts, i + 2, b, sum_20)
            store(counts, i + 3, b, sum_30)
    for i in range(whole, num_states):
        for b in range(num_blocks):
            sum_00 = load(counts, i, b)
            for u in range(rows):
                sum_00 = multiply_add(load(evidence, start + u, b), flat[first + u, i], sum_00)
            store(counts, i, b, sum_00)
