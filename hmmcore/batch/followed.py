"""Models in training, and what is kept of each on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, IntArray
from hmmcore.batch.lane_training import Group


@dataclass
class Followed:
    """A group, and what the loop keeps of each of its models.

    Attributes:
        log_likelihoods: (G,) in nats.
        still: (G,) how many steps in a row have stood still.
        done: (G,) who has been reported, and is computed only until the lanes are filled again.
        first: (G, K, kinds) the iteration that first needed a remedy; NEVER if none did.
        ways: (G,) how its steps are swept where many are taken at once; see `em_kernels`.
        histories: of each, the log-likelihoods so far; empty when nobody asks.
    """

    group: Group
    log_likelihoods: FloatArray
    still: IntArray
    done: BoolArray
    first: IntArray
    ways: IntArray
    histories: list[list[float]]

    def only(self, rows: IntArray) -> Followed:
        """Some of the models."""
        histories = [self.histories[row] for row in rows.tolist()] if self.histories else []
        return Followed(
            self.group.only(rows), self.log_likelihoods[rows], self.still[rows], self.done[rows],
            self.first[rows], self.ways[rows], histories,
        )  # fmt: skip

    def joined_with(self, other: Followed) -> Followed:
        """These models and others."""
        return Followed(
            self.group.joined_with(other.group),
            np.concatenate([self.log_likelihoods, other.log_likelihoods]),
            np.concatenate([self.still, other.still]),
            np.concatenate([self.done, other.done]),
            np.concatenate([self.first, other.first]),
            np.concatenate([self.ways, other.ways]),
            self.histories + other.histories,
        )
