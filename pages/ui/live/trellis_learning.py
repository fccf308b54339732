"""What a circle and an arrow give to the next step of learning: the M-step, opened."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from hmmcore import HMM
from hmmcore.coordinates import Coordinate
from hmmcore.inference import EMStep, em_step, open_parameter
from pages.ui.experiment.dataset import Dataset, part_model
from pages.ui.experiment.starts import trained_parameters
from pages.ui.live.trellis_numbers import percent, readable
from pages.ui.session.message_view import MessageView
from pages.ui.session.session import Session
from pages.ui.session.view import View
from pages.ui.text import count, scientific

MOST_OPENED = 2_000_000
"""Largest T × K of data whose step is opened."""

MOST_PLAYED = 50_000
"""The same while the runs play, when every frame opens another step."""

HELD = {
    "fixed": "is not trained, so it stays",
    "no data": "gets no data, so it stays",
    "floor": "is held at its floor",
}


@dataclass(frozen=True)
class Learning:
    """What the chosen circle or arrow gives to the next EM step.

    Attributes:
        sentences: in words.
        head, rows: a table: each parameter with its old value, its weighted sum and its new value.
        after: sentences under the table.
    """

    sentences: tuple[str, ...]
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    after: tuple[str, ...] = ()


def learning(session: Session, view: View, shown: MessageView) -> Learning:
    """What the chosen circle or arrow gives to the next EM step of the model."""
    data = session.data
    size = data.sequences.num_observations * shown.hmm.num_states
    if size > MOST_OPENED:
        return Learning((f"The step is opened for data of at most T × K = {count(MOST_OPENED)}.",))
    if session.player.playing and size > MOST_PLAYED:
        return Learning(("The step is opened when the runs pause.",))
    try:
        step = session.remember(
            "opened step",
            (shown.hmm, data, session.config.trainable),
            lambda: em_step(shown.hmm, data.sequences, _trainable(session, shown)),
        )
    except (ValueError, ArithmeticError):
        return Learning(("From this model no EM step can be taken.",))
    told = _arrow if shown.cell.origin is not None else _circle
    try:
        found = told(session, view, shown, step)
    except ValueError:
        # Messages are not kept along another, longer sequence.
        return Learning(("One of the sequences is too long for the step of A to be opened.",))
    note = ()
    if shown.what_if is not None:
        note = ("Learning takes the data as they are, without the what-if.",)
    elif session.config.method == "Gradient" or session.shown_run is not session.runs.get("EM"):
        note = ("This is what a step of EM would do; the shown run climbs by its gradient.",)
    return Learning(found.sentences, found.head, found.rows, (*found.after, *note))


def _trainable(session: Session, shown: MessageView) -> tuple[str, ...]:
    """Of the parameters that are trained, those that the model has."""
    if session.data.kinds:
        return trained_parameters(session.config, session.data)
    names = {"initial_probs", "transition_matrix", *shown.hmm.emissions.parameter_names}
    return tuple(name for name in session.config.trainable if name in names)


def _arrow(session: Session, view: View, shown: MessageView, step: EMStep) -> Learning:
    """What ξ of the chosen arrow gives to a row of A."""
    cell, plain = shown.cell, shown.names.plain
    assert cell.origin is not None
    row = view.offset + cell.time - 1
    rows, ours = [], 0.0
    for state in range(shown.hmm.num_states):
        opened = open_parameter(step, ("transition_matrix", cell.origin, state))
        mark = " ←" if state == cell.state else ""
        gives = float(opened.contributions[row])
        ours = gives if state == cell.state else ours
        rows.append(
            (
                f"{plain(cell.origin)} → {plain(state)}{mark}", readable(opened.old),
                scientific(gives), scientific(opened.numerator), scientific(opened.denominator),
                _new(opened.new, opened.held),
            )
        )  # fmt: skip
    chosen = open_parameter(step, ("transition_matrix", cell.origin, cell.state))
    share = ours / chosen.numerator if chosen.numerator else 0.0
    return Learning(
        (
            f"This ξ counts as {scientific(ours)} of a step from {plain(cell.origin)} to "
            f"{plain(cell.state)}: {percent(share)} of all that are expected, "
            f"{scientific(chosen.numerator)}. Divided by all expected steps from "
            f"{plain(cell.origin)}, they are the next entry of A.",
        ),
        ("step", "old A", "this time's ξ", "sum of all ξ", "÷ all from there", "= new A"),
        tuple(rows),
    )


def _circle(session: Session, view: View, shown: MessageView, step: EMStep) -> Learning:
    """What γ of the chosen circle gives to the parameters of its state."""
    cell, name = shown.cell, shown.names.plain(shown.cell.state)
    row = view.offset + cell.time
    gamma = float(step.smoothed_probs[row, cell.state])
    values = session.data.sequences.observations[row]
    x = f"x_{{{cell.time + 1}}}"
    sentences = [
        f"γ of {name} at t = {cell.time + 1} gives {x} the weight {scientific(gamma)} in all that "
        f"{name} learns."
    ]
    if np.isnan(values).all():
        sentences = [f"{x} is missing, so {name} learns nothing from it."]
    rows = []
    for coordinate, label in _coordinates(session, shown, row):
        try:
            opened = open_parameter(step, coordinate)
        except ValueError:
            sentences.append("The means come out of a network, which moves along its gradient.")
            continue
        rows.append(
            (
                label, readable(opened.old), scientific(float(opened.weights[row])),
                scientific(float(opened.contributions[row]) + 0.0), scientific(opened.numerator),
                scientific(opened.denominator), _new(opened.new, opened.held),
            )
        )  # fmt: skip
    after = ["New = sum ÷ weights."]
    if any(label.startswith("σ") for label, *_ in rows):
        after = ["New = sum ÷ weights; of σ its square root, as squared distances are summed."]
    return Learning(
        tuple(sentences),
        (
            f"of {name}", "old", f"weight of {x}", "it adds", "sum of all", "÷ weights of all",
            "= new",
        ),
        tuple(rows),
        tuple(after),
    )  # fmt: skip


def _new(value: float, held: str | None) -> str:
    return readable(value) if held is None else f"{readable(value)}, {HELD[held]}"


def _coordinates(session: Session, shown: MessageView, row: int) -> list[tuple[Coordinate, str]]:
    """The parameters of the chosen state that its observation is learned by, with their names."""
    data, state = session.data, shown.cell.state
    found: list[tuple[Coordinate, str]] = []
    if data.kinds:
        found = [
            (("parts", j, *own), f"{part.name}: {label}")
            for j, part in enumerate(data.parts)
            for own, label in _emitted(part, part_model(shown.hmm, j), state, row)
        ]
    else:
        found = _emitted(data, shown.hmm, state, row)
    if shown.cell.time == 0:
        found.append((("initial_probs", state), "π"))
    return found


def _emitted(data: Dataset, hmm: HMM, state: int, row: int) -> list[tuple[Coordinate, str]]:
    """Those of what the state emits."""
    found: list[tuple[Coordinate, str]] = []
    if data.family == "symbols":
        observed = data.sequences.observations[row, 0]
        symbols = range(len(data.labels)) if np.isfinite(observed) else range(0)
        found = [(("probs", state, c), f"B of {data.labels[c]}") for c in symbols]
    elif data.family == "counts":
        found = [(("rates", state), "rate λ")]
    else:
        columns = data.columns or ("",)
        for name, symbol in (("means", "μ"), ("standard_deviations", "σ")):
            found += [
                ((name, state, d), f"{symbol} {column}".strip()) for d, column in enumerate(columns)
            ]
        if getattr(hmm.emissions, "covariance_type", None) == "full":
            pairs = combinations(range(len(columns)), 2)
            found += [
                (("covariances", state, d, e), f"Σ {columns[d]}, {columns[e]}") for d, e in pairs
            ]
    return found
