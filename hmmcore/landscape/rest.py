"""Where a run that stands still would go if it were given more time."""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.diagnostics import exchangeable_states
from hmmcore.emissions import Categorical, Emissions, member_of, members, with_members
from hmmcore.model import HMM
from hmmcore.sweeps.sweep import expectations
from hmmcore.training import EM, GradientAscent, Trainer
from hmmcore.training.base import StopRule, checked_stop_rule, checked_trainable

VANISHED = 1e-9
"""A probability below this, positive in the start, has all but vanished."""
RISES = 1.001
"""By how much a probability must grow in one step of EM to be called rising."""


ALIKE = 1e-6
"""As far apart as rounding may drive exchangeable states; see `exchangeable_states`."""
EM_TOLERANCE, GRADIENT_TOLERANCE, GRADIENT_PATIENCE = 1e-8, 1e-6, 10
"""Nats per observation, and steps in a row. Gradient ascent with a fixed learning rate keeps
swinging about an optimum and comes no closer for a long time; what finds the optimum beside which
it stands still is `climber`."""


def stop_rule(trainer: Trainer, max_iterations: int, tolerance: float | None) -> StopRule:
    """When a start has come to rest: with a tolerance that suits the trainer if none is given."""
    is_gradient = isinstance(trainer, GradientAscent)
    if tolerance is None:
        tolerance = GRADIENT_TOLERANCE if is_gradient else EM_TOLERANCE
    patience = GRADIENT_PATIENCE if is_gradient else 1
    return StopRule(*checked_stop_rule(max_iterations, tolerance, patience), tolerance)


def climber(trainer: Trainer) -> Trainer:
    """What finds the optimum beside which a trainer stands still: EM, where it is a gradient.

    Both rest at the same models, but EM comes close to them in far fewer steps.
    """
    if type(trainer) is not GradientAscent:
        return trainer
    names = "trainable", "variance_floor", "priors", "transition_ties", "coordinates"
    options = {name: getattr(trainer, name) for name in names if hasattr(trainer, name)}
    return EM(trainer.sequences, **options)


def has_parted(start: HMM, hmm: HMM, closer: HMM) -> bool:
    """Whether states that were exchangeable in the start, and still in a model, are no longer.

    No step tells such states apart but for rounding, which grows where they rest at a saddle.
    """

    def are_together(model: HMM) -> bool:
        left = exchangeable_states(model, ALIKE)
        return all(any(set(group) <= set(other) for other in left) for group in groups)

    # Means far out are infinitely far from others.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        groups = exchangeable_states(start)
        return are_together(hmm) and not are_together(closer)


def is_stuck(trainer: Trainer, hmm: HMM, start: HMM) -> bool:
    """Whether a model stands still only because a probability that it needs has all but vanished.

    Such a probability, if trained, would grow by a constant factor in every step of EM, which
    changes nothing that can be seen for thousands of steps, and never if it has become zero: no
    optimum, by the conditions of Karush, Kuhn and Tucker. One that is zero in the start does not
    count. Priors, ties and single coordinates are not looked into: there nothing is called stuck.
    """
    unusual = "priors", "transition_ties", "coordinates"
    looked_into = type(trainer) in (EM, GradientAscent) and all(
        getattr(trainer, name, None) is None for name in unusual
    )
    if not looked_into:
        return False
    assert isinstance(trainer, EM | GradientAscent)
    trainable = checked_trainable(trainer.trainable, hmm)
    initial = _restored(hmm.initial_probs, start.initial_probs)
    matrix = _restored(hmm.transition_matrix, start.transition_matrix)
    parts: list[Emissions] = []
    for first, part in members(hmm.emissions):
        own = member_of(start.emissions, f"{first}probs")
        both = isinstance(part, Categorical) and isinstance(own, Categorical)
        parts.append(Categorical(_restored(part.probs, own.probs)) if both else part)
    emissions = with_members(hmm.emissions, parts)
    before = expectations(hmm, trainer.sequences)
    after = expectations(HMM(initial, matrix, emissions), trainer.sequences)
    looked_at = [
        ("initial_probs", hmm.initial_probs, initial, before.initial_counts, after.initial_counts),
        ("transition_matrix", hmm.transition_matrix, matrix,
         before.transition_counts, after.transition_counts),
    ]  # fmt: skip
    for (first, part), restored in zip(members(hmm.emissions), parts, strict=True):
        if isinstance(part, Categorical) and isinstance(restored, Categorical):
            counts = before.emissions[f"{first}counts"], after.emissions[f"{first}counts"]
            looked_at.append((f"{first}probs", part.probs, restored.probs, *counts))
    return any(
        name in trainable and _some_rise(present, restored, counts, counts_after)
        for name, present, restored, counts, counts_after in looked_at
    )


def _restored(probs: FloatArray, start: FloatArray) -> FloatArray:
    """Distributions in which what has vanished is VANISHED again."""
    raised = np.where((start > 0.0) & (probs < VANISHED), VANISHED, probs)
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def _some_rise(
    probs: FloatArray, restored: FloatArray, counts: FloatArray, counts_after: FloatArray
) -> bool:
    """Whether a step of EM makes a restored probability grow.

    Args:
        probs, counts: distributions, and what is expected to be counted under them.
        restored, counts_after: likewise with what had vanished restored.
    """
    # What leaves a state that explains nothing says nothing.
    is_used = counts.sum(axis=-1, keepdims=True) > VANISHED**0.5
    totals = counts_after.sum(axis=-1, keepdims=True)
    rises = counts_after > RISES * totals * restored
    return bool((rises & is_used & (probs < VANISHED) & (restored > probs)).any())
