"""All that the curvature of a likelihood tells of a fitted model, from one pass, as it comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.coordinates import Coordinate
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import expectations, require_compatible
from hmmcore.training.base import checked_names, checked_trainable
from hmmcore.uncertainty.information import (
    Curvature,
    Information,
    held_at_zero,
    information_from,
)
from hmmcore.uncertainty.local import derivative, floored_moments, local
from hmmcore.uncertainty.optimality import Optimality, em_step, judged

MOST_OF_IT = 0.25
"""Of the largest part of the slowest direction; smaller parts are not named."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What is known once the whole curvature is.

    Attributes:
        optimality: whether the model is a maximum; see `is_maximum`.
        information: standard errors and intervals; see `observed_information`.
        missing: (d,) shares of information that are missing, the largest first: eigenvalues of
            EM's map as in `em_rate`, without directions that the data say nothing about.
        num_flat: in so many further directions the data say next to nothing, and EM hardly moves.
        towards_bounds: numbers on their way to zero, where the likelihood wants them, and which
            share of them a step of EM leaves; what is to be gained there shrinks by the same share.
        slowest: which numbers move together in the direction of the largest of these, in their
            standard errors, the largest part 1.
    """

    optimality: Optimality
    information: Information
    missing: FloatArray
    num_flat: int
    towards_bounds: Mapping[Coordinate, float]
    slowest: Mapping[Coordinate, float]

    @property
    def pace(self) -> float:
        """The share of what can still be gained that a step of EM leaves, near the maximum."""
        inside = float(self.missing[0]) ** 2 if len(self.missing) else 0.0
        return max(inside, *self.towards_bounds.values(), 0.0)


@dataclass(frozen=True, eq=False)
class Appraisal:
    """How far the work is.

    Attributes:
        done, total: coordinates that have been moved, and all; each takes two sweeps over the data.
        verdict: once all have.
    """

    done: int
    total: int
    verdict: Verdict | None = None


def num_free_coordinates(hmm: HMM, trainable: Iterable[str] | None = None) -> int:
    """How many coordinates `appraise` moves at most: not those of variances at their floor."""
    return len(local(hmm, checked_trainable(checked_names(trainable), hmm)).units())


def appraise(
    hmm: HMM,
    sequences: Sequences,
    trainable: Iterable[str] | None = None,
    start: HMM | None = None,
) -> Iterator[Appraisal]:
    """What `is_maximum`, `observed_information` and `em_rate` say, in a quarter of their time.

    Arguments and errors are theirs. Whoever stops listening stops the work.

    Yields:
        How far it is, after each coordinate; the last one has the verdict.
    """
    require_compatible(hmm, sequences)
    trained = checked_trainable(checked_names(trainable), hmm)
    around = local(hmm, trained, floored_moments(hmm, sequences, trained))
    here = expectations(hmm, sequences)
    gradient = around.gradient(hmm, here)
    total = len(gradient)
    yield Appraisal(0, total)
    hessian, map_slopes = np.zeros((total, total)), np.zeros((total, total))
    for n, step, near in around.gradients_around(sequences):
        hessian[n] = derivative(step, [around.gradient(one.hmm, one.found) for one in near])
        stepped = [em_step(one.hmm, one.found, around.trainable) for one in near]
        map_slopes[:, n] = derivative(step, [around.value(one) for one in stepped])
        if n + 1 < total:
            yield Appraisal(n + 1, total)
    found = held_at_zero(around, gradient, hessian)
    information = information_from(found, float(here.log_likelihood))
    # What is held is near zero, so it is nobody's reference: the others' coordinates are the same.
    names = around.bounded()
    kept = np.array([name not in found.held for name in names], dtype=bool)
    # At zero EM leaves zero, so there the map's derivative in it is a factor of its own.
    towards_bounds = {
        name: float(map_slopes[n, n])
        for n, name in enumerate(names)
        if name is not None and not kept[n]
    }
    missing, slowest = _missing(found, map_slopes[np.ix_(kept, kept)], information)
    num_flat = int((~found.determined).sum())
    optimality = judged(found, sequences, start)
    verdict = Verdict(optimality, information, missing, num_flat, towards_bounds, slowest)
    yield Appraisal(total, total, verdict)


def _missing(
    found: Curvature, map_slopes: FloatArray, information: Information
) -> tuple[FloatArray, dict[Coordinate, float]]:
    """`Verdict.missing` and `Verdict.slowest`, from the derivatives (n, n) of EM's map."""
    # A step of EM stays where the data say nothing, so what it does across does not depend on that.
    basis = found.vectors[:, found.determined]
    across = basis.T @ (map_slopes / found.units[:, np.newaxis] * found.units) @ basis
    if not len(across):
        return np.empty(0), {}
    values, vectors = np.linalg.eig(across)
    # Real, because the map is a product of two symmetric matrices.
    order = np.argsort(values.real)[::-1]
    names, slopes = found.around.jacobian()
    moves = slopes @ (found.units * (basis @ vectors[:, order[0]].real))
    errors = np.array([information.standard_error(name) for name in names])
    parts = np.where(errors > 0.0, moves / np.where(errors > 0.0, errors, 1.0), 0.0)
    largest = parts[np.abs(parts).argmax()] if len(parts) else 0.0
    slowest = {
        name: float(part / largest)
        for name, part in sorted(zip(names, parts, strict=True), key=lambda one: -abs(one[1]))
        if largest and abs(part) >= MOST_OF_IT * abs(largest)
    }
    return values.real[order], slowest
