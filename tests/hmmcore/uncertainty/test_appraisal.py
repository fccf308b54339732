"""One pass finds what the separate functions find, and says how far it is on the way."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import EM, HMM, Gaussian, NeuralGaussian, Sequences, fit
from hmmcore.uncertainty import (
    appraise,
    em_rate,
    is_maximum,
    num_free_coordinates,
    observed_information,
)
from hmmcore.uncertainty.information import coordinates_of
from tests.hmmcore.uncertainty.fits import TRUTHS, fitted


@pytest.mark.parametrize("family", TRUTHS)
def test_one_pass_finds_what_each_function_finds(family):
    found = fitted(family)
    *before, last = appraise(found.hmm, found.sequences)
    assert [one.done for one in (*before, last)] == list(range(last.total + 1))
    assert all(one.verdict is None for one in before)
    assert last.total == num_free_coordinates(found.hmm)
    verdict = last.verdict
    assert verdict.optimality == is_maximum(found.hmm, found.sequences)
    np.testing.assert_allclose(
        verdict.missing, em_rate(found.hmm, found.sequences), rtol=0.0, atol=1e-10
    )
    names = coordinates_of(found.hmm)
    expected = observed_information(found.hmm, found.sequences)
    np.testing.assert_array_equal(verdict.information.covariance(names), expected.covariance(names))
    assert verdict.information.at_bounds == expected.at_bounds
    assert max(verdict.slowest.values()) == 1.0


def test_along_the_slowest_direction_em_leaves_the_share_that_is_missing():
    found = fitted("gaussian")
    *_, last = appraise(found.hmm, found.sequences)
    verdict = last.verdict
    # Started away from the top, after many steps only the slowest direction is left.
    start = HMM([0.5, 0.5], [[0.6, 0.4], [0.4, 0.6]], Gaussian.univariate([-0.5, 2.5], [1.2, 0.9]))
    history = fit(EM(found.sequences), start, max_iterations=60, tolerance=0.0).log_likelihoods
    gains = np.diff(history)[30:45]
    np.testing.assert_allclose(gains[1:] / gains[:-1], verdict.missing[0] ** 2, rtol=0.05)
    trainer = EM(found.sequences)
    state = trainer.init(start)
    for _ in range(40):
        state = trainer.step(state)
    name = next(iter(verdict.slowest))
    others = list(verdict.slowest)[1:]
    errors = np.array([verdict.information.standard_error(one) for one in (name, *others)])
    away = np.array([_at(state.hmm, one) - _at(found.hmm, one) for one in (name, *others)]) / errors
    np.testing.assert_allclose(away / away[0], list(verdict.slowest.values()), atol=0.1)


def _at(hmm, name):
    owner = hmm if hasattr(hmm, name[0]) else hmm.emissions
    return getattr(owner, name[0])[name[1:]]


def test_what_goes_to_its_bound_shrinks_by_its_own_share():
    found = fitted("gaussian")
    # Sorted, each sequence changes its state once at most, and nothing comes back.
    rows = found.sequences.observations[:240, 0].reshape(-1, 12)
    data = Sequences.from_list(list(np.sort(rows, axis=1)))
    trainer = EM(data)
    state = trainer.init(found.hmm)
    while state.hmm.transition_matrix[1, 0] > 1e-8:
        state = trainer.step(state)
    *_, last = appraise(state.hmm, data)
    later = trainer.step(state).hmm.transition_matrix[1, 0]
    share = last.verdict.towards_bounds["transition_matrix", 1, 0]
    np.testing.assert_allclose(later / state.hmm.transition_matrix[1, 0], share, rtol=1e-3)
    assert last.verdict.pace >= share


def test_what_is_held_and_what_nobody_can_tell_are_left_out():
    # Each sequence begins in the first state, so π is at its bound.
    hmm = HMM([1.0, 0.0], [[0.9, 0.1], [0.2, 0.8]], Gaussian.univariate([0.0, 4.0], [1.0, 1.0]))
    values = np.array([0.1, -0.3, 0.4, 4.2, 3.7, 4.4, 0.2, 4.1, -0.1, 0.0])
    data = Sequences.from_list([values, values[::-1] * 0.5])
    top = fit(EM(data), hmm, max_iterations=5000, tolerance=0.0, patience=2).hmm
    *_, last = appraise(top, data)
    rates = em_rate(top, data)
    np.testing.assert_allclose(last.verdict.missing, rates, rtol=0.0, atol=1e-8)
    assert ("initial_probs", 1) in last.verdict.information.at_bounds
    # Of a network the data determine means, not weights: a step of EM stays along the weights.
    emissions = NeuralGaussian.near_means(
        top.emissions.means, np.random.default_rng(0), sd=1.0, output_activation="identity"
    )
    start = HMM([0.5, 0.5], top.transition_matrix, emissions)
    network = fit(EM(data), start, max_iterations=200, tolerance=0.0).hmm
    *_, last = appraise(network, data)
    assert 0 < len(last.verdict.missing) < last.total
    assert last.verdict.information.undetermined
    assert last.verdict.missing[0] < 1.0 - 1e-4, "no direction in which EM stays"
