"""What all charts along time share: their axis, their columns, and strips of states.

No chart draws more columns than a screen has pixels: longer sequences are drawn in stretches of
equal length, see `decimation_note`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import FloatArray, IntArray
from pages.ui.figures import decimation, look, theme
from pages.ui.figures.look import Plot, Values
from pages.ui.figures.theme import Palette, StateNames
from pages.ui.figures.time_scale import TimeScale
from pages.ui.text import count

MAX_COLUMNS = 1200
MAX_POINTS = 2000

STRIP = 24
"""Height of one strip of states, in pixels."""
GAP = 16
LABEL_MARGIN = 112

NAMED_SHARE = 0.02
"""Share of the time axis from which a run of one state has its name in a strip, before the browser
decides by the width in pixels."""


def decimation_note(length: int, *, observations: bool = False) -> str | None:
    """How a sequence of `length` steps is reduced for drawing; None where all of it is drawn.

    `observations` is True where the figure shows them: at most MAX_POINTS are drawn.
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
    scale: TimeScale,
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
    inner_height = sum(heights) + GAP * (len(heights) - 1)
    xaxis = {
        **scale.axis(0.5), "zeroline": False, "showgrid": False,
        "tickformat": "d" if scale.times is None and scale.length <= 12 else None,
        "nticks": 5 if scale.is_dates else min(12, scale.length + 1),
    }  # fmt: skip
    axis = {"zeroline": False, "ticks": ""}
    return look.rows(
        [Plot(plot.traces, {**axis, **plot.yaxis}) for plot in plots],
        heights,
        GAP / inner_height,
        xaxis,
        colours,
        height=inner_height + top + bottom + legend_height,
        margin={"l": left, "r": right, "t": top, "b": bottom},
        **{"showlegend": False, **layout},
    )


def columns_of(scale: TimeScale) -> Values:
    """Places on the time axis of the columns of a trace, as its properties."""
    return scale.columns(decimation.bin_width(scale.length, MAX_COLUMNS))


def strips(
    paths: Mapping[str, IntArray], num_states: int, scale: TimeScale, names: StateNames
) -> Plot:
    """One named strip for each path (M,), in the colours of the states, with their names.

    A name stands where its run is wide enough, so that a strip can be read without its colours.
    """
    width = decimation.bin_width(scale.length, MAX_COLUMNS)
    binned = np.array(
        [decimation.majority_bins(states, width, num_states) for states in paths.values()]
    )
    when, _ = scale.words(MAX_COLUMNS)
    whole = bool((binned >= 0).all())
    # A text for each cell is long, and numbers of states are there already.
    name = "%{text}" if names.given else "S%{z}"
    cells = {
        "type": "heatmap",
        "z": (binned + 1).astype(np.int8)
        if whole
        else np.where(binned < 0, np.nan, binned + 1.0).astype(np.float32),
        "y": list(paths),
        **columns_of(scale),
        "zmin": 0.5,
        "zmax": num_states + 0.5,
        "colorscale": theme.state_scale(num_states),
        "showscale": False,
        "ygap": 2,
        "hoverongaps": False,
        "hovertemplate": f"%{{y}}, {when}: {'mostly ' if width > 1 else ''}{name}<extra></extra>",
    }
    if names.given:
        # The last stands for -1, no state, which has no hover text.
        cells["text"] = np.array([*names.all(num_states), ""], dtype=object)[binned]
    return Plot([cells, _state_names(list(paths), binned, scale, names)], named_rows(list(paths)))


def _state_names(
    strips: list[str], binned: IntArray, scale: TimeScale, names: StateNames
) -> Values:
    """Names of the states in strips (P, C) of C columns, as a trace.

    `meta` has all runs, from which `assets/state-names.js` takes those that fit at any zoom: each
    with its start and end on the time axis (numbers as in `TimeScale.places`), its strip and its
    state, both 0-based.
    """
    centres = scale.centres(decimation.bin_width(scale.length, MAX_COLUMNS)).astype(np.float64)
    edges = cell_edges(centres, scale.step)
    rows, firsts, lasts = [], [], []
    for row, states in enumerate(binned):
        bounds = np.flatnonzero(np.diff(states, prepend=-2, append=-2))
        known = states[bounds[:-1]] >= 0
        firsts.append(bounds[:-1][known])
        lasts.append(bounds[1:][known])
        rows.append(np.full(known.sum(), row))
    row, start, end = np.concatenate(rows), np.concatenate(firsts), np.concatenate(lasts)
    states = binned[row, start]
    looks = range(int(states.max(initial=-1)) + 1)
    meta = {
        "runs": {
            "start": edges[start].tolist(),
            "end": edges[end].tolist(),
            "strip": row.tolist(),
            "state": states.tolist(),
        },
        "strips": strips,
        "names": [names.short(state) for state in looks],
        "inks": [theme.ink_on(theme.state_colour(state)) for state in looks],
    }
    wide = np.flatnonzero(edges[end] - edges[start] >= NAMED_SHARE * (edges[-1] - edges[0]))
    return {
        "type": "scatter",
        "mode": "text",
        "x": scale.drawn(((edges[start] + edges[end]) / 2)[wide]),
        "y": [strips[strip] for strip in row[wide]],
        "text": [meta["names"][state] for state in states[wide]],
        "textfont": {"size": 10, "color": [meta["inks"][state] for state in states[wide]]},
        "hoverinfo": "skip",
        "showlegend": False,
        "meta": meta,
    }


def cell_edges(centres: FloatArray, step: float) -> FloatArray:
    """Edges (C + 1,) of columns with these centres: in the middle between two of them.

    Of a single column, which has no neighbour, the width is `step`.
    """
    if len(centres) == 1:
        return centres[0] + step * np.array([-0.5, 0.5])
    inner = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - inner[0]], inner, [2 * centres[-1] - inner[-1]]])


def named_rows(names: list[str]) -> Values:
    """Properties of an axis of names, the first on top."""
    return {
        "type": "category", "categoryorder": "array", "categoryarray": names,
        "range": [len(names) - 0.5, -0.5], "fixedrange": True, "showgrid": False,
    }  # fmt: skip
