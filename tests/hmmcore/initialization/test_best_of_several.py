"""Starts that are compared: they lead to the best known model, for any data, on any machine."""

from __future__ import annotations

import os

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    Poisson,
    Sequences,
    batch,
    count_starts,
    fit,
    initialization,
    sample,
    symbol_starts,
)
from hmmcore.initialization import race
from hmmcore.simulation import favourite_symbol_probs, sticky_structure

C = 4
NEAR = 1.0
"""Nats between a model and the best known one that count as having found it."""


def gaussian(means, sds, persistence):
    means = np.array(means, dtype=np.float64)
    sds = np.broadcast_to(np.array(sds, dtype=np.float64), means.shape)
    return HMM(*sticky_structure(len(means), persistence), Gaussian(means, sds**2))


def drawn(hmm, num_sequences, length, seed):
    return sample(hmm, num_sequences, length, np.random.default_rng(seed)).sequences


def numbers(hmm, num_sequences, length, seed):
    """A case: the law, data, and what compares starts."""
    return hmm, drawn(hmm, num_sequences, length, seed), initialization.compare_starts


def symbols_compared(sequences, num_states, rng):
    return symbol_starts.compare_starts(sequences, num_states, C, rng)


ONE_MEAN_THREE_SPREADS = gaussian([[0.0]] * 3, [[1.0], [3.0], [9.0]], 0.95)
COUNTS = HMM(*sticky_structure(3, 0.9), Poisson([2.0, 5.0, 7.0]))
SYMBOLS = HMM(*sticky_structure(3, 0.95), Categorical(favourite_symbol_probs(3, C, 2.0)))
CASES = {
    "two levels": numbers(gaussian([[100.0], [120.0]], 2.0, 0.99), 1, 200, 0),
    "daily returns": numbers(gaussian([[5e-4], [-2e-3]], [[6e-3], [2e-2]], 0.98), 3, 420, 1),
    "daily returns, a drift": numbers(
        gaussian([[-4e-3], [0.0], [3e-3]], [[6e-3], [2e-2], [6e-3]], 0.96), 3, 420, 2
    ),
    "two intensities": numbers(gaussian([[0.25], [0.75]], 0.08, 0.95), 12, 117, 3),
    "two channels": numbers(
        gaussian([[1.0, 1.5], [1.3, 40.0], [2.1, 165.0]], [[0.03, 1], [0.1, 12], [0.4, 43]], 0.96),
        3, 200, 4,
    ),
    "tiny": numbers(gaussian([[0.0], [1e-6]], [[1e-5], [2.5e-5]], 0.97), 1, 1000, 5),
    "tiny, far apart": numbers(gaussian([[0.0], [1e-5]], [[1e-5], [5e-4]], 0.97), 1, 1000, 6),
    "three spreads": numbers(ONE_MEAN_THREE_SPREADS, 1, 300, 0),
    "three spreads, long": numbers(ONE_MEAN_THREE_SPREADS, 1, 1000, 100),
    "three spreads, close": numbers(gaussian([[0.0]] * 3, [[1.0], [1.5], [2.2]], 0.95), 1, 1000, 0),
    "counts": (COUNTS, drawn(COUNTS, 1, 1000, 3), count_starts.compare_starts),
    "symbols": (SYMBOLS, drawn(SYMBOLS, 1, 1000, 3), symbols_compared),
}  # fmt: skip
HARD = ["three spreads", "three spreads, long", "three spreads, close"]


def after_em(hmm, sequences, max_iterations=100):
    return fit(EM(sequences), hmm, max_iterations, tolerance=1e-9).log_likelihoods[-1]


@pytest.mark.parametrize("case", CASES)
def test_training_from_it_reaches_the_best_known_model(case):
    truth, sequences, compare_starts = CASES[case]
    best_known = after_em(truth, sequences, 400)
    for seed in range(2 if case in HARD else 1):
        start = compare_starts(sequences, truth.num_states, np.random.default_rng(seed)).best
        reached = after_em(start, sequences)
        assert reached >= best_known - NEAR
        # It has been trained for a while already.
        assert batch.log_likelihoods(batch.stack([start]), sequences).sum() >= reached - 2.0


@pytest.mark.parametrize("case", HARD)
def test_single_starts_do_not_reach_it(case):
    """What the test above would not show, if any start led there."""
    truth, sequences, _ = CASES[case]
    best_known = after_em(truth, sequences, 400)
    single = (
        initialization.quantiles(sequences, 3),
        initialization.kmeans(sequences, 3, np.random.default_rng(0)),
    )
    for start in single:
        assert after_em(start, sequences, 400) < best_known - 5.0


def test_full_covariances():
    matrices = np.array([[[1.0, 0.9], [0.9, 1.0]], [[1.0, -0.9], [-0.9, 1.0]], np.eye(2) * 4.0])
    truth = HMM(*sticky_structure(3, 0.9), Gaussian(np.zeros((3, 2)), matrices, "full"))
    sequences = drawn(truth, 2, 200, 1)
    start = initialization.best_of_several(sequences, 3, np.random.default_rng(0), "full")
    assert start.emissions.covariance_type == "full"
    assert after_em(start, sequences) >= after_em(truth, sequences) - NEAR


def test_what_is_told_about_the_candidates():
    _, sequences, _ = CASES["three spreads"]
    found = initialization.compare_starts(sequences, 3, np.random.default_rng(0))
    assert found.best == initialization.best_of_several(sequences, 3, np.random.default_rng(0))
    assert len(found.kinds) == len(found.log_likelihoods) == len(found.iterations) == 64
    assert set(found.kinds) == {"quantiles", "kmeans", "random", "segments", "windows", "cuts"}
    assert found.num_observed == 300
    assert found.winning_kind == found.kinds[found.winner]
    by_kind = found.reached_by_kind()
    assert list(by_kind) == list(dict.fromkeys(found.kinds))
    assert by_kind[found.winning_kind] >= found.log_likelihoods[found.winner] / 300
    # In nats of the data themselves, whatever they were scaled to: the winner's own, but for the
    # little that keeps every transition possible.
    of_best = batch.log_likelihoods(batch.stack([found.best]), sequences).sum()
    np.testing.assert_allclose(of_best, found.log_likelihoods[found.winner], rtol=0, atol=0.5)
    # The field was halved: few were trained to the end.
    assert (found.iterations > sum(race.STEPS[:-1])).sum() <= 8
    assert found.iterations.min() > 0


@pytest.mark.parametrize("case", ["three spreads", "counts", "symbols"])
def test_the_same_on_any_number_of_cores(case, monkeypatch):
    truth, sequences, compare_starts = CASES[case]
    found = []
    for cores in (1, 3):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        rng = np.random.default_rng(7)
        found.append((compare_starts(sequences, truth.num_states, rng), rng.random()))
    (one, after_one), (three, after_three) = found
    assert one.best == three.best
    assert one.winner == three.winner
    np.testing.assert_array_equal(one.log_likelihoods, three.log_likelihoods)
    assert after_one == after_three


def test_units_do_not_matter():
    _, sequences, _ = CASES["two channels"]
    units = np.array([1e-6, 1e4])
    in_units = Sequences(sequences.observations * units + 3.0, sequences.lengths)
    one = initialization.best_of_several(sequences, 3, np.random.default_rng(0))
    other = initialization.best_of_several(in_units, 3, np.random.default_rng(0))
    np.testing.assert_allclose(other.emissions.means, one.emissions.means * units + 3.0, rtol=1e-5)
    np.testing.assert_allclose(
        other.emissions.covariances, one.emissions.covariances * units**2, rtol=1e-3
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_state_on_two_close_points_does_not_win(seed):
    values = np.random.default_rng(seed).normal(size=100)
    values[49:51] = 3.0, 3.0 + 1e-7
    sequences = Sequences(values)
    # There is such a maximum, and it is higher.
    around = gaussian([[3.0], [0.0]], [[1e-3], [1.0]], 0.5)
    collapsed = fit(EM(sequences), around)
    assert {remedy.kind for remedy in collapsed.remedies} == {"variance_floor"}
    start = initialization.best_of_several(sequences, 2, np.random.default_rng(0))
    result = fit(EM(sequences), start)
    assert result.remedies == ()
    assert result.log_likelihoods[-1] < collapsed.log_likelihoods[-1]
    assert start.emissions.covariances.min() > 1e-3


def test_a_value_that_is_there_again_and_again_is_a_state():
    """A variance at the floor is no reason against a state that explains much of the data."""
    values = drawn(gaussian([[3.0], [8.0]], 1.0, 0.95), 1, 600, 1).observations[:, 0].copy()
    values[np.random.default_rng(0).random(600) < 0.3] = 0.0
    start = initialization.best_of_several(Sequences(values), 3, np.random.default_rng(0))
    np.testing.assert_allclose(start.emissions.means[:, 0], [0.0, 3.0, 8.0], rtol=0, atol=0.4)


def test_gaps_are_left_out():
    truth, sequences, _ = CASES["two channels"]
    holes = sequences.observations.copy()
    rng = np.random.default_rng(0)
    holes[rng.random(holes.shape) < 0.2] = np.nan
    holes[50:60] = np.nan
    sequences = Sequences(holes, sequences.lengths)
    start = initialization.best_of_several(sequences, 3, rng)
    assert after_em(start, sequences) >= after_em(truth, sequences) - NEAR


def test_much_data_are_represented_by_a_part(monkeypatch):
    monkeypatch.setattr(race, "MOST_CELLS", 3_000)
    monkeypatch.setattr(race, "PIECE", 100)
    _, sequences, _ = CASES["two intensities"]
    long = Sequences(np.tile(sequences.observations, (3, 1)), np.tile(sequences.lengths, 3))
    found = initialization.compare_starts(long, 2, np.random.default_rng(0))
    assert 1_300 < found.num_observed <= 1_500
    np.testing.assert_allclose(found.best.emissions.means[:, 0], [0.25, 0.75], rtol=0, atol=0.03)
    # Symbols that are not in the part are possible all the same.
    rare = np.zeros(4_000)
    rare[::2], rare[1234] = 1.0, 3.0
    start = symbol_starts.best_of_several(Sequences(rare), 2, C, np.random.default_rng(0))
    assert (start.emissions.probs > 0.0).all()


ANY = {
    "two values": np.tile([0.0, 0.0, 1.0, 0.0], (5, 5)),
    "three values": np.tile([0.0, 2.0, 1.0, 0.0], (5, 5)),
    "constant": np.full((3, 10), 2.0),
    "one observation": np.array([[3.0]]),
    "single observations": np.tile([[0.0], [1.0], [3.0], [3.0]], (5, 1)),
    "gaps": np.array([[1.0, np.nan, 2.0, 3.0, np.nan, 0.0, 1.0, 1.0]]),
}
FAMILIES = {
    "numbers": initialization.best_of_several,
    "full": lambda *given: initialization.best_of_several(*given, "full"),
    "counts": count_starts.best_of_several,
    "symbols": lambda data, num_states, rng: symbol_starts.best_of_several(
        data, num_states, C, rng
    ),
}


def positions(emissions):
    """What the order of states goes by."""
    if isinstance(emissions, Gaussian):
        return emissions.means[:, 0]
    return emissions.rates if isinstance(emissions, Poisson) else emissions.probs @ np.arange(C)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("data", ANY)
@pytest.mark.parametrize("num_states", [1, 3])
def test_any_data(family, data, num_states):
    sequences = Sequences.from_array(ANY[data])
    start = FAMILIES[family](sequences, num_states, np.random.default_rng(0))
    assert start.num_states == num_states
    assert (start.initial_probs > 0.0).all()
    assert (start.transition_matrix > 0.0).all()
    assert (np.diff(positions(start.emissions)) >= 0.0).all()
    first = getattr(start.emissions, start.emissions.parameter_names[0])
    assert len(np.unique(first, axis=0)) == num_states
    trainer = EM(sequences)
    state = trainer.init(start)
    for _ in range(3):
        state = trainer.step(state)  # raises when the likelihood falls
    assert np.isfinite(state.log_likelihood)


def test_a_dimension_that_does_not_vary_is_like_that_of_other_starts():
    _, sequences, _ = CASES["two levels"]
    beside = np.hstack([sequences.observations, np.full((200, 1), 7.0)])
    for covariance_type in ("diag", "full"):
        rng = np.random.default_rng(0)
        start = initialization.best_of_several(Sequences(beside), 2, rng, covariance_type)
        other = initialization.quantiles(Sequences(beside), 2)
        np.testing.assert_array_equal(start.emissions.means[:, 1], 7.0)
        np.testing.assert_allclose(
            start.emissions.standard_deviations[:, 1],
            other.emissions.standard_deviations[:, 1],
            rtol=1e-12,
        )
        np.testing.assert_allclose(start.emissions.means[:, 0], [100.0, 120.0], rtol=0, atol=1.0)


def test_wrong_arguments():
    sequences = Sequences([1.0, 2.0, 3.0, 4.0])
    rng = np.random.default_rng(0)
    for start in FAMILIES.values():
        with pytest.raises(ValueError, match="num_states is 0; it must be at least 1"):
            start(sequences, 0, rng)
        with pytest.raises(ValueError, match="rng"):
            start(sequences, 2, 0)
        with pytest.raises(ValueError, match="every value of dimension 0 is missing"):
            start(Sequences([np.nan, np.nan]), 2, rng)
    with pytest.raises(ValueError, match="covariance_type is 'tied'; it must be 'diag' or 'full'"):
        initialization.best_of_several(sequences, 2, rng, "tied")
    with pytest.raises(ValueError, match="observations row 0 is -1; a count must be"):
        count_starts.best_of_several(Sequences([-1.0, 2.0]), 2, rng)
    with pytest.raises(ValueError, match="a symbol must be"):
        symbol_starts.best_of_several(Sequences([5.0, 2.0]), 2, C, rng)
