"""What all charts along time share: their axis, their columns, and strips of states.

No chart draws more columns than a screen has pixels: longer sequences are drawn in stretches of
equal length, see `decimation_note`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import IntArray
from pages.ui.figures import decimation, look, theme
from pages.ui.figures.look import Plot, Values
from pages.ui.figures.theme import Palette
from pages.ui.text import count

MAX_COLUMNS = 1200
MAX_POINTS = 2000

STRIP = 24
"""Height of one strip of states, in pixels."""
GAP = 16
TIME_TITLE = "time t (steps)"
LABEL_MARGIN = 112


def decimation_note(length: int, *, observations: bool = False) -> str | None:
    """What is drawn of a sequence of `length` steps; None when it is all of it.

    `observations` says whether the figure has them: at most MAX_POINTS are drawn.
    """
    width = decimation.bin_width(length, MAX_COLUMNS)
    if width == 1:
        return None
    columns = -(-length // width)
    points = ""
    if observations and length > MAX_POINTS:
        points = " Of the observations the least and the greatest of each stretch are drawn."
    return (
        f"{count(length)} steps are drawn in {count(columns)} columns of {width} steps: "
        "probabilities and entropy as their mean, states as the most frequent one."
        f"{points} Numbers and tables on this page use every step."
    )


def time_stack(
    plots: Sequence[Plot],
    heights: Sequence[int],
    length: int,
    colours: Palette,
    *,
    top: int = 16,
    left: int = LABEL_MARGIN,
    right: int = 16,
    legend_height: int = 0,
    **layout: Any,
) -> go.Figure:
    """Plots of the given heights, in pixels, one above the other on one time axis."""
    bottom = 46
    inside = sum(heights) + GAP * (len(heights) - 1)
    first = theme.FIRST_TIME
    xaxis = {
        "range": [first - 0.5, first + length - 0.5], "zeroline": False, "showgrid": False,
        "tickformat": "d" if length <= 12 else None, "nticks": min(12, length + 1),
        "title": TIME_TITLE,
    }  # fmt: skip
    axis = {"zeroline": False, "ticks": ""}
    return look.rows(
        [Plot(plot.traces, {**axis, **plot.yaxis}) for plot in plots],
        heights,
        GAP / inside,
        xaxis,
        colours,
        height=inside + top + bottom + legend_height,
        margin={"l": left, "r": right, "t": top, "b": bottom},
        **{"showlegend": False, **layout},
    )


def columns_of(length: int) -> Values:
    """Where the columns of a heat map of `length` steps lie on the time axis."""
    width = decimation.bin_width(length, MAX_COLUMNS)
    return {"x0": theme.FIRST_TIME + (width - 1) / 2, "dx": width}


def spoken_time(length: int) -> tuple[str, str]:
    """How hovers speak of a column's time, and of the mean over it."""
    width = decimation.bin_width(length, MAX_COLUMNS)
    if width == 1:
        return "time %{x}", ""
    return f"{width} steps around time %{{x}}", "mean "


def strips(paths: Mapping[str, IntArray], num_states: int) -> Plot:
    """One strip for each path (M,) by its name, in the colours of its states."""
    length = len(next(iter(paths.values())))
    width = decimation.bin_width(length, MAX_COLUMNS)
    binned = np.array(
        [decimation.majority_bins(states, width, num_states) for states in paths.values()]
    )
    when, _ = spoken_time(length)
    cells = {
        "type": "heatmap",
        # States by number, 1..K: a hover then speaks of S1..SK without a text per cell.
        "z": np.where(binned < 0, np.nan, binned + 1.0).astype(np.float32),
        "y": list(paths),
        **columns_of(length),
        "zmin": 0.5,
        "zmax": num_states + 0.5,
        "colorscale": theme.state_scale(num_states),
        "showscale": False,
        "ygap": 2,
        "hoverongaps": False,
        "hovertemplate": f"%{{y}}, {when}: {'mostly ' if width > 1 else ''}S%{{z}}<extra></extra>",
    }
    return Plot([cells], named_rows(list(paths)))


def named_rows(names: list[str]) -> Values:
    """An axis of names, the first on top."""
    return {
        "type": "category", "categoryorder": "array", "categoryarray": names,
        "range": [len(names) - 0.5, -0.5], "fixedrange": True, "showgrid": False,
    }  # fmt: skip
