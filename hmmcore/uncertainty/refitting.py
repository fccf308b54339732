"""Fits to data that were drawn from a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hmmcore.alignment import align_parameters
from hmmcore.concurrency import Stopped
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.training import EM, Trainer, fit
from hmmcore.training.base import MODEL_PARAMETERS, checked_names

MakeTrainer = Callable[[Sequences], Trainer]
"""Makes a trainer of data: EM, or functools.partial(EM, trainable=("means",))."""

MAX_ITERATIONS, TOLERANCE = 1000, 1e-8
"""Of the fits: what they end short of their maximum would be taken for spread."""


@dataclass(frozen=True, eq=False)
class Refit:
    """What became of one data set.

    Attributes:
        hmm: the fitted model, its states in the order of the model that the data were drawn from;
            None if it could not be fitted.
        sequences: the data.
        trainable: names of the parameters that were trained; None for all.
        converged: whether the fit stood still before it had taken all its steps.
        relabelled: whether its states had come into another order.
        failure: the sentence that says why it could not be fitted; None if it could.
    """

    hmm: HMM | None
    sequences: Sequences
    trainable: frozenset[str] | None = None
    converged: bool = False
    relabelled: bool = False
    failure: str | None = None


def refit(
    hmm: HMM,
    sequences: Sequences,
    make_trainer: MakeTrainer | None,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
    stopped: Stopped | None = None,
) -> Refit:
    """Fit to data that were drawn from a model, from that model on."""
    try:
        trainer = (make_trainer or EM)(sequences)
        result = fit(trainer, hmm, max_iterations, tolerance, cancelled=stopped)
    except (ValueError, ArithmeticError) as error:
        return Refit(None, sequences, failure=str(error))
    order = _order(hmm, result.hmm, trainer)
    moved = bool((order != np.arange(hmm.num_states)).any())
    return Refit(
        result.hmm.permute(order) if moved else result.hmm,
        sequences,
        checked_names(getattr(trainer, "trainable", None)),
        result.stop_reason == "converged",
        moved,
    )


def _order(reference: HMM, hmm: HMM, trainer: Trainer) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Which state of the fit plays which of the reference; as they are where names are bound."""
    same = np.arange(reference.num_states)
    trainable = getattr(trainer, "trainable", None)
    names = {*MODEL_PARAMETERS, *reference.emissions.parameter_names}
    bound = any(
        getattr(trainer, name, None) is not None
        for name in ("priors", "transition_ties", "coordinates")
    )
    if bound or (trainable is not None and not names <= set(trainable)):
        return same
    order = align_parameters(reference, hmm)
    renamed = hmm.permute(order)
    # Where a state is told by its zeros, another does not take its name.
    zeros = [
        np.concatenate([model.initial_probs == 0.0, (model.transition_matrix == 0.0).ravel()])
        for model in (reference, renamed)
    ]
    return order if (zeros[0] <= zeros[1]).all() else same
