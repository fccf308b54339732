"""A file as a table, and the observations in it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hmmcore.arrays import IntArray, cut, quoted
from hmmcore.formulas import restored
from hmmcore.sequences import Sequences
from hmmcore.tables import guessing
from hmmcore.tables.decoding import MAX_FILE_BYTES, PARQUET, TableError, file_text, too_large
from hmmcore.tables.guessing import BLANK_LINES, MAX_SYMBOLS, Column, Guess
from hmmcore.tables.numbers import Shapes, file_decimal
from hmmcore.tables.reading import Cells, code_taken, numbers_in, symbols_in
from hmmcore.tables.splitting import NO_SEPARATOR, SEPARATORS, Grid, read_grid
from hmmcore.tables.times import CLOCK, dates, stamps

if TYPE_CHECKING:
    import pandas as pd

MAX_SEQUENCES = 100_000
MAX_OBSERVATIONS = 5_000_000
PREVIEW_ROWS = 8
NAME_LENGTH = 60
"""Longer names of columns are cut."""
MOST_SAME_TIMES = 0.02
"""With a larger share of rows that have another's time, times do not tell the order of rows."""

LAYOUTS = ("long", "rows", "columns", "letters")
FAMILIES = ("numbers", "counts", "symbols")


@dataclass(frozen=True, eq=False)
class TableData:
    """Observations that were read from a table.

    Attributes:
        sequences: x (T, D); a cell without a value is NaN.
        sequence_names: (N,) what the file calls them, or "1", "2", ...
        times: (T,) datetime64[ns] or numbers; None if the file has none.
        labels: (C,) of symbols, in the order of their codes; empty for other families.
        truth: (T,) known states, 0-based, -1 where none is given; None if there are none.
        truth_labels: what the file calls these states.
        family: "numbers", "counts", "symbols" or "product", see `Guess`.
        names: (D,) of the columns of values.
        rows: (T,) the row of the file, 0-based after the header, that each observation is from.
        warnings: sentences on what was assumed, or done, on the way.
        left_out: how many rows were left out because they lack a value.
        spellings: the different texts of cells without a value; "" for empty ones.
        kinds: (D,) of each column: "numbers", "counts" or "symbols".
        part_labels: (D,) of each column, as `labels`.
    """

    sequences: Sequences
    sequence_names: tuple[str, ...]
    times: NDArray[Any] | None
    labels: tuple[str, ...]
    truth: IntArray | None
    truth_labels: tuple[str, ...]
    family: str
    names: tuple[str, ...]
    rows: IntArray
    warnings: tuple[str, ...]
    left_out: int = 0
    spellings: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    part_labels: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if not self.kinds:
            object.__setattr__(self, "kinds", (self.family,) * len(self.names))
            object.__setattr__(self, "part_labels", (self.labels,) * len(self.names))


@dataclass(frozen=True, eq=False)
class Table:
    """A file whose cells are read, and what they seem to be. Made by `read_table`.

    Attributes:
        names: of the columns, each different from the others.
        guess: what the columns are, see `Guess`.
        warnings: sentences on what was found, assumed and passed over.
        separator, decimal, header, skipped_rows: how the file was read. The decimal mark is that
            of the values; None where they have none.
        units: of the columns, if the file has a row of them.
    """

    names: tuple[str, ...]
    guess: Guess
    warnings: tuple[str, ...]
    separator: str
    decimal: str | None
    header: bool
    skipped_rows: int
    units: tuple[str, ...]
    _columns: tuple[Column, ...]
    _grid: Grid
    _missing: frozenset[str]

    def __len__(self) -> int:
        return len(self._grid.lines)

    @property
    def has_blank_lines(self) -> bool:
        """Whether blank lines stand between rows."""
        return self._grid.has_blank_lines

    @cached_property
    def preview(self) -> pd.DataFrame:
        """The first rows, as text."""
        import pandas as pd

        return pd.DataFrame({c.name: c.texts[:PREVIEW_ROWS] for c in self._columns})

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All rows, as text."""
        import pandas as pd

        return pd.DataFrame({c.name: c.texts for c in self._columns})

    def column(self, column: str | int) -> Column:
        """A column by its name, or by its number from 0.

        Raises:
            TableError: when there is none.
        """
        if isinstance(column, str):
            if column in self.names:
                return self._columns[self.names.index(column)]
            some = ", ".join(f"“{name}”" for name in self.names[:10])
            raise TableError(f"The file has no column “{column}”; its columns are {some}.")
        if not 0 <= column < len(self._columns):
            raise TableError(
                f"The file has no column {column}; they are numbered from 0 to "
                f"{len(self._columns) - 1}."
            )
        return self._columns[column]

    def observations(
        self,
        values: str | int | Iterable[str | int] | None = None,
        sequence: str | int | None = None,
        time: str | int | None = None,
        label: str | int | None = None,
        layout: str | None = None,
        family: str | Iterable[str] | None = None,
        fill_gaps: bool = False,
        leave_out_missing: bool = False,
    ) -> TableData:
        """Read the observations.

        Rows are put in the order of their time within each sequence; sequences are in the order
        of their first row. What is None is as guessed; "" stands for none.

        Args:
            values: columns by name, or by number from 0.
            sequence: the column that names the sequence of each row, or `BLANK_LINES`.
            time, label: columns of times, and of known states.
            layout: see `Guess`.
            family: "numbers", "counts" or "symbols"; or one of these for each column of values.
                Several columns of numbers are points, all others a product of families.
            fill_gaps: whether a gap in regular times becomes missing observations.
            leave_out_missing: whether rows that lack a value are left out; their neighbours then
                follow each other.

        Raises:
            TableError: naming the row that cannot be read, and what would be right.
        """
        chosen = self.chosen(values, sequence, time, label, layout, family)
        if chosen.layout == "long":
            data = _long(self, chosen, fill_gaps)
        elif chosen.layout == "columns":
            data = _a_sequence_per_column(self, chosen)
        else:
            data = _a_sequence_per_row(self, chosen)
        return _without_missing(data) if leave_out_missing else data

    def chosen(
        self,
        values: str | int | Iterable[str | int] | None = None,
        sequence: str | int | None = None,
        time: str | int | None = None,
        label: str | int | None = None,
        layout: str | None = None,
        family: str | Iterable[str] | None = None,
    ) -> Guess:
        """The guess with what was chosen in place of what was guessed; see `observations`."""
        if layout is not None and layout not in LAYOUTS:
            raise TableError(f"layout is {layout!r}; it must be one of {LAYOUTS}.")
        kinds = None if family is None else (family,) if isinstance(family, str) else tuple(family)
        for kind in kinds or ():
            if kind not in FAMILIES:
                raise TableError(f"family is {quoted(kind)}; it must be one of {FAMILIES}.")
        guess = self.guess
        if layout is not None and layout != guess.layout:
            guess = self._other_layout(layout)
        if values is not None:
            given = [values] if isinstance(values, str | int) else list(values)
            names = tuple(self.column(value).name for value in given)
            if not names:
                raise TableError("No column of values is chosen; choose at least one.")
            guess = replace(
                guess, values=names,
                # A column that is a value now is nothing else any more.
                sequence=None if guess.sequence in names else guess.sequence,
                time=None if guess.time in names else guess.time,
                label=None if guess.label in names else guess.label,
            ).of_kinds(guessing.kinds_of([self.column(name) for name in names]))  # fmt: skip
        if sequence is not None and sequence != BLANK_LINES:
            guess = replace(guess, sequence=self.column(sequence).name if sequence != "" else None)
        elif sequence is not None:
            guess = replace(guess, sequence=BLANK_LINES)
        if time is not None:
            guess = replace(guess, time=self.column(time).name if time != "" else None)
        if label is not None:
            guess = replace(guess, label=self.column(label).name if label != "" else None)
        if guess.layout != "long":
            # All columns are one quantity there.
            guess = replace(guess, family=guess.kinds[0], kinds=guess.kinds[:1] * len(guess.values))
        if kinds is None:
            return guess
        if len(kinds) == 1:
            kinds *= len(guess.values)
        if len(kinds) != len(guess.values) or (guess.layout != "long" and len(set(kinds)) > 1):
            raise TableError(
                f"family names {len(kinds)} kinds for {len(guess.values)} columns of values; name "
                "one for each, or one for all."
                if guess.layout == "long"
                else "family names several kinds, and all cells of such a table are of one; name "
                "it."
            )
        if guess.layout != "long":
            return replace(guess, family=kinds[0], kinds=kinds)
        return guess.of_kinds(kinds)

    def _other_layout(self, layout: str) -> Guess:
        numeric = tuple(c.name for c in self._columns if c.is_numeric and c.name != self.guess.time)
        texts = tuple(c.name for c in self._columns if len(c.wrong))
        if layout == "long":
            return guessing.guess_long(list(self._columns), self.has_blank_lines)
        if layout == "letters":
            return Guess(texts[-1:] or self.names[-1:], None, None, None, layout, "symbols")
        names = numeric or self.names
        time = self.guess.time if layout == "columns" else None
        return Guess(names, None, time, None, layout, guessing.family(self.column(names[0])))


def read_table(
    content: bytes | str,
    separator: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    skip_rows: int | None = None,
    missing: Iterable[object] = (),
) -> Table:
    """Read a file as people have them: CSV, TSV, fixed widths, or Parquet.

    What is None is found out from the file; see `Table.warnings` for what had to be assumed.

    Args:
        content: the file, at most MAX_FILE_BYTES of it.
        separator: between cells; " " for any number of spaces.
        decimal: "." or ",".
        header: whether the first row, after those that are skipped, has the names of the columns.
        skip_rows: how many rows at the top are no part of the table.
        missing: texts or numbers that stand for a missing value, beside empty cells, NA and the
            like.

    Raises:
        TableError: one sentence on what is wrong, and what would be right.
    """
    if decimal is not None and decimal not in (".", ","):
        raise TableError(f"decimal is {quoted(decimal)}; it must be '.' or ','.")
    if separator is not None and separator not in (*SEPARATORS, NO_SEPARATOR):
        raise TableError(
            f"separator is {quoted(separator)}; it must be one of {list(SEPARATORS)}, or "
            f"{NO_SEPARATOR!r} for a single column."
        )
    if header not in (None, True, False) or type(header) is int:
        raise TableError(f"header is {quoted(header)}; it must be True, False or None.")
    if skip_rows is not None and (type(skip_rows) is not int or skip_rows < 0):
        raise TableError(f"skip_rows is {quoted(skip_rows)}; it must be a whole number from 0 on.")
    codes = frozenset(str(code).strip().lower().removesuffix(".0") for code in missing)
    if isinstance(content, bytes) and content.startswith(PARQUET):
        content, separator, header = _parquet(content), ",", True
    text = file_text(content)
    grid = read_grid(text, separator, header, skip_rows)
    names, warnings = _names(grid)
    shapes = [Shapes.of(texts) for texts in grid.columns]
    shown = decimal or file_decimal(shapes, grid.separator)
    columns = [
        guessing.column(
            name, texts, shape, shown, grid.separator, codes, bool(given) or not grid.header
        )
        for name, given, texts, shape in zip(names, grid.names, grid.columns, shapes, strict=True)
    ]
    guess = guessing.guess(columns, grid.has_blank_lines)
    by_name = {c.name: c for c in columns}
    values = [by_name[name] for name in guess.values]
    if guess.layout in ("rows", "columns"):
        values = [_joined(values)]  # which are read as one
    for c, kind in zip(values, guess.kinds, strict=False):
        warnings += _doubts(c, kind)
        if kind == "counts":
            warnings += _about_counts(c, guess)
    warnings += _about_roles(columns, guess, grid)
    first = next((c for c in columns if c.name in guess.values), columns[0])
    return Table(
        tuple(names), guess, (*grid.warnings, *warnings), grid.separator,
        first.form.decimal if first.is_numeric else shown, grid.header, grid.skipped, grid.units,
        tuple(columns), grid, codes,
    )  # fmt: skip


def _parquet(content: bytes) -> str:
    """A Parquet file as CSV, so that one reader reads all."""
    import pandas as pd

    if len(content) > MAX_FILE_BYTES:
        raise TableError(too_large(len(content)))
    try:
        frame = pd.read_parquet(io.BytesIO(content))
    except ImportError:
        raise TableError(
            "A Parquet file needs pyarrow to be read; install it, or save the data as CSV."
        ) from None
    except Exception as error:
        raise TableError(
            "The Parquet file is damaged and cannot be read; save the data anew."
        ) from error
    if frame.size > MAX_FILE_BYTES:
        raise TableError(
            f"The Parquet file has {frame.size:,} cells; at most {MAX_FILE_BYTES:,} can be read."
        )
    named = any(name is not None for name in frame.index.names)
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.DatetimeTZDtype):
            frame[name] = frame[name].dt.tz_convert("UTC").dt.tz_localize(None)
    return str(frame.to_csv(index=named))


def _names(grid: Grid) -> tuple[list[str], list[str]]:
    """Names of the columns, each its own, and sentences on those that had to be changed."""
    names: list[str] = []
    warnings = []
    for c, given in enumerate(grid.names):
        text = restored(given).replace("\n", " ")
        text = cut(text, NAME_LENGTH)
        name = text or f"column {c + 1}"
        if name in names:
            number = 2
            while f"{name} ({number})" in names:
                number += 1
            if text:
                warnings.append(
                    f"The header has “{name}” more than once; the later one is called "
                    f"“{name} ({number})”."
                )
            name = f"{name} ({number})"
        names.append(name)
    return names, warnings


def _doubts(c: Column, kind: str) -> list[str]:
    """Sentences on what could be read otherwise in a column that is read as a kind."""
    found = []
    if c.form.open_example:
        other = c.form.open_example.replace(".", "").replace(",", "")
        found.append(
            f"“{c.form.open_example}” in column “{c.name}” may also mean {other}; if it does, "
            "choose the other decimal mark."
        )
    elif c.form.thousands in (".", ","):
        example = next(text for text in c.texts if c.form.thousands in text)
        found.append(
            f"In column “{c.name}” the {'point' if c.form.thousands == '.' else 'comma'} was read "
            f"as a mark between thousands, as in “{example}”."
        )
    code = code_taken(c, kind)
    if code is not None:
        times_found = int((c.values == code).sum())
        rows = f"{times_found:,} row{'' if times_found == 1 else 's'}"
        # Among numbers, one that is far from all others is no value either.
        otherwise = code_taken(c, "numbers") is None
        found.append(
            f"Column “{c.name}” has {code:g} in {rows}; "
            + (
                "among counts and symbols it is taken for a missing value. If it is a value, "
                "choose Numbers."
                if otherwise
                else "it was taken for a missing value."
            )
        )
    high = guessing.perhaps_nothing(c)
    if high is not None:
        times_found = int((c.values == high).sum())
        found.append(
            f"Column “{c.name}” has {high:g} in {times_found:,} "
            f"row{'' if times_found == 1 else 's'}, far above all other values; it was taken for "
            "a value. If it says that one is missing, enter it under Missing codes."
        )
    return found


def _about_counts(c: Column, guess: Guess) -> list[str]:
    """A sentence on whole numbers that are guessed to be counts, and may be something else."""
    low, high = float(c.known.min()), float(c.known.max())
    range_of = f"whole numbers from {low:g} to {high:g}, guessed to be counts"
    other = guessing.perhaps_no_counts(c)
    if "numbers" in guess.kinds and high <= guessing.LIKELY_SYMBOLS:
        other = "symbols"
    if not other:
        return []
    otherwise = (
        "If they are codes of a few kinds, choose Symbols."
        if other == "symbols"
        else "If they were measured, not counted, choose Numbers."
    )
    return [f"Column “{c.name}” has {range_of}. {otherwise}"]


def _about_roles(columns: list[Column], guess: Guess, grid: Grid) -> list[str]:
    found = []
    if guess.layout == "rows":
        found.append("Each row was read as a sequence; its columns are the steps.")
    if guess.layout == "columns":
        found.append("Each column was read as a sequence, up to its last value.")
    if guess.layout == "letters":
        found.append("Each row was read as a sequence; its letters are the steps.")
    if guess.sequence == BLANK_LINES:
        found.append("Blank lines were read as the ends of sequences.")
    by_name = {c.name: c for c in columns}
    is_long = guess.layout == "long"
    if (
        is_long
        and guess.sequence in by_name
        and by_name[guess.sequence].distinct == len(grid.lines) > 1
    ):
        found.append(
            f"Every row has another “{guess.sequence}”, so each is a sequence of one observation: "
            "there is no transition to learn. If they belong together, choose One sequence."
        )
    rest = [c for c in columns if c.name not in (guess.sequence, guess.time, guess.label)]
    told = guessing.names_of_rows(rest, by_name.get(guess.sequence or "")) if is_long else {}
    if is_long:
        found += _about_names(guess, by_name, told)
    if guess.layout == "long" and len(guess.values) == 1 and guess.family == "counts":
        others = [
            c.name for c in rest
            if c.name != guess.values[0] and c.name not in told
            and c.is_numeric and guessing.family(c) == "counts" and not c.is_constant
            and not guessing.INDEX_NAMES.match(c.name) and not c.counts_up
        ]  # fmt: skip
        if others:
            listed = ", ".join(f"“{name}”" for name in [guess.values[0], *others][:8])
            found.append(
                f"The columns {listed} hold counts; choose several under Values to take them "
                "together."
            )
    if is_long and guess.family == "product":
        found.append(
            f"{_in_words(guess)}; they were taken together, each by a distribution of its own."
        )
    return found


def _about_names(guess: Guess, by_name: dict[str, Column], told: dict[str, str]) -> list[str]:
    """Sentences on columns that seem to name rows or sequences, see `guessing.names_of_rows`."""
    found = []
    for why, one, several in (
        ("fixed", "never changes within a sequence, so it was not taken as a value.",
         "never change within a sequence, so they were not taken as values."),
        ("blocks", "stands in blocks of equal cells, so it was not taken as a value; if it says "
         "which sequence a row belongs to, choose it under Sequence.",
         "stand in blocks of equal cells, so they were not taken as values; if one says which "
         "sequence a row belongs to, choose it under Sequence."),
    ):  # fmt: skip
        names = [f"“{name}”" for name, w in told.items() if w == why and name not in guess.values]
        if names:
            listed = ", ".join(names[:8]) + (" and others" if len(names) > 8 else "")
            found.append(f"{listed} {one if len(names) == 1 else several}")
    group = by_name.get(guess.sequence or "")
    if group is not None and group.counts_up_again:
        found.append(
            f"“{group.name}” counts up and begins again, and each of its numbers was taken for a "
            "sequence whose rows are apart; if it numbers the steps of sequences, choose another "
            "column, or One sequence."
        )
    return found


def _in_words(guess: Guess) -> str:
    """What each column of values holds, as the beginning of a sentence."""
    by_kind: dict[str, list[str]] = {}
    for name, kind in zip(guess.values, guess.kinds, strict=True):
        by_kind.setdefault(kind, []).append(f"“{name}”")
    told = [
        f"{', '.join(names)} hold{'s' if len(names) == 1 else ''} {kind}"
        for kind, names in by_kind.items()
    ]
    first = next(iter(by_kind.values()))
    return f"Column{'s' if len(first) > 1 else ''} " + ", ".join(told)


# --- observations ---------------------------------------------------------------------------------


def _long(table: Table, chosen: Guess, fill_gaps: bool) -> TableData:
    """An observation per row."""
    warnings: list[str] = []
    columns = [table.column(name) for name in chosen.values]
    lines = table._grid.lines
    read = [
        _cells(table, column, lines, kind)
        for column, kind in zip(columns, chosen.kinds, strict=True)
    ]
    spellings = {text for cells in read for text in cells.spellings}
    for column, kind in zip(columns, chosen.kinds, strict=True):
        warnings += [s for s in _doubts(column, kind) if s not in table.warnings]
    groups, names = _groups(table, chosen.sequence)
    when = _times_of(table, chosen, warnings)
    order = np.argsort(groups, kind="stable")
    if when is not None:
        order = _by_time(table, chosen, groups, when, order, warnings)
    lengths = np.bincount(groups, minlength=len(names))
    observations, rows_of = np.hstack([cells.values for cells in read])[order], order
    moments: NDArray[Any] | None = None
    truth, truth_labels = _truth(table, chosen.label)
    if truth is not None:
        truth = truth[order]
    if when is not None:
        moments = when[order]
        if fill_gaps:
            observations, rows_of, moments, lengths, truth = _with_gaps(
                observations, rows_of, moments, lengths, truth, warnings
            )
    return TableData(
        Sequences(observations, lengths), names, moments,
        read[0].labels if len(read) == 1 else (), truth, truth_labels,
        chosen.family, chosen.values, rows_of, tuple(warnings),
        spellings=tuple(sorted(spellings)), kinds=chosen.kinds,
        part_labels=tuple(cells.labels for cells in read),
    )  # fmt: skip


def _groups(table: Table, sequence: str | None) -> tuple[IntArray, tuple[str, ...]]:
    """The number of each row's sequence, and names of the sequences."""
    count = len(table._grid.lines)
    if sequence is None:
        return np.zeros(count, dtype=np.int64), ("1",)
    if sequence == BLANK_LINES:
        begins = table._grid.blank_before.copy()
        begins[0] = False
        groups: IntArray = np.cumsum(begins).astype(np.int64)
        names = tuple(str(n + 1) for n in range(int(groups[-1]) + 1))
    else:
        texts = table.column(sequence).texts
        empty = np.flatnonzero(texts == "")
        if len(empty):
            raise TableError(
                f"Row {table._grid.lines[empty[0]]:,} has nothing in column “{sequence}”; every "
                "row must say which sequence it belongs to."
            )
        groups = table.column(sequence).shapes.cells
        names = tuple(restored(str(text)) for text in table.column(sequence).shapes.texts)
    if len(names) > MAX_SEQUENCES:
        raise TableError(
            f"Column “{sequence}” has {len(names):,} different values; at most {MAX_SEQUENCES:,} "
            "sequences can be read, so choose another column or none."
        )
    return groups, names


def _times_of(table: Table, chosen: Guess, warnings: list[str]) -> NDArray[Any] | None:
    if chosen.time is None:
        return None
    column = table.column(chosen.time)
    shapes = column.shapes
    clock = _clock_beside(table, chosen.time)
    if clock is not None and column.unit == "date":
        joined = [f"{day} {hour}" for day, hour in zip(column.texts, clock.texts, strict=True)]
        shapes = Shapes.of(np.array([text.strip() for text in joined], dtype=object))
    if (found := dates(shapes)) is not None:
        if found.says:
            warnings.append(found.says)
        return found.values
    if len(column.wrong):
        row = int(np.flatnonzero(column.is_wrong)[0])
        text = cut(str(column.texts[row]), NAME_LENGTH)
        raise TableError(
            f"Row {table._grid.lines[row]:,} has “{text}” in column “{chosen.time}”, which is no "
            "time; correct it, or choose no time."
        )
    return stamps(column.values)


def _clock_beside(table: Table, time: str) -> Column | None:
    """A column of times of day, where the column of times has days alone."""
    days = table.column(time)
    if any(":" in text for text in days.texts[:50]):
        return None
    return next((c for c in table._columns if c.unit == "clock" and CLOCK.match(c.texts[0])), None)


def _by_time(
    table: Table,
    chosen: Guess,
    groups: IntArray,
    when: NDArray[Any],
    in_file: IntArray,
    warnings: list[str],
) -> IntArray:
    """Rows in the order of their times within each sequence, if times tell an order.

    Where many rows of a sequence have the same time, they do not: several sequences may be mixed.
    """
    unknown = np.flatnonzero(when != when)  # NaN, or no time
    if len(unknown):
        raise TableError(
            f"Row {table._grid.lines[unknown[0]]:,} has no time in column “{chosen.time}”; every "
            "row needs one, or choose no time."
        )
    same_sequence = groups[in_file][1:] == groups[in_file][:-1]
    falls = (when[in_file][1:] < when[in_file][:-1]) & same_sequence
    order = np.lexsort([np.arange(len(when)), when, groups])
    twice = (when[order][1:] == when[order][:-1]) & (groups[order][1:] == groups[order][:-1])
    if twice.any():
        count = int(twice.sum())
        warnings.append(
            f"{count:,} row{' has' if count == 1 else 's have'} the time of another row of the "
            "same sequence; if the file holds several sequences, choose the column that names them."
        )
    if not falls.any():
        return order
    if twice.sum() > MOST_SAME_TIMES * len(when):
        warnings.append("Rows were left in the order of the file.")
        return in_file
    latest_first = bool(falls[same_sequence].all())
    warnings.append(
        "The file begins with the latest rows; they were put in the order of their times."
        if latest_first
        else "Rows were put in the order of their times within each sequence."
    )
    return order


def _with_gaps(
    observations: NDArray[np.float64],
    rows: IntArray,
    moments: NDArray[Any],
    lengths: IntArray,
    truth: IntArray | None,
    warnings: list[str],
) -> tuple[NDArray[np.float64], IntArray, NDArray[Any], IntArray, IntArray | None]:
    """Put missing observations where regular times leave some out; their row is -1."""
    ticks = moments.astype(np.int64) if moments.dtype.kind == "M" else moments
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    steps = np.diff(ticks)
    inside = np.ones(len(steps), dtype=bool)
    inside[starts[1:] - 1] = False
    positive = steps[inside & (steps > 0)]
    if not len(positive):
        return observations, rows, moments, lengths, truth
    step = float(np.median(positive))
    extra = np.zeros(len(ticks), dtype=np.int64)
    ratio = np.where(inside, steps / step, 1.0)
    regular = np.abs(ratio - np.round(ratio)) < 0.01
    if not regular[inside].all():
        warnings.append("Times are not regular, so gaps in them were left as they are.")
        return observations, rows, moments, lengths, truth
    extra[:-1] = np.maximum(np.round(ratio).astype(np.int64) - 1, 0)
    total = int(extra.sum())
    if len(ticks) + total > MAX_OBSERVATIONS:
        raise TableError(
            f"The gaps in the times would make {total:,} missing observations; at most "
            f"{MAX_OBSERVATIONS:,} observations can be read, so leave the gaps as they are."
        )
    if not total:
        return observations, rows, moments, lengths, truth
    places = np.repeat(np.arange(len(ticks)), extra + 1)
    within = np.arange(len(places)) - np.concatenate([[0], np.cumsum(extra + 1)[:-1]])[places]
    filled = observations[places].copy()
    filled[within > 0] = np.nan
    moved = ticks[places] + within * step
    new_moments = (
        moved.astype(np.int64).view("datetime64[ns]") if moments.dtype.kind == "M" else moved
    )
    new_rows = np.where(within > 0, -1, rows[places])
    new_truth = None if truth is None else np.where(within > 0, -1, truth[places])
    numbers = np.repeat(np.arange(len(lengths)), lengths)[places]
    gaps = int((extra > 0).sum())
    warnings.append(
        f"{gaps:,} gap{'' if gaps == 1 else 's'} in the times became {total:,} missing "
        f"observation{'' if total == 1 else 's'}."
    )
    return filled, new_rows, new_moments, np.bincount(numbers), new_truth


def _truth(table: Table, label: str | None) -> tuple[IntArray | None, tuple[str, ...]]:
    """Known states (T,), -1 where none is given, and what they are called."""
    if label is None:
        return None, ()
    column = table.column(label)
    if column.distinct > MAX_SYMBOLS:
        raise TableError(
            f"Column “{label}” has {column.distinct:,} different states; at most {MAX_SYMBOLS} can "
            "be told apart, so choose another column of known states, or none."
        )
    read = symbols_in(column, table._grid.lines, table._missing)
    codes = read.values[:, 0]
    return np.where(np.isnan(codes), -1, codes).astype(np.int64), read.labels


def _a_sequence_per_column(table: Table, chosen: Guess) -> TableData:
    columns = [table.column(name) for name in chosen.values]
    parts, rows, lengths = [], [], []
    warnings: list[str] = []
    joined = _joined(columns)
    lines = np.tile(table._grid.lines, len(columns))
    cells = _cells(table, joined, lines, chosen.family)
    by_column = cells.values.reshape(len(columns), -1)
    when = _times_of(table, chosen, warnings)
    for number, column in enumerate(columns):
        known = np.flatnonzero(~np.isnan(by_column[number]))
        if not len(known):
            raise TableError(f"Column “{column.name}” has no values at all; leave it out.")
        length = int(known[-1]) + 1
        parts.append(by_column[number, :length])
        rows.append(np.arange(length))
        lengths.append(length)
    moments = None if when is None else np.concatenate([when[:length] for length in lengths])
    return TableData(
        Sequences(np.concatenate(parts), lengths), tuple(chosen.values), moments, cells.labels,
        None, (), chosen.family, ("value",), np.concatenate(rows), tuple(warnings),
        spellings=cells.spellings,
    )  # fmt: skip


def _a_sequence_per_row(table: Table, chosen: Guess) -> TableData:
    """A sequence per row: a step per column, or a step per letter."""
    count = len(table._grid.lines)
    if count > MAX_SEQUENCES:
        raise TableError(
            f"The file has {count:,} rows, and each is a sequence; at most {MAX_SEQUENCES:,} can "
            "be read."
        )
    if chosen.layout == "letters":
        texts = table.column(chosen.values[0]).texts
        lengths = np.array([len(text) for text in texts])
        if not lengths.all():
            row = int(np.flatnonzero(lengths == 0)[0])
            raise TableError(
                f"Row {table._grid.lines[row]:,} has no letters in column “{chosen.values[0]}”; "
                "take the row out."
            )
        letters = np.array([letter for text in texts for letter in text], dtype=object)
        rows = np.repeat(np.arange(count), lengths)
        shapes = Shapes.of(letters)
        none = np.full(len(letters), np.nan)
        columns = [
            replace(table.column(chosen.values[0]), texts=letters, shapes=shapes, values=none)
        ]
        family = "symbols"
        cells = symbols_in(columns[0], table._grid.lines[rows], frozenset())
        kept = np.ones(len(letters), dtype=bool)
    else:
        columns = [table.column(name) for name in chosen.values]
        width = len(columns)
        by_row = _joined(columns, by_row=True)
        rows = np.repeat(np.arange(count), width)
        family = chosen.family
        cells = _cells(table, by_row, table._grid.lines[rows], family)
        observed = ~np.isnan(cells.values[:, 0]).reshape(count, width)
        lengths = width - np.argmax(observed[:, ::-1], axis=1)
        if not observed.any(axis=1).all():
            row = int(np.flatnonzero(~observed.any(axis=1))[0])
            raise TableError(f"Row {table._grid.lines[row]:,} has no values; take it out.")
        kept = (np.arange(width) < lengths[:, np.newaxis]).ravel()
    names = _row_names(table, chosen.sequence, count)
    return TableData(
        Sequences(cells.values[kept], lengths), names, None, cells.labels, None, (), family,
        ("value",), rows[kept], (), spellings=cells.spellings,
    )  # fmt: skip


def _without_missing(data: TableData) -> TableData:
    """The same without the observations that lack a value, and without sequences left empty."""
    observations = data.sequences.observations
    kept = ~np.isnan(observations).any(axis=1)
    if not kept.any():
        names = " and ".join(f"“{cut(name, NAME_LENGTH)}”" for name in data.names)
        raise TableError(
            f"No row has a value in all of the columns {names}; keep the rows that lack one, or "
            "choose other columns."
        )
    numbers = np.repeat(np.arange(len(data.sequences)), data.sequences.lengths)[kept]
    lengths = np.bincount(numbers, minlength=len(data.sequences))
    filled = lengths > 0
    return replace(
        data,
        sequences=Sequences(observations[kept], lengths[filled]),
        sequence_names=tuple(
            name for name, stays in zip(data.sequence_names, filled, strict=True) if stays
        ),
        times=None if data.times is None else data.times[kept],
        truth=None if data.truth is None else data.truth[kept],
        rows=data.rows[kept],
        left_out=int((~kept).sum()),
    )


def _row_names(table: Table, sequence: str | None, count: int) -> tuple[str, ...]:
    if sequence is None or sequence == BLANK_LINES:
        return tuple(str(n + 1) for n in range(count))
    return tuple(restored(str(text)) for text in table.column(sequence).texts)


def _joined(columns: Sequence[Column], by_row: bool = False) -> Column:
    """Several columns as one, column after column or row after row."""
    texts = np.array([c.texts for c in columns], dtype=object)
    values = np.array([c.values for c in columns])
    if by_row:
        texts, values = texts.T, values.T
    return replace(
        columns[0], name=f"{columns[0].name} to {columns[-1].name}", texts=texts.ravel(),
        shapes=Shapes.of(texts.ravel()), values=values.ravel(),
        wrong=np.concatenate([c.wrong for c in columns]),
    )  # fmt: skip


def _cells(table: Table, column: Column, lines: IntArray, family: str) -> Cells:
    """The cells of a column as a family takes them."""
    if family == "symbols":
        return symbols_in(column, lines, table._missing)
    return numbers_in(column, lines, family, table._missing)
