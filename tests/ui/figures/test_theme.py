"""States can be told apart by colour, under every kind of colour vision, and by symbol."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path

import numpy as np
import plotly
import plotly.graph_objects as go
import pytest

from pages.ui.figures import theme

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "full": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
RGB_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
WHITE = np.array([0.9505, 1.0, 1.089])


def linear_rgb(colour: str) -> np.ndarray:
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    x, y, z = np.cbrt(RGB_TO_XYZ @ np.clip(rgb, 0.0, 1.0) / WHITE)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(first: str, second: str) -> float:
    light = sorted(float(RGB_TO_XYZ[1] @ linear_rgb(colour)) for colour in (first, second))
    return (light[1] + 0.05) / (light[0] + 0.05)


@pytest.mark.parametrize("vision", VISION)
def test_first_eight_colours_stay_apart(vision: str) -> None:
    # A CIELAB distance of 2.3 is just noticeable; 8 is seen without looking for it.
    seen = [lab(VISION[vision] @ linear_rgb(c)) for c in theme.STATE_COLOURS[:8]]
    distances = {
        (theme.state_name(i), theme.state_name(j)): float(np.linalg.norm(seen[i] - seen[j]))
        for i, j in itertools.combinations(range(8), 2)
    }
    assert min(distances.values()) > 8.0, sorted(distances.items(), key=lambda item: item[1])[:3]


def test_twenty_states_differ_in_colour_or_symbol() -> None:
    marks = {(theme.state_colour(k), theme.state_symbol(k)) for k in range(20)}
    assert len(marks) == 20
    # Symbols alone suffice, too, for readers who see no colour.
    assert len({theme.state_symbol(k) for k in range(20)}) == 20


def test_twenty_colours_stay_apart_for_most_eyes() -> None:
    seen = [lab(linear_rgb(theme.state_colour(k))) for k in range(20)]
    nearest = min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2))
    assert nearest > 8.0


@pytest.mark.parametrize("page", ["#fcfcfa", "#10151c"])
def test_no_state_vanishes_on_a_page(page: str) -> None:
    assert min(contrast(theme.state_colour(k), page) for k in range(20)) > 1.25


def test_symbols_are_known_to_plotly() -> None:
    go.Scatter(marker={"symbol": [theme.state_symbol(k) for k in range(20)]})


def test_names_count_from_one() -> None:
    assert [theme.state_name(k) for k in (0, 1, 19)] == ["S1", "S2", "S20"]


@pytest.mark.parametrize("page", ["#fcfcfa", "#10151c"])
def test_run_colours_are_legible_on_both_pages(page: str) -> None:
    assert all(contrast(colour, page) > 3.0 for colour in theme.RUN_COLOURS.values())
    assert len(set(theme.RUN_DASHES.values())) == len(theme.RUN_COLOURS)


@pytest.mark.parametrize(("mode", "colours"), [("light", theme.LIGHT), ("dark", theme.DARK)])
def test_figures_have_the_colours_of_the_page(mode: str, colours: theme.Palette) -> None:
    config = tomllib.loads((Path(__file__).parents[3] / ".streamlit/config.toml").read_text())
    page = config["theme"][mode]
    assert colours == theme.Palette(
        page["textColor"],
        page["backgroundColor"],
        page["secondaryBackgroundColor"],
        page["primaryColor"],
    )
    assert [colour.lower() for colour in page["chartCategoricalColors"]] == [
        colour.lower() for colour in theme.STATE_COLOURS
    ]


def test_colours_of_a_figure_are_mixed_from_those_of_the_page() -> None:
    palette = theme.Palette("#ff8000", "#0000ff", "#000000", "#000000")
    assert palette.mixed(1.0) == "rgb(255,128,0)"
    assert palette.mixed(0.0) == "rgb(0,0,255)"
    assert palette.mixed(0.2) == "rgb(51,26,204)"
    assert palette.faded(0.25) == "rgba(255,128,0,0.25)"


def test_a_scale_has_an_even_step_for_each_state() -> None:
    assert theme.state_scale(2) == [
        [0.0, theme.state_colour(0)], [0.5, theme.state_colour(0)],
        [0.5, theme.state_colour(1)], [1.0, theme.state_colour(1)],
    ]  # fmt: skip


def test_posterior_heat_maps_have_the_scale_of_the_live_panel() -> None:
    script = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_text()
    (scale,) = re.findall(r"\bCividis:(\[\[.*?\]\])", script)
    steps = re.findall(r"\[([\d.]+),\"rgb\((\d+),(\d+),(\d+)\)\"\]", scale)
    places = [float(place) for place, *_ in steps]
    np.testing.assert_allclose(places, np.linspace(0, 1, len(steps)), rtol=0, atol=1e-6)
    assert list(theme.POSTERIOR_COLOUR_SCALE) == [
        f"#{int(red):02x}{int(green):02x}{int(blue):02x}" for _, red, green, blue in steps
    ]


def test_no_two_kinds_of_line_look_alike() -> None:
    dashes = [*theme.RUN_DASHES.values(), theme.TRUTH_DASH, theme.SUM_DASH]
    dashes += [theme.OTHER_DATA_DASH, theme.CLIMBED_DASH, *theme.SWEEP_DASHES]
    assert len(set(dashes)) == len(dashes)
    assert theme.RUN_DASHES["Gradient"] == "dash", "it is called dashed"
    assert (theme.TRUTH_DASH, theme.SUM_DASH) == ("dot", "dashdot"), "dotted, and dash-dotted"
    # The live panel draws the same lines with JavaScript.
    charts = (Path(theme.__file__).parents[1] / "browser" / "assets" / "charts.js").read_text()
    found = re.search(r"DASH = \{ truth: (.+), sum: (.+), other: (.+), climbed: (.+) \};", charts)
    assert found is not None
    same = theme.TRUTH_DASH, theme.SUM_DASH, theme.OTHER_DATA_DASH, theme.CLIMBED_DASH
    assert found.groups() == tuple(f'"{dash}"' for dash in same)


@pytest.mark.parametrize("name", ["charts.js", "emissions.js", "run-comparison-charts.js"])
def test_charts_of_the_panel_take_dashes_from_one_place(name: str) -> None:
    source = (Path(theme.__file__).parents[1] / "browser" / "assets" / name).read_text()
    assert set(re.findall(r"dash: ([^,} ]+)", source)) <= {
        *("DASH.truth", "DASH.sum", "DASH.climbed", "dash(sameData)", "run.dash"),
    }


def test_a_name_is_cut_where_there_is_little_room_and_escaped() -> None:
    names = theme.StateNames(("a <long> name", "", "%{x}"))
    assert names[0] == "a &lt;long&gt; name"
    assert names.short(0) == "a &lt;long&gt;…"
    assert names.all(4) == ["a &lt;long&gt; name", "S2", "% {x}", "S4"]
    assert names.some_are_cut
    assert not theme.NUMBERED.some_are_cut
