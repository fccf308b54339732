"""The chart of families and constraints side by side: a row of points for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import FloatArray
from pages.ui.figures import look, theme
from pages.ui.figures.look import Plot, Values
from pages.ui.figures.model_choice_charts import CLOSE, CRITERIA, LOWEST
from pages.ui.figures.theme import Palette

ROW, AROUND = 34, 118
"""Pixels of a row, and of what is above and below all rows."""

APART = 0.2
"""Shares of a row between the points of two criteria, which would cover each other."""


def variants_figure(
    labels: Sequence[str],
    log_likelihoods: FloatArray,
    held_out: FloatArray | None,
    criteria: Mapping[str, FloatArray],
    revision: str,
    colours: Palette,
) -> go.Figure:
    """Log-likelihoods of each variant, and beside them how far each criterion is from its best.

    Args:
        labels: (n,) what the variants are called, the first at the top.
        log_likelihoods: (n,) nats per observation of the best fit; NaN where there is none.
        held_out: (n,) likewise, of data held out; None where nothing is.
        criteria: of each of `CRITERIA`, (n,) values; NaN or infinite where there are none.
    """
    rows = np.arange(len(labels), dtype=np.float64)
    left = [
        _points(
            log_likelihoods, rows, labels, "fitted", colours.primary, "circle", "%{x:.4f}", colours
        )
    ]
    if held_out is not None:
        shown = np.where(np.isfinite(held_out), held_out, np.nan)
        left.append(
            _points(
                shown, rows, labels, "held out", theme.state_colour(3), "diamond", "%{x:.4f}",
                colours,
            )
        )  # fmt: skip
    right = []
    known = [name for name, values in criteria.items() if np.isfinite(values).any()]
    for number, name in enumerate(known):
        title, place, _ = CRITERIA[name]
        finite = np.where(np.isfinite(criteria[name]), criteria[name], np.nan)
        worse = finite - np.nanmin(finite)
        trace = _points(
            np.maximum(worse, LOWEST), rows + APART * (number - (len(known) - 1) / 2.0), labels,
            title, theme.state_colour(place), theme.state_symbol(place),
            "%{text} worse than its best", colours,
        )  # fmt: skip
        trace["marker"]["size"] = np.where(worse == 0.0, 13, 7)
        trace["text"] = ["" if np.isnan(value) else f"{value:.1f}" for value in worse.tolist()]
        right.append(trace)
    ends = np.array([-0.6, len(labels) - 0.4])
    right.append(
        {
            "type": "scatter", "mode": "lines", "x": np.array([CLOSE, CLOSE]), "y": ends,
            "name": "too close to decide", "hoverinfo": "skip",
            "line": {"color": colours.mixed(0.5), "width": 1, "dash": "dot"},
        }
    )  # fmt: skip
    axis = {
        "tickvals": rows, "range": [ends[1], ends[0]], "fixedrange": True, "zeroline": False,
        "title": None,
    }  # fmt: skip
    return look.columns(
        [
            Plot(left, {**axis, "ticktext": list(labels)}, {"title": "nats per observation",
                                                            "nticks": 5}),
            Plot(right, {**axis, "showticklabels": False, "matches": "y"},
                 {"title": "worse than the best by", "type": "log", "dtick": 1}),
        ],
        [1.0, 1.2], 0.06, ["", ""], colours,
        height=AROUND + ROW * len(labels), uirevision=revision, hovermode="closest",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0.0},
    )  # fmt: skip


def _points(
    values: FloatArray,
    places: FloatArray,
    labels: Sequence[str],
    name: str,
    colour: str,
    symbol: str,
    hover: str,
    colours: Palette,
) -> Values:
    return {
        "type": "scatter", "mode": "markers", "x": values, "y": places, "name": name,
        "customdata": list(labels),
        "marker": {"color": colour, "symbol": symbol, "size": 9,
                   "line": {"width": 0.8, "color": colours.text}},
        "hovertemplate": f"%{{customdata}}: {name} {hover}<extra></extra>",
    }  # fmt: skip
