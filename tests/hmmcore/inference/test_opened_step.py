"""An EM step opened to weighted means: the quotient is what EM moves to, whatever it learns."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    ImpossibleDataError,
    Poisson,
    Sequences,
    messages,
    preset,
    smooth,
)
from hmmcore.inference import EMStep, em_step, open_parameter
from tests.hmmcore.inference.test_message_passing import UMBRELLA
from tests.hmmcore.models import CONFIGS, Config

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


def coordinates(hmm: HMM):
    """Every number of the model that EM learns in closed form."""
    for name in ("initial_probs", "transition_matrix"):
        yield from ((name, *place) for place in np.ndindex(getattr(hmm, name).shape))
    for name in ("means", "covariances", "standard_deviations", "rates", "probs"):
        values = getattr(hmm.emissions, name, None)
        if values is not None and not (name == "means" and hasattr(hmm.emissions, "layers")):
            yield from ((name, *place) for place in np.ndindex(values.shape))


def size_of_terms(step: EMStep, name: str) -> float:
    """The size of what EM adds up for a parameter: sums of deviations from the present means."""
    if name in ("means", "covariances", "standard_deviations"):
        observations = step.sequences.observations
        sizes = np.abs(observations[:, np.newaxis] - step.before.emissions.means)
        largest = np.nanmax(sizes) + np.nanmax(np.abs(observations))
        return float(largest if name == "means" else largest**2) * len(observations)
    return 0.0


@pytest.mark.parametrize("seed", range(2))
@every_config
def test_every_parameter_is_the_quotient_that_em_moves_to(config, seed):
    hmm, sequences = config.make(seed)
    trainer = EM(sequences, variance_floor=1e-12)
    expected = trainer.step(trainer.init(hmm))
    step = em_step(hmm, sequences, variance_floor=1e-12)
    assert step.after == expected.hmm
    assert step.remedies == expected.remedies
    quotients = 0
    for coordinate in coordinates(hmm):
        name, *place = coordinate
        opened = open_parameter(step, coordinate)
        assert opened.numerator == opened.contributions.sum()
        assert opened.denominator == opened.weights.sum()
        after = expected.hmm if hasattr(hmm, name) else expected.hmm.emissions
        before = hmm if hasattr(hmm, name) else hmm.emissions
        assert opened.new == getattr(after, name)[tuple(place)]
        assert opened.old == getattr(before, name)[tuple(place)]
        if opened.held == "no data":
            assert opened.denominator <= 1e-12
            assert opened.new == opened.old
            continue
        np.testing.assert_allclose(opened.shares.sum(), 1.0, rtol=1e-12)
        if opened.held is not None:
            assert opened.held == "floor"
            continue
        quotients += 1
        found, wanted = opened.quotient, opened.new
        if name == "standard_deviations":
            found, wanted = found**2, wanted**2
        np.testing.assert_allclose(
            found, wanted, rtol=1e-12, atol=1e-15 * size_of_terms(step, name) / opened.denominator
        )
    assert quotients > 0


def test_shares_of_a_mean_are_the_posterior_of_its_state():
    hmm, sequences = Config("dense", 3, (6, 4), missing=0.3).make(0)
    step = em_step(hmm, sequences)
    opened = open_parameter(step, ("means", 1))
    there = ~np.isnan(sequences.observations[:, 0])
    gamma = smooth(hmm, sequences).smoothed_probs[:, 1]
    np.testing.assert_array_equal(opened.weights, np.where(there, gamma, 0.0))
    np.testing.assert_allclose(opened.shares, opened.weights / gamma[there].sum(), rtol=1e-14)
    np.testing.assert_allclose(opened.values[there], sequences.observations[there, 0], rtol=1e-13)
    assert np.isnan(opened.values[~there]).all()


def test_shares_of_a_row_of_the_transition_matrix_are_the_pairs_of_every_sequence():
    hmm, sequences = Config("sparse", 3, (5, 1, 4)).make(0)
    step = em_step(hmm, sequences)
    for i, j in product(range(3), repeat=2):
        opened = open_parameter(step, ("transition_matrix", i, j))
        pairs = [messages(hmm, sequences.select(n)).pair_probs[:, i, j] for n in range(3)]
        expected = np.concatenate([np.append(pair, 0.0) for pair in pairs])
        np.testing.assert_allclose(opened.contributions, expected, rtol=1e-12, atol=1e-300)
        assert (opened.weights[sequences.offsets[1:] - 1] == 0.0).all()
        if hmm.transition_matrix[i, j] == 0.0:
            assert opened.numerator == opened.new == 0.0


def test_the_umbrellas_next_model_by_hand():
    hmm, sequences = UMBRELLA
    step = em_step(hmm, sequences)
    gamma = np.array([59505867, 56286819, 21095649, 56286819, 59505867]) / 68607401
    seen = open_parameter(step, ("probs", 0, 0))
    np.testing.assert_allclose(seen.weights, gamma, rtol=1e-14)
    np.testing.assert_allclose(seen.contributions, gamma * [1, 1, 0, 1, 1], rtol=1e-14)
    np.testing.assert_allclose(seen.new, 1.0 - gamma[2] / gamma.sum(), rtol=1e-14)
    stays = open_parameter(step, ("transition_matrix", 0, 0))
    np.testing.assert_allclose(stays.numerator, 2.0801861886591517, rtol=1e-13)
    np.testing.assert_allclose(stays.denominator, gamma[:4].sum(), rtol=1e-14)
    first = open_parameter(step, ("initial_probs", 0))
    np.testing.assert_array_equal(first.weights, [1.0, 0.0, 0.0, 0.0, 0.0])
    np.testing.assert_allclose([first.old, first.new], [0.5, gamma[0]], rtol=1e-14)


def test_the_notebooks_first_step_has_the_right_denominator():
    notebook = preset("notebook")
    opened = open_parameter(em_step(notebook.start, notebook.sequences), ("means", 2))
    # All states alike: a fifth of each of the twenty observations. The notebook divides by ten
    # times as much, and comes to 0.1016.
    np.testing.assert_allclose(opened.weights, 0.2, rtol=1e-13)
    np.testing.assert_allclose(opened.denominator, 4.0, rtol=1e-13)
    np.testing.assert_allclose(opened.new, 1.016246501715257, rtol=1e-13)
    np.testing.assert_allclose(
        opened.numerator / (10.0 * opened.denominator), 0.10162465017152571, rtol=1e-12
    )


def test_what_is_not_learned_is_fixed():
    hmm, sequences = Config("dense", 2, (30,)).make(0)
    step = em_step(hmm, sequences, trainable={"covariances"})
    fixed = open_parameter(step, ("means", 0))
    assert (fixed.held, fixed.new) == ("fixed", fixed.old)
    assert fixed.quotient != fixed.new
    # Squared deviations from the means that stay.
    variance = open_parameter(step, ("covariances", 0))
    assert variance.held is None
    gaps = (sequences.observations - hmm.emissions.means[0])[:, 0]
    np.testing.assert_allclose(variance.values, gaps**2, rtol=1e-12)
    np.testing.assert_allclose(variance.quotient, variance.new, rtol=1e-12)
    deviation = open_parameter(step, ("standard_deviations", 0, 0))
    np.testing.assert_allclose(deviation.new, np.sqrt(variance.new), rtol=1e-14)
    assert deviation.numerator == variance.numerator


def test_a_variance_at_its_floor_and_a_state_without_data_are_named():
    hmm = HMM([0.5, 0.5], np.eye(2), Gaussian.univariate([0.0, 1e3], 1.0))
    step = em_step(hmm, Sequences([0.5, 0.5, 0.5, 0.25]), variance_floor=0.5)
    held = open_parameter(step, ("covariances", 0, 0))
    assert (held.held, held.new) == ("floor", 0.5)
    assert held.quotient < 0.5
    empty = open_parameter(step, ("means", 1))
    assert (empty.held, empty.new, empty.old) == ("no data", 1e3, 1e3)
    assert (empty.shares == 0.0).all()
    last = open_parameter(em_step(hmm, Sequences([0.5])), ("transition_matrix", 0, 0))
    assert (last.held, last.new) == ("no data", 1.0)


@pytest.mark.parametrize(
    ("coordinate", "message"),
    [
        (("rates", 0), r"^the model has no 'rates'; it has initial_probs, transition_matrix, mea"),
        (("means", 2), r"^the model has no coordinate \('means', 2\): means has shape \(2, 1\)"),
        (("means", 0, 1), r"^the model has no coordinate \('means', 0, 1\)"),
        (("transition_matrix", 0), r"^the model has no coordinate \('transition_matrix', 0\)"),
        (("means", "0"), r"^the model has no coordinate \('means', '0'\)"),
        (("parts", 0), r"^the model has no 'parts'"),
        (("means", -1), r"^the model has no coordinate \('means', -1\)"),
        ("means", r"^'means' is no coordinate; one is like \('means', 1\)"),
        ((), r"^\(\) is no coordinate"),
    ],
)
def test_a_coordinate_that_is_not_there_is_refused(coordinate, message):
    step = em_step(*Config("dense", 2, (9,)).make(0))
    with pytest.raises(ValueError, match=message):
        open_parameter(step, coordinate)


def test_the_means_of_a_network_follow_a_gradient():
    step = em_step(*CONFIGS["neural"].make(0))
    with pytest.raises(ValueError, match=r"^the means come out of a network that is moved along"):
        open_parameter(step, ("means", 0, 0))


def test_impossible_data_have_no_step():
    hmm = HMM([1.0, 0.0], np.eye(2), Categorical([[1.0, 0.0], [0.5, 0.5]]))
    with pytest.raises(ImpossibleDataError):
        em_step(hmm, Sequences([0, 1]))


def test_a_rate_is_the_weighted_mean_of_counts():
    step = em_step(HMM([1.0], [[1.0]], Poisson([2.0])), Sequences([4.0, np.nan, 1.0, 1.0]))
    opened = open_parameter(step, ("rates", 0))
    np.testing.assert_array_equal(opened.weights, [1.0, 0.0, 1.0, 1.0])
    np.testing.assert_array_equal(opened.contributions, [4.0, 0.0, 1.0, 1.0])
    assert (opened.old, opened.new, opened.held) == (2.0, 2.0, None)
