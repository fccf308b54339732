"""What frozen values have in common."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

import numpy as np


class Value:
    """A frozen dataclass that is copied and unpickled through its own constructor.

    So a value that arrives in another process has been checked, is read-only, and carries no cache.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """Name the constructor and its arguments, the fields in their order."""
        given = (getattr(self, f.name) for f in fields(self) if f.init)  # type: ignore[arg-type]
        return type(self), tuple(given)


_Kind = TypeVar("_Kind", bound=Value)


def valid_value(kind: type[_Kind], **fields: Any) -> _Kind:
    """Make a frozen value of fields that are known to be valid, without checking them again.

    For what a trainer computes at every step, where checking would take longer than computing.
    Arrays are made read-only, not copied: the caller must not write to them any more.
    """
    for field in fields.values():
        if isinstance(field, np.ndarray):
            field.setflags(write=False)
    value = object.__new__(kind)
    value.__dict__.update(fields)
    return value
