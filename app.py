"""The application. Start it with `streamlit run app.py`.

The main script lives inside `pages/`: a folder of that name beside the main script would switch
Streamlit to its old page discovery, which breaks the first deep link after a start.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from pages.ui.browser.assets import asset_routes, compress_assets, load_assets
from pages.ui.browser.index_page import IndexPage
from pages.ui.browser.stream import stream_routes
from pages.ui.parts.failure import show_failure

FIRST_VISIT = 1.0
"""Seconds left to a first visitor's page before the rest is prepared."""


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Prepare in the background what the first visitor would otherwise wait for."""
    # A daemon thread, so that a server that is stopped early does not wait for the compiler.
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    yield {}


def _warm_up() -> None:
    try:
        load_assets()
        # Imported here, because these imports take a second and the server can start without them.
        import hmmcore
        from pages.ui.live.frame_source import frame_source
        from pages.ui.parts import examples, frame, run_controls, tour  # noqa: F401
        from pages.ui.session.session import Session
        from pages.ui.settings.config import Config

        # First what a first visitor sees; then, after a pause, what other pages need.
        frame_source(Session(Config())).frame()
        time.sleep(FIRST_VISIT)
        import pandas as pd  # noqa: F401 - for the tables of other pages

        hmmcore.warm_up()
        compress_assets()
    except Exception:
        # Not fatal: the pages then load and compile what they need when they need it.
        logging.getLogger(__name__).exception("Warm-up failed; the first visit will be slower.")


app = st.App(
    "pages/main.py",
    lifespan=lifespan,
    routes=[*asset_routes(), *stream_routes()],
    middleware=[Middleware(IndexPage)],
    on_script_error=show_failure,
)
