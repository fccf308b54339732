"""Families and constraints side by side: models with as many states, each from many starts.

What may differ is all that a trainer and a start can say: the family and its covariance type,
priors, ties, zeros of the start, what is held. What must not differ is what the likelihood is a
density of.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from copy import deepcopy
from dataclasses import dataclass

from numpy.random import Generator

from hmmcore.arrays import as_count, quoted
from hmmcore.concurrency import MostWaiting
from hmmcore.emissions import Categorical, Emissions, Gaussian, NeuralGaussian, Poisson, members
from hmmcore.selection.held_out import Split
from hmmcore.selection.jobs import MAX_ITERATIONS, TOLERANCE, MakeStart, Task
from hmmcore.selection.preference import SETTLED, Preferred, preferred_of
from hmmcore.selection.tried import (
    ALL_DATA,
    TRAIN_PART,
    Sweep,
    Tried,
    has_priors,
    rows_as_they_come,
)
from hmmcore.sequences import Sequences
from hmmcore.training import Trainer

MEASURES: Mapping[type[Emissions], str] = {
    Gaussian: "densities",
    NeuralGaussian: "densities",
    Poisson: "probabilities of counts",
    Categorical: "probabilities of symbols",
}
"""What the likelihood of each family is made of. Only likelihoods of one kind can be compared: a
density has a unit, one over that of the data, and may exceed one."""


@dataclass(frozen=True, eq=False)
class Variant:
    """A family, and what its models may not choose.

    Attributes:
        make_trainer: makes the trainer of data, such as EM with priors, ties or some parameters
            only: lambda sequences: EM(sequences, priors=priors).
        make_start: called with data, the number of states and a generator, as of `Task`; it makes
            a model that satisfies the constraints. Its zeros are structural.
        within: names of variants that can do whatever this one can, so that their highest
            likelihood is at least as high.
    """

    make_trainer: Callable[[Sequences], Trainer]
    make_start: MakeStart
    within: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class TriedVariant(Tried):
    """What is known of models of one variant; see `Tried`.

    Attributes:
        name: that of the variant.
    """

    name: str


VariantsSweep = Sweep[TriedVariant]
"""A sweep over variants; see `Sweep`."""


def sweep_variants(
    sequences: Sequences,
    num_states: int,
    variants: Mapping[str, Variant],
    generators: Sequence[Generator],
    split: Split | None = None,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
    patience: int = 1,
    executor: Executor | None = None,
    cancelled: Callable[[], bool] | None = None,
    most_waiting: MostWaiting = None,
) -> Iterator[VariantsSweep]:
    """Fit variants of a model, each from many starts; yield what is known so far.

    Each row is found as in `sweep_states`: criteria of the best of the starts to all data, and
    the likelihood of what is held out under the best of as many to the rest. Parameters are
    counted as the trainer and the start leave them free (see `parameter_counts`).

    Args:
        sequences: the data.
        num_states: K, of all.
        variants: by name.
        generators: the source of randomness of each start; the same for every variant.
        split, max_iterations, tolerance, patience, executor, cancelled, most_waiting: as in
            `sweep_states`.

    Raises:
        ValueError: when there is no variant or no generator, `within` names none, or likelihoods
            of two variants are not of one kind: densities and probabilities do not compare.
    """
    num_states = as_count("num_states", num_states)
    if not variants:
        raise ValueError("variants is empty; there must be at least one.")
    for name, variant in variants.items():
        for other in variant.within:
            if other not in variants:
                raise ValueError(
                    f"variant {quoted(name)} is within {quoted(other)}, which is no variant; there "
                    f"are {', '.join(map(quoted, variants))}."
                )
    data = {ALL_DATA: sequences} | ({} if split is None else {TRAIN_PART: split.train})
    tasks = {
        (name, part): Task(
            variant.make_trainer(own), variant.make_start, num_states, generators,
            max_iterations, tolerance, patience,
        )
        for name, variant in variants.items()
        for part, own in data.items()
    }  # fmt: skip
    _require_one_measure(sequences, num_states, variants, generators[0])
    rows = {
        name: TriedVariant(name, has_priors=has_priors(tasks[name, ALL_DATA])) for name in variants
    }
    return rows_as_they_come(rows, tasks, split, executor, cancelled, most_waiting)


def _require_one_measure(
    sequences: Sequences, num_states: int, variants: Mapping[str, Variant], generator: Generator
) -> None:
    known: dict[Hashable, str] = {}
    for name, variant in variants.items():
        try:
            start = variant.make_start(sequences, num_states, deepcopy(generator))
        except (ValueError, ArithmeticError):
            continue  # its row says why
        known.setdefault(_measure_of(start.emissions), name)
    if len(known) > 1:
        (one, first), (other, second) = list(known.items())[:2]
        raise ValueError(
            f"the likelihoods of {quoted(first)} are {one}, those of {quoted(second)} {other}; "
            "these do not compare, so compare variants of one kind."
        )


def _measure_of(emissions: Emissions) -> str:
    """What the likelihood is made of; of a product with several kinds of parts, of each part."""
    of_parts = [MEASURES.get(type(part), type(part).__name__) for _, part in members(emissions)]
    return of_parts[0] if len(set(of_parts)) == 1 else ", ".join(of_parts)


def preferred_variant(rows: Sequence[TriedVariant], criterion: str) -> Preferred[str] | None:
    """Which variant a criterion prefers among those of which it is known; see `preference`.

    Of equal ones the first is preferred.
    """
    found = preferred_of({row.name: row for row in rows}, criterion)
    return None if found is None else Preferred(*found)


def beaten_from_within(
    rows: Sequence[TriedVariant], variants: Mapping[str, Variant]
) -> tuple[str, ...]:
    """Names of variants whose best fit is not the best there is, in the order of the rows.

    A variant that is within another can do nothing that the other cannot. Where it reached more
    all the same, by more than fits are apart that stopped, the other's starts missed the optimum.
    Variants with priors are fitted to something else, and are left out.
    """
    known = {row.name: row.criteria for row in rows if row.criteria is not None}
    with_priors = {row.name for row in rows if row.has_priors}
    found = []
    for name, criteria in known.items():
        if name in with_priors:
            continue
        room = SETTLED * criteria.num_observations
        inside = [
            known[other].log_likelihood
            for other, variant in variants.items()
            if name in variant.within and other in known
        ]
        if any(value > criteria.log_likelihood + room for value in inside):
            found.append(name)
    return tuple(found)
