"""Findings are shown steadily while a session plays, and exactly while it does not."""

import numpy as np
import pytest

from hmmcore import HMM
from hmmcore.diagnostics import Finding
from pages.ui.parts.finding_words import about
from pages.ui.session.checkups import CHECK_INTERVAL, KEEP_SECONDS, Checkups, checkups
from pages.ui.session.remedies import offers
from pages.ui.session.session import Session
from pages.ui.session.view import current_view
from pages.ui.settings.config import Config


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watched(monkeypatch):
    """A session with a clock that a test sets, its checkups, and a list of findings to report."""
    session = Session(Config(length=40, num_sequences=3))
    session.player.clock = Clock()
    found: list[str | Finding] = []
    monkeypatch.setattr(
        Checkups,
        "_findings",
        lambda self, run: tuple(one if isinstance(one, Finding) else Finding(one) for one in found),
    )
    return session, checkups(session), found


def kinds(checks: Checkups) -> list[str]:
    return [diagnosis.finding.kind for diagnosis in checks.diagnoses()]


def test_all_findings_are_shown_while_nothing_plays(watched):
    _, checks, found = watched
    found += ["near_duplicates", "empty_state"]
    assert kinds(checks) == ["empty_state", "near_duplicates"], "the most important first"
    found.clear()
    assert kinds(checks) == []


def test_a_finding_appears_when_it_lasts_and_stays_a_while_after_it_has_gone(watched):
    session, checks, found = watched
    assert kinds(checks) == []
    session.play()
    clock = session.player.clock
    found.append("empty_state")
    clock.now += CHECK_INTERVAL
    assert kinds(checks) == [], "seen once"
    clock.now += CHECK_INTERVAL
    assert kinds(checks) == ["empty_state"], "seen twice"
    found.clear()
    for _ in range(round(KEEP_SECONDS / CHECK_INTERVAL) - 1):
        clock.now += CHECK_INTERVAL
        assert kinds(checks) == ["empty_state"]
    clock.now += CHECK_INTERVAL
    assert kinds(checks) == []


def test_findings_about_the_truth_vanish_when_it_is_hidden(watched):
    session, checks, found = watched
    session.play()
    found.append("worse_than_truth")
    for _ in range(3):
        checks.diagnoses()
        session.player.clock.now += CHECK_INTERVAL
    assert kinds(checks) == ["worse_than_truth"]
    found.clear()
    session.change(truth="hidden")
    assert session.player.playing
    assert kinds(checks) == []


def test_a_finding_that_flickers_is_never_shown(watched):
    session, checks, found = watched
    session.play()
    clock = session.player.clock
    for number in range(40):
        found[:] = ["empty_state"] * (number % 2) + ["equal_rows"] * (number > 1)
        clock.now += CHECK_INTERVAL
        said = kinds(checks)
        assert "empty_state" not in said
        assert ("equal_rows" in said) == (number > 2)


def test_only_the_latest_finding_of_a_kind_is_shown(watched):
    session, checks, found = watched
    session.play()
    clock = session.player.clock
    groups: tuple[tuple[int, ...], ...] = ()
    for state in range(3):
        groups += ((state,),)
        found[:] = [Finding("empty_state", groups)]
        for look in range(3):
            clock.now += CHECK_INTERVAL
            said = [diagnosis.finding.states for diagnosis in checks.diagnoses()]
            before = [groups[:-1]] if state else []
            assert said == (before if look == 0 else [groups])


def test_what_is_shown_changes_at_most_twice_a_second(watched):
    session, checks, found = watched
    session.play()
    clock, seen = session.player.clock, []
    for number in range(400):
        found[:] = [["empty_state"], ["equal_rows"], [], ["worse_than_truth"]][number // 30 % 4]
        clock.now += 0.04
        seen.append((clock.now, checks.diagnosis_keys()))
    changes = [
        now for (now, keys), (_, before) in zip(seen[1:], seen, strict=False) if keys != before
    ]
    assert len(changes) > 3
    assert np.diff(changes).min() >= CHECK_INTERVAL - 1e-9


def test_pausing_shows_all_findings_at_once(watched):
    session, checks, found = watched
    session.play()
    found[:] = ["not_converged", "empty_state"]
    session.player.clock.now += 0.01
    assert kinds(checks) == []
    session.pause()
    assert kinds(checks) == ["empty_state", "not_converged"]
    session.play()
    assert kinds(checks) == ["empty_state"], "a run that plays has obviously not converged"


def test_of_the_other_run_only_findings_about_progress_are_shown(watched):
    session, checks, found = watched
    session.change(method="Both", shown="Gradient")
    found[:] = ["empty_state", "converged", "rate_too_low"]
    assert [(d.finding.kind, d.run) for d in checks.diagnoses()] == [
        ("empty_state", "Gradient"),
        ("rate_too_low", "EM"),
        ("rate_too_low", "Gradient"),
        ("converged", "EM"),
        ("converged", "Gradient"),
    ]
    session.change(method="EM")
    assert {diagnosis.run for diagnosis in checks.diagnoses()} == {"EM"}


def test_a_change_of_numbers_does_not_change_the_keys():
    session = Session(Config(length=40, num_sequences=3))
    checks = checkups(session)
    for _ in range(3):
        session.step()
    keys, (before,) = checks.diagnosis_keys(), checks.diagnoses()
    session.step()
    assert checks.diagnosis_keys() == keys
    (after,) = checks.diagnoses()
    assert after.iteration == before.iteration + 1
    assert after.finding.evidence["last_gain"] < before.finding.evidence["last_gain"]


def test_a_learning_rate_is_not_judged_by_the_steps_of_an_earlier_one():
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
    said = {diagnosis.finding.kind for diagnosis in checkups(session).diagnoses()}
    assert "rate_too_high" in said
    session.remedy(learning_rate=1.0)
    assert session.before is None, "the same run continues"
    assert session.shown_run.state.iteration == 45
    said = {diagnosis.finding.kind for diagnosis in checkups(session).diagnoses()}
    assert "rate_too_high" not in said


def test_findings_belong_to_the_iteration_that_is_shown():
    session = Session(Config(num_states=2, length=2, num_sequences=1, method="Both"))
    for _ in range(10):
        session.step()
    checks = checkups(session)
    present = checks.diagnosis_keys()
    assert "collapsed_variance" in kinds(checks)
    session.travel(1)
    assert {diagnosis.iteration for diagnosis in checks.diagnoses()} == {1}
    assert not {"collapsed_variance", "converged", "not_converged"} & set(kinds(checks))
    assert checks.diagnosis_keys() != present
    session.travel(None)
    assert checks.diagnosis_keys() == present


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


def test_a_zero_that_should_rise_has_a_remedy_that_raises_it_and_goes_on():
    session = Session(Config(length=60, num_sequences=6, num_states=2, start="random"))
    run = session.main_runs[0]
    for _ in range(40):
        run.step()
    hmm = run.state.hmm
    rarer = int(hmm.initial_probs.argmin())
    run.replace_model(HMM(np.eye(2)[1 - rarer], hmm.transition_matrix, hmm.emissions))
    while run.ended is None:
        run.step()
    (diagnosis,) = (
        one for one in checkups(session).diagnoses() if one.finding.kind == "zero_should_rise"
    )
    reached = run.state.log_likelihood
    assert diagnosis.finding.coordinate == ("initial_probs", rarer)
    title, _, evidence = about(session, current_view(session), diagnosis)
    assert "probability π of beginning in" in title
    assert "times as probable" in evidence
    (offer,) = offers(session, diagnosis)
    assert offer.label == "Raise the zero and go on"
    offer.act()
    assert session.player.playing
    (again,) = session.main_runs
    assert again.state.log_likelihood > reached
    assert session.before is not None
