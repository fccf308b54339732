"""The chart of how often intervals held the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import FloatArray
from pages.ui.figures import look, theme
from pages.ui.figures.look import LEGEND, Plot, Values
from pages.ui.figures.theme import Palette
from pages.ui.text import chart_text

ROW = 46
"""Height of the row of a parameter, in pixels."""


def coverage_figure(
    names: Sequence[str],
    shares: FloatArray,
    errors: FloatArray,
    own_shares: Sequence[FloatArray],
    own_names: Sequence[Sequence[str]],
    level: float,
    revision: str,
    colours: Palette,
) -> go.Figure:
    """Shares of intervals that held the truth: of all numbers of a parameter, and of each.

    Args:
        names: (P,) of the parameters, the first on top.
        shares, errors: (P,) of all its numbers together, with its Monte Carlo error.
        own_shares: for each parameter, (n,) shares of its numbers; NaN where none was counted.
        own_names: what these numbers are called.
        level: the share that should hold it.
    """
    rows = np.arange(len(names), dtype=np.float64)
    own = np.concatenate([*own_shares, np.empty(0)])
    across = np.concatenate(
        [row + 0.3 * _spread(len(values)) for row, values in zip(rows, own_shares, strict=True)]
        or [np.empty(0)]
    )
    known = np.isfinite(own)
    labels = np.array([chart_text(name) for each in own_names for name in each], dtype=object)
    lowest = min([level, *own[known], *(shares - 2 * errors)[np.isfinite(shares)]])
    points: Values = {
        "type": "scatter", "mode": "markers", "x": own[known], "y": across[known],
        "name": "each number",
        "marker": {"symbol": "circle-open", "size": 7, "color": colours.mixed(0.55)},
        "customdata": labels[known].tolist(),
        "hovertemplate": "%{customdata}: %{x:.1%} held it<extra></extra>",
    }  # fmt: skip
    together: Values = {
        "type": "scatter", "mode": "markers", "x": shares, "y": rows, "name": "all together, ± 2 "
        "errors", "error_x": {"type": "data", "array": 2.0 * errors, "thickness": 2.5, "width": 7},
        "marker": {"symbol": "diamond", "size": 11, "color": colours.primary},
        "customdata": errors,
        "hovertemplate": "together %{x:.1%} ± %{customdata:.1%}<extra></extra>",
    }  # fmt: skip
    should: Values = {
        "type": "scatter", "mode": "lines", "x": np.array([level, level]),
        "y": np.array([-0.5, len(names) - 0.5]), "name": "what it should be",
        "line": {"color": theme.state_colour(3), "width": 1.5, "dash": "dash"},
        "hoverinfo": "skip",
    }  # fmt: skip
    return look.single(
        Plot(
            [should, points, together],
            {
                "range": [len(names) - 0.5, -0.5], "fixedrange": True, "showgrid": False,
                "tickmode": "array", "tickvals": rows, "zeroline": False,
                "ticktext": [chart_text(name) for name in names],
            },
            {
                "title": "share of intervals that held the truth", "tickformat": ".0%",
                "range": [max(-0.01, float(lowest) - 0.03), 1.01], "zeroline": False,
            },
        ),
        colours, height=ROW * len(names) + 110, uirevision=revision, showlegend=True,
        margin={"t": 34, "l": 90}, legend=LEGEND,
    )  # fmt: skip


def _spread(count: int) -> FloatArray:
    """Places (n,) between -1 and 1 that keep equal shares apart."""
    return 2.0 * ((np.arange(count) * 0.618034 + 0.5) % 1.0) - 1.0
