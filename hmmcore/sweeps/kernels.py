"""Recursions over time on plain arrays, compiled by numba.

Every kernel takes arrays and fills arrays that the caller owns; none allocates more than a few
rows. All release the GIL, so that sequences can be swept from several threads at once. Shapes:
K states, T rows of N sequences one after the other, `offsets` (N + 1,) their bounds.

The scaled recursions follow Rabiner (1989), "A tutorial on hidden Markov models", section V.A,
with two differences. Each row of log-likelihoods is shifted by its maximum over the states that
can be reached, so that an outlier does not underflow. And where a transition matrix has zeros, a
state whose probability is too small to represent may later be the only possible one. `forward`
keeps an upper bound on the probability of such a state, and when the bound is large enough to
matter it stops with the status `RESCUE`: the sequence is then swept in log space, which cannot
underflow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hmmcore.arrays import BoolArray, FloatArray, IntArray
from hmmcore.compiling import kernel

OK = 0
IMPOSSIBLE = 1
RESCUE = 2

UNDERFLOW_RISK = 1e-150
"""A product of two probabilities below this may underflow."""
DENSE_TRANSITION = 1e-100
"""A transition matrix without entries below this is dense: one step takes every state well above
UNDERFLOW_RISK again."""
NEGLIGIBLE = 1e-20
"""Relative to a probability, an addend smaller than this is lost in double precision."""
UNDERFLOW = 1e-300
"""Upper bound on a product of probabilities that underflowed to zero."""


@kernel()
def is_dense(transition_matrix: FloatArray) -> bool:
    """Whether every transition probability is at least DENSE_TRANSITION."""
    for i in range(transition_matrix.shape[0]):
        for j in range(transition_matrix.shape[1]):
            if not transition_matrix[i, j] >= DENSE_TRANSITION:
                return False
    return True


@kernel()
def has_nan(values: FloatArray) -> bool:
    """Whether any of some numbers (N,) is NaN: a fifth of what asking NumPy costs for a few."""
    found = False
    for value in values:
        found |= np.isnan(value)
    return found


@kernel()
def forward(
    initial_probs: FloatArray,
    transition_matrix: FloatArray,
    scores: FloatArray,
    offsets: IntArray,
    filtered: FloatArray,
    scales: FloatArray,
    log_liks: FloatArray,
    status: IntArray,
) -> None:
    """Filter every sequence.

    Args:
        scores (T, K): log p(x_t | z_t = k); on return the shifted likelihoods that `backward`
            needs (zero for states that cannot be reached).
        filtered (T, K): out: p(z_t = k | x_1..x_t).
        scales (T,): out: p(x_t | x_1..x_{t-1}) in the shifted units.
        log_liks (N,): out: log p(x_1..x_M); -inf when impossible.
        status (N, 2): out: OK, IMPOSSIBLE or RESCUE, and the row where the sweep ended.
    """
    num_states = len(initial_probs)
    predicted = np.empty(num_states)
    filtered_reachable = np.zeros(num_states, dtype=np.bool_)
    predicted_reachable = np.zeros(num_states, dtype=np.bool_)
    # Upper bounds on the probabilities of states that are too improbable to be represented, after
    # and before the observation; `..._reachable` says where exact arithmetic would have no zero.
    filtered_bounds = np.zeros(num_states)
    predicted_bounds = np.zeros(num_states)
    sparse = False
    for i in range(num_states):
        for j in range(num_states):
            if transition_matrix[i, j] < DENSE_TRANSITION:
                sparse = True
    for n in range(len(offsets) - 1):
        start, stop = offsets[n], offsets[n + 1]
        log_lik = 0.0
        status[n, 0] = OK
        status[n, 1] = stop
        for t in range(start, stop):
            if t == start:
                for j in range(num_states):
                    predicted[j] = initial_probs[j]
                    predicted_reachable[j] = initial_probs[j] > 0.0
                    predicted_bounds[j] = 0.0
            else:
                predicted[:] = 0.0
                for i in range(num_states):
                    weight = filtered[t - 1, i]
                    for j in range(num_states):
                        predicted[j] += weight * transition_matrix[i, j]
                if sparse:
                    _zero_below_underflow_risk(
                        transition_matrix,
                        predicted,
                        filtered_reachable,
                        filtered_bounds,
                        predicted_reachable,
                        predicted_bounds,
                    )

            shift = -np.inf
            for j in range(num_states):
                if predicted[j] > 0.0 and scores[t, j] > shift:
                    shift = scores[t, j]
            if shift == -np.inf:
                possible = False
                if sparse:
                    for j in range(num_states):
                        possible |= predicted_reachable[j] and scores[t, j] > -np.inf
                status[n, 0] = RESCUE if possible else IMPOSSIBLE
                status[n, 1] = t
                log_lik = -np.inf
                break

            total = 0.0
            for j in range(num_states):
                likelihood = 0.0
                if predicted[j] > 0.0:
                    likelihood = np.exp(scores[t, j] - shift)
                filtered[t, j] = predicted[j] * likelihood
                total += filtered[t, j]
                if sparse:
                    filtered_reachable[j] = predicted_reachable[j] and scores[t, j] > -np.inf
                    if predicted_bounds[j] > 0.0:
                        predicted_bounds[j] *= np.exp(scores[t, j] - shift)
                scores[t, j] = likelihood
            # When the likely states are themselves all but unreachable, too few digits are left.
            rescue = total < UNDERFLOW_RISK
            for j in range(num_states):
                filtered[t, j] /= total
                if sparse:
                    filtered_bounds[j] = 0.0
                    if filtered_reachable[j] and (
                        predicted_bounds[j] > 0.0 or filtered[t, j] < UNDERFLOW_RISK
                    ):
                        filtered_bounds[j] = max(
                            filtered[t, j], max(predicted_bounds[j], UNDERFLOW) / total
                        )
                        rescue |= filtered_bounds[j] > NEGLIGIBLE
            if rescue:
                status[n, 0] = RESCUE
                status[n, 1] = t
                break
            scales[t] = total
            log_lik += np.log(total) + shift
        log_liks[n] = log_lik


@kernel()
def _zero_below_underflow_risk(
    transition_matrix: FloatArray,
    predicted: FloatArray,
    filtered_reachable: BoolArray,
    filtered_bounds: FloatArray,
    predicted_reachable: BoolArray,
    predicted_bounds: FloatArray,
) -> None:
    """Set predicted probabilities to zero that are below UNDERFLOW_RISK, or not known well.

    `backward` divides by a probability that is kept, so it must be at least UNDERFLOW_RISK, and
    what the filtered bounds could add to it must be NEGLIGIBLE beside it. For any other state
    `predicted_bounds` is filled with an upper bound on its true probability.

    All arrays are (K,); `predicted_reachable` is filled too.
    """
    num_states = len(predicted)
    all_kept = True
    for j in range(num_states):
        all_kept &= predicted[j] >= UNDERFLOW_RISK and filtered_bounds[j] == 0.0
        predicted_reachable[j] = True
        predicted_bounds[j] = 0.0
    if all_kept:
        return
    for j in range(num_states):
        predicted_reachable[j] = False
        for i in range(num_states):
            if filtered_reachable[i] and transition_matrix[i, j] > 0.0:
                predicted_reachable[j] = True
                predicted_bounds[j] += filtered_bounds[i] * transition_matrix[i, j]
        if predicted[j] >= UNDERFLOW_RISK and predicted_bounds[j] <= NEGLIGIBLE * predicted[j]:
            predicted_bounds[j] = 0.0
        elif predicted_reachable[j]:
            predicted_bounds[j] = max(predicted_bounds[j] + predicted[j], UNDERFLOW)
            predicted[j] = 0.0


@kernel()
def backward(
    transition_matrix: FloatArray,
    transposed: FloatArray,
    likelihoods: FloatArray,
    filtered: FloatArray,
    scales: FloatArray,
    offsets: IntArray,
    status: IntArray,
    smoothed: FloatArray,
    initial_counts: FloatArray,
    transition_counts: FloatArray,
) -> None:
    """Smooth every sequence that `forward` finished, adding up expected counts on the way.

    Args:
        transposed (K, K): the transition matrix transposed, contiguous.
        likelihoods (T, K), filtered (T, K), scales (T,), status (N, 2): what `forward` left.
        smoothed (T, K): out: p(z_t = k | x_1..x_M). May be `filtered` itself.
        initial_counts (K,): added to: sum over sequences of p(z_1 = k | x).
        transition_counts (K, K): added to: sum over time of p(z_{t-1} = i, z_t = j | x).
    """
    num_states = len(initial_counts)
    # p(x_{t+1}..x_M | z_t = k) over the same given x_1..x_t, so that the products stay near one.
    future = np.empty(num_states)
    evidence = np.empty(num_states)
    counts = np.zeros((num_states, num_states))
    for n in range(len(offsets) - 1):
        if status[n, 0] != OK:
            continue
        start, stop = offsets[n], offsets[n + 1]
        for k in range(num_states):
            smoothed[stop - 1, k] = filtered[stop - 1, k]
            future[k] = 1.0
        for t in range(stop - 1, start, -1):
            for j in range(num_states):
                evidence[j] = likelihoods[t, j] * future[j] / scales[t]
                future[j] = 0.0
            for j in range(num_states):
                weight = evidence[j]
                if weight != 0.0:
                    for i in range(num_states):
                        future[i] += transposed[j, i] * weight
            for i in range(num_states):
                weight = filtered[t - 1, i]
                if weight != 0.0:
                    for j in range(num_states):
                        counts[i, j] += weight * evidence[j]
            total = 0.0
            for i in range(num_states):
                smoothed[t - 1, i] = filtered[t - 1, i] * future[i]
                total += smoothed[t - 1, i]
            # The sum is one but for rounding; dividing keeps that rounding from piling up over
            # a long sequence.
            for i in range(num_states):
                smoothed[t - 1, i] /= total
                future[i] /= total
        for k in range(num_states):
            initial_counts[k] += smoothed[start, k]
    for i in range(num_states):
        for j in range(num_states):
            transition_counts[i, j] += counts[i, j] * transition_matrix[i, j]


@kernel()
def _log_sum_exp(values: FloatArray) -> float:
    top = values.max()
    if top == -np.inf:
        return float(top)
    total = 0.0
    for value in values:
        total += np.exp(value - top)
    return float(top + np.log(total))


@kernel()
def forward_backward_log(
    log_initial: FloatArray,
    log_transition: FloatArray,
    scores: FloatArray,
    filtered: FloatArray,
    smoothed: FloatArray,
    initial_counts: FloatArray,
    transition_counts: FloatArray,
) -> tuple[float, int]:
    """Sweep one sequence in log space: slower than the scaled recursions, and never underflows.

    Args:
        scores (M, K): log p(x_t | z_t = k); left as it is.
        filtered (M, K), smoothed (M, K): out, two different arrays.
        initial_counts (K,), transition_counts (K, K): added to.

    Returns:
        log p(x_1..x_M) and the row where the data become impossible (M when they do not).
    """
    length, num_states = scores.shape
    terms = np.empty(num_states)
    log_lik = 0.0
    for t in range(length):
        for j in range(num_states):
            if t == 0:
                filtered[t, j] = log_initial[j] + scores[t, j]
            else:
                for i in range(num_states):
                    terms[i] = filtered[t - 1, i] + log_transition[i, j]
                filtered[t, j] = _log_sum_exp(terms) + scores[t, j]
        scale = _log_sum_exp(filtered[t])
        if scale == -np.inf:
            return -np.inf, t
        log_lik += scale
        for j in range(num_states):
            filtered[t, j] -= scale

    future = np.zeros(num_states)
    evidence = np.empty(num_states)
    smoothed[length - 1] = np.exp(filtered[length - 1])
    for t in range(length - 1, 0, -1):
        for j in range(num_states):
            evidence[j] = scores[t, j] + future[j]
        for i in range(num_states):
            for j in range(num_states):
                terms[j] = log_transition[i, j] + evidence[j]
            future[i] = _log_sum_exp(terms)
        for i in range(num_states):
            terms[i] = filtered[t - 1, i] + future[i]
        scale = _log_sum_exp(terms)
        for i in range(num_states):
            smoothed[t - 1, i] = np.exp(terms[i] - scale)
            future[i] -= scale
            for j in range(num_states):
                transition_counts[i, j] += np.exp(
                    filtered[t - 1, i] + log_transition[i, j] + evidence[j] - scale
                )
    initial_counts += smoothed[0]
    for t in range(length):
        for k in range(num_states):
            filtered[t, k] = np.exp(filtered[t, k])
    return log_lik, length


@kernel()
def viterbi(
    log_initial: FloatArray,
    log_transition: FloatArray,
    scores: FloatArray,
    offsets: IntArray,
    best_previous: NDArray[np.int32],
    states: IntArray,
    log_joints: FloatArray,
) -> None:
    """Find the most probable path of every sequence; the lowest state wins a tie.

    Args:
        scores (T, K): log p(x_t | z_t = k).
        best_previous (T, K): workspace for the back pointers.
        states (T,): out: the path; -1 for a sequence that no path can explain.
        log_joints (N,): out: log p(path, x).
    """
    num_states = len(log_initial)
    best = np.empty(num_states)
    following = np.empty(num_states)
    for n in range(len(offsets) - 1):
        start, stop = offsets[n], offsets[n + 1]
        for k in range(num_states):
            best[k] = log_initial[k] + scores[start, k]
        for t in range(start + 1, stop):
            following[:] = -np.inf
            best_previous[t] = 0
            for i in range(num_states):
                for j in range(num_states):
                    candidate = best[i] + log_transition[i, j]
                    if candidate > following[j]:
                        following[j] = candidate
                        best_previous[t, j] = i
            for j in range(num_states):
                best[j] = following[j] + scores[t, j]
        last = np.argmax(best)
        log_joints[n] = best[last]
        if best[last] == -np.inf:
            states[start:stop] = -1
            continue
        states[stop - 1] = last
        for t in range(stop - 1, start, -1):
            states[t - 1] = best_previous[t, states[t]]
