"""Recursions over time on plain arrays, compiled by numba.

Every kernel takes arrays and fills arrays that the caller owns; none allocates more than a few
rows. All release the GIL, so that sequences can be swept from several threads at once. Shapes:
K states, T rows of N sequences one after the other, `offsets` (N + 1,) their bounds.

The scaled recursions follow Rabiner (1989), "A tutorial on hidden Markov models", section V.A,
with two differences. Each row of log-likelihoods is shifted by its maximum over the states that
can be reached, so that an outlier does not underflow. And where a transition matrix has zeros,
a state whose probability became too small to represent could in truth become the only one left;
bounds are kept on such states, and when one could matter (`RESCUE`) the sequence is swept in log
space, which cannot underflow.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hmmcore.arrays import BoolArray, FloatArray, IntArray

OK = 0
IMPOSSIBLE = 1
RESCUE = 2

FAINT = 1e-150
"""A probability below this is on its way to underflow."""
SURE = 1e-100
"""Transition probabilities that are all above this keep every state well above FAINT."""
NEGLIGIBLE = 1e-20
"""A share below this of a probability cannot be seen in double precision."""
UNDERFLOW = 1e-300
"""More than a product of probabilities can be that became zero by underflow."""


@njit(cache=True, nogil=True)
def all_sure(transition_matrix: FloatArray) -> bool:
    """Whether every transition probability is at least SURE."""
    for i in range(transition_matrix.shape[0]):
        for j in range(transition_matrix.shape[1]):
            if not transition_matrix[i, j] >= SURE:
                return False
    return True


@njit(cache=True, nogil=True)
def has_nan(values: FloatArray) -> bool:
    """Whether any of some numbers (N,) is NaN: a fifth of what asking NumPy costs for a few."""
    found = False
    for value in values:
        found |= np.isnan(value)
    return found


@njit(cache=True, nogil=True)
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
    reached = np.zeros(num_states, dtype=np.bool_)
    coming = np.zeros(num_states, dtype=np.bool_)
    # Upper bounds on the probabilities of states that were set aside, filtered and predicted.
    lost = np.zeros(num_states)
    losing = np.zeros(num_states)
    sparse = False
    for i in range(num_states):
        for j in range(num_states):
            if transition_matrix[i, j] < SURE:
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
                    coming[j] = initial_probs[j] > 0.0
                    losing[j] = 0.0
            else:
                predicted[:] = 0.0
                for i in range(num_states):
                    weight = filtered[t - 1, i]
                    for j in range(num_states):
                        predicted[j] += weight * transition_matrix[i, j]
                if sparse:
                    _set_aside_the_faint(
                        transition_matrix, predicted, reached, lost, coming, losing
                    )

            shift = -np.inf
            for j in range(num_states):
                if predicted[j] > 0.0 and scores[t, j] > shift:
                    shift = scores[t, j]
            if shift == -np.inf:
                possible = False
                if sparse:
                    for j in range(num_states):
                        possible |= coming[j] and scores[t, j] > -np.inf
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
                    reached[j] = coming[j] and scores[t, j] > -np.inf
                    if losing[j] > 0.0:
                        losing[j] *= np.exp(scores[t, j] - shift)
                scores[t, j] = likelihood
            # When the likely states are themselves all but unreachable, too few digits are left.
            rescue = total < FAINT
            for j in range(num_states):
                filtered[t, j] /= total
                if sparse:
                    lost[j] = 0.0
                    if reached[j] and (losing[j] > 0.0 or filtered[t, j] < FAINT):
                        lost[j] = max(filtered[t, j], max(losing[j], UNDERFLOW) / total)
                        rescue |= lost[j] > NEGLIGIBLE
            if rescue:
                status[n, 0] = RESCUE
                status[n, 1] = t
                break
            scales[t] = total
            log_lik += np.log(total) + shift
        log_liks[n] = log_lik


@njit(cache=True, nogil=True)
def _set_aside_the_faint(
    transition_matrix: FloatArray,
    predicted: FloatArray,
    reached: BoolArray,
    lost: FloatArray,
    coming: BoolArray,
    losing: FloatArray,
) -> None:
    """Fill `coming` with the states that can be reached, and set aside those not well known.

    A state is well known when its predicted probability is large enough to divide by on the way
    back, and dwarfs what lost states could add to it. Any other is predicted at zero from here
    on, and `losing` keeps an upper bound on what it truly is.
    """
    num_states = len(predicted)
    all_known = True
    for j in range(num_states):
        all_known &= predicted[j] >= FAINT and lost[j] == 0.0
        coming[j] = True
        losing[j] = 0.0
    if all_known:
        return
    for j in range(num_states):
        coming[j] = False
        for i in range(num_states):
            if reached[i] and transition_matrix[i, j] > 0.0:
                coming[j] = True
                losing[j] += lost[i] * transition_matrix[i, j]
        if predicted[j] >= FAINT and losing[j] <= NEGLIGIBLE * predicted[j]:
            losing[j] = 0.0
        elif coming[j]:
            losing[j] = max(losing[j] + predicted[j], UNDERFLOW)
            predicted[j] = 0.0


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _log_sum_exp(values: FloatArray) -> float:
    top = values.max()
    if top == -np.inf:
        return float(top)
    total = 0.0
    for value in values:
        total += np.exp(value - top)
    return float(top + np.log(total))


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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
