"""Figures that change in place.

Streamlit's own chart element is taken out of the page and built anew at every change of its
data, which flickers and forgets the reader's zoom. This one hands the figure to the same
JavaScript that draws the live panel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pages.ui.browser import wire
from pages.ui.drawing import Drawing
from pages.ui.figures import theme
from pages.ui.live.panel import register

DEFAULT_HEIGHT = 320


def show_figure(figure: Drawing, key: str, height: int | None = None, *, label: str) -> None:
    """Draw `figure` as wide as its place, `height` pixels high (default: the figure's own, or 320).

    `label` is a sentence that says what the figure shows, for readers who cannot see it. Zoom
    is kept as long as `key` and the figure's `layout.uirevision` stay the same. Font, grid,
    background and colours that the figure leaves open follow the page's theme; any colour may
    also be given as a theme variable, for example "var(--st-primary-color)".
    """
    from pages.ui.browser.assets import PLOTLY, asset_url

    draw = _component(asset_url("figure.js"), asset_url(PLOTLY))
    draw(key=key, data=encode_figure(figure, key, height, label))


def encode_figure(figure: Drawing, key: str, height: int | None, label: str) -> bytes:
    """One message for `assets/figure.js`: a packed header that carries the figure's JSON."""
    if not label.strip():
        raise ValueError("A figure needs a label: a sentence that says what it shows")
    header = {
        "key": key,
        "label": label,
        "height": height or figure.layout.get("height") or DEFAULT_HEIGHT,
        "colours": theme.STATE_COLOURS,
        # Text within the header, so that infinite numbers are written as Plotly writes them.
        "figure": figure.to_json(),
    }
    return wire.pack(header, {})


@lru_cache(maxsize=4)
def _component(figure_url: str, plotly_url: str) -> Callable[..., Any]:
    return register("hmm_figure", "drawFigure", figure_url, plotly_url)
