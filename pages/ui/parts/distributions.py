"""The Data page's figure of how often each observation occurs, for each family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from hmmcore import state_shares
from pages.ui.experiment.dataset import Dataset
from pages.ui.figures import distribution_charts, scales
from pages.ui.figures.theme import Palette
from pages.ui.live.emission_view import (
    count_probabilities,
    counts_grid,
)
from pages.ui.session.session import Session
from pages.ui.session.view import shown_dimensions
from pages.ui.text import count

CURVES = "Each curve is as high as its state is frequent in these data; dash-dotted: all together."


@dataclass(frozen=True, eq=False)
class Distribution:
    """A figure with its texts.

    Attributes:
        title: the heading above it.
        label: a description for readers who cannot see it.
        note: the caption below it; empty without one.
    """

    title: str
    figure: go.Figure
    label: str
    note: str = ""


def distributions(session: Session, colours: Palette) -> list[Distribution]:
    """The figure of the session's data, or of each part of them.

    Computed once for the data and the shown dimensions.
    """
    data, config = session.shown_data, session.config
    return session.remember(  # type: ignore[no-any-return]
        f"distribution of {config.dimension} and {config.against}",
        (data, colours),
        lambda: [DISTRIBUTIONS[one.family](session, one, colours) for one in data.parts or [data]],
    )


def _numbers(session: Session, data: Dataset, colours: Palette) -> Distribution:
    truth = None
    if data.truth is not None and data.states is not None:
        emissions = data.truth.emissions
        shares = state_shares(data.states, data.truth.num_states)
        truth = (emissions.means[:, 0], emissions.standard_deviations[:, 0], shares)
    return Distribution(
        "Histogram",
        distribution_charts.histogram_figure(
            data.sequences.observations[:, 0],
            data.variable(),
            str(session.data_number),
            colours,
            truth,
        ),
        f"Histogram of all observations{', with the true density of each state' if truth else ''}.",
        CURVES if truth else "",
    )


def _counts(session: Session, data: Dataset, colours: Palette) -> Distribution:
    truth = None
    counts = data.sequences.observations[:, 0]
    if data.truth is not None and data.states is not None:
        edges, _ = scales.count_histogram(counts)
        grid = counts_grid(data, edges)
        shares = state_shares(data.states, data.truth.num_states)
        each = count_probabilities(data.truth, grid, np.ones(data.truth.num_states))
        truth = (grid, each, data.truth.emissions.rates, shares)
    return Distribution(
        "How often each count occurs",
        distribution_charts.counts_figure(
            counts, data.variable(), str(session.data_number), colours, truth
        ),
        "Bars of how often each count occurs"
        + (", with the probabilities in each true state." if truth else "."),
        CURVES if truth else "",
    )


def _symbols(session: Session, data: Dataset, colours: Palette) -> Distribution:
    truth = None
    if data.truth is not None and data.states is not None:
        made = state_shares(data.states, data.truth.num_states)
        truth = (data.truth.emissions.probs, made)
    return Distribution(
        "How often each symbol occurs",
        distribution_charts.symbols_figure(
            data.symbol_shares(), data.variable(), str(session.data_number), colours, truth
        ),
        "Bars of how often each symbol occurs"
        + (", made up of what each true state is expected to make." if truth else "."),
        "Grey: the data. Coloured: what each true state is expected to make of them."
        if truth
        else "",
    )


def _points(session: Session, data: Dataset, colours: Palette) -> Distribution:
    truth, chosen = None, shown_dimensions(session)
    if data.truth is not None:
        emissions = data.truth.emissions
        truth = (emissions.means[:, chosen], scales.covariance_matrices(emissions, chosen))
    variables = (data.variable(chosen[0]), data.variable(chosen[1]))
    total, most = data.sequences.num_observations, distribution_charts.MAX_POINTS
    notes = ["Each ellipse holds 86 % of what its state makes."] if truth else []
    if total > most:
        notes.append(f"At most {count(most)} of {count(total)} points are drawn.")
    if data.sequences.has_missing:
        notes.append("Points that lack one of these two coordinates are not drawn.")
    return Distribution(
        "Points",
        distribution_charts.points_figure(
            data.sequences.observations[:, chosen], data.states, variables,
            f"{session.data_number}-{chosen}", colours, truth,
        ),
        "All points" + (", with the true ellipse of each state." if truth else "."),
        " ".join(notes),
    )  # fmt: skip


DISTRIBUTIONS: Mapping[str, Callable[[Session, Dataset, Palette], Distribution]] = {
    "numbers": _numbers,
    "counts": _counts,
    "symbols": _symbols,
    "points": _points,
}
