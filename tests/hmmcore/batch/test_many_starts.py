"""Restarts: the same on threads, on processes and on a Dask cluster, and every one reported."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

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
    Restarts,
    Sequences,
    fit,
    initialization,
    restarts,
    sample,
    simulation,
)
from hmmcore.sweeps import chunks, sweep
from tests.hmmcore.models import Config
from tests.hmmcore.training.chosen import assert_others_stay


class Here(Executor):
    """An executor that does the work at once, in the caller's thread."""

    def submit(self, fn, /, *args, **kwargs):
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


def random_start(sequences, rng):
    return initialization.random(sequences, 3, rng)


@pytest.fixture(scope="module")
def sequences() -> Sequences:
    truth = HMM(*simulation.sticky_structure(3, 0.9), Gaussian.univariate([-2.0, 0.0, 2.0], 0.6))
    return sample(truth, 6, 80, np.random.default_rng(0)).sequences


def assert_same(found: Restarts, expected: Restarts) -> None:
    assert len(found.runs) == len(expected.runs)
    for one, other in zip(found.runs, expected.runs, strict=True):
        assert one.start == other.start
        assert one.failure == other.failure
        if other.result is None:
            assert one.result is None
            continue
        assert one.result is not None
        assert one.result.hmm == other.result.hmm
        assert one.result.stop_reason == other.result.stop_reason
        assert one.result.remedies == other.result.remedies
        np.testing.assert_array_equal(one.result.objectives, other.result.objectives)


def mixed(sequences: Sequences) -> tuple[EM, list[HMM]]:
    """Starts of which the second is impossible and the fourth below the floor."""
    rng = np.random.default_rng(1)
    starts = [random_start(sequences, rng) for _ in range(3)]
    far = Gaussian.univariate([1e200, 2e200], 1.0)
    starts.insert(1, HMM([0.5, 0.5], np.full((2, 2), 0.5), far))
    narrow = Gaussian.univariate([0.0, 1.0], 1e-4)
    starts.insert(3, HMM([0.5, 0.5], np.full((2, 2), 0.5), narrow))
    return EM(sequences, variance_floor=1e-4), starts


# --- what is reported ---------------------------------------------------------------------------


def test_every_start_is_fitted_as_by_fit_and_the_best_is_kept(sequences):
    rng = np.random.default_rng(0)
    starts = [random_start(sequences, rng) for _ in range(6)]
    training = EM(sequences)
    found = restarts(training, starts, max_iterations=15, tolerance=1e-9, executor=Here())
    reached = []
    for start, run in zip(starts, found.runs, strict=True):
        alone = fit(training, start, max_iterations=15, tolerance=1e-9)
        assert run.start == start
        assert run.failure is None
        assert run.result is not None
        # In lanes: equal but for rounding.
        np.testing.assert_allclose(run.result.objectives, alone.objectives, rtol=1e-10)
        np.testing.assert_allclose(
            run.result.hmm.transition_matrix, alone.hmm.transition_matrix, rtol=1e-6, atol=1e-9
        )
        assert run.objective == run.result.log_likelihoods[-1]
        reached.append(run.objective)
    assert len(set(reached)) > 1, "different starts end differently"
    assert found.best is found.runs[int(np.argmax(reached))].result


def test_the_best_is_the_best_by_the_objective(sequences):
    rng = np.random.default_rng(0)
    starts = [random_start(sequences, rng) for _ in range(6)]
    training = EM(sequences, priors=Priors(30.0, 30.0))
    found = restarts(training, starts, max_iterations=8, executor=Here())
    assert found.best.objective_name == "log-posterior"
    assert found.best.objectives[-1] == max(run.result.objectives[-1] for run in found.runs)


def test_the_first_of_equals_is_the_best(sequences):
    start = random_start(sequences, np.random.default_rng(0))
    found = restarts(EM(sequences), [start, start, start], max_iterations=3)
    assert found.best is found.runs[0].result


def test_starts_that_fail_are_reported_in_a_sentence_and_the_others_go_on(sequences):
    training, starts = mixed(sequences)
    found = restarts(training, starts, max_iterations=5)
    assert [run.failure is None for run in found.runs] == [True, False, True, False, True]
    assert "sequence 0 is impossible under the model" in found.runs[1].failure
    assert "below variance_floor" in found.runs[3].failure
    assert found.runs[1].result is None
    assert found.runs[1].objective == -np.inf
    assert found.runs[1].start == starts[1]
    assert np.isfinite(found.best.objectives[-1])


def test_a_run_that_diverges_is_reported(sequences):
    start = random_start(sequences, np.random.default_rng(0))
    found = restarts(GradientAscent(sequences, learning_rate=1e300), [start])
    assert "lower the learning rate" in found.runs[0].failure
    with pytest.raises(ValueError, match=r"none of 1 starts .*The first: gradient ascent"):
        _ = found.best


# --- where starts come from ---------------------------------------------------------------------


def test_made_starts_depend_on_the_source_alone_and_more_add_to_them(sequences):
    training = EM(sequences)
    few = restarts(training, random_start, 3, np.random.default_rng(7), max_iterations=2)
    more = restarts(training, random_start, 5, np.random.default_rng(7), max_iterations=2)
    assert_same(Restarts(more.runs[:3]), few)
    starts = [run.start for run in more.runs]
    assert all(starts[i] != starts[j] for i in range(5) for j in range(i))
    other = restarts(training, random_start, 3, np.random.default_rng(8), max_iterations=2)
    assert other.runs[0].start != few.runs[0].start


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"starts": []}, "starts is empty; there must be at least one"),
        ({"starts": random_start}, "needs both num_restarts and rng"),
        ({"starts": random_start, "num_restarts": 3}, "needs both num_restarts and rng"),
        (
            {"starts": random_start, "num_restarts": 0, "rng": np.random.default_rng(0)},
            "num_restarts is 0; it must be at least 1",
        ),
        ({"starts": [None], "num_restarts": 1}, "the starts are given"),
        ({"starts": [None], "max_iterations": -1}, "max_iterations is -1"),
        ({"starts": [None], "tolerance": -1.0}, r"tolerance is -1\.0"),
        ({"starts": [None], "patience": 0}, "patience is 0"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_runs(sequences, options, message):
    with pytest.raises(ValueError, match=message):
        restarts(EM(sequences), **options)


@pytest.mark.parametrize("given", [None, ([0.5, 0.5], np.eye(2))])
def test_a_start_that_is_no_model_is_refused_before_anything_runs(sequences, given):
    message = rf"start 0 is of type {type(given).__name__}; it must be an HMM"
    with pytest.raises(TypeError, match=message):
        restarts(EM(sequences), [given])
    with pytest.raises(TypeError, match=message):
        restarts(EM(sequences), lambda sequences, rng: given, 2, np.random.default_rng(0))


# --- who does the work --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    # Spawned, not forked: a fork would copy threads' locks in whatever state they are.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        yield pool


@pytest.fixture(scope="module")
def dask_cluster() -> Iterator[Executor]:
    import dask
    import distributed  # takes a second, so only the tests that need it wait

    # A busy machine may take long to start two more interpreters.
    patience = 120
    with (
        dask.config.set({"distributed.comm.timeouts.connect": patience}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
        ) as cluster,
        distributed.Client(cluster, timeout=patience) as client,
    ):
        yield client.get_executor()


@pytest.mark.parametrize("name", ["threads", "one thread", "processes", "dask_cluster"])
def test_results_are_the_same_whoever_does_the_work(name, sequences, request):
    training, starts = mixed(sequences)
    options = {"max_iterations": 8, "tolerance": 0.0}
    expected = restarts(training, starts, **options, executor=Here())
    if "thread" in name:
        with ThreadPoolExecutor(4 if name == "threads" else 1) as pool:
            assert_same(restarts(training, starts, **options, executor=pool), expected)
            assert pool.submit(int).result() == 0, "an executor that was passed in stays open"
        return
    found = restarts(training, starts, **options, executor=request.getfixturevalue(name))
    assert_same(found, expected)
    assert found.best.hmm == expected.best.hmm


FAMILIES = [
    Config("left-right", 3, (30, 20), 2, "full"),
    Config("sparse", 3, (30, 20), scale=0.6, family="categorical"),
    Config("dense", 3, (30, 20), family="poisson"),
    Config("dense", 2, (30, 20), family="neural softplus"),
]


@pytest.mark.parametrize("config", FAMILIES, ids=lambda c: f"{c.family}, {c.structure}")
def test_every_family_travels_to_a_dask_cluster(config, dask_cluster):
    hmm, sequences = config.make(0)
    training = GradientAscent(sequences, priors=Priors(1.5, 2.0))
    here = restarts(training, [hmm], max_iterations=4, executor=Here())
    assert here.runs[0].failure is None
    assert_same(restarts(training, [hmm], max_iterations=4, executor=dask_cluster), here)


@pytest.mark.parametrize("num_threads", [1, 2, 8])
def test_many_restarts_share_the_pool_that_sweeps_use_without_waiting_for_each_other(
    num_threads, monkeypatch
):
    # Many small chunks, so that every sweep of every restart asks for helpers from one pool.
    monkeypatch.setattr(chunks, "CHUNK_CELLS", 256)
    one_worker = ThreadPoolExecutor(1)
    monkeypatch.setattr(chunks, "_pool", lambda: one_worker)
    monkeypatch.setattr(chunks, "_num_threads", lambda: 4)
    truth = HMM(*simulation.left_right_structure(4, 0.95), Poisson([1.0, 5.0, 9.0, 20.0]))
    drawn = sample(truth, 100, 100, np.random.default_rng(0)).sequences
    assert len(list(sweep.chunked(drawn, 4))) > 50
    rng = np.random.default_rng(1)
    starts = [
        HMM(truth.initial_probs, truth.transition_matrix, Poisson(rng.uniform(1.0, 20.0, 4)))
        for _ in range(12)
    ]
    training = EM(drawn)
    expected = restarts(training, starts, max_iterations=3, executor=Here())
    with ThreadPoolExecutor(num_threads) as pool:
        found = restarts(training, starts, max_iterations=3, executor=pool)
    assert_same(found, expected)
    one_worker.shutdown()


def test_an_unforeseen_error_ends_the_rest(sequences):
    class Broken:
        """A trainer with a defect of its own."""

        def __init__(self) -> None:
            self.sequences = sequences
            self.calls = 0

        def init(self, hmm):
            self.calls += 1
            raise KeyError("a defect")

    training = Broken()
    starts = [HMM([1.0], [[1.0]], Categorical([[1.0]]))] * 50
    with ThreadPoolExecutor(1) as pool, pytest.raises(KeyError, match="a defect"):
        restarts(training, starts, executor=pool)
    assert training.calls < 50


def test_chosen_numbers_are_trained_only(sequences):
    chosen = ("means", 0, 0), ("means", 2, 0)
    trainer = EM(sequences, coordinates=chosen)
    found = restarts(trainer, random_start, 9, np.random.default_rng(0), 30)
    for run in found.runs:
        assert run.result is not None
        assert_others_stay(run.start, run.result.hmm, chosen, rtol=0.0)
        alone = fit(trainer, run.start, 30)
        np.testing.assert_allclose(run.result.log_likelihoods, alone.log_likelihoods, rtol=1e-10)
