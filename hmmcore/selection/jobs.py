"""Fits from many starts, of several numbers of states, on any executor, as they end."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from numpy.random import Generator

from hmmcore.arrays import as_count
from hmmcore.batch import stack
from hmmcore.batch.families import lane_family
from hmmcore.batch.fitting import trains_in_lanes
from hmmcore.batch.many_starts import TOGETHER, Restart, fit_some
from hmmcore.concurrency import POLL_SECONDS, MostWaiting, num_threads
from hmmcore.lanes import LANES
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.training import Trainer
from hmmcore.training.base import StopRule, checked_stop_rule

MakeStart = Callable[[Sequences, int, Generator], HMM]
"""Makes a start of data with so many states: initialization.random, or a function of one's own."""

PIECES = 4
"""Jobs for each that is done at once, where there are starts enough: progress is seen, and none
waits long."""

MAX_ITERATIONS, TOLERANCE = 1000, 1e-8
"""Of fits that are compared: at a looser tolerance slow ones end well before their optimum."""

PIECE_CELLS = 1 << 17
"""Starts times observations times states of a job, about: on larger data fewer starts are done at
once, for each takes longer."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, eq=False)
class Task:
    """Fits by one trainer of models with one number of states, a start for each generator.

    Attributes:
        trainer: such as EM(sequences).
        make_start: called with the trainer's sequences, the number of states and a generator, which
            is copied: the same generators make the same starts in every task.
        num_states: K.
        generators: one for each start, such as rng.spawn(20).
        max_iterations, tolerance, patience: as in `fit`. The defaults go further than those, for
            ends are compared.

    Raises:
        ValueError: when there is no generator, or a number is not possible.
    """

    trainer: Trainer
    make_start: MakeStart
    num_states: int
    generators: Sequence[Generator]
    max_iterations: int = MAX_ITERATIONS
    tolerance: float = TOLERANCE
    patience: int = 1

    def __post_init__(self) -> None:
        as_count("num_states", self.num_states)
        checked_stop_rule(self.max_iterations, self.tolerance, self.patience)
        if not self.generators:
            raise ValueError("generators is empty; there must be one for each start.")

    def only(self, numbers: Sequence[int]) -> Task:
        """The task of some of the starts, numbered anew: a job carries what is its own."""
        return replace(self, generators=[self.generators[number] for number in numbers])

    def start(self, number: int) -> HMM:
        """Start `number`."""
        made = self.make_start(
            self.trainer.sequences, self.num_states, deepcopy(self.generators[number])
        )
        if not isinstance(made, HMM):
            raise TypeError(f"make_start made a {type(made).__name__}; it must make an HMM.")
        return made

    @property
    def rule(self) -> StopRule:
        """When a fit is over."""
        return StopRule(self.max_iterations, self.patience, self.tolerance)


@dataclass(frozen=True, eq=False)
class Ended(Generic[Key]):
    """Fits that have ended together.

    Attributes:
        key: that of their task.
        count: how many.
        runs: by number of the start; empty where the starts could not be made.
        failure: the sentence that says why they could not; None when they could.
    """

    key: Key
    count: int
    runs: Mapping[int, Restart]
    failure: str | None = None


def as_they_end(
    tasks: Mapping[Key, Task],
    executor: Executor | None = None,
    cancelled: Callable[[], bool] | None = None,
    most_waiting: MostWaiting = None,
) -> Iterator[Ended[Key]]:
    """Do tasks, the first ones first, and yield what has ended, in the order in which it ends.

    What becomes of a start does not depend on the others, nor on who computes it. When `cancelled`
    says True, or the iterator is closed, fits that have not ended are given up.

    Args:
        executor: as in `restarts`, or a `Cluster`. Threads hear of `cancelled`, and so do a Dask
            cluster's workers; what other processes have begun they finish, and nobody waits for it.
            A job that it gives back (`BrokenExecutor`) is submitted once more.
        most_waiting: how many jobs the executor is given at once, so that others who use it have
            their turn in between; None gives it all. A function says it anew for each job.
    """
    if executor is not None:
        yield from _on(executor, tasks, cancelled, most_waiting)
        return
    with ThreadPoolExecutor(num_threads(), thread_name_prefix="sweep") as own:
        yield from _on(own, tasks, cancelled, most_waiting)


class _GivenUp:
    """Says whether a job was given up: here, who began it; on a Dask worker, that worker."""

    def __init__(self, says: Callable[[], bool]) -> None:
        self._says = says

    def __call__(self) -> bool:
        return self._says()

    def __reduce__(self) -> tuple[Any, ...]:
        return _GivenUp, (given_up_on_worker,)


def given_up_on_worker() -> bool:
    """Whether nobody wants the Dask task of this thread any more; False outside of one."""
    # Where a worker runs, its package has been imported.
    if (distributed := sys.modules.get("distributed")) is None:
        return False
    try:
        worker = distributed.get_worker()
        task = worker.state.tasks.get(worker.get_current_task())
    except (ValueError, KeyError):
        return False
    return task is None or task.state == "cancelled"


def _on(
    executor: Executor,
    tasks: Mapping[Key, Task],
    cancelled: Callable[[], bool] | None,
    most_waiting: MostWaiting,
) -> Iterator[Ended[Key]]:
    over = False

    def is_cancelled() -> bool:
        return over or (cancelled is not None and cancelled())

    def num_free() -> int:
        most = most_waiting() if callable(most_waiting) else most_waiting
        return len(running) + 1 if most is None else most - len(running)

    given_up = _GivenUp(is_cancelled)
    running: dict[Future[list[Restart]], tuple[Key, list[int]]] = {}
    given_back: deque[tuple[Key, list[int]]] = deque()
    jobs = _jobs(tasks, most_waiting)

    def next_job() -> Ended[Key] | tuple[Key, list[int]] | None:
        return given_back.popleft() if given_back else next(jobs, None)

    job = next_job()
    try:
        while (running or job is not None) and not is_cancelled():
            while job is not None and num_free() > 0:
                if isinstance(job, Ended):
                    yield job
                else:
                    key, numbers = job
                    future = executor.submit(_fit_piece, tasks[key].only(numbers), given_up)
                    running[future] = key, numbers
                job = next_job()
            done, _ = wait(running, POLL_SECONDS, FIRST_COMPLETED)
            # What was asked for first comes first among those that are there.
            for future in [one for one in running if one in done]:
                if is_cancelled():
                    return
                own = running.pop(future)
                if isinstance(future.exception(), BrokenExecutor):
                    given_back.append(own)
                else:
                    yield _ended(*own, future)
            job = job or next_job()
    finally:
        over = True
        for future in running:
            future.cancel()


def _jobs(
    tasks: Mapping[Key, Task], most_waiting: MostWaiting
) -> Iterator[Ended[Key] | tuple[Key, list[int]]]:
    """Each task's starts in pieces; what could not be begun has ended."""
    for key, task in tasks.items():
        at_once = most_waiting() if callable(most_waiting) else most_waiting
        try:
            pieces = _pieces(task, at_once or num_threads())
        except (ValueError, ArithmeticError) as error:
            yield Ended(key, len(task.generators), {}, str(error))
            continue
        for numbers in pieces:
            yield key, numbers


def _ended(key: Key, numbers: list[int], future: Future[list[Restart]]) -> Ended[Key]:
    try:
        runs = dict(zip(numbers, future.result(), strict=True))
    except (ValueError, ArithmeticError) as error:
        return Ended(key, len(numbers), {}, str(error))
    return Ended(key, len(numbers), runs)


def _fit_piece(task: Task, cancelled: Callable[[], bool] | None) -> list[Restart]:
    """Make the starts and fit from them; at the top of the module, to be pickled."""
    starts = [task.start(number) for number in range(len(task.generators))]
    return fit_some(task.trainer, starts, task.rule, cancelled)


def _pieces(task: Task, at_once: int) -> list[list[int]]:
    """Numbers of starts that are fitted together, so many jobs at once: blocks of lanes, or one."""
    count, size = len(task.generators), 1
    first = task.start(0)
    if lane_family(first.emissions) is not None and trains_in_lanes(task.trainer, stack([first])):
        cells = task.num_states * task.trainer.sequences.num_observations
        blocks = min(-(-count // (PIECES * at_once * LANES)), PIECE_CELLS // (cells * LANES))
        size = min(TOGETHER, max(2, blocks) * LANES)
    return [list(range(i, min(i + size, count))) for i in range(0, count, size)]
