"""The landscape: a live view of the log-likelihood over two numbers of a model.

It shows the surface with the paths of the runs on it, and beside it where training ends from every
start, or the likelihood along a line. `encode` turns one `LandscapeFrame` into one block of bytes
for `assets/landscape.js`. See `panel` for the first live view and `wire` for the bytes' layout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from pages.ui.browser import wire
from pages.ui.browser.component import component
from pages.ui.browser.wire import Chart
from pages.ui.figures import theme
from pages.ui.live.landscape_frame import (
    LISTED_OPTIMA,
    NOT_AT_REST,
    UNKNOWN,
    LandscapeFrame,
    LinePicture,
    MapPicture,
    Optimum,
    PlaneAxis,
    PlaneMark,
    PlanePath,
    SearchState,
    SurfacePicture,
)

__all__ = [
    "LISTED_OPTIMA",
    "NOT_AT_REST",
    "UNKNOWN",
    "LandscapeFrame",
    "LinePicture",
    "MapPicture",
    "Optimum",
    "PlaneAxis",
    "PlaneMark",
    "PlanePath",
    "SearchState",
    "SurfacePicture",
    "encode",
    "show_landscape",
]

KEY = "landscape"

MAX_MAPS = 2
"""Maps side by side: one for each method."""

NOT_AT_REST_BYTE = 254
OTHERS_BYTE = 253
"""In the message, for every optimum that has no row of its own."""

LOWEST_SHARE = 0.02
"""Of the starts: the lowest ones share the last colour of a map of heights, or one run that went
far astray would leave a single colour to all others."""


def show_landscape(frame: bytes) -> None:
    """Put the landscape on the page, showing a message of `encode`."""
    draw = component("hmm_landscape", "landscape.js", "drawLandscape")
    draw(key=KEY, data=frame)


def encode(frame: LandscapeFrame, live: Mapping[str, Any] | None = None) -> bytes:
    """`frame` as one message for `assets/landscape.js`. `live` is as in `panel.encode`."""
    maps = () if frame.problem or frame.shows == "line" else frame.maps
    charts = {
        "surface": _surface(frame),
        **{
            f"map{number}": _map(frame, maps[number] if number < len(maps) else None)
            for number in range(MAX_MAPS)
        },
        "line": _line(frame),
    }
    header: dict[str, Any] = {
        "key": KEY,
        "live": live,
        "data_key": frame.data_key,
        "runs": [{"iteration": frame.iteration}],
        "num_states": frame.num_states,
        "states": {"names": frame.state_names},
        "shows": frame.shows,
        "relief": frame.relief,
        "hint": frame.hint,
        "projected": frame.projected,
        "paths": [(path.name, path.colour, path.dash, path.earlier) for path in frame.paths],
        "marks": list(dict.fromkeys(mark.kind for mark in frame.marks)),
        "optima": _optima(maps),
        "maps": [
            {
                "method": picture.method,
                "words": picture.words,
                "failed": picture.failed,
                "share_known": picture.share_known,
                "size": picture.optimum.shape[::-1],
            }
            for picture in maps
        ],
        "search": asdict(frame.search),
        "problem": frame.problem,
    }
    return wire.pack_charts(header, charts)


def _optima(maps: tuple[MapPicture, ...]) -> dict[str, Any]:
    """The rows of the table, and how many optima have none, with the shares of each map."""
    if not maps:
        return {"rows": [], "others": 0, "other_shares": []}
    return {
        "rows": [
            {
                "colour": optimum.colour,
                "log_likelihood": wire.finite_or_none(optimum.log_likelihood),
                "shares": [
                    picture.optima[number].share if number < len(picture.optima) else 0.0
                    for picture in maps
                ],
                "words": optimum.words,
            }
            for number, optimum in enumerate(maps[0].optima[:LISTED_OPTIMA])
        ],
        "others": len(maps[0].optima[LISTED_OPTIMA:]),
        "other_shares": [
            sum(optimum.share for optimum in picture.optima[LISTED_OPTIMA:]) for picture in maps
        ],
    }


def _plane(frame: LandscapeFrame) -> dict[str, Any]:
    """What charts over the plane share."""
    return {
        **{name: asdict(axis) for name, axis in (("x", frame.x), ("y", frame.y))},
        "colours": theme.POSTERIOR_COLOUR_SCALE,
        "marks": [asdict(mark) for mark in frame.marks if np.isfinite([mark.x, mark.y]).all()],
    }


def _grid(frame: LandscapeFrame, picture: SurfacePicture | MapPicture) -> dict[str, Any]:
    """The two axes of a heat map."""
    return {
        name: wire.axis_values(values, axis.range[1] - axis.range[0])
        for name, values, axis in (("xs", picture.xs, frame.x), ("ys", picture.ys, frame.y))
    }


def _surface(frame: LandscapeFrame) -> Chart:
    picture = frame.surface
    if picture is None or frame.problem:
        return {"present": False}, {}
    arrays: dict[str, npt.NDArray[Any]] = {
        **_grid(frame, picture),
        "values": wire.floats(picture.values),
    }
    for number, path in enumerate(frame.paths):
        arrays[f"path_x{number}"] = wire.floats(path.xs)
        arrays[f"path_y{number}"] = wire.floats(path.ys)
    return {
        **_plane(frame),
        "relief": frame.relief,
        "range": list(picture.colour_range),
        "paths": [_look(path) for path in frame.paths],
    }, arrays


def _look(path: PlanePath) -> dict[str, Any]:
    """Name and style of a path."""
    return {
        "name": path.name,
        "colour": path.colour,
        "dash": path.dash,
        "earlier": path.earlier,
    }


def _map(frame: LandscapeFrame, picture: MapPicture | None) -> Chart:
    if picture is None or picture.failed:
        return {"present": False}, {}
    ends = picture.optimum
    listed = np.where(ends < LISTED_OPTIMA, ends, OTHERS_BYTE)
    listed = np.where(ends == NOT_AT_REST, NOT_AT_REST_BYTE, listed)
    known = ends != UNKNOWN
    return {
        **_plane(frame),
        "method": picture.method,
        "shows": frame.shows,
        "optima": [
            (optimum.colour, wire.finite_or_none(optimum.log_likelihood))
            for optimum in picture.optima[: LISTED_OPTIMA + 1]
        ],
        "heights": _heights(frame.maps),
        "most_steps": max(int(other.iterations.max(initial=1)) for other in frame.maps),
    }, {
        **_grid(frame, picture),
        "ends": np.where(known, listed, wire.MISSING).astype(np.uint8),
        "heights": wire.floats(np.where(known, picture.log_likelihoods, np.nan)),
        "steps": wire.floats(np.where(known, picture.iterations, np.nan)),
    }


def _heights(maps: tuple[MapPicture, ...]) -> list[float]:
    """The values of the first and the last colour of the maps of heights, the same for all."""
    values = np.concatenate([picture.log_likelihoods.ravel() for picture in maps])
    values = values[np.isfinite(values)]
    if not values.size:
        return [-1.0, 0.0]
    low, high = float(np.quantile(values, LOWEST_SHARE)), float(values.max())
    # Where all ends are the same, rounding is all that would be coloured.
    least = 1e-6 * max(1.0, abs(high))
    return [min(low, high - least), high]


def _line(frame: LandscapeFrame) -> Chart:
    picture = frame.line
    if picture is None or frame.problem or frame.shows != "line":
        return {"present": False}, {}
    first, last = (int(np.argmin(np.abs(picture.positions - end))) for end in (0.0, 1.0))
    inside = picture.values[first : last + 1]
    finite = picture.values[np.isfinite(picture.values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (-1.0, 0.0)
    room = max(0.08 * (high - low), 1e-6)
    at, floor = first + int(np.argmin(inside)), float(min(inside[0], inside[-1]))
    least = float(picture.values[at])
    falls = np.isfinite(least) and least < floor
    return {
        "names": picture.names,
        "barrier": picture.barrier,
        "lowest": [float(picture.positions[at]), least, floor] if falls else None,
        "ends": [wire.finite_or_none(value) for value in inside[[0, -1]]],
        "x_range": [float(picture.positions[0]), float(picture.positions[-1])],
        "y_range": [low - room, high + room],
    }, {"positions": wire.floats(picture.positions), "values": wire.floats(picture.values)}
