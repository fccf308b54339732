"""What the numbers of a model are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hmmcore.arrays import IntArray
from hmmcore.coordinates import Coordinate, in_states, spelled
from pages.ui.experiment.dataset import Dataset
from pages.ui.figures.theme import state_name
from pages.ui.session.session import Session
from pages.ui.session.view import as_numbered_by_run, state_names
from pages.ui.text import shortened

LONGEST_NAME = 20
"""Letters of a name that a visitor gave; a list has no room for more."""


def coordinate_name(session: Session, coordinate: Coordinate) -> str:
    """What a number of the runs' models is called, such as "mean μ of S1".

    Where states are matched to the true ones, their numbers elsewhere are others than the run's.
    """
    data, matched = session.shown_data, session.data.states is not None
    if matched and not as_numbered_by_run(session):
        return _name(coordinate, data, (), "the run's ")
    return _name(coordinate, data, state_names(session), "")


def shown_name(session: Session, coordinate: Coordinate) -> str:
    """What a number of the shown model is called, its states in the order shown."""
    return _name(coordinate, session.shown_data, state_names(session), "")


def name_in_figures(session: Session, coordinate: Coordinate, order: IntArray) -> str:
    """What a number of a run's model is called where states have the names of the figures.

    Args:
        order: (K,) state order[k] of the run is shown as state k.
    """
    return shown_name(session, spelled(in_states(coordinate, np.argsort(order).tolist())))


def state_in_figures(session: Session, state: int, order: IntArray) -> str:
    """What a state of a run's model is called where states have the names of the figures.

    Args:
        order: (K,) state order[k] of the run is shown as state k.
    """
    return _state(int(np.argsort(order)[state]), state_names(session))


def _state(k: int, names: Sequence[str]) -> str:
    return shortened(names[k], LONGEST_NAME) if k < len(names) else state_name(k)


def _name(coordinate: Coordinate, data: Dataset, names: Sequence[str], whose: str) -> str:
    def state(k: int) -> str:
        return whose + _state(k, names)

    if coordinate[0] == "parts":
        return _name_in_part(data.parts[int(coordinate[1])], coordinate[2:], state)
    parameter, *rest = coordinate
    indices = [int(index) for index in rest]
    if parameter == "initial_probs":
        return f"probability π of beginning in {state(indices[0])}"
    if parameter == "transition_matrix":
        return f"probability A of {state(indices[0])} → {state(indices[1])}"
    if parameter == "rates":
        return f"rate λ of {state(indices[0])}"
    if parameter == "probs":
        return f"probability B of “{_of(data.labels, indices[1])}” in {state(indices[0])}"
    if parameter == "covariances":
        first, second = (f"“{_of(data.columns, d)}”" for d in sorted(indices[-2:]))
        where = f" in {state(indices[0])}" if len(indices) > 2 else ""
        return f"correlation of {first} and {second}{where}"
    word = "mean μ" if parameter == "means" else "standard deviation σ"
    of = f" of “{_of(data.columns, indices[1])}”" if len(indices) > 1 and data.columns else ""
    return f"{word}{of} {'in' if of else 'of'} {state(indices[0])}"


def _name_in_part(part: Dataset, coordinate: Coordinate, state: Callable[[int], str]) -> str:
    """What a number of one part of a product is called: "rate λ of “n1” in S2"."""
    parameter, k, *symbol = coordinate
    column, where = shortened(part.name, LONGEST_NAME), state(int(k))
    if parameter == "probs":
        return f"probability B of “{column} = {_of(part.labels, int(symbol[0]))}” in {where}"
    word = {"rates": "rate λ", "means": "mean μ"}.get(str(parameter), "standard deviation σ")
    return f"{word} of “{column}” in {where}"


def _of(names: Sequence[str], index: int) -> str:
    return shortened(names[index], LONGEST_NAME) if index < len(names) else str(index + 1)
