"""Which models are one, up to the order of their states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.batch import Models
from hmmcore.landscape.likeness import Features, Likeness, features_of
from hmmcore.sequences import Sequences

SAME = 0.02
"""Nats: models that lie no further apart, as far as the data can tell, are one: nobody could tell
them apart from fifty times as many data."""


@dataclass(frozen=True)
class _Ball:
    """The neighbourhood of a model, its states in one order."""

    likeness: Likeness
    log_likelihood: float
    group: int

    def holds(self, features: Features, log_likelihoods: FloatArray) -> IntArray:
        """The numbers of those models that lie in it."""
        near = np.flatnonzero(np.abs(log_likelihoods - self.log_likelihood) <= SAME)
        return near[self.likeness.distances(features.only(near)) <= SAME]


class Gathering:
    """Sorts models into groups, in the order in which they come.

    Each joins the first group whose first model it is like, or begins one. So which group a model
    gets depends on those that came before it, and not on how many came at a time.

    Attributes:
        num_groups: how many groups there are.
    """

    def __init__(self, sequences: Sequences) -> None:
        self.num_groups = 0
        self._sequences = sequences
        self._balls: list[_Ball] = []

    def add(self, models: Models, log_likelihoods: FloatArray) -> IntArray:
        """The groups (n,) of more models, whose log-likelihoods (n,) are finite."""
        features, order = in_usual_order(models)
        groups = self.find(features, log_likelihoods)
        while (alone := groups < 0).any():
            first = int(np.argmax(alone))
            own = features.only(np.array([first]))
            # What no data touch, or rounding where states are equal, may have changed the order.
            group = self._in_another_order(own, float(log_likelihoods[first]))
            if group < 0:
                group = self.num_groups
                self.num_groups += 1
            likeness = Likeness(models[first].permute(order[first]), own, self._sequences)
            ball = _Ball(likeness, float(log_likelihoods[first]), group)
            self._balls.append(ball)
            rest = np.flatnonzero(alone)
            groups[rest[ball.holds(features.only(rest), log_likelihoods[rest])]] = group
            groups[first] = group
        return groups

    def find(self, features: Features, log_likelihoods: FloatArray) -> IntArray:
        """The groups (n,) of models in their usual order, without beginning any: -1 if none."""
        groups = np.full(len(log_likelihoods), -1)
        for ball in self._balls:
            rest = np.flatnonzero(groups < 0)
            groups[rest[ball.holds(features.only(rest), log_likelihoods[rest])]] = ball.group
        return groups

    def _in_another_order(self, own: Features, log_likelihood: float) -> int:
        for ball in self._balls:
            near = abs(log_likelihood - ball.log_likelihood) <= SAME
            if near and ball.likeness.least_distance(own) <= SAME:
                return ball.group
        return -1


def in_usual_order(models: Models) -> tuple[Features, IntArray]:
    """Features with the states of each model in its usual order, and that order (n, K)."""
    features = features_of(models)
    order = features.usual_orders()
    return features.reordered(order), order
