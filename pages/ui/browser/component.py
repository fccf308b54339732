"""Streamlit components that draw with a JavaScript module of `assets/`."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import streamlit as st

from pages.ui.browser.assets import PLOTLY, asset_url


def component(name: str, module: str, function: str) -> Callable[..., Any]:
    """The component that calls `function(component, address of Plotly)` of `assets/<module>`."""
    return _registered(name, function, asset_url(module), asset_url(PLOTLY))


@lru_cache(maxsize=16)
def _registered(name: str, function: str, module_url: str, plotly_url: str) -> Callable[..., Any]:
    # Streamlit resends a component's inline JavaScript with every message, so that only loads the
    # module, which the browser caches. It runs from a blob, to which no address can be relative.
    return st.components.v2.component(
        name,
        # The line break matters: Streamlit takes a single line to be a file name.
        js=(
            "const u=a=>new URL(a,document.baseURI).href\n"
            f'export default c=>import(u("{module_url}"))'
            f'.then(m=>m.{function}(c,u("{plotly_url}")))'
        ),
        isolate_styles=False,
    )
