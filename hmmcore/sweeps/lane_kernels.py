"""The scaled recursions for eight sequences at once, for models without zero transitions.

Where every transition probability is at least `kernels.DENSE_TRANSITION`, no state stays near
underflow, so these need none of the bounds that `kernels.forward` keeps. A sequence that is
impossible, or whose first observation comes from states with an initial probability below
`kernels.UNDERFLOW_RISK`, ends with the log-likelihood NaN: `kernels` must sweep it.

Sequences lie in lanes (see `layout`): arrays are (S, K, LANES), S steps of B blocks one after the
other, `bounds` (B + 1,) their limits, `lengths` (B, LANES) how many steps each lane uses, longest
first. Unused steps score zero (`clear_unused`) and are carried along, never read.

Rows are scaled by powers of two, which rounds nothing and needs neither a division nor a
logarithm per step: forward probabilities stay between one and two in sum.
"""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.compiling import kernel
from hmmcore.lanes import (
    LANES,
    entry,
    exp_of_nonpositive,
    exponent,
    fill,
    inverse_power,
    larger,
    load,
    multiply_add,
    store,
    where_larger,
)
from hmmcore.sweeps.kernels import UNDERFLOW_RISK

LN_2 = 0.6931471805599453
COUNTED = 8
"""How many steps `count` takes at a time."""
TINY = 1e-300
"""Divisor for lanes that hold no sequence, whose sum is zero: zero over this stays zero."""


@kernel(error_model="numpy")
def to_lanes(
    rows: FloatArray, starts: IntArray, lengths: IntArray, bounds: IntArray, lanes: FloatArray
) -> None:
    """Copy rows (T, C) into lanes (S, C, LANES); unused steps become zero."""
    num_columns = rows.shape[1]
    for b in range(len(starts)):
        first = bounds[b]
        for lane in range(LANES):
            start, length = starts[b, lane], lengths[b, lane]
            for t in range(length):
                for c in range(num_columns):
                    lanes[first + t, c, lane] = rows[start + t, c]
            for t in range(first + length, bounds[b + 1]):
                for c in range(num_columns):
                    lanes[t, c, lane] = 0.0


@kernel(error_model="numpy")
def from_lanes(
    lanes: FloatArray,
    starts: IntArray,
    lengths: IntArray,
    bounds: IntArray,
    normalise: bool,
    rows: FloatArray,
) -> None:
    """Undo `to_lanes`; `normalise` divides every row by its sum."""
    num_columns = rows.shape[1]
    for b in range(len(starts)):
        first = bounds[b]
        for lane in range(LANES):
            start = starts[b, lane]
            for t in range(lengths[b, lane]):
                factor = 1.0
                if normalise:
                    total = 0.0
                    for c in range(num_columns):
                        total += lanes[first + t, c, lane]
                    factor = 1.0 / total
                for c in range(num_columns):
                    rows[start + t, c] = lanes[first + t, c, lane] * factor


@kernel(error_model="numpy")
def clear_unused(lengths: IntArray, bounds: IntArray, scores: FloatArray) -> None:
    """Set the scores of unused steps to zero: what stood for data there may score anything."""
    for b in range(len(lengths)):
        for lane in range(LANES):
            for t in range(bounds[b] + lengths[b, lane], bounds[b + 1]):
                for k in range(scores.shape[1]):
                    scores[t, k, lane] = 0.0


@kernel(forceinline=True)
def times(lanes: FloatArray, t: int, matrix: FloatArray, out: FloatArray, u: int) -> None:
    """Row vector times matrix: out[u, j] = sum over i of lanes[t, i] matrix[i, j].

    The matrix is one (K, K) for all lanes, or (K, K, LANES), each lane's own.
    Several columns at a time, because each addition to one sum waits for the one before it.
    """
    num_states = len(matrix)
    j = 0
    while j + 8 <= num_states:
        value = load(lanes, t, 0)
        sum_0, sum_1 = value * entry(matrix, 0, j), value * entry(matrix, 0, j + 1)
        sum_2, sum_3 = value * entry(matrix, 0, j + 2), value * entry(matrix, 0, j + 3)
        sum_4, sum_5 = value * entry(matrix, 0, j + 4), value * entry(matrix, 0, j + 5)
        sum_6, sum_7 = value * entry(matrix, 0, j + 6), value * entry(matrix, 0, j + 7)
        for i in range(1, num_states):
            value = load(lanes, t, i)
            sum_0 = multiply_add(value, entry(matrix, i, j), sum_0)
            sum_1 = multiply_add(value, entry(matrix, i, j + 1), sum_1)
            sum_2 = multiply_add(value, entry(matrix, i, j + 2), sum_2)
            sum_3 = multiply_add(value, entry(matrix, i, j + 3), sum_3)
            sum_4 = multiply_add(value, entry(matrix, i, j + 4), sum_4)
            sum_5 = multiply_add(value, entry(matrix, i, j + 5), sum_5)
            sum_6 = multiply_add(value, entry(matrix, i, j + 6), sum_6)
            sum_7 = multiply_add(value, entry(matrix, i, j + 7), sum_7)
        store(out, u, j, sum_0)
        store(out, u, j + 1, sum_1)
        store(out, u, j + 2, sum_2)
        store(out, u, j + 3, sum_3)
        store(out, u, j + 4, sum_4)
        store(out, u, j + 5, sum_5)
        store(out, u, j + 6, sum_6)
        store(out, u, j + 7, sum_7)
        j += 8
    while j + 4 <= num_states:
        value = load(lanes, t, 0)
        sum_0, sum_1 = value * entry(matrix, 0, j), value * entry(matrix, 0, j + 1)
        sum_2, sum_3 = value * entry(matrix, 0, j + 2), value * entry(matrix, 0, j + 3)
        for i in range(1, num_states):
            value = load(lanes, t, i)
            sum_0 = multiply_add(value, entry(matrix, i, j), sum_0)
            sum_1 = multiply_add(value, entry(matrix, i, j + 1), sum_1)
            sum_2 = multiply_add(value, entry(matrix, i, j + 2), sum_2)
            sum_3 = multiply_add(value, entry(matrix, i, j + 3), sum_3)
        store(out, u, j, sum_0)
        store(out, u, j + 1, sum_1)
        store(out, u, j + 2, sum_2)
        store(out, u, j + 3, sum_3)
        j += 4
    while j < num_states:
        sum_0 = load(lanes, t, 0) * entry(matrix, 0, j)
        for i in range(1, num_states):
            sum_0 = multiply_add(load(lanes, t, i), entry(matrix, i, j), sum_0)
        store(out, u, j, sum_0)
        j += 1


@kernel(error_model="numpy")
def forward(
    transition_matrix: FloatArray,
    scores: FloatArray,
    lengths: IntArray,
    bounds: IntArray,
    entering: FloatArray,
    alphas: FloatArray,
    log_liks: FloatArray,
    ends: FloatArray,
) -> None:
    """Filter every lane.

    Args:
        scores (S, K, LANES): log p(x_t | z_t = k); on return the shifted likelihoods.
        entering (B, K, LANES): the probabilities of the states at each lane's first step, before
            its observation.
        alphas (S, K, LANES): out: p(z_t = k | x_1..x_t) times a factor from 1 to 2.
        log_liks (B, LANES): out: log p(x of the lane); NaN when it needs `kernels.forward`.
        ends (B, K, LANES): out: p(z_M = k | x_1..x_M) at each lane's last step.
    """
    num_states = len(transition_matrix)
    clear_unused(lengths, bounds, scores)
    running = np.empty((1, 3, LANES))
    at_risk = np.empty(LANES, dtype=np.bool_)
    for b in range(len(lengths)):
        first = bounds[b]
        shifts, powers = fill(0.0), fill(0.0)
        lane = LANES - 1
        while lane >= 0 and lengths[b, lane] == 0:
            log_liks[b, lane] = 0.0
            lane -= 1
        for k in range(num_states):
            for place in range(LANES):
                if entering[b, k, place] == 0.0:
                    scores[first, k, place] = -np.inf
        for t in range(first, bounds[b + 1]):
            shift = load(scores, t, 0)
            for k in range(1, num_states):
                shift = larger(load(scores, t, k), shift)
            if t == first:
                for k in range(num_states):
                    store(alphas, t, k, load(entering, b, k))
            else:
                times(alphas, t - 1, transition_matrix, alphas, t)
            total = fill(0.0)
            for k in range(num_states):
                likelihood = exp_of_nonpositive(load(scores, t, k) - shift)
                store(scores, t, k, likelihood)
                alpha = load(alphas, t, k) * likelihood
                store(alphas, t, k, alpha)
                total = total + alpha
            if t == first:
                store(running, 0, 0, total)
                for place in range(LANES):
                    at_risk[place] = not running[0, 0, place] >= UNDERFLOW_RISK
            scale = inverse_power(total)
            powers = powers + exponent(total)
            shifts = shifts + shift
            for j in range(num_states):
                store(alphas, t, j, load(alphas, t, j) * scale)
            if lane < 0 or lengths[b, lane] > t - first + 1:
                continue
            store(running, 0, 0, total * scale)
            store(running, 0, 1, powers)
            store(running, 0, 2, shifts)
            while lane >= 0 and lengths[b, lane] == t - first + 1:
                last = running[0, 0, lane]
                log_lik = running[0, 1, lane] * LN_2 + np.log(last) + running[0, 2, lane]
                log_liks[b, lane] = np.nan if at_risk[lane] else log_lik
                for k in range(num_states):
                    ends[b, k, lane] = alphas[t, k, lane] / last
                lane -= 1


@kernel(error_model="numpy")
def backward(
    transposed: FloatArray,
    likelihoods: FloatArray,
    alphas: FloatArray,
    lengths: IntArray,
    bounds: IntArray,
    before: FloatArray,
    leaving: FloatArray,
    counts: FloatArray,
    passed: FloatArray,
) -> None:
    """Smooth every lane, adding up expected transitions on the way.

    Args:
        transposed (K, K): the transition matrix transposed, contiguous.
        likelihoods (S, K, LANES): what `forward` left; on return p(z_t = k | x), and zero in
            unused steps.
        alphas (S, K, LANES): what `forward` left.
        before (B, K, LANES): p(z_t = k | x_1..x_t) one step before each lane begins; zero where a
            lane begins with its sequence.
        leaving (B, K, LANES): p(all x after each lane's last step | z_t = k at that step), times
            any factor; one where a lane ends with its sequence.
        counts (K, K, LANES): added to: expected transitions over A[i, j], the one that leads
            into the lane included.
        passed (B, K, LANES): out: the same for the step before each lane, which is `leaving` of
            the lane before it.
    """
    num_states = len(transposed)
    future = np.empty((1, num_states, LANES))
    # Row u of evidence belongs to one step, row u of weights to the step before it. Counting
    # several steps at once saves most of the traffic with `counts`.
    weights = np.empty((COUNTED, num_states, LANES))
    evidence = np.empty((COUNTED, num_states, LANES))
    for b in range(len(lengths)):
        first, stop = bounds[b], bounds[b + 1]
        for k in range(num_states):
            store(future, 0, k, fill(0.0))
        lane, u = 0, 0
        for t in range(stop - 1, first - 2, -1):
            while lane < LANES and t >= first and lengths[b, lane] == t - first + 1:
                for k in range(num_states):
                    future[0, k, lane] = leaving[b, k, lane]
                lane += 1
            rows, row = (alphas, t) if t >= first else (before, b)
            total = fill(0.0)
            for k in range(num_states):
                total = multiply_add(load(rows, row, k), load(future, 0, k), total)
            # Scaling by the true sum at every step keeps rounding from piling up.
            scale = fill(1.0) / larger(total, fill(TINY))
            if t < stop - 1:
                for k in range(num_states):
                    store(weights, u, k, load(rows, row, k) * scale)
                u += 1
                if u == COUNTED:
                    count(weights, evidence, counts)
                    u = 0
            if t < first:
                for k in range(num_states):
                    store(passed, b, k, load(future, 0, k) * scale)
                continue
            for k in range(num_states):
                ahead = load(future, 0, k)
                store(evidence, u, k, load(likelihoods, t, k) * (ahead * scale))
                store(likelihoods, t, k, (load(alphas, t, k) * scale) * ahead)
            times(evidence, u, transposed, future, 0)
        if u > 0:
            for rest in range(u, COUNTED):
                for k in range(num_states):
                    store(weights, rest, k, fill(0.0))
                    store(evidence, rest, k, fill(0.0))
            count(weights, evidence, counts)


@kernel(error_model="numpy")
def sweep_whole(
    initial_probs: FloatArray,
    transition_matrix: FloatArray,
    scores: FloatArray,
    lengths: IntArray,
    bounds: IntArray,
    members: IntArray,
    alphas: FloatArray,
    log_likelihoods: FloatArray,
    initial_counts: FloatArray,
    lane_counts: FloatArray,
) -> None:
    """`forward`, then `backward`, of lanes that hold whole sequences.

    The lanes' log-likelihoods go to the places `members` of log_likelihoods (N,). One that is NaN
    adds nothing to initial_counts (K,) and lane_counts.
    """
    num_states, num_blocks = len(initial_probs), len(lengths)
    shape = (num_blocks, num_states, LANES)
    entering, before, leaving = np.empty(shape), np.zeros(shape), np.ones(shape)
    for b in range(num_blocks):
        for k in range(num_states):
            entering[b, k] = initial_probs[k]
    unused, log_liks = np.empty(shape), np.empty((num_blocks, LANES))
    forward(transition_matrix, scores, lengths, bounds, entering, alphas, log_liks, unused)
    for place in range(len(members)):
        log_likelihoods[members[place]] = log_liks[place // LANES, place % LANES]
    for b in range(num_blocks):
        for lane in range(LANES):
            if np.isnan(log_liks[b, lane]):
                # Must add nothing to the sums; its smoothed probabilities are written again later.
                leaving[b, :, lane] = 0.0
                scores[bounds[b] : bounds[b + 1], :, lane] = 0.0
                alphas[bounds[b] : bounds[b + 1], :, lane] = 1.0
    transposed = np.ascontiguousarray(transition_matrix.T)
    backward(transposed, scores, alphas, lengths, bounds, before, leaving, lane_counts, unused)
    for b in range(num_blocks):
        for k in range(num_states):
            for lane in range(LANES):
                initial_counts[k] += scores[bounds[b], k, lane]


@kernel(error_model="numpy")
def join_lanes(lane_counts: FloatArray, transition_matrix: FloatArray, counts: FloatArray) -> None:
    """Expected transitions (K, K) from what `backward` added up over A[i, j] in lanes."""
    for i in range(len(counts)):
        for j in range(len(counts)):
            total = 0.0
            for lane in range(LANES):
                total += lane_counts[i, j, lane]
            counts[i, j] = total * transition_matrix[i, j]


@kernel(forceinline=True)
def count(weights: FloatArray, evidence: FloatArray, counts: FloatArray) -> None:
    """Add weights[u, i] evidence[u, j], summed over the COUNTED rows u, to counts[i, j]."""
    num_states = len(counts)
    for i in range(num_states):
        weight_0, weight_1 = load(weights, 0, i), load(weights, 1, i)
        weight_2, weight_3 = load(weights, 2, i), load(weights, 3, i)
        weight_4, weight_5 = load(weights, 4, i), load(weights, 5, i)
        weight_6, weight_7 = load(weights, 6, i), load(weights, 7, i)
        for j in range(num_states):
            total = multiply_add(weight_0, load(evidence, 0, j), load(counts, i, j))
            total = multiply_add(weight_1, load(evidence, 1, j), total)
            total = multiply_add(weight_2, load(evidence, 2, j), total)
            total = multiply_add(weight_3, load(evidence, 3, j), total)
            total = multiply_add(weight_4, load(evidence, 4, j), total)
            total = multiply_add(weight_5, load(evidence, 5, j), total)
            total = multiply_add(weight_6, load(evidence, 6, j), total)
            total = multiply_add(weight_7, load(evidence, 7, j), total)
            store(counts, i, j, total)


@kernel(error_model="numpy")
def viterbi(
    log_initial: FloatArray,
    log_transition: FloatArray,
    scores: FloatArray,
    starts: IntArray,
    lengths: IntArray,
    bounds: IntArray,
    best_previous: FloatArray,
    states: IntArray,
    log_joints: FloatArray,
) -> None:
    """Decode every lane as `kernels.viterbi` does, for any model, to the same bits.

    Args:
        best_previous (S, K, LANES): workspace for the back pointers, whole numbers.
        states (T,): out: the paths, in the rows that `starts` and `lengths` tell.
        log_joints (B, LANES): out: log p(path, x).
    """
    num_states = len(log_initial)
    clear_unused(lengths, bounds, scores)
    best = np.empty((2, num_states, LANES))
    for b in range(len(lengths)):
        first = bounds[b]
        lane = LANES - 1
        while lane >= 0 and lengths[b, lane] == 0:
            lane -= 1
        for t in range(first, bounds[b + 1]):
            now, past = (t - first) % 2, (t - first + 1) % 2
            for j in range(num_states):
                if t == first:
                    store(best, now, j, load(scores, t, j) + log_initial[j])
                    continue
                top, pointer = load(best, past, 0) + log_transition[0, j], fill(0.0)
                for i in range(1, num_states):
                    candidate = load(best, past, i) + log_transition[i, j]
                    pointer = where_larger(candidate, top, fill(float(i)), pointer)
                    top = larger(candidate, top)
                store(best_previous, t, j, pointer)
                store(best, now, j, top + load(scores, t, j))
            while lane >= 0 and lengths[b, lane] == t - first + 1:
                state = 0
                for k in range(1, num_states):
                    if best[now, k, lane] > best[now, state, lane]:
                        state = k
                log_joints[b, lane] = best[now, state, lane]
                start = starts[b, lane]
                if log_joints[b, lane] == -np.inf:
                    states[start : start + lengths[b, lane]] = -1
                else:
                    for u in range(t, first, -1):
                        states[start + u - first] = state
                        state = int(best_previous[u, state, lane])
                    states[start] = state
                lane -= 1
