"""Work in many parts, computed beside each other on threads that others use too."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Stopped = Callable[[], bool]

MostWaiting = int | Callable[[], int] | None
"""How many jobs an executor is given at once; a function where that changes on the way."""

POLL_SECONDS = 0.1
"""Seconds between two looks whether the work was stopped."""

Result = TypeVar("Result")


def num_threads() -> int:
    """How many threads can compute at once."""
    return os.cpu_count() or 1


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
    with ThreadPoolExecutor(num_threads(), thread_name_prefix="in order") as own:
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
        return asked or 2 * num_threads()

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
