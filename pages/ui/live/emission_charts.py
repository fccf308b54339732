"""What the live panel draws of a model's emissions: one chart for each kind of observation.

An emission chart is plain values; `chart()` encodes it for the browser, where
`assets/emissions.js` draws it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from hmmcore.arrays import FloatArray, IntArray
from pages.ui.browser import wire
from pages.ui.browser.wire import Chart
from pages.ui.figures import decimation, scales
from pages.ui.figures.observed_variable import PLAIN, ObservedVariable
from pages.ui.text import decimal, shortened, to_spread, with_spread

MAX_CLOUD_POINTS = 600
"""Points of a cloud that are drawn, taken evenly along time."""

MAX_BARS = 72
"""Largest number of states times symbols for which bars are drawn; beyond it a heat map is."""

TICK_LETTERS = 48
"""Characters of all symbol labels together that fit along the axis."""

WORD_LETTERS = 8
"""Characters of a symbol's label that fit beside a state."""

PICTURE_LETTERS = 15
"""Characters that fit beside a state of the model's picture, as in `state-graph-layout.js`."""

Words = tuple[tuple[str, ...], tuple[str, ...] | None]
"""(K,) what each state emits, in a word or two, of the learned and of the true model; None without
a truth."""


class EmissionChart(Protocol):
    """A model's emissions as the panel draws them; K states."""

    def chart(self) -> Chart:
        """Header and arrays for the browser."""
        ...

    def shapes(self, num_states: int) -> Mapping[str, tuple[int, ...]]:
        """Field name to the shape that its value must have unless it is None."""
        ...

    def words(self) -> Words:
        """What each state emits, in a word or two."""
        ...


@dataclass(frozen=True)
class Marginals:
    """Observations on one axis: their histogram, and the part of it that each state explains.

    Attributes:
        means: (K,) the average observation of each state: a mean, or a rate.
        deviations: (K,) standard deviations.
        weights: (K,) share of the observations that each state explains; sums to one.
        edges, heights: (B + 1,) and (B,) of the histogram of all data; see `scales`.
        grid: (G,) the x values of the curves: whole numbers for counts, else evenly spaced.
        curves: (K, G) densities of numbers or probabilities of counts, times the weights.
        variable: what is observed.
        true_means: (K,), or None without a truth.
        true_deviations: (K,); None without a truth, and for counts, whose rates imply them.
    """

    means: FloatArray
    deviations: FloatArray
    weights: FloatArray
    edges: FloatArray
    heights: FloatArray
    grid: FloatArray
    curves: FloatArray
    variable: ObservedVariable = PLAIN
    true_means: FloatArray | None = None
    true_deviations: FloatArray | None = None

    def shapes(self, num_states: int) -> Mapping[str, tuple[int, ...]]:
        """See `EmissionChart`."""
        names = ("means", "deviations", "weights", "true_means", "true_deviations")
        return dict.fromkeys(names, (num_states,)) | {
            "heights": (len(self.edges) - 1,),
            "curves": (num_states, len(self.grid)),
        }

    def words(self) -> Words:
        """Mean and standard deviation, or the rate of counts."""
        if self.variable.kind == "count":
            return _rates(self.means), None if self.true_means is None else _rates(self.true_means)
        true = None
        if self.true_means is not None and self.true_deviations is not None:
            true = tuple(map(with_spread, self.true_means, self.true_deviations))
        return tuple(map(with_spread, self.means, self.deviations)), true

    def chart(self) -> Chart:
        """See `EmissionChart`."""
        low, high = float(self.grid[0]), float(self.grid[-1])
        counts = self.variable.kind == "count"
        span = high - low
        arrays = {
            "edges": wire.axis_values(self.edges, span),
            "histogram": wire.floats(self.heights),
            "means": wire.axis_values(self.means, span),
            "deviations": wire.floats(self.deviations),
            "weights": wire.floats(self.weights),
            "grid": wire.axis_values(self.grid, span),
            "curves": wire.floats(self.curves),
        }
        if self.true_means is not None:
            arrays["true_means"] = wire.axis_values(self.true_means, span)
        room = 0.5 if counts else 0.0
        meta = {
            "kind": "marginals",
            "x_range": [low - room, high + room],
            "top": scales.rounded(0.0, 1.35 * float(self.heights.max(initial=0.0)) or 1.0)[1],
            "x": self.variable.title,
            "y": "probability" if counts else "density",
            "mean": "rate" if counts else "mean",
            "steps": counts,
        }
        return meta, arrays


@dataclass(frozen=True)
class SymbolBars:
    """How probable each symbol is in each state.

    Attributes:
        probs: (K, C) the learned p(x_t = c | z_t = k).
        weights: (K,) share of the observations that each state explains; sums to one.
        shares: (C,) the share of each symbol in all data.
        variable: what is observed, with the symbols' labels.
        true_probs: (K, C), or None without a truth.
    """

    probs: FloatArray
    weights: FloatArray
    shares: FloatArray
    variable: ObservedVariable
    true_probs: FloatArray | None = None

    def shapes(self, num_states: int) -> Mapping[str, tuple[int, ...]]:
        """See `EmissionChart`."""
        table = (num_states, len(self.variable.labels))
        return {
            "probs": table,
            "true_probs": table,
            "weights": (num_states,),
            "shares": table[1:],
        }

    def words(self) -> Words:
        """The most likely symbol and its probability."""
        true = None if self.true_probs is None else self._favourites(self.true_probs)
        return self._favourites(self.probs), true

    def _favourites(self, probs: FloatArray) -> tuple[str, ...]:
        """(K,) words for probabilities (K, C)."""
        return tuple(map(self._favourite, probs))

    def _favourite(self, row: FloatArray) -> str:
        best = int(row.argmax())
        if np.count_nonzero(np.isclose(row, row[best], rtol=1e-9, atol=0.0)) > 1:
            return "no favourite"
        return f"{shortened(self.variable.labels[best], WORD_LETTERS)}: {row[best]:.2f}"

    def chart(self) -> Chart:
        """See `EmissionChart`."""
        arrays = {
            "probs": wire.floats(self.probs),
            "weights": wire.floats(self.weights),
            "shares": wire.floats(self.shares),
        }
        if self.true_probs is not None:
            arrays["true_probs"] = wire.floats(self.true_probs)
        meta = {
            "kind": "symbols",
            "x": self.variable.title,
            "labels": self.variable.label_texts,
            "ticks": self.variable.ticks(max(2, TICK_LETTERS // len(self.variable.labels))),
            "bars": self.probs.size <= MAX_BARS,
        }
        if not meta["bars"]:
            true = "; point at a cell for the true one" if self.true_probs is not None else ""
            meta["note"] = f"colour: learned{true}"
        return meta, arrays


@dataclass(frozen=True)
class Ellipses:
    """Two dimensions of points: the shown sequence, and an ellipse for each state.

    Attributes:
        means: (K, 2).
        covariances: (K, 2, 2) covariance matrices of these two dimensions.
        weights: (K,) share of the observations that each state explains; sums to one.
        points: (M, 2) of the shown sequence; a point with a missing coordinate, NaN, is not drawn.
        states: (M,) Viterbi states; -1 = no possible path.
        limits: (2, 2) lowest and highest of each dimension of all data.
        variables: the two that are observed.
        true_means, true_covariances: of the same shapes, or None without a truth.
        dimensions: which two of all dimensions these are, 0-based.
    """

    means: FloatArray
    covariances: FloatArray
    weights: FloatArray
    points: FloatArray
    states: IntArray
    limits: FloatArray
    variables: tuple[ObservedVariable, ObservedVariable]
    true_means: FloatArray | None = None
    true_covariances: FloatArray | None = None
    dimensions: tuple[int, int] = (0, 1)

    MARGIN: ClassVar[float] = 0.05

    def shapes(self, num_states: int) -> Mapping[str, tuple[int, ...]]:
        """See `EmissionChart`."""
        length = len(self.points)
        return {
            "means": (num_states, 2),
            "covariances": (num_states, 2, 2),
            "weights": (num_states,),
            "points": (length, 2),
            "states": (length,),
            "limits": (2, 2),
            "true_means": (num_states, 2),
            "true_covariances": (num_states, 2, 2),
        }

    def words(self) -> Words:
        """The centre in the two dimensions that are shown."""
        true = None
        if self.true_means is not None and self.true_covariances is not None:
            true = _centres(self.true_means, self.true_covariances)
        return _centres(self.means, self.covariances), true

    def chart(self) -> Chart:
        """See `EmissionChart`."""
        kept = decimation.spread_indices(self.points, MAX_CLOUD_POINTS)
        ranges = [self._range(axis) for axis in (0, 1)]
        spans = [high - low for low, high in ranges]

        def both(values: FloatArray, name: str) -> dict[str, npt.NDArray[Any]]:
            """Values (..., 2) as one array for each axis."""
            return {
                f"{name}_{letter}": wire.axis_values(values[..., axis], spans[axis])
                for axis, letter in enumerate("xy")
            }

        arrays = {
            **both(self.points[kept], "points"),
            "states": wire.state_bytes(self.states[kept]),
            **both(self.means, "means"),
            **both(scales.ellipses(self.means, self.covariances), "ellipses"),
            "deviations": wire.floats(np.sqrt(self.covariances[:, [0, 1], [0, 1]])),
            "weights": wire.floats(self.weights),
        }
        if self.true_means is not None and self.true_covariances is not None:
            arrays |= both(self.true_means, "true_means")
            true = scales.ellipses(self.true_means, self.true_covariances)
            arrays |= both(true, "true_ellipses")
        meta = {
            "kind": "ellipses",
            "x": self.variables[0].title,
            "y": self.variables[1].title,
            "x_range": ranges[0],
            "y_range": ranges[1],
            "dimensions": list(self.dimensions),
            "radius": scales.ELLIPSE_RADIUS,
            "shown": len(kept),
            "length": len(self.points),
        }
        return meta, arrays

    def _range(self, axis: int) -> list[float]:
        """Ends of an axis that hold all data and the true ellipses.

        They do not follow the learned ellipses, so the axis stands still during training.
        """
        low, high = (float(end) for end in self.limits[axis])
        if self.true_means is not None and self.true_covariances is not None:
            reach = scales.ELLIPSE_RADIUS * np.sqrt(self.true_covariances[:, axis, axis])
            low = min(low, float((self.true_means[:, axis] - reach).min()))
            high = max(high, float((self.true_means[:, axis] + reach).max()))
        room = self.MARGIN * (high - low) or 1.0
        return list(scales.rounded(low - room, high + room))


@dataclass(frozen=True)
class Parts:
    """Several quantities, each with a chart of its own, side by side.

    Attributes:
        charts: of the parts of a product, in their order.
    """

    charts: tuple[Marginals | SymbolBars, ...]

    def shapes(self, num_states: int) -> Mapping[str, tuple[int, ...]]:
        """See `EmissionChart`. Those of each chart are checked here."""
        for one in self.charts:
            for name, shape in one.shapes(num_states).items():
                value = getattr(one, name)
                if value is not None and np.shape(value) != shape:
                    raise ValueError(f"{name} has shape {np.shape(value)}, expected {shape}")
        return {}

    def words(self) -> Words:
        """What each state emits of each part, in their order: means, rates, or likely symbols."""
        each = [_shortest(one) for one in self.charts]
        true = [words for _, words in each if words is not None]
        return (
            _beside([words for words, _ in each]),
            _beside(true) if len(true) == len(each) else None,
        )

    def whole_words(self) -> Words:
        """The same in more words, with the names of the parts: a line for each."""
        names = [shortened(one.variable.name, 2 * WORD_LETTERS) for one in self.charts]

        def listed(each: list[tuple[str, ...]]) -> tuple[str, ...]:
            return tuple(
                "\n".join(f"{name}: {word}" for name, word in zip(names, words, strict=True))
                for words in zip(*each, strict=True)
            )

        each = [one.words() for one in self.charts]
        true = [words for _, words in each if words is not None]
        return (
            listed([words for words, _ in each]), listed(true) if len(true) == len(each) else None,
        )  # fmt: skip

    def chart(self) -> Chart:
        """See `EmissionChart`."""
        metas, arrays = [], {}
        for j, one in enumerate(self.charts):
            meta, own = one.chart()
            metas.append(meta)
            arrays |= {f"{j}.{name}": values for name, values in own.items()}
        return {"kind": "parts", "parts": metas}, arrays


def _shortest(chart: Marginals | SymbolBars) -> Words:
    """(K,) a number of two digits, or the beginning of a symbol's label."""
    if isinstance(chart, SymbolBars):
        labels = [shortened(label, 4) for label in chart.variable.labels]
        learned, true = (
            None if probs is None else tuple(labels[int(row.argmax())] for row in probs)
            for probs in (chart.probs, chart.true_probs)
        )  # fmt: skip
    else:
        learned, true = (
            None if means is None else tuple(map(_two_digits, means))
            for means in (chart.means, chart.true_means)
        )
    assert learned is not None
    return learned, true


def _two_digits(value: float) -> str:
    size = abs(value)
    text = f"{value:.2f}" if size < 0.995 else f"{value:.1f}" if size < 9.95 else f"{value:.0f}"
    return text.replace("-", "−").replace("0.", ".", 1) if size < 0.995 else text.replace("-", "−")


def _beside(each: list[tuple[str, ...]]) -> tuple[str, ...]:
    """(K,) the words of all parts; closer where they would not fit into the picture."""
    joined = tuple(" · ".join(words) for words in zip(*each, strict=True))
    if max(map(len, joined)) <= PICTURE_LETTERS:
        return joined
    return tuple(" ".join(words) for words in zip(*each, strict=True))


def _rates(rates: FloatArray) -> tuple[str, ...]:
    return tuple(f"rate {decimal(float(rate))}" for rate in rates)


def _centres(means: FloatArray, covariances: FloatArray) -> tuple[str, ...]:
    """(K,) words for means (K, 2) and covariance matrices (K, 2, 2)."""
    deviations = np.sqrt(covariances[:, [0, 1], [0, 1]])
    return tuple(
        f"({', '.join(map(to_spread, mean, deviation))})"
        for mean, deviation in zip(means, deviations, strict=True)
    )
