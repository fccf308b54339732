"""Write a Config as URL parameters and read it back. No text in a URL makes reading raise."""

from __future__ import annotations

import base64
import binascii
import math
import re
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from pages.ui.settings.config import (
    FIELDS,
    MAX_HAND_ROWS,
    MAX_STATES,
    MAX_SYMBOLS,
    NOTEBOOK,
    Config,
)
from pages.ui.settings.config_rules import legal
from pages.ui.settings.coordinates import coordinates_problem
from pages.ui.settings.field import Field
from pages.ui.settings.lesson import packed, unpacked
from pages.ui.settings.names import SEPARATOR, names_of
from pages.ui.settings.table_rules import (
    ANY,
    PARTS,
    STATES,
    SYMBOLS,
    Table,
    as_table,
    table_problem,
)
from pages.ui.text import shortened


def to_query(config: Config) -> dict[str, str]:
    """The whole Config as URL parameters, without tables that nobody edited.

    A lesson that is too long for a link is left out.
    """
    return {
        field.url: _written(field, getattr(config, field.name))
        for field in FIELDS
        if getattr(config, field.name) is not None
        and not (field.omit_default and getattr(config, field.name) == field.default)
        and not (field.lesson and not getattr(config, field.name).fits_link)
    }


def from_query(query: Mapping[str, str]) -> tuple[Config, tuple[str, ...]]:
    """Read a Config from URL parameters, whatever they contain.

    Returns:
        The Config, and one sentence for each value that was not legal. It names the value used
        instead: the nearest legal one if there is one, else the default.
    """
    # A link that says only "the notebook's data" implies their sizes too.
    values: dict[str, Any] = dict(NOTEBOOK) if query.get("data") == "notebook" else {}
    notes: list[str] = []
    for field in FIELDS:
        if field.url in query:
            values[field.name], note = _read(field, query[field.url])
            notes += [note] if note else []
    config, more = legal(Config(**values))
    return config, (*notes, *more)


def _written(field: Field, value: Any) -> str:
    if field.lesson:
        return packed(value)
    if field.table is not None:
        numbers = np.array(value, dtype="<f8").tobytes()
        text = base64.urlsafe_b64encode(zlib.compress(numbers, 9)).decode().rstrip("=")
        return f"{len(value)}.{text}" if _says_rows(field) else text
    if field.multiple:
        return ".".join(value)
    if field.names:
        return SEPARATOR.join(value)
    return str(value)


def _read(field: Field, text: str) -> tuple[Any, str | None]:
    """The value that `text` encodes, and a sentence if another value had to be used."""
    shown = shortened(text)
    if field.table is not None or field.lesson:
        found = unpacked(text) if field.lesson else _unpacked(field, text)
        if found is None:
            return None, f"{field.label} in the link could not be read and was left out."
        return found, None
    if field.pattern:
        if not text or re.fullmatch(field.pattern, text, re.ASCII):
            return text, None
        return field.default, f"{field.label}: “{shown}” in the link is none; left out."
    if field.names:
        given, problem = names_of(text, field.names)
        return given, problem and f"{field.label} in the link were left out: {problem}"
    if field.coordinates:
        refused = None if text in field.words else coordinates_problem(text, field.coordinates)
        if refused is None:
            return text, None
        return field.default, (f"{field.label}: {refused}; the link's choice was left out.")
    if field.choices is not None:
        if field.multiple:
            names = tuple(name for name in field.choices if name in text.split("."))
            unknown = set(filter(None, text.split("."))) - set(field.choices)
            if not unknown:
                return names, None
            taken = names or field.default
            labels = ", ".join(field.choices[name] for name in taken)
            return taken, (
                f"{field.label}: “{shown}” in the link has names that are not known; took {labels}."
            )
        if text in field.choices:
            return text, None
        return field.default, (
            f"{field.label}: “{shown}” in the link is not known; took "
            f"“{field.choices[field.default]}”."
        )
    return _number(field, text, shown)


def _number(field: Field, text: str, shown: str) -> tuple[Any, str | None]:
    minimum, maximum = field.bounds
    whole = isinstance(field.default, int)
    try:
        given = float(text)
    except ValueError:
        given = math.nan
    if math.isnan(given):
        return field.default, (
            f"{field.label}: “{shown}” in the link is not a number; took {field.default:g}."
        )
    nearest = field.nearest(given)
    value = round(nearest) if whole else nearest
    if value == given:
        return value, None
    return value, (
        f"{field.label}: {shown} in the link is not "
        f"{'a whole number ' if nearest == given else ''}between "
        f"{minimum:g} and {maximum:g}; took {value:g}."
    )


def _says_rows(field: Field) -> bool:
    """Whether the text of a table begins with the number of its rows.

    A table of states × states is square, and most others have a fixed number of rows.
    """
    assert field.table is not None
    return any(size in field.table for size in (SYMBOLS, ANY, PARTS))


def _unpacked(field: Field, text: str) -> Table | None:
    """The table that `_written` packed into `text`; None if the text is not a legal table."""
    assert field.table is not None
    rows, columns = field.table
    max_rows = MAX_HAND_ROWS if rows == ANY else MAX_STATES
    max_bytes = max_rows * max(MAX_STATES, MAX_SYMBOLS) * 8
    if _says_rows(field):
        number, _, text = text.partition(".")
        if not (number.isascii() and number.isdigit() and 1 <= int(number[:4]) <= max_rows):
            return None
        rows = int(number[:4])
    try:
        content = base64.urlsafe_b64decode(text[: 2 * max_bytes] + "=" * (-len(text) % 4))
        # Bounded, because a few bytes can decompress into gigabytes.
        raw = zlib.decompressobj().decompress(content, max_bytes + 1)
        values = np.frombuffer(raw, dtype="<f8")
    except (ValueError, binascii.Error, zlib.error):
        return None
    rows = rows or math.isqrt(len(values))
    if not rows or len(values) % rows:
        return None
    width = len(values) // rows
    max_width = MAX_SYMBOLS if columns == SYMBOLS else MAX_STATES
    if not 1 <= width <= max_width or (field.table == (STATES, STATES) and width != rows):
        return None
    table = values.reshape(rows, width)
    return as_table(table) if table_problem(field, table) is None else None
