"""Every page with every kind of observations, as Streamlit runs it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from hmmcore import (
    Categorical,
    Gaussian,
    NeuralGaussian,
    Poisson,
    Product,
    Sequences,
    TrainState,
    exchangeable_states,
)
from pages.ui.experiment.dataset import Upload
from pages.ui.session.session import Session
from pages.ui.settings.config import Config
from pages.ui.settings.families import FAMILIES
from tests.pages.shown import figures, healthy, opened, press, session, text

LINKS: dict[str, dict[str, str]] = {
    "numbers": {},
    "network": {"model": "network"},
    "counts": {"family": "counts"},
    "symbols": {"family": "symbols", "C": "4"},
    "points": {"family": "points"},
    "leaning points": {"family": "points", "cov": "full"},
    "product": {"family": "product", "kinds": "ncs"},
}
EMISSIONS = {
    "numbers": Gaussian,
    "network": NeuralGaussian,
    "counts": Poisson,
    "symbols": Categorical,
    "points": Gaussian,
    "leaning points": Gaussian,
    "product": Product,
}
KIND = {
    "numbers": "marginals", "counts": "marginals", "symbols": "symbols", "points": "ellipses",
    "product": "parts",
}  # fmt: skip
PAGES = ("playground.py", "data.py", "posterior.py", "decoding.py")
STARTS = ("random", "kmeans", "quantiles", "near-truth", "symmetric")
RNG = np.random.default_rng(0)
UPLOADS = {
    "counts": Upload(
        "a.csv", "count", Sequences(RNG.poisson(5.0, size=60), [20, 40]), "counts"
    ),
    "symbols": Upload(
        "b.csv", "<b>die</b>", Sequences(RNG.integers(3, size=60)), "symbols", ("F", "<i>*L*", "?")
    ),
    "points": Upload(
        "c.csv", "u, v, w", Sequences(RNG.normal(size=(60, 3)), [20, 40]), "points", (),
        ("u", "<v>", "w"),
    ),
    "product": Upload(
        "e.csv", "n, <i>*x*, s",
        Sequences(
            np.column_stack(
                [RNG.poisson(3.0, size=60), RNG.normal(size=60), RNG.integers(2, size=60)]
            ),
            [20, 40],
        ),
        "product", (), ("n", "<i>*x*", "s"), kinds=("counts", "numbers", "symbols"),
        part_labels=((), (), ("<b>no</b>", "yes")),
    ),
}  # fmt: skip


def panel_header(app: AppTest) -> dict[str, Any]:
    (panel,) = (one for one in app.get("bidi_component") if one.proto.bytes)
    message = panel.proto.bytes
    size = int.from_bytes(message[:4], "little")
    return json.loads(message[4 : 4 + size])


def gappy(upload: Upload) -> Upload:
    """The same data with gaps: whole observations, and coordinates where there are several."""
    values = np.array(upload.sequences.observations, dtype=float)
    values[[0, 7, 8, 9, 30, 59]] = np.nan
    values[[12, 13], -1] = np.nan
    return replace(upload, sequences=Sequences(values, upload.sequences.lengths))


GAPPY = {name: gappy(upload) for name, upload in UPLOADS.items()} | {
    "numbers": gappy(Upload("d.csv", "x", Sequences(RNG.normal(size=60), [20, 40])))
}


def generated(**query: str) -> Session:
    """The session of a link, without a page."""
    return Session.from_url({"M": "40", "N": "4", **query})


def labels(app: AppTest) -> set[str]:
    kinds = (app.slider, app.number_input, app.selectbox, app.button_group)
    return {widget.label for kind in kinds for widget in kind}


@pytest.mark.parametrize("name", LINKS)
def test_every_page_shows_every_family(name: str) -> None:
    app = opened("playground.py", K="3", method="Both", **LINKS[name])
    press(app, "step")
    header = panel_header(app)
    family = session(app).data.family
    assert header["charts"]["means"]["kind"] == KIND[family]
    assert header["card"][0] == FAMILIES[family].card
    assert [run["iteration"] for run in header["runs"]] == [1, 1]
    for run in session(app).active_runs:
        assert isinstance(run.state.hmm.emissions, EMISSIONS[name])
        assert run.history.log_likelihoods[1] > run.history.log_likelihoods[0]
    for page in PAGES[1:]:
        healthy(app.switch_page(page).run())
        assert not app.error
        assert figures(app)
        about = text(app)
        if page == "posterior.py":
            assert ("be positive?" in about) is FAMILIES[family].is_density
            assert ("never positive?" in about) is not FAMILIES[family].is_density


@pytest.mark.parametrize("name", UPLOADS)
def test_the_family_of_a_file_is_fixed_and_that_of_generated_data_can_be_chosen(name: str) -> None:
    here = generated()
    here.replace_upload(UPLOADS[name], 2)
    assert here.config.family == name
    here.change(source="generated", family="numbers")
    assert here.data.family == "numbers"
    here.change(source="upload")
    assert here.config.family == name
    assert here.problem is None


@pytest.mark.parametrize("name", GAPPY)
def test_every_page_shows_uploads_of_every_family_with_gaps(name: str) -> None:
    app = opened("playground.py", method="Both")
    session(app).replace_upload(GAPPY[name], 2)
    press(app, "step")
    header = panel_header(app)
    assert header["charts"]["means"]["kind"] == KIND[name]
    shown = session(app).data.sequences[0][:, 0]
    assert header["charts"]["sequence"]["missing"] == np.isnan(shown).sum() >= 4
    assert [run["iteration"] for run in header["runs"]] == [1, 1]
    for page in ("posterior.py", "decoding.py", "data.py"):
        healthy(app.switch_page(page).run())
        assert not app.error
        assert figures(app)
    several = name in ("points", "product")
    lacking = "6 of 60 are missing, and 2 more lack" if several else "8 of 60 are missing"
    assert lacking in text(app)
    assert "nan" not in text(app).lower().split()


@pytest.mark.parametrize("start", [start for start in STARTS if start != "near-truth"])
@pytest.mark.parametrize("name", GAPPY)
def test_every_start_trains_on_gaps_by_both_methods(name: str, start: str) -> None:
    own = Session(Config(method="Both"))
    own.replace_upload(GAPPY[name], 3)
    own.change(start=start)
    assert own.problem is None
    for _ in range(5):
        own.step()
    for run in own.active_runs:
        assert np.isfinite(run.history.log_likelihoods).all()
        assert run.state.iteration == 5
    assert (np.diff(own.runs["EM"].history.log_likelihoods) >= -1e-9).all()


def is_stuck(state: TrainState) -> bool:
    """Whether no step can tell any two states apart."""
    return exchangeable_states(state.hmm) == (tuple(range(state.hmm.num_states)),)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("name", LINKS)
def test_every_start_trains_every_family_by_both_methods(name: str, start: str) -> None:
    here = generated(K="3", method="Both", start=start, **LINKS[name])
    assert here.problem is None
    alike = start == "symmetric"
    assert is_stuck(here.runs["EM"].state) is alike
    before = here.true_log_likelihood()
    assert before is not None
    for _ in range(3):
        here.step()
    for run in here.active_runs:
        assert run.state.iteration == 3
        assert run.ended is None or alike
        assert is_stuck(run.state) is alike


def test_controls_that_do_not_apply_are_hidden() -> None:
    app = opened("playground.py")
    assert {"Noise σ", "Means", "Separation", "Model of the means"} <= labels(app)
    shown = {}
    for family in ("counts", "symbols", "points", "numbers"):
        healthy(app.selectbox(key="control_family").set_value(family).run())
        shown[family] = labels(app)
    assert "Noise σ" not in shown["counts"] | shown["symbols"]
    assert {"Noise σ", "Covariances Σ", "Separation"} <= shown["points"]
    assert {"Symbols C", "Sharpness"} <= shown["symbols"]
    assert "Separation" in shown["counts"]
    for family in ("counts", "symbols", "points"):
        assert not shown[family] & {"Means", "Model of the means"}
    assert not shown["numbers"] & {"Symbols C", "Sharpness", "Covariances Σ"}


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("numbers", "Means Noise"),
        ("counts", "Rates"),
        ("symbols", "Symbols"),
        ("points", "Means Covariances"),
        ("product", "What is emitted Noise"),
    ],
)
def test_what_can_be_trained_follows_the_family(family: str, options: str) -> None:
    app = opened("playground.py")
    healthy(app.selectbox(key="control_family").set_value(family).run())
    (pills,) = (group for group in app.button_group if group.label == "What is trained")
    assert " ".join(pills.options) == f"Initial Transitions {options}"
    assert session(app).config.trainable == tuple(FAMILIES[family].trainable)
    # For any other a first visitor would wait until Streamlit has read what emoji there are.
    assert all(option.isascii() for group in app.button_group for option in group.options)
    # The visitor's choice survives a change of family and back.
    app.button_group(key="control_trainable").set_value(["transition_matrix"]).run()
    healthy(app.selectbox(key="control_family").set_value("counts").run())
    assert session(app).config.trainable == ("transition_matrix",)


def test_noise_can_be_trained_where_a_column_is_a_number() -> None:
    app = opened("playground.py", family="product", kinds="cccc", prior_sd="10")
    assert "Prior on the spread" not in labels(app)
    assert session(app).problem is None
    (pills,) = (group for group in app.button_group if group.label == "What is trained")
    assert pills.options == ["Initial", "Transitions", "What is emitted"]
    healthy(app.button_group(key="control_trainable").set_value([]).run())
    assert "Nothing is trained" in text(app)
    app.button_group(key="control_trainable").set_value(["locations"]).run()
    # The noise stays chosen, so it is trained as soon as there is one.
    healthy(app.selectbox(key="control_kinds").set_value("ccn").run())
    (pills,) = (group for group in app.button_group if group.label == "What is trained")
    assert pills.options[-1] == "Noise"
    assert {"Prior on the spread", "Spread thought likely"} <= labels(app)
    assert session(app).config.trainable == ("locations", "spreads")


@pytest.mark.parametrize("name", LINKS)
def test_a_link_gives_the_same_experiment(name: str) -> None:
    one = generated(K="3", start="kmeans", **LINKS[name])
    other = Session.from_url(one.query())
    assert one.config == other.config
    np.testing.assert_array_equal(
        one.data.sequences.observations, other.data.sequences.observations
    )
    assert one.runs["EM"].start == other.runs["EM"].start


def test_another_dimension_is_shown_along_time() -> None:
    app = opened("playground.py", family="points")
    before = panel_header(app)["charts"]
    assert "Against" not in labels(app)
    healthy(app.selectbox(key="control_dimension").set_value(2).run())
    after = panel_header(app)["charts"]
    assert (before["sequence"]["title"], after["sequence"]["title"]) == (
        "observation x1",
        "observation x2",
    )
    assert (after["means"]["x"], after["means"]["y"]) == ("observation x2", "observation x1")


def test_of_three_columns_any_two_are_shown_against_each_other() -> None:
    app = opened("playground.py")
    session(app).replace_upload(UPLOADS["points"], 2)
    healthy(app.run())
    healthy(app.selectbox(key="control_dimension").set_value(3).run())
    healthy(app.selectbox(key="control_against").set_value(1).run())
    chart = panel_header(app)["charts"]["means"]
    assert (chart["x"], chart["y"]) == ("observation w", "observation u")
    healthy(app.selectbox(key="control_dimension").set_value(1).run())
    chart = panel_header(app)["charts"]["means"]
    assert (chart["x"], chart["y"]) == ("observation u", "observation &lt;v&gt;")


@pytest.mark.parametrize("start", ["random", "quantiles"])
def test_a_network_learns_as_free_means_do(start: str) -> None:
    here = generated(K="3", M="100", N="10", start=start, model="network")
    assert here.new_start_helps
    for _ in range(60):
        here.step()
    run = here.shown_run
    assert run is not None
    reached = run.curve[-1]
    true = here.true_log_likelihood()
    assert true is not None
    assert reached > run.curve[0]
    assert reached > true - 0.5
