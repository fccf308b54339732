"""What does not change during a training run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hmmcore.diagnostics.exchangeable import exchangeable_states, of_single_states
from hmmcore.model import HMM
from hmmcore.selection import parameter_counts
from hmmcore.sequences import Sequences
from hmmcore.training.base import Trainer, checked_floor
from hmmcore.training.held import Chosen, chosen_numbers


@dataclass(frozen=True, eq=False)
class Circumstances:
    """What does not change during a run: its trainer, its start, and the truth.

    What follows from them alone is computed once.

    Attributes:
        trainer: `EM` or `GradientAscent`, with its data.
        start: the model of iteration 0.
        true_log_likelihood: of the model that made the data, on the same data, in nats; None
            where it is unknown.
    """

    trainer: Trainer
    start: HMM
    true_log_likelihood: float | None = None

    @property
    def sequences(self) -> Sequences:
        """The data."""
        return self.trainer.sequences

    @property
    def has_transitions(self) -> bool:
        """Whether any sequence has a second observation."""
        return self.sequences.longest > 1

    @property
    def learning_rate(self) -> float | None:
        """Of gradient ascent; None for EM, which has none."""
        rate: float | None = getattr(self.trainer, "learning_rate", None)
        return rate

    @cached_property
    def trainable(self) -> frozenset[str]:
        """Names of the parameters that training may change."""
        return self.chosen.names

    @cached_property
    def chosen(self) -> Chosen:
        """Which of their numbers training may change."""
        trainable = getattr(self.trainer, "trainable", None)
        return chosen_numbers(trainable, getattr(self.trainer, "coordinates", None), self.start)

    @cached_property
    def variance_floor(self) -> float:
        """The trainer's bound on variances."""
        return checked_floor(getattr(self.trainer, "variance_floor", None), self.trainer.sequences)

    @cached_property
    def parameter_counts(self) -> Mapping[str, int]:
        """Free parameters that training may change, by name; data without transitions cannot A."""
        ties = getattr(self.trainer, "transition_ties", None)
        counts = parameter_counts(
            self.start, self.trainable, ties,
            coordinates=getattr(self.trainer, "coordinates", None),
        )  # fmt: skip
        return counts if self.has_transitions else {**counts, "transition_matrix": 0}

    @property
    def num_parameters(self) -> int:
        """How many free parameters those are together."""
        return sum(self.parameter_counts.values())

    @cached_property
    def alike(self) -> tuple[tuple[int, ...], ...]:
        """Groups of states that no step can tell apart.

        States that start alike stay alike, so the groups of the start hold for the whole run.
        States of a network that emit alike but have different embeddings are in no group: they may
        separate as the common weights change. So may states under priors or ties, or where only
        some numbers are trained; such a run has no groups.
        """
        if any(
            getattr(self.trainer, name, None) is not None
            for name in ("priors", "transition_ties", "coordinates")
        ):
            return ()
        parameters = self.start.emissions.unconstrained()
        own = [
            values
            for name, values in parameters.items()
            if of_single_states(name, values, self.start.num_states)
        ]
        return tuple(
            group
            for group in exchangeable_states(self.start)
            if all(
                np.allclose(values[list(group)], values[group[0]], rtol=1e-9, atol=1e-9)
                for values in own
            )
        )

    @cached_property
    def all_alike(self) -> bool:
        """Whether no step can tell any two states apart."""
        return self.alike == (tuple(range(self.start.num_states)),)
