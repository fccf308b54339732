"""Starts under constraints: zeros, ties, the order of a chain and the shape of spreads."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    GradientAscent,
    Poisson,
    Sequences,
    Ties,
    fit,
    initialization,
    sample,
    simulation,
)
from hmmcore.initialization import (
    CHAINS,
    in_chain_order,
    shared_stays,
    with_chain,
    with_covariance_type,
)
from hmmcore.initialization.constraining import STRUCTURES
from hmmcore.selection import parameter_counts

RNG = np.random.default_rng(5)
FREE = HMM(
    RNG.dirichlet(np.ones(4)), RNG.dirichlet(np.ones(4), 4),
    Gaussian.univariate([3.0, -3.0, 0.0, 6.0], 0.5),
)  # fmt: skip


def drawn(chain):
    hmm = HMM(*STRUCTURES[chain](4, 0.8), FREE.emissions)
    return hmm, sample(hmm, 6, 60, np.random.default_rng(1)).sequences


@pytest.mark.parametrize("trainer", [EM, GradientAscent])
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("chain", CHAINS)
def test_training_keeps_what_a_start_rules_out_and_ties(chain, shared, trainer):
    ties = shared_stays(chain, 4) if shared else None
    start = with_chain(FREE, chain, ties)
    possible = start.transition_matrix > 0.0
    expected = {
        "free": np.ones((4, 4)),
        "left-right": np.eye(4) + np.eye(4, k=1),
        "cyclic": np.eye(4) + np.roll(np.eye(4), 1, axis=1),
    }[chain]
    np.testing.assert_array_equal(possible, expected > 0.0)
    _, sequences = drawn("cyclic")
    end = fit(trainer(sequences, transition_ties=ties), start, 20).hmm
    np.testing.assert_array_equal(end.transition_matrix > 0.0, possible)
    np.testing.assert_array_equal(end.initial_probs > 0.0, start.initial_probs > 0.0)
    assert (end.initial_probs[0] == 1.0) == (chain == "left-right")
    if shared:
        stays = np.diagonal(end.transition_matrix)[: 3 if chain == "left-right" else 4]
        np.testing.assert_allclose(stays, stays[0], rtol=1e-12)
    counts = parameter_counts(end, transition_ties=ties, start=start)
    free = {"free": 12, "left-right": 3, "cyclic": 4}[chain]
    assert counts["transition_matrix"] == (1 if shared else free)
    assert counts["initial_probs"] == (0 if chain == "left-right" else 3)


def test_rows_keep_their_proportions_and_those_that_go_nowhere_else_have_equal_parts():
    start = with_chain(FREE, "cyclic")
    matrix = FREE.transition_matrix
    np.testing.assert_allclose(
        start.transition_matrix[1, 2] / start.transition_matrix[1, 1], matrix[1, 2] / matrix[1, 1],
        rtol=1e-12,
    )  # fmt: skip
    astray = HMM(FREE.initial_probs, np.roll(np.eye(4), 2, axis=1), FREE.emissions)
    np.testing.assert_array_equal(
        with_chain(astray, "cyclic").transition_matrix[0], [0.5, 0.5, 0.0, 0.0]
    )
    # What satisfies the chain already is no other model.
    np.testing.assert_allclose(
        with_chain(start, "cyclic").transition_matrix, start.transition_matrix, rtol=1e-15
    )


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("family", ["numbers", "counts", "symbols"])
@pytest.mark.parametrize("chain", ["left-right", "cyclic"])
def test_states_come_in_the_order_in_which_the_data_meet_them(chain, family, missing):
    emissions = {
        "numbers": FREE.emissions,
        "counts": Poisson([30.0, 1.0, 10.0, 100.0]),
        "symbols": Categorical(0.9 * np.eye(4)[[2, 0, 3, 1]] + 0.025),
    }[family]
    truth = HMM(*STRUCTURES[chain](4, 0.8), emissions)
    observations = sample(truth, 6, 60, np.random.default_rng(1)).sequences.observations.copy()
    observations[np.random.default_rng(2).random(len(observations)) < missing] = np.nan
    sequences = Sequences(observations, [60] * 6)
    shuffled = HMM(FREE.initial_probs, FREE.transition_matrix, emissions.permute([2, 0, 3, 1]))
    found = in_chain_order(shuffled, sequences, chain).emissions
    turns = range(4) if chain == "cyclic" else [0]
    assert any(found == emissions.permute(np.roll(np.arange(4), turn)) for turn in turns)
    assert in_chain_order(shuffled, sequences, "free") is shuffled


def test_covariances_of_another_type_are_as_near_as_that_type_has_them():
    full = simulation.tilted_covariances(3, 1.0) * np.array([1.0, 4.0, 9.0])[:, None, None]
    hmm = HMM(np.full(3, 1 / 3), np.full((3, 3), 1 / 3), Gaussian(np.zeros((3, 2)), full, "full"))
    expected = {
        "full": full,
        "diag": [[1.0, 1.0], [4.0, 4.0], [9.0, 9.0]],
        "spherical": [1.0, 4.0, 9.0],
        "tied": full.mean(axis=0),
    }
    for kind, values in expected.items():
        found = with_covariance_type(hmm, kind).emissions
        assert found.covariance_type == kind
        np.testing.assert_allclose(found.covariances, values, rtol=1e-15)
    # Of numbers a tied spread is one number.
    one = with_covariance_type(FREE, "tied").emissions
    np.testing.assert_allclose(one.covariances, [[0.25]], rtol=1e-15)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="chain is 'round'; it must be one of"):
        with_chain(FREE, "round")
    with pytest.raises(ValueError, match="chain is 'round'"):
        in_chain_order(FREE, drawn("cyclic")[1], "round")
    with pytest.raises(ValueError, match="chain is 'round'"):
        shared_stays("round", 3)
    with pytest.raises(ValueError, match="the ties are for 3 states; the model has 4"):
        with_chain(FREE, "cyclic", Ties.cyclic(3))
    with pytest.raises(ValueError, match="covariance_type is 'round'"):
        with_covariance_type(FREE, "round")
    with pytest.raises(TypeError, match="Poisson emissions have no covariances"):
        with_covariance_type(HMM([1.0], [[1.0]], Poisson([1.0])), "tied")


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("num_states", [1, 2])
def test_few_states_have_chains_too(chain, num_states):
    start = initialization.random(drawn("cyclic")[1], num_states, np.random.default_rng(0))
    found = with_chain(start, chain, shared_stays(chain, num_states))
    np.testing.assert_allclose(found.transition_matrix.sum(axis=1), 1.0, rtol=1e-15)
