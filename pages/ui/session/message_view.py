"""What the Messages page looks at: a model, the messages along one sequence, and what is chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore import HMM, ImpossibleDataError, Messages, Sequences, messages
from hmmcore.arrays import FloatArray, IntArray
from hmmcore.inference import with_observation
from hmmcore.inference.message_passing import MOST_PAIRS
from pages.ui.figures.theme import StateNames
from pages.ui.session.session import Session
from pages.ui.session.view import View, state_names
from pages.ui.text import count, shortened

MISSING = "missing"


@dataclass(frozen=True)
class Cell:
    """A circle of the trellis, or an arrow that leads to it; times and states are 0-based.

    Attributes:
        time: the time of the circle.
        state: its state.
        origin: the state one step earlier that the arrow comes from; None for the circle itself.
    """

    time: int
    state: int
    origin: int | None = None

    @property
    def text(self) -> str:
        """The cell in the address: "53.2", or "53.1.2" for the arrow from state 1."""
        origin = "" if self.origin is None else f"{self.origin + 1}."
        return f"{self.time + 1}.{origin}{self.state + 1}"


@dataclass(frozen=True)
class WhatIf:
    """An observation that is taken to be another one.

    Attributes:
        time: when, 0-based.
        values: (D,) the other observation; NaN where it is missing.
    """

    time: int
    values: tuple[float, ...]

    @property
    def missing(self) -> bool:
        """Whether nothing is observed then."""
        return bool(np.isnan(self.values).all())


@dataclass(frozen=True, eq=False)
class MessageView:
    """One model, its messages along the selected sequence, and a window of it.

    Attributes:
        hmm: the model, with its states in the order shown.
        of_truth: whether it is the true model.
        names: what its states are called.
        sequence: the selected sequence, as it is.
        given: its messages.
        what_if: the observation that is taken to be another one, if any.
        shown: the messages with it, which are `given` without one.
        times: (W,) the times of the window, 0-based.
        cell: what is chosen.
        notes: a sentence for everything chosen that there is not.
    """

    hmm: HMM
    of_truth: bool
    names: StateNames
    sequence: Sequences
    given: Messages
    what_if: WhatIf | None
    shown: Messages
    times: range
    cell: Cell
    notes: tuple[str, ...]

    def has(self, cell: Cell) -> bool:
        """Whether the window has a circle or an arrow."""
        first = self.times[0] + (cell.origin is not None)
        return first <= cell.time <= self.times[-1]

    @property
    def observations(self) -> FloatArray:
        """(M, D) as they are shown."""
        return self.shown.sequence.observations


def message_view(session: Session, view: View) -> MessageView | str:
    """What the page looks at, or one sentence on why there is nothing to see."""
    return session.remember(  # type: ignore[no-any-return]
        "message view",
        (view, session.shown_data, session.config),
        lambda: _message_view(session, view),
    )


def changes(path: IntArray) -> list[int]:
    """The times, 0-based, at which a path of states is in another state than before."""
    found: list[int] = (np.flatnonzero(np.diff(path)) + 1).tolist()
    return found


def _message_view(session: Session, view: View) -> MessageView | str:
    config, data = session.config, session.shown_data
    of_truth = config.message_model == "true"
    if of_truth and data.generating_model is None:
        return (
            "The truth is hidden, so its messages are too; choose Learned under Model."
            if data.hidden
            else "Nobody knows the true model of these data; choose Learned under Model."
        )
    hmm = data.generating_model if of_truth else view.hmm
    assert hmm is not None
    sequence = view.sequence
    cells = sequence.num_observations * hmm.num_states**2
    if cells > MOST_PAIRS:
        return (
            f"Messages are kept of sequences with at most {count(MOST_PAIRS)} steps times K × K; "
            f"this one has {count(cells)}."
        )
    what_if, notes = _what_if(config.what_if, session, sequence)
    try:
        given = session.remember("messages", (hmm, sequence), lambda: messages(hmm, sequence))
    except ImpossibleDataError as error:
        return _impossible("This sequence", of_truth, error.time)
    shown = given
    if what_if is not None:
        try:
            changed = with_observation(hmm, sequence, what_if.time, what_if.values)
            shown = messages(hmm, changed)
        except ImpossibleDataError:
            notes.append("With that observation the sequence is impossible; shown as it was.")
            what_if = None
    width = min(config.window, sequence.num_observations)
    first = min(config.first_time - 1, sequence.num_observations - width)
    times = range(first, first + width)
    cell, note = _cell(config.cell, shown, times)
    return MessageView(
        hmm, of_truth,
        StateNames(data.state_names if of_truth else tuple(state_names(session))),
        sequence, given, what_if, shown, times, cell, tuple(notes + note),
    )  # fmt: skip


def _impossible(what: str, of_truth: bool, time: int) -> str:
    model = "true" if of_truth else "learned"
    return (
        f"{what} is impossible under the {model} model: no state can explain the observation at "
        f"t = {count(time + 1)}, so there are no messages to show."
    )


def _cell(text: str, shown: Messages, times: range) -> tuple[Cell, list[str]]:
    """The cell that a text names, or the likeliest state at the second time of the window."""
    numbers = [int(number) - 1 for number in text.split(".") if number]
    length, num_states = shown.log_filtered.shape
    time = times[min(1, len(times) - 1)]
    fallback = Cell(time, int(shown.log_filtered[time].argmax()))
    if not numbers:
        return fallback, []
    time, *states = numbers
    if not (0 <= time < length and all(0 <= state < num_states for state in states)):
        return fallback, [f"There is no circle or arrow {shortened(text)} to choose."]
    # The window may have been moved away from it.
    first = times[0] + (len(states) == 2)
    if not first <= time <= times[-1]:
        return fallback, []
    return Cell(time, states[-1], states[0] if len(states) == 2 else None), []


def _what_if(text: str, session: Session, sequence: Sequences) -> tuple[WhatIf | None, list[str]]:
    """The observation that a text names, counted from 1 as in the address."""
    if not text:
        return None, []
    first, _, rest = text.partition("_")
    time, length = int(first) - 1, sequence.num_observations
    if not 0 <= time < length:
        return None, [f"There is no observation {first} to change; the sequence has {length}."]
    size = sequence.num_dimensions
    if rest == MISSING:
        return WhatIf(time, (float("nan"),) * size), []
    values = tuple(float(value) for value in rest.split("_"))
    problem = _problem(session, values, size)
    if problem:
        return None, [f"{shortened(rest)} is no observation of these data: {problem}"]
    kinds = session.data.kinds or (session.data.family,)
    if "symbols" in kinds:
        values = tuple(
            value - (kind == "symbols") for value, kind in zip(values, kinds, strict=True)
        )
    return WhatIf(time, values), []


def _problem(session: Session, values: tuple[float, ...], size: int) -> str:
    if len(values) != size:
        return f"each has {size} {'number' if size == 1 else 'numbers'}."
    if not np.isfinite(values).all() or np.abs(values).max() > LARGEST:
        return "it is too large."
    for part, value in zip(session.data.parts or [session.data], values, strict=False):
        if part.family == "counts" and not (value >= 0 and value.is_integer()):
            return "a count is 0, 1, 2, …"
        if part.family == "symbols" and value not in range(1, len(part.labels) + 1):
            return f"symbols are numbered from 1 to {len(part.labels)}."
    return ""


LARGEST = 1e12
"""The largest observation that may be tried."""
