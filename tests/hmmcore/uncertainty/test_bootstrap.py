"""The bootstrap against closed forms, against the curvature, and against itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

from hmmcore import EM, HMM, Gaussian, NeuralGaussian, Poisson, Sequences, sample
from hmmcore.simulation import sample_like
from hmmcore.uncertainty import bootstrap, observed_information
from hmmcore.uncertainty.refitting import refit
from tests.hmmcore.uncertainty.fits import TRUTHS, fitted


def last(found):
    *_, end = found
    return end


def test_one_normal_state_varies_as_the_closed_form_says():
    hmm, size = HMM([1.0], [[1.0]], Gaussian.univariate([3.0], 2.0)), 50
    found = last(
        bootstrap(hmm, Sequences(np.zeros(size)), num_samples=400, rng=np.random.default_rng(0))
    )
    # The standard error of a standard deviation of 400 is its 28th part.
    error = found.standard_error(("means", 0))
    assert abs(error / (2.0 / np.sqrt(size)) - 1) < 4 / np.sqrt(2 * 399)
    low, high = found.interval(("means", 0))
    np.testing.assert_allclose([low, high], np.quantile(found.values(("means", 0)), [0.025, 0.975]))
    assert found.num_failed == found.num_relabelled == 0
    # The maximum of the likelihood divides by n, so a variance is too small by its n-th part.
    bias = (found.values(("standard_deviations", 0)) ** 2).mean() - 4.0
    assert abs(bias + 4.0 / size) < 4 * 4.0 * np.sqrt(2 / size / 400)


def test_it_agrees_with_the_curvature_where_there_are_many_data():
    truth = HMM([0.5, 0.5], [[0.8, 0.2], [0.3, 0.7]], Gaussian.univariate([0.0, 5.0], 1.0))
    data = sample(truth, 20, 60, np.random.default_rng(0)).sequences
    found = last(bootstrap(truth, data, num_samples=200, rng=np.random.default_rng(1)))
    hmm = refit(truth, data, None).hmm
    information = observed_information(hmm, data)
    for name in (("means", 0), ("means", 1), ("transition_matrix", 0, 1)):
        ratio = found.standard_error(name) / information.standard_error(name)
        assert abs(ratio - 1) < 4 / np.sqrt(2 * 199), name


@pytest.mark.parametrize("family", [*TRUTHS, "neural"])
def test_the_same_generator_finds_the_same_whatever_computes(family):
    if family == "neural":
        truth = HMM(
            [0.6, 0.4], [[0.8, 0.2], [0.3, 0.7]],
            NeuralGaussian.near_means([[0.0], [3.0]], np.random.default_rng(1), sd=1.0),
        )  # fmt: skip
        data = sample(truth, 3, 12, np.random.default_rng(4)).sequences
    else:
        truth, data = fitted(family).hmm, fitted(family).sequences
    steps = {"num_samples": 4, "max_iterations": 5}
    found = [
        last(bootstrap(truth, data, rng=np.random.default_rng(5), executor=pool, **steps))
        for pool in (None, ThreadPoolExecutor(1), ThreadPoolExecutor(3))
    ]
    for one in found[1:]:
        assert one.models == found[0].models
    assert found[0].num_samples == 4
    assert found[0].num_unfinished == 4
    assert len(found[0].frame()) == len(observed_information(truth, data).frame())


def test_gaps_are_kept_and_what_is_known_grows():
    truth = HMM([1.0], [[1.0]], Gaussian([[0.0, 1.0]], [[1.0, 2.0]]))
    values = np.zeros((12, 2))
    values[3], values[5, 1] = np.nan, np.nan
    data = Sequences(values, [5, 7])
    drawn = sample_like(truth, data, np.random.default_rng(0)).sequences
    np.testing.assert_array_equal(np.isnan(drawn.observations), np.isnan(values))
    np.testing.assert_array_equal(drawn.lengths, data.lengths)
    assert np.unique(drawn.observations[~np.isnan(values)]).size == 21
    found = list(bootstrap(truth, data, num_samples=3, rng=np.random.default_rng(0)))
    assert [one.num_samples for one in found] == [1, 2, 3]
    assert found[2].models[:2] == found[1].models
    assert np.isnan(found[0].standard_error(("means", 0, 1)))
    assert found[2].total == 3


def test_failures_are_counted_and_what_is_stopped_ends():
    hmm = HMM([1.0], [[1.0]], Poisson([0.7]))
    data, calls = Sequences(np.zeros(3)), []

    def trainer(sequences):
        calls.append(1)
        if sequences.observations.sum() == 0.0:
            raise ValueError("nothing was counted.")
        return EM(sequences)

    found = last(bootstrap(hmm, data, trainer, 60, rng=np.random.default_rng(0)))
    assert 0 < found.num_failed < 60
    assert len(found.models) == 60 - found.num_failed
    assert found.failure == "nothing was counted."
    calls.clear()
    known = bootstrap(
        hmm, data, trainer, 60, rng=np.random.default_rng(0), stopped=lambda: len(calls) >= 5
    )
    assert len(list(known)) < 60
    with pytest.raises(ValueError, match="rng is 3"):
        bootstrap(hmm, data, rng=3)
    with pytest.raises(ValueError, match="num_samples"):
        bootstrap(hmm, data, num_samples=0, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="2 dimensions"):
        bootstrap(hmm, Sequences(np.zeros((3, 2))), rng=np.random.default_rng(0))


def test_states_that_changed_places_are_put_back_unless_their_names_are_bound():
    truth = HMM([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], Gaussian.univariate([0.0, 5.0], 1.0))
    data = sample(truth, 5, 40, np.random.default_rng(0)).sequences
    swapped = truth.permute([1, 0])

    class Swapped(EM):
        def init(self, _):
            return super().init(swapped)

    found = refit(truth, data, Swapped)
    assert found.relabelled
    assert found.hmm.emissions.means[0, 0] < 1.0 < found.hmm.emissions.means[1, 0]
    bound = refit(truth, data, partial(Swapped, trainable=("means",)))
    assert not bound.relabelled
    assert bound.hmm.emissions.means[0, 0] > 4.0
