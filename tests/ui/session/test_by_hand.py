"""A model made by hand: drags equal the engine, links carry every digit, nothing is lost."""

from __future__ import annotations

from urllib.parse import parse_qsl

import numpy as np
import pytest

from hmmcore import log_likelihood
from hmmcore.coordinates import value_at, with_values
from pages.ui.experiment.experiment import NO_HAND_ON_NETWORK
from pages.ui.experiment.hand_made import MOST_STEPS, table_of
from pages.ui.files.experiment_file import write
from pages.ui.live.frame_source import frame_source
from pages.ui.session.link import link, settings
from pages.ui.session.opening import open_file
from pages.ui.session.session import Session
from pages.ui.session.view import current_view
from pages.ui.settings.config import Config
from pages.ui.settings.config_rules import legal


def opened(**values) -> Session:
    config = Config(**{"num_states": 3, "length": 40, "num_sequences": 3, **values})
    return Session(legal(config)[0])


def say(session: Session, *commands: str) -> None:
    """Say commands over the page's line, each of which must be answered by a frame."""
    for command in commands:
        message = f"{session.acknowledged + 1} 0 {command}"
        assert frame_source(session).handle(message) is not None


def follow(session: Session) -> Session:
    """A new visitor with this session's link."""
    query = dict(parse_qsl(settings(session), keep_blank_values=True))
    return Session.from_url({**query, **link(session)["run_position"]})


MOVES = {
    "numbers": ("means.1.0=0.1234", ("means", 1, 0), 0.1234),
    "counts": ("rates.2=7.25", ("rates", 2), 7.25),
    "symbols": ("probs.0.3=0.5", ("probs", 0, 3), 0.5),
    "product": ("parts.1.rates.2=7.25", ("parts", 1, "rates", 2), 7.25),
    "points": ("means.2.1=-1.5", ("means", 2, 1), -1.5),
}


@pytest.mark.parametrize("family", MOVES)
def test_a_drag_equals_the_engine_and_its_link_has_every_digit(family):
    session = opened(family=family, covariance_type="full")
    session.step()
    shown = current_view(session).hmm
    move, at, value = MOVES[family]
    say(session, f"grab {move}", "grab transition_matrix.0.2=0.25", "grab initial_probs.1=0")
    expected = with_values(
        shown, {at: value, ("transition_matrix", 0, 2): 0.25, ("initial_probs", 1): 0.0}
    )
    made = current_view(session).hmm
    for coordinate in (at, ("transition_matrix", 0, 2), ("initial_probs", 1)):
        assert value_at(made, coordinate) == pytest.approx(
            value_at(expected, coordinate), rel=1e-15
        )
    engine = log_likelihood(expected, session.data.sequences).sum()
    assert session.shown_state.log_likelihood == pytest.approx(engine, rel=1e-12)
    say(session, "step")
    other = follow(session)
    assert other.notes == ()
    assert other.runs["EM"].start == session.runs["EM"].start
    assert other.shown_state.hmm == session.shown_state.hmm
    # So does an experiment file.
    third = Session(Config())
    open_file(third, write(session))
    assert third.shown_state.hmm == session.shown_state.hmm
    assert third.config.start == "hand"


def test_what_the_hand_holds_is_one_step_and_what_it_does_next_another():
    session = opened()
    start = session.shown_state.hmm
    say(session, "grab means.0.0=1", "drag means.0.0=1.5", "drag means.0.0=2.00049")
    assert (session.latest, session.steps_by_hand) == (0, 1)
    # As many digits as a hand sets.
    assert value_at(current_view(session).hmm, ("means", 0, 0)) == 2.0
    say(session, "grab standard_deviations.1.0=0.3")
    assert session.steps_by_hand == 2
    made = session.shown_state.hmm
    # The way there is looked at like any other past, and Reset leads to what the hand made.
    say(session, "at -2")
    assert session.shown_state.hmm == start
    assert session.run_position().at in (None, 0)
    say(session, "now", "step", "step")
    assert (session.latest, session.steps_by_hand) == (2, 2)
    say(session, "reset")
    assert session.shown_state.hmm == made
    # Of a row that was dragged to one and back, the others are as they were.
    row = current_view(session).hmm.transition_matrix[0]
    say(session, "grab transition_matrix.0.0=1", f"drag transition_matrix.0.0={row[0]:.9g}")
    np.testing.assert_allclose(current_view(session).hmm.transition_matrix[0], row, rtol=1e-3)


def test_a_drag_keeps_the_numbers_of_the_states_where_it_passes_another():
    session = opened(start="near-truth", separation=3.0)
    for _ in range(5):
        session.step()
    order = np.argsort(current_view(session).hmm.emissions.means[:, 0])
    first, last = int(order[0]), int(order[-1])
    far = float(current_view(session).hmm.emissions.means[last, 0]) + 2.0
    say(session, f"grab means.{first}.0={far - 3}", f"drag means.{first}.0={far}")
    assert value_at(current_view(session).hmm, ("means", first, 0)) == pytest.approx(far, rel=1e-3)


def test_what_was_trained_comes_back():
    session = opened()
    for _ in range(4):
        session.step()
    trained = session.shown_state.hmm
    best = session.best_trained
    assert best == session.runs["EM"].curve.max()
    say(session, "grab means.0.0=9", "drag means.0.0=8", "grab means.1.0=3")
    assert session.best_trained == best
    session.undo()
    assert (session.latest, session.config.start) == (4, "random")
    assert session.shown_state.hmm == trained


def test_a_start_by_hand_is_the_model_that_is_shown():
    session = opened()
    for _ in range(3):
        session.step()
    shown = session.shown_state.hmm
    session.change(start="hand")
    assert (session.latest, session.shown_state.hmm) == (0, shown)
    # Another K, or other kinds of data, are no place for it.
    session.change(num_states=4)
    assert session.config.start == "random"
    assert "has 3 states, and K is 4" in session.notes[0]
    session.undo()
    assert session.shown_state.hmm == shown
    session.change(family="counts")
    assert (session.config.start, session.config.hand, session.problem) == ("random", None, None)


def test_other_data_of_the_same_kind_meet_the_model_made_by_hand():
    session = opened()
    say(session, "grab means.0.0=1.5")
    made = session.shown_state.hmm
    session.change(seed=9)
    assert session.shown_state.hmm == made
    assert session.best_trained == -np.inf


@pytest.mark.parametrize(
    "command",
    [
        "grab means.0.0=nan", "grab means.0.0=1e999", "grab rates.0=1", "grab means.3.0=1",
        "grab transition_matrix.0.0=2", "grab standard_deviations.0.0=-1", "grab means.0.0=",
        "grab __class__.0=1", "grab means.0.0=1 means.1.0=1 means.2.0=1", "grab", "drag means.0=1e",
    ],
)  # fmt: skip
def test_what_is_no_model_changes_nothing(command):
    session = opened()
    session.step()
    before = session.runs
    say(session, command)
    assert session.runs is before
    assert session.config.start == "random"


def test_a_networks_means_are_in_no_hand():
    session = opened(mean_model="network")
    say(session, "grab means.0.0=1")
    assert session.notes == (NO_HAND_ON_NETWORK,)
    # Whoever begins by hand from it takes the means that came out.
    means = session.shown_state.hmm.emissions.means
    session.change(start="hand")
    assert session.config.mean_model == "free"
    np.testing.assert_array_equal(session.shown_state.hmm.emissions.means, means)


@pytest.mark.parametrize("table", ["", "3.", "9.AAAA", "0.eJw", "999999.eJw", "8.eNoDAAAAAAE"])
def test_a_link_with_a_damaged_model_starts_at_random(table):
    session = Session.from_url({"K": "3", "M": "20", "N": "2", "start": "hand", "hand": table})
    assert session.config.start == "random"
    assert session.runs
    assert any("made by hand" in note or "by hand" in note for note in session.notes)


def test_a_link_with_a_model_of_other_data_starts_at_random():
    made = table_of(opened(family="symbols").shown_state.hmm)
    session = opened(start="hand", hand=made)
    assert session.config.start == "random"
    assert session.runs
    assert "other data" in session.notes[0]


def test_the_way_of_the_hand_has_its_bound():
    session = opened(length=5, num_sequences=1)
    for number in range(MOST_STEPS + 5):
        say(session, f"grab means.0.0={number}")
    assert session.steps_by_hand == MOST_STEPS
