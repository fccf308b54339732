"""Charts of the data themselves: along time, several at once, and as a histogram.

Data in, `go.Figure` out. Points are thinned to what a screen can show; see `points_note`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.ui import scales, theme, wire
from pages.ui.text import chart_text

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]

MAX_POINTS = 2000
OVERVIEW_SEQUENCES = 6
OVERVIEW_POINTS = 320
DENSITY_POINTS = 200
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
    observations: FloatArray, states: IntArray | None, name: str, revision: str
) -> go.Figure:
    """Observations (M,) of one sequence over time, coloured by true state (M,) where known."""
    figure = go.Figure()
    _add_sequence(figure, observations, states, name, MAX_POINTS, legend=True)
    figure.update_layout(
        height=300, uirevision=revision, hovermode="closest", showlegend=states is not None,
        margin={"t": 8},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        xaxis={"title": "time t (steps)", "range": _time_range(len(observations))},
        yaxis={"title": f"observation {chart_text(name)}"},
    )  # fmt: skip
    return figure


def overview_figure(
    sequences: list[FloatArray],
    states: list[IntArray] | None,
    name: str,
    revision: str,
) -> go.Figure:
    """Several sequences one above the other, on one time axis and one scale of observations."""
    number = len(sequences)
    figure = make_subplots(rows=number, cols=1, shared_xaxes=True, vertical_spacing=0.012)
    low = min(float(x.min()) for x in sequences)
    high = max(float(x.max()) for x in sequences)
    margin = 0.25 * (high - low) or 1.0
    for row, observations in enumerate(sequences, start=1):
        of_row = None if states is None else states[row - 1]
        _add_sequence(figure, observations, of_row, name, OVERVIEW_POINTS, legend=False, row=row)
        figure.update_yaxes(
            row=row, col=1, range=[low - margin, high + margin], title={"text": f"{row}"},
            tickvals=sorted({low, high}), tickformat=".2~g",
        )  # fmt: skip
    longest = max(map(len, sequences))
    figure.update_xaxes(range=_time_range(longest))
    figure.update_xaxes(title="time t (steps)", row=number, col=1)
    figure.update_layout(
        height=62 * number + 64, uirevision=revision, showlegend=False, hovermode="closest"
    )
    return figure


def histogram_figure(
    observations: FloatArray,
    name: str,
    revision: str,
    truth: tuple[FloatArray, FloatArray, FloatArray] | None = None,
) -> go.Figure:
    """Histogram of observations (T,) as a density; the true densities over it where known.

    Args:
        truth: means (K,), standard deviations (K,), and the share (K,) of the observations that
            each state made.
    """
    edges, density = scales.histogram(np.asarray(observations, dtype=np.float64))
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2, y=density, width=np.diff(edges),
            marker={"color": "rgba(128,128,128,0.35)", "line": {"width": 0}},
            name="data", hovertemplate="around %{x:.3g}: density %{y:.3g}<extra></extra>",
        )
    )  # fmt: skip
    highest = float(density.max())
    if truth is not None:
        means, deviations, shares = truth
        low = min(edges[0], float((means - 3 * deviations).min()))
        high = max(edges[-1], float((means + 3 * deviations).max()))
        grid = np.linspace(low, high, DENSITY_POINTS)
        densities = scales.gaussian_densities(grid, means, deviations, shares)
        for state in np.flatnonzero(shares > 0):
            figure.add_scatter(
                x=grid, y=densities[state], mode="lines", name=theme.state_name(int(state)),
                line={"color": theme.state_colour(int(state)), "width": 2}, showlegend=False,
                hovertemplate=(
                    f"{theme.state_name(int(state))}: mean {means[state]:.3g}, "
                    f"sd {deviations[state]:.3g},<br>made {shares[state]:.1%} of the observations"
                    "<extra></extra>"
                ),
            )  # fmt: skip
        together = densities.sum(axis=0)
        top = np.flatnonzero(shares > 0)
        nearest = np.abs(grid[:, np.newaxis] - means[top]).argmin(axis=0)
        highest = max(highest, float(together.max()))
        # Names at the tops say which curve is whose without a legend that takes the chart's room.
        figure.add_scatter(
            x=means[top], y=1.02 * together[nearest], mode="text", textposition="top center",
            text=[theme.state_name(int(state)) for state in top], hoverinfo="skip",
        )  # fmt: skip
        figure.add_scatter(
            x=grid, y=together, mode="lines", name="all states together",
            line={"color": "var(--st-text-color)", "width": 1.2, "dash": "dot"},
            hovertemplate="all states together: %{y:.3g}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        height=300, uirevision=revision, bargap=0, showlegend=False,
        xaxis={"title": f"observation {chart_text(name)}"},
        yaxis={"title": "density", "range": [0, 1.15 * highest or 1.0]},
    )  # fmt: skip
    return figure


def _add_sequence(
    figure: go.Figure,
    observations: FloatArray,
    states: IntArray | None,
    name: str,
    max_points: int,
    *,
    legend: bool,
    row: int | None = None,
) -> None:
    """One line through the points, and on it the points in the colour of their true state."""
    place: dict[str, Any] = {} if row is None else {"row": row, "col": 1}
    kept = wire.extreme_indices(np.asarray(observations, dtype=np.float64), max_points)
    times = kept + theme.FIRST_TIME
    values = observations[kept]
    hover = f"t = %{{x}}, {chart_text(name)} = %{{y:.4g}}<extra></extra>"
    figure.add_scatter(
        x=times, y=values, mode="lines", showlegend=False,
        line={"color": QUIET if states is not None else "var(--st-primary-color)", "width": 1},
        hovertemplate=hover, hoverinfo="skip" if states is not None else None, **place,
    )  # fmt: skip
    if states is None:
        return
    figure.data[-1].hovertemplate = None
    size = (6 if len(kept) <= 600 else 4) if row is None else 4
    for state in np.unique(states[kept]):
        of_state = states[kept] == state
        figure.add_scatter(
            x=times[of_state], y=values[of_state], mode="markers",
            name=theme.state_name(int(state)), showlegend=legend,
            marker={
                "color": theme.state_colour(int(state)), "size": size,
                "symbol": theme.state_symbol(int(state)),
                "line": OUTLINED_LINE if row is None else {"width": 0},
            },
            hovertemplate=f"true state {theme.state_name(int(state))}, {hover}", **place,
        )  # fmt: skip


def _time_range(length: int) -> list[float]:
    margin = max(0.5, 0.01 * length)
    return [theme.FIRST_TIME - margin, length + margin]
