"""The outcome beside Play, as every page sends it, and what its buttons do to the page."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.session.commands import receive
from tests.pages.shown import healthy, live, opened, press, session, text

PAGES = ["playground.py", "data.py", "training.py", "posterior.py", "decoding.py", "messages.py"]


def say(app: AppTest, command: str) -> AppTest:
    """Send a command as the run controls do, and let the page run as they ask for it."""
    here = session(app)
    assert receive(here, f"{here.acknowledged + 1} {here.settings_number} {command}")
    return healthy(app.run())


def test_every_page_says_the_same() -> None:
    lines = []
    for page in PAGES:
        app = opened(page, K="3", method="Both", shown="Gradient")
        for _ in range(7):
            session(app).step()
        lines.append(live(healthy(app.run()))["outcome"])
    assert lines[0]["run"] == "Gradient, iteration 7"
    assert "of states right" in lines[0]["share"]
    assert all(line == lines[0] for line in lines)


@pytest.mark.parametrize("page", ["playground.py", "posterior.py"])
def test_the_remedy_acts_as_the_button_of_its_finding_and_is_undone(page: str) -> None:
    app = opened(page, K="3", start="symmetric")
    press(app, "step")
    before = live(app)
    remedy = before["outcome"]["remedy"]
    assert remedy["label"] in [button.label for button in app.button]
    say(app, f"remedy {remedy['number']}")
    assert (session(app).config.nudge, live(app)["latest"]) == (1, 0)
    assert live(app)["news"] != before["news"], "what Streamlit draws follows"
    assert "All states are alike" not in text(app)
    assert "undo_remedy" in [button.key for button in app.button]
    assert live(app)["outcome"]["undo"]
    say(app, "undo")
    assert "All states are alike" in text(app)
    assert live(app)["outcome"] == before["outcome"]
    assert "undo_remedy" not in [button.key for button in app.button]


def test_a_learning_rate_that_a_remedy_changes_is_news_to_the_sidebar() -> None:
    app = opened("playground.py", K="3", method="Gradient", optimizer="plain", rate="3")
    for _ in range(60):
        session(app).step()
    before = live(healthy(app.run()))
    remedy = before["outcome"]["remedy"]
    assert remedy["label"] == "Lower the rate to 1"
    say(app, f"remedy {remedy['number']}")
    assert live(app)["latest"] == before["latest"], "it goes on from where it is"
    assert live(app)["news"] != before["news"]
    (rate,) = (box for box in app.number_input if box.label == "Learning rate")
    assert rate.value == 1.0
