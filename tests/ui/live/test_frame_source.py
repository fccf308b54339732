"""The commands of the run controls, and the frames that answer them."""

from __future__ import annotations

import json
import threading

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


def say(frames: FrameSource, command: str) -> dict:
    """The header of the frame that answers a command, pressed under the present settings."""
    session = frames.session
    return header(frames.handle(f"{session.acknowledged + 1} {session.settings_number} {command}"))


def test_travelling_by_the_panels_own_controls():
    frames = source()
    there = say(frames, "at 2")
    assert (there["live"]["at"], there["live"]["latest"]) == (2, 5)
    assert [run["iteration"] for run in there["runs"]] == [2]
    assert there["charts"]["curve"]["shown"] == [2]
    assert say(frames, "mark")["live"]["marks"] == [2]
    back = say(frames, "now")
    assert (back["live"]["at"], back["runs"][0]["iteration"]) == (None, 5)
    assert back["charts"]["curve"]["marks"] == [2]


def test_while_the_runs_play_an_iteration_is_no_news_beside_a_live_view():
    """Sentences around it name the iteration, but need not follow each step."""
    frames = source()
    news = [say(frames, command)["live"]["news"] for command in ("at 2", "at 3", "now")]
    assert len(set(news)) == 3
    playing = say(frames, "play")["live"]["news"]
    assert playing not in news
    assert header(frames.next_frame(0.01))["live"]["news"] == playing


def test_another_view_of_the_model_is_news_for_the_address():
    frames = source()
    news = frames.live()["news"]
    shown = say(frames, "matrix")
    assert shown["model_view"] == "matrix"
    assert shown["live"]["news"] != news
    assert say(frames, "picture")["live"]["news"] == news


def test_each_command_counts_once_and_a_repeated_number_does_nothing():
    frames = source()
    before = header(frames.frame())["runs"][0]["log_likelihood"]
    say(frames, "at 2")
    steps = [say(frames, "step") for _ in range(3)]
    assert [frame["live"]["latest"] for frame in steps] == [6, 7, 8]
    assert [frame["live"]["at"] for frame in steps] == [None] * 3
    assert not any(frame["live"]["wanted"] or frame["live"]["ahead"] for frame in steps)
    assert steps[-1]["runs"][0]["log_likelihood"] > before
    # After a line was lost, the browser says again what was not acknowledged.
    number = frames.session.acknowledged
    assert header(frames.handle(f"{number} 0 step"))["live"]["latest"] == 8
    assert header(frames.handle(f"{number + 1} 0 step"))["live"]["latest"] == 9
    say(frames, "mark")
    back = say(frames, "reset")
    assert (back["live"]["latest"], back["live"]["marks"]) == (0, [])


def test_a_new_start_is_news():
    frames = source()
    before = header(frames.frame())["live"]
    after = say(frames, "new_start")["live"]
    assert frames.session.config.start_seed == 1
    assert (after["latest"], after["settings"]) == (0, before["settings"] + 1)
    assert after["news"] != before["news"]


def test_later_frames_have_higher_numbers():
    frames = source()
    made = [frames.frame(), frames.handle("1 0 at 2"), frames.handle("2 0 now"), frames.frame()]
    assert [header(frame)["live"]["number"] for frame in made] == [1, 2, 3, 4]


def test_pause_is_answered_with_the_current_frame():
    frames = source()
    frames.session.play()
    assert header(frames.next_frame(0.01))["live"]["wanted"]
    assert not say(frames, "pause")["live"]["playing"]
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


def test_a_page_that_is_running_holds_up_nobody_else():
    """Visitors share the threads that make frames; none may wait long for one session."""
    frames = source()
    frames.session.play()
    held, done = threading.Event(), threading.Event()

    def run_the_page() -> None:
        with frames.session.lock:
            held.set()
            done.wait()

    page = threading.Thread(target=run_the_page)
    page.start()
    held.wait()
    assert frames.next_frame(0.01) is None
    assert frames.handle("1 0 pause") is None
    done.set()
    page.join()
    assert not header(frames.handle("1 0 pause"))["live"]["playing"]


@pytest.mark.parametrize("page", ["data", "posterior", "viterbi"])
def test_a_page_without_a_live_view_gets_what_the_controls_show(page):
    frames = source()
    frames.session.page = page
    before = header(frames.frame())
    after = say(frames, "step")
    assert after.keys() == {"key", "live", "arrays"}
    assert (after["live"]["latest"], after["key"]) == (6, "")
    # Its figures are Streamlit's, and follow every step.
    assert after["live"]["news"] != before["live"]["news"]
