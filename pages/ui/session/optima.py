"""The optima of the maps that are shown, the same for both methods, and what their states are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from hmmcore import HMM, ImpossibleDataError, Sequences
from hmmcore.arrays import FloatArray, IntArray
from hmmcore.batch import stack
from hmmcore.landscape import Basins
from hmmcore.landscape.gathering import Gathering
from pages.ui.session.landscape import landscape, pinned
from pages.ui.session.map_search import searcher
from pages.ui.session.session import Session

NAME = "joint optima"
LISTED = 8
"""Optima that are listed: the best, and those that most starts reach."""

GONE = "This optimum is not on the map any more."


@dataclass(frozen=True, eq=False)
class Optima:
    """Optima that any of some maps has, each once whatever the order of its states.

    Attributes:
        models: first those that are listed, then the others, each the highest first.
        log_likelihoods: (n,) of all data, in nats.
        numbers: for each map (m,) which of these each of its own optima is.
        maps: the method of each map, and what is known of it.
    """

    models: tuple[HMM, ...]
    log_likelihoods: FloatArray
    numbers: tuple[IntArray, ...]
    maps: tuple[tuple[str, Basins], ...] = ()


def joint_optima(session: Session) -> Optima:
    """The optima of the maps that are shown now, as far as they are known."""
    # Read once: the search goes on meanwhile.
    found = [(one.method, one.found) for one in searcher(session).shown]
    maps = tuple((method, basins) for method, basins in found if basins is not None)
    return session.remember(  # type: ignore[no-any-return]
        NAME,
        (session.data, *(basins for _, basins in maps)),
        partial(_joint, maps, session.data.sequences),
    )


def _joint(maps: tuple[tuple[str, Basins], ...], sequences: Sequences) -> Optima:
    counts = [len(basins.optima) for _, basins in maps]
    models = [hmm for _, basins in maps for hmm in basins.optima]
    if not models:
        return Optima((), np.empty(0), tuple(np.arange(0) for _ in maps), maps)
    values = np.concatenate([basins.optimum_log_likelihoods for _, basins in maps])
    # The highest first, so that each group is led by its best.
    downwards = np.argsort(-values, kind="stable")
    labels = np.empty(len(models), dtype=np.int64)
    if len(maps) == 1:
        labels[downwards] = np.arange(len(models))
    else:
        ordered = stack(models[n] for n in downwards.tolist())
        labels[downwards] = Gathering(sequences).add(ordered, values[downwards])
    leaders = downwards[np.unique(labels[downwards], return_index=True)[1]]
    shares = np.bincount(labels, np.concatenate([basins.shares for _, basins in maps]))
    order = _listed_first(shares)
    numbers = np.argsort(order)[labels]
    return Optima(
        tuple(models[leaders[n]] for n in order.tolist()),
        values[leaders[order]],
        tuple(np.split(numbers, np.cumsum(counts)[:-1])),
        maps,
    )


def _listed_first(shares: FloatArray) -> IntArray:
    """Numbers (n,) of optima, the highest first, with those that are listed in front."""
    listed = np.zeros(len(shares), dtype=np.bool_)
    listed[0] = True
    listed[1 + np.argsort(-shares[1:], kind="stable")[: LISTED - 1]] = True
    return np.concatenate([np.flatnonzero(listed), np.flatnonzero(~listed)])


def adopt(session: Session, number: int) -> None:
    """Let an optimum of the map be the model that training starts from; 0 is the best.

    A note says why where that is not possible.
    """
    # Those that were shown last: the search may have found better ones since.
    held = session.memo.get(NAME)
    ground, models = landscape(session), () if held is None else held[1].models
    if ground is None or not 0 <= number < len(models):
        session.notes = (GONE,)
        return
    try:
        session.start_by_hand(models[number], **pinned(session, ground))
    except (ValueError, ImpossibleDataError) as error:
        session.notes = (str(error),)
