"""Large experiments are built one at a time, so that many of them leave a core to everyone else."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock

LARGE = 200_000
"""Cells K × T from which an experiment is large: building it takes a tenth of a second or more."""
POLL_SECONDS = 0.05
COLLECT_SECONDS = 60.0
"""Time between two collections, each of which stops every thread for a tenth of a second."""

# Its owner may enter again: what is built in a turn may consist of parts that ask for one.
_turn = RLock()
_collected_at = -COLLECT_SECONDS


def _pause() -> None:
    time.sleep(POLL_SECONDS)


@contextmanager
def large_turn(cells: int, wait: Callable[[], None] = _pause) -> Iterator[None]:
    """Wait for this thread's turn to build an experiment of so many cells; a small one never waits.

    Args:
        cells: K × T.
        wait: called again and again while another thread has the turn; it takes a short time, and
            may raise to give up. A thread that holds the lock of an experiment must release it
            here, as the threads that make frames for all visitors would wait for it otherwise.
    """
    if cells <= LARGE:
        yield
        return
    while not _turn.acquire(blocking=False):
        wait()
    try:
        _collect()
        yield
    finally:
        _turn.release()


def turn_is_free(cells: int) -> bool:
    """Whether an experiment of so many cells could be built now."""
    if cells <= LARGE:
        return True
    free = _turn.acquire(blocking=False)
    if free:
        _turn.release()
    return free


def _collect() -> None:
    """Free the memory of visitors who left, before more is taken.

    A session and what Streamlit keeps of it refer to each other, and Python's collector does not
    know how much memory their arrays take: by itself it may not run for hours.
    """
    global _collected_at
    if (now := time.monotonic()) - _collected_at >= COLLECT_SECONDS:
        _collected_at = now
        # Twice: what Streamlit keeps under a session's number is let go of by the first.
        for _ in range(2):
            gc.collect()
