"""Data that the model draws beside the data: does it make what was seen?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from hmmcore.alignment import NO_STATE
from hmmcore.arrays import FloatArray, IntArray, as_count, as_number, require_generator
from hmmcore.checks.correlation import agreement, autocorrelation
from hmmcore.emissions.marginals import PoissonMarginals, ProductMarginals, SymbolMarginals
from hmmcore.inference import viterbi
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.simulation import sample_like
from hmmcore.sweeps.sweep import expectations, require_compatible

MOST_BINS = 40
MOST_LAGS = 20
MOST_DOUBLINGS = 12
"""Lengths of stay are told by 1, 2, 3-4, 5-8, ..., and those that are longer than all."""


@dataclass(frozen=True, eq=False)
class Statistic:
    """What the data have, and what data drawn from the model have, at n places.

    Attributes:
        name: "histogram" (the share of values in each bin), "mean", "standard_deviation",
            "smallest", "largest", "autocorrelation" (by lag); of symbols "shares" (of each symbol)
            and "agreement" (the share of pairs that are equal, by lag); of the decoded path
            "stay_means" (of each state, in observations) and "stay_lengths" (the share of all
            stays).
        dimension: which dimension of the observations, 0-based; None of the path.
        places: (n,) the middles of bins, lags, symbols, states or lengths; counted from 0, lags
            from 1.
        edges: (n + 1,) of bins and lengths; the first and last bins are open, what lies beyond
            counts in them. None where there are no bins.
        observed: (n,) of the data; NaN where there is nothing to count.
        low, median, high: (n,) of the simulated data.
        extreme: (n,) the share of data sets, these data among them, that are at least as extreme on
            either side. The model was fitted to these data, so it errs upwards: small shares are
            signs of misfit, large ones do not prove fit.
    """

    name: str
    dimension: int | None
    places: FloatArray
    edges: FloatArray | None
    observed: FloatArray
    low: FloatArray
    median: FloatArray
    high: FloatArray
    extreme: FloatArray


@dataclass(frozen=True, eq=False)
class SimulationCheck:
    """Statistics of the data beside those of data drawn from the model.

    Attributes:
        num_samples: how many data sets were drawn.
        total: how many there will be.
        level: the share of them that lies between low and high, at each place by itself.
        statistics: see `Statistic`.
    """

    num_samples: int
    total: int
    level: float
    statistics: tuple[Statistic, ...]

    def find(self, name: str, dimension: int | None = None) -> Statistic:
        """The statistic of this name, of a dimension; that of the first if none is said.

        Raises:
            ValueError: when there is none.
        """
        for one in self.statistics:
            if one.name == name and dimension in (None, one.dimension):
                return one
        names = sorted({one.name for one in self.statistics})
        raise ValueError(f"there is no statistic {name!r} of dimension {dimension}; {names} are.")


def simulate_check(
    hmm: HMM,
    sequences: Sequences,
    num_samples: int = 100,
    *,
    rng: Generator,
    level: float = 0.9,
) -> SimulationCheck:
    """Draw data sets from a model and count what they have beside what the data have.

    Each data set has as many sequences as the data, as long, and the same values missing. States
    are decoded by the model's most probable path, of the data and of what is drawn alike.

    Args:
        hmm: the model, fitted to the data.
        num_samples: how many data sets.
        rng: the source of randomness, of which every data set gets a child.
        level: the share of data sets between `low` and `high`.

    Raises:
        ValueError: when nothing of a dimension is observed, or a number is not possible.
        ImpossibleDataError: when the model gives a sequence probability zero.

    Source: Gelman, Meng & Stern (1996), with the parameters as fitted.
    """
    *_, last = simulate_checks(hmm, sequences, num_samples, rng=rng, level=level)
    return last


def simulate_checks(
    hmm: HMM,
    sequences: Sequences,
    num_samples: int = 100,
    *,
    rng: Generator,
    level: float = 0.9,
    every: int = 20,
    stopped: Callable[[], bool] | None = None,
) -> Iterator[SimulationCheck]:
    """As `simulate_check`; yields what is known so far after every so many data sets, and last.

    Args:
        every: after how many.
        stopped: asked before each data set; where it says True the iterator ends.
    """
    require_compatible(hmm, sequences)
    require_generator(rng)
    count, every = as_count("num_samples", num_samples), as_count("every", every)
    level = as_number(
        "level", level, lambda number: 0.0 < number < 1.0, "lie strictly between 0 and 1"
    )
    sequences.require_every_dimension()
    expectations(hmm, sequences)  # refuses what is impossible
    plan = _planned(hmm, sequences)
    observed = _counted(hmm, sequences, plan)
    children = rng.spawn(count)

    def known() -> Iterator[SimulationCheck]:
        drawn: list[list[FloatArray]] = []
        for number, child in enumerate(children, 1):
            if stopped is not None and stopped():
                return
            drawn.append(_counted(hmm, sample_like(hmm, sequences, child).sequences, plan))
            if number % every == 0 or number == count:
                found = [
                    _compared(one, observed[n], np.array([each[n] for each in drawn]), level)
                    for n, one in enumerate(plan)
                ]
                yield SimulationCheck(number, count, level, tuple(found))

    return known()


@dataclass(frozen=True, eq=False)
class _Planned:
    """A statistic that is to be counted; attributes as in `Statistic`."""

    name: str
    dimension: int | None
    places: FloatArray
    edges: FloatArray | None = None


def _planned(hmm: HMM, sequences: Sequences) -> list[_Planned]:
    marginals, plan = hmm.emissions.marginals(), []
    lags = np.arange(1.0, min(MOST_LAGS, sequences.longest - 1) + 1.0)
    for dimension in range(sequences.num_dimensions):
        own = marginals.parts[dimension] if isinstance(marginals, ProductMarginals) else marginals
        if isinstance(own, SymbolMarginals):
            plan.append(_Planned("shares", dimension, np.arange(float(own.probs.shape[1]))))
            plan.append(_Planned("agreement", dimension, lags))
            continue
        values = sequences.observations[:, dimension]
        edges = _edges(values[~np.isnan(values)], isinstance(own, PoissonMarginals))
        plan.append(_Planned("histogram", dimension, 0.5 * (edges[1:] + edges[:-1]), edges))
        for name in ("mean", "standard_deviation", "smallest", "largest"):
            plan.append(_Planned(name, dimension, np.zeros(1)))
        plan.append(_Planned("autocorrelation", dimension, lags))
    plan.append(_Planned("stay_means", None, np.arange(float(hmm.num_states))))
    doublings = min(MOST_DOUBLINGS, int(np.ceil(np.log2(sequences.longest))) + 1)
    longest: FloatArray = np.power(2.0, np.arange(doublings))
    edges = np.append(0.5, longest + 0.5)
    plan.append(_Planned("stay_lengths", None, longest, edges))
    return plan


def _edges(values: FloatArray, whole: bool) -> FloatArray:
    """Edges of bins of what was observed; of counts each bin holds as many numbers."""
    smallest, largest = float(values.min()), float(values.max())
    if whole:
        width = np.ceil((largest - smallest + 1.0) / MOST_BINS)
        bins = np.ceil((largest - smallest + 1.0) / width)
        return np.asarray(smallest - 0.5 + width * np.arange(bins + 1.0))
    bins = int(np.clip(np.ceil(np.sqrt(len(values))), 5, MOST_BINS))
    if smallest == largest:
        return np.array([smallest - 0.5, largest + 0.5])
    return np.linspace(smallest, largest, bins + 1)


def _counted(hmm: HMM, sequences: Sequences, plan: list[_Planned]) -> list[FloatArray]:
    """What is planned, of some data."""
    observations, lengths = sequences.observations, sequences.lengths
    states, stays = _stays(viterbi(hmm, sequences).states, lengths)
    correlations: FloatArray | None = None
    found = []
    for one in plan:
        values = observations[:, one.dimension or 0]
        values = values[~np.isnan(values)]
        if one.name == "histogram":
            assert one.edges is not None
            found.append(_shares(values, one.edges))
        elif one.name == "autocorrelation":
            if correlations is None:
                correlations, _ = autocorrelation(observations, lengths, len(one.places))
            found.append(correlations[one.dimension])
        elif one.name == "agreement":
            column = observations[:, one.dimension or 0, np.newaxis]
            found.append(agreement(column, lengths, len(one.places)))
        elif one.name == "shares":
            counts = np.bincount(values.astype(np.int64), minlength=len(one.places))
            found.append(counts / len(values))
        elif one.name == "stay_means":
            counts = np.bincount(states, minlength=hmm.num_states)
            sums = np.bincount(states, weights=stays, minlength=hmm.num_states)
            found.append(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))
        elif one.name == "stay_lengths":
            assert one.edges is not None
            found.append(_shares(stays.astype(np.float64), one.edges))
        else:
            found.append(np.array([_NUMBERS[one.name](values)]))
    return found


_NUMBERS: dict[str, Callable[[FloatArray], float]] = {
    "mean": lambda values: float(values.mean()),
    "standard_deviation": lambda values: float(values.std()),
    "smallest": lambda values: float(values.min()),
    "largest": lambda values: float(values.max()),
}


def _shares(values: FloatArray, edges: FloatArray) -> FloatArray:
    """(n,) the share of values in each bin; what lies beyond is in the first and the last."""
    if not len(values):
        return np.full(len(edges) - 1, np.nan)
    bins = np.searchsorted(edges[1:-1], values, side="right")
    return np.bincount(bins, minlength=len(edges) - 1) / len(values)


def _stays(path: IntArray, lengths: IntArray) -> tuple[IntArray, IntArray]:
    """The state and the length of every stay of a path (T,), within its sequences."""
    begins = np.append(True, path[1:] != path[:-1])
    begins[np.cumsum(lengths)[:-1]] = True
    first = np.flatnonzero(begins)
    stays = np.diff(np.append(first, len(path)))
    known = path[first] != NO_STATE
    return path[first][known], stays[known]


def _compared(
    planned: _Planned, observed: FloatArray, drawn: FloatArray, level: float
) -> Statistic:
    """A statistic with what was drawn (S, n)."""
    low, median, high = np.full((3, len(observed)), np.nan)
    extreme = np.full(len(observed), np.nan)
    for n in range(len(observed)):
        there = drawn[~np.isnan(drawn[:, n]), n]
        if not len(there):
            continue
        ends = [0.5 - 0.5 * level, 0.5, 0.5 + 0.5 * level]
        low[n], median[n], high[n] = np.quantile(there, ends)
        if not np.isnan(observed[n]):
            sides = (there >= observed[n]).sum(), (there <= observed[n]).sum()
            extreme[n] = min(1.0, 2.0 * (1 + min(sides)) / (1 + len(there)))
    return Statistic(
        planned.name, planned.dimension, planned.places, planned.edges, observed,
        low, median, high, extreme,
    )  # fmt: skip
