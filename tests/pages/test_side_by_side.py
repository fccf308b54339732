"""Families and constraints side by side on the Models page, and their controls in the sidebar."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from hmmcore import Sequences, information_criteria
from pages.ui.experiment.constraints import imposed
from pages.ui.experiment.dataset import Upload
from pages.ui.experiment.run_position import run_position_to_query
from pages.ui.parts.constraints.notes import LANDSCAPE, TRAINING, TRUST
from pages.ui.session import sweeps
from pages.ui.session.background import background
from tests.pages.shown import figures, healthy, labels, live, opened, press, session, text, upload

SMALL = {"K": "3", "M": "30", "N": "6", "side_each": "2"}
ALL = "plain.spherical.diag.full.tied.sticky.stays.left-right.cyclic.true"


def compared(app: AppTest) -> AppTest:
    """The page once the variants are trained."""
    press(app, "begin_variants")
    here = session(app)
    job = sweeps.variants_sweep(here)
    background(here).join(job)
    assert job.done
    assert not job.failed
    return healthy(app.run())


OF_CHAINS = ["sticky", "stays", "left-right", "cyclic"]
CASES = [
    ({}, ["plain", "tied", *OF_CHAINS, "true"]),
    ({"family": "points"}, ["plain", "spherical", "full", "tied", *OF_CHAINS, "true"]),
    (
        {"family": "points", "cov": "full", "M": "20"},
        ["plain", "spherical", "diag", "tied", *OF_CHAINS, "true"],
    ),
    ({"family": "counts", "unseen": "ends"}, ["plain", *OF_CHAINS, "true"]),
    ({"family": "symbols", "unseen": "nothing"}, ["plain", *OF_CHAINS, "true"]),
    (
        {"method": "Gradient", "M": "6", "true_K": "2", "side_each": "1", "unseen": "nothing"},
        ["plain", "tied", *OF_CHAINS],
    ),
    (
        {"K": "2", "train": "means.transition_matrix"},
        ["plain", "sticky", "stays", "left-right", "true"],
    ),
    ({"K": "1"}, ["plain", "true"]),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(CASES)))
def test_variants_are_trained_told_and_one_is_used_with_its_constraints(case):
    query, expected = CASES[case]
    app = compared(opened("models.py", **{**SMALL, "side": ALL, **query}))
    here = session(app)
    job = sweeps.variants_sweep(here)
    sweep = job.found
    assert sweep.done == sweep.total
    assert [row.name for row in sweep.rows] == expected
    (table,) = app.dataframe
    for row, own in zip(sweep.rows, table.value.to_dict("records"), strict=True):
        assert row.failure is None
        assert own["BIC"] == row.criteria.bic
        counted = [value for name, value in own.items() if name.endswith(" free")]
        assert sum(counted) == own["Parameters"] == row.criteria.num_parameters
    assert "**BIC** prefers" in text(app)
    assert ("**Held-out data** prefer" in text(app)) == (query.get("unseen") != "nothing")
    figure = figures(app)["variants_figure"]
    assert len(figure["layout"]["yaxis"]["ticktext"]) == len(expected)
    assert "BIC prefers" in labels(app)["variants_figure"]
    name = "Gradient" if query.get("method") == "Gradient" else "EM"
    before = here.runs[name]
    # Two or three in each case, every one in some.
    for row in sweep.rows[1 + case % 3 :: 3]:
        healthy(app.selectbox(key="use_variant_which").set_value(row.name).run())
        press(app, "use_variant")
        while here.replay is not None:  # a long one is played
            here.tick(1.0)
        run = here.runs[name]
        assert here.notes == ()
        np.testing.assert_allclose(run.state.log_likelihood, row.criteria.log_likelihood, rtol=1e-8)
        # The pages count what the table counts.
        trainer = run.trainer
        criteria = information_criteria(
            run.state.hmm,
            here.data.sequences,
            trainer.trainable,
            trainer.transition_ties,
            run.start,
        )
        assert criteria.parameter_counts == row.criteria.parameter_counts
        assert imposed(run.state.hmm, here.config).emissions == run.state.hmm.emissions
        again = session(
            opened("models.py", **{**here.query(), **run_position_to_query(here.run_position())})
        )
        assert again.runs[name].start == run.start
        # What was compared stays beside the model that was taken.
        assert sweeps.variants_sweep(here) is job
        healthy(app.run())
        press(app, "undo_remedy")
        assert here.runs[name] is before


def test_a_visitors_own_data_with_gaps_are_compared_and_used():
    rng = np.random.default_rng(0)
    values = [rng.normal(size=25) + 4 * (np.arange(25) > 12) for _ in range(4)]
    values[0][3:6] = np.nan
    app = upload(opened("models.py", **SMALL, side="plain.tied.left-right.full.true"), values)
    compared(app)
    here = session(app)
    rows = sweeps.variants_sweep(here).found.rows
    assert [row.name for row in rows] == ["plain", "tied", "left-right"]
    assert rows[0].criteria.num_observations == 97
    # Each sequence has two halves, one after the other.
    assert "**BIC** prefers **Left to right**" in text(app)
    press(app, "use_variant")
    assert here.config.chain == "left-right"
    assert here.runs["EM"].start.initial_probs[0] == 1.0
    assert "Chain: left to right." in text(app)


def test_constant_and_short_data_give_a_result_or_one_sentence():
    for values in ([np.full(8, 3.0)], [np.array([1.0])], [np.array([1.0, 2.0]), np.array([3.0])]):
        compared(upload(opened("models.py", **SMALL, side=ALL), values, num_states=2))


def test_what_is_held_stands_in_the_sidebar_and_is_let_go():
    app = opened("playground.py", chain="cyclic", stays="shared", sticky="50", spread="tied", K="3")
    here = session(app)
    run = here.runs["EM"]
    assert run.state.objective_name == "log-posterior"
    assert "Chain: cyclic, staying: one for all, spread: tied and sticky prior 50." in text(app)
    assert "climbs the log-posterior" in text(app)
    assert "climbs the log-posterior: priors add −" in str(live(app)["outcome"])
    (expander,) = [one for one in app.expander if one.label == "Constraints and priors"]
    assert not expander.proto.expanded
    press(app, "step")
    assert (run.state.hmm.transition_matrix > 0.0).sum() == 6
    press(app, "hold_nothing")
    assert here.runs["EM"].state.log_prior is None
    assert "log-posterior" not in str(live(app)["outcome"])
    press(app, "undo_remedy")
    assert here.runs["EM"] is run


def test_pages_of_the_likelihood_say_so_where_the_posterior_is_climbed():
    for script, sentence in (("training.py", TRAINING), ("landscape.py", LANDSCAPE)):
        assert sentence in text(opened(script, sticky="5", K="2", map="line"))
        assert sentence not in text(opened(script, K="2", map="line"))
    assert TRUST in text(opened("trust.py", stays="shared", K="2", M="10", N="2"))


def test_maps_move_nothing_that_is_tied():
    app = opened("landscape.py", map="line", stays="shared", across="transition_matrix.1.2")
    assert "an entry of A does not move by itself" in text(app)
    app = opened("landscape.py", map="line", chain="cyclic", across="models")
    assert "leaves the chain that is asked for" in text(app)


def test_hostile_links_give_one_sentence_each():
    app = opened("models.py", chain="<b>", sticky="-1", prior_sd="1.5", side="magic", side_each="x")
    shown = text(app).replace("\\", "")
    for sentence in (
        "Chain: “<b>” in the link is not known; took “Anywhere”",
        "Sticky prior: -1 in the link is not between 0 and 100000; took 0",
        "A prior on the spread is worth more than 2 observations; took 3.",
        "Side by side: “magic” in the link has names that are not known",
        "“x” in the link is not a number; took 10",
    ):
        assert sentence in shown.replace("&lt;", "<"), sentence


def test_a_file_of_counts_has_no_spread_to_hold():
    app = opened("playground.py", spread="tied", prior_sd="10")
    here = session(app)
    counts = Sequences(np.array([0.0, 3.0, 1.0, 4.0, 2.0, 5.0]))
    here.replace_upload(Upload("mine.csv", "n", counts, family="counts"), 2)
    healthy(app.run())
    assert here.problem is None
    assert (here.config.spread, here.config.spread_prior) == ("data", 0.0)
