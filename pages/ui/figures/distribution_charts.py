"""Charts of how often each observation occurs, whatever its time: one for each kind.

Data in, `Drawing` out. Grey is what was observed; colours are what the true states make.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pages.ui.browser import wire
from pages.ui.drawing import Drawing
from pages.ui.experiment.dataset import Lane
from pages.ui.figures import scales, theme
from pages.ui.text import chart_text

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]

HEIGHT = 300
DENSITY_POINTS = 200
MAX_POINTS = 2000
GREY = "rgba(128,128,128,0.35)"
INK = "var(--st-text-color)"

NAME_WIDTH, NAME_HEIGHT = 0.07, 0.08
"""Room that a state's name takes, as a share of a chart's width and of its highest value."""


def histogram_figure(
    observations: FloatArray,
    lane: Lane,
    revision: str,
    truth: tuple[FloatArray, FloatArray, FloatArray] | None = None,
) -> Drawing:
    """Histogram of observations (T,) as a density; the true densities over it where known.

    Args:
        truth: means (K,), standard deviations (K,), and the share (K,) of the observations that
            each state made.
    """
    edges, density = scales.histogram(np.asarray(observations, dtype=np.float64))
    figure = Drawing()
    figure.add(
        "bar",
        x=(edges[:-1] + edges[1:]) / 2, y=density, width=np.diff(edges),
        marker={"color": GREY, "line": {"width": 0}},
        name="data", hovertemplate="around %{x:.3g}: density %{y:.3g}<extra></extra>",
    )  # fmt: skip
    highest, room = float(density.max()), 0.0
    if truth is not None:
        means, deviations, shares = truth
        low = min(edges[0], float((means - 3 * deviations).min()))
        high = max(edges[-1], float((means + 3 * deviations).max()))
        grid = np.linspace(low, high, DENSITY_POINTS)
        densities = scales.gaussian_densities(grid, means, deviations, shares)
        for state in np.flatnonzero(shares > 0):
            figure.add(
                "scatter",
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
        heights = names_apart(means[top], 1.02 * together[nearest], high - low, highest)
        room = max(room, float(heights.max()) + NAME_HEIGHT * highest)
        # Names at the tops say which curve is whose without a legend that takes the chart's room.
        figure.add(
            "scatter",
            x=means[top], y=heights, mode="text", textposition="top center",
            text=[theme.state_name(int(state)) for state in top], hoverinfo="skip",
        )  # fmt: skip
        figure.add(
            "scatter",
            x=grid, y=together, mode="lines", name="all states together",
            line={"color": "var(--st-text-color)", "width": 1.2, "dash": "dot"},
            hovertemplate="all states together: %{y:.3g}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        height=300, uirevision=revision, bargap=0, showlegend=False,
        xaxis={"title": {"text": lane.title}},
        yaxis={"title": {"text": "density"}, "range": [0, max(1.15 * highest, room) or 1.0]},
    )  # fmt: skip
    return figure


def names_apart(
    places: FloatArray, heights: FloatArray, width: float, highest: float
) -> FloatArray:
    """Heights (K,) of names at places (K,), each lifted until it covers none to its left.

    Args:
        heights: where the names would stand had each the chart for itself.
        width: of the chart, in the units of the places.
        highest: value that the chart shows, in the units of the heights.
    """
    lifted = np.array(heights, dtype=np.float64)
    order = np.argsort(places, kind="stable")
    for number, name in enumerate(order):
        left = order[:number]
        near = left[places[name] - places[left] < NAME_WIDTH * width]
        for other in near[np.argsort(lifted[near])]:
            if abs(lifted[name] - lifted[other]) < NAME_HEIGHT * highest:
                lifted[name] = lifted[other] + NAME_HEIGHT * highest
    return lifted


def counts_figure(
    counts: FloatArray,
    lane: Lane,
    revision: str,
    truth: tuple[FloatArray, FloatArray, FloatArray, FloatArray] | None = None,
) -> Drawing:
    """Share of each count among counts (T,); what each true state makes of it where known.

    Args:
        truth: counts (G,), probabilities (K, G) of each in the states, rates (K,), and the share
            (K,) of the observations that each state made.
    """
    edges, heights = scales.count_histogram(np.asarray(counts, dtype=np.float64))
    width = float(edges[1] - edges[0])
    spoken = "count %{x:,.0f}" if width == 1 else "around %{x:,.0f}"
    figure = Drawing()
    figure.add(
        "bar",
        x=(edges[:-1] + edges[1:]) / 2, y=heights, width=width,
        marker={"color": GREY, "line": {"width": 0}}, name="data",
        hovertemplate=f"{spoken}: %{{y:.2%}} of the data for each count<extra></extra>",
    )  # fmt: skip
    highest, room = float(heights.max()), 0.0
    if truth is not None:
        grid, probabilities, rates, shares = truth
        weighted = shares[:, np.newaxis] * probabilities
        for state in np.flatnonzero(shares > 0):
            name = theme.state_name(int(state))
            figure.add(
                "scatter",
                x=grid, y=weighted[state], mode="lines", name=name,
                line={"color": theme.state_colour(int(state)), "width": 2, "shape": "hvh"},
                hovertemplate=(
                    f"{name}: rate {rates[state]:.4g},<br>made {shares[state]:.1%} of the "
                    "observations<extra></extra>"
                ),
            )  # fmt: skip
        together = weighted.sum(axis=0)
        highest = max(highest, float(together.max()))
        top = np.flatnonzero(shares > 0)
        # Above both steps that a rate may lie between.
        below = np.clip(np.searchsorted(grid, rates[top], side="right") - 1, 0, len(grid) - 1)
        above = np.minimum(below + 1, len(grid) - 1)
        tops = 1.02 * np.maximum(together[below], together[above])
        tops = names_apart(rates[top], tops, float(edges[-1] - edges[0]), highest)
        room = max(room, float(tops.max()) + NAME_HEIGHT * highest)
        figure.add(
            "scatter",
            x=rates[top], y=tops, mode="text", textposition="top center",
            text=[theme.state_name(int(state)) for state in top], hoverinfo="skip",
        )  # fmt: skip
        figure.add(
            "scatter",
            x=grid, y=together, mode="lines", name="all states together",
            line={"color": INK, "width": 1.2, "dash": "dot", "shape": "hvh"},
            hovertemplate="all states together: %{y:.2%}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        height=HEIGHT, uirevision=revision, bargap=0, showlegend=False,
        xaxis={"title": {"text": lane.title}, **lane.axis()},
        yaxis={"title": {"text": "probability"}, "range": [0, max(1.15 * highest, room) or 1.0]},
    )  # fmt: skip
    return figure


def symbols_figure(
    shares: FloatArray,
    lane: Lane,
    revision: str,
    truth: tuple[FloatArray, FloatArray] | None = None,
) -> Drawing:
    """Shares (C,) of the symbols; where known, made up of what each true state is expected to make.

    Args:
        truth: symbol probabilities (K, C), and the share (K,) of the observations that each state
            made.
    """
    number = len(lane.labels)
    places, labels = np.arange(number), lane.label_texts
    figure = Drawing()
    figure.add(
        "bar",
        x=places, y=shares, width=0.9, customdata=labels, name="data",
        marker={"color": GREY, "line": {"width": 0}},
        hovertemplate="%{customdata}: %{y:.2%} of the data<extra></extra>",
    )  # fmt: skip
    highest = float(shares.max())
    if truth is not None:
        probs, made = truth
        parts = made[:, np.newaxis] * probs
        below = np.cumsum(parts, axis=0) - parts
        highest = max(highest, float(parts.sum(axis=0).max()))
        for state in np.flatnonzero(made > 0):
            name = theme.state_name(int(state))
            figure.add(
                "bar",
                x=places, y=parts[state], base=below[state], width=0.5, name=name,
                customdata=np.column_stack([labels, [f"{p:.3f}" for p in probs[state]]]),
                marker={
                    "color": theme.state_colour(int(state)), "line": {"width": 0.5, "color": INK},
                },
                hovertemplate=(
                    f"{name} makes %{{customdata[0]}} with probability %{{customdata[1]}},<br>and "
                    f"made {made[state]:.1%} of the observations<extra></extra>"
                ),
            )  # fmt: skip
    figure.update_layout(
        height=HEIGHT, uirevision=revision, barmode="overlay", showlegend=False,
        xaxis={
            "title": {"text": lane.title}, "range": [-0.5, number - 0.5], "tickangle": 0,
            **lane.axis(room=max(2, 56 // number), most=20),
        },
        yaxis={"title": {"text": "probability"}, "range": [0, 1.08 * highest]},
    )  # fmt: skip
    return figure


def points_figure(
    points: FloatArray,
    states: IntArray | None,
    lanes: tuple[Lane, Lane],
    revision: str,
    truth: tuple[FloatArray, FloatArray] | None = None,
) -> Drawing:
    """Points (T, 2) of all data, coloured by true state (T,) where known, with its ellipses.

    A point that lacks a coordinate is not drawn.

    Args:
        truth: means (K, 2) and covariances (K, 2, 2).
    """
    kept = wire.spread_indices(points, MAX_POINTS)
    shown, figure = points[kept], Drawing()
    names = [chart_text(lane.name) for lane in lanes]
    hover = f"{names[0]} = %{{x:.4g}}, {names[1]} = %{{y:.4g}}<extra></extra>"
    groups = {None: np.ones(len(kept), dtype=bool)} if states is None else {
        int(state): states[kept] == state for state in np.unique(states[kept])
    }  # fmt: skip
    for state, chosen in groups.items():
        figure.add(
            "scatter",
            x=shown[chosen, 0], y=shown[chosen, 1], mode="markers",
            name="data" if state is None else theme.state_name(state),
            marker={
                "color": "var(--st-primary-color)" if state is None else theme.state_colour(state),
                "symbol": "circle" if state is None else theme.state_symbol(state),
                "size": 4, "opacity": 0.6,
            },
            hovertemplate=hover if state is None else f"{theme.state_name(state)}: {hover}",
        )  # fmt: skip
    if truth is not None:
        means, covariances = truth
        for state, outline in enumerate(scales.ellipses(means, covariances)):
            name = theme.state_name(state)
            figure.add(
                "scatter",
                x=outline[:, 0], y=outline[:, 1], mode="lines", hoverinfo="skip",
                line={"color": theme.state_colour(state), "width": 2}, name=name,
            )  # fmt: skip
            figure.annotate(
                x=means[state, 0], y=means[state, 1], text=f"<b>{name}</b>", showarrow=False,
                bgcolor="var(--st-background-color)", opacity=0.85, borderpad=1,
                font={"color": INK},
            )  # fmt: skip
    figure.update_layout(
        height=360, uirevision=revision, hovermode="closest", showlegend=False,
        xaxis={"title": {"text": lanes[0].title}}, yaxis={"title": {"text": lanes[1].title}},
    )  # fmt: skip
    return figure
