"""What the live panel's own controls say to the session, and the frames they get."""

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
    here = source()
    there = header(here.handle("at 2"))
    assert (there["live"]["at"], there["live"]["latest"]) == (2, 5)
    assert [run["iteration"] for run in there["runs"]] == [2]
    assert there["charts"]["curve"]["shown"] == [2]
    assert header(here.handle("mark"))["live"]["marks"] == [2]
    back = header(here.handle("now"))
    assert (back["live"]["at"], back["runs"][0]["iteration"]) == (None, 5)
    assert back["charts"]["curve"]["marks"] == [2]


def test_leaving_the_present_is_news_to_the_page():
    here = source()
    present = header(here.frame())["live"]["news"]
    past = header(here.handle("at 2"))["live"]["news"]
    assert past != present
    assert header(here.handle("at 3"))["live"]["news"] == past
    assert header(here.handle("now"))["live"]["news"] == present


@pytest.mark.parametrize(
    "command",
    [
        *("", "at", "at ", "at -1", "at 1.5", "at x", "at ٣", "AT 2", "at 2 3"),
        *("play", "Step", "step 2", "steps", "reset 1", "now 2", "mark 3"),
    ],
)
def test_what_is_nobodys_button_does_nothing(command):
    here = source()
    told = header(here.handle(command))["live"]
    assert (told["at"], told["latest"], told["playing"]) == (None, 5, False)
    assert told["marks"] == []


def test_each_step_that_is_pressed_counts_and_reset_goes_back():
    here = source()
    before = header(here.frame())["runs"][0]["log_likelihood"]
    here.handle("at 2")
    told = [header(here.handle("step")) for _ in range(3)]
    assert [frame["live"]["latest"] for frame in told] == [6, 7, 8]
    assert [frame["live"]["at"] for frame in told] == [None] * 3
    assert not any(frame["live"]["wanted"] or frame["live"]["ahead"] for frame in told)
    assert told[-1]["runs"][0]["log_likelihood"] > before
    here.handle("mark")
    back = header(here.handle("reset"))
    assert (back["live"]["latest"], back["live"]["marks"]) == (0, [])


def test_a_press_that_is_heard_after_the_play_that_followed_it_ends_nothing():
    here = source()
    here.session.play()
    told = header(here.handle("step"))["live"]
    # Playing takes the step.
    assert (told["latest"], told["playing"]) == (5, True)
    assert header(here.next_frame(0.0))["live"]["latest"] == 6
    told = header(here.handle("reset"))["live"]
    assert (told["latest"], told["playing"]) == (0, True)
    assert header(here.next_frame(0.0))["live"]["latest"] == 1


def test_later_pictures_have_higher_numbers():
    here = source()
    made = [here.frame(), here.handle("at 2"), here.handle("now"), here.frame()]
    assert [header(frame)["live"]["number"] for frame in made] == [1, 2, 3, 4]


def test_pause_is_answered_with_where_the_training_stands():
    here = source()
    here.session.play()
    assert header(here.next_frame(0.01))["live"]["wanted"]
    assert not header(here.handle("pause"))["live"]["playing"]
    assert here.next_frame(0.01) is None


def test_a_picture_that_goes_ahead_says_so():
    here = source()
    ahead = header(here.frame(ahead=True))
    assert ahead["live"]["ahead"]
    assert not ahead["live"]["wanted"]
    after = header(here.frame())
    assert not after["live"]["ahead"]
    # Overtaken by the page itself, and nothing is drawn twice.
    assert after["live"]["number"] > ahead["live"]["number"]
    assert {name: chart["digest"] for name, chart in after["charts"].items()} == {
        name: chart["digest"] for name, chart in ahead["charts"].items()
    }
