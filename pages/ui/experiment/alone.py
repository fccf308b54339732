"""One thread at a time in what a visitor has."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, Protocol, TypeVar


class Lockable(Protocol):
    """What has a lock, held by the thread that is at work there."""

    lock: RLock


Owner = TypeVar("Owner", bound=Lockable)
Args = ParamSpec("Args")
Result = TypeVar("Result")


def alone(
    method: Callable[Concatenate[Owner, Args], Result],
) -> Callable[Concatenate[Owner, Args], Result]:
    """The method, while no other thread is at work on the same object."""

    @wraps(method)
    def locked(self: Owner, /, *args: Args.args, **kwargs: Args.kwargs) -> Result:
        with self.lock:
            return method(self, *args, **kwargs)

    return locked
