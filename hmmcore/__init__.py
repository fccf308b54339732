"""hmmcore: hidden Markov models that can be watched while they learn.

Frozen values (`HMM`, `Gaussian`, `Sequences`), free functions of them, and trainers that take one
step at a time. Knows nothing of any page or plot.
"""

from hmmcore import initialization, io, presets, simulation
from hmmcore.alignment import accuracy, align, align_parameters, confusion_table, relabel
from hmmcore.certainty import commonest_share, most_probable_states, posterior_entropy, state_shares
from hmmcore.diagnostics import Circumstances, Finding, examine, exchangeable_states
from hmmcore.emissions import Categorical, Gaussian, NeuralGaussian, Poisson
from hmmcore.inference import (
    Posterior,
    TiedPaths,
    ViterbiPath,
    joint_log_prob,
    log_likelihood,
    smooth,
    viterbi,
    viterbi_ties,
)
from hmmcore.model import HMM
from hmmcore.paths import BestPaths, k_best_paths, sample_posterior_paths
from hmmcore.presets import Preset, preset, preset_names
from hmmcore.sequences import Sequences
from hmmcore.simulation import Simulation, sample
from hmmcore.sweep import ImpossibleDataError
from hmmcore.training import (
    EM,
    DivergedError,
    FitResult,
    GradientAscent,
    LikelihoodFellError,
    Trainer,
    TrainState,
    fit,
)
from hmmcore.warmup import warm_up

__version__ = "0.1.0"

__all__ = [
    "EM",
    "HMM",
    "BestPaths",
    "Categorical",
    "Circumstances",
    "DivergedError",
    "Finding",
    "FitResult",
    "Gaussian",
    "GradientAscent",
    "ImpossibleDataError",
    "LikelihoodFellError",
    "NeuralGaussian",
    "Poisson",
    "Posterior",
    "Preset",
    "Sequences",
    "Simulation",
    "TiedPaths",
    "TrainState",
    "Trainer",
    "ViterbiPath",
    "accuracy",
    "align",
    "align_parameters",
    "commonest_share",
    "confusion_table",
    "examine",
    "exchangeable_states",
    "fit",
    "initialization",
    "io",
    "joint_log_prob",
    "k_best_paths",
    "log_likelihood",
    "most_probable_states",
    "posterior_entropy",
    "preset",
    "preset_names",
    "presets",
    "relabel",
    "sample",
    "sample_posterior_paths",
    "simulation",
    "smooth",
    "state_shares",
    "viterbi",
    "viterbi_ties",
    "warm_up",
]
