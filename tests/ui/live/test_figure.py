"""Single figures: their messages to the browser."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pages.ui.drawing import Drawing
from pages.ui.figures import theme
from pages.ui.live.figure import DEFAULT_HEIGHT, encode_figure


def header_of(message: bytes) -> dict:
    size = int.from_bytes(message[:4], "little")
    return json.loads(message[4 : 4 + size])


def test_figure_travels_whole() -> None:
    figure = Drawing(layout={"xaxis": {"title": {"text": "time t"}}})
    figure.add("scatter", y=np.arange(5.0))
    header = header_of(encode_figure(figure, "posterior", None, "A line that rises."))
    assert header["key"] == "posterior"
    assert header["label"] == "A line that rises."
    assert header["colours"] == list(theme.STATE_COLOURS)
    again = json.loads(header["figure"])
    assert again["data"][0]["type"] == "scatter"
    assert again["layout"]["xaxis"]["title"]["text"] == "time t"


def test_height_is_the_given_one_or_the_figures_own_or_the_default() -> None:
    plain, tall = Drawing(), Drawing(layout={"height": 500})
    assert header_of(encode_figure(plain, "k", None, "x"))["height"] == DEFAULT_HEIGHT
    assert header_of(encode_figure(tall, "k", None, "x"))["height"] == 500
    assert header_of(encode_figure(tall, "k", 240, "x"))["height"] == 240


def test_a_figure_needs_a_label() -> None:
    with pytest.raises(ValueError, match="label"):
        encode_figure(Drawing(), "k", None, "  ")


def test_missing_values_are_written_as_plotly_reads_them() -> None:
    figure = Drawing()
    figure.add("scatter", x=[1.0, 2.0], y=[1.0, None])
    figure.add("bar", y=[float("nan"), float("-inf")])
    text = header_of(encode_figure(figure, "k", None, "x"))["figure"]
    line, bars = json.loads(text, parse_constant=pytest.fail)["data"]
    assert (line["y"], bars["y"]) == ([1.0, None], [None, None])


def test_same_figure_same_message() -> None:
    def build() -> Drawing:
        figure = Drawing()
        figure.add("heatmap", z=np.eye(3))
        return figure

    assert encode_figure(build(), "k", None, "x") == encode_figure(build(), "k", None, "x")
