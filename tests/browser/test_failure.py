"""What a visitor meets when a page fails, under a base path, on a server of its own.

The app is a small one that fails on request; its frame is the real one: our error handler, our
routes, our configuration.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from pages.ui.parts.failure import MESSAGE
from tests.browser.page import open_page, page_failures
from tests.browser.server import Server, running_app

ROOT = Path(__file__).resolve().parents[2]

APP = """
import sys
sys.path.insert(0, {root!r})
import streamlit as st
from pages.ui.browser.assets import asset_routes
from pages.ui.parts.failure import show_failure
app = st.App("main_script.py", routes=asset_routes(), on_script_error=show_failure)
"""

MAIN_SCRIPT = """
import streamlit as st

def fail():
    raise ValueError("a detail for the log only")

def first():
    st.write("first page")

def data():
    st.slider("States", 2, 10, 5, key="k", bind="query-params")
    st.button("fail in a callback", on_click=fail)
    if st.button("fail in the page"):
        fail()
    st.fragment(lambda: st.button("fail in a fragment") and fail())()

st.set_page_config(page_icon={icon!r})
st.navigation(
    [st.Page(first, url_path="first", default=True), st.Page(data, url_path="data")]
).run()
"""


@pytest.fixture(scope="module")
def failing_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("failing_app")
    icon = ROOT / "pages" / "ui" / "assets" / "favicon.svg"
    (folder / "app.py").write_text(APP.format(root=str(ROOT)))
    (folder / "main_script.py").write_text(MAIN_SCRIPT.format(icon=str(icon)))
    shutil.copytree(ROOT / ".streamlit", folder / ".streamlit")
    with running_app(folder / "app.py", folder / "log.txt", base_path="lab") as server:
        yield server


@pytest.fixture
def server(failing_server: Server) -> Server:
    return failing_server


def test_a_failure_is_one_sentence_and_the_settings_stay(page: Page, server: Server) -> None:
    # The very first visit of a fresh server is this deep link.
    open_page(page, "/data?k=9")
    for place in ("the page", "a callback", "a fragment"):
        logged_before = server.log().count("Traceback")
        page.get_by_role("button", name=f"fail in {place}").click()
        page.get_by_text(MESSAGE).wait_for()
        assert len(page_failures(page)) == 1
        assert "a detail for the log only" not in page.content()
        assert page.url.endswith("/lab/data?k=9")
        assert server.log().count("Traceback") == logged_before + 1

        page.reload()
        slider = page.get_by_role("slider")
        slider.wait_for()
        assert slider.input_value() == "9"
        assert page_failures(page) == []
