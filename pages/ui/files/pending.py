"""A file that a visitor brought and has not taken into use yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pages.ui.experiment.dataset import Upload
from pages.ui.files.csv_text import UploadError, quoted
from pages.ui.files.upload import (
    NAME_LENGTH,
    CsvTable,
    Observations,
    Reading,
    read_observations,
    read_table,
)

AS_FOUND = Reading()
"""Everything is found out from the file."""


@dataclass(eq=False)
class PendingFile:
    """A file that was brought, with the visitor's choices on how to read it.

    What was read is kept until a choice changes, what could not be read as well.
    """

    file_name: str
    content: bytes
    reading: Reading = AS_FOUND
    columns: tuple[tuple[int, ...], int | None] | None = None
    family: str | None = None
    leave_out_missing: bool = False
    _held: dict[str, tuple[object, Any, str | None]] = field(default_factory=dict)

    def table(self) -> CsvTable:
        """The file taken apart. Raises UploadError."""
        return self._kept("table", self.reading, lambda: read_table(self.content, self.reading))

    def chosen_columns(self) -> tuple[tuple[int, ...], int | None]:
        """The columns with the values and the one that says which sequence. Raises UploadError."""
        table = self.table()
        return self.columns or ((table.value_column,), table.sequence_column)

    def chosen_family(self) -> str:
        """What the values are: as chosen, or as they look. Raises UploadError."""
        values, _ = self.chosen_columns()
        if len(values) > 1:
            return "points"
        return self.family or (self.table().families[values[0]] if values else "numbers")

    def observations(self) -> Observations:
        """The data. Raises UploadError."""
        values, sequence = self.chosen_columns()
        family = self.chosen_family()
        choices = (self.reading, values, sequence, self.leave_out_missing, family)
        return self._kept(
            "observations",
            choices,
            lambda: read_observations(
                self.table(), values, sequence, self.leave_out_missing, family
            ),
        )

    def upload(self) -> Upload:
        """What is taken into use. Raises UploadError."""
        values, _ = self.chosen_columns()
        read = self.observations()
        names = tuple(self.table().names[column] for column in values)
        return Upload(
            quoted(self.file_name, NAME_LENGTH), ", ".join(names), read.sequences, read.family,
            read.labels, names if read.family == "points" else (),
        )  # fmt: skip

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
