"""The address bar holds the experiment: links, reload, Back, and every page of a fresh server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import playground as ui
from tests.browser.page import open_page, wait_until_idle
from tests.browser.server import Server, running_app

ROOT = Path(__file__).resolve().parents[2]
LINK = "K=3&M=60&N=5&noise=0.8&seed=21&start_seed=4&method=Both&rate=0.1&train=means.covariances"


def expect_linked_controls(page: Page) -> None:
    """The controls stand where LINK puts them."""
    expect(page.get_by_role("slider", name="States K")).to_have_value("3")
    expect(page.get_by_role("slider", name="Noise σ")).to_have_value("0.8")
    for label, value in {"Length M": "60", "Sequences N": "5", "Seed": "21"}.items():
        expect(page.get_by_role("spinbutton", name=label, exact=True)).to_have_value(value)
    expect(page.get_by_role("spinbutton", name="Learning rate")).to_have_value("0.1")
    pressed = page.locator(".st-key-control_trainable button[aria-pressed=true]")
    expect(pressed).to_have_text(["Means", "Noise"])


def test_a_reload_shows_the_same_experiment(page: Page) -> None:
    ui.open_playground(page, LINK)
    ui.wait_until_settled(page)
    start = ui.log_likelihood_text(page)
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    stepped = ui.log_likelihood_text(page)

    page.reload()
    ui.wait_until_drawn(page)
    expect_linked_controls(page)
    # The address bar says how far the runs are, and the same steps are taken again.
    ui.expect_iteration(page, 1)
    expect(page.get_by_test_id("log-likelihood-EM")).to_have_text(stepped)
    ui.press(page, "Reset")
    ui.expect_iteration(page, 0)
    assert ui.log_likelihood_text(page) == start
    page.wait_for_url(lambda url: "runs=" not in url)


def test_back_undoes_a_change_and_forward_does_it_again(page: Page) -> None:
    ui.open_playground(page, "M=60&N=5")
    ui.wait_until_settled(page)
    start = ui.log_likelihood_text(page)
    ui.nudge(page, "States K", "ArrowLeft")
    page.wait_for_url("**K=4*")
    ui.wait_until_settled(page)
    changed = ui.log_likelihood_text(page)
    assert changed != start

    slider = page.get_by_role("slider", name="States K")
    page.go_back()
    expect(slider).to_have_value("5")
    expect(page.get_by_test_id("log-likelihood-EM")).to_have_text(start)
    page.go_forward()
    expect(slider).to_have_value("4")
    expect(page.get_by_test_id("log-likelihood-EM")).to_have_text(changed)


def test_a_bad_link_says_what_was_taken_instead(page: Page) -> None:
    ui.open_playground(page, "K=99&noise=loud&sequence=999")
    expect(page.get_by_role("slider", name="States K")).to_have_value("20")
    alerts = page.locator("[data-testid=stAlert]")
    expect(alerts.filter(has_text="States K")).to_be_visible()
    expect(alerts.filter(has_text="Noise σ")).to_be_visible()
    expect(alerts.filter(has_text="sequence 999")).to_be_visible()


def test_an_address_below_a_page_leads_to_the_page(page: Page) -> None:
    open_page(page, "/data/x?K=3")
    assert "/data?" in page.url
    expect(page.get_by_role("slider", name="States K")).to_have_value("3")


class TestFreshServer:
    """The first visit of a server that has just started is a link to one of its pages."""

    @pytest.fixture
    def server(self, tmp_path) -> Iterator[Server]:
        with running_app(ROOT / "app.py", tmp_path / "log.txt") as server:
            yield server

    def test_links_to_every_page(self, page: Page, server: Server) -> None:
        for name in ("Viterbi", "Landscape", "Trust", "Data", "Playground"):
            path = "" if name == "Playground" else name.lower()
            page.goto(f"{path}?{LINK}")
            expect_linked_controls(page)
            current = page.locator("[data-testid=stTopNavLink][aria-current=page]")
            expect(current).to_have_text(re.compile(f"{name}$"))
            wait_until_idle(page)
            assert page.url.startswith(f"{server.url}/{path}?")
            sheets = page.evaluate("[...document.styleSheets].map((sheet) => String(sheet.href))")
            assert sheets[-1].endswith("/page.css"), "ours comes last, at every address"
        assert "Traceback" not in server.log()
