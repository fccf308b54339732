"""Fits to data that are drawn from a model: many data sets, each fitted on a thread of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from hmmcore.alignment import align_parameters
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.training import EM, Trainer, fit
from hmmcore.training.base import MODEL_PARAMETERS, checked_names, checked_stop_rule

MakeTrainer = Callable[[Sequences], Trainer]
"""Makes a trainer of data: EM, or functools.partial(EM, trainable=("means",))."""

Stopped = Callable[[], bool]

MAX_ITERATIONS, TOLERANCE = 1000, 1e-8
"""Of the fits: what they end short of their maximum would be taken for spread."""

MostWaiting = int | Callable[[], int] | None
"""How many jobs an executor is given at once; a function where that changes on the way."""

POLL_SECONDS = 0.1
"""Seconds between two looks whether the work was stopped."""

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Refit:
    """What became of one data set.

    Attributes:
        hmm: the fitted model, its states in the order of the model that the data were drawn from;
            None if it could not be fitted.
        sequences: the data.
        trainable: names of the parameters that were trained; None for all.
        converged: whether the fit stood still before it had taken all its steps.
        relabelled: whether its states had come into another order.
        failure: the sentence that says why it could not be fitted; None if it could.
    """

    hmm: HMM | None
    sequences: Sequences
    trainable: frozenset[str] | None = None
    converged: bool = False
    relabelled: bool = False
    failure: str | None = None


def refit(
    hmm: HMM,
    sequences: Sequences,
    make_trainer: MakeTrainer | None,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
    stopped: Stopped | None = None,
) -> Refit:
    """Fit to data that were drawn from a model, from that model on."""
    try:
        trainer = (make_trainer or EM)(sequences)
        result = fit(trainer, hmm, max_iterations, tolerance, cancelled=stopped)
    except (ValueError, ArithmeticError) as error:
        return Refit(None, sequences, failure=str(error))
    order = _order(hmm, result.hmm, trainer)
    moved = bool((order != np.arange(hmm.num_states)).any())
    return Refit(
        result.hmm.permute(order) if moved else result.hmm,
        sequences,
        checked_names(getattr(trainer, "trainable", None)),
        result.stop_reason == "converged",
        moved,
    )


def checked_rule(max_iterations: int, tolerance: float) -> None:
    """Refuse numbers that no fit could have, before any is begun."""
    checked_stop_rule(max_iterations, tolerance, 1)


def in_order(
    work: Callable[[int, Stopped], Result],
    count: int,
    executor: Executor | None = None,
    stopped: Stopped | None = None,
    most_waiting: MostWaiting = None,
) -> Iterator[Result]:
    """What `work` makes of 0, 1, .., count - 1, in this order, computed on threads.

    When `stopped` says True, or the iterator is closed, what has not ended is given up.

    Args:
        work: called with the number, and with what says whether to stop.
        executor: whose threads compute; None makes as many as there are processors.
        most_waiting: how many jobs the executor is given at once, so that others who use it have
            their turn in between; None gives it twice as many as there are processors. A function
            says it anew for each job.
    """
    if executor is not None:
        yield from _on(executor, work, count, stopped, most_waiting)
        return
    with ThreadPoolExecutor(_num_threads(), thread_name_prefix="refits") as own:
        yield from _on(own, work, count, stopped, most_waiting)


def _on(
    executor: Executor,
    work: Callable[[int, Stopped], Result],
    count: int,
    stopped: Stopped | None,
    most_waiting: MostWaiting,
) -> Iterator[Result]:
    given_up = False

    def most() -> int:
        asked = most_waiting() if callable(most_waiting) else most_waiting
        return asked or 2 * _num_threads()

    def is_stopped() -> bool:
        return given_up or (stopped is not None and stopped())

    running: dict[Future[Result], int] = {}
    found: dict[int, Result] = {}
    begun = reported = 0
    try:
        while reported < count and not is_stopped():
            while begun < count and len(running) < most():
                running[executor.submit(work, begun, is_stopped)] = begun
                begun += 1
            done, _ = wait(running, POLL_SECONDS, FIRST_COMPLETED)
            for future in done:
                found[running.pop(future)] = future.result()
            while reported in found and not is_stopped():
                yield found.pop(reported)
                reported += 1
    finally:
        given_up = True
        for future in running:
            future.cancel()


def _num_threads() -> int:
    return os.cpu_count() or 1


def _order(reference: HMM, hmm: HMM, trainer: Trainer) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Which state of the fit plays which of the reference; as they are where names are bound."""
    same = np.arange(reference.num_states)
    trainable = getattr(trainer, "trainable", None)
    names = {*MODEL_PARAMETERS, *reference.emissions.parameter_names}
    bound = any(
        getattr(trainer, name, None) is not None
        for name in ("priors", "transition_ties", "coordinates")
    )
    if bound or (trainable is not None and not names <= set(trainable)):
        return same
    order = align_parameters(reference, hmm)
    renamed = hmm.permute(order)
    # Where a state is told by its zeros, another does not take its name.
    zeros = [
        np.concatenate([model.initial_probs == 0.0, (model.transition_matrix == 0.0).ravel()])
        for model in (reference, renamed)
    ]
    return order if (zeros[0] <= zeros[1]).all() else same
