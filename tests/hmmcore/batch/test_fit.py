"""Fits of many models: each as `hmmcore.fit` would fit it alone."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from itertools import count

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    GradientAscent,
    Poisson,
    Priors,
    Sequences,
    Ties,
    batch,
    fit,
    initialization,
    log_likelihood,
    sample,
    simulation,
)
from hmmcore.batch import fitting, gaussian_em, lane_training
from hmmcore.emissions.base import Remedy
from tests.hmmcore.batch.kinds import KINDS, LANE_KINDS, models_and_data
from tests.hmmcore.models import Config, distributions
from tests.hmmcore.training.chosen import assert_others_stay, selections
from tests.hmmcore.training.problems import TRAINERS

every_lane_kind = pytest.mark.parametrize("config", LANE_KINDS.values(), ids=LANE_KINDS.keys())
every_trainer = pytest.mark.parametrize("trainer", TRAINERS.values(), ids=TRAINERS.keys())

BOUNDING = 13
"""Which argument of `take_steps` says that the losses of every state are bounded."""

RTOL = 1e-7
"""Of log-likelihoods after 40 steps. Rounding alone: what a step adds, later steps multiply."""


def possible(models: list[HMM], sequences: Sequences) -> list[HMM]:
    """Those models under which the data are possible."""
    found = batch.log_likelihoods(batch.stack(models), sequences)
    return [hmm for hmm, row in zip(models, found, strict=True) if np.isfinite(row).all()]


def assert_like_single_fits(trainer, models, steps=40, **options) -> batch.Fits:
    found = batch.fit(trainer, batch.stack(models), steps, histories=True, **options)
    assert found.histories is not None
    for b, hmm in enumerate(models):
        failure = None
        try:
            alone = fit(trainer, hmm, steps, **options)
        except (ValueError, ArithmeticError) as error:
            failure = str(error)
        assert found.failures.get(b) == failure
        if failure is not None:
            assert found.stop_reasons[b] == "failed"
            assert found.log_likelihoods[b] == -np.inf
            taken = int(found.iterations[b])
            if len(found.histories[b]):
                # Up to the step that failed it is the fit of the model alone.
                before = fit(trainer, hmm, taken, 0.0, 10**9)
                assert len(found.histories[b]) == taken + 1
                np.testing.assert_allclose(found.histories[b], before.log_likelihoods, rtol=RTOL)
                np.testing.assert_allclose(
                    found.models[b].transition_matrix, before.hmm.transition_matrix, atol=1e-7
                )
            else:
                assert taken == 0
                assert found.models[b] == hmm
            continue
        assert found.stop_reasons[b] == alone.stop_reason, b
        assert found.iterations[b] == len(alone.log_likelihoods) - 1
        np.testing.assert_allclose(found.histories[b], alone.log_likelihoods, rtol=RTOL)
        assert found.log_likelihoods[b] == found.histories[b][-1]
        np.testing.assert_allclose(found.objectives[b], alone.objectives[-1], rtol=RTOL)
        assert found.remedies[b] == alone.remedies
        last = found.models[b]
        np.testing.assert_allclose(
            last.transition_matrix, alone.hmm.transition_matrix, rtol=1e-5, atol=1e-7
        )
        np.testing.assert_allclose(
            batch.log_likelihoods(batch.stack([last]), trainer.sequences).sum(),
            found.log_likelihoods[b],
            rtol=1e-10,
        )
    return found


@every_lane_kind
@every_trainer
def test_every_fit_is_that_of_the_model_alone(trainer, config):
    models, sequences = models_and_data(config, 11)
    few = possible(models, sequences)[:6]
    found = assert_like_single_fits(trainer(sequences), few, tolerance=0.0, patience=10**9)
    assert all(n == 40 for b, n in enumerate(found.iterations) if b not in found.failures)


@every_lane_kind
@every_trainer
def test_chosen_numbers_are_trained_as_of_the_model_alone(trainer, config):
    models, sequences = models_and_data(config, 19)
    few = possible(models, sequences)[:9]
    for coordinates in selections(few[0]):
        learner = trainer(sequences, coordinates=coordinates)
        assert fitting.trains_in_lanes(learner, batch.stack(few))
        found = assert_like_single_fits(learner, few, 10, tolerance=0.0, patience=10**9)
        for b, hmm in enumerate(few):
            if b not in found.failures:
                assert_others_stay(hmm, found.models[b], coordinates, rtol=1e-12)


def test_chosen_numbers_stop_and_meet_the_floor_as_of_the_model_alone():
    """Variances that are held lie below the floor, and one that is trained falls to it."""
    sequences = Sequences([0.0, 0.0, 5.0, 5.0, 20.0, 21.0, 24.0] * 4)
    structure = np.full(3, 1 / 3), np.full((3, 3), 1 / 3)
    models = [
        HMM(*structure, Gaussian([shift, 5.0, 21.0], [1.0, 1e-3, 1.0]))
        for shift in np.linspace(-0.02, 0.0, 12)
    ]
    for trainer in (EM, GradientAscent):
        for last in (0, 2):
            chosen = ("standard_deviations", 0), ("means", last)
            learner = trainer(sequences, variance_floor=0.01, coordinates=chosen)
            found = assert_like_single_fits(learner, models, 400, tolerance=1e-6)
            assert not found.failures
            if trainer is EM:
                assert {r for remedies in found.remedies for r in remedies} == {
                    Remedy(0, "variance_floor")
                }


@pytest.mark.parametrize("trainer", [EM, GradientAscent])
def test_coordinates_that_do_not_suit_the_models_are_refused(trainer):
    models, sequences = models_and_data(KINDS["numbers"], 3)
    learner = trainer(sequences, coordinates=(("means", 3),))
    with pytest.raises(ValueError, match=r"no coordinate \('means', 3\)"):
        batch.fit(learner, batch.stack(models))


@pytest.mark.parametrize("name", ["full", "tied", "network"])
@pytest.mark.parametrize("trainer", [EM, GradientAscent])
def test_whole_models_are_fitted_to_the_same_bits(trainer, name):
    models, sequences = models_and_data(KINDS[name], 3)
    learner = trainer(sequences)
    assert not fitting.trains_in_lanes(learner, batch.stack(models))
    found = assert_like_single_fits(learner, models, 6, tolerance=0.0, patience=10**9)
    for b, hmm in enumerate(models):
        if b not in found.failures:
            assert found.models[b] == fit(learner, hmm, 6, 0.0, 10**9).hmm


@every_lane_kind
def test_fits_stop_where_single_fits_stop(config):
    models, sequences = models_and_data(config, 9)
    found = assert_like_single_fits(EM(sequences), models, 60, tolerance=1e-4)
    assert found.failures.keys() == {b for b, r in enumerate(found.stop_reasons) if r == "failed"}


def test_gains_that_are_rounding_stand_still_in_lanes_too():
    """Means so far from zero that they leave fewer digits for the spread about them."""
    rng = np.random.default_rng(1)
    sequences = Sequences(1e9 + rng.normal([0.0] * 700 + [6.0] * 701))
    structure = np.full(3, 1 / 3), np.full((3, 3), 0.1 / 3) + 0.9 * np.eye(3)
    models = [
        HMM(*structure, Gaussian.univariate(1e9 + means, 1.0))
        for means in rng.normal([0.0, 3.0, 6.0], size=(8, 3))
    ]
    learner, stacked = EM(sequences), batch.stack(models)
    assert fitting.trains_in_lanes(learner, stacked)
    found = batch.fit(learner, stacked, 400, tolerance=0.0, patience=5)
    assert set(found.stop_reasons) == {"converged"}
    alone = fit(learner, models[0], 400, tolerance=0.0, patience=5)
    assert alone.stop_reason == "converged"
    on = batch.fit(learner, batch.stack(found.models), 60, 0.0, 10**9, histories=True)
    assert all(np.diff(history)[-20:].any() for history in on.histories), (
        "they would go on for ever"
    )


@pytest.mark.parametrize("trainer", [EM, GradientAscent])
@pytest.mark.parametrize(
    ("name", "trainable"),
    [
        ("numbers", {"means"}),
        ("numbers", {"initial_probs", "transition_matrix"}),
        ("spherical", {"covariances"}),
        ("two dimensions", {"means", "transition_matrix"}),
        ("symbols", {"transition_matrix"}),
        ("symbols", {"probs"}),
        ("counts", {"rates", "initial_probs"}),
        ("counts", {"initial_probs"}),
        ("numbers", set()),
    ],
)
def test_what_is_not_trained_stays_to_the_last_bit(trainer, name, trainable):
    models, sequences = models_and_data(KINDS[name], 9)
    few = possible(models, sequences)
    learner = trainer(sequences, trainable=trainable)
    found = assert_like_single_fits(learner, few, 10, tolerance=0.0, patience=10**9)
    for before, after in zip(few, found.models, strict=True):
        for parameter in ("initial_probs", "transition_matrix"):
            if parameter not in trainable:
                np.testing.assert_array_equal(getattr(after, parameter), getattr(before, parameter))
        for parameter in set(before.emissions.parameter_names) - trainable:
            np.testing.assert_array_equal(
                getattr(after.emissions, parameter), getattr(before.emissions, parameter)
            )


def test_models_with_zeros_are_fitted_on_long_sequences_too(monkeypatch):
    """They need a bound on the losses of every state: many steps at once have that as well."""
    models, sequences = models_and_data(Config("dense", 3, (400, 8)), 12)
    alone, bounding = [], []

    def step(self, group, done, own=lane_training.LaneTraining.step):
        alone.append(len(group))
        return own(self, group, done)

    def take_steps(*args, own=gaussian_em.take_steps):
        bounding.append(args[BOUNDING])
        return own(*args)

    monkeypatch.setattr(lane_training.LaneTraining, "step", step)
    monkeypatch.setattr(gaussian_em, "take_steps", take_steps)
    few = possible(models, sequences)
    assert any((hmm.transition_matrix == 0.0).any() for hmm in few)
    assert_like_single_fits(EM(sequences), few, tolerance=0.0, patience=10**9)
    assert set(bounding) == {False, True}
    assert not alone


# --- remedies and failures ------------------------------------------------------------------------


@pytest.mark.parametrize("trainer", [EM, lambda s, **o: GradientAscent(s, 0.5, **o)])
def test_variances_are_held_at_the_floor_as_in_a_single_fit(trainer):
    rng = np.random.default_rng(0)
    sequences = Sequences(np.concatenate([rng.normal(size=9), [7.0]]))
    models = [initialization.random(sequences, 3, rng) for _ in range(12)]
    found = assert_like_single_fits(
        trainer(sequences, variance_floor=1e-3), models, 60, tolerance=0.0, patience=10**9
    )
    kinds = {remedy.kind for remedies in found.remedies for remedy in remedies}
    assert "variance_floor" in kinds


def test_an_empty_state_keeps_its_parameters():
    sequences = Sequences([0.0, 1.0, 0.5, 0.2])
    far = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian.univariate([0.0, 1e3], 1.0))
    near = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian.univariate([0.0, 1.0], 1.0))
    found = assert_like_single_fits(EM(sequences), [far, near], 5)
    assert [str(r) for r in found.remedies[0]] == [
        "state 1 explains no data; its own parameters were kept"
    ]
    assert found.models[0].emissions.means[1, 0] == 1e3


def test_what_fails_is_told_and_the_others_go_on():
    rng = np.random.default_rng(0)
    truth = HMM(*simulation.sticky_structure(2, 0.9), Gaussian.univariate([-2.0, 2.0], 0.6))
    sequences = sample(truth, 3, 20, rng).sequences
    chain = [0.5, 0.5], np.full((2, 2), 0.5)
    models = [initialization.random(sequences, 2, rng) for _ in range(5)]
    models.insert(1, HMM(*chain, Gaussian.univariate([1e200, 2e200], 1.0)))
    models.insert(3, HMM(*chain, Gaussian.univariate([0.0, 1.0], 1e-4)))
    found = assert_like_single_fits(EM(sequences, variance_floor=1e-4), models, 8)
    assert "sequence 0 is impossible under the model" in found.failures[1]
    assert "below variance_floor" in found.failures[3]
    assert list(found.failures) == [1, 3]
    assert found.models[1] == models[1]
    assert found.best not in found.failures


@pytest.mark.parametrize("name", ["numbers", "counts"])
def test_runs_that_diverge_are_told_one_by_one(name):
    models, sequences = models_and_data(LANE_KINDS[name], 9)
    # Beyond a few such steps rounding decides where the others are.
    few = possible(models, sequences)
    learner = GradientAscent(sequences, 200.0, "plain")
    found = assert_like_single_fits(learner, few, 4, tolerance=0.0, patience=10**9)
    assert found.failures
    for sentence in found.failures.values():
        assert "lower the learning rate, now 200" in sentence


@pytest.mark.parametrize("trainer", [EM, GradientAscent])
def test_a_model_that_failed_is_not_trained_again(monkeypatch, trainer):
    rng = np.random.default_rng(0)
    sequences = Sequences(rng.integers(0, 4, 60).astype(float))
    good = [
        HMM(distributions(rng, 2), distributions(rng, 2, 2), Categorical(distributions(rng, 2, 4)))
        for _ in range(15)
    ]
    without = np.array([[0.5, 0.5, 0.0, 0.0], [0.2, 0.3, 0.5, 0.0]])
    good.insert(4, HMM([0.5, 0.5], np.full((2, 2), 0.5), Categorical(without)))
    alone = []
    for method in ("init", "step"):
        own = getattr(trainer, method)
        monkeypatch.setattr(
            trainer, method, lambda self, state, own=own: (alone.append(state), own(self, state))[1]
        )
    found = batch.fit(trainer(sequences), batch.stack(good), 30, 0.0, 100)
    assert list(found.failures) == [4]
    assert len(alone) == 1


def test_what_inherits_from_a_family_is_asked_itself():
    class Halved(Categorical):
        def log_likelihoods(self, observations):
            return 0.5 * super().log_likelihoods(observations)

    hmm = HMM([0.5, 0.5], [[0.7, 0.3], [0.4, 0.6]], Halved([[0.2, 0.8], [0.5, 0.5]]))
    sequences = Sequences([0.0, 1.0, 1.0])
    found = batch.log_likelihoods(batch.stack([hmm]), sequences)
    np.testing.assert_array_equal(found[0], log_likelihood(hmm, sequences))


def test_an_unforeseen_error_ends_the_work_of_all_threads():
    class Breaks(EM):
        def init(self, hmm):
            begun.append(hmm)
            if len(begun) == 2:
                raise KeyError("unforeseen")
            time.sleep(0.005)
            return super().init(hmm)

    begun: list[HMM] = []
    models, sequences = models_and_data(KINDS["full"], 100)
    with pytest.raises(KeyError, match="unforeseen"):
        batch.fit(Breaks(sequences), batch.stack(models), 1)
    assert len(begun) < 20


def test_when_none_was_trained_the_best_says_so():
    models, sequences = models_and_data(KINDS["numbers"], 3)
    found = batch.fit(EM(sequences), batch.stack(models), cancelled=lambda: True)
    assert found.stop_reasons == ("cancelled",) * 3
    with pytest.raises(ValueError, match=r"none of 3 models .* cancelled before it began"):
        _ = found.best


def test_when_all_fail_the_best_says_why():
    stacked = batch.stack([HMM([1.0], [[1.0]], Gaussian([1e200], [1.0]))] * 3)
    found = batch.fit(EM(Sequences([0.0, 1.0])), stacked)
    assert found.stop_reasons == ("failed",) * 3
    with pytest.raises(ValueError, match=r"none of 3 models .* The first: sequence 0 is impos"):
        _ = found.best


def test_steps_that_lanes_cannot_take_are_taken_by_the_trainer(monkeypatch):
    """Every step handed back: the same fits, by way of the trainer's own."""
    models, sequences = models_and_data(KINDS["numbers"], 5)
    few = possible(models, sequences)
    for trainer in (EM(sequences), GradientAscent(sequences)):
        expected = batch.fit(trainer, batch.stack(few), 12, 0.0, 100, histories=True)
        own = lane_training.LaneSweep.expectations

        def nothing_known(self, parameters, own=own):
            log_likelihoods, statistics = own(self, parameters)
            return np.full_like(log_likelihoods, np.nan), statistics

        with monkeypatch.context() as patched:
            patched.setattr(lane_training.LaneSweep, "expectations", nothing_known)
            patched.setattr(gaussian_em.GaussianEM, "take", lambda self, followed: ~followed.done)
            found = batch.fit(trainer, batch.stack(few), 12, 0.0, 100, histories=True)
        for b in range(len(few)):
            np.testing.assert_allclose(found.histories[b], expected.histories[b], rtol=1e-11)


# --- many -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hard_counts() -> Sequences:
    """120 counts of three overlapping rates: many maxima."""
    truth = HMM(*simulation.sticky_structure(3, 0.85), Poisson([2.0, 5.0, 9.0]))
    return sample(truth, 1, 120, np.random.default_rng(3)).sequences


def test_many_starts_end_in_the_same_maxima(hard_counts):
    rng = np.random.default_rng(1)
    starts = [
        HMM(
            distributions(rng, 4), distributions(rng, 4, 4),
            Poisson(np.sort(rng.uniform(0.5, 12.0, 4))),
        )
        for _ in range(60)
    ]  # fmt: skip
    trainer = EM(hard_counts)
    found = batch.fit(trainer, batch.stack(starts), 200, 1e-7)
    alone = np.array([fit(trainer, start, 200, 1e-7).log_likelihoods[-1] for start in starts])
    np.testing.assert_allclose(found.log_likelihoods, alone, rtol=1e-7)
    assert len(np.unique(np.round(alone, 2))) >= 5, "a kind with many maxima"
    assert found.log_likelihoods[found.best] == found.log_likelihoods.max()


def fits_to_compare(fits: batch.Fits) -> list:
    return [
        fits.log_likelihoods.tolist(), fits.iterations.tolist(), fits.stop_reasons, fits.remedies,
        fits.failures, *(values.tolist() for values in fits.models.arrays().values()),
    ]  # fmt: skip


@every_lane_kind
@pytest.mark.parametrize("trainer", [EM, GradientAscent])
def test_neighbours_threads_and_groups_do_not_matter(monkeypatch, trainer, config):
    models, sequences = models_and_data(config, 30)
    learner = trainer(sequences)
    expected = fits_to_compare(batch.fit(learner, batch.stack(models), 25, 1e-3))
    assert fits_to_compare(batch.fit(learner, batch.stack(models), 25, 1e-3)) == expected
    monkeypatch.setattr(fitting, "_num_threads", lambda: 5)
    assert fits_to_compare(batch.fit(learner, batch.stack(models), 25, 1e-3)) == expected
    monkeypatch.setattr(fitting, "_num_threads", lambda: 1)
    monkeypatch.setattr(fitting, "group_size", lambda models, sequences: 8)
    assert fits_to_compare(batch.fit(learner, batch.stack(models), 25, 1e-3)) == expected
    order = np.random.default_rng(0).permutation(30)
    moved = batch.fit(learner, batch.stack([models[b] for b in order]), 25, 1e-3)
    assert moved.log_likelihoods.tolist() == [expected[0][b] for b in order]
    alone = batch.fit(learner, batch.stack(models[4:5]), 25, 1e-3)
    assert alone.log_likelihoods[0] == expected[0][4]


@pytest.mark.parametrize("name", ["numbers", "missing numbers", "spherical"])
def test_how_many_steps_go_in_one_call_does_not_matter(monkeypatch, name):
    models, sequences = models_and_data(LANE_KINDS[name], 30)
    learner, stacked = EM(sequences), batch.stack(models)
    expected = batch.fit(learner, stacked, 25, 1e-3, histories=True)
    monkeypatch.setattr(gaussian_em, "MOST_AT_ONCE", 1)
    found = batch.fit(learner, stacked, 25, 1e-3, histories=True)
    assert fits_to_compare(found) == fits_to_compare(expected)
    for history, other in zip(found.histories, expected.histories, strict=True):
        np.testing.assert_array_equal(history, other)


@pytest.mark.parametrize(
    "options",
    [
        {"priors": Priors(1.5, 2.0, 3.0, 1.0)},
        {"transition_ties": Ties([[0, 1, 1], [1, 0, 1], [1, 1, 0]])},
    ],
    ids=["priors", "ties"],
)
@pytest.mark.parametrize("trainer", [EM, GradientAscent])
def test_priors_and_ties_take_whole_models(trainer, options):
    _, sequences = models_and_data(KINDS["numbers"], 1)
    rng = np.random.default_rng(0)
    starts = [
        HMM(distributions(rng, 3), initialization.symmetric(3).transition_matrix,
            Gaussian.univariate(rng.normal(size=3), 1.0))
        for _ in range(5)
    ]  # fmt: skip
    learner = trainer(sequences, **options)
    assert not fitting.trains_in_lanes(learner, batch.stack(starts))
    found = assert_like_single_fits(learner, starts, 12)
    if "priors" in options:
        assert found.log_priors is not None
        assert len(found.log_priors[0]) == len(found.histories[0])
        assert (found.objectives != found.log_likelihoods).all()


@pytest.mark.parametrize("trainer", [EM, GradientAscent])
def test_memory_does_not_grow_with_the_models_in_training(monkeypatch, trainer):
    """What is in training at one time is bounded, however many wait."""
    sizes = []

    def recorded(own, group_of):
        def call(self, given, *others):
            sizes.append(len(group_of(given)))
            return own(self, given, *others)

        return call

    step, take = lane_training.LaneTraining.step, gaussian_em.GaussianEM.take
    monkeypatch.setattr(lane_training.LaneTraining, "step", recorded(step, lambda group: group))
    monkeypatch.setattr(gaussian_em.GaussianEM, "take", recorded(take, lambda f: f.group))
    monkeypatch.setattr(fitting, "GROUP_CELLS", 16 * 3 * 40)
    sequences = Sequences(np.random.default_rng(0).normal(size=40))
    rng = np.random.default_rng(1)
    starts = [initialization.random(sequences, 3, rng) for _ in range(100)]
    found = batch.fit(trainer(sequences), batch.stack(starts), 30, 1e-3)
    assert max(sizes) == 16
    assert set(found.stop_reasons) <= {"converged", "max_iterations"}


@pytest.mark.parametrize("trainer", [EM, GradientAscent])
def test_lanes_are_handed_on(monkeypatch, trainer):
    """Without that, blocks would step until their slowest is done."""
    sequences = Sequences(np.random.default_rng(0).normal(size=40))
    rng = np.random.default_rng(1)
    starts = [initialization.random(sequences, 3, rng) for _ in range(100)]
    used = []

    def steps(*args, own=gaussian_em.take_steps):
        used.append(8 * own(*args))
        return used[-1] // 8

    def step(self, group, done, own=lane_training.LaneTraining.step):
        used.append(len(group))
        return own(self, group, done)

    monkeypatch.setattr(gaussian_em, "take_steps", steps)
    monkeypatch.setattr(lane_training.LaneTraining, "step", step)
    monkeypatch.setattr(fitting, "GROUP_CELLS", 16 * 3 * 40)
    monkeypatch.setattr(fitting, "_num_threads", lambda: 1)
    found = batch.fit(trainer(sequences), batch.stack(starts), 60, 1e-3)
    slowest = sum(max(found.iterations[first : first + 16]) * 16 for first in range(0, 100, 16))
    assert sum(used) < 0.9 * slowest


# --- progress and cancellation --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["numbers", "full"])
def test_progress_is_told_until_all_are_done(name):
    models, sequences = models_and_data(KINDS[name], 30)
    told: list[int] = []
    batch.fit(EM(sequences), batch.stack(models), 20, progress=told.append)
    assert told == sorted(set(told))
    assert told[-1] == 30
    assert len(told) > 1


def after_a_hundred_looks() -> Callable[[], bool]:
    """Says that the work is cancelled once it has been asked a hundred times."""
    looks = count()
    return lambda: next(looks) > 100


@pytest.mark.parametrize("name", ["numbers", "full"])
@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_cancelled_stops_where_it_is(monkeypatch, name, threads):
    monkeypatch.setattr(fitting, "_num_threads", lambda: threads)
    monkeypatch.setattr(fitting, "GROUP_CELLS", 1)
    models, sequences = models_and_data(KINDS[name], 40)
    stacked = batch.stack(possible(models, sequences))
    found = batch.fit(EM(sequences), stacked, 10**9, 0.0, 10**9, cancelled=after_a_hundred_looks())
    assert set(found.stop_reasons) == {"cancelled"}
    begun = found.iterations > 0
    assert begun.any()
    assert not begun.all()
    exact = batch.log_likelihoods(found.models, sequences).sum(axis=1)
    np.testing.assert_allclose(found.log_likelihoods[begun], exact[begun], rtol=1e-10)


def test_an_error_in_progress_ends_the_work():
    models, sequences = models_and_data(KINDS["numbers"], 9)
    # One model is done at once, the others never.
    done = HMM([1.0, 0.0, 0.0], np.eye(3), Gaussian.univariate([1e200, 0.0, 0.0], 1.0))

    def give_up(done: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        batch.fit(EM(sequences), batch.stack([*models, done]), 10**9, 0.0, 10**9, progress=give_up)


# --- what is refused ------------------------------------------------------------------------------


def test_what_makes_no_sense_is_refused():
    models, sequences = models_and_data(KINDS["numbers"], 3)
    stacked = batch.stack(models)
    with pytest.raises(ValueError, match="max_iterations is -1"):
        batch.fit(EM(sequences), stacked, -1)
    full, _ = models_and_data(KINDS["full"], 2)
    for alike, data in ((stacked, sequences), (batch.stack(full), models_and_data(
        KINDS["full"], 2)[1])):  # fmt: skip
        with pytest.raises(ValueError, match="trainable has 'rates'"):
            batch.fit(EM(data, {"rates"}), alike)
    with pytest.raises(ValueError, match=r"models is of type list; .* made by batch\.stack"):
        batch.fit(EM(sequences), models)
    with pytest.raises(ValueError, match="2 dimensions"):
        batch.fit(EM(Sequences([[0.0, 1.0]])), stacked)


def test_no_steps_evaluate_the_start():
    models, sequences = models_and_data(KINDS["numbers"], 3)
    few = possible(models, sequences)
    found = batch.fit(EM(sequences), batch.stack(few), 0)
    assert found.stop_reasons == ("max_iterations",) * len(few)
    assert list(found.models) == few
    np.testing.assert_allclose(
        found.log_likelihoods, batch.log_likelihoods(batch.stack(few), sequences).sum(axis=1)
    )


def test_symbols_that_do_not_occur_keep_their_place():
    sequences = Sequences([4.0, 1.0, 4.0, 4.0, 1.0, 4.0], [3, 3])
    rng = np.random.default_rng(0)
    models = [
        HMM(distributions(rng, 2), distributions(rng, 2, 2), Categorical(distributions(rng, 2, 6)))
        for _ in range(3)
    ]
    assert_like_single_fits(EM(sequences), models, 5)
    assert_like_single_fits(GradientAscent(sequences), models, 5)


def test_results_can_be_sent_to_another_process():
    models, sequences = models_and_data(Config("dense", 2, (6, 3)), 3)
    found = batch.fit(EM(sequences), batch.stack(models), 3)
    again = pickle.loads(pickle.dumps(found))
    assert list(again.models) == list(found.models)
    with pytest.raises(ValueError, match="read-only"):
        again.models.initial_probs[0] = 0.0
