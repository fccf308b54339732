"""The true model of generated data: transition structure, and emissions of every family."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from hmmcore import HMM, Categorical, Gaussian, Poisson, Product, preset, simulation
from hmmcore.arrays import FloatArray
from hmmcore.emissions import Emissions
from pages.ui.settings.config import Config
from pages.ui.settings.config_rules import fits
from pages.ui.settings.families import TOGETHER

STRUCTURE_STREAM = 1
"""Key of the random stream of the structure, which no other random choice shares."""


def true_model(config: Config) -> HMM:
    """The model that generated data are drawn from."""
    if config.source == "notebook":
        return preset("notebook").truth
    initial_probs, transition_matrix = _structure(config)
    if fits(config, "initial_table"):
        initial_probs = np.array(config.initial_table)[0]
    return HMM(initial_probs, transition_matrix, EMISSIONS[config.family](config))


def _structure(config: Config) -> tuple[FloatArray, FloatArray]:
    num_states, persistence = config.data_states, config.persistence
    if config.structure == "softmax":
        rng = np.random.default_rng([config.seed, STRUCTURE_STREAM])
        return simulation.softmax_structure(num_states, rng)
    if config.structure == "cyclic":
        return simulation.cyclic_structure(num_states, persistence)
    if config.structure == "left-right":
        return simulation.left_right_structure(num_states, persistence)
    initial_probs, transition_matrix = simulation.sticky_structure(num_states, persistence)
    if config.structure == "edited" and fits(config, "transition_table"):
        transition_matrix = np.array(config.transition_table)
    return initial_probs, transition_matrix


def _numbers(config: Config) -> Gaussian:
    if config.mean_law == "log":
        means = simulation.log_means(config.data_states)
    elif config.mean_law == "edited" and fits(config, "means_table"):
        means = np.array(config.means_table)[0]
    else:
        means = simulation.evenly_spaced_means(config.data_states, config.separation)
    return Gaussian.univariate(means, config.noise_sd)


def _counts(config: Config) -> Poisson:
    if fits(config, "rates_table"):
        return Poisson(np.array(config.rates_table)[0])
    return Poisson(simulation.evenly_spaced_rates(config.data_states, config.separation))


def _symbols(config: Config) -> Categorical:
    if fits(config, "symbols_table"):
        return Categorical(np.array(config.symbols_table))
    return Categorical(
        simulation.favourite_symbol_probs(config.data_states, config.num_symbols, config.sharpness)
    )


def _points(config: Config) -> Gaussian:
    if fits(config, "points_table"):
        means = np.array(config.points_table).T
    else:
        means = simulation.circle_means(config.data_states, config.separation)
    if config.covariance_type == "full":
        covariances = simulation.tilted_covariances(config.data_states, config.noise_sd)
        return Gaussian(means, covariances, "full")
    return Gaussian(means, np.full_like(means, config.noise_sd**2))


def _product(config: Config) -> Product:
    """Each part has the law of its kind, and the states in an order of its own.

    So those that one part hardly tells apart, another does.
    """
    given = iter(config.parts_table) if fits(config, "parts_table") else None  # type: ignore[arg-type]
    parts: list[Gaussian | Poisson | Categorical] = []
    for j, kind in enumerate(TOGETHER[config.kinds][1]):
        if kind == "symbols":
            probs = simulation.favourite_symbol_probs(
                config.data_states, config.num_symbols, config.sharpness
            )
            parts.append(Categorical(np.roll(probs, j, axis=0)))
        elif kind == "counts":
            rates = simulation.evenly_spaced_rates(config.data_states, config.separation)
            parts.append(Poisson(np.array(next(given)) if given else np.roll(rates, j)))
        else:
            means = simulation.evenly_spaced_means(config.data_states, config.separation)
            means = np.array(next(given)) if given else np.roll(means, j)
            parts.append(Gaussian.univariate(means, config.noise_sd))
    return Product(parts)


EMISSIONS: Mapping[str, Callable[[Config], Emissions]] = {
    "numbers": _numbers,
    "counts": _counts,
    "symbols": _symbols,
    "points": _points,
    "product": _product,
}
