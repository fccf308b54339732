"""Information criteria by hand, by enumeration and as published."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    InformationCriteria,
    Poisson,
    Sequences,
    Ties,
    count_starts,
    fit,
    information_criteria,
    initialization,
    log_likelihood,
    parameter_counts,
    restarts,
    sample,
    simulation,
)
from hmmcore.selection import CRITERIA
from tests.hmmcore.models import CONFIGS, full_covariances, neural
from tests.hmmcore.oracle import enumerate_paths

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


def dense(emissions) -> HMM:
    size = emissions.num_states
    return HMM(np.full(size, 1 / size), np.full((size, size), 1 / size), emissions)


@every_config
def test_criteria_are_what_the_formulas_say(config):
    hmm, sequences = config.make(0)
    found = information_criteria(hmm, sequences)
    value = log_likelihood(hmm, sequences).sum()
    p = sum(parameter_counts(hmm).values())
    n = sum(not np.isnan(x).all() for x in sequences.observations)
    assert (n == sum(config.lengths)) == (not np.isnan(sequences.observations).all(axis=1).any())
    assert found.log_likelihood == value
    assert (found.num_parameters, found.num_observations) == (p, n)
    np.testing.assert_allclose(found.aic, 2 * p - 2 * value, rtol=1e-15)
    np.testing.assert_allclose(found.bic, np.log(n) * p - 2 * value, rtol=1e-15)


def test_bic_of_nothing_but_missing_observations_is_refused():
    hmm = dense(Gaussian.univariate([0.0, 1.0], 1.0))
    found = information_criteria(hmm, Sequences([np.nan, np.nan]))
    assert (found.num_observations, found.log_likelihood) == (0, 0.0)
    assert found.aic == 2 * found.num_parameters
    with pytest.raises(ValueError, match=r"every observation is missing; BIC takes at least 1"):
        _ = found.bic


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("hmm", "counts"),
    [
        (dense(Gaussian.univariate([0, 1, 2], 1.0)), (2, 6, {"means": 3, "covariances": 3})),
        (
            dense(Gaussian(np.zeros((2, 3)), np.ones((2, 3)))),
            (1, 2, {"means": 6, "covariances": 6}),
        ),
        (
            dense(Gaussian(np.zeros((2, 3)), full_covariances(RNG, 2, 3), "full")),
            (1, 2, {"means": 6, "covariances": 12}),
        ),
        (
            dense(Gaussian(np.zeros((2, 3)), np.ones(2), "spherical")),
            (1, 2, {"means": 6, "covariances": 2}),
        ),
        (
            dense(Gaussian(np.zeros((2, 3)), np.eye(3), "tied")),
            (1, 2, {"means": 6, "covariances": 6}),
        ),
        (dense(Categorical([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]])), (1, 2, {"probs": 3})),
        (dense(Poisson([0.0, 2.0, 3.0])), (2, 6, {"rates": 2})),
        (
            dense(neural(RNG, 3, 2, "relu")),
            (
                2,
                6,
                {
                    "embeddings": 9,
                    "hidden_weights": 12,
                    "hidden_biases": 4,
                    "output_weights": 8,
                    "output_biases": 2,
                    "covariances": 6,
                },
            ),
        ),
        (dense(Gaussian.univariate([0.0], 1.0)), (0, 0, {"means": 1, "covariances": 1})),
        (
            HMM(*simulation.left_right_structure(4, 0.8), Poisson([1.0, 2.0, 3.0, 4.0])),
            (0, 3, {"rates": 4}),
        ),
    ],
)
def test_free_parameters_are_counted_part_by_part(hmm, counts):
    in_initial, in_matrix, emissions = counts
    assert parameter_counts(hmm) == {
        "initial_probs": in_initial,
        "transition_matrix": in_matrix,
        **emissions,
    }


def test_single_numbers_are_counted_where_only_these_were_trained():
    hmm = HMM(*simulation.cyclic_structure(3, 0.8), Gaussian.univariate([0, 1, 2], 1.0))
    chosen = (
        ("means", 0), ("means", 2), ("standard_deviations", 1), ("initial_probs", 1),
        # Both that row 0 has, of which one is free; one of row 1; and a zero of row 2.
        ("transition_matrix", 0, 0), ("transition_matrix", 0, 1), ("transition_matrix", 1, 1),
        ("transition_matrix", 2, 1),
    )  # fmt: skip
    counts = {"initial_probs": 1, "transition_matrix": 2, "means": 2, "covariances": 1}
    assert parameter_counts(hmm, coordinates=chosen) == counts
    found = information_criteria(hmm, Sequences([0.0, 1.0]), coordinates=chosen)
    assert found.parameter_counts == counts
    with pytest.raises(ValueError, match="trainable has no 'means'"):
        parameter_counts(hmm, {"transition_matrix"}, coordinates=chosen)


def test_what_was_not_trained_or_is_tied_is_not_counted():
    hmm = HMM(*simulation.cyclic_structure(4, 0.8), Gaussian.univariate([0, 1, 2, 3], 1.0))
    everything = {"initial_probs": 3, "transition_matrix": 4, "means": 4, "covariances": 4}
    assert parameter_counts(hmm) == everything
    assert parameter_counts(hmm, transition_ties=Ties.cyclic(4)) == everything | {
        "transition_matrix": 1
    }
    assert parameter_counts(hmm, trainable={"means", "transition_matrix"}) == {
        "initial_probs": 0,
        "transition_matrix": 4,
        "means": 4,
        "covariances": 0,
    }
    assert parameter_counts(hmm, {"transition_matrix"}, Ties.cyclic(4)) == {
        "initial_probs": 0,
        "transition_matrix": 1,
        "means": 0,
        "covariances": 0,
    }


def test_zeros_that_were_learned_are_counted_and_those_of_the_start_are_not():
    start = HMM(
        [0.5, 0.5, 0.0],
        [[0.5, 0.5, 0.0], [0.2, 0.3, 0.5], [0.4, 0.3, 0.3]],
        Categorical([[0.5, 0.5, 0.0], [0.2, 0.4, 0.4], [0.1, 0.8, 0.1]]),
    )
    # Symbol 2 never comes, so its probabilities are learned to be zero.
    sequences = Sequences([0, 1, 1, 0, 0, 0, 1, 0, 1, 0])
    learned = fit(EM(sequences), start, 3).hmm
    assert (learned.emissions.probs[:, 2] == 0.0).all()
    assert parameter_counts(learned)["probs"] == 3
    assert parameter_counts(learned, start=start) == {
        "initial_probs": 1,
        "transition_matrix": 5,
        "probs": 5,
    }
    found = information_criteria(learned, sequences, trainable={"probs"}, start=start)
    assert found.parameter_counts == {"initial_probs": 0, "transition_matrix": 0, "probs": 5}


def test_bic_finds_how_many_states_there_are():
    truth = HMM(*simulation.sticky_structure(3, 0.9), Gaussian.univariate([-3.0, 0.0, 3.0], 0.7))
    rng = np.random.default_rng(0)
    sequences = sample(truth, 5, 200, rng).sequences
    found = {}
    for num_states in (1, 2, 3, 4, 5):
        start = initialization.kmeans(sequences, num_states, rng)
        result = fit(EM(sequences), start, 200)
        found[num_states] = information_criteria(result.hmm, sequences, start=start).bic
    assert min(found, key=found.get) == 3


def test_counts_refuse_what_makes_no_sense():
    hmm = dense(Poisson([1.0, 2.0]))
    with pytest.raises(ValueError, match="trainable has 'means'"):
        parameter_counts(hmm, {"means"})
    with pytest.raises(ValueError, match="trainable is the string 'rates'"):
        parameter_counts(hmm, "rates")
    with pytest.raises(ValueError, match="the start has 3 states; the model has 2"):
        parameter_counts(hmm, start=dense(Poisson([1.0, 2.0, 3.0])))
    with pytest.raises(ValueError, match="the start has Gaussian emissions; the model has Poisson"):
        parameter_counts(hmm, start=dense(Gaussian.univariate([1.0, 2.0], 1.0)))
    moved = HMM([0.5, 0.5], [[0.6, 0.4], [0.5, 0.5]], Poisson([1.0, 2.0]))
    with pytest.raises(ValueError, match="the ties say that they are equal"):
        parameter_counts(moved, transition_ties=Ties([[0, 1], [1, 0]]))


# --- AICc and ICL -------------------------------------------------------------------------------


def path_entropies(hmm, sequences) -> float:
    """-Σ p(path | x) log p(path | x) over all paths of every sequence, in nats."""
    total = 0.0
    for n in range(len(sequences)):
        scores = hmm.emissions.log_likelihoods(sequences[n])
        found = enumerate_paths(hmm.initial_probs, hmm.transition_matrix, scores)
        log_probs = np.asarray(found.log_joints - found.log_likelihood, dtype=float)
        possible = log_probs[log_probs > -np.inf]
        total -= float((np.exp(possible) * possible).sum())
    return total


@every_config
def test_icl_counts_the_entropy_of_all_paths(config):
    hmm, sequences = config.make(1)
    found = information_criteria(hmm, sequences)
    entropy = path_entropies(hmm, sequences)
    np.testing.assert_allclose(found.path_entropy, entropy, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(found.icl, found.bic + 2 * entropy, rtol=1e-12, atol=1e-9)


def test_icl_is_bic_where_the_path_is_certain_and_counts_whole_paths_not_single_states():
    certain = HMM([1.0, 0.0], [[0.0, 1.0], [1.0, 0.0]], Poisson([1.0, 5.0]))
    found = information_criteria(certain, Sequences([1.0, 4.0, 0.0]))
    assert found.icl == found.bic
    # Two paths, equally probable: S1 throughout or S2 throughout. That is one bit, although every
    # single state is as uncertain.
    either = HMM([0.5, 0.5], np.eye(2), Poisson([2.0, 2.0]))
    found = information_criteria(either, Sequences([1.0, 2.0, 3.0, 4.0]))
    np.testing.assert_allclose(found.icl - found.bic, 2 * np.log(2), rtol=1e-14)


def test_aicc_by_hand():
    found = InformationCriteria(-10.0, {"initial_probs": 1, "rates": 2}, 10)
    assert found.aic == 26.0
    np.testing.assert_allclose(found.aicc, 26.0 + 2 * 3 * 4 / 6, rtol=1e-15)
    assert InformationCriteria(-10.0, {"rates": 3}, 5).aicc == 26.0 + 24.0
    assert InformationCriteria(-10.0, {"rates": 3}, 4).aicc == np.inf
    assert InformationCriteria(-10.0, {"rates": 3}, 0).aicc == np.inf
    with pytest.raises(ValueError, match="path_entropy is None; ICL needs it"):
        _ = found.icl


def test_impossible_data_have_the_worst_of_every_criterion():
    hmm = dense(Poisson([0.0, 0.0]))
    found = information_criteria(hmm, Sequences([0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]))
    assert [getattr(found, name) for name in CRITERIA] == [np.inf] * 4


def test_criteria_of_the_earthquakes_are_those_of_the_book():
    # Zucchini & MacDonald (2009), "Hidden Markov Models for Time Series": the data and 1 state are
    # in chapter 1, 2 and 3 states by EM in chapter 4, AIC and BIC in chapter 6.
    best = {}
    sequences = Sequences(EARTHQUAKES)
    for num_states in (1, 2, 3):
        runs = restarts(
            EM(sequences), lambda data, rng, k=num_states: count_starts.random(data, k, rng), 20,
            np.random.default_rng(0), 1000, 1e-9,
        )  # fmt: skip
        best[num_states] = information_criteria(runs.best.hmm, sequences)
    published = {1: 391.9189, 2: 341.8787, 3: 328.5275}
    for num_states, value in published.items():
        np.testing.assert_allclose(-best[num_states].log_likelihood, value, rtol=0, atol=5e-5)
    np.testing.assert_allclose([best[1].aic, best[1].bic], [785.8, 788.5], rtol=0, atol=0.05)


EARTHQUAKES = [
    13, 14, 8, 10, 16, 26, 32, 27, 18, 32, 36, 24, 22, 23, 22, 18, 25, 21, 21, 14, 8, 11, 14, 23,
    18, 17, 19, 20, 22, 19, 13, 26, 13, 14, 22, 24, 21, 22, 26, 21, 23, 24, 27, 41, 31, 27, 35, 26,
    28, 36, 39, 21, 17, 22, 17, 19, 15, 34, 10, 15, 22, 18, 15, 20, 15, 22, 19, 16, 30, 27, 29, 23,
    20, 16, 21, 21, 25, 16, 18, 15, 18, 14, 10, 15, 8, 15, 6, 11, 8, 7, 18, 16, 13, 12, 13, 20, 15,
    16, 12, 18, 15, 16, 13, 15, 16, 11, 11,
]  # fmt: skip
"""Earthquakes of magnitude 7 or more a year in the world, 1900 to 2006 (US Geological Survey)."""
