"""A visitor's session: what a change renews, and what it keeps."""

import numpy as np
import pytest

from hmmcore import Sequences
from pages.ui.experiment import generated
from pages.ui.experiment.dataset import Upload
from pages.ui.experiment.experiment import NO_UPLOAD
from pages.ui.experiment.run_position import MAX_MARKS
from pages.ui.files.experiment_file import write
from pages.ui.live.panel_view import panel_frame
from pages.ui.session.opening import open_file
from pages.ui.session.session import Session
from pages.ui.session.view import current_view, first_sequences
from pages.ui.settings.address import to_query
from pages.ui.settings.config import MAX_CELLS, Config


def small(**values):
    return Session(Config(**{"length": 40, "num_sequences": 3, **values}))


def upload(values=None):
    values = np.random.default_rng(0).normal(size=30) if values is None else values
    return Upload("mine.csv", "x", Sequences(values))


@pytest.mark.parametrize(
    "values",
    [
        {"num_states": 3}, {"length": 50}, {"num_sequences": 5}, {"noise_sd": 1.0}, {"seed": 9},
        {"structure": "cyclic"}, {"persistence": 0.5}, {"mean_law": "log"}, {"separation": 3.0},
    ],
    ids=lambda values: next(iter(values)),
)  # fmt: skip
def test_a_change_of_the_data_settings_makes_new_data(values):
    session = small()
    session.step()
    session.play()
    data = session.data
    session.change(**values)
    assert session.data.sequences != data.sequences
    assert session.runs["EM"].state.iteration == 0
    assert not session.player.playing


@pytest.mark.parametrize("values", [{"start": "kmeans"}, {"start_seed": 4}, {"trainable": ()}])
def test_a_change_of_the_start_keeps_the_data(values):
    session = small()
    session.step()
    data = session.data
    session.change(**values)
    assert session.data is data
    assert session.runs["EM"].state.iteration == 0


@pytest.mark.parametrize("values", [{"learning_rate": 0.5}, {"optimizer": "plain"}])
def test_a_change_of_the_training_takes_effect_at_the_current_iteration(values):
    session = small(method="Both")
    session.step()
    session.play()
    state = session.runs["Gradient"].state
    session.change(**values)
    assert session.runs["Gradient"].state is state
    assert session.player.playing
    ((name, value),) = values.items()
    assert getattr(session.runs["Gradient"].trainer, name) == value


def test_both_methods_start_from_the_same_model_and_keep_their_runs():
    session = small(method="Both")
    assert session.runs["EM"].start is session.runs["Gradient"].start
    session.step()
    session.change(method="Gradient")
    session.step()
    session.change(method="EM")
    assert session.runs["EM"].state.iteration == 1
    assert session.runs["Gradient"].state.iteration == 2


def test_noise_moves_the_observations_and_not_the_hidden_path():
    quiet, loud = small(noise_sd=0.1), small(noise_sd=2.0)
    np.testing.assert_array_equal(quiet.data.states, loud.data.states)


def test_the_same_config_gives_the_same_experiment_bit_for_bit():
    one = small(method="Both")
    two = Session.from_url(to_query(one.config))
    for session in (one, two):
        for _ in range(5):
            session.step()
    for name in ("EM", "Gradient"):
        assert one.runs[name].state.log_likelihood == two.runs[name].state.log_likelihood
        assert one.runs[name].state.hmm == two.runs[name].state.hmm


@pytest.mark.parametrize("start", ["random", "kmeans", "quantiles", "near-truth", "symmetric"])
@pytest.mark.parametrize("source", ["generated", "notebook", "upload"])
@pytest.mark.parametrize("num_states", [1, 3, 20])
def test_every_start_trains_on_every_source(start, source, num_states):
    session = small(start=start, num_states=num_states, method="Both")
    if source == "upload":
        session.replace_upload(upload(), num_states)
    elif source == "notebook":
        session.change(source="notebook")
    for _ in range(3):
        session.step()
    assert session.problem is None
    for run in session.active_runs:
        assert np.isfinite(run.history.log_likelihoods).all()
    view = current_view(session)
    panel_frame(session, view)
    assert view.hmm.permute(np.argsort(view.permutation)) == session.shown_run.state.hmm


@pytest.mark.parametrize(
    "values", [np.zeros(20), np.full(3, 1e99), np.array([5.0]), np.array([1e-300, 2e-300])],
    ids=["zeros", "huge", "one", "tiny"],
)  # fmt: skip
@pytest.mark.parametrize("start", ["random", "kmeans", "quantiles", "symmetric"])
def test_odd_uploads_train_or_say_why_not(values, start):
    session = small(start=start)
    session.replace_upload(upload(values), 3)
    if session.problem:
        assert len(session.problem) < 400
        return
    session.step()
    run = session.shown_run
    assert run.ended or np.isfinite(run.history.log_likelihoods).all()
    panel_frame(session, current_view(session))


def test_a_link_to_an_upload_says_that_the_file_is_missing():
    session = Session.from_url({"data": "upload", "K": "3"})
    assert session.config.source == "generated"
    assert session.config.num_states == 3
    assert session.notes == (NO_UPLOAD,)


LARGEST = {"K": "20", "M": "100000", "N": "1000"}


@pytest.mark.parametrize("source", ["generated", "upload", "notebook"])
def test_no_link_gets_past_the_bound_on_the_size(source, monkeypatch):
    asked, data = [], small().data
    monkeypatch.setattr(generated, "dataset", lambda config: asked.append(config) or data)
    session = Session.from_url({**LARGEST, "data": source})
    session.follow_url({**LARGEST, "data": source, "seed": "9"}, session.page)
    session.change(true_states=20, length=100_000)
    session.change(source="upload")
    session.change(source="generated", num_sequences=1_000)
    assert len(asked) > 2
    for config in (*asked, session.config):
        assert config.data_states * config.length * config.num_sequences <= MAX_CELLS


def test_no_way_to_an_upload_gets_past_the_bound_on_the_size():
    session = small(num_states=15)
    session.replace_upload(upload(np.arange(MAX_CELLS // 10) % 7.0), 12)
    assert session.config.num_states == session.runs["EM"].start.num_states == 10
    assert session.notes == ("With this file K may be at most 10.",)
    session.change(source="generated", num_states=20)
    session.change(source="upload")
    assert session.config.num_states == session.runs["EM"].start.num_states == 10
    reloaded = Session.from_url({"data": "upload", "K": "20"})
    assert reloaded.restore_upload(session.upload_key)
    assert reloaded.config.num_states == reloaded.runs["EM"].start.num_states == 10


def test_an_upload_keeps_its_family_whatever_the_address_says():
    session = small()
    counts = Upload("mine.csv", "x", Sequences(np.arange(30) % 4), "counts")
    session.replace_upload(counts, 2)
    reloaded = Session.from_url({"data": "upload", "K": "2", "family": "points"})
    assert reloaded.restore_upload(session.upload_key)
    assert reloaded.config.family == "counts"
    assert "rates" in reloaded.config.trainable
    open_file(session, write(reloaded))
    assert session.config == reloaded.config


def test_changing_the_notebooks_data_makes_generated_data():
    session = small()
    session.change(source="notebook")
    assert session.data.sequences.num_observations == 20
    session.change(noise_sd=0.3)
    assert session.config.source == "generated"
    assert session.config.num_states == 5
    assert session.config.length == 10


def test_back_restores_an_earlier_url_on_the_same_page():
    session = small()
    first = session.query()
    session.change(seed=77)
    session.follow_url({}, "")
    assert session.config.seed == 77
    session.follow_url(first, "")
    assert session.config.seed == Config().seed
    session.follow_url({"K": "2"}, "data")
    assert session.config.num_states == 5


def test_the_selected_sequence_exists():
    session = small(sequence=3)
    session.change(num_sequences=2)
    assert session.config.sequence == 2
    assert current_view(session).sequence.num_observations == 40


def test_known_noise_is_the_true_one():
    session = small(trainable=("means",), noise_sd=0.7)
    np.testing.assert_allclose(
        session.runs["EM"].start.emissions.standard_deviations, 0.7, rtol=1e-15, atol=0.0
    )


def test_new_start_goes_to_the_next_and_reset_keeps_it():
    session = small()
    start = session.runs["EM"].start
    session.new_start()
    another = session.runs["EM"].start
    assert another != start
    session.step()
    session.reset()
    assert session.runs["EM"].state.hmm is another


@pytest.mark.parametrize(
    ("lengths", "limit", "expected"),
    [([5, 5, 5], 100, [5, 5, 5]), ([5, 5, 5], 11, [5, 5]), ([50], 10, [10]), ([50, 5], 10, [10])],
)
def test_first_sequences(lengths, limit, expected):
    sequences = Sequences(np.arange(float(sum(lengths))), lengths)
    some = first_sequences(sequences, limit)
    assert some.lengths.tolist() == expected
    np.testing.assert_array_equal(some.observations[:, 0], np.arange(float(sum(expected))))


# --- time travel --------------------------------------------------------------------------------


def trained(steps: int, **values: object) -> Session:
    session = Session(Config(length=30, num_sequences=3, **values))
    for _ in range(steps):
        session.step()
    return session


def test_the_past_is_shown_as_it_was():
    session = trained(0)
    before = []
    for _ in range(6):
        before.append(session.shown_state)
        session.step()
    for iteration, state in enumerate(before):
        session.travel(iteration)
        shown = session.shown_state
        assert shown.hmm is state.hmm
        assert shown.iteration == iteration
        assert shown.log_likelihood == state.log_likelihood
        assert np.array_equal(
            shown.expectations.transition_counts, state.expectations.transition_counts
        )
    session.travel(None)
    assert session.shown_state is session.shown_run.state
    assert session.shown_state.iteration == 6


@pytest.mark.parametrize("iteration", [6, 7, 10**9, -1, None])
def test_an_iteration_outside_the_past_shows_the_latest(iteration):
    session = trained(6)
    session.travel(iteration)
    assert session.at is None
    assert session.shown_state.iteration == 6


@pytest.mark.parametrize("go", ["play", "step", "reset", "new_start"])
def test_continuing_returns_to_the_latest(go):
    session = trained(4)
    session.travel(1)
    getattr(session, go)()
    assert session.at is None


def test_travelling_keeps_what_was_learned_and_stops_playing():
    session = trained(4)
    latest = session.shown_run.state
    session.play()
    session.travel(2)
    assert not session.player.playing
    session.step()
    assert session.shown_state.iteration == 5
    session.travel(4)
    assert session.shown_state.hmm is latest.hmm


def test_a_shorter_run_stays_at_its_own_end():
    session = trained(3, method="Both")
    session.runs["Gradient"].step()
    session.travel(3)
    assert [run.state_at(session.at).iteration for run in session.active_runs] == [3, 3]
    assert session.latest == 4


def test_marks_come_and_go():
    session = trained(5)
    session.mark()
    session.travel(2)
    session.mark()
    assert session.marks == (2, 5)
    session.mark()
    assert session.marks == (5,)
    session.reset()
    assert session.marks == ()


def test_marks_are_bounded():
    session = trained(MAX_MARKS + 3)
    for iteration in range(MAX_MARKS + 3):
        session.travel(iteration)
        session.mark()
    assert session.marks == tuple(range(MAX_MARKS))
    session.travel(0)
    session.mark()
    assert session.marks == tuple(range(1, MAX_MARKS))
