"""Starting points moved a little, so that states which were alike no longer are."""

from __future__ import annotations

import numpy as np

from hmmcore import HMM, initialization
from pages.ui.settings.config import Config

NUDGE_STREAM = 4
"""Of random numbers, so that a nudge disturbs no other draw."""

NUDGE_SCALE = 0.1
"""A tenth of a standard deviation, or ten per cent of a probability: too little to tell the states
apart by eye, and enough for training to do so within some tens of steps."""


def nudged(start: HMM, config: Config) -> HMM:
    """The starting point, moved in the way that has the number `config.nudge`; 0 leaves it."""
    if not config.nudge:
        return start
    rng = np.random.default_rng([config.seed, NUDGE_STREAM, config.start_seed, config.nudge])
    return initialization.nudge(start, rng, NUDGE_SCALE)
