"""Cells as numbers, counts or symbols."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import FloatArray, IntArray, cut
from hmmcore.formulas import restored
from hmmcore.tables.decoding import TableError
from hmmcore.tables.guessing import MAX_SYMBOLS, Column, code_of_nothing

MAX_VALUE = 1e100
"""Larger values could overflow when they are squared for variances."""
MAX_COUNT = 1_000_000_000
LABEL_LENGTH = 60
MOST_SPELLINGS = 20

SYMBOL_MISSING = frozenset(("", "na", "n/a", "#n/a", "#na", "nan", "<na>", "nat", "null"))
"""Texts of missing symbols, in small letters. Fewer than for numbers, as “-”, “?” or “none” may
well be symbols."""


@dataclass(frozen=True)
class Cells:
    """What cells hold.

    Attributes:
        values: (T, 1), NaN where missing.
        labels: of symbols.
        spellings: the different texts of cells without a value; "" for empty ones.
    """

    values: FloatArray
    labels: tuple[str, ...]
    spellings: tuple[str, ...]


def numbers_in(column: Column, lines: IntArray, family: str, missing: frozenset[str]) -> Cells:
    """Cells of a column as numbers, or as counts.

    Raises:
        TableError: naming the first row with a cell that is none.
    """
    _require_numbers(column, lines, family)
    values = column.values.copy()
    code = code_taken(column, family)
    if code is not None:
        values[values == code] = np.nan
    if family == "counts":
        _require_counts(column, values, lines)
    if np.isnan(values).all():
        raise TableError(f"Column “{column.name}” has no values at all; choose another column.")
    gone = np.unique(column.shapes.cells[np.isnan(values)])
    spellings = {str(text) for text in column.shapes.texts[gone[:MOST_SPELLINGS]]}
    return Cells(values[:, np.newaxis], (), tuple(sorted(spellings)))


def code_taken(column: Column, family: str) -> float | None:
    """The number that is taken for a missing value where a column is read as a family.

    Among numbers −1 and −9 are values like others.
    """
    code = code_of_nothing(column)
    return None if family == "numbers" and code in (-1.0, -9.0) else code


def _require_numbers(column: Column, lines: IntArray, family: str) -> None:
    if len(column.wrong):
        row = int(np.flatnonzero(column.is_wrong)[0])
        raise TableError(
            f"{_here(column, lines, row)}, which is not a number; correct it, say that it stands "
            "for a missing value, or choose another column or Symbols."
        )
    large = np.flatnonzero(np.abs(column.values) > MAX_VALUE)
    if len(large):
        raise TableError(
            f"{_here(column, lines, int(large[0]))}; values must lie between −1e100 and 1e100."
        )


def _require_counts(column: Column, values: FloatArray, lines: IntArray) -> None:
    for bad, what in (
        (values < 0, ", and a count cannot be negative; correct it, or choose Numbers."),
        (values != np.floor(values), ", and a count is a whole number; correct it, or choose "
         "Numbers."),
        (values > MAX_COUNT, f"; counts may be at most {MAX_COUNT:,}, so choose Numbers instead."),
    ):  # fmt: skip
        rows = np.flatnonzero(bad & ~np.isnan(values))
        if len(rows):
            raise TableError(f"{_here(column, lines, int(rows[0]))}{what}")


def _here(column: Column, lines: IntArray, row: int) -> str:
    text = cut(str(column.texts[row]), LABEL_LENGTH)
    return f"Row {lines[row]:,} has “{text}” in column “{column.name}”"


def symbols_in(column: Column, lines: IntArray, missing: frozenset[str]) -> Cells:
    """Cells of a column as symbols; labels are numbers by value, then texts alphabetically.

    Long texts are told apart by all of their letters; their labels are cut.

    Raises:
        TableError: when there are too many, or only one.
    """
    codes = column.shapes.cells
    texts = [str(text) for text in column.shapes.texts]
    nothing = code_taken(column, "symbols")
    is_code = np.zeros(len(texts), dtype=bool)
    if nothing is not None:
        is_code[codes[column.values == nothing]] = True
    words = SYMBOL_MISSING | missing
    gone = np.array([
        text.lower() in words for text in texts
    ], dtype=bool) | is_code  # fmt: skip
    shown = [restored(text) for text in texts]
    named = sorted({label for label, is_gone in zip(shown, gone, strict=True) if not is_gone},
                   key=_sort_key)  # fmt: skip
    if len(named) > MAX_SYMBOLS:
        first = {label: i for i, label in reversed(list(enumerate(shown)))}
        order = sorted(named, key=first.__getitem__)
        row = int(np.flatnonzero(codes == first[order[MAX_SYMBOLS]])[0])
        raise TableError(
            f"Row {lines[row]:,} has one more symbol in column “{column.name}”, "
            f"“{cut(order[MAX_SYMBOLS], LABEL_LENGTH)}”, than the {MAX_SYMBOLS} that can be told "
            "apart; choose Numbers or Counts, or another column."
        )
    if not named:
        raise TableError(f"Column “{column.name}” has no values at all; choose another column.")
    if len(named) == 1:
        every = "every row that has a value" if gone.any() else "every row"
        raise TableError(
            f"Column “{column.name}” has “{cut(named[0], LABEL_LENGTH)}” in {every}, and one "
            "symbol alone says nothing about its state; choose another column."
        )
    numbered = {label: float(i) for i, label in enumerate(named)}
    values = np.array(
        [np.nan if is_gone else numbered[label] for label, is_gone in zip(shown, gone, strict=True)]
    )
    spellings = [text for text, is_gone in zip(texts, gone, strict=True) if is_gone]
    return Cells(
        values[codes][:, np.newaxis], _labels(named), tuple(sorted(spellings[:MOST_SPELLINGS]))
    )


def _labels(texts: list[str]) -> tuple[str, ...]:
    """What symbols are called: their texts, cut, and each its own."""
    labels: list[str] = []
    for text in texts:
        label, number = cut(text, LABEL_LENGTH), 2
        while label in labels:
            label, number = f"{cut(text, LABEL_LENGTH)} ({number})", number + 1
        labels.append(label)
    return tuple(labels)


def _sort_key(label: str) -> tuple[bool, float, str]:
    try:
        return False, float(label), label
    except ValueError:
        return True, 0.0, label
