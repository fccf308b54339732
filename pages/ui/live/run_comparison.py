"""The comparison of runs: training runs side by side, drawn live by one component in the browser.

`ComparisonFrame` is one frame as plain values, `encode` turns it into one block of bytes for
`assets/run-comparison.js`. See `panel` for the other live view and `wire` for the layout of the
bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from hmmcore.comparison import Progress, distances
from pages.ui.browser import wire
from pages.ui.browser.wire import Chart
from pages.ui.figures import scales, theme
from pages.ui.live.panel import register

KEY = "run_comparison"
MAX_CURVE_POINTS = 600
MAX_PATH_POINTS = 150
"""Models of a run that its paths of parameters are drawn through."""

LOWEST_DECADE = -10
"""A distance of 1e-10 nats per observation is none: a run that gains less stands still."""

FloatArray = npt.NDArray[np.float64]

AXIS_TITLES: Mapping[str, str] = {
    "iterations": "iteration",
    "sweeps": "sweeps over the data",
    "seconds": "seconds of computing",
}


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """One run of the comparison.

    Attributes:
        name: on its row and in hover texts.
        log_likelihoods: (I + 1,) per observation, in nats.
        seconds: (I + 1,) of computing from the start to each iteration.
        shown: the iteration that is shown.
        ended: why it goes no further: "" (it goes on), "at rest" or "failed".
        colour, dash: of its line.
        progress: what its curve says, up to `shown`.
    """

    name: str
    log_likelihoods: FloatArray
    seconds: FloatArray
    shown: int
    ended: str
    colour: str
    dash: str
    progress: Progress

    def places(self, axis: str) -> FloatArray:
        """(I + 1,) where each iteration stands on an axis of `AXIS_TITLES`."""
        if axis == "seconds":
            return self.seconds
        return np.arange(len(self.log_likelihoods), dtype=np.float64) + (axis == "sweeps")


@dataclass(frozen=True, eq=False)
class Path:
    """The parameters of one run over its iterations: (S,) iterations, (S, K) values."""

    run: int
    iterations: npt.NDArray[np.integer[Any]]
    values: FloatArray


@dataclass(frozen=True, eq=False)
class Track:
    """One parameter of every state, over the iterations of some runs.

    Attributes:
        title: of its chart.
        unit: on its axis.
        bounds: ends of its axis; None where they follow from the values.
        truth: (K,) of the true model; None without one.
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
        axis: along what the runs are drawn; a key of `AXIS_TITLES`.
        runs: one to seven; the first `num_main` are the methods themselves.
        tracks: three, for the charts "location", "spread" and "stay".
        reference: that distances are measured from; None without one.
        reference_name: what that is.
        verdict: a headline and what follows it.
        sweep: a sentence about further learning rates; may be empty.
        marks: iterations that the reader marked.
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


TRACK_NAMES = ("location", "spread", "stay")


def show_run_comparison(frame: bytes) -> None:
    """Put the comparison on the page, showing what `encode` made."""
    from pages.ui.browser.assets import PLOTLY, asset_url

    draw = _component(asset_url("run-comparison.js"), asset_url(PLOTLY))
    draw(key=KEY, data=frame, on_news_change=lambda: None)


@lru_cache(maxsize=4)
def _component(module_url: str, plotly_url: str) -> Callable[..., Any]:
    return register("hmm_duel", "drawRunComparison", module_url, plotly_url)


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
        "states": {"colours": [theme.state_colour(state) for state in range(frame.num_states)]},
        "verdict": frame.verdict,
        "sweep": frame.sweep,
    }
    return wire.pack_charts(header, charts)


def _row(frame: ComparisonFrame, run: ComparedRun) -> dict[str, Any]:
    told = run.progress
    reached = told.log_likelihood
    below = None if frame.reference is None else frame.reference - reached
    return {
        "name": run.name,
        "iteration": run.shown,
        "log_likelihood": wire.finite_or_none(reached),
        "distance": wire.finite_or_none(below),
        "gain": told.gain,
        "rate": told.rate,
        "dips": told.dips,
        "seconds": float(run.seconds[run.shown]),
        "ended": run.ended,
        "colour": run.colour,
        "dash": run.dash,
    }


def _curve(frame: ComparisonFrame) -> Chart:
    main, beside = frame.runs[: frame.num_main], frame.runs[frame.num_main :]
    # A rate far too high falls without end; it may leave the frame, the others stay readable.
    low, high = scales.likelihood_range(
        chain(
            chain.from_iterable(_extremes(run.log_likelihoods) for run in main),
            chain.from_iterable(_extremes(run.log_likelihoods)[1:] for run in beside),
        ),
        wire.finite_or_none(frame.true_log_likelihood),
    )
    arrays: dict[str, npt.NDArray[Any]] = {}
    for number, run in enumerate(frame.runs):
        kept = wire.extreme_indices(run.log_likelihoods, MAX_CURVE_POINTS)
        arrays[f"x{number}"] = wire.floats(run.places(frame.axis)[kept])
        arrays[f"y{number}"] = wire.floats(run.log_likelihoods[kept])
    meta = {
        **_along(frame),
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
        kept = wire.extreme_indices(below, MAX_CURVE_POINTS)
        arrays[f"x{number}"] = wire.floats(run.places(frame.axis)[kept])
        arrays[f"y{number}"] = wire.floats(below[kept])
        seen += _extremes(below)
        shown.append(wire.finite_or_none(below[run.shown]))
    meta = {
        **_along(frame),
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
        arrays[f"x{path.run}"] = wire.floats(run.places(frame.axis)[path.iterations])
        arrays[f"y{path.run}"] = wire.floats(path.values.T)
        # The last kept model that is not later than what is shown.
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
        **_along(frame),
        "runs": [path.run for path in track.paths],
        "shown_values": shown,
        "y_range": [low, high],
        "truth": truth,
        "title": track.title,
        "unit": track.unit,
    }
    return meta, arrays


def _along(frame: ComparisonFrame) -> dict[str, Any]:
    """What all charts share: the axis along which runs are drawn, what is shown on it, and how."""
    ends = [float(run.places(frame.axis)[-1]) for run in frame.runs]
    limit = scales.seconds_limit if frame.axis == "seconds" else scales.iteration_limit
    first = frame.runs[0].places(frame.axis)
    return {
        "x_range": [0, limit(max(ends))],  # type: ignore[operator]
        "x_title": AXIS_TITLES[frame.axis],
        "shown": [float(run.places(frame.axis)[run.shown]) for run in frame.runs],
        "marks": [float(first[mark]) for mark in frame.marks if mark < len(first)],
        "looks": [(run.name, run.colour, run.dash) for run in frame.runs],
        "num_main": frame.num_main,
    }


def _extremes(values: FloatArray) -> tuple[float, ...]:
    """Least and greatest finite value, or nothing."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else ()
