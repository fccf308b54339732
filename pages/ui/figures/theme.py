"""Colours of the page, and colours, symbols and names of states and runs: one look everywhere.

A state is told apart by colour *and* symbol, so that no chart depends on colour vision
alone. The first eight colours are the palette of Okabe and Ito, *Color Universal Design*
(2008), with grey instead of black, because black vanishes on a dark page. Its yellow is
kept: darker yellows were tried and fall together with the orange under deuteranopia.
Charts therefore give light symbols a thin outline in the text colour instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pages.ui.text import chart_text

SHORT_LETTERS = 9
"""Characters of a state's name that fit beside a strip or a row."""


@dataclass(frozen=True)
class StateNames:
    """What the states are called; a state without a name of its own is S1, S2, …"""

    given: tuple[str, ...] = ()

    def plain(self, state: int) -> str:
        """The name of 0-based `state`, as it was given."""
        return (self.given[state] if state < len(self.given) else "") or state_name(state)

    def __getitem__(self, state: int) -> str:
        """The name of 0-based `state`, escaped for Plotly."""
        return chart_text(self.plain(state))

    def short(self, state: int, letters: int = SHORT_LETTERS) -> str:
        """The name of 0-based `state`, cut where there is little room, and escaped for Plotly."""
        return chart_text(cut(self.plain(state), letters))

    @property
    def some_are_cut(self) -> bool:
        """Whether `short` leaves out a part of any name."""
        return any(len(name) > SHORT_LETTERS for name in self.given)

    def all(self, num_states: int) -> list[str]:
        """The names of the first K states, escaped for Plotly."""
        return [self[state] for state in range(num_states)]


NUMBERED = StateNames()
"""States without names of their own."""


def cut(text: str, letters: int) -> str:
    """A text of at most so many characters; the last one is … where more are left out."""
    return text if len(text) <= letters else f"{text[: letters - 1].rstrip()}…"


@dataclass(frozen=True)
class Palette:
    """The colours of the page around a figure, as "#rrggbb", and what the states are called."""

    text: str
    background: str
    secondary_background: str
    primary: str
    states: StateNames = NUMBERED

    def naming(self, names: Sequence[str]) -> Palette:
        """The same colours for figures of states with these names."""
        return replace(self, states=StateNames(tuple(names)))

    def mixed(self, weight: float) -> str:
        """An opaque mix of the text's colour, with weight 0 to 1, and the background."""
        pairs = zip(_channels(self.text), _channels(self.background), strict=True)
        return f"rgb({','.join(str(round(a * weight + b * (1 - weight))) for a, b in pairs)})"

    def faded(self, opacity: float) -> str:
        """The text's colour at an opacity of 0 to 1."""
        return f"rgba({','.join(map(str, _channels(self.text)))},{opacity:g})"


LIGHT = Palette("#1d2733", "#fcfcfa", "#f1f3f4", "#0b5c8e")
DARK = Palette("#e4e8ec", "#10151c", "#1a212b", "#2d7ab7")
"""The two themes of `.streamlit/config.toml`."""

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
"""Symbols of the next ten states: filled too, so that an outline keeps dark ones visible on a dark
page."""

RUN_COLOURS: dict[str, str] = {"EM": "#1f77d0", "Gradient": "#d6336c"}
"""Line colour of a training run; legible on light and dark pages."""

RUN_DASHES: dict[str, str] = {"EM": "solid", "Gradient": "dash"}
"""Plotly line dash of a training run: the second mark besides colour."""

TRUTH_DASH = "dot"
"""Of every line that shows something of the true model, and of no other: dotted."""

SUM_DASH = "dashdot"
"""Of the density of all states together, and of no other line: dash-dotted."""

OTHER_DATA_DASH = "12px,4px"
"""Of earlier runs of other data: a faint line with gaps."""

CLIMBED_DASH = "2px,5px"
"""Of the log-posterior, where that is what training climbs: fine points in the run's colour."""

SWEEP_DASHES = ("18px,4px", "18px,4px,3px,4px", "10px,3px,3px,3px,3px,3px", "18px,4px,7px,4px")
"""Of the runs of a sweep of learning rates: two below the chosen one, two above it."""

POSTERIOR_COLOUR_SCALE = (
    "#00204c", "#002a66", "#00346e", "#273f6c", "#3c4a6b", "#4c556b",
    "#5b5f6d", "#686a70", "#757575", "#838178", "#928c78", "#a19876",
    "#b0a572", "#c0b16d", "#d1bf66", "#e1cc5c", "#f3db4f", "#ffe945",
)  # fmt: skip
"""Colour scale of every posterior heat map, always from 0 to 1: Cividis in the steps of plotly.js;
the Python package has fewer under the same name."""

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
    """What 0-based `state` is called while it has no name: "S1" for state 0."""
    return f"S{state + 1}"


def ink_on(colour: str) -> str:
    """Colour of text on "#rrggbb": white or nearly black, with a contrast of 4.5 to 1 or more."""
    return "#ffffff" if contrast(colour, "#ffffff") >= 4.5 else "#101418"


def contrast(one: str, other: str) -> float:
    """Contrast of two colours as WCAG 2 defines it: 1 if they are equal, 21 for black on white."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in _channels(colour))
    ]
    return sum(a * b for a, b in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def state_scale(num_states: int) -> list[list[float | str]]:
    """A Plotly colour scale in K equal steps, for states 1..K on a range from 0.5 to K + 0.5."""
    return [
        [(state + side) / num_states, state_colour(state)]
        for state in range(num_states)
        for side in (0, 1)
    ]


def _channels(colour: str) -> tuple[int, ...]:
    """Red, green and blue, 0 to 255, of "#rrggbb"."""
    return tuple(bytes.fromhex(colour.removeprefix("#")))
