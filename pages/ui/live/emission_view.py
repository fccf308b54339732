"""Builds the emission chart of a session's learned model, for each family."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from hmmcore import HMM
from hmmcore.arrays import FloatArray
from pages.ui.experiment.dataset import Dataset, part_model
from pages.ui.figures import scales
from pages.ui.live.emission_charts import Ellipses, EmissionChart, Marginals, Parts, SymbolBars
from pages.ui.session.session import Session
from pages.ui.session.view import View, shown_dimensions

MARGIN = 0.04


def emission_chart(session: Session, view: View) -> EmissionChart:
    """The emission chart of the model in `view`."""
    data, hmm = session.shown_data, view.hmm
    if data.kinds:
        return Parts(
            tuple(
                EMISSION_CHARTS[part.family](session, view, part, part_model(hmm, j))
                for j, part in enumerate(data.parts)
            )
        )
    return EMISSION_CHARTS[data.family](session, view, data, hmm)


def numbers_grid(data: Dataset, edges: FloatArray) -> FloatArray:
    """(G,) evenly spaced x values for densities; they cover all data and the true means."""
    truth = data.truth
    marks = edges if truth is None else np.append(edges, truth.emissions.means[:, 0])
    low, high = float(marks.min()), float(marks.max())
    margin = MARGIN * (high - low)
    return np.linspace(*scales.rounded(low - margin, high + margin), scales.GRID_POINTS)


def counts_grid(data: Dataset, edges: FloatArray) -> FloatArray:
    """(G,) counts as x values for probabilities; they cover all data and the true rates."""
    highest = edges[-1] - 0.5
    if data.truth is not None:
        highest = max(highest, np.ceil(data.truth.emissions.rates.max()))
    return scales.whole_numbers(float(edges[0] + 0.5), float(highest))


def _numbers(session: Session, view: View, data: Dataset, hmm: HMM) -> Marginals:
    emissions = hmm.emissions
    edges, heights = session.remember(
        f"histogram of {data.name}",
        data,
        lambda: scales.histogram(data.sequences.observations[:, 0]),
    )
    grid = session.remember(f"grid of {data.name}", data, lambda: numbers_grid(data, edges))
    means, deviations = emissions.means[:, 0], emissions.standard_deviations[:, 0]
    return Marginals(
        means, deviations, view.weights, edges, heights, grid,
        scales.gaussian_densities(grid, means, deviations, view.weights),
        data.variable(),
        None if data.truth is None else data.truth.emissions.means[:, 0],
        None if data.truth is None else data.truth.emissions.standard_deviations[:, 0],
    )  # fmt: skip


def _counts(session: Session, view: View, data: Dataset, hmm: HMM) -> Marginals:
    emissions = hmm.emissions
    edges, heights = session.remember(
        f"histogram of {data.name}",
        data,
        lambda: scales.count_histogram(data.sequences.observations[:, 0]),
    )
    grid = session.remember(f"grid of {data.name}", data, lambda: counts_grid(data, edges))
    return Marginals(
        emissions.rates, np.sqrt(emissions.rates), view.weights, edges, heights, grid,
        count_probabilities(hmm, grid, view.weights),
        data.variable(),
        None if data.truth is None else data.truth.emissions.rates,
    )  # fmt: skip


def count_probabilities(hmm: HMM, grid: FloatArray, weights: FloatArray) -> FloatArray:
    """(K, G) weights[k] * p(x_t = grid[g] | z_t = k), for weights (K,) and counts `grid` (G,)."""
    return weights[:, np.newaxis] * np.exp(hmm.emissions.log_likelihoods(grid[:, np.newaxis])).T


def _symbols(session: Session, view: View, data: Dataset, hmm: HMM) -> SymbolBars:
    shares = session.remember(f"shares of {data.name}", data, data.symbol_shares)
    true = None if data.truth is None else data.truth.emissions.probs
    return SymbolBars(hmm.emissions.probs, view.weights, shares, data.variable(), true)


def _points(session: Session, view: View, data: Dataset, hmm: HMM) -> Ellipses:
    chosen = shown_dimensions(session)
    observations = data.sequences.observations

    def limits() -> FloatArray:
        return np.column_stack([np.nanmin(observations, axis=0), np.nanmax(observations, axis=0)])

    true_means = true_covariances = None
    if data.truth is not None:
        true_means = data.truth.emissions.means[:, chosen]
        true_covariances = scales.covariance_matrices(data.truth.emissions, chosen)
    return Ellipses(
        hmm.emissions.means[:, chosen],
        scales.covariance_matrices(hmm.emissions, chosen),
        view.weights,
        view.sequence.observations[:, chosen],
        view.path.states,
        session.remember("limits", data, limits)[chosen],
        (data.variable(chosen[0]), data.variable(chosen[1])),
        true_means,
        true_covariances,
        (chosen[0], chosen[1]),
    )


EMISSION_CHARTS: Mapping[str, Callable[[Session, View, Dataset, HMM], EmissionChart]] = {
    "numbers": _numbers,
    "counts": _counts,
    "symbols": _symbols,
    "points": _points,
}
