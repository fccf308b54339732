"""What steps do to keep states alive, as numbers for kernels: a bit for every kind of remedy."""

from __future__ import annotations

from functools import cache

import numpy as np

from hmmcore.arrays import IntArray
from hmmcore.compiling import kernel
from hmmcore.emissions import gaussian_steps
from hmmcore.emissions.base import Remedy

CODES = {kind: code for code, kind in gaussian_steps.REMEDIES.items()}
"""The bit that stands for each kind of remedy."""

KINDS, BITS = tuple(CODES), tuple(CODES.values())

NEVER = 2**31 - 1


def codes_of(remedies: tuple[Remedy, ...], shape: tuple[int, int]) -> IntArray:
    """Codes (G, K) from remedies of G K states."""
    codes = np.zeros(shape, dtype=np.int64)
    for remedy in remedies:
        codes.reshape(-1)[remedy.state] |= CODES[remedy.kind]
    return codes


@kernel()
def note(code: int, iteration: int, first: IntArray) -> None:
    """Note at which iteration a state first needed each remedy of its code.

    Args:
        first (kinds,): brought up to date; NEVER where none was needed yet.
    """
    for kind in range(len(first)):
        if code & BITS[kind] and first[kind] == NEVER:
            first[kind] = iteration


@kernel()
def note_all(codes: IntArray, iterations: IntArray, first: IntArray) -> None:
    """`note` for every state of models: codes (G, K), iterations (G,), first (G, K, kinds)."""
    for g in range(len(codes)):
        for k in range(codes.shape[1]):
            note(codes[g, k], iterations[g], first[g, k])


def remedies_of(first: IntArray) -> dict[int, tuple[Remedy, ...]]:
    """The remedies of models, in the order in which steps needed them, from first (G, K, kinds).

    By row, of those that needed any.
    """
    rows, states, kinds = np.nonzero(first != NEVER)
    order = np.lexsort((states, kinds, first[rows, states, kinds], rows))
    needed: dict[int, list[Remedy]] = {}
    for row, state, kind in zip(*(n[order].tolist() for n in (rows, states, kinds)), strict=True):
        needed.setdefault(row, []).append(_remedy(state, kind))
    return {row: tuple(remedies) for row, remedies in needed.items()}


@cache
def _remedy(state: int, kind: int) -> Remedy:
    # The same few stand for those of thousands of models.
    return Remedy(state, KINDS[kind])
