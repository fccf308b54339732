"""A finding about a training run, with the numbers that show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hmmcore.coordinates import Coordinate

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "diverged": "error",
        "symmetric_start": "warning",
        "identical_states": "warning",
        "no_transitions": "warning",
        "rate_too_high": "warning",
        "zero_should_rise": "warning",
        "singular_covariance": "warning",
        "collapsed_variance": "warning",
        "dead_output": "warning",
        "empty_state": "warning",
        "overfitting": "warning",
        "worse_than_truth": "warning",
        "near_duplicates": "warning",
        "equal_rows": "warning",
        "rate_too_low": "warning",
        "better_than_truth": "info",
        "unidentifiable_initial_probs": "info",
        "converged": "success",
        "not_converged": "info",
    }
)
"""Every kind of finding with its severity, the most important first. The severities are "error"
(no step is possible any more), "warning" (what is learned should not be trusted as it is), "info"
(worth knowing) and "success"."""

_IMPORTANCE = {kind: index for index, kind in enumerate(KINDS)}


@dataclass(frozen=True)
class Finding:
    """One finding: its kind, the states it concerns, and its evidence.

    Attributes:
        kind: one of `KINDS`.
        states: groups of states that it concerns, 0-based; empty where it is the whole model.
        evidence: the numbers that show it, by name; `examine` says which each kind has.
        coordinate: the number of the model that it concerns; None where it is no single one.
    """

    kind: str
    states: tuple[tuple[int, ...], ...] = ()
    evidence: Mapping[str, float] = field(default_factory=dict)
    coordinate: Coordinate | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}; it must be one of {tuple(KINDS)}.")
        object.__setattr__(self, "evidence", MappingProxyType(dict(self.evidence)))

    @property
    def severity(self) -> str:
        """One of "error", "warning", "info" and "success"."""
        return KINDS[self.kind]

    @property
    def importance(self) -> int:
        """Index of its kind in `KINDS`; the lower, the more important."""
        return _IMPORTANCE[self.kind]

    @property
    def key(self) -> tuple[str, tuple[tuple[int, ...], ...]]:
        """What makes it the same finding at another iteration: everything but the evidence."""
        return self.kind, self.states
