"""Comparing models: information criteria, and the likelihood of data held out from training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from hmmcore.arrays import FloatArray, as_number, require_generator
from hmmcore.coordinates import Coordinate
from hmmcore.inference import log_likelihood
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.training.base import checked_names
from hmmcore.training.held import checked_coordinates, chosen_numbers
from hmmcore.training.ties import Ties


@dataclass(frozen=True)
class InformationCriteria:
    """A log-likelihood with what its parameters cost; smaller criteria are better.

    Attributes:
        log_likelihood: of all sequences, in nats.
        parameter_counts: free parameters by name, π and A first.
        num_observations: n of BIC: every observation of every sequence, those that are wholly
            missing left out.
    """

    log_likelihood: float
    parameter_counts: Mapping[str, int]
    num_observations: int

    @property
    def num_parameters(self) -> int:
        """All free parameters together."""
        return sum(self.parameter_counts.values())

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2p - 2 log L (Akaike 1974)."""
        return 2.0 * self.num_parameters - 2.0 * self.log_likelihood

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


def information_criteria(
    hmm: HMM,
    sequences: Sequences,
    trainable: Iterable[str] | None = None,
    transition_ties: Ties | None = None,
    start: HMM | None = None,
    coordinates: Iterable[Coordinate] | None = None,
) -> InformationCriteria:
    """AIC and BIC of a model that was fitted to these sequences by maximum likelihood.

    Args:
        trainable, transition_ties, coordinates: as training had them; see `parameter_counts`.
        start: see `parameter_counts`.
    """
    found = float(log_likelihood(hmm, sequences).sum())
    counts = parameter_counts(hmm, trainable, transition_ties, start, coordinates)
    return InformationCriteria(found, counts, sequences.num_observed)


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


@dataclass(frozen=True)
class Split:
    """Data to train on and data to judge by.

    Attributes:
        train, test: what each gets.
        continues: whether test sequence n comes right after train sequence n; if not, the test
            sequences are independent of the others.
    """

    train: Sequences
    test: Sequences
    continues: bool


def split_by_sequence(sequences: Sequences, test_share: float, rng: Generator) -> Split:
    """Hold out whole sequences, chosen at random: about `test_share` of them, at least one.

    Both parts keep the order of the sequences, and neither is empty.
    """
    if len(sequences) < 2:
        raise ValueError(
            "there is 1 sequence; holding out whole sequences takes at least 2. "
            "split_by_time holds out the end of each."
        )
    require_generator(rng)
    held = int(_held_out(np.array([len(sequences)]), test_share)[0])
    chosen = np.zeros(len(sequences), dtype=bool)
    chosen[rng.permutation(len(sequences))[:held]] = True
    rows = np.repeat(chosen, sequences.lengths)
    return Split(
        Sequences(sequences.observations[~rows], sequences.lengths[~chosen]),
        Sequences(sequences.observations[rows], sequences.lengths[chosen]),
        continues=False,
    )


def split_by_time(sequences: Sequences, test_share: float) -> Split:
    """Hold out the end of every sequence: about `test_share` of it, at least one observation.

    Raises:
        ValueError: when a sequence has one observation only.
    """
    short = np.flatnonzero(sequences.lengths < 2)
    if len(short):
        raise ValueError(
            f"sequence {short[0]} has 1 observation; to be split by time it needs at least 2."
        )
    held = _held_out(sequences.lengths, test_share)
    first = np.repeat(sequences.offsets[1:] - held, sequences.lengths)
    rows = np.arange(sequences.num_observations) >= first
    return Split(
        Sequences(sequences.observations[~rows], sequences.lengths - held),
        Sequences(sequences.observations[rows], held),
        continues=True,
    )


def held_out_log_likelihood(hmm: HMM, split: Split) -> FloatArray:
    """Log-likelihood (N,) of each test sequence, in nats; -inf when impossible.

    Where it continues a train sequence this is log p(test | train), what filtering through the
    train part predicts: the log-likelihood of the two together less that of the first.

    Raises:
        ValueError: when a test sequence continues one that is impossible under the model.
    """
    if not split.continues:
        return log_likelihood(hmm, split.test)
    before = log_likelihood(hmm, split.train)
    impossible = np.flatnonzero(before == -np.inf)
    if len(impossible):
        raise ValueError(
            f"train sequence {impossible[0]} is impossible under the model, so nothing can be "
            "said of what follows it."
        )
    return log_likelihood(hmm, _joined(split)) - before


def _joined(split: Split) -> Sequences:
    train, test = split.train, split.test
    if len(train) != len(test):
        raise ValueError(
            f"there are {len(train)} train and {len(test)} test sequences; to continue each other "
            "they must be as many."
        )
    return Sequences.from_list([np.concatenate([train[n], test[n]]) for n in range(len(train))])


def _held_out(sizes: np.ndarray, test_share: float) -> np.ndarray:
    """How many of each of `sizes` to hold out: the share, rounded, but neither none nor all."""
    test_share = as_number(
        "test_share",
        test_share,
        lambda number: 0.0 < number < 1.0,
        "lie strictly between 0 and 1",
    )
    return np.clip(np.rint(test_share * sizes), 1, sizes - 1).astype(np.int64)
