"""What frozen values have in common."""

from __future__ import annotations

from dataclasses import fields
from typing import Any


class Value:
    """A frozen dataclass that is copied and unpickled through its own constructor.

    So what arrives in another process is checked, read-only, and free of anything remembered on
    the way, as the value was when it was made.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """Name the constructor and its arguments, the fields in their order."""
        given = (getattr(self, f.name) for f in fields(self) if f.init)  # type: ignore[arg-type]
        return type(self), tuple(given)
