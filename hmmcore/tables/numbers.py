"""Numbers as people write them: decimal marks, marks between thousands, signs, units of money.

How a column writes its numbers is decided by evidence: of the whole file first, then of the column.
Where that leaves it open, the column says so.

Columns are long, and their cells look alike: but for their digits, a million numbers have a dozen
shapes. What can be known of a cell without its digits is found out once for each shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hmmcore.arrays import FloatArray, IntArray

Texts = NDArray[np.object_]
"""Cells of a column, without spaces around."""

MISSING = frozenset(
    (
        "", "na", "n/a", "n.a.", "#n/a", "#na", "nan", "<na>", "nat", "null", "none", "nil",
        "missing", "-", "--", "?", ".",
    )
)  # fmt: skip
"""What cells without a value say, in small letters."""

MINUS = str.maketrans({"−": "-", "–": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "’": "'"})
"""Signs and spaces of typesetters, and the plain ones that mean the same."""

CURRENCY = re.compile(r"^([+-]?)\s*(?:[$€£¥]|USD|EUR|GBP|CHF)\s*|\s*(?:[$€£¥]|USD|EUR|GBP|CHF)$")
BRACKETS = re.compile(r"^\((.+)\)$")
PERCENT = re.compile(r"\s*%$")
MAGNITUDE = re.compile(r"^([+-]?[\d.,' ]*\d)\s?([KMBkmb])$")
MAGNITUDES = {"k": 1e3, "m": 1e6, "b": 1e9}

PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
GROUPED = {
    mark: re.compile(rf"[+-]?\d{{1,3}}({re.escape(mark)}\d{{3}})+", re.ASCII)
    for mark in (".", ",", " ", "'")
}
"""Whole numbers with a mark between thousands."""
GROUPED_TWICE = {
    mark: re.compile(rf"[+-]?\d{{1,3}}({re.escape(mark)}\d{{3}}){{2,}}", re.ASCII)
    for mark in (".", ",")
}
FRACTION = {
    mark: re.compile(rf"[+-]?\d*{re.escape(mark)}\d+([eE][+-]?\d+)?", re.ASCII)
    for mark in (".", ",")
}
ONE_GROUP = {
    mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}", re.ASCII)
    for mark in (".", ",")
}
"""One and a quarter, or a thousand two hundred and fifty: 1.250."""

FEW_GROUPED = 5
"""With fewer numbers that may have a mark between thousands, a column does not decide itself."""


@dataclass(frozen=True)
class Format:
    """How a column writes numbers.

    Attributes:
        decimal: "." or ",".
        thousands: ".", ",", " ", "'" or "" for none.
        open_example: a number that could be read otherwise, if that could not be decided.
    """

    decimal: str = "."
    thousands: str = ""
    open_example: str = ""


DIGITS = str.maketrans("0123456789", "9" * 10)


@dataclass(frozen=True, eq=False)
class Shapes:
    """The different cells of a column, by what they look like without their digits.

    Attributes:
        texts: (U,) the different cells.
        cells: (T,) which of them each cell is.
        shapes: (U,) which shape each of them has.
        examples: (S,) the first cell of each shape.
    """

    texts: Texts
    cells: IntArray
    shapes: IntArray
    examples: tuple[str, ...]

    @classmethod
    def of(cls, cells: Texts) -> Shapes:
        """Those of a column's cells."""
        import pandas as pd  # takes long, and only files need it

        codes, different = pd.factorize(cells)
        texts = np.asarray(different, dtype=object)
        joined = "\n".join(texts).translate(DIGITS).split("\n")
        if len(joined) != len(texts):  # a cell holds a line end
            joined = [text.translate(DIGITS) for text in texts]
        shapes = pd.factorize(np.array(joined, dtype=object))[0].astype(np.int64)
        count = int(shapes.max()) + 1 if len(shapes) else 0
        first = np.empty(count, dtype=np.int64)
        first[shapes[::-1]] = np.arange(len(texts))[::-1]
        return cls(texts, codes.astype(np.int64), shapes, tuple(texts[first]))

    def having(self, shape: int) -> Texts:
        """The different cells of a shape."""
        return np.asarray(self.texts[self.shapes == shape])

    @cached_property
    def filled(self) -> tuple[int, ...]:
        """The shapes of cells that do not say that a value is missing."""
        # Words for what is missing have no digits, so a shape is one such word, or none.
        return tuple(i for i, text in enumerate(self.examples) if text.lower() not in MISSING)

    @cached_property
    def num_filled(self) -> int:
        """How many different cells there are that do not say that a value is missing."""
        return int(np.isin(self.shapes, self.filled).sum())


def plain_marks(text: str) -> str:
    """A cell with plain signs and spaces, without units of money, percent signs and brackets."""
    text = text.translate(MINUS).strip()
    negative = BRACKETS.match(text)
    if negative:
        text = f"-{negative.group(1).strip()}"
    text = PERCENT.sub("", text)
    return CURRENCY.sub(r"\1", text).strip()


def file_decimal(columns: Iterable[Shapes], separator: str) -> str | None:
    """The decimal mark that the cells of a whole file show; None if they show none, or both."""
    shown: set[str] = set()
    for column in columns:
        shown |= _shown_by(column, separator)
    return shown.pop() if len(shown) == 1 else None


def _shown_by(column: Shapes, separator: str) -> set[str]:
    shown = set()
    for shape in column.filled:
        text = plain_marks(column.examples[shape])
        if separator == "," and GROUPED[","].fullmatch(text):
            # Quoted because of its comma, by a program that writes decimal points.
            continue
        mark = shown_decimal(text) or _shown_by_zero(column, shape, text)
        if mark:
            shown.add(mark)
    return shown


def _shown_by_zero(column: Shapes, shape: int, example: str) -> str | None:
    """The decimal mark of numbers such as 0.250: what begins with zero has no thousands."""
    for mark in (".", ","):
        if ONE_GROUP[mark].fullmatch(re.sub(r"^([+-]?)0", r"\g<1>9", example)) and any(
            plain_marks(text).lstrip("+-").startswith("0") for text in column.having(shape)
        ):
            return mark
    return None


def shown_decimal(text: str) -> str | None:
    """The decimal mark of a number, if its own digits leave no doubt."""
    point, comma = text.rfind("."), text.rfind(",")
    if point >= 0 and comma >= 0:
        # The last of the two is the decimal mark, if the other stands between thousands.
        last, other = (".", ",") if point > comma else (",", ".")
        whole = text[: max(point, comma)]
        return last if GROUPED[other].fullmatch(whole) else None
    for mark in (".", ","):
        other = "," if mark == "." else "."
        if GROUPED_TWICE[mark].fullmatch(text):
            return other
        for between in (" ", "'"):
            whole, _, fraction = text.partition(mark)
            if fraction.isdigit() and GROUPED[between].fullmatch(whole):
                return mark
        could_be_thousands = ONE_GROUP[mark].fullmatch(text.replace("0", "9"))
        if FRACTION[mark].fullmatch(text) and not could_be_thousands:
            return mark
    return None


def column_format(column: Shapes, decimal: str | None, separator: str) -> Format:
    """How a column writes its numbers.

    Args:
        decimal: the mark that was chosen, or that the whole file shows; None if neither.
        separator: between the cells of the file.
    """
    numbers = {shape: plain_marks(column.examples[shape]) for shape in column.filled}
    texts = list(numbers.values())
    thousands = next(
        (mark for mark in (" ", "'") if any(_grouped_by(text, mark) for text in texts)), ""
    )
    own = _shown_by(column, separator)
    if decimal is None and len(own) == 1:
        decimal = own.pop()
    if thousands:
        return Format(decimal or ".", thousands)
    if decimal is not None:
        other = "," if decimal == "." else "."
        return Format(decimal, other if any(other in text for text in texts) else "")
    for mark in (".", ","):
        grouped = [shape for shape, text in numbers.items() if ONE_GROUP[mark].fullmatch(text)]
        if not grouped:
            continue
        other = "," if mark == "." else "."
        if mark == "," and separator == ",":
            return Format(".", ",")
        # A program that prints three decimals prints them always.
        whole = any(PLAIN.fullmatch(text) and mark not in text for text in texts)
        if not whole:
            return Format(mark)
        if int(np.isin(column.shapes, grouped).sum()) >= FEW_GROUPED:
            return Format(other, mark)
        return Format(mark, "", column.examples[grouped[0]])
    return Format()


def _grouped_by(text: str, mark: str) -> bool:
    return mark in text and bool(GROUPED[mark].fullmatch(re.split(r"[.,]", text)[0]))


def number(text: str, form: Format) -> float | None:
    """The number in a cell; None if it is none."""
    found = _plain_number(text, form)
    return None if found is None else float(found[0]) * found[1]


def _plain_number(text: str, form: Format) -> tuple[str, float] | None:
    """A number as Python writes it, and what it is to be multiplied by."""
    text = plain_marks(text)
    factor = 1.0
    if magnitude := MAGNITUDE.match(text):
        text, factor = magnitude.group(1), MAGNITUDES[magnitude.group(2).lower()]
    if form.thousands and form.thousands in text:
        whole, mark, fraction = text.partition(form.decimal)
        if not GROUPED[form.thousands].fullmatch(whole):
            return None
        text = whole.replace(form.thousands, "") + mark + fraction
    if form.decimal == ",":
        if "." in text:
            return None
        text = text.replace(",", ".")
    return (text, factor) if PLAIN.fullmatch(text) else None


def numbers(column: Shapes, form: Format, missing: frozenset[str]) -> tuple[FloatArray, Texts]:
    """The numbers (T,) in a column's cells, NaN where missing, and the cells that are none.

    Args:
        missing: further texts, in small letters, that stand for a missing value.
    """
    values = np.full(len(column.texts), np.nan)
    wrong: list[Texts] = []
    for shape in column.filled:
        example = column.examples[shape]
        found = _plain_number(example, form)
        if found is None:
            wrong.append(column.having(shape))
            continue
        plain, factor = found
        texts = column.having(shape)
        if plain != example:
            texts = _rewritten(texts, example, plain)
        values[column.shapes == shape] = texts.astype(np.float64) * factor
    if missing:
        said = np.array([text.strip().lower() in missing for text in column.texts], dtype=bool)
        known = [value for code in missing if (value := number(code, Format())) is not None]
        values[said | np.isin(values, known)] = np.nan
        wrong = [texts[[text.lower() not in missing for text in texts]] for texts in wrong]
    none = np.empty(0, dtype=object)
    return values[column.cells], np.concatenate(wrong) if wrong else none


def _rewritten(texts: Texts, example: str, plain: str) -> Texts:
    """Cells of one shape, written as `plain` writes the example.

    The digits are the same and in the same order, and all cells have them in the same places.
    """
    places = iter([i for i, sign in enumerate(example) if sign in "0123456789"])
    pieces: list[str | slice] = []
    for sign in plain:
        if sign not in "0123456789":
            pieces.append(sign)
            continue
        at = next(places)
        last = pieces[-1] if pieces else None
        if isinstance(last, slice) and last.stop == at:
            pieces[-1] = slice(last.start, at + 1)
        else:
            pieces.append(slice(at, at + 1))
    return np.array(
        ["".join([text[p] if isinstance(p, slice) else p for p in pieces]) for text in texts],
        dtype=object,
    )
