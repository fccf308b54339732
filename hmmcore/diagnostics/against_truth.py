"""The likelihood against that of the model that made the data."""

from __future__ import annotations

import scipy

from hmmcore.diagnostics.finding import Finding

WORSE_BY = 2.0
"""Nats. The maximum of the likelihood is at least that of the truth, so a converged model below it
is at a lower local maximum. A difference smaller than this, a likelihood ratio of seven, may be
what training has still to gain."""

RARE = 1e-3
"""One sample in a thousand: how rarely fitting alone gains as much (Wilks 1938). Quantiles of the
chi-squared distribution are good to about that where all states have data."""

PER_PARAMETER = 10.0
"""With fewer observations for each free parameter, even a normal gain is worth a warning: new data
are expected to lose as much again, half a nat per parameter."""


def is_below_truth(log_likelihood: float, true_log_likelihood: float | None) -> bool:
    """Whether a model at rest is at a lower maximum than the truth's; False without a truth."""
    return true_log_likelihood is not None and log_likelihood - true_log_likelihood <= -WORSE_BY


def truth_findings(
    log_likelihood: float, true_log_likelihood: float, num_parameters: int, num_observed: int
) -> list[Finding]:
    """How a settled model compares with the truth on the data that it was trained on.

    Twice what the best fit gains on the truth follows a chi-squared distribution with as many
    degrees of freedom as there are free parameters (Wilks 1938), so that half a nat per parameter
    is the normal gain. A gain that is rarer than `RARE` is overfitting: the model describes these
    observations and not the law behind them. So is a normal gain with fewer than `PER_PARAMETER`
    observations for each parameter.
    """
    gain = log_likelihood - true_log_likelihood
    evidence = {
        "gain": gain,
        "num_parameters": num_parameters,
        "num_observed": num_observed,
    }
    if is_below_truth(log_likelihood, true_log_likelihood):
        return [Finding("worse_than_truth", evidence=evidence)]
    if not gain > 0.0 or not num_parameters:
        return []
    evidence["normal_gain"] = 0.5 * num_parameters
    evidence["rare_gain"] = 0.5 * float(scipy.special.chdtri(num_parameters, RARE))
    few = num_observed < PER_PARAMETER * num_parameters
    kind = "overfitting" if few or gain > evidence["rare_gain"] else "better_than_truth"
    return [Finding(kind, evidence=evidence)]
