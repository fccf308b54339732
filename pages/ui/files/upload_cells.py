"""Read the cells of a visitor's file as numbers, counts or symbols.

A reader converts a cell into a number, or NaN if it has no value, and raises `UploadError` with one
sentence if it cannot. Labels of symbols are a visitor's text and must be escaped where shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.formulas import restored
from pages.ui.files.csv_text import MISSING, UploadError, parsed_number
from pages.ui.settings.families import MAX_SYMBOLS
from pages.ui.text import count, shortened

MAX_VALUE = 1e100
"""Larger values could overflow when they are squared for variances."""
MAX_COUNT = 1_000_000_000
LABEL_LENGTH = 60

SYMBOL_MISSING = frozenset(["", "NA", "NaN", "nan"])
"""Texts of missing symbols. Fewer than for numbers, as “-”, “?” or “none” may well be symbols."""

LIKELY_SYMBOLS = 8
"""Whole numbers from 1 with at most this many different values are likely codes of symbols."""
LIKELY_COUNT = 1000
"""Larger whole numbers are more likely measurements than counts."""


class CellReader(Protocol):
    """Reads the cells of one family."""

    def read(self, text: str, row: int, column: str) -> float:
        """The value of a cell; NaN if it is missing. Raises UploadError."""
        ...

    def finish(self, values: FloatArray, column: str) -> tuple[FloatArray, tuple[str, ...]]:
        """The final values (T, D) after all cells are read, and the labels of symbols.

        Raises UploadError.
        """
        ...


class Numbers:
    """Cells of numbers."""

    def __init__(self, decimal_comma: bool) -> None:
        self.decimal_comma = decimal_comma

    def read(self, text: str, row: int, column: str) -> float:
        """See `CellReader`."""
        value = parsed_number(text, self.decimal_comma)
        if value is None:
            raise UploadError(
                f"Row {count(row)} has “{shortened(text)}” in column “{column}”, which is not a "
                "number; correct it, or choose another column or Symbols."
            )
        if not (value != value or -MAX_VALUE <= value <= MAX_VALUE):
            raise UploadError(
                f"Row {count(row)} has “{shortened(text)}” in column “{column}”; values must lie "
                "between −1e100 and 1e100."
            )
        return value

    def finish(self, values: FloatArray, column: str) -> tuple[FloatArray, tuple[str, ...]]:
        """See `CellReader`."""
        return values, ()


class Counts(Numbers):
    """Cells of whole numbers from 0."""

    def read(self, text: str, row: int, column: str) -> float:
        """See `CellReader`."""
        value = super().read(text, row, column)
        if value != value:
            return value
        here = f"Row {count(row)} has “{shortened(text)}” in column “{column}”"
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
    """Cells of any text, with at most MAX_SYMBOLS different ones."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}

    def read(self, text: str, row: int, column: str) -> float:
        """See `CellReader`."""
        label = shortened(restored(text), LABEL_LENGTH)
        if label in SYMBOL_MISSING:
            return float("nan")
        code = self.codes.setdefault(label, len(self.codes))
        if code >= MAX_SYMBOLS:
            raise UploadError(
                f"Row {count(row)} has one more symbol in column “{column}”, "
                f"“{shortened(text)}”, than the {MAX_SYMBOLS} that can be told apart; choose "
                "Numbers or Counts, or another column."
            )
        return float(code)

    def finish(self, values: FloatArray, column: str) -> tuple[FloatArray, tuple[str, ...]]:
        """See `CellReader`. Labels are sorted: numbers by value, then texts alphabetically."""
        observed = ~np.isnan(values)
        used = {int(code) for code in np.unique(values[observed])}
        named = {label: code for label, code in self.codes.items() if code in used}
        if len(named) == 1:
            every = "every row" if observed.all() else "every row that has a value"
            raise UploadError(
                f"Column “{column}” has “{shortened(next(iter(named)))}” in {every}, and one "
                "symbol alone says nothing about its state; choose another column."
            )
        labels = tuple(sorted(named, key=_sort_key))
        new_codes = np.zeros(len(self.codes))
        new_codes[[named[label] for label in labels]] = np.arange(len(labels))
        recoded = np.full(values.shape, np.nan)
        recoded[observed] = new_codes[values[observed].astype(np.int64)]
        return recoded, labels


def cell_reader(family: str, decimal: str) -> CellReader:
    """The reader for one family: "numbers", "counts", "symbols" or "points"."""
    if family == "symbols":
        return Symbols()
    return Counts(decimal == ",") if family == "counts" else Numbers(decimal == ",")


KINDS: Mapping[str, str] = {"numbers": "Numbers", "counts": "Counts", "symbols": "Symbols"}
"""The families that a single column may hold, with their labels; several columns are points."""


def likely_family(cells: list[str], decimal: str) -> str:
    """The likely family of a column, judged by its first cells. The visitor may choose another.

    Texts are symbols. Whole numbers from 0 are counts, unless there are few different ones and the
    smallest is 1, such as the faces of a die: these are symbols. All else is numbers.
    """
    texts = [cell.strip() for cell in cells if cell.strip().lower() not in MISSING]
    values = [parsed_number(text, decimal == ",") for text in texts]
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


def _sort_key(label: str) -> tuple[bool, float, str]:
    value = parsed_number(label, False)
    # A text that would mean a missing number, such as “-”, is sorted as a text here.
    is_text = value is None or value != value
    return (is_text, 0.0 if value is None or is_text else value, label.lower())
