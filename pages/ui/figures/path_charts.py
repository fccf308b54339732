"""The chart of several paths of one sequence, and where they differ from the best of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import IntArray
from pages.ui.figures import decimation
from pages.ui.figures.look import Plot
from pages.ui.figures.theme import Palette
from pages.ui.figures.time_axis import (
    MAX_COLUMNS,
    STRIP,
    columns_of,
    named_rows,
    strips,
    time_stack,
)
from pages.ui.figures.time_scale import TimeScale

LABELS = 136
"""Pixels for the names of strips, which have a probability in them."""


def best_paths_figure(
    paths: IntArray,
    shares: Sequence[str],
    draws: IntArray,
    draw_shares: Sequence[str],
    num_states: int,
    colours: Palette,
    *,
    revision: str,
    true_states: IntArray | None = None,
    scale: TimeScale | None = None,
) -> go.Figure:
    """The best paths (P, M) and drawn ones (S, M) as strips; below, where each is not the best.

    `shares` (P,) and `draw_shares` (S,) say how probable each is. The true path (M,) stands above
    where it is known. Without a `scale` time is counted in steps.
    """
    scale = scale or TimeScale(paths.shape[1])
    best, drawn = _named("path", paths, shares), _named("draw", draws, draw_shares)
    others = {f"path {n} ≠ best": path for n, path in enumerate(paths[1:], 2)}
    others |= {f"draw {n} ≠ best": path for n, path in enumerate(draws, 1)}
    truth = {} if true_states is None else {"true path": true_states}
    row = max(14, STRIP - len(best) // 4)
    plots, heights = [], []
    for group in filter(None, (truth, best, drawn)):
        plots.append(strips(group, num_states, scale, colours.states))
        heights.append(row * len(group))
    if others:
        plots.append(_differences(others, paths[0], scale, colours))
        heights.append(max(12, row - 8) * len(others))
    return time_stack(plots, heights, scale, colours, left=LABELS, uirevision=revision)


def _named(kind: str, paths: IntArray, shares: Sequence[str]) -> dict[str, IntArray]:
    """Paths (P, M) by names with their number, from 1, and how probable they are."""
    numbered = enumerate(zip(shares, paths, strict=True), 1)
    return {f"{kind} {number}: {share}": path for number, (share, path) in numbered}


def _differences(
    paths: Mapping[str, IntArray], best: IntArray, scale: TimeScale, colours: Palette
) -> Plot:
    """One row for each path (M,), dark where it is not the best one.

    A column of several steps is dark where any of them differs: a mean would be too pale to be
    seen.
    """
    names = list(paths)
    width = decimation.bin_width(scale.length, MAX_COLUMNS)
    differ = np.column_stack([path != best for path in paths.values()]).astype(np.float64)
    share = decimation.mean_bins(differ, width).T
    when, _ = scale.words(MAX_COLUMNS)
    cells = {
        "type": "heatmap",
        "z": (share > 0.0).astype(np.int8),
        "y": names,
        **columns_of(scale),
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0.0, colours.secondary_background], [1.0, colours.text]],
        "showscale": False,
        "ygap": 3,
        "hovertemplate": f"%{{y}}, {when}: %{{z:.0%}}<extra></extra>",
    }
    if width > 1:
        cells["customdata"] = np.ceil(100.0 * share).astype(np.int8)
        cells["hovertemplate"] = f"%{{y}}, {when}: %{{customdata}}%<extra></extra>"
    return Plot([cells], {**named_rows(names), "tickfont": {"size": 10}})
