"""Work of a session that goes on beside its pages: it may be long, and can be cancelled."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from hmmcore.selection import Cluster
from pages.ui.session.session import Session
from pages.ui.text import capitalised

MOST_KEPT = 4
"""Jobs of a session whose results are kept."""

TURN = 0.05
"""Seconds of computing after which another job has its turn."""

NUM_THREADS = os.cpu_count() or 1
"""How many threads compute for all visitors."""

SCHEDULER = "HMM_DASK_SCHEDULER"
"""The environment variable with the address of the operator's Dask scheduler."""

PACKAGES = ("hmmcore", "pages")
"""What workers of the cluster must have just as the server has it."""

Stopped = Callable[[], bool]


@dataclass(eq=False)
class Job:
    """Work whose results come bit by bit.

    Attributes:
        key: what the results depend on; a job with an equal key would find the same.
        begin: begins the work, and gives what is known each time that more is known. What it is
            called with says whether to stop.
        total: how many parts the work has, for those who follow it.
        found: what is known so far; None before anything is.
        failed: why the work ended early, in a sentence; empty if it did not.
        cancelled: whether it was cancelled.
        done: whether nothing more comes, for whichever reason.
        seconds: how long it has taken.
    """

    key: object
    begin: Callable[[Stopped], Iterator[Any]]
    total: int = 1
    found: Any = None
    failed: str = ""
    cancelled: bool = False
    done: bool = False
    seconds: float = 0.0

    def run(self, gone: Stopped) -> None:
        """Do the work in this thread, until it is done, cancelled, or nobody is there any more."""
        begun = time.perf_counter()
        try:
            for found in self.begin(lambda: self.cancelled or gone()):
                self.found, self.seconds = found, time.perf_counter() - begun
        except (ValueError, ArithmeticError) as error:
            self.failed = f"{capitalised(str(error).rstrip('.'))}."
        except MemoryError:
            self.failed = "This takes more memory than there is; choose less."
        except Exception:
            self.failed = "This ended with an error that nobody expected; the server's log has it."
            raise
        finally:
            self.seconds, self.done = time.perf_counter() - begun, True


class Share:
    """A session's share of the pool, which all of its jobs divide between them."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []

    def add(self, job: Job) -> None:
        """Let a job have its part until it is done."""
        self._jobs = [*(one for one in self._jobs if not one.done), job]

    def of_threads(self) -> int:
        """How many jobs each may have waiting in the threads: at least one."""
        return self._of(NUM_THREADS)

    def of_pool(self) -> int:
        """Likewise, in the pool of sweeps."""
        return self._of(num_threads())

    def _of(self, total: int) -> int:
        return max(1, total // max(1, sum(not job.done for job in self._jobs)))


class Background:
    """The jobs of one session; each works in a thread of its own, and computes in the pool.

    They hold no session, which may be gone before they have ended.
    """

    def __init__(self, session: Session) -> None:
        self._session = weakref.ref(session)
        self._share = share(session)
        self._kept: list[Job] = []
        self._threads: dict[Job, threading.Thread] = {}

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Those that are kept, the latest last."""
        return tuple(self._kept)

    def find(self, key: object) -> Job | None:
        """The job with this key, if it is kept and was not cancelled before it found anything."""
        return next(
            (job for job in self._kept if job.key == key and (job.found or not job.cancelled)), None
        )

    def start(self, job: Job) -> Job:
        """Begin a job in place of one with its key, and forget the oldest."""
        kept = [one for one in self._kept if one.key != job.key]
        for one in kept[: -MOST_KEPT + 1]:
            one.cancelled = True
        self._kept = [*kept[-MOST_KEPT + 1 :], job]
        self._share.add(job)
        thread = threading.Thread(target=job.run, args=(self._is_gone,), daemon=True)
        self._threads = {one: own for one, own in self._threads.items() if not one.done}
        self._threads[job] = thread
        thread.start()
        return job

    def cancel_all(self) -> None:
        """Cancel and forget whatever is still on its way, so that it may be begun again."""
        for job in self._kept:
            job.cancelled = job.cancelled or not job.done
        self._kept = [job for job in self._kept if job.done]

    def join(self, job: Job, seconds: float | None = None) -> None:
        """Wait until a job has ended."""
        if (thread := self._threads.get(job)) is not None:
            thread.join(seconds)

    def _is_gone(self) -> bool:
        return self._session() is None


def background(session: Session, room: str = "") -> Background:
    """The session's jobs; those of another room do not count among the latest that are kept."""
    # Kept for good: the token never changes, and holding the session itself would be a circle.
    return session.remember(f"background {room}", session.token, lambda: Background(session))


def share(session: Session) -> Share:
    """The session's share of the pool, whatever the room of its jobs."""
    return session.remember("share of the pool", session.token, Share)


Found = TypeVar("Found")


def in_turns(work: Iterator[Found], stopped: Stopped) -> Iterator[Found]:
    """What an iterator gives, computed in the threads, in turn with other jobs."""
    ended = False
    while not (ended or stopped()):
        found, ended = threads().submit(_turn, work).result()
        yield from found


def _turn(work: Iterator[Found]) -> tuple[list[Found], bool]:
    """What an iterator gives in one turn, and whether that was all."""
    found, end = [], time.perf_counter() + TURN
    for one in work:
        found.append(one)
        if time.perf_counter() >= end:
            return found, False
    return found, True


_threads = ThreadPoolExecutor(NUM_THREADS, thread_name_prefix="background")


def threads() -> ThreadPoolExecutor:
    """The threads in which the jobs of all visitors compute."""
    return _threads


_making = threading.Lock()


def pool() -> Executor:
    """Where sweeps compute: the threads, or the operator's Dask cluster.

    While the cluster is away the threads take its place.
    """
    with _making:  # one, though two visitors may be the first
        return _pool()


@cache
def _pool() -> Executor:
    address = os.environ.get(SCHEDULER, "").strip()
    own = threads()
    return Cluster(address, own, NUM_THREADS, PACKAGES) if address else own


def num_threads() -> int:
    """How many jobs are done at once; it changes as a cluster's workers come and go."""
    executor = pool()
    return executor.num_threads if isinstance(executor, Cluster) else NUM_THREADS


def cluster() -> Cluster | None:
    """The operator's cluster; None where there is none."""
    executor = pool()
    return executor if isinstance(executor, Cluster) else None
