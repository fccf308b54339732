"""What the shown model foretells of the selected sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hmmcore import Forecast, forecast
from hmmcore.arrays import FloatArray
from hmmcore.tables import following_times
from pages.ui.figures.time_scale import TimeScale
from pages.ui.session.session import Session
from pages.ui.session.view import View, shown_scale

if TYPE_CHECKING:
    import pandas as pd

LEAST_SEEN = 40
"""So many of the last observations are shown before what is foretold, or twice as many as that."""


@dataclass(frozen=True, eq=False)
class Ahead:
    """What comes after the selected sequence, beside its end.

    Attributes:
        found: the forecast, of this sequence and of the quantities that the model holds together.
        own: which of its dimensions is shown.
        skipped: observations of the sequence before those that are shown.
        history: (m,) the last observations, in the dimension that is shown.
        probs: (m + h, K) state probabilities: filtered, then foretold.
        scale: the axis of these times.
        note: why steps are counted although there are times; empty otherwise.
    """

    found: Forecast
    own: int
    skipped: int
    history: FloatArray
    probs: FloatArray
    scale: TimeScale
    note: str = ""


def ahead(session: Session, view: View) -> Ahead:
    """The forecast of the selected sequence; the sequence must be possible under the model."""
    steps, level = session.config.horizon, session.config.interval_level
    return session.remember(
        "ahead", (view, steps, session.config.level), lambda: _ahead(session, view, steps, level)
    )


def _ahead(session: Session, view: View, steps: int, level: float) -> Ahead:
    known = forecast(view.hmm, view.sequence, steps, level)
    found, own = of_dimension(known, view.dimension)
    length = view.sequence.num_observations
    skipped = max(0, length - max(LEAST_SEEN, 2 * steps))
    scale = shown_scale(session)
    times = steps if scale.times is None else following_times(scale.times, steps)
    return Ahead(
        found,
        own,
        skipped,
        view.shown_observations[skipped:],
        np.concatenate([view.posterior.filtered_probs[skipped:], known.state_probs[0]]),
        scale.after(skipped, times),
        scale.note,
    )


def of_dimension(found: Forecast, dimension: int) -> tuple[Forecast, int]:
    """The forecast of a dimension, and which one it is there: columns of a product have their own.

    Its `symbol_probs` are None just where it holds numbers.
    """
    return (found, dimension) if found.parts is None else (found.parts[dimension], 0)


def forecast_frame(session: Session, view: View) -> pd.DataFrame:
    """What comes after every sequence, one row for each step.

    "sequence" and "time" as in the exported data: times go on where they can, and are empty where
    they cannot. Numbers have their mean, standard deviation and interval, for each dimension;
    symbols their probabilities; states "state_prob_1" to "state_prob_K".
    """
    import pandas as pd

    data, steps = session.data, session.config.horizon
    known = forecast(view.hmm, data.sequences, steps, session.config.interval_level)
    number = np.repeat(np.arange(len(data.sequences)), steps)
    names = np.array(data.sequence_names, dtype=object)
    columns: dict[str, Any] = {
        "sequence": names[number] if data.sequence_names else number + 1,
        "time": _times(session, steps),
        "steps_ahead": np.tile(np.arange(1, steps + 1), len(data.sequences)),
    }
    for d in range(data.num_dimensions):
        prefix = f"{data.columns[d]} " if data.columns else ""
        found, own = of_dimension(known, d)
        if found.symbol_probs is not None:
            probs = found.symbol_probs.reshape(len(number), -1)
            labels = data.variable(d).labels
            columns |= {f"{prefix}prob {label}": probs[:, c] for c, label in enumerate(labels)}
            continue
        for name in ("mean", "standard_deviation", "lower", "upper"):
            attribute = f"{name}s" if name in ("mean", "standard_deviation") else name
            columns[prefix + name] = getattr(found, attribute)[:, :, own].ravel()
    states = known.state_probs.reshape(len(number), -1)
    columns |= {f"state_prob_{k}": values for k, values in enumerate(states.T, 1)}
    return pd.DataFrame(columns)


def _times(session: Session, steps: int) -> NDArray[Any]:
    """(N × h,) the times of the steps after every sequence."""
    data = session.data
    if data.times is None:
        first = data.sequences.lengths[:, np.newaxis] + 1
        return (first + np.arange(steps)).ravel()
    nothing = np.array(["NaT"], "datetime64[ns]") if data.times.dtype.kind == "M" else [np.nan]
    found = []
    for start, end in zip(data.sequences.offsets[:-1], data.sequences.offsets[1:], strict=True):
        try:
            found.append(following_times(data.times[start:end], steps))
        except ValueError:  # a single time, or times that stand twice
            found.append(np.repeat(nothing, steps))
    return np.concatenate(found)
