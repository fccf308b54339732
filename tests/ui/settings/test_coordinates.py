"""Coordinates as texts of the settings, and what links may say of the landscape."""

import pytest

from pages.ui.session.landscape import landscape
from pages.ui.session.session import Session
from pages.ui.settings.address import from_query, to_query
from pages.ui.settings.config import Config
from pages.ui.settings.coordinates import coordinates_of, coordinates_problem, written


@pytest.mark.parametrize(
    "coordinates",
    [
        (),
        (("means", 0),),
        (("means", 0, 1), ("standard_deviations", 2)),
        (("transition_matrix", 0, 2), ("probs", 1, 4), ("initial_probs", 3), ("rates", 19)),
        (("parts", 0, "rates", 1), ("parts", 2, "probs", 1, 4), ("parts", 7, "means", 0)),
    ],
)
def test_a_text_gives_the_same_coordinates_again(coordinates):
    text = written(coordinates)
    assert coordinates_of(text) == coordinates
    assert not coordinates or coordinates_problem(text, 8) is None


def test_they_are_counted_from_1():
    assert written([("means", 0), ("transition_matrix", 0, 2)]) == "means.1~transition_matrix.1.3"


@pytest.mark.parametrize(
    "text",
    [
        "", "means", "means.", "means.0", "means.01", "means.1.", "means.-1", "means.1.1.1",
        "means.1000", "rates.1.1", "probs.1", "transition_matrix.1", "initial_probs.1.2", "sigma.1",
        "<script>",
        "means.1~", "~means.1", "means.1 ", "Means.1", "means.٣", "means.1\n", "parts.rates.1",
        "parts.1.rates", "parts.0.rates.1", "parts.1.parts.1.rates.1",
    ],
)  # fmt: skip
def test_other_texts_name_no_number(text):
    assert "names no number of a model" in (coordinates_problem(text, 8) or "")


def test_a_number_is_named_once_and_not_too_many_are():
    assert "twice" in (coordinates_problem("means.1~means.1", 8) or "")
    assert "more than 1" in (coordinates_problem("means.1~means.2", 1) or "")


HOSTILE = {
    "a script": ({"across": "<script>"}, "names no number of a model"),
    "a state that is not there": ({"across": "means.99"}, "This model has no number"),
    "no number of starts": ({"starts": "7"}, "took “64 × 64”"),
    "an optimum that is not offered": ({"from": "optimum9"}, "took “The start”"),
    "a number twice": ({"only": "means.1~means.1"}, "names a number twice"),
    "a number of another family": ({"only": "rates.1"}, "cannot be trained alone"),
    "a number that is not trained": (
        {"only": "means.1", "train": "transition_matrix"}, "cannot be trained alone",
    ),
    "the same number twice": ({"across": "means.1", "up": "means.1.1"}, "one and the same number"),
    "a map of anything": ({"map": "treasure"}, "took “Where it ends”"),
    "a relief of anything": ({"relief": "bas"}, "took “Flat”"),
    "a long text": ({"up": "means.1" * 50_000}, "names no number of a model"),
}  # fmt: skip


@pytest.mark.parametrize(("query", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_link_is_answered_by_one_sentence(query, said):
    session = Session.from_url({"K": "3", "M": "30", "N": "2", "start": "random", **query})
    ground = landscape(session)
    assert ground is not None
    (note,) = filter(None, (*session.notes, ground.note))
    assert said in note
    assert len(note) < 300
    assert all(run.step() is None for run in session.main_runs)


def test_everything_of_the_landscape_is_in_the_link():
    config = Config(
        across="means.2", up="standard_deviations.1", map_shows="line", relief="solid",
        map_size="256", line_from="optimum2", line_to="truth", only="means.1~means.2",
    )  # fmt: skip
    again, notes = from_query(to_query(config))
    assert (again, notes) == (config, ())
    assert not {"across", "up", "map", "relief", "starts", "from", "to", "only"} & set(
        to_query(Config())
    )
