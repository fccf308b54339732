"""Numbers that are trained while all others of a model are held."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hmmcore import HMM, Categorical, Gaussian, NeuralGaussian, Poisson
from hmmcore.coordinates import DISTRIBUTIONS, Coordinate

Coordinates = tuple[Coordinate, ...]


def selections(hmm: HMM) -> Iterator[Coordinates]:
    """Numbers of one parameter, and of several, that can be trained by themselves."""
    emissions, last = hmm.emissions, hmm.num_states - 1
    yield (("initial_probs", 0),)
    yield tuple(dict.fromkeys([("transition_matrix", last, 0), ("transition_matrix", last, last)]))
    if isinstance(emissions, Categorical):
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
    for name in ("means", "standard_deviations", "rates", "probs"):
        if hasattr(hmm.emissions, name):
            found[name] = getattr(hmm.emissions, name)
    return found


def chosen_of(hmm: HMM, coordinates: Coordinates) -> dict[str, np.ndarray]:
    """By parameter, where the coordinates are."""
    masks = {name: np.zeros(values.shape, dtype=bool) for name, values in arrays(hmm).items()}
    for name, *place in coordinates:
        masks[str(name)][tuple(place)] = True
    kind = getattr(hmm.emissions, "covariance_type", None)
    if kind == "spherical":
        mask = masks["standard_deviations"]
        mask |= mask.any(axis=1, keepdims=True)
    if kind == "tied":
        mask = masks["standard_deviations"]
        mask |= mask.any(axis=0)
    return masks


def assert_others_stay(before: HMM, after: HMM, coordinates: Coordinates, rtol: float) -> None:
    """To the last bit, and within a row of probabilities in their proportions."""
    masks, present = chosen_of(before, coordinates), arrays(before)
    for name, values in arrays(after).items():
        mask = masks[name]
        if name in DISTRIBUTIONS:
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
