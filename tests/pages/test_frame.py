"""What stands at the top of every page, as Streamlit runs it, without a browser."""

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


def told(app: AppTest) -> dict[str, Any]:
    """What the browser is told of the link."""
    (frame,) = (one for one in app.get("bidi_component") if "page_link" in one.proto.id)
    (found,) = json.loads(frame.proto.json)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("script", PAGES)
def test_every_page_has_the_link_and_the_exports(script: str) -> None:
    app = opened(script, method="Both")
    session(app).step()
    said = told(healthy(app.run()))
    assert said["run_position"] == {"runs": "EM_1~Gradient_1"}
    assert said["unsaid"] == ""
    assert "method=Both" in said["query"]
    labels = [button.proto.label for button in app.get("download_button")]
    assert [label for label in labels if label in EXPORTS] == EXPORTS


def test_every_press_of_a_run_control_is_told_as_heard() -> None:
    app = opened("posterior.py", start="random")
    assert told(app)["presses"] == 0
    for number, key in enumerate(["step", "reset", "new_start", "play", "pause"], start=1):
        assert told(press(app, key))["presses"] == number
    # Nothing else that runs the page counts.
    assert told(healthy(app.run()))["presses"] == 5


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the way to a place, there is time for one step only."""
    advance = Replay.advance
    monkeypatch.setattr(Replay, "advance", lambda replay, _budget: advance(replay, 0.0))


@pytest.mark.parametrize("script", PAGES[1:])
def test_a_long_way_is_gone_on_every_page(script: str, one_by_one: None) -> None:
    app = opened(script, runs="EM_6")
    assert "Going to iteration 6" in "".join(note.value for note in app.info)
    seen = [session(app).latest]
    while session(app).replay is not None:
        seen.append(session(healthy(app.run())).latest)
    assert seen[-1] == 6
    assert len(seen) > 2
    assert "Going to" not in "".join(note.value for note in healthy(app.run()).info)


@pytest.mark.parametrize("script", PAGES[1:])
def test_pause_stops_on_the_way(script: str, one_by_one: None) -> None:
    app = press(opened(script, runs="EM_60"), "pause")
    assert session(app).replay is None
    assert 0 < session(app).latest < 60
    assert not [button for button in app.button if button.key == "pause"]


def test_of_own_data_the_link_says_what_it_cannot_carry() -> None:
    app = upload(opened("playground.py"), [np.arange(9.0), np.arange(7.0)])
    said = told(app)
    assert said["unsaid"] == NO_FILE
    assert said["own"] == session(app).upload_key
    # The key is for this tab alone.
    assert session(app).upload_key not in said["query"]


def test_a_later_word_has_a_higher_number() -> None:
    app = opened("playground.py")
    first = told(app)
    second = told(healthy(app.run()))
    assert second["number"] > first["number"]
    assert second["settings"] == first["settings"]
    session(app).change(num_states=3)
    assert told(healthy(app.run()))["settings"] != first["settings"]
