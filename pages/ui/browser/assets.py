"""The JavaScript and style files of the page: their addresses, and the routes that serve them.

They come from the folder `assets/` beside this module and from the installed `plotly` package.

An address contains a fingerprint of the content, so a browser may cache a file for a year and
never uses an old one. `asset_url("panel.js")` is the address; `asset_routes()` are the routes.
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

STREAMLIT_FOLDERS: Final = frozenset({"_stcore", "component", "media", "static"})
"""First parts of the addresses of Streamlit's own files, some of which are HTML pages."""

WRAPPER: Final = re.compile(
    rb"(/\*\*.*?\*/\n)\(\n function\(root, factory\) \{.*?"
    rb'"use strict";var Plotly=\(\(\)=>\{(.*)return (\w+\(\));\}\)\(\);(.*)'
    rb"\nwindow\.Plotly = Plotly;\nreturn Plotly;\n\}\)\);\s*",
    re.DOTALL,
)

_gzipped: dict[str, bytes] = {}
"""Compressed content of assets by fingerprint."""


@dataclass(frozen=True)
class Asset:
    """One file in memory."""

    media_type: str
    fingerprint: str
    content: bytes = field(repr=False)


def asset_names() -> tuple[str, ...]:
    """Names that `asset_url` accepts: Plotly's file and every servable file in `assets/`."""
    own = (path.name for path in OWN_FOLDER.glob("*") if path.suffix in MEDIA_TYPES)
    return (PLOTLY, *sorted(own))


def asset_url(name: str) -> str:
    """Address of an asset from the root of the site: `/assets-hmm/<version>/<name>`.

    The version changes with the content. All files of `assets/` share one, so that a module may
    import its neighbour by a relative path. Raises KeyError for an unknown name.
    """
    return f"{base_path()}/{URL_PREFIX}/{_version(name)}/{name}"


def asset_routes() -> list[Route]:
    """Routes that serve the addresses of `asset_url`, for `st.App(routes=...)`."""
    return [Route(f"{base_path()}/{URL_PREFIX}/{{version}}/{{name}}", _respond)]


def load_assets() -> None:
    """Read all assets now, so that the first visitor does not wait for it."""
    for name in asset_names():
        _asset(name)


def compress_assets() -> None:
    """Compress all assets. Until then they are sent uncompressed.

    Plotly alone takes a third of a second, so a starting server does this later.
    """
    for name in asset_names():
        asset = _asset(name)
        if Path(name).suffix in COMPRESSIBLE and asset.fingerprint not in _gzipped:
            compressed = gzip.compress(asset.content, mtime=0)
            if len(compressed) < len(asset.content):
                _gzipped[asset.fingerprint] = compressed


class Preload:
    """Middleware that adds the style sheets to each page and preloads all scripts.

    Otherwise the browser would learn of each script only after loading and running the one that
    imports it. Plotly takes long to parse, which the browser can do while it waits for the server.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add a Link header to every HTML response, and a script and style sheets to its body.

        The links change with the assets although Streamlit's page does not, so conditional requests
        are answered in full. Streamlit compresses its page at every address but the root, and
        nothing can be inserted into a compressed body, so the request is passed on without gzip.

        To an address below a page, such as /data/x, Streamlit answers with a page that looks for
        its files in the wrong folder and stays white. The browser is redirected to the page itself.
        """
        delayed_start: Message | None = None
        body = b""
        page = _page_above(scope) if scope["type"] == "http" else None
        redirected = False

        async def send_prepared(message: Message) -> None:
            nonlocal delayed_start, body, redirected
            if redirected:
                return
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    if page is not None and message["status"] == HTTPStatus.OK:
                        redirected = True
                        await RedirectResponse(page)(scope, receive, send)
                        return
                    headers.append("link", _preloads())
                    for name in VALIDATORS:
                        del headers[name]
                    delayed_start = message
                    return
            if delayed_start is None:
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body", False):
                return
            added = body.replace(b"</head>", _early_script() + b"</head>", 1)
            # At the end of the body, after Streamlit's own styles in the head: of equal rules the
            # later one counts.
            added = added.replace(b"</body>", _styles() + b"</body>", 1)
            if added != body:
                MutableHeaders(scope=delayed_start)["content-length"] = str(len(added))
            await send(delayed_start)
            await send({**message, "body": added})

        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "text/html" in Headers(scope=scope).get("accept", ""):
            removed = (*CONDITIONS, b"accept-encoding")
            headers = [(name, value) for name, value in scope["headers"] if name not in removed]
            scope = {**scope, "headers": headers}
        await self.app(scope, receive, send_prepared)


def _page_above(scope: Scope) -> str | None:
    """The page above an address with more parts than a page's own; None for any other address."""
    base = base_path()
    parts = scope["path"].removeprefix(base).strip("/").split("/")
    if len(parts) == 1 or parts[0] in STREAMLIT_FOLDERS:
        return None
    query = scope["query_string"].decode("latin-1")
    return f"{base}/{quote(parts[0])}" + (f"?{query}" if query else "")


def _early_script() -> bytes:
    # Plotly is parsed while the browser is idle, which it is whenever it waits for the server. A
    # module runs only once, however often it is imported.
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
    # Only the current version may be cached: an address from before an update gets the current
    # content, and the browser has to ask again next time.
    current = request.path_params["version"] == _version(name)
    headers = {
        "cache-control": f"public, max-age={ONE_YEAR}, immutable" if current else "no-cache",
        "etag": etag,
        "vary": "Accept-Encoding",
        "x-content-type-options": "nosniff",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    compressed = _gzipped.get(asset.fingerprint)
    if compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(compressed, media_type=asset.media_type, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def base_path() -> str:
    """What every address of this site begins with, for example behind a proxy; empty by default."""
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
    # The requested name is looked up, and never joined to a path before it is known.
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

    The script ships inside two nested functions, and browsers parse the body of a function twice:
    once to find its end, and again to run it. A module needs neither wrapper, which saves a new
    visitor nearly half a second. Nor does it set `window.Plotly`, where Streamlit's own chart
    element keeps the Plotly that it ships with.

    Raises:
        ValueError: if the script is not wrapped as WRAPPER expects.
    """
    if (parts := WRAPPER.fullmatch(script)) is None:
        raise ValueError(f"{PLOTLY_SCRIPT.name} is not wrapped as it was in plotly.js 4.")
    licence, body, plotly, notices = parts.groups()
    return b"%b%bexport default %b;%b" % (licence, body, plotly, notices)


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
