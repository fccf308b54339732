"""Assets: their addresses, caching and compression, and that no other file is served."""

import asyncio
import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp

from pages.ui.browser import assets


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def fetch(path: str, **headers: str) -> Answer:
    """What the asset routes answer to one GET request."""
    return answer(Starlette(routes=assets.asset_routes()), path, **headers)


def answer(app: ASGIApp, path: str, **headers: str) -> Answer:
    """What an application answers to one GET request."""
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": unquote(path),
        "query_string": b"",
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
    }
    asyncio.run(app(scope, receive, send))
    start, *bodies = messages
    answer_headers = {k.decode(): v.decode() for k, v in start["headers"]}
    return Answer(start["status"], answer_headers, b"".join(part["body"] for part in bodies))


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(assets, "OWN_FOLDER", tmp_path)
    (tmp_path / "a.js").write_text("export const a = 1;\n" * 100)
    (tmp_path / "b.css").write_text(".b { color: inherit }")
    (tmp_path / "notes.txt").write_text("not servable")
    return tmp_path


def test_plotly_is_served_compressed_and_kept_for_a_year() -> None:
    assets.compress_assets()
    answer = fetch(assets.asset_url(assets.PLOTLY), accept_encoding="gzip, br")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert len(answer.body) < 1_600_000
    assert len(gzip.decompress(answer.body)) > 4_000_000


def test_plotly_is_served_as_a_module() -> None:
    script, module = assets.PLOTLY_SCRIPT.read_bytes(), fetch(assets.asset_url(assets.PLOTLY)).body
    assert module.startswith(script[: script.index(b"*/")]), "its licence stays"
    begin = script.index(b"var Plotly=(()=>{") + len(b"var Plotly=(()=>{")
    end = script.rindex(b"return ", 0, script.rindex(b"})();"))
    assert script[begin:end] in module, "and so does all of its code"
    (export,) = re.findall(rb"\bexport default (\w+)\(\);", module)
    assert script[end:].startswith(b"return %b();})();" % export)
    for notice in re.findall(rb"@license [^*\\\n]*", script):
        assert notice in module
    for wrapper in (b"root, factory", b"window.Plotly =", b"var Plotly="):
        assert wrapper in script
        assert wrapper not in module


def test_a_script_in_another_wrapper_is_refused() -> None:
    with pytest.raises(ValueError, match=r"plotly\.min\.js is not wrapped"):
        assets.as_module(b"/** plotly.js */\nwindow.Plotly = {};\n")


def test_a_browser_without_gzip_gets_the_same_bytes() -> None:
    url = assets.asset_url(assets.PLOTLY)
    assets.compress_assets()
    plain = fetch(url)
    assert "content-encoding" not in plain.headers
    assert plain.body == gzip.decompress(fetch(url, accept_encoding="gzip").body)


def test_an_unchanged_file_is_not_sent_again() -> None:
    url = assets.asset_url(assets.PLOTLY)
    again = fetch(url, if_none_match=fetch(url).headers["etag"])
    assert again.status == 304
    assert again.body == b""


def test_own_files_share_one_version_that_follows_their_content(own_folder: Path) -> None:
    before = assets.asset_url("a.js")
    assert before.split("/")[2] == assets.asset_url("b.css").split("/")[2]
    (own_folder / "b.css").write_text(".b { color: red }")
    after = assets.asset_url("a.js")
    assert after != before
    assert fetch(after).headers["cache-control"].endswith("immutable")
    assert fetch(before).headers["cache-control"] == "no-cache"


def test_types_and_compression_of_own_files(own_folder: Path) -> None:
    early = fetch(assets.asset_url("a.js"), accept_encoding="gzip")
    assert "content-encoding" not in early.headers, "nothing waits for compression"
    assert early.body == (own_folder / "a.js").read_bytes()
    assets.compress_assets()
    script = fetch(assets.asset_url("a.js"), accept_encoding="gzip")
    assert script.headers["content-encoding"] == "gzip"
    assert gzip.decompress(script.body) == (own_folder / "a.js").read_bytes()
    style = fetch(assets.asset_url("b.css"), accept_encoding="gzip")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "content-encoding" not in style.headers, "too small to gain by gzip"


@pytest.mark.parametrize("name", ["notes.txt", "assets.py", "..%2Fassets.py", "..", "", "x.js"])
def test_nothing_beyond_the_known_names(own_folder: Path, name: str) -> None:
    assert fetch(f"/{assets.URL_PREFIX}/any/{name}").status == 404


def test_an_unknown_name_has_no_address() -> None:
    with pytest.raises(KeyError, match=r"nowhere\.js"):
        assets.asset_url("nowhere.js")


def test_addresses_and_routes_follow_the_base_path(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"server.baseUrlPath": "/lab/"}
    monkeypatch.setattr(st, "get_option", options.get)
    url = assets.asset_url(assets.PLOTLY)
    assert url.startswith(f"/lab/{assets.URL_PREFIX}/")
    assert fetch(url).status == 200
    assert fetch(url.removeprefix("/lab")).status == 404


PAGE = "<html><head><title>x</title></head><body>é</body></html>"


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/html"])
def test_a_page_preloads_what_its_figures_need(own_folder: Path, kind: str) -> None:
    got = prepared(kind, PAGE)
    links = dict(part.strip().split(">; ", 1) for part in got.headers["link"].split(","))
    assert links == {
        f"<{assets.asset_url(assets.PLOTLY)}": "rel=modulepreload",
        f"<{assets.asset_url('a.js')}": "rel=modulepreload",
    }
    for address in links:
        assert fetch(address[1:]).status == 200
    head, script, body, sheet, end = re.split(
        r"(<script.*</script>|<link[^>]*>)", got.body.decode()
    )
    assert head + body + end == PAGE
    assert head.endswith("</title>")
    assert end == "</body></html>"
    assert re.findall(r'"(/[^"]*)"', script) == [assets.asset_url(assets.PLOTLY)]
    assert re.findall(r'"(/[^"]*)"', sheet) == [assets.asset_url("b.css")]
    assert fetch(assets.asset_url("b.css")).status == 200
    assert int(got.headers["content-length"]) == len(got.body)
    # A page cached before an update would load the assets of the old version.
    assert "etag" not in got.headers


def test_html_without_head_or_body_is_left_as_it_is() -> None:
    got = prepared("text/html", "<p>Not found</p>")
    assert got.body == b"<p>Not found</p>"
    assert int(got.headers["content-length"]) == len(got.body)


def test_a_page_that_streamlit_would_compress_gets_its_style_too(own_folder: Path) -> None:
    async def page(scope: Any, receive: Any, send: Any) -> None:
        await HTMLResponse(PAGE)(scope, receive, send)

    compressing = GZipMiddleware(page, minimum_size=1)
    request_headers = {"accept": "text/html", "accept_encoding": "gzip, deflate"}
    assert answer(compressing, "/data", **request_headers).headers["content-encoding"] == "gzip"
    got = answer(assets.Preload(compressing), "/data", **request_headers)
    assert assets.asset_url("b.css") in got.body.decode()
    assert "content-encoding" not in got.headers


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/data/x", "/data"),
        ("/data/x/y/", "/data"),
        ("/a%20b%3Fc/x", "/a%20b%3Fc"),
        ("//evil/x", "/evil"),
    ],
)
def test_an_address_below_a_page_is_redirected_to_the_page(address: str, page: str) -> None:
    got = prepared("text/html", PAGE, address)
    assert got.status == 307
    assert got.headers["location"] == page
    assert got.body == b""
    assert prepared("text/javascript", PAGE, address).status == 200
    assert prepared("text/html", PAGE, "/component/x/index.html").status == 200


def test_a_script_is_left_as_it_is() -> None:
    got = prepared("text/javascript", PAGE)
    assert "link" not in got.headers
    assert got.headers["etag"] == '"1"'
    assert got.body == PAGE.encode()


def prepared(kind: str, body: str, address: str = "/data/") -> Answer:
    """The answer of `Preload` to a page of this content type that is sent in two parts."""
    content = body.encode()
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", b"%d" % len(content)),
        (b"etag", b'"1"'),
    ]

    async def page(scope: Any, receive: Any, send: Any) -> None:
        assert (b"if-none-match", b'"1"') not in scope["headers"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content[:20], "more_body": True})
        await send({"type": "http.response.body", "body": content[20:]})

    accept = "text/html,*/*;q=0.8"
    return answer(assets.Preload(page), address, accept=accept, if_none_match='"1"')
