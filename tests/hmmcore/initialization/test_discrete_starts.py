"""Starting models for counts and symbols: valid for any data, distinct, reproducible."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    NeuralGaussian,
    Poisson,
    Sequences,
    count_starts,
    exchangeable_states,
    initialization,
    sample,
    symbol_starts,
)
from hmmcore.simulation import left_right_structure, sticky_structure

COUNTS = {
    "some": np.random.default_rng(0).poisson(4.0, size=(6, 40)),
    "large": np.random.default_rng(1).poisson(1e6, size=(4, 30)),
    "zeros": np.zeros((3, 10)),
    "zeros and ones": np.tile([0, 0, 1, 0], (5, 5)),
    "constant": np.full((2, 9), 7),
    "one observation": np.array([[3]]),
}
SYMBOLS = {
    "some": np.random.default_rng(2).integers(4, size=(6, 40)),
    "one of many": np.full((3, 10), 2),
    "two of many": np.tile([0, 0, 3, 0], (5, 5)),
    "one observation": np.array([[3]]),
}
C = 4
RNG = np.random.default_rng(6)
FROM_COUNTS = {
    "random": count_starts.random,
    "kmeans": count_starts.kmeans,
    "quantiles": lambda data, num_states, rng: count_starts.quantiles(data, num_states),
}
FROM_SYMBOLS = {
    "random": lambda data, num_states, rng: symbol_starts.random(num_states, C, rng),
    "kmeans": lambda data, num_states, rng: symbol_starts.kmeans(data, num_states, C, rng),
    "quantiles": lambda data, num_states, rng: symbol_starts.quantiles(data, num_states, C),
}
EVERY = [
    *(
        pytest.param(start, counts, id=f"counts-{name}-{data}")
        for name, start in FROM_COUNTS.items()
        for data, counts in COUNTS.items()
    ),
    *(
        pytest.param(start, symbols, id=f"symbols-{name}-{data}")
        for name, start in FROM_SYMBOLS.items()
        for data, symbols in SYMBOLS.items()
    ),
]


@pytest.mark.parametrize(("start", "values"), EVERY)
@pytest.mark.parametrize("num_states", [1, 2, 3, 7])
def test_starts_from_any_data(start, values, num_states):
    data = Sequences.from_array(values)
    hmm = start(data, num_states, np.random.default_rng(5))
    assert hmm.num_states == num_states
    assert (hmm.transition_matrix > 0).all()
    assert (hmm.initial_probs > 0).all()
    emissions = hmm.emissions
    if isinstance(emissions, Poisson):
        assert (emissions.rates > 0).all()
        assert (np.diff(emissions.rates) > 0).all()
    else:
        assert emissions.probs.shape == (num_states, C)
        assert (emissions.probs > 0).all()
        assert len(np.unique(emissions.probs, axis=0)) == num_states
    assert start(data, num_states, np.random.default_rng(5)) == hmm
    trainer = EM(data)
    state = trainer.init(hmm)
    for _ in range(3):
        state = trainer.step(state)  # raises when the likelihood falls
    assert np.isfinite(state.log_likelihood)


@pytest.mark.parametrize("hmm", [count_starts.symmetric(4, 2.5), symbol_starts.symmetric(4, 3)])
def test_symmetric_starts_have_states_that_nothing_can_tell_apart(hmm):
    assert exchangeable_states(hmm) == ((0, 1, 2, 3),)
    np.testing.assert_array_equal(hmm.transition_matrix, 0.25)


def test_clusters_find_rates_that_lie_apart():
    truth = HMM(*sticky_structure(3, 0.9), Poisson([1.0, 20.0, 100.0]))
    data = sample(truth, 5, 200, np.random.default_rng(3)).sequences
    hmm = count_starts.kmeans(data, 3, np.random.default_rng(0))
    np.testing.assert_allclose(hmm.emissions.rates, truth.emissions.rates, rtol=0.15)
    np.testing.assert_allclose(hmm.transition_matrix, truth.transition_matrix, rtol=0, atol=0.05)


def test_windows_find_states_that_last():
    probs = [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]
    truth = HMM(*sticky_structure(2, 0.98), Categorical(probs))
    data = sample(truth, 5, 400, np.random.default_rng(3)).sequences
    for name in ("kmeans", "quantiles"):
        hmm = FROM_SYMBOLS[name](data, 2, np.random.default_rng(0))
        rows = hmm.emissions.probs[np.argsort(hmm.emissions.probs[:, 0])[::-1]]
        np.testing.assert_allclose(rows, probs, rtol=0, atol=0.2)


def test_window_shares_agree_with_a_plain_loop():
    rng = np.random.default_rng(4)
    symbols, lengths = rng.integers(3, size=50), [1, 30, 7, 12]
    shares = symbol_starts.window_shares(Sequences(symbols, lengths), 3)
    half = symbol_starts.WINDOW // 2
    start = 0
    for length in lengths:
        for t in range(start, start + length):
            window = symbols[max(start, t - half) : min(start + length, t + half + 1)]
            expected = np.bincount(window, minlength=3) / len(window)
            np.testing.assert_allclose(shares[t], expected, rtol=1e-14, atol=0)
        start += length


@pytest.mark.parametrize(
    "emissions",
    [Poisson([0.0, 3.0, 50.0]), Categorical([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5], [0.0, 0.0, 1.0]])],
)
def test_near_truth_keeps_zeros(emissions):
    truth = HMM(*left_right_structure(3, 0.8), emissions)
    start = initialization.near_truth(truth, np.random.default_rng(0), 0.5)
    (name,) = emissions.parameter_names
    moved, was = getattr(start.emissions, name), getattr(emissions, name)
    np.testing.assert_array_equal(moved > 0, was > 0)
    assert (moved != was).any()
    assert start == initialization.near_truth(truth, np.random.default_rng(0), 0.5)
    nothing = initialization.near_truth(truth, np.random.default_rng(0), 0.0).emissions
    np.testing.assert_allclose(getattr(nothing, name), was, rtol=1e-15)


def test_near_truth_moves_rates_by_its_amount_in_standard_deviations():
    rates = np.array([25.0, 2500.0])
    truth = HMM(*sticky_structure(2, 0.7), Poisson(rates))
    rng = np.random.default_rng(0)
    roots = np.array(
        [np.sqrt(initialization.near_truth(truth, rng, 0.4).emissions.rates) for _ in range(4000)]
    )
    spread = (roots - np.sqrt(rates)).std(axis=0)
    # Within five standard errors of a standard deviation from n normal draws, 1 / sqrt(2 n).
    np.testing.assert_allclose(spread / 0.2, 1.0, rtol=0, atol=5.0 / np.sqrt(8000.0))


def test_near_truth_names_a_family_it_does_not_know():
    network = NeuralGaussian.random(2, np.random.default_rng(0))
    with pytest.raises(TypeError, match="NeuralGaussian is none of them"):
        initialization.near_truth(HMM(*sticky_structure(2, 0.5), network), np.random.default_rng(0))


def test_full_covariances_score_as_the_diagonal_ones_they_are_made_from():
    rng = np.random.default_rng(0)
    diagonal = HMM(
        *sticky_structure(2, 0.5), Gaussian(rng.normal(size=(2, 3)), np.ones((2, 3)) * 2)
    )
    full = initialization.with_full_covariances(diagonal)
    points = rng.normal(size=(9, 3))
    assert full.emissions.covariance_type == "full"
    assert initialization.with_full_covariances(full) is full
    np.testing.assert_allclose(
        full.emissions.log_likelihoods(points),
        diagonal.emissions.log_likelihoods(points),
        rtol=1e-13,
    )
    for kind, covariances in {"spherical": [1.0, 2.0], "tied": np.diag([1.0, 2.0, 3.0])}.items():
        other = HMM(*sticky_structure(2, 0.5), Gaussian(np.zeros((2, 3)), covariances, kind))
        np.testing.assert_allclose(
            initialization.with_full_covariances(other).emissions.log_likelihoods(points),
            other.emissions.log_likelihoods(points),
            rtol=1e-12,
        )
    with pytest.raises(TypeError, match="Poisson emissions have no covariances"):
        initialization.with_full_covariances(count_starts.symmetric(2))


@pytest.mark.parametrize(("start", "values"), EVERY)
@pytest.mark.parametrize("num_states", [1, 3])
def test_starts_count_what_is_there_where_values_are_missing(start, values, num_states):
    some = np.array(values, dtype=float).ravel()
    holes = np.full(2 * len(some), np.nan)
    holes[::2] = some
    hmm = start(Sequences(holes), num_states, np.random.default_rng(5))
    trainer = EM(Sequences(holes))
    state = trainer.init(hmm)
    for _ in range(3):
        state = trainer.step(state)
    assert np.isfinite(state.log_likelihood)


@pytest.mark.parametrize(
    "start", [count_starts.random, count_starts.quantiles, FROM_SYMBOLS["kmeans"]]
)
def test_data_of_nothing_but_gaps_are_an_error(start):
    nothing = Sequences(np.full(5, np.nan))
    arguments = (nothing, 2) if start is count_starts.quantiles else (nothing, 2, RNG)
    with pytest.raises(ValueError, match="every value of dimension 0 is missing"):
        start(*arguments)


@pytest.mark.parametrize(
    ("observations", "message"),
    [
        ([0.0, 1.0, 2.0, 1.0], r"observations row 2 is 2; a symbol must be .* in 0\.\.1"),
        ([0.0, -1.0, 1.0], "observations row 1 is -1; a symbol must be"),
        ([0.5, 1.0, np.nan], r"observations row 0 is 0\.5; a symbol must be"),
        ([[0.0, 1.0], [1.0, 0.0]], "the observations have 2 dimensions; the model emits 1"),
    ],
)
def test_starts_refuse_what_is_no_symbol(observations, message):
    sequences = Sequences(observations)
    for start in (
        lambda: symbol_starts.kmeans(sequences, 2, 2, np.random.default_rng(0)),
        lambda: symbol_starts.quantiles(sequences, 2, 2),
        lambda: symbol_starts.window_shares(sequences, 2),
    ):
        with pytest.raises(ValueError, match=message):
            start()


@pytest.mark.parametrize(
    ("observations", "message"),
    [
        ([-1.0, 2.0, 3.0], "observations row 0 is -1; a count must be"),
        ([1.0, np.nan, 0.5], r"observations row 2 is 0\.5; a count must be"),
        ([[0.0, 1.0], [1.0, 0.0]], "the observations have 2 dimensions; the model emits 1"),
    ],
)
def test_starts_refuse_what_is_no_count(observations, message):
    sequences = Sequences(observations)
    for start in (
        lambda: count_starts.random(sequences, 2, np.random.default_rng(0)),
        lambda: count_starts.kmeans(sequences, 2, np.random.default_rng(0)),
        lambda: count_starts.quantiles(sequences, 2),
    ):
        with pytest.raises(ValueError, match=message):
            start()


@pytest.mark.parametrize("rate", ["1", -1.0, [1.0, 2.0, 3.0]])
def test_a_symmetric_start_has_one_rate(rate):
    with pytest.raises(ValueError, match=r"^rate is .*; it must be a finite number of at least 0"):
        count_starts.symmetric(2, rate)
