"""Findings held steady while a session plays, and exact as soon as it does not."""

import numpy as np
import pytest

from hmmcore.diagnostics import Finding
from pages.ui.session.checkups import LOOK_EVERY, STAYS, Checkups, checkups
from pages.ui.session.session import Session
from pages.ui.settings.config import Config


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watched(monkeypatch):
    """A session on a clock of ours, its checkups, and a list to put what examinations find."""
    session = Session(Config(length=40, num_sequences=3))
    session.player.clock = Clock()
    found: list[str | Finding] = []
    monkeypatch.setattr(
        Checkups,
        "_findings",
        lambda self, run: tuple(one if isinstance(one, Finding) else Finding(one) for one in found),
    )
    return session, checkups(session), found


def kinds(told: Checkups) -> list[str]:
    return [diagnosis.finding.kind for diagnosis in told.said()]


def test_exactly_what_is_the_case_is_said_while_nothing_plays(watched):
    _, told, found = watched
    found += ["near_duplicates", "empty_state"]
    assert kinds(told) == ["empty_state", "near_duplicates"], "the most important first"
    found.clear()
    assert kinds(told) == []


def test_a_finding_appears_when_it_lasts_and_stays_a_while_after_it_has_gone(watched):
    session, told, found = watched
    assert kinds(told) == []
    session.play()
    clock = session.player.clock
    found.append("empty_state")
    clock.now += LOOK_EVERY
    assert kinds(told) == [], "seen once"
    clock.now += LOOK_EVERY
    assert kinds(told) == ["empty_state"], "seen twice"
    found.clear()
    for _ in range(round(STAYS / LOOK_EVERY) - 1):
        clock.now += LOOK_EVERY
        assert kinds(told) == ["empty_state"]
    clock.now += LOOK_EVERY
    assert kinds(told) == []


def test_nothing_is_said_a_moment_longer_of_a_truth_that_was_hidden(watched):
    session, told, found = watched
    session.play()
    found.append("worse_than_truth")
    for _ in range(3):
        told.said()
        session.player.clock.now += LOOK_EVERY
    assert kinds(told) == ["worse_than_truth"]
    found.clear()
    session.change(truth="hidden")
    assert session.player.playing
    assert kinds(told) == []


def test_a_finding_that_flickers_is_never_said_or_always(watched):
    session, told, found = watched
    session.play()
    clock = session.player.clock
    for number in range(40):
        found[:] = ["empty_state"] * (number % 2) + ["equal_rows"] * (number > 1)
        clock.now += LOOK_EVERY
        said = kinds(told)
        assert "empty_state" not in said
        assert ("equal_rows" in said) == (number > 2)


def test_of_one_kind_only_the_latest_is_said(watched):
    session, told, found = watched
    session.play()
    clock = session.player.clock
    groups: tuple[tuple[int, ...], ...] = ()
    for state in range(3):
        groups += ((state,),)
        found[:] = [Finding("empty_state", groups)]
        for look in range(3):
            clock.now += LOOK_EVERY
            said = [diagnosis.finding.states for diagnosis in told.said()]
            before = [groups[:-1]] if state else []
            assert said == (before if look == 0 else [groups])


def test_the_news_change_at_most_twice_a_second(watched):
    session, told, found = watched
    session.play()
    clock, seen = session.player.clock, []
    for number in range(400):
        found[:] = [["empty_state"], ["equal_rows"], [], ["worse_than_truth"]][number // 30 % 4]
        clock.now += 0.04
        seen.append((clock.now, told.news()))
    changes = [
        now for (now, news), (_, before) in zip(seen[1:], seen, strict=False) if news != before
    ]
    assert len(changes) > 3
    assert np.diff(changes).min() >= LOOK_EVERY - 1e-9


def test_pausing_says_what_is_the_case_at_once(watched):
    session, told, found = watched
    session.play()
    found[:] = ["not_converged", "empty_state"]
    session.player.clock.now += 0.01
    assert kinds(told) == []
    session.pause()
    assert kinds(told) == ["empty_state", "not_converged"]
    session.play()
    assert kinds(told) == ["empty_state"], "that it goes on is seen"


def test_of_the_other_run_only_how_it_goes_on_is_said(watched):
    session, told, found = watched
    session.change(method="Both", shown="Gradient")
    found[:] = ["empty_state", "converged", "rate_too_low"]
    assert [(d.finding.kind, d.run) for d in told.said()] == [
        ("empty_state", "Gradient"),
        ("rate_too_low", "EM"),
        ("rate_too_low", "Gradient"),
        ("converged", "EM"),
        ("converged", "Gradient"),
    ]
    session.change(method="EM")
    assert {diagnosis.run for diagnosis in told.said()} == {"EM"}


def test_a_number_that_moves_is_no_news():
    session = Session(Config(length=40, num_sequences=3))
    told = checkups(session)
    for _ in range(3):
        session.step()
    news, (before,) = told.news(), told.said()
    session.step()
    assert told.news() == news
    (after,) = told.said()
    assert after.iteration == before.iteration + 1
    assert after.finding.evidence["last_gain"] < before.finding.evidence["last_gain"]


def test_another_learning_rate_is_not_judged_by_what_the_last_one_did():
    session = Session(
        Config(
            num_states=3,
            length=60,
            num_sequences=5,
            method="Gradient",
            learning_rate=3.0,
            optimizer="plain",
        )
    )
    for _ in range(45):
        session.step()
    said = {diagnosis.finding.kind for diagnosis in checkups(session).said()}
    assert "rate_too_high" in said
    session.remedy(learning_rate=1.0)
    assert session.kept is None, "the same run goes on"
    assert session.shown_run.state.iteration == 45
    said = {diagnosis.finding.kind for diagnosis in checkups(session).said()}
    assert "rate_too_high" not in said


def test_what_is_said_belongs_to_the_iteration_that_is_shown():
    session = Session(Config(num_states=2, length=2, num_sequences=1, method="Both"))
    for _ in range(10):
        session.step()
    told = checkups(session)
    present = told.news()
    assert "collapsed_variance" in kinds(told)
    session.travel(1)
    assert {diagnosis.iteration for diagnosis in told.said()} == {1}
    assert not {"collapsed_variance", "converged", "not_converged"} & set(kinds(told))
    assert told.news() != present
    session.travel(None)
    assert told.news() == present


def test_a_run_that_failed_had_not_failed_before():
    session = Session(
        Config(
            num_states=3, length=60, num_sequences=5, method="Gradient", learning_rate=10.0,
            optimizer="plain",
        )
    )  # fmt: skip
    while session.can_go_on:
        session.step()
    assert kinds(checkups(session)) == ["diverged"]
    session.travel(1)
    assert "diverged" not in kinds(checkups(session))
