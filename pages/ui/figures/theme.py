"""Colours, symbols and names of states and runs: one look on every page.

A state is told apart by colour *and* symbol, so that no chart depends on colour vision
alone. The first eight colours are the palette of Okabe and Ito, *Color Universal Design*
(2008), with grey instead of black, because black vanishes on a dark page. Its yellow is
kept: darker yellows were tried and fall together with the orange under deuteranopia.
Charts therefore give light symbols a thin outline in the text colour instead.
"""

from __future__ import annotations

STATE_COLOURS: tuple[str, ...] = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
    "#F0E442",
    "#8c8c8c",
    "#882255",
    "#44AA99",
)
"""The ten categorical colours; the same as `chartCategoricalColors` in `.streamlit/config.toml`."""

MORE_STATE_COLOURS: tuple[str, ...] = (
    "#7AB3D4",
    "#8A6000",
    "#66C4A9",
    "#F5B59A",
    "#1B4F78",
    "#8A4A6F",
    "#A39A10",
    "#555B61",
    "#B0486F",
    "#145048",
)
"""Colours of the eleventh to twentieth state: darker or lighter shades of the first ten."""

STATE_SYMBOLS: tuple[str, ...] = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "cross",
    "x",
    "triangle-down",
    "star",
    "pentagon",
    "hexagram",
)
"""Plotly marker symbols of the first ten states."""

MORE_STATE_SYMBOLS: tuple[str, ...] = (
    "triangle-left",
    "triangle-right",
    "hexagon",
    "diamond-tall",
    "bowtie",
    "hourglass",
    "diamond-wide",
    "star-square",
    "star-diamond",
    "octagon",
)
"""Those of the next ten: filled too, so that an outline keeps dark ones visible on a dark page."""

RUN_COLOURS: dict[str, str] = {"EM": "#1f77d0", "Gradient": "#d6336c"}
"""Line colour of a training run; legible on light and dark pages."""

RUN_DASHES: dict[str, str] = {"EM": "solid", "Gradient": "dash"}
"""Plotly line dash of a training run: the second mark besides colour."""

POSTERIOR_COLOUR_SCALE = "Cividis"
"""Colour scale of every posterior heat map, always from 0 to 1."""

FIRST_TIME = 1
"""Time of the first observation on every time axis: a sequence is x_1 .. x_M."""


def state_colour(state: int) -> str:
    """Hex colour of 0-based `state`, a different one for each of 20."""
    colours = STATE_COLOURS + MORE_STATE_COLOURS
    return colours[state % len(colours)]


def state_symbol(state: int) -> str:
    """Plotly symbol of 0-based `state`; with `state_colour` distinct for 20 states."""
    symbols = STATE_SYMBOLS + MORE_STATE_SYMBOLS
    return symbols[state % len(symbols)]


def state_name(state: int) -> str:
    """Name of 0-based `state` on screen: "S1" for state 0."""
    return f"S{state + 1}"
