"""Figures that change in place.

Streamlit removes its own chart element and builds it anew whenever the data change, which flickers
and forgets the reader's zoom. `show_figure` uses the JavaScript of the live panel instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from pages.ui.browser import wire
from pages.ui.browser.component import component
from pages.ui.figures.theme import DARK, LIGHT, Palette

DEFAULT_HEIGHT = 320


def page_colours(state_names: Sequence[str] = ()) -> Palette:
    """The colours of the visitor's theme, for figures of states with these names."""
    colours = DARK if st.context.theme.type == "dark" else LIGHT
    return colours.naming(state_names) if state_names else colours


def show_figure(figure: go.Figure, key: str, height: int | None = None, *, label: str) -> None:
    """Draw `figure` as wide as its container.

    `height` in pixels is by default the figure's own, or 320. `label` is a sentence that says what
    the figure shows, for readers who cannot see it. Zoom is kept as long as `key` and the figure's
    `layout.uirevision` stay the same. When the visitor changes the theme, the page runs again and
    draws the figure in the new colours.
    """
    draw = component("hmm_figure", "figure.js", "drawFigure")
    message = encode_figure(figure, key, height, label)
    draw(key=key, data=message, on_theme_change=lambda: None)


def encode_figure(figure: go.Figure, key: str, height: int | None, label: str) -> bytes:
    """One message for `assets/figure.js`: a packed header that carries the figure's JSON."""
    if not label.strip():
        raise ValueError("A figure needs a label: a sentence that says what it shows")
    header = {
        "key": key,
        "label": label,
        "height": height or figure.layout.height or DEFAULT_HEIGHT,
        "background": figure.layout.paper_bgcolor,
        # As text, because Plotly's own encoder writes NaN and infinite numbers as it reads them.
        "figure": figure.to_json(),
    }
    return wire.pack(header, {})
