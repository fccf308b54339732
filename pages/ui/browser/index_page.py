"""The HTML that every page starts from: Streamlit's own, and what ours needs before it runs.

That is a title and a description, for whoever is sent a link, the style sheets, and the scripts.
Every address in it is relative, so it works below any prefix that a proxy strips.
"""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import quote, urljoin

import streamlit as st
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.ui.browser.assets import PICTURE, PLOTLY, URL_PREFIX, asset_names, asset_url, base_path

STREAMLIT_PAGE: Final = Path(st.__file__).parent / "static" / "index.html"
STREAMLIT_TITLE: Final = "<title>Streamlit</title>"
TITLE: Final = "HMM Playground"
DESCRIPTION: Final = (
    "Watch a hidden Markov model learn: likelihood, parameters, posterior and Viterbi path move "
    "together while EM or gradient ascent runs."
)

NOT_PAGES: Final = frozenset(
    {"_stcore", "app", "auth", "component", "media", "oauth2callback", "static", URL_PREFIX}
)
"""Parts of the addresses of files and services, Streamlit's and ours."""


class IndexPage:
    """Middleware that answers requests for pages; all others go on to Streamlit.

    To an address below a page, such as /data/x or /data/, Streamlit answers with a page that looks
    for its files in the wrong folder, or with a redirect to the root of the site, which need not be
    ours. The browser is redirected to the page, by a relative address.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        await (_answer(scope) or self.app)(scope, receive, send)


def _answer(scope: Scope) -> Response | None:
    """The answer to a request for a page; None to any other."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return None
    folder = f"{base_path()}/"
    name, *below = scope["path"].removeprefix(folder).split("/")
    if not scope["path"].startswith(folder) or "." in name or NOT_PAGES & {name, *below}:
        return None
    # Neither answer is kept by a browser: the assets change with an update.
    headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
    if not below:
        links = {"link": _preloads()}
        return Response(index_page(), media_type="text/html", headers=headers | links)
    if not name:  # "//site/x", which Streamlit refuses
        return None
    query = scope["query_string"].decode("latin-1")
    page = "../" * len(below) + quote(name) + (f"?{query}" if query else "")
    return RedirectResponse(page, headers=headers)


def index_page() -> str:
    """Streamlit's page with our title, description, style sheets, and Plotly."""
    # The style sheets go to the end of the body, after Streamlit's own styles in the head: of equal
    # rules the later one counts.
    page = STREAMLIT_PAGE.read_text(encoding="utf-8")
    page = page.replace(STREAMLIT_TITLE, _description(), 1)
    page = page.replace("</head>", f"{_early_script()}</head>", 1)
    return page.replace("</body>", f"{_styles()}</body>", 1)


def _description() -> str:
    """What a link to a page shows where it is sent (Open Graph, https://ogp.me).

    A picture needs a whole address, and only the environment knows that of this site.
    """
    properties = {"og:title": TITLE, "og:description": DESCRIPTION, "og:type": "website"}
    if site := os.environ.get("HMM_PUBLIC_URL"):
        properties["og:image"] = urljoin(f"{site.rstrip('/')}/", asset_url(PICTURE))
        properties["twitter:card"] = "summary_large_image"
    return "".join(
        (
            f'<title>{TITLE}</title><meta name="description" content="{escape(DESCRIPTION)}">',
            *(f'<meta property="{n}" content="{escape(v)}">' for n, v in properties.items()),
        )
    )


def _early_script() -> str:
    # Plotly takes long to parse. The browser does it while it is idle, which it is whenever it
    # waits for the server. A module runs only once, however often it is imported.
    # Lecture mode is known by the address before anything is drawn.
    return (
        '<script>document.documentElement.toggleAttribute("data-lecture", '
        'new URLSearchParams(location.search).get("lecture") === "on")</script>'
        '<script type="module" async>(window.requestIdleCallback ?? setTimeout)'
        f'(() => import("{asset_url(PLOTLY)}").catch(() => {{}}));</script>'
    )


def _styles() -> str:
    sheets = (name for name in asset_names() if name.endswith(".css"))
    return "".join(f'<link rel="stylesheet" href="{asset_url(name)}">' for name in sheets)


def _preloads() -> str:
    # Otherwise the browser would learn of each script only after loading and running the one that
    # imports it.
    scripts = (name for name in asset_names() if name.endswith(".js"))
    return ", ".join(f"<{asset_url(name)}>; rel=modulepreload" for name in scripts)
