"""Models and data that training is tested on, and parameters written out anew."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    GradientAscent,
    NeuralGaussian,
    Poisson,
    Product,
    Sequences,
    fit,
)
from hmmcore.emissions import members, parameters_of
from tests.hmmcore.models import Config

PROBLEMS: dict[str, Config] = {
    f"{structure}, {kind}, D={dimensions}": Config(
        structure, num_states, (40, 7, 1, 25), dimensions, kind, 1.5
    )
    for structure, num_states, dimensions, kind in [
        ("dense", 1, 1, "diag"),
        ("dense", 3, 1, "diag"),
        ("dense", 4, 3, "diag"),
        ("dense", 3, 2, "full"),
        ("dense", 2, 3, "full"),
        ("sparse", 4, 1, "diag"),
        ("left-right", 3, 2, "full"),
        ("identity", 3, 2, "diag"),
        ("nearly deterministic", 3, 1, "diag"),
        ("uniform", 3, 1, "full"),
        ("dense", 3, 2, "spherical"),
        ("sparse", 3, 2, "tied"),
    ]
}
PROBLEMS |= {
    "dense, categorical": Config("dense", 3, (40, 7, 1, 25), scale=1.0, family="categorical"),
    "sparse, categorical with zeros": Config(
        "sparse", 4, (40, 7, 1, 25), scale=0.5, family="categorical"
    ),
    "dense, poisson": Config("dense", 3, (40, 7, 1, 25), scale=3.0, family="poisson"),
    "left-right, poisson": Config("left-right", 3, (40, 7, 1, 25), family="poisson"),
    "dense, neural identity": Config("dense", 3, (40, 7, 1, 25), family="neural identity"),
    "sparse, neural relu, D=2": Config("sparse", 3, (40, 7, 1, 25), 2, family="neural relu"),
    "left-right, neural softplus": Config(
        "left-right", 3, (40, 7, 1, 25), family="neural softplus"
    ),
}
PROBLEMS |= {
    f"missing, {kind}": Config("dense", 2, (30, 7, 1, 5), dimensions, kind, 1.5, missing=0.3)
    for kind, dimensions in [("spherical", 2), ("diag", 2), ("full", 3), ("tied", 3)]
}
PROBLEMS |= {
    f"missing, {family}": Config("sparse", 3, (30, 7, 2), family=family, missing=0.3)
    for family in ("poisson", "neural identity")
}
PROBLEMS["missing, product"] = Config(
    "dense", 3, (30, 7, 2), covariance_type="tied", family="product", missing=0.3
)
PROBLEMS["missing, categorical"] = Config(
    "dense", 3, (30, 7, 2), scale=1.0, family="categorical", missing=0.3
)
every_problem = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS.keys())
TRAINERS = {
    "em": EM,
    "adam": GradientAscent,
    "momentum": lambda sequences, **options: GradientAscent(
        sequences, **{"optimizer": "momentum", "learning_rate": 0.01, **options}
    ),
    "plain": lambda sequences, **options: GradientAscent(sequences, optimizer="plain", **options),
}
every_trainer = pytest.mark.parametrize("trainer", TRAINERS.values(), ids=TRAINERS.keys())


def start_and_data(problem: Config, seed: int = 0) -> tuple[HMM, Sequences]:
    """Data of one random model; a start with the same zeros and other parameters."""
    truth, sequences = problem.make(seed)
    rng = np.random.default_rng(seed + 1000)

    def moved(probs: np.ndarray) -> np.ndarray:
        weights = probs * rng.uniform(0.3, 1.0, probs.shape)
        return weights / weights.sum(axis=-1, keepdims=True)

    emissions = problem.emissions(rng)
    if isinstance(truth.emissions, Categorical):
        emissions = Categorical(moved(truth.emissions.probs))
    return HMM(moved(truth.initial_probs), moved(truth.transition_matrix), emissions), sequences


def parameters(hmm: HMM) -> dict[str, np.ndarray]:
    return {
        "initial_probs": hmm.initial_probs,
        "transition_matrix": hmm.transition_matrix,
        **parameters_of(hmm.emissions),
    }


def assert_never_falls(trainer, hmm: HMM, max_iterations: int):
    """Fit, and check every step against what rounding alone can do."""
    result = fit(trainer, hmm, max_iterations, tolerance=0.0)
    values, size = result.log_likelihoods, trainer.sequences.num_observations
    assert np.isfinite(values).all()
    slack = 1e-12 * (np.abs(values[1:]) + size)
    # A full covariance at the floor is ill-conditioned, and its entries carry only 16 digits.
    slack += np.finfo(float).eps * size * result.hmm.emissions.condition_numbers().max()
    assert (np.diff(values) >= -slack).all()
    return result


NETWORK = NeuralGaussian.parameter_names[:-1]


def model_at(hmm: HMM, unconstrained: dict[str, np.ndarray]) -> HMM:
    """The model that unconstrained parameters stand for, written out anew."""

    def softmax(logits):
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return weights / weights.sum(axis=-1, keepdims=True)

    means = unconstrained.get("means")
    if isinstance(hmm.emissions, Product):
        chain = {name: unconstrained[name] for name in ("initial_logits", "transition_logits")}
        parts = []
        for first, part in members(hmm.emissions):
            own = {
                name.removeprefix(first): value
                for name, value in unconstrained.items()
                if name.startswith(first)
            }
            of_part = HMM(hmm.initial_probs, hmm.transition_matrix, part)
            parts.append(model_at(of_part, own | chain).emissions)
        emissions = Product(parts)
    elif "symbol_logits" in unconstrained:
        emissions = Categorical(softmax(unconstrained["symbol_logits"]))
    elif "log_rates" in unconstrained:
        emissions = Poisson(np.exp(unconstrained["log_rates"]))
    elif "embeddings" in unconstrained:
        layers = (unconstrained[name] for name in NETWORK)
        variances = np.exp(unconstrained["log_sds"]) ** 2
        emissions = NeuralGaussian(*layers, variances, hmm.emissions.output_activation)
    elif "log_sds" in unconstrained:
        variances = np.exp(unconstrained["log_sds"]) ** 2
        emissions = Gaussian(means, variances, hmm.emissions.covariance_type)
    else:
        factors = np.tril(unconstrained["cholesky"], -1)
        diagonals = np.exp(np.diagonal(unconstrained["cholesky"], axis1=-2, axis2=-1))
        factors = factors + diagonals[..., np.newaxis] * np.eye(means.shape[1])
        covariances = factors @ np.swapaxes(factors, -1, -2)
        emissions = Gaussian(means, covariances, hmm.emissions.covariance_type)
    return HMM(
        softmax(unconstrained["initial_logits"]),
        softmax(unconstrained["transition_logits"]),
        emissions,
    )


def unconstrained_of(hmm: HMM) -> dict[str, np.ndarray]:
    with np.errstate(divide="ignore"):
        values = {
            "initial_logits": np.log(hmm.initial_probs),
            "transition_logits": np.log(hmm.transition_matrix),
        }
        if isinstance(hmm.emissions, Product):
            for first, part in members(hmm.emissions):
                of_part = unconstrained_of(HMM(hmm.initial_probs, hmm.transition_matrix, part))
                values |= {f"{first}{n}": v for n, v in of_part.items() if n not in values}
            return values
        if isinstance(hmm.emissions, Categorical):
            return {**values, "symbol_logits": np.log(hmm.emissions.probs)}
        if isinstance(hmm.emissions, Poisson):
            return {**values, "log_rates": np.log(hmm.emissions.rates)}
        if isinstance(hmm.emissions, NeuralGaussian):
            values |= {name: getattr(hmm.emissions, name).copy() for name in NETWORK}
            return {**values, "log_sds": 0.5 * np.log(hmm.emissions.covariances)}
    values["means"] = hmm.emissions.means.copy()
    covariances = hmm.emissions.covariances
    if hmm.emissions.covariance_type in ("spherical", "diag"):
        return {**values, "log_sds": 0.5 * np.log(covariances)}
    factors = np.linalg.cholesky(covariances)
    diagonal = np.arange(covariances.shape[-1])
    factors[..., diagonal, diagonal] = np.log(factors[..., diagonal, diagonal])
    return {**values, "cholesky": factors}
