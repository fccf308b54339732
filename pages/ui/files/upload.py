"""Read observations from a visitor's CSV file with any separator and decimal mark.

The text of a file is only compared or converted to numbers, never executed. Errors are as in
`csv_text`.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hmmcore import Sequences
from hmmcore.arrays import FloatArray
from hmmcore.formulas import restored
from pages.ui.files.csv_text import (
    MAX_FILE_BYTES,
    UploadError,
    decimal_mark,
    file_text,
    is_numeric,
    likely_separator,
    parsed_number,
    rows,
    sample_rows,
)
from pages.ui.files.upload_cells import cell_reader, likely_family
from pages.ui.settings.config import FIELD_OF, MAX_CELLS
from pages.ui.text import count, many, shortened

MAX_OBSERVATIONS = MAX_CELLS
MAX_VALUES = MAX_FILE_BYTES
"""Bound on the cells of all chosen columns, empty ones included. A file whose rows all have full
width cannot exceed it, as each of its cells takes at least the byte of its separator. Rows that
end early can, as their missing cells count too."""
MAX_SEQUENCES = int(FIELD_OF["num_sequences"].maximum or 0)
MAX_COLUMNS = 200
MAX_LINES = MAX_OBSERVATIONS + 1
"""With a header. Lines are counted before they are read: reading millions of empty ones takes long.
"""
MAX_KNOWN = 100_000
"""The most different texts of cells whose values are remembered while a file is read."""
PREVIEW_ROWS = 6
NAME_LENGTH = 60
"""Longer names of files and columns are cut."""

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
    """How to read a file; what is None is detected from the file."""

    separator: str | None = None
    decimal: str | None = None
    header: bool | None = None


@dataclass(frozen=True, eq=False)
class CsvTable:
    """A file whose structure is known, but whose numbers are not read yet.

    Attributes:
        names: names of the columns; one without a name is called "column 3" or the like.
        numeric: whether each column holds numbers, judged by its first rows.
        families: the likely family of each column, a key of `FAMILIES`.
        preview: the first rows as text, each with one cell per column.
        separator, decimal, header: how the file was read.
        value_column, sequence_column: the likely columns of values and of sequence names.
        text: the whole file.
    """

    names: tuple[str, ...]
    numeric: tuple[bool, ...]
    families: tuple[str, ...]
    preview: tuple[tuple[str, ...], ...]
    separator: str
    decimal: str
    header: bool
    value_column: int
    sequence_column: int | None
    text: str


@dataclass(frozen=True, eq=False)
class Observations:
    """The observations read from a file.

    Attributes:
        sequences: the data; a cell without a value is NaN.
        left_out: number of rows that were left out because they lack a value.
        family: their family, a key of `FAMILIES`.
        labels: (C,) labels of symbols; empty for other families.
        spellings: the different texts of the cells without a value; "" for empty ones.
    """

    sequences: Sequences
    left_out: int
    family: str = "numbers"
    labels: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()


def read_table(content: bytes, reading: Reading = Reading()) -> CsvTable:
    """Detect the structure of a file from its first rows.

    Raises:
        UploadError: if it is not text, is empty, or has no data or unusable columns.
    """
    text = file_text(content)
    if not text.strip():
        raise UploadError("The file is empty; it needs a column of numbers.")
    text = text.rstrip("\r\n")
    if "\n" not in text:
        # Line ends of the classic Mac OS.
        text = text.replace("\r", "\n")
    lines = 1 + text.count("\n") + text.count("\r") - text.count("\r\n")
    if lines > MAX_LINES:
        raise UploadError(
            f"The file has {count(lines)} lines; at most {count(MAX_LINES)} can be read. Shorten "
            "it, and take out lines that are empty."
        )
    separator = reading.separator or likely_separator(text)
    sample = sample_rows(text, separator)
    decimal = reading.decimal or decimal_mark(sample, separator)
    header = _has_header(sample, decimal) if reading.header is None else reading.header
    first = sample[0] if header else []
    data = sample[1:] if header else sample
    if not data:
        raise UploadError("The file has a header but no rows of data below it.")
    # Files written by R have no name for the first column, which holds the names of the rows.
    if header and len(first) == min(map(len, data)) - 1:
        if separator == "," and len(first) == 1 and all(map(_thousands, data)):
            raise UploadError(
                f"The header names one column, but “{shortened(','.join(data[0]), 20)}” reads as "
                "two cells. Write numbers without a sign between thousands, such as 1234; or name "
                "both columns."
            )
        first = ["", *first]
    width = len(first) if header else max(map(len, data))
    if width > MAX_COLUMNS:
        raise UploadError(
            f"The file has {count(width)} columns; at most {MAX_COLUMNS} can be read. Put each "
            "observation in a row of its own."
        )
    columns = [[row[c] if c < len(row) else "" for row in data] for c in range(width)]
    numeric = tuple(is_numeric(column, decimal) for column in columns)
    families = tuple(likely_family(column, decimal) for column in columns)
    names = _names(first, width)
    unnamed = {c for c, name in enumerate(first) if not name.strip()}
    symbols = [
        family == "symbols" and not is_number
        for family, is_number in zip(families, numeric, strict=True)
    ]
    value, sequence = _likely_columns(names, columns, numeric, symbols, decimal, unnamed)
    preview = tuple(zip(*(column[:PREVIEW_ROWS] for column in columns), strict=True))
    return CsvTable(
        names, numeric, families, preview, separator, decimal, header, value, sequence, text,
    )  # fmt: skip


def _thousands(row: list[str]) -> bool:
    """Whether two cells may have been one number, such as 1,234."""
    return re.fullmatch(r"[+-]?\d{1,3},\d{3}(\.\d*)?", ",".join(row)) is not None


def read_observations(
    table: CsvTable,
    value_columns: int | Sequence[int],
    sequence_column: int | None = None,
    leave_out_missing: bool = False,
    family: str = "numbers",
) -> Observations:
    """Read the observations in one or several columns, split into sequences by another column.

    Sequences are in the order of their first rows, and their rows need not be adjacent. A cell that
    is empty or says that its value is missing becomes a missing observation or coordinate.

    Args:
        value_columns: indices of the columns of values.
        sequence_column: index of the column that names the sequence of each row; None for a single
            sequence.
        leave_out_missing: drop rows that lack a value instead.
        family: the family of the cells; "points" for several columns.

    Raises:
        UploadError: naming the first row that cannot be read, or the limit that is exceeded.
    """
    columns = (value_columns,) if isinstance(value_columns, int) else tuple(value_columns)
    if not columns:
        raise UploadError("No column of values is chosen; choose at least one.")
    reader = cell_reader(family, table.decimal)
    names = [table.names[column] for column in columns]
    values, codes, numbers = array("d"), array("q"), {}  # type: ignore[var-annotated]
    left_out, spellings = 0, set()
    # Most texts occur again and again, and looking one up is far quicker than reading it.
    known: dict[str, float] = {}
    for row, cells in _data_rows(table):
        try:
            read = [known[cells[column]] for column in columns]
        except KeyError:
            if len(known) > MAX_KNOWN:
                known.clear()
            for column, name in zip(columns, names, strict=True):
                if (text := cells[column]) not in known:
                    known[text] = value = reader.read(text, row, name)
                    if value != value:
                        spellings.add(text.strip())
            read = [known[cells[column]] for column in columns]
        if leave_out_missing and any(value != value for value in read):
            left_out += 1
            continue
        if sequence_column is not None:
            label = cells[sequence_column].strip()
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
        values.extend(read)
        if len(values) > MAX_OBSERVATIONS * len(columns):
            raise UploadError(
                f"The file has more than {count(MAX_OBSERVATIONS)} observations, the most that "
                "can be read; shorten it."
            )
        if len(values) > MAX_VALUES:
            raise UploadError(
                f"The {len(columns)} columns have more than {count(MAX_VALUES)} cells together, "
                "empty ones among them, the most that can be read; choose fewer columns, or "
                "shorten the file."
            )
    matrix = np.array(values).reshape(-1, len(columns))
    _require_values(matrix, names)
    observations, labels = reader.finish(matrix, names[0])
    missing_texts = tuple(sorted(spellings))
    if sequence_column is None:
        return Observations(Sequences(observations), left_out, family, labels, missing_texts)
    sequence_numbers = np.array(codes)
    order = np.argsort(sequence_numbers, kind="stable")
    sequences = Sequences(observations[order], np.bincount(sequence_numbers))
    return Observations(sequences, left_out, family, labels, missing_texts)


def _require_values(values: FloatArray, names: Sequence[str]) -> None:
    """Raise UploadError if a column of `values` (T, D) has no value, or if no row is left."""
    if not len(values) and len(names) > 1:
        quoted_names = " and ".join(f"“{shortened(name, 20)}”" for name in names)
        raise UploadError(
            f"No row has a value in all of the columns {quoted_names}; keep the rows that lack "
            "one, or choose other columns."
        )
    for name, column in zip(names, values.T, strict=True):
        if np.isnan(column).all():
            raise UploadError(f"Column “{name}” has no values at all; choose another column.")


def _data_rows(table: CsvTable) -> Iterator[tuple[int, list[str]]]:
    """The number and cells of each row of data; a row that ends early gets empty cells.

    In a file of one column, a blank line is a missing value.
    """
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
            yield row, cells if len(cells) >= width else cells + [""] * (width - len(cells))


def _has_header(sample: list[list[str]], decimal: str) -> bool:
    """Whether the first row is a header: it has text and no number."""
    cells = [cell.strip() for cell in sample[0]]
    # pandas writes numbers for columns without names, and nothing for the name of its index.
    if len(cells) > 1 and cells == ["", *map(str, range(len(cells) - 1))]:
        return True
    values = [parsed_number(cell, decimal == ",") for cell in cells]
    return None in values and all(value is None or value != value for value in values)


def _names(first: list[str], width: int) -> tuple[str, ...]:
    names = [shortened(restored(cell), NAME_LENGTH) for cell in first] or [""] * width
    given = [name for name in names if name]
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        raise UploadError(
            "The header has more than one column called "
            f"{', '.join(f'“{name}”' for name in twice[:3])}; give every column its own name."
        )
    return tuple(name or _unused(f"column {c + 1}", given) for c, name in enumerate(names))


def _unused(name: str, used: list[str]) -> str:
    while name in used:
        name += "′"
    return name


def _likely_columns(
    names: tuple[str, ...],
    columns: list[list[str]],
    numeric: tuple[bool, ...],
    symbols: list[bool],
    decimal: str,
    unnamed: set[int],
) -> tuple[int, int | None]:
    """(column of values, column of sequence names or None) that the visitor most likely means."""
    sequence = None
    for c, name in enumerate(names):
        cells = columns[c]
        repeats = len({cell.strip() for cell in cells}) < len(cells)
        if name.lower().replace(" ", "_") in SEQUENCE_NAMES and repeats and len(names) > 1:
            sequence = c
            break
    usable = [c for c in range(len(names)) if numeric[c] and c != sequence]
    if not usable:
        # The column with most numbers, so that an error message can name the cell that is none.
        # If there are no numbers, a column of symbols.
        others = [c for c in range(len(names)) if c != sequence] or [0]
        return max(
            others, key=lambda c: (_share_of_numbers(columns[c], decimal), symbols[c])
        ), sequence
    values = [
        c for c in usable
        if names[c].lower() not in INDEX_NAMES and c not in unnamed
        and not (len(usable) > 1 and _counts_up(columns[c], decimal))
    ]  # fmt: skip
    named = [c for c in range(len(names)) if symbols[c] and c != sequence and c not in unnamed]
    return (values or named or usable[-1:])[0], sequence


def _share_of_numbers(cells: list[str], decimal: str) -> float:
    return sum(parsed_number(cell, decimal == ",") is not None for cell in cells) / len(cells)


def _counts_up(cells: list[str], decimal: str) -> bool:
    values = np.array([parsed_number(cell, decimal == ",") for cell in cells], dtype=np.float64)
    return len(values) > 2 and bool((np.diff(values) == 1.0).all())
