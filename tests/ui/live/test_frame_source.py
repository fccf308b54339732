"""The commands of the live panel's own controls, and the frames that answer them."""

from __future__ import annotations

import json

import pytest

from pages.ui.live.frame_source import FrameSource, frame_source
from pages.ui.session.session import Session
from pages.ui.settings.config import Config


def source(steps: int = 5) -> FrameSource:
    session = Session(Config(length=30, num_sequences=3))
    for _ in range(steps):
        session.step()
    return frame_source(session)


def header(frame: bytes | None) -> dict:
    assert frame is not None
    size = int.from_bytes(frame[:4], "little")
    return json.loads(frame[4 : 4 + size])


def test_travelling_by_the_panels_own_controls():
    frames = source()
    there = header(frames.handle("at 2"))
    assert (there["live"]["at"], there["live"]["latest"]) == (2, 5)
    assert [run["iteration"] for run in there["runs"]] == [2]
    assert there["charts"]["curve"]["shown"] == [2]
    assert header(frames.handle("mark"))["live"]["marks"] == [2]
    back = header(frames.handle("now"))
    assert (back["live"]["at"], back["runs"][0]["iteration"]) == (None, 5)
    assert back["charts"]["curve"]["marks"] == [2]


def test_leaving_the_latest_iteration_is_news_to_the_page():
    frames = source()
    present = header(frames.frame())["live"]["news"]
    past = header(frames.handle("at 2"))["live"]["news"]
    assert past != present
    assert header(frames.handle("at 3"))["live"]["news"] == past
    assert header(frames.handle("now"))["live"]["news"] == present


@pytest.mark.parametrize(
    "command",
    [
        *("", "at", "at ", "at -1", "at 1.5", "at x", "at ٣", "AT 2", "at 2 3"),
        *("play", "Step", "step 2", "steps", "reset 1", "now 2", "mark 3"),
    ],
)
def test_an_unknown_command_does_nothing(command):
    frames = source()
    live = header(frames.handle(command))["live"]
    assert (live["at"], live["latest"], live["playing"]) == (None, 5, False)
    assert live["marks"] == []


def test_each_step_that_is_pressed_counts_and_reset_goes_back():
    frames = source()
    before = header(frames.frame())["runs"][0]["log_likelihood"]
    frames.handle("at 2")
    steps = [header(frames.handle("step")) for _ in range(3)]
    assert [frame["live"]["latest"] for frame in steps] == [6, 7, 8]
    assert [frame["live"]["at"] for frame in steps] == [None] * 3
    assert not any(frame["live"]["wanted"] or frame["live"]["ahead"] for frame in steps)
    assert steps[-1]["runs"][0]["log_likelihood"] > before
    frames.handle("mark")
    back = header(frames.handle("reset"))
    assert (back["live"]["latest"], back["live"]["marks"]) == (0, [])


def test_a_command_that_arrives_after_a_later_play_does_not_stop_it():
    frames = source()
    frames.session.play()
    live = header(frames.handle("step"))["live"]
    # While the runs play, a step is left to the player.
    assert (live["latest"], live["playing"]) == (5, True)
    assert header(frames.next_frame(0.0))["live"]["latest"] == 6
    live = header(frames.handle("reset"))["live"]
    assert (live["latest"], live["playing"]) == (0, True)
    assert header(frames.next_frame(0.0))["live"]["latest"] == 1


def test_later_frames_have_higher_numbers():
    frames = source()
    made = [frames.frame(), frames.handle("at 2"), frames.handle("now"), frames.frame()]
    assert [header(frame)["live"]["number"] for frame in made] == [1, 2, 3, 4]


def test_pause_is_answered_with_the_current_frame():
    frames = source()
    frames.session.play()
    assert header(frames.next_frame(0.01))["live"]["wanted"]
    assert not header(frames.handle("pause"))["live"]["playing"]
    assert frames.next_frame(0.01) is None


def test_a_frame_sent_ahead_says_so():
    frames = source()
    ahead = header(frames.frame(ahead=True))
    assert ahead["live"]["ahead"]
    assert not ahead["live"]["wanted"]
    after = header(frames.frame())
    assert not after["live"]["ahead"]
    # The page's own frame comes later, and its charts are not drawn again.
    assert after["live"]["number"] > ahead["live"]["number"]
    assert {name: chart["digest"] for name, chart in after["charts"].items()} == {
        name: chart["digest"] for name, chart in ahead["charts"].items()
    }
