"""The top of every page, as Streamlit runs it, without a browser."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.experiment.replay import Replay
from pages.ui.glossary import GLOSSARY
from pages.ui.live.frame_source import frame_source
from pages.ui.parts import run_controls
from pages.ui.parts.export_area import script
from pages.ui.session.link import NO_FILE
from tests.pages.shown import healthy, live, opened, press, session, upload

PAGES = [
    "playground.py", "data.py", "posterior.py", "decoding.py", "messages.py", "models.py",
    "trust.py",
]  # fmt: skip
EXPORTS = [
    "Experiment file", "Learned model (JSON)", "Decoded data (CSV)", "Decoded data (Parquet)",
    "Notebook (.ipynb)", "Script (.py)",
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


def script_button(app: AppTest) -> Any:
    """The button that downloads a script, as the browser is told of it."""
    (button,) = (b for b in app.get("download_button") if b.proto.label == "Script (.py)")
    return button.proto


def test_a_script_prints_what_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    app = upload(opened("playground.py"), [np.arange(9.0), np.array([2.0, np.nan, 1.0])])
    shown = session(app)
    shown.step()
    exec(script(shown, "hmmcore").decode(), {})
    total, mean = capsys.readouterr().out.splitlines()
    expected = shown.shown_state.log_likelihood
    assert float(total.removeprefix("log-likelihood ")) == pytest.approx(expected, rel=1e-12)
    assert float(mean.split()[2]) == pytest.approx(expected / 11, rel=1e-12)
    assert mean.endswith("(11 observed)")


def test_a_library_that_cannot_score_gaps_gets_no_script() -> None:
    app = upload(opened("playground.py"), [np.arange(9.0), np.array([2.0, np.nan, 1.0])])
    sentence = "The data have missing values, which dynamax cannot score."
    assert not script_button(app).disabled
    app = healthy(app.button_group(key="export_library").set_value("dynamax").run())
    assert script_button(app).disabled
    assert sentence in [caption.value for caption in app.caption]
    app = healthy(app.button_group(key="export_library").set_value("hmmcore").run())
    assert not script_button(app).disabled
    assert sentence not in [caption.value for caption in app.caption]


def said(monkeypatch: pytest.MonkeyPatch, **value: object) -> None:
    """Let the browser say this with the next run of the page, as the value of the run controls."""
    monkeypatch.setattr(run_controls, "_said", lambda: value)


def test_what_was_said_to_a_server_before_a_restart_is_not_carried_out_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = opened("data.py")
    said(monkeypatch, asked=9, stream="./live-hmm/another", refused=True, commands=["1 0 step"])
    assert live(healthy(app.run()))["latest"] == 0


@pytest.mark.parametrize("script", PAGES)
def test_where_the_line_is_refused_commands_come_with_runs_of_the_page(
    script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(script, speed="max", method="Gradient", rate="0.0001")
    settings, stream = live(app)["settings"], live(app)["stream"]
    step, play = f"1 {settings} step", f"2 {settings} play"
    said(monkeypatch, asked=1, stream=stream, refused=True, commands=[step])
    assert live(healthy(app.run()))["latest"] == 1
    # It is said until it is acknowledged, and counts once.
    said(monkeypatch, asked=2, stream=stream, refused=True, commands=[step, play])
    shown = live(healthy(app.run()))
    assert (shown["acknowledged"], shown["heard"], shown["playing"]) == (2, 2, True)
    trained = shown["latest"]
    assert trained > 1
    # Each further run trains.
    said(monkeypatch, asked=3, refused=True, commands=[])
    assert live(healthy(app.run()))["latest"] > trained


@pytest.mark.parametrize("commands", [None, 3, "step", [None], [[1]], ["1 0 fly"], ["step"] * 99])
def test_what_no_run_controls_say_does_nothing(
    commands: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened("data.py")
    stream = live(app)["stream"]
    said(monkeypatch, asked=1, stream=stream, refused="yes", commands=commands)
    shown = live(healthy(app.run()))
    assert (shown["latest"], shown["playing"]) == (0, False)


@pytest.fixture
def one_step_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay that takes a single step for each frame."""
    advance = Replay.advance
    monkeypatch.setattr(Replay, "advance", lambda replay, _budget: advance(replay, 0.0))


@pytest.mark.parametrize("script", PAGES)
def test_a_long_replay_goes_on_frame_by_frame_on_every_page(
    script: str, one_step_a_run: None
) -> None:
    app = opened(script, runs="EM_6")
    assert "Going to iteration 6" in "".join(note.value for note in app.info)
    frames = frame_source(session(app))
    seen = [session(app).latest]
    while frames.next_frame(0.0) is not None:
        seen.append(session(app).latest)
    assert sorted(set(seen)) == [1, 2, 3, 4, 5, 6]
    assert "Going to" not in "".join(note.value for note in healthy(app.run()).info)


@pytest.mark.parametrize("script", PAGES)
def test_pause_stops_a_replay(script: str, one_step_a_run: None) -> None:
    app = press(opened(script, runs="EM_60"), "pause")
    assert session(app).replay is None
    assert 0 < session(app).latest < 60
    assert not live(app)["playing"]


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


def test_the_playground_says_above_all_else_what_it_is() -> None:
    app = opened("playground.py")
    (title,) = app.title
    assert title.value == "Watch a hidden Markov model learn"
    elements = [one.value for one in app.main if one.type in ("title", "markdown")]
    assert elements[0] == title.value
    assert elements[1].startswith("Behind each observation hides a state")


@pytest.mark.parametrize("script", [*PAGES, "training.py"])
def test_every_page_has_every_word_at_hand(script: str) -> None:
    app = opened(script)
    (words,) = (expander for expander in app.expander if expander.label == "Words")
    (listed,) = (markdown.value for markdown in words.markdown)
    for word, meaning in GLOSSARY.items():
        assert f"**{word}**: {meaning}" in listed
