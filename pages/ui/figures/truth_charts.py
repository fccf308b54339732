"""How far learned parameters lie from the true ones. Numbers in, `Drawing` out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pages.ui.drawing import Drawing
from pages.ui.figures import theme
from pages.ui.figures.charts import MAX_WRITTEN_STATES, state_ticks

FloatArray = npt.NDArray[np.floating[Any]]

ERROR_SCALE = [[0.0, "#D55E00"], [0.5, "var(--st-background-color)"], [1.0, "#0072B2"]]
"""Too little, right, too much: two colours that stay apart under every colour blindness."""

HEIGHT = 330


def parameter_errors_figure(errors: Mapping[str, tuple[str, FloatArray]], revision: str) -> Drawing:
    """Learned minus true, a place for each parameter.

    One number for each state becomes a bar in the state's colour, a table of them a heat map
    from states to columns.

    Args:
        errors: by title, what the columns are called ("state", "symbol", ...) and (K,) or (K, C).
    """
    tables = [(title, name, np.atleast_2d(value.T).T) for title, (name, value) in errors.items()]
    num_states = len(tables[0][2])
    figure = Drawing.columns(
        [0.5 + 0.5 * min(table.shape[1], 4) / 4 for _, _, table in tables],
        0.18,
        [title for title, _, _ in tables],
    )
    for column, (_, name, table) in enumerate(tables, 1):
        if table.shape[1] == 1:
            _bars(figure, column, table[:, 0], num_states)
        else:
            _cells(figure, column, name, table)
    figure.update_layout(
        height=HEIGHT, margin={"l": 60, "r": 16, "t": 42, "b": 56}, showlegend=False,
        uirevision=revision,
    )  # fmt: skip
    return figure


def _bars(figure: Drawing, column: int, errors: FloatArray, num_states: int) -> None:
    names = [theme.state_name(state) for state in range(num_states)]
    figure.add(
        "bar",
        column,
        x=np.arange(1, num_states + 1),
        y=errors,
        marker={"color": [theme.state_colour(state) for state in range(num_states)]},
        customdata=names,
        hovertemplate="%{customdata}: learned minus true %{y:.4f}<extra></extra>",
    )
    # Never so narrow that rounding looks like an error.
    reach = 1.15 * max(float(np.abs(errors).max()), 0.05)
    figure.update_yaxes(
        column, range=[-reach, reach], title={"text": "learned − true"}, nticks=5,
        fixedrange=True,
    )  # fmt: skip
    figure.update_xaxes(column, title={"text": "state"}, fixedrange=True)
    _state_axis(figure.update_xaxes, column, num_states)


def _cells(figure: Drawing, column: int, name: str, errors: FloatArray) -> None:
    num_states, num_columns = errors.shape
    to_state = name == "to state"
    columns = [theme.state_name(c) if to_state else str(c + 1) for c in range(num_columns)]
    reach = max(float(np.abs(errors).max()), 0.05)
    written = max(errors.shape) <= MAX_WRITTEN_STATES
    figure.add(
        "heatmap",
        column,
        z=errors, x=np.arange(1, num_columns + 1), y=np.arange(1, num_states + 1),
        zmin=-reach, zmax=reach, colorscale=ERROR_SCALE, showscale=False, xgap=1, ygap=1,
        text=[[f"{e:+.2f}".replace("-", "−") for e in row] for row in errors],
        texttemplate="%{text}" if written else None,
        customdata=[columns] * num_states,
        hovertemplate=(
            f"S%{{y}}, {name} %{{customdata}}: learned minus true %{{z:+.4f}}<extra></extra>"
        ),
    )  # fmt: skip
    figure.update_xaxes(
        column, title={"text": name}, tickmode="array",
        tickvals=list(range(1, num_columns + 1))[:: _every(num_columns)],
        ticktext=columns[:: _every(num_columns)], showgrid=False,
        fixedrange=True,
    )  # fmt: skip
    figure.update_yaxes(column, range=[num_states + 0.5, 0.5], showgrid=False, fixedrange=True)
    _state_axis(figure.update_yaxes, column, num_states)


def _state_axis(update: Any, column: int, num_states: int) -> None:
    ticks = {
        name: value[:: _every(num_states)] if isinstance(value, list) else value
        for name, value in state_ticks(num_states).items()
    }
    update(column, **ticks)


def _every(number: int) -> int:
    """Which names of so many are written: each, or each fifth where they would overlap."""
    return 5 if number > MAX_WRITTEN_STATES else 1
