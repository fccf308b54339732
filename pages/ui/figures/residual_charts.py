"""Charts of pseudo-residuals: over time, against the normal distribution, and their memory."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import BoolArray, FloatArray, IntArray
from pages.ui.figures import decimation, look, theme
from pages.ui.figures.look import Plot, Values
from pages.ui.figures.theme import Palette
from pages.ui.figures.time_axis import MAX_POINTS, time_stack
from pages.ui.figures.time_scale import TimeScale
from pages.ui.text import chart_text

USUAL = 1.96
"""Of a standard normal variable 95 of 100 values lie between minus this and this."""

FAR = 3.0
"""Beyond it lie 27 of 10 000."""

FAR_LOOK = (3, "diamond")
"""Colour and symbol, by number of a state and by name, of residuals beyond `FAR`."""

MOST_QUANTILES = 600
"""Points of a QQ plot that are drawn; those at its ends always are."""

ENDS = 60


def residuals_figure(
    residuals: FloatArray, values: list[str], colours: Palette, *, revision: str, scale: TimeScale
) -> go.Figure:
    """Residuals (M,) of one sequence over time, NaN where nothing was observed.

    `values` (M,) are the observations as text, for hover texts.
    """
    finite = residuals[np.isfinite(residuals)]
    reach = max(FAR + 0.5, float(np.abs(finite).max(initial=0.0)) * 1.08)
    shown = decimation.extreme_indices(residuals, MAX_POINTS)
    shown = shown[np.isfinite(residuals[shown])]
    far = np.abs(residuals[shown]) > FAR
    points: Values = {
        "type": "scatter", "mode": "markers",
        "x": scale.chosen(shown), "y": residuals[shown],
        "marker": {
            "size": np.where(far, 9, 5), "opacity": 1.0, "line": {"width": 0},
            **_told_apart(far, colours),
        },
        "customdata": [chart_text(values[step]) for step in shown],
        "hovertemplate": f"{scale.symbol}%{{x}}: residual %{{y:.2f}} of %{{customdata}}"
        "<extra></extra>",
    }  # fmt: skip
    ends = scale.drawn(scale.range(0.5))
    axis = {"range": [-reach, reach], "title": "residual", "showgrid": True}
    return time_stack(
        [Plot([band(ends, [-USUAL, -USUAL], [USUAL, USUAL], colours), _level(ends, colours),
               points], axis)],
        [220], scale, colours, left=56, uirevision=revision,
    )  # fmt: skip


def quantiles_figure(
    quantiles: FloatArray,
    ordered: FloatArray,
    low: FloatArray,
    high: FloatArray,
    colours: Palette,
    *,
    revision: str,
) -> go.Figure:
    """The ordered residuals (n,) over the quantiles (n,) of a standard normal distribution.

    Each lies between `low` and `high` (n,) as often as the level says if the model is right.
    """
    chosen = spread_places(len(ordered))
    x, y = quantiles[chosen], ordered[chosen]
    outside = (y < low[chosen]) | (y > high[chosen])
    finite = np.isfinite(y)
    points: Values = {
        "type": "scatter", "mode": "markers", "x": x[finite], "y": y[finite],
        "marker": {"size": 6, **_told_apart(outside[finite], colours)},
        "hovertemplate": "%{y:.2f}, where %{x:.2f} is expected<extra></extra>",
    }  # fmt: skip
    ends = np.array([x[0], x[-1]]) if len(x) else np.array([-1.0, 1.0])
    return look.single(
        Plot(
            [
                band(x, low[chosen], high[chosen], colours),
                _level(ends, colours, ends),
                points,
            ],
            {"title": "residual", "zeroline": False},
            {"title": "quantile of a standard normal", "zeroline": False},
        ),
        colours, height=300, showlegend=False, uirevision=revision, hovermode="closest",
    )  # fmt: skip


def spread_places(count: int) -> IntArray:
    """Places of at most `MOST_QUANTILES` of so many ordered values, with all at both ends."""
    if count <= MOST_QUANTILES:
        return np.arange(count)
    inner = np.linspace(ENDS, count - 1 - ENDS, MOST_QUANTILES - 2 * ENDS).round().astype(np.int64)
    return np.unique(np.concatenate([np.arange(ENDS), inner, np.arange(count - ENDS, count)]))


def autocorrelation_figure(
    lags: IntArray, values: FloatArray, bound: FloatArray, colours: Palette, *, revision: str
) -> go.Figure:
    """Correlations (L,) of residuals that are so many steps apart, with what chance allows (L,)."""
    stems = np.full((len(lags), 3), np.nan)
    stems[:, 0], stems[:, 1] = 0.0, values
    edges = np.array([lags[0] - 0.5, lags[-1] + 0.5]) if len(lags) else np.array([0.5, 1.5])
    around = np.concatenate([edges[:1], lags, edges[1:]])
    wide = bound[[0, *range(len(lags)), -1]] if len(lags) else np.zeros(2)
    reach = max(0.1, 1.25 * float(np.nanmax(np.abs([values, bound]), initial=0.0)))
    return look.single(
        Plot(
            [
                band(around, -wide, wide, colours),
                _level(edges, colours),
                {
                    "type": "scatter", "mode": "lines", "x": np.repeat(lags, 3),
                    "y": stems.ravel(), "line": {"color": colours.mixed(0.5), "width": 1.5},
                    "hoverinfo": "skip",
                },
                {
                    "type": "scatter", "mode": "markers", "x": lags, "y": values,
                    "marker": {"size": 8, **_told_apart(np.abs(values) > bound, colours)},
                    "customdata": bound,
                    "hovertemplate": "%{x} steps apart: correlation %{y:.3f}, where chance makes "
                    "up to ±%{customdata:.3f}<extra></extra>",
                },
            ],
            {"title": "autocorrelation", "range": [-reach, reach], "zeroline": False},
            {"title": "steps apart", "range": edges, "zeroline": False, "showgrid": False,
             "tickformat": "d", "nticks": 12},
        ),
        colours, height=300, showlegend=False, uirevision=revision,
    )  # fmt: skip


def _told_apart(far: BoolArray, colours: Palette) -> Values:
    """Colour and symbol of points (n,), those that are far by `FAR_LOOK`."""
    place, symbol = FAR_LOOK
    return {
        "color": np.where(far, theme.state_colour(place), colours.primary).tolist(),
        "symbol": np.where(far, symbol, "circle").tolist(),
    }


def band(x: object, low: object, high: object, colours: Palette, name: str = "") -> Values:
    """What chance allows, as a pale area between two curves; a part of a legend if it has a name.

    It is one closed outline, so that no other trace belongs to it.
    """
    places = np.asarray(x)
    return {
        "type": "scatter", "mode": "lines", "line": {"width": 0},
        "x": np.concatenate([places, places[::-1]]),
        "y": np.concatenate([np.asarray(low), np.asarray(high)[::-1]]),
        "fill": "toself", "fillcolor": colours.faded(0.13), "hoverinfo": "skip",
        "name": name, "showlegend": bool(name),
    }  # fmt: skip


def _level(ends: object, colours: Palette, heights: object = (0.0, 0.0)) -> Values:
    """A thin line between two points."""
    return {
        "type": "scatter", "mode": "lines", "x": np.asarray(ends), "y": np.asarray(heights),
        "line": {"color": colours.mixed(0.5), "width": 1}, "hoverinfo": "skip",
        "showlegend": False,
    }  # fmt: skip
