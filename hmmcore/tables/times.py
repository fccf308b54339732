"""Times as people write them: dates, ISO times, and seconds or milliseconds since 1970."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hmmcore.tables.numbers import Shapes, Texts

ISO = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?"
)
YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(\D.*)?")
YEAR_LAST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})(\s.*|,.*)?")
CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s?[AaPp][Mm])?")
SECONDS, MILLISECONDS = (3e8, 4e9), (3e11, 4e12)
"""Between which numbers times since 1970 lie: from 1979 to 2096."""


@dataclass(frozen=True)
class Times:
    """The times in a column.

    Attributes:
        values: (T,) datetime64[ns], or numbers.
        says: a sentence on what had to be assumed; "" if nothing.
    """

    values: NDArray[Any]
    says: str = ""


def is_clock(column: Shapes) -> bool:
    """Whether all cells are times of day."""
    filled = [column.examples[shape] for shape in column.filled]
    return bool(filled) and all(CLOCK.fullmatch(text) for text in filled)


def looks_like_times(column: Shapes) -> bool:
    """Whether all cells are dates, with or without a time of day, and some are filled."""
    filled = [column.examples[shape] for shape in column.filled]
    return bool(filled) and all(
        ISO.fullmatch(text) or YEAR_FIRST.fullmatch(text) or YEAR_LAST.fullmatch(text)
        for text in filled
    )


def since_1970(values: NDArray[np.float64]) -> str:
    """ "s" or "ms" if whole numbers may be times since 1970, otherwise ""."""
    known = values[np.isfinite(values)]
    if not len(known) or (known != np.floor(known)).any():
        return ""
    for unit, (low, high) in (("s", SECONDS), ("ms", MILLISECONDS)):
        if known.min() >= low and known.max() <= high:
            return unit
    return ""


def dates(column: Shapes) -> Times | None:
    """The dates in a column's cells; None if one is neither a date nor missing."""
    if not looks_like_times(column):
        return None
    missing = ~np.isin(column.shapes, column.filled)
    found = _dates(column.texts, missing)
    return None if found is None else Times(found.values[column.cells], found.says)


def stamps(values: NDArray[np.float64]) -> NDArray[Any]:
    """Numbers as datetime64[ns] if they are seconds or milliseconds since 1970, or as they are."""
    import pandas as pd  # takes long, and only files need it

    unit = since_1970(values)
    if not unit:
        return values
    found = pd.to_datetime(pd.Series(values), unit=unit)
    return np.asarray(found.to_numpy(dtype="datetime64[ns]"))


def _dates(different: Texts, missing: NDArray[np.bool_]) -> Times | None:
    import pandas as pd

    filled = [str(text) for text in different[~missing]]
    says = ""
    if all(ISO.fullmatch(text) for text in filled):
        options: dict[str, Any] = {"format": "ISO8601"}
    elif all(YEAR_FIRST.fullmatch(text) for text in filled):
        filled = [re.sub(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", _iso, text) for text in filled]
        options = {"format": "mixed"}
    else:
        parts = [match for text in filled if (match := YEAR_LAST.fullmatch(text))]
        if len(parts) < len(filled):
            return None
        firsts = max(int(match.group(1)) for match in parts)
        seconds = max(int(match.group(2)) for match in parts)
        day_first = firsts > 12 or (seconds <= 12 and "." in filled[0])
        if firsts <= 12 and seconds <= 12 and "." not in filled[0]:
            says = (
                f"“{filled[0]}” was read as month, day, year; no date of the file says whether the "
                "day comes first."
            )
        filled = [_year_first(match, day_first) for match in parts]
        options = {"format": "mixed"}
    try:
        found = pd.to_datetime(pd.Series(filled), utc=True, **options)
    except (ValueError, OverflowError):
        return None
    values = np.full(len(different), np.datetime64("NaT"), dtype="datetime64[ns]")
    values[~missing] = found.dt.tz_localize(None).to_numpy(dtype="datetime64[ns]")
    return Times(values, says)


def _iso(match: re.Match[str]) -> str:
    year, month, day = (int(group) for group in match.groups())
    return f"{year:04}-{month:02}-{day:02}"


def _year_first(match: re.Match[str], day_first: bool) -> str:
    first, second, year = (int(match.group(i)) for i in (1, 2, 3))
    day, month = (first, second) if day_first else (second, first)
    if year < 100:
        year += 2000 if year < 70 else 1900
    return f"{year:04}-{month:02}-{day:02} {(match.group(4) or '').strip(' ,')}".strip()
