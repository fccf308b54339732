"""Charts along time: what a model says of one sequence of M steps. Data in, `Drawing` out."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pages.ui.browser import wire
from pages.ui.drawing import Drawing
from pages.ui.experiment.dataset import PLAIN, Lane
from pages.ui.figures import theme
from pages.ui.figures.charts import FloatArray, IntArray, state_ticks
from pages.ui.figures.time_axis import (
    MAX_COLUMNS,
    MAX_POINTS,
    STRIP,
    add_strips,
    columns_of,
    spoken_time,
    time_stack,
)
from pages.ui.text import chart_text

MARK_SCALE = [[0.0, "var(--st-secondary-background-color)"], [1.0, "var(--st-text-color)"]]


def posterior_figure(
    probs: FloatArray,
    entropy: FloatArray,
    *,
    kind: str,
    revision: str,
    true_states: IntArray | None = None,
    true_model_probs: FloatArray | None = None,
    true_model_entropy: FloatArray | None = None,
) -> Drawing:
    """State probabilities (M, K) over time, with the entropy (M,) of each step, in bits, below.

    `kind` names the probabilities, "smoothed" or "filtered". Where there is a truth, the true
    path (M,) stands above and what the true model says of the same data in between.
    """
    length, num_states = probs.shape
    block = int(np.clip(13 * num_states, 120, 260)) if num_states > 1 else 96
    heights, kinds = [], []
    if true_states is not None:
        heights, kinds = [STRIP], ["truth"]
    heights, kinds = [*heights, block], [*kinds, "learned"]
    if true_model_probs is not None:
        heights, kinds = [*heights, block], [*kinds, "true model"]
    heights, kinds = [*heights, 110], [*kinds, "entropy"]
    figure = time_stack(heights, length, revision, left=84, right=64)
    rows = {name: number for number, name in enumerate(kinds, start=1)}
    if true_states is not None:
        add_strips(figure, rows["truth"], {"true path": true_states}, num_states)
    _add_probabilities(figure, rows["learned"], probs, "learned model", kind, first=True)
    if true_model_probs is not None:
        _add_probabilities(figure, rows["true model"], true_model_probs, "true model", kind)
    _add_entropy(figure, rows["entropy"], entropy, "learned model", num_states)
    if true_model_entropy is not None:
        _add_entropy(figure, rows["entropy"], true_model_entropy, "true model", num_states)
        figure.update_layout(
            # The legend takes its height from the plots, so it is given some.
            height=figure.layout["height"] + 28,
            showlegend=True,
            legend={
                "orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom",
                "itemclick": False, "itemdoubleclick": False,
            },
        )  # fmt: skip
    return figure


def paths_figure(
    observations: FloatArray,
    viterbi_states: IntArray,
    per_step_states: IntArray,
    num_states: int,
    *,
    revision: str,
    true_states: IntArray | None = None,
    lane: Lane = PLAIN,
) -> Drawing:
    """Observations (M,) coloured by Viterbi state; paths (M,) as strips; where they differ.

    A missing observation, NaN, has no point; its state is in the strips.
    """
    length = len(observations)
    strips = {"Viterbi path": viterbi_states, "per-step best": per_step_states}
    differences = {"Viterbi ≠ per-step": viterbi_states != per_step_states}
    if true_states is not None:
        strips = {"true path": true_states, **strips}
        differences = {"Viterbi ≠ truth": viterbi_states != true_states, **differences}
    heights = [220, STRIP * len(strips), STRIP * len(differences)]
    figure = time_stack(heights, length, revision, top=48)
    _add_observations(figure, 1, observations, viterbi_states, num_states, lane)
    add_strips(figure, 2, strips, num_states)
    _add_marks(figure, 3, differences)
    return figure


def tied_paths_figure(paths: IntArray, num_states: int, *, revision: str) -> Drawing:
    """Some equally probable paths (P, M), one strip each, numbered from 1."""
    count, length = paths.shape
    figure = time_stack([max(14, STRIP - count // 4) * count], length, revision)
    add_strips(figure, 1, {f"path {p + 1}": path for p, path in enumerate(paths)}, num_states)
    return figure


def _add_probabilities(
    figure: Drawing, row: int, probs: FloatArray, whose: str, kind: str, first: bool = False
) -> None:
    length, num_states = probs.shape
    binned = wire.mean_bins(probs, wire.bin_width(length, MAX_COLUMNS))
    when, mean = spoken_time(length)
    figure.add(
        "heatmap",
        row,
        z=binned.T.astype(np.float32),
        y=np.arange(1, num_states + 1),
        **columns_of(length),
        coloraxis="coloraxis",
        hoverongaps=False,
        hovertemplate=(
            f"{whose}, {when}:<br>{mean}{kind} probability of S%{{y}} is %{{z:.3f}}<extra></extra>"
        ),
    )
    figure.update_yaxes(
        row, range=[num_states + 0.5, 0.5], fixedrange=True, showgrid=False,
        title={"text": whose}, **state_ticks(num_states),
    )  # fmt: skip
    if first:
        domain = figure.domain(row)
        figure.update_layout(
            coloraxis={
                "colorscale": theme.POSTERIOR_COLOUR_SCALE, "cmin": 0.0, "cmax": 1.0,
                "colorbar": {
                    "title": {"text": "probability", "side": "right"}, "thickness": 10,
                    "tickvals": [0, 0.5, 1], "outlinewidth": 0, "x": 1.01, "len": 120,
                    "lenmode": "pixels", "y": domain[1], "yanchor": "top",
                },
            }
        )  # fmt: skip


def _add_entropy(
    figure: Drawing, row: int, entropy: FloatArray, whose: str, num_states: int
) -> None:
    length = len(entropy)
    learned = whose == "learned model"
    binned = wire.mean_bins(entropy[:, None], wire.bin_width(length, MAX_COLUMNS))[:, 0]
    when, mean = spoken_time(length)
    colour = "var(--st-primary-color)" if learned else "var(--st-text-color)"
    figure.add(
        "scatter",
        row,
        **columns_of(length),
        y=binned.astype(np.float32),
        name=f"entropy of the {whose}",
        # Steps as wide as the columns above; a step alone would be no line.
        mode="lines" if len(binned) > 1 else "markers",
        line={"shape": "hvh", "width": 1.4 if learned else 1.1, "color": colour,
              "dash": "solid" if learned else "dot"},
        marker={"color": colour, "symbol": "circle" if learned else "circle-open"},
        fill="tozeroy" if learned else None,
        hovertemplate=(
            f"{whose}, {when}: {mean}entropy %{{y:.3f}} bits<extra></extra>"
        ),
    )  # fmt: skip
    # One state leaves nothing to be unsure of; its axis goes to one bit all the same.
    top = math.log2(num_states) if num_states > 1 else 1.0
    figure.update_yaxes(
        row, range=[0.0, top * 1.04], fixedrange=True, showgrid=True,
        title={"text": "entropy H (bits)"}, tickmode="array",
        tickvals=[0.0, top / 2, top], ticktext=["0", f"{top / 2:.2f}", f"{top:.2f}"],
    )  # fmt: skip


def _add_observations(
    figure: Drawing,
    row: int,
    observations: FloatArray,
    states: IntArray,
    num_states: int,
    lane: Lane,
) -> None:
    kept = wire.extreme_indices(observations, MAX_POINTS)
    kept = kept[np.isfinite(observations[kept])]
    symbol = chart_text(lane.name)
    for state in [*range(num_states), -1]:
        chosen = kept[states[kept] == state]
        if state < 0 and not len(chosen):
            continue
        called = theme.state_name(state) if state >= 0 else "no state"
        figure.add(
            "scatter",
            row,
            # A trace without a point would be missing from the legend.
            x=chosen + theme.FIRST_TIME if len(chosen) else [None],
            y=observations[chosen] if len(chosen) else [None],
            customdata=lane.spoken(observations[chosen]) if len(chosen) else None,
            mode="markers",
            name=called,
            marker={
                "color": theme.state_colour(state) if state >= 0 else "var(--st-text-color)",
                "symbol": theme.state_symbol(state) if state >= 0 else "x-thin-open",
                "size": 7 if len(kept) <= 500 else 4,
                "line": {"width": 0.5, "color": "var(--st-text-color)"}
                if state >= 0 else {"width": 1},
            },
            hovertemplate=f"time %{{x}}: {symbol} = %{{customdata}}, Viterbi state {called}"
            "<extra></extra>",
        )  # fmt: skip
    title = f"observation {symbol}<sub>t</sub>" if lane == PLAIN else lane.title
    figure.update_yaxes(
        row, range=lane.limits(observations), title={"text": title}, showgrid=True,
        **lane.axis(),
    )  # fmt: skip
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom"},
    )


def _add_marks(figure: Drawing, row: int, differences: dict[str, npt.NDArray[np.bool_]]) -> None:
    length = len(next(iter(differences.values())))
    width = wire.bin_width(length, MAX_COLUMNS)
    shares = [wire.mean_bins(d[:, None].astype(np.float64), width)[:, 0] for d in
              differences.values()]  # fmt: skip
    when, _ = spoken_time(length)
    figure.add(
        "heatmap",
        row,
        z=np.array(shares, dtype=np.float32),
        y=list(differences),
        **columns_of(length),
        zmin=0.0,
        zmax=1.0,
        colorscale=MARK_SCALE,
        showscale=False,
        ygap=6,
        hovertemplate=f"%{{y}}, {when}: %{{z:.0%}}<extra></extra>",
    )
    figure.update_yaxes(
        row, type="category", categoryorder="array", categoryarray=list(differences),
        range=[len(differences) - 0.5, -0.5], fixedrange=True, showgrid=False,
    )  # fmt: skip
