"""One frame of the landscape as plain values: the log-likelihood over two numbers of a model.

Places on the plane are positions as in `hmmcore.landscape`: the value itself, its logarithm, or its
logit. Texts are plain; the browser escapes them where Plotly shows them.
"""

from __future__ import annotations

from dataclasses import dataclass

from hmmcore.arrays import FloatArray, IntArray

LISTED_OPTIMA = 8
"""Optima with a colour and a row of their own; no more colours are told apart with certainty."""

UNKNOWN = -1
"""In `MapPicture.optimum`: not known yet, or no model."""
NOT_AT_REST = -2
"""In `MapPicture.optimum`: training had not come to rest."""

Scale = str
"""How a position becomes a value: "value", "log" or "logit"."""


@dataclass(frozen=True, eq=False)
class PlaneAxis:
    """One axis of the plane.

    Attributes:
        title: what lies along it, in words.
        range: its two ends, as positions.
        ticks, tick_texts: positions, and the values there in words.
        scale: how a position becomes a value.
    """

    title: str
    range: tuple[float, float]
    ticks: tuple[float, ...]
    tick_texts: tuple[str, ...]
    scale: Scale = "value"


@dataclass(frozen=True, eq=False)
class PlaneMark:
    """A model on the plane.

    `kind` is "start", "now", "truth", "mirror" (the truth under another order of states),
    "optimum" or "pass" (the highest point of the way between two summits). `label` says which.
    """

    kind: str
    x: float
    y: float
    label: str


@dataclass(frozen=True, eq=False)
class PlanePath:
    """The way of a run over the plane: (S,) positions `xs` and `ys`. `earlier` draws it faint."""

    name: str
    xs: FloatArray
    ys: FloatArray
    colour: str
    dash: str
    earlier: bool = False


@dataclass(frozen=True, eq=False)
class SurfacePicture:
    """The surface at (Gx,) `xs` and (Gy,) `ys`.

    `values` (Gy, Gx): log-likelihood per observation in nats; -inf where the data are impossible or
    there is no model. `colour_range`: the values of the first and the last colour.
    """

    xs: FloatArray
    ys: FloatArray
    values: FloatArray
    colour_range: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Optimum:
    """A row of the table of optima.

    Attributes:
        colour: of the pixels that end there; the same grey for all that have no row.
        log_likelihood: of all data, in nats.
        share: of the known starts that end there.
        words: what its states are.
        x, y: where it lies on the plane.
    """

    colour: str
    log_likelihood: float
    share: float
    words: str
    x: float
    y: float


@dataclass(frozen=True, eq=False)
class MapPicture:
    """Where training ends from each start at (Nx,) `xs` and (Ny,) `ys`.

    Maps of one frame have the same optima in the same order; only their shares differ.

    Attributes:
        method: "EM" or "Gradient".
        optimum: (Ny, Nx) index into `optima`, or `UNKNOWN`, or `NOT_AT_REST`.
        log_likelihoods: (Ny, Nx) per observation, where training ended.
        iterations: (Ny, Nx) training steps until then.
        optima: the first `LISTED_OPTIMA` are listed, the best first; the rest are "others".
        share_known: of the starts, 0 to 1.
        words: a sentence on what the shares mean.
        failed: a sentence on why there is no map; empty otherwise.
    """

    method: str
    xs: FloatArray
    ys: FloatArray
    optimum: IntArray
    log_likelihoods: FloatArray
    iterations: IntArray
    optima: tuple[Optimum, ...]
    share_known: float
    words: str
    failed: str = ""


@dataclass(frozen=True, eq=False)
class LinePicture:
    """The likelihood along a line between two models.

    Attributes:
        positions: (P,) in rising order; the models that `names` names lie at 0 and 1.
        values: (P,) log-likelihood per observation in nats, possibly -inf.
        barrier: a sentence on what lies between the two.
    """

    positions: FloatArray
    values: FloatArray
    names: tuple[str, str]
    barrier: str


@dataclass(frozen=True)
class SearchState:
    """How far the search from all starts is; `words` say it, or its estimate, or why there is none.

    `share` is that of its work that is done, 0 to 1. `can_go_on`: whether there is more to search,
    which a press begins or goes on with unless it is `running`.
    """

    running: bool
    share: float
    words: str
    can_go_on: bool


@dataclass(frozen=True, eq=False)
class LandscapeFrame:
    """What the landscape shows at one moment.

    Attributes:
        data_key: zoom is kept as long as this stays the same.
        surface: None where there is none to show.
        hint: what else holds of the surface, for its header.
        projected: whether the paths lie near the surface instead of on it.
        shows: beside the surface: "ends", "height", "steps" or "line".
        relief: "flat", or "solid" for a surface in three dimensions.
        maps: one for each method; empty before a search began.
        line: where `shows` is "line".
        problem: one sentence in place of all charts; empty otherwise.
        state_names: (K,) what the states are called; empty while they have only numbers.
        iteration: the one that is shown.
    """

    data_key: str
    x: PlaneAxis
    y: PlaneAxis
    surface: SurfacePicture | None
    hint: str
    marks: tuple[PlaneMark, ...]
    paths: tuple[PlanePath, ...]
    projected: bool
    shows: str
    relief: str
    maps: tuple[MapPicture, ...]
    line: LinePicture | None
    search: SearchState
    problem: str
    num_states: int
    state_names: tuple[str, ...] = ()
    iteration: int = 0
