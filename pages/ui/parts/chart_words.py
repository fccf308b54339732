"""What figures show, in words, for readers who cannot see them: the result, not the kind alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from pages.ui.figures.observed_variable import Observed, ObservedVariable
from pages.ui.figures.theme import StateNames
from pages.ui.text import count, decimal, many, shortened


def of_states(values: Iterable[float], names: StateNames, form: str = ".2f") -> str:
    """One number for each state: S1 0.90, S2 0.85."""
    return ", ".join(
        f"{names.plain(state)} {format(value, form).replace('-', '−')}"
        for state, value in enumerate(values)
    )


def observed(observations: FloatArray, variable: ObservedVariable) -> str:
    """The ends of observations, or of symbols the commonest; NaN = missing."""
    seen = observations[np.isfinite(observations)]
    if not len(seen):
        return "All of them are missing."
    if variable.kind == "symbol":
        shares = np.bincount(seen.astype(int)) / len(seen)
        commonest = shortened(variable.labels[int(shares.argmax())])
        return f"The commonest is {commonest}: {shares.max():.0%} of them."
    return f"They go from {decimal(float(seen.min()))} to {decimal(float(seen.max()))}."


def observed_each(parts: Sequence[Observed]) -> str:
    """`observed`, of what is observed together by name."""
    if len(parts) == 1:
        return observed(*parts[0])
    return " ".join(f"{variable.name}: {observed(seen, variable)}" for seen, variable in parts)


def visited(states: IntArray, num_states: int, names: StateNames) -> str:
    """Which share of a path (M,) is in each state; -1 = none is known or possible."""
    known = states[states >= 0]
    if not len(known):
        return "no state is known"
    return of_states(np.bincount(known, minlength=num_states) / len(known), names, ".0%")


def posterior(kind: str, probs: FloatArray, entropy: FloatArray, names: StateNames) -> str:
    """The state probabilities (M, K) over time, and their entropy (M,) in bits."""
    length, num_states = probs.shape
    what = (
        f"Heat map of the {kind} probability of each of {many(num_states, 'state')} over "
        f"{many(length, 'time step')}, with the entropy in bits below: how unsure the model is."
    )
    if not np.isfinite(probs).all():
        return f"{what} The model cannot make these data."
    return (
        f"{what} On average {entropy.mean():.2f} bits; "
        f"mean probabilities: {of_states(probs.mean(axis=0), names)}."
    )


def transition_counts(counts: FloatArray, starts: FloatArray, names: StateNames) -> str:
    """Expected transitions (K, K) and starts (K,)."""
    return (
        "Table of how many transitions from each state to each other are expected in all data, "
        "and how many sequences are expected to start in each state. "
        f"Staying: {of_states(np.diag(counts), names, '.1f')}. "
        f"Starts: {of_states(starts, names, '.1f')}."
    )


def transition_matrix(matrix: FloatArray, initial_probs: FloatArray, names: StateNames) -> str:
    """A transition matrix (K, K) and initial probabilities (K,)."""
    return (
        "Table of the learned transition matrix and initial probabilities. "
        f"Probability of staying: {of_states(np.diag(matrix), names)}. "
        f"Initial probabilities: {of_states(initial_probs, names)}."
    )


def confusion(table: IntArray, names: StateNames) -> str:
    """Time steps by true state, in rows, and decoded state, in columns."""
    rows = table.sum(axis=1)
    right = [
        f"{names.plain(state)} {table[state, state] / rows[state]:.0%}"
        for state in range(min(table.shape))
        if rows[state]
    ]
    return (
        "Table of time steps by true state and Viterbi state, with row percentages. "
        f"Decoded as themselves: {', '.join(right) or 'none'}."
    )


def errors(of: Mapping[str, tuple[str, FloatArray]]) -> str:
    """The largest error of each parameter; `of` is what `titled_errors` gives."""
    largest = [
        f"{title} {decimal(float(values.flat[np.abs(values).argmax()]))}"
        for title, (_, values) in of.items()
        if values.size and np.isfinite(values).all()
    ]
    return f" Largest differences: {', '.join(largest)}." if largest else ""


def tied(paths: IntArray) -> str:
    """Some equally probable paths (P, M)."""
    number, steps = paths.shape
    differ = int((paths != paths[0]).any(axis=0).sum())
    return (
        f"Strips of {count(number)} equally probable paths over {many(steps, 'time step')}. "
        f"They differ at {count(differ)} of them."
    )
