"""The look that all figures share, and the arrangement of several plots in one figure.

A figure is made in one call from plain dictionaries, with arrays for numbers: Plotly's package
takes ten times as long for lists of numbers, or for a figure that is put together step by step.
Where Plotly has a dictionary for the title of a figure or an axis, here it is the text alone. See
https://plotly.com/python/reference for the properties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

import plotly.graph_objects as go

from pages.ui.figures.theme import STATE_COLOURS, Palette

Values = dict[str, Any]

FONT: Final = '"Source Sans",sans-serif'
"""The page's font, or any other without serifs where it is not available."""

TRANSPARENT: Final = "rgba(0,0,0,0)"

LEGEND: Final[Values] = {
    "orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom",
}  # fmt: skip
"""Of one line, above the plots and beginning where they do."""


@dataclass(frozen=True, eq=False)
class Plot:
    """One plot of a figure.

    Attributes:
        traces: Plotly traces, each with its "type".
        yaxis, xaxis: properties of its axes; the plots of `rows` share one x axis instead.
    """

    traces: list[Values]
    yaxis: Values
    xaxis: Values = field(default_factory=dict)


def single(plot: Plot, colours: Palette, **layout: Any) -> go.Figure:
    """A figure of one plot; `layout` holds the properties beside the axes."""
    return rows([plot], [1.0], 0.0, plot.xaxis, colours, **layout)


def rows(
    plots: Sequence[Plot],
    heights: Sequence[float],
    spacing: float,
    xaxis: Values,
    colours: Palette,
    **layout: Any,
) -> go.Figure:
    """Plots one above the other, the first on top, on one x axis with its labels at the lowest.

    Args:
        heights: of the plots, in any unit.
        spacing: between two plots, as a share of the whole.
    """
    upper = {
        **xaxis,
        "title": None,
        "matches": _axis_name("x", len(plots)),
        "showticklabels": False,
    }
    placed = [
        Plot(plot.traces, {**plot.yaxis, "domain": domain}, upper)
        for plot, domain in zip(plots, row_domains(heights, spacing), strict=True)
    ]
    placed[-1] = Plot(placed[-1].traces, placed[-1].yaxis, xaxis)
    return _figure(placed, colours, layout)


def columns(
    plots: Sequence[Plot],
    widths: Sequence[float],
    spacing: float,
    titles: Sequence[str],
    colours: Palette,
    **layout: Any,
) -> go.Figure:
    """Plots side by side, each under its title; `widths` and `spacing` as in `rows`."""
    domains = _domains(widths, spacing)
    placed = [
        Plot(plot.traces, plot.yaxis, {**plot.xaxis, "domain": domain})
        for plot, domain in zip(plots, domains, strict=True)
    ]
    annotations = [
        {
            "text": title, "x": sum(domain) / 2, "xanchor": "center", "xref": "paper",
            "y": 1.0, "yanchor": "bottom", "yref": "paper", "showarrow": False,
            "font": {"size": 16, "color": colours.mixed(MUTED)},
        }
        for title, domain in zip(titles, domains, strict=True)
    ]  # fmt: skip
    return _figure(placed, colours, {**layout, "annotations": annotations})


def row_domains(heights: Sequence[float], spacing: float) -> list[list[float]]:
    """Start and end of each plot of `rows`, as shares of the whole height from the bottom."""
    return _domains(heights[::-1], spacing)[::-1]


MUTED: Final = 0.72
"""Weight of the text's colour in labels of figures, which are paler than the page's own text."""


def _figure(plots: Sequence[Plot], colours: Palette, layout: Values) -> go.Figure:
    traces: list[Values] = []
    axes: Values = {}
    for number, plot in enumerate(plots, 1):
        x, y = _axis_name("x", number), _axis_name("y", number)
        traces += [{**trace, "xaxis": x, "yaxis": y} for trace in plot.traces]
        axes[f"xaxis{x[1:]}"] = _axis({**plot.xaxis, "anchor": y}, colours)
        axes[f"yaxis{y[1:]}"] = _axis({**plot.yaxis, "anchor": x}, colours)
    title = layout.get("title")
    muted = colours.mixed(MUTED)
    full_layout = {
        "template": "none",
        "font": {"family": FONT, "size": 12, "color": muted},
        "paper_bgcolor": colours.background,
        "plot_bgcolor": TRANSPARENT,
        "colorway": STATE_COLOURS,
        "separators": ".\u202f",
        "dragmode": "zoom",
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": colours.background, "bordercolor": colours.faded(0.3), "align": "left",
            "font": {"family": FONT, "size": 12, "color": colours.text},
        },
        "modebar": {
            "bgcolor": TRANSPARENT, "color": colours.mixed(0.4), "activecolor": colours.primary,
        },
        **layout,
        **axes,
        "title": {
            "text": title, "x": 0.01, "xanchor": "left",
            "font": {"size": 14, "color": colours.text},
        },
        "legend": {"bgcolor": TRANSPARENT, **layout.get("legend", {})},
        "margin": {
            "pad": 0, "l": 56, "r": 16, "t": 36 if title else 12, "b": 42,
            **layout.get("margin", {}),
        },
    }  # fmt: skip
    return go.Figure({"data": traces, "layout": full_layout})


def _axis(own: Values, colours: Palette) -> Values:
    grid = colours.faded(0.1)
    return {
        "gridcolor": grid, "linecolor": colours.faded(0.3), "zerolinecolor": grid,
        "automargin": True, "exponentformat": "power",
        **own,
        "title": {
            "text": own.get("title"), "standoff": 8,
            "font": {"size": 13, "color": colours.mixed(MUTED)},
        },
    }  # fmt: skip


def _axis_name(letter: str, plot: int) -> str:
    """Plotly's name, in traces, of an axis of a plot; plots are counted from 1."""
    return letter if plot == 1 else f"{letter}{plot}"


def _domains(sizes: Sequence[float], spacing: float) -> list[list[float]]:
    """Start and end of each of several plots, as shares of the whole; the first starts at 0."""
    unit = (1 - spacing * (len(sizes) - 1)) / sum(sizes)
    ends = accumulate(unit * size for size in sizes)
    # Rounding must not carry the last end beyond 1.
    return [
        [end - unit * size + number * spacing, min(end + number * spacing, 1.0)]
        for number, (size, end) in enumerate(zip(sizes, ends, strict=True))
    ]
