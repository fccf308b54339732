"""The log-likelihood along the straight line from one model to another."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    Poisson,
    Sequences,
    fit,
    initialization,
    log_likelihood,
    sample,
    simulation,
)
from hmmcore.landscape import line
from tests.hmmcore.landscape.test_plane import every_family


@every_family
def test_the_ends_of_a_line_are_the_two_models(config):
    first, sequences = config.make(0)
    second = config.make(1)[0]
    found = line(first, second, sequences, 24, align=False)
    assert len(found.positions) == 24
    assert found.positions[0] < 0.0 < 1.0 < found.positions[-1]
    for position, hmm in ((0.0, first), (1.0, second)):
        place = int(np.flatnonzero(found.positions == position)[0])
        expected = log_likelihood(hmm, sequences).sum()
        np.testing.assert_allclose(found.log_likelihoods[place], expected, rtol=1e-10, atol=1e-10)
    aligned = line(first, second, sequences, 24)
    # Whatever the order of its states, the second model is as likely.
    place = int(np.flatnonzero(aligned.positions == 1.0)[0])
    np.testing.assert_allclose(aligned.log_likelihoods[place], expected, rtol=1e-10, atol=1e-10)


def test_a_line_is_straight_in_means_and_in_logarithms_of_spreads():
    chain = [0.3, 0.7], [[0.5, 0.5], [0.2, 0.8]]
    other = [0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]]
    sequences = Sequences(np.random.default_rng(0).normal(size=20))
    found = line(
        HMM(*chain, Gaussian.univariate([-1.0, 1.0], [1.0, 1.0])),
        HMM(*other, Gaussian.univariate([-2.0, 3.0], [1.0, 4.0])), sequences, 3,
    )  # fmt: skip
    middle = HMM([0.4, 0.6], [[0.7, 0.3], [0.2, 0.8]], Gaussian.univariate([-1.5, 2.0], [1.0, 2.0]))
    place = int(np.flatnonzero(found.positions == 0.5)[0])
    np.testing.assert_allclose(
        found.log_likelihoods[place], log_likelihood(middle, sequences).sum(), rtol=1e-13
    )


def two_optima() -> tuple[HMM, HMM, Sequences]:
    """Two orders of one optimum of well separated states."""
    truth = HMM(*simulation.sticky_structure(2, 0.9), Gaussian.univariate([-3.0, 3.0], 0.5))
    sequences = sample(truth, 1, 200, np.random.default_rng(0)).sequences
    learned = fit(EM(sequences), truth, 200, 1e-10).hmm
    return learned, learned.permute([1, 0]), sequences


def test_between_two_orders_of_an_optimum_lies_a_barrier():
    first, second, sequences = two_optima()
    found = line(first, second, sequences, align=False)
    assert found.barrier > 100.0
    assert found.lowest == pytest.approx(0.5, abs=1e-12)
    between = (found.positions >= 0.0) & (found.positions <= 1.0)
    top = log_likelihood(first, sequences).sum()
    assert found.barrier == pytest.approx(top - found.log_likelihoods[between].min(), rel=1e-12)
    # An optimum: the margins are lower.
    assert (found.log_likelihoods[~between] < top).all()


def test_between_an_optimum_and_itself_lies_nothing():
    first, second, sequences = two_optima()
    found = line(first, second, sequences)
    assert found.barrier == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(found.log_likelihoods, found.log_likelihoods[0], rtol=1e-13)


def test_a_way_that_only_climbs_has_no_barrier():
    first, _, sequences = two_optima()
    start = HMM(first.initial_probs, first.transition_matrix, Gaussian.univariate([-2.5, 2.5], 0.5))
    found = line(start, first, sequences)
    assert found.barrier == 0.0
    assert found.lowest == 0.0


def test_impossible_data_between_the_ends_are_an_infinite_barrier():
    # Each explains both symbols, the sharing of them between the states does not fit on the way.
    sequences = Sequences([0.0, 1.0])
    chain = [1.0, 0.0], [[0.0, 1.0], [1.0, 0.0]]
    first = HMM(*chain, Categorical([[1.0, 0.0], [0.0, 1.0]]))
    found = line(first, first, sequences, 11)
    assert found.barrier == 0.0
    never = HMM(*chain, Categorical([[0.0, 1.0], [1.0, 0.0]]))
    found = line(never, never, sequences, 11, align=False)
    assert (found.log_likelihoods == -np.inf).all()
    assert found.barrier == 0.0


def test_what_makes_no_line_is_refused():
    first, second, sequences = two_optima()
    with pytest.raises(ValueError, match="must be of one kind"):
        line(first, initialization.symmetric(3), sequences)
    with pytest.raises(ValueError, match="num_points is 1; it must be at least 2"):
        line(first, second, sequences, 1)
    rates = HMM([0.5, 0.5], np.eye(2), Poisson([0.0, 1.0]))
    with pytest.raises(ValueError, match="A rate is 0"):
        line(rates, rates, Sequences([1.0]))
