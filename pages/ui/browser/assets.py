"""JavaScript and style files that the server hands to the browser.

Two sources: the folder `assets/` beside this module, and the JavaScript that the installed `plotly`
package brings along.

An address carries a fingerprint of the content, so the browser may keep a file for a year and
still never draws with an old one. `asset_url("panel.js")` gives the address; `asset_routes()`
gives the routes that answer it.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import quote

import plotly
import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

URL_PREFIX: Final = "assets-hmm"
PLOTLY: Final = "plotly.js"
OWN_FOLDER: Final = Path(__file__).parent / "assets"
PLOTLY_SCRIPT: Final = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"

MEDIA_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
COMPRESSIBLE: Final = frozenset({".js", ".css", ".svg"})
ONE_YEAR: Final = 365 * 24 * 60 * 60

VALIDATORS: Final = ("etag", "last-modified")
CONDITIONS: Final = (b"if-none-match", b"if-modified-since")

STREAMLITS_OWN: Final = frozenset({"_stcore", "component", "media", "static"})
"""First parts of addresses below which Streamlit has files of its own, pages perhaps among them."""

WRAPPED: Final = re.compile(
    rb"(/\*\*.*?\*/\n)\(\n function\(root, factory\) \{.*?"
    rb'"use strict";var Plotly=\(\(\)=>\{(.*)return (\w+\(\));\}\)\(\);(.*)'
    rb"\nwindow\.Plotly = Plotly;\nreturn Plotly;\n\}\)\);\s*",
    re.DOTALL,
)

# By fingerprint.
_gzipped: dict[str, bytes] = {}


@dataclass(frozen=True)
class Asset:
    """One file in memory."""

    media_type: str
    fingerprint: str
    content: bytes = field(repr=False)


def asset_names() -> tuple[str, ...]:
    """Names that `asset_url` knows: Plotly's file and every servable file in `assets/`."""
    own = (path.name for path in OWN_FOLDER.glob("*") if path.suffix in MEDIA_TYPES)
    return (PLOTLY, *sorted(own))


def asset_url(name: str) -> str:
    """Address of an asset from the root of the site: `/assets-hmm/<version>/<name>`.

    The version changes with the content. All files of `assets/` share one, so that a module may
    import its neighbour by a relative path. Raises KeyError for an unknown name.
    """
    return f"{base_path()}/{URL_PREFIX}/{_version(name)}/{name}"


def asset_routes() -> list[Route]:
    """Routes that answer the addresses of `asset_url`, for `st.App(routes=...)`."""
    return [Route(f"{base_path()}/{URL_PREFIX}/{{version}}/{{name}}", _respond)]


def load_assets() -> None:
    """Read everything now, so that the first visitor does not wait for it."""
    for name in asset_names():
        _asset(name)


def compress_assets() -> None:
    """Compress everything; until this is done, it travels as it is.

    Plotly takes a third of a second, which a server that starts has better uses for.
    """
    for name in asset_names():
        asset = _asset(name)
        if Path(name).suffix in COMPRESSIBLE and asset.fingerprint not in _gzipped:
            shorter = gzip.compress(asset.content, mtime=0)
            if len(shorter) < len(asset.content):
                _gzipped[asset.fingerprint] = shorter


class Preload:
    """Middleware: gives a browser with the page itself its style, and what its figures will need.

    Otherwise it would hear of each file only after everything before it had been loaded and run.
    Plotly takes a while to read, and at first the browser does nothing but wait.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add a Link to the head of every HTML answer, a script and style sheets to its page.

        What the page links to changes with its own files, so nobody is told that they have it yet.
        Nor is it compressed: Streamlit does so behind every address but the first, and what is
        compressed cannot be added to.

        Below a page there is none: Streamlit answers with a page that looks for all its files there
        and stays white. The browser is led to the page itself.
        """
        held: Message | None = None
        body = b""
        page = _page_above(scope) if scope["type"] == "http" else None
        is_led_on = False

        async def prepared(message: Message) -> None:
            nonlocal held, body, is_led_on
            if is_led_on:
                return
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    if page is not None and message["status"] == HTTPStatus.OK:
                        is_led_on = True
                        await RedirectResponse(page)(scope, receive, send)
                        return
                    headers.append("link", _preloads())
                    for name in VALIDATORS:
                        del headers[name]
                    held = message
                    return
            if held is None:
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body", False):
                return
            added = body.replace(b"</head>", _early_script() + b"</head>", 1)
            # After Streamlit's own, which it adds to the head: of equal rules the later one counts.
            added = added.replace(b"</body>", _styles() + b"</body>", 1)
            if added != body:
                MutableHeaders(scope=held)["content-length"] = str(len(added))
            await send(held)
            await send({**message, "body": added})

        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "text/html" in Headers(scope=scope).get("accept", ""):
            kept_back = (*CONDITIONS, b"accept-encoding")
            asked = [(name, value) for name, value in scope["headers"] if name not in kept_back]
            scope = {**scope, "headers": asked}
        await self.app(scope, receive, prepared)


def _page_above(scope: Scope) -> str | None:
    """Where an address leads that has more parts than a page's; None where it has not."""
    base = base_path()
    parts = scope["path"].removeprefix(base).strip("/").split("/")
    if len(parts) == 1 or parts[0] in STREAMLITS_OWN:
        return None
    query = scope["query_string"].decode("latin-1")
    return f"{base}/{quote(parts[0])}" + (f"?{query}" if query else "")


def _early_script() -> bytes:
    # When the browser has nothing else to do: it waits for answers now and then, but charts as they
    # stood before a reload do not wait for Plotly. A module runs once, whoever asks for it again.
    return (
        '<script type="module" async>(window.requestIdleCallback ?? setTimeout)'
        f'(() => import("{asset_url(PLOTLY)}").catch(() => {{}}));</script>'
    ).encode()


def _styles() -> bytes:
    sheets = (name for name in asset_names() if name.endswith(".css"))
    return "".join(f'<link rel="stylesheet" href="{asset_url(name)}">' for name in sheets).encode()


def _preloads() -> str:
    scripts = [name for name in asset_names() if name.endswith(".js")]
    return ", ".join(f"<{asset_url(name)}>; rel=modulepreload" for name in scripts)


async def _respond(request: Request) -> Response:
    name: str = request.path_params["name"]
    try:
        asset = _asset(name)
    except KeyError:
        return PlainTextResponse("Not found", status_code=404)
    etag = f'"{asset.fingerprint}"'
    # Only the current version may be kept: an address from before an update gets today's content,
    # and the browser asks again next time.
    current = request.path_params["version"] == _version(name)
    headers = {
        "cache-control": f"public, max-age={ONE_YEAR}, immutable" if current else "no-cache",
        "etag": etag,
        "vary": "Accept-Encoding",
        "x-content-type-options": "nosniff",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    shorter = _gzipped.get(asset.fingerprint)
    if shorter is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(shorter, media_type=asset.media_type, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def base_path() -> str:
    """What every address of this site begins with, behind a proxy for example; often nothing."""
    # Streamlit puts server.baseUrlPath before its own routes, but not before an application's.
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def _version(name: str) -> str:
    names = asset_names()
    if name not in names:
        raise KeyError(name)
    if name == PLOTLY:
        return _load(name).fingerprint
    own = [_load(other).fingerprint for other in names if other != PLOTLY]
    return _fingerprint("".join(own).encode())


def _asset(name: str) -> Asset:
    # Exact names only: what a request asks for is looked up, never joined to a path.
    if name not in asset_names():
        raise KeyError(name)
    return _load(name)


def _load(name: str) -> Asset:
    path = PLOTLY_SCRIPT if name == PLOTLY else OWN_FOLDER / name
    status = path.stat()
    # Size and time of change are part of the cache's key, so an edited file is read anew.
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=32)
def _read(path: Path, modified_ns: int, size: int) -> Asset:
    content = path.read_bytes()
    if path == PLOTLY_SCRIPT:
        content = as_module(content)
    return Asset(MEDIA_TYPES[path.suffix], _fingerprint(content), content)


def as_module(script: bytes) -> bytes:
    """Plotly's script as a module with Plotly as its default export.

    As it ships, all of it stands in a function within a function, and browsers read what a function
    holds once to find its end and again to run it. A module needs neither wrapper, which spares a
    new visitor nearly half a second. Nor does it touch `window`, where Streamlit's own chart
    element keeps the Plotly that it brings.

    Raises:
        ValueError: where the script is wrapped in another way than is known here.
    """
    if (parts := WRAPPED.fullmatch(script)) is None:
        raise ValueError(f"{PLOTLY_SCRIPT.name} is not wrapped as it was in plotly.js 4.")
    licence, body, plotly, notices = parts.groups()
    return b"%b%bexport default %b;%b" % (licence, body, plotly, notices)


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
