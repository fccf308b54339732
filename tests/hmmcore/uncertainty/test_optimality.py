"""Whether a model is a maximum, and EM's rate there, held against EM itself."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import EM, HMM, Gaussian, Sequences, fit, log_likelihood, sample, simulation
from hmmcore.uncertainty import em_rate, is_maximum
from hmmcore.uncertainty.local import local
from tests.hmmcore.uncertainty.fits import fitted

PARAMETERS = (
    "initial_probs", "transition_matrix", "means", "covariances", "rates", "probs"
)  # fmt: skip
FAMILIES = ("gaussian", "poisson", "categorical", "diag", "spherical", "full", "tied")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fit_that_ended_is_a_maximum(family):
    found = fitted(family)
    optimality = is_maximum(found.hmm, found.sequences)
    assert optimality.satisfied, optimality
    assert optimality.gain < 1e-6
    assert optimality.rising == {}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fit_that_stopped_early_is_told_what_it_can_still_gain(family):
    found = fitted(family)
    trainer = EM(found.sequences)
    # A little away from the maximum, where the parabola fits.
    state = trainer.init(fit(trainer, found.hmm.permute([0, 1]), 0).hmm)
    moved = HMM(
        found.hmm.initial_probs, 0.98 * found.hmm.transition_matrix + 0.01, found.hmm.emissions
    )
    optimality = is_maximum(moved, found.sequences)
    assert optimality.verdict == "stopped early"
    gained = state.log_likelihood - log_likelihood(moved, found.sequences).sum()
    np.testing.assert_allclose(optimality.gain, gained, rtol=0.05)


def test_a_zero_that_should_rise_is_named():
    found = fitted("gaussian")
    initial = np.array([1.0, 0.0])
    stuck = fit(
        EM(found.sequences),
        HMM(initial, found.hmm.transition_matrix, found.hmm.emissions),
        3000,
        0.0,
    )
    optimality = is_maximum(stuck.hmm, found.sequences)
    assert optimality.verdict == "zero should rise"
    assert list(optimality.rising) == [("initial_probs", 1)]
    assert (
        "initial probability of state 2 is zero, or nearly so, and should rise"
        in optimality.message
    )
    # The slope is that of the likelihood itself.
    step = 1e-7
    nearby = HMM([1.0 - step, step], stuck.hmm.transition_matrix, stuck.hmm.emissions)
    rise = (
        log_likelihood(nearby, found.sequences).sum()
        - log_likelihood(stuck.hmm, found.sequences).sum()
    )
    np.testing.assert_allclose(optimality.rising[("initial_probs", 1)], rise / step, rtol=1e-3)
    meant = is_maximum(
        stuck.hmm,
        found.sequences,
        start=HMM(initial, found.hmm.transition_matrix, found.hmm.emissions),
    )
    assert meant.satisfied


def test_what_is_on_its_way_to_zero_counts_as_stopped_early():
    truth = HMM([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], Gaussian.univariate([0.0, 1.5], 1.0))
    data = sample(truth, 1, 300, np.random.default_rng(3)).sequences
    best = fit(EM(data), truth, 3000, 0.0).hmm
    assert is_maximum(best, data).satisfied
    # The first state of a single sequence is one for certain; here it is nearly so.
    last = int(best.initial_probs.argmin())
    for share, satisfied in ((1e-3, False), (1e-6, True)):
        initial = np.full(2, 1.0 - share)
        initial[last] = share
        hmm = HMM(initial, best.transition_matrix, best.emissions)
        optimality = is_maximum(hmm, data)
        lacking = (log_likelihood(best, data) - log_likelihood(hmm, data))[0]
        assert optimality.satisfied == satisfied
        np.testing.assert_allclose(optimality.gain, lacking, rtol=0.05, atol=1e-7)


@pytest.mark.parametrize(
    ("seed", "tolerance", "verdict"), [(2, 1e-8, "maximum"), (21, 1e-7, "stopped early")]
)
def test_a_fit_on_its_way_to_a_zero_is_no_saddle(seed, tolerance, verdict):
    chain = [[0.9, 0.1, 0.0], [0.0, 0.9, 0.1], [0.1, 0.0, 0.9]]
    truth = HMM([1.0, 0.0, 0.0], chain, Gaussian.univariate([0.0, 1.5, 3.0], 1.0))
    data = sample(truth, 1, 400, np.random.default_rng(seed)).sequences
    start = HMM([0.4, 0.3, 0.3], 0.7 * np.eye(3) + 0.1, truth.emissions)
    early = fit(EM(data), start, 20_000, tolerance).hmm
    smallest = early.transition_matrix.min()
    assert 1e-9 < smallest < 0.01
    # Near zero the likelihood curves upwards in it, and yet it has a slope.
    found = is_maximum(early, data)
    assert found.verdict == verdict
    end = fit(EM(data), early, 20_000, 1e-13).hmm
    assert end.transition_matrix.min() < 1e-2 * smallest
    assert is_maximum(end, data).satisfied
    gained = (log_likelihood(end, data) - log_likelihood(early, data))[0]
    assert (gained > 1e-4) == (verdict == "stopped early")


def test_an_underflowed_entry_is_seen():
    # The second state explains the first observation e^(2·40²) times better.
    hmm = HMM([1.0, 0.0], [[0.5, 0.5], [0.5, 0.5]], Gaussian.univariate([0.0, 40.0], 1.0))
    optimality = is_maximum(hmm, Sequences([40.0, 0.1, 39.8]), trainable=("initial_probs",))
    assert list(optimality.rising) == [("initial_probs", 1)]


def test_where_states_are_alike_is_a_saddle():
    found = fitted("gaussian")
    alike = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian.univariate([1.0, 1.0], 1.0))
    alike = fit(EM(found.sequences), alike, 100, 0.0).hmm
    optimality = is_maximum(alike, found.sequences)
    assert optimality.verdict == "saddle"
    assert not optimality.satisfied


def test_a_variance_at_its_floor_is_said_to_be_there():
    values = np.append(np.random.default_rng(0).normal(size=60), np.full(5, 9.0))
    data = Sequences(values)
    start = HMM([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], Gaussian.univariate([0.0, 9.0], 0.5))
    hmm = fit(EM(data), start, 300).hmm
    found = is_maximum(hmm, data)
    assert (found.verdict, found.collapsed) == ("at a floor", (1,))
    assert "in state 2 a variance is at its floor" in found.message
    assert found.gain < 1e-6
    assert found.message.endswith("All else is at its maximum while that is held.")
    assert found.rest_satisfied
    assert not found.satisfied
    early = is_maximum(HMM([0.5, 0.5], hmm.transition_matrix, hmm.emissions), data)
    assert (early.verdict, early.rest) == ("at a floor", "stopped early")
    # Where the variance is known it cannot shrink.
    assert is_maximum(hmm, data, {"means"}).satisfied


def test_a_maximum_at_zero_is_a_maximum():
    truth = HMM(*simulation.left_right_structure(3, 0.8), Gaussian.univariate([0.0, 4.0, 8.0], 1.0))
    data = sample(truth, 30, 15, np.random.default_rng(3)).sequences
    found = fit(EM(data), truth, 3000, 0.0)
    assert is_maximum(found.hmm, data).satisfied


@pytest.mark.parametrize("family", FAMILIES)
def test_the_largest_eigenvalue_is_the_rate_at_which_em_comes_near(family):
    found = fitted(family)
    rates = em_rate(found.hmm, found.sequences)
    assert (rates[:-1] >= rates[1:]).all()
    assert ((rates > -1e-6) & (rates < 1.0)).all()
    # Where EM takes a small move again and again, it turns to the slowest direction.
    trainer, around = EM(found.sequences), local(found.hmm, frozenset(PARAMETERS))
    start = around.value(found.hmm)
    move, shrunk = np.random.default_rng(0).normal(size=len(start)), 1.0
    for _ in range(60):
        move *= 1e-4 / np.abs(move).max()
        ends = [
            around.value(trainer.step(trainer.init(around.model(start + side))).hmm)
            for side in (-move, move)
        ]
        after = 0.5 * (ends[1] - ends[0])
        shrunk = float(after @ move / (move @ move))
        move = after
    np.testing.assert_allclose(rates[0], shrunk, rtol=1e-4)


def test_states_that_are_seen_miss_nothing():
    truth = HMM([0.5, 0.5], [[0.8, 0.2], [0.4, 0.6]], Gaussian.univariate([0.0, 100.0], 1.0))
    data = sample(truth, 10, 50, np.random.default_rng(1)).sequences
    hmm = fit(EM(data), truth, 50, 0.0).hmm
    np.testing.assert_allclose(em_rate(hmm, data), np.zeros(7), rtol=0, atol=1e-9)
