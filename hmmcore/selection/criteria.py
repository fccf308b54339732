"""Information criteria: a log-likelihood, with what its parameters cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from hmmcore.coordinates import Coordinate
from hmmcore.inference import log_likelihood, path_entropy
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.training.base import checked_names
from hmmcore.training.held import checked_coordinates, chosen_numbers
from hmmcore.training.ties import Ties


@dataclass(frozen=True)
class InformationCriteria:
    """A log-likelihood with what its parameters cost; smaller criteria are better.

    What each is for: AIC and AICc choose the model that would predict new data of the same kind
    best, AICc with a correction for few data; BIC the number of states that made the data, if that
    is among those tried; ICL a number of states that the data also tell apart. All count data that
    the model was fitted to, so none is a held-out likelihood.

    Attributes:
        log_likelihood: of all sequences, in nats.
        parameter_counts: free parameters by name, π and A first. Their sum is p.
        num_observations: n: every observation of every sequence, those that are wholly missing left
            out. A point of several dimensions is one observation.
        path_entropy: of the posterior over the hidden paths of all sequences, in nats; NaN where
            a sequence is impossible. ICL alone needs it; None where nobody asked.
    """

    log_likelihood: float
    parameter_counts: Mapping[str, int]
    num_observations: int
    path_entropy: float | None = None

    @property
    def num_parameters(self) -> int:
        """All free parameters together."""
        return sum(self.parameter_counts.values())

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2p - 2 log L (Akaike 1974)."""
        return 2.0 * self.num_parameters - 2.0 * self.log_likelihood

    @property
    def aicc(self) -> float:
        """Akaike's criterion corrected for few data, AIC + 2p(p + 1)/(n - p - 1).

        Infinite where n ≤ p + 1: so few observations cannot carry so many parameters.

        Source: Sugiura (1978), Hurvich & Tsai (1989). The correction is exact for regression, and
        customary elsewhere.
        """
        spare = self.num_observations - self.num_parameters - 1
        if spare <= 0:
            return float("inf")
        return self.aic + 2.0 * self.num_parameters * (self.num_parameters + 1) / spare

    @property
    def bic(self) -> float:
        """Schwarz's criterion, p log n - 2 log L (Schwarz 1978).

        Raises:
            ValueError: when every observation is missing, n = 0.
        """
        if self.num_observations == 0:
            raise ValueError("every observation is missing; BIC takes at least 1 observation.")
        cost = self.num_parameters * float(np.log(self.num_observations))
        return cost - 2.0 * self.log_likelihood

    @property
    def icl(self) -> float:
        """Integrated completed likelihood, BIC + 2 × the entropy of the hidden path.

        That is p log n - 2 E[log p(x, z) given x]: BIC of data and path together, averaged over
        the paths. The entropy is that of whole paths, see `inference.path_entropy`, and not the sum
        over times of single states'. With the one best path instead of the average it would be at
        most as large as this, and equal where that path is certain.

        Source: Biernacki, Celeux & Govaert (2000), with the entropy as McLachlan & Peel (2000,
        section 6.10) write it.

        Raises:
            ValueError: when every observation is missing, n = 0, or the entropy is not there.
        """
        if self.path_entropy is None:
            raise ValueError("path_entropy is None; ICL needs it, see information_criteria.")
        if self.log_likelihood == -np.inf:
            return float("inf")
        return self.bic + 2.0 * self.path_entropy


def information_criteria(
    hmm: HMM,
    sequences: Sequences,
    trainable: Iterable[str] | None = None,
    transition_ties: Ties | None = None,
    start: HMM | None = None,
    coordinates: Iterable[Coordinate] | None = None,
) -> InformationCriteria:
    """Criteria of a model that was fitted to these sequences by maximum likelihood.

    Args:
        trainable, transition_ties, coordinates: as training had them; see `parameter_counts`.
        start: see `parameter_counts`.
    """
    found = float(log_likelihood(hmm, sequences).sum())
    counts = parameter_counts(hmm, trainable, transition_ties, start, coordinates)
    entropy = float(path_entropy(hmm, sequences).sum())
    return InformationCriteria(found, counts, sequences.num_observed, entropy)


def parameter_counts(
    hmm: HMM,
    trainable: Iterable[str] | None = None,
    transition_ties: Ties | None = None,
    start: HMM | None = None,
    coordinates: Iterable[Coordinate] | None = None,
) -> dict[str, int]:
    """Count the free parameters of a model, by name: π, A, then the family's own.

    Args:
        trainable: names of those that were trained; the others are known, and count zero. None
            means all.
        transition_ties: entries of A that are one parameter.
        start: the model that training started from. Its zeros are structural and not counted,
            while one that training arrived at was learned and is. None takes the zeros of `hmm`.
        coordinates: the numbers that were trained, if not all that are trainable. In a row of
            probabilities one fewer is free where all are.

    Raises:
        ValueError: when a name or a coordinate is unknown, or the model does not satisfy the ties.
    """
    numbers = checked_coordinates(coordinates, transition_ties)
    chosen = chosen_numbers(checked_names(trainable), numbers, hmm)
    structure = hmm if start is None else start
    if structure.num_states != hmm.num_states:
        raise ValueError(
            f"the start has {structure.num_states} states; the model has {hmm.num_states}."
        )
    if type(structure.emissions) is not type(hmm.emissions):
        raise ValueError(
            f"the start has {type(structure.emissions).__name__} emissions; the model has "
            f"{type(hmm.emissions).__name__}."
        )
    if transition_ties is None:
        in_matrix = int(np.count_nonzero(structure.transition_matrix)) - hmm.num_states
    else:
        transition_ties.require_satisfied(hmm.transition_matrix)
        in_matrix = transition_ties.num_free(structure.transition_matrix)
    counts = {
        "initial_probs": int(np.count_nonzero(structure.initial_probs)) - 1,
        "transition_matrix": in_matrix,
        **structure.emissions.num_free(),
    }
    if chosen.masks is not None:
        counts |= chosen.num_free(structure)
    return {name: count if name in chosen.names else 0 for name, count in counts.items()}
