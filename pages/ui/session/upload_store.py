"""What visitors brought, kept in the server's memory for a while so that a reload can restore it.

A reload starts a new session. Only the browser tab that brought it knows its key, which is never
part of an address.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

from pages.ui.experiment.dataset import Upload
from pages.ui.experiment.own_model import OwnModel
from pages.ui.settings.lesson import Lesson

MAX_BYTES = 128 * 2**20
MAX_SECONDS = 3600.0
"""How long an item is kept after it was last used."""

Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class Brought:
    """A visitor's data, models, and a lesson too long for a link; None for what was not brought."""

    upload: Upload | None
    own_model: OwnModel | None
    waiting_model: OwnModel | None = None
    lesson: Lesson | None = None


@dataclass
class ExpiringStore(Generic[Item]):
    """Items under keys that cannot be guessed; the least recently used are dropped first.

    Attributes:
        max_bytes: bound on the size of all items together.
        clock: returns seconds, which never decrease.
    """

    max_bytes: int = MAX_BYTES
    clock: Callable[[], float] = monotonic
    _items: OrderedDict[str, tuple[float, int, Item]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def keep(self, item: Item, size: int) -> str:
        """Store an item of `size` bytes. Returns its key."""
        key = secrets.token_urlsafe(24)
        with self._lock:
            self._items[key] = (self.clock(), size, item)
            self._drop_expired()
        return key

    def find(self, key: str) -> Item | None:
        """The item, which counts as used now; None if the key is unknown or has expired."""
        with self._lock:
            self._drop_expired()
            if key not in self._items:
                return None
            _, size, item = self._items.pop(key)
            self._items[key] = (self.clock(), size, item)
            return item

    def _drop_expired(self) -> None:
        oldest = self.clock() - MAX_SECONDS
        total = sum(size for _, size, _ in self._items.values())
        while self._items:
            used, size, _ = next(iter(self._items.values()))
            if used >= oldest and total <= self.max_bytes:
                break
            self._items.popitem(last=False)
            total -= size


UPLOADS: ExpiringStore[Brought] = ExpiringStore()
"""What all visitors brought."""
