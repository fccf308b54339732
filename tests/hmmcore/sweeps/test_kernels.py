"""The compiled kernels against their plain-NumPy twins and their own Python source."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from hmmcore.sweeps import kernels
from tests.hmmcore.models import STRUCTURES
from tests.hmmcore.oracle import scaled_sweep, viterbi_path

SEEDS = range(2)


class Problem(NamedTuple):
    """Arrays as the kernels take them: scores (T, K) of sequences one after the other."""

    initial_probs: np.ndarray
    transition_matrix: np.ndarray
    scores: np.ndarray
    offsets: np.ndarray


def problem(structure: str, num_states: int, size: float, seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(rng.integers(1, 40, size=5))])
    scores = rng.normal(size=(offsets[-1], num_states)) * size
    return Problem(*STRUCTURES[structure](rng, num_states), scores, offsets)


PROBLEMS = {
    f"{structure}, K={num_states}, size {size:g}": (structure, num_states, size)
    for structure, num_states, size in [
        ("dense", 1, 1.0),
        ("dense", 2, 1.0),
        ("dense", 5, 30.0),
        ("dense", 9, 1000.0),
        ("sparse", 4, 1.0),
        ("left-right", 3, 1.0),
        ("identity", 3, 0.5),
        ("nearly deterministic", 4, 1.0),
        ("uniform", 3, 100.0),
    ]
}
every_problem = pytest.mark.parametrize("how", PROBLEMS.values(), ids=PROBLEMS.keys())
compiled_or_not = pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "python"])


def pick(kernel, compiled: bool):
    return kernel if compiled else kernel.py_func


def run_forward(given: Problem, compiled: bool = True):
    """Likelihoods, filtered, scales, log-likelihoods and status as `forward` leaves them."""
    likelihoods = given.scores.copy()
    filtered, scales = np.full(likelihoods.shape, np.nan), np.full(len(likelihoods), np.nan)
    log_liks = np.full(len(given.offsets) - 1, np.nan)
    status = np.full((len(log_liks), 2), -9)
    pick(kernels.forward, compiled)(
        given.initial_probs,
        given.transition_matrix,
        likelihoods,
        given.offsets,
        filtered,
        scales,
        log_liks,
        status,
    )
    return likelihoods, filtered, scales, log_liks, status


def run_backward(given: Problem, swept, compiled: bool = True, in_place: bool = False):
    """Smoothed, initial counts and transition counts as `backward` leaves them."""
    likelihoods, filtered, scales, _, status = swept
    filtered = filtered.copy()
    smoothed = filtered if in_place else np.full(filtered.shape, np.nan)
    starts = np.zeros(filtered.shape[1])
    counts = np.zeros_like(given.transition_matrix)
    pick(kernels.backward, compiled)(
        given.transition_matrix,
        np.ascontiguousarray(given.transition_matrix.T),
        likelihoods,
        filtered,
        scales,
        given.offsets,
        status,
        smoothed,
        starts,
        counts,
    )
    return smoothed, starts, counts


def run_log_space(given: Problem, n: int, compiled: bool = True):
    """One sequence: log-likelihood, time, filtered, smoothed, initial and transition counts."""
    scores = given.scores[given.offsets[n] : given.offsets[n + 1]]
    filtered, smoothed = np.empty_like(scores), np.empty_like(scores)
    starts, counts = np.zeros(scores.shape[1]), np.zeros_like(given.transition_matrix)
    with np.errstate(divide="ignore"):
        log_initial, log_transition = np.log(given.initial_probs), np.log(given.transition_matrix)
    log_lik, time = pick(kernels.forward_backward_log, compiled)(
        log_initial, log_transition, scores, filtered, smoothed, starts, counts
    )
    return log_lik, time, filtered, smoothed, starts, counts


def run_viterbi(given: Problem, compiled: bool = True):
    with np.errstate(divide="ignore"):
        log_initial, log_transition = np.log(given.initial_probs), np.log(given.transition_matrix)
    states = np.full(len(given.scores), -9)
    log_joints = np.full(len(given.offsets) - 1, np.nan)
    pointers = np.zeros(given.scores.shape, dtype=np.int32)
    pick(kernels.viterbi, compiled)(
        log_initial, log_transition, given.scores, given.offsets, pointers, states, log_joints
    )
    return states, log_joints


def each_sequence(given: Problem):
    for n in range(len(given.offsets) - 1):
        yield n, slice(given.offsets[n], given.offsets[n + 1])


@pytest.mark.parametrize("seed", SEEDS)
@every_problem
def test_the_scaled_recursions_equal_their_numpy_twin(how, seed):
    given = problem(*how, seed)
    swept = run_forward(given)
    _, filtered, scales, log_liks, status = swept
    smoothed, starts, counts = run_backward(given, swept)
    expected_starts, expected_counts = np.zeros_like(starts), np.zeros_like(counts)
    for n, rows in each_sequence(given):
        assert status[n].tolist() == [kernels.OK, given.offsets[n + 1]]
        twin = scaled_sweep(given.initial_probs, given.transition_matrix, given.scores[rows])
        np.testing.assert_allclose(log_liks[n], twin.log_likelihood, rtol=1e-13, atol=1e-12)
        np.testing.assert_allclose(scales[rows], twin.scales, rtol=1e-12)
        np.testing.assert_allclose(filtered[rows], twin.filtered, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(smoothed[rows], twin.smoothed, rtol=1e-12, atol=1e-15)
        expected_counts += twin.transition_counts
        expected_starts += twin.initial_counts
    np.testing.assert_allclose(counts, expected_counts, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(starts, expected_starts, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("seed", SEEDS)
@every_problem
def test_the_sweep_in_log_space_equals_the_scaled_one(how, seed):
    given = problem(*how, seed)
    for n, rows in each_sequence(given):
        twin = scaled_sweep(given.initial_probs, given.transition_matrix, given.scores[rows])
        log_lik, time, filtered, smoothed, starts, counts = run_log_space(given, n)
        assert time == rows.stop - rows.start
        np.testing.assert_allclose(log_lik, twin.log_likelihood, rtol=1e-13, atol=1e-12)
        # In logs the rounding grows with the size of the scores.
        close = {"rtol": 1e-12 * max(1.0, how[2]), "atol": 1e-13}
        np.testing.assert_allclose(filtered, twin.filtered, **close)
        np.testing.assert_allclose(smoothed, twin.smoothed, **close)
        np.testing.assert_allclose(starts, twin.initial_counts, **close)
        np.testing.assert_allclose(counts, twin.transition_counts, **close)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("whole", [False, True], ids=["real scores", "whole scores that tie"])
@every_problem
def test_viterbi_equals_its_numpy_twin(how, whole, seed):
    given = problem(*how, seed)
    if whole:
        given = given._replace(scores=np.sign(np.round(given.scores)))
    states, log_joints = run_viterbi(given)
    for n, rows in each_sequence(given):
        path, log_joint = viterbi_path(
            given.initial_probs, given.transition_matrix, given.scores[rows]
        )
        np.testing.assert_array_equal(states[rows], path)
        np.testing.assert_allclose(log_joints[n], log_joint, rtol=1e-15, atol=0)


@pytest.mark.parametrize("seed", SEEDS)
@every_problem
def test_smoothing_in_place_gives_the_same_bits(how, seed):
    given = problem(*how, seed)
    swept = run_forward(given)
    for apart, shared in zip(
        run_backward(given, swept), run_backward(given, swept, in_place=True), strict=True
    ):
        np.testing.assert_array_equal(apart, shared)


def awkward(seed: int) -> Problem:
    """Impossible, rescued and ordinary sequences side by side."""
    given = problem("dense", 3, 1000.0, seed)
    rng = np.random.default_rng(seed)
    transition = np.array([[1.0, 1e-160, 0.0], [0.5, 0.5, 0.0], [1e-20, 0.0, 1.0]])
    scores = np.where(rng.random(given.scores.shape) < 0.05, -np.inf, given.scores)
    scores[given.offsets[2]] = -np.inf
    return given._replace(transition_matrix=transition, scores=scores)


@pytest.mark.parametrize(
    "make", [*(("problem", s) for s in (0, 1)), ("awkward", 0), ("awkward", 1)]
)
def test_the_python_source_of_every_kernel_gives_what_was_compiled(make, monkeypatch):
    kind, seed = make
    given = awkward(seed) if kind == "awkward" else problem("sparse", 3, 2.0, seed)
    compiled, compiled_log = run_forward(given), run_log_space(given, 0)
    for name in ("_zero_below_underflow_risk", "_log_sum_exp"):
        monkeypatch.setattr(kernels, name, getattr(kernels, name).py_func)
    close = {"rtol": 1e-13, "atol": 1e-300}
    with np.errstate(all="ignore"):  # NumPy warns where numba, and IEEE arithmetic, do not
        source, source_log = run_forward(given, False), run_log_space(given, 0, False)
        status = compiled[-1]
        np.testing.assert_array_equal(source[-1], status)
        np.testing.assert_allclose(source[-2], compiled[-2], rtol=1e-13)
        for (code, ended), (_, rows) in zip(status, each_sequence(given), strict=True):
            rows = rows if code == kernels.OK else slice(rows.start, ended)
            for left, right in zip(source[:3], compiled[:3], strict=True):
                np.testing.assert_allclose(left[rows], right[rows], **close)
        for left, right in zip(
            run_backward(given, compiled, False), run_backward(given, compiled), strict=True
        ):
            np.testing.assert_allclose(left, right, **close)
        for left, right in zip(source_log, compiled_log, strict=True):
            if source_log[0] > -np.inf or np.ndim(left) == 0:
                np.testing.assert_allclose(left, right, rtol=1e-11, atol=1e-300)
        for left, right in zip(run_viterbi(given, False), run_viterbi(given), strict=True):
            np.testing.assert_array_equal(left, right)


def test_awkward_problems_reach_every_outcome():
    outcomes = {code for seed in SEEDS for code in run_forward(awkward(seed))[-1][:, 0].tolist()}
    assert outcomes == {kernels.OK, kernels.IMPOSSIBLE, kernels.RESCUE}


@compiled_or_not
def test_counts_are_added_to_what_is_there(compiled):
    given = problem("dense", 2, 1.0, 0)
    swept = run_forward(given)
    _, starts, counts = run_backward(given, swept)
    more_starts, more_counts = starts.copy(), counts.copy()
    likelihoods, filtered, scales, _, status = swept
    pick(kernels.backward, compiled)(
        given.transition_matrix,
        np.ascontiguousarray(given.transition_matrix.T),
        likelihoods,
        filtered,
        scales,
        given.offsets,
        status,
        np.empty_like(filtered),
        more_starts,
        more_counts,
    )
    np.testing.assert_allclose(more_starts, 2.0 * starts, rtol=1e-15)
    np.testing.assert_allclose(more_counts, 2.0 * counts, rtol=1e-15)


@pytest.mark.parametrize("size", [1e3, 1e6])
def test_dense_models_never_need_the_sweep_in_log_space(size):
    # However far apart: without zeros no state can hang on one that faded away.
    for seed in SEEDS:
        status = run_forward(problem("dense", 4, size, seed))[-1]
        assert (status[:, 0] == kernels.OK).all()


def test_a_left_right_chain_that_moves_on_stays_on_the_fast_path():
    # States that were left behind fade below 1e-150, and harm nobody while nothing favours them.
    scores = np.repeat(-10.0 * np.abs(np.arange(4)[:, np.newaxis] - np.arange(4)), 200, axis=0)
    transition = 0.99 * np.eye(4) + 0.01 * np.eye(4, k=1)
    transition[3, 3] = 1.0
    given = Problem(np.eye(4)[0], transition, scores, np.array([0, 800]))
    swept = run_forward(given)
    assert swept[-1][0, 0] == kernels.OK
    log_lik, _, filtered, smoothed, _, counts = run_log_space(given, 0)
    np.testing.assert_allclose(swept[3][0], log_lik, rtol=1e-12)
    np.testing.assert_allclose(swept[1], filtered, rtol=0, atol=1e-12)
    fast_smoothed, _, fast_counts = run_backward(given, swept)
    np.testing.assert_allclose(fast_smoothed, smoothed, rtol=0, atol=1e-11)
    np.testing.assert_allclose(fast_counts, counts, rtol=0, atol=1e-9)
