"""What the model that learns may not choose, and what is held of it before any data.

All of it follows from the Config: zeros, ties and the shape of spreads are imposed on the starting
model, priors and ties go to the trainer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from hmmcore import HMM, Gaussian, NeuralGaussian, Priors, Ties, initialization
from hmmcore.arrays import FloatArray
from hmmcore.emissions import members, with_parameters
from pages.ui.experiment.dataset import Dataset
from pages.ui.settings.config import FIELD_OF, Config
from pages.ui.settings.families import FAMILIES, LOCATIONS, PART_PARAMETERS
from pages.ui.text import uncapitalised

NAMES = (
    "chain", "stays", "spread", "held_at",
    "sticky_prior", "transition_prior", "initial_prior", "spread_prior", "spread_mode",
)  # fmt: skip
"""The settings that hold something."""

NOTHING_HELD: Mapping[str, Any] = {name: FIELD_OF[name].default for name in NAMES}

TRUTH_UNKNOWN = (
    "The true {} are not known for so many states, so those of the starting point are held; choose "
    "generated data with as many true states as K."
)
CHAIN_WORDS = {"left-right": "left to right", "cyclic": "in a circle"}


def settings(config: Config) -> tuple[object, ...]:
    """Their values, for what depends on them."""
    return tuple(getattr(config, name) for name in NAMES)


def has_spreads(config: Config, kinds: tuple[str, ...]) -> bool:
    """Whether states have spreads, on which there can be a prior.

    Args:
        kinds: those of the data; a product has spreads where one of its columns is a number.
    """
    return config.family in ("numbers", "points") or "numbers" in kinds


def priors(config: Config, num_states: int, kinds: tuple[str, ...]) -> Priors | None:
    """The priors of a model with so many states; None where all are flat.

    Args:
        kinds: those of the data. A prior on spreads is left out where there are none.
    """
    initial = 1.0 + config.initial_prior if config.initial_prior else None
    transition: FloatArray | None = None
    if config.sticky_prior or config.transition_prior:
        transition = 1.0 + config.transition_prior + config.sticky_prior * np.eye(num_states)
    shape = scale = None
    if config.spread_prior and has_spreads(config, kinds):
        # Worth 2 (shape + 1) observations, largest at scale / (shape + 1); see `Priors`.
        shape = 0.5 * config.spread_prior - 1.0
        scale = config.spread_mode**2 * (shape + 1.0)
    if initial is transition is shape is None:
        return None
    return Priors(initial, transition, shape, scale)


def ties(config: Config, num_states: int) -> Ties | None:
    """The ties between the entries of A; None without any."""
    if config.stays == "own":
        return None
    return initialization.shared_stays(config.chain, num_states)


def imposed(hmm: HMM, config: Config) -> HMM:
    """The model with the zeros, the ties and the shape of spreads that the Config asks for."""
    emissions, own = hmm.emissions, ties(config, hmm.num_states)
    if config.spread != "data" and isinstance(emissions, Gaussian):
        hmm = initialization.with_covariance_type(hmm, config.spread)
    if config.chain == "free" and own is None:
        return hmm
    return initialization.with_chain(hmm, config.chain, own)


def constrained_start(hmm: HMM, config: Config, data: Dataset) -> HMM:
    """A start that data or chance made, its states in the order of the chain, as `imposed`."""
    hmm = with_true_locations(hmm, config, data)
    if config.chain != "free" and not holds_truth(config, data):
        hmm = initialization.in_chain_order(hmm, data.sequences, config.chain)
    return imposed(hmm, config)


def location_of(config: Config) -> str:
    """What says where a state's observations lie: "means", "rates", "probs" or, of all parts of a
    product, "locations"; empty for a family that has no such parameter of its own."""
    return next((name for name in FAMILIES[config.family].parameters if name in LOCATIONS), "")


def holds_truth(config: Config, data: Dataset) -> bool:
    """Whether means, rates or symbols are held at the true ones."""
    return _asks_for_truth(config) and _with_true_locations(None, config, data) is not None


def why_not_true(config: Config, data: Dataset) -> str:
    """Why the true means, rates or symbols cannot be held, in a sentence; empty if they can."""
    if not _asks_for_truth(config) or holds_truth(config, data):
        return ""
    name = location_of(config)
    words = {"probs": "symbol probabilities", "locations": "means, rates and symbols"}
    return TRUTH_UNKNOWN.format(words.get(name, name))


def with_true_locations(hmm: HMM, config: Config, data: Dataset) -> HMM:
    """The model with the true means, rates or symbols, where these are held and known."""
    if not _asks_for_truth(config):
        return hmm
    return _with_true_locations(hmm, config, data) or hmm


def _asks_for_truth(config: Config) -> bool:
    location = location_of(config)
    return config.held_at == "true" and bool(location) and location not in config.trainable


def _with_true_locations(hmm: HMM | None, config: Config, data: Dataset) -> HMM | None:
    """A model, or else the true one, with the true locations; None where these are not known."""
    truth = data.truth
    if truth is None or isinstance(truth.emissions, NeuralGaussian):
        return None
    hmm = hmm or truth
    if not config.num_states == truth.num_states == hmm.num_states:
        return None
    parts = zip(members(hmm.emissions), members(truth.emissions), strict=True)
    changed = {
        f"{first}{name}": getattr(true, name)
        for (first, _), (_, true) in parts
        for name in PART_PARAMETERS["locations"]
        if hasattr(true, name)
    }
    if not changed:
        return None
    emissions = with_parameters(hmm.emissions, changed)
    return HMM(hmm.initial_probs, hmm.transition_matrix, emissions)


def refused_by_hand(hmm: HMM, config: Config) -> str:
    """Why a model made by hand does not satisfy the chain, in a sentence; empty if it does."""
    if config.chain == "free":
        return ""
    chained = initialization.with_chain(hmm, config.chain)
    beyond = (hmm.transition_matrix > 0.0) & (chained.transition_matrix == 0.0)
    if not beyond.any() and not ((hmm.initial_probs > 0.0) & (chained.initial_probs == 0.0)).any():
        return ""
    return (
        f"The chain goes {CHAIN_WORDS[config.chain]}, so its other steps stay impossible; choose "
        "Anywhere as the Chain under Constraints and priors."
    )


def refused_on_map(config: Config, parameters: list[str | int]) -> str:
    """Why these parameters cannot be the axes of a map, in a sentence; empty if they can."""
    if config.stays == "shared" and "transition_matrix" in parameters:
        return (
            "With one probability of staying for all, an entry of A does not move by itself; "
            "choose Each its own as Staying, or other numbers."
        )
    if config.chain == "left-right" and "initial_probs" in parameters:
        return "A left-to-right chain begins in its first state, so π has nothing to move."
    return ""


def truth_is_beyond(config: Config) -> str:
    """Why a plane through the true model would leave the constraints; empty if it would not."""
    if config.chain == "free" and config.stays == "own":
        return ""
    return (
        "The plane through the true model leaves the chain that is asked for; choose Anywhere and "
        "Each its own under Constraints and priors."
    )


def in_words(config: Config, kinds: tuple[str, ...]) -> list[str]:
    """What is held or thought likely, in a few words each; empty where nothing is."""
    return list(_words(config, kinds))


def _words(config: Config, kinds: tuple[str, ...]) -> Iterator[str]:
    for name in ("chain", "stays", "spread"):
        field = FIELD_OF[name]
        value = getattr(config, name)
        if value != field.default:
            assert field.choices is not None
            yield f"{field.label.lower()}: {field.choices[value].lower()}"
    if _asks_for_truth(config):
        yield f"held at the true {location_of(config)}"
    for name in ("sticky_prior", "transition_prior", "initial_prior", "spread_prior"):
        value = getattr(config, name)
        if value and (name != "spread_prior" or has_spreads(config, kinds)):
            yield f"{uncapitalised(FIELD_OF[name].label)} {value:g}"


def has_priors(config: Config, kinds: tuple[str, ...]) -> bool:
    """Whether training climbs the log-posterior rather than the log-likelihood."""
    return priors(config, 1, kinds) is not None
