"""Charts of the data along time: one sequence, and several at once.

Data in, figure out. Points are thinned to what a screen can show; see `points_note`. At a
missing observation (NaN) there is no point, and the line is broken.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import FloatArray, IntArray
from pages.ui.figures import decimation, look, theme
from pages.ui.figures.look import Plot, Values
from pages.ui.figures.observed_variable import Observed, ObservedVariable
from pages.ui.figures.theme import Palette
from pages.ui.figures.time_scale import TimeScale, together
from pages.ui.text import chart_text

MAX_POINTS = 2000
PART_HEIGHT = 110
"""Pixels of a panel where several are one above the other."""
OVERVIEW_SEQUENCES = 6
OVERVIEW_POINTS = 320
OVERVIEW_LETTERS = 6
TITLE_LETTERS = 8
"""Letters of a sequence's name that fit beside its row."""
LINE_BEHIND_POINTS = "rgba(128,128,128,0.55)"


def points_note(length: int) -> str | None:
    """One sentence when a sequence of `length` steps has more points than are drawn."""
    if length <= MAX_POINTS:
        return None
    return (
        f"Drawn are at most {MAX_POINTS:,} of {length:,} points: of every stretch of time its "
        "least and its greatest value, so that no spike is lost."
    ).replace(",", "\u202f", 2)


def sequence_figure(
    observations: FloatArray,
    states: IntArray | None,
    variable: ObservedVariable,
    revision: str,
    colours: Palette,
    scale: TimeScale | None = None,
    further: Sequence[Observed] = (),
) -> go.Figure:
    """Observations (M,) of one sequence over time, coloured by true state (M,) where known.

    Without a `scale` time is counted in steps. What is observed besides has a panel of its own
    below, on the same time axis.
    """
    scale = scale or TimeScale(len(observations))
    plots = [
        _sequence_plot(values, states, one, colours, scale, row == 0)
        for row, (values, one) in enumerate([(observations, variable), *further])
    ]
    return look.rows(
        plots,
        [1.0] * len(plots),
        0.06 if further else 0.0,
        {**scale.axis(_margin(scale.length)), **_few_ticks(scale)},
        colours,
        height=max(300, PART_HEIGHT * len(plots) + 70) if further else 300,
        uirevision=revision,
        showlegend=states is not None,
        margin={"t": 8},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
    )


def _sequence_plot(
    observations: FloatArray,
    states: IntArray | None,
    variable: ObservedVariable,
    colours: Palette,
    scale: TimeScale,
    in_legend: bool,
) -> Plot:
    kept, coordinates, hover = _thinned(observations, variable, MAX_POINTS, scale)
    traces = _line(coordinates, hover, states is not None, colours)
    of_points = np.empty(0, dtype=int) if states is None else states[kept]
    # A trace for each state, so that the legend has it.
    for state in np.unique(of_points):
        known = int(state) >= 0
        name = colours.states[int(state)] if known else "not known"
        traces.append({
            "type": "scatter", "mode": "markers", "name": name,
            "legendgroup": name, "showlegend": in_legend,
            **{part: values[of_points == state] for part, values in coordinates.items()},
            "marker": {
                "color": theme.state_colour(int(state)) if known else LINE_BEHIND_POINTS,
                "symbol": theme.state_symbol(int(state)) if known else "circle-open",
                "size": 6 if len(kept) <= 600 else 4, "line": {"width": 0.6, "color": colours.text},
            },
            "hovertemplate": f"true state {name}, {hover}",
        })  # fmt: skip
    axis: Values = {"title": variable.title}
    if variable.kind != "number":  # numbers find their own range
        axis |= {"range": variable.limits(observations), **variable.axis()}
    return Plot(traces, axis)


def overview_figure(
    sequences: list[FloatArray],
    states: list[IntArray] | None,
    variable: ObservedVariable,
    revision: str,
    colours: Palette,
    names: list[str] | None = None,
    scales: list[TimeScale] | None = None,
) -> go.Figure:
    """Several sequences one above the other, on one time axis and one scale of observations.

    Without `names` they are numbered; without `scales` time is counted in steps.
    """
    number = len(sequences)
    scales = together(scales or [TimeScale(len(sequence)) for sequence in sequences])
    titles = [
        chart_text(name if len(name) <= TITLE_LETTERS else f"{name[: TITLE_LETTERS - 1]}…")
        for name in names or [f"{row}" for row in range(1, number + 1)]
    ]
    longest = max(scales, key=lambda scale: scale.length)
    ranges = np.array([scale.range(_margin(longest.length)) for scale in scales])
    everything = np.concatenate(sequences)
    if variable.kind == "symbol":
        # Only two names fit into a row.
        ends = np.unique([0, len(variable.labels) - 1])
        names = variable.ticks(OVERVIEW_LETTERS)
        ticks = {"tickvals": ends, "ticktext": [names[end] for end in ends]}
    else:
        there = everything[np.isfinite(everything)]
        ends = np.unique([there.min(), there.max()]) if there.size else there
        ticks = {"tickvals": ends, "tickformat": ".2~g"}
    axis = {"range": variable.limits(everything, 0.25), **ticks}
    of_each = [None] * number if states is None else states
    return look.rows(
        [
            Plot(_small_sequence(*row, variable, colours), {**axis, "title": title})
            for title, *row in zip(titles, sequences, of_each, scales, strict=True)
        ],
        [1] * number,
        0.012,
        {
            **longest.axis(0.0),
            **_few_ticks(longest),
            "range": longest.drawn([ranges[:, 0].min(), ranges[:, 1].max()]).tolist(),
        },
        colours,
        height=62 * number + 64,
        uirevision=revision,
        showlegend=False,
    )


def _small_sequence(
    observations: FloatArray,
    states: IntArray | None,
    scale: TimeScale,
    variable: ObservedVariable,
    colours: Palette,
) -> list[Values]:
    """One row of the overview. There is no legend, and one trace of all states draws faster."""
    kept, coordinates, hover = _thinned(observations, variable, OVERVIEW_POINTS, scale)
    traces = _line(coordinates, hover, states is not None, colours)
    if states is not None and (states[kept] >= 0).any():
        known = states[kept] >= 0
        of_points = states[kept][known]
        num_states = int(of_points.max()) + 1
        names = colours.states.all(num_states)
        symbols = [theme.state_symbol(state) for state in range(num_states)]
        traces.append({
            "type": "scatter", "mode": "markers",
            **{part: values[known] for part, values in coordinates.items()},
            "text": np.array(names, dtype=object)[of_points],
            "marker": {
                # By number, since Plotly would parse the colour of each point anew.
                "color": of_points + 1, "cmin": 0.5, "cmax": num_states + 0.5,
                "colorscale": theme.state_scale(num_states),
                "symbol": np.array(symbols, dtype=object)[of_points],
                "size": 4, "line": {"width": 0},
            },
            "hovertemplate": f"true state %{{text}}, {hover}",
        })  # fmt: skip
    return traces


def _thinned(
    observations: FloatArray, variable: ObservedVariable, max_points: int, scale: TimeScale
) -> tuple[IntArray, Values, str]:
    """Thin observations (M,) to at most `max_points`.

    Returns the indices kept (P,), their coordinates and texts as properties of a trace, and the
    template of their hover text.
    """
    kept = decimation.extreme_indices(np.asarray(observations, dtype=np.float64), max_points)
    values = observations[kept]
    texts = np.array(variable.value_texts(values), dtype=object)
    name = chart_text(variable.name)
    hover = f"{scale.symbol}%{{x}}, {name} = %{{customdata}}<extra></extra>"
    return kept, {"x": scale.chosen(kept), "y": values, "customdata": texts}, hover


def _line(coordinates: Values, hover: str, states_known: bool, colours: Palette) -> list[Values]:
    """The line through the points: grey where the points have the colours of their states."""
    if states_known:
        style = {"hoverinfo": "skip", "line": {"color": LINE_BEHIND_POINTS, "width": 1}}
    else:
        style = {"hovertemplate": hover, "line": {"color": colours.primary, "width": 1}}
    line = {"type": "scatter", "mode": "lines", "showlegend": False, **coordinates, **style}
    lone = decimation.lone_points(coordinates["y"])
    if states_known or not lone.any():
        return [line]
    # No line reaches them.
    points = {
        "type": "scatter", "mode": "markers", "showlegend": False, "hovertemplate": hover,
        **{part: values[lone] for part, values in coordinates.items()},
        "marker": {"color": colours.primary, "size": 4},
    }  # fmt: skip
    return [line, points]


def _few_ticks(scale: TimeScale) -> Values:
    """A date takes as much room as five numbers."""
    return {"nticks": 6} if scale.is_dates else {}


def _margin(length: int) -> float:
    """Room beyond the first and the last step, in steps."""
    return max(0.5, 0.01 * length)
