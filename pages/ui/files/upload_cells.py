"""What the cells of a visitor's file mean: numbers, counts, or symbols.

A reader turns one cell into a number, NaN where it has no value; what it cannot read raises
`UploadError` with one sentence. The labels of symbols are a visitor's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from hmmcore.arrays import FloatArray
from pages.ui.files.csv_text import MISSING, UploadError, number, quoted
from pages.ui.settings.families import MAX_SYMBOLS
from pages.ui.text import count

MAX_VALUE = 1e100
"""Beyond it the squares that variances need could overflow."""
MAX_COUNT = 1_000_000_000
LABEL_LENGTH = 60

SYMBOL_MISSING = frozenset(["", "NA", "NaN", "nan"])
"""Among symbols fewer spellings stand for a missing one: “-”, “?” or “none” may well be symbols."""

LIKELY_SYMBOLS = 8
"""Whole numbers from 1 with no more different values than this may well be names of kinds."""
LIKELY_COUNT = 1000
"""Whole numbers beyond it are more likely measurements than counts."""


class CellReader(Protocol):
    """Reads the cells of one kind of observations."""

    def read(self, text: str, row: int, column: str) -> float:
        """The value of one cell; NaN where there is none. Raises UploadError."""
        ...

    def finish(self, values: FloatArray, column: str) -> tuple[FloatArray, tuple[str, ...]]:
        """All values (T, D) once every cell is read, and the labels of symbols.

        Raises UploadError.
        """
        ...


class Numbers:
    """Any number."""

    def __init__(self, comma: bool) -> None:
        self.comma = comma

    def read(self, text: str, row: int, column: str) -> float:
        """See `CellReader`."""
        value = number(text, self.comma)
        if value is None:
            raise UploadError(
                f"Row {count(row)} has “{quoted(text)}” in column “{column}”, which is not a "
                "number; correct it, or choose another column or Symbols."
            )
        if not (value != value or -MAX_VALUE <= value <= MAX_VALUE):
            raise UploadError(
                f"Row {count(row)} has “{quoted(text)}” in column “{column}”; values must lie "
                "between −1e100 and 1e100."
            )
        return value

    def finish(self, values: FloatArray, column: str) -> tuple[FloatArray, tuple[str, ...]]:
        """See `CellReader`."""
        return values, ()


class Counts(Numbers):
    """Whole numbers from 0."""

    def read(self, text: str, row: int, column: str) -> float:
        """See `CellReader`."""
        value = super().read(text, row, column)
        if value != value:
            return value
        here = f"Row {count(row)} has “{quoted(text)}” in column “{column}”"
        if value < 0:
            raise UploadError(
                f"{here}, and a count cannot be negative; correct it, or choose Numbers."
            )
        if value != np.floor(value):
            raise UploadError(
                f"{here}, and a count is a whole number; correct it, or choose Numbers."
            )
        if value > MAX_COUNT:
            raise UploadError(
                f"{here}; counts may be at most {count(MAX_COUNT)}, so choose Numbers instead."
            )
        return value


class Symbols:
    """Any text, of which there are only a few different ones."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}

    def read(self, text: str, row: int, column: str) -> float:
        """See `CellReader`."""
        label = quoted(text, LABEL_LENGTH)
        if label in SYMBOL_MISSING:
            return float("nan")
        code = self.codes.setdefault(label, len(self.codes))
        if code >= MAX_SYMBOLS:
            raise UploadError(
                f"Row {count(row)} has one more symbol in column “{column}”, "
                f"“{quoted(text)}”, than the {MAX_SYMBOLS} that can be told apart; choose "
                "Numbers or Counts, or another column."
            )
        return float(code)

    def finish(self, values: FloatArray, column: str) -> tuple[FloatArray, tuple[str, ...]]:
        """See `CellReader`. Symbols that are numbers come in their order, others by alphabet."""
        there = ~np.isnan(values)
        used = {int(code) for code in np.unique(values[there])}
        named = {label: code for label, code in self.codes.items() if code in used}
        if len(named) == 1:
            every = "every row" if there.all() else "every row that has a value"
            raise UploadError(
                f"Column “{column}” has “{quoted(next(iter(named)))}” in {every}, and one symbol "
                "alone says nothing about its state; choose another column."
            )
        labels = tuple(sorted(named, key=_place))
        new = np.zeros(len(self.codes))
        new[[named[label] for label in labels]] = np.arange(len(labels))
        recoded = np.full(values.shape, np.nan)
        recoded[there] = new[values[there].astype(np.int64)]
        return recoded, labels


def cell_reader(family: str, decimal: str) -> CellReader:
    """The reader for one family: "numbers", "counts", "symbols" or "points"."""
    if family == "symbols":
        return Symbols()
    return Counts(decimal == ",") if family == "counts" else Numbers(decimal == ",")


KINDS: Mapping[str, str] = {"numbers": "Numbers", "counts": "Counts", "symbols": "Symbols"}
"""What one column may hold, by family; several columns together are points."""


def likely_family(cells: list[str], decimal: str) -> str:
    """What a column most likely holds, as its first cells show. The visitor may choose another.

    Text is symbols. Whole numbers from 0 are counts, and symbols where they are few and begin with
    1, as the faces of a die do.
    """
    texts = [cell.strip() for cell in cells if cell.strip().lower() not in MISSING]
    values = [number(text, decimal == ",") for text in texts]
    different = set(texts)
    if values and all(value is None for value in values):
        kinds = {cell.strip() for cell in cells} - SYMBOL_MISSING
        return "symbols" if 2 <= len(kinds) <= MAX_SYMBOLS else "numbers"
    if not values or not all(text.isascii() and text.isdigit() for text in texts):
        return "numbers"
    known = [value for value in values if value is not None]
    few = 2 <= len(different) <= min(LIKELY_SYMBOLS, len(texts) // 2)
    if few and min(known) == 1 and max(known) <= MAX_SYMBOLS:
        return "symbols"
    return "counts" if max(known) <= LIKELY_COUNT else "numbers"


def _place(label: str) -> tuple[bool, float, str]:
    value = number(label, False)
    # What would stand for no number at all, such as “-”, is a label like any other here.
    is_text = value is None or value != value
    return (is_text, 0.0 if value is None or is_text else value, label.lower())
