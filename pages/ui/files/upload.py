"""Reading observations from a visitor's CSV file, whatever its separators and decimal marks.

Everything in a file is a visitor's text: it is only ever compared, or turned into numbers. What
cannot be read raises `UploadError` with one sentence that names the row as an editor counts it,
the first line of the file being row 1. The sentence quotes the file, so it is not Markdown.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hmmcore import Sequences
from hmmcore.arrays import FloatArray
from pages.ui.files.csv_text import (
    MAX_FILE_BYTES,
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
from pages.ui.files.upload_cells import cell_reader, likely_family
from pages.ui.settings.config import FIELD_OF, MAX_CELLS
from pages.ui.text import count, many

MAX_OBSERVATIONS = MAX_CELLS
MAX_VALUES = MAX_FILE_BYTES
"""Of all columns, empty cells among them: whatever a file holds whose rows are all of full width,
where every cell ends with a separator. Rows that stop short stand for more cells than they have."""
MAX_SEQUENCES = int(FIELD_OF["num_sequences"].maximum or 0)
MAX_COLUMNS = 200
PREVIEW_ROWS = 6
NAME_LENGTH = 60
"""Names of files and columns are cut where they are longer."""

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
        families: (C,) what a column most likely holds, a key of `FAMILIES`.
        preview: the first rows as text, each with C cells.
        separator, decimal, header: how it was read.
        value_column, sequence_column: what is most likely meant.
        text: all of the file.
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
    """What was read from a file.

    Attributes:
        sequences: the data; a cell without a value is NaN.
        left_out: how many rows without a value were left out.
        family: what they are.
        labels: (C,) of symbols; empty otherwise.
        spellings: what the cells without a value say, "" where they are empty.
    """

    sequences: Sequences
    left_out: int
    family: str = "numbers"
    labels: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()


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
        if separator == "," and len(first) == 1 and all(map(_thousands, data)):
            raise UploadError(
                f"The header names one column, but “{','.join(data[0])[:20]}” reads as two cells. "
                "Write numbers without a sign between thousands, such as 1234; or name both "
                "columns."
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
    likely = [
        family == "symbols" and not is_number
        for family, is_number in zip(families, numeric, strict=True)
    ]
    value, sequence = _likely_columns(names, columns, numeric, likely, decimal, unnamed)
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
    """Read the observations of one column, or several, as sequences if another says which.

    Sequences keep the order in which they first appear; their rows need not be adjacent. A cell
    without a value, empty or spelled as such, is a missing observation, or coordinate of one.

    Args:
        leave_out_missing: drop rows that lack a value instead.
        family: what the cells hold; several columns hold numbers.

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
    for row, cells in _data_rows(table):
        texts = [cells[column] if column < len(cells) else "" for column in columns]
        read = [reader.read(text, row, name) for text, name in zip(texts, names, strict=True)]
        missing = [text.strip() for text, value in zip(texts, read, strict=True) if value != value]
        if missing:
            spellings.update(missing)
            if leave_out_missing:
                left_out += 1
                continue
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
    said = tuple(sorted(spellings))
    if sequence_column is None:
        return Observations(Sequences(observations), left_out, family, labels, said)
    owners = np.array(codes)
    order = np.argsort(owners, kind="stable")
    sequences = Sequences(observations[order], np.bincount(owners))
    return Observations(sequences, left_out, family, labels, said)


def _require_values(values: FloatArray, names: Sequence[str]) -> None:
    """Raise UploadError where a column of `values` (T, D) is empty, or no row is left."""
    if not len(values) and len(names) > 1:
        called = " and ".join(f"“{name}”" for name in names)
        raise UploadError(
            f"No row has a value in all of the columns {called}; keep the rows that lack one, or "
            "choose other columns."
        )
    for name, column in zip(names, values.T, strict=True):
        if np.isnan(column).all():
            raise UploadError(f"Column “{name}” has no values at all; choose another column.")


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
    symbols: list[bool],
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
        # The one with most numbers: what is wrong in it can then be told. Without any, symbols.
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
    return sum(number(cell, decimal == ",") is not None for cell in cells) / len(cells)


def _counts_up(cells: list[str], decimal: str) -> bool:
    values = np.array([number(cell, decimal == ",") for cell in cells], dtype=np.float64)
    return len(values) > 2 and bool((np.diff(values) == 1.0).all())
