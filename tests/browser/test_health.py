"""Findings and their remedies in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser import playground as ui
from tests.browser.page import open_page

NOTEBOOK = "data=notebook&start=symmetric&train=initial_probs.transition_matrix.means&speed=max"


def test_a_stuck_start_says_why_and_a_nudge_lets_it_learn(page: Page) -> None:
    ui.open_playground(page, NOTEBOOK)
    stuck = page.get_by_text("All states are alike.")
    expect(stuck).to_be_visible()
    expect(page.get_by_text("the gradient between the states has the norm 0,")).to_be_visible()
    ui.expect_iteration(page, 0)

    # Playing all the same leads where one state alone would.
    ui.press(page, "Play")
    expect(page.get_by_text("EM has come to rest")).to_be_visible()
    expect(page.get_by_text("because its states are all alike")).to_be_visible()
    alone = ui.log_likelihood(page)

    outcome = page.get_by_test_id("hmm-outcome")
    expect(outcome).to_contain_text("stuck: all states alike")
    expect(outcome).to_contain_text("the true model")
    outcome.get_by_role("button", name="Nudge the start", exact=True).click()
    page.wait_for_url(re.compile(r"[?&]nudge=1(&|$)"))
    expect(stuck).to_have_count(0)
    ui.expect_iteration(page, 0)
    outcome.get_by_role("button", name="Undo", exact=True).click()
    expect(stuck).to_be_visible()
    expect(outcome).to_contain_text("stuck: all states alike")
    assert ui.log_likelihood(page) == alone
    page.locator(".st-key-beside_EM_symmetric_start").get_by_role("button").click()
    expect(stuck).to_have_count(0)
    ui.press(page, "Play")
    expect(page.get_by_text("EM has come to rest")).to_be_visible()
    expect(outcome).to_contain_text("at rest")
    expect(outcome).to_contain_text("% of states right")
    expect(outcome).to_contain_text(re.compile(r"AIC .* BIC .* free parameters"))
    assert ui.log_likelihood(page) > alone + 0.05

    # The link opens the same nudged start.
    ui.press(page, "Reset")
    ui.expect_iteration(page, 0)
    ui.wait_until_settled(page)
    nudged = ui.log_likelihood_text(page)
    page.reload()
    ui.expect_iteration(page, 0)
    assert ui.log_likelihood_text(page) == nudged
    expect(stuck).to_have_count(0)


def test_what_is_found_while_playing_appears_by_itself_and_its_button_works(page: Page) -> None:
    ui.open_playground(page, "K=3&M=60&N=5&method=Gradient&optimizer=plain&rate=3&speed=50")
    ui.press(page, "Play")
    expect(page.get_by_text("The learning rate is too high.")).to_be_visible()
    reached = ui.iteration(page, "Gradient")
    page.get_by_test_id("hmm-outcome").get_by_role("button", name="Lower the rate to 1").click()
    page.wait_for_url(re.compile(r"[?&]rate=1(\.0)?(&|$)"))
    expect(page.get_by_role("spinbutton", name="Learning rate", exact=True)).to_have_value("1")
    # It goes on playing from where it stood.
    assert ui.wait_beyond(page, reached, "Gradient") > reached
    expect(page.get_by_text("The learning rate is too high.")).to_have_count(0)


def test_the_other_pages_say_what_comes_up_while_they_play(page: Page) -> None:
    open_page(page, "/posterior?K=2&M=60&N=1&speed=max")
    expect(page.get_by_text("π cannot be learned from one sequence.")).to_be_visible()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_text("EM has come to rest")).to_be_visible()
    page.get_by_role("button", name="Stop training π (Initial)", exact=True).click()
    expect(page.get_by_text("π cannot be learned from one sequence.")).to_have_count(0)
    page.get_by_test_id("hmm-outcome").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("EM has come to rest")).to_be_visible()
