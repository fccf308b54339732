"""Reading observations from a visitor's CSV file, whatever its separators and decimal marks.

Everything in a file is a visitor's text: it is only ever compared, or turned into numbers. What
cannot be read raises `UploadError` with one sentence that names the row as an editor counts it,
the first line of the file being row 1. The sentence quotes the file, so it is not Markdown.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hmmcore import Sequences
from pages.ui.config import FIELD_OF, MAX_CELLS
from pages.ui.csv_text import (
    MISSING,
    UploadError,
    decimal_mark,
    decoded,
    is_numeric,
    likely_separator,
    number,
    quoted,
    rows,
    sample_rows,
)
from pages.ui.text import count, many

MAX_OBSERVATIONS = MAX_CELLS
MAX_SEQUENCES = int(FIELD_OF["num_sequences"].maximum or 0)
MAX_COLUMNS = 200
MAX_VALUE = 1e100
"""Beyond it the squares that variances need could overflow."""

PREVIEW_ROWS = 6
NAME_LENGTH = 60

SEQUENCE_NAMES = frozenset(
    (
        "sequence", "seq", "sequence_id", "series", "series_id", "id", "subject", "subject_id",
        "group", "unit", "trial", "animal", "person", "patient", "session", "participant",
        "individual", "chain",
    )
)  # fmt: skip
INDEX_NAMES = frozenset(
    (
        "index", "idx", "row", "time", "t", "date", "year", "month", "week", "day", "hour", "step",
        "obs", "frame", "number", "nr", "n", "no", "#",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """How to read a file; None is found out from the file."""

    separator: str | None = None
    decimal: str | None = None
    header: bool | None = None


@dataclass(frozen=True, eq=False)
class CsvTable:
    """A file taken apart into rows, its numbers not yet read.

    Attributes:
        names: of the C columns; a column without one is called "column 3".
        numeric: (C,) whether a column holds numbers, as far as its first rows show.
        preview: the first rows as text, each with C cells.
        separator, decimal, header: how it was read.
        value_column, sequence_column: what is most likely meant.
        text: all of the file.
    """

    names: tuple[str, ...]
    numeric: tuple[bool, ...]
    preview: tuple[tuple[str, ...], ...]
    separator: str
    decimal: str
    header: bool
    value_column: int
    sequence_column: int | None
    text: str


@dataclass(frozen=True, eq=False)
class Observations:
    """What was read from a file: the data, and how many rows without a value were left out."""

    sequences: Sequences
    left_out: int


def read_table(content: bytes, reading: Reading = Reading()) -> CsvTable:
    """Find out how a file is built from its first rows.

    Raises:
        UploadError: when it is no text, empty, or has no data or no usable columns.
    """
    text = decoded(content)
    if not text.strip():
        raise UploadError("The file is empty; it needs a column of numbers.")
    if "\n" not in text:
        # Lines that end as on an old Macintosh.
        text = text.replace("\r", "\n")
    separator = reading.separator or likely_separator(text)
    sample = sample_rows(text, separator)
    decimal = reading.decimal or decimal_mark(sample, separator)
    header = _has_header(sample, decimal) if reading.header is None else reading.header
    first = sample[0] if header else []
    data = sample[1:] if header else sample
    if not data:
        raise UploadError("The file has a header but no rows of data below it.")
    # Writers in R leave out the name of the first column, which holds the names of the rows.
    if header and len(first) == min(map(len, data)) - 1:
        first = ["", *first]
    width = len(first) if header else max(map(len, data))
    if width > MAX_COLUMNS:
        raise UploadError(
            f"The file has {count(width)} columns; at most {MAX_COLUMNS} can be read. Put each "
            "observation in a row of its own."
        )
    columns = [[row[c] if c < len(row) else "" for row in data] for c in range(width)]
    numeric = tuple(is_numeric(column, decimal) for column in columns)
    names = _names(first, width)
    unnamed = {c for c, name in enumerate(first) if not name.strip()}
    value, sequence = _likely_columns(names, columns, numeric, decimal, unnamed)
    return CsvTable(
        names, numeric, tuple(zip(*(column[:PREVIEW_ROWS] for column in columns), strict=True)),
        separator, decimal, header, value, sequence, text,
    )  # fmt: skip


def read_observations(
    table: CsvTable,
    value_column: int,
    sequence_column: int | None = None,
    leave_out_missing: bool = False,
) -> Observations:
    """Read the observations of one column, as sequences if another column says which.

    Sequences keep the order in which they first appear; their rows need not be adjacent.

    Raises:
        UploadError: naming the first row that cannot be read, or the limit that is exceeded.
    """
    values, codes, numbers = array("d"), array("q"), {}  # type: ignore[var-annotated]
    gaps, first_gap, left_out = 0, 0, 0
    name, comma = table.names[value_column], table.decimal == ","
    for row, cells in _data_rows(table):
        text = cells[value_column] if value_column < len(cells) else ""
        value = number(text, comma)
        if value is None:
            raise UploadError(
                f"Row {count(row)} has “{quoted(text)}” in column “{name}”, which is not a "
                "number; correct it, or choose another column."
            )
        if value != value:
            gaps, first_gap = gaps + 1, first_gap or row
            left_out += leave_out_missing
            continue
        if not -MAX_VALUE <= value <= MAX_VALUE:
            raise UploadError(
                f"Row {count(row)} has “{quoted(text)}” in column “{name}”; values must lie "
                "between −1e100 and 1e100."
            )
        if sequence_column is not None:
            label = cells[sequence_column].strip() if sequence_column < len(cells) else ""
            if not label:
                raise UploadError(
                    f"Row {count(row)} has nothing in column “{table.names[sequence_column]}”; "
                    "every row must say which sequence it belongs to."
                )
            codes.append(numbers.setdefault(label, len(numbers)))
            if len(numbers) > MAX_SEQUENCES:
                raise UploadError(
                    f"Column “{table.names[sequence_column]}” has more than "
                    f"{count(MAX_SEQUENCES)} different values, and at most "
                    f"{count(MAX_SEQUENCES)} sequences can be read; choose another column or none."
                )
        values.append(value)
        if len(values) > MAX_OBSERVATIONS:
            raise UploadError(
                f"The file has more than {count(MAX_OBSERVATIONS)} observations, the most that "
                "can be read; shorten it."
            )
    if not values:
        raise UploadError(f"Column “{name}” has no values at all; choose another column.")
    if gaps and not leave_out_missing:
        raise UploadError(
            f"Row {count(first_gap)} has no value in column “{name}”"
            + (f", and so have {many(gaps - 1, 'other row')}" if gaps > 1 else "")
            + "; rows with missing values must be removed, here or in the file."
        )
    observations = np.array(values)
    if sequence_column is None:
        return Observations(Sequences(observations), left_out)
    owners = np.array(codes)
    order = np.argsort(owners, kind="stable")
    return Observations(Sequences(observations[order], np.bincount(owners)), left_out)


def has_gaps(table: CsvTable, value_column: int) -> bool:
    """Whether a column has cells without a value."""
    return any(
        value_column >= len(cells) or cells[value_column].strip().lower() in MISSING
        for _, cells in _data_rows(table)
    )


@dataclass(eq=False)
class PendingFile:
    """A file that was brought, with the visitor's choices on how to read it.

    What was read is kept until a choice changes, what could not be read as well.
    """

    file_name: str
    content: bytes
    reading: Reading = Reading()
    columns: tuple[int, int | None] | None = None
    leave_out_missing: bool = False
    _held: dict[str, tuple[object, Any, str | None]] = field(default_factory=dict)

    def table(self) -> CsvTable:
        """The file taken apart. Raises UploadError."""
        return self._kept("table", self.reading, lambda: read_table(self.content, self.reading))

    def chosen_columns(self) -> tuple[int, int | None]:
        """The column with the values and the one that says which sequence. Raises UploadError."""
        table = self.table()
        return self.columns or (table.value_column, table.sequence_column)

    def observations(self) -> Observations:
        """The data. Raises UploadError."""
        value, sequence = self.chosen_columns()
        choices = (self.reading, value, sequence, self.leave_out_missing)
        return self._kept(
            "observations",
            choices,
            lambda: read_observations(self.table(), value, sequence, self.leave_out_missing),
        )

    def has_gaps(self) -> bool:
        """Whether rows without a value are there to be left out."""
        value, _ = self.chosen_columns()
        return self._kept("gaps", (self.reading, value), lambda: has_gaps(self.table(), value))

    def _kept(self, what: str, choices: object, read: Callable[[], Any]) -> Any:
        held = self._held.get(what)
        if held is None or held[0] != choices:
            try:
                held = (choices, read(), None)
            except UploadError as error:
                held = (choices, None, str(error))
            self._held[what] = held
        if held[2] is not None:
            raise UploadError(held[2])
        return held[1]


def _data_rows(table: CsvTable) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header. In a file of one column a blank line is a missing value."""
    width, header = len(table.names), table.header
    for row, cells in rows(table.text, table.separator):
        if header and cells:
            header = False
            continue
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            raise UploadError(
                f"Row {count(row)} has {many(len(cells), 'cell')}, and "
                f"{'the header' if table.header else 'the first rows'} "
                f"{'has' if table.header else 'have'} {width}; check the separators there."
            )
        if cells or (width == 1 and not header):
            yield row, cells


def _has_header(sample: list[list[str]], decimal: str) -> bool:
    """Whether the first row has names: text and no number."""
    cells = [cell.strip() for cell in sample[0]]
    # pandas numbers columns that have no name, and leaves that of its index empty.
    if len(cells) > 1 and cells == ["", *map(str, range(len(cells) - 1))]:
        return True
    values = [number(cell, decimal == ",") for cell in cells]
    return None in values and all(value is None or value != value for value in values)


def _names(first: list[str], width: int) -> tuple[str, ...]:
    names = [quoted(" ".join(cell.split()), NAME_LENGTH) for cell in first] or [""] * width
    given = [name for name in names if name]
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        raise UploadError(
            "The header has more than one column called "
            f"{', '.join(f'“{name}”' for name in twice[:3])}; give every column its own name."
        )
    return tuple(name or _free(f"column {c + 1}", given) for c, name in enumerate(names))


def _free(name: str, taken: list[str]) -> str:
    while name in taken:
        name += "′"
    return name


def _likely_columns(
    names: tuple[str, ...],
    columns: list[list[str]],
    numeric: tuple[bool, ...],
    decimal: str,
    unnamed: set[int],
) -> tuple[int, int | None]:
    """The column with the values, and the one that says which sequence, if there is one."""
    sequence = None
    for c, name in enumerate(names):
        some = columns[c]
        repeats = len({cell.strip() for cell in some}) < len(some)
        if name.lower().replace(" ", "_") in SEQUENCE_NAMES and repeats and len(names) > 1:
            sequence = c
            break
    usable = [c for c in range(len(names)) if numeric[c] and c != sequence]
    if not usable:
        # The one with most numbers: what is wrong in it can then be told.
        others = [c for c in range(len(names)) if c != sequence] or [0]
        return max(others, key=lambda c: _share_of_numbers(columns[c], decimal)), sequence
    values = [
        c for c in usable
        if names[c].lower() not in INDEX_NAMES and c not in unnamed
        and not (len(usable) > 1 and _counts_up(columns[c], decimal))
    ]  # fmt: skip
    return (values or usable[-1:])[0], sequence


def _share_of_numbers(cells: list[str], decimal: str) -> float:
    return sum(number(cell, decimal == ",") is not None for cell in cells) / len(cells)


def _counts_up(cells: list[str], decimal: str) -> bool:
    values = np.array([number(cell, decimal == ",") for cell in cells], dtype=np.float64)
    return len(values) > 2 and bool((np.diff(values) == 1.0).all())
