"""The comparison of runs: its frames, with one run to six, and its sentences."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import numpy as np
import pytest

from hmmcore import Sequences
from hmmcore.comparison import Progress, Verdict, num_components
from pages.ui.experiment import learning_rate_sweep
from pages.ui.experiment.dataset import Upload
from pages.ui.figures import scales
from pages.ui.live import run_comparison
from pages.ui.live.frame_source import frame_source
from pages.ui.live.run_comparison_view import run_comparison_frame
from pages.ui.live.run_comparison_words import (
    MethodSettings,
    about_single_run,
    about_sweep,
    about_verdict,
)
from pages.ui.session.session import Session
from pages.ui.settings.config import Config


def small(**values: Any) -> Session:
    session = Session(
        Config(**{"length": 40, "num_sequences": 3, "method": "Both", "noise_sd": 0.8, **values})
    )
    session.page = "training"
    return session


def stepped(steps: int, **values: Any) -> Session:
    session = small(**values)
    for _ in range(steps):
        session.step()
    return session


def message(session: Session) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays as plotting.js reads them; NaN or infinity in the header fails."""
    frame = frame_source(session).frame()
    assert frame is not None
    size = int.from_bytes(frame[:4], "little")
    header = json.loads(frame[4 : 4 + size], parse_constant=pytest.fail)
    arrays = {}
    for name, (kind, offset, shape) in header["arrays"].items():
        dtype = {"f4": np.dtype("<f4"), "f8": np.dtype("<f8"), "u1": np.dtype("u1")}[kind]
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(frame, dtype, count, 4 + size + offset).reshape(shape)
    return header, arrays


def curve_of(session: Session, name: str) -> np.ndarray:
    run = session.runs[name]
    return run.curve


def test_the_open_page_decides_what_the_live_view_shows():
    session = small()
    assert message(session)[0]["key"] == "run_comparison"
    for page, key in (("", "live_panel"), ("posterior", "")):
        session.page = page
        assert message(session)[0]["key"] == key


def test_numbers_arrive_as_the_runs_have_them():
    session = stepped(12)
    header, arrays = message(session)
    assert [run["name"] for run in header["runs"]] == ["EM", "Gradient"]
    for number, name in enumerate(("EM", "Gradient")):
        curve = curve_of(session, name)
        row = header["runs"][number]
        assert row["iteration"] == 12
        assert row["log_likelihood"] == curve[-1]
        assert row["gain"] == curve[-1] - curve[-2]
        np.testing.assert_allclose(arrays[f"curve.y{number}"], curve, rtol=1e-6)
        np.testing.assert_array_equal(arrays[f"curve.x{number}"], np.arange(13))
    both = np.concatenate([curve_of(session, "EM"), curve_of(session, "Gradient")])
    below = both.max() - curve_of(session, "Gradient")
    np.testing.assert_allclose(
        arrays["distance.y1"], np.where(below > 0, below, np.nan), rtol=1e-6, equal_nan=True
    )


def test_curves_of_another_method_are_drawn_again_though_their_numbers_are_the_same():
    one, other = (message(small(method=method))[0]["charts"] for method in ("EM", "Gradient"))
    assert one["curve"]["shown_values"] == other["curve"]["shown_values"]
    for name in ("curve", "location"):
        assert one[name]["digest"] != other[name]["digest"]


def test_along_sweeps_and_seconds():
    session = stepped(6, progress_axis="sweeps")
    np.testing.assert_array_equal(message(session)[1]["curve.x0"], np.arange(1, 8))
    session.change(progress_axis="seconds")
    header, arrays = message(session)
    seconds = session.runs["EM"].history.seconds
    assert seconds[0] == 0.0
    assert (np.diff(seconds) > 0).all()
    np.testing.assert_allclose(arrays["curve.x0"], seconds, rtol=1e-6)
    assert header["charts"]["curve"]["x_range"][1] >= seconds[-1]
    assert header["runs"][0]["seconds"] == seconds[-1]


def test_the_distance_to_the_truth_ends_where_a_run_passes_it():
    # So few observations that the fit explains them better than the truth does.
    session = stepped(60, method="EM", length=20, num_sequences=1, distance_to="truth")
    truth = session.true_log_likelihood()
    assert truth is not None
    header, arrays = message(session)
    passed = curve_of(session, "EM") >= truth
    assert passed[-1]
    np.testing.assert_array_equal(np.isnan(arrays["distance.y0"]), passed)
    assert header["charts"]["distance"]["reference_name"] == "the true model"
    assert header["runs"][0]["distance"] < 0
    assert header["charts"]["distance"]["shown_values"] == [None]


def test_states_of_parameter_paths_are_matched_to_the_truth():
    session = stepped(40, start="near-truth", num_states=3, noise_sd=0.3)
    header, arrays = message(session)
    truth = session.data.truth
    assert truth is not None
    assert header["charts"]["location"]["truth"] == truth.emissions.means[:, 0].tolist()
    for number in (0, 1):
        # Runs may have come to rest before.
        reached = header["runs"][number]["iteration"]
        assert arrays[f"location.y{number}"].shape == (3, reached + 1)
        np.testing.assert_allclose(
            arrays[f"location.y{number}"][:, -1], truth.emissions.means[:, 0], atol=0.25, rtol=0
        )
        stays = arrays[f"stay.y{number}"]
        assert ((stays >= 0) & (stays <= 1)).all()
    # Both begin at the same model, whatever their states are called later.
    np.testing.assert_array_equal(
        np.sort(arrays["location.y0"][:, 0]), np.sort(arrays["location.y1"][:, 0])
    )
    # A path ends at what the run has learned.
    learned = np.sort(session.runs["EM"].state.hmm.emissions.standard_deviations[:, 0])
    np.testing.assert_allclose(np.sort(arrays["spread.y0"][:, -1]), learned, rtol=1e-6)


def test_a_path_of_a_long_run_is_thinned_and_keeps_its_ends():
    session = stepped(700, num_states=2, method="Gradient", learning_rate=0.001)
    _, arrays = message(session)
    places = arrays["location.x0"]
    assert len(places) <= run_comparison.MAX_PATH_POINTS + 2
    assert (places[0], places[-1]) == (0, 700)
    assert (np.diff(places) > 0).all()


def test_in_the_past_everything_is_as_it_was():
    session = small(learning_rate_sweep="3")
    then = {}
    for iteration in range(21):
        then[iteration] = message(session)[0]
        session.step()
    session.travel(9)
    now = message(session)[0]
    for key in ("verdict", "sweep"):
        assert now[key] == then[9][key]
    for was, row in zip(then[9]["runs"], now["runs"], strict=True):
        # The best so far may have been reached later, so only the distance may differ.
        assert {**row, "distance": 0} == {**was, "distance": 0}
    for name in ("curve", "distance", "location"):
        assert now["charts"][name]["shown"] == [9.0] * 4
    assert now["live"]["at"] == 9


@pytest.mark.parametrize("num_states", [1, 2, 20])
@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("axis", ["iterations", "seconds"])
def test_every_size(num_states, steps, axis):
    session = stepped(steps, num_states=num_states, learning_rate_sweep="5", progress_axis=axis)
    header, arrays = message(session)
    assert len(header["runs"]) == 6
    assert header["num_main"] == 2
    assert arrays["location.y0"].shape == (num_states, steps + 1)
    for chart in header["charts"].values():
        low, high = chart["y_range"]
        assert low < high
        assert chart["x_range"][1] > 0


@pytest.mark.parametrize(
    ("family", "location", "spread", "components"),
    [
        ("numbers", "Means", "Standard deviations", 1),
        ("counts", "Rates", "Initial probabilities", 1),
        ("symbols", "Symbol probabilities, symbol “2”", "Initial probabilities", 6),
        ("points", "Means, dimension “x2”", "Standard deviations", 2),
    ],
)
def test_every_family_has_its_parameters(family, location, spread, components):
    session = small(num_states=3, num_symbols=6)
    # A component beyond the last becomes the last.
    session.change(family=family, component=99)
    assert session.config.component == components
    session.change(component=2)
    for _ in range(4):
        session.step()
    header, arrays = message(session)
    charts = header["charts"]
    assert (charts["location"]["title"], charts["spread"]["title"]) == (location, spread)
    assert num_components(session.runs["EM"].state.hmm) == components
    for name in run_comparison.TRACK_NAMES:
        assert len(charts[name]["truth"]) == 3
        assert np.isfinite(arrays[f"{name}.y1"]).all()


def test_without_a_truth_the_gradients_states_are_matched_to_ems():
    values = np.random.default_rng(0).normal(size=120) + np.repeat([-3.0, 0.0, 3.0], 40)
    session = small(distance_to="truth")
    session.replace_upload(Upload("mine.csv", "x", Sequences(values)), 3)
    for _ in range(30):
        session.step()
    # As if the gradient had learned the same states under other names.
    gradient, em = session.runs["Gradient"], session.runs["EM"]
    gradient.state = gradient.trainer.init(em.state.hmm.permute([2, 0, 1]))
    header, arrays = message(session)
    assert header["charts"]["location"]["truth"] is None
    assert header["charts"]["distance"]["reference_name"] == "the best so far"
    np.testing.assert_array_equal(arrays["location.y1"][:, -1], arrays["location.y0"][:, -1])


def test_without_a_run_a_frame_holds_the_run_controls_alone():
    session = small()
    session.runs = {}
    assert run_comparison_frame(session) is None
    header, arrays = message(session)
    assert (header["key"], header["live"]["can_go_on"], arrays) == ("", False, {})


def test_a_frame_stays_small():
    session = stepped(400, learning_rate_sweep="5", num_states=5)
    frame = frame_source(session).frame()
    assert len(frame) < 100_000


# The sweep of learning rates


@pytest.mark.parametrize(
    ("rate", "size", "rates"),
    [
        (0.05, "off", ()),
        (0.05, "3", (0.0167, 0.15)),
        (0.05, "5", (0.005, 0.0167, 0.15, 0.5)),
        # Nothing beyond the bounds, and nothing twice.
        (10.0, "5", (1.0, 3.33)),
        (0.0001, "3", (0.0003,)),
    ],
)
def test_rates_lie_around_the_chosen_one(rate, size, rates):
    assert learning_rate_sweep.rates(Config(learning_rate=rate, learning_rate_sweep=size)) == rates


def test_the_sweep_starts_where_all_runs_start_and_trains_with_them():
    session = small(learning_rate_sweep="5")
    assert list(session.runs) == [
        "EM", "Gradient", "Gradient 0.005", "Gradient 0.0167", "Gradient 0.15", "Gradient 0.5",
    ]  # fmt: skip
    assert len({id(run.start) for run in session.runs.values()}) == 1
    session.step()
    assert [run.state.iteration for run in session.active_runs] == [1] * 6
    assert [run.name for run in session.main_runs] == ["EM", "Gradient"]
    for name, run in session.runs.items():
        if run.method == "Gradient":
            assert run.trainer.learning_rate == float([*name.split(), "0.05"][1])


def test_another_rate_or_size_keeps_what_it_can():
    session = stepped(3, learning_rate_sweep="5")
    session.change(learning_rate=0.1)
    assert [run.name for run in session.active_runs][2:] == [
        "Gradient 0.01", "Gradient 0.0333", "Gradient 0.3", "Gradient 1",
    ]  # fmt: skip
    assert [run.state.iteration for run in session.active_runs] == [3] * 6
    inner = session.runs["Gradient 0.3"]
    session.change(learning_rate_sweep="3")
    assert session.runs["Gradient 0.3"] is inner
    session.change(learning_rate_sweep="5", optimizer="momentum")
    assert session.runs["Gradient 0.3"] is inner
    assert inner.trainer.optimizer == "momentum"
    assert session.runs["Gradient 1"].state.iteration == 0
    session.change(learning_rate_sweep="off")
    assert list(session.runs) == ["EM", "Gradient"]


def test_another_rate_as_a_remedy_leaves_nothing_to_take_back():
    session = stepped(2, learning_rate_sweep="3")
    session.remedy(learning_rate=0.1)
    assert session.before is None
    assert [run.state.iteration for run in session.active_runs] == [2] * 4


def test_a_sweep_plays_only_where_the_gradient_does():
    session = stepped(2, learning_rate_sweep="3", method="EM")
    assert [run.name for run in session.active_runs] == ["EM"]
    session.change(method="Gradient")
    assert len(session.active_runs) == 3
    header, _ = message(session)
    assert header["num_main"] == 1


def test_the_panel_shows_the_methods_alone():
    session = stepped(2, learning_rate_sweep="5")
    session.page = ""
    assert [run["name"] for run in message(session)[0]["runs"]] == ["EM", "Gradient"]


def test_a_rate_far_too_high_leaves_the_curves_readable():
    session = stepped(15, learning_rate_sweep="5", learning_rate=10.0, optimizer="plain")
    session.change(learning_rate=1.0)
    header, _ = message(session)
    low, _ = header["charts"]["curve"]["y_range"]
    lowest = min(curve_of(session, name).min() for name in ("EM", "Gradient"))
    assert low > lowest - 2.0 * (curve_of(session, "EM").max() - lowest) - 0.1


# Axis ranges, which change in steps


def test_seconds_and_decades_grow_in_steps():
    assert [scales.seconds_limit(s) for s in (0.0, 0.05, 0.051, 0.3, 1.9)] == [
        0.05, 0.05, 0.1, 0.5, 2.0,
    ]  # fmt: skip
    assert scales.decades([], -10) == (-3, 0)
    assert scales.decades([0.0, np.inf, 0.5], -10) == (-3, 0)
    assert scales.decades([3.0, 2e-5], -10) == (-5, 1)
    assert scales.decades([3.0, 1e-40], -10) == (-10, 1)


# Words

PACES = ("oscillating", "dipping", "settled", "growing", "slow", "climbing")
EM = MethodSettings("EM", "EM")


def at_pace(pace: str, rate: float | None = None, dips: int = 0) -> Progress:
    recent = {"oscillating": 5, "dipping": 1}.get(pace, 0)
    return Progress(30, -1.5, 1e-4, rate, None, dips + recent, recent, 0.02, pace)


def gradient(optimizer: str) -> MethodSettings:
    return MethodSettings("Gradient", "Gradient", optimizer, 0.05)


def is_prose(text: str) -> None:
    assert text[0].isupper()
    assert text.endswith(".")
    assert "-" not in text.replace("log-likelihood", "")
    assert len(text) < 420
    for word in ("None", "nan", "inf ", "  ", "{", " ,", "e-"):
        assert word not in text


@pytest.mark.parametrize("pace", PACES)
@pytest.mark.parametrize("leader", [0, 1])
def test_every_pace_has_its_words(leader, pace):
    for rate, optimizer in product([None, 0.4, 0.97, 1.3], ["adam", "momentum", "plain"]):
        has_its_words(leader, pace, rate, optimizer)


def has_its_words(leader, pace, rate, optimizer):
    if pace in ("growing", "slow") and rate is None:
        rate = 1.3 if pace == "growing" else 1.0
    both = (at_pace("climbing"), at_pace(pace, rate, dips=2))
    verdict = Verdict(leader, 0.01, 30.0, (30, 30), both if leader == 0 else both[::-1], "pace")
    headline, text = about_verdict(verdict, [EM, gradient(optimizer)], 4000, "iterations")
    assert headline.startswith(f"{('EM', 'Gradient')[leader]} is ahead by 0.01 nats")
    assert "(40 on all" in headline
    is_prose(text)
    is_prose(about_single_run(both[1], gradient(optimizer))[1])


@pytest.mark.parametrize(
    ("pace", "rate", "optimizer", "says"),
    [
        ("slow", 0.97, "adam", "learning rate 0.05 is low"),
        ("oscillating", None, "adam", "Adam moves each parameter by about its learning rate"),
        ("oscillating", None, "plain", "learning rate 0.05 is too high"),
        ("dipping", None, "momentum", "velocity carries it past the top"),
    ],
)
def test_a_gradient_that_trails_is_explained(pace, rate, optimizer, says):
    verdict = Verdict(0, 0.01, 30.0, (30, 30), (at_pace("settled"), at_pace(pace, rate)), "pace")
    text = about_verdict(verdict, [EM, gradient(optimizer)], 4000, "iterations")[1]
    assert says in text


def test_em_that_trails_is_explained_by_overlap():
    verdict = Verdict(1, 0.01, 30.0, (30, 30), (at_pace("slow", 0.97), at_pace("climbing")), "pace")
    text = about_verdict(verdict, [EM, gradient("adam")], 4000, "iterations")[1]
    assert "closes only about 3 % of its distance" in text
    assert "overlap" in text


@pytest.mark.parametrize(
    ("reason", "leader", "says"),
    [
        ("failed", 0, "Gradient has diverged."),
        ("same_optimum", None, "it is the same optimum"),
        ("same_optimum", 0, "it is the same optimum"),
        ("different_optima", 1, "two different optima"),
        ("flat", None, "nearly flat between them"),
        ("flat", 0, "nearly flat between them"),
        ("falls_short", 0, "closes only a small part of the gap"),
        ("level", None, "Neither has come further"),
    ],
)
@pytest.mark.parametrize("axis", ["iterations", "sweeps", "seconds"])
def test_every_reason_has_its_words(reason, leader, says, axis):
    both = (at_pace("settled"), at_pace("settled"))
    verdict = Verdict(leader, 0.0 if leader is None else 0.5, 0.25, (12, 30), both, reason)
    headline, text = about_verdict(verdict, [EM, gradient("adam")], 4000, axis)
    assert says in text
    is_prose(text)
    where = {
        "iterations": "after 30 iterations (EM ended after 12)",
        "sweeps": "after 31 sweeps (EM ended after 12)",
        "seconds": "after 0.25 s of computing (EM with 12 steps, Gradient with 30)",
    }
    assert where[axis] in headline
    assert ("level" in headline) == (leader is None)


def test_a_likelihood_that_is_no_number_has_no_margin():
    verdict = Verdict(0, np.inf, 3.0, (3, 3), (at_pace("climbing"), at_pace("climbing")), "failed")
    headline = about_verdict(verdict, [EM, gradient("adam")], 10, "iterations")[0]
    assert headline.startswith("EM is ahead without measure")


def test_the_sweep_says_which_rate_is_best_and_how_the_others_fared():
    def at(value: float, pace: str) -> Progress:
        return Progress(30, value, 1e-4, None, None, 0, 0, 0.0, pace)

    progress = {
        0.05: at(-1.6, "slow"), 0.15: at(-1.5, "slow"), 0.5: at(-1.7, "oscillating"),
        1.5: at(-np.inf, "oscillating"),
    }  # fmt: skip
    text = about_sweep(progress, [1.5])
    assert text.startswith("Of 4 learning rates 0.15 has come furthest, to −1.5 nats")
    assert text.endswith("Going up and down: 0.5. Slow: 0.05. Could not go on: 1.5.")
    assert about_sweep({0.05: at(-1.0, "slow")}, []) == ""
    assert about_sweep({r: at(-2.0, "start") for r in (0.1, 0.3)}, []) == ""
