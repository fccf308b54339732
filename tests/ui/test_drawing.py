"""Figures as plain values: what they hold, and that Plotly's own package would make the same."""

from __future__ import annotations

import base64
import json

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from pages.ui.drawing import Drawing
from tests.plotly_package import check_figure


def read(drawing: Drawing) -> dict:
    return json.loads(drawing.to_json(), parse_constant=pytest.fail)


def package_layout(figure: go.Figure) -> dict:
    figure.layout.template = None
    return json.loads(figure.to_json())["layout"]


def assert_same(found: object, expected: object) -> None:
    """The same values, numbers up to rounding."""
    if isinstance(expected, dict):
        assert isinstance(found, dict)
        assert found.keys() == expected.keys()
        for name in expected:
            assert_same(found[name], expected[name])
    elif isinstance(expected, list):
        assert isinstance(found, list)
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-12)
    else:
        assert found == expected


@pytest.mark.parametrize("heights", [[1], [24, 260], [3, 1, 5, 2], [1] * 7, [60, 260, 260, 110]])
def test_rows_lie_where_the_package_puts_them(heights):
    expected = make_subplots(
        rows=len(heights), cols=1, shared_xaxes=True, vertical_spacing=0.04, row_heights=heights
    )
    drawing = Drawing.rows(heights, 0.04)
    assert_same(read(drawing)["layout"], package_layout(expected))
    check_figure(read(drawing))
    assert drawing.domain(1)[1] == pytest.approx(1.0)


@pytest.mark.parametrize("widths", [[1.0], [0.5, 1.0], [3, 1, 2]])
def test_columns_lie_under_their_titles_where_the_package_puts_them(widths):
    titles = [f"title {number}" for number in range(len(widths))]
    expected = make_subplots(
        rows=1, cols=len(widths), horizontal_spacing=0.09, subplot_titles=titles,
        column_widths=widths,
    )  # fmt: skip
    assert_same(read(Drawing.columns(widths, 0.09, titles))["layout"], package_layout(expected))


def test_traces_name_the_axes_of_their_plot():
    drawing = Drawing.rows([1, 1], 0.1)
    drawing.add("bar", 1, y=[1.0])
    drawing.add("scatter", 2, y=[2.0], text=None)
    drawing.add("scatter", y=[3.0])
    assert drawing.data == [
        {"type": "bar", "y": [1.0], "xaxis": "x", "yaxis": "y"},
        {"type": "scatter", "y": [2.0], "xaxis": "x2", "yaxis": "y2"},
        {"type": "scatter", "y": [3.0]},
    ]


def test_axes_are_set_alone_or_all_together():
    drawing = Drawing.rows([1, 1], 0.1)
    shared = {"text": "time"}
    drawing.update_xaxes(title=shared, nticks=5)
    drawing.update_xaxes(2, title={"font": {"size": 9}}, range=[0, 1], tickformat=None)
    drawing.update_yaxes(1, showgrid=False)
    first, second = drawing.layout["xaxis"], drawing.layout["xaxis2"]
    assert (first["title"], first["nticks"]) == ({"text": "time"}, 5)
    assert second["title"] == {"text": "time", "font": {"size": 9}}
    assert shared == {"text": "time"}
    assert "tickformat" not in second
    assert ("showgrid" in drawing.layout["yaxis"], "showgrid" in drawing.layout["yaxis2"]) == (
        True, False,
    )  # fmt: skip
    drawing.update_layout(xaxis={"nticks": 6}, height=300)
    assert (first["nticks"], first["title"]) == (6, {"text": "time"})


@pytest.mark.parametrize(
    "array",
    [
        np.array([1.5, np.nan, -np.inf]),
        np.array([[0.25, 0.5, 1.0]], dtype=np.float32),
        np.arange(6).reshape(2, 3),
        np.array([-1, 300]),
        np.array([0, 70_000]),
        np.array([-70_000, 2**31 - 1]),
        np.array([0, 255], dtype=np.uint8),
        np.arange(4.0)[::2],
        np.arange(3.0).astype(">f8"),
    ],
)
def test_numbers_travel_in_one_block(array):
    drawing = Drawing()
    drawing.add("heatmap", z=array)
    found = read(drawing)["data"][0]["z"]
    # As the package writes and reads them.
    taken = go.Figure({"data": [{"type": "heatmap", "z": found}]}).to_plotly_json()["data"][0]["z"]
    assert taken == found
    kind = np.dtype(found["dtype"]).newbyteorder("<")
    values = np.frombuffer(base64.b64decode(found["bdata"]), dtype=kind)
    np.testing.assert_array_equal(values.reshape(array.shape), array)
    assert kind.itemsize <= array.dtype.itemsize


def test_what_is_no_block_of_numbers_is_a_list():
    drawing = Drawing()
    drawing.add(
        "scatter", x=np.array([]), y=np.array(["a", "b"]), text=np.array(["a", 1.5], dtype=object),
        customdata=np.array([True, False]), ids=np.array([2**40, -1]),
    )  # fmt: skip
    trace = read(drawing)["data"][0]
    assert (trace["x"], trace["y"], trace["text"]) == ([], ["a", "b"], ["a", 1.5])
    assert (trace["customdata"], trace["ids"]) == ([True, False], [2**40, -1])


def test_numbers_that_json_has_not_are_none():
    drawing = Drawing()
    drawing.add("bar", y=[np.float64("nan"), np.int64(3), -np.inf, True], width=np.float32(0.5))
    drawing.update_layout(xaxis={"range": (np.nan, 1.0)})
    found = read(drawing)
    assert found["data"][0]["y"] == [None, 3, None, True]
    assert found["data"][0]["width"] == 0.5
    assert found["layout"]["xaxis"]["range"] == [None, 1.0]


def test_a_property_that_plotly_does_not_know_is_found_by_the_tests():
    drawing = Drawing()
    drawing.add("scatter", y=[1.0], colour="red")
    with pytest.raises(ValueError, match="colour"):
        check_figure(read(drawing))
    titled = Drawing()
    titled.update_layout(xaxis={"title": "a text, which plotly.js takes no more"})
    with pytest.raises(AssertionError):
        check_figure(read(titled))
