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
    first_counts, pair_counts = (
        aligned_rows(1, num_states),
        aligned_rows(num_states, num_states),
    )
    totals, row_counts = aligned_rows(1, num_states), aligned_rows(num_rows, num_states)
    seen, firsts, seconds = (
        aligned_rows(num_states, num_values),
        aligned_rows(num_states, num_values),
        aligned_rows(num_states, num_values),
    )
    (
        swept_initial, swept_matrix, transposed, reach, least, inverse_sds, constants, future,
        before, evidence,
    ) = workspaces(num_states, num_values)  # fmt: skip
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
            prepare(
                initial, matrix, lane_variances, bounding, swept_initial, swept_matrix, transposed,
                reach, least, inverse_sds, constants,
            )  # fmt: skip
            if not (bounding or short or (least[0, 0] >= DENSE).any()):
                for lane in range(num_lanes):
                    swept[num_doubtful + lane] = members[lane]
                num_doubtful += num_lanes
                continue
            sweep_block(
                lane_means, table, values, symbols, offsets, stretches, bounding, learning,
                swept_initial, swept_matrix, transposed, reach, least, inverse_sds, constants,
                future, before, evidence, scores, alphas, log_liks, first_counts, pair_counts,
                totals, seen, firsts, seconds, row_counts,
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
                scatter(first_counts, members, initial_counts)
                scatter(pair_counts, members, transition_counts)
                scatter(totals, members, weights)
                scatter(seen, members, counts)
                scatter(firsts, members, deviations)
                scatter(seconds, members, squares)
                scatter(row_counts, members, symbol_counts)
        num_swept, bounding = num_doubtful, True


# --- a block of eight models ----------------------------------------------------------------------


@kernel()
def workspaces(num_states: int, num_values: int) -> tuple[FloatArray, ...]:
    """What `prepare` fills in for `sweep_block`, in its order, and three that this works with.

    Arrays are handed on one by one: to take one out of a tuple counts a reference, which for all of
    them, at every step, would take as long as a short sequence.
    """
    return (
        aligned_rows(1, num_states), aligned_rows(num_states, num_states),
        aligned_rows(num_states, num_states), aligned_rows(num_states, num_states),
        aligned_rows(1, 1), aligned_rows(num_states, num_values),
        aligned_rows(num_states, num_values), aligned_rows(1, num_states),
        aligned_rows(lane_kernels.COUNTED, num_states),
        aligned_rows(lane_kernels.COUNTED, num_states),
    )  # fmt: skip


@kernel(error_model="numpy")
def prepare(
    initial: FloatArray,
    matrix: FloatArray,
    variances: FloatArray,
    bounding: bool,
    swept_initial: FloatArray,
    swept_matrix: FloatArray,
    transposed: FloatArray,
    reach: FloatArray,
    least: FloatArray,
    inverse_sds: FloatArray,
    constants: FloatArray,
) -> None:
    """Make of eight models what their sweep needs.

    Args:
        initial (1, K, LANES), matrix (K, K, LANES), variances (K, C, LANES): of the models.
        bounding: whether the losses of every state will be bounded.
        swept_initial, swept_matrix, transposed: out: π and A as they are swept, A transposed too.
        reach (K, K, LANES): out: see `forward_with_losses`, which alone needs it.
        least (1, 1, LANES): out: the smallest entry of A.
        inverse_sds, constants (K, D, LANES): out: one over the standard deviations, and the
            logarithms of the densities at the means.
    """
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
    initial: FloatArray,
    matrix: FloatArray,
    transposed: FloatArray,
    reach: FloatArray,
    least: FloatArray,
    inverse_sds: FloatArray,
    constants: FloatArray,
    future: FloatArray,
    before: FloatArray,
    evidence: FloatArray,
    scores: FloatArray,
    alphas: FloatArray,
    log_liks: FloatArray,
    first_counts: FloatArray,
    pair_counts: FloatArray,
    totals: FloatArray,
    seen: FloatArray,
    firsts: FloatArray,
    seconds: FloatArray,
    row_counts: FloatArray,
) -> None:
    """Sweep all sequences under eight models; the rest is as in `sweep`, in lanes.

    Args:
        means (K, D, LANES), table (U, K, LANES): of the models.
        bounding: whether to bound the losses of every state.
        initial, matrix, transposed, reach, least, inverse_sds, constants: what `prepare` made.
        future (1, K, LANES), before, evidence (COUNTED, K, LANES): workspaces.
        log_liks (N, 1, LANES): out.
        first_counts (1, K, LANES), pair_counts (K, K, LANES), totals (1, K, LANES), seen, firsts,
            seconds (K, D, LANES), row_counts (U, K, LANES): out: the sums, in the order of `sweep`.
    """
    num_states = len(matrix)
    if learning:
        clear(first_counts)
        clear(pair_counts)
        clear(totals)
        clear(seen)
        clear(firsts)
        clear(seconds)
        clear(row_counts)
    for s in range(len(stretches) - 1):
        # Numbers, not slices of the arrays, for the reason that `workspaces` tells.
        begin, end = stretches[s], stretches[s + 1]
        start, stop = offsets[begin], offsets[end]
        score(values, symbols, start, stop, means, inverse_sds, constants, table, scores)
        if bounding:
            forward_with_losses(
                initial, matrix, reach, least, scores, offsets, begin, end, evidence, alphas,
                log_liks,
            )  # fmt: skip
        else:
            forward(initial, matrix, least, scores, offsets, begin, end, alphas, log_liks)
        if not learning:
            continue
        smooth(
            transposed, scores, alphas, offsets, begin, end, future, before, evidence, pair_counts
        )
        for n in range(begin, end):
            for k in range(num_states):
                begun = load(first_counts, 0, k) + load(scores, offsets[n] - start, k)
                store(first_counts, 0, k, begun)
        accumulate(
            values, symbols, start, stop, scores, means, totals, seen, firsts, seconds, row_counts
        )
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
    start: int,
    stop: int,
    means: FloatArray,
    inverse_sds: FloatArray,
    constants: FloatArray,
    table: FloatArray,
    scores: FloatArray,
) -> None:
    """Fill scores (S, K, LANES) with log p(x_t | z_t = k) of the observations from start to stop.

    What is missing contributes 0.
    """
    num_states, num_values = means.shape[:2]
    for t in range(start, stop):
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
            store(scores, t - start, k, total)


@kernel(error_model="numpy")
def forward(
    initial: FloatArray,
    matrix: FloatArray,
    least: FloatArray,
    scores: FloatArray,
    offsets: IntArray,
    begin: int,
    end: int,
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
        offsets (N + 1,), begin, end: where each sequence begins, and which of them these are; the
            first row is that of sequence `begin`.
        alphas (S, K, LANES): out: p(z_t = k | x_1..x_t) times any factor.
        log_liks (N, 1, LANES): out: log p(x) of these; NaN where more may be lost than is
            negligible, or no state can explain an observation.
    """
    num_states = len(matrix)
    for n in range(begin, end):
        first, stop = offsets[n] - offsets[begin], offsets[n + 1] - offsets[begin]
        shifts, powers, begun = fill(0.0), fill(0.0), fill(0.0)
        # Each row is scaled by what brings the one before to one: so no row waits for its sum, and
        # `smooth` needs no scales.
        total, scale = fill(0.0), fill(1.0)
        for t in range(first, stop):
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
        lost = 6.0 * NEGLECTED * num_states * (stop - first)
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
    offsets: IntArray,
    begin: int,
    end: int,
    losses: FloatArray,
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
        offsets, begin, end: as `forward` takes them.
        losses (2 or more, K, LANES): workspace.
        alphas (S, K, LANES): out: p(z_t = k | x_1..x_t) times a factor from 1 to 2.
        log_liks (N, 1, LANES): out: log p(x) of these; NaN where more may be lost than is
            negligible, or no state can explain an observation.
    """
    num_states = len(matrix)
    # Rows of `losses` bound what is lost of alphas, after and before the observation.
    for n in range(begin, end):
        first, stop = offsets[n] - offsets[begin], offsets[n + 1] - offsets[begin]
        shifts, powers, worst = fill(0.0), fill(0.0), fill(0.0)
        # The largest of minus the sums: the smallest sum, seen from below.
        lowest, last = fill(-np.inf), fill(0.0)
        for t in range(first, stop):
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
        found = powers * lane_kernels.LN_2 + log_of_positive(last) + shifts
        nothing = fill(np.nan)
        sparse = where_larger(worst, fill(NEGLIGIBLE), nothing, found)
        found = where_larger(fill(DENSE_TRANSITION), load(least, 0, 0), sparse, found)
        store(log_liks, n, 0, where_larger(lowest, fill(-UNDERFLOW_RISK), nothing, found))


@kernel(error_model="numpy")
def smooth(
    transposed: FloatArray,
    factors: FloatArray,
    alphas: FloatArray,
    offsets: IntArray,
    begin: int,
    end: int,
    future: FloatArray,
    before: FloatArray,
    evidence: FloatArray,
    counts: FloatArray,
) -> None:
    """Turn what the forward recursion left into p(z_t = k | x), and add up transitions.

    Args:
        transposed (K, K, LANES): the transition matrices transposed.
        offsets, begin, end: as `forward` takes them.
        factors, alphas (S, K, LANES): what it left; on return `factors` is p(z_t = k | x).
        future (1, K, LANES), before, evidence (COUNTED, K, LANES): workspaces.
        counts (K, K, LANES): added to: expected transitions over A[i, j].
    """
    num_states = len(transposed)
    # Row u of evidence belongs to one step, row u of `before` to the step before it. Counting
    # several steps at once saves most of the traffic with `counts`.
    u = 0
    for n in range(begin, end):
        first, last = offsets[n] - offsets[begin], offsets[n + 1] - offsets[begin] - 1
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
    start: int,
    stop: int,
    smoothed: FloatArray,
    means: FloatArray,
    totals: FloatArray,
    seen: FloatArray,
    deviations: FloatArray,
    squares: FloatArray,
    symbol_counts: FloatArray,
) -> None:
    """Add up what the observations from start to stop say, under p(z_t = k | x) (S, K, LANES).

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
        for t in range(stop if single else start, stop):
            there = False
            for d in range(num_values):
                there |= values[t, d] == values[t, d]
            for c in range(symbols.shape[1]):
                symbol = symbols[t, c]
                if symbol >= 0:
                    there = True
                    counted = load(symbol_counts, symbol, k) + load(smoothed, t - start, k)
                    store(symbol_counts, symbol, k, counted)
            if there:
                total = total + load(smoothed, t - start, k)
        store(totals, 0, k, total)
        for d in range(num_values):
            centre = load(means, k, d)
            count, first, second = load(seen, k, d), load(deviations, k, d), load(squares, k, d)
            for t in range(start, stop):
                value = values[t, d]
                if value == value:
                    weight = load(smoothed, t - start, k)
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
