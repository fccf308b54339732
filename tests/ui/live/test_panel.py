"""The live panel: its messages to the browser, with 1 to 20 states and 1 to 100 000 points."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pages.ui.browser import wire
from pages.ui.figures import scales
from pages.ui.figures.observed_variable import ObservedVariable
from pages.ui.live.emission_charts import MAX_CLOUD_POINTS, Ellipses, Marginals, SymbolBars
from pages.ui.live.panel import (
    MAX_COLUMNS,
    MAX_POINTS,
    EarlierCurve,
    PanelFrame,
    RunCurve,
    encode,
)


def make_frame(
    num_states: int = 5, length: int = 200, iterations: int = 30, truth: bool = True, seed: int = 0
) -> PanelFrame:
    rng = np.random.default_rng(seed)
    observations = rng.normal(size=length)
    states = rng.integers(num_states, size=length)
    matrix = rng.dirichlet(np.ones(num_states), size=num_states)
    edges, density = scales.histogram(observations)
    curve = -2.0 - np.exp(-np.arange(iterations + 1) / 10)
    means = np.linspace(-1.0, 1.0, num_states)
    grid = np.linspace(edges[0], edges[-1], scales.GRID_POINTS)
    deviations, weights = np.full(num_states, 0.5), np.full(num_states, 1 / num_states)
    curves = scales.gaussian_densities(grid, means, deviations, weights)
    emissions = Marginals(
        means, deviations, weights, edges, density, grid, curves,
        true_means=means if truth else None, true_deviations=deviations if truth else None,
    )  # fmt: skip
    return PanelFrame(
        data_key="test",
        runs=(RunCurve("EM", curve), RunCurve("Gradient", curve - 0.1)),
        shown_run="EM",
        transition_matrix=matrix,
        initial_probs=matrix[0],
        emissions=emissions,
        observations=observations,
        viterbi_states=states,
        smoothed_probs=rng.dirichlet(np.ones(num_states), size=length),
        true_log_likelihood=-1.9 if truth else None,
        true_transition_matrix=matrix if truth else None,
        true_initial_probs=matrix[-1] if truth else None,
        true_states=states if truth else None,
    )


def decode(message: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays as plotting.js reads them; NaN or infinity in the header fails."""
    size = int.from_bytes(message[:4], "little")
    assert size % 4 == 0
    header = json.loads(message[4 : 4 + size], parse_constant=pytest.fail)
    arrays = {}
    for name, (kind, offset, shape) in header["arrays"].items():
        assert offset % 4 == 0
        dtype = {"f4": np.dtype("<f4"), "f8": np.dtype("<f8"), "u1": np.dtype("u1")}[kind]
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(message, dtype, count, 4 + size + offset).reshape(shape)
    return header, arrays


def digests(frame: PanelFrame) -> dict[str, int]:
    return {name: chart["digest"] for name, chart in decode(encode(frame))[0]["charts"].items()}


def test_numbers_arrive_as_sent() -> None:
    frame = make_frame()
    header, arrays = decode(encode(frame))
    assert header["num_states"] == 5
    assert [run["iteration"] for run in header["runs"]] == [30, 30]
    assert header["runs"][0]["log_likelihood"] == frame.runs[0].log_likelihoods[-1]
    assert header["runs"][0]["gain"] == np.diff(frame.runs[0].log_likelihoods)[-1]
    np.testing.assert_allclose(
        arrays["learned.probs"], frame.transition_matrix, rtol=1e-6, atol=1e-7
    )
    np.testing.assert_allclose(
        arrays["sequence.posterior"] / wire.FULL_PROBABILITY,
        frame.smoothed_probs.T,
        rtol=0,
        atol=0.5 / wire.FULL_PROBABILITY + 1e-9,
    )
    np.testing.assert_array_equal(arrays["sequence.viterbi"], frame.viterbi_states)
    np.testing.assert_array_equal(arrays["sequence.times"], np.arange(1, 201))


@pytest.mark.parametrize("num_states", [1, 2, 5, 20])
@pytest.mark.parametrize("length", [1, 2, 200, 2000, 2001, 100_000])
@pytest.mark.parametrize("truth", [True, False])
def test_every_size(num_states: int, length: int, truth: bool) -> None:
    header, arrays = decode(encode(make_frame(num_states, length, truth=truth)))
    columns = arrays["sequence.viterbi"].shape[0]
    assert arrays["sequence.times"].shape[0] <= MAX_POINTS
    assert columns <= MAX_COLUMNS
    assert arrays["sequence.posterior"].shape == (num_states, columns)
    assert (columns - 1) * header["charts"]["sequence"]["width"] < length
    assert columns * header["charts"]["sequence"]["width"] >= length
    assert ("sequence.true_states" in arrays) == truth
    assert ("means.true_means" in arrays) == truth
    assert header["charts"]["true"].get("present", True) is truth


def test_one_run_and_iteration_zero() -> None:
    frame = replace(make_frame(), runs=(RunCurve("EM", np.array([-2.5])),))
    header, arrays = decode(encode(frame))
    assert len(header["runs"]) == 1
    assert header["runs"][0]["gain"] is None
    np.testing.assert_array_equal(arrays["curve.x0"], [0.0])
    assert "curve.y1" not in arrays


def test_impossible_data_leave_a_gap() -> None:
    curve = np.array([-np.inf, -np.inf, -2.0, np.nan, -1.5])
    frame = replace(make_frame(), runs=(RunCurve("EM", curve), RunCurve("Gradient", curve[:2])))
    header, arrays = decode(encode(frame))
    np.testing.assert_array_equal(np.isnan(arrays["curve.y0"]), ~np.isfinite(curve))
    assert header["runs"][1]["log_likelihood"] is None
    assert header["runs"][1]["gain"] is None
    low, high = header["charts"]["curve"]["y_range"]
    assert low < -2.0
    assert high > -1.5


def test_undefined_posterior_and_missing_observations() -> None:
    frame = make_frame()
    observations = frame.observations.copy()
    observations[10:20] = np.nan
    frame = replace(
        frame,
        observations=observations,
        viterbi_states=np.full(200, -1),
        smoothed_probs=np.full((200, 5), np.nan),
        true_log_likelihood=-np.inf,
    )
    header, arrays = decode(encode(frame))
    assert (arrays["sequence.posterior"] == wire.MISSING).all()
    assert (arrays["sequence.viterbi"] == wire.MISSING).all()
    assert np.isnan(arrays["sequence.observations"]).sum() == 10
    assert header["charts"]["sequence"]["missing"] == 10
    assert header["true_log_likelihood"] is None


def test_constant_data() -> None:
    frame = replace(make_frame(length=50), observations=np.full(50, 3.0))
    header, _ = decode(encode(frame))
    low, high = header["charts"]["sequence"]["y_range"]
    assert low < 3.0 < high


def test_only_what_changed_is_drawn_again() -> None:
    frame = make_frame()
    before = digests(frame)
    assert digests(make_frame()) == before
    longer = RunCurve("EM", np.append(frame.runs[0].log_likelihoods, -1.99))
    after = digests(replace(frame, runs=(longer, frame.runs[1])))
    assert {name for name in before if before[name] != after[name]} == {"curve"}
    after = digests(replace(frame, transition_matrix=np.full((5, 5), 0.2)))
    assert {name for name in before if before[name] != after[name]} == {"learned"}
    after = digests(replace(frame, initial_probs=np.full(5, 0.2)))
    assert {name for name in before if before[name] != after[name]} == {"graph", "learned"}
    assert digests(replace(frame, model_view="matrix")) == before
    after = digests(replace(frame, no_truth="hidden"))
    assert {name for name in before if before[name] != after[name]} == {"sequence"}


def test_wrong_shapes_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"viterbi_states has shape \(3,\), expected \(200,\)"):
        encode(replace(make_frame(), viterbi_states=np.zeros(3, dtype=np.int64)))
    for name in ("initial_probs", "true_initial_probs"):
        with pytest.raises(ValueError, match=rf"{name} has shape \(4,\), expected \(5,\)"):
            encode(replace(make_frame(), **{name: np.full(4, 0.25)}))
    with pytest.raises(ValueError, match="run"):
        encode(replace(make_frame(), runs=()))
    with pytest.raises(ValueError, match="20 states"):
        encode(make_frame(num_states=21))


@pytest.mark.parametrize("truth", [True, False])
def test_the_state_graph_gets_pi_and_a_word_for_each_state(truth: bool) -> None:
    frame = make_frame(3, truth=truth)
    header, arrays = decode(encode(replace(frame, model_view="matrix")))
    graph = header["charts"]["graph"]
    assert header["model_view"] == "matrix"
    np.testing.assert_allclose(arrays["graph.initial"], frame.initial_probs, rtol=1e-6)
    assert graph["words"] == ["−1.00 ± 0.50", "0.00 ± 0.50", "1.00 ± 0.50"]
    assert ("graph.true_initial" in arrays) is ("true_words" in graph) is truth
    if truth:
        np.testing.assert_allclose(
            arrays["graph.true_initial"], frame.true_initial_probs, rtol=1e-6
        )
        assert graph["true_words"] == graph["words"]


def test_words_say_what_each_state_emits() -> None:
    numbers = make_frame(2).emissions
    assert isinstance(numbers, Marginals)
    counts = replace(
        numbers,
        variable=ObservedVariable("n", "count"),
        means=np.array([0.5, 12.0]),
        true_means=np.array([1.0, 2.25]),
        true_deviations=None,
    )
    assert counts.words() == (("rate 0.5", "rate 12"), ("rate 1", "rate 2.25"))
    probs = np.array([[0.25, 0.75], [0.5, 0.5]])
    weather = ObservedVariable("x", "symbol", ("dry", "rain in York"))
    symbols = SymbolBars(probs, np.full(2, 0.5), probs[0], weather)
    assert symbols.words() == (("rain in …: 0.75", "no favourite"), None)
    points = make_ellipses(1, 5, truth=True)
    points = replace(
        points,
        means=np.array([[1.234, -5.0]]),
        covariances=np.array([[[0.01, 0.0], [0.0, 4.0]]]),
        true_means=np.zeros((1, 2)),
    )
    assert points.words() == (("(1.23, −5.0)",), ("(0.0, 0.0)",))


def test_only_three_types_of_array_travel() -> None:
    with pytest.raises(TypeError, match="int64"):
        wire.pack({}, {"a": np.zeros(3, dtype=np.int64)})
    with pytest.raises(ValueError, match="JSON"):
        wire.pack({"a": float("nan")}, {})


def test_small_changes_of_a_large_number_survive_the_encoding() -> None:
    frame = make_frame()
    near = frame.emissions
    moved = replace(
        near,
        means=near.means + 1.7e9,
        edges=near.edges + 1.7e9,
        grid=near.grid + 1.7e9,
        true_means=None,
    )
    far = replace(frame, observations=frame.observations + 1.7e9, emissions=moved)
    _, arrays = decode(encode(far))
    for name, sent in {
        "sequence.observations": far.observations,
        "means.means": moved.means,
        "means.edges": moved.edges,
    }.items():
        np.testing.assert_allclose(arrays[name], sent, rtol=0, atol=1e-6, equal_nan=True)
    assert decode(encode(frame))[1]["sequence.observations"].dtype == np.float32


def test_earlier_runs_are_sent_with_their_ends_and_lengthen_the_axis_within_bounds() -> None:
    frame = make_frame()
    curve = np.linspace(-3.0, -2.1, 5)
    earlier = (
        EarlierCurve("start 3", np.arange(5), curve),
        EarlierCurve("K = 3", np.array([0, 10, 5000]), np.array([-9.0, -8.0, -np.inf]), False),
    )
    header, arrays = decode(encode(replace(frame, earlier=earlier)))
    chart = header["charts"]["curve"]
    assert chart["earlier"] == [
        {"name": "start 3", "end": curve[-1], "same_data": True},
        {"name": "K = 3", "end": None, "same_data": False},
    ]
    np.testing.assert_allclose(arrays["curve.earlier_y0"], curve, rtol=1e-6)
    np.testing.assert_array_equal(arrays["curve.earlier_x1"], [0, 10, 5000])
    assert np.isnan(arrays["curve.earlier_y1"][-1])
    # 50 for the present runs.
    assert chart["x_range"] == [0, 100]
    short = decode(encode(replace(frame, earlier=earlier[:1])))[0]
    assert short["charts"]["curve"]["x_range"] == [0, 50]
    assert digests(frame)["curve"] != digests(replace(frame, earlier=earlier))["curve"]


# Emission charts


def make_symbols(num_states: int, num_symbols: int, truth: bool = True) -> SymbolBars:
    rng = np.random.default_rng(5)
    probs = rng.dirichlet(np.ones(num_symbols), size=num_states)
    labels = tuple(f"<b>{c}</b>" for c in range(num_symbols))
    return SymbolBars(
        probs,
        np.full(num_states, 1 / num_states),
        probs.mean(axis=0),
        ObservedVariable("face", "symbol", labels),
        probs[::-1] if truth else None,
    )


def make_ellipses(num_states: int, length: int, truth: bool = True) -> Ellipses:
    rng = np.random.default_rng(6)
    means = rng.normal(size=(num_states, 2))
    covariances = np.tile([[1.0, 0.5], [0.5, 2.0]], (num_states, 1, 1))
    points = rng.normal(size=(length, 2))
    return Ellipses(
        means,
        covariances,
        np.full(num_states, 1 / num_states),
        points,
        rng.integers(-1, num_states, size=length),
        np.column_stack([points.min(axis=0), points.max(axis=0)]),
        (ObservedVariable("a"), ObservedVariable("b")),
        means + 5.0 if truth else None,
        covariances if truth else None,
    )


@pytest.mark.parametrize("truth", [True, False])
@pytest.mark.parametrize(("num_states", "num_symbols"), [(1, 2), (3, 6), (20, 20)])
def test_symbols_arrive_as_sent(num_states: int, num_symbols: int, truth: bool) -> None:
    bars = make_symbols(num_states, num_symbols, truth)
    observed = np.arange(30.0) % num_symbols
    frame = replace(
        make_frame(num_states, 30), emissions=bars, variable=bars.variable, observations=observed
    )
    header, arrays = decode(encode(frame))
    chart = header["charts"]["means"]
    assert chart["kind"] == "symbols"
    assert chart["x"] == "symbol face"
    assert chart["labels"][0] == "&lt;b&gt;0&lt;/b&gt;", "a label may be any text"
    assert len(chart["ticks"]) == num_symbols
    np.testing.assert_allclose(arrays["means.probs"], bars.probs, rtol=1e-6)
    assert ("means.true_probs" in arrays) is truth
    sequence = header["charts"]["sequence"]
    assert (sequence["kind"], sequence["y_range"]) == ("symbol", [-0.6, num_symbols - 0.4])
    np.testing.assert_array_equal(arrays["sequence.observations"], observed)


@pytest.mark.parametrize("truth", [True, False])
@pytest.mark.parametrize("length", [1, 600, 601, 50_000])
def test_a_cloud_has_an_ellipse_for_each_state_and_bounded_points(length: int, truth: bool) -> None:
    cloud = make_ellipses(4, length, truth)
    header, arrays = decode(encode(replace(make_frame(4, length), emissions=cloud)))
    chart = header["charts"]["means"]
    shown = len(arrays["means.points_x"])
    assert shown == min(length, MAX_CLOUD_POINTS) == chart["shown"]
    assert len(arrays["means.states"]) == shown
    assert arrays["means.ellipses_x"].shape == (4, scales.ELLIPSE_POINTS)
    for axis, letter in enumerate("xy"):
        low, high = chart[f"{letter}_range"]
        assert low < cloud.points[:, axis].min()
        assert high > cloud.points[:, axis].max()
        if truth:
            true = arrays[f"means.true_ellipses_{letter}"]
            assert low <= true.min()
            assert high >= true.max()


def test_ellipses_lie_two_deviations_from_their_means() -> None:
    cloud = make_ellipses(3, 10)
    outlines = scales.ellipses(cloud.means, cloud.covariances)
    np.testing.assert_allclose(outlines[:, 0], outlines[:, -1], rtol=0, atol=1e-12)
    for mean, covariance, outline in zip(cloud.means, cloud.covariances, outlines, strict=True):
        away = outline - mean
        squared = np.einsum("pi,ij,pj->p", away, np.linalg.inv(covariance), away)
        np.testing.assert_allclose(squared, 4.0, rtol=1e-12)


def test_the_range_of_a_cloud_does_not_follow_the_learned_ellipses() -> None:
    cloud = make_ellipses(3, 50)
    before = cloud.chart()[0]
    after = replace(cloud, means=cloud.means * 9, covariances=cloud.covariances * 9).chart()[0]
    assert before == after


def test_shapes_of_emission_charts_are_checked() -> None:
    frame = make_frame(3)
    with pytest.raises(ValueError, match=r"probs has shape \(2, 4\), expected \(3, 4\)"):
        encode(replace(frame, emissions=make_symbols(2, 4)))
    with pytest.raises(ValueError, match=r"means has shape \(2, 2\), expected \(3, 2\)"):
        encode(replace(frame, emissions=make_ellipses(2, 5)))
    with pytest.raises(ValueError, match="means has shape"):
        encode(replace(frame, emissions=make_frame(2).emissions))
