"""What a model says of data: posteriors, paths, forecasts, and how sure they are."""

from hmmcore.inference.best_paths import BestPaths, k_best_paths, path_log_posteriors
from hmmcore.inference.certainty import (
    commonest_share,
    most_probable_states,
    posterior_entropy,
    state_shares,
    states_alone,
)
from hmmcore.inference.entropy import path_entropy
from hmmcore.inference.forecasting import Forecast, forecast, predicted_state_probs
from hmmcore.inference.message_passing import Messages, messages, with_observation
from hmmcore.inference.opened_step import EMStep, OpenedParameter, em_step, open_parameter
from hmmcore.inference.paths import sample_posterior_paths
from hmmcore.inference.posterior import (
    Posterior,
    TiedPaths,
    ViterbiPath,
    joint_log_prob,
    log_likelihood,
    smooth,
    viterbi,
    viterbi_ties,
)
from hmmcore.inference.predicting import Prediction, prediction
from hmmcore.inference.residuals import DiscreteResiduals, pseudo_residuals
from hmmcore.inference.terms import (
    BackwardTerms,
    ForwardTerms,
    PairTerms,
    SmoothedTerms,
    ViterbiTerms,
    backward_terms,
    forward_terms,
    pair_terms,
    smoothed_terms,
    viterbi_terms,
)
from hmmcore.inference.unscaled import (
    Unscaled,
    transition_first,
    transition_first_terms,
    unscaled_messages,
)

__all__ = [
    "BackwardTerms",
    "BestPaths",
    "DiscreteResiduals",
    "EMStep",
    "Forecast",
    "ForwardTerms",
    "Messages",
    "OpenedParameter",
    "PairTerms",
    "Posterior",
    "Prediction",
    "SmoothedTerms",
    "TiedPaths",
    "Unscaled",
    "ViterbiPath",
    "ViterbiTerms",
    "backward_terms",
    "commonest_share",
    "em_step",
    "forecast",
    "forward_terms",
    "joint_log_prob",
    "k_best_paths",
    "log_likelihood",
    "messages",
    "most_probable_states",
    "open_parameter",
    "pair_terms",
    "path_entropy",
    "path_log_posteriors",
    "posterior_entropy",
    "predicted_state_probs",
    "prediction",
    "pseudo_residuals",
    "sample_posterior_paths",
    "smooth",
    "smoothed_terms",
    "state_shares",
    "states_alone",
    "transition_first",
    "transition_first_terms",
    "unscaled_messages",
    "viterbi",
    "viterbi_terms",
    "viterbi_ties",
    "with_observation",
]
