"""Which models are one, up to the order of their states."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from hmmcore import EM, HMM, Gaussian, batch, fit, sample, simulation
from hmmcore.initialization.gaussian import with_full_covariances
from hmmcore.landscape import gathering
from hmmcore.landscape.gathering import SAME, Gathering
from hmmcore.landscape.likeness import Likeness, features_of
from tests.hmmcore.landscape.test_plane import every_family
from tests.hmmcore.models import Config


def heights(models: list[HMM], sequences) -> tuple[batch.Models, np.ndarray]:
    stacked = batch.stack(models)
    return stacked, batch.log_likelihoods(stacked, sequences).sum(axis=1)


@every_family
def test_every_order_of_the_states_is_one_group(config):
    hmm, sequences = config.make(0)
    others = [config.make(seed)[0] for seed in (1, 2)]
    models = [hmm.permute(order) for order in permutations(range(hmm.num_states))]
    models = [m for m in models if np.isfinite(heights([m], sequences)[1][0])]
    far = [m for m in others if np.isfinite(heights([m], sequences)[1][0])]
    found = Gathering(sequences).add(*heights([*models, *far], sequences))
    assert (found[: len(models)] == 0).all()
    assert (found[len(models) :] > 0).all()


@pytest.mark.parametrize("num_states", [3, 9])
def test_states_that_emit_alike_are_told_apart_by_the_chain(num_states):
    """A cycle in which all states but two emit the same: their order is in the chain alone."""
    chain = simulation.cyclic_structure(num_states, 0.4)
    means = np.zeros(num_states)
    means[-1] = 3.0
    hmm = HMM(*chain, Gaussian.univariate(means, 1.0))
    sequences = sample(hmm, 2, 80, np.random.default_rng(0)).sequences
    rng = np.random.default_rng(1)
    models = [hmm, *(hmm.permute(rng.permutation(num_states)) for _ in range(20))]
    other = HMM(*simulation.cyclic_structure(num_states, 0.6), hmm.emissions)
    found = Gathering(sequences).add(*heights([*models, other], sequences))
    assert found.tolist() == 21 * [0] + [1]


def test_groups_do_not_depend_on_how_many_come_at_a_time():
    config = Config("dense", 3, (12, 9))
    rng = np.random.default_rng(0)
    hmm, sequences = config.make(0)
    models = []
    for _ in range(60):
        means = hmm.emissions.means[:, 0] + rng.normal(0.0, 0.04, 3)
        near = HMM(hmm.initial_probs, hmm.transition_matrix, Gaussian(means, np.ones(3)))
        models.append(near.permute(rng.permutation(3)))
    stacked, values = heights(models, sequences)
    whole = Gathering(sequences).add(stacked, values)
    assert len(set(whole.tolist())) > 3
    for size in (1, 7, 30):
        parts, own = [], Gathering(sequences)
        for start in range(0, 60, size):
            rows = {n: v[start : start + size] for n, v in stacked.arrays().items()}
            parts.append(own.add(stacked.with_arrays(rows), values[start : start + size]))
        np.testing.assert_array_equal(np.concatenate(parts), whole)
        features, _ = gathering.in_usual_order(stacked)
        np.testing.assert_array_equal(own.find(features, values) >= 0, True)


def test_what_no_data_touch_makes_no_difference():
    chain = [1.0, 0.0], [[1.0, 0.0], [0.5, 0.5]]
    a, b = (HMM(*chain, Gaussian.univariate([0.0, mean], 1.0)) for mean in (5.0, -7.0))
    sequences = sample(a, 1, 50, np.random.default_rng(0)).sequences
    found = Gathering(sequences).add(*heights([a, b], sequences))
    np.testing.assert_array_equal(found, 0)


@every_family
def test_a_distance_is_that_in_the_nearest_order(config):
    hmm, sequences = config.make(3)
    own = features_of(batch.stack([hmm]))
    found = Likeness(hmm, own, sequences)
    assert found.distances(own) == [0.0]
    assert found.least_distance(own) == 0.0
    other = config.make(4)[0]
    there = features_of(batch.stack([other]))
    every = min(
        found.distances(features_of(batch.stack([other.permute(order)])))[0]
        for order in permutations(range(3))
    )
    assert found.least_distance(there) == pytest.approx(every, rel=1e-12)
    assert every > SAME


def test_a_difference_counts_as_known_states_would_count_it():
    """Of one state the states are known: half a squared deviation for every observation."""
    hmm = HMM([1.0], [[1.0]], Gaussian.univariate([0.0], 2.0))
    sequences = sample(hmm, 2, 50, np.random.default_rng(0)).sequences
    found = Likeness(hmm, features_of(batch.stack([hmm])), sequences)
    other = HMM([1.0], [[1.0]], Gaussian.univariate([0.1], 2.0))
    there = features_of(batch.stack([other]))
    np.testing.assert_allclose(found.distances(there), 100 * 0.5 * (0.1 / 2.0) ** 2, rtol=1e-12)
    wider = HMM([1.0], [[1.0]], Gaussian.univariate([0.0], 2.02))
    there = features_of(batch.stack([wider]))
    np.testing.assert_allclose(found.distances(there), 100 * 0.25 * 0.0201**2, rtol=1e-10)


CORRELATED = np.array([[[1.0, 1.9], [1.9, 4.0]], [[2.0, -0.8], [-0.8, 0.5]]])
SPREADS = {
    "spherical": np.array([1.5, 0.4]),
    "diag": np.array([[1.0, 4.0], [2.0, 0.5]]),
    "full": CORRELATED,
    "tied": CORRELATED[0],
}


@pytest.mark.parametrize("kind", SPREADS)
def test_spreads_of_each_kind_count_as_the_curvature_of_a_known_state(kind):
    """Against the divergence between normal distributions, whose curvature it is."""
    means, step = np.array([[0.0, 1.0], [2.0, -1.0]]), 1e-4
    chain = [0.5, 0.5], [[0.8, 0.2], [0.3, 0.7]]
    hmm = HMM(*chain, Gaussian(means, SPREADS[kind], kind))
    sequences = sample(hmm, 2, 60, np.random.default_rng(0)).sequences
    likeness = Likeness(hmm, features_of(batch.stack([hmm])), sequences)
    rng = np.random.default_rng(1)
    for _ in range(6):
        shift = step * rng.normal(size=SPREADS[kind].shape)
        if kind in ("full", "tied"):
            shift = 0.5 * (shift + np.swapaxes(shift, -1, -2))
        other = HMM(*chain, Gaussian(
            means + step * rng.normal(size=(2, 2)), SPREADS[kind] + shift, kind
        ))  # fmt: skip
        one, two = (with_full_covariances(m).emissions for m in (hmm, other))
        expected = 0.0
        for k, weight in enumerate(likeness.weights):
            inverse = np.linalg.inv(two.covariances[k])
            gap = two.means[k] - one.means[k]
            # Of Σ₁ Σ₂⁻¹ = 1 + R the divergence is ½ (tr R - log det (1 + R)).
            values = np.linalg.eigvals((one.covariances[k] - two.covariances[k]) @ inverse).real
            expected += 0.5 * weight * (gap @ inverse @ gap + (values - np.log1p(values)).sum())
        distance = likeness.distances(features_of(batch.stack([other])))[0]
        np.testing.assert_allclose(distance, expected, rtol=0.02)


@pytest.mark.parametrize("kind", SPREADS)
def test_around_a_maximum_the_log_likelihood_falls_by_no_more_than_the_distance(kind):
    means = np.array([[0.0, 1.0], [3.0, -2.0]])
    chain = [0.5, 0.5], [[0.8, 0.2], [0.3, 0.7]]
    true = HMM(*chain, Gaussian(means, SPREADS[kind], kind))
    sequences = sample(true, 3, 80, np.random.default_rng(0)).sequences
    top = fit(EM(sequences, ("means", "covariances")), true, 5000, 1e-14).hmm
    likeness = Likeness(top, features_of(batch.stack([top])), sequences)
    rng, emissions, others = np.random.default_rng(1), top.emissions, []
    for _ in range(100):
        shift = 1e-4 * rng.normal(size=SPREADS[kind].shape)
        if kind in ("full", "tied"):
            shift = 0.5 * (shift + np.swapaxes(shift, -1, -2))
        # Against the correlations as well as along them.
        moved = emissions.means + 1e-4 * rng.normal(size=(2, 2))
        others.append(HMM(*chain, Gaussian(moved, emissions.covariances + shift, kind)))
    stacked, values = heights([top, *others], sequences)
    falls = values[0] - values[1:]
    distances = likeness.distances(features_of(stacked))[1:]
    assert (falls > 0.0).all()
    assert (falls <= 1.01 * distances).all()
