"""The page that the server sends first: what it adds to Streamlit's, and which addresses get it."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import streamlit as st
from starlette.responses import PlainTextResponse

from pages.ui.browser import assets
from pages.ui.browser.index_page import STREAMLIT_PAGE, IndexPage
from tests.ui.browser.asking import Answer, answer, fetch


def ask(path: str, query: str = "", **headers: str) -> Answer:
    """What `IndexPage` answers to one GET request; "passed on" to what it leaves to Streamlit."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope = {**scope, "query_string": query.encode()}
        await IndexPage(PlainTextResponse("passed on"))(scope, receive, send)

    return answer(app, path, **headers)


@pytest.mark.parametrize("path", ["/", "/data", "/nowhere"])
def test_every_page_has_style_and_scripts_by_relative_addresses(
    own_folder: Path,
    path: str,
) -> None:
    got = ask(path)
    assert got.status == 200
    assert got.headers["content-type"] == "text/html; charset=utf-8"
    assert got.headers["x-content-type-options"] == "nosniff"
    # A page kept from before an update would load the assets of the old version.
    assert got.headers["cache-control"] == "no-cache"
    links = dict(part.strip().split(">; ", 1) for part in got.headers["link"].split(","))
    assert links == {
        f"<{assets.asset_url(assets.PLOTLY)}": "rel=modulepreload",
        f"<{assets.asset_url('a.js')}": "rel=modulepreload",
    }
    page = got.body.decode()
    assert f'import("{assets.asset_url(assets.PLOTLY)}")' in page.split("</head>")[0]
    sheets = re.findall(r'<link rel="stylesheet"[^>]* href="([^"]*)">', page)
    assert sheets[-1] == assets.asset_url("b.css"), "after Streamlit's, which are in the head"
    assert fetch(urljoin(path, sheets[-1])).status == 200
    addresses = re.findall(r'(?:src|href|import)(?:=|\()"([^"]*)"', page)
    assert [address for address in addresses if address.startswith(("/", "http"))] == []


def test_streamlits_page_is_there_in_full(own_folder: Path) -> None:
    page = ask("/").body.decode()
    for line in STREAMLIT_PAGE.read_text().splitlines():
        if "<title>" not in line:
            assert line.strip() in page


def test_a_link_shows_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def properties() -> dict[str, str]:
        page = ask("/training").body.decode()
        assert re.findall("<title>(.*)</title>", page) == ["HMM Playground"]
        return dict(re.findall(r'<meta (?:name|property)="([^"]*)" content="([^"]*)">', page))

    monkeypatch.delenv("HMM_PUBLIC_URL", raising=False)
    shown = properties()
    assert shown["og:title"] == "HMM Playground"
    assert "hidden Markov model" in shown["og:description"]
    assert shown["description"] == shown["og:description"]
    assert shown["og:type"] == "website"
    assert "og:image" not in shown, "which needs the address of the site"

    monkeypatch.setenv("HMM_PUBLIC_URL", 'https://hmm.example/lab"')
    site, _, picture = unescape(properties()["og:image"]).partition('"')
    assert site == "https://hmm.example/lab"
    assert fetch(picture).headers["content-type"] == "image/png"
    assert properties()["twitter:card"] == "summary_large_image"


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/data/", "../data"),
        ("/data/x", "../data"),
        ("/data/x/y/", "../../../data"),
        ("/a%20b%3Fc/x", "../a%20b%3Fc"),
    ],
)
def test_an_address_below_a_page_leads_to_the_page(path: str, page: str) -> None:
    got = ask(path, "K=3&data=a%2Fb")
    assert got.status == 307
    assert got.headers["location"] == f"{page}?K=3&data=a%2Fb"
    assert got.headers["cache-control"] == "no-cache"
    assert urljoin(f"/prefix{path}", page) == f"/prefix/{page.removeprefix('../').split('/')[-1]}"


@pytest.mark.parametrize(
    "path",
    [
        "/favicon.png",
        "/static/js/index.js",
        "/component/x/index.html",
        "/_stcore/health",
        # Where Streamlit looks for its server first when a visit begins at /data.
        "/data/_stcore/health",
        "/assets-hmm/1/panel.js",
        "//elsewhere/x",
    ],
)
def test_what_is_no_page_is_left_to_streamlit(path: str) -> None:
    assert ask(path).body == b"passed on"


def test_pages_below_a_base_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "get_option", {"server.baseUrlPath": "/lab/"}.get)
    assert b"HMM Playground" in ask("/lab/").body
    assert b"HMM Playground" in ask("/lab/data").body
    assert ask("/lab/data/x").headers["location"] == "../data"
    for path in ("/lab", "/data", "/labour/data", "/lab/_stcore/health"):
        assert ask(path).body == b"passed on"
