"""Where training ends from every point of a plane."""

from __future__ import annotations

from dataclasses import dataclass

from hmmcore.arrays import BoolArray, FloatArray, IntArray, as_count
from hmmcore.model import HMM

UNKNOWN, OPEN = -1, -2
"""In place of an optimum: nothing is known, or there is nothing to know; and not come to rest."""


@dataclass(frozen=True, eq=False)
class Basins:
    """Where training ended from every point of a grid (Ny, Nx).

    An optimum here is where training comes to rest. Beside maxima these are saddles that training
    does not leave, as from a start in which two states are alike to the bit. A start that ends
    beside an optimum belongs to it, also if it was stopped there by the last step allowed; one that
    stands still only because a probability which it needs has all but vanished has not come to
    rest. Two ends are one optimum where their states can be paired so that they are alike as far as
    the data can tell: the mean of a state that explains nothing makes no difference. Where some
    states are copies of each other, two optima of one likelihood may differ in how many copies each
    state has; no order of states makes them equal.

    Attributes:
        log_likelihoods: (Ny, Nx) that were reached, in nats; -inf where a position is no model,
            a start could not be trained, or is not known yet.
        iterations: (Ny, Nx) how many steps were taken.
        optimum: (Ny, Nx) index into `optima`; UNKNOWN where there is none, OPEN where training had
            not come to rest, and nowhere near an optimum, after the last step allowed.
        optima: the highest first, each once whatever the order of its states.
        optimum_log_likelihoods: (n,) of these, in nats.
        shares: (n,) which share of the starts that are known ends in each.
        known: (Ny, Nx) whether a position has been dealt with.
        failure: why the first start that could not be trained could not; None if all could.
    """

    log_likelihoods: FloatArray
    iterations: IntArray
    optimum: IntArray
    optima: tuple[HMM, ...]
    optimum_log_likelihoods: FloatArray
    shares: FloatArray
    known: BoolArray
    failure: str | None = None

    @property
    def share_known(self) -> float:
        """Which share of the positions is known."""
        return float(self.known.mean())

    def miss_probability(self, num_starts: int) -> float:
        """The probability that so many random starts all miss the best optimum.

        Random as the grid's points are: each of them equally probable.
        """
        num_starts = as_count("num_starts", num_starts, minimum=0)
        best = float(self.shares[0]) if len(self.shares) else 0.0
        return float((1.0 - best) ** num_starts)
