"""hmmcore: hidden Markov models that can be watched while they learn.

Frozen values (`HMM`, `Gaussian`, `Sequences`), free functions of them, and trainers that take one
step at a time. Knows nothing of any page or plot.
"""

from hmmcore import count_starts, initialization, io, presets, simulation, symbol_starts
from hmmcore.alignment import (
    accuracy,
    align,
    align_parameters,
    confusion_table,
    majority_states,
    parameter_errors,
    relabel,
)
from hmmcore.certainty import commonest_share, most_probable_states, posterior_entropy, state_shares
from hmmcore.diagnostics import Circumstances, Finding, examine, exchangeable_states
from hmmcore.emissions import Categorical, Gaussian, NeuralGaussian, Poisson
from hmmcore.forecasting import Forecast, forecast
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
from hmmcore.many_starts import Restart, Restarts, restarts
from hmmcore.model import HMM
from hmmcore.paths import BestPaths, k_best_paths, sample_posterior_paths
from hmmcore.presets import Preset, preset, preset_names
from hmmcore.selection import (
    InformationCriteria,
    Split,
    held_out_log_likelihood,
    information_criteria,
    parameter_counts,
    split_by_sequence,
    split_by_time,
)
from hmmcore.sequences import Sequences
from hmmcore.simulation import Simulation, sample
from hmmcore.sweep import ImpossibleDataError
from hmmcore.training import (
    EM,
    DivergedError,
    FitResult,
    GradientAscent,
    LikelihoodFellError,
    Priors,
    Ties,
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
    "Forecast",
    "Gaussian",
    "GradientAscent",
    "ImpossibleDataError",
    "InformationCriteria",
    "LikelihoodFellError",
    "NeuralGaussian",
    "Poisson",
    "Posterior",
    "Preset",
    "Priors",
    "Restart",
    "Restarts",
    "Sequences",
    "Simulation",
    "Split",
    "TiedPaths",
    "Ties",
    "TrainState",
    "Trainer",
    "ViterbiPath",
    "accuracy",
    "align",
    "align_parameters",
    "commonest_share",
    "confusion_table",
    "count_starts",
    "examine",
    "exchangeable_states",
    "fit",
    "forecast",
    "held_out_log_likelihood",
    "information_criteria",
    "initialization",
    "io",
    "joint_log_prob",
    "k_best_paths",
    "log_likelihood",
    "majority_states",
    "most_probable_states",
    "parameter_counts",
    "parameter_errors",
    "posterior_entropy",
    "preset",
    "preset_names",
    "presets",
    "relabel",
    "restarts",
    "sample",
    "sample_posterior_paths",
    "simulation",
    "smooth",
    "split_by_sequence",
    "split_by_time",
    "state_shares",
    "symbol_starts",
    "viterbi",
    "viterbi_ties",
    "warm_up",
]
