"""Frames of a made-up landscape, for tests: two hills, and maps of three basins."""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.ui.figures import theme
from pages.ui.live.landscape import (
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

TICKS = (-4.0, -2.0, 0.0, 2.0, 4.0)


def axis(state: int, **values: Any) -> PlaneAxis:
    texts = tuple(f"{tick:g}".replace("-", "−") for tick in TICKS)
    return PlaneAxis(f"mean of S{state}", (-4.5, 4.5), TICKS, texts, **values)


def surface_picture(points: int = 31, shift: float = 0.0) -> SurfacePicture:
    """Two hills of height −1.4 at (−2, 0) and (0, −2), and no model where both are above 3."""
    places = np.linspace(-4.5, 4.5, points)
    x, y = np.meshgrid(places, places)
    near = np.minimum((x + 2.0 + shift) ** 2 + y**2, x**2 + (y + 2.0 + shift) ** 2)
    values = -1.4 - 0.12 * near**0.85
    values[(x > 3.0) & (y > 3.0)] = -np.inf
    return SurfacePicture(places, places, values, (-5.4, -1.4))


def map_picture(method: str = "EM", points: int = 16, num_optima: int = 3) -> MapPicture:
    """Upright stripes, one for each optimum; at the lower edge no start came to rest."""
    places = np.linspace(-4.5, 4.5, points)
    optimum = np.tile(np.arange(points) * num_optima // points, (points, 1))
    optimum[0] = -2
    optimum[-1, -1] = -1
    optima = tuple(
        Optimum(
            theme.STATE_COLOURS[number] if number < 8 else "#b5b5b5",
            -24.94 - 0.37 * number,
            float((optimum == number).mean()),
            f"{number + 2} means apart",
            -2.0,
            0.0,
        )
        for number in range(num_optima)
    )
    return MapPicture(
        method,
        places,
        places,
        optimum,
        -1.2 - 0.05 * optimum,
        10 + 3 * np.abs(optimum),
        optima,
        1.0,
        "10 starts miss the best with probability 0.02.",
    )


def line_picture() -> LinePicture:
    """From −1.40 down to −1.75 and up to −1.50."""
    positions = np.linspace(-0.1, 1.1, 121)
    values = np.interp(positions, [-0.1, 0.0, 0.5, 1.0, 1.1], [-1.5, -1.4, -1.75, -1.5, -1.6])
    return LinePicture(positions, values, ("start", "truth"), "Between them lies a barrier.")


def landscape_frame(**values: Any) -> LandscapeFrame:
    steps = np.arange(20.0)
    paths = (
        PlanePath("earlier run 1", 3 * np.cos(steps / 9), 3 * np.sin(steps / 9), "", "", True),
        PlanePath("EM", -3.4 + steps / 14, 2.9 - steps / 7, theme.RUN_COLOURS["EM"], "solid"),
    )
    marks = (
        PlaneMark("start", -3.4, 2.9, "start"),
        PlaneMark("now", -3.4 + 19 / 14, 2.9 - 19 / 7, "EM, iteration 19"),
        PlaneMark("truth", -2.0, 0.0, "true model"),
        PlaneMark("mirror", 0.0, -2.0, "its mirror"),
        PlaneMark("pass", -1.0, -1.0, "pass"),
    )
    given: dict[str, Any] = {
        "data_key": "data",
        "x": axis(1),
        "y": axis(2),
        "surface": surface_picture(),
        "hint": "else as at iteration 19; a click sets the start",
        "marks": marks,
        "paths": paths,
        "projected": False,
        "shows": "ends",
        "relief": "flat",
        "maps": (map_picture(),),
        "line": None,
        "search": SearchState(False, 1.0, "256 starts in 0.1 s.", False),
        "problem": "",
        "num_states": 2,
        "iteration": 19,
    }
    return LandscapeFrame(**{**given, **values})
