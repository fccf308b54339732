"""What all charts along time share: their axis, their columns, and strips of states.

No chart draws more columns than a screen has pixels: longer sequences are drawn in stretches of
equal length, see `decimation_note`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.ui.browser import wire
from pages.ui.drawing import Drawing
from pages.ui.figures import theme
from pages.ui.figures.charts import IntArray
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
    width = wire.bin_width(length, MAX_COLUMNS)
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
    heights: list[int],
    length: int,
    revision: str,
    *,
    top: int = 16,
    left: int = LABEL_MARGIN,
    right: int = 16,
) -> Drawing:
    """Empty rows of the given heights on one time axis."""
    rows, bottom = len(heights), 46
    inside = sum(heights) + GAP * (rows - 1)
    figure = Drawing.rows(heights, GAP / inside)
    first = theme.FIRST_TIME
    figure.update_xaxes(
        range=[first - 0.5, first + length - 0.5], zeroline=False, showgrid=False,
        tickformat="d" if length <= 12 else None, nticks=min(12, length + 1),
    )  # fmt: skip
    figure.update_xaxes(rows, title={"text": TIME_TITLE})
    figure.update_yaxes(zeroline=False, ticks="")
    figure.update_layout(
        height=inside + top + bottom,
        margin={"l": left, "r": right, "t": top, "b": bottom},
        showlegend=False,
        uirevision=revision,
    )
    return figure


def columns_of(length: int) -> dict[str, Any]:
    """Where the columns of a heat map of `length` steps lie on the time axis."""
    width = wire.bin_width(length, MAX_COLUMNS)
    return {"x0": theme.FIRST_TIME + (width - 1) / 2, "dx": width}


def spoken_time(length: int) -> tuple[str, str]:
    """How hovers speak of a column's time, and of the mean over it."""
    width = wire.bin_width(length, MAX_COLUMNS)
    if width == 1:
        return "time %{x}", ""
    return f"{width} steps around time %{{x}}", "mean "


def add_strips(figure: Drawing, row: int, strips: dict[str, IntArray], num_states: int) -> None:
    length = len(next(iter(strips.values())))
    width = wire.bin_width(length, MAX_COLUMNS)
    binned = np.array([wire.majority_bins(states, width, num_states) for states in strips.values()])
    when, _ = spoken_time(length)
    figure.add(
        "heatmap",
        row,
        # States by number, 1..K: a hover then speaks of S1..SK without a text per cell.
        z=np.where(binned < 0, np.nan, binned + 1.0).astype(np.float32),
        y=list(strips),
        **columns_of(length),
        zmin=0.5,
        zmax=num_states + 0.5,
        colorscale=_state_scale(num_states),
        showscale=False,
        ygap=2,
        hoverongaps=False,
        hovertemplate=f"%{{y}}, {when}: {'mostly ' if width > 1 else ''}S%{{z}}<extra></extra>",
    )
    figure.update_yaxes(
        row, type="category", categoryorder="array", categoryarray=list(strips),
        range=[len(strips) - 0.5, -0.5], fixedrange=True, showgrid=False,
    )  # fmt: skip


def _state_scale(num_states: int) -> list[list[Any]]:
    """A colour scale of K even steps."""
    return [
        [(state + side) / num_states, theme.state_colour(state)]
        for state in range(num_states)
        for side in (0, 1)
    ]
