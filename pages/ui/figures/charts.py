"""Heat maps of tables of states: transitions and confusion. Data in, figure out.

Colour is always a share from 0 to 1 on one fixed scale, so that tables can be compared and
motion means change in the model; the numbers themselves are in the cells or in the hover text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import FloatArray, IntArray
from pages.ui.figures import look, theme
from pages.ui.figures.look import Plot, Values
from pages.ui.figures.theme import Palette, StateNames
from pages.ui.text import chart_text

MAX_WRITTEN_STATES = 10
"""With more states the numbers no longer fit into the cells."""


NARROW_LETTERS = 3
"""Characters of a name below a column of so many states."""


def transition_counts_figure(
    transition_counts: FloatArray, initial_counts: FloatArray, revision: str, colours: Palette
) -> go.Figure:
    """Expected transitions Σξ (K, K) and starts (K,): numbers in the cells, row shares as colour.

    The row of a state that is never left is blank.
    """
    starts = initial_counts[None, :]
    return _table_figure(
        "Expected transitions Σξ in all data",
        _Cells(
            transition_counts,
            row_shares(transition_counts),
            lambda number, _: _count(number),
            "%{hovertext}: %{customdata:,.2f} expected transitions,<br>"
            "%{z:.1%} of all from there<extra></extra>",
            _moves(len(transition_counts), colours),
        ),
        _Cells(
            starts,
            row_shares(starts),
            lambda number, _: _count(number),
            "%{hovertext}: %{customdata:,.2f} sequences are expected to start here,<br>"
            "%{z:.1%} of all<extra></extra>",
            [colours.states.all(len(initial_counts))],
        ),
        start_name="starts",
        x_title="to state z<sub>t</sub> (expected number)",
        y_title="from state z<sub>t−1</sub>",
        revision=revision,
        colours=colours,
    )


def transition_matrix_figure(
    transition_matrix: FloatArray, initial_probs: FloatArray, revision: str, colours: Palette
) -> go.Figure:
    """Transition matrix A (K, K) and initial probabilities π (K,) of a model."""
    starts = initial_probs[None, :]
    return _table_figure(
        "Learned transition matrix A",
        _Cells(
            transition_matrix,
            transition_matrix,
            lambda number, _: f"{number:.2f}",
            "%{hovertext} with probability %{z:.4f}<extra></extra>",
            _moves(len(transition_matrix), colours),
        ),
        _Cells(
            starts,
            starts,
            lambda number, _: f"{number:.2f}",
            "a sequence starts in %{hovertext} with probability %{z:.4f}<extra></extra>",
            [colours.states.all(len(initial_probs))],
        ),
        start_name="π",
        x_title="to state z<sub>t</sub> (probability)",
        y_title="from state z<sub>t−1</sub>",
        revision=revision,
        colours=colours,
    )


def confusion_figure(
    counts: IntArray, revision: str, colours: Palette, true_names: Sequence[str] = ()
) -> go.Figure:
    """Time steps (R, K) by true state and Viterbi state, with the share of each row.

    Where R differs from K, learned and true states do not correspond. Then rows have `true_names`,
    or numbers, in place of the names of the states.
    """
    num_true, num_states = counts.shape
    learned = colours.states.all(num_states)
    if num_true == num_states:
        rows, true = None, learned
    else:
        true = [chart_text(name) for name in true_names] or [f"{k + 1}" for k in range(num_true)]
        rows = [chart_text(theme.cut(name, theme.SHORT_LETTERS)) for name in true_names] or true
        learned = [f"learned {name}" for name in learned]
    return _table_figure(
        "True state against Viterbi state",
        _Cells(
            counts,
            row_shares(counts),
            lambda number, share: f"{_count(number)}<br>{share:.0%}" if number > 0 else "0",
            "%{hovertext}: %{customdata:,} steps,<br>"
            "%{z:.1%} of all steps of that true state<extra></extra>",
            [[f"truly {row}, decoded as {column}" for column in learned] for row in true],
        ),
        rows=rows,
        x_title="Viterbi state (steps, % of row)",
        y_title="true state",
        revision=revision,
        colours=colours,
    )


def row_shares(counts: FloatArray | IntArray) -> FloatArray:
    """Counts (R, K) as shares of their row; NaN in a row that sums to zero."""
    totals = counts.sum(axis=1, keepdims=True).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: FloatArray = np.where(totals > 0, counts / totals, np.nan)
    return shares


def state_ticks(num_states: int, names: StateNames, every: int = 1) -> Values:
    """Ticks at 1..K with names and colours of the states, or of one in `every` states."""
    states = range(0, num_states, every)
    return {
        "tickmode": "array",
        "tickvals": np.array(states) + 1,
        "ticktext": [state_label(state, names) for state in states],
    }


def state_label(state: int, names: StateNames) -> str:
    """The name of 0-based `state`, shortened, after a square of its colour."""
    return f'<span style="color:{theme.state_colour(state)}">■</span> {names.short(state)}'


def _moves(num_states: int, colours: Palette) -> list[list[str]]:
    """Hover texts of a table (K, K) of steps from one state to the next."""
    names = colours.states.all(num_states)
    return [[f"from {row} to {column}" for column in names] for row in names]


@dataclass(frozen=True, eq=False)
class _Cells:
    """Numbers (R, K) in cells that are coloured by shares (R, K) from 0 to 1.

    Attributes:
        cell_text: of a number and its share, what is written in the cell.
        hover: template of the hover text.
        names: (R, K) names of the cells in it, as `hovertext`.
    """

    numbers: FloatArray | IntArray
    shares: FloatArray
    cell_text: Callable[[float, float], str]
    hover: str
    names: list[list[str]]

    def trace(self, colours: Palette) -> Values:
        """The cells as a Plotly heat map."""
        num_rows, num_states = self.shares.shape
        heat_map: Values = {
            "type": "heatmap",
            "z": self.shares,
            "x": np.arange(1, num_states + 1),
            "y": np.arange(1, num_rows + 1),
            "customdata": self.numbers,
            "zmin": 0.0,
            "zmax": 1.0,
            # From nothing to everything, in the page's own colours.
            "colorscale": [[0.0, colours.background], [1.0, colours.primary]],
            "showscale": False,
            "xgap": 1,
            "ygap": 1,
            "hoverongaps": False,
            "hovertemplate": self.hover,
            "hovertext": np.array(self.names, dtype=object),
        }
        if max(num_rows, num_states) <= MAX_WRITTEN_STATES:
            texts = np.frompyfunc(self.cell_text, 2, 1)(self.numbers, self.shares)
            heat_map |= {"text": texts, "texttemplate": "%{text}"}
        return heat_map


def _table_figure(
    title: str,
    table: _Cells,
    starts: _Cells | None = None,
    *,
    start_name: str = "",
    rows: Sequence[str] | None = None,
    x_title: str,
    y_title: str,
    revision: str,
    colours: Palette,
) -> go.Figure:
    num_rows, num_states = table.shares.shape
    cell = float(np.clip(300 / max(num_rows, num_states), 20, 48))
    ticks = row_ticks = state_ticks(num_states, colours.states)
    if rows is not None:
        row_ticks = {
            "tickmode": "array", "tickvals": np.arange(1, num_rows + 1), "ticktext": rows
        }  # fmt: skip
    if max(num_rows, num_states) > MAX_WRITTEN_STATES:
        # There is no room for the squares of colour as well; the y axis has them.
        narrow = [colours.states.short(state, NARROW_LETTERS) for state in range(num_states)]
        ticks = {**ticks, "ticktext": narrow}
    plots, heights, gap = [], [], 14
    if starts is not None:
        axis = {"tickmode": "array", "tickvals": np.array([1]), "ticktext": [start_name]}
        plots.append(Plot([starts.trace(colours)], {**axis, **FIXED, "range": [1.5, 0.5]}))
        heights.append(cell)
    axis = {"range": [num_rows + 0.5, 0.5], "title": y_title, **FIXED, **row_ticks}
    plots.append(Plot([table.trace(colours)], axis))
    heights.append(cell * num_rows)
    inner_height = sum(heights) + gap * (len(plots) - 1)
    margin = {"l": 72, "r": 12, "t": 40, "b": 52}
    return look.rows(
        plots,
        heights,
        gap / inner_height,
        {"range": [0.5, num_states + 0.5], "title": x_title, **FIXED, **ticks},
        colours,
        title=title,
        height=round(inner_height + margin["t"] + margin["b"]),
        margin=margin,
        showlegend=False,
        uirevision=revision,
    )


FIXED: dict[str, Any] = {"showgrid": False, "zeroline": False, "ticks": "", "fixedrange": True}
"""Properties of an axis along cells: no grid, no ticks, no zoom."""


def _count(number: float) -> str:
    """A count in at most five characters or so: 0, 0.3, 12.5, 123, 12 345."""
    if number == int(number) or number >= 100:
        return f"{number:,.0f}".replace(",", "\u202f")
    return f"{number:.1f}"
