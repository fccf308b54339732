"""The log-likelihood over a plane, held against the models one by one."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    Poisson,
    Sequences,
    batch,
    fit,
    initialization,
    log_likelihood,
    sample,
    simulation,
)
from hmmcore.landscape import Plane, hills, surface
from tests.hmmcore.landscape.test_plane import every_family, planes
from tests.hmmcore.models import CONFIGS

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


def one_by_one(plane, sequences, xs, ys) -> np.ndarray:
    values = np.full((len(ys), len(xs)), -np.inf)
    for r, y in enumerate(ys):
        for c, x in enumerate(xs):
            try:
                hmm = plane.at(x, y)
            except ValueError:
                continue
            values[r, c] = log_likelihood(hmm, sequences).sum()
    return values


@every_config
def test_a_surface_is_the_log_likelihood_at_every_point(config):
    hmm, sequences = config.make(0)
    rng = np.random.default_rng(5)
    some = list(planes(hmm)) or [Plane(hmm, ("means", 0), ("standard_deviations", 0))]
    for n in rng.permutation(len(some))[:4]:
        plane = some[n]
        x, y = np.nan_to_num(plane.position(hmm), posinf=3.0, neginf=-3.0)
        xs, ys = x + rng.normal(0.0, 1.5, 3), y + rng.normal(0.0, 1.5, 5)
        found = surface(plane, sequences, xs, ys)
        assert found.shape == (5, 3)
        np.testing.assert_allclose(
            found, one_by_one(plane, sequences, xs, ys), rtol=1e-10, atol=1e-10
        )


@pytest.mark.parametrize("name", ["dense", "full, two dimensions", "categorical", "poisson"])
def test_a_surface_through_three_models_is_the_log_likelihood_there(name):
    hmm, sequences = CONFIGS[name].make(0)
    plane = Plane.through(hmm, CONFIGS[name].make(1)[0], CONFIGS[name].make(2)[0])
    xs, ys = np.linspace(-0.5, 1.5, 4), np.linspace(-0.7, 1.2, 3)
    np.testing.assert_allclose(
        surface(plane, sequences, xs, ys), one_by_one(plane, sequences, xs, ys),
        rtol=1e-10, atol=1e-10,
    )  # fmt: skip


def alike(emissions) -> HMM:
    return HMM([0.5, 0.5], [[0.7, 0.3], [0.3, 0.7]], emissions)


@pytest.mark.parametrize(
    ("emissions", "name"),
    [
        (Gaussian.univariate([0.0, 0.0], 0.8), "means"),
        (Gaussian.univariate([0.0, 0.0], 0.8), "standard_deviations"),
        (Poisson([2.0, 2.0]), "rates"),
    ],
)
def test_states_that_are_alike_make_a_symmetric_surface(emissions, name):
    hmm = alike(emissions)
    rng = np.random.default_rng(0)
    numbers = rng.poisson(3.0, 40) if name == "rates" else rng.normal(size=40)
    sequences = Sequences(numbers.astype(float), [25, 15])
    xs = np.linspace(-2.0, 2.0, 21)
    found = surface(Plane(hmm, (name, 0), (name, 1)), sequences, xs, xs)
    np.testing.assert_allclose(found, found.T, rtol=1e-13)
    np.testing.assert_allclose(
        found,
        surface(Plane(hmm, (name, 1), (name, 0)), sequences, xs, xs), rtol=1e-13,
    )  # fmt: skip


def test_what_is_no_model_or_impossible_is_minus_infinity():
    hmm = HMM([0.4, 0.3, 0.3], np.full((3, 3), 1 / 3), Categorical([[0.5, 0.5, 0.0]] * 3))
    plane = Plane(hmm, ("initial_probs", 0), ("initial_probs", 1))
    xs = np.array([-1.0, 0.5])
    possible = surface(plane, Sequences([0.0, 1.0]), xs, xs)
    np.testing.assert_array_equal(np.isfinite(possible), [[True, True], [True, False]])
    assert (surface(plane, Sequences([0.0, 2.0]), xs, xs) == -np.inf).all()
    one = initialization.symmetric(1)
    lone = Plane(one, ("means", 0), ("standard_deviations", 0))
    found = surface(lone, Sequences([0.5]), [0.0, 1e200], [0.0, -400.0])
    np.testing.assert_allclose(found[0, 0], -0.5 * np.log(2 * np.pi) - 0.125, rtol=1e-14)
    assert (found.ravel()[1:] == -np.inf).all()


FAR = np.array([-1e300, -1e6, -800.0, -350.0, -100.0, -3.0, 0.0, 30.0, 340.0, 400.0, 1e5, 1e300])


@every_family
def test_far_out_are_low_heights_and_no_errors(config):
    """At the ends of the range of numbers too every point has a height, if only minus infinity."""
    hmm, sequences = config.make(1)
    through = Plane.through(*(config.make(seed)[0] for seed in range(3)))
    for plane in (*list(planes(hmm))[::5], through):
        found = surface(plane, sequences, FAR, FAR)
        assert not np.isnan(found).any()
        assert (found < np.inf).all()


def test_chunks_make_no_difference(monkeypatch):
    hmm, sequences = CONFIGS["ragged"].make(0)
    plane = Plane(hmm, ("means", 0), ("transition_matrix", 0, 1))
    xs, ys = np.linspace(-2.0, 2.0, 7), np.linspace(-3.0, 3.0, 5)
    whole = surface(plane, sequences, xs, ys)
    monkeypatch.setattr("hmmcore.landscape.heights.CHUNK_NUMBERS", 50)
    np.testing.assert_array_equal(surface(plane, sequences, xs, ys), whole)
    asked = iter([False, False, True])
    part = surface(plane, sequences, xs, ys, cancelled=lambda: next(asked))
    done = ~np.isnan(part)
    assert done.ravel()[: done.sum()].all()
    assert 0 < done.sum() < done.size
    np.testing.assert_array_equal(part[done], whole[done])


def test_no_model_is_made_for_a_point(monkeypatch):
    hmm, sequences = CONFIGS["dense"].make(0)
    plane = Plane(hmm, ("means", 0), ("standard_deviations", 1))
    made = []
    own = batch.Models.__getitem__
    monkeypatch.setattr(
        batch.Models, "__getitem__", lambda self, index: (made.append(index), own(self, index))[1]
    )
    surface(plane, sequences, np.linspace(-2, 2, 20), np.linspace(-1, 1, 20))
    assert len(made) < 10


def test_training_two_numbers_alone_moves_along_the_surface():
    """The likelihoods of a run's steps are those of the surface where the run stands."""
    truth = HMM(*simulation.sticky_structure(2, 0.9), Gaussian.univariate([-1.0, 1.5], 0.7))
    sequences = sample(truth, 2, 60, np.random.default_rng(0)).sequences
    start = HMM(*simulation.sticky_structure(2, 0.9), Gaussian.univariate([-0.2, 0.1], 0.7))
    plane = Plane(start, ("means", 0), ("means", 1))
    trainer = EM(sequences, {"means"})
    assert plane.holds(trainer.trainable)
    state = trainer.init(start)
    for _ in range(15):
        x, y = plane.position(state.hmm)
        assert surface(plane, sequences, [x], [y])[0, 0] == pytest.approx(
            state.log_likelihood, rel=1e-12
        )
        state = trainer.step(state)
    best = fit(trainer, start, 500, 1e-12).log_likelihoods[-1]
    xs = np.linspace(-3.0, 3.0, 81)
    heights = surface(plane, sequences, xs, xs)
    assert heights.max() <= best
    # Two summits, which are mirror images but for the chain, and the saddle on the diagonal.
    found = hills(heights, 1.0)
    assert len(found.peaks) == 2
    assert [tuple(reversed(found.peaks[0]))] == [found.peaks[1]]
    assert abs(found.passes[0].row - found.passes[0].column) <= 1


def test_what_is_no_grid_or_no_fitting_data_is_refused():
    plane = Plane(initialization.symmetric(2), ("means", 0), ("means", 1))
    sequences = Sequences([0.0, 1.0])
    for xs, why in (([np.nan], "finite"), ([[0.0]], "axes"), ([], "empty"), (["a"], "numbers")):
        with pytest.raises(ValueError, match=why):
            surface(plane, sequences, xs, [0.0])
    with pytest.raises(ValueError, match="dimensions"):
        surface(plane, Sequences([[0.0, 1.0]]), [0.0], [0.0])
    with pytest.raises(ValueError, match="plane is of type HMM; it must be a Plane"):
        surface(plane.hmm, sequences, [0.0], [0.0])
