"""Commands of the run controls: their order with the settings, and what is none."""

from __future__ import annotations

import dataclasses
import threading

import pytest

from pages.ui.experiment import pacing
from pages.ui.session import commands
from pages.ui.session.commands import LONGEST_HOLD, carry_out, receive
from pages.ui.session.remedies import first_remedy
from pages.ui.session.session import Session
from pages.ui.settings.config import Config


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def session() -> Session:
    made = Session(Config(length=30, num_sequences=3))
    made.player.clock = Clock()
    return made


def test_play_waits_for_the_change_that_was_made_before_it_and_plays_on_the_new_data() -> None:
    here = session()
    play = f"1 {here.settings_number + 1} play"
    assert not receive(here, play)
    assert not here.player.playing
    before = here.data
    here.change(num_states=3)
    assert receive(here, play)
    assert here.player.playing
    assert here.data is not before


def test_a_command_waits_no_longer_than_a_moment_for_a_change_that_never_comes() -> None:
    here = session()
    step = f"1 {here.settings_number + 1} step"
    for passed in (0.0, 0.5, 0.99):
        here.player.clock.now = passed * LONGEST_HOLD
        assert not receive(here, step)
    assert here.latest == 0
    here.player.clock.now = LONGEST_HOLD
    assert receive(here, step)
    assert here.latest == 1
    # The next one has a moment of its own.
    assert not receive(here, f"2 {here.settings_number + 1} step")


def test_another_view_of_the_model_is_in_the_link_and_nothing_is_lost_by_it() -> None:
    here = session()
    here.step()
    here.remedy(start="kmeans")
    counted, kept, runs = here.settings_number, here.before, here.runs
    assert "view" not in here.query()
    assert receive(here, f"1 {counted} matrix")
    assert here.query()["view"] == "matrix"
    assert Session.from_url(here.query()).config.model_view == "matrix"
    assert (here.settings_number, here.before, here.runs) == (counted, kept, runs)
    assert kept is not None
    assert receive(here, f"2 {counted} picture")
    assert "view" not in here.query()


@pytest.mark.parametrize("change", ["change", "new_start", "remedy", "nudge", "undo"])
def test_whatever_changes_the_settings_is_counted(change: str) -> None:
    here = session()
    if change == "undo":
        here.nudge()
    before = here.settings_number
    getattr(here, change)()
    assert here.settings_number == before + 1


@pytest.mark.parametrize(
    "message",
    [
        *("", "step", "1 step", "1 0", "1 0 ", "1 0 at", "1 0 at -1", "1 0 at 1.5", "1 0 at x"),
        *("1 0 at ٣", "1 0 AT 2", "1 0 at 2 3", "-1 0 step", "1 0 Step", "1 0 step 2", "1 0 steps"),
        *("9999999999 0 step", "1 0 step\n", "1  0 step", "1 0 __init__", "1 0 redo"),
        *("1 0 remedy", "1 0 remedy -1", "1 0 remedy 7", "1 0 undo 1", "1 0 remedy 1234567890"),
    ],
)
def test_what_is_no_command_does_nothing(message: str) -> None:
    here = session()
    for _ in range(5):
        here.step()
    assert receive(here, message)
    assert (here.at, here.latest, here.player.playing, here.marks) == (None, 5, False, ())


def test_a_command_is_a_word_or_a_place() -> None:
    here = session()
    for command in ("step", "step", "step", "at 1", "mark"):
        carry_out(here, command)
    assert (here.at, here.latest, here.marks) == (1, 3, (1,))
    carry_out(here, "now")
    assert here.at is None


@pytest.mark.parametrize("command", ["new_start", "remedy 7"])
def test_a_large_new_start_waits_for_its_turn_without_holding_up_a_thread(command: str) -> None:
    here = session()
    with_turn, done = threading.Event(), threading.Event()

    def build() -> None:
        with pacing.large_turn(pacing.LARGE + 1):
            with_turn.set()
            done.wait()

    builder = threading.Thread(target=build)
    builder.start()
    with_turn.wait()
    new_start = f"1 {here.settings_number} {command}"
    large = dataclasses.replace(here.config, num_states=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pacing, "LARGE", 3 * here.data.sequences.num_observations - 1)
        here.config = large
        assert not receive(here, new_start)
        assert here.config.start_seed == 0
        done.set()
        builder.join()
        assert receive(here, new_start)
    assert here.config.start_seed == (command == "new_start")


def test_a_remedy_is_a_command_and_is_undone_by_another() -> None:
    here = session()
    here.change(start="symmetric")
    for _ in range(3):
        here.step()
    offer = first_remedy(here)
    assert offer is not None
    assert receive(here, f"1 {here.settings_number} remedy {offer.number}")
    assert (here.config.nudge, here.latest) == (1, 0)
    assert receive(here, f"2 {here.settings_number} undo")
    assert (here.config.nudge, here.latest) == (0, 3)


def test_a_command_that_fails_is_not_said_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    here = session()
    monkeypatch.setitem(commands.COMMANDS, "step", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        receive(here, "1 0 step")
    assert receive(here, "1 0 step")
    assert receive(here, "2 0 mark")
    assert here.marks == (0,)
