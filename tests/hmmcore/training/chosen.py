"""Numbers that are trained while all others of a model are held."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hmmcore import HMM, Categorical, Gaussian, NeuralGaussian, Poisson, Product
from hmmcore.coordinates import Coordinate, flat, is_distribution, place_of
from hmmcore.emissions import members

Coordinates = tuple[Coordinate, ...]


def selections(hmm: HMM) -> Iterator[Coordinates]:
    """Numbers of one parameter, and of several, that can be trained by themselves."""
    emissions, last = hmm.emissions, hmm.num_states - 1
    yield (("initial_probs", 0),)
    yield tuple(dict.fromkeys([("transition_matrix", last, 0), ("transition_matrix", last, last)]))
    if isinstance(emissions, Product):
        yield ("parts", 0, "rates", last), ("parts", 2, "probs", 0, 1)
        yield ("parts", 1, "means", 0), ("parts", 1, "standard_deviations", 0, 0)
        yield ("parts", 4, "standard_deviations", last), ("transition_matrix", 0, last)
    elif isinstance(emissions, Categorical):
        yield (("probs", 0, 1),)
        yield ("probs", 0, 1), ("probs", 0, 2), ("probs", last, 0), ("transition_matrix", 0, last)
    elif isinstance(emissions, Poisson):
        yield (("rates", last),)
        yield ("rates", 0), ("initial_probs", last)
    elif isinstance(emissions, NeuralGaussian):
        yield (("standard_deviations", 0, 0),)
        yield ("standard_deviations", last, 0), ("transition_matrix", 0, 0)
    else:
        dimensions = emissions.num_dimensions
        yield (("means", 0, 0),)
        yield ("means", last, 0), ("initial_probs", 0), ("transition_matrix", 0, last)
        several = [("means", k, d) for k in (0, last) for d in range(max(1, dimensions - 1))]
        yield tuple(dict.fromkeys(several))
        if dimensions == 1 or emissions.covariance_type in ("spherical", "diag"):
            yield (("standard_deviations", last, 0),)
            yield ("means", 0, dimensions - 1), ("standard_deviations", 0, 0)
            if dimensions > 1:
                yield ("means", 0, 0), ("means", 0, 1), ("standard_deviations", 0, 1)


def arrays(hmm: HMM) -> dict[str, np.ndarray]:
    """What coordinates are places in; of correlated Gaussians without standard deviations."""
    found = {"initial_probs": hmm.initial_probs, "transition_matrix": hmm.transition_matrix}
    for first, part in members(hmm.emissions):
        for name in ("means", "standard_deviations", "rates", "probs"):
            if hasattr(part, name):
                found[f"{first}{name}"] = getattr(part, name)
    return found


def chosen_of(hmm: HMM, coordinates: Coordinates) -> dict[str, np.ndarray]:
    """By parameter, where the coordinates are."""
    masks = {name: np.zeros(values.shape, dtype=bool) for name, values in arrays(hmm).items()}
    for coordinate in coordinates:
        masks[str(flat(coordinate)[0])][place_of(hmm, coordinate)] = True
    for first, part in members(hmm.emissions):
        kind = getattr(part, "covariance_type", None)
        if kind == "spherical":
            mask = masks[f"{first}standard_deviations"]
            mask |= mask.any(axis=1, keepdims=True)
        if kind == "tied":
            mask = masks[f"{first}standard_deviations"]
            mask |= mask.any(axis=0)
    return masks


def assert_others_stay(before: HMM, after: HMM, coordinates: Coordinates, rtol: float) -> None:
    """To the last bit, and within a row of probabilities in their proportions."""
    masks, present = chosen_of(before, coordinates), arrays(before)
    for name, values in arrays(after).items():
        mask = masks[name]
        if is_distribution(name):
            np.testing.assert_allclose(values.sum(axis=-1), 1.0, rtol=1e-14)
            untouched = ~mask.any(axis=-1)
            np.testing.assert_array_equal(values[untouched], present[name][untouched])
            rows = zip(*(np.atleast_2d(n) for n in (values, present[name], mask)), strict=True)
            for row, old, chosen in rows:
                others = row[~chosen].sum(), old[~chosen].sum()
                np.testing.assert_allclose(
                    row[~chosen] * others[1], old[~chosen] * others[0], rtol=rtol, atol=1e-300
                )
        else:
            np.testing.assert_array_equal(values[~mask], present[name][~mask])
    if isinstance(before.emissions, NeuralGaussian):
        for layer, old in zip(after.emissions.layers, before.emissions.layers, strict=True):
            np.testing.assert_array_equal(layer, old)
    elif isinstance(before.emissions, Gaussian) and not masks["standard_deviations"].any():
        np.testing.assert_array_equal(after.emissions.covariances, before.emissions.covariances)
