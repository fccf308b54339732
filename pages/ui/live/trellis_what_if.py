"""What would change if one observation were another one, or missing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hmmcore.arrays import FloatArray
from pages.ui.experiment.dataset import Dataset
from pages.ui.live.trellis_numbers import readable
from pages.ui.session.message_view import MessageView

MOVED = 0.005
"""A smaller change of a probability is not seen in two decimals."""

STEPS = 200
"""Of a slider, from end to end."""


@dataclass(frozen=True)
class Input:
    """One number or symbol of an observation that can be changed.

    Attributes:
        label: its name.
        value: as shown; None where it is missing. Symbols are counted from 1.
        low, high, step: of a slider.
        labels: of the symbols; empty for numbers.
    """

    label: str
    value: float | None
    low: float
    high: float
    step: float
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """The observation of the chosen time in the reader's hand, and what another one moves.

    Attributes:
        time: the chosen time, counted from 1.
        inputs: its coordinates.
        missing: whether it is missing.
        banner: what is changed at present, or that what is asked for cannot be; empty otherwise.
        moved: what that moves.
        head: heads of the table: times.
        rows: γ of the chosen state at those times, as it is and with the change.
    """

    time: int
    inputs: tuple[Input, ...]
    missing: bool
    banner: str
    moved: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def observation_text(data: Dataset, values: FloatArray, *, short: bool = False) -> str:
    """An observation (D,) as plain text; a short one has two decimals where it is a point."""
    if not np.isfinite(values).any():
        return "missing"
    if data.kinds:
        each = zip(data.parts, values, strict=True)
        texts = [observation_text(part, values[None], short=True) for part, values in each]
        return f"({', '.join('?' if text == 'missing' else text for text in texts)})"
    if data.family == "symbols":
        return data.labels[int(values[0])]
    places = 2 if short and len(values) > 1 else 3
    texts = [_number_text(data, float(value), places) for value in values]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def _number_text(data: Dataset, value: float, places: int) -> str:
    if not np.isfinite(value):
        return "?"
    if data.family == "counts":
        return f"{value:.0f}"
    # Added zero turns -0.0 into 0.0.
    return readable(round(value, places) + 0.0 if abs(value) < 1000 else value)


def change(shown: MessageView, data: Dataset, *, refused: bool = False) -> Change:
    """What can be changed at the chosen time, and what the present change moves.

    `refused` says that a change is asked for which there cannot be; the reader can put it back too.
    """
    cell, what_if = shown.cell, shown.what_if
    values = shown.observations[cell.time]
    inputs = tuple(_input(data, dimension, float(value)) for dimension, value in enumerate(values))
    missing = bool(np.isnan(values).all())
    if what_if is None:
        banner = "The what-if is left out" if refused else ""
        return Change(cell.time + 1, inputs, missing, banner, "", (), ())
    before, after = (
        observation_text(data, observations[what_if.time])
        for observations in (shown.sequence.observations, shown.observations)
    )
    as_it_is, with_it = shown.given.smoothed_probs, shown.shown.smoothed_probs
    times = [t for t in shown.times if abs(t - cell.time) <= 2]
    name = shown.names.plain(cell.state)
    return Change(
        cell.time + 1, inputs, missing,
        f"What if: x_{{{what_if.time + 1}}} = {after} instead of {before}",
        _moved(shown, np.abs(with_it - as_it_is).max(axis=1)),
        (f"γ of {name}", *(f"t = {t + 1}" for t in times)),
        (
            ("as it is", *(f"{as_it_is[t, cell.state]:.3f}" for t in times)),
            ("what if", *(f"{with_it[t, cell.state]:.3f}" for t in times)),
        ),
    )  # fmt: skip


def _moved(shown: MessageView, moved: FloatArray) -> str:
    """Where probabilities move, and what becomes of the likelihood."""
    (times,) = np.nonzero(moved > MOVED)
    where = "No γ moves by more than 0.005."
    if len(times):
        first, last = int(times[0]) + 1, int(times[-1]) + 1
        span = f"at t = {first}" if first == last else f"from t = {first} to {last}"
        where = f"γ moves {span}, by up to {moved.max():.2f}."
    gain = shown.shown.log_likelihood - shown.given.log_likelihood
    assert shown.what_if is not None
    if shown.what_if.missing:
        return where
    return f"{where} The log-likelihood changes by {readable(float(f'{gain:.3g}'))} nats."


def _input(data: Dataset, dimension: int, value: float) -> Input:
    if data.kinds:
        part = data.parts[dimension]
        return replace(_input(part, 0, value), label=part.name)
    present = value if np.isfinite(value) else None
    if data.family == "symbols":
        number = None if present is None else present + 1
        return Input("x", number, 1, len(data.labels), 1, data.labels)
    seen = data.sequences.observations[:, dimension]
    seen = seen[np.isfinite(seen)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 1.0)
    label = data.columns[dimension] if data.columns else "x"
    if data.family == "counts":
        return Input(label, present, 0, max(2 * high, 10.0), 1)
    room = 0.25 * (high - low) or 1.0
    step = 10.0 ** np.floor(np.log10((high - low + 2 * room) / STEPS))
    low, high = (round(step * round(end / step), 10) for end in (low - room, high + room))
    return Input(label, present, low, high, float(step))
