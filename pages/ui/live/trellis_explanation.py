"""The parts of an explanation: sentences, and a sum of products as a table of its terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import FloatArray
from pages.ui.live.trellis_numbers import from_log, percent, sum_of
from pages.ui.session.message_view import Cell, MessageView
from pages.ui.text import capitalised, count

NUMBER_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ROUNDED = "Each last digit is rounded so that the terms add up."


@dataclass(frozen=True)
class Row:
    """One term.

    Attributes:
        name: where it comes from.
        state: that state, for its colour; None without one.
        cells: its factors and the term, as text.
        share: of the largest bar, 0 to 1.
        chosen: whether it belongs to what is chosen.
        cell: the circle or arrow that it belongs to, as in the address; empty without one.
    """

    name: str
    state: int | None
    cells: tuple[str, ...]
    share: float
    chosen: bool = False
    cell: str = ""


@dataclass(frozen=True)
class Explanation:
    """How one number comes about.

    Attributes:
        title: which number it is.
        words: in plain words.
        formula: in symbols; `_{…}` and `^{…}` are below and above the line.
        head: the heads of the columns of the terms.
        rows: the terms.
        totals: under the terms: (what, its number, what it is).
        after: sentences under the table.
        matrix: the K × K table of ξ, as text, for an arrow of pairs; empty otherwise.
        other: the same number by another way, to be compared; None without one.
    """

    title: str
    words: str
    formula: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    totals: tuple[tuple[str, str, str], ...]
    after: tuple[str, ...] = ()
    matrix: tuple[tuple[str, ...], ...] = ()
    other: Explanation | None = None


class Moment:
    """A time of the sequence in sentences, counted from 1, and what is observed then."""

    def __init__(self, shown: MessageView, time: int | None = None) -> None:
        self.time = shown.cell.time if time is None else time
        self.missing = bool(np.isnan(shown.observations[self.time]).all())

    def __str__(self) -> str:
        return str(self.time + 1)

    @property
    def before(self) -> int:
        """The time before it, counted from 1."""
        return self.time

    @property
    def x(self) -> str:
        """The symbol of its observation."""
        return f"x_{{{self}}}"

    @property
    def given(self) -> str:
        """What c is the probability of."""
        return f"{self.x} | before" if self.time else self.x

    @property
    def value(self) -> str:
        """Its observation in a sentence."""
        return "the missing observation, which counts as 1" if self.missing else f"x_{{{self}}}"

    @property
    def likely(self) -> str:
        """What c says."""
        return "nothing was seen" if self.missing else "how likely it was, by all states"


def ways(factors: FloatArray) -> str:
    """How many terms are not zero, as the beginning of a sentence."""
    number = int(np.isfinite(factors.sum(axis=1)).sum())
    word = NUMBER_WORDS[number] if number < len(NUMBER_WORDS) else count(number)
    return f"{capitalised(word)} {'way leads' if number == 1 else 'ways lead'}"


def largest(shown: MessageView, log_terms: FloatArray, how: str) -> str:
    """Which of the terms, one for each state, is the largest, as a sentence."""
    total = float(np.logaddexp.reduce(log_terms))
    if not np.isfinite(total):
        return "All terms are 0."
    best = int(log_terms.argmax())
    share = percent(float(np.exp(log_terms[best] - total)))
    return f"The largest {how} {shown.names.plain(best)}: {share} of the sum."


def explained(
    shown: MessageView,
    title: str,
    words: str,
    formula: str,
    head: tuple[str, ...],
    factors: FloatArray,
    states: Sequence[int] | None,
    totals: tuple[tuple[str, str, str], ...],
    *,
    leaving: int | None = None,
    circles: bool = False,
    after: tuple[str, ...] = (),
) -> Explanation:
    """The explanation of a sum of products, from the logs of its factors (terms, factors).

    The number of the first of `totals` is the sum, which is put in here. Rows belong to arrows that
    lead to the chosen circle, or to those that leave the time `leaving`, or to circles.
    """
    log_terms = factors.sum(axis=1)
    added = sum_of(log_terms)
    top = float(log_terms.max())
    cell = shown.cell
    rows = []
    for index, term in enumerate(added.terms):
        state = None if states is None else states[index]
        name, where, chosen = "start", "", False
        if state is not None:
            name = shown.names.plain(state)
            if circles:
                where = Cell(cell.time, state)
                chosen = state == cell.state
            elif leaving is not None:
                origin = cell.state if cell.origin is None else cell.origin
                where = Cell(leaving + 1, state, origin)
                chosen = cell.origin is not None and state == cell.state
            else:
                where = Cell(cell.time, cell.state, state)
                chosen = state == cell.origin
            where = where.text if shown.has(where) else ""
        logs = factors[index] if factors.shape[1] > 1 else []
        share = float(np.exp(log_terms[index] - top)) if np.isfinite(top) else 0.0
        cells = (*(from_log(float(value)) for value in logs), term)
        rows.append(Row(name, state, cells, share, chosen, where))
    (what, _, is_what), *others = totals
    return Explanation(
        title, words, formula,
        (*head[:-1], head[-1] + added.unit),
        tuple(rows),
        ((what + added.unit, added.total, is_what), *others),
        (*after, *((ROUNDED,) if len(rows) > 1 else ())),
    )  # fmt: skip
