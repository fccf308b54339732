"""hmmcore: hidden Markov models that can be watched while they learn.

Frozen values (`HMM`, `Gaussian`, `Sequences`), free functions of them, and trainers that take one
step at a time. Knows nothing of any page or plot.
"""

from hmmcore import batch, initialization, io, landscape, presets, selection, simulation
from hmmcore.alignment import (
    accuracy,
    align,
    align_parameters,
    confusion_table,
    count_changes,
    majority_states,
    parameter_errors,
    relabel,
)
from hmmcore.batch.many_starts import Restart, Restarts, restarts
from hmmcore.description import describe_states, expected_stays, stationary_probs
from hmmcore.diagnostics import Circumstances, Finding, examine, exchangeable_states
from hmmcore.emissions import Categorical, Gaussian, NeuralGaussian, Poisson, Product
from hmmcore.inference import (
    BestPaths,
    DiscreteResiduals,
    Forecast,
    Messages,
    Posterior,
    TiedPaths,
    ViterbiPath,
    commonest_share,
    forecast,
    joint_log_prob,
    k_best_paths,
    log_likelihood,
    messages,
    most_probable_states,
    path_entropy,
    path_log_posteriors,
    posterior_entropy,
    pseudo_residuals,
    sample_posterior_paths,
    smooth,
    state_shares,
    states_alone,
    viterbi,
    viterbi_ties,
)
from hmmcore.initialization import categorical as symbol_starts
from hmmcore.initialization import poisson as count_starts
from hmmcore.initialization import product as product_starts
from hmmcore.model import HMM
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
from hmmcore.sweeps.sweep import ImpossibleDataError
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

__version__ = "1.0.0"

__all__ = [
    "EM",
    "HMM",
    "BestPaths",
    "Categorical",
    "Circumstances",
    "DiscreteResiduals",
    "DivergedError",
    "Finding",
    "FitResult",
    "Forecast",
    "Gaussian",
    "GradientAscent",
    "ImpossibleDataError",
    "InformationCriteria",
    "LikelihoodFellError",
    "Messages",
    "NeuralGaussian",
    "Poisson",
    "Posterior",
    "Preset",
    "Priors",
    "Product",
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
    "batch",
    "commonest_share",
    "confusion_table",
    "count_changes",
    "count_starts",
    "describe_states",
    "examine",
    "exchangeable_states",
    "expected_stays",
    "fit",
    "forecast",
    "held_out_log_likelihood",
    "information_criteria",
    "initialization",
    "io",
    "joint_log_prob",
    "k_best_paths",
    "landscape",
    "log_likelihood",
    "majority_states",
    "messages",
    "most_probable_states",
    "parameter_counts",
    "parameter_errors",
    "path_entropy",
    "path_log_posteriors",
    "posterior_entropy",
    "preset",
    "preset_names",
    "presets",
    "product_starts",
    "pseudo_residuals",
    "relabel",
    "restarts",
    "sample",
    "sample_posterior_paths",
    "selection",
    "simulation",
    "smooth",
    "split_by_sequence",
    "split_by_time",
    "state_shares",
    "states_alone",
    "stationary_probs",
    "symbol_starts",
    "viterbi",
    "viterbi_ties",
    "warm_up",
]
