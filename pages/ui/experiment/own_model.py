"""A model that a visitor brought or kept, to meet other data with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hmmcore import HMM, Categorical, Gaussian, NeuralGaussian, Poisson, Sequences
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
        columns: (D,) names of the dimensions of its points; likewise.
    """

    hmm: HMM
    origin: str
    log_likelihood: float | None = None
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """A key of `FAMILIES`."""
        emissions = self.hmm.emissions
        if isinstance(emissions, Poisson):
            return "counts"
        if isinstance(emissions, Categorical):
            return "symbols"
        assert isinstance(emissions, Gaussian | NeuralGaussian)
        return "numbers" if emissions.num_dimensions == 1 else "points"

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
        return self._problem_of_symbols(data) if self.family == "symbols" else ""

    def _problem_of_symbols(self, data: Dataset | Upload) -> str:
        if self.labels and isinstance(data, Upload):
            # They get the numbers that the model has for them, see `meet`.
            strange = tuple(label for label in data.labels if label not in self.labels)
            if not strange:
                return ""
            return (
                f"The data have {_quoted(strange)}, which the model has never met; it knows "
                f"{_quoted(self.labels)}."
            )
        num_symbols = self.hmm.emissions.num_symbols
        if num_symbols != len(data.labels):
            return (
                f"The model knows {many(num_symbols, 'symbol')}, and the data have "
                f"{len(data.labels)}; choose data with as many."
            )
        if self.labels and self.labels != data.labels:
            return (
                f"The model knows the symbols {_quoted(self.labels)}, and the data have "
                f"{_quoted(data.labels)}; choose data of its own."
            )
        return ""

    def meet(self, upload: Upload) -> Upload:
        """The data with the numbers that the model has for their symbols.

        `problem` must be empty.
        """
        if not self.labels or upload.labels == self.labels:
            return upload
        codes = np.array([self.labels.index(label) for label in upload.labels], dtype=np.float64)
        observations = upload.sequences.observations
        there = np.isfinite(observations)
        renumbered = observations.copy()
        renumbered[there] = codes[observations[there].astype(np.int64)]
        sequences = Sequences(renumbered, upload.sequences.lengths)
        return replace(upload, sequences=sequences, labels=self.labels)


def _quoted(names: tuple[str, ...]) -> str:
    shown = [f"“{shortened(name, 20)}”" for name in names[:6]]
    return listed(shown) if len(names) <= 6 else ", ".join([*shown, "…"])
