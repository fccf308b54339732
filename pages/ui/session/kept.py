"""Visitors' own data, kept for a while in the server's memory, so that a reload finds them again.

A reload begins a new session. Only the tab that brought the data knows the key, and it never
stands in an address.
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

MAX_BYTES = 128 * 2**20
MAX_SECONDS = 3600.0
"""After the page was last used."""

Item = TypeVar("Item")


@dataclass
class Keeping(Generic[Item]):
    """Items by keys that nobody can guess; the longest unused give way.

    Attributes:
        max_bytes: of all items together.
        clock: seconds, never backwards.
    """

    max_bytes: int = MAX_BYTES
    clock: Callable[[], float] = monotonic
    _items: OrderedDict[str, tuple[float, int, Item]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def keep(self, item: Item, size: int) -> str:
        """Keep an item of so many bytes; its key."""
        key = secrets.token_urlsafe(24)
        with self._lock:
            self._items[key] = (self.clock(), size, item)
            self._tidy()
        return key

    def find(self, key: str) -> Item | None:
        """The item, which counts as used now; None when there is none, or none any more."""
        with self._lock:
            self._tidy()
            if key not in self._items:
                return None
            _, size, item = self._items.pop(key)
            self._items[key] = (self.clock(), size, item)
            return item

    def _tidy(self) -> None:
        oldest = self.clock() - MAX_SECONDS
        total = sum(size for _, size, _ in self._items.values())
        while self._items:
            used, size, _ = next(iter(self._items.values()))
            if used >= oldest and total <= self.max_bytes:
                break
            self._items.popitem(last=False)
            total -= size


UPLOADS: Keeping[Upload] = Keeping()
"""Of all visitors."""
