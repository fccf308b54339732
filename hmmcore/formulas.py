"""Keep spreadsheet programs from taking a visitor's text in a CSV file for a formula.

They do so where a cell begins with a sign such as “=”, and a formula can open files and addresses.
An apostrophe before it makes them take the cell as text. Which text gets one is defined so that
`restored` gives back exactly what `defused` was given.
"""

from __future__ import annotations

import re

BEGINNING = re.compile(r"[=+\-@＝＋－＠\x00-\x1f\x7f]")
"""What a formula may begin with, wide forms and characters that are skipped among it."""
DEFUSED = re.compile(rf"'+{BEGINNING.pattern}")
NUMBER = re.compile(r"[+-](\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""A number is no formula, and stays a number for other programs."""


def defused(text: str) -> str:
    """The text as a CSV file holds it: with an apostrophe more if it could be a formula."""
    # In a cell that is not quoted, a carriage return would begin a row, and so a cell. A line feed
    # is always quoted.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    could_be = BEGINNING.match(text) and not NUMBER.fullmatch(text)
    return f"'{text}" if could_be or DEFUSED.match(text) else text


def restored(cell: str) -> str:
    """The text of a cell that `defused` wrote."""
    return cell[1:] if DEFUSED.match(cell) else cell
