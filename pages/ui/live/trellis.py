"""The trellis of the Messages page: a live view of the recursions in a window of one sequence.

`TrellisFrame` is one frame as plain values, `encode` turns it into one block of bytes for
`assets/trellis.js`. See `panel` for another live view and `wire` for the layout of the bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hmmcore.arrays import FloatArray
from pages.ui.browser import wire
from pages.ui.browser.component import component
from pages.ui.figures import theme
from pages.ui.live.trellis_explanation import Explanation
from pages.ui.live.trellis_learning import Learning
from pages.ui.live.trellis_what_if import Change

KEY = "trellis"


@dataclass(frozen=True)
class Column:
    """One time of the window.

    Attributes:
        time: counted from 1.
        label: its own time or date; empty where steps are counted.
        observation: what was observed, as text.
        changed: whether that is what-if.
        story: what the pass finds there, for those who play it.
    """

    time: int
    label: str
    observation: str
    changed: bool
    story: str


@dataclass(frozen=True)
class Arrow:
    """An arrow that is drawn.

    Attributes:
        column: the column that it leads to, 0-based.
        origin, state: from which state to which, 0-based.
        strength: of a full line, 0 to 1.
        kind: "term", or of Viterbi's pass "kept", "best" (on a most probable path) or "dropped".
        text: its term, for those who point at it.
    """

    column: int
    origin: int
    state: int
    strength: float
    kind: str
    text: str


@dataclass(frozen=True, eq=False)
class Density:
    """How likely each state makes the observation that the chosen number depends on.

    Attributes:
        time: of the observation, counted from 1.
        title: what is observed, for the axis.
        kind: "curve", or "bars" of counts and symbols.
        grid: (G,) observations along the axis.
        curves: (K, G) their likelihoods under each state.
        expected: (G,) under all states as they are expected; None except for predictions.
        value: the observation; None where it is missing.
        text: the observation in words.
        marks: (K,) its likelihood under each state, as text.
        heights: (K,) the same as numbers.
        ticks: labels of `grid`; empty for numbers.
        note: what the curves are, in a sentence.
    """

    time: int
    title: str
    kind: str
    grid: FloatArray
    curves: FloatArray
    expected: FloatArray | None
    value: float | None
    text: str
    marks: tuple[str, ...]
    heights: FloatArray
    ticks: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, eq=False)
class TrellisFrame:
    """What the trellis shows at one moment.

    Attributes:
        data_key: zoom is kept as long as this stays the same.
        iteration: of the shown run.
        which: the pass, a key of `PASSES`.
        title, note, where: over the trellis; the last says which sequence and model it is of.
        quantity: what a circle shows, in words.
        backwards: whether the pass runs from the last time to the first.
        num_states: K.
        state_names: (K,) as plain text.
        symbol: of the observations.
        columns: (W,) of the window.
        values: (W × K) the numbers in the circles as text, time by time.
        fills: (W, K) how full each circle is, 0 to 1.
        ghosts: (W, K) the same without the what-if; None without one.
        arrows: those that are drawn.
        cell: the chosen circle or arrow: (column, state, state it comes from or None), 0-based.
        explanation, density, learning, change: about what is chosen.
        unscaled: what would become of the pass without scales: a sentence, and rows of texts.
        remarks: sentences above the trellis.
    """

    data_key: str
    iteration: int
    which: str
    title: str
    note: str
    where: str
    quantity: str
    backwards: bool
    num_states: int
    state_names: tuple[str, ...]
    symbol: str
    columns: tuple[Column, ...]
    values: tuple[tuple[str, ...], ...]
    fills: FloatArray
    ghosts: FloatArray | None
    arrows: tuple[Arrow, ...]
    cell: tuple[int, int, int | None]
    explanation: Explanation
    density: Density
    learning: Learning
    change: Change
    unscaled: tuple[str, tuple[tuple[str, str], ...]]
    remarks: tuple[str, ...] = ()


def show_trellis(frame: bytes) -> None:
    """Put the trellis on the page, showing a message of `encode`."""
    component("hmm_trellis", "trellis.js", "drawTrellis")(key=KEY, data=frame)


def encode(frame: TrellisFrame, live: Mapping[str, Any] | None = None) -> bytes:
    """`frame` as one message for `assets/trellis.js`. `live` is as in `panel.encode`."""
    ghosts = {} if frame.ghosts is None else {"ghosts": wire.floats(frame.ghosts)}
    header: dict[str, Any] = {
        **_head(live, frame.data_key, frame.iteration, frame.num_states, frame.state_names),
        "problem": "",
        "pass": frame.which,
        "title": frame.title,
        "note": frame.note,
        "where": frame.where,
        "quantity": frame.quantity,
        "backwards": frame.backwards,
        "symbol": frame.symbol,
        "columns": [asdict(column) for column in frame.columns],
        "values": frame.values,
        "trellis": [asdict(arrow) for arrow in frame.arrows],
        "cell": frame.cell,
        "explanation": asdict(frame.explanation),
        "learning": asdict(frame.learning),
        "change": asdict(frame.change),
        "unscaled": frame.unscaled,
        "remarks": frame.remarks,
    }
    charts = {
        "density": _density(frame.density),
        "picture": ({}, {"fills": wire.floats(frame.fills), **ghosts}),
    }
    return wire.pack_charts(header, charts)


def encode_problem(problem: str, live: Mapping[str, Any] | None = None) -> bytes:
    """A message that says in one sentence why there is nothing to show."""
    header = {**_head(live, "", 0, 0, ()), "problem": problem}
    return wire.pack_charts(header, {"density": ({"present": False}, {})})


def _head(
    live: Mapping[str, Any] | None,
    data_key: str,
    iteration: int,
    num_states: int,
    state_names: tuple[str, ...],
) -> dict[str, Any]:
    """What every live view is told."""
    return {
        "key": KEY,
        "live": live,
        "data_key": data_key,
        "runs": [{"iteration": iteration}],
        "num_states": num_states,
        "states": {
            "colours": [theme.state_colour(state) for state in range(num_states)],
            "names": state_names,
        },
    }


def _density(density: Density) -> wire.Chart:
    span = float(density.grid[-1] - density.grid[0]) or 1.0
    arrays = {
        "grid": wire.axis_values(density.grid, span),
        "curves": wire.floats(density.curves),
        "heights": wire.floats(density.heights),
    }
    if density.expected is not None:
        arrays["expected"] = wire.floats(density.expected)
    meta = {
        "time": density.time,
        "kind": density.kind,
        "x": density.title,
        "value": wire.finite_or_none(density.value),
        "text": density.text,
        "marks": density.marks,
        "ticks": density.ticks,
        "note": density.note,
    }
    return meta, arrays
