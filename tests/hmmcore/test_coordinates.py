"""Numbers of a model by their coordinates: read, and set so that a model remains."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import HMM, Categorical, Gaussian, NeuralGaussian, Poisson
from hmmcore.coordinates import (
    Scale,
    place_of,
    scale_of,
    value_at,
    values_of,
    with_values,
)


def model(emissions) -> HMM:
    rng = np.random.default_rng(3)
    num_states = emissions.num_states
    return HMM(
        rng.dirichlet(np.ones(num_states)),
        rng.dirichlet(np.ones(num_states), num_states),
        emissions,
    )


def gaussian(covariance_type: str) -> Gaussian:
    rng = np.random.default_rng(4)
    means, roots = rng.normal(size=(3, 2)), rng.normal(size=(3, 2, 2))
    matrices = roots @ roots.transpose(0, 2, 1) + np.eye(2)
    covariances = {
        "spherical": matrices[:, 0, 0],
        "diag": matrices[:, [0, 1], [0, 1]],
        "full": matrices,
        "tied": matrices[0],
    }
    return Gaussian(means, covariances[covariance_type], covariance_type)


FAMILIES = [
    *(gaussian(kind) for kind in ("spherical", "diag", "full", "tied")),
    Poisson([1.0, 2.5, 7.0]),
    Categorical(np.random.default_rng(5).dirichlet(np.ones(4), 3)),
    NeuralGaussian.random(3, np.random.default_rng(6), num_dimensions=2),
]
NUMBERS = {
    "initial_probs": (1,), "transition_matrix": (0, 2), "means": (1, 0), "rates": (2,),
    "standard_deviations": (2, 1), "probs": (1, 3),
}  # fmt: skip


@pytest.mark.parametrize("emissions", FAMILIES, ids=lambda one: type(one).__name__)
def test_a_number_that_is_set_is_read_again_and_nothing_else_changes(emissions):
    hmm = model(emissions)
    for name, indices in NUMBERS.items():
        network = isinstance(emissions, NeuralGaussian)
        if not hasattr(hmm, name) and (
            not hasattr(emissions, name) or (network and name == "means")
        ):
            continue
        at = (name, *indices)
        changed = with_values(hmm, {at: 0.375})
        assert value_at(changed, at) == pytest.approx(0.375, rel=1e-15)
        back = with_values(changed, {at: value_at(hmm, at)})
        assert type(back.emissions) is type(emissions)
        for other, place in NUMBERS.items():
            if hasattr(hmm, other) or hasattr(emissions, other):
                there = (other, *place)
                assert value_at(back, there) == pytest.approx(value_at(hmm, there), rel=1e-14)
                if other != name:
                    assert value_at(changed, there) == value_at(hmm, there)


def test_a_row_stays_a_distribution_whose_others_keep_their_proportions():
    hmm = HMM([0.2, 0.3, 0.5], [[0.2, 0.3, 0.5], [0.0, 0.4, 0.6], [1.0, 0.0, 0.0]],
              Poisson([1.0, 2.0, 3.0]))  # fmt: skip
    row = with_values(hmm, {("transition_matrix", 0, 2): 0.25}).transition_matrix[0]
    np.testing.assert_allclose(row, [0.3, 0.45, 0.25], rtol=1e-15)
    # A zero stays one, and can be made.
    np.testing.assert_allclose(
        with_values(hmm, {("transition_matrix", 1, 1): 0.9}).transition_matrix[1], [0.0, 0.9, 0.1]
    )
    np.testing.assert_array_equal(
        with_values(hmm, {("initial_probs", 2): 0.0}).initial_probs, [0.4, 0.6, 0.0]
    )
    # Where all others are zero, nothing says to whom the rest belongs.
    np.testing.assert_allclose(
        with_values(hmm, {("transition_matrix", 2, 0): 0.5}).transition_matrix[2], [0.5, 0.25, 0.25]
    )
    np.testing.assert_array_equal(
        with_values(hmm, {("transition_matrix", 0, 1): 1.0}).transition_matrix[0], [0.0, 1.0, 0.0]
    )


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_a_standard_deviation_keeps_the_correlations(covariance_type):
    hmm = model(gaussian(covariance_type))
    at = ("standard_deviations", 1, 0)
    changed = with_values(hmm, {at: 3.0}).emissions.covariances

    def correlations(matrices):
        deviations = np.sqrt(np.diagonal(matrices, axis1=-2, axis2=-1))
        return matrices / deviations[..., :, np.newaxis] / deviations[..., np.newaxis, :]

    np.testing.assert_allclose(correlations(changed), correlations(hmm.emissions.covariances))
    np.testing.assert_array_equal(changed, np.swapaxes(changed, -1, -2))


def test_one_dimension_needs_no_index():
    hmm = model(Gaussian.univariate([0.0, 1.0], 1.0))
    assert value_at(hmm, ("means", 1)) == value_at(hmm, ("means", 1, 0)) == 1.0
    changed = with_values(hmm, {("means", 1): 2.0, ("standard_deviations", 0): 0.5})
    np.testing.assert_array_equal(changed.emissions.means[:, 0], [0.0, 2.0])
    np.testing.assert_array_equal(changed.emissions.covariances[:, 0], [0.25, 1.0])


@pytest.mark.parametrize(
    ("emissions", "at", "value", "sentence"),
    [
        (FAMILIES[4], ("means", 0), 1.0, "The model has no 'means'; it has initial_probs, "),
        (FAMILIES[4], ("rates", 3), 1.0, "no coordinate .*: rates has shape \\(3,\\)"),
        (FAMILIES[4], ("rates", 0, 0), 1.0, "no coordinate"),
        (FAMILIES[4], ("rates", -1), 1.0, "no coordinate"),
        (FAMILIES[4], ("rates", 0.5), 1.0, "no coordinate"),
        (FAMILIES[4], "rates", 1.0, "'rates' is no coordinate; one is like"),
        (FAMILIES[4], ("rates", 0), -1.0, "rates would be -1; a rate is a number"),
        (FAMILIES[4], ("rates", 0), float("nan"), "rates would be nan; a rate is a number"),
        (FAMILIES[5], ("probs", 0, 0), 1.5, "probs would be 1.5; a probability lies between"),
        (FAMILIES[1], ("means", 0, 0), float("inf"), "means would be inf; a mean is a finite"),
        (FAMILIES[1], ("standard_deviations", 0, 0), 0.0, "a standard deviation is a positive"),
        (FAMILIES[6], ("means", 0, 0), 1.0, "means come out of a network"),
        (Poisson([1.0]), ("initial_probs", 0), 0.5, "it must be 1"),
    ],
)  # fmt: skip
def test_what_makes_no_model_is_refused_in_a_sentence(emissions, at, value, sentence):
    with pytest.raises(ValueError, match=sentence):
        with_values(model(emissions), {at: value})


@pytest.mark.parametrize(
    ("coordinate", "name", "values", "positions"),
    [
        (("means", 0), "value", [-3.0, 0.0], [-3.0, 0.0]),
        (("standard_deviations", 0), "log", [1.0, np.e], [0.0, 1.0]),
        (("rates", 1), "log", [0.0, 1.0], [-np.inf, 0.0]),
        (("probs", 1, 2), "logit", [0.0, 0.5, 0.75, 1.0], [-np.inf, 0.0, np.log(3.0), np.inf]),
        (("initial_probs", 1), "logit", [0.25], [-np.log(3.0)]),
        (("transition_matrix", 1, 0), "logit", [1e-300], [-300.0 * np.log(10.0)]),
    ],
)
def test_every_number_has_a_scale(coordinate, name, values, positions):
    scale = scale_of(coordinate)
    assert scale == Scale(name)
    np.testing.assert_allclose(scale.position(values), positions, rtol=1e-15, atol=1e-15)
    np.testing.assert_allclose(scale.value(positions), values, rtol=1e-12)
    assert scale.value(np.zeros((2, 3))).shape == (2, 3)


def test_scales_reach_the_ends_of_the_range_of_numbers():
    assert Scale("logit").value([-800.0, 800.0]).tolist() == [0.0, 1.0]
    assert Scale("log").value([-800.0, 800.0]).tolist() == [0.0, np.inf]


def test_a_coordinate_says_where_it_is():
    hmm = model(gaussian("diag"))
    assert place_of(hmm, ("means", 1, 0)) == (1, 0)
    one = model(Gaussian.univariate([0.0, 1.0, 2.0], 1.0))
    assert place_of(one, ("standard_deviations", 2)) == (2, 0)
    np.testing.assert_array_equal(values_of(one, "means"), one.emissions.means)
    with pytest.raises(ValueError, match="The model has no 'rates'; it has initial_probs"):
        values_of(one, "rates")
