"""What a model says of its states: stays, shares in the long run, and a table of it all."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from hmmcore import HMM, Categorical, Gaussian, NeuralGaussian, Poisson, sample
from hmmcore.description import describe_states, expected_stays, stationary_probs


@pytest.mark.parametrize("num_states", [1, 2, 3, 7, 20])
def test_the_chain_keeps_its_stationary_shares(num_states):
    rng = np.random.default_rng(num_states)
    for concentration in (0.05, 1.0):
        matrix = rng.dirichlet(np.full(num_states, concentration), num_states) + 1e-9
        matrix /= matrix.sum(axis=1, keepdims=True)
        probs = stationary_probs(matrix)
        assert probs.sum() == pytest.approx(1.0, abs=1e-15)
        np.testing.assert_allclose(probs @ matrix, probs, rtol=1e-13)


def test_shares_of_very_different_size_keep_every_digit():
    small = Fraction(1, 2**70)
    # From S1 to S2 with probability 2^-70, and back with probability 1/2.
    probs = stationary_probs([[float(1 - small), float(small)], [0.5, 0.5]])
    exact = small / (small + Fraction(1, 2))
    assert probs[1] == pytest.approx(float(exact), rel=1e-15)


def test_states_that_are_left_for_good_have_no_share():
    matrix = [[0.5, 0.25, 0.25], [0.0, 0.9, 0.1], [0.0, 0.3, 0.7]]
    np.testing.assert_allclose(stationary_probs(matrix), [0.0, 0.75, 0.25], rtol=1e-15)
    np.testing.assert_allclose(stationary_probs([[0.2, 0.8], [0.0, 1.0]]), [0.0, 1.0])
    # In turn for ever: it never settles, and yet spends a third of its time in each.
    np.testing.assert_allclose(stationary_probs(np.roll(np.eye(3), 1, axis=1)), np.full(3, 1 / 3))


def test_where_the_beginning_decides_there_are_no_stationary_shares():
    assert np.isnan(stationary_probs(np.eye(2))).all()
    assert np.isnan(stationary_probs([[0.0, 0.5, 0.5], [0, 1, 0], [0, 0, 1]])).all()


def test_stays_last_as_long_as_in_a_long_simulation():
    matrix = np.array([[0.9, 0.1], [0.5, 0.5]])
    np.testing.assert_allclose(expected_stays(matrix), [10.0, 2.0])
    assert expected_stays(np.eye(1))[0] == np.inf
    # One minus the probability of staying would be zero.
    assert expected_stays([[1.0, 1e-17], [0.5, 0.5]])[0] == 1e17
    hmm = HMM([1.0, 0.0], matrix, Poisson([1.0, 5.0]))
    states = sample(hmm, 1, 200_000, np.random.default_rng(0)).states
    begins = np.flatnonzero(np.diff(states, prepend=-1))
    lengths = np.diff([*begins, len(states)])
    for k, stay in enumerate(expected_stays(matrix)):
        assert lengths[states[begins] == k].mean() == pytest.approx(stay, rel=0.03)
    shares = np.bincount(states) / len(states)
    np.testing.assert_allclose(stationary_probs(matrix), shares, atol=0.01)


CHAIN = ([0.5, 0.5], [[0.75, 0.25], [0.25, 0.75]])
REST = ["expected stay", "to S1", "to S2", "stationary share"]


def test_every_family_has_its_table():
    numbers = describe_states(HMM(*CHAIN, Gaussian([[0.0], [3.0]], [4.0, 1.0], "spherical")))
    assert list(numbers) == ["mean", "standard deviation", *REST]
    assert list(numbers.index) == ["S1", "S2"]
    assert numbers["standard deviation"].tolist() == [2.0, 1.0]
    assert numbers["to S2"].tolist() == [0.25, 0.75]
    assert numbers["expected stay"].tolist() == [4.0, 4.0]
    assert numbers["stationary share"].tolist() == [0.5, 0.5]
    counts = describe_states(HMM(*CHAIN, Poisson([1.0, 6.0])), shares=[0.25, 0.75])
    assert list(counts) == ["rate", "share of the data", *REST]
    symbols = HMM(*CHAIN, Categorical([[0.5, 0.5], [0.25, 0.75]]))
    assert list(describe_states(symbols))[:2] == ["p(1)", "p(2)"]
    assert list(describe_states(symbols, labels=["rain", "sun"]))[:2] == ["p(rain)", "p(sun)"]
    covariances = np.array([[[4.0, 1.0], [1.0, 1.0]], np.eye(2)])
    points = HMM(*CHAIN, Gaussian([[0.0, 1.0], [2.0, 3.0]], covariances, "full"))
    table = describe_states(points, columns=["a", "b"])
    assert list(table)[:5] == [
        "mean of a", "standard deviation of a", "mean of b", "standard deviation of b",
        "correlation of a and b",
    ]  # fmt: skip
    assert table["correlation of a and b"].tolist() == [0.5, 0.0]


def test_no_correlation_takes_the_place_of_another():
    covariances = np.eye(4)[np.newaxis] + 0.1
    hmm = HMM([1.0], [[1.0]], Gaussian(np.zeros((1, 4)), covariances, "full"))
    table = describe_states(hmm, columns=["a", "b and c", "a and b", "c"])
    assert sum(name.startswith("correlation of ") for name in table) == 6


def test_of_a_network_the_table_has_what_it_gives():
    rng = np.random.default_rng(3)
    emissions = NeuralGaussian.random(2, rng)
    table = describe_states(HMM(*CHAIN, emissions))
    np.testing.assert_array_equal(table["mean"], emissions.means[:, 0])


def test_states_can_have_names() -> None:
    hmm = HMM([0.5, 0.5], [[0.7, 0.3], [0.2, 0.8]], Poisson([1.0, 4.0]))
    table = describe_states(hmm, states=("rain", "sun"))
    assert list(table.index) == ["rain", "sun"]
    assert list(table.columns) == ["rate", "expected stay", "to rain", "to sun", "stationary share"]
    for wrong in (("rain",), ("rain", "rain"), ("rain", "sun", "fog")):
        with pytest.raises(ValueError, match="each needs one of its own"):
            describe_states(hmm, states=wrong)
