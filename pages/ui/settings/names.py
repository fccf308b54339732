"""Names that a visitor gives to states and symbols: how they are written, and which are refused."""

from __future__ import annotations

import re

from pages.ui.text import many, shortened

MAX_LETTERS = 24
"""The longest name; an axis and a legend have no room for more."""
SEPARATOR = ","
NUMBER = re.compile(r"[Ss]?([1-9][0-9]*)")
"""What a state or a symbol without a name is called."""

Names = tuple[str, ...]


def written(names: Names) -> str:
    """Names as they are typed: rain, sun. An empty one stands for the number."""
    return f"{SEPARATOR} ".join(names)


def names_of(text: str, most: int) -> tuple[Names, str | None]:
    """Read names that are separated by commas, at most so many.

    Returns:
        The names, without those at the end that are empty, and None; or no names, and one sentence
        that says what was refused.
    """
    # Bounded before it is split: a link may hold any text.
    if len(text) > most * (MAX_LETTERS + 8):
        return (), f"Names may have {MAX_LETTERS} characters each, and there may be {most} of them."
    names = [" ".join(filter(None, name.split(" "))) for name in text.split(SEPARATOR)]
    while names and not names[-1]:
        del names[-1]
    problem = _problem(names, most)
    return ((), problem) if problem else (tuple(names), None)


def padded(names: Names, defaults: list[str]) -> Names:
    """A name for each of `defaults`: the given one, or the default where there is none."""
    return tuple(
        (names[number] if number < len(names) else "") or default
        for number, default in enumerate(defaults)
    )


def _problem(names: list[str], most: int) -> str | None:
    if len(names) > most:
        return f"There may be at most {many(most, 'name')}; these are {len(names)}."
    for place, name in enumerate(names, 1):
        if len(name) > MAX_LETTERS:
            return f"The name “{shortened(name)}” has more than {MAX_LETTERS} characters."
        if not name.isprintable():
            return "A name has a character that cannot be seen; type it anew."
        number = NUMBER.fullmatch(name)
        if number and int(number[1]) != place:
            return f"“{name}” is what another one is called while it has no name."
    folded = [name.casefold() for name in names]
    for name in filter(None, names):
        if folded.count(name.casefold()) > 1:
            return f"“{shortened(name)}” is there twice; each needs a name of its own."
    return None
