"""Missing observations: nothing is made up, nothing is lost, and EM still never falls."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    GradientAscent,
    Poisson,
    Product,
    Sequences,
    initialization,
    io,
    k_best_paths,
    log_likelihood,
    sample,
    sample_posterior_paths,
    smooth,
    viterbi,
)
from hmmcore.emissions.base import Remedy
from hmmcore.sweeps import chunks, sweep
from tests.hmmcore.models import (
    CONFIGS,
    KINDS,
    STRUCTURES,
    as_full,
    every_kind,
    gaussian,
    with_missing,
)
from tests.hmmcore.oracle import enumerate_paths
from tests.hmmcore.sweeps.row_by_row import assert_same_posterior, by_rows

MISSING = {name: config for name, config in CONFIGS.items() if config.missing}
every_missing = pytest.mark.parametrize("config", MISSING.values(), ids=MISSING.keys())


def marginal_scores(hmm: HMM, observations: np.ndarray) -> np.ndarray:
    """log p of what is there (T, K), one observation after the other, from SciPy."""
    emissions = getattr(hmm.emissions, "gaussian", hmm.emissions)
    if isinstance(emissions, Product):
        chain = hmm.initial_probs, hmm.transition_matrix
        columns = zip(emissions.parts, observations.T, strict=True)
        return sum(marginal_scores(HMM(*chain, part), x[:, np.newaxis]) for part, x in columns)
    scores = np.zeros((len(observations), hmm.num_states))
    for t, k in np.ndindex(scores.shape):
        there = ~np.isnan(observations[t])
        given = observations[t][there]
        if not there.any():
            continue
        if isinstance(emissions, Gaussian):
            block = as_full(emissions)[k][np.ix_(there, there)]
            scores[t, k] = stats.multivariate_normal(emissions.means[k][there], block).logpdf(given)
        elif isinstance(emissions, Categorical):
            with np.errstate(divide="ignore"):
                scores[t, k] = np.log(emissions.probs[k, int(given[0])])
        else:
            assert isinstance(emissions, Poisson)
            scores[t, k] = stats.poisson(emissions.rates[k]).logpmf(given[0])
    return scores


# --- inference ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
@every_missing
def test_inference_equals_enumeration_of_marginal_densities(config, seed):
    hmm, sequences = config.make(seed)
    assert sequences.has_missing
    posterior, path = smooth(hmm, sequences), viterbi(hmm, sequences)
    for n in range(len(sequences)):
        scores = marginal_scores(hmm, sequences[n])
        truth = enumerate_paths(hmm.initial_probs, hmm.transition_matrix, scores)
        found = posterior.log_likelihoods[n]
        np.testing.assert_allclose(found, truth.log_likelihood, rtol=1e-10, atol=1e-12)
        rows = slice(sequences.offsets[n], sequences.offsets[n + 1])
        np.testing.assert_allclose(
            posterior.smoothed_probs[rows], truth.smoothed, rtol=1e-9, atol=1e-12
        )
        np.testing.assert_allclose(path.log_joints[n], truth.best, rtol=1e-10, atol=1e-12)


def test_many_dimensions_are_grouped_by_what_is_there():
    # More coordinates than a byte has bits.
    rng = np.random.default_rng(0)
    hmm = HMM(*STRUCTURES["dense"](rng, 2), gaussian(rng, 2, 11, "full"))
    sequences = with_missing(rng, sample(hmm, 2, [30, 3], rng).sequences, 0.1)
    np.testing.assert_allclose(
        hmm.emissions.log_likelihoods(sequences.observations),
        marginal_scores(hmm, sequences.observations),
        rtol=1e-10,
        atol=1e-11,
    )


@every_missing
def test_a_wholly_missing_sequence_says_nothing(config):
    hmm, sequences = config.make(0)
    nothing = Sequences(np.full((4, sequences.num_dimensions), np.nan))
    posterior = smooth(hmm, nothing)
    np.testing.assert_array_equal(hmm.emissions.log_likelihoods(nothing.observations), 0.0)
    # The sum over all paths is one, to the rounding of adding them up.
    np.testing.assert_allclose(posterior.log_likelihoods, [0.0], rtol=0.0, atol=1e-15)
    expected = hmm.initial_probs
    for smoothed in posterior.smoothed_probs:
        np.testing.assert_allclose(smoothed, expected, rtol=0.0, atol=1e-14)
        expected = expected @ hmm.transition_matrix
    statistics = sweep.expectations(hmm, nothing).emissions
    for name, value in statistics.items():
        np.testing.assert_array_equal(value, 0.0, err_msg=name)


@every_missing
@pytest.mark.parametrize("time", [0, -1])
def test_the_ends_of_a_sequence_may_be_missing(config, time):
    hmm, _ = config._replace(missing=0.0).make(1)
    observations = sample(hmm, 1, 5, np.random.default_rng(0)).sequences.observations.copy()
    observations[time] = np.nan
    truth = enumerate_paths(
        hmm.initial_probs, hmm.transition_matrix, marginal_scores(hmm, observations)
    )
    found = log_likelihood(hmm, Sequences(observations))
    np.testing.assert_allclose(found, [truth.log_likelihood], rtol=1e-10, atol=1e-12)
    if time == -1:
        # What comes after the last observation changes nothing.
        before = log_likelihood(hmm, Sequences(observations[:-1]))
        np.testing.assert_allclose(found, before, rtol=1e-13, atol=1e-14)


@every_missing
def test_paths_are_found_where_values_are_missing(config):
    hmm, sequences = config.make(2)
    one = sequences.select(0)
    best = k_best_paths(hmm, one, 3)
    np.testing.assert_allclose(best.log_joints[0], viterbi(hmm, one).log_joints[0], rtol=1e-13)
    drawn = sample_posterior_paths(hmm, sequences, 4, np.random.default_rng(0))
    assert (drawn >= 0).all()


@pytest.mark.parametrize("lengths", [[9, 30, 1, 12, 5, 7, 2, 2, 20], [700]])
@pytest.mark.parametrize("dimensions", [1, 3])
@every_kind
def test_lanes_and_pieces_equal_row_by_row(monkeypatch, kind, dimensions, lengths):
    rng = np.random.default_rng(len(lengths))
    hmm = HMM(*STRUCTURES["dense"](rng, 3), gaussian(rng, 3, dimensions, kind))
    sequences = with_missing(rng, sample(hmm, len(lengths), lengths, rng).sequences, 0.3)
    expected = by_rows(monkeypatch, lambda: smooth(hmm, sequences))
    assert_same_posterior(smooth(hmm, sequences), expected, 1e-11)
    statistics = sweep.expectations(hmm, sequences).emissions
    rows = by_rows(monkeypatch, lambda: sweep.expectations(hmm, sequences)).emissions
    assert statistics.keys() == rows.keys()
    for name, value in rows.items():
        np.testing.assert_allclose(statistics[name], value, rtol=1e-10, atol=1e-10, err_msg=name)
    monkeypatch.setattr(chunks, "CHUNK_CELLS", 1)
    parts = sweep.expectations(hmm, sequences).emissions
    for name, value in statistics.items():
        np.testing.assert_allclose(parts[name], value, rtol=1e-10, atol=1e-10, err_msg=name)


@every_missing
def test_a_value_that_is_missing_elsewhere_leaves_complete_observations_their_bits(config):
    hmm, sequences = config._replace(missing=0.0).make(3)
    complete = sequences.observations
    more = np.concatenate([complete, np.full((1, complete.shape[1]), np.nan)])
    scores = hmm.emissions.log_likelihoods(more)
    np.testing.assert_array_equal(scores[:-1], hmm.emissions.log_likelihoods(complete))
    weights = np.random.default_rng(0).random((len(more), hmm.num_states))
    statistics = hmm.emissions.statistics(more, weights)
    for name, value in hmm.emissions.statistics(complete, weights[:-1]).items():
        np.testing.assert_allclose(statistics[name], value, rtol=1e-12, atol=1e-12, err_msg=name)


# --- training -----------------------------------------------------------------------------------


def expected_moments(emissions: Gaussian, observations, weights):
    """Weighted sums of E[x] and of E[x x'] given what is there, by the textbook's formulas.

    Rows of which nothing is there are left out.
    """
    num_states, dimensions = emissions.means.shape
    totals, firsts = np.zeros(num_states), np.zeros((num_states, dimensions))
    seconds = np.zeros((num_states, dimensions, dimensions))
    for x, weight in zip(observations, weights, strict=True):
        there = ~np.isnan(x)
        if not there.any():
            continue
        for k, (mean, covariance) in enumerate(
            zip(emissions.means, as_full(emissions), strict=True)
        ):
            inverse = np.linalg.inv(covariance[np.ix_(there, there)])
            crossed = covariance[np.ix_(~there, there)] @ inverse
            filled, rest = x.copy(), np.zeros((dimensions, dimensions))
            filled[~there] = mean[~there] + crossed @ (x - mean)[there]
            rest[np.ix_(~there, ~there)] = (
                covariance[np.ix_(~there, ~there)] - crossed @ covariance[np.ix_(there, ~there)]
            )
            totals[k] += weight[k]
            firsts[k] += weight[k] * filled
            seconds[k] += weight[k] * (np.outer(filled, filled) + rest)
    return totals, firsts, seconds


def data_and_start(kind: str, dimensions: int = 3) -> tuple[Sequences, HMM]:
    rng = np.random.default_rng(5)
    truth = HMM(*STRUCTURES["dense"](rng, 2), gaussian(rng, 2, dimensions, kind))
    sequences = with_missing(rng, sample(truth, 3, [40, 20, 4], rng).sequences, 0.35)
    return sequences, HMM(*STRUCTURES["dense"](rng, 2), gaussian(rng, 2, dimensions, kind))


@pytest.mark.parametrize("kind", ["full", "tied"])
def test_an_em_step_with_correlations_takes_conditional_expectations(kind):
    sequences, start = data_and_start(kind)
    weights = smooth(start, sequences).smoothed_probs
    totals, firsts, seconds = expected_moments(start.emissions, sequences.observations, weights)
    training = EM(sequences)
    new = training.step(training.init(start)).hmm.emissions
    means = firsts / totals[:, np.newaxis]
    np.testing.assert_allclose(new.means, means, rtol=1e-11, atol=1e-12)
    outer = means[:, :, np.newaxis] * means[:, np.newaxis, :]
    spread = seconds - totals[:, np.newaxis, np.newaxis] * outer
    expected = spread.sum(axis=0) / totals.sum()
    if kind == "full":
        expected = spread / totals[:, np.newaxis, np.newaxis]
    np.testing.assert_allclose(new.covariances, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("kind", ["spherical", "diag"])
def test_an_em_step_without_correlations_weighs_what_is_there(kind):
    sequences, start = data_and_start(kind)
    weights = smooth(start, sequences).smoothed_probs
    there = ~np.isnan(sequences.observations)
    values = np.where(there, sequences.observations, 0.0)
    training = EM(sequences)
    new = training.step(training.init(start)).hmm.emissions
    for k, weight in enumerate(weights.T):
        counts = weight @ there
        mean = weight @ values / counts
        squares = weight @ np.where(there, values - mean, 0.0) ** 2
        np.testing.assert_allclose(new.means[k], mean, rtol=1e-11, atol=1e-12)
        expected = squares / counts if kind == "diag" else squares.sum() / counts.sum()
        np.testing.assert_allclose(new.covariances[k], expected, rtol=1e-11, atol=1e-12)


@every_kind
def test_em_and_gradient_ascent_agree_where_they_end(kind):
    # Where EM stands still the gradient is zero, whatever way the missing values were put in.
    sequences, start = data_and_start(kind, 2)
    training = EM(sequences)
    state = training.init(start)
    for _ in range(4000):
        before, state = state, training.step(state)
        if state.log_likelihood - before.log_likelihood < 1e-13 * abs(state.log_likelihood):
            break
    assert state.remedies == ()
    ascent = GradientAscent(sequences)
    for name, slopes in ascent.gradient(ascent.init(state.hmm)).items():
        np.testing.assert_allclose(slopes, 0.0, rtol=0.0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("kind", ["spherical", "diag"])
def test_a_dimension_that_a_state_never_sees_is_kept_and_reported(kind):
    # The second coordinate is missing wherever state 1 is.
    observations = np.array([[0.0, 1.0], [0.5, 2.0], [0.2, 1.5], [9.0, np.nan], [9.5, np.nan]])
    spread = [1.0, 1.0] if kind == "spherical" else np.ones((2, 2))
    start = HMM([1, 0], [[0.7, 0.3], [0, 1]], Gaussian([[0, 1.0], [9.0, 100.0]], spread, kind))
    training = EM(Sequences(observations))
    state = training.step(training.init(start))
    assert state.remedies == (Remedy(1, "empty_dimension"),)
    assert "state 1 explains no data in some dimension" in str(state.remedies[0])
    np.testing.assert_array_equal(state.hmm.emissions.means[1], [9.25, 100.0])
    if kind == "diag":
        np.testing.assert_array_equal(state.hmm.emissions.covariances[1], [0.0625, 1.0])
    else:
        np.testing.assert_array_equal(state.hmm.emissions.covariances[1], 0.0625)


def test_sums_of_chunks_with_and_without_missing_values_agree(monkeypatch):
    hmm, sequences = CONFIGS["missing, diag"].make(0)
    whole = sweep.expectations(hmm, sequences).emissions
    monkeypatch.setattr(chunks, "CHUNK_CELLS", 1)
    parts = sweep.expectations(hmm, sequences).emissions
    for name, value in whole.items():
        np.testing.assert_allclose(parts[name], value, rtol=1e-12, atol=1e-13)


TRAINERS = [EM, GradientAscent]


@pytest.mark.parametrize("trainer", TRAINERS)
@pytest.mark.parametrize("floor", [None, 1e-3])
def test_a_dimension_of_which_nothing_is_observed_is_refused(trainer, floor):
    sequences = Sequences([[1.0, np.nan], [2.0, np.nan]])
    message = "every value of dimension 1 is missing; there is nothing to learn it from"
    with pytest.raises(ValueError, match=message):
        trainer(sequences, variance_floor=floor)
    rng = np.random.default_rng(0)
    for start in (
        lambda: initialization.random(sequences, 2, rng),
        lambda: initialization.kmeans(sequences, 2, rng),
        lambda: initialization.quantiles(sequences, 2),
        sequences.variances,
    ):
        with pytest.raises(ValueError, match=message):
            start()


# --- starting models ----------------------------------------------------------------------------

STARTS = {
    "random": initialization.random,
    "kmeans": initialization.kmeans,
    "quantiles": lambda sequences, num_states, rng: initialization.quantiles(sequences, num_states),
}
every_start = pytest.mark.parametrize("start", STARTS.values(), ids=STARTS.keys())


@pytest.mark.parametrize("num_states", [1, 3, 7])
@pytest.mark.parametrize("dimensions", [1, 3])
@every_start
def test_starts_are_valid_and_trainable(start, dimensions, num_states):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(6, 20, dimensions)) * [1.0, 100.0, 1e-3][:dimensions]
    sequences = with_missing(rng, Sequences.from_array(values), 0.4)
    hmm = start(sequences, num_states, rng)
    assert len(np.unique(hmm.emissions.means, axis=0)) == num_states
    assert (np.diff(hmm.emissions.means[:, 0]) >= 0).all()
    training = EM(sequences)
    state = training.init(hmm)
    for _ in range(3):
        state = training.step(state)
    assert np.isfinite(state.log_likelihood)


@every_start
def test_missing_numbers_do_not_move_a_start_in_one_dimension(start):
    values = np.random.default_rng(0).normal(size=60)
    with_gaps = np.insert(values, [0, 10, 60], np.nan)
    hmm = start(Sequences(with_gaps), 3, np.random.default_rng(1))
    expected = start(Sequences(values), 3, np.random.default_rng(1))
    found, expected = hmm.emissions, expected.emissions
    np.testing.assert_allclose(found.means, expected.means, rtol=1e-13)
    np.testing.assert_allclose(found.covariances, expected.covariances, rtol=1e-12)


def test_kmeans_counts_no_step_into_or_out_of_a_gap():
    sequences = Sequences([0.0, 0.1, np.nan, 10.0, 10.1, np.nan, np.nan], [6, 1])
    hmm = initialization.kmeans(sequences, 2, np.random.default_rng(0))
    np.testing.assert_allclose(hmm.initial_probs, [2 / 3, 1 / 3], rtol=1e-15)
    np.testing.assert_allclose(hmm.transition_matrix, [[2 / 3, 1 / 3], [1 / 3, 2 / 3]], rtol=1e-15)
    np.testing.assert_allclose(hmm.emissions.means[:, 0], [0.05, 10.05], rtol=1e-14)


# --- data ---------------------------------------------------------------------------------------


def test_variances_are_of_what_is_there():
    values = np.array([[1.0, 5.0, np.nan], [np.nan, 5.0, 2.0], [4.0, np.nan, 6.0]])
    np.testing.assert_allclose(Sequences(values).variances(), [2.25, 0.0, 4.0], rtol=1e-15)


def test_missing_values_come_in_by_every_way():
    expected = Sequences([1.0, np.nan, 3.0])
    assert expected.has_missing
    assert not Sequences([1.0, 2.0]).has_missing
    assert Sequences([1.0, None, 3.0]) == expected
    assert Sequences.from_list([[1.0, None, 3.0]]) == expected
    assert Sequences.from_array([[1.0, np.nan, 3.0]]) == expected
    assert expected != Sequences([1.0, 2.0, 3.0])
    columns = {
        "float": [1.0, np.nan, 3.0],
        "object": [1, None, 3],
        "text": ["1", " ", "3"],
        "empty": ["1", "", "3"],
        "none": ["1", None, "3"],
        "nullable": pd.array([1, None, 3], dtype="Int64"),
        "arrow": pd.Series(["1", None, "3"], dtype="string[pyarrow]"),
    }
    frame = pd.DataFrame(columns)
    for name in columns:
        assert Sequences.from_frame(frame, name) == expected, name
    for text in ("nan", "NA", "-", "inf"):
        frame["text"] = ["1", text, "3"]
        with pytest.raises(ValueError, match=f"column 'text' has '{text}' in row 1"):
            Sequences.from_frame(frame, "text")


@pytest.mark.parametrize("kind", KINDS)
def test_decoded_tables_keep_the_gaps(kind):
    hmm, sequences = CONFIGS["missing, full"].make(0)
    rng = np.random.default_rng(0)
    hmm = HMM(hmm.initial_probs, hmm.transition_matrix, gaussian(rng, 3, 3, kind))
    frame = io.decoded_frame(hmm, sequences)
    np.testing.assert_array_equal(frame[["x0", "x1", "x2"]], sequences.observations)
    assert np.isfinite(frame.filter(like="smoothed")).all(axis=None)


def test_what_is_not_missing_is_still_checked():
    with pytest.raises(ValueError, match="row 1 is 7; a symbol must be"):
        log_likelihood(CONFIGS["categorical"].make(0).hmm, Sequences([np.nan, 7.0]))
    with pytest.raises(ValueError, match="row 1 is -1; a count must be"):
        log_likelihood(CONFIGS["poisson"].make(0).hmm, Sequences([np.nan, -1.0]))
