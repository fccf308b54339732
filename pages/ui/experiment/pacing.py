"""Large experiments are built one at a time, so that many of them leave a core to everyone else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock

LARGE = 200_000
"""Cells K × T from which an experiment is large: building it takes a tenth of a second or more."""
POLL_SECONDS = 0.05

# Its owner may enter again: what is built in a turn may consist of parts that ask for one.
_turn = RLock()


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
        yield
    finally:
        _turn.release()
