"""The comparison of runs: a live view that draws several training runs in the same charts.

`ComparisonFrame` is one frame as plain values, `encode` turns it into one block of bytes for
`assets/run-comparison.js`. See `panel` for the other live view and `wire` for the layout of the
bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.comparison import Progress, distances
from pages.ui.browser import wire
from pages.ui.browser.component import component
from pages.ui.browser.wire import Chart
from pages.ui.figures import decimation, scales, theme

KEY = "run_comparison"
MAX_CURVE_POINTS = 600
MAX_PATH_POINTS = 150
"""Points of each parameter path: models taken from the history of a run."""

LOWEST_DECADE = -10
"""Power of ten at which the distance axis ends: a run that gains less per step stands still."""


AXIS_TITLES: Mapping[str, str] = {
    "iterations": "iteration",
    "sweeps": "sweeps over the data",
    "seconds": "seconds of computing",
}


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """One run of the comparison.

    Attributes:
        name: its name in the table and in hover texts.
        log_likelihoods: (I + 1,) per observation, in nats, of iterations 0 to I.
        seconds: (I + 1,) seconds of computing from the start to each iteration.
        shown: the iteration that is shown.
        ended: "" while it can go on, how it ended when it cannot; see `standing_words.ENDINGS`.
        colour, dash: the style of its line.
        progress: summary of its log-likelihoods up to `shown`.
    """

    name: str
    log_likelihoods: FloatArray
    seconds: FloatArray
    shown: int
    ended: str
    colour: str
    dash: str
    progress: Progress

    def axis_values(self, axis: str) -> FloatArray:
        """(I + 1,) the x value of each iteration on `axis`, a key of `AXIS_TITLES`."""
        if axis == "seconds":
            return self.seconds
        return np.arange(len(self.log_likelihoods), dtype=np.float64) + (axis == "sweeps")


@dataclass(frozen=True, eq=False)
class Path:
    """One parameter of every state of one run, at some of its iterations.

    Attributes:
        run: the index of the run in `ComparisonFrame.runs`.
        iterations: (S,) in rising order.
        values: (S, K) the parameter at these iterations.
    """

    run: int
    iterations: IntArray
    values: FloatArray


@dataclass(frozen=True, eq=False)
class Track:
    """A chart of one parameter of every state over the iterations of the main runs.

    Attributes:
        title: the chart's title.
        unit: the title of its y axis.
        paths: one for each run.
        bounds: ends of the y axis; None where they follow from the values.
        truth: (K,) the parameter in the true model; None without one.
    """

    title: str
    unit: str
    paths: tuple[Path, ...]
    bounds: tuple[float, float] | None = None
    truth: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class ComparisonFrame:
    """What the comparison shows at one moment.

    Attributes:
        data_key: zoom is kept as long as this stays the same.
        axis: the x axis of all charts; a key of `AXIS_TITLES`.
        runs: one to seven; the first `num_main` are the runs of the chosen methods, the others
            those of the learning rate sweep.
        tracks: one for each of `TRACK_NAMES`.
        reference: the log-likelihood from which distances are measured; None without one.
        reference_name: what the reference is, in words.
        verdict: a headline, and the sentences below it.
        sweep: a sentence about the learning rate sweep; empty without one.
        true_log_likelihood: per observation, of the true model; None without one.
        marks: iterations that the reader marked.
        state_names: (K,) what the states are called; empty while they have only numbers.
    """

    data_key: str
    axis: str
    num_states: int
    runs: tuple[ComparedRun, ...]
    num_main: int
    tracks: tuple[Track, ...]
    reference: float | None
    reference_name: str
    verdict: tuple[str, str]
    sweep: str = ""
    true_log_likelihood: float | None = None
    marks: tuple[int, ...] = ()
    state_names: tuple[str, ...] = ()


TRACK_NAMES = ("location", "spread", "stay")


def show_run_comparison(frame: bytes) -> None:
    """Put the comparison on the page, showing a message of `encode`."""
    draw = component("hmm_run_comparison", "run-comparison.js", "drawRunComparison")
    draw(key=KEY, data=frame)


def encode(frame: ComparisonFrame, live: Mapping[str, Any] | None = None) -> bytes:
    """`frame` as one message for `assets/run-comparison.js`. `live` is as in `panel.encode`."""
    charts = {
        "curve": _curve(frame),
        "distance": _distance(frame),
        **{
            name: _track(frame, track)
            for name, track in zip(TRACK_NAMES, frame.tracks, strict=True)
        },
    }
    header: dict[str, Any] = {
        "key": KEY,
        "live": live,
        "data_key": frame.data_key,
        "runs": [_row(frame, run) for run in frame.runs],
        "num_main": frame.num_main,
        "num_states": frame.num_states,
        "states": {
            "colours": [theme.state_colour(state) for state in range(frame.num_states)],
            "names": frame.state_names,
        },
        "verdict": frame.verdict,
        "sweep": frame.sweep,
    }
    return wire.pack_charts(header, charts)


def _row(frame: ComparisonFrame, run: ComparedRun) -> dict[str, Any]:
    progress = run.progress
    reached = progress.log_likelihood
    below = None if frame.reference is None else frame.reference - reached
    return {
        "name": run.name,
        "iteration": run.shown,
        "log_likelihood": wire.finite_or_none(reached),
        "distance": wire.finite_or_none(below),
        "gain": progress.gain,
        "rate": progress.rate,
        "dips": progress.dips,
        "seconds": float(run.seconds[run.shown]),
        "ended": run.ended,
        "colour": run.colour,
        "dash": run.dash,
    }


def _curve(frame: ComparisonFrame) -> Chart:
    main, sweep = frame.runs[: frame.num_main], frame.runs[frame.num_main :]
    # With far too high a learning rate the likelihood falls without end. The range leaves such a
    # curve of the sweep out, so that the others stay readable.
    low, high = scales.likelihood_range(
        chain(
            chain.from_iterable(_extremes(run.log_likelihoods) for run in main),
            chain.from_iterable(_extremes(run.log_likelihoods)[1:] for run in sweep),
        ),
        wire.finite_or_none(frame.true_log_likelihood),
    )
    arrays: dict[str, npt.NDArray[Any]] = {}
    for number, run in enumerate(frame.runs):
        kept = decimation.extreme_indices(run.log_likelihoods, MAX_CURVE_POINTS)
        arrays[f"x{number}"] = wire.floats(run.axis_values(frame.axis)[kept])
        arrays[f"y{number}"] = wire.floats(run.log_likelihoods[kept])
    meta = {
        **_shared_meta(frame),
        "shown_values": [wire.finite_or_none(run.log_likelihoods[run.shown]) for run in frame.runs],
        "y_range": [low, high],
        "truth": wire.finite_or_none(frame.true_log_likelihood),
    }
    return meta, arrays


def _distance(frame: ComparisonFrame) -> Chart:
    arrays: dict[str, npt.NDArray[Any]] = {}
    seen: list[float] = []
    shown: list[float | None] = []
    for number, run in enumerate(frame.runs):
        below = (
            np.full(len(run.log_likelihoods), np.nan)
            if frame.reference is None
            else distances(run.log_likelihoods, frame.reference)
        )
        kept = decimation.extreme_indices(below, MAX_CURVE_POINTS)
        arrays[f"x{number}"] = wire.floats(run.axis_values(frame.axis)[kept])
        arrays[f"y{number}"] = wire.floats(below[kept])
        seen += _extremes(below)
        shown.append(wire.finite_or_none(below[run.shown]))
    meta = {
        **_shared_meta(frame),
        "shown_values": shown,
        "y_range": list(scales.decades(seen, LOWEST_DECADE)),
        "reference_name": frame.reference_name,
        "present": frame.reference is not None,
    }
    return meta, arrays


def _track(frame: ComparisonFrame, track: Track) -> Chart:
    arrays: dict[str, npt.NDArray[Any]] = {}
    shown = []
    for path in track.paths:
        run = frame.runs[path.run]
        arrays[f"x{path.run}"] = wire.floats(run.axis_values(frame.axis)[path.iterations])
        arrays[f"y{path.run}"] = wire.floats(path.values.T)
        # The last kept model up to the shown iteration.
        now = path.values[max(0, int(np.searchsorted(path.iterations, run.shown, "right")) - 1)]
        shown.append([wire.finite_or_none(value) for value in now])
    truth = None if track.truth is None else [wire.finite_or_none(v) for v in track.truth]
    bounds = track.bounds
    if bounds is None:
        values = chain.from_iterable(_extremes(path.values) for path in track.paths)
        low, high = scales.likelihood_range(chain(values, truth or ()))
    else:
        low, high = bounds
    meta = {
        **_shared_meta(frame),
        "runs": [path.run for path in track.paths],
        "shown_values": shown,
        "y_range": [low, high],
        "truth": truth,
        "title": track.title,
        "unit": track.unit,
    }
    return meta, arrays


def _shared_meta(frame: ComparisonFrame) -> dict[str, Any]:
    """What all charts share: the x axis, the shown iteration of each run, and the line styles."""
    ends = [float(run.axis_values(frame.axis)[-1]) for run in frame.runs]
    limit = scales.seconds_limit if frame.axis == "seconds" else scales.iteration_limit
    first = frame.runs[0].axis_values(frame.axis)
    return {
        "x_range": [0, limit(max(ends))],  # type: ignore[operator]
        "x_title": AXIS_TITLES[frame.axis],
        "shown": [float(run.axis_values(frame.axis)[run.shown]) for run in frame.runs],
        "marks": [float(first[mark]) for mark in frame.marks if mark < len(first)],
        "looks": [(run.name, run.colour, run.dash) for run in frame.runs],
        "num_main": frame.num_main,
    }


def _extremes(values: FloatArray) -> tuple[float, ...]:
    """The least and the greatest finite value; empty when no value is finite."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else ()
