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


def truth_findings(
    log_likelihood: float, true_log_likelihood: float, num_parameters: int, num_observations: int
) -> list[Finding]:
    """How a converged model compares with the truth on the data that it was trained on.

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
        "num_observations": num_observations,
    }
    if gain <= -WORSE_BY:
        return [Finding("worse_than_truth", evidence=evidence)]
    if not gain > 0.0 or not num_parameters:
        return []
    evidence["normal_gain"] = 0.5 * num_parameters
    evidence["rare_gain"] = 0.5 * float(scipy.special.chdtri(num_parameters, RARE))
    few = num_observations < PER_PARAMETER * num_parameters
    kind = "overfitting" if few or gain > evidence["rare_gain"] else "better_than_truth"
    return [Finding(kind, evidence=evidence)]
