"""Compile the kernels on all cores: `python -m tools.compile_kernels`.

numba compiles in one thread, so the parts of `hmmcore.warm_up` go to several processes. A function
that several parts use may be compiled more than once. All processes write to the same cache, one at
a time.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.synchronize import Lock
from typing import Any

from numba.core.caching import IndexDataCacheFile

from hmmcore.warmup import PARTS, warm_up

MOST_WORKERS = 4  # more would not help: the longest part alone takes a third of the time


def main() -> None:
    """Compile everything, and call it once."""
    lock = multiprocessing.Lock()
    workers = min(MOST_WORKERS, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, initializer=share, initargs=(lock,)) as pool:
        for done in [pool.submit(part) for part in PARTS]:
            done.result()
    warm_up()


def share(lock: Lock) -> None:
    """Let only one process at a time use numba's cache.

    numba numbers the compiled versions of a function by an index file, which it reads and then
    writes: two processes at once could choose the same number.
    """

    def one_at_a_time(work: Callable[..., Any]) -> Callable[..., Any]:
        def locked(*given: Any) -> Any:
            with lock:
                return work(*given)

        return locked

    IndexDataCacheFile.load = one_at_a_time(IndexDataCacheFile.load)
    IndexDataCacheFile.save = one_at_a_time(IndexDataCacheFile.save)


if __name__ == "__main__":
    main()
