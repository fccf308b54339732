"""The plane through three models."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from hmmcore import HMM, Gaussian, Poisson, initialization
from hmmcore.landscape import Plane, ThroughModels
from tests.hmmcore.landscape.test_plane import FAMILIES, assert_like, every_family
from tests.hmmcore.models import Config


def three(config: Config) -> list[HMM]:
    return [config.make(seed)[0] for seed in range(3)]


@every_family
def test_three_models_lie_on_their_plane(config):
    first, second, third = models = three(config)
    plane = Plane.through(*models)
    assert isinstance(plane, ThroughModels)
    assert plane.position(first) == (0.0, 0.0)
    assert plane.position(second) == pytest.approx((1.0, 0.0), abs=1e-14)
    x, y = plane.position(third)
    assert y > 0.0
    for position, hmm in (((0.0, 0.0), first), ((1.0, 0.0), second), ((x, y), third)):
        assert_like(plane.at(*position), hmm, rtol=1e-10)


@every_family
def test_distances_on_the_plane_are_those_between_the_models(config):
    first, second, third = three(config)
    there, back = Plane.through(first, second, third), Plane.through(second, first, third)
    x, y = there.position(third)
    u, v = back.position(third)
    assert (x, y) == pytest.approx((1.0 - u, v), rel=1e-10)
    for b, c in np.random.default_rng(0).dirichlet(np.ones(3), size=5)[:, :2]:
        # Between the three nothing is cut off, so the projection of a point is the point.
        between = b + c * x, c * y
        assert there.position(there.at(*between)) == pytest.approx(between, rel=1e-10, abs=1e-12)


def test_points_between_the_three_are_mixtures():
    chain = [[0.5, 0.5]] * 2
    a, b, c = (
        HMM(pi, chain, Gaussian.univariate(means, sd))
        for pi, means, sd in (
            ([0.2, 0.8], [0.0, 1.0], [1.0, 1.0]),
            ([0.4, 0.6], [2.0, 1.0], [1.0, 4.0]),
            ([0.2, 0.8], [0.0, 5.0], [1.0, 1.0]),
        )
    )
    plane = Plane.through(a, b, c)
    half = plane.at(0.5, 0.0)
    np.testing.assert_allclose(half.initial_probs, [0.3, 0.7], rtol=1e-14)
    np.testing.assert_allclose(half.emissions.means, [[1.0], [1.0]], rtol=1e-14)
    np.testing.assert_allclose(half.emissions.standard_deviations, [[1.0], [2.0]], rtol=1e-14)
    unit = np.sqrt(2 * 0.2**2 + 2.0**2 + np.log(4.0) ** 2)
    assert plane.position(c) == pytest.approx((0.0, 4.0 / unit), abs=1e-14)


def test_probabilities_stop_at_zero():
    emissions = Poisson([1.0, 2.0, 3.0])
    chain = np.full((3, 3), 1 / 3)
    a, b, c = (HMM(pi, chain, emissions) for pi in
               ([0.2, 0.3, 0.5], [0.5, 0.0, 0.5], [0.3, 0.3, 0.4]))  # fmt: skip
    plane = Plane.through(a, b, c)
    far = plane.at(3.0, 0.0)
    assert far.initial_probs[1] == 0.0
    np.testing.assert_allclose(far.initial_probs, np.array([1.1, 0.0, 0.5]) / 1.6, rtol=1e-14)
    zeros = [HMM([1.0, 0.0, 0.0], np.eye(3), Poisson(rates)) for rates in
             ([1.0, 1.0, 1.0], [2.0, 1.0, 1.0], [1.0, 3.0, 1.0])]  # fmt: skip
    models, which = Plane.through(*zeros).models([0.3, -1.0], [0.2, 2.0])
    assert which.all()
    assert (models.transition_matrices == np.eye(3)).all()


@every_family
def test_mirrors_are_the_positions_under_every_order_of_states(config):
    models = three(config)
    plane = Plane.through(*models)
    hmm = config.make(7)[0]
    found = plane.mirrors(hmm)
    assert tuple(found[0]) == pytest.approx(plane.position(hmm), rel=1e-12)
    orders = permutations(range(hmm.num_states))
    expected = np.array([plane.position(hmm.permute(order)) for order in orders])
    for one in expected:
        assert np.abs(found - one).max(axis=1).min() <= 1e-11 * np.abs(expected).max()


def test_a_position_out_of_range_is_no_model():
    a, b, c = (HMM([0.5, 0.5], np.eye(2), Poisson(rates)) for rates in
               ([1.0, 1.0], [10.0, 1.0], [1.0, 2.0]))  # fmt: skip
    plane = Plane.through(a, b, c)
    _, which = plane.models([0.0, 1e3, -1e3, np.inf, np.nan], [0.0] * 5)
    np.testing.assert_array_equal(which, [True, False, False, False, False])
    with pytest.raises(ValueError, match=r"At \(1000, 0\) a number of the model would be out"):
        plane.at(1000.0, 0.0)


def test_training_leaves_the_plane():
    plane = Plane.through(*three(FAMILIES["diag"]))
    assert not plane.holds()
    assert not plane.holds({"means"})
    assert plane.holds(())


def test_what_spans_no_plane_is_refused():
    a, b = initialization.symmetric(2), HMM([1.0, 0.0], np.eye(2), Gaussian.univariate([0, 1], 1))
    c = HMM([0.75, 0.25], 0.5 * np.eye(2) + 0.25, Gaussian.univariate([0.0, 0.5], 1.0))
    for models in ((a, a, b), (a, b, a), (a, b, b), (a, b, c)):
        with pytest.raises(ValueError, match="lie on one line"):
            Plane.through(*models)
    with pytest.raises(ValueError, match="must be of one kind"):
        Plane.through(a, b, initialization.symmetric(3))
    rates = HMM([0.5, 0.5], np.eye(2), Poisson([0.0, 1.0]))
    with pytest.raises(ValueError, match="A rate is 0, which has no logarithm"):
        Plane.through(rates, rates, rates)
    with pytest.raises(ValueError, match="first is None; it must be an HMM"):
        Plane.through(None, a, b)
