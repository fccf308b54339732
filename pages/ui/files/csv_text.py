"""Parse a visitor's text file: its encoding, separator, rows and numbers.

Anything unreadable raises `UploadError` with one sentence. It names the row, where row 1 is the
first line of the file. It quotes the file, so it must be escaped before it is shown as Markdown.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from pages.ui.text import count

MAX_FILE_BYTES = 5 * 2**20
SAMPLE_ROWS = 1000

SEPARATORS = {";": "semicolon", "\t": "tab", "|": "pipe", ",": "comma", " ": "space"}
"""The least ambiguous first: a comma may be a decimal mark, and a space may be part of a text."""
NO_SEPARATOR = "\x1f"
"""A character that no text contains, so that every line is one cell."""

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


def too_large(size: int) -> str:
    """The sentence on a file of too many bytes."""
    return f"The file has {size / 2**20:.1f} MB; at most {MAX_FILE_BYTES // 2**20} MB can be read."


def file_text(content: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 with a byte order mark, or else Latin-1.

    Raises:
        UploadError: if the file is too large or not text.
    """
    if len(content) > MAX_FILE_BYTES:
        raise UploadError(too_large(len(content)))
    for signature, kind in SIGNATURES:
        if content.startswith(signature):
            raise UploadError(f"The file is {kind}, not text; save the data as CSV first.")
    try:
        is_utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if CONTROL.search(text):
        raise UploadError("The file is not text; save the data as CSV first.")
    return text


def rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of every row, without blank rows at the end."""
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
    """The first rows, without blank ones. Raises UploadError if there are none."""
    sample: list[list[str]] = []
    for _, cells in rows(text, separator):
        if cells:
            sample.append(cells)
        if len(sample) > SAMPLE_ROWS:
            break
    if not sample:
        raise UploadError("The file is empty; it needs a column of numbers.")
    return sample


def likely_separator(text: str) -> str:
    """The separator that gives rows of equal length, preferably with a column of numbers."""
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
        # Files written by R have one name too few in the header.
        if all(w == usual for w in widths[1:]) and widths[0] in (usual, usual - 1):
            mark = decimal_mark(sample, separator)
            has_numbers = any(
                is_numeric([row[c] for row in sample[1:]], mark) for c in range(usual)
            )
            even.append((has_numbers, separator))
        elif widths.count(usual) / len(widths) > uneven[0] and separator != " ":
            uneven = (widths.count(usual) / len(widths), separator)
    for has_numbers, separator in even:
        if has_numbers:
            return separator
    if not even and problem is not None:
        raise problem
    if not even and _is_one_column(text):
        return NO_SEPARATOR
    return even[0][1] if even else uneven[1]


def _is_one_column(text: str) -> bool:
    """Whether every line is a number, with or without a header that contains no comma."""
    try:
        lines = [row[0] for row in sample_rows(text, NO_SEPARATOR)]
    except UploadError:
        return False
    all_numbers = all(parsed_number(line, True) is not None for line in lines[1:] or lines)
    return all_numbers and ("," not in lines[0] or parsed_number(lines[0], True) is not None)


def decimal_mark(sample: list[list[str]], separator: str) -> str:
    """A comma if some numbers have a decimal comma and none a decimal point, else a point."""
    cells = [cell.strip() for row in sample for cell in row if "," in cell or "." in cell]
    commas = [cell for cell in cells if COMMA_NUMBER.fullmatch(cell)]
    if separator == ",":
        # Here a cell with a comma was quoted. A comma before three digits separates thousands.
        commas = [cell for cell in commas if not THOUSANDS.fullmatch(cell)]
    points = any(POINT_NUMBER.fullmatch(cell) for cell in cells)
    return "," if commas and not points else "."


def parsed_number(text: str, decimal_comma: bool) -> float | None:
    """The number in a cell; NaN if the cell says that it is missing, None if it is no number."""
    if decimal_comma:
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
    # Python would read 1_000 as a number.
    return None if "_" in text else value


def is_numeric(cells: list[str], decimal: str) -> bool:
    """Whether all cells are numbers or missing, and at least one is a number."""
    values = [parsed_number(cell, decimal == ",") for cell in cells]
    return None not in values and any(value == value for value in values)
