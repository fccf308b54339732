"""Models as scripts: what rebuilds a model in this library or another, and scores its data.

Every number is written in full, so that what a script reads is equal to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hmmcore.arrays import quoted
from hmmcore.emissions import Categorical, Emissions, Gaussian, NeuralGaussian, Poisson
from hmmcore.model import HMM
from hmmcore.sequences import Sequences

LIBRARIES = ("hmmcore", "hmmlearn", "dynamax")

FAMILIES: dict[str, tuple[type[Any], tuple[str, ...]]] = {
    "Gaussian": (Gaussian, ("means", "covariances", "covariance_type")),
    "Categorical": (Categorical, ("probs",)),
    "Poisson": (Poisson, ("rates",)),
    "NeuralGaussian": (
        NeuralGaussian,
        (*NeuralGaussian.parameter_names, "output_activation"),
    ),
}
"""The fields that make each family, in the order of its constructor."""

LONGEST_LIST = 100
"""Longer arrays are written as text: a list of 400 000 rows takes Python 0.8 GB to read, a text of
them a tenth of that and of the time."""

DYNAMAX_GAUSSIANS = {
    "spherical": ("SphericalGaussianHMM", "emission_scales", "np.sqrt(covariances)"),
    "diag": ("DiagonalGaussianHMM", "emission_scale_diags", "np.sqrt(covariances)"),
    "full": ("GaussianHMM", "emission_covariances", "covariances"),
    "tied": ("SharedCovarianceGaussianHMM", "emission_covariance", "covariances"),
}
"""By covariance type: the class, its argument for covariances, and what that is of ours."""


def to_python(hmm: HMM, sequences: Sequences, library: str = "hmmcore") -> str:
    """Write a script that rebuilds the model and prints the log-likelihood of the data.

    It prints the sum over all sequences, and the same per observation that is not missing.

    Args:
        library: which of `LIBRARIES` the script is to use. Others than hmmcore get the means of
            `NeuralGaussian`, not its network. dynamax lifts every filtered probability between
            0 and 1e-15 to 1e-15, which shows where only such improbable states can go on.

    Raises:
        ValueError: when the library is another, or one that knows no missing values is to read
            data that have some.
    """
    if library not in LIBRARIES:
        raise ValueError(f"library is {quoted(library)}; it must be one of {LIBRARIES}.")
    if library != "hmmcore":
        if sequences.has_missing:
            raise ValueError(f"the data have missing values, which {library} cannot score.")
        hmm = without_network(hmm)
    names = FAMILIES[family_of(hmm.emissions)][1]
    values = {name: getattr(hmm.emissions, name) for name in names}
    arrays = {
        "initial_probs": hmm.initial_probs,
        "transition_matrix": hmm.transition_matrix,
        **{name: value for name, value in values.items() if isinstance(value, np.ndarray)},
        "observations": sequences.observations,
        "lengths": sequences.lengths,
    }
    write = {"hmmcore": _hmmcore, "hmmlearn": _hmmlearn, "dynamax": _dynamax}[library]
    imports, score = write(hmm)
    return "\n".join(
        [
            f'"""A hidden Markov model and its data, scored by {library}: in nats."""',
            "",
            *imports,
            "",
            *(f"{name} = {array_source(value)}" for name, value in arrays.items()),
            "",
            *score,
            "observed = int((~np.isnan(observations)).any(axis=1).sum())",
            'print(f"log-likelihood {total!r}")',
            'print(f"per observation {total / observed!r} ({observed} observed)")',
            "",
        ]
    )


def array_source(values: NDArray[Any]) -> str:
    """Numbers or dates as Python source text of an array: a list if short, or a text of them."""
    if values.dtype.kind == "M":
        texts = np.datetime_as_string(values.ravel()).tolist()
    elif values.size <= LONGEST_LIST and not np.isnan(values).any():
        return f"np.array({values.tolist()})"
    else:
        texts = [repr(value) for value in values.ravel().tolist()]
    # A row of a matrix is a line; what has one number a row is written ten to a line.
    width = values.shape[-1] if values.ndim > 1 and values.shape[-1] > 1 else 10
    text = "\n".join(" ".join(texts[i : i + width]) for i in range(0, len(texts), width))
    kind = {"M": f'"{values.dtype}"', "i": "int"}.get(values.dtype.kind, "float")
    array = f'np.array("""\n{text}\n""".split(), {kind})'
    return array if values.ndim == 1 else f"{array}.reshape{values.shape}"


def without_network(hmm: HMM) -> HMM:
    """The same model; of a network, what it gives."""
    if not isinstance(hmm.emissions, NeuralGaussian):
        return hmm
    return HMM(hmm.initial_probs, hmm.transition_matrix, hmm.emissions.gaussian)


def family_of(emissions: Emissions) -> str:
    """The key of `FAMILIES`. Raises ValueError for a family that is not written."""
    name = type(emissions).__name__
    if name not in FAMILIES:
        raise unknown_family(emissions)
    return name


def unknown_family(emissions: Emissions) -> ValueError:
    """The error that says which families are written."""
    return ValueError(
        f"emissions are {type(emissions).__name__}; written are {', '.join(FAMILIES)}."
    )


def _hmmcore(hmm: HMM) -> tuple[list[str], list[str]]:
    family = family_of(hmm.emissions)
    values = {name: getattr(hmm.emissions, name) for name in FAMILIES[family][1]}
    arguments = [repr(value) if isinstance(value, str) else name for name, value in values.items()]
    return [
        "import numpy as np",
        "",
        f"from hmmcore import HMM, {family}, Sequences, log_likelihood",
    ], [
        f"emissions = {family}({', '.join(arguments)})",
        "model = HMM(initial_probs, transition_matrix, emissions)",
        "total = float(log_likelihood(model, Sequences(observations, lengths)).sum())",
    ]


def _hmmlearn(hmm: HMM) -> tuple[list[str], list[str]]:
    emissions, data = hmm.emissions, "observations.astype(int)"
    if isinstance(emissions, Gaussian):
        data = "observations"
        lines = [
            f"model = hmm.GaussianHMM({hmm.num_states}, {emissions.covariance_type!r})",
            f"model.n_features = {emissions.num_dimensions}",
            "model.means_, model.covars_ = means, covariances",
        ]
    elif isinstance(emissions, Categorical):
        lines = [
            f"model = hmm.CategoricalHMM({hmm.num_states}, n_features={emissions.num_symbols})",
            "model.emissionprob_ = probs",
        ]
    else:
        lines = [
            f"model = hmm.PoissonHMM({hmm.num_states})",
            "model.n_features = 1",
            "model.lambdas_ = rates[:, np.newaxis]",
        ]
    return ["import numpy as np", "from hmmlearn import hmm"], [
        *lines,
        "model.startprob_, model.transmat_ = initial_probs, transition_matrix",
        f"total = float(model.score({data}, lengths))",
    ]


def _dynamax(hmm: HMM) -> tuple[list[str], list[str]]:
    emissions, data = hmm.emissions, "observations.astype(int)"
    if isinstance(emissions, Gaussian):
        kind, name, value = DYNAMAX_GAUSSIANS[emissions.covariance_type]
        data, sizes = "observations", f"{emissions.num_dimensions}"
        given = {"emission_means": "means", name: value}
    elif isinstance(emissions, Categorical):
        kind, sizes = "CategoricalHMM", f"1, {emissions.num_symbols}"
        given = {"emission_probs": "probs[:, np.newaxis]"}
    else:
        kind, sizes, given = "PoissonHMM", "1", {"emission_rates": "rates[:, np.newaxis]"}
    given = {"initial_probs": "initial_probs", "transition_matrix": "transition_matrix", **given}
    return [
        "import jax",
        "import jax.numpy as jnp",
        "import numpy as np",
        f"from dynamax.hidden_markov_model import {kind}",
        "",
        "# jax computes in single precision unless told otherwise.",
        'jax.config.update("jax_enable_x64", True)',
    ], [
        f"model = {kind}({hmm.num_states}, {sizes})",
        "params, _ = model.initialize(",
        *(f"    {name}=jnp.asarray({value})," for name, value in given.items()),
        ")",
        "# Compiled anew for every length that occurs.",
        "score = jax.jit(lambda sequence: model.marginal_log_prob(params, sequence))",
        f"split = np.split({data}, np.cumsum(lengths)[:-1])",
        "total = sum(float(score(sequence)) for sequence in split)",
    ]
