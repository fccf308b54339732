"""Which ends of training are one optimum, up to the order of states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.batch import Models
from hmmcore.landscape.likeness import Likeness, features_of
from hmmcore.sequences import Sequences

SAME = 0.02
"""Nats: models that lie no further apart than this, as far as the data can tell, are one."""


@dataclass(frozen=True)
class Groups:
    """Ends of training, sorted into groups.

    Attributes:
        labels: (n,) the group of each end.
        leaders: (G,) the end of each group that reached highest; the groups are in that order,
            the highest first.
    """

    labels: IntArray
    leaders: IntArray


def grouped(models: Models, log_likelihoods: FloatArray, sequences: Sequences) -> Groups:
    """Sort ends of training into groups that are one model up to the order of states.

    The best end leads a group, which takes all that are like it; the best of the others leads the
    next. The groups depend on the ends alone; which of two ends leads depends on their order only
    where they reached the same log-likelihood to the bit.

    Args:
        log_likelihoods: (n,) of all sequences together, finite.
    """
    features = features_of(models)
    usual = features.usual_orders()
    features = features.reordered(usual)
    downwards = np.argsort(-log_likelihoods, kind="stable")
    depths = -log_likelihoods[downwards]
    labels = np.full(len(models), -1)
    leaders: list[int] = []
    likenesses: list[Likeness] = []
    for first, number in enumerate(downwards.tolist()):
        if labels[number] >= 0:
            continue
        own = features.only(np.array([number]))
        # Two orders of one model may differ by what no data touch, or by rounding of equal states.
        group = next(
            (
                g
                for g, likeness in enumerate(likenesses)
                if log_likelihoods[leaders[g]] - log_likelihoods[number] <= SAME
                and likeness.least_distance(own) <= SAME
            ),
            len(leaders),
        )
        likeness = Likeness(models[number].permute(usual[number]), own, sequences)
        if group == len(leaders):
            leaders.append(number)
            likenesses.append(likeness)
        last = int(np.searchsorted(depths, depths[first] + SAME, side="right"))
        near = downwards[first:last]
        near = near[labels[near] < 0]
        labels[near[likeness.distances(features.only(near)) <= SAME]] = group
    return Groups(labels, np.array(leaders, dtype=np.int64))
