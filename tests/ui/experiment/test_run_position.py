"""The position of runs in a URL: it is restored unchanged, is bounded, and no URL raises."""

import string
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest

from pages.ui.experiment.run_position import (
    MAX_LINK_ITERATIONS,
    MAX_REVISIONS,
    MAX_TEXT,
    NAMES,
    UNREADABLE,
    Revision,
    RunPosition,
    RunProgress,
    bounded,
    revised,
    run_position_from_query,
    run_position_to_query,
    without_run_position,
)
from pages.ui.settings.config import FIELDS


def through_a_url(position):
    query = dict(parse_qsl(urlencode(run_position_to_query(position))))
    return run_position_from_query(query)


@pytest.mark.parametrize(
    "position",
    [
        RunPosition(),
        RunPosition({"EM": RunProgress(12)}),
        RunPosition({"EM": RunProgress(12), "Gradient": RunProgress(7)}, at=3, marks=(0, 3, 12)),
        RunPosition({"Gradient": RunProgress(0, failed=True)}),
        RunPosition(
            {"Gradient": RunProgress(9, (Revision(0, 0.05, "adam"), Revision(9, 1e-4, "plain")))}
        ),
        RunPosition({"Gradient, rate 0.1_~%é+": RunProgress(9)}),
    ],
)
def test_what_goes_in_comes_out(position):
    assert through_a_url(position) == (position, ())


def test_a_run_that_never_stepped_is_left_out():
    assert run_position_to_query(
        RunPosition({"EM": RunProgress(0), "Gradient": RunProgress(2)})
    ) == {"runs": "Gradient_2"}
    assert run_position_to_query(RunPosition({"EM": RunProgress(0)})) == {}


def test_no_control_has_a_parameter_name_of_the_position():
    assert not {field.url for field in FIELDS} & set(NAMES)
    assert without_run_position({"K": "3", "runs": "EM_3", "at": "1", "marks": "1"}) == {"K": "3"}


@pytest.mark.parametrize(
    "query",
    [
        {"runs": "EM"}, {"runs": "EM_x"}, {"runs": "EM_-3"}, {"runs": "EM_1.5"},
        {"runs": "EM_٣"}, {"runs": f"EM_{MAX_LINK_ITERATIONS + 1}"}, {"runs": "EM_9_0_0.1"},
        {"runs": "G_9_1_0.1_adam"}, {"runs": "G_9_0_0.1_adam_0_0.2_adam"},
        {"runs": "G_9_0_0.1_adam_10_0.2_adam"}, {"runs": "G_9_0_nan_adam"},
        {"runs": "G_9_0_1e9_adam"}, {"runs": "G_9_0_0.1_magic"}, {"runs": "~"},
        {"runs": "EM_3" * MAX_TEXT}, {"runs": "EM_3", "at": "now"}, {"runs": "EM_3", "marks": "a"},
        {"runs": "G_99" + "_0_0.1_adam" * (MAX_REVISIONS + 1)},
    ],
    ids=lambda query: str(query)[:40],
)  # fmt: skip
def test_what_cannot_be_read_leaves_the_start_and_says_so(query):
    assert run_position_from_query(query) == (RunPosition(), (UNREADABLE,))


def test_no_text_raises():
    rng = np.random.default_rng(0)
    letters = list("EM_~x.0123456789%" * 3 + string.printable + "∞💥\0")
    for _ in range(200):
        run_position_from_query(
            {name: "".join(rng.choice(letters, rng.integers(0, 30))) for name in NAMES}
        )


def test_what_lies_beyond_the_runs_is_left_out():
    position, notes = run_position_from_query({"runs": "EM_5", "at": "5", "marks": "9.2.2.5"})
    assert position == RunPosition({"EM": RunProgress(5)}, at=None, marks=(2, 5))
    assert notes == ()


def test_a_link_carries_so_many_iterations_and_says_so():
    position, said = bounded(
        RunPosition({"EM": RunProgress(MAX_LINK_ITERATIONS + 5)}, at=3, marks=(1, 10**6))
    )
    assert position == RunPosition({"EM": RunProgress(MAX_LINK_ITERATIONS)}, at=3, marks=(1,))
    assert said.startswith("The link opens with EM at iteration 100\u202f000")
    assert through_a_url(position) == (position, ())


def test_a_link_carries_so_many_revisions_and_says_so():
    many = tuple(Revision(10 * n, 0.01 * (n + 1), "adam") for n in range(MAX_REVISIONS + 3))
    position, said = bounded(RunPosition({"Gradient": RunProgress(10_000, many)}))
    progress = position.runs["Gradient"]
    # Only up to the first revision that is left out, because later steps depend on it.
    assert progress == RunProgress(10 * MAX_REVISIONS, many[:MAX_REVISIONS])
    assert "changes of the learning rate" in said
    assert through_a_url(position) == (position, ())
    assert len(urlencode(run_position_to_query(position))) < 1500


def test_what_fits_is_carried_as_it_is():
    position = RunPosition({"EM": RunProgress(MAX_LINK_ITERATIONS)}, at=3)
    assert bounded(position) == (position, "")


A, B = (0.05, "adam"), (0.5, "plain")


@pytest.mark.parametrize(
    ("controls", "kept"),
    [
        ([(0, A)], [(0, A)]),
        ([(0, A), (5, B)], [(0, A), (5, B)]),
        ([(0, A), (5, A)], [(0, A)]),
        ([(0, A), (0, B)], [(0, B)]),
        ([(0, A), (5, B), (5, A)], [(0, A)]),
        ([(0, A), (5, B), (9, A)], [(0, A), (5, B), (9, A)]),
    ],
)
def test_revisions_hold_what_made_a_difference(controls, kept):
    revisions = ()
    for iteration, (rate, optimizer) in controls:
        revisions = revised(revisions, Revision(iteration, rate, optimizer))
    assert [(r.iteration, r.controls) for r in revisions] == kept
