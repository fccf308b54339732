"""Fits on executors, as they end: the same whoever computes them, and given up when cancelled."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    GradientAscent,
    NeuralGaussian,
    Poisson,
    Sequences,
    count_starts,
    fit,
    initialization,
    sample,
    simulation,
    symbol_starts,
)
from hmmcore.selection import Task, as_they_end
from hmmcore.selection.jobs import _GivenUp

STRUCTURE = simulation.sticky_structure(3, 0.9)


def network_start(sequences, num_states, rng):
    start = initialization.random(sequences, num_states, rng)
    emissions = NeuralGaussian.near_means(
        start.emissions.means, rng, sd=1.0, output_activation="identity"
    )
    return HMM(start.initial_probs, start.transition_matrix, emissions)


def full_start(sequences, num_states, rng):
    return initialization.with_full_covariances(initialization.random(sequences, num_states, rng))


def symbol_start(sequences, num_states, rng):
    return symbol_starts.random(num_states, 3, rng)


FAMILIES = {
    "numbers": (Gaussian.univariate([-3.0, 0.0, 3.0], 1.0), initialization.random),
    "points": (Gaussian(np.eye(3, 2) * 3.0, np.tile(np.eye(2), (3, 1, 1)), "full"), full_start),
    "counts": (Poisson([1.0, 5.0, 20.0]), count_starts.random),
    "symbols": (Categorical(0.1 + 0.7 * np.eye(3)), symbol_start),
    "network": (Gaussian.univariate([-3.0, 0.0, 3.0], 1.0), network_start),
}
every_family = pytest.mark.parametrize("family", FAMILIES)
every_trainer = pytest.mark.parametrize("trainer", [EM, partial(GradientAscent, learning_rate=0.1)])


def data_of(family) -> Sequences:
    truth = HMM(*STRUCTURE, FAMILIES[family][0])
    return sample(truth, 2, [30, 25], np.random.default_rng(0)).sequences


def task_of(family, trainer=EM, num_starts=3, **rule) -> Task:
    generators = np.random.default_rng(1).spawn(num_starts)
    rule = {"max_iterations": 12} | rule
    return Task(trainer(data_of(family)), FAMILIES[family][1], 3, generators, **rule)


def reached(tasks, **how):
    """{key: {number: log-likelihoods of a fit}} of all that has ended."""
    found = {key: {} for key in tasks}
    for ended in as_they_end(tasks, **how):
        assert ended.failure is None
        assert ended.count == len(ended.runs)
        found[ended.key] |= {n: run.result.log_likelihoods for n, run in ended.runs.items()}
    return found


@every_trainer
@every_family
def test_every_start_ends_as_its_own_fit_does(family, trainer):
    task = task_of(family, trainer)
    found = reached({"one": task})["one"]
    assert sorted(found) == [0, 1, 2]
    for number, log_likelihoods in found.items():
        start = FAMILIES[family][1](data_of(family), 3, np.random.default_rng(1).spawn(3)[number])
        alone = fit(trainer(data_of(family)), start, 12, 1e-8)
        np.testing.assert_allclose(log_likelihoods, alone.log_likelihoods, rtol=1e-9)


def test_the_result_does_not_depend_on_who_computes_it():
    tasks = {k: task_of(k, num_starts=21) for k in ("numbers", "counts")}
    expected = reached(tasks)
    with ThreadPoolExecutor(3) as threads:
        by_threads = reached(tasks, executor=threads)
        assert not threads._shutdown
    with ProcessPoolExecutor(1, get_context("spawn")) as processes:
        by_process = reached(tasks, executor=processes)
    for key, runs in expected.items():
        assert sorted(runs) == list(range(21))
        for number, log_likelihoods in runs.items():
            np.testing.assert_array_equal(by_threads[key][number], log_likelihoods)
            np.testing.assert_array_equal(by_process[key][number], log_likelihoods)


def test_more_starts_repeat_the_first_and_tasks_have_the_same_starts():
    few, many = task_of("counts", num_starts=2), task_of("counts", num_starts=40)
    found = reached({"few": few, "many": many})
    assert len(found["many"]) == 40
    for number in range(2):
        np.testing.assert_array_equal(found["few"][number], found["many"][number])


def test_what_is_cancelled_ends_at_once_and_says_no_more():
    asked = threading.Event()
    task = task_of("numbers", num_starts=200, max_iterations=10**6, tolerance=0.0)

    def cancelled():
        asked.set()
        return True

    assert list(as_they_end({"one": task}, cancelled=cancelled)) == []
    assert asked.is_set()
    # Not in lanes: a fit that is on its way is given up too.
    task = task_of("network", num_starts=2, max_iterations=10**6, tolerance=0.0)
    began = threading.Event()
    assert list(as_they_end({"one": task}, cancelled=lambda: began.is_set() or began.set())) == []


def test_closing_the_iterator_gives_the_rest_up():
    short = task_of("numbers", num_starts=1)
    endless = task_of("counts", num_starts=50, max_iterations=10**6, tolerance=0.0)
    iterator = as_they_end({"short": short, "endless": endless})
    assert next(iterator).key == "short"
    iterator.close()  # would wait for ever otherwise
    assert not [one for one in threading.enumerate() if one.name.startswith("sweep")]


def fails_at_three(sequences, num_states, rng):
    if num_states == 3:
        raise ValueError("three is too many.")
    return count_starts.random(sequences, num_states, rng)


def fails_later(sequences, num_states, rng):
    if rng.random() < 0.5:
        raise ValueError("unlucky.")
    return count_starts.random(sequences, num_states, rng)


def test_starts_that_cannot_be_made_are_reported_and_the_rest_goes_on():
    trainer, generators = EM(data_of("counts")), np.random.default_rng(0).spawn(40)
    tasks = {
        k: Task(trainer, make, k, generators, 3)
        for k, make in {2: fails_at_three, 3: fails_at_three, 4: fails_later}.items()
    }
    counts = dict.fromkeys(tasks, 0)
    for ended in as_they_end(tasks):
        counts[ended.key] += ended.count
        sentence = {2: None, 3: "three is too many.", 4: "unlucky."}[ended.key]
        assert ended.failure in (sentence, None)
        assert bool(ended.runs) == (ended.failure is None)
    assert counts == dict.fromkeys(tasks, 40)


def test_a_start_that_cannot_be_trained_is_reported_with_its_sentence():
    def impossible(sequences, num_states, rng):
        return HMM([1.0], [[1.0]], Poisson([0.0]))

    task = Task(EM(Sequences([0.0, 2.0])), impossible, 1, np.random.default_rng(0).spawn(2))
    (ended,) = as_they_end({"one": task})
    assert all("impossible under the model" in run.failure for run in ended.runs.values())


def test_tasks_refuse_what_makes_no_sense():
    trainer, generators = EM(data_of("counts")), np.random.default_rng(0).spawn(1)
    with pytest.raises(ValueError, match="generators is empty"):
        Task(trainer, count_starts.random, 2, [])
    with pytest.raises(ValueError, match="num_states is 0"):
        Task(trainer, count_starts.random, 0, generators)
    with pytest.raises(ValueError, match="tolerance is -1"):
        Task(trainer, count_starts.random, 2, generators, tolerance=-1)
    with pytest.raises(TypeError, match="make_start made a int; it must make an HMM"):
        list(as_they_end({0: Task(trainer, lambda *_: 1, 2, generators)}))


def test_a_pool_is_given_no_more_jobs_at_once_than_asked():
    waiting, most = 0, 0

    class Counting(ThreadPoolExecutor):
        def submit(self, *what):
            nonlocal waiting, most
            waiting += 1
            most = max(most, waiting)
            future = super().submit(*what)
            future.add_done_callback(lambda _: done())
            return future

    def done():
        nonlocal waiting
        waiting -= 1

    tasks = {n: task_of("counts", num_starts=20) for n in range(3)}
    with Counting(2) as pool:
        found = reached(tasks, executor=pool, most_waiting=2)
    assert most <= 2
    assert all(len(runs) == 20 for runs in found.values())


def test_jobs_that_are_given_back_are_done_all_the_same():
    class Fickle(ThreadPoolExecutor):
        """Gives back every other job."""

        count = 0

        def submit(self, *what):
            self.count += 1
            if self.count % 2 == 0:
                return super().submit(*what)
            lost = Future()
            lost.set_exception(BrokenExecutor("away"))
            return lost

    tasks = {n: task_of("counts", num_starts=20) for n in range(3)}
    expected = reached(tasks)
    with Fickle(2) as pool:
        found = reached(tasks, executor=pool, most_waiting=lambda: 2)
    assert pool.count > 3
    for key, runs in expected.items():
        assert sorted(found[key]) == sorted(runs)
        for number, log_likelihoods in runs.items():
            np.testing.assert_array_equal(found[key][number], log_likelihoods)


def test_who_shares_a_pool_has_a_turn_before_the_others_are_done():
    large = {n: task_of("counts", num_starts=40, max_iterations=400) for n in range(4)}
    with ThreadPoolExecutor(1) as pool:
        others = as_they_end(large, pool, most_waiting=1)
        next(others)
        small = reached({"small": task_of("counts", num_starts=1)}, executor=pool, most_waiting=1)
        assert small["small"]
        assert sum(ended.count for ended in others) > 40, "there was much left to do"


def test_whether_a_job_was_given_up_is_asked_where_it_is_done():
    here = _GivenUp(lambda: True)
    assert here()
    assert not pickle.loads(pickle.dumps(here))(), "no Dask worker says so"
