"""A file that a visitor has chosen but not taken into use yet."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hmmcore.tables import BLANK_LINES, Guess, Table, TableData, TableError, read_table
from pages.ui.experiment.dataset import Source, Upload
from pages.ui.settings.config import MAX_CELLS
from pages.ui.settings.families import MAX_DIMENSIONS
from pages.ui.text import count, shortened

NAME_LENGTH = 60
"""Longer names of files and columns are cut."""
MAX_VALUES = MAX_CELLS
"""Bound on observations times dimensions, missing ones included."""

UNREADABLE = (
    "The file could not be read, and why was noted on the server; save the data as a plain CSV "
    "file, one observation per row."
)


@dataclass(frozen=True)
class Reading:
    """How a file is written; what is None is found out. See `hmmcore.tables.read_table`."""

    separator: str | None = None
    decimal: str | None = None
    header: bool | None = None
    skip_rows: int | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roles:
    """What the columns are, by name; None stands for as guessed, "" for none."""

    values: tuple[str, ...] | None = None
    sequence: str | None = None
    time: str | None = None
    label: str | None = None
    layout: str | None = None
    family: str | tuple[str, ...] | None = None


@dataclass(eq=False)
class PendingFile:
    """A file, with the visitor's choices of how to read it.

    Results, and errors too, are cached until a choice changes.

    Attributes:
        leave_out_missing: whether rows that lack a value are left out.
        fill_gaps: whether gaps in regular times become missing observations.
    """

    file_name: str
    content: bytes
    reading: Reading = Reading()
    roles: Roles = Roles()
    leave_out_missing: bool = False
    fill_gaps: bool = False
    _cache: dict[str, tuple[object, Any, str | None]] = field(default_factory=dict)

    def table(self) -> Table:
        """The parsed file. Raises TableError."""
        reading = self.reading
        return self._cached(
            "table",
            reading,
            lambda: read_table(
                self.content, reading.separator, reading.decimal, reading.header,
                reading.skip_rows, reading.missing,
            ),
        )  # fmt: skip

    def chosen(self) -> Guess:
        """What the columns are: as chosen, or else as guessed. Raises TableError."""
        return self._cached(
            "chosen", (self.reading, self.roles), lambda: self.table().chosen(**vars(self.roles))
        )

    def observations(self) -> TableData:
        """The observations. Raises TableError."""
        choices = (self.reading, self.roles, self.leave_out_missing, self.fill_gaps)
        return self._cached("observations", choices, self._read)

    def upload(self) -> Upload:
        """The data to take into use. Raises TableError."""
        read, chosen = self.observations(), self.chosen()
        is_long = chosen.layout == "long"
        names = read.names if is_long else (_together(chosen.values),)
        several = read.sequences.num_dimensions > 1
        product = read.family == "product"
        # In the other layouts every row or column is a sequence, whatever names it.
        named = chosen.sequence not in (None, "", BLANK_LINES) or chosen.layout == "columns"
        return Upload(
            shortened(self.file_name, NAME_LENGTH),
            ", ".join(names),
            read.sequences,
            "points" if several and not product else read.family,
            read.labels,
            names if several else (),
            tuple(shortened(name, NAME_LENGTH) for name in read.sequence_names) if named else (),
            read.times,
            chosen.time or "",
            read.truth,
            tuple(shortened(name, NAME_LENGTH) for name in read.truth_labels),
            # Only there does a row of the file hold one observation.
            Source(self.content, vars(self.reading), read.rows) if is_long else None,
            read.kinds if product else (),
            read.part_labels if product else (),
        )

    def _read(self) -> TableData:
        read = self.table().observations(
            **vars(self.roles), fill_gaps=self.fill_gaps, leave_out_missing=self.leave_out_missing
        )
        sequences = read.sequences
        if sequences.num_dimensions > MAX_DIMENSIONS:
            raise TableError(
                f"{sequences.num_dimensions} columns are chosen; at most {MAX_DIMENSIONS} can be "
                "taken together."
            )
        if sequences.observations.size > MAX_VALUES:
            raise TableError(
                f"The file has {count(sequences.num_observations)} observations of "
                f"{sequences.num_dimensions} values; at most {count(MAX_VALUES)} values can be "
                "used, so shorten it, or choose fewer columns."
            )
        return read

    def _cached(self, name: str, choices: object, read: Callable[[], Any]) -> Any:
        entry = self._cache.get(name)
        if entry is None or entry[0] != choices:
            try:
                entry = (choices, read(), None)
            except TableError as error:
                entry = (choices, None, str(error))
            except Exception:
                # Whatever it was, the page has to go on: it would fail again at every run.
                logging.getLogger(__name__).exception("A file could not be read.")
                entry = (choices, None, UNREADABLE)
            self._cache[name] = entry
        _, result, problem = entry
        if problem is not None:
            raise TableError(problem)
        return result


def _together(names: tuple[str, ...]) -> str:
    """One name for columns that are read as one."""
    joined = names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
    return shortened(joined, NAME_LENGTH)
