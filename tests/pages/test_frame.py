"""The top of every page, as Streamlit runs it, without a browser."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.experiment.replay import Replay
from pages.ui.session.link import NO_FILE
from tests.pages.shown import healthy, opened, press, session, upload

PAGES = ["playground.py", "data.py", "posterior.py", "decoding.py"]
EXPORTS = [
    "Experiment file", "Learned model (JSON)", "Decoded data (CSV)", "Decoded data (Parquet)",
    "Notebook (.ipynb)",
]  # fmt: skip


def link_message(app: AppTest) -> dict[str, Any]:
    """The message to the browser about the link."""
    (component,) = (c for c in app.get("bidi_component") if "page_link" in c.proto.id)
    (found,) = json.loads(component.proto.json)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("script", PAGES)
def test_every_page_has_the_link_and_the_exports(script: str) -> None:
    app = opened(script, method="Both")
    session(app).step()
    message = link_message(healthy(app.run()))
    assert message["run_position"] == {"runs": "EM_1~Gradient_1"}
    assert message["unsaid"] == ""
    assert "method=Both" in message["query"]
    labels = [button.proto.label for button in app.get("download_button")]
    assert [label for label in labels if label in EXPORTS] == EXPORTS


def test_every_press_of_a_run_control_is_acknowledged() -> None:
    app = opened("posterior.py", start="random")
    assert link_message(app)["presses"] == 0
    for number, key in enumerate(["step", "reset", "new_start", "play", "pause"], start=1):
        assert link_message(press(app, key))["presses"] == number
    # Other reruns of the page do not count.
    assert link_message(healthy(app.run()))["presses"] == 5


@pytest.fixture
def one_step_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay that takes a single step in each run of the page."""
    advance = Replay.advance
    monkeypatch.setattr(Replay, "advance", lambda replay, _budget: advance(replay, 0.0))


@pytest.mark.parametrize("script", PAGES[1:])
def test_a_long_replay_goes_on_over_reruns_of_every_page(script: str, one_step_a_run: None) -> None:
    app = opened(script, runs="EM_6")
    assert "Going to iteration 6" in "".join(note.value for note in app.info)
    seen = [session(app).latest]
    while session(app).replay is not None:
        seen.append(session(healthy(app.run())).latest)
    assert seen[-1] == 6
    assert len(seen) > 2
    assert "Going to" not in "".join(note.value for note in healthy(app.run()).info)


@pytest.mark.parametrize("script", PAGES[1:])
def test_pause_stops_a_replay(script: str, one_step_a_run: None) -> None:
    app = press(opened(script, runs="EM_60"), "pause")
    assert session(app).replay is None
    assert 0 < session(app).latest < 60
    assert not [button for button in app.button if button.key == "pause"]


def test_with_uploaded_data_the_link_says_what_it_cannot_carry() -> None:
    app = upload(opened("playground.py"), [np.arange(9.0), np.arange(7.0)])
    message = link_message(app)
    assert message["unsaid"] == NO_FILE
    assert message["own"] == session(app).upload_key
    # The key is known to this tab alone.
    assert session(app).upload_key not in message["query"]


def test_a_later_link_has_a_higher_number() -> None:
    app = opened("playground.py")
    first = link_message(app)
    second = link_message(healthy(app.run()))
    assert second["number"] > first["number"]
    assert second["settings"] == first["settings"]
    session(app).change(num_states=3)
    assert link_message(healthy(app.run()))["settings"] != first["settings"]
