"""Charts of tables: numbers of states, from state to state. Data in, `Drawing` out.

Colour is always a share from 0 to 1 on one fixed scale, so that tables can be compared and
motion means change in the model; the numbers themselves stand in the cells or in the hover.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pages.ui.drawing import Drawing
from pages.ui.figures import theme

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]

SHARE_SCALE = [[0.0, "var(--st-background-color)"], [1.0, "var(--st-primary-color)"]]
"""From nothing to everything, in the page's own colours."""

MAX_WRITTEN_STATES = 10
"""With more states the numbers no longer fit into the cells."""


def transition_counts_figure(
    transition_counts: FloatArray, initial_counts: FloatArray, revision: str
) -> Drawing:
    """Expected transitions Σξ (K, K) and starts (K,): numbers in the cells, row shares as colour.

    A row that is never left is blank.
    """
    return _table_figure(
        "Expected transitions Σξ in all data",
        row_shares(transition_counts),
        transition_counts,
        row_shares(initial_counts[None, :]),
        initial_counts[None, :],
        number_format="count",
        start_name="starts",
        cell_hover=(
            "from S%{y} to S%{x}: %{customdata:,.2f} expected transitions,<br>"
            "%{z:.1%} of all that leave S%{y}<extra></extra>"
        ),
        start_hover=(
            "S%{x}: %{customdata:,.2f} sequences are expected to start here,<br>"
            "%{z:.1%} of all<extra></extra>"
        ),
        x_title="to state z<sub>t</sub> (expected number)",
        y_title="from state z<sub>t−1</sub>",
        revision=revision,
    )


def transition_matrix_figure(
    transition_matrix: FloatArray, initial_probs: FloatArray, revision: str
) -> Drawing:
    """Transition matrix A (K, K) and initial probabilities π (K,) of a model."""
    return _table_figure(
        "Learned transition matrix A",
        transition_matrix,
        transition_matrix,
        initial_probs[None, :],
        initial_probs[None, :],
        number_format="probability",
        start_name="π",
        cell_hover="from S%{y} to S%{x} with probability %{z:.4f}<extra></extra>",
        start_hover="a sequence starts in S%{x} with probability %{z:.4f}<extra></extra>",
        x_title="to state z<sub>t</sub> (probability)",
        y_title="from state z<sub>t−1</sub>",
        revision=revision,
    )


def confusion_figure(counts: IntArray, revision: str) -> Drawing:
    """Time steps (R, K) by true state and Viterbi state, with the share of each row.

    Where R is not K, learned states are no true ones: rows have numbers in place of states' names.
    """
    matched = len(counts) == counts.shape[1]
    true, decoded = ("S%{y}", "S%{x}") if matched else ("%{y}", "learned S%{x}")
    return _table_figure(
        "True state against Viterbi state",
        row_shares(counts),
        counts,
        None,
        None,
        number_format="steps",
        start_name="",
        cell_hover=(
            f"truly {true}, decoded as {decoded}: %{{customdata:,}} steps,<br>"
            f"%{{z:.1%}} of all steps truly in {true}<extra></extra>"
        ),
        start_hover="",
        x_title="Viterbi state (steps, % of row)",
        y_title="true state",
        revision=revision,
    )


def row_shares(counts: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Counts (R, K) as shares of their row; a row that sums to zero has none (NaN)."""
    totals = counts.sum(axis=1, keepdims=True).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: npt.NDArray[np.float64] = np.where(totals > 0, counts / totals, np.nan)
    return shares


def state_ticks(num_states: int) -> dict[str, Any]:
    """Ticks of an axis whose values are 1..K: the states' names with their colours."""
    return {
        "tickmode": "array",
        "tickvals": list(range(1, num_states + 1)),
        "ticktext": [state_label(state) for state in range(num_states)],
    }


def _number_ticks(number: int) -> dict[str, Any]:
    values = list(range(1, number + 1))
    return {"tickmode": "array", "tickvals": values, "ticktext": [str(value) for value in values]}


def state_label(state: int) -> str:
    """The name of 0-based `state` behind a spot of its colour."""
    return f'<span style="color:{theme.state_colour(state)}">■</span> {theme.state_name(state)}'


def _table_figure(
    title: str,
    shares: npt.NDArray[Any],
    numbers: npt.NDArray[Any],
    start_shares: npt.NDArray[Any] | None,
    start_numbers: npt.NDArray[Any] | None,
    *,
    number_format: str,
    start_name: str,
    cell_hover: str,
    start_hover: str,
    x_title: str,
    y_title: str,
    revision: str,
) -> Drawing:
    rows, num_states = shares.shape
    cell = float(np.clip(300 / max(rows, num_states), 20, 48))
    body = cell * rows
    if start_shares is None:
        figure, row = Drawing.rows([1], 0.0), 1
        top = 0.0
    else:
        top = cell + 14
        figure, row = Drawing.rows([cell, body], 14 / (body + top)), 2
        _add_cells(figure, 1, start_shares, start_numbers, number_format, start_hover)
        figure.update_yaxes(
            1, tickmode="array", tickvals=[1], ticktext=[start_name], **_FIXED, range=[1.5, 0.5]
        )
    _add_cells(figure, row, shares, numbers, number_format, cell_hover)
    figure.update_xaxes(range=[0.5, num_states + 0.5], **_FIXED)
    figure.update_xaxes(row, title={"text": x_title}, **state_ticks(num_states))
    figure.update_yaxes(
        row, range=[rows + 0.5, 0.5], title={"text": y_title}, **_FIXED,
        **(state_ticks(num_states) if rows == num_states else _number_ticks(rows)),
    )  # fmt: skip
    margin = {"l": 72, "r": 12, "t": 40, "b": 52}
    figure.update_layout(
        title={"text": title},
        height=round(body + top + margin["t"] + margin["b"]),
        margin=margin,
        showlegend=False,
        uirevision=revision,
    )
    if max(rows, num_states) > MAX_WRITTEN_STATES:
        # No room for the spots of colour as well; the y axis has them.
        names = [theme.state_name(state) for state in range(num_states)]
        figure.update_xaxes(row, ticktext=names)
    return figure


_FIXED = {"showgrid": False, "zeroline": False, "ticks": "", "fixedrange": True}


def _add_cells(
    figure: Drawing,
    row: int,
    shares: npt.NDArray[Any],
    numbers: npt.NDArray[Any] | None,
    number_format: str,
    hover: str,
) -> None:
    assert numbers is not None
    rows, num_states = shares.shape
    written = max(rows, num_states) <= MAX_WRITTEN_STATES
    figure.add(
        "heatmap",
        row,
        z=shares,
        x=np.arange(1, num_states + 1),
        y=np.arange(1, rows + 1),
        customdata=numbers,
        text=_texts(numbers, shares, number_format) if written else None,
        texttemplate="%{text}" if written else None,
        zmin=0.0,
        zmax=1.0,
        colorscale=SHARE_SCALE,
        showscale=False,
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate=hover,
    )


def _texts(
    numbers: npt.NDArray[Any], shares: npt.NDArray[Any], number_format: str
) -> list[list[str]]:
    def text(number: float, share: float) -> str:
        if number_format == "probability":
            return f"{number:.2f}"
        if number_format == "count":
            return _count(number)
        return f"{_count(number)}<br>{share:.0%}" if number > 0 else "0"

    return [
        [text(float(number), float(share)) for number, share in zip(*rows, strict=True)]
        for rows in zip(numbers, shares, strict=True)
    ]


def _count(number: float) -> str:
    """A count in at most five characters or so: 0, 0.3, 12.5, 123, 12 345."""
    if number == int(number) or number >= 100:
        return f"{number:,.0f}".replace(",", "\u202f")
    return f"{number:.1f}"
