"""Figures held against the Python package of Plotly, which knows every property there is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go

from pages.ui.drawing import Drawing


def drawn(chart: Callable[..., Drawing], *args: Any, **options: Any) -> go.Figure:
    """What a chart draws, as the package has it. Raises ValueError for what Plotly knows not."""
    drawing = chart(*args, **options)
    check_figure(json.loads(drawing.to_json()))
    return go.Figure({"data": drawing.data, "layout": drawing.layout})


def check_figure(figure: dict[str, Any]) -> None:
    """The package takes all of a figure as it stands, and changes nothing about it.

    It would for example make an object of a title that is a text, which plotly.js takes no more.
    """
    taken = json.loads(go.Figure(figure).to_json())
    taken["layout"].pop("template", None)
    assert _settled(taken) == _settled(figure)


def _settled(value: Any) -> Any:
    if isinstance(value, dict):
        # Scales of colours that both know by name.
        return {name: _settled(item) for name, item in value.items() if name != "colorscale"}
    return [_settled(item) for item in value] if isinstance(value, list) else value
