"""Coordinates of a model as texts of the settings: means.2, transition_matrix.1.2, and so on.

Of a product one is like parts.1.rates.2. States, parts, dimensions and symbols in such a text are
counted from 1, those of a `Coordinate` from 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from hmmcore.coordinates import Coordinate
from pages.ui.text import shortened

AUTO = "auto"
"""Stands for the coordinates that training moves most."""
MODELS = "models"
"""Stands for a plane through three models."""
SEPARATOR = "~"

NUM_INDICES: Mapping[str, tuple[int, ...]] = {
    "means": (1, 2),
    "standard_deviations": (1, 2),
    "rates": (1,),
    "probs": (2,),
    "initial_probs": (1,),
    "transition_matrix": (2,),
}
"""Parameter to how many indices may follow it; means of one dimension need only the state."""

FORM = re.compile(
    r"(?:(parts)\.[1-9][0-9]{0,2}\.)?([a-z_]{1,24})((?:\.[1-9][0-9]{0,2}){1,2})", re.ASCII
)


def written(coordinates: Iterable[Coordinate]) -> str:
    """The text of coordinates, counted from 1."""
    return SEPARATOR.join(
        ".".join(one if isinstance(one, str) else str(int(one) + 1) for one in coordinate)
        for coordinate in coordinates
    )


def coordinates_of(text: str) -> tuple[Coordinate, ...]:
    """The coordinates of a legal text, counted from 0; () for an empty one."""
    found = []
    for part in text.split(SEPARATOR) if text else ():
        found.append(tuple(int(one) - 1 if one.isdecimal() else one for one in part.split(".")))
    return tuple(found)


def coordinates_problem(text: str, most: int) -> str | None:
    """Why a text does not name at most so many coordinates, in a clause; None if it does."""
    parts = text[:1000].split(SEPARATOR)
    for part in parts:
        form = FORM.fullmatch(part)
        if form is None or form[3].count(".") not in NUM_INDICES.get(form[2], ()):
            return f"“{shortened(part)}” names no number of a model"
    if len(set(parts)) < len(parts):
        return f"“{shortened(text)}” names a number twice"
    if len(parts) > most:
        return f"“{shortened(text)}” names more than {most} of a model's numbers"
    return None
