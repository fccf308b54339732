"""Charts of what comes next, and of how forecasts of what is known did."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import BoolArray, FloatArray
from pages.ui.figures import decimation, theme
from pages.ui.figures.charts import state_ticks
from pages.ui.figures.look import LEGEND, Plot, Values
from pages.ui.figures.observed_variable import ObservedVariable
from pages.ui.figures.residual_charts import FAR_LOOK, band
from pages.ui.figures.theme import Palette
from pages.ui.figures.time_axis import MAX_POINTS, time_stack
from pages.ui.figures.time_scale import TimeScale

LABEL_ROOM = 96
"""Pixels for the names of states beside the lower plot."""


def forecast_figure(
    history: FloatArray,
    probs: FloatArray,
    means: FloatArray | None,
    lower: FloatArray | None,
    upper: FloatArray | None,
    symbol_probs: FloatArray | None,
    variable: ObservedVariable,
    colours: Palette,
    *,
    level: str,
    revision: str,
    scale: TimeScale,
) -> go.Figure:
    """The last observations (m,) and what is expected of the next h; below, the states of all.

    Args:
        probs: (m + h, K) of the states: filtered up to the last observation, then foretold.
        means, lower, upper: (h,) of the observations, and their interval; None for symbols.
        symbol_probs: (h, C) of symbols; None for numbers.
        level: the interval's level as text.
        scale: of the m + h times.
    """
    seen, ahead = len(history), len(probs) - len(history)
    past, future = np.arange(seen), np.arange(seen, seen + ahead)
    traces: list[Values] = []
    if symbol_probs is not None:
        traces.append(_symbols(symbol_probs, variable, scale, future))
        limits = variable.limits(history)
    else:
        assert means is not None
        assert lower is not None
        assert upper is not None
        limits = variable.limits(np.concatenate([history, lower, upper]))
        traces += _interval(means, lower, upper, level, scale, future, colours, variable)
    texts = variable.value_texts(history)
    known = np.flatnonzero(np.isfinite(history))
    traces.append(
        {
            "type": "scatter", "mode": "markers", "x": scale.chosen(past[known]),
            "y": history[known], "name": "observed",
            "marker": {"color": colours.text, "size": 5 if seen < 400 else 3},
            "customdata": [texts[step] for step in known],
            "hovertemplate": f"{scale.symbol}%{{x}}: %{{customdata}}<extra></extra>",
        }
    )  # fmt: skip
    axis = {
        "title": variable.title, "range": list(limits), "showgrid": True,
        **variable.axis(room=10),
    }  # fmt: skip
    upper_height, lower_height = 240, int(np.clip(14 * probs.shape[1], 90, 260))
    colour_axis: Values = {
        "colorscale": theme.POSTERIOR_COLOUR_SCALE, "cmin": 0.0, "cmax": 1.0,
        "colorbar": {
            "title": {"text": "probability", "side": "right"}, "thickness": 10,
            "tickvals": np.array([0, 0.5, 1]), "outlinewidth": 0, "x": 1.01, "len": 110,
            "lenmode": "pixels", "y": 0.0, "yanchor": "bottom",
        },
    }  # fmt: skip
    return time_stack(
        [Plot(traces, axis), _states(probs, seen, scale, colours)],
        [upper_height, lower_height], scale, colours,
        left=LABEL_ROOM, right=64, top=34, uirevision=revision, coloraxis=colour_axis,
        shapes=[_now(seen, scale, colours)], showlegend=True, legend=LEGEND,
    )  # fmt: skip


def _interval(
    means: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    level: str,
    scale: TimeScale,
    steps: np.ndarray,
    colours: Palette,
    variable: ObservedVariable,
) -> list[Values]:
    """The area of the interval, and the line of the means in it."""
    x = scale.chosen(steps)
    ends = np.column_stack([lower, upper])
    word = "the rate" if variable.kind == "count" else "the mean"
    line = {
        "type": "scatter", "mode": "lines+markers", "x": x, "y": means, "name": "expected",
        "line": {"color": colours.primary, "width": 2}, "marker": {"size": 4},
        "customdata": ends,
        "hovertemplate": f"{scale.symbol}%{{x}}: {word} expected is %{{y:.4g}}, and {level} of "
        "observations lie from %{customdata[0]:.4g} to %{customdata[1]:.4g}<extra></extra>",
    }  # fmt: skip
    if len(means) > 1:
        return [band(x, lower, upper, colours, f"{level} interval"), line]
    # An area at a single time has no width.
    bar = {"type": "data", "symmetric": False, "array": upper - means,
           "arrayminus": means - lower, "color": colours.mixed(0.5)}  # fmt: skip
    return [{**line, "error_y": bar}]


def _symbols(
    probs: FloatArray, variable: ObservedVariable, scale: TimeScale, steps: np.ndarray
) -> Values:
    """Cells of how probable each symbol is at each of some steps."""
    names = np.array([variable.label_texts], dtype=object)
    return {
        "type": "heatmap", "z": probs.T.astype(np.float32), "x": scale.chosen(steps),
        "y": np.arange(probs.shape[1]), "coloraxis": "coloraxis", "hoverongaps": False,
        "text": np.repeat(names.T, len(steps), axis=1), "showlegend": False,
        "hovertemplate": f"{scale.symbol}%{{x}}: %{{text}} with probability %{{z:.3f}}"
        "<extra></extra>",
    }  # fmt: skip


def _states(probs: FloatArray, seen: int, scale: TimeScale, colours: Palette) -> Plot:
    num_states = probs.shape[1]
    names = np.array([colours.states.all(num_states)], dtype=object)
    cells = {
        "type": "heatmap", "z": probs.T.astype(np.float32),
        "x": scale.chosen(np.arange(len(probs))), "y": np.arange(1, num_states + 1),
        "coloraxis": "coloraxis", "hoverongaps": False, "showlegend": False,
        "text": np.repeat(names.T, len(probs), axis=1),
        "customdata": np.tile(
            np.where(np.arange(len(probs)) < seen, "filtered", "foretold"), (num_states, 1)
        ),
        "hovertemplate": f"{scale.symbol}%{{x}}: %{{customdata}} probability of %{{text}} is "
        "%{z:.3f}<extra></extra>",
    }  # fmt: skip
    axis = {"range": [num_states + 0.5, 0.5], "fixedrange": True, "showgrid": False}
    return Plot([cells], {**axis, "title": "state", **state_ticks(num_states, colours.states)})


def _now(seen: int, scale: TimeScale, colours: Palette) -> Values:
    """The line between what was seen and what was not."""
    places = scale.places[seen - 1 : seen + 1].astype(np.float64)
    (between,) = scale.drawn(places.mean(keepdims=True)).tolist()
    return {
        "type": "line", "xref": "x", "yref": "paper", "x0": between, "x1": between, "y0": 0,
        "y1": 1, "line": {"color": colours.mixed(0.6), "width": 1},
    }  # fmt: skip


def backtest_figure(
    observed: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    inside: BoolArray,
    variable: ObservedVariable,
    colours: Palette,
    *,
    level: str,
    revision: str,
    scale: TimeScale,
) -> go.Figure:
    """Observations (n,) held out, NaN where missing, and the interval (n,) foretold for each."""
    place, symbol = FAR_LOOK
    missed = np.isfinite(observed) & ~inside
    shown = decimation.extreme_indices(observed, MAX_POINTS)
    shown = np.union1d(shown, np.flatnonzero(missed)[:MAX_POINTS])
    texts = variable.value_texts(observed[shown])
    steps = _with_edges(scale, lower, upper)
    traces = [band(*steps, colours, f"{level} interval, one step ahead")]
    for name, chosen, colour, mark, size in (
        ("inside", ~missed[shown], colours.text, "circle", 5),
        ("outside", missed[shown], theme.state_colour(place), symbol, 9),
    ):
        known = chosen & np.isfinite(observed[shown])
        which = shown[known]
        traces.append(
            {
                "type": "scatter", "mode": "markers", "name": name, "x": scale.chosen(which),
                "y": observed[which], "marker": {"color": colour, "symbol": mark, "size": size},
                "customdata": list(
                    zip(np.array(texts, dtype=object)[known],
                        [f"{a:.4g}" for a in lower[which]], [f"{b:.4g}" for b in upper[which]],
                        strict=True)
                ),
                "hovertemplate": f"{scale.symbol}%{{x}}: %{{customdata[0]}}, foretold from "
                "%{customdata[1]} to %{customdata[2]}<extra></extra>",
            }
        )  # fmt: skip
    limits = variable.limits(np.concatenate([observed, lower, upper]))
    return time_stack(
        [Plot(traces, {"title": variable.title, "range": list(limits), "showgrid": True,
                       **variable.axis(room=10)})],
        [220], scale, colours, left=LABEL_ROOM, top=34, uirevision=revision, showlegend=True,
        legend=LEGEND,
    )  # fmt: skip


def _with_edges(
    scale: TimeScale, lower: FloatArray, upper: FloatArray
) -> tuple[np.ndarray, FloatArray, FloatArray]:
    """The interval as steps, each as wide as one time: it belongs to that time alone."""
    width = decimation.bin_width(len(lower), MAX_POINTS)
    firsts = np.arange(0, len(lower), width)
    low = np.minimum.reduceat(lower, firsts)
    high = np.maximum.reduceat(upper, firsts)
    centres = scale.centres(width).astype(np.float64)
    half = scale.step * width / 2
    x = scale.drawn(np.column_stack([centres - half, centres + half]).ravel())
    return x, np.repeat(low, 2), np.repeat(high, 2)


def symbol_backtest_figure(
    probs: FloatArray,
    right: BoolArray,
    texts: Sequence[str],
    colours: Palette,
    *,
    revision: str,
    scale: TimeScale,
) -> go.Figure:
    """How probable each held-out symbol (n,) was before it came, NaN where it is missing.

    `right` (n,) says where it was the most probable one, `texts` (n,) which it was.
    """
    place, symbol = FAR_LOOK
    traces: list[Values] = []
    shown = decimation.extreme_indices(probs, MAX_POINTS)
    for name, chosen, colour, mark in (
        ("the most probable came", right, colours.primary, "circle"),
        ("another came", ~right, theme.state_colour(place), symbol),
    ):
        which = shown[chosen[shown] & np.isfinite(probs[shown])]
        traces.append(
            {
                "type": "scatter", "mode": "markers", "name": name, "x": scale.chosen(which),
                "y": probs[which], "marker": {"color": colour, "symbol": mark, "size": 6},
                "customdata": [texts[step] for step in which],
                "hovertemplate": f"{scale.symbol}%{{x}}: %{{customdata}} came, which had the "
                "probability %{y:.3f}<extra></extra>",
            }
        )  # fmt: skip
    axis = {"title": "probability of what came", "range": [-0.03, 1.03], "showgrid": True}
    return time_stack(
        [Plot(traces, axis)], [200], scale, colours, left=LABEL_ROOM, top=34,
        uirevision=revision, showlegend=True, legend=LEGEND,
    )  # fmt: skip
