"""Chart of the errors of learned parameters. Data in, figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from hmmcore.arrays import FloatArray
from pages.ui.figures import look, theme
from pages.ui.figures.charts import MAX_WRITTEN_STATES, NARROW_LETTERS, state_ticks
from pages.ui.figures.look import Plot
from pages.ui.figures.theme import Palette
from pages.ui.text import chart_text

TOO_LITTLE, TOO_MUCH = "#D55E00", "#0072B2"
"""Two colours that every colour blindness leaves distinct; no error has the background's."""

HEIGHT = 330

FEW_LETTERS = 4
"""Longer names of states need more room between the plots."""


def parameter_errors_figure(
    errors: Mapping[str, tuple[str, FloatArray]],
    revision: str,
    colours: Palette,
    labels: Sequence[str] = (),
) -> go.Figure:
    """Learned minus true, one plot for each parameter.

    A parameter with one number for each state becomes bars in the states' colours, a table becomes
    a heat map with a row for each state.

    Args:
        errors: for each title, the name of the columns ("state", "symbol", ...) and errors (K,)
            or (K, C).
        labels: (C,) of the symbols, or names of the dimensions; by default they are counted from 1.
    """
    tables = [(name, np.atleast_2d(value.T).T) for name, value in errors.values()]
    return look.columns(
        [
            _bars(table[:, 0], colours)
            if table.shape[1] == 1
            else _cells(name, table, colours, labels)
            for name, table in tables
        ],
        [0.5 + 0.5 * min(table.shape[1], 4) / 4 for _, table in tables],
        0.28 if any(len(name) > FEW_LETTERS for name in colours.states.given) else 0.18,
        list(errors),
        colours,
        height=HEIGHT,
        margin={"l": 60, "r": 16, "t": 42, "b": 56},
        showlegend=False,
        uirevision=revision,
    )


def _bars(errors: FloatArray, colours: Palette) -> Plot:
    states = range(len(errors))
    bars = {
        "type": "bar",
        "x": np.arange(1, len(errors) + 1),
        "y": errors,
        "marker": {"color": [theme.state_colour(state) for state in states]},
        "customdata": colours.states.all(len(errors)),
        "hovertemplate": "%{customdata}: learned minus true %{y:.4f}<extra></extra>",
    }
    # Never so narrow that rounding looks like an error.
    reach = 1.15 * max(float(np.abs(errors).max()), 0.05)
    axis = {"range": [-reach, reach], "title": "learned − true", "nticks": 5, "fixedrange": True}
    return Plot(
        [bars], axis, {"title": "state", "fixedrange": True, **_states(len(errors), colours)}
    )


def _cells(name: str, errors: FloatArray, colours: Palette, labels: Sequence[str]) -> Plot:
    num_states, num_columns = errors.shape
    to_state = name == "to state"
    names = colours.states.all(num_states)
    letters = theme.SHORT_LETTERS if num_columns <= 4 else NARROW_LETTERS
    if to_state:
        columns = names
        ticks = [colours.states.short(c, letters) for c in range(num_columns)]
    else:
        given = labels if len(labels) == num_columns else [f"{c + 1}" for c in range(num_columns)]
        columns = [chart_text(label) for label in given]
        ticks = [chart_text(theme.cut(label, letters)) for label in given]
    every = _every(num_columns)
    reach = max(float(np.abs(errors).max()), 0.05)
    texts = [[f"{error:+.2f}".replace("-", "−") for error in row] for row in errors]
    cells = {
        "type": "heatmap",
        "z": errors, "x": np.arange(1, num_columns + 1), "y": np.arange(1, num_states + 1),
        "zmin": -reach, "zmax": reach, "showscale": False, "xgap": 1, "ygap": 1,
        "colorscale": [[0.0, TOO_LITTLE], [0.5, colours.background], [1.0, TOO_MUCH]],
        "text": np.array(texts, dtype=object),
        "texttemplate": "%{text}" if max(errors.shape) <= MAX_WRITTEN_STATES else None,
        "hovertext": np.array(
            [[f"{row}, {name} {column}" for column in columns] for row in names], dtype=object
        ),
        "hovertemplate": "%{hovertext}: learned minus true %{z:+.4f}<extra></extra>",
    }  # fmt: skip
    fixed = {"showgrid": False, "fixedrange": True}
    return Plot(
        [cells],
        {"range": [num_states + 0.5, 0.5], **fixed, **_states(num_states, colours)},
        {
            "title": name, "tickmode": "array", **fixed,
            "tickvals": np.arange(1, num_columns + 1, every), "ticktext": ticks[::every],
        },
    )  # fmt: skip


def _states(num_states: int, colours: Palette) -> look.Values:
    return state_ticks(num_states, colours.states, _every(num_states))


def _every(number: int) -> int:
    """Step between the names that are written: 1, or 5 where all of them would overlap."""
    return 5 if number > MAX_WRITTEN_STATES else 1
