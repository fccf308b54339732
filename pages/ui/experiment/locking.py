"""A decorator that lets one thread at a time work on an object."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, Protocol, TypeVar


class Lockable(Protocol):
    """An object with a lock, which the thread that works on it holds."""

    lock: RLock


Owner = TypeVar("Owner", bound=Lockable)
Args = ParamSpec("Args")
Result = TypeVar("Result")


def holding_lock(
    method: Callable[Concatenate[Owner, Args], Result],
) -> Callable[Concatenate[Owner, Args], Result]:
    """The method, run while the thread holds the lock of the object."""

    @wraps(method)
    def locked(self: Owner, /, *args: Args.args, **kwargs: Args.kwargs) -> Result:
        with self.lock:
            return method(self, *args, **kwargs)

    return locked
