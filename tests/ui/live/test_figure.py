"""Single figures: their messages to the browser."""

from __future__ import annotations

import base64
import json

import numpy as np
import plotly.graph_objects as go
import pytest
import streamlit as st

from pages.ui.figures.theme import DARK, LIGHT
from pages.ui.live.figure import DEFAULT_HEIGHT, encode_figure, page_colours


def header_of(message: bytes) -> dict:
    size = int.from_bytes(message[:4], "little")
    return json.loads(message[4 : 4 + size])


def test_figure_travels_whole() -> None:
    figure = go.Figure(
        {
            "data": [{"type": "scatter", "y": np.arange(5.0)}],
            "layout": {"paper_bgcolor": "#fcfcfa", "xaxis": {"title": {"text": "time t"}}},
        }
    )
    header = header_of(encode_figure(figure, "posterior", None, "A line that rises."))
    assert header["key"] == "posterior"
    assert header["label"] == "A line that rises."
    assert header["background"] == "#fcfcfa"
    again = json.loads(header["figure"])
    assert again["data"][0]["type"] == "scatter"
    assert again["layout"]["xaxis"]["title"]["text"] == "time t"


def test_height_is_the_given_one_or_the_figures_own_or_the_default() -> None:
    plain, tall = go.Figure(), go.Figure({"layout": {"height": 500}})
    assert header_of(encode_figure(plain, "k", None, "x"))["height"] == DEFAULT_HEIGHT
    assert header_of(encode_figure(tall, "k", None, "x"))["height"] == 500
    assert header_of(encode_figure(tall, "k", 240, "x"))["height"] == 240


def test_a_figure_needs_a_label() -> None:
    with pytest.raises(ValueError, match="label"):
        encode_figure(go.Figure(), "k", None, "  ")


def test_missing_values_are_written_as_plotly_reads_them() -> None:
    figure = go.Figure(
        {
            "data": [
                {"type": "scatter", "x": [1.0, 2.0], "y": [1.0, None]},
                {"type": "bar", "y": [float("nan"), float("-inf")]},
                {"type": "bar", "y": np.array([np.nan, 0.5])},
            ]
        }
    )
    text = header_of(encode_figure(figure, "k", None, "x"))["figure"]
    line, bars, block = json.loads(text, parse_constant=pytest.fail)["data"]
    assert (line["y"], bars["y"]) == ([1.0, None], [None, None])
    # Numbers of an array travel in one block, which has a NaN of its own.
    sent = np.frombuffer(base64.b64decode(block["y"]["bdata"]), dtype=block["y"]["dtype"])
    np.testing.assert_array_equal(sent, [np.nan, 0.5])


def test_same_figure_same_message() -> None:
    def message() -> bytes:
        figure = go.Figure({"data": [{"type": "heatmap", "z": np.eye(3)}]})
        return encode_figure(figure, "k", None, "x")

    assert message() == message()


@pytest.mark.parametrize(("theme", "colours"), [("dark", DARK), ("light", LIGHT), (None, LIGHT)])
def test_figures_take_the_colours_of_the_visitors_theme(monkeypatch, theme, colours) -> None:
    theme_info = st.context.theme.from_context_info({"type": theme})
    monkeypatch.setattr(type(st.context), "theme", theme_info)
    assert page_colours() is colours
