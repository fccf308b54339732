"""Compile the kernels on all cores: `python -m tools.compile_kernels`.

numba compiles in one thread, so the parts of `hmmcore.warm_up` go to several processes. What they
have in common more than one may compile; all come to the same folder, one after the other.
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

MOST_WORKERS = 4  # the longest part alone takes a third of all


def main() -> None:
    """Compile everything, and call it once."""
    lock = multiprocessing.Lock()
    workers = min(MOST_WORKERS, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, initializer=share, initargs=(lock,)) as pool:
        for done in [pool.submit(part) for part in PARTS]:
            done.result()
    warm_up()


def share(lock: Lock) -> None:
    """Let this process use numba's cache while no other one of them does.

    For each function numba numbers the files of its versions by a list that it reads and then
    writes: two processes at once could come to the same number.
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
