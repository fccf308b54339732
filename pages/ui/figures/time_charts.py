"""Charts along time: posteriors and paths of one sequence of M steps. Data in, figure out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import BoolArray, FloatArray, IntArray
from pages.ui.figures import decimation, look, theme
from pages.ui.figures.charts import MAX_WRITTEN_STATES, state_ticks
from pages.ui.figures.look import LEGEND, Plot, Values
from pages.ui.figures.observed_variable import PLAIN, Observed, ObservedVariable
from pages.ui.figures.theme import Palette
from pages.ui.figures.time_axis import (
    GAP,
    MAX_COLUMNS,
    MAX_POINTS,
    STRIP,
    columns_of,
    named_rows,
    strips,
    time_stack,
)
from pages.ui.figures.time_scale import TimeScale
from pages.ui.text import chart_text

PART_HEIGHT = 100
"""Pixels of a panel of observations where several are one above the other."""

MAX_WRITTEN_STEPS = 12
"""With more steps the probabilities no longer fit into the cells."""


def posterior_figure(
    probs: FloatArray,
    entropy: FloatArray,
    colours: Palette,
    *,
    kind: str,
    revision: str,
    true_states: IntArray | None = None,
    true_model_probs: FloatArray | None = None,
    true_model_entropy: FloatArray | None = None,
    scale: TimeScale | None = None,
) -> go.Figure:
    """State probabilities (M, K) over time, with the entropy (M,) of each step, in bits, below.

    `kind` names the probabilities, "smoothed" or "filtered". Where the truth is known, the true
    path (M,) stands above, and the true model's probabilities of the same data in between.
    Without a `scale` time is counted in steps.
    """
    length, num_states = probs.shape
    scale = scale or TimeScale(length)
    block = int(np.clip(13 * num_states, 120, 260)) if num_states > 1 else 96
    learned = _probabilities(probs, "learned model", kind, scale, colours)
    uncertainty = _entropy(entropy, num_states, colours, scale)
    plots, heights = [learned, uncertainty], [block, 110]
    layout: Values = {}
    if true_model_probs is not None:
        plots.insert(1, _probabilities(true_model_probs, "true model", kind, scale, colours))
        heights.insert(1, block)
    if true_states is not None:
        plots.insert(0, strips({"true path": true_states}, num_states, scale, colours.states))
        heights.insert(0, STRIP)
    if true_model_entropy is not None:
        uncertainty.traces.append(_entropy_curve(true_model_entropy, "true model", colours, scale))
        layout = {
            # The legend takes its height from the plots, so the figure is given some.
            "legend_height": 28,
            "showlegend": True,
            "legend": {
                "orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom",
                "itemclick": False, "itemdoubleclick": False,
            },
        }  # fmt: skip
    spacing = GAP / (sum(heights) + GAP * (len(heights) - 1))
    _, top = look.row_domains(heights, spacing)[plots.index(learned)]
    return time_stack(
        plots, heights, scale, colours, left=84, right=64, uirevision=revision,
        coloraxis={
            "colorscale": theme.POSTERIOR_COLOUR_SCALE, "cmin": 0.0, "cmax": 1.0,
            "colorbar": {
                "title": {"text": "probability", "side": "right"}, "thickness": 10,
                "tickvals": np.array([0, 0.5, 1]), "outlinewidth": 0, "x": 1.01, "len": 120,
                "lenmode": "pixels", "y": top, "yanchor": "top",
            },
        },
        **layout,
    )  # fmt: skip


def paths_figure(
    observations: FloatArray,
    viterbi_states: IntArray,
    per_step_states: IntArray,
    num_states: int,
    colours: Palette,
    *,
    revision: str,
    true_states: IntArray | None = None,
    matched_states: IntArray | None = None,
    variable: ObservedVariable = PLAIN,
    scale: TimeScale | None = None,
    further: Sequence[Observed] = (),
) -> go.Figure:
    """Observations (M,) coloured by Viterbi state; paths (M,) as strips; where they differ.

    A missing observation, NaN, has no point; its state is in the strips. `matched_states` (M,) is
    the Viterbi path in terms of true states, where these are numbered otherwise. Without a `scale`
    time is counted in steps. What is
    observed besides has a panel of its own.
    """
    scale = scale or TimeScale(len(observations))
    paths = {"Viterbi path": viterbi_states, "per-step best": per_step_states}
    differences = {"Viterbi ≠ per-step": viterbi_states != per_step_states}
    if true_states is not None:
        paths = {"true path": true_states, **paths}
        answers = viterbi_states if matched_states is None else matched_states
        wrong = (answers != true_states) & (true_states >= 0)
        differences = {"Viterbi ≠ truth": wrong, **differences}
    return time_stack(
        [
            *(
                _observations(values, viterbi_states, num_states, one, colours, scale, row == 0)
                for row, (values, one) in enumerate([(observations, variable), *further])
            ),
            strips(paths, num_states, scale, colours.states),
            _marks(differences, colours, scale),
        ],
        [
            *([PART_HEIGHT] * (1 + len(further)) if further else [220]),
            STRIP * len(paths),
            STRIP * len(differences),
        ],
        scale,
        colours,
        top=48,
        uirevision=revision,
        showlegend=True,
        legend=LEGEND,
    )


def tied_paths_figure(
    paths: IntArray,
    num_states: int,
    colours: Palette,
    *,
    revision: str,
    scale: TimeScale | None = None,
) -> go.Figure:
    """Some equally probable paths (P, M), one strip each, numbered from 1."""
    count, length = paths.shape
    scale = scale or TimeScale(length)
    named = {f"path {number}": path for number, path in enumerate(paths, 1)}
    height = max(14, STRIP - count // 4) * count
    strips_of_paths = strips(named, num_states, scale, colours.states)
    return time_stack([strips_of_paths], [height], scale, colours, uirevision=revision)


def _probabilities(
    probs: FloatArray, whose: str, kind: str, scale: TimeScale, colours: Palette
) -> Plot:
    length, num_states = probs.shape
    binned = decimation.mean_bins(probs, decimation.bin_width(length, MAX_COLUMNS))
    when, mean = scale.words(MAX_COLUMNS)
    # The axis has the names, unless they had to be cut there; a text for each cell is long.
    name = "%{text}" if colours.states.some_are_cut else "%{y}"
    cells = {
        "type": "heatmap",
        "z": binned.T.astype(np.float32),
        "y": np.arange(1, num_states + 1),
        **columns_of(scale),
        "coloraxis": "coloraxis",
        "hoverongaps": False,
        "hovertemplate": (
            f"{whose}, {when}:<br>{mean}{kind} probability of {name} is %{{z:.3f}}<extra></extra>"
        ),
    }
    if length <= MAX_WRITTEN_STEPS and num_states <= MAX_WRITTEN_STATES:
        cells["texttemplate"] = "%{z:.2f}"
    if name == "%{text}":
        names = np.array([colours.states.all(num_states)], dtype=object)
        cells["text"] = np.repeat(names.T, len(binned), axis=1)
    axis = {"range": [num_states + 0.5, 0.5], "fixedrange": True, "showgrid": False}
    return Plot([cells], {**axis, "title": whose, **state_ticks(num_states, colours.states)})


def _entropy(entropy: FloatArray, num_states: int, colours: Palette, scale: TimeScale) -> Plot:
    # With one state the entropy is always zero; the axis goes to one bit all the same.
    top = math.log2(num_states) if num_states > 1 else 1.0
    axis = {
        "range": [0.0, top * 1.04], "fixedrange": True, "showgrid": True,
        "title": "entropy H (bits)", "tickmode": "array",
        "tickvals": np.array([0.0, top / 2, top]),
        "ticktext": ["0", f"{top / 2:.2f}", f"{top:.2f}"],
    }  # fmt: skip
    return Plot([_entropy_curve(entropy, "learned model", colours, scale)], axis)


def _entropy_curve(entropy: FloatArray, whose: str, colours: Palette, scale: TimeScale) -> Values:
    length, learned = len(entropy), whose == "learned model"
    width = decimation.bin_width(length, MAX_COLUMNS)
    binned = decimation.mean_bins(entropy[:, None], width)[:, 0]
    when, mean = scale.words(MAX_COLUMNS)
    colour = colours.primary if learned else colours.text
    return {
        "type": "scatter",
        **columns_of(scale),
        "y": binned.astype(np.float32),
        "name": f"entropy of the {whose}",
        # Steps as wide as the columns above; a line through a single step would not be seen.
        "mode": "lines" if len(binned) > 1 else "markers",
        "line": {
            "shape": "hvh", "width": 1.4 if learned else 1.1, "color": colour,
            "dash": "solid" if learned else theme.TRUTH_DASH,
        },
        "marker": {"color": colour, "symbol": "circle" if learned else "circle-open"},
        "fill": "tozeroy" if learned else None,
        "hovertemplate": f"{whose}, {when}: {mean}entropy %{{y:.3f}} bits<extra></extra>",
    }  # fmt: skip


def _observations(
    observations: FloatArray,
    states: IntArray,
    num_states: int,
    variable: ObservedVariable,
    colours: Palette,
    scale: TimeScale,
    in_legend: bool = True,
) -> Plot:
    kept = decimation.extreme_indices(observations, MAX_POINTS)
    kept = kept[np.isfinite(observations[kept])]
    symbol = chart_text(variable.name)
    when = "time %{x}" if scale.times is None else "%{x}"
    traces: list[Values] = []
    for state in [*range(num_states), -1]:
        chosen = kept[states[kept] == state]
        if state < 0 and not len(chosen):
            continue
        name = colours.states[state] if state >= 0 else "no state"
        traces.append({
            "type": "scatter",
            # A trace without a point would be missing from the legend.
            "x": scale.chosen(chosen) if len(chosen) else [None],
            "y": observations[chosen] if len(chosen) else [None],
            "customdata": variable.value_texts(observations[chosen]) if len(chosen) else None,
            "mode": "markers",
            "name": name,
            "legendgroup": name,
            "showlegend": in_legend,
            "marker": {
                "color": theme.state_colour(state) if state >= 0 else colours.text,
                "symbol": theme.state_symbol(state) if state >= 0 else "x-thin-open",
                "size": 7 if len(kept) <= 500 else 4,
                "line": {"width": 0.5, "color": colours.text} if state >= 0 else {"width": 1},
            },
            "hovertemplate": (
                f"{when}: {symbol} = %{{customdata}}, Viterbi state {name}<extra></extra>"
            ),
        })  # fmt: skip
    title = f"observation {symbol}<sub>t</sub>" if variable == PLAIN else variable.title
    axis = {"range": variable.limits(observations), "title": title, "showgrid": True}
    return Plot(traces, {**axis, **variable.axis()})


def _marks(differences: Mapping[str, BoolArray], colours: Palette, scale: TimeScale) -> Plot:
    names = list(differences)
    width = decimation.bin_width(scale.length, MAX_COLUMNS)
    each = np.column_stack([differences[name] for name in names]).astype(np.float64)
    when, _ = scale.words(MAX_COLUMNS)
    cells = {
        "type": "heatmap",
        "z": decimation.mean_bins(each, width).T.astype(np.float32),
        "y": names,
        **columns_of(scale),
        "zmin": 0.0,
        "zmax": 1.0,
        "colorscale": [[0.0, colours.secondary_background], [1.0, colours.text]],
        "showscale": False,
        "ygap": 6,
        "hovertemplate": f"%{{y}}, {when}: %{{z:.0%}}<extra></extra>",
    }
    return Plot([cells], named_rows(names))
