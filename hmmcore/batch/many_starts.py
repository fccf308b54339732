"""Training from many starts: the best is kept, all are reported."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from hmmcore.arrays import as_count, require_generator
from hmmcore.batch.families import lane_family
from hmmcore.batch.fitting import prepared, trains_in_lanes
from hmmcore.batch.models import Kind, Models, kind_of, stack
from hmmcore.batch.outcome import Queue
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.training.base import FitResult, StopRule, Trainer, checked_stop_rule, fit

TOGETHER = 64
"""How many starts an executor is given at once, where they are trained in lanes. A constant, and
whole blocks of lanes."""

MakeStart = Callable[[Sequences, Generator], HMM]


@dataclass(frozen=True)
class Restart:
    """One start, and what became of it.

    Attributes:
        start: the model that training started from.
        result: how the fit went; None when it failed.
        failure: the sentence that says why it failed; None when it did not.
    """

    start: HMM
    result: FitResult | None
    failure: str | None = None

    @property
    def objective(self) -> float:
        """What the fit reached, in nats; -inf when it failed."""
        return -np.inf if self.result is None else float(self.result.objectives[-1])


@dataclass(frozen=True)
class Restarts:
    """Every start, in the order in which they were given.

    Attributes:
        runs: one for each start.
    """

    runs: tuple[Restart, ...]

    @property
    def best(self) -> FitResult:
        """The fit that reached the highest objective; the first of those that reached it.

        Raises:
            ValueError: when every start failed, with the sentence of the first.
        """
        best = max(self.runs, key=lambda run: run.objective)
        if best.result is None:
            raise ValueError(
                f"none of {len(self.runs)} starts could be trained. The first: {best.failure}"
            )
        return best.result


def restarts(
    trainer: Trainer,
    starts: Iterable[HMM] | MakeStart,
    num_restarts: int | None = None,
    rng: Generator | None = None,
    max_iterations: int = 100,
    tolerance: float = 1e-6,
    patience: int = 1,
    executor: Executor | None = None,
) -> Restarts:
    """Fit from every start, several at a time; on small data in lanes (see `batch.fit`).

    The result depends on the starts alone, not on who computes it or in which order. A start that
    cannot be trained, as when it makes the data impossible, is reported and the others go on.

    Args:
        trainer: such as EM(sequences).
        starts: the starting models; or a function that makes one, called with the sequences and a
            generator of its own for every restart:
            lambda sequences, rng: initialization.random(sequences, 3, rng).
        num_restarts, rng: how many starts to make, and the source of randomness, for such a
            function only. More restarts from an equal source repeat the first and add to them.
        max_iterations, tolerance, patience: as in `fit`.
        executor: any `concurrent.futures.Executor`: a pool of threads or processes, or a Dask
            cluster's, `client.get_executor()`. None makes a pool of threads, one for each
            processor, for the time of this call. It stays open if it was passed in.

    Raises:
        TypeError: when a start is no HMM.
    """
    # Checked here, since an error among the starts only makes a start fail.
    max_iterations, patience = checked_stop_rule(max_iterations, tolerance, patience)
    models = _models(trainer.sequences, starts, num_restarts, rng)
    rule = StopRule(max_iterations, patience, tolerance)
    if executor is not None:
        return Restarts(_run(executor, trainer, models, rule))
    num_threads = min(len(models), os.cpu_count() or 1)
    with ThreadPoolExecutor(num_threads, thread_name_prefix="restarts") as own:
        return Restarts(_run(own, trainer, models, rule))


def fit_some(
    trainer: Trainer,
    starts: list[HMM],
    rule: StopRule,
    cancelled: Callable[[], bool] | None = None,
) -> list[Restart]:
    """Fit from some starts, which are of one kind if there are several.

    At the top of the module, so that executors can pickle it.

    Args:
        cancelled: as in `fit`.
    """
    try:
        if lane_family(starts[0].emissions) is not None:
            models = stack(starts)
            if trains_in_lanes(trainer, models):
                return _in_lanes(trainer, starts, models, rule, cancelled)
    except ValueError:
        # As when no start fits the data: each then fails by itself, with its own sentence.
        pass
    return [_fit_one(trainer, start, rule, cancelled) for start in starts]


def _in_lanes(
    trainer: Trainer,
    starts: list[HMM],
    models: Models,
    rule: StopRule,
    cancelled: Callable[[], bool] | None,
) -> list[Restart]:
    queue = Queue(len(starts), cancelled)
    outcome, work = prepared(trainer, models, rule, queue, histories=True)
    work()
    fits = outcome.fits()
    assert fits.histories is not None
    return [
        Restart(start, None, fits.failures[b])
        if b in fits.failures
        else Restart(
            start,
            FitResult(fits.models[b], fits.histories[b], fits.stop_reasons[b], fits.remedies[b]),
        )
        for b, start in enumerate(starts)
    ]


def _fit_one(
    trainer: Trainer, start: HMM, rule: StopRule, cancelled: Callable[[], bool] | None
) -> Restart:
    try:
        result = fit(trainer, start, rule.max_iterations, rule.tolerance, rule.patience, cancelled)
    except (ValueError, ArithmeticError) as error:
        return Restart(start, None, str(error))
    return Restart(start, result)


def _run(
    executor: Executor, trainer: Trainer, starts: list[HMM], rule: StopRule
) -> tuple[Restart, ...]:
    jobs = _jobs(trainer, starts)
    futures = [
        executor.submit(fit_some, trainer, [starts[n] for n in numbers], rule) for numbers in jobs
    ]
    found: dict[int, Restart] = {}
    try:
        for numbers, future in zip(jobs, futures, strict=True):
            found |= zip(numbers, future.result(), strict=True)
    finally:
        # After an error or an interruption the rest is not needed.
        for future in futures:
            future.cancel()
    return tuple(found[n] for n in range(len(starts)))


def _jobs(trainer: Trainer, starts: list[HMM]) -> list[list[int]]:
    """Numbers of starts that are trained together: TOGETHER of a kind in lanes, or one."""
    by_kind: dict[Kind, list[int]] = {}
    jobs: list[list[int]] = []
    for n, start in enumerate(starts):
        if lane_family(start.emissions) is None:
            jobs.append([n])
        else:
            by_kind.setdefault(kind_of(start), []).append(n)
    for numbers in by_kind.values():
        size = TOGETHER if trains_in_lanes(trainer, stack([starts[numbers[0]]])) else 1
        jobs += [numbers[i : i + size] for i in range(0, len(numbers), size)]
    return jobs


def _models(
    sequences: Sequences,
    starts: Iterable[HMM] | MakeStart,
    num_restarts: int | None,
    rng: Generator | None,
) -> list[HMM]:
    if callable(starts):
        if num_restarts is None or rng is None:
            raise ValueError("to make starts, restarts needs both num_restarts and rng.")
        require_generator(rng)
        count = as_count("num_restarts", num_restarts)
        return [_checked(n, starts(sequences, child)) for n, child in enumerate(rng.spawn(count))]
    if num_restarts is not None or rng is not None:
        raise ValueError("the starts are given; num_restarts and rng are for making them.")
    models = [_checked(n, start) for n, start in enumerate(starts)]
    if not models:
        raise ValueError("starts is empty; there must be at least one.")
    return models


def _checked(number: int, start: object) -> HMM:
    if not isinstance(start, HMM):
        raise TypeError(f"start {number} is of type {type(start).__name__}; it must be an HMM.")
    return start
