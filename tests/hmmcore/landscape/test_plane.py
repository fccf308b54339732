"""Planes along two numbers of a model: which model lies where."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from hmmcore import HMM, Categorical, Gaussian, NeuralGaussian, Poisson, initialization
from hmmcore.coordinates import flat, is_distribution, value_at, with_values
from hmmcore.emissions import parameters_of
from hmmcore.landscape import Plane, scale_of
from hmmcore.landscape.base import MOST_ORDERS
from tests.hmmcore.models import CONFIGS, Config, gaussian

COORDINATES = [
    ("means", 1, 0), ("means", 0, 1), ("standard_deviations", 0, 0), ("standard_deviations", 2, 1),
    ("rates", 0), ("rates", 2), ("probs", 0, 1), ("probs", 2, 3), ("initial_probs", 0),
    ("initial_probs", 2), ("transition_matrix", 0, 2), ("transition_matrix", 0, 0),
    ("transition_matrix", 1, 1), ("parts", 0, "rates", 1), ("parts", 1, "means", 0),
    ("parts", 3, "standard_deviations", 2), ("parts", 2, "probs", 0, 1),
]  # fmt: skip
FAMILIES = {
    "spherical": Config("dense", 3, (5,), 2, "spherical"),
    "diag": Config("dense", 3, (5,), 2),
    "full": Config("dense", 3, (5,), 2, "full"),
    "tied": Config("dense", 3, (5,), 2, "tied"),
    "symbols": Config("dense", 3, (5,), scale=1.0, family="categorical"),
    "counts": Config("dense", 3, (5,), family="poisson"),
    "network": Config("dense", 3, (5,), 2, family="neural softplus"),
    "product": Config("dense", 3, (5,), family="product"),
    "zeros": CONFIGS["left-right, far apart"],
}
every_family = pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES.keys())


def planes(hmm: HMM):
    """All planes of a model along two of COORDINATES."""
    for n, x in enumerate(COORDINATES):
        for y in COORDINATES[:n]:
            try:
                yield Plane(hmm, x, y)
            except ValueError:
                continue


def assert_like(found: HMM, expected: HMM, rtol: float = 1e-12) -> None:
    np.testing.assert_allclose(found.initial_probs, expected.initial_probs, rtol=rtol, atol=1e-15)
    np.testing.assert_allclose(
        found.transition_matrix, expected.transition_matrix, rtol=rtol, atol=1e-15
    )
    values = parameters_of(found.emissions)
    for name, value in parameters_of(expected.emissions).items():
        np.testing.assert_allclose(values[name], value, rtol=rtol, atol=1e-15)


@every_family
def test_a_point_is_the_model_with_two_other_numbers(config):
    hmm, _ = config.make(1)
    count = 0
    for plane in planes(hmm):
        values = {c: (0.3 if is_distribution(flat(c)[0]) else 0.8) for c in (plane.x, plane.y)}
        x, y = (float(scale_of(c).position(v)) for c, v in values.items())
        found = plane.at(x, y)
        for coordinate, value in values.items():
            assert value_at(found, coordinate) == pytest.approx(value, rel=1e-14)
        assert plane.position(found) == pytest.approx((x, y), rel=1e-12, abs=1e-14)
        if plane.x[:-1] != plane.y[:-1] or not is_distribution(flat(plane.x)[0]):
            # Otherwise both are of one row, where setting one after the other changes the first.
            assert_like(found, with_values(hmm, values))
        count += 1
    assert count > 5


@every_family
def test_the_model_lies_where_its_position_is(config):
    hmm, _ = config.make(2)
    for plane in planes(hmm):
        assert_like(plane.at(*plane.position(hmm)), hmm)


@every_family
def test_many_points_are_the_same_as_one_at_a_time(config):
    hmm, _ = config.make(3)
    rng = np.random.default_rng(0)
    for plane in planes(hmm):
        xs, ys = rng.normal(0.0, 2.0, size=(2, 20))
        models, which = plane.models(xs, ys)
        assert len(models) == which.sum()
        for b, n in enumerate(np.flatnonzero(which)):
            assert models[b] == plane.at(xs[n], ys[n])
            # The constructor checks what the batch knows to be valid.
            one = models[b]
            HMM(one.initial_probs, one.transition_matrix, one.emissions)
        for n in np.flatnonzero(~which):
            with pytest.raises(ValueError, match="would be"):
                plane.at(xs[n], ys[n])


def test_two_numbers_of_a_row_leave_the_rest_in_proportion():
    hmm = HMM([0.25] * 4, [[0.1, 0.2, 0.3, 0.4]] * 4, Poisson([1.0, 2.0, 3.0, 4.0]))
    plane = Plane(hmm, ("transition_matrix", 1, 3), ("transition_matrix", 1, 0))
    logit = scale_of(plane.x).position
    found = plane.at(logit(0.25), logit(0.25)).transition_matrix
    np.testing.assert_allclose(found[1], [0.25, 0.2, 0.3, 0.25], rtol=1e-15)
    np.testing.assert_array_equal(found[[0, 2, 3]], hmm.transition_matrix[[0, 2, 3]])
    _, which = plane.models(logit([0.5, 0.5, 0.75, 1.0]), logit([0.5, 0.6, 0.1, 0.0]))
    np.testing.assert_array_equal(which, [True, False, True, True])
    with pytest.raises(ValueError, match=r"would be 0\.5 and 0\.6; .* cannot exceed 1 together"):
        plane.at(logit(0.5), logit(0.6))


def test_others_that_are_all_zero_share_what_is_left():
    hmm = HMM([1.0, 0.0, 0.0], np.eye(3), Poisson([1.0, 2.0, 3.0]))
    one = Plane(hmm, ("initial_probs", 0), ("rates", 1)).at(0.0, 0.0)
    np.testing.assert_allclose(one.initial_probs, [0.5, 0.25, 0.25], rtol=1e-15)
    two = Plane(hmm, ("initial_probs", 0), ("initial_probs", 1)).at(0.0, np.log(0.25 / 0.75))
    np.testing.assert_allclose(two.initial_probs, [0.5, 0.25, 0.25], rtol=1e-15)
    zero_stays = Plane(HMM([0.5, 0.5, 0.0], np.eye(3), hmm.emissions), ("initial_probs", 0),
                       ("rates", 1)).at(-1.0, 0.0)  # fmt: skip
    assert zero_stays.initial_probs[2] == 0.0


def test_the_ends_of_a_scale_are_models_where_there_is_one():
    hmm = HMM([0.5, 0.5], [[0.5, 0.5], [0.2, 0.8]], Poisson([1.0, 2.0]))
    plane = Plane(hmm, ("transition_matrix", 0, 1), ("rates", 1))
    certain = plane.at(np.inf, -np.inf)
    np.testing.assert_array_equal(certain.transition_matrix[0], [0.0, 1.0])
    assert certain.emissions.rates[1] == 0.0
    assert plane.position(certain) == (np.inf, -np.inf)
    _, which = plane.models([0.0, np.nan, 0.0, 0.0], [np.inf, 0.0, np.nan, 800.0])
    assert not which.any()
    spread = Plane(initialization.symmetric(2), ("means", 0), ("standard_deviations", 1))
    _, which = spread.models(
        [0.0, 0.0, 0.0, np.inf, np.nan, -np.inf], [-400.0, 400.0, -np.inf, 0.0, 0.0, 0.0]
    )
    assert not which.any()


def test_no_points_are_no_models():
    plane = Plane(initialization.symmetric(2), ("means", 0), ("means", 1))
    models, which = plane.models([], [])
    assert len(models) == 0
    assert which.shape == (0,)
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(1,\)"):
        plane.models([0.0, 1.0], [0.0])


# --- other models -------------------------------------------------------------------------------


@every_family
def test_mirrors_are_the_positions_under_every_order_of_states(config):
    hmm, _ = config.make(4)
    for plane in planes(hmm):
        found = plane.mirrors(hmm)
        assert tuple(found[0]) == plane.position(hmm)
        assert len(np.unique(found, axis=0)) == len(found)
        expected = {
            plane.position(hmm.permute(order)) for order in permutations(range(hmm.num_states))
        }
        assert {(x, y) for x, y in found.tolist()} == expected


def test_orders_of_many_states_are_bounded():
    rng = np.random.default_rng(0)
    num_states = 20
    emissions = gaussian(rng, num_states, 1, "diag")
    hmm = HMM(rng.dirichlet(np.ones(num_states)), rng.dirichlet(np.ones(num_states), num_states),
              emissions)  # fmt: skip
    assert len(Plane(hmm, ("means", 3), ("means", 0)).mirrors(hmm)) == 20 * 19
    plane = Plane(hmm, ("transition_matrix", 5, 6), ("transition_matrix", 7, 8))
    found = plane.mirrors(hmm)
    assert len(found) <= MOST_ORDERS + 1
    assert tuple(found[0]) == plane.position(hmm)


def test_a_model_of_another_kind_has_no_position():
    plane = Plane(initialization.symmetric(2), ("means", 0), ("means", 1))
    for other in (initialization.symmetric(3), HMM([0.5, 0.5], np.eye(2), Poisson([1.0, 2.0]))):
        for method in (plane.position, plane.mirrors):
            with pytest.raises(ValueError, match="another kind"):
                method(other)


def test_what_training_stays_on_the_plane():
    two = initialization.symmetric(2)
    means = Plane(two, ("means", 0), ("means", 1, 0))
    assert means.holds({"means"})
    assert means.holds([("means", 1)])
    assert means.holds(())
    assert not means.holds()
    assert not means.holds({"means", "covariances"})
    assert not means.holds([("means", 0), ("initial_probs", 0)])
    rows = Plane(two, ("transition_matrix", 0, 1), ("transition_matrix", 1, 1))
    assert rows.holds({"transition_matrix"})
    assert rows.holds([("transition_matrix", 0, 0)])
    assert not rows.holds({"initial_probs"})
    spreads = Plane(two, ("standard_deviations", 0), ("standard_deviations", 1))
    assert spreads.holds({"covariances"})
    three = initialization.symmetric(3)
    assert not Plane(three, ("means", 0), ("means", 1)).holds({"means"})
    start = Plane(three, ("initial_probs", 0), ("initial_probs", 2))
    assert start.holds({"initial_probs"})
    assert start.holds([("initial_probs", 1)])
    assert not start.holds({"transition_matrix"})
    assert not Plane(three, ("initial_probs", 0), ("means", 2)).holds([("initial_probs", 1)])
    assert Plane(three, ("initial_probs", 0), ("means", 2)).holds([("initial_probs", 0)])
    symbols = HMM([0.5, 0.5], np.eye(2), Categorical([[0.1, 0.9], [0.3, 0.7]]))
    assert Plane(symbols, ("probs", 0, 1), ("probs", 1, 0)).holds({"probs"})
    counts = HMM([0.5, 0.5], np.eye(2), Poisson([1.0, 2.0]))
    assert Plane(counts, ("rates", 0), ("rates", 1)).holds({"rates"})
    tied = HMM([0.5, 0.5], np.eye(2), Gaussian(np.zeros((2, 2)), np.eye(2), "tied"))
    plane = Plane(tied, ("standard_deviations", 0, 0), ("standard_deviations", 0, 1))
    assert plane.holds([("standard_deviations", 1, 1)])
    assert not plane.holds({"covariances"}), "the correlation"
    network = HMM([1.0, 0.0], np.eye(2), NeuralGaussian.random(2, np.random.default_rng(0)))
    spreads = Plane(network, ("standard_deviations", 0), ("standard_deviations", 1))
    assert spreads.holds({"covariances"})
    assert not spreads.holds({"embeddings"})


# --- what is refused ----------------------------------------------------------------------------


def test_what_is_no_plane_is_refused():
    two, one = initialization.symmetric(2), initialization.symmetric(1)
    network = HMM([1.0, 0.0], np.eye(2), NeuralGaussian.random(2, np.random.default_rng(0)))
    wide = Gaussian(np.zeros((2, 2)), np.eye(2), "tied")
    tied, spherical = (
        HMM([0.5, 0.5], np.eye(2), emissions)
        for emissions in (wide, Gaussian(np.zeros((2, 2)), [1.0, 2.0], "spherical"))
    )
    for hmm, x, y, why in (
        (two, ("means", 0), ("means", 0, 0), "are one number"),
        (two, ("transition_matrix", 1, 0), ("transition_matrix", 1, 1), "are one number"),
        (tied, ("standard_deviations", 0, 1), ("standard_deviations", 1, 1), "are one number"),
        (spherical, ("standard_deviations", 1, 0), ("standard_deviations", 1, 1), "one number"),
        (two, ("means", 0), ("rates", 1), "The model has no 'rates'"),
        (two, ("means", 2), ("means", 0), r"no coordinate \('means', 2\)"),
        (network, ("means", 0), ("means", 1), "come out of a network"),
        (one, ("means", 0), ("initial_probs", 0), "only probability of its row"),
        (one, ("transition_matrix", 0, 0), ("means", 0), "only probability of its row"),
        (two, "means", ("means", 1), "is no coordinate"),
        (None, ("means", 0), ("means", 1), "hmm is None; it must be an HMM"),
    ):
        with pytest.raises(ValueError, match=why):
            Plane(hmm, x, y)
    assert Plane(one, ("means", 0), ("standard_deviations", 0)).at(1.0, 0.0).emissions.means == 1.0
