"""Residuals, simulated data, forecasts, coverage and the bootstrap on the Trust page."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from hmmcore import EM, Sequences, forecast
from hmmcore.checks import backtest
from hmmcore.inference import DiscreteResiduals, pseudo_residuals
from hmmcore.uncertainty import bootstrap
from pages.ui.experiment.dataset import Upload
from pages.ui.files.export import frame_csv
from pages.ui.session.background import background
from pages.ui.session.trust import bootstraps, coverage
from pages.ui.session.trust.forecasts import forecast_frame
from pages.ui.session.trust.residuals import residual_frame, residuals
from pages.ui.session.view import current_view
from pages.ui.text import markdown_text
from tests.pages.shown import (
    array,
    figures,
    healthy,
    labels,
    opened,
    press,
    session,
    text,
    waited,
)

ROOMS = ("appraisal", "residuals", "simulated", "backtest")


def at_trust(**query: str) -> AppTest:
    return waited(
        opened("trust.py", **{"K": "2", "runs": "EM_5", "simulations": "20", **query}), *ROOMS
    )


def own_data() -> AppTest:
    """Three named sequences of two coordinates, month by month, with gaps."""
    app = opened("trust.py", K="2", simulations="20", dim="2", ahead="3")
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(30, 2)) + 4.0 * (np.arange(30) % 10 > 5)[:, None] for _ in range(3)]
    values[0][3:5] = np.nan
    values[1][7, 1] = np.nan
    months = np.datetime64("2020-01", "M") + np.arange(30)
    upload = Upload(
        "mine.csv", "a, b", Sequences.from_list(values), "points", columns=("heat", "flow"),
        sequence_names=("Oslo", "Rome", "=Cork"), times=np.tile(months.astype("datetime64[ns]"), 3),
        time_name="month",
    )  # fmt: skip
    session(app).replace_upload(upload, 2)
    healthy(app.run())
    for _ in range(3):
        press(app, "step")
    return waited(app, *ROOMS)


@pytest.mark.parametrize(
    "query",
    [
        {}, {"family": "counts", "residual": "ordinary"}, {"family": "symbols", "sequence": "2"},
        {"family": "points", "method": "Gradient", "runs": "Gradient_4"},
        {"model": "network", "M": "12", "runs": "EM_2"}, {"K": "1", "N": "1", "M": "9"},
        {"family": "product", "kinds": "ncs", "dim": "2"},
        {"M": "2", "N": "2", "runs": ""}, {"own": "data"},
    ],
    ids=str,
)  # fmt: skip
def test_figures_and_verdicts_are_those_of_the_engine(query):
    app = own_data() if "own" in query else at_trust(**query)
    here = session(app)
    view, config, drawn = current_view(here), here.config, figures(app)
    d, rows = view.dimension, slice(view.offset, view.offset + view.sequence.num_observations)
    sequences = here.data.sequences
    # Residuals
    given = pseudo_residuals(view.hmm, sequences, config.residual_kind)
    if isinstance(given, DiscreteResiduals):
        found = residuals(here, view).found.check.residuals
        assert ((given.lower <= found) & (found <= given.upper))[~np.isnan(found)].all()
    else:
        found = given
    own = found[rows, d]
    np.testing.assert_allclose(
        np.sort(array(drawn["residuals"]["data"][2]["y"])), np.sort(own[~np.isnan(own)]), rtol=1e-12
    )
    assert ("residual_quantiles" in drawn) == (config.residual_kind == "forecast")
    shown = text(app)
    assert "lie beyond ±3" in shown or "lies beyond ±3" in shown
    # Forecast
    steps = config.horizon
    ahead = forecast(view.hmm, view.sequence, steps, 0.95)
    area, line = drawn["forecast"]["data"][:2]
    if ahead.means is None:
        np.testing.assert_allclose(array(area["z"]).T, ahead.symbol_probs[0], rtol=1e-6)
    else:
        np.testing.assert_allclose(array(line["y"]), ahead.means[0, :, d], rtol=1e-12)
        ends = np.concatenate([ahead.lower[0, :, d], ahead.upper[0, ::-1, d]])
        np.testing.assert_allclose(array(area["y"]), ends, rtol=1e-12)
    table = forecast_frame(here, view)
    assert len(table) == steps * len(sequences)
    probs = table.filter(like="state_prob_").to_numpy()
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, rtol=1e-12)
    # Simulated data, and the last tenth
    assert {key for key in drawn if key.startswith("simulated_")} >= {"simulated_stay_lengths"}
    assert "held out" in shown
    assert all(labels(app).values())


def test_own_data_keep_their_names_and_dates_in_what_is_downloaded():
    app = own_data()
    here = session(app)
    view = current_view(here)
    ahead = pd.read_csv(io.BytesIO(frame_csv(forecast_frame(here, view))))
    assert list(ahead["sequence"].unique()) == ["Oslo", "Rome", "'=Cork"]
    assert list(ahead["time"][:3]) == ["2022-07-01", "2022-08-01", "2022-09-01"]
    assert {"heat mean", "flow lower", "flow upper", "state_prob_2"} <= set(ahead.columns)
    found = residuals(here, view).found
    table = pd.read_csv(io.BytesIO(frame_csv(residual_frame(here.data, found))))
    np.testing.assert_allclose(
        table["flow forecast_residual"], found.check.residuals[:, 1], rtol=1e-15
    )
    # The other coordinate is not forgotten.
    assert "“heat” has" in text(app).replace("\\", "")
    # Without a true model the learned one is taken for it.
    assert "if the learned one were it" in text(app)
    assert coverage.question(here, view).truth == view.hmm
    # What is foretold stands at dates.
    assert "2022-09-01" in str(figures(app)["forecast"]["data"][1]["x"])


def test_names_of_states_columns_symbols_and_sequences_are_only_text():
    image = "![x](//a.bc/d.png)"
    app = opened("trust.py", K="2", simulations="20")
    rng = np.random.default_rng(0)
    states = np.repeat([0, 1], 60)
    values = np.column_stack([rng.normal(9.0 * states, 1.0), states]).astype(float)
    upload = Upload(
        f"{image}.csv", image, Sequences(values), "product", columns=(f"1{image}", image),
        sequence_names=(image,), kinds=("numbers", "symbols"), part_labels=((), (image, "b")),
    )  # fmt: skip
    here = session(app)
    here.replace_upload(upload, 2)
    # The observed stays are far longer than those of this model.
    hand = ((0.5, 0.5), (0.5, 0.5), (0.5, 0.5), (0.0, 9.0), (1.0, 1.0), (0.9, 0.1), (0.1, 0.9))
    here.change(state_names=(image, f"2{image}"), start="hand", hand=hand)
    for dimension in (1, 2):
        here.change(dimension=dimension)
        shown = text(waited(healthy(app.run()), *ROOMS))
        assert f"Mean stay in {image}" in shown.replace("\\", "")
        assert markdown_text(image) in shown
        assert image not in shown
        assert not any(image in one.value for one in app.subheader)


def test_the_last_tenth_is_foretold_by_a_model_that_never_saw_it():
    app = at_trust(M="60", N="5")
    here = session(app)
    (job,) = background(here, "backtest").jobs
    run, sequences = here.shown_run, here.data.sequences
    without = [here.data.sequences.select(n).observations[:-6] for n in range(5)]
    trainer = EM(Sequences.from_list(without))
    state = trainer.init(run.start)
    for _ in range(5):
        state = trainer.step(state)
    expected = backtest(state.hmm, sequences, 0.1, 0.95)
    np.testing.assert_allclose(job.found.found.upper, expected.upper, rtol=1e-9)
    right, total = int(expected.inside.sum()), int(expected.num_observed[0])
    assert total == 30
    assert f"**{right} of 30 observations** held out" in text(app)


def test_intervals_are_counted_and_said_with_their_error():
    app = press(at_trust(datasets="10", N="6"), "begin_coverage")
    shown = text(waited(app, "coverage"))
    (job,) = background(session(app), "coverage").jobs
    assert job.found.done == 10
    row = job.found.by_parameter().set_index("parameter").loc["means"]
    assert f"**μ**: {int(row['held'])} of 20 intervals of the means" in shown
    assert f"± {row['error']:.1%}" in shown
    values = array(figures(app)["coverage"]["data"][2]["x"])
    assert row["share"] in values


def test_intervals_of_several_columns_are_told_by_their_names():
    app = opened("trust.py", K="1", simulations="20", datasets="10")
    rng = np.random.default_rng(0)
    observed = np.column_stack([rng.poisson(4.0, 60), rng.normal(size=60)])
    mine = Upload(
        "mine.csv", "a, b", Sequences(observed), "product", columns=("*hours*", "<i>kg</i>"),
        kinds=("counts", "numbers"), part_labels=((), ()),
    )  # fmt: skip
    session(app).replace_upload(mine, 1)
    healthy(app.run())
    for _ in range(3):
        press(app, "step")
    press(app, "begin_coverage")
    shown = text(waited(app, "coverage"))
    assert r"**λ of \*hours\***" in shown
    assert r"intervals of the means of \<i\>kg" in shown
    drawn = figures(app)["coverage"]
    assert "μ of &lt;i&gt;kg&lt;/i&gt;" in str(drawn["layout"])
    assert "of part" not in shown + str(drawn)


def test_the_bootstrap_stands_beside_wald():
    app = at_trust(resamples="30", N="20", runs="EM_60")
    press(app, "begin_bootstrap")
    waited(app, "bootstrap")
    here = session(app)
    view, state = current_view(here), here.shown_state
    rng = np.random.default_rng([here.config.seed, bootstraps.BOOTSTRAP_STREAM])
    *_, expected = bootstrap(state.hmm, here.data.sequences, num_samples=30, rng=rng)
    (table,) = (one.value for one in app.dataframe if "Bootstrap error" in one.value.columns)
    own = int(view.permutation[0])
    row = table.set_index("Parameter").loc["Mean μ of S1"]
    assert row["Bootstrap error"] == expected.standard_error(("means", own))
    assert (row["Bootstrap lower"], row["Bootstrap upper"]) == expected.interval(("means", own))
    assert np.isfinite(row["Wald error"])
    assert "times Wald's" in text(app).replace("\\", "")


def test_what_takes_long_is_cancelled_and_keeps_what_it_found():
    app = press(opened("trust.py", K="2", datasets="5000"), "begin_coverage")
    jobs = background(session(app), "coverage")
    (job,) = jobs.jobs
    while job.found is None and not job.done:
        jobs.join(job, 0.05)
    press(app, "cancel_coverage")
    assert "Cancelled after" in text(waited(app, "coverage"))
    assert 0 < job.found.done < 5000
    assert app.button(key="begin_coverage")


def test_nothing_is_computed_while_a_run_plays():
    app = opened("trust.py", K="2")
    session(app).player.play()
    healthy(app.run())
    assert "residuals" not in figures(app)
    assert "While a run plays" in text(app)
    session(app).pause()
    assert "residuals" in figures(waited(healthy(app.run()), *ROOMS))


def test_hostile_links_give_one_sentence_each():
    app = opened("trust.py", level="96", ahead="-1", datasets="1e9", residual="<b>", resamples="x")
    shown = text(waited(app, *ROOMS)).replace("\\", "")
    for sentence in (
        "took “95 %”", "Steps ahead: -1 in the link", "Data sets: 1e9 in the link",
        "took “Forecast”", "Bootstrap samples: “x” in the link is not a number",
    ):  # fmt: skip
        assert sentence in shown, sentence
