"""Messages for the browser: a header and arrays packed into one block of bytes.

Layout of a packed message: header length (uint32, little endian), header (JSON, padded with
spaces to four bytes), then the arrays one after another, each padded to four bytes. The
header's `arrays` maps a name to `[type, offset from the end of the header, shape]`, with type
"f4", "f8" or "u1". Header numbers are finite or null; in arrays NaN (f4, f8) and `MISSING`
(u1) mean "no value".
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hmmcore.arrays import FloatArray, IntArray

Chart = tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]
"""A chart's header (JSON values), and its arrays by name."""

MISSING = 255
"""In arrays of bytes: no state, or no probability."""

INVISIBLE = 1e-4
"""A shift by this share of an axis is less than a pixel, so nobody sees it."""

FULL_PROBABILITY = 254
"""In arrays of bytes: probability 1."""


def pack(header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Header and arrays (float32, float64 or uint8) as one block of bytes.

    Raises ValueError if a header number is not finite, TypeError for another array type.
    """
    index: dict[str, tuple[str, int, tuple[int, ...]]] = {}
    blocks: list[bytes] = []
    offset = 0
    for name, array in arrays.items():
        kind = {"float32": "f4", "float64": "f8", "uint8": "u1"}.get(str(array.dtype))
        if kind is None:
            raise TypeError(f"Array {name} is {array.dtype}; floats or uint8 can be sent")
        block = array.tobytes()
        block += b"\0" * (-len(block) % 4)
        index[name] = (kind, offset, array.shape)
        blocks.append(block)
        offset += len(block)
    text = json.dumps(
        {**header, "arrays": index}, allow_nan=False, ensure_ascii=False, separators=(",", ":")
    ).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([len(text).to_bytes(4, "little"), text, *blocks])


def pack_charts(header: Mapping[str, Any], charts: Mapping[str, Chart]) -> bytes:
    """`header` and charts by name as one message; each chart gets a digest of its content."""
    chart_headers: dict[str, Any] = {}
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, (meta, chart_arrays) in charts.items():
        chart_headers[name] = {**meta, "digest": digest(meta, chart_arrays)}
        arrays.update((f"{name}.{part}", array) for part, array in chart_arrays.items())
    return pack({**header, "charts": chart_headers}, arrays)


def digest(meta: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> int:
    """Checksum of a chart's content: the browser redraws a chart only when it changes."""
    checksum = zlib.crc32(json.dumps(meta, allow_nan=False).encode())
    for array in arrays.values():
        checksum = zlib.crc32(array.tobytes(), checksum)
    return checksum


def finite_or_none(value: float | None) -> float | None:
    """The number, or None where it is absent, infinite or NaN."""
    return float(value) if value is not None and math.isfinite(value) else None


def floats(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """`values` as float32 with NaN for everything that is not finite."""
    array = np.asarray(values, dtype=np.float64)
    with np.errstate(over="ignore"):
        narrow = array.astype(np.float32)
    return np.where(np.isfinite(narrow), narrow, np.float32(np.nan))


def axis_values(values: npt.ArrayLike, span: float) -> npt.NDArray[np.floating[Any]]:
    """Values for an axis of length `span`: float32, or float64 where rounding would be visible.

    float32 is too coarse for small changes of large numbers, such as times in seconds since 1970.
    Values that are not finite become NaN.
    """
    array = np.asarray(values, dtype=np.float64)
    largest = float(np.abs(array[np.isfinite(array)]).max(initial=0.0))
    if largest * float(np.finfo(np.float32).eps) <= INVISIBLE * span:
        return floats(array)
    return np.where(np.isfinite(array), array, np.nan)


def state_bytes(states: IntArray) -> npt.NDArray[np.uint8]:
    """States as bytes; a negative state (no possible path) becomes `MISSING`."""
    return np.where(states < 0, MISSING, states).astype(np.uint8)


def probability_bytes(probs: FloatArray) -> npt.NDArray[np.uint8]:
    """Probabilities 0..1 as bytes 0..`FULL_PROBABILITY`; NaN becomes `MISSING`."""
    undefined = np.isnan(probs)
    scaled = np.rint(np.clip(np.where(undefined, 0.0, probs), 0.0, 1.0) * FULL_PROBABILITY)
    return np.where(undefined, MISSING, scaled).astype(np.uint8)
