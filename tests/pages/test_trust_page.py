"""The Trust page as Streamlit runs it, without a browser."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from hmmcore.coordinates import value_at
from hmmcore.uncertainty import (
    is_maximum,
    observed_information,
    profile_interval,
    raised,
    rising_zeros,
)
from pages.ui.experiment import starts
from pages.ui.parts.export_area import notebook_of, script
from pages.ui.parts.trust.estimates import frame
from pages.ui.session.background import background
from pages.ui.session.trust import appraisal
from pages.ui.session.trust.estimates import NEAR_BOUND, estimates
from pages.ui.session.trust.estimates import ROOM as PROFILES
from pages.ui.session.view import current_view
from pages.ui.settings.address import to_query
from pages.ui.settings.config import Config
from tests.pages.shown import (
    array,
    figures,
    healthy,
    labels,
    opened,
    panel,
    panel_array,
    press,
    session,
    text,
    upload,
)

SMALL = {"K": "2", "M": "60", "N": "10", "seed": "1"}


def at_trust(**query: str) -> AppTest:
    return answered(opened("trust.py", **{**SMALL, **query}))


def answered(app: AppTest) -> AppTest:
    """The page once it knows whether the model is a maximum."""
    here = session(app)
    job = appraisal.appraisal(here, appraisal.question(here))
    background(here, appraisal.ROOM).join(job)
    assert not job.failed
    return healthy(app.run())


def estimates_table(app: AppTest) -> pd.DataFrame:
    """The table of every number."""
    (found,) = (one.value for one in app.dataframe if "Estimate" in one.value)
    return found


@pytest.mark.parametrize(
    "query",
    [
        {"numbered": "run"}, {"family": "counts", "around": "estimates", "lecture": "on"},
        {"family": "symbols", "C": "3"}, {"family": "points", "cov": "full"}, {"model": "network"},
        {"family": "points", "spread": "tied"}, {"family": "points", "spread": "spherical"},
        {"train": "means.transition_matrix"}, {"truth": "hidden", "structure": "left-right"},
        {"method": "Gradient", "rate": "0.2"}, {"K": "1", "M": "20"}, {"true_K": "3"},
        {"data": "notebook"}, {"train": ""}, {"family": "product", "kinds": "ncs", "C": "3"},
    ],
    ids=str,
)  # fmt: skip
def test_every_number_has_its_error_its_interval_and_its_truth(query):
    app = at_trust(runs=f"{query.get('method', 'EM')}_30", level="80", **query)
    here = session(app)
    view = current_view(here)
    kind = getattr(view.hmm.emissions, "covariance_type", None)
    assert kind == query.get("spread", kind)
    trained = starts.trained_parameters(here.config, here.data)
    # In the order in which states are shown, from the engine itself.
    expected = observed_information(view.hmm, here.data.sequences, trained)
    table = estimates_table(app)
    found = estimates(here, view, appraisal.known_verdict(here), {})
    assert list(table["Estimate"]) == [value_at(view.hmm, one.coordinate) for one in found]
    errors = [expected.standard_error(one.coordinate) for one in found]
    np.testing.assert_allclose(table["Standard error"], errors, rtol=1e-5, atol=1e-9)
    ends = np.array([expected.interval(one.coordinate, 0.8) for one in found])
    little = [NEAR_BOUND in one.remark for one in found]
    assert all((ends[little, 1] - ends[little, 0]) > 0.9)
    ends[little] = np.nan
    np.testing.assert_allclose(table[["Lower", "Upper"]], ends, rtol=1e-4, atol=1e-9)
    truth = here.shown_data.truth
    assert ("Truth" in table) == (truth is not None)
    if truth is not None:
        true_model = truth.permute(view.counterparts)
        assert list(table["Truth"]) == [value_at(true_model, one.coordinate) for one in found]
    keys = {f"intervals_{one.coordinate[0]}".replace(".", "_") for one in found}
    assert keys <= set(figures(app))
    assert all(table["Remark"])


def test_a_file_with_gaps_has_intervals_and_no_truth():
    rng = np.random.default_rng(0)
    values = [np.where(rng.random(60) < 0.5, rng.normal(0, 1, 60), rng.normal(5, 1, 60))]
    values[0][::7] = np.nan
    app = upload(opened("trust.py", runs="EM_30", **SMALL), values)
    for _ in range(30):
        session(app).step()
    app = answered(app)
    table = estimates_table(app)
    assert "Truth" not in table
    assert np.isfinite(table["Standard error"]).any()
    assert "No truth: uploaded data" in text(app)


def test_what_is_no_maximum_is_said_and_trained_to_the_end():
    app = at_trust(runs="EM_2")
    assert "This is no maximum yet" in text(app)
    assert "standard errors are none" in text(app)
    here = session(app)
    # To rest, and where that was too early on from there.
    while not (verdict := appraisal.known_verdict(here)).optimality.satisfied:
        app = press(app, "to_the_top")
        while here.player.playing:
            here.tick(1.0)
        answered(app)
    assert "This is a maximum" in text(answered(app))
    assert here.shown_state.hmm is verdict.information.hmm
    assert "to_the_top" not in [button.key for button in app.button]
    here.travel(1)
    app = answered(app)
    assert f"Iteration 1 of {here.latest} is shown." in text(app)
    press(app, "to_the_top")
    assert here.at is None


def test_a_run_that_had_come_to_rest_trains_on():
    here = session(opened("trust.py", **SMALL, method="Both", runs="EM_200~Gradient_3"))
    assert here.runs["EM"].ended
    here.marks = (5,)
    here.train_on(30)
    while here.replay is not None:
        assert here.run_position().runs["EM"].iteration == 230
        here.tick(1.0)
    position = here.run_position()
    assert {name: run.iteration for name, run in position.runs.items()} == {
        "EM": 230, "Gradient": 3
    }  # fmt: skip
    assert here.marks == (5,)


def test_what_is_stuck_at_zero_is_opened():
    nearly = 1.0 - 1e-12
    rows = [[0.5, 0.5], [nearly, 1e-12], [0.4, 0.6], [-0.7, 0.7], [0.5, 0.5]]
    app = at_trust(start="hand", hand=_hand(rows))
    assert "is zero, or nearly so, and should rise" in text(app)
    here = session(app)
    stuck, data = here.shown_state, here.data.sequences
    press(app, "to_the_top")
    assert here.config.start == "hand"
    assert here.shown_state.log_likelihood > stuck.log_likelihood
    opened_by_engine = raised(stuck.hmm, data, rising_zeros(stuck.hmm, data))
    np.testing.assert_allclose(
        here.shown_state.hmm.transition_matrix, opened_by_engine.transition_matrix, rtol=1e-8
    )


def _hand(rows: list[list[float]]) -> str:
    table = tuple(tuple(row) for row in rows)
    return to_query(Config(num_states=2, start="hand", hand=table))["hand"]


def test_profile_intervals_come_one_by_one_and_can_be_cancelled():
    app = at_trust(interval="profile", runs="EM_60", M="15", N="6")
    table = estimates_table(app)
    assert table["Lower"].isna().all()
    press(app, "begin_profiles")
    here = session(app)
    job = next(iter(background(here, PROFILES)._kept))
    background(here, PROFILES).join(job)
    app = healthy(app.run())
    table = estimates_table(app)
    view = current_view(here)
    low, high = profile_interval(view.hmm, here.data.sequences, ("means", 0, 0))
    np.testing.assert_allclose(table[["Lower", "Upper"]].iloc[0], (low, high), rtol=1e-5)
    assert f"{job.total} intervals in" in text(app)
    assert "from" in labels(app)["intervals_means"]
    # Cancelled, what was found stays, and the button is back.
    job.cancelled = True
    assert any(b.key == "begin_profiles" for b in healthy(app.run()).button)


def test_ems_pace_is_the_predicted_one():
    app = at_trust(apart="0.9", runs="EM_120")
    here = session(app)
    verdict = appraisal.known_verdict(here)
    figure = figures(app)["pace_figure"]
    observed, predicted, missing = figure["data"]
    gains = array(observed["y"])
    assert gains[0] == pytest.approx(np.diff(here.runs["EM"].history.log_likelihoods)[0])
    np.testing.assert_allclose(gains[-1] / gains[-2], verdict.missing[0] ** 2, rtol=0.02)
    line, at = array(predicted["y"]), array(predicted["x"])
    np.testing.assert_allclose(
        np.diff(np.log(line)) / np.diff(at), 2.0 * np.log(verdict.missing[0]), rtol=1e-9
    )
    np.testing.assert_allclose(array(missing["y"]), np.clip(verdict.missing, 0.0, 1.0))
    assert f"{verdict.missing[0]:.1%} of the information is missing" in text(app)


def test_what_takes_long_waits_and_nothing_is_computed_while_a_run_plays(monkeypatch):
    app = at_trust(runs="EM_5")
    session(app).play()
    app = healthy(app.run())
    assert "While a run plays, nothing is computed here" in text(app)
    assert not any("Estimate" in one.value for one in app.dataframe)
    session(app).pause()
    monkeypatch.setattr(appraisal, "AT_ONCE", 0.0)
    session(app).step()
    app = healthy(app.run())
    assert "waits for a press" in text(app)
    app = answered(press(app, "begin_appraisal"))
    assert len(estimates_table(app)) == 10


def test_the_download_has_every_digit_and_names_of_a_visitor_are_only_text():
    app = at_trust(runs="EM_20", names="=1+1,**b**")
    here = session(app)
    found = estimates(here, current_view(here), appraisal.known_verdict(here), {})
    table = frame(found)
    assert "**b**" in table["Parameter"][1]
    assert table["Estimate"][0] == current_view(here).hmm.emissions.means[0, 0]
    assert "of **b**" not in text(app)


def test_notebook_and_script_of_the_page_compute_its_table(capsys):
    app = at_trust(runs="EM_30", level="80", M="20", N="4")
    here = session(app)
    table = estimates_table(app)
    exec(script(here, "hmmcore").decode(), names := {})
    assert is_maximum(names["model"], names["sequences"]).message in capsys.readouterr().out
    order = [f"mean of state {k}" for k in (1, 2)]
    found = names["estimates"].set_index("parameter").loc[order]
    np.testing.assert_allclose(found[["lower", "upper"]], table[["Lower", "Upper"]][:2], rtol=1e-6)
    code = [
        "".join(cell["source"])
        for cell in json.loads(notebook_of(here))["cells"]
        if cell["cell_type"] == "code"
    ]
    assert "observed_information" in code[-1]
    run = here.runs["EM"]
    names = {"runs": {"EM": (run.state, [])}, "start": run.start, "sequences": here.data.sequences}
    exec(code[-1], names)
    assert sorted(names["estimates"]["lower"].dropna()) == pytest.approx(
        sorted(table["Lower"].dropna()), rel=1e-6
    )


def test_priors_and_numbers_trained_alone_are_said_to_be_no_part_of_the_errors():
    app = at_trust(runs="EM_300", only="means.1~means.2")
    assert "Trained with only some numbers trained" in text(app)
    assert "the bootstrap below" not in text(app)
    assert "to_the_top" not in [button.key for button in app.button]


@pytest.mark.parametrize("family", ["counts", "symbols", "points", "product"])
def test_the_playground_draws_intervals_on_wish_at_rest_and_at_a_maximum(family):
    query = {
        **SMALL,
        "family": family,
        "kinds": "ncs",
        "C": "3",
        "runs": "EM_300",
        "start": "near-truth",
    }
    app = opened("playground.py", **query, whiskers="on")
    here = session(app)
    background(here, appraisal.ROOM).join(appraisal.appraisal(here, appraisal.question(here)))
    app = healthy(app.run())
    view = current_view(here)
    expected = observed_information(view.hmm, here.data.sequences)
    lows = panel_array(app, "learned.lows")
    for i, j in np.ndindex(2, 2):
        low, _ = expected.interval(("transition_matrix", i, j))
        assert lows[i, j] == pytest.approx(low, rel=1e-4)
    own = {"counts": ["rates"], "symbols": ["probs"], "points": ["means"]}
    for j, name in enumerate(own.get(family, ["means", "rates", "probs"])):
        first: tuple[str | int, ...] = ("parts", j) if family == "product" else ()
        highs = panel_array(app, f"means.{j}.highs" if first else "means.highs")
        for place in np.ndindex(highs.shape):
            _, high = expected.interval((*first, name, *place))
            assert highs[place] == pytest.approx(high, rel=1e-4, nan_ok=True)
    here.travel(1)
    assert "No intervals are drawn" in text(answered(app))
    here.reset()
    here.play()
    assert not any("lows" in name for name in panel(healthy(app.run()))["arrays"])
