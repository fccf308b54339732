"""Where training ends from every point of a plane."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    GradientAscent,
    Poisson,
    Sequences,
    batch,
    fit,
    initialization,
    log_likelihood,
    preset,
    sample,
    simulation,
)
from hmmcore.landscape import (
    OPEN,
    UNKNOWN,
    Basins,
    BasinSearch,
    Plane,
    basins,
    ends,
    estimated_seconds,
    gathering,
    rest,
)
from hmmcore.landscape import search as search_module
from hmmcore.landscape.likeness import Likeness, features_of
from hmmcore.lanes import LANES
from tests.hmmcore.landscape.test_plane import FAMILIES


def alike(emissions) -> HMM:
    """A model in which two states differ in what they emit alone."""
    return HMM([0.5, 0.5], [[0.8, 0.2], [0.2, 0.8]], emissions)


@pytest.fixture(scope="module")
def two_states() -> Sequences:
    truth = alike(Gaussian.univariate([-1.5, 1.5], 0.7))
    return sample(truth, 3, 40, np.random.default_rng(0)).sequences


@pytest.fixture(scope="module")
def mirrored(two_states) -> Basins:
    plane = Plane(alike(Gaussian.univariate([0.0, 0.0], 0.7)), ("means", 0), ("means", 1))
    xs = np.linspace(-3.0, 3.0, 13)
    return basins(plane, EM(two_states, {"means"}), xs, xs, 500)


def assert_same(found: Basins, expected: Basins) -> None:
    for name in ("log_likelihoods", "iterations", "optimum", "optimum_log_likelihoods", "shares",
                 "known"):  # fmt: skip
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)
    assert found.optima == expected.optima
    assert found.failure == expected.failure


# --- what is found ------------------------------------------------------------------------------


def test_mirror_images_are_one_optimum(mirrored):
    off_diagonal = ~np.eye(13, dtype=bool)
    assert (mirrored.optimum[off_diagonal] == 0).all()
    np.testing.assert_array_equal(mirrored.optimum, mirrored.optimum.T)
    np.testing.assert_allclose(
        mirrored.log_likelihoods, mirrored.log_likelihoods.T, rtol=1e-12
    )  # fmt: skip
    means = np.sort(mirrored.optima[0].emissions.means[:, 0])
    np.testing.assert_allclose(means, [-1.5, 1.5], atol=0.2)


def test_the_diagonal_rests_at_the_saddle(mirrored):
    assert len(mirrored.optima) == 2
    assert (np.diag(mirrored.optimum) == 1).all()
    saddle = mirrored.optima[1].emissions.means
    assert saddle[0] == pytest.approx(saddle[1], abs=1e-9)
    assert mirrored.optimum_log_likelihoods[0] > mirrored.optimum_log_likelihoods[1] + 10.0
    np.testing.assert_allclose(mirrored.shares, [12 / 13, 1 / 13], rtol=1e-14)
    assert mirrored.share_known == 1.0


def test_a_saddle_that_only_rounding_leaves_is_where_training_ends():
    truth = HMM(*simulation.sticky_structure(3, 0.9), Gaussian.univariate([-3.0, 0.0, 3.0], 0.7))
    sequences = sample(truth, 3, 60, np.random.default_rng(0)).sequences
    plane = Plane(truth, ("means", 0), ("means", 1))
    xs = np.linspace(-5.0, 5.0, 12)
    found = basins(plane, EM(sequences, {"means"}), xs, xs, 600)
    # Of some starts rounding parts the two states before they come to rest.
    saddles = np.unique(np.diag(found.optimum))[1:]
    assert len(saddles) > 0
    for saddle in saddles:
        means = found.optima[saddle].emissions.means[:, 0]
        assert means[0] == pytest.approx(means[1], abs=1e-2)
    assert (found.optimum[~np.eye(12, dtype=bool)] == 0).all()
    np.testing.assert_allclose(
        found.optimum_log_likelihoods[found.optimum], found.log_likelihoods, atol=0.02
    )


def test_random_starts_miss_the_best_with_its_share(mirrored):
    assert mirrored.miss_probability(0) == 1.0
    assert mirrored.miss_probability(1) == pytest.approx(1 / 13, rel=1e-13)
    assert mirrored.miss_probability(10) == pytest.approx((1 / 13) ** 10, rel=1e-12)
    with pytest.raises(ValueError, match="num_starts is -1"):
        mirrored.miss_probability(-1)


@pytest.mark.parametrize("name", FAMILIES.keys())
@pytest.mark.parametrize("trainer", [EM, GradientAscent])
def test_every_start_is_trained_as_alone(name, trainer):
    hmm, sequences = FAMILIES[name].make(1)
    names = {"counts": "rates", "symbols": "probs", "zeros": "means", "network": "embeddings",
             "product": "0.rates"}  # fmt: skip
    coordinate = {"counts": ("rates", 1), "symbols": ("probs", 1, 0),
                  "product": ("parts", 0, "rates", 1)}.get(
        name, ("standard_deviations", 1, 0)
    )  # fmt: skip
    plane = Plane(hmm, ("transition_matrix", 0, 1), coordinate)
    learner = trainer(sequences, trainable={names.get(name, "means"), "transition_matrix"})
    x, y = np.nan_to_num(plane.position(hmm), neginf=-2.0, posinf=2.0)
    xs, ys = x + np.array([-1.0, 0.5]), y + np.array([-0.5, 0.0, 0.5])
    found = basins(plane, learner, xs, ys, 30)
    rule = rest.stop_rule(learner, 30, None)
    for r, y in enumerate(ys):
        for c, x in enumerate(xs):
            alone = fit(learner, plane.at(x, y), 30, rule.tolerance, rule.patience)
            assert found.log_likelihoods[r, c] == pytest.approx(
                alone.log_likelihoods[-1], rel=1e-8, abs=1e-8
            )
            assert found.iterations[r, c] == len(alone.log_likelihoods) - 1
            rested = alone.stop_reason == "converged"
            assert (found.optimum[r, c] >= 0) >= rested
            if found.optimum[r, c] >= 0:
                best = found.optimum_log_likelihoods[found.optimum[r, c]]
                assert best >= found.log_likelihoods[r, c] - gathering.SAME


def test_optima_are_different_and_the_best_comes_first():
    given = preset("notebook")
    plane = Plane(given.start, ("means", 0), ("means", 1))
    trainer = EM(given.sequences, given.trainable)
    xs = np.linspace(-2.3, 3.8, 24)
    found = basins(plane, trainer, xs, xs, 2000)
    assert len(found.optima) > 5
    assert (np.diff(found.optimum_log_likelihoods) <= 0.0).all()
    np.testing.assert_allclose(
        batch.log_likelihoods(batch.stack(found.optima), given.sequences).sum(axis=1),
        found.optimum_log_likelihoods, rtol=1e-12,
    )  # fmt: skip
    np.testing.assert_array_equal(found.optimum, found.optimum.T)
    counts = np.bincount(found.optimum.ravel(), minlength=len(found.optima))
    np.testing.assert_allclose(found.shares, counts / 24**2, rtol=1e-14)
    for a, one in enumerate(found.optima):
        likeness = Likeness(one, features_of(batch.stack([one])), given.sequences)
        for b, other in enumerate(found.optima):
            distance = likeness.least_distance(features_of(batch.stack([other])))
            assert (distance <= gathering.SAME) == (a == b)


@pytest.mark.parametrize("tolerance", [1e-7, 1e-9])
def test_what_is_found_does_not_hang_on_the_tolerance(tolerance):
    """Of twenty observations, which have many optima, some of them reached very slowly."""
    given = preset("notebook")
    plane = Plane(given.start, ("means", 0), ("means", 1))
    trainer = EM(given.sequences, given.trainable)
    xs = np.linspace(-2.3, 3.8, 32)
    usual = basins(plane, trainer, xs, xs, 5000)
    found = basins(plane, trainer, xs, xs, 5000, tolerance)
    np.testing.assert_allclose(
        found.optimum_log_likelihoods, usual.optimum_log_likelihoods, atol=1e-6
    )
    same = (
        found.optimum_log_likelihoods[found.optimum]
        - (usual.optimum_log_likelihoods[usual.optimum])
    )
    assert (np.abs(same) < 1e-3).mean() > 0.99


def test_gradient_ascent_reaches_the_same_optimum(two_states, mirrored):
    plane = Plane(alike(Gaussian.univariate([0.0, 0.0], 0.7)), ("means", 0), ("means", 1))
    trainer = GradientAscent(two_states, 0.1, trainable={"means"})
    xs = np.linspace(-3.0, 3.0, 4)
    found = basins(plane, trainer, xs, xs, 1000)
    off_diagonal = ~np.eye(4, dtype=bool)
    assert (found.optimum[off_diagonal] == 0).all()
    np.testing.assert_allclose(
        found.optimum_log_likelihoods[0], mirrored.optimum_log_likelihoods[0], atol=1e-6
    )


def test_other_trainers_will_do(two_states):
    class Plain:
        def __init__(self):
            self.own = EM(two_states, {"means"})
            self.sequences = two_states

        def init(self, hmm):
            return self.own.init(hmm)

        def step(self, state):
            return self.own.step(state)

    plane = Plane(alike(Gaussian.univariate([0.0, 0.0], 0.7)), ("means", 0), ("means", 1))
    found = basins(plane, Plain(), [-1.0, 0.5], [1.0], 200)
    np.testing.assert_array_equal(found.optimum, 0)


# --- starts that end nowhere --------------------------------------------------------------------


def test_a_start_too_far_ends_with_an_empty_state(two_states):
    plane = Plane(alike(Gaussian.univariate([0.0, 0.0], 0.7)), ("means", 0), ("means", 1))
    found = basins(plane, EM(two_states, {"means"}), [-1.0, 1000.0], [1.0], 500)
    np.testing.assert_array_equal(found.optimum, [[0, 1]])
    assert found.optima[1].emissions.means[0, 0] == 1000.0
    # Whether the empty state lies here or there does not matter.
    further = basins(plane, EM(two_states, {"means"}), [1000.0, 3000.0], [1.0], 500)
    np.testing.assert_array_equal(further.optimum, 0)


def test_a_start_that_cannot_be_trained_is_told(two_states):
    plane = Plane(alike(Gaussian.univariate([0.0, 0.0], 0.7)), ("means", 0), ("means", 1))
    found = basins(plane, EM(two_states, {"means"}), [-1.0, 1e200], [1.0, 1e200], 500)
    np.testing.assert_array_equal(found.optimum, [[0, 1], [1, UNKNOWN]])
    assert found.log_likelihoods[1, 1] == -np.inf
    assert found.known.all()
    assert "impossible" in found.failure
    np.testing.assert_allclose(found.shares, [0.25, 0.5], rtol=1e-14)


def test_a_position_that_is_no_model_is_no_start(two_states):
    hmm = HMM([0.4, 0.3, 0.3], np.full((3, 3), 1 / 3), Gaussian.univariate([-1.0, 0.0, 1.0], 1.0))
    plane = Plane(hmm, ("initial_probs", 0), ("initial_probs", 1))
    found = basins(plane, EM(two_states, {"initial_probs"}), [-1.0, 0.5], [-1.0, 0.5], 5000)
    np.testing.assert_array_equal(found.optimum, [[0, 0], [0, UNKNOWN]])
    assert found.known.all()
    assert found.failure is None
    np.testing.assert_allclose(found.shares, [1.0], rtol=1e-14)


def test_runs_that_are_too_short_are_open_but_beside_an_optimum(two_states):
    plane = Plane(alike(Gaussian.univariate([0.0, 0.0], 0.7)), ("means", 0), ("means", 1))
    trainer = EM(two_states, {"means"})
    best = fit(trainer, plane.at(-1.0, 1.0), 500, 1e-13).hmm
    x, y = plane.position(best)
    xs, ys = x + np.array([0.0, 1e-3, 2.9]), y + np.array([0.0, -1e-3])
    found = basins(plane, trainer, xs, ys, 1)
    np.testing.assert_array_equal(found.optimum, [[0, 0, OPEN], [0, 0, OPEN]])
    assert found.iterations.max() == 1
    np.testing.assert_allclose(found.shares, [2 / 3], rtol=1e-14)
    none = basins(plane, trainer, [x + 2.9], ys, 1)
    np.testing.assert_array_equal(none.optimum, OPEN)
    assert none.optima == ()
    assert none.miss_probability(3) == 1.0


@pytest.mark.parametrize("vanished", [1e-300, 5e-324, 1e-30])
def test_a_vanished_probability_that_is_needed_is_no_optimum(vanished):
    """Every step multiplies the first by 1.5: nothing that is seen for thousands of steps."""
    sequences = Sequences(np.zeros(4), [1, 1, 1, 1])
    emissions = Gaussian.univariate([0.0, np.sqrt(2.0 * np.log(1.5))], 1.0)
    start = HMM([vanished, 1.0], np.eye(2), emissions)
    plane = Plane(start, ("transition_matrix", 0, 1), ("transition_matrix", 1, 0))
    trainer = EM(sequences, {"initial_probs"})
    found = basins(plane, trainer, [0.0, 1.0], [0.0], 20)
    np.testing.assert_array_equal(found.iterations, 1)
    np.testing.assert_array_equal(found.optimum, OPEN if vanished < 1e-20 else 0)
    held = HMM([0.0, 1.0], np.eye(2), emissions)
    structural = Plane(held, plane.x, plane.y)
    np.testing.assert_array_equal(basins(structural, trainer, [0.0], [0.0], 20).optimum, 0)
    not_trained = EM(sequences, {"transition_matrix"})
    np.testing.assert_array_equal(basins(plane, not_trained, [0.0], [0.0], 20).optimum, 0)


@pytest.mark.parametrize("row", [0, 1])
def test_a_vanished_transition_or_symbol_is_seen_too(row):

    symbols = np.array([[0.5, 0.5], [0.1, 0.9]])
    matrix = np.array([[0.5, 0.5], [0.5, 0.5]])
    rng = np.random.default_rng(0)
    hmm = HMM([0.5, 0.5], matrix, Categorical(symbols))
    sequences = sample(hmm, 1, 300, rng).sequences
    learned = fit(EM(sequences, {"transition_matrix", "probs"}), hmm, 3000, 1e-12).hmm
    trainer = EM(sequences)
    assert not rest.is_stuck(trainer, learned, hmm)
    outcomes = []
    for changed in ("transition_matrix", "probs"):
        given = {"transition_matrix": learned.transition_matrix.copy(),
                 "probs": learned.emissions.probs.copy()}  # fmt: skip
        given[changed][row] = [1e-200, 1.0]
        broken, raised = (
            HMM(learned.initial_probs, arrays["transition_matrix"], Categorical(arrays["probs"]))
            for arrays in (given, {**given, changed: _with_first(given[changed], row, 1e-7)})
        )
        before, after = (log_likelihood(m, sequences).sum() for m in (broken, raised))
        assert rest.is_stuck(EM(sequences, {changed}), broken, hmm) == (after > before)
        outcomes.append(after > before)
    assert True in outcomes


def _with_first(distributions: np.ndarray, row: int, value: float) -> np.ndarray:
    changed = distributions.copy()
    changed[row] = [value, 1.0 - value]
    return changed


def test_among_many_ends_those_are_optima_that_no_vanished_probability_holds():
    """Counts on which one start in nine stands still where an entry of π has vanished."""
    truth = HMM(*simulation.sticky_structure(3, 0.85), Poisson([2.0, 5.0, 9.0]))
    sequences = sample(truth, 1, 120, np.random.default_rng(3)).sequences
    rng = np.random.default_rng(3)
    start = HMM(rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(4), 4),
                Poisson(np.sort(rng.uniform(0.5, 12.0, 4))))  # fmt: skip
    plane = Plane(start, ("rates", 0), ("rates", 3))
    trainer = EM(sequences)
    xs = np.log(np.linspace(0.5, 14.0, 16))
    found = basins(plane, trainer, xs, xs, 2000)
    assert len(found.optima) > 3
    for hmm, reached in zip(found.optima, found.optimum_log_likelihoods, strict=True):
        for first in np.eye(4):
            given_first = HMM(first, hmm.transition_matrix, hmm.emissions)
            assert log_likelihood(given_first, sequences).sum() <= reached + 1e-3
    stuck = np.argwhere(found.optimum == OPEN)
    assert len(stuck) > 10
    for r, c in stuck[::5]:
        end = fit(trainer, plane.at(xs[c], xs[r]), 2000, rest.EM_TOLERANCE)
        assert end.stop_reason == "converged"
        mixed = HMM(0.99 * end.hmm.initial_probs + 0.01 / 4,
                    0.99 * end.hmm.transition_matrix + 0.01 / 4, end.hmm.emissions)  # fmt: skip
        further = fit(trainer, mixed, 3000, 1e-10).log_likelihoods[-1]
        assert further > end.log_likelihoods[-1] + 0.01


# --- a search that is watched -------------------------------------------------------------------


@pytest.fixture
def search(two_states) -> BasinSearch:
    plane = Plane(alike(Gaussian.univariate([0.0, 0.0], 0.7)), ("means", 0), ("means", 1))
    xs = np.linspace(-3.0, 3.0, 13)
    return BasinSearch(plane, EM(two_states, {"means"}), xs, xs, 500)


def test_a_search_ends_with_the_basins_to_the_bit(search, mirrored, monkeypatch):
    trained = []
    own = batch.fit

    def counted(trainer, models, max_iterations, *args, **options):
        if max_iterations == 500:
            trained.append(len(models))
        return own(trainer, models, max_iterations, *args, **options)

    monkeypatch.setattr(batch, "fit", counted)
    assert search.passes == 4
    assert search.seconds_left is None
    assert not search.basins().known.any()
    assert search.basins().optima == ()
    shares = []
    while search.advance(0.0):
        found = search.basins()
        shares.append(found.share_known)
        assert search.seconds_left > 0.0
        # Once known, a pixel stays as it is.
        done = found.known
        np.testing.assert_array_equal(
            found.log_likelihoods[done], mirrored.log_likelihoods[done]
        )  # fmt: skip
        assert (found.optimum[~done] == UNKNOWN).all()
    assert len(shares) > 5
    assert (np.diff(shares) > 0.0).all()
    assert sum(trained) == 169
    assert search.seconds_left == 0.0
    assert_same(search.basins(), mirrored)
    assert not search.advance(1.0)


def test_coarse_pixels_come_first_and_fill_the_rest(search, mirrored):
    search.advance(0.0)
    found, filled = search.basins(), search.filled()
    assert found.known[::8, ::8].all()
    assert found.known.sum() == 16
    np.testing.assert_array_equal(filled.known, found.known)
    np.testing.assert_array_equal(filled.shares, found.shares)
    assert (filled.optimum[:4, :4] == found.optimum[0, 0]).all()
    assert filled.log_likelihoods[7, 11] == found.log_likelihoods[4, 8]
    known = found.known
    np.testing.assert_array_equal(filled.optimum[known], found.optimum[known])
    while search.advance(0.0):
        pass
    assert_same(search.filled(), mirrored)


def test_a_cancelled_search_goes_on_where_it_stopped(search, mirrored):
    assert search.advance(10.0, cancelled=lambda: True)
    assert not search.basins().known.any()
    looks = iter([False] * 3 + [True] * 10**6)
    assert search.advance(10.0, cancelled=lambda: next(looks))
    while search.advance(10.0):
        pass
    assert_same(search.basins(), mirrored)


def test_progress_is_told_and_a_cancelled_search_keeps_what_is_known(two_states):
    plane = Plane(alike(Gaussian.univariate([0.0, 0.0], 0.7)), ("means", 0), ("means", 1))
    xs = np.linspace(-3.0, 3.0, 70)
    told: list[int] = []
    trainer = EM(two_states, {"means"})
    found = basins(plane, trainer, xs, xs, 50, progress=told.append,
                   cancelled=lambda: bool(told) and told[-1] > 2500)  # fmt: skip
    assert told == sorted(told)
    assert 0.0 < found.share_known < 1.0
    assert (found.optimum[~found.known] == UNKNOWN).all()


def test_a_search_stops_soon_after_it_is_cancelled(two_states):
    plane = Plane(alike(Gaussian.univariate([0.0, 0.0], 0.7)), ("means", 0), ("means", 1))
    xs = np.linspace(-3.0, 3.0, 100)
    search = BasinSearch(plane, EM(two_states), xs, xs, 10**9, 0.0)
    until = time.monotonic() + 0.1
    search.advance(np.inf, cancelled=lambda: time.monotonic() > until)
    # A machine that does much else besides takes longer than ten milliseconds.
    assert time.monotonic() - until < 2.0


def test_ends_that_wait_are_optima_in_the_meantime(monkeypatch, two_states):
    plane = Plane(alike(Gaussian.univariate([0.0, 0.0], 0.7)), ("means", 0), ("means", 1))
    search = BasinSearch(plane, EM(two_states, {"means"}), [-1.0, 1.0], [1.0, -1.0], 500)
    monkeypatch.setattr(ends.Ends, "come_closer", lambda self, cancelled: False)
    assert search.advance(np.inf)
    waiting = search.basins()
    assert waiting.known.all()
    assert (waiting.optimum >= 0).all()
    monkeypatch.undo()
    assert not search.advance(np.inf)
    np.testing.assert_array_equal(search.basins().optimum, [[0, 1], [1, 0]])


def test_a_search_is_estimated_from_a_few_of_its_starts(two_states, mirrored, monkeypatch):
    """On a machine on which each evaluation of a model takes a microsecond."""
    plane = Plane(alike(Gaussian.univariate([0.0, 0.0], 0.7)), ("means", 0), ("means", 1))
    now, own = [0.0], batch.fit

    def timed(*args):
        fits = own(*args)
        now[0] += 1e-6 * float(fits.iterations.sum() + len(fits.models))
        return fits

    monkeypatch.setattr(batch, "fit", timed)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    trainer = EM(two_states, {"means"})
    xs = np.linspace(-3.0, 3.0, 13)
    likely = estimated_seconds(plane, trainer, 169, 500, xs, xs)
    assert now[0] < 0.1
    assert likely == pytest.approx(1e-6 * (mirrored.iterations.sum() + 169), rel=0.2)
    most = estimated_seconds(plane, trainer, 1600, 1000)
    assert most == pytest.approx(1e-6 * 1600 * 1001, rel=1e-6)
    assert estimated_seconds(plane, trainer, 1600, 0) == pytest.approx(1.6e-3, rel=1e-6)
    full = HMM([0.5, 0.5], np.eye(2), Gaussian([[0.0], [1.0]], np.ones((2, 1, 1)), "full"))
    rows = Plane(full, ("means", 0), ("means", 1))
    expected = pytest.approx(4 * 4e-6, rel=1e-6)
    assert estimated_seconds(rows, EM(two_states, {"means"}), 4, 3) == expected
    nowhere = Plane(
        HMM([0.4, 0.3, 0.3], np.full((3, 3), 1 / 3), Gaussian.univariate(np.zeros(3), 1.0)),
        ("initial_probs", 0), ("initial_probs", 1),
    )  # fmt: skip
    assert estimated_seconds(nowhere, trainer, 4, 3, [2.0], [2.0]) == 0.0


def test_what_cannot_be_searched_is_refused(two_states):
    plane = Plane(alike(Gaussian.univariate([0.0, 0.0], 0.7)), ("means", 0), ("means", 1))
    trainer = EM(two_states)
    with pytest.raises(ValueError, match="max_iterations is -1"):
        basins(plane, trainer, [0.0], [0.0], -1)
    with pytest.raises(ValueError, match="tolerance is -1"):
        basins(plane, trainer, [0.0], [0.0], 10, -1.0)
    xs = np.linspace(0.0, 1.0, 100_000)
    with pytest.raises(ValueError, match="choose a grid of at most"):
        BasinSearch(plane, trainer, xs, xs, 10)
    with pytest.raises(ValueError, match="must be a Plane"):
        BasinSearch(plane.hmm, trainer, [0.0], [0.0], 10)
    with pytest.raises(ValueError, match="trainable has 'rates'"):
        basins(plane, EM(two_states, {"rates"}), [0.0], [0.0], 10)
    counts = Plane(alike(Poisson([1.0, 2.0])), ("rates", 0), ("rates", 1))
    with pytest.raises(ValueError, match="a count must be"):
        basins(counts, EM(two_states, {"rates"}), [0.0], [0.0], 10)
    one = initialization.symmetric(1)
    lone = Plane(one, ("means", 0), ("standard_deviations", 0))
    found = basins(lone, EM(two_states), [0.0, 2.0], [0.0, 1.0], 50)
    np.testing.assert_array_equal(found.optimum, 0)


def test_where_calling_takes_most_of_the_time_more_starts_are_trained_at_once(monkeypatch):
    now, sizes, real = [0.0], [], search_module.batch.fit

    def fit(trainer, models, *arguments, **named):
        sizes.append(len(models))
        now[0] += 0.04 + 1e-5 * len(models)
        return real(trainer, models, *arguments, **named)

    monkeypatch.setattr(search_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(search_module.batch, "fit", fit)
    grid = np.linspace(-2.0, 2.0, 64)
    data = Sequences(np.array([-1.0, -0.9, 1.1, 1.0]))
    plane = Plane(
        HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian(np.array([-1.0, 1.0]), np.ones((2, 1)))),
        ("means", 0), ("means", 1),
    )  # fmt: skip
    search = BasinSearch(plane, EM(data, {"means"}), grid, grid, 2)
    while search.advance(0.05):
        pass
    assert sizes[0] == 16
    assert len(sizes) < 25
    assert max(sizes) >= 1024


def test_a_search_in_slices_trains_starts_before_it_comes_closer_to_optima(
    two_states, mirrored, monkeypatch
):
    plane = Plane(alike(Gaussian.univariate([0.0, 0.0], 0.7)), ("means", 0), ("means", 1))
    xs = np.linspace(-3.0, 3.0, 13)
    search = BasinSearch(plane, EM(two_states, {"means"}), xs, xs, 500)
    done, own = [], search._ends.come_closer

    def come_closer(cancelled=None):
        done.append(int(search.basins().known.sum()))
        return own(cancelled)

    monkeypatch.setattr(search._ends, "come_closer", come_closer)
    num_slices = 1
    while search.advance(0.0):
        num_slices += 1
    assert len(done) < num_slices
    assert done[0] > 2 * LANES, "the first picture does not wait for it"
    assert done[-1] == len(xs) ** 2
    assert_same(search.basins(), mirrored)
