"""The landscape: its frames as the browser reads them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from pages.ui.browser import wire
from pages.ui.live.landscape import (
    LISTED_OPTIMA,
    NOT_AT_REST_BYTE,
    OTHERS_BYTE,
    LandscapeFrame,
    LinePicture,
    MapPicture,
    PlaneMark,
    SurfacePicture,
    encode,
)
from tests.ui.live.landscape_frames import landscape_frame, line_picture, map_picture


def decode(frame: LandscapeFrame) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays as plotting.js reads them; NaN or infinity in the header fails."""
    message = encode(frame)
    size = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + size], parse_constant=pytest.fail)
    arrays = {}
    for name, (kind, offset, shape) in header["arrays"].items():
        dtype = {"f4": np.dtype("<f4"), "f8": np.dtype("<f8"), "u1": np.dtype("u1")}[kind]
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(message, dtype, count, 4 + size + offset).reshape(shape)
    return header, arrays


def present(header: dict[str, Any]) -> list[str]:
    return [name for name, chart in header["charts"].items() if chart.get("present") is not False]


def test_the_surface_arrives_as_it_is_and_without_a_number_where_there_is_no_model():
    frame = landscape_frame()
    header, arrays = decode(frame)
    surface = frame.surface
    assert surface is not None
    finite = np.isfinite(surface.values)
    assert not finite.all()
    np.testing.assert_array_equal(np.isfinite(arrays["surface.values"]), finite)
    np.testing.assert_allclose(
        arrays["surface.values"][finite], surface.values[finite], rtol=1e-6, atol=0
    )
    assert header["charts"]["surface"]["range"] == [-5.4, -1.4]
    np.testing.assert_allclose(arrays["surface.path_x1"], frame.paths[1].xs, rtol=1e-6, atol=0)
    assert [path["earlier"] for path in header["charts"]["surface"]["paths"]] == [True, False]
    assert header["runs"] == [{"iteration": 19}]
    assert header["marks"] == ["start", "now", "truth", "mirror", "pass"]


def test_a_mark_that_lies_nowhere_is_left_out():
    marks = (PlaneMark("truth", np.inf, 0.0, "truth"), PlaneMark("start", 1.0, 2.0, "start"))
    header, _ = decode(landscape_frame(marks=marks))
    assert [mark["kind"] for mark in header["charts"]["surface"]["marks"]] == ["start"]


def test_each_start_has_the_number_of_its_optimum_and_the_rest_are_others():
    picture = map_picture(points=24, num_optima=LISTED_OPTIMA + 3)
    header, arrays = decode(landscape_frame(maps=(picture,)))
    ends, given = arrays["map0.ends"], picture.optimum
    assert (ends[0] == NOT_AT_REST_BYTE).all()
    assert ends[-1, -1] == wire.MISSING
    assert np.isnan(arrays["map0.heights"][-1, -1])
    assert np.isnan(arrays["map0.steps"][-1, -1])
    listed = (given >= 0) & (given < LISTED_OPTIMA)
    np.testing.assert_array_equal(ends[listed], given[listed])
    assert set(ends[given >= LISTED_OPTIMA]) == {OTHERS_BYTE}
    rows = header["optima"]["rows"]
    assert len(rows) == LISTED_OPTIMA
    assert header["optima"]["others"] == 3
    shares = sum(row["shares"][0] for row in rows) + header["optima"]["other_shares"][0]
    assert shares == pytest.approx((given >= 0).mean(), rel=1e-12, abs=0)


def test_two_maps_have_one_table_and_the_same_colours_of_heights():
    em, gradient = map_picture("EM"), map_picture("Gradient", num_optima=3)
    header, _ = decode(landscape_frame(maps=(em, gradient)))
    assert [picture["method"] for picture in header["maps"]] == ["EM", "Gradient"]
    assert all(len(row["shares"]) == 2 for row in header["optima"]["rows"])
    charts = header["charts"]
    assert charts["map0"]["heights"] == charts["map1"]["heights"]
    assert charts["map0"]["most_steps"] == charts["map1"]["most_steps"] == 16


def flawed(**values: Any) -> MapPicture:
    return MapPicture(**{**vars(map_picture()), **values})


@pytest.mark.parametrize("height", [-np.inf, np.nan, -1.2])
def test_colours_of_heights_have_a_range_whatever_the_heights_are(height: float) -> None:
    picture = flawed(log_likelihoods=np.full((16, 16), height))
    low, high = decode(landscape_frame(maps=(picture,)))[0]["charts"]["map0"]["heights"]
    assert low < high
    assert np.isfinite([low, high]).all()


def test_one_run_that_went_astray_leaves_the_others_their_colours():
    heights = map_picture().log_likelihoods.copy()
    heights[3, 3] = -1e6
    picture = flawed(log_likelihoods=heights)
    low, _ = decode(landscape_frame(maps=(picture,)))[0]["charts"]["map0"]["heights"]
    assert low > -2.0


def test_a_line_has_its_barrier_where_it_falls_below_both_ends():
    header, arrays = decode(landscape_frame(shows="line", line=line_picture()))
    assert present(header) == ["surface", "line"]
    line = header["charts"]["line"]
    assert line["lowest"] == pytest.approx([0.5, -1.75, -1.5], rel=1e-12, abs=0)
    assert line["ends"] == pytest.approx([-1.4, -1.5], rel=1e-12, abs=0)
    low, high = line["y_range"]
    assert low < arrays["line.values"].min()
    assert high > arrays["line.values"].max()


def test_a_line_that_only_rises_has_no_barrier_and_an_impossible_one_no_numbers():
    positions = np.linspace(0.0, 1.0, 11)
    for values, ends in ((positions - 2.0, [-2.0, -1.0]), (np.full(11, -np.inf), [None, None])):
        picture = LinePicture(positions, values, ("a", "b"), "")
        line = decode(landscape_frame(shows="line", line=picture))[0]["charts"]["line"]
        assert line["lowest"] is None
        assert line["ends"] == ends
        assert line["y_range"][0] < line["y_range"][1]


def test_what_is_not_there_is_not_drawn():
    failed = flawed(failed="Training from every start would take more than a minute.")
    for values, names in (
        ({"problem": "K = 1 has no second mean.", "line": line_picture()}, []),
        ({"surface": None, "maps": ()}, []),
        ({"maps": ()}, ["surface"]),
        ({"maps": (failed,)}, ["surface"]),
        ({"shows": "line"}, ["surface"]),
        ({}, ["surface", "map0"]),
    ):
        assert present(decode(landscape_frame(**values))[0]) == names


def test_only_what_changes_is_drawn_anew():
    def digests(frame: LandscapeFrame) -> dict[str, int]:
        return {name: chart["digest"] for name, chart in decode(frame)[0]["charts"].items()}

    before = digests(landscape_frame())
    assert digests(landscape_frame()) == before
    values = np.where(np.eye(31) > 0, -2.0, -1.9)
    surface = SurfacePicture(np.linspace(-1, 1, 31), np.linspace(-1, 1, 31), values, (-2.0, -1.9))
    after = digests(landscape_frame(surface=surface))
    assert {name for name in before if before[name] != after[name]} == {"surface"}
