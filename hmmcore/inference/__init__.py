"""What a model says of data: posteriors, paths, forecasts, and how sure they are."""

from hmmcore.inference.certainty import (
    commonest_share,
    most_probable_states,
    posterior_entropy,
    state_shares,
    states_alone,
)
from hmmcore.inference.forecasting import Forecast, forecast
from hmmcore.inference.message_passing import Messages, messages
from hmmcore.inference.paths import BestPaths, k_best_paths, sample_posterior_paths
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

__all__ = [
    "BestPaths",
    "Forecast",
    "Messages",
    "Posterior",
    "TiedPaths",
    "ViterbiPath",
    "commonest_share",
    "forecast",
    "joint_log_prob",
    "k_best_paths",
    "log_likelihood",
    "messages",
    "most_probable_states",
    "posterior_entropy",
    "sample_posterior_paths",
    "smooth",
    "state_shares",
    "states_alone",
    "viterbi",
    "viterbi_ties",
]
