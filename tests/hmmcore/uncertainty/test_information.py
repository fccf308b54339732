"""Standard errors, held against second derivatives in extended precision and known results."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    ImpossibleDataError,
    NeuralGaussian,
    Poisson,
    Sequences,
    fit,
    sample,
    simulation,
)
from hmmcore.uncertainty import observed_information
from tests.hmmcore.uncertainty.fits import (
    exact_hessian,
    exact_log_likelihood,
    exact_scores,
    fitted,
)


@pytest.mark.parametrize(
    ("family", "gaps"), [("gaussian", 0.0), ("gaussian", 0.2), ("poisson", 0.0)]
)
def test_standard_errors_are_those_of_extended_precision(family, gaps):
    found = fitted(family, gaps=gaps)
    hmm, data = found.hmm, found.sequences
    own = (
        hmm.emissions.rates
        if family == "poisson"
        else np.concatenate([hmm.emissions.means[:, 0], hmm.emissions.standard_deviations[:, 0]])
    )
    point = np.concatenate([[hmm.initial_probs[0]], hmm.transition_matrix[:, 0], own])

    def log_likelihood(values):
        initial = np.array([values[0], 1 - values[0]])
        matrix = np.array([[values[1], 1 - values[1]], [values[2], 1 - values[2]]])
        scores = exact_scores(family, values[3:], data.observations)
        return exact_log_likelihood(initial, matrix, scores, data.lengths)

    expected = np.linalg.inv(-exact_hessian(log_likelihood, point))
    names = [("initial_probs", 0), ("transition_matrix", 0, 0), ("transition_matrix", 1, 0)]
    if family == "poisson":
        names += [("rates", 0), ("rates", 1)]
    else:
        names += [("means", 0), ("means", 1)]
        names += [("standard_deviations", 0), ("standard_deviations", 1)]
    information = observed_information(hmm, data)
    np.testing.assert_allclose(information.covariance(names), expected, rtol=2e-5, atol=1e-10)
    assert information.at_bounds == ()
    assert information.undetermined == ()


def test_one_state_has_the_standard_errors_of_textbooks():
    rng = np.random.default_rng(0)
    x = rng.normal(3.0, 2.0, size=200)
    hmm = HMM([1.0], [[1.0]], Gaussian.univariate([x.mean()], x.std()))
    information = observed_information(hmm, Sequences(x))
    np.testing.assert_allclose(
        [
            information.standard_error(("means", 0)),
            information.standard_error(("standard_deviations", 0)),
        ],
        [x.std() / np.sqrt(200), x.std() / np.sqrt(400)],
        rtol=3e-8,
    )
    assert information.at_bounds == (("initial_probs", 0), ("transition_matrix", 0, 0))
    counts = rng.poisson(4.0, size=150)
    hmm = HMM([1.0], [[1.0]], Poisson([counts.mean()]))
    np.testing.assert_allclose(
        observed_information(hmm, Sequences(counts.astype(float))).standard_error(("rates", 0)),
        np.sqrt(counts.mean() / 150),
        rtol=3e-8,
    )
    symbols = rng.choice(3, size=300, p=[0.5, 0.3, 0.2]).astype(float)
    probs = np.bincount(symbols.astype(int)) / 300
    information = observed_information(
        HMM([1.0], [[1.0]], Categorical([probs])), Sequences(symbols)
    )
    expected = (np.diag(probs) - np.outer(probs, probs)) / 300
    np.testing.assert_allclose(
        information.covariance([("probs", 0, c) for c in range(3)]), expected, rtol=3e-8, atol=1e-14
    )


@pytest.mark.parametrize("offset", [1e9, 1e12])
def test_far_from_zero_a_mean_is_as_sure_as_near_it(offset):
    values = np.random.default_rng(0).normal(size=200) + offset
    data, off = Sequences(values), values - offset
    normal = Gaussian.univariate([offset + off.mean()], off.std())
    hmm = fit(EM(data), HMM([1.0], [[1.0]], normal), 50).hmm
    error = observed_information(hmm, data).standard_error(("means", 0))
    np.testing.assert_allclose(error, off.std() / np.sqrt(200), rtol=1e-6)


def test_states_that_are_seen_have_the_standard_errors_of_counted_proportions():
    # States so far apart that each observation tells its own.
    truth = HMM([0.5, 0.5], [[0.8, 0.2], [0.4, 0.6]], Gaussian.univariate([0.0, 100.0], 1.0))
    drawn = sample(truth, 10, 50, np.random.default_rng(1))
    hmm = fit(EM(drawn.sequences), truth, 50, 0.0).hmm
    states = drawn.states.reshape(10, 50)
    for i in range(2):
        leaving = (states[:, :-1] == i).sum()
        p = hmm.transition_matrix[i, 0]
        np.testing.assert_allclose(
            observed_information(hmm, drawn.sequences).standard_error(("transition_matrix", i, 0)),
            np.sqrt(p * (1 - p) / leaving),
            rtol=3e-8,
        )


@pytest.mark.parametrize(
    "family", ["gaussian", "poisson", "categorical", "diag", "spherical", "full", "tied"]
)
def test_a_change_of_the_order_of_states_changes_nothing_else(family):
    found = fitted(family)
    turned = observed_information(found.hmm.permute([1, 0]), found.sequences)
    information = observed_information(found.hmm, found.sequences)
    names = list(information._places)
    other = [
        (
            name[0],
            *[
                1 - i if n < 1 + (name[0] == "transition_matrix") else i
                for n, i in enumerate(name[1:])
            ],
        )
        for name in names
    ]
    np.testing.assert_allclose(
        information.covariance(names), turned.covariance(other), rtol=1e-5, atol=1e-9
    )
    assert not np.isnan(information.covariance(names)).any()


def test_a_network_with_a_mean_for_each_state_is_as_sure_as_free_means():
    plain = fitted("gaussian")
    # Above zero, where a ReLU can reach.
    data = Sequences(plain.sequences.observations + 5.0, plain.sequences.lengths)
    network = NeuralGaussian.random(2, np.random.default_rng(1), 1, 3, 4)
    chain = plain.hmm.initial_probs, plain.hmm.transition_matrix
    learned = fit(EM(data), HMM(*chain, network), 4000, 0.0, 3).hmm
    order = np.argsort(learned.emissions.means[:, 0])
    information = observed_information(learned.permute(order), data)
    free = observed_information(plain.hmm, plain.sequences)
    names = [("means", 0), ("means", 1), ("standard_deviations", 1), ("transition_matrix", 0, 1)]
    np.testing.assert_allclose(
        information.covariance(names), free.covariance(names), rtol=1e-5, atol=1e-8
    )
    assert {name[0] for direction in information.undetermined for name in direction} <= set(
        NeuralGaussian.parameter_names
    )
    assert information.undetermined, "many weights make the same means"


def test_the_first_state_of_a_single_sequence_is_at_its_bounds():
    truth = HMM([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], Gaussian.univariate([0.0, 1.5], 1.0))
    data = sample(truth, 1, 300, np.random.default_rng(3)).sequences
    for steps in (40, 400):
        hmm = fit(EM(data), truth, steps, 0.0).hmm
        information = observed_information(hmm, data)
        assert set(information.at_bounds) == {("initial_probs", 0), ("initial_probs", 1)}
        assert np.isnan(information.standard_error(("initial_probs", 0)))
        assert np.isfinite(information.standard_error(("means", 0)))
        frame = information.frame()
        assert frame["remark"][:2].str.startswith("at its bound").all()


def test_zeros_are_held():
    truth = HMM(*simulation.left_right_structure(3, 0.8), Gaussian.univariate([0.0, 2.0, 4.0], 1.0))
    data = sample(truth, 30, 15, np.random.default_rng(3)).sequences
    hmm = fit(EM(data), truth, 3000, 0.0).hmm
    information = observed_information(hmm, data)
    assert {("transition_matrix", 1, 0), ("initial_probs", 0)} <= set(information.at_bounds)
    assert ("transition_matrix", 2, 2) in information.at_bounds, "the last state absorbs"
    assert np.isfinite(information.standard_error(("transition_matrix", 0, 1)))


def test_what_the_data_do_not_determine_is_named():
    data = fitted("gaussian").sequences
    # No sequence comes to the third state.
    hmm = HMM([0.6, 0.4, 0.0], [[0.8, 0.2, 0.0], [0.3, 0.7, 0.0], [0.3, 0.3, 0.4]],
              Gaussian.univariate([0.0, 2.0, 9.0], 1.0))  # fmt: skip
    information = observed_information(hmm, data, trainable=("means",))
    assert [set(direction) for direction in information.undetermined] == [{("means", 2, 0)}]
    assert np.isnan(information.standard_error(("means", 2)))
    assert np.isfinite(information.standard_error(("means", 0)))
    remarks = information.frame().set_index("parameter")["remark"]
    assert remarks["mean of state 3"] == "the data do not determine it"
    assert remarks["standard deviation of state 1"] == "not trained"


def test_coordinates_that_are_never_seen_together_do_not_tell_their_correlation():
    values = fitted("full").sequences.observations.copy()
    values[::2, 0] = values[1::2, 1] = np.nan
    data = Sequences(values)
    hmm = HMM([1.0], [[1.0]], Gaussian([[0.0, 0.0]], [[[1.0, 0.0], [0.0, 1.0]]], "full"))
    hmm = fit(EM(data), hmm, 50, 0.0).hmm
    information = observed_information(hmm, data)
    assert [set(direction) for direction in information.undetermined] == [
        {("covariances", 0, 1, 0)}
    ]
    assert np.isfinite(information.standard_error(("standard_deviations", 0, 1)))


def test_states_that_are_alike_are_not_told_apart():
    data = fitted("gaussian").sequences
    alike = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian.univariate([1.0, 1.0], 1.0))
    information = observed_information(alike, data)
    assert information.undetermined
    assert np.isnan(information.standard_error(("transition_matrix", 0, 0)))


def test_intervals_stay_in_range_and_have_their_level():
    found = fitted("gaussian")
    information = observed_information(found.hmm, found.sequences)
    error = information.standard_error(("means", 1))
    low, high = information.interval(("means", 1), 0.95)
    np.testing.assert_allclose(
        [low, high],
        found.hmm.emissions.means[1, 0] + 1.959963984540054 * error * np.array([-1, 1]),
        rtol=1e-12,
    )
    low, high = information.interval(("transition_matrix", 0, 1), 1 - 1e-12)
    assert 0.0 < low < high < 1.0
    low, high = information.interval(("standard_deviations", 0))
    deviation = found.hmm.emissions.standard_deviations[0, 0]
    np.testing.assert_allclose(low * high, deviation**2, rtol=1e-12)
    with pytest.raises(ValueError, match="level"):
        information.interval(("means", 0), 1.0)
    with pytest.raises(ValueError, match="no coordinate"):
        information.standard_error(("means", 7))


def test_what_cannot_be_is_refused():
    hmm = HMM([1.0, 0.0], np.eye(2), Categorical([[1.0, 0.0], [0.0, 1.0]]))
    with pytest.raises(ImpossibleDataError):
        observed_information(hmm, Sequences([0.0, 1.0]))
    with pytest.raises(ValueError, match="trainable"):
        observed_information(hmm, Sequences([0.0, 0.0]), trainable=("rates",))
