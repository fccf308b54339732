"""Gaussian emissions against scipy, and what they refuse."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from hmmcore import Gaussian
from hmmcore.emissions import diagonal, full, gaussian_steps
from tests.hmmcore.models import KINDS, as_full, every_kind, gaussian

SHAPES = [(kind, k, d) for kind in KINDS for k, d in [(1, 1), (3, 1), (2, 2), (4, 3)]]
every_shape = pytest.mark.parametrize(("kind", "num_states", "num_dimensions"), SHAPES)


@every_shape
def test_scores_equal_scipy(kind, num_states, num_dimensions):
    rng = np.random.default_rng(0)
    emissions = gaussian(rng, num_states, num_dimensions, kind)
    observations = rng.normal(size=(50, num_dimensions)) * 10.0 ** rng.uniform(-2, 3, (50, 1))
    scores = emissions.log_likelihoods(observations)
    assert scores.shape == (50, num_states)
    for k, covariance in enumerate(as_full(emissions)):
        expected = stats.multivariate_normal(emissions.means[k], covariance).logpdf(observations)
        np.testing.assert_allclose(scores[:, k], expected, rtol=1e-11, atol=1e-12)


def test_a_diagonal_matrix_scores_like_its_diagonal():
    rng = np.random.default_rng(1)
    diagonal = gaussian(rng, 3, 2, "diag")
    observations = rng.normal(size=(40, 2)) * 100.0
    full = Gaussian(diagonal.means, as_full(diagonal), "full")
    np.testing.assert_allclose(
        full.log_likelihoods(observations), diagonal.log_likelihoods(observations), rtol=1e-13
    )
    np.testing.assert_allclose(full.standard_deviations, diagonal.standard_deviations, rtol=1e-15)


@pytest.mark.parametrize("sd", [1e-160, 1e-100, 1e100, 1e150])
@every_kind
def test_scores_hold_at_any_scale(kind, sd):
    emissions = Gaussian([0.0, sd], sd**2 if kind == "tied" else [sd**2, sd**2], kind)
    expected = -0.5 * np.log(2 * np.pi) - np.log(sd) - 0.5 * np.array([[0, 1], [1, 0], [9, 4]])
    observations = np.array([[0.0], [sd], [3 * sd]])
    # Below 1e-154 the variance itself has lost digits.
    rtol = 1e-3 if sd < 1e-154 else 1e-13
    np.testing.assert_allclose(emissions.log_likelihoods(observations), expected, rtol=rtol)


@every_shape
def test_samples_have_the_moments_of_their_state(kind, num_states, num_dimensions):
    rng = np.random.default_rng(2)
    emissions = gaussian(rng, num_states, num_dimensions, kind)
    states = np.repeat(np.arange(num_states), 40_000)
    samples = emissions.sample(rng.permutation(states), np.random.default_rng(3))
    assert samples.shape == (len(states), num_dimensions)
    again = emissions.sample(states, np.random.default_rng(3))
    np.testing.assert_array_equal(again, emissions.sample(states, np.random.default_rng(3)))
    for k, covariance in enumerate(as_full(emissions)):
        mine = again[states == k]
        # Five standard errors.
        largest = np.diag(covariance).max()
        atol = 5.0 * np.sqrt(largest / 40_000)
        np.testing.assert_allclose(mine.mean(axis=0), emissions.means[k], rtol=0, atol=atol)
        atol = 5.0 * largest * np.sqrt(2.0 / 40_000)
        np.testing.assert_allclose(np.cov(mine.T).reshape(covariance.shape), covariance,
                                   rtol=0, atol=atol)  # fmt: skip


@every_shape
def test_statistics_are_the_weighted_sums_they_say_and_add_up(kind, num_states, num_dimensions):
    rng = np.random.default_rng(4)
    emissions = gaussian(rng, num_states, num_dimensions, kind)
    observations = rng.normal(size=(60, num_dimensions))
    weights = rng.random((60, num_states))
    found = emissions.statistics(observations, weights)
    gaps = observations[:, np.newaxis] - emissions.means
    np.testing.assert_allclose(found["weights"], weights.sum(axis=0), rtol=1e-13)
    expected = np.einsum("tk,tkd->kd", weights, gaps)
    np.testing.assert_allclose(found["deviations"], expected, rtol=1e-11, atol=1e-12)
    how = "tk,tkd,tkd->kd" if kind in ("spherical", "diag") else "tk,tkd,tke->kde"
    np.testing.assert_allclose(
        found["squares"], np.einsum(how, weights, gaps, gaps), rtol=1e-11, atol=1e-12
    )
    halves = [emissions.statistics(observations[i::2], weights[i::2]) for i in (0, 1)]
    for name, value in found.items():
        np.testing.assert_allclose(halves[0][name] + halves[1][name], value, rtol=1e-12, atol=1e-12)


@every_shape
def test_unconstrained_parameters_lead_back(kind, num_states, num_dimensions):
    emissions = gaussian(np.random.default_rng(5), num_states, num_dimensions, kind)
    trainable = frozenset(emissions.parameter_names)
    back, remedies = emissions.with_unconstrained(emissions.unconstrained(), trainable, 1e-12)
    assert remedies == ()
    np.testing.assert_array_equal(back.means, emissions.means)
    np.testing.assert_allclose(back.covariances, emissions.covariances, rtol=1e-13, atol=1e-14)


@every_shape
def test_permuting_reorders_the_states(kind, num_states, num_dimensions):
    rng = np.random.default_rng(6)
    emissions = gaussian(rng, num_states, num_dimensions, kind)
    order = rng.permutation(num_states)
    permuted = emissions.permute(order)
    np.testing.assert_array_equal(permuted.means, emissions.means[order])
    np.testing.assert_array_equal(as_full(permuted), as_full(emissions)[order])
    assert permuted.covariance_type == kind
    assert permuted.permute(np.argsort(order)) == emissions


@pytest.mark.parametrize("kind_of_other", ["spherical", "diag", "tied"])
@every_shape
def test_distances_are_symmetric_kullback_leibler_divergences(
    kind, num_states, num_dimensions, kind_of_other
):
    rng = np.random.default_rng(7)
    one = gaussian(rng, num_states, num_dimensions, kind)
    other = gaussian(rng, num_states, num_dimensions, kind_of_other)
    found = one.distances(other)

    def divergence(m, s, n, t) -> float:
        inverse, gap = np.linalg.inv(t), n - m
        logs = np.linalg.slogdet(t)[1] - np.linalg.slogdet(s)[1]
        return 0.5 * (np.trace(inverse @ s) + gap @ inverse @ gap - len(m) + logs)

    for i, j in np.ndindex(found.shape):
        left = one.means[i], as_full(one)[i]
        right = other.means[j], as_full(other)[j]
        expected = divergence(*left, *right) + divergence(*right, *left)
        np.testing.assert_allclose(found[i, j], expected, rtol=1e-10, atol=1e-12)


def test_the_compiled_loops_equal_their_python_source():
    rng = np.random.default_rng(8)
    emissions = gaussian(rng, 3, 2, "diag")
    observations, weights = rng.normal(size=(9, 2)), rng.random((9, 3))
    given = observations, emissions.means, emissions.covariances
    compiled, python = np.empty((9, 3)), np.empty((9, 3))
    diagonal._score_diagonal(*given, compiled)
    diagonal._score_diagonal.py_func(*given, python)
    np.testing.assert_allclose(compiled, python, rtol=1e-14)
    sums = np.zeros((4, 3, 2))
    diagonal._accumulate_diagonal(observations, weights, emissions.means, *sums[:2])
    diagonal._accumulate_diagonal.py_func(observations, weights, emissions.means, *sums[2:])
    np.testing.assert_allclose(sums[:2], sums[2:], rtol=1e-13, atol=1e-15)

    factors = np.linalg.cholesky(gaussian(rng, 3, 2, "full").covariances)
    full._score_correlated(observations, emissions.means, factors, compiled)
    full._score_correlated.py_func(observations, emissions.means, factors, python)
    np.testing.assert_allclose(compiled, python, rtol=1e-14)

    found, again = ([np.zeros((3, 2, 1)), np.zeros((3, 2, 2))] for _ in range(2))
    full._regress(factors, np.array([1]), *found)
    full._regress.py_func(factors, np.array([1]), *again)
    for one, other in zip(found, again, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)

    found, again = ([np.zeros(3), np.zeros((3, 2)), np.zeros((3, 2, 2))] for _ in range(2))
    full._accumulate_correlated(observations, weights, emissions.means, *found)
    full._accumulate_correlated.py_func(observations, weights, emissions.means, *again)
    for one, other in zip(found, again, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-15)

    observations[[0, 1, 2, 2], [0, 1, 0, 1]] = np.nan
    diagonal._score_observed(*given, compiled)
    diagonal._score_observed.py_func(*given, python)
    np.testing.assert_allclose(compiled, python, rtol=1e-14)
    given, found, again = (observations, weights, emissions.means), [], []
    for function, sums in (
        (diagonal._accumulate_observed, found),
        (diagonal._accumulate_observed.py_func, again),
    ):
        sums += [np.zeros(3), *np.zeros((3, 3, 2))]
        function(*given, *sums)
    for one, other in zip(found, again, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-15)


# --- values -------------------------------------------------------------------------------------


def test_one_dimension_may_be_written_without_axes():
    column = Gaussian([[0.0], [1.0]], [[4.0], [9.0]])
    assert Gaussian([0, 1], [4, 9]) == column
    assert Gaussian.univariate([0, 1], [2, 3]) == column
    assert Gaussian.univariate([0, 1], 2) == Gaussian([0, 1], [4, 4])
    assert Gaussian([0, 1], [4, 9], "full") == Gaussian([[0], [1]], [[[4]], [[9]]], "full")
    assert Gaussian([0, 1], [4, 9], "spherical") == Gaussian([[0], [1]], [4, 9], "spherical")
    for common in (4, [4], [[4]]):
        assert Gaussian([0, 1], common, "tied") == Gaussian([[0], [1]], [[4]], "tied")
    np.testing.assert_array_equal(column.standard_deviations, [[2.0], [3.0]])


@every_kind
def test_values_are_copied_frozen_and_compared_by_value(kind):
    rng = np.random.default_rng(9)
    means, covariances = rng.normal(size=(2, 2)), gaussian(rng, 2, 2, kind).covariances.copy()
    emissions, twin = Gaussian(means, covariances, kind), Gaussian(means, covariances, kind)
    assert emissions == twin
    means[0, 0] += 1.0
    covariances *= 2.0
    assert emissions == twin
    assert emissions != Gaussian(means, twin.covariances, kind)
    assert emissions != Gaussian(twin.means, covariances, kind)
    assert emissions != "Gaussian"
    for array in (emissions.means, emissions.covariances):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        emissions.means = means


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.0], [1.0], "Full"), r"is 'Full'; .*'spherical', 'diag', 'full', 'tied'"),
        (([0.0, 1.0], [1.0], "spherical"), r"shape \(1,\); means are \(2, 1\) .*must be \(2,\)"),
        (([0.0, 1.0], [[1.0], [1.0]], "spherical"), r"covariances has 2 axes .*must have 1"),
        (([0.0, 1.0], [1.0, -2.0], "spherical"), r"covariances of state 1 is -2; .*positive"),
        (([0.0, 1.0], [1.0, 1.0], "tied"), r"covariances has 1 axes .*must have 2"),
        (([[0.0, 1.0]], [[1.0]], "tied"), r"shape \(1, 1\); means are \(1, 2\) .*be \(2, 2\)"),
        (([0.0, 1.0], -2.0, "tied"), r"all states have the variance -2 in dimension 0; .*positive"),
        (([[0.0, 0.0]], [[1.0, 0.5], [0.4, 1.0]], "tied"), r"all states are not symmetric: .*0\.4"),
        (([0.0, 1.0], [1.0]), r"covariances have shape \(1, 1\); .*must be \(2, 1\)"),
        (([[0.0, 1.0]], [[1.0]]), r"shape \(1, 1\); means are \(1, 2\) .*must be \(1, 2\)"),
        (([[0.0, 1.0]], [[[1.0]]], "full"), r"shape \(1, 1, 1\); .*must be \(1, 2, 2\)"),
        (([[0.0, 1.0]], [[1.0, 1.0]], "full"), r"covariances has 2 axes .*must have 3"),
        (([0.0, 1.0], [1.0, 0.0]), r"covariances of state 1 are \[0\.0\]; .*positive"),
        (([0.0, 1.0], [-1.0, 1.0]), r"covariances of state 0 are \[-1\.0\]; .*positive"),
        (([0.0, np.nan], [1.0, 1.0]), r"means\[1, 0\] is nan; .*finite"),
        (([0.0, 1.0], [1.0, np.inf]), r"covariances\[1, 0\] is inf; .*finite"),
        (([], []), r"means is empty"),
        ((["a"], [1.0]), r"means must be an array of numbers"),
        (([[0.0, 0.0]], [[[1.0, 0.5], [0.4, 1.0]]], "full"), r"state 0 are not symmetric: .*0\.4"),
        (
            ([[0.0, 0.0]], [[[1e-9, 2e9], [2e9, 1e27]]], "full"),
            r"state 0 have correlations with the eigenvalue -1;",
        ),
        (([[0.0, 0.0]], [[[1.0, 50.0], [-50.0, 1e12]]], "full"), r"state 0 are not symmetric"),
    ],
)
def test_what_is_refused_and_why(arguments, message):
    with pytest.raises(ValueError, match=message):
        Gaussian(*arguments)


@pytest.mark.parametrize(
    ("means", "sd", "message"),
    [
        ([0.0, 1.0], 0.0, r"sd is 0\.0; .*positive"),
        ([0.0, 1.0], [1.0, -2.0], r"sd\[1\] is -2\.0; .*positive"),
        ([0.0, 1.0], np.nan, r"sd is nan"),
        ([0.0, 1.0], [1.0, 1.0, 1.0], r"sd has shape \(3,\); it must be one number or 2"),
        ([[0.0]], 1.0, r"means has 2 axes"),
        ([0.0], 1e-200, r"sd is 1e-200; .*square"),
        ([0.0], 1e200, r"sd is 1e\+200; .*square"),
    ],
)
def test_univariate_refuses_with_reasons(means, sd, message):
    with pytest.raises(ValueError, match=message):
        Gaussian.univariate(means, sd)


def test_permutations_hold_each_state_once():
    for wrong in ([0, 0], [0], [1, 2], [0.5, 1]):
        with pytest.raises(
            ValueError, match=r"permutation is .*; it must hold each of 0\.\.1 once"
        ):
            Gaussian([0.0, 1.0], [1.0, 1.0]).permute(wrong)


@pytest.mark.parametrize("wrong", [np.inf, np.nan])
@pytest.mark.parametrize("name", ["deviations", "squares"])
def test_an_m_step_out_of_range_is_refused_as_any_such_gaussian_is(name, wrong):
    emissions = Gaussian.univariate([0.0, 1.0], 1.0)
    statistics = emissions.statistics(np.array([[0.0], [1.0]]), np.full((2, 2), 0.5))
    statistics[name][1, 0] = wrong
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=r"\[1, 0\] is (-?inf|nan)"):
        emissions.maximize(statistics, frozenset({"means", "covariances"}), 1e-8)


def test_what_training_makes_is_frozen():
    emissions = Gaussian.univariate([0.0, 1.0], 1.0)
    statistics = emissions.statistics(np.array([[0.0], [1.0]]), np.full((2, 2), 0.5))
    moved, _ = emissions.maximize(statistics, frozenset({"means"}), 1e-8)
    assert not moved.means.flags.writeable
    assert not moved.covariances.flags.writeable
    assert moved.means is not emissions.means
    np.testing.assert_array_equal(emissions.means, [[0.0], [1.0]])


@pytest.mark.parametrize("maximize", [gaussian_steps.maximize, gaussian_steps.maximize.py_func])
@pytest.mark.parametrize("num_variances", [1, 2])
def test_a_compiled_m_step_reports_every_remedy_of_a_state(maximize, num_variances):
    counts = np.array([[2.0, 4.0], [3.0, 0.0], [0.0, 0.0]])
    deviations = np.array([[1.0, -2.0], [1.5, 0.0], [0.0, 0.0]])
    squares = np.array([[5.0, 9.0], [0.75, 0.0], [0.0, 0.0]])
    means, variances = np.zeros((3, 2)), np.full((3, num_variances), 7.0)
    codes = np.empty(3, dtype=np.int64)
    statistics = counts, deviations, squares
    assert maximize(*statistics, (0.0, 0.0), (True, True), 0.5, means, variances, codes)
    np.testing.assert_array_equal(means, [[0.5, -0.5], [0.5, 0.0], [0.0, 0.0]])
    apart = [[2.25, 2.0], [0.5, 7.0], [7.0, 7.0]]  # 4.5 / 2 and 8 / 4; zero is below the floor
    together = [[12.5 / 6.0], [0.5], [7.0]]
    np.testing.assert_array_equal(variances, together if num_variances == 1 else apart)
    partly = gaussian_steps.EMPTY_DIMENSION | gaussian_steps.FLOORED
    np.testing.assert_array_equal(codes, [0, partly, gaussian_steps.EMPTY])


@pytest.mark.parametrize("kind", ["spherical", "diag"])
def test_compiled_steps_refuse_what_leaves_the_range_of_numbers(kind):
    emissions = gaussian(np.random.default_rng(0), 2, 2, kind)
    both = frozenset({"means", "covariances"})
    for name, value in (("means", np.inf), ("log_sds", 400.0), ("log_sds", -400.0)):
        parameters = emissions.unconstrained()
        parameters[name].flat[1] = value
        with np.errstate(all="ignore"), pytest.raises(ValueError, match="must be"):
            emissions.with_unconstrained(parameters, both, 0.0)


def test_eigenvalues_are_held_at_the_floor_whatever_the_units():
    # Two coordinates that are nearly one, and a third in another unit, seldom and oddly placed.
    turn = np.array([[0.6, 0.0, -0.8], [0.0, 1.0, 0.0], [0.8, 0.0, 0.6]])
    covariances = np.stack([turn @ np.diag([v, 1e18, 1.0]) @ turn.T for v in (1e-12, 1e-3)])
    held, low = full._hold_at_floor(covariances, 1e-8)
    np.testing.assert_array_equal(low, [True, False])
    np.testing.assert_array_equal(held[1], covariances[1])
    expected = turn @ np.diag([1e-8, 1e18, 1.0]) @ turn.T
    np.testing.assert_allclose(held[0], expected, rtol=1e-14)
    smallest = Gaussian(np.zeros((2, 3)), held, "full").smallest_variances()
    np.testing.assert_allclose(smallest, [1e-8, 1e-3], rtol=1e-7)


@pytest.mark.parametrize("scales", [(1.0, 1e5, 1e10), (1e-9, 1.0, 1.0), (1e12, 1.0, 1e-12)])
def test_what_has_no_spread_of_its_own_is_held_at_the_floor_whatever_the_units(scales):
    line = np.outer(scales, scales)
    floor = 1e-8 * min(scales) ** 2
    held, low = full._hold_at_floor(line[np.newaxis], floor)
    assert low.all()
    np.testing.assert_allclose(np.diagonal(held[0]), np.square(scales), rtol=1e-7)
    assert Gaussian([[0.0, 0.0, 0.0]], held, "full").smallest_variances()[0] >= 0.9 * floor
