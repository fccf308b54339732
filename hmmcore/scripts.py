"""Models as scripts: what rebuilds a model in this library or another, and scores its data.

Every number is written in full, so that what a script reads is equal to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hmmcore.arrays import quoted
from hmmcore.emissions import Categorical, Emissions, Gaussian, NeuralGaussian, Poisson, Product
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
    "Product": (Product, ("parts",)),
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
            `NeuralGaussian`, not its network, and products of Gaussians or of Poissons only.
            dynamax lifts every filtered probability between 0 and 1e-15 to 1e-15, which shows where
            only such improbable states can go on.

    Raises:
        ValueError: when the library is another, has no such family, or knows no missing values and
            is to read data that have some.
    """
    if library not in LIBRARIES:
        raise ValueError(f"library is {quoted(library)}; it must be one of {LIBRARIES}.")
    if library != "hmmcore":
        if sequences.has_missing:
            raise ValueError(f"the data have missing values, which {library} cannot score.")
        hmm = for_other_libraries(hmm, library)
    arrays = {
        "initial_probs": hmm.initial_probs,
        "transition_matrix": hmm.transition_matrix,
        **_arrays_of(hmm.emissions),
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


def for_other_libraries(hmm: HMM, library: str) -> HMM:
    """The same model in a family that hmmlearn and dynamax have.

    Raises:
        ValueError: when it is a product of others than Gaussians or Poissons alone.
    """
    hmm = without_network(hmm)
    emissions = hmm.emissions
    if not isinstance(emissions, Product) or all(isinstance(p, Poisson) for p in emissions.parts):
        return hmm
    gaussian = emissions.as_gaussian()
    if gaussian is None:
        kinds = ", ".join(type(part).__name__ for part in emissions.parts)
        raise ValueError(
            f"the emissions are a product of {kinds}; {library} has products of Gaussians alone "
            "or of Poissons alone."
        )
    return HMM(hmm.initial_probs, hmm.transition_matrix, gaussian)


def _arrays_of(emissions: Emissions) -> dict[str, NDArray[Any]]:
    """The arrays of the constructor by the names that scripts give them."""
    if isinstance(emissions, Product):
        return {
            f"{name}_{j}": values
            for j, part in enumerate(emissions.parts)
            for name, values in _arrays_of(part).items()
        }
    values = {name: getattr(emissions, name) for name in FAMILIES[family_of(emissions)][1]}
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


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
    families = {family_of(hmm.emissions)}
    if isinstance(hmm.emissions, Product):
        families |= {family_of(part) for part in hmm.emissions.parts}
    names = sorted({"HMM", "Sequences", *families})
    return [
        "import numpy as np",
        "",
        f"from hmmcore import {', '.join(names)}, log_likelihood",
    ], [
        f"emissions = {_constructor(hmm.emissions)}",
        "model = HMM(initial_probs, transition_matrix, emissions)",
        "total = float(log_likelihood(model, Sequences(observations, lengths)).sum())",
    ]


def _constructor(emissions: Emissions, ending: str = "") -> str:
    """The call that makes emissions of arrays, whose names have this ending."""
    family = family_of(emissions)
    if isinstance(emissions, Product):
        parts = [_constructor(part, f"_{j}") for j, part in enumerate(emissions.parts)]
        return f"{family}([{', '.join(parts)}])"
    values = {name: getattr(emissions, name) for name in FAMILIES[family][1]}
    arguments = [
        repr(value) if isinstance(value, str) else f"{name}{ending}"
        for name, value in values.items()
    ]
    return f"{family}({', '.join(arguments)})"


def _rates(hmm: HMM) -> tuple[int, str]:
    """How many columns of counts there are, and the source of their rates (K, D)."""
    columns = hmm.emissions.num_dimensions
    if not isinstance(hmm.emissions, Product):
        return columns, "rates[:, np.newaxis]"
    return columns, f"np.stack([{', '.join(f'rates_{j}' for j in range(columns))}], axis=1)"


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
        columns, rates = _rates(hmm)
        lines = [
            f"model = hmm.PoissonHMM({hmm.num_states})",
            f"model.n_features = {columns}",
            f"model.lambdas_ = {rates}",
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
        columns, rates = _rates(hmm)
        kind, sizes, given = "PoissonHMM", f"{columns}", {"emission_rates": rates}
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
