"""The recursions for eight models at once, on the same data.

Lane l of every value belongs to one model, and an observation is one number for all of them.
Lanes never mix and no sum is reordered, so a model gets the same bits whatever stands beside it.

Models may have zeros. A state whose probability is too small to be told from zero may later be
the only possible one, so `forward_with_losses` carries for every state a bound on what was lost of
its probability. Where that could matter, the model's log-likelihood is NaN, and `hmmcore.sweeps`
must sweep it. Eight models without zeros need no such bound, and get `lane_kernels.forward`.

Shapes: G models, K states, T observations of N sequences one after the other. An observation has
D numbers (`values`, NaN where missing) and C symbols (`symbols`, -1 where missing), whose
log-probabilities are the rows of U in a table: a family uses what it needs.
"""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, IntArray
from hmmcore.compiling import kernel
from hmmcore.lanes import (
    LANES,
    exp_of_nonpositive,
    exponent,
    fill,
    inverse_power,
    keep_above,
    larger,
    load,
    multiply_add,
    store,
    where_larger,
)
from hmmcore.sweeps import lane_kernels
from hmmcore.sweeps.kernels import DENSE_TRANSITION, NEGLIGIBLE, UNDERFLOW_RISK

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
    inverse_sds: FloatArray,
    constants: FloatArray,
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
        initial_probs (G, K), transition_matrices (G, K, K): of the models.
        means, inverse_sds, constants (G, K, D): of the numbers: means, one over the standard
            deviations, and the logarithms of the densities at the means.
        tables (G, U, K): log-probabilities of the symbols, in nats.
        values (T, D), symbols (T, C), offsets (N + 1,): the data.
        stretches (S + 1,): numbers of sequences between which the work is divided: the sequences
            of a stretch are swept together.
        scores, alphas (steps, K, LANES): workspaces for the longest stretch.
        log_likelihoods (G, N): out: NaN where `hmmcore.sweeps` must sweep the model; its other
            results are then worth nothing.
        learning: whether to smooth, and fill in what follows.
        initial_counts (G, K), transition_counts (G, K, K): out: expected counts.
        weights (G, K), counts, deviations, squares (G, K, D): out: see `Diagonal`.
        symbol_counts (G, U, K): out: expected number of each symbol in each state.
    """
    num_models, num_states = initial_probs.shape
    num_values, num_rows = means.shape[2], tables.shape[1]
    initial, matrix, transposed, reach = (
        np.empty((1, num_states, LANES)),
        np.empty((num_states, num_states, LANES)),
        np.empty((num_states, num_states, LANES)),
        np.empty((num_states, num_states, LANES)),
    )
    lane_means = np.empty((num_states, num_values, LANES))
    lane_inverse_sds, lane_constants = np.empty_like(lane_means), np.empty_like(lane_means)
    table = np.empty((num_rows, num_states, LANES))
    first_counts = np.empty((1, num_states, LANES))
    pair_counts = np.empty((num_states, num_states, LANES))
    totals = np.empty((1, num_states, LANES))
    seen, firsts, seconds = (
        np.empty_like(lane_means),
        np.empty_like(lane_means),
        np.empty_like(lane_means),
    )
    row_counts = np.empty((num_rows, num_states, LANES))
    lane_log_liks = np.empty((len(offsets) - 1, LANES))
    dense = np.empty(LANES, dtype=np.bool_)
    for g in range(0, num_models, LANES):
        num_lanes = min(LANES, num_models - g)
        for lane in range(LANES):
            # Lanes without a model of their own repeat the last.
            m = g + min(lane, num_lanes - 1)
            dense[lane] = True
            for i in range(num_states):
                initial[0, i, lane] = initial_probs[m, i]
                for j in range(num_states):
                    prob = transition_matrices[m, i, j]
                    dense[lane] &= prob >= DENSE_TRANSITION
                    matrix[i, j, lane] = prob
                    transposed[j, i, lane] = prob
                    reach[i, j, lane] = max(prob, LEAST_PASSED_ON) if prob > 0.0 else 0.0
                for d in range(num_values):
                    lane_means[i, d, lane] = means[m, i, d]
                    lane_inverse_sds[i, d, lane] = inverse_sds[m, i, d]
                    lane_constants[i, d, lane] = constants[m, i, d]
                for u in range(num_rows):
                    table[u, i, lane] = tables[m, u, i]
        if learning:
            first_counts[:], pair_counts[:], totals[:] = 0.0, 0.0, 0.0
            seen[:], firsts[:], seconds[:], row_counts[:] = 0.0, 0.0, 0.0, 0.0
        for s in range(len(stretches) - 1):
            members = slice(stretches[s], stretches[s + 1])
            start, stop = offsets[stretches[s]], offsets[stretches[s + 1]]
            bounds = offsets[stretches[s] : stretches[s + 1] + 1] - start
            score(
                values[start:stop], symbols[start:stop], lane_means, lane_inverse_sds,
                lane_constants, table, scores,
            )  # fmt: skip
            if dense.all():
                forward(initial, matrix, scores, bounds, alphas, lane_log_liks[members])
            else:
                forward_with_losses(
                    initial, matrix, reach, dense, scores, bounds, alphas, lane_log_liks[members]
                )
            if not learning:
                continue
            smooth(transposed, scores, alphas, bounds, pair_counts)
            for first in bounds[:-1]:
                for k in range(num_states):
                    store(first_counts, 0, k, load(first_counts, 0, k) + load(scores, first, k))
            accumulate(
                values[start:stop], symbols[start:stop], scores, lane_means, totals, seen, firsts,
                seconds, row_counts,
            )  # fmt: skip
        for lane in range(num_lanes):
            m = g + lane
            for n in range(len(offsets) - 1):
                log_likelihoods[m, n] = lane_log_liks[n, lane]
            if not learning:
                continue
            for i in range(num_states):
                initial_counts[m, i] = first_counts[0, i, lane]
                weights[m, i] = totals[0, i, lane]
                for j in range(num_states):
                    transition_counts[m, i, j] = pair_counts[i, j, lane] * matrix[i, j, lane]
                for d in range(num_values):
                    counts[m, i, d] = seen[i, d, lane]
                    deviations[m, i, d] = firsts[i, d, lane]
                    squares[m, i, d] = seconds[i, d, lane]
                for u in range(num_rows):
                    symbol_counts[m, u, i] = row_counts[u, i, lane]


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
    scores: FloatArray,
    bounds: IntArray,
    alphas: FloatArray,
    log_liks: FloatArray,
) -> None:
    """`forward_with_losses` of models without zeros, which lose nothing: to the same bits."""
    num_sequences, num_states = len(bounds) - 1, len(matrix)
    entering = np.empty((num_sequences, num_states, LANES))
    for n in range(num_sequences):
        entering[n] = initial[0]
    lane_kernels.forward(
        matrix, scores, _lengths(bounds), bounds, entering, alphas, log_liks,
        np.empty((num_sequences, num_states, LANES)),
    )  # fmt: skip


@kernel(error_model="numpy")
def forward_with_losses(
    initial: FloatArray,
    matrix: FloatArray,
    reach: FloatArray,
    dense: BoolArray,
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
        dense (LANES,): whether the model has no zeros, so that its losses do not matter.
        scores (S, K, LANES): log p(x_t | z_t = k); on return the shifted likelihoods, zero where a
            state is not reached.
        bounds (n + 1,): between which rows each sequence lies.
        alphas (S, K, LANES): out: p(z_t = k | x_1..x_t) times a factor from 1 to 2.
        log_liks (n, LANES): out: log p(x); NaN where more may be lost than is negligible, or no
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
        least, last = fill(-np.inf), fill(0.0)
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
            least = larger(total * -1.0, least)
            last = total * scale
            for k in range(num_states):
                store(alphas, t, k, load(alphas, t, k) * scale)
                loss = load(losses, 0, k) * scale
                store(losses, 0, k, loss)
                worst = larger(loss, worst)
        store(ends, 0, 0, last)
        store(ends, 1, 0, powers)
        store(ends, 2, 0, shifts)
        store(ends, 3, 0, worst)
        store(ends, 4, 0, least)
        for lane in range(LANES):
            found = (
                ends[1, 0, lane] * lane_kernels.LN_2 + np.log(ends[0, 0, lane]) + ends[2, 0, lane]
            )
            known = dense[lane] or ends[3, 0, lane] <= NEGLIGIBLE
            known &= ends[4, 0, lane] <= -UNDERFLOW_RISK
            log_liks[n, lane] = found if known else np.nan


@kernel(error_model="numpy")
def smooth(
    transposed: FloatArray,
    likelihoods: FloatArray,
    alphas: FloatArray,
    bounds: IntArray,
    counts: FloatArray,
) -> None:
    """Turn what the forward recursion left into p(z_t = k | x), and add up transitions.

    Args:
        transposed (K, K, LANES): the transition matrices transposed.
        likelihoods, alphas (S, K, LANES): what it left; on return `likelihoods` is p(z_t = k | x).
        counts (K, K, LANES): added to: expected transitions over A[i, j].
    """
    shape = (len(bounds) - 1, len(transposed), LANES)
    before, leaving, passed = np.zeros(shape), np.ones(shape), np.empty(shape)
    lane_kernels.backward(
        transposed, likelihoods, alphas, _lengths(bounds), bounds, before, leaving, counts, passed
    )


@kernel()
def _lengths(bounds: IntArray) -> IntArray:
    """Lengths (n, LANES) of sequences between bounds (n + 1,), the same in every lane."""
    lengths = np.empty((len(bounds) - 1, LANES), dtype=np.int64)
    for n in range(len(lengths)):
        lengths[n] = bounds[n + 1] - bounds[n]
    return lengths


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
    for k in range(num_states):
        total = load(totals, 0, k)
        for t in range(len(values)):
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
