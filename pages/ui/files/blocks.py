"""Many numbers in a JSON file: a list where there are few, a short text where there are many."""

from __future__ import annotations

import math
import zlib
from base64 import b64decode, b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pages.ui.text import shortened

PLAIN_VALUES = 100_000
"""So many numbers anybody can read in the file. More are written as their bytes, lowest byte first,
compressed by zlib, in Base64: a fraction of the room, and no digit is lost."""
EXACT_IN_FLOAT = 2**53
MAX_VALUE = 1e100


def written(values: NDArray[Any]) -> list[float | int | None] | str:
    """Numbers, float64 or int64, row after row; NaN in a list is None."""
    if values.size <= PLAIN_VALUES:
        whole = values.dtype.kind == "i"
        return [x if whole else _short(x) for x in values.ravel().tolist()]
    return packed(values.astype(f"<{values.dtype.kind}8").tobytes())


def packed(content: bytes) -> str:
    """Bytes as text."""
    return b64encode(zlib.compress(content)).decode()


def numbers(given: Any, name: str, most: int, compressed: bool = True) -> NDArray[np.float64]:
    """At most `most` numbers that `written` wrote, none above 1e100; NaN where one is missing.

    Before version 3 of the experiment file a text was not `compressed`.

    Raises:
        ValueError: when it is something else.
    """
    if isinstance(given, str):
        values = np.frombuffer(_bytes(given, name, 8 * most, compressed), dtype="<f8")
        bad = values[~(np.isnan(values) | (np.abs(values) <= MAX_VALUE))][:1].tolist()
    else:
        bad = [
            value
            for value in _listed(given, name)
            if value is not None
            and not (type(value) in (int, float) and -MAX_VALUE <= value <= MAX_VALUE)
        ]
        values = np.empty(0) if bad else np.array(given, dtype=np.float64)
    if bad:
        raise ValueError(f"{name} has “{shortened(str(bad[0]))}”, no number up to 1e100.")
    return values.astype(np.float64)


def integers(
    given: Any, name: str, size: int, lowest: int = -(2**63), highest: int = 2**63 - 1
) -> NDArray[np.int64]:
    """`size` whole numbers that `written` wrote, from `lowest` to `highest`.

    Raises:
        ValueError: when it is something else.
    """
    if isinstance(given, str):
        values = np.frombuffer(_bytes(given, name, 8 * size, True), dtype="<i8").astype(np.int64)
        is_whole = True
    else:
        is_whole = all(type(x) is int and lowest <= x <= highest for x in _listed(given, name))
        values = np.array(given if is_whole else [], dtype=np.int64)
    if not is_whole or len(values) != size or ((values < lowest) | (values > highest)).any():
        raise ValueError(f"{name} must be {size} whole numbers from {lowest} to {highest}.")
    return values


def unpacked(given: Any, name: str, most: int) -> bytes:
    """At most `most` bytes that `packed` wrote. Raises ValueError when it is something else."""
    if not isinstance(given, str):
        raise ValueError(f"{name} must be a text.")
    return _bytes(given, name, most, True)


def _bytes(text: str, name: str, most: int, compressed: bool) -> bytes:
    content = b64decode(text, validate=True)
    if compressed:
        try:
            # A short text can hold a lot.
            content = zlib.decompressobj().decompress(content, most + 1)
        except zlib.error:
            raise ValueError(f"{name} cannot be unpacked.") from None
    if len(content) > most:
        raise ValueError(f"{name} holds more than the {most} bytes that it may.")
    return content


def _listed(given: Any, name: str) -> list[Any]:
    if not isinstance(given, list):
        raise ValueError(f"{name} must be a list, or a text.")
    return given


def _short(value: float) -> float | int | None:
    """The same number with fewer characters if possible, such as 5 for 5.0; None for NaN."""
    if value != value:
        return None
    whole = value.is_integer() and abs(value) < EXACT_IN_FLOAT
    negative_zero = value == 0.0 and math.copysign(1.0, value) < 0.0
    return int(value) if whole and not negative_zero else value
