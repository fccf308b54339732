"""The likelihood of data held out from training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from hmmcore.arrays import FloatArray, as_number, require_generator
from hmmcore.inference import log_likelihood
from hmmcore.model import HMM
from hmmcore.sequences import Sequences


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
