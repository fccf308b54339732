"""The recursions for eight models at once, on the same data.

Lane l of every value belongs to one model, and an observation is one number for all of them.
Lanes never mix and no sum is reordered, so a model gets the same bits whatever stands beside it.

Models may have zeros. A state whose probability is too small to be told from zero may later be
the only possible one. `forward` has one bound for all that is lost in this way, which almost
always is negligible beside the likelihood it finds. If not, `forward_with_losses` carries a bound
for every state. Where what was lost could matter still, the model's log-likelihood is NaN, and
`hmmcore.sweeps` must sweep it.

Shapes: G models, K states, T observations of N sequences one after the other. An observation has
D numbers (`values`, NaN where missing) and C symbols (`symbols`, -1 where missing), whose
log-probabilities are the rows of U in a table: a family uses what it needs.
"""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.compiling import kernel
from hmmcore.emissions.gaussian_lanes import LOG_2PI
from hmmcore.lanes import (
    LANES,
    aligned_rows,
    exp_of_nonpositive,
    exponent,
    fill,
    inverse_power,
    keep_above,
    larger,
    load,
    log_of_positive,
    multiply_add,
    square_root,
    store,
    where_larger,
)
from hmmcore.sweeps import lane_kernels
from hmmcore.sweeps.kernels import DENSE_TRANSITION, NEGLIGIBLE, UNDERFLOW_RISK

NEGLECTED, LOG_NEGLECTED = 1e-100, -230.25850929940458
"""`forward` takes smaller probabilities and likelihoods for zero: the product of three that are
left is far from underflow."""
SHORT = 128
"""In longer sequences one bound on all losses seldom is negligible beside the likelihood."""
DENSE = 1e-35
"""Without smaller transition probabilities, the states that explain a step best have at least this
probability before it. Beside it `forward` loses less than 1e-60 of a state, and in the next step,
where every state gets DENSE from the others, that is negligible for each of them."""
LEAST_LOSS = 1e-300
"""What is thought lost of any probability that is not zero: more than any underflow takes."""
LEAST_PASSED_ON = 1e-5
"""At least this share of a loss passes over a transition that is possible. Far above the smallest
transition probabilities, so that the bound itself never underflows."""


@kernel(error_model="numpy")
def sweep(
    initial_probs: FloatArray,
    transition_matrices: FloatArray,
    means: FloatArray,
    variances: FloatArray,
    tables: FloatArray,
    values: FloatArray,
    symbols: IntArray,
    offsets: IntArray,
    stretches: IntArray,
    scores: FloatArray,
    alphas: FloatArray,
    log_likelihoods: FloatArray,
    learning: bool,
    initial_counts: FloatArray,
    transition_counts: FloatArray,
    weights: FloatArray,
    counts: FloatArray,
    deviations: FloatArray,
    squares: FloatArray,
    symbol_counts: FloatArray,
) -> None:
    """Sweep all sequences under every model, adding up what training needs.

    Args:
        initial_probs (G, 1, K), transition_matrices (G, K, K): of the models.
        means (G, K, D), variances (G, K, C): of the numbers; C is D, or 1 when all numbers of a
            state have one variance.
        tables (G, U, K): log-probabilities of the symbols, in nats.
        values (T, D), symbols (T, C), offsets (N + 1,): the data.
        stretches (S + 1,): numbers of sequences between which the work is divided: the sequences
            of a stretch are swept together.
        scores, alphas (steps, K, LANES): workspaces for the longest stretch.
        log_likelihoods (G, N, 1): out: NaN where `hmmcore.sweeps` must sweep the model; its other
            results are then worth nothing.
        learning: whether to smooth, and fill in what follows.
        initial_counts (G, 1, K), transition_counts (G, K, K): out: expected counts.
        weights (G, 1, K), counts, deviations, squares (G, K, D): out: see `Diagonal`.
        symbol_counts (G, U, K): out: expected number of each symbol in each state.
    """
    num_models, _, num_states = initial_probs.shape
    num_values, num_variances = means.shape[2], variances.shape[2]
    num_rows, num_sequences = tables.shape[1], len(offsets) - 1
    initial, matrix = aligned_rows(1, num_states), aligned_rows(num_states, num_states)
    lane_means = aligned_rows(num_states, num_values)
    lane_variances = aligned_rows(num_states, num_variances)
    table, log_liks = aligned_rows(num_rows, num_states), aligned_rows(num_sequences, 1)
    sums = sums_in_lanes(num_states, num_values, num_rows)
    found = (
        initial_counts, transition_counts, weights, counts, deviations, squares, symbol_counts,
    )  # fmt: skip
    work = workspaces(num_states, num_values)
    least = work[LEAST]
    members = np.empty(LANES, dtype=np.int64)
    # First all models, with one bound on losses; then those for which that was not enough. With
    # zeros and long sequences it is not asked for: by shape and model alone, not by its neighbours.
    short = (offsets[1:] - offsets[:-1]).max() <= SHORT
    swept, num_swept, bounding = np.arange(num_models), num_models, False
    while num_swept > 0:
        num_doubtful = 0
        for g in range(0, num_swept, LANES):
            num_lanes = min(LANES, num_swept - g)
            for lane in range(LANES):
                # Lanes without a model of their own repeat the last.
                members[lane] = swept[g + min(lane, num_lanes - 1)]
            gather(initial_probs, members, initial)
            gather(transition_matrices, members, matrix)
            gather(means, members, lane_means)
            gather(variances, members, lane_variances)
            gather(tables, members, table)
            prepare(initial, matrix, lane_variances, bounding, work)
            if not (bounding or short or (least[0, 0] >= DENSE).any()):
                for lane in range(num_lanes):
                    swept[num_doubtful + lane] = members[lane]
                num_doubtful += num_lanes
                continue
            sweep_block(
                lane_means, table, values, symbols, offsets, stretches, bounding, learning, work,
                scores, alphas, log_liks, sums,
            )  # fmt: skip
            scatter(log_liks, members, log_likelihoods)
            for lane in range(num_lanes):
                known = bounding or short or least[0, 0, lane] >= DENSE
                for n in range(num_sequences):
                    known &= not np.isnan(log_liks[n, 0, lane])
                if not (known or bounding):
                    # The models up to here have been read from `swept`.
                    swept[num_doubtful] = members[lane]
                    num_doubtful += 1
            if learning:
                for part in range(len(sums)):
                    scatter(sums[part], members, found[part])
        num_swept, bounding = num_doubtful, True


# --- a block of eight models ----------------------------------------------------------------------

LEAST, INVERSE_SDS = 4, 5
"""Places in `workspaces` that others look at."""


@kernel()
def workspaces(num_states: int, num_values: int) -> tuple[FloatArray, ...]:
    """What `prepare` makes of eight models for `sweep_block`, and where that works.

    π (1, K, LANES) and A (K, K, LANES) as they are swept, A transposed, the `reach` of
    `forward_with_losses`, the smallest entry of A (1, 1, LANES), and one over the standard
    deviations and the logarithms of the densities at the means (K, D, LANES).
    """
    return (
        aligned_rows(1, num_states), aligned_rows(num_states, num_states),
        aligned_rows(num_states, num_states), aligned_rows(num_states, num_states),
        aligned_rows(1, 1), aligned_rows(num_states, num_values),
        aligned_rows(num_states, num_values), aligned_rows(1, num_states),
        aligned_rows(lane_kernels.COUNTED, num_states),
        aligned_rows(lane_kernels.COUNTED, num_states),
    )  # fmt: skip


@kernel()
def sums_in_lanes(num_states: int, num_values: int, num_rows: int) -> tuple[FloatArray, ...]:
    """Room for what `sweep_block` adds up, in the order and the shapes of `sweep`."""
    return (
        aligned_rows(1, num_states), aligned_rows(num_states, num_states),
        aligned_rows(1, num_states), aligned_rows(num_states, num_values),
        aligned_rows(num_states, num_values), aligned_rows(num_states, num_values),
        aligned_rows(num_rows, num_states),
    )  # fmt: skip


@kernel(error_model="numpy")
def prepare(
    initial: FloatArray,
    matrix: FloatArray,
    variances: FloatArray,
    bounding: bool,
    work: tuple[FloatArray, ...],
) -> None:
    """Fill in the first of `workspaces` for π (1, K, LANES), A (K, K, LANES), σ² (K, C, LANES)."""
    swept_initial, swept_matrix, transposed, reach, least, inverse_sds, constants = work[:7]
    num_states, num_values = inverse_sds.shape[:2]
    smallest = fill(1.0)
    for i in range(num_states):
        prob = load(initial, 0, i)
        store(swept_initial, 0, i, prob if bounding else keep_above(prob, prob, NEGLECTED))
        for j in range(num_states):
            prob = load(matrix, i, j)
            smallest = where_larger(smallest, prob, prob, smallest)
            if bounding:
                passed_on = larger(prob, fill(LEAST_PASSED_ON))
                store(reach, i, j, where_larger(prob, fill(0.0), passed_on, fill(0.0)))
            else:
                prob = keep_above(prob, prob, NEGLECTED)
            store(swept_matrix, i, j, prob)
            store(transposed, j, i, prob)
    store(least, 0, 0, smallest)
    for k in range(num_states):
        for d in range(num_values):
            variance = load(variances, k, min(d, variances.shape[1] - 1))
            # Divided by the standard deviation before squaring: the square alone could overflow.
            store(inverse_sds, k, d, fill(1.0) / square_root(variance))
            store(constants, k, d, (log_of_positive(variance) + LOG_2PI) * -0.5)


@kernel(error_model="numpy")
def sweep_block(
    means: FloatArray,
    table: FloatArray,
    values: FloatArray,
    symbols: IntArray,
    offsets: IntArray,
    stretches: IntArray,
    bounding: bool,
    learning: bool,
    work: tuple[FloatArray, ...],
    scores: FloatArray,
    alphas: FloatArray,
    log_liks: FloatArray,
    sums: tuple[FloatArray, ...],
) -> None:
    """Sweep all sequences under eight models; the rest is as in `sweep`, in lanes.

    Args:
        means (K, D, LANES), table (U, K, LANES): of the models; what else is needed of them is in
            `work`, see `prepare`.
        bounding: whether to bound the losses of every state.
        log_liks (N, 1, LANES), sums: out: see `sums_in_lanes`.
    """
    (
        initial, matrix, transposed, reach, least, inverse_sds, constants, future, before, evidence,
    ) = work  # fmt: skip
    first_counts, pair_counts, totals, seen, firsts, seconds, row_counts = sums
    num_states = len(matrix)
    if learning:
        for lanes in sums:
            clear(lanes)
    for s in range(len(stretches) - 1):
        sequences = slice(stretches[s], stretches[s + 1])
        start, stop = offsets[stretches[s]], offsets[stretches[s + 1]]
        bounds = offsets[stretches[s] : stretches[s + 1] + 1] - start
        numbers, signs = values[start:stop], symbols[start:stop]
        score(numbers, signs, means, inverse_sds, constants, table, scores)
        if bounding:
            forward_with_losses(
                initial, matrix, reach, least, scores, bounds, alphas, log_liks[sequences]
            )
        else:
            forward(initial, matrix, least, scores, bounds, alphas, log_liks[sequences])
        if not learning:
            continue
        smooth(transposed, scores, alphas, bounds, future, before, evidence, pair_counts)
        for first in bounds[:-1]:
            for k in range(num_states):
                begun = load(first_counts, 0, k) + load(scores, first, k)
                store(first_counts, 0, k, begun)
        accumulate(numbers, signs, scores, means, totals, seen, firsts, seconds, row_counts)
    if learning:
        for i in range(num_states):
            for j in range(num_states):
                store(pair_counts, i, j, load(pair_counts, i, j) * load(matrix, i, j))


@kernel()
def gather(rows: FloatArray, members: IntArray, lanes: FloatArray) -> None:
    """Copy some rows of (G, I, J) into lanes (I, J, LANES)."""
    for i in range(lanes.shape[0]):
        for j in range(lanes.shape[1]):
            for lane in range(LANES):
                lanes[i, j, lane] = rows[members[lane], i, j]


@kernel()
def scatter(lanes: FloatArray, members: IntArray, rows: FloatArray) -> None:
    """Undo `gather`; lanes that repeat a model write the same once more."""
    for i in range(lanes.shape[0]):
        for j in range(lanes.shape[1]):
            for lane in range(LANES):
                rows[members[lane], i, j] = lanes[i, j, lane]


@kernel()
def clear(lanes: FloatArray) -> None:
    """Set lanes (I, J, LANES) to zero."""
    for i in range(lanes.shape[0]):
        for j in range(lanes.shape[1]):
            store(lanes, i, j, fill(0.0))


@kernel(error_model="numpy")
def score(
    values: FloatArray,
    symbols: IntArray,
    means: FloatArray,
    inverse_sds: FloatArray,
    constants: FloatArray,
    table: FloatArray,
    scores: FloatArray,
) -> None:
    """Fill scores (T, K, LANES) with log p(x_t | z_t = k); what is missing contributes 0."""
    num_states, num_values = means.shape[:2]
    for t in range(len(values)):
        for k in range(num_states):
            total = fill(0.0)
            for d in range(num_values):
                value = values[t, d]
                if value == value:
                    gap = (value - load(means, k, d)) * load(inverse_sds, k, d)
                    total = multiply_add(gap * -0.5, gap, total + load(constants, k, d))
            for c in range(symbols.shape[1]):
                symbol = symbols[t, c]
                if symbol >= 0:
                    total = total + load(table, symbol, k)
            store(scores, t, k, total)


@kernel(error_model="numpy")
def forward(
    initial: FloatArray,
    matrix: FloatArray,
    least: FloatArray,
    scores: FloatArray,
    bounds: IntArray,
    alphas: FloatArray,
    log_liks: FloatArray,
) -> None:
    """Filter every sequence under the model of each lane, with one bound on losses at its end.

    Transitions, states and likelihoods (over the largest of their row) with less than NEGLECTED
    are taken for impossible. The products of those that are left are normal numbers: with
    smaller ones processors take ten times as long. No factor is larger than one, so a loss never
    grows, and in all at most 6 NEGLECTED are lost for each state and step. A likelihood beside
    which that is NEGLIGIBLE is good.

    Args:
        initial (1, K, LANES), matrix (K, K, LANES): π and A of each lane, where they are not
            below NEGLECTED.
        least (1, 1, LANES): the smallest entry of A.
        scores (S, K, LANES): log p(x_t | z_t = k); on return the factors with which the rows of
            `alphas` follow from each other: alphas[t] = (alphas[t - 1] matrix) * scores[t]. They
            are the shifted likelihoods over powers of two.
        bounds (n + 1,): between which rows each sequence lies.
        alphas (S, K, LANES): out: p(z_t = k | x_1..x_t) times any factor.
        log_liks (n, 1, LANES): out: log p(x); NaN where more may be lost than is negligible, or no
            state can explain an observation.
    """
    num_states = len(matrix)
    for n in range(len(bounds) - 1):
        first = bounds[n]
        shifts, powers, begun = fill(0.0), fill(0.0), fill(0.0)
        # Each row is scaled by what brings the one before to one: so no row waits for its sum, and
        # `smooth` needs no scales.
        total, scale = fill(0.0), fill(1.0)
        for t in range(first, bounds[n + 1]):
            limit = total * NEGLECTED
            if t == first:
                for k in range(num_states):
                    store(alphas, t, k, load(initial, 0, k))
            else:
                lane_kernels.times(alphas, t - 1, matrix, alphas, t)
            shift = load(scores, t, 0)
            for k in range(1, num_states):
                shift = larger(load(scores, t, k), shift)
            total = fill(0.0)
            for k in range(num_states):
                predicted = load(alphas, t, k)
                factor = exp_of_nonpositive(load(scores, t, k) - shift, LOG_NEGLECTED) * scale
                # `smooth` divides by what is predicted.
                factor = where_larger(limit, predicted, fill(0.0), factor)
                store(scores, t, k, factor)
                alpha = predicted * factor
                store(alphas, t, k, alpha)
                total = total + alpha
            if t == first:
                begun = total
            scale = inverse_power(total)
            powers = powers + exponent(total)
            shifts = shifts + shift
        lost = 6.0 * NEGLECTED * num_states * (bounds[n + 1] - first)
        shifted, last = powers * lane_kernels.LN_2, total * scale
        found = shifted + log_of_positive(last) + shifts
        # Where these are larger than what follows them, too much may be lost.
        doubt = where_larger(fill(np.log(lost / NEGLIGIBLE)), shifted, fill(1.0), fill(0.0))
        sparse = where_larger(fill(DENSE), load(least, 0, 0), doubt, fill(0.0))
        sparse = where_larger(fill(DENSE), begun, doubt, sparse)
        found = where_larger(sparse, fill(0.0), fill(np.nan), found)
        store(log_liks, n, 0, where_larger(last, fill(0.0), found, fill(np.nan)))


@kernel(error_model="numpy")
def forward_with_losses(
    initial: FloatArray,
    matrix: FloatArray,
    reach: FloatArray,
    least: FloatArray,
    scores: FloatArray,
    bounds: IntArray,
    alphas: FloatArray,
    log_liks: FloatArray,
) -> None:
    """Filter every sequence under the model of each lane.

    Args:
        initial (1, K, LANES), matrix (K, K, LANES): π and A of each lane.
        reach (K, K, LANES): how much of a loss passes on: at least A[i, j] and LEAST_PASSED_ON,
            but zero where A[i, j] is.
        least (1, 1, LANES): the smallest entry of A; without zeros, losses do not matter.
        scores (S, K, LANES): log p(x_t | z_t = k); on return the factors between the rows of
            `alphas`, as `forward` leaves them.
        bounds (n + 1,): between which rows each sequence lies.
        alphas (S, K, LANES): out: p(z_t = k | x_1..x_t) times a factor from 1 to 2.
        log_liks (n, 1, LANES): out: log p(x); NaN where more may be lost than is negligible, or no
            state can explain an observation.
    """
    num_states = len(matrix)
    # Bounds on what is lost of alphas, after and before the observation.
    losses = np.empty((2, num_states, LANES))
    ends = np.empty((5, 1, LANES))
    for n in range(len(bounds) - 1):
        first = bounds[n]
        shifts, powers, worst = fill(0.0), fill(0.0), fill(0.0)
        # The largest of minus the sums: the smallest sum, seen from below.
        lowest, last = fill(-np.inf), fill(0.0)
        for t in range(first, bounds[n + 1]):
            if t == first:
                for k in range(num_states):
                    prob = load(initial, 0, k)
                    store(alphas, t, k, prob)
                    store(losses, 1, k, where_larger(prob, fill(0.0), fill(LEAST_LOSS), fill(0.0)))
            else:
                lane_kernels.times(alphas, t - 1, matrix, alphas, t)
                lane_kernels.times(losses, 0, reach, losses, 1)
            shift = fill(-np.inf)
            for k in range(num_states):
                # What has lost nothing cannot be reached.
                reached = load(losses, 1, k)
                candidate = where_larger(reached, fill(0.0), load(scores, t, k), fill(-np.inf))
                shift = larger(candidate, shift)
            total = fill(0.0)
            for k in range(num_states):
                reached, predicted = load(losses, 1, k), load(alphas, t, k)
                given = load(scores, t, k)
                likelihood = exp_of_nonpositive(given - shift)
                likelihood = where_larger(reached, fill(0.0), likelihood, fill(0.0))
                kept = predicted
                if t > first:
                    # `smooth` divides by what is kept.
                    kept = keep_above(predicted, predicted, UNDERFLOW_RISK)
                    lost = reached + (predicted - kept)
                    store(scores, t, k, keep_above(likelihood, predicted, UNDERFLOW_RISK))
                else:
                    lost = reached
                    store(scores, t, k, likelihood)
                least_lost = where_larger(reached, fill(0.0), fill(LEAST_LOSS), fill(0.0))
                least_lost = where_larger(given, fill(-np.inf), least_lost, fill(0.0))
                store(losses, 0, k, larger(lost * likelihood, least_lost))
                alpha = kept * likelihood
                store(alphas, t, k, alpha)
                total = total + alpha
            scale = inverse_power(total)
            powers = powers + exponent(total)
            shifts = shifts + shift
            lowest = larger(total * -1.0, lowest)
            last = total * scale
            for k in range(num_states):
                store(alphas, t, k, load(alphas, t, k) * scale)
                store(scores, t, k, load(scores, t, k) * scale)
                loss = load(losses, 0, k) * scale
                store(losses, 0, k, loss)
                worst = larger(loss, worst)
        store(ends, 0, 0, last)
        store(ends, 1, 0, powers)
        store(ends, 2, 0, shifts)
        store(ends, 3, 0, worst)
        store(ends, 4, 0, lowest)
        for lane in range(LANES):
            found = (
                ends[1, 0, lane] * lane_kernels.LN_2 + np.log(ends[0, 0, lane]) + ends[2, 0, lane]
            )
            known = least[0, 0, lane] >= DENSE_TRANSITION or ends[3, 0, lane] <= NEGLIGIBLE
            known &= ends[4, 0, lane] <= -UNDERFLOW_RISK
            log_liks[n, 0, lane] = found if known else np.nan


@kernel(error_model="numpy")
def smooth(
    transposed: FloatArray,
    factors: FloatArray,
    alphas: FloatArray,
    bounds: IntArray,
    future: FloatArray,
    before: FloatArray,
    evidence: FloatArray,
    counts: FloatArray,
) -> None:
    """Turn what the forward recursion left into p(z_t = k | x), and add up transitions.

    Args:
        transposed (K, K, LANES): the transition matrices transposed.
        factors, alphas (S, K, LANES): what it left; on return `factors` is p(z_t = k | x).
        future (1, K, LANES), before, evidence (COUNTED, K, LANES): workspaces.
        counts (K, K, LANES): added to: expected transitions over A[i, j].
    """
    num_states = len(transposed)
    # Row u of evidence belongs to one step, row u of `before` to the step before it. Counting
    # several steps at once saves most of the traffic with `counts`.
    u = 0
    for n in range(len(bounds) - 1):
        first, last = bounds[n], bounds[n + 1] - 1
        total = load(alphas, last, 0)
        for k in range(1, num_states):
            total = total + load(alphas, last, k)
        ahead = fill(1.0) / total
        for k in range(num_states):
            store(future, 0, k, ahead)
        for t in range(last, first, -1):
            for k in range(num_states):
                ahead = load(future, 0, k)
                store(evidence, u, k, load(factors, t, k) * ahead)
                store(factors, t, k, load(alphas, t, k) * ahead)
                store(before, u, k, load(alphas, t - 1, k))
            lane_kernels.times(evidence, u, transposed, future, 0)
            u += 1
            if u == lane_kernels.COUNTED:
                lane_kernels.count(before, evidence, counts)
                u = 0
        for k in range(num_states):
            store(factors, first, k, load(alphas, first, k) * load(future, 0, k))
    if u > 0:
        for rest in range(u, lane_kernels.COUNTED):
            for k in range(num_states):
                store(before, rest, k, fill(0.0))
                store(evidence, rest, k, fill(0.0))
        lane_kernels.count(before, evidence, counts)


@kernel(error_model="numpy")
def accumulate(
    values: FloatArray,
    symbols: IntArray,
    smoothed: FloatArray,
    means: FloatArray,
    totals: FloatArray,
    seen: FloatArray,
    deviations: FloatArray,
    squares: FloatArray,
    symbol_counts: FloatArray,
) -> None:
    """Add up what the observations say under p(z_t = k | x) (T, K, LANES).

    Args:
        totals (1, K, LANES): added to: expected number of observations not wholly missing.
        seen, deviations, squares (K, D, LANES): added to: of the numbers, about `means`.
        symbol_counts (U, K, LANES): added to.
    """
    num_states, num_values = means.shape[:2]
    # Then who is seen has been seen whole.
    single = num_values == 1 and symbols.shape[1] == 0
    for k in range(num_states):
        total = load(totals, 0, k)
        for t in range(0 if single else len(values)):
            there = False
            for d in range(num_values):
                there |= values[t, d] == values[t, d]
            for c in range(symbols.shape[1]):
                symbol = symbols[t, c]
                if symbol >= 0:
                    there = True
                    counted = load(symbol_counts, symbol, k) + load(smoothed, t, k)
                    store(symbol_counts, symbol, k, counted)
            if there:
                total = total + load(smoothed, t, k)
        store(totals, 0, k, total)
        for d in range(num_values):
            centre = load(means, k, d)
            count, first, second = load(seen, k, d), load(deviations, k, d), load(squares, k, d)
            for t in range(len(values)):
                value = values[t, d]
                if value == value:
                    weight = load(smoothed, t, k)
                    gap = value - centre
                    weighted = weight * gap
                    count = count + weight
                    first = first + weighted
                    second = multiply_add(weighted, gap, second)
            store(seen, k, d, count)
            store(deviations, k, d, first)
            store(squares, k, d, second)
        if single:
            store(totals, 0, k, load(seen, k, 0))
