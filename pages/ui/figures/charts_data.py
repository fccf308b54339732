"""Charts of the data along time: one sequence, and several at once.

Data in, `Drawing` out. Points are thinned to what a screen can show; see `points_note`. At a
missing observation (NaN) there is no point, and the line is broken.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pages.ui.browser import wire
from pages.ui.drawing import Drawing
from pages.ui.experiment.dataset import Lane
from pages.ui.figures import theme
from pages.ui.figures.time_axis import TIME_TITLE
from pages.ui.text import chart_text

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]

MAX_POINTS = 2000
OVERVIEW_SEQUENCES = 6
OVERVIEW_POINTS = 320
OVERVIEW_LETTERS = 6
OUTLINED_LINE = {"width": 0.6, "color": "var(--st-text-color)"}
QUIET = "rgba(128,128,128,0.55)"


def points_note(length: int) -> str | None:
    """One sentence when a sequence of `length` steps has more points than are drawn."""
    if length <= MAX_POINTS:
        return None
    return (
        f"Drawn are at most {MAX_POINTS:,} of {length:,} points: of every stretch of time its "
        "least and its greatest value, so that no spike is lost."
    ).replace(",", "\u202f", 2)


def sequence_figure(
    observations: FloatArray, states: IntArray | None, lane: Lane, revision: str
) -> Drawing:
    """Observations (M,) of one sequence over time, coloured by true state (M,) where known."""
    figure = Drawing()
    _add_sequence(figure, observations, states, lane, MAX_POINTS)
    figure.update_layout(
        height=300, uirevision=revision, hovermode="closest", showlegend=states is not None,
        margin={"t": 8},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        xaxis={"title": {"text": TIME_TITLE}, "range": _time_range(len(observations))},
        yaxis={"title": {"text": lane.title}, **_axis(lane, lane.limits(observations))},
    )  # fmt: skip
    return figure


def overview_figure(
    sequences: list[FloatArray],
    states: list[IntArray] | None,
    lane: Lane,
    revision: str,
) -> Drawing:
    """Several sequences one above the other, on one time axis and one scale of observations."""
    number = len(sequences)
    figure = Drawing.rows([1] * number, 0.012)
    together = np.concatenate(sequences)
    there = together[np.isfinite(together)]
    ends = sorted({float(there.min()), float(there.max())}) if there.size else []
    ticks = {"tickvals": ends, "tickformat": ".2~g"}
    if lane.kind == "symbol":
        # Only two names fit into a row.
        ends = sorted({0, len(lane.labels) - 1})
        ticks = {"tickvals": ends, "ticktext": [lane.ticks(OVERVIEW_LETTERS)[end] for end in ends]}
    for row, observations in enumerate(sequences, start=1):
        of_row = None if states is None else states[row - 1]
        _add_sequence(figure, observations, of_row, lane, OVERVIEW_POINTS, row)
        figure.update_yaxes(
            row, range=lane.limits(together, 0.25), title={"text": f"{row}"}, **ticks,
        )  # fmt: skip
    longest = max(map(len, sequences))
    figure.update_xaxes(range=_time_range(longest))
    figure.update_xaxes(number, title={"text": TIME_TITLE})
    figure.update_layout(
        height=62 * number + 64, uirevision=revision, showlegend=False, hovermode="closest"
    )
    return figure


def _add_sequence(
    figure: Drawing,
    observations: FloatArray,
    states: IntArray | None,
    lane: Lane,
    max_points: int,
    row: int | None = None,
) -> None:
    """One line through the points, and on it the points in the colour of their true state.

    In one of several rows; else alone, and each state has a trace for the legend.
    """
    kept = wire.extreme_indices(np.asarray(observations, dtype=np.float64), max_points)
    times = kept + theme.FIRST_TIME
    values = observations[kept]
    hover = f"t = %{{x}}, {chart_text(lane.name)} = %{{customdata}}<extra></extra>"
    spoken = np.array(lane.spoken(values), dtype=object)
    figure.add(
        "scatter", row, x=times, y=values, customdata=spoken, mode="lines", showlegend=False,
        line={"color": QUIET if states is not None else "var(--st-primary-color)", "width": 1},
        **({"hovertemplate": hover} if states is None else {"hoverinfo": "skip"}),
    )  # fmt: skip
    if states is None:
        lone = wire.lone_points(values)
        if lone.any():
            # No line leads to them.
            figure.add(
                "scatter", row, x=times[lone], y=values[lone], customdata=spoken[lone],
                mode="markers", showlegend=False, hovertemplate=hover,
                marker={"color": "var(--st-primary-color)", "size": 4},
            )  # fmt: skip
        return
    of_points = states[kept]
    if row is not None:
        # Many rows: each trace costs a browser time of its own, and there is no legend to fill.
        names = [theme.state_name(int(state)) for state in of_points]
        figure.add(
            "scatter", row, x=times, y=values, customdata=spoken, text=names, mode="markers",
            marker={
                "color": [theme.state_colour(int(state)) for state in of_points],
                "symbol": [theme.state_symbol(int(state)) for state in of_points],
                "size": 4, "line": {"width": 0},
            },
            hovertemplate=f"true state %{{text}}, {hover}",
        )  # fmt: skip
        return
    for state in np.unique(of_points):
        of_state = of_points == state
        name = theme.state_name(int(state))
        figure.add(
            "scatter", x=times[of_state], y=values[of_state], customdata=spoken[of_state],
            mode="markers", name=name,
            marker={
                "color": theme.state_colour(int(state)), "symbol": theme.state_symbol(int(state)),
                "size": 6 if len(kept) <= 600 else 4, "line": OUTLINED_LINE,
            },
            hovertemplate=f"true state {name}, {hover}",
        )  # fmt: skip


def _axis(lane: Lane, limits: tuple[float, float]) -> dict[str, Any]:
    """An axis of observations; numbers find their own range."""
    return {} if lane.kind == "number" else {"range": limits, **lane.axis()}


def _time_range(length: int) -> list[float]:
    margin = max(0.5, 0.01 * length)
    return [theme.FIRST_TIME - margin, length + margin]
