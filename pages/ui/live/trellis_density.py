"""How likely each state makes one observation, on the density of the states."""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray
from pages.ui.experiment.dataset import Dataset
from pages.ui.figures import scales
from pages.ui.live.trellis import Density
from pages.ui.live.trellis_numbers import from_log
from pages.ui.live.trellis_what_if import observation_text
from pages.ui.session.message_view import MessageView

MARGIN = 0.06
POINTS = 321
"""Of a curve; the narrow ones of many states still have round tops."""


def density(shown: MessageView, data: Dataset, dimension: int, which: str) -> Density:
    """The likelihoods of the observation that is met in a pass, along one of its dimensions.

    The other coordinates of a point are those that were observed. Before a prediction, what is
    expected is drawn too.
    """
    time, expected = shown.cell.time, which == "prediction"
    if which == "backward" and shown.cell.origin is None:
        # The terms of a circle are likelihoods of the observation after it.
        time = min(time + 1, shown.shown.length - 1)
    values = shown.observations[time]
    logs = shown.shown.log_emissions[time]
    part, place = (data.parts[dimension], 0) if data.kinds else (data, dimension)
    grid = _grid(part, place, float(values[dimension]))
    points = np.tile(values, (len(grid), 1))
    points[:, dimension] = grid
    curves = np.exp(shown.hmm.emissions.log_likelihoods(points)).T
    whole = part.family in ("counts", "symbols")
    observed = bool(np.isfinite(values[dimension]))
    name = data.columns[dimension] if data.columns else data.name
    note = "Nothing was observed, so it speaks for no state."
    if observed:
        kind = "probability" if whole else "density"
        note = f"The {kind} of the observation under each state."
        if len(values) > 1:
            what = "likelihood" if data.kinds else "density"
            rest = "everything else" if data.kinds else "the other coordinates"
            note = f"The {what} along {name}, {rest} as observed."
    if expected:
        note += " Dash-dotted: all states together, as expected before it was seen."
    return Density(
        time + 1,
        data.variable(dimension).title,
        "bars" if whole else "curve",
        grid,
        curves,
        shown.shown.predicted_probs[time] @ curves if expected else None,
        float(values[dimension]) if observed else None,
        observation_text(data, values),
        tuple(from_log(float(value)) for value in logs) if observed else (),
        np.exp(logs),
        tuple(part.variable().ticks(12)) if part.family == "symbols" else (),
        note,
    )


def _grid(data: Dataset, dimension: int, value: float) -> FloatArray:
    if data.family == "symbols":
        return np.arange(len(data.labels), dtype=np.float64)
    seen = np.append(data.sequences.observations[:, dimension], value)
    seen = seen[np.isfinite(seen)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 1.0)
    if data.family == "counts":
        return scales.whole_numbers(0.0, high)
    room = MARGIN * (high - low) or 1.0
    return np.linspace(*scales.rounded(low - room, high + room), POINTS)
