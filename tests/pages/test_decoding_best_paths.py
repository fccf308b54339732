"""The best paths on the Viterbi page: it shows what `hmmcore` computes, whatever the data."""

from __future__ import annotations

import io
import re
from itertools import product

import numpy as np
import pandas as pd
import pytest

from hmmcore import joint_log_prob, k_best_paths, log_likelihood, sample_posterior_paths
from pages.ui.experiment.listing import DRAWS_STREAM
from pages.ui.files.export import frame_csv
from pages.ui.parts.paths import path_tables
from pages.ui.session import listed_paths
from pages.ui.session.view import current_view
from pages.ui.text import probability
from tests.pages import shown

PAGE = "decoding.py"
SMALL = {"K": "3", "M": "8", "N": "1", "noise": "1.5"}


def strips(app):
    """Name, without its probability, to states (M,) of every strip; and the marks."""
    found, marks = {}, {}
    for trace in shown.figures(app)["best_paths"]["data"]:
        if trace["type"] == "heatmap":
            for name, row in zip(trace["y"], shown.array(trace["z"]), strict=True):
                (marks if "≠" in name else found)[name.split(":")[0]] = row
    return found, marks


def table(app) -> pd.DataFrame:
    (frame,) = app.dataframe
    return frame.value


def trained(**query):
    return shown.press(shown.opened(PAGE, **{**SMALL, **query}), "step")


def every_path(view):
    """All paths of the selected sequence and p(path | x), the most probable first."""
    length, num_states = view.sequence.num_observations, view.hmm.num_states
    paths = np.array(list(product(range(num_states), repeat=length)))
    joints = np.array([joint_log_prob(view.hmm, view.sequence, path)[0] for path in paths])
    order = np.argsort(-joints, kind="stable")
    return paths[order], np.exp(joints[order] - log_likelihood(view.hmm, view.sequence))


def test_shows_the_best_of_all_paths_and_what_they_hold_together():
    app = trained(M="6", best="4")
    view = current_view(shown.session(app))
    paths, probs = every_path(view)
    found, marks = strips(app)
    for number in range(1, 5):
        np.testing.assert_array_equal(found[f"path {number}"], paths[number - 1] + 1)
    for number in range(2, 5):
        np.testing.assert_array_equal(marks[f"path {number} ≠ best"], paths[number - 1] != paths[0])
    said = shown.text(app)
    assert f"the best path has {probs[0]:.1%} of all" in said
    assert f"the first 4 together {probs[:4].sum():.1%}." in said
    rows = table(app)
    assert list(rows.index) == [
        *(f"path {n}" for n in range(1, 5)), *(f"draw {n}" for n in range(1, 4)), "true path"
    ]  # fmt: skip
    assert list(rows["p(path | x)"][:4]) == [f"{value:.1%}" for value in probs[:4]]
    assert list(rows["differs at"][:4]) == [(path != paths[0]).sum() for path in paths[:4]]


def test_a_link_gives_the_same_draws_and_another_number_others():
    first, again = (strips(trained(draws="4"))[0] for _ in range(2))
    other = strips(trained(draws="4", draw="1"))[0]
    names = [f"draw {number}" for number in range(1, 5)]
    for name in names:
        np.testing.assert_array_equal(first[name], again[name])
    assert any((first[name] != other[name]).any() for name in names)
    app = trained(draws="4")
    session = shown.session(app)
    view = current_view(session)
    rng = np.random.default_rng([session.config.seed, DRAWS_STREAM, 0])
    expected = sample_posterior_paths(view.hmm, view.sequence, 4, rng)
    np.testing.assert_array_equal([first[name] for name in names], expected + 1)


def test_no_draws_if_none_are_wanted():
    app = trained(draws="0", best="2")
    assert strips(app)[0].keys() == {"true path", "path 1", "path 2"}
    assert "drawn" not in shown.labels(app)["best_paths"]


def test_ties_are_named_and_agree_with_the_ties_above():
    app = shown.opened(PAGE, start="symmetric", K="2", M="4", N="1", best="16")
    said = shown.text(app)
    assert "16 paths share the largest" in said
    assert "Equally probable up to rounding: paths 1 to 16. More paths may tie" in said
    assert set(table(app)["place"][:16]) == {"1 (tie)"}
    more = shown.opened(PAGE, start="symmetric", K="2", M="4", N="1", best="20")
    assert "the first 16 together 100%, and there are no others" in shown.text(more)
    assert "may tie" not in shown.text(more)


def test_ties_of_a_long_sequence_take_no_longer():
    app = shown.opened(PAGE, start="symmetric", K="5", M="300", N="1", best="100")
    assert "paths 1 to 100" in shown.text(app)


def test_the_truth_is_found_among_them_and_stays_hidden():
    app = trained(M="4", best="100")
    session = shown.session(app)
    view = current_view(session)
    paths, probs = every_path(view)
    truth = view.in_shown_states(view.true_states)
    (place,) = np.flatnonzero((paths == truth).all(axis=1))
    assert f"The true path is path {place + 1}." in shown.text(app)
    assert table(app).loc["true path", "p(path | x)"] == probability(np.log(probs[place]))
    hidden = trained(M="4", best="100", truth="hidden")
    assert "true path" not in strips(hidden)[0]
    assert "true path" not in table(hidden).index
    assert "The true path is path" not in shown.text(hidden)


def test_states_are_those_of_the_view_however_numbered():
    for numbered in ("matched", "run"):
        app = trained(numbered=numbered, start_seed="3")
        view = current_view(shown.session(app))
        found = k_best_paths(view.hmm, view.sequence, 5)
        np.testing.assert_array_equal(strips(app)[0]["path 1"], found.paths[0] + 1)


@pytest.mark.parametrize(
    "query",
    [
        {"K": "1"},
        {"M": "2", "K": "2", "best": "100"},
        {"K": "20", "M": "60", "best": "100"},
        {"data": "notebook"},
        {"family": "counts"},
        {"family": "symbols", "names": "rain,sun,fog"},
        {"family": "points", "cov": "full"},
        {"model": "network"},
        {"true_K": "2"},
        {"structure": "left-right", "noise": "0.05", "apart": "10"},
        {"best": "nan", "draws": "-7", "draw": "1e99"},
        {"M": "3000", "best": "100", "draws": "20"},
    ],
    ids=str,
)
def test_every_experiment_has_its_best_paths(query):
    app = trained(**query)
    rows = table(app)
    assert rows["place"].iloc[0].startswith("1")
    assert "of all" in shown.text(app)


def test_one_state_has_one_path_with_all_of_the_probability():
    app = trained(K="1")
    assert "the best path has 100% of all; no other is possible." in shown.text(app)


def test_a_list_that_would_take_too_long_is_cut_and_says_so():
    app = shown.opened(PAGE, M="100000", N="1", K="5", best="100", draws="20")
    assert re.search(
        r"at most 20 paths can be listed at once, and 100 are asked for", shown.text(app)
    )
    assert len([name for name in table(app).index if name.startswith("path")]) == 20


def test_uploaded_data_with_gaps_times_and_names_that_bite():
    app = shown.opened(PAGE)
    values = np.random.default_rng(0).normal(size=30)
    values[[0, 10, 11, 29]] = np.nan
    shown.upload(app, [values, values[5:15]], num_states=3)
    session = shown.session(app)
    session.change(state_names=("<b>|a*", "=1+1", "$x$"))
    shown.healthy(app.run())
    assert "true path" not in table(app).index
    view = current_view(session)
    found, drawn = listed_paths.best(session, view), listed_paths.drawn(session, view)
    frame = path_tables.steps(found, drawn, None, ["<b>|a*", "=1+1", "$x$"])
    content = frame_csv(frame).decode()
    assert ",=1+1" not in content
    read = pd.read_csv(io.StringIO(content))
    assert list(read.columns[:2]) == ["time", "path_1"]
    assert len(read) == 30


def test_the_table_as_csv_has_all_digits_and_every_stretch():
    app = trained(best="3")
    session = shown.session(app)
    view = current_view(session)
    found, drawn = listed_paths.best(session, view), listed_paths.drawn(session, view)
    frame = path_tables.numbers(found, drawn, listed_paths.true_path(session, view))
    read = pd.read_csv(io.BytesIO(frame_csv(frame)))
    np.testing.assert_array_equal(read["log_joint"][:3], found.log_joints)
    np.testing.assert_array_equal(read["posterior_prob"][:3], np.exp(found.log_posteriors))
    assert read["rank"][:3].tolist() == (found.ranks + 1).tolist()
    assert read["rank"][3:].isna().all()


def test_an_impossible_sequence_has_no_best_paths():
    app = shown.make_impossible(shown.opened(PAGE, K="2"))
    assert "best_paths" not in shown.figures(app)
    assert not app.dataframe


def test_the_figure_says_where_paths_differ():
    app = trained(best="3")
    said = shown.labels(app)["best_paths"]
    assert said.startswith("Strips of the 3 best paths and of 3 drawn ones over 8 time steps")
    assert re.search(r"Path 2 differs at \d of 8 steps: t = \d", said)
