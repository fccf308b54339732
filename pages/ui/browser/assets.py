"""The JavaScript and style files of the page: their addresses, and the routes that serve them.

They come from the folder `assets/` beside this module, from the installed `plotly` package, and
from the pictures of the README.

An address contains a fingerprint of the content, so a browser may cache a file for a year and
never uses an old one. `asset_url("panel.js")` is the address; `asset_routes()` are the routes.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import plotly
import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

URL_PREFIX: Final = "assets-hmm"
PLOTLY: Final = "plotly.js"
PICTURE: Final = "playground.png"
OWN_FOLDER: Final = Path(__file__).parent / "assets"
PLOTLY_SCRIPT: Final = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
ELSEWHERE: Final = {
    PLOTLY: PLOTLY_SCRIPT,
    PICTURE: Path(__file__).parents[3] / "docs" / "playground.png",
}
"""Assets that are not in `assets/`."""

MEDIA_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
COMPRESSIBLE: Final = frozenset({".js", ".css", ".svg"})
ONE_YEAR: Final = 365 * 24 * 60 * 60

REFUSED: Final = re.compile(r";\s*q=0(\.0*)?\s*$")
"""The end of a coding in Accept-Encoding that the browser does not accept."""

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
    """Names that `asset_url` accepts: those elsewhere and every servable file in `assets/`."""
    own = (path.name for path in OWN_FOLDER.glob("*") if path.suffix in MEDIA_TYPES)
    return (*ELSEWHERE, *sorted(own))


def asset_url(name: str) -> str:
    """Address of an asset, relative to any page: `./assets-hmm/<version>/<name>`.

    Pages are all in one folder, whatever a proxy or `server.baseUrlPath` puts before it.

    The version changes with the content. All files of `assets/` share one, so that a module may
    import its neighbour by a relative path. Raises KeyError for an unknown name.
    """
    return f"./{URL_PREFIX}/{_version(name)}/{name}"


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
    if compressed is not None and accepts_gzip(request.headers.get("accept-encoding", "")):
        headers["content-encoding"] = "gzip"
        return Response(compressed, media_type=asset.media_type, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header allows gzip; `gzip;q=0` does not (RFC 9110, 12.5.3)."""
    accepted = {
        coding.partition(";")[0].strip(): not REFUSED.search(coding)
        for coding in header.lower().split(",")
    }
    return accepted.get("gzip", accepted.get("*", False))


def base_path() -> str:
    """What every path that is asked of this server begins with; empty by default."""
    # Streamlit puts server.baseUrlPath before its own routes, but not before an application's.
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def _version(name: str) -> str:
    names = asset_names()
    if name not in names:
        raise KeyError(name)
    if name in ELSEWHERE:
        return _load(name).fingerprint
    own = [_load(other).fingerprint for other in names if other not in ELSEWHERE]
    return _fingerprint("".join(own).encode())


def _asset(name: str) -> Asset:
    # The requested name is looked up, and never joined to a path before it is known.
    if name not in asset_names():
        raise KeyError(name)
    return _load(name)


def _load(name: str) -> Asset:
    path = ELSEWHERE.get(name, OWN_FOLDER / name)
    status = path.stat()
    # Size and time of change are part of the cache's key, so an edited file is read anew.
    return _read(path, status.st_mtime_ns, status.st_size)


# Without a limit: every page asks for all files in turn, and a cache of fewer would hold none of
# those that are asked for next.
@cache
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
