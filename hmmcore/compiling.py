"""Compile kernels, and keep them on disk where that is possible.

numba raises where its cache cannot be found, read or written: in a read-only folder without a
writable home, on a full disk, after a crash. Here that costs the time to compile again, and one
line in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from numba import njit
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(**options: Any) -> Callable[[Function], Dispatcher[Function]]:
    """Decorate a function that numba compiles at its first call; it runs without the GIL.

    Args:
        options: those of `numba.njit`.
    """
    compiled = njit(nogil=True, **options)

    def decorated(function: Function) -> Dispatcher[Function]:
        dispatcher: Dispatcher[Function] = compiled(function)
        try:
            dispatcher._cache = KernelCache(function)  # type: ignore[attr-defined, no-untyped-call]
        except (OSError, RuntimeError) as error:
            # RuntimeError is what numba raises where no folder can be written to.
            _report(error)
        return dispatcher

    return decorated


class KernelCache(FunctionCache):
    """numba's cache of one kernel, which is empty where it cannot be read."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """A compiled version of the kernel; None if there is none, or none that can be read."""
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception as error:  # a damaged file makes pickle raise almost anything
            _report(error)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled version if that is possible."""
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
        except Exception as error:
            _report(error)


_first_report = Lock()


def _report(error: Exception) -> None:
    # One line for all kernels: the lock is never released.
    if _first_report.acquire(blocking=False):
        logging.getLogger(__name__).warning(
            "Compiled kernels cannot be kept on disk, so every start compiles them again, for a "
            "minute or so. Set NUMBA_CACHE_DIR to a folder that can be written to. (%s: %s)",
            type(error).__name__,
            error,
        )
