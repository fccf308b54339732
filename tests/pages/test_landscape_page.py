"""The Landscape page as Streamlit runs it, without a browser."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from hmmcore import log_likelihood
from hmmcore.landscape import Plane
from pages.ui.parts import words
from pages.ui.session import map_search
from pages.ui.session.commands import carry_out
from pages.ui.session.landscape import landscape
from pages.ui.settings.config import FIELD_OF
from tests.pages.shown import healthy, opened, press, searched, session, text, upload

PAGE = "landscape.py"


def message(app: AppTest) -> tuple[dict, dict[str, np.ndarray]]:
    """Header and arrays of the message to the landscape."""
    (component,) = (one for one in app.get("bidi_component") if one.proto.bytes)
    content = component.proto.bytes
    size = int.from_bytes(content[:4], "little")
    header = json.loads(content[4 : 4 + size])
    assert header["key"] == "landscape"
    arrays = {
        name: np.frombuffer(
            content, "<" + kind, int(np.prod(shape)), 4 + size + offset
        ).reshape(shape)
        for name, (kind, offset, shape) in header["arrays"].items()
    }  # fmt: skip
    return header, arrays


@pytest.fixture(autouse=True)
def searches_end(monkeypatch):
    yield
    monkeypatch.setattr(map_search, "UNWATCHED", 0.0)
    for thread in threading.enumerate():
        if thread.name == "landscape":
            thread.join(30.0)


@pytest.mark.parametrize("family", ["numbers", "counts", "symbols", "points"])
def test_every_family_has_a_surface_that_is_the_likelihood(family):
    app = press(opened(PAGE, family=family, K="2"), "step")
    header, arrays = message(app)
    here = session(app)
    ground, hmm = landscape(here), here.shown_state.hmm
    plane = Plane(hmm, *ground.coordinates)
    xs, ys, values = (arrays[f"surface.{name}"] for name in ("xs", "ys", "values"))
    sequences = here.data.sequences
    for row, column in ((0, 0), (5, 3), (len(ys) - 1, len(xs) // 2)):
        model = plane.at(
            *(float(g[i]) for g, i in zip(grids(here, len(xs)), (column, row), strict=True))
        )
        expected = sequences.per_observation(float(log_likelihood(model, sequences).sum()))
        assert values[row, column] == pytest.approx(expected, rel=1e-5)
    assert header["problem"] == ""
    assert "everything else as at iteration 1" in header["hint"]
    assert "What am I looking at?" in [expander.label for expander in app.expander]


def grids(here, size):
    return landscape(here).grid(size)


def test_every_choice_has_a_label_and_a_help():
    app = opened(PAGE, K="2", method="Both")
    kinds = (app.selectbox, app.button_group)
    shown = {widget.label: widget.help for kind in kinds for widget in kind}
    for name in ("map_shows", "across", "up", "relief", "map_size", "shown"):
        assert len(shown[FIELD_OF[name].label]) > 30
    assert "Sequence" not in shown
    app.button_group(key="control_map_shows").set_value("line")
    healthy(app.run())
    labels = {widget.label for widget in app.selectbox}
    assert {"From", "To"} <= labels
    assert "Starts" not in labels


def test_numbers_are_chosen_from_a_list_and_stand_in_the_address():
    app = opened(PAGE, K="2")
    across = app.selectbox(key="control_across")
    assert "Mean μ of the run's S1 (auto)" in across.options
    assert "Standard deviation σ of the run's S2" in across.options
    healthy(across.set_value("standard_deviations.2").run())
    assert session(app).config.across == "standard_deviations.2"
    header, _ = message(app)
    assert header["charts"]["surface"]["x"]["title"] == "Standard deviation σ of the run's S2"
    assert app.query_params["across"] == "standard_deviations.2"


def test_a_number_that_the_list_has_not_is_named_by_a_link():
    app = opened(PAGE, K="12", across="transition_matrix.3.4")
    options = app.selectbox(key="control_across").options
    assert "Probability A of the run's S3 → the run's S4" in options
    assert landscape(session(app)).coordinates[0] == ("transition_matrix", 2, 3)


def test_the_two_shown_can_be_trained_alone_and_everything_again():
    app = opened(PAGE, K="2")
    assert words.PROJECTED in text(app)
    assert message(app)[0]["projected"]
    press(app, "train_only")
    assert session(app).config.only == "means.1~means.2"
    assert words.PROJECTED not in text(app)
    assert not message(app)[0]["projected"]
    for _ in range(3):
        press(app, "step")
    _, arrays = message(app)
    heights = session(app).runs["EM"].curve
    plane = Plane(session(app).runs["EM"].start, ("means", 0), ("means", 1))
    sequences = session(app).data.sequences
    for x, y, height in zip(
        arrays["surface.path_x0"], arrays["surface.path_y0"], heights, strict=True
    ):
        there = log_likelihood(plane.at(float(x), float(y)), sequences).sum()
        assert sequences.per_observation(float(there)) == pytest.approx(height, rel=1e-5)
    press(app, "train_everything_page")
    assert session(app).config.only == ""
    assert words.PROJECTED in text(app)


def test_two_numbers_that_are_not_trained_are_trained_when_they_alone_are():
    app = opened(PAGE, K="2", train="transition_matrix")
    press(app, "train_only")
    assert session(app).config.trainable == ("transition_matrix", "means")
    assert session(app).problem is None


def test_the_map_is_searched_and_its_optima_are_listed():
    app = searched(opened(PAGE, K="2", M="15", N="3"))
    header, arrays = message(app)
    best = header["optima"]["rows"][0]
    assert best["words"] in ("two means apart", "two states share a mean")
    assert header["maps"][0]["share_known"] == 1.0
    assert header["maps"][0]["words"].startswith(("10 starts miss the best", "Every start"))
    assert arrays["map0.ends"].shape == (64, 64)
    assert header["search"]["words"].startswith("64 × 64 starts, trained in")
    press(app, "step")
    after, _ = message(app)
    assert after["optima"] == header["optima"], "the map is that of the start"


def test_a_line_says_its_barrier_and_why_there_is_none():
    app = opened(PAGE, K="2", map="line", to="truth")
    header, arrays = message(app)
    assert header["charts"]["line"]["names"] == ["The start", "The true model"]
    here = session(app)
    sequences = here.data.sequences
    positions, values = arrays["line.positions"], arrays["line.values"]
    first = values[int(np.argmin(np.abs(positions)))]
    start = sequences.per_observation(float(log_likelihood(here.runs["EM"].start, sequences).sum()))
    assert first == pytest.approx(start, rel=1e-5)
    assert "barrier" in header["charts"]["line"]["barrier"].lower()
    healthy(app.selectbox(key="control_line_to").set_value("learned").run())
    assert (
        "Both ends of the line are the same model" in message(app)[0]["charts"]["line"]["barrier"]
    )
    app.button_group(key="control_truth").set_value("hidden")
    healthy(app.selectbox(key="control_line_to").set_value("truth").run())
    healthy(app.run())
    assert "not known here" in message(app)[0]["charts"]["line"]["barrier"]


def test_hidden_truth_is_not_marked():
    kinds = [message(opened(PAGE, K="2", truth=one))[0]["marks"] for one in ("shown", "hidden")]
    assert {"truth", "mirror"} <= set(kinds[0])
    assert not {"truth", "mirror"} & set(kinds[1])


def test_a_model_with_one_number_and_one_that_cannot_be_trained_have_a_sentence():
    app = opened(PAGE, family="counts", K="1")
    header, _ = message(app)
    assert "only one" in header["problem"]
    assert header["charts"]["surface"] == {**header["charts"]["surface"], "present": False}
    app = opened(PAGE, K="1")
    assert message(app)[0]["problem"] == ""
    app = opened(PAGE, K="2", data="upload")
    assert words.NO_MODEL not in text(app)


def test_own_data_have_a_landscape_with_the_names_of_their_states():
    values = np.where(np.arange(40) // 5 % 2, 4.0, 0.0) + np.sin(np.arange(40))
    app = upload(opened(PAGE, K="2"), [values])
    header, _ = message(app)
    assert header["problem"] == ""
    assert "truth" not in header["marks"]


def test_a_network_is_shown_over_its_spreads():
    app = press(opened(PAGE, K="2", model="network"), "step")
    header, _ = message(app)
    assert header["charts"]["surface"]["x"]["title"] == "Standard deviation σ of the run's S1"
    carry_out(session(app), "start_at 0 0")
    healthy(app.run())
    assert "A network computes the means" in text(app)
