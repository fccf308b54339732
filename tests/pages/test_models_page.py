"""The Models page as Streamlit runs it, without a browser."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from hmmcore.batch.many_starts import fit_some
from hmmcore.landscape import optima
from pages.ui.experiment.run_position import run_position_to_query
from pages.ui.session import sweeps
from pages.ui.session.background import background
from tests.pages.shown import figures, healthy, labels, opened, press, session, text, upload

SMALL = {"K": "2", "M": "30", "N": "6", "restarts": "6", "upto": "3", "each": "3"}


def at_models(**query: str) -> AppTest:
    return opened("models.py", **{**SMALL, **query})


def trained(app: AppTest, name: str) -> AppTest:
    """The page once a sweep has ended."""
    press(app, f"begin_{name}")
    here = session(app)
    job = getattr(sweeps, f"{name}_sweep")(here)
    background(here).join(job)
    assert job.done
    return healthy(app.run())


def test_nothing_is_trained_before_it_is_asked_for():
    app = at_models()
    assert "the likelihood has many hills" in text(app)
    assert "More states always fit better" in text(app)
    assert not figures(app)
    assert all(button.help for button in app.button)


def test_starts_are_trained_drawn_and_told():
    app = trained(at_models(), "starts")
    found = sweeps.starts_sweep(session(app)).found
    assert (found.done, found.total) == (6, 6)
    assert "6 fits in" in text(app)
    assert f"{len(found.optima.found)} optim" in text(app)
    figure = figures(app)["starts_figure"]
    # A curve for each start, and the strip of ends.
    assert len(figure["data"]) == 7
    (table,) = app.dataframe
    assert list(table.value["Log-likelihood"]) == [one.log_likelihood for one in found.optima.found]
    assert table.value["Starts"].sum() + len(found.optima.still_open) == 6
    assert "of the starts reached the best" in labels(app)["starts_figure"]


@pytest.mark.parametrize(
    "query",
    [
        {}, {"family": "counts"}, {"family": "symbols"}, {"family": "points"},
        {"family": "points", "cov": "full"}, {"model": "network"}, {"restart_by": "kmeans"},
        {"train": "means.transition_matrix"}, {"method": "Gradient", "M": "12", "restarts": "2"},
        {"start": "symmetric", "nudge": "3"}, {"lecture": "on"}, {"truth": "hidden"},
        {"only": "means.1~means.2"},
    ],
    ids=str,
)  # fmt: skip
def test_the_run_to_an_optimum_is_adopted_and_travels_in_the_link(query):
    app = trained(at_models(**query), "starts")
    here = session(app)
    found = sweeps.starts_sweep(here).found
    best = found.optima.found[0]
    press(app, "adopt")
    name = found.methods[0]
    assert here.notes == ()
    assert here.config.start == here.config.sweep_from
    assert here.config.start_seed == found.start_of(best.leader)[1]
    reached = here.runs[name].state.log_likelihood
    np.testing.assert_allclose(reached, best.log_likelihood, rtol=1e-9)
    assert here.runs[name].state.iteration == max(found.iterations[name][best.leader], 0)
    again = session(opened("models.py", **{**here.query(), **here_position(here)}))
    np.testing.assert_allclose(again.runs[name].state.log_likelihood, reached, rtol=1e-9)
    # The sweep is the same whatever training starts from.
    assert sweeps.starts_sweep(here).found is found


def here_position(here) -> dict[str, str]:
    """Where the runs stand, as a link says it."""
    return run_position_to_query(here.run_position())


def test_what_was_trained_before_comes_back():
    app = press(at_models(start_seed="99"), "step")
    before = session(app).runs["EM"]
    trained(app, "starts")
    press(app, "adopt")
    assert session(app).runs["EM"] is not before
    press(app, "undo_remedy")
    assert session(app).runs["EM"] is before


def test_both_methods_have_the_same_starts_and_optima():
    app = trained(at_models(method="Both", M="12"), "starts")
    found = sweeps.starts_sweep(session(app)).found
    assert found.total == 12
    (table,) = app.dataframe
    assert (
        table.value["By EM"].sum() + table.value["By Gradient"].sum() == table.value["Starts"].sum()
    )
    for number in range(6):
        np.testing.assert_allclose(
            found.curves["EM", number][0], found.curves["Gradient", number][0], rtol=1e-9
        )


@pytest.mark.parametrize(
    "query",
    [
        {}, {"family": "counts", "unseen": "ends"}, {"family": "symbols"}, {"family": "points"},
        {"model": "network", "M": "12"}, {"unseen": "nothing"}, {"N": "1", "M": "60"},
        {"method": "Gradient", "M": "12"},
    ],
    ids=str,
)  # fmt: skip
def test_numbers_of_states_are_tried_and_one_is_used(query):
    app = trained(at_models(**query), "states")
    here = session(app)
    sweep = sweeps.states_sweep(here).found
    assert sweep.done == sweep.total
    (table,) = app.dataframe
    assert list(table.value["K"]) == [1, 2, 3]
    for row, own in zip(sweep.rows, table.value.to_dict("records"), strict=True):
        assert own["BIC"] == row.criteria.bic
        assert own["Parameters"] == row.criteria.num_parameters
        counted = [value for name, value in own.items() if name.endswith(" free")]
        assert sum(counted) == row.criteria.num_parameters
        held = row.held_out
        assert np.isnan(own["Held out"]) if held is None else own["Held out"] == held.sum()
    assert "**BIC** prefers" in text(app)
    assert ("**Held-out data** prefer" in text(app)) == (query.get("unseen") != "nothing")
    before, data = here.data.fingerprint, here.data
    healthy(app.selectbox(key="use_which").set_value(3).run())
    press(app, "use_states")
    assert (here.config.num_states, here.data.fingerprint) == (3, before)
    row, name = sweep.rows[2], "Gradient" if query.get("method") == "Gradient" else "EM"
    np.testing.assert_allclose(
        here.runs[name].state.log_likelihood, row.criteria.log_likelihood, rtol=1e-9
    )
    # The sweep is there still, and the data go on being made by as many states as before.
    assert sweeps.states_sweep(here).found is sweep
    assert here.config.data_states == 2
    press(app, "undo_remedy")
    assert here.data is data


def test_the_notebooks_data_keep_their_own_number():
    app = trained(at_models(data="notebook"), "states")
    healthy(app.selectbox(key="use_which").set_value(2).run())
    assert app.button(key="use_states").disabled
    assert "The notebook's own data have K = 5" in text(app)


def test_a_visitors_own_data_with_gaps_are_swept_and_used():
    rng = np.random.default_rng(0)
    values = [rng.normal(size=25) + 4 * (np.arange(25) > 12) for _ in range(4)]
    values[0][3:6] = np.nan
    app = upload(at_models(), values)
    trained(app, "states")
    trained(app, "starts")
    healthy(app.selectbox(key="use_which").set_value(3).run())
    press(app, "use_states")
    here = session(app)
    assert (here.config.source, here.config.num_states) == ("upload", 3)
    row = sweeps.states_sweep(here).found.rows[2]
    assert row.criteria.num_observations == 97
    np.testing.assert_allclose(
        here.runs["EM"].state.log_likelihood, row.criteria.log_likelihood, rtol=1e-9
    )


def test_constant_data_give_a_result_or_one_sentence():
    for values in ([np.full(8, 3.0)], [np.array([1.0])], [np.array([1.0, 2.0]), np.array([3.0])]):
        app = upload(at_models(), values, num_states=1)
        for name in ("starts", "states"):
            trained(app, name)
    assert not app.exception


def test_a_sweep_is_cancelled_and_keeps_what_it_found(monkeypatch):
    steps = []

    def watched(runs, trainer, most_steps=0, *others):
        steps.append(most_steps)
        return optima(runs, trainer, most_steps, *others)

    monkeypatch.setattr(sweeps, "optima", watched)
    app = at_models(restarts="5000", K="5", M="200", N="20")
    press(app, "begin_starts")
    job = sweeps.starts_sweep(session(app))
    while job.found is None and not job.done:
        pass
    press(app, "cancel_starts")
    background(session(app)).join(job)
    assert job.cancelled
    assert 0 < job.found.done < job.found.total
    assert set(steps) == {0}, "no further steps for one who has cancelled"
    healthy(app.run())
    assert f"Cancelled after {job.found.done}" in text(app)
    assert app.button(key="begin_starts")


def test_the_last_steps_of_a_sweep_are_taken_in_the_shared_threads(monkeypatch):
    seen = []

    def watched(trainer, starts, rule, cancelled=None):
        seen.append((threading.current_thread().name, rule.max_iterations))
        return fit_some(trainer, starts, rule, cancelled)

    monkeypatch.setattr("hmmcore.landscape.starts.fit_some", watched)
    trained(at_models(restarts="30", family="symbols", K="4"), "starts")
    assert seen
    assert all(name.startswith("background") for name, _ in seen)
    assert {steps for _, steps in seen} == {sweeps.STEPS_CLOSER}


def test_a_new_sweep_of_a_kind_ends_the_one_before_it():
    app = at_models(restarts="5000", K="5", M="200", N="20")
    press(app, "begin_starts")
    here = session(app)
    first = sweeps.starts_sweep(here)
    press(app, "begin_states")
    healthy(app.number_input(key="control_sweep_starts").set_value(4000).run())
    press(app, "begin_starts")
    second, states = sweeps.starts_sweep(here), sweeps.states_sweep(here)
    assert second is not first
    assert (first.cancelled, second.cancelled, states.cancelled) == (True, False, False)
    for job in (second, states):
        job.cancelled = True


def test_a_sweep_ends_when_nobody_is_there_any_more():
    app = at_models(restarts="5000", K="5", M="200", N="20")
    press(app, "begin_starts")
    here = session(app)
    job = sweeps.starts_sweep(here)
    background(here)._session = lambda: None
    background(here).join(job, 20)
    assert job.done


def test_bounds_are_kept_and_said():
    app = at_models(restarts="10000", M="20000", N="20", upto="20")
    press(app, "begin_starts")
    sweeps.starts_sweep(session(app)).cancelled = True
    assert "at most 250 starts are trained" in text(app)
    press(app, "begin_states")
    sweeps.states_sweep(session(app)).cancelled = True
    assert "K goes up to 5 only" in text(app)


def test_hostile_links_give_one_sentence_each():
    app = at_models(restarts="1e9", upto="-3", each="many", unseen="<b>", restart_by="%00")
    shown = text(app).replace("\\", "")
    for sentence in (
        "Starts: 1e9 in the link is not between 1 and 10",
        "Up to K: -3 in the link is not between 2 and 20; took 2",
        "“many” in the link is not a number; took 10",
        "is not known; took “Sequences”",
        "is not known; took “Random”",
    ):
        assert sentence in shown, sentence


def test_a_choice_that_is_gone_after_another_sweep_is_the_first_again():
    app = trained(at_models(), "states")
    healthy(app.selectbox(key="use_which").set_value(3).run())
    healthy(app.number_input(key="control_most_states").set_value(2).run())
    assert "More states always fit better" in text(app)
    trained(app, "states")
    assert app.selectbox(key="use_which").value in (1, 2)
    app = trained(app, "starts")
    last = len(app.selectbox(key="adopt_which").options) - 1
    healthy(app.selectbox(key="adopt_which").set_value(last).run())
    healthy(app.number_input(key="control_sweep_starts").set_value(1).run())
    trained(app, "starts")
    assert app.selectbox(key="adopt_which").value == 0
    # What was found before is there when its settings come back.
    healthy(app.number_input(key="control_sweep_starts").set_value(6).run())
    assert "6 fits in" in text(app)
