"""Which number of states a criterion prefers, and whether by more than chance would make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import scipy
from numpy.typing import ArrayLike

from hmmcore.arrays import numeric_array
from hmmcore.selection.states import TriedStates
from hmmcore.selection.tried import Tried

CRITERIA = ("aic", "aicc", "bic", "icl")
"""Names of the information criteria, of which smaller values are better."""

HELD_OUT = "held_out"

CLOSE = 2.0
"""Information criteria that differ by less do not decide between two models: Burnham & Anderson
(2002, section 2.6) of AIC; "not worth more than a bare mention", Kass & Raftery (1995) of BIC."""

LEVEL = 0.95
"""A held-out difference could be chance where equal models differ by less this often."""

SETTLED = 1e-5
"""Nats per observation by which fits to one optimum may differ: they stop before they arrive."""


@dataclass(frozen=True)
class HeldOutDifference:
    """How much better one model foretells the held-out sequences than another.

    Attributes:
        nats: log-likelihood of all test sequences under the one, less that under the other.
        standard_error: of `nats`, in nats; NaN where fewer than two sequences can be compared.
        num_sequences: how many were compared: those impossible under both models are left out.
    """

    nats: float
    standard_error: float
    num_sequences: int

    @property
    def noise(self) -> float:
        """How far equal models may differ by chance, in nats; NaN as the standard error is.

        With few sequences that is many standard errors, for these are uncertain too: Student's t.
        """
        if self.num_sequences < 2:
            return float("nan")
        quantile = scipy.special.stdtrit(self.num_sequences - 1, 0.5 + 0.5 * LEVEL)
        return float(quantile) * self.standard_error

    @property
    def is_clear(self) -> bool:
        """Whether it is more than the noise; never with fewer than two sequences, unless infinite.

        A difference is infinite where a sequence is impossible under one of the models.
        """
        return abs(self.nats) == np.inf or abs(self.nats) > self.noise


def held_out_difference(first: ArrayLike, second: ArrayLike) -> HeldOutDifference:
    """Compare two models by the log-likelihoods (N,) of the same held-out sequences.

    The sequences are independent, so the standard error of the sum of their differences d is
    √N times the standard deviation of d. What all sequences have in common, such as that some are
    longer, cancels in d.

    Source: Vehtari, Gelman & Gabry (2017), equation 24.

    Raises:
        ValueError: when these are not two vectors of one length, or hold NaN or +inf.
    """
    one, other = numeric_array("first", first), numeric_array("second", second)
    if one.ndim != 1 or one.shape != other.shape:
        raise ValueError(
            f"first and second have shapes {one.shape} and {other.shape}; they must be (N,), of "
            "the same sequences."
        )
    if not ((one < np.inf).all() and (other < np.inf).all()):
        raise ValueError("log-likelihoods must be numbers or -inf.")
    compared = (one > -np.inf) | (other > -np.inf)
    differences = one[compared] - other[compared]
    count = len(differences)
    if count == 0:
        return HeldOutDifference(0.0, float("nan"), 0)
    if not np.isfinite(differences).all():
        either = (differences == np.inf).any() and (differences == -np.inf).any()
        nats = float("nan") if either else float(differences.sum())
        return HeldOutDifference(nats, float("nan"), count)
    error = float(np.sqrt(count) * differences.std(ddof=1)) if count > 1 else float("nan")
    return HeldOutDifference(float(differences.sum()), error, count)


Key = TypeVar("Key", int, str)


@dataclass(frozen=True)
class Preferred(Generic[Key]):
    """What a criterion says of several models: of numbers of states, or of variants by name.

    Attributes:
        criterion: one of `CRITERIA`, or `HELD_OUT`.
        best: the number or name that it prefers.
        rival: the one that comes next; None where only one was tried.
        difference: by how much the rival is worse: the criterion's own units, nats for held-out.
        noise: differences up to this do not decide; NaN where it is not known, as with one held-out
            sequence.
        close: every other one that is worse by no more than the noise, ascending.
    """

    criterion: str
    best: Key
    rival: Key | None
    difference: float
    noise: float
    close: tuple[Key, ...]

    @property
    def is_clear(self) -> bool:
        """Whether the preferred one is better than every other by more than the noise."""
        return not self.close and not np.isnan(self.noise)


class Preference(Preferred[int]):
    """What a criterion says of several numbers of states."""

    @property
    def num_states(self) -> int:
        """The K that it prefers."""
        return self.best


def preference(rows: Sequence[TriedStates], criterion: str) -> Preference | None:
    """Which number of states a criterion prefers among those of which it is known.

    Args:
        criterion: one of `CRITERIA`, or `HELD_OUT`.

    Returns:
        None where it is known, and finite, of no row.
    """
    found = preferred_of({row.num_states: row for row in rows}, criterion)
    return None if found is None else Preference(*found)


def preferred_of(
    rows: Mapping[Key, Tried], criterion: str
) -> tuple[str, Key, Key | None, float, float, tuple[Key, ...]] | None:
    """The values of a `Preferred`; of equal ones the smaller number, or the first name, leads."""
    if criterion not in (*CRITERIA, HELD_OUT):
        raise ValueError(f"criterion is {criterion!r}; it must be one of {(*CRITERIA, HELD_OUT)}.")
    place = {key: n for n, key in enumerate(rows)}
    ordered = sorted(rows, key=lambda key: key if isinstance(key, int) else place[key])
    rows = {key: rows[key] for key in ordered}
    if criterion == HELD_OUT:
        return _by_held_out(rows)
    values = {
        key: float(getattr(row.criteria, criterion))
        for key, row in rows.items()
        if row.criteria is not None and row.criteria.num_observations
    }
    values = {key: value for key, value in values.items() if np.isfinite(value)}
    order = sorted(values, key=lambda key: values[key])
    if not order:
        return None
    worse = {key: values[key] - values[order[0]] for key in order[1:]}
    close = tuple(key for key in values if key in worse and worse[key] <= CLOSE)
    rival = order[1] if worse else None
    difference = float("inf") if rival is None else worse[rival]
    return criterion, order[0], rival, difference, CLOSE, close


def _by_held_out(
    rows: Mapping[Key, Tried],
) -> tuple[str, Key, Key | None, float, float, tuple[Key, ...]] | None:
    found = {key: row.held_out for key, row in rows.items() if row.held_out is not None}
    totals = {key: float(values.sum()) for key, values in found.items()}
    order = sorted(totals, key=lambda key: -totals[key])
    if not order or totals[order[0]] == -np.inf:
        return None
    best = order[0]
    worse = {key: held_out_difference(found[best], found[key]) for key in order[1:]}
    if not worse:
        return HELD_OUT, best, None, float("inf"), float("nan"), ()
    close = tuple(
        key
        for key in found
        if key in worse and not worse[key].is_clear and not np.isnan(worse[key].standard_error)
    )
    rival = order[1]
    return HELD_OUT, best, rival, worse[rival].nats, worse[rival].noise, close


def missed(rows: Sequence[TriedStates]) -> tuple[int, ...]:
    """The numbers of states whose best fit is not the best there is, ascending.

    With one state more a model can do all that it could before, so its highest likelihood is at
    least as high. Where the best fit reached less than one of fewer states, by more than fits are
    apart that stopped, its starts missed the optimum. Models with priors are fitted to something
    else, and are left out.

    Ask it only where a state more takes nothing away. In a cyclic chain it does, for every round
    then passes one more, and so may what is held at values that K or chance decides.
    """
    found = []
    highest = -np.inf
    for row in sorted(rows, key=lambda row: row.num_states):
        if row.criteria is None:
            continue
        room = SETTLED * row.criteria.num_observations
        if not row.has_priors and row.criteria.log_likelihood < highest - room:
            found.append(row.num_states)
        highest = max(highest, row.criteria.log_likelihood)
    return tuple(found)
