"""Many candidates for a start, trained for a while: the best half goes on, again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hmmcore import batch
from hmmcore.arrays import FloatArray, IntArray
from hmmcore.emissions import parameters_of
from hmmcore.initialization.perturbation import nudge
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.training import EM

STEPS = 25, 50, 100, 200
"""EM steps in each round. The field is halved between rounds, so that all cost the same: many
candidates are looked at, and the last ones long enough to tell slow from stuck."""

TOLERANCE = 1e-9
"""Nats per observation; a candidate whose step gains less has arrived, and waits."""

SAME_PLACE = 1e-3
"""Nats between candidates that have arrived at the same model: one of them goes on, so that the
others leave room for those on their way to another."""

MOST_CELLS = 30_000
"""Observations times states that candidates are trained on; more are represented by pieces."""

PIECE = 500
"""Observations of a piece: much longer than states usually last."""

UNIFORM_SHARE = 1e-3
"""Share of the uniform distribution in every distribution of a start: training rules out what did
not happen in the data, and a start should leave it open."""


@dataclass(frozen=True, eq=False)
class StartComparison:
    """How the candidates for a start did.

    Attributes:
        best: the winner as a starting model, its states in ascending order.
        winner: its place among the candidates.
        kinds: (C,) how each candidate was made: "quantiles", "kmeans", "random", "segments",
            "windows" or "cuts".
        log_likelihoods: (C,) in nats, what each had reached when it was last trained; -inf where
            training failed.
        iterations: (C,) by how many steps of EM; those that left the race early reached less.
        num_observed: how many observations that was on: all, or those of a random part; those that
            are wholly missing do not count.
    """

    best: HMM
    winner: int
    kinds: tuple[str, ...]
    log_likelihoods: FloatArray
    iterations: IntArray
    num_observed: int

    @property
    def winning_kind(self) -> str:
        """How the winner was made."""
        return self.kinds[self.winner]

    def reached_by_kind(self) -> dict[str, float]:
        """The highest that candidates of each kind reached, in nats per observation."""
        reached: dict[str, float] = {}
        for kind, value in zip(self.kinds, self.log_likelihoods.tolist(), strict=True):
            reached[kind] = max(reached.get(kind, -np.inf), value / self.num_observed)
        return reached


def compare(
    sequences: Sequences,
    candidates: Sequence[tuple[str, HMM]],
    as_start: Callable[[HMM], HMM],
    variance_floor: float | None = None,
    discount: Callable[[batch.Models], FloatArray] | None = None,
    last_form: Callable[[HMM], HMM] | None = None,
) -> StartComparison:
    """Train the candidates by EM in rounds, and halve the field between them.

    Args:
        candidates: kind and model of each.
        as_start: makes a starting model of the winner, states in order.
        discount: nats (G,) by which models are ranked below their log-likelihoods.
        last_form: what candidates are turned into before the last round.

    Source: successive halving (Jamieson & Talwalkar 2016), of short runs of EM (Biernacki, Celeux
    & Govaert 2003).
    """
    trainer = EM(sequences, variance_floor=variance_floor)
    models = batch.stack([hmm for _, hmm in candidates])
    field = np.arange(len(models))
    reached = np.full(len(models), -np.inf)
    iterations = np.zeros(len(models), dtype=np.int64)
    for steps in STEPS:
        if steps == STEPS[-1] and last_form is not None:
            models = batch.stack([last_form(hmm) for hmm in models])
        fits = batch.fit(trainer, models, steps, TOLERANCE)
        reached[field] = fits.log_likelihoods
        iterations[field] += fits.iterations
        scores = fits.log_likelihoods
        if discount is not None:
            scores = scores - discount(fits.models)
        order = _best_first(scores)[: max(1, len(field) // 2)]
        models, field = batch.stack([fits.models[n] for n in order.tolist()]), field[order]
    return StartComparison(
        as_start(models[0]), int(field[0]), tuple(kind for kind, _ in candidates),
        reached, iterations, sequences.num_observed,
    )  # fmt: skip


def single(sequences: Sequences, kind: str, hmm: HMM) -> StartComparison:
    """The comparison of one candidate with nobody, for data that leave nothing to choose."""
    reached = batch.log_likelihoods(batch.stack([hmm]), sequences).sum(axis=1)
    iterations = np.zeros(1, dtype=np.int64)
    return StartComparison(hmm, 0, (kind,), reached, iterations, sequences.num_observed)


def opened(probs: FloatArray) -> FloatArray:
    """Distributions (.., K) with a little of the uniform one mixed in."""
    return np.asarray((1.0 - UNIFORM_SHARE) * probs + UNIFORM_SHARE / probs.shape[-1])


def trainable(hmm: HMM, rng: np.random.Generator) -> HMM:
    """The model with every transition possible, nudged if two states emit alike.

    States that are alike in every respect would stay so.
    """
    hmm = HMM(opened(hmm.initial_probs), opened(hmm.transition_matrix), hmm.emissions)
    parameters = parameters_of(hmm.emissions).values()
    rows = np.hstack([values.reshape(hmm.num_states, -1) for values in parameters])
    return nudge(hmm, rng) if len(np.unique(rows, axis=0)) < hmm.num_states else hmm


def part_of(sequences: Sequences, num_states: int, rng: np.random.Generator) -> Sequences:
    """At most `MOST_CELLS` / K observations, in random pieces of sequences; all if there are fewer.

    Pieces are sequences of their own. All are returned, too, when the part has nothing in some
    dimension.
    """
    most = max(MOST_CELLS // num_states, 2 * PIECE)
    if sequences.num_observations <= most:
        return sequences
    pieces = [
        sequences[n][first : first + PIECE]
        for n, length in enumerate(sequences.lengths.tolist())
        for first in range(0, length, PIECE)
    ]
    order = rng.permutation(len(pieces))
    sizes = np.cumsum([len(pieces[n]) for n in order.tolist()])
    chosen = np.sort(order[sizes <= most])
    part = Sequences.from_list([pieces[n] for n in chosen.tolist()])
    return sequences if np.isnan(part.observations).all(axis=0).any() else part


def _best_first(scores: FloatArray) -> IntArray:
    """Order of scores (G,) from the highest, one only of those that have arrived at one place."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    apart = np.ones(len(order), dtype=bool)
    with np.errstate(invalid="ignore"):
        apart[1:] = ranked[:-1] - ranked[1:] > SAME_PLACE
    return order[apart]
