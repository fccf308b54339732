"""From text to rows of cells: the separator, and what stands before the data.

The structure is found in the first rows; then the whole file is read, by pandas where it is
regular, otherwise by a careful reader that names the row at which it fails.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hmmcore.arrays import IntArray
from hmmcore.tables.decoding import TableError
from hmmcore.tables.numbers import MISSING, Format, number, plain_marks
from hmmcore.tables.times import CLOCK, ISO, YEAR_FIRST, YEAR_LAST

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = {";": "semicolon", "\t": "tab", "|": "pipe", ",": "comma", " ": "spaces"}
"""The least ambiguous first: a comma may be a decimal mark, and a space may be part of a text."""
NO_SEPARATOR = "\x1f"
"""A character that no text contains, so that every line is one cell."""

SAMPLE_ROWS, SAMPLE_CHARACTERS = 400, 1 << 18
MAX_LINES = 3_500_000
MAX_COLUMNS = 2_000
MOST_PREAMBLE = 100
"""Rows before the data beyond these are not looked for."""
FEW_ROWS = 12
SHORTEST_STRETCH = 5
"""Blank lines in one column end sequences if all of these are longer."""
USUAL_SHARE, USUAL_SHARE_OF_FEW = 0.8, 0.6
"""A separator must give at least this share of the sample's rows the same number of cells."""
COMMENT = re.compile(r"\s*(#|%|//)")


@dataclass(frozen=True, eq=False)
class Grid:
    """The data of a file as text.

    Attributes:
        names: of the columns, as the header gives them; "" where it gives none.
        columns: cells (T,) of each, without spaces around; "" where a row ends early.
        lines: (T,) the file's row of each, counted from 1, for messages.
        blank_before: (T,) whether a blank line stands before the row.
        separator: between cells.
        header: whether the file has names for its columns.
        skipped: how many rows before the names, or the data, were passed over.
        units: cells of a row of units below the names; empty if there is none.
        warnings: sentences on what was passed over.
    """

    names: tuple[str, ...]
    columns: tuple[NDArray[np.object_], ...]
    lines: IntArray
    blank_before: NDArray[np.bool_]
    separator: str
    header: bool
    skipped: int
    units: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def has_blank_lines(self) -> bool:
        """Whether blank lines stand between rows; cells of one column are none."""
        return bool(self.blank_before[1:].any())


Row = tuple[int, list[str]]
"""The number of a row, from 1, and its cells; no cells for a blank line."""


def read_grid(text: str, separator: str | None, header: bool | None, skip_rows: int | None) -> Grid:
    """Read all cells of a text; what is None is found out.

    Raises:
        TableError: when there are no data, or a row cannot be read.
    """
    lines = text.count("\n") + 1
    if lines > MAX_LINES:
        raise TableError(
            f"The file has {lines:,} lines; at most {MAX_LINES:,} can be read. Shorten it, and "
            "take out lines that are empty."
        )
    if skip_rows:
        text = _without_first(text, skip_rows)
    if not text.strip():
        raise TableError("The file is empty; it needs a column of values.")
    if separator is None:
        separator = likely_separator(text)
    sample = _sample(text, separator)
    if not any(cell.strip() for _, cells in sample for cell in cells):
        raise TableError("The file is empty; it needs a column of values.")
    comments = {n for n, cells in sample if cells and COMMENT.match(cells[0])}
    if comments and all(cells == [] or n in comments for n, cells in sample):
        raise TableError("The file has only comments; it needs a column of values.")
    top = find_top(sample, comments, header, skip_rows is not None)
    grid = _regular(text, separator, top, comments) or _careful(text, separator, top)
    skipped = skip_rows or 0
    return replace(grid, lines=grid.lines + skipped, skipped=grid.skipped + skipped)


def _without_first(text: str, skip_rows: int) -> str:
    end = -1
    for _ in range(skip_rows):
        end = text.find("\n", end + 1)
        if end < 0:
            return ""
    return text[end + 1 :]


# --- rows -----------------------------------------------------------------------------------------


def rows(text: str, separator: str) -> Iterator[Row]:
    """The number and the cells of every row, without blank rows at the end."""
    if separator == " ":
        # Of fixed widths, any number of spaces stands between two cells.
        text = re.sub(r"(?m)^ +| +$", "", re.sub(" {2,}|\t", " ", text))
    reader = csv.reader(
        io.StringIO(text), delimiter=separator, skipinitialspace=separator != " ",
        strict=True,
    )  # fmt: skip
    blank: list[int] = []
    before = 0
    try:
        for cells in reader:
            row, before = before + 1, reader.line_num
            if len(cells) <= 1 and not any(cell.strip() for cell in cells):
                blank.append(row)
                continue
            for blank_row in blank:
                yield blank_row, []
            blank.clear()
            yield row, cells
    except csv.Error as error:
        if "field larger" in str(error):
            what = f"a cell of more than {csv.field_size_limit():,} characters"
        else:
            what = "a quotation mark that is not closed, or text after a closed one"
        raise TableError(
            f"Row {before + 1:,} has {what}; check the quotation marks there."
        ) from None


def _sample(text: str, separator: str) -> list[Row]:
    """The first rows, as far as they lie in the first SAMPLE_CHARACTERS."""
    is_cut = len(text) > SAMPLE_CHARACTERS
    head = text[:SAMPLE_CHARACTERS].rpartition("\n")[0] if is_cut else text
    sample: list[Row] = []
    try:
        for row in rows(head or text, separator):
            sample.append(row)
            if len(sample) > SAMPLE_ROWS + MOST_PREAMBLE:
                break
    except TableError:
        # A quoted cell may have been cut. If it was not, reading all will say so.
        if not (is_cut and sample):
            raise
    return sample


def usual_width(filled: list[list[str]]) -> int:
    """How many cells most rows have; the header, and what stands before it, count for little."""
    body = filled[max(1, len(filled) // 4) :] or filled
    widths = Counter(map(len, body))
    if len(filled) < FEW_ROWS:
        widths.update(map(len, filled[:1]))
    most = max(widths.values())
    return next(len(cells) for cells in filled if widths.get(len(cells)) == most)


def likely_separator(text: str) -> str:
    """The separator that gives most rows the same number of cells, preferably with numbers."""
    found: list[tuple[bool, float, str]] = []
    problem: TableError | None = None
    for separator in SEPARATORS:
        if separator not in text:
            continue
        try:
            sample = [cells for _, cells in _sample(text, separator) if cells]
        except TableError as error:
            problem = error
            continue
        if len(sample) < 2:
            continue
        usual = usual_width(sample)
        body = sample[max(1, len(sample) // 4) :]
        even = [cells for cells in body if len(cells) == usual]
        share = USUAL_SHARE_OF_FEW if len(sample) < FEW_ROWS else USUAL_SHARE
        ends_early = max(map(len, body)) == usual and 2 * len(even) >= len(body)
        if usual == 1 or (len(even) < share * len(body) and not ends_early):
            continue
        if separator == "," and _decimal_commas(sample):
            return NO_SEPARATOR
        kinds = [column_kind([cells[c] for cells in even]) for c in range(usual)]
        words_alone = all(kind == "text" for kind in kinds)
        if separator == " " and words_alone and any(len(cells) != usual for cells in sample):
            continue  # cells of several words, such as “light rain” beside “sun”
        found.append((not words_alone, len(even) / len(body), separator))
    for wanted in (True, False):
        candidates = [
            (share, separator) for numbers, share, separator in found if numbers is wanted
        ]
        if candidates:
            best = max(share for share, _ in candidates)
            return next(separator for share, separator in candidates if share == best)
    if problem is not None and not _is_one_column(text):
        raise problem
    return NO_SEPARATOR


def _decimal_commas(sample: list[list[str]]) -> bool:
    """Whether two cells are one number with a decimal comma: below one name, and no row names."""
    first, *body = sample
    pairs = [cells for cells in body if len(cells) == 2]
    if len(first) != 1 or len(pairs) < len(body) or number(first[0], Format()) is not None:
        return False
    heads = [number(cells[0], Format()) for cells in pairs]
    tails_whole = all(re.fullmatch(r"\d+(\.\d+)?", cells[1].strip()) for cells in pairs)
    if None in heads or not tails_whole:
        return False
    rising = [b - a for a, b in pairwise(heads)]  # type: ignore[operator]
    return not rising or any(step != 1.0 for step in rising)


def _is_one_column(text: str) -> bool:
    """Whether every line is one number with a decimal comma, but for a header without a comma."""
    lines = [cells[0] for _, cells in _sample(text, NO_SEPARATOR) if cells]
    form = Format(",")
    body = lines[1:] or lines
    if not all(line.strip().lower() in MISSING or number(line, form) is not None for line in body):
        return False
    return "," not in lines[0] or number(lines[0], form) is not None


# --- what stands before the data ------------------------------------------------------------------


def cell_kind(text: str) -> str:
    """What a cell looks like: "missing", "number", "time" or "text"."""
    text = text.strip()
    if text.lower() in MISSING:
        return "missing"
    plain = plain_marks(text)
    if re.fullmatch(r"[+-]?[\d.,' ]*\d[\d.,]*([eE][+-]?\d+)?\s?[KMBkmb]?", plain, re.ASCII):
        return "number" if not YEAR_LAST.fullmatch(text) else "time"
    for pattern in (ISO, YEAR_FIRST, YEAR_LAST, CLOCK):
        if pattern.fullmatch(text):
            return "time"
    return "text"


def column_kind(cells: list[str]) -> str:
    """What most of a column's cells look like that are not missing."""
    kinds = Counter(cell_kind(cell) for cell in cells)
    kinds.pop("missing", None)
    return kinds.most_common(1)[0][0] if kinds else "text"


@dataclass(frozen=True)
class Top:
    """Where the data begin.

    Attributes:
        first_row: number of the first row of data.
        names: cells of the header; None if there is none.
        units: of the row of units; empty if there is none.
        width: number of columns.
        skipped: rows before the header, or before the data, that are neither.
        warnings: sentences on what was passed over.
    """

    first_row: int
    names: list[str] | None
    units: list[str]
    width: int
    skipped: int
    warnings: tuple[str, ...]


def find_top(sample: list[Row], comments: set[int], header: bool | None, fixed: bool) -> Top:
    """Find the header and the first row of data in the first rows of a file.

    Args:
        comments: numbers of rows that are comments.
        header: whether the first row that is not passed over has the names; None to find out.
        fixed: whether the visitor has said how many rows to pass over: then no more are.
    """
    filled = [(n, cells) for n, cells in sample if cells and n not in comments]
    usual = usual_width([cells for _, cells in filled])
    body = [cells for _, cells in filled[max(1, len(filled) // 4) :] if len(cells) == usual]
    body = body or [filled[-1][1]]
    # A separator may end every row.
    if usual > 1 and all(not cells[-1].strip() for cells in body if len(cells) == usual):
        usual -= 1
    warnings = []
    if comments:
        were = "line was" if len(comments) == 1 else "lines were"
        warnings.append(f"{len(comments):,} {were} passed over as comments.")
    kinds = [column_kind([cells[c] for cells in body if c < len(cells)]) for c in range(usual)]

    def is_data(cells: list[str]) -> bool:
        return _filled_width(cells) <= usual and _fits(cells, kinds)

    if header is not None or fixed:
        return _top_as_told(filled, is_data, header, usual, warnings)
    start = next((i for i, (_, cells) in enumerate(filled) if is_data(cells)), None)
    if start is None or start > MOST_PREAMBLE:
        start = 0
    if all(kind == "text" for kind in kinds):
        return _top_of_texts(filled, usual, warnings)
    if start == 0 and len(filled) > 1 and _numbered_by_pandas(filled[0][1]):
        start = 1
    # Rows without any value at the beginning of the data are data too.
    while (
        start > 1
        and len(filled[start - 1][1]) >= usual
        and _says_nothing(filled[start - 1][1], kinds)
    ):
        start -= 1
    before = filled[:start]
    # The rows directly above that have as many cells: names, and perhaps units and more names. A
    # column may have a name, and nothing in any row.
    longest = max(len(cells) for cells in body)
    block: list[Row] = []
    for row in reversed(before):
        if not usual - 1 <= _filled_width(row[1]) <= longest and len(row[1]) != usual:
            break
        block.insert(0, row)
    if not block:
        names, units = None, []
        skipped = len(before)
    else:
        fullest = max(block, key=lambda row: sum(bool(cell.strip()) for cell in row[1]))
        names = fullest[1]
        others = [row for row in block if row is not fullest]
        units = others[0][1] if len(others) == 1 and others[0][0] > fullest[0] else []
        skipped = len(before) - len(block)
        if units:
            warnings.append(f"Row {others[0][0]} was read as units, not as data.")
        elif others:
            rest = ", ".join(str(n) for n, _ in others)
            passed = f"row {rest} was" if len(others) == 1 else f"rows {rest} were"
            warnings.append(f"Names are from row {fullest[0]}; {passed} passed over.")
    if skipped == 1:
        warnings.append("The first row was passed over: it does not look like those below.")
    elif skipped:
        warnings.append(
            f"The first {skipped:,} rows were passed over: they do not look like those below."
        )
    if not filled[start:]:
        raise TableError("The file has a header but no rows of data below it.")
    width = max(usual, _filled_width(names)) if names else usual
    return Top(filled[start][0], names, units, width, skipped, tuple(warnings))


def _says_nothing(cells: list[str], kinds: list[str]) -> bool:
    """Whether all cells are missing where the columns have numbers or times."""
    return all(
        cell_kind(cell) == "missing"
        for cell, kind in zip(cells, kinds, strict=False)
        if kind != "text"
    )


def _filled_width(cells: list[str]) -> int:
    """Number of cells up to the last that is not empty."""
    return max((c + 1 for c, cell in enumerate(cells) if cell.strip()), default=0)


def _numbered_by_pandas(cells: list[str]) -> bool:
    """Whether names are 0, 1, ... after an empty one: pandas numbers columns without names."""
    texts = [cell.strip() for cell in cells]
    return len(texts) > 1 and texts == ["", *map(str, range(len(texts) - 1))]


def _top_as_told(filled: list[Row], is_data, header, usual, warnings) -> Top:  # type: ignore[no-untyped-def]
    if header is None:
        header = not is_data(filled[0][1])
    names = filled[0][1] if header else None
    if header and len(filled) == 1:
        raise TableError("The file has a header but no rows of data below it.")
    first = filled[1] if header else filled[0]
    return Top(first[0], names, [], usual, 0, tuple(warnings))


def _top_of_texts(filled: list[Row], usual: int, warnings: list[str]) -> Top:
    """Where nothing but text stands, a header is a first row whose cells do not come again."""
    first = filled[0][1]
    rest = filled[1:]
    again = any(
        first[c].strip() == cells[c].strip()
        for _, cells in rest
        for c in range(min(len(first), len(cells)))
        if first[c].strip()
    )
    if again or not rest:
        if not rest:
            raise TableError("The file has a header but no rows of data below it.")
        return Top(filled[0][0], None, [], usual, 0, tuple(warnings))
    return Top(rest[0][0], first, [], usual, 0, tuple(warnings))


def _fits(cells: list[str], kinds: list[str]) -> bool:
    """Whether a row could be one of those whose columns look like `kinds`, and says something."""
    found = [cell_kind(cell) for cell in cells[: len(kinds)]]
    if len(kinds) == 1 and found == ["missing"]:
        return cells[0].strip() != ""
    wrong = sum(
        kind in ("number", "time") and cell == "text"
        for kind, cell in zip(kinds, found, strict=False)
    )
    right = sum(
        kind in ("number", "time") and cell in ("number", "time")
        for kind, cell in zip(kinds, found, strict=False)
    )
    known = sum(kind in ("number", "time") for kind in kinds)
    # A row of names has text everywhere; a row of data may have one cell that is wrong.
    return right > 0 and (wrong == 0 or (wrong < right and wrong <= known // 4 + 1))


# --- all rows -------------------------------------------------------------------------------------


def _regular(text: str, separator: str, top: Top, comments: set[int]) -> Grid | None:
    """The grid as pandas reads it; None where the file is not regular.

    Regular are files without blank lines and comments, every row of which is a line.
    """
    import pandas as pd  # takes long, and only files need it

    if comments:
        return None
    body = text
    for _ in range(top.first_row - 1):
        _, _, body = body.partition("\n")
    if separator == NO_SEPARATOR:
        return _lines(body, top) if '"' not in text else None
    if "\n\n" in body.rstrip("\n"):
        return None
    count = body.rstrip("\n").count("\n") + 1
    try:
        frame = pd.read_csv(
            io.StringIO(body), sep=r"\s+" if separator == " " else separator, header=None,
            names=list(range(top.width + 2)), dtype=object, na_filter=False,
            skipinitialspace=True, skip_blank_lines=False, index_col=False, engine="c",
            low_memory=False,
        )  # fmt: skip
    except (ValueError, pd.errors.ParserError, pd.errors.EmptyDataError):
        return None
    if len(frame) != count or len(frame) == 0:
        return None
    columns = [_texts(frame[c]) for c in frame.columns]
    if any((column != "").any() for column in columns[top.width :]):
        return None
    lines = top.first_row + np.arange(len(frame), dtype=np.int64)
    no_blanks = np.zeros(len(frame), dtype=bool)
    return _grid(columns[: top.width], lines, no_blanks, separator, top)


def _lines(body: str, top: Top) -> Grid:
    """The grid of a file of one column. A blank line is a cell, or ends a sequence."""
    cells = np.array([line.strip() for line in body.rstrip().split("\n")], dtype=object)
    blank = cells == ""
    begins = np.flatnonzero(blank)
    stretches = np.diff([-1, *begins, len(cells)]) - 1
    ends = bool(len(begins)) and int(stretches.min()) > SHORTEST_STRETCH
    lines = top.first_row + np.arange(len(cells), dtype=np.int64)
    before = np.zeros(len(cells), dtype=bool)
    if ends:
        before[1:] = blank[:-1]
        cells, lines, before = cells[~blank], lines[~blank], before[~blank]
    return _grid([cells], lines, before, NO_SEPARATOR, top)


def _texts(column: pd.Series) -> NDArray[np.object_]:
    """Cells without spaces around; "" where a row ended early."""
    cells = column.to_numpy(dtype=object)
    return np.array([cell.strip() if type(cell) is str else "" for cell in cells], dtype=object)


def _careful(text: str, separator: str, top: Top) -> Grid:
    """The grid, row by row. Raises TableError naming the row that cannot be read."""
    width = top.width
    one_column = width == 1
    cells_of: list[list[str]] = []
    lines: list[int] = []
    blank_before: list[bool] = []
    blank = False
    has_row_names = top.names is not None and _filled_width(top.names) == width - 1
    given = rows(text, separator)
    if one_column:
        given = _blank_lines_as_cells(list(given), top.first_row)
    for n, cells in given:
        if n < top.first_row:
            continue
        if not cells:
            blank = True
            continue
        if COMMENT.match(cells[0]) and len(cells) != width:
            continue
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            named = (
                "the header" if top.names is not None and not has_row_names else "the first rows"
            )
            raise TableError(
                f"Row {n:,} has {len(cells):,} cells, and {named} "
                f"{'has' if named == 'the header' else 'have'} {width:,}; check the separators "
                "there, or the Separator above."
            )
        cells_of.append([cell.strip() for cell in cells[:width]] + [""] * (width - len(cells)))
        lines.append(n)
        blank_before.append(blank)
        blank = False
    if not lines:
        raise TableError("The file has a header but no rows of data below it.")
    columns = [np.array(column, dtype=object) for column in zip(*cells_of, strict=True)]
    return _grid(columns, np.array(lines), np.array(blank_before), separator, top)


def _blank_lines_as_cells(given: list[Row], first_row: int) -> Iterator[Row]:
    """In one column, a blank line is a cell without a value, unless blank lines end sequences.

    That they seem to do where each leaves a stretch of some length.
    """
    blank = [i for i, (n, cells) in enumerate(given) if not cells and n > first_row]
    first = next(i for i, (n, _) in enumerate(given) if n >= first_row)
    ends = min((b - a for a, b in pairwise([first - 1, *blank, len(given)])), default=0)
    as_cells = ends <= SHORTEST_STRETCH
    return iter([(n, cells or [""] if as_cells and n > first_row else cells) for n, cells in given])


def _grid(
    columns: list[NDArray[np.object_]],
    lines: IntArray,
    blank_before: NDArray[np.bool_],
    separator: str,
    top: Top,
) -> Grid:
    width = top.width
    if width > MAX_COLUMNS:
        raise TableError(
            f"The file has {width:,} columns; at most {MAX_COLUMNS:,} can be read. Put each "
            "observation in a row of its own."
        )
    names = [cell.strip() for cell in top.names or []]
    if len(names) == width - 1 and (columns[-1] != "").any():
        # Files written by R have no name for the first column, which holds the names of the rows.
        names = ["", *names]
    names = (names + [""] * width)[:width]
    keep = [c for c in range(width) if names[c] or (columns[c] != "").any()]
    units = (top.units + [""] * width)[:width] if top.units else []
    return Grid(
        tuple(names[c] for c in keep), tuple(columns[c] for c in keep), lines, blank_before,
        separator, top.names is not None, top.skipped,
        tuple(units[c].strip() for c in keep) if units else (), top.warnings,
    )  # fmt: skip
