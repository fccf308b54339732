"""Summits and passes of surfaces whose hills are known."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore.landscape import Hills, Pass, flooding, hills


@pytest.fixture(params=["compiled", "python"])
def anywhere(request, monkeypatch):
    """Both as compiled and as plain Python, which checks every index."""
    if request.param == "python":
        monkeypatch.setattr(flooding, "_flood", flooding._flood.py_func)


def two_bumps(xs: np.ndarray, ys: np.ndarray, second: float) -> np.ndarray:
    """Two round hills, of height 1 at (-2, 0) and of a given height at (2, 0)."""
    across, up = np.meshgrid(xs, ys)
    return np.maximum(
        1.0 - 0.2 * ((across + 2.0) ** 2 + up**2), second - 0.2 * ((across - 2.0) ** 2 + up**2)
    )


def test_the_pass_between_two_hills_is_where_they_meet(anywhere):
    xs, ys = np.linspace(-4.0, 4.0, 81), np.linspace(-3.0, 3.0, 61)
    found = hills(two_bumps(xs, ys, 0.6), 0.05)
    assert [(xs[c], ys[r]) for r, c in found.peaks] == [
        pytest.approx((-2.0, 0.0), abs=1e-12),
        pytest.approx((2.0, 0.0), abs=1e-12),
    ]
    # The two are equally high where 1 - (x + 2)²/5 = 0.6 - (x - 2)²/5, on the line between them.
    (only,) = found.passes
    assert xs[only.column] == pytest.approx(0.25, abs=0.0501)
    assert ys[only.row] == pytest.approx(0.0, abs=1e-12)
    assert only.drop == pytest.approx(0.6 - (1.0 - 0.2 * 2.25**2), abs=0.05)


def test_the_saddle_of_two_gaussian_hills_is_found():
    xs = np.linspace(-4.0, 4.0, 161)
    across, up = np.meshgrid(xs, xs)
    values = np.exp(-((across - 1.5) ** 2) - up**2) + np.exp(-((across + 1.5) ** 2) - up**2)
    found = hills(values, 0.01)
    assert len(found.peaks) == 2
    (only,) = found.passes
    assert (xs[only.row], xs[only.column]) == pytest.approx((0.0, 0.0), abs=1e-12)
    assert only.drop == pytest.approx(values.max() - 2.0 * np.exp(-2.25), rel=1e-12)


def test_low_summits_are_none(anywhere):
    values = np.array([[0.0, 3.0, 1.0, 2.0, 0.5, 1.9, 0.0]])
    assert hills(values).peaks == ((0, 1), (0, 3), (0, 5))
    assert hills(values).passes == (Pass(0, 2, 1.0), Pass(0, 4, 1.4))
    assert hills(values, 1.0).peaks == ((0, 1), (0, 3), (0, 5))
    assert hills(values, 1.2) == Hills(((0, 1), (0, 5)), (Pass(0, 4, 1.4),))
    assert hills(values, 2.0) == Hills(((0, 1),), ())


def test_plateaus_have_one_summit(anywhere):
    assert hills(np.zeros((3, 4))) == Hills(((0, 0),), ())
    ring = np.zeros((5, 5))
    ring[1:4, 1:4] = 1.0
    ring[2, 2] = 0.5
    assert hills(ring) == Hills(((1, 1),), ())
    two = np.array([[2.0, 2.0, 1.0, 2.0, 2.0]])
    assert hills(two) == Hills(((0, 0), (0, 3)), (Pass(0, 2, 1.0),))


def test_diagonal_neighbours_touch(anywhere):
    assert hills(np.eye(3)).peaks == ((0, 0),)


def test_water_parts_the_land(anywhere):
    values = np.array([[1.0, -np.inf, 2.0], [0.5, np.nan, 3.0]])
    assert hills(values) == Hills(((1, 2), (0, 0)), ())
    assert hills(np.full((2, 2), -np.inf)) == Hills((), ())


def test_three_hills_that_meet_in_one_point_have_two_passes(anywhere):
    values = np.array([[5.0, 0.0, 4.0], [0.0, 1.0, 0.0], [0.0, 3.0, 0.0]])
    found = hills(values, 0.5)
    assert found.peaks == ((0, 0), (0, 2), (2, 1))
    assert found.passes == (Pass(1, 1, 3.0), Pass(1, 1, 2.0)) or found.passes == (
        Pass(1, 1, 2.0), Pass(1, 1, 3.0),
    )  # fmt: skip


def test_passes_agree_with_the_best_of_all_ways():
    """By brute force: the highest level at which two summits hold together."""
    values = np.random.default_rng(0).normal(size=(6, 7))
    found = hills(values)
    heights = sorted(values.ravel().tolist(), reverse=True)

    def together(a: tuple[int, int], level: float) -> set[tuple[int, int]]:
        seen, todo = {a}, [a]
        while todo:
            r, c = todo.pop()
            for near in ((r + i, c + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
                inside = 0 <= near[0] < 6 and 0 <= near[1] < 7
                if inside and near not in seen and values[near] >= level:
                    seen.add(near)
                    todo.append(near)
        return seen

    drops = []
    for n, peak in enumerate(found.peaks[1:], start=1):
        higher = set(found.peaks[:n])
        level = next(level for level in heights if together(peak, level) & higher)
        drops.append(values[peak] - level)
    assert len(found.peaks) > 4
    np.testing.assert_allclose(sorted(p.drop for p in found.passes), sorted(drops), rtol=1e-15)


def test_what_is_no_surface_is_refused():
    with pytest.raises(ValueError, match="must be a surface"):
        hills([1.0, 2.0])
    with pytest.raises(ValueError, match="least_drop is -1"):
        hills(np.eye(2), -1.0)
