"""The live panel: its messages to the browser, with 1 to 20 states and 1 to 100 000 points."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pages.ui.browser import wire
from pages.ui.experiment.dataset import Lane
from pages.ui.figures import scales
from pages.ui.live.emission_charts import MAX_CLOUD_POINTS, Ellipses, Marginals, SymbolBars
from pages.ui.live.panel import (
    MAX_COLUMNS,
    MAX_CURVE_POINTS,
    MAX_POINTS,
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
        true_means=means if truth else None,
    )  # fmt: skip
    return PanelFrame(
        data_key="test",
        runs=(RunCurve("EM", curve), RunCurve("Gradient", curve - 0.1)),
        shown_run="EM",
        transition_matrix=matrix,
        emissions=emissions,
        observations=observations,
        viterbi_states=states,
        smoothed_probs=rng.dirichlet(np.ones(num_states), size=length),
        true_log_likelihood=-1.9 if truth else None,
        true_transition_matrix=matrix if truth else None,
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
    after = digests(replace(frame, no_truth="hidden"))
    assert {name for name in before if before[name] != after[name]} == {"sequence"}


def test_wrong_shapes_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"viterbi_states has shape \(3,\), expected \(200,\)"):
        encode(replace(make_frame(), viterbi_states=np.zeros(3, dtype=np.int64)))
    with pytest.raises(ValueError, match="run"):
        encode(replace(make_frame(), runs=()))
    with pytest.raises(ValueError, match="20 states"):
        encode(make_frame(num_states=21))


# Fewer points than pixels


@pytest.mark.parametrize("length", [1, 5, 1000, 1001, 4999, 100_000])
def test_outline_keeps_ends_and_extremes(length: int) -> None:
    values = np.random.default_rng(1).normal(size=length)
    values[length // 3] = 50.0
    values[length // 2] = -50.0
    kept = wire.extreme_indices(values, MAX_CURVE_POINTS)
    assert len(kept) <= MAX_CURVE_POINTS
    assert kept[0] == 0
    assert kept[-1] == length - 1
    assert (np.diff(kept) > 0).all()
    assert values[kept].max() == values.max()
    assert values[kept].min() == values.min()


def test_outline_of_values_that_are_not_finite() -> None:
    values = np.full(5000, np.nan)
    assert len(wire.extreme_indices(values, 100)) <= 100
    values[1234] = 1.0
    assert 1234 in wire.extreme_indices(values, 100)
    values[:] = -np.inf
    assert len(wire.extreme_indices(values, 100)) <= 100


@pytest.mark.parametrize("length", [30, 100_000])
def test_outline_with_gaps_keeps_its_extremes_and_its_breaks(length: int) -> None:
    values = np.random.default_rng(3).normal(size=length)
    values[:: max(2, length // 5000)] = np.nan
    gap = slice(length // 2, length // 2 + length // 10)
    values[gap] = np.nan
    values[length // 3 + 1], values[length // 4 + 1] = 9.0, -9.0
    kept = wire.extreme_indices(values, 1000)
    assert len(kept) <= 1000
    assert np.nanmax(values[kept]) == 9.0
    assert np.nanmin(values[kept]) == -9.0
    assert (kept[0], kept[-1]) == (0, length - 1)
    inside = kept[(kept >= gap.start) & (kept < gap.stop)]
    assert len(inside), "the line is broken there"
    assert np.isnan(values[inside]).all()


def test_points_are_spread_over_the_whole_ones() -> None:
    points = np.arange(20.0).reshape(10, 2)
    assert wire.spread_indices(points, 10).tolist() == list(range(10))
    assert wire.spread_indices(points, 4).tolist() == [0, 3, 6, 9]
    points[0, 1] = points[5] = np.nan
    assert wire.spread_indices(points, 10).tolist() == [1, 2, 3, 4, 6, 7, 8, 9]
    assert wire.spread_indices(points, 3).tolist() == [1, 4, 9]
    assert wire.spread_indices(np.full((4, 2), np.nan), 3).tolist() == []


def test_points_that_no_line_reaches() -> None:
    values = np.array([1.0, np.nan, 1.0, 1.0, np.nan, 1.0, np.inf, 1.0])
    assert np.flatnonzero(wire.lone_points(values)).tolist() == [0, 5, 7]
    assert wire.lone_points(np.array([1.0])).tolist() == [True]
    assert wire.lone_points(np.array([])).tolist() == []


def test_mean_bins_agree_with_a_plain_loop() -> None:
    values = np.random.default_rng(2).random((1003, 3))
    binned = wire.mean_bins(values, 10)
    expected = [values[start : start + 10].mean(axis=0) for start in range(0, 1003, 10)]
    np.testing.assert_allclose(binned, expected, rtol=1e-12, atol=0)


def test_majority_bins_count_and_break_ties_low() -> None:
    states = np.array([2, 2, 1, 0, 1, 1, 0, 0, -1, -1, -1, 2])
    np.testing.assert_array_equal(wire.majority_bins(states, 4, 3), [2, 0, -1])
    np.testing.assert_array_equal(wire.majority_bins(states, 1, 3), states)


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


# Emission charts


def make_symbols(num_states: int, num_symbols: int, truth: bool = True) -> SymbolBars:
    rng = np.random.default_rng(5)
    probs = rng.dirichlet(np.ones(num_symbols), size=num_states)
    labels = tuple(f"<b>{c}</b>" for c in range(num_symbols))
    return SymbolBars(
        probs,
        np.full(num_states, 1 / num_states),
        probs.mean(axis=0),
        Lane("face", "symbol", labels),
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
        (Lane("a"), Lane("b")),
        means + 5.0 if truth else None,
        covariances if truth else None,
    )


@pytest.mark.parametrize("truth", [True, False])
@pytest.mark.parametrize(("num_states", "num_symbols"), [(1, 2), (3, 6), (20, 20)])
def test_symbols_arrive_as_sent(num_states: int, num_symbols: int, truth: bool) -> None:
    bars = make_symbols(num_states, num_symbols, truth)
    observed = np.arange(30.0) % num_symbols
    frame = replace(
        make_frame(num_states, 30), emissions=bars, lane=bars.lane, observations=observed
    )
    header, arrays = decode(encode(frame))
    chart = header["charts"]["means"]
    assert chart["kind"] == "symbols"
    assert chart["x"] == "symbol face"
    assert chart["labels"][0] == "&lt;b&gt;0&lt;/b&gt;", "a label may be any text"
    assert len(chart["ticks"]) == num_symbols
    np.testing.assert_allclose(arrays["means.probs"], bars.probs, rtol=1e-6)
    assert ("means.true_probs" in arrays) is truth
    lane = header["charts"]["sequence"]
    assert (lane["kind"], lane["y_range"]) == ("symbol", [-0.6, num_symbols - 0.4])
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


@pytest.mark.parametrize(
    ("counts", "width"), [([0, 1, 1, 4], 1), ([7], 1), ([0, 59], 1), ([0, 60], 2), ([5, 9999], 167)]
)
def test_count_histogram_has_whole_bins_and_area_one(counts: list[int], width: int) -> None:
    edges, heights = scales.count_histogram(np.array(counts, dtype=float))
    assert edges[0] == min(counts) - 0.5
    assert edges[-1] > max(counts)
    np.testing.assert_array_equal(np.diff(edges), width)
    assert len(heights) <= 60
    np.testing.assert_allclose((heights * width).sum(), 1.0, rtol=1e-12)


def test_whole_numbers_are_whole_and_bounded() -> None:
    np.testing.assert_array_equal(scales.whole_numbers(2.0, 5.0), [2, 3, 4, 5])
    many = scales.whole_numbers(0.0, 1e5)
    assert len(many) <= scales.GRID_POINTS + 2
    np.testing.assert_array_equal(many, np.round(many))
    assert many[-1] >= 1e5


# Axes that stand still


def test_iteration_limit_grows_in_steps() -> None:
    limits = [scales.iteration_limit(i) for i in (0, 50, 51, 100, 101, 201, 501, 1001, 2001, 5001)]
    assert limits == [50, 50, 100, 100, 200, 500, 1000, 2000, 5000, 10000]


@pytest.mark.parametrize("truth", [None, -1.4])
def test_likelihood_range_only_grows_and_rarely(truth: float | None) -> None:
    curve = -1.45 - 1.2 * np.exp(-np.arange(300) / 30)
    ranges = [scales.likelihood_range(curve[: i + 1], truth) for i in range(len(curve))]
    for before, after in itertools.pairwise(ranges):
        assert after[0] <= before[0]
        assert after[1] >= before[1]
    for values, (low, high) in zip(np.split(curve, 300), ranges, strict=True):
        assert low < values[0] < high
    assert len(set(ranges)) <= (2 if truth is not None else 40)


@pytest.mark.parametrize("size", [1e-300, 0.01, 1.0, 7.3, 1e17, 1.7e308])
def test_rounded_ends_hold_what_they_were_given_and_seldom_move(size: float) -> None:
    for low, high in [(-size, size / 3), (0.0, size), (-size, 0.0), (size, 3 * (size / 2))]:
        ends = scales.rounded(low, high)
        assert ends[0] <= low < high <= ends[1]
        if 1e-300 <= size < 1e300:
            # A sixth at each end, at the most.
            assert ends[1] - ends[0] <= 4 / 3 * (high - low) * (1 + 1e-12)
            assert scales.rounded(*ends) == ends
    seen = {scales.rounded(-2.0 - 0.01 * i, 5.0 + 0.01 * i) for i in range(100)}
    assert len(seen) <= 5


def test_rounded_ends_of_anything_else_stay() -> None:
    for ends in [(1.0, 1.0), (0.0, 5e-324), (-math.inf, math.inf), (-1.7e308, 1.7e308)]:
        assert scales.rounded(*ends) == ends


def test_likelihood_range_of_nothing() -> None:
    low, high = scales.likelihood_range([-np.inf, np.nan])
    assert low < high


def test_histogram_has_area_one() -> None:
    observations = np.append(np.random.default_rng(3).normal(size=500), np.nan)
    edges, density = scales.histogram(observations)
    np.testing.assert_allclose((density * np.diff(edges)).sum(), 1.0, rtol=1e-12)
    edges, density = scales.histogram(np.full(4, 1e6))
    np.testing.assert_allclose((density * np.diff(edges)).sum(), 1.0, rtol=1e-12)
    assert scales.histogram(np.array([np.nan]))[1].sum() == 0.0


def test_densities_have_the_area_of_their_weights() -> None:
    grid = np.linspace(-20, 20, 4001)
    weights = np.array([0.3, 0.7])
    densities = scales.gaussian_densities(
        grid, np.array([-1.0, 2.0]), np.array([0.5, 2.0]), weights
    )
    np.testing.assert_allclose(densities.sum(axis=1) * 0.01, weights, rtol=1e-9)
