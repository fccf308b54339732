"""Models as JSON, as another library's objects, and as scripts; decoded data as tables.

JSON holds every number in full, so that what is read back is equal to the last bit.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from hmmcore.arrays import quoted
from hmmcore.emissions import Categorical, Emissions, Gaussian, Poisson, Product
from hmmcore.emissions.product import Part
from hmmcore.inference import smooth, viterbi
from hmmcore.model import HMM
from hmmcore.scripts import FAMILIES, family_of, for_other_libraries, unknown_family
from hmmcore.scripts import LIBRARIES as LIBRARIES
from hmmcore.scripts import to_python as to_python
from hmmcore.sequences import Sequences

if TYPE_CHECKING:
    import pandas as pd

FORMAT = "hmmcore model"
VERSION = 1


def to_json(hmm: HMM) -> str:
    """Write a model as JSON."""
    return json.dumps(to_content(hmm), indent=1)


def from_json(text: str | bytes) -> HMM:
    """Read a model that `to_json` wrote; equal to the last bit.

    Raises:
        ValueError: when the text is not JSON, not a model, of a newer version, or not a valid
            model; the message names the field.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is not JSON: {error}.") from None
    return from_content(content)


def to_content(hmm: HMM) -> dict[str, Any]:
    """What `to_json` writes, as dictionaries, lists, numbers and text: a part of a larger JSON."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "initial_probs": _plain(hmm.initial_probs),
        "transition_matrix": _plain(hmm.transition_matrix),
        "emissions": _content_of(hmm.emissions),
    }


def _content_of(emissions: Emissions) -> dict[str, Any]:
    family = family_of(emissions)
    if isinstance(emissions, Product):
        return {"family": family, "parts": [_content_of(part) for part in emissions.parts]}
    values = {name: _plain(getattr(emissions, name)) for name in FAMILIES[family][1]}
    return {"family": family, **values}


def from_content(content: Any) -> HMM:
    """Read a model that `to_content` made. Raises ValueError as `from_json` does."""
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f'this is JSON, but not a model: "format" is not "{FORMAT}".')
    version = content.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        raise ValueError(
            f"this model is of version {quoted(version)}; this program reads versions 1 to "
            f"{VERSION}."
        )
    return HMM(
        _field(content, "initial_probs"),
        _field(content, "transition_matrix"),
        _emissions(_field(content, "emissions"), "emissions", tuple(FAMILIES)),
    )


def _emissions(content: Any, where: str, families: tuple[str, ...]) -> Emissions:
    """Read emissions, or a part of them, of one of some families."""
    family = _field(content, "family", f"{where}.")
    if not isinstance(family, str) or family not in families:
        raise ValueError(f"{where}.family is {quoted(family)}; it must be one of {list(families)}.")
    make, names = FAMILIES[family]
    if family != "Product":
        return make(*(_field(content, name, f"{where}.") for name in names))  # type: ignore[no-any-return]
    parts = _field(content, "parts", f"{where}.")
    if not isinstance(parts, list):
        raise ValueError(f"{where}.parts is {quoted(parts)}; it must be a list of families.")
    inner = tuple(part.__name__ for part in get_args(Part))
    return Product(
        [_emissions(part, f"{where}.parts[{j}]", inner) for j, part in enumerate(parts)]  #
    )


def to_hmmlearn(hmm: HMM) -> Any:
    """Return the same model as an object of hmmlearn, which must be installed.

    hmmlearn has no network: of `NeuralGaussian` it gets the means. Of products it has those of
    Gaussians, and of Poissons.

    Raises:
        ImportError: when hmmlearn is not installed.
        ValueError: when it has no such family.
    """
    import hmmlearn.hmm

    emissions = for_other_libraries(hmm, "hmmlearn").emissions
    options: dict[str, Any] = {"n_components": hmm.num_states, "init_params": ""}
    if isinstance(emissions, Gaussian):
        model = hmmlearn.hmm.GaussianHMM(covariance_type=emissions.covariance_type, **options)
        model.n_features = emissions.num_dimensions
        model.means_ = emissions.means.copy()
        model.covars_ = emissions.covariances.copy()
    elif isinstance(emissions, Categorical):
        model = hmmlearn.hmm.CategoricalHMM(n_features=emissions.num_symbols, **options)
        model.emissionprob_ = emissions.probs.copy()
    elif isinstance(emissions, Poisson):
        model = hmmlearn.hmm.PoissonHMM(**options)
        model.n_features = 1
        model.lambdas_ = emissions.rates[:, np.newaxis].copy()
    elif isinstance(emissions, Product):
        model = hmmlearn.hmm.PoissonHMM(**options)
        model.n_features = emissions.num_dimensions
        model.lambdas_ = np.stack([part.rates for part in emissions.parts], axis=1)  # type: ignore[union-attr]
    else:
        raise unknown_family(emissions)
    model.startprob_ = hmm.initial_probs.copy()
    model.transmat_ = hmm.transition_matrix.copy()
    return model


def from_hmmlearn(model: Any) -> HMM:
    """Read a fitted GaussianHMM, CategoricalHMM or PoissonHMM, of several columns as a `Product`.

    Raises:
        ValueError: when there is no family here for the model.
    """
    kind = type(model).__name__
    emissions: Emissions
    if kind == "GaussianHMM":
        # hmmlearn hands out a full matrix for each state, whatever the type.
        covariances = np.asarray(model.covars_)
        if model.covariance_type == "spherical":
            covariances = covariances[:, 0, 0]
        elif model.covariance_type == "diag":
            covariances = np.diagonal(covariances, axis1=1, axis2=2)
        elif model.covariance_type == "tied":
            covariances = covariances[0]
        emissions = Gaussian(model.means_, covariances, model.covariance_type)
    elif kind == "CategoricalHMM":
        emissions = Categorical(model.emissionprob_)
    elif kind == "PoissonHMM":
        parts = [Poisson(rates) for rates in np.asarray(model.lambdas_).T]
        emissions = parts[0] if len(parts) == 1 else Product(parts)
    else:
        raise ValueError(
            f"{kind} has no counterpart here; read are GaussianHMM, CategoricalHMM and PoissonHMM."
        )
    return HMM(model.startprob_, model.transmat_, emissions)


def decoded_frame(hmm: HMM, sequences: Sequences) -> pd.DataFrame:
    """Tabulate what a model decodes: one row per observation, ready for CSV or Parquet.

    Columns: "sequence" and "time" counted from 0, "x" (or "x0", "x1", … for D > 1),
    "viterbi_state", and "smoothed_prob_0" … "smoothed_prob_{K-1}". Missing values are NaN.
    """
    import pandas as pd

    lengths = sequences.lengths
    names = ["x"] if sequences.num_dimensions == 1 else None
    columns = {
        "sequence": np.repeat(np.arange(len(lengths)), lengths),
        "time": np.concatenate([np.arange(length) for length in lengths]),
    }
    for d in range(sequences.num_dimensions):
        columns[names[d] if names else f"x{d}"] = sequences.observations[:, d]
    columns["viterbi_state"] = viterbi(hmm, sequences).states
    for k, probs in enumerate(smooth(hmm, sequences).smoothed_probs.T):
        columns[f"smoothed_prob_{k}"] = probs
    return pd.DataFrame(columns)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def _field(content: Any, name: str, where: str = "") -> Any:
    if not isinstance(content, dict) or name not in content:
        raise ValueError(f"the model has no {where}{name}.")
    return content[name]
