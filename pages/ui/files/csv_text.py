"""Taking a visitor's text file apart: its characters, separators, rows and numbers.

What cannot be read raises `UploadError` with one sentence that names the row as an editor counts
it, the first line of the file being row 1. The sentence quotes the file, so it is not Markdown.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from pages.ui.text import count

MAX_FILE_BYTES = 5 * 2**20
SAMPLE_ROWS = 1000
QUOTED_LENGTH = 40

SEPARATORS = {";": "semicolon", "\t": "tab", "|": "pipe", ",": "comma", " ": "space"}
"""Most telling first: a comma may be a decimal mark, a space part of a text."""
NO_SEPARATOR = "\x1f"
"""A character that no text contains: every line is one cell."""

MISSING = frozenset(["", "na", "n/a", "nan", "null", "none", "-", "--", "?", "."])
COMMA_NUMBER = re.compile(r"[+-]?(\d+(\.\d{3})*)?,\d+([eE][+-]?\d+)?")
POINT_NUMBER = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
SIGNATURES = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a compressed file"),
    (b"PAR1", "a Parquet file"),
)
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


class UploadError(ValueError):
    """One sentence on what is wrong with a file, where, and what would be right."""


def decoded(content: bytes) -> str:
    """A file's text: UTF-8 or UTF-16 with their marks, else Latin-1. Raises UploadError."""
    if len(content) > MAX_FILE_BYTES:
        raise UploadError(
            f"The file has {len(content) / 2**20:.1f} MB; at most "
            f"{MAX_FILE_BYTES // 2**20} MB can be read."
        )
    for signature, kind in SIGNATURES:
        if content.startswith(signature):
            raise UploadError(f"The file is {kind}, not text; save the data as CSV first.")
    try:
        wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if CONTROL.search(text):
        raise UploadError("The file is not text; save the data as CSV first.")
    return text


def rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of every row; blank ones too, except at the end."""
    if separator == " ":
        text = re.sub(r"(?m)^ +| +$", "", re.sub(" {2,}", " ", text))
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=separator != " ",
        strict=True,
    )  # fmt: skip
    blank: list[int] = []
    before = 0
    try:
        for cells in reader:
            row, before = before + 1, reader.line_num
            if not cells or (len(cells) == 1 and not cells[0].strip()):
                blank.append(row)
                continue
            for blank_row in blank:
                yield blank_row, []
            blank.clear()
            yield row, cells
    except csv.Error as error:
        if "field larger" in str(error):
            what = f"a cell of more than {count(csv.field_size_limit())} characters"
        else:
            what = "a quotation mark that is not closed, or text after a closed one"
        raise UploadError(
            f"Row {count(before + 1)} has {what}; check the quotation marks there."
        ) from None


def sample_rows(text: str, separator: str) -> list[list[str]]:
    """The first rows, blank ones left out."""
    sample: list[list[str]] = []
    for _, cells in rows(text, separator):
        if cells:
            sample.append(cells)
        if len(sample) > SAMPLE_ROWS:
            break
    return sample


def likely_separator(text: str) -> str:
    """The separator that makes rows of equal length with numbers in them."""
    uneven: tuple[float, str] = (0.5, NO_SEPARATOR)
    even: list[tuple[bool, str]] = []
    problem: UploadError | None = None
    for separator in SEPARATORS:
        if separator not in text:
            continue
        try:
            sample = sample_rows(text, separator)
        except UploadError as error:
            problem = error
            continue
        widths = [len(row) for row in sample]
        usual = max(set(widths), key=widths.count)
        if usual == 1 or len(sample) < 2:
            continue
        # Writers in R leave out one name in the header.
        if all(w == usual for w in widths[1:]) and widths[0] in (usual, usual - 1):
            mark = decimal_mark(sample, separator)
            numbers = any(is_numeric([row[c] for row in sample[1:]], mark) for c in range(usual))
            even.append((numbers, separator))
        elif widths.count(usual) / len(widths) > uneven[0] and separator != " ":
            uneven = (widths.count(usual) / len(widths), separator)
    for numbers, separator in even:
        if numbers:
            return separator
    if not even and problem is not None:
        raise problem
    if not even and _is_one_column(text):
        return NO_SEPARATOR
    return even[0][1] if even else uneven[1]


def _is_one_column(text: str) -> bool:
    """Whether every line is a number, below a name that has no comma in it."""
    try:
        lines = [row[0] for row in sample_rows(text, NO_SEPARATOR)]
    except UploadError:
        return False
    alone = all(number(line, True) is not None for line in lines[1:] or lines)
    return alone and ("," not in lines[0] or number(lines[0], True) is not None)


def decimal_mark(sample: list[list[str]], separator: str) -> str:
    """A comma when numbers are written with one and none with a point, else a point."""
    cells = [cell.strip() for row in sample for cell in row if "," in cell or "." in cell]
    commas = [cell for cell in cells if COMMA_NUMBER.fullmatch(cell)]
    if separator == ",":
        # Here a number with a comma is quoted; in threes the digits are thousands.
        commas = [cell for cell in commas if not THOUSANDS.fullmatch(cell)]
    points = any(POINT_NUMBER.fullmatch(cell) for cell in cells)
    return "," if commas and not points else "."


def number(text: str, comma: bool) -> float | None:
    """The number that a cell stands for, NaN where it is missing, None where it is none."""
    if comma:
        if "," in text:
            text = text.replace(".", "").replace(",", ".")
    elif "," in text:
        if not THOUSANDS.fullmatch(text.strip()):
            return None
        text = text.replace(",", "")
    try:
        value = float(text)
    except ValueError:
        text = text.strip().replace("−", "-")
        if text.lower() in MISSING:
            return float("nan")
        try:
            value = float(text)
        except ValueError:
            return None
    # Python allows 1_000.
    return None if "_" in text else value


def is_numeric(cells: list[str], decimal: str) -> bool:
    """Whether all cells are numbers or missing, and not all of them missing."""
    values = [number(cell, decimal == ",") for cell in cells]
    return None not in values and any(value == value for value in values)


def quoted(text: str, length: int = QUOTED_LENGTH) -> str:
    """A visitor's text on one line, cut where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[:length]}…"
