"""The live panel: everything a training run shows, drawn by one component in the browser.

`PanelFrame` is one frame as plain values, `encode` turns it into one block of bytes, and
`show_panel` hands that to `assets/panel.js`, which knows the layout and draws with
`Plotly.react`. A frame carries only numbers, and a chart whose numbers are unchanged is not
redrawn, so the panel neither flickers nor loses a reader's zoom.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from hmmcore.arrays import FloatArray, IntArray
from pages.ui.browser import wire
from pages.ui.browser.component import component
from pages.ui.browser.wire import Chart
from pages.ui.figures import decimation, scales, theme
from pages.ui.figures.observed_variable import PLAIN, Observed, ObservedVariable
from pages.ui.figures.time_scale import TimeScale
from pages.ui.live.emission_charts import EmissionChart, Parts
from pages.ui.settings.config import MAX_STATES
from pages.ui.text import chart_text, shortened

MAX_CURVE_POINTS = 1000
LONGEST_EARLIER = 2
"""An earlier run lengthens the axis of iterations to so many times what the present one needs."""
MAX_POINTS = 2000
MAX_COLUMNS = 1200
LABEL_LETTERS = 9
"""Characters of a symbol's label that fit left of the observations."""


@dataclass(frozen=True)
class RunCurve:
    """One training run: its name and its log-likelihood per observation at every iteration.

    `log_likelihoods` begins with iteration `first`: 0, the start itself, or before it one for each
    model that led there by hand. Values that are not finite leave a gap in the curve.
    `theme.RUN_COLOURS` knows "EM" and "Gradient".
    """

    name: str
    log_likelihoods: FloatArray
    shown: int | None = None
    """The iteration whose model is shown; None for the last one."""
    first: int = 0
    climbed: FloatArray | None = None
    """Log-posterior per observation from iteration 0 on, where training climbs that; else None."""

    @property
    def last(self) -> int:
        """The last iteration."""
        return self.first + len(self.log_likelihoods) - 1

    @property
    def iteration(self) -> int:
        """The iteration whose model is shown."""
        return self.last if self.shown is None else self.shown

    @property
    def shown_log_likelihood(self) -> float:
        """Log-likelihood per observation of the model that is shown."""
        return float(self.log_likelihoods[self.iteration - self.first])


@dataclass(frozen=True)
class EarlierCurve:
    """The curve of a run that another one replaced: faint, with its name and its end.

    `iterations` and `log_likelihoods` (P,), per observation, are already thinned.
    """

    name: str
    iterations: IntArray
    log_likelihoods: FloatArray
    same_data: bool = True
    """Whether the present run has the same data; otherwise the line is broken."""


@dataclass(frozen=True)
class PanelFrame:
    """What the panel shows at one moment; K states, one sequence of M observations.

    States are already in the order in which they are shown and are drawn as given. Everything
    about the truth is None where there is none, as with uploaded data.
    """

    data_key: str
    """Zoom is kept as long as this stays the same: one key per experiment and sequence."""
    runs: tuple[RunCurve, ...]
    shown_run: str
    """Name of the run whose model is shown below."""
    transition_matrix: FloatArray
    """(K, K): p(z_t = j | z_{t-1} = i)"""
    initial_probs: FloatArray
    """(K,): p(z_1 = k)"""
    emissions: EmissionChart
    """What each state emits; see `emission_charts`."""
    observations: FloatArray
    """(M,), of the selected sequence; NaN = missing."""
    viterbi_states: IntArray
    """(M,); -1 = no possible path."""
    smoothed_probs: FloatArray
    """(M, K): p(z_t = k | x_1..x_M); NaN = undefined."""
    true_log_likelihood: float | None = None
    """Log-likelihood per observation of the true model on the same data."""
    true_transition_matrix: FloatArray | None = None
    """(K, K)"""
    true_initial_probs: FloatArray | None = None
    """(K,)"""
    true_states: IntArray | None = None
    """(M,)"""
    no_truth: str = "no truth: uploaded data"
    """What the panel says in place of an unknown truth."""
    numbering: str = ""
    """What the panel says of the order of the states; empty where they are matched."""
    marks: tuple[int, ...] = ()
    """Iterations that the reader marked."""
    earlier: tuple[EarlierCurve, ...] = ()
    """Runs that others have replaced."""
    sequence_name: str = "sequence 1"
    variable: ObservedVariable = PLAIN
    """The axis of the observations."""
    further: tuple[Observed, ...] = ()
    """What is observed besides `observations`; each has a panel of its own on the axis of time."""
    scale: TimeScale | None = None
    """The axis of time; None where time is counted in steps."""
    state_names: tuple[str, ...] = ()
    """(K,) what the states are called; empty while they have only numbers."""
    card: tuple[str, str] = ("Means and densities", "")
    """Title and note of the card that draws `emissions`."""
    no_hand: str = ""
    """Why the model cannot be changed by hand; empty if it can."""
    best: float | None = None
    """Best log-likelihood per observation that training has reached, where a hand tries to."""
    intervals: Mapping[str, FloatArray] | None = None
    """Ends (..., 2) of the intervals of the model's numbers, by parameter; None where they are not
    drawn. Of points those of the two dimensions that are shown."""
    level: str = ""
    """Of these intervals, in percent."""
    model_view: str = "picture"
    """How π and A are drawn: "picture", a state graph, or "matrix"."""


def show_panel(frame: bytes, key: str) -> None:
    """Put the panel on the page, showing a message of `encode`. The same `key` keeps its zoom."""
    draw = component("hmm_panel", "panel.js", "drawPanel")
    draw(key=key, data=frame)


def encode(frame: PanelFrame, key: str = "", live: Mapping[str, Any] | None = None) -> bytes:
    """`frame` as one message for `assets/panel.js`; see `wire` for its layout.

    `key` names the panel on the page, so that it keeps its zoom when Streamlit mounts it again.
    `live` is what `FrameSource.frame` says about this frame.

    Raises ValueError where shapes disagree.
    """
    _check(frame)
    num_states = len(frame.transition_matrix)
    charts = {
        "curve": _curve(frame),
        "learned": _matrix(frame.transition_matrix, frame.initial_probs),
        "true": _matrix(frame.true_transition_matrix, frame.true_initial_probs),
        "graph": _graph(frame),
        "means": frame.emissions.chart(),
        "sequence": _sequence(frame),
    }
    if frame.intervals is not None:
        _add_intervals(charts, frame.intervals, frame.level)
    header: dict[str, Any] = {
        "key": key,
        "live": live,
        "data_key": frame.data_key,
        "runs": [_tile(run) for run in frame.runs],
        "shown_run": frame.shown_run,
        "no_truth": frame.no_truth,
        "numbering": frame.numbering,
        "true_log_likelihood": wire.finite_or_none(frame.true_log_likelihood),
        "num_states": num_states,
        "states": {**_state_looks(num_states), "names": frame.state_names},
        "card": frame.card,
        "no_hand": frame.no_hand,
        "best": wire.finite_or_none(frame.best),
        "model_view": frame.model_view,
    }
    return wire.pack_charts(header, charts)


def _check(frame: PanelFrame) -> None:
    num_states, length = len(frame.transition_matrix), len(frame.observations)
    expected: dict[str, tuple[int, ...]] = {
        "transition_matrix": (num_states, num_states),
        "initial_probs": (num_states,),
        "observations": (length,),
        "viterbi_states": (length,),
        "smoothed_probs": (length, num_states),
        "true_transition_matrix": (num_states, num_states),
        "true_initial_probs": (num_states,),
        "true_states": (length,),
    }
    if frame.state_names:
        expected["state_names"] = (num_states,)
    for holder, shapes in (
        (frame, expected),
        (frame.emissions, frame.emissions.shapes(num_states)),
    ):
        for name, shape in shapes.items():
            value = getattr(holder, name)
            if value is not None and np.shape(value) != shape:
                raise ValueError(f"{name} has shape {np.shape(value)}, expected {shape}")
    if not frame.runs or any(len(run.log_likelihoods) == 0 for run in frame.runs):
        raise ValueError("A panel needs a run, and a run its log-likelihood at iteration 0")
    if num_states > MAX_STATES:
        raise ValueError(f"Colours and symbols tell {MAX_STATES} states apart, not {num_states}")


def _state_looks(num_states: int) -> dict[str, list[str]]:
    return {
        "colours": [theme.state_colour(state) for state in range(num_states)],
        "symbols": [theme.state_symbol(state) for state in range(num_states)],
    }


def _tile(run: RunCurve) -> dict[str, Any]:
    shown = run.iteration
    place = shown - run.first
    reached, *before = run.log_likelihoods[max(place - 1, 0) : place + 1][::-1]
    # -inf - -inf is NaN, not a gain.
    gain = float(reached - before[0]) if before and np.isfinite([reached, *before]).all() else None
    return {
        "name": run.name,
        "iteration": shown,
        "last": run.last,
        "log_likelihood": wire.finite_or_none(reached),
        "gain": gain,
        "colour": theme.RUN_COLOURS.get(run.name, theme.STATE_COLOURS[2]),
        "dash": theme.RUN_DASHES.get(run.name, "solid"),
    }


def _curve(frame: PanelFrame) -> Chart:
    best = () if frame.best is None else (frame.best,)
    ends = [float(earlier.log_likelihoods[-1]) for earlier in frame.earlier]
    climbed = [float(run.climbed[-1]) for run in frame.runs if run.climbed is not None]
    low, high = scales.likelihood_range(
        chain(*(_extremes(run.log_likelihoods) for run in frame.runs), best),
        wire.finite_or_none(frame.true_log_likelihood),
        [*ends, *climbed],
    )
    arrays: dict[str, npt.NDArray[Any]] = {}
    for number, run in enumerate(frame.runs):
        kept = decimation.extreme_indices(run.log_likelihoods, MAX_CURVE_POINTS)
        arrays[f"x{number}"] = wire.floats(kept + run.first)
        arrays[f"y{number}"] = wire.floats(run.log_likelihoods[kept])
        if run.climbed is not None:
            kept = decimation.extreme_indices(run.climbed, MAX_CURVE_POINTS)
            arrays[f"climbed_x{number}"] = wire.floats(kept)
            arrays[f"climbed_y{number}"] = wire.floats(run.climbed[kept])
    longest = max(run.last for run in frame.runs)
    first = min(run.first for run in frame.runs)
    for number, earlier in enumerate(frame.earlier):
        arrays[f"earlier_x{number}"] = wire.floats(earlier.iterations)
        arrays[f"earlier_y{number}"] = wire.floats(earlier.log_likelihoods)
    # What a hand did is to be seen beside what little was trained.
    limit = scales.iteration_limit(longest, first)
    earlier_longest = max((int(earlier.iterations[-1]) for earlier in frame.earlier), default=0)
    if earlier_longest > limit:
        limit = scales.iteration_limit(min(earlier_longest, LONGEST_EARLIER * limit))
    meta = {
        "shown": [run.iteration for run in frame.runs],
        "shown_values": [wire.finite_or_none(run.shown_log_likelihood) for run in frame.runs],
        "marks": list(frame.marks),
        "x_range": [first, limit],
        "by_hand": -first,
        "best": wire.finite_or_none(frame.best),
        "climbed": [wire.finite_or_none(value) for value in climbed],
        "y_range": [low, high],
        "names": [run.name for run in frame.runs],
        "truth": wire.finite_or_none(frame.true_log_likelihood),
        "earlier": [
            {"name": earlier.name, "end": wire.finite_or_none(end), "same_data": earlier.same_data}
            for earlier, end in zip(frame.earlier, ends, strict=True)
        ],
    }
    return meta, arrays


def _extremes(values: FloatArray) -> tuple[float, ...]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else ()


def _matrix(matrix: FloatArray | None, initial_probs: FloatArray | None) -> Chart:
    if matrix is None or initial_probs is None:
        return {"present": False}, {}
    return {}, {"probs": wire.floats(matrix), "initial": wire.floats(initial_probs)}


OWN = ("means", "rates", "probs")
"""Parameters whose intervals the card of emissions draws; a model has one of them, or parts."""


def _add_intervals(charts: dict[str, Chart], given: Mapping[str, FloatArray], level: str) -> None:
    places = [
        ("learned", "", given["transition_matrix"]),
        ("learned", "initial_", given["initial_probs"]),
    ]
    for name, ends in given.items():
        part, dot, own = name.rpartition(".")
        if own in OWN:
            places.append(("means", f"{part}{dot}", ends))
    for chart, prefix, ends in places:
        meta, arrays = charts[chart]
        arrays |= {f"{prefix}lows": ends[..., 0], f"{prefix}highs": ends[..., 1]}
        charts[chart] = {**meta, "level": level}, arrays
    meta, _ = charts["means"]
    for part in meta.get("parts", ()):
        part["level"] = level


def _graph(frame: PanelFrame) -> Chart:
    """What the state graphs show besides the transition matrices of "learned" and "true"."""
    words, true_words = frame.emissions.words()
    meta: dict[str, Any] = {"words": words}
    if isinstance(frame.emissions, Parts):
        meta["whole_words"], meta["true_whole_words"] = frame.emissions.whole_words()
    arrays = {"initial": wire.floats(frame.initial_probs)}
    if frame.true_initial_probs is not None:
        meta["true_words"] = true_words
        arrays["true_initial"] = wire.floats(frame.true_initial_probs)
    return meta, arrays


def _sequence(frame: PanelFrame) -> Chart:
    num_states, length = len(frame.transition_matrix), len(frame.observations)
    width = decimation.bin_width(length, MAX_COLUMNS)

    def strip(states: IntArray) -> npt.NDArray[np.uint8]:
        return wire.state_bytes(decimation.majority_bins(states, width, num_states))

    scale = frame.scale or TimeScale(length)
    first, arrays = _panel(frame, frame.observations, frame.variable, scale)
    further = []
    for number, observed in enumerate(frame.further, 1):
        meta, own = _panel(frame, *observed, scale)
        further.append(meta)
        arrays |= {f"{name}{number}": values for name, values in own.items()}
    arrays |= {
        "viterbi": strip(frame.viterbi_states),
        "posterior": wire.probability_bytes(decimation.mean_bins(frame.smoothed_probs, width).T),
    }
    if scale.times is not None:
        arrays["columns"] = scale.centres(width)
    if frame.true_states is not None:
        arrays["true_states"] = strip(frame.true_states)
    meta = {
        "name": shortened(frame.sequence_name),
        **first,
        "further": further,
        "length": length,
        "missing": int(np.count_nonzero(np.isnan(frame.observations))),
        "first_time": theme.FIRST_TIME,
        "axis": scale.axis(0.5),
        "width": width,
        "posterior_colours": theme.POSTERIOR_COLOUR_SCALE,
        "no_truth": frame.no_truth,
    }
    return meta, arrays


def _panel(
    frame: PanelFrame, observations: FloatArray, variable: ObservedVariable, scale: TimeScale
) -> Chart:
    """One panel of observations along time."""
    kept = decimation.extreme_indices(observations, MAX_POINTS)
    low, high = variable.limits(observations)
    # The confidence in the drawn state of each point, for the hover text.
    states = frame.viterbi_states[kept]
    confidence = frame.smoothed_probs[kept, np.maximum(states, 0)]
    arrays: dict[str, npt.NDArray[Any]] = {
        "times": wire.axis_values(scale.places[kept], len(observations) * scale.step),
        "observations": wire.axis_values(observations[kept], high - low),
        "states": wire.state_bytes(states),
        "confidence": wire.probability_bytes(confidence),
    }
    meta = {
        "x": chart_text(variable.name),
        "title": variable.title,
        "kind": variable.kind,
        "labels": variable.label_texts,
        "ticks": variable.ticks(LABEL_LETTERS),
        "y_range": [low, high],
    }
    return meta, arrays
