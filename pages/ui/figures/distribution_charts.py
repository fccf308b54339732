"""Charts of the distribution of observations, one for each kind. Data in, figure out.

The data are grey; what each true state emits has the colour of the state.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import FloatArray, IntArray
from pages.ui.figures import decimation, look, scales, theme
from pages.ui.figures.look import Plot, Values
from pages.ui.figures.observed_variable import ObservedVariable
from pages.ui.figures.theme import Palette
from pages.ui.text import chart_text

HEIGHT = 300
DENSITY_POINTS = 200
MAX_POINTS = 2000
GREY = "rgba(128,128,128,0.35)"

NAME_WIDTH, NAME_HEIGHT = 0.07, 0.08
"""Size of a state's name, as a share of a chart's width and of its highest value."""


def histogram_figure(
    observations: FloatArray,
    variable: ObservedVariable,
    revision: str,
    colours: Palette,
    truth: tuple[FloatArray, FloatArray, FloatArray] | None = None,
) -> go.Figure:
    """Histogram of observations (T,) as a density; the true densities over it where known.

    Args:
        truth: means (K,), standard deviations (K,), and the share (K,) of the observations that
            each state made.
    """
    edges, density = scales.histogram(np.asarray(observations, dtype=np.float64))
    traces = [_bars(edges, density, "around %{x:.3g}: density %{y:.3g}<extra></extra>")]
    highest, room = float(density.max()), 0.0
    if truth is not None:
        means, deviations, shares = truth
        occurring = np.flatnonzero(shares > 0)
        low = min(edges[0], float((means - 3 * deviations).min()))
        high = max(edges[-1], float((means + 3 * deviations).max()))
        grid = np.linspace(low, high, DENSITY_POINTS)
        densities = scales.gaussian_densities(grid, means, deviations, shares)
        mixture = densities.sum(axis=0)
        nearest = np.abs(grid[:, np.newaxis] - means[occurring]).argmin(axis=0)
        highest = max(highest, float(mixture.max()))
        heights = names_apart(means[occurring], 1.02 * mixture[nearest], high - low, highest)
        room = float(heights.max()) + NAME_HEIGHT * highest
        parameters = {
            state: f"mean {means[state]:.3g}, sd {deviations[state]:.3g}"
            for state in occurring.tolist()
        }
        traces += [
            *(
                _state_curve(
                    state, grid, densities[state], f"{words},<br>", shares, "linear", colours
                )
                for state, words in parameters.items()
            ),
            _names(occurring, means[occurring], heights, colours),
            _mixture_curve(grid, mixture, ".3g", "linear", colours),
        ]
    return look.single(
        Plot(
            traces,
            {"title": "density", "range": [0, max(1.15 * highest, room) or 1.0]},
            {"title": variable.title},
        ),
        colours, height=HEIGHT, uirevision=revision, bargap=0, showlegend=False,
    )  # fmt: skip


def names_apart(
    places: FloatArray, heights: FloatArray, width: float, highest: float
) -> FloatArray:
    """Heights (K,) of names at places (K,), each raised until it overlaps no name to its left.

    Args:
        heights: (K,) that each name would have if it were the only one.
        width: of the chart, in the units of the places.
        highest: value that the chart shows, in the units of the heights.
    """
    lifted = np.array(heights, dtype=np.float64)
    order = np.argsort(places, kind="stable")
    for number, name in enumerate(order):
        left = order[:number]
        near = left[places[name] - places[left] < NAME_WIDTH * width]
        for other in near[np.argsort(lifted[near])]:
            if abs(lifted[name] - lifted[other]) < NAME_HEIGHT * highest:
                lifted[name] = lifted[other] + NAME_HEIGHT * highest
    return lifted


def counts_figure(
    counts: FloatArray,
    variable: ObservedVariable,
    revision: str,
    colours: Palette,
    truth: tuple[FloatArray, FloatArray, FloatArray, FloatArray] | None = None,
) -> go.Figure:
    """Share of each count among counts (T,), and the part from each true state where known.

    Args:
        truth: counts (G,), their probabilities (K, G) in each state, rates (K,), and the share (K,)
            of the observations that each state made.
    """
    edges, heights = scales.count_histogram(np.asarray(counts, dtype=np.float64))
    count_text = "count %{x:,.0f}" if edges[1] - edges[0] == 1 else "around %{x:,.0f}"
    hover = f"{count_text}: %{{y:.2%}} of the data for each count<extra></extra>"
    traces = [_bars(edges, heights, hover)]
    highest, room = float(heights.max()), 0.0
    if truth is not None:
        grid, probabilities, rates, shares = truth
        occurring = np.flatnonzero(shares > 0)
        weighted = shares[:, np.newaxis] * probabilities
        mixture = weighted.sum(axis=0)
        highest = max(highest, float(mixture.max()))
        # A rate may lie between two steps of the curve; its name stands above both.
        below = np.clip(np.searchsorted(grid, rates[occurring], side="right") - 1, 0, len(grid) - 1)
        above = np.minimum(below + 1, len(grid) - 1)
        tops = 1.02 * np.maximum(mixture[below], mixture[above])
        tops = names_apart(rates[occurring], tops, float(edges[-1] - edges[0]), highest)
        room = float(tops.max()) + NAME_HEIGHT * highest
        traces += [
            *(
                _state_curve(
                    state,
                    grid,
                    weighted[state],
                    f"rate {rates[state]:.4g},<br>",
                    shares,
                    "hvh",
                    colours,
                )
                for state in occurring.tolist()
            ),
            _names(occurring, rates[occurring], tops, colours),
            _mixture_curve(grid, mixture, ".2%", "hvh", colours),
        ]
    return look.single(
        Plot(
            traces,
            {"title": "probability", "range": [0, max(1.15 * highest, room) or 1.0]},
            {"title": variable.title, **variable.axis()},
        ),
        colours, height=HEIGHT, uirevision=revision, bargap=0, showlegend=False,
    )  # fmt: skip


def symbols_figure(
    shares: FloatArray,
    variable: ObservedVariable,
    revision: str,
    colours: Palette,
    truth: tuple[FloatArray, FloatArray] | None = None,
) -> go.Figure:
    """Shares (C,) of the symbols, and the part expected of each true state where known.

    Args:
        truth: symbol probabilities (K, C), and the share (K,) of the observations that each state
            made.
    """
    number = len(variable.labels)
    places, labels = np.arange(number), variable.label_texts
    traces: list[Values] = [{
        "type": "bar", "x": places, "y": shares, "width": 0.9, "customdata": labels,
        "name": "data", "marker": {"color": GREY, "line": {"width": 0}},
        "hovertemplate": "%{customdata}: %{y:.2%} of the data<extra></extra>",
    }]  # fmt: skip
    highest = float(shares.max())
    if truth is not None:
        probs, made = truth
        parts = made[:, np.newaxis] * probs
        below = np.cumsum(parts, axis=0) - parts
        highest = max(highest, float(parts.sum(axis=0).max()))
        for state in np.flatnonzero(made > 0).tolist():
            name = colours.states[state]
            traces.append({
                "type": "bar", "x": places, "y": parts[state], "base": below[state], "width": 0.5,
                "name": name,
                "customdata": np.array(
                    [[label, f"{p:.3f}"] for label, p in zip(labels, probs[state], strict=True)],
                    dtype=object,
                ),
                "marker": {
                    "color": theme.state_colour(state),
                    "line": {"width": 0.5, "color": colours.text},
                },
                "hovertemplate": (
                    f"{name} makes %{{customdata[0]}} with probability %{{customdata[1]}},<br>and "
                    f"made {made[state]:.1%} of the observations<extra></extra>"
                ),
            })  # fmt: skip
    return look.single(
        Plot(
            traces,
            {"title": "probability", "range": [0, 1.08 * highest]},
            {
                "title": variable.title, "range": [-0.5, number - 0.5], "tickangle": 0,
                **variable.axis(room=max(2, 56 // number), most=20),
            },
        ),
        colours, height=HEIGHT, uirevision=revision, barmode="overlay", showlegend=False,
    )  # fmt: skip


def points_figure(
    points: FloatArray,
    states: IntArray | None,
    variables: tuple[ObservedVariable, ObservedVariable],
    revision: str,
    colours: Palette,
    truth: tuple[FloatArray, FloatArray] | None = None,
) -> go.Figure:
    """Points (T, 2) of all data, coloured by true state (T,) where known, and the states' ellipses.

    A point with a missing coordinate is not drawn.

    Args:
        truth: means (K, 2) and covariances (K, 2, 2).
    """
    kept = decimation.spread_indices(points, MAX_POINTS)
    shown = points[kept]
    names = [chart_text(variable.name) for variable in variables]
    hover = f"{names[0]} = %{{x:.4g}}, {names[1]} = %{{y:.4g}}<extra></extra>"
    traces: list[Values] = []
    annotations: list[Values] = []
    if states is None:
        traces.append(_cloud(shown, "data", colours.primary, "circle", hover))
    else:
        for state in np.unique(states[kept]).tolist():
            name = colours.states[state]
            colour, symbol = theme.state_colour(state), theme.state_symbol(state)
            of_state = shown[states[kept] == state]
            traces.append(_cloud(of_state, name, colour, symbol, f"{name}: {hover}"))
    if truth is not None:
        means, covariances = truth
        for state, outline in enumerate(scales.ellipses(means, covariances)):
            name = colours.states[state]
            traces.append({
                "type": "scatter", "mode": "lines", "hoverinfo": "skip", "name": name,
                "x": outline[:, 0], "y": outline[:, 1],
                "line": {"color": theme.state_colour(state), "width": 2},
            })  # fmt: skip
            annotations.append({
                "x": means[state, 0], "y": means[state, 1], "text": f"<b>{name}</b>",
                "showarrow": False, "bgcolor": colours.background, "opacity": 0.85, "borderpad": 1,
                "font": {"color": colours.text},
            })  # fmt: skip
    return look.single(
        Plot(traces, {"title": variables[1].title}, {"title": variables[0].title}),
        colours, height=360, uirevision=revision, showlegend=False, annotations=annotations,
    )  # fmt: skip


def _bars(edges: FloatArray, heights: FloatArray, hover: str) -> Values:
    """Bars of the data, with heights (B,) between edges (B+1,)."""
    return {
        "type": "bar", "x": (edges[:-1] + edges[1:]) / 2, "y": heights, "width": np.diff(edges),
        "marker": {"color": GREY, "line": {"width": 0}}, "name": "data", "hovertemplate": hover,
    }  # fmt: skip


def _state_curve(
    state: int,
    grid: FloatArray,
    heights: FloatArray,
    words: str,
    shares: FloatArray,
    shape: str,
    colours: Palette,
) -> Values:
    """Curve of heights (G,) of a true state on a grid (G,); `words` describe its parameters."""
    name = colours.states[state]
    return {
        "type": "scatter", "mode": "lines", "x": grid, "y": heights, "name": name,
        "line": {"color": theme.state_colour(state), "width": 2, "shape": shape},
        "hovertemplate": (
            f"{name}: {words}made {shares[state]:.1%} of the observations<extra></extra>"
        ),
    }  # fmt: skip


def _names(states: IntArray, places: FloatArray, heights: FloatArray, colours: Palette) -> Values:
    """Names at the tops of the states' curves, in place of a legend, which would take up room."""
    return {
        "type": "scatter", "mode": "text", "x": places, "y": heights,
        "textposition": "top center", "hoverinfo": "skip",
        "text": [colours.states.short(state) for state in states.tolist()],
    }  # fmt: skip


def _mixture_curve(
    grid: FloatArray, heights: FloatArray, number_format: str, shape: str, colours: Palette
) -> Values:
    return {
        "type": "scatter", "mode": "lines", "x": grid, "y": heights, "name": "all states together",
        "line": {"color": colours.text, "width": 1.2, "dash": theme.SUM_DASH, "shape": shape},
        "hovertemplate": f"all states together: %{{y:{number_format}}}<extra></extra>",
    }  # fmt: skip


def _cloud(points: FloatArray, name: str, colour: str, symbol: str, hover: str) -> Values:
    return {
        "type": "scatter", "mode": "markers", "x": points[:, 0], "y": points[:, 1], "name": name,
        "marker": {"color": colour, "symbol": symbol, "size": 4, "opacity": 0.6},
        "hovertemplate": hover,
    }  # fmt: skip
