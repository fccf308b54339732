"""Charts of what the data have beside what data drawn from the model have."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import FloatArray
from pages.ui.figures import look, theme
from pages.ui.figures.look import LEGEND, Plot, Values
from pages.ui.figures.residual_charts import FAR_LOOK, band
from pages.ui.figures.theme import Palette


def simulation_figure(
    places: FloatArray,
    observed: FloatArray,
    low: FloatArray,
    median: FloatArray,
    high: FloatArray,
    xaxis: Values,
    y_title: str,
    names: list[str],
    colours: Palette,
    *,
    revision: str,
    width: float | FloatArray = 1.0,
    signed: bool = False,
) -> go.Figure:
    """A statistic of the data (n,) at some places, and the range of simulated data.

    Args:
        places: (n,) where the values stand; ascending.
        names: (n,) of the places, for hover texts, escaped.
        width: of a place, or (n,) of each.
        signed: whether values may be below zero; else the axis begins there.
    """
    # Where nothing was counted there is neither area nor point.
    known = np.isfinite(low) & np.isfinite(high)
    half = np.broadcast_to(np.asarray(width) / 2.0, places.shape)[known]
    x = np.column_stack([places[known] - half, places[known] + half]).ravel()
    outside = (observed < low) | (observed > high)
    seen = np.isfinite(observed)
    mark, symbol = FAR_LOOK
    ends = np.column_stack([low, median, high])
    traces: list[Values] = [
        band(x, np.repeat(low[known], 2), np.repeat(high[known], 2), colours, "simulated"),
        {
            "type": "scatter", "mode": "lines", "x": x, "y": np.repeat(median[known], 2),
            "name": "their median", "hoverinfo": "skip",
            "line": {"color": colours.mixed(0.5), "width": 1},
        },
    ]  # fmt: skip
    for name, chosen, colour, look_of, size in (
        ("observed", seen & ~outside, colours.primary, "circle", 7),
        ("observed, outside", seen & outside, theme.state_colour(mark), symbol, 9),
    ):
        traces.append(
            {
                "type": "scatter", "mode": "markers", "x": places[chosen], "y": observed[chosen],
                "name": name, "marker": {"color": colour, "symbol": look_of, "size": size},
                "text": np.array(names, dtype=object)[chosen].tolist(),
                "customdata": ends[chosen],
                "hovertemplate": "%{text}: %{y:.4g} observed, %{customdata[0]:.4g} to "
                "%{customdata[2]:.4g} simulated<extra></extra>",
            }
        )  # fmt: skip
    values = np.concatenate([observed[seen], low[known], high[known]])
    span = max(float(np.ptp(values)) if len(values) else 0.0, 1e-9)
    top = float(values.max()) if len(values) else 1.0
    bottom = float(values.min()) if len(values) else 0.0
    axis: dict[str, Any] = {"title": y_title, "zeroline": signed}
    axis["range"] = [bottom - 0.08 * span if signed else 0.0, top + 0.08 * span]
    return look.single(
        Plot(traces, axis, {"zeroline": False, "showgrid": False, **xaxis}),
        colours, height=300, uirevision=revision, showlegend=True, legend=LEGEND,
        margin={"t": 34},
    )  # fmt: skip
