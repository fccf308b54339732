"""Small random changes of a starting model, which make identical states differ."""

from __future__ import annotations

import numpy as np

from hmmcore import HMM, initialization
from pages.ui.settings.config import Config

NUDGE_STREAM = 4
"""Key of the random stream of nudges, which no other random choice shares."""

NUDGE_SCALE = 0.1
"""A tenth of a standard deviation, or ten per cent of a probability: too small to see, and large
enough for training to separate the states within some tens of steps."""


def nudged(start: HMM, config: Config) -> HMM:
    """The starting model with random change number `config.nudge`; 0 means no change."""
    if not config.nudge:
        return start
    rng = np.random.default_rng([config.seed, NUDGE_STREAM, config.start_seed, config.nudge])
    return initialization.nudge(start, rng, NUDGE_SCALE)
