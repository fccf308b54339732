"""Assets: their addresses, caching and compression, and that no other file is served."""

import gzip
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
import streamlit as st

from pages.ui.browser import assets
from tests.ui.browser.asking import fetch


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


def test_files_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assets.load_assets()
    monkeypatch.delattr(assets.Path, "read_bytes")
    assert all(assets.asset_url(name) for name in assets.asset_names())


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


def test_the_same_address_serves_below_a_base_path(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"server.baseUrlPath": "/lab/"}
    monkeypatch.setattr(st, "get_option", options.get)
    url = assets.asset_url(assets.PLOTLY)
    assert fetch(urljoin("/lab/data", url)).status == 200
    assert fetch(urljoin("/data", url)).status == 404


def test_the_picture_of_the_readme_is_an_asset_of_its_own_version(own_folder: Path) -> None:
    picture = fetch(assets.asset_url(assets.PICTURE), accept_encoding="gzip")
    assert picture.headers["content-type"] == "image/png"
    assert picture.body.startswith(b"\x89PNG")
    (own_folder / "b.css").write_text(".b { color: red }")
    assert fetch(assets.asset_url(assets.PICTURE)).headers == picture.headers


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("gzip; q=0.001, *;q=0", True),
        ("", False),
        ("br", False),
        ("x-gzip-like", False),
        ("gzip;q=0", False),
        ("br, gzip; q=0.000", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
    ],
)
def test_gzip_is_sent_only_where_it_is_accepted(header: str, accepted: bool) -> None:
    assert assets.accepts_gzip(header) is accepted
    assets.compress_assets()
    got = fetch(assets.asset_url("stream.js"), accept_encoding=header)
    assert ("content-encoding" in got.headers) is accepted
