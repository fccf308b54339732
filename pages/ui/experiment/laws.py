"""The laws that generated data are drawn from: structure, and emissions of every family."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from hmmcore import HMM, Categorical, Gaussian, Poisson, preset, simulation
from hmmcore.arrays import FloatArray
from hmmcore.emissions import Emissions
from pages.ui.settings.config import Config
from pages.ui.settings.config_rules import fits

STRUCTURE_STREAM = 1
"""Of random numbers, so that no other choice disturbs these draws."""


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
        clouds = simulation.tilted_covariances(config.data_states, config.noise_sd)
        return Gaussian(means, clouds, "full")
    return Gaussian(means, np.full_like(means, config.noise_sd**2))


EMISSIONS: Mapping[str, Callable[[Config], Emissions]] = {
    "numbers": _numbers,
    "counts": _counts,
    "symbols": _symbols,
    "points": _points,
}
