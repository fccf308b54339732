"""EM steps of eight Gaussian models at once, many in one call.

A model stays in its lane from step to step, with its parameters and its statistics, so that a block
of eight lives in a core's fastest cache. One that is done leaves its lane to the next that waits.

Shapes as in `kernels`. What belongs to a model, `rows` (G, I, J) or `lanes` (I, J, LANES), is a
tuple in this order: π (1, K), A (K, K), means (K, D), variances (K, C); then what `kernels.sweep`
adds up under them, initial_counts (1, K), transition_counts (K, K), weights (1, K), counts,
deviations and squares (K, D); and log_likelihoods (N, 1).
"""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.batch.kernels import (
    clear,
    prepare,
    sweep_block,
    workspaces,
)
from hmmcore.batch.remedies import note
from hmmcore.compiling import kernel
from hmmcore.emissions.base import EMPTY_WEIGHT
from hmmcore.emissions.gaussian_steps import EMPTY, EMPTY_DIMENSION, FLOORED
from hmmcore.lanes import LANES, aligned_rows, fill, larger, load, store, where_larger
from hmmcore.training.base import MOST_ROUNDING, ROUNDING
from hmmcore.training.em import ROUNDING_RTOL

LIGHTLY, WITH_LOSSES, ALONE = 0, 1, 2
"""How a model is swept: with one bound on losses, with a bound for every state, or by the trainer
itself. A step that cannot be trusted is tried again in the next of these ways, and so are all that
follow it."""


@kernel(error_model="numpy")
def take_steps(
    rows: tuple[FloatArray, ...],
    waiting: IntArray,
    learned: tuple[bool, bool, bool, bool],
    floor: float,
    values: FloatArray,
    symbols: IntArray,
    offsets: IntArray,
    stretches: IntArray,
    num_observed: int,
    tolerance: float,
    patience: int,
    max_iterations: int,
    most: int,
    bounding: bool,
    scores: FloatArray,
    alphas: FloatArray,
    totals: FloatArray,
    iterations: IntArray,
    still: IntArray,
    first: IntArray,
    ways: IntArray,
    visited: IntArray,
    visits: FloatArray,
) -> int:
    """Take EM steps with models until each is over or cannot go on in this way.

    Args:
        rows: what belongs to the models; on return after their last steps.
        waiting: which of them are to go on, one after the other.
        learned: whether to learn π, A, the means and the variances.
        floor: variances never go below it.
        values, symbols, offsets, stretches, scores, alphas: as `kernels.sweep` takes them.
        num_observed, tolerance, patience, max_iterations: the rule by which a model is over; see
            `training.base.fit`.
        most: how many steps the lanes take before they return in any case.
        bounding: whether to sweep WITH_LOSSES.
        totals, iterations, still (G,): brought up to date: log-likelihoods, how many steps led
            here, and how many of the last stood still.
        first (G, K, kinds): likewise, when each remedy was first needed; see `remedies.note`.
        ways (G,): out: the next way, where a step could not be trusted; it is not taken.
        visited, visits (most, LANES): out: who took each step, -1 for nobody, and the
            log-likelihood that it led to. Without rows nothing is noted.

    Returns:
        how many steps the lanes took.
    """
    num_states, num_values, num_variances = rows[1].shape[1], rows[2].shape[2], rows[3].shape[2]
    num_observations, num_sequences = len(values), len(offsets) - 1
    sizes = num_states, num_values, num_variances, num_sequences
    # One array holds all that belongs to the models; the others are parts of it.
    present, (
        initial, matrix, means, variances, initial_counts, transition_counts, _weights, counts,
        deviations, squares, _log_liks,
    ) = models_in_lanes(*sizes)  # fmt: skip
    after, (
        new_initial, new_matrix, new_means, new_variances, new_initial_counts,
        new_transition_counts, new_weights, new_counts, new_deviations, new_squares, log_liks,
    ) = models_in_lanes(*sizes)  # fmt: skip
    (
        swept_initial, swept_matrix, transposed, reach, least, inverse_sds, constants, future,
        before, evidence,
    ) = workspaces(num_states, num_values)  # fmt: skip
    table, codes = aligned_rows(0, num_states), aligned_rows(num_states, 1)
    trouble, conditions = aligned_rows(1, 1), aligned_rows(1, 1)
    clear(present)
    # A lane without a model goes on unheeded.
    members, taken, num_steps = np.full(LANES, -1), 0, 0
    while num_steps < most:
        occupied = False
        for lane in range(LANES):
            if members[lane] < 0 and taken < len(waiting):
                members[lane] = waiting[taken]
                taken += 1
                into_lane(rows, members[lane], present, lane)
            occupied |= members[lane] >= 0
        if not occupied:
            break
        proportions(initial_counts, initial, learned[0], new_initial)
        proportions(transition_counts, matrix, learned[1], new_matrix)
        maximize(
            counts, deviations, squares, means, variances, (learned[2], learned[3]), floor,
            new_means, new_variances, codes, trouble,
        )  # fmt: skip
        prepare(
            new_initial, new_matrix, new_variances, bounding, swept_initial, swept_matrix,
            transposed, reach, least, inverse_sds, constants,
        )  # fmt: skip
        sweep_block(
            new_means, table, values, symbols, offsets, stretches, bounding, True, swept_initial,
            swept_matrix, transposed, reach, least, inverse_sds, constants, future, before,
            evidence, scores, alphas, log_liks, new_initial_counts, new_transition_counts,
            new_weights, new_counts, new_deviations, new_squares, table,
        )  # fmt: skip
        condition_numbers(new_means, inverse_sds, conditions)
        for lane in range(LANES):
            row = members[lane]
            if len(visited):
                visited[num_steps, lane] = -1
            if row < 0:
                continue
            total = 0.0
            for n in range(num_sequences):
                total += log_liks[n, 0, lane]
            change = total - totals[row]
            fallen = -ROUNDING_RTOL * (abs(totals[row]) + num_observations)
            if not change + trouble[0, 0, lane] >= fallen:
                ways[row] = WITH_LOSSES if ways[row] == LIGHTLY else ALONE
                from_lane(present, lane, rows, row)
                members[lane] = -1
                continue
            totals[row] = total
            iterations[row] += 1
            for k in range(num_states):
                if codes[k, 0, lane] != 0.0:
                    note(int(codes[k, 0, lane]), iterations[row], first[row, k])
            if len(visited):
                visited[num_steps, lane] = row
                visits[num_steps, lane] = total
            size = abs(change) / num_observed
            stands = size <= tolerance
            if not stands and size <= MOST_ROUNDING:
                rounded = ROUNDING * (abs(total) + num_observed * conditions[0, 0, lane])
                stands = abs(change) <= rounded
            still[row] = still[row] + 1 if stands else 0
            if still[row] >= patience or iterations[row] >= max_iterations:
                from_lane(after, lane, rows, row)
                members[lane] = -1
        for i in range(len(present)):
            store(present, i, 0, load(after, i, 0))
        num_steps += 1
    for lane in range(LANES):
        if members[lane] >= 0:
            from_lane(present, lane, rows, members[lane])
    return num_steps


@kernel()
def models_in_lanes(
    num_states: int, num_values: int, num_variances: int, num_sequences: int
) -> tuple[FloatArray, tuple[FloatArray, ...]]:
    """Room for what belongs to eight models: one array (R, 1, LANES), and the parts of it."""
    chain, pairs = num_states, num_states**2
    numbers, spreads = num_states * num_values, num_states * num_variances
    size = 3 * chain + 2 * pairs + 4 * numbers + spreads + num_sequences
    whole = aligned_rows(size, 1)
    a, b = chain, chain + pairs
    c = b + numbers
    d = c + spreads
    e = d + chain
    f = e + pairs
    g = f + chain
    h = g + numbers
    i = h + numbers
    j = i + numbers
    return whole, (
        whole[:a].reshape(1, num_states, LANES),
        whole[a:b].reshape(num_states, num_states, LANES),
        whole[b:c].reshape(num_states, num_values, LANES),
        whole[c:d].reshape(num_states, num_variances, LANES),
        whole[d:e].reshape(1, num_states, LANES),
        whole[e:f].reshape(num_states, num_states, LANES),
        whole[f:g].reshape(1, num_states, LANES),
        whole[g:h].reshape(num_states, num_values, LANES),
        whole[h:i].reshape(num_states, num_values, LANES),
        whole[i:j].reshape(num_states, num_values, LANES),
        whole[j:].reshape(num_sequences, 1, LANES),
    )


@kernel()
def into_lane(rows: tuple[FloatArray, ...], row: int, whole: FloatArray, lane: int) -> None:
    """Copy what belongs to a model into one lane of what `models_in_lanes` made."""
    place = 0
    for part in range(len(rows)):
        for i in range(rows[part].shape[1]):
            for j in range(rows[part].shape[2]):
                whole[place, 0, lane] = rows[part][row, i, j]
                place += 1


@kernel()
def from_lane(whole: FloatArray, lane: int, rows: tuple[FloatArray, ...], row: int) -> None:
    """Undo `into_lane`."""
    place = 0
    for part in range(len(rows)):
        for i in range(rows[part].shape[1]):
            for j in range(rows[part].shape[2]):
                rows[part][row, i, j] = whole[place, 0, lane]
                place += 1


@kernel(error_model="numpy")
def proportions(counts: FloatArray, present: FloatArray, learned: bool, out: FloatArray) -> None:
    """`em.fill_proportions` of counts (I, K, LANES); what has no data stays as it is."""
    num_rows, num_states = counts.shape[:2]
    for i in range(num_rows):
        total = fill(0.0)
        if learned:
            for k in range(num_states):
                total = total + load(counts, i, k)
        for k in range(num_states):
            share = load(counts, i, k) / total
            kept = load(present, i, k)
            store(out, i, k, where_larger(total, fill(EMPTY_WEIGHT), share, kept))


@kernel(error_model="numpy")
def maximize(
    counts: FloatArray,
    deviations: FloatArray,
    squares: FloatArray,
    present_means: FloatArray,
    present_variances: FloatArray,
    learned: tuple[bool, bool],
    floor: float,
    means: FloatArray,
    variances: FloatArray,
    codes: FloatArray,
    trouble: FloatArray,
) -> None:
    """`gaussian_steps.maximize` in lanes.

    Args:
        counts, deviations, squares, present_means (K, D, LANES), present_variances (K, C, LANES):
            of the models.
        means (K, D, LANES), variances (K, C, LANES): out.
        codes (K, 1, LANES): out: the remedies' bits.
        trouble (1, 1, LANES): out: NaN where a parameter is not a finite number, otherwise zero.
    """
    num_states, num_values = means.shape[:2]
    num_variances = variances.shape[1]
    pooled = num_values // num_variances
    zero, one, empty = fill(0.0), fill(1.0), fill(EMPTY_WEIGHT)
    wrong = zero
    for k in range(num_states):
        num_with_data, floored = zero, zero
        for c in range(num_variances):
            total, square = zero, zero
            for d in range(c * pooled, (c + 1) * pooled):
                count, deviation, move = load(counts, k, d), load(deviations, k, d), zero
                num_with_data = num_with_data + where_larger(count, empty, one, zero)
                if learned[0]:
                    move = where_larger(count, empty, deviation / count, zero)
                mean = load(present_means, k, d) + move
                store(means, k, d, mean)
                wrong = wrong + (mean - mean)
                # E[(x - m - move)^2], from deviations about the present means m.
                total = total + count
                square = square + (load(squares, k, d) - move * (deviation * 2.0 - count * move))
            variance = load(present_variances, k, c)
            if learned[1]:
                spread = square / total
                low = where_larger(fill(floor), spread, one, zero)
                floored = larger(where_larger(total, empty, low, zero), floored)
                spread = where_larger(low, zero, fill(floor), spread)
                variance = where_larger(total, empty, spread, variance)
            store(variances, k, c, variance)
            wrong = wrong + (variance - variance)
        code = where_larger(one, num_with_data, fill(float(EMPTY)), zero)
        some = where_larger(num_with_data, zero, fill(float(EMPTY_DIMENSION)), zero)
        code = code + where_larger(fill(float(num_values)), num_with_data, some, zero)
        store(codes, k, 0, code + floored * float(FLOORED))
    store(trouble, 0, 0, wrong)


@kernel(error_model="numpy")
def condition_numbers(means: FloatArray, inverse_sds: FloatArray, out: FloatArray) -> None:
    """Fill out (1, 1, LANES) with the largest of `Gaussian.condition_numbers` of each lane."""
    largest = fill(1.0)
    for k in range(means.shape[0]):
        for d in range(means.shape[1]):
            far = load(means, k, d) * load(inverse_sds, k, d)
            largest = larger(far * far * ROUNDING, largest)
    store(out, 0, 0, largest)
