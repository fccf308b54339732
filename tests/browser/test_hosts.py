"""The app where others host it: behind a proxy that strips a prefix, below a base path, in a frame
of another site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser import playground as ui
from tests.browser.page import open_page
from tests.browser.proxy import Proxy, running_proxy
from tests.browser.server import Server, running_app

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "/user/ana/proxy/8501"
SIZE = "M=60&N=5"


class TestPrefixThatAProxyStrips:
    """The server does not know the prefix; every address without it belongs to somebody else."""

    @pytest.fixture
    def proxy(self, app_server: Server) -> Proxy:
        return Proxy(app_server, prefix=PREFIX)

    @pytest.fixture
    def server(self, proxy: Proxy) -> Iterator[Server]:
        with running_proxy(proxy) as server:
            yield server

    def test_a_visit_from_a_link_to_a_download(
        self, page: Page, server: Server, proxy: Proxy, tmp_path: Path
    ) -> None:
        def expect_page(name: str) -> None:
            current = page.locator("[data-testid=stTopNavLink][aria-current=page]")
            expect(current).to_have_text(re.compile(f"{name}$"))
            path = "" if name == "Playground" else name.lower()
            assert page.url.startswith(f"{server.url}/{path}?")

        # With a slash too many, which Streamlit would redirect to the root of the site.
        open_page(page, f"/training/?K=3&{SIZE}")
        expect_page("Training")
        expect(page.get_by_role("slider", name="States K")).to_have_value("3")
        ui.visit(page, "Playground")
        ui.wait_until_settled(page)
        expect_page("Playground")
        ui.press(page, "Step")
        ui.expect_iteration(page, 1)
        assert any(line.startswith("/live-hmm/") for line in proxy.lines)
        page.wait_for_url("**runs=*")
        stepped = ui.log_likelihood_text(page)

        page.reload()
        ui.wait_until_drawn(page)
        ui.expect_iteration(page, 1)
        ui.wait_until_settled(page)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy link").click()
        expect(page.locator(".hmm-link output")).to_contain_text("Link copied.")
        link: str = page.evaluate("navigator.clipboard.readText()")
        assert link.startswith(f"{server.url}/?")
        assert "K=3" in link

        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Experiment file").click()
        saved = tmp_path / download.value.suggested_filename
        download.value.save_as(saved)
        page.keyboard.press("Escape")

        # Other settings, and back again.
        ui.nudge(page, "States K", "ArrowRight")
        page.wait_for_url("**K=4*")
        ui.wait_until_settled(page)
        page.go_back()
        expect(page.get_by_role("slider", name="States K")).to_have_value("3")
        expect(page.get_by_test_id("log-likelihood-EM")).to_have_text(stepped)
        expect_page("Playground")

        ui.press(page, "Reset")
        ui.expect_iteration(page, 0)
        ui.visit(page, "Data")
        page.get_by_role("tab", name="Your CSV file").click()
        page.locator("input[type=file]").set_input_files(saved)
        expect(page.get_by_text("The experiment is open as it was saved.")).to_be_visible()
        ui.visit(page, "Playground")
        expect(page.get_by_test_id("log-likelihood-EM")).to_have_text(stepped)


class TestOwnLineThatAProxyRefuses:
    """Only Streamlit's own socket gets through, below a prefix that is stripped."""

    @pytest.fixture
    def server(self, app_server: Server) -> Iterator[Server]:
        with running_proxy(Proxy(app_server, prefix=PREFIX, refused=("/live-hmm/",))) as server:
            yield server

    def test_everything_works_by_streamlit(self, page: Page, browser_errors: list[str]) -> None:
        ui.open_playground(page, f"K=3&{SIZE}&method=Gradient&rate=0.0001")
        expect(page.get_by_text("Slower here")).to_be_visible()
        for taken in (1, 2):
            ui.press(page, "Step")
            ui.expect_iteration(page, taken, "Gradient")
        # While a mark is held, the likelihood follows, slower.
        mark = page.get_by_role("slider", name="mean of S1", exact=True)
        box = mark.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + 60, box["y"], steps=5)
        ui.expect_iteration(page, 0, "Gradient")
        page.mouse.up()
        expect(ui.chart(page, "curve")).to_contain_text("the best run")
        ui.press(page, "Play")
        expect(ui.button(page, "Pause")).to_be_visible()
        ui.wait_beyond(page, 6, "Gradient")
        ui.visit(page, "Viterbi")
        ui.press(page, "Pause")
        expect(ui.button(page, "Play")).to_be_visible()
        ui.press(page, "Reset")
        expect(page.get_by_role("heading", name="Gradient at iteration 0").first).to_be_visible()
        # A press right after a change counts after it.
        ui.nudge(page, "States K", "ArrowRight")
        ui.press(page, "Step")
        page.wait_for_url("**K=4*")
        expect(page.get_by_role("heading", name="Gradient at iteration 1").first).to_be_visible()
        assert browser_errors
        assert all("/live-hmm/" in text for text in browser_errors)
        browser_errors.clear()


class TestBasePathInAnotherSitesFrame:
    """A server with a base path of its own, shown by a page of another origin."""

    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[Server]:
        with running_app(ROOT / "app.py", tmp_path / "log.txt", base_path="lab") as server:
            yield server

    def test_an_embedded_page_trains(self, page: Page, server: Server) -> None:
        # Another name of this machine is another site. The page must come from this machine: of
        # others the browser does not let frames in.
        page.goto(server.url.replace("127.0.0.1", "localhost") + "/_stcore/health")
        lines: list[str] = []
        page.on("websocket", lambda line: lines.append(urlsplit(line.url).path))
        frame = f'<iframe src="{server.url}/?embed=true&K=3&{SIZE}" width=1400 height=850>'
        page.evaluate("frame => { document.body.innerHTML = frame; }", frame)
        ours = page.frame_locator("iframe")
        ours.get_by_test_id("iteration-EM").wait_for()
        ui.press(ours, "Step")
        ui.expect_iteration(ours, 1)
        assert any(path.startswith("/lab/live-hmm/") for path in lines)
        assert "Traceback" not in server.log()
