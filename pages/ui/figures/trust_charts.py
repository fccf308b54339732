"""Charts of the Trust page: intervals with the truth, and the gains of EM's steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import FloatArray, IntArray
from pages.ui.figures import look, theme
from pages.ui.figures.look import Plot, Values
from pages.ui.figures.theme import Palette

MOST_NAMES = 24
"""Names that fit below one figure."""

BEYOND = 10.0
"""Where an infinite end is drawn: so many times as far as all finite ones reach."""


@dataclass(frozen=True, eq=False)
class Intervals:
    """Numbers of one kind with their intervals, all (n,).

    Attributes:
        values, lows, highs, truths: NaN where there is none; ends may be infinite.
        states: whose colour and symbol each has.
        groups: which stand together, ascending from 0.
        names: what each is called, escaped for Plotly.
        group_names: what each group is called, likewise; empty if each number is one.
    """

    values: FloatArray
    lows: FloatArray
    highs: FloatArray
    truths: FloatArray
    states: IntArray
    groups: IntArray
    names: Sequence[str]
    group_names: Sequence[str]


def intervals_figure(
    given: Intervals, axis_title: str, group_title: str, is_share: bool, revision: str,
    colours: Palette, around: bool = False, height: int = 260,
) -> go.Figure:  # fmt: skip
    """Estimates as marks, intervals as whiskers, and the truth as short lines across.

    With `around` each number is drawn from its estimate on, which lies at zero.
    """
    hovers = _hover(given)
    if around:
        ends = (given.lows - given.values, given.highs - given.values, given.truths - given.values)
        given = replace(
            given, values=np.zeros(len(given.values)), lows=ends[0], highs=ends[1], truths=ends[2]
        )
        axis_title, is_share = f"{axis_title} − estimate", False
    alone = len(np.unique(given.groups)) == len(given.groups)
    places = np.arange(len(given.values)) + (0 if alone else given.groups)
    reach_low, reach_high = _reach(given)
    up = np.clip(given.highs, None, reach_high) - given.values
    down = given.values - np.clip(given.lows, reach_low, None)
    several = len(given.values) > 100
    marks: Values = {
        "type": "scatter", "mode": "markers", "x": places, "y": given.values,
        "error_y": {
            "type": "data", "symmetric": False, "array": np.nan_to_num(up),
            "arrayminus": np.nan_to_num(down), "color": colours.mixed(0.6),
            "thickness": 1.0 if several else 1.5, "width": 0 if several else 4,
        },
        "marker": {
            "color": [theme.state_colour(k) for k in given.states.tolist()],
            "symbol": [theme.state_symbol(k) for k in given.states.tolist()],
            "size": 5 if several else 9, "line": {"width": 0.6, "color": colours.text},
        },
        "customdata": hovers, "name": "learned",
        "hovertemplate": "%{customdata}<extra></extra>",
    }  # fmt: skip
    traces = [marks]
    known = np.isfinite(given.truths)
    if known.any():
        traces.append(
            {
                "type": "scatter", "mode": "markers", "x": places[known], "y": given.truths[known],
                "marker": {
                    "symbol": "line-ew", "size": 7 if several else 16,
                    "line": {"width": 2, "color": colours.text},
                },
                "customdata": [
                    hover for hover, is_known in zip(hovers, known, strict=True) if is_known
                ],
                "hovertemplate": "%{customdata}<extra></extra>", "name": "true",
            }
        )  # fmt: skip
    return look.single(
        Plot(traces, _values_axis(given, axis_title, is_share), _ticks(given, places, group_title)),
        colours, height=height, uirevision=revision, showlegend=False,
    )  # fmt: skip


def _reach(given: Intervals) -> tuple[float, float]:
    """How far down and up whiskers are drawn whose ends are infinite."""
    ends = np.concatenate([given.values, given.lows, given.highs, given.truths])
    finite = ends[np.isfinite(ends)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    span = BEYOND * max(high - low, 1e-6)
    return low - span, high + span


def _values_axis(given: Intervals, title: str, is_share: bool) -> Values:
    axis: Values = {"title": title}
    if is_share:
        return {**axis, "range": [-0.03, 1.03], "dtick": 0.25}
    if not (np.isinf(given.lows).any() or np.isinf(given.highs).any()):
        return axis
    # Whiskers without an end leave the picture.
    shown = np.concatenate([given.values, given.truths, given.lows, given.highs])
    shown = shown[np.isfinite(shown)]
    room = 0.1 * max(float(shown.max() - shown.min()), 1e-6)
    return {**axis, "range": [float(shown.min()) - room, float(shown.max()) + room]}


def _ticks(given: Intervals, places: IntArray, title: str) -> Values:
    names = list(given.group_names) or list(given.names)
    groups = np.unique(given.groups)
    centres = np.array([places[given.groups == g].mean() for g in groups])
    every = 1 if len(groups) <= MOST_NAMES else -(-len(groups) // MOST_NAMES)
    return {
        "title": title, "tickmode": "array", "tickvals": centres[::every],
        "ticktext": names[::every], "showgrid": False, "zeroline": False,
        "range": [-0.7, float(places[-1]) + 0.7],
    }  # fmt: skip


def _hover(given: Intervals) -> list[str]:
    return [
        f"{name}: {value:.4g}"
        + ("" if np.isnan(low) or np.isnan(high) else f"<br>from {low:.4g} to {high:.4g}")
        + ("" if np.isnan(truth) else f"<br>truly {truth:.4g}")
        for name, value, low, high, truth in zip(
            given.names, given.values, given.lows, given.highs, given.truths, strict=True
        )
    ]


def pace_figure(
    iterations: IntArray, gains: FloatArray, predicted_at: IntArray, predicted: FloatArray,
    missing: FloatArray, revision: str, colours: Palette,
) -> go.Figure:  # fmt: skip
    """What each step gained and was to gain, and beside it the information that is missing.

    Args:
        iterations, gains: (n,) of the steps, in nats.
        predicted_at, predicted: (m,) what the rate foretells.
        missing: (d,) shares, the largest first.
    """
    steps: list[Values] = [
        {
            "type": "scatter", "mode": "lines+markers" if len(gains) < 60 else "lines",
            "x": iterations, "y": gains, "name": "observed",
            "line": {"color": theme.RUN_COLOURS["EM"], "width": 2}, "marker": {"size": 5},
            "hovertemplate": "iteration %{x}: gained %{y:.3g} nats<extra></extra>",
        },
        {
            "type": "scatter", "mode": "lines", "x": predicted_at, "y": predicted,
            "name": "predicted by the rate",
            "line": {"color": colours.mixed(0.7), "width": 2, "dash": "dash"},
            "hovertemplate": "iteration %{x}: predicted %{y:.3g} nats<extra></extra>",
        },
    ]  # fmt: skip
    bars: Values = {
        "type": "bar", "x": np.arange(1, len(missing) + 1), "y": np.clip(missing, 0.0, 1.0),
        "marker": {"color": colours.primary}, "name": "missing",
        "hovertemplate": "direction %{x}: %{y:.1%} missing<extra></extra>", "showlegend": False,
    }  # fmt: skip
    return look.columns(
        [
            Plot(
                steps,
                {"title": "gain of the log-likelihood (nats)", "type": "log",
                 "exponentformat": "power", "nticks": 6},
                {"title": "iteration", "rangemode": "tozero"},
            ),
            Plot(
                [bars], {"title": "share missing", "range": [0, 1.02], "tickformat": ".0%"},
                {"title": "direction, the slowest first", "fixedrange": True, "nticks": 6},
            ),
        ],
        [3.0, 2.0], 0.14, ["Gain of each step", "Missing information"], colours,
        height=340, margin={"t": 34, "b": 72}, uirevision=revision,
        legend={"orientation": "h", "x": 0.0, "y": -0.22, "yanchor": "top"},
    )  # fmt: skip
