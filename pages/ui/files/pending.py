"""A file that a visitor has chosen but not taken into use yet."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pages.ui.experiment.dataset import Upload
from pages.ui.files.csv_text import UploadError
from pages.ui.files.upload import (
    NAME_LENGTH,
    CsvTable,
    Observations,
    Reading,
    read_observations,
    read_table,
)
from pages.ui.text import shortened

AS_FOUND = Reading()
"""The default: everything is detected from the file."""

UNREADABLE = (
    "The file could not be read, and why was noted on the server; save the data as a plain CSV "
    "file, one observation per row."
)


@dataclass(eq=False)
class PendingFile:
    """A file, with the visitor's choices of how to read it.

    Results, and errors too, are cached until a choice changes.

    Attributes:
        columns: the chosen value columns and sequence column, as indices; None if not chosen.
        family: the chosen family; None if not chosen.
        leave_out_missing: whether rows that lack a value are dropped.
    """

    file_name: str
    content: bytes
    reading: Reading = AS_FOUND
    columns: tuple[tuple[int, ...], int | None] | None = None
    family: str | None = None
    leave_out_missing: bool = False
    _cache: dict[str, tuple[object, Any, str | None]] = field(default_factory=dict)

    def table(self) -> CsvTable:
        """The parsed file. Raises UploadError."""
        return self._cached("table", self.reading, lambda: read_table(self.content, self.reading))

    def chosen_columns(self) -> tuple[tuple[int, ...], int | None]:
        """The value columns and the sequence column, as indices. Raises UploadError."""
        table = self.table()
        return self.columns or ((table.value_column,), table.sequence_column)

    def chosen_family(self) -> str:
        """The family of the values: the chosen one, or else the likely one. Raises UploadError."""
        values, _ = self.chosen_columns()
        if len(values) > 1:
            return "points"
        return self.family or (self.table().families[values[0]] if values else "numbers")

    def observations(self) -> Observations:
        """The observations. Raises UploadError."""
        values, sequence = self.chosen_columns()
        family = self.chosen_family()
        choices = (self.reading, values, sequence, self.leave_out_missing, family)
        return self._cached(
            "observations",
            choices,
            lambda: read_observations(
                self.table(), values, sequence, self.leave_out_missing, family
            ),
        )

    def upload(self) -> Upload:
        """The data to take into use. Raises UploadError."""
        values, _ = self.chosen_columns()
        read = self.observations()
        names = tuple(self.table().names[column] for column in values)
        return Upload(
            shortened(self.file_name, NAME_LENGTH), ", ".join(names), read.sequences, read.family,
            read.labels, names if read.family == "points" else (),
        )  # fmt: skip

    def _cached(self, name: str, choices: object, read: Callable[[], Any]) -> Any:
        entry = self._cache.get(name)
        if entry is None or entry[0] != choices:
            try:
                entry = (choices, read(), None)
            except UploadError as error:
                entry = (choices, None, str(error))
            except Exception:
                # Whatever it was, the page has to go on: it would fail again at every run.
                logging.getLogger(__name__).exception("A file could not be read.")
                entry = (choices, None, UNREADABLE)
            self._cache[name] = entry
        _, result, problem = entry
        if problem is not None:
            raise UploadError(problem)
        return result
