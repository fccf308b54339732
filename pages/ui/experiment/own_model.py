"""A model that a visitor brought or kept, to meet other data with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hmmcore import HMM, Categorical, Gaussian, NeuralGaussian, Poisson, Product, Sequences
from hmmcore.emissions import Emissions
from pages.ui.experiment.dataset import Dataset, Upload
from pages.ui.settings.config import MAX_CELLS
from pages.ui.settings.families import FAMILIES
from pages.ui.text import count, listed, many, shortened

ABSENT = (
    "This link was made with a model of one's own, which a link cannot carry. It starts from "
    "another one; open the model's file on the Data page."
)


@dataclass(frozen=True, eq=False)
class OwnModel:
    """A model with what it was trained on.

    Attributes:
        hmm: the model, in the order of its own states.
        origin: where it is from, in words: "the file model.json".
        log_likelihood: per observation of the data it was trained on; None if that is not known.
        labels: (C,) of the symbols that it emits; empty for other families, or if not known.
        columns: (D,) names of the dimensions of its points, or of its parts; likewise.
        part_labels: (D,) of the symbols of each part of a product; likewise.
    """

    hmm: HMM
    origin: str
    log_likelihood: float | None = None
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    part_labels: tuple[tuple[str, ...], ...] = ()

    @property
    def family(self) -> str:
        """A key of `FAMILIES`."""
        return family_of(self.hmm.emissions)

    @property
    def kinds(self) -> tuple[str, ...]:
        """(D,) the family of each part of a product; empty for other families."""
        emissions = self.hmm.emissions
        return tuple(map(family_of, emissions.parts)) if isinstance(emissions, Product) else ()

    @property
    def settings(self) -> dict[str, Any]:
        """The fields of the Config that it decides where training starts from it."""
        network = isinstance(self.hmm.emissions, NeuralGaussian)
        return {
            "start": "model", "num_states": self.hmm.num_states,
            "mean_model": "network" if network else "free",
        }  # fmt: skip

    @property
    def covariance_type(self) -> str:
        """What the control of the same name would say."""
        kind = getattr(self.hmm.emissions, "covariance_type", "diag")
        return "full" if kind in ("full", "tied") else "diag"

    def problem(self, data: Dataset | Upload, num_states: int | None = None) -> str:
        """One sentence on why it cannot meet these data; empty if it can.

        With `num_states` also on why it cannot be a model of so many states.
        """
        if num_states not in (None, self.hmm.num_states):
            return (
                f"Your model has {many(self.hmm.num_states, 'state')}, so with K = {num_states} "
                "training starts from another one."
            )
        if data.family != self.family:
            return (
                f"The model is one of {FAMILIES[self.family].label}, and the data are "
                f"{FAMILIES[data.family].label}; choose data of its own kind."
            )
        if self.kinds != data.kinds:
            return (
                f"The model has {', '.join(self.kinds)} at once, and the data have "
                f"{', '.join(data.kinds)}; choose the same kinds in the same order."
            )
        if data.sequences.num_dimensions != self.hmm.emissions.num_dimensions:
            return (
                f"The model has points of {many(self.hmm.emissions.num_dimensions, 'column')}, and "
                f"the data have {data.sequences.num_dimensions}; choose as many, in its order."
            )
        if self.columns and data.columns and self.columns != data.columns:
            return (
                f"The model was trained on the columns {_quoted(self.columns)}, and the data have "
                f"{_quoted(data.columns)}; choose the same ones in the same order."
            )
        cells = self.hmm.num_states * data.sequences.num_observations
        if cells > MAX_CELLS:
            return (
                f"With the model's K = {self.hmm.num_states} these data have K × T = "
                f"{count(cells)}; at most {count(MAX_CELLS)} are possible, so choose fewer."
            )
        if self.family == "symbols":
            return _problem_of_symbols(
                self.hmm.emissions.num_symbols, self.labels, data.labels, isinstance(data, Upload)
            )
        known = self.part_labels or ((),) * len(self.kinds)
        for part, (kind, ours, theirs) in enumerate(
            zip(self.kinds, known, data.part_labels, strict=True)
        ):
            if kind == "symbols":
                num_symbols = self.hmm.emissions.parts[part].num_symbols
                problem = _problem_of_symbols(num_symbols, ours, theirs, isinstance(data, Upload))
                if problem:
                    return problem
        return ""

    def meet(self, upload: Upload) -> Upload:
        """The data with the numbers that the model has for their symbols.

        `problem` must be empty.
        """
        known = self.part_labels if self.kinds else (self.labels,)
        theirs = upload.part_labels if self.kinds else (upload.labels,)
        if not any(known) or theirs == known:
            return upload
        renumbered = upload.sequences.observations.copy()
        for column, (ours, labels) in enumerate(zip(known, theirs, strict=True)):
            if ours:
                codes = np.array([ours.index(label) for label in labels], dtype=np.float64)
                there = np.isfinite(renumbered[:, column])
                renumbered[there, column] = codes[renumbered[there, column].astype(np.int64)]
        sequences = Sequences(renumbered, upload.sequences.lengths)
        return replace(
            upload, sequences=sequences, labels=self.labels,
            part_labels=self.part_labels if self.kinds else (),
        )  # fmt: skip


def family_of(emissions: Emissions) -> str:
    """The key of `FAMILIES` for a family of the engine."""
    if isinstance(emissions, Product):
        return "product"
    if isinstance(emissions, Poisson):
        return "counts"
    if isinstance(emissions, Categorical):
        return "symbols"
    assert isinstance(emissions, Gaussian | NeuralGaussian)
    return "numbers" if emissions.num_dimensions == 1 else "points"


def _problem_of_symbols(
    num_symbols: int, ours: tuple[str, ...], theirs: tuple[str, ...], uploaded: bool
) -> str:
    """Why a model of symbols cannot meet data with others, in a sentence; empty if it can."""
    if ours and uploaded:
        # They get the numbers that the model has for them, see `OwnModel.meet`.
        strange = tuple(label for label in theirs if label not in ours)
        if not strange:
            return ""
        return (
            f"The data have {_quoted(strange)}, which the model has never met; it knows "
            f"{_quoted(ours)}."
        )
    if num_symbols != len(theirs):
        return (
            f"The model knows {many(num_symbols, 'symbol')}, and the data have "
            f"{len(theirs)}; choose data with as many."
        )
    if ours and ours != theirs:
        return (
            f"The model knows the symbols {_quoted(ours)}, and the data have "
            f"{_quoted(theirs)}; choose data of its own."
        )
    return ""


def _quoted(names: tuple[str, ...]) -> str:
    shown = [f"“{shortened(name, 20)}”" for name in names[:6]]
    return listed(shown) if len(names) <= 6 else ", ".join([*shown, "…"])
