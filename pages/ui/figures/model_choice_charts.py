"""Charts of the Models page: where starts end, and what criteria say of numbers of states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import FloatArray, IntArray
from pages.ui.figures import look, theme
from pages.ui.figures.look import Plot, Values
from pages.ui.figures.theme import Palette

MARKED = 8
"""Optima with a colour and a symbol of their own; the others are grey."""

MOST_POINTS = 300
"""Points of a curve that are drawn."""

ROOM_BELOW = 0.7
"""How far curves are shown below the lowest end, in shares of the way from there to the best."""

CLOSE = 2.0
"""Criteria that differ by less do not decide; see `hmmcore.selection`."""

LOWEST = 0.5
"""Where the best stands on a logarithmic axis of distances, which has no room for zero."""

CRITERIA: Mapping[str, tuple[str, int, str]] = {
    "aic": ("AIC", 5, "solid"),
    "aicc": ("AICc", 4, "dot"),
    "bic": ("BIC", 1, "dash"),
    "icl": ("ICL", 2, "dashdot"),
}
"""Name, place of the colour and symbol, and dash of each criterion."""


def starts_figure(
    curves: Mapping[tuple[str, int], FloatArray],
    ends: FloatArray,
    optimum: IntArray,
    names: Sequence[str],
    revision: str,
    colours: Palette,
) -> go.Figure:
    """Curves of the log-likelihood, and beside them a strip of where all starts ended.

    Args:
        curves: by method and number of the start, log-likelihoods after each step.
        ends: (n,) of all starts, of the first method first; NaN where one failed or is on its way.
        optimum: (n,) which optimum each ended at, 0 the highest; -1 for none.
        names: (n,) what each start is called.
    """
    known = np.isfinite(ends)
    best = float(ends[known].max()) if known.any() else 0.0
    low = float(ends[known].min()) if known.any() else -1.0
    span = max(best - low, 1e-6 * max(abs(best), 1.0))
    axis = {
        "range": [low - ROOM_BELOW * span, best + 0.08 * span],
        "title": "log-likelihood (nats per observation)",
    }
    lines = _curves(curves, optimum, len(ends), colours)
    points = _strip(ends, optimum, names, colours)
    return look.columns(
        [
            Plot(lines, axis, {"title": "iteration", "rangemode": "tozero"}),
            Plot(
                points,
                {**axis, "title": None, "matches": "y"},
                {"showticklabels": False, "showgrid": False, "zeroline": False,
                 "range": [-0.6, 0.6], "fixedrange": True},
            ),
        ],
        [3.0, 1.0], 0.1, ["The way", "The ends"], colours,
        height=340, margin={"t": 34}, showlegend=False, uirevision=revision,
    )  # fmt: skip


def _curves(
    curves: Mapping[tuple[str, int], FloatArray], optimum: IntArray, count: int, colours: Palette
) -> list[Values]:
    methods = list(dict.fromkeys(method for method, _ in curves))
    each = count // max(1, len(methods))
    traces: list[Values] = []

    # The best last, so that they lie on top.
    def place(item: tuple[str, int]) -> int:
        return int(optimum[methods.index(item[0]) * each + item[1]])

    for key in sorted(curves, key=lambda item: (place(item) >= 0, -place(item))):
        method, number = key
        values = curves[key]
        steps = np.unique(np.linspace(0, len(values) - 1, MOST_POINTS).astype(int))
        colour, _ = _mark(place(key), colours)
        traces.append(
            {
                "type": "scatter", "mode": "lines", "x": steps, "y": values[steps],
                "line": {"color": colour, "width": 1.4,
                         "dash": theme.RUN_DASHES[method] if len(methods) > 1 else "solid"},
                "opacity": 0.75,
                "hovertemplate": f"{method} from start {number}, iteration %{{x}}: %{{y:.4f}}"
                "<extra></extra>",
            }
        )  # fmt: skip
    return traces or [{"type": "scatter", "x": np.empty(0), "y": np.empty(0)}]


def _strip(
    ends: FloatArray, optimum: IntArray, names: Sequence[str], colours: Palette
) -> list[Values]:
    # Beside each other, so that equal ends are seen as many.
    across = ((np.arange(len(ends)) * 0.618034) % 1.0) - 0.5
    marks = [_mark(place, colours) for place in optimum.tolist()]
    return [
        {
            "type": "scatter", "mode": "markers", "x": across, "y": ends,
            "marker": {
                "color": [colour for colour, _ in marks],
                "symbol": [symbol for _, symbol in marks], "size": 8,
                "line": {"width": 0.6, "color": colours.text},
            },
            "customdata": list(names),
            "hovertemplate": "%{customdata}: %{y:.4f}<extra></extra>",
        }
    ]  # fmt: skip


def _mark(optimum: int, colours: Palette) -> tuple[str, str]:
    """Colour and symbol of an optimum; -1 has not come to rest."""
    if 0 <= optimum < MARKED:
        return theme.state_colour(optimum), theme.state_symbol(optimum)
    return colours.mixed(0.45), "circle-open" if optimum < 0 else "circle"


def states_figure(
    numbers: Sequence[int],
    log_likelihoods: FloatArray,
    held_out: FloatArray | None,
    criteria: Mapping[str, FloatArray],
    revision: str,
    colours: Palette,
) -> go.Figure:
    """Log-likelihoods over the number of states, and below how far each criterion is from its best.

    Args:
        numbers: (n,) K.
        log_likelihoods: (n,) nats per observation of the best fit; NaN where there is none.
        held_out: (n,) likewise, of data held out; None where nothing is.
        criteria: of each of `CRITERIA`, (n,) values; NaN or infinite where there are none.
    """
    ks = np.array(numbers)
    upper = [_line(ks, log_likelihoods, "fitted", colours.primary, "circle", "solid", "%{y:.4f}")]
    if held_out is not None:
        shown = np.where(np.isfinite(held_out), held_out, np.nan)
        upper.append(
            _line(ks, shown, "held out", theme.state_colour(3), "diamond", "dash", "%{y:.4f}")
        )
    lower = [
        _distances(ks, values, *CRITERIA[name], colours)
        for name, values in criteria.items()
        if np.isfinite(values).any()
    ]
    lower.append(
        {
            "type": "scatter", "mode": "lines", "x": np.array([ks[0] - 0.4, ks[-1] + 0.4]),
            "y": np.array([CLOSE, CLOSE]), "name": "too close to decide",
            "line": {"color": colours.mixed(0.5), "width": 1, "dash": "dot"}, "hoverinfo": "skip",
        }
    )  # fmt: skip
    return look.rows(
        [
            Plot(upper, {"title": "nats per observation"}),
            Plot(lower, {"title": "worse than the best by", "type": "log", "dtick": 1}),
        ],
        [1.0, 1.0], 0.1,
        {"title": "number of states K", "dtick": 1 if len(ks) <= 12 else 2,
         "range": [ks[0] - 0.4, ks[-1] + 0.4], "fixedrange": True},
        colours,
        height=430, uirevision=revision, hovermode="closest",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0.0},
    )  # fmt: skip


def _distances(
    ks: IntArray, values: FloatArray, name: str, place: int, dash: str, colours: Palette
) -> Values:
    finite = np.where(np.isfinite(values), values, np.nan)
    worse = finite - np.nanmin(finite)
    trace = _line(
        ks, np.maximum(worse, LOWEST), name, theme.state_colour(place), theme.state_symbol(place),
        dash, "%{customdata:.1f} worse than its best",
    )  # fmt: skip
    sizes = np.where(worse == 0.0, 14, 7)
    trace["marker"] |= {"size": sizes, "line": {"width": 0.8, "color": colours.text}}
    return {**trace, "customdata": worse}


def _line(
    ks: IntArray, values: FloatArray, name: str, colour: str, symbol: str, dash: str, hover: str
) -> Values:
    return {
        "type": "scatter", "mode": "lines+markers", "x": ks, "y": values, "name": name,
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "symbol": symbol, "size": 8},
        "hovertemplate": f"K = %{{x}}: {name} {hover}<extra></extra>",
    }  # fmt: skip
