"""Training is `init` and `step`; loops belong to callers."""

from hmmcore.training.base import (
    DivergedError,
    FitResult,
    LikelihoodFellError,
    Trainer,
    TrainState,
    fit,
)
from hmmcore.training.em import EM
from hmmcore.training.gradient import GradientAscent
from hmmcore.training.priors import Priors
from hmmcore.training.ties import Ties

__all__ = [
    "EM",
    "DivergedError",
    "FitResult",
    "GradientAscent",
    "LikelihoodFellError",
    "Priors",
    "Ties",
    "TrainState",
    "Trainer",
    "fit",
]
