"""Families and constraints side by side: which there are for some data, and how each is trained.

A variant is the present experiment with some settings of its own, so that whatever it led to can be
taken into the experiment, and travels in a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hmmcore import Sequences, Trainer
from hmmcore.selection import Variant
from pages.ui.experiment import constraints, model_choice
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.model_choice import Plan
from pages.ui.settings.config import FIELD_OF, Config
from pages.ui.settings.families import FAMILIES, trainable_for

FREE: Mapping[str, Any] = {
    **constraints.NOTHING_HELD, "mean_model": FIELD_OF["mean_model"].default,
}  # fmt: skip
"""Settings from which each variant differs in one thing."""

SPREADS = ("spherical", "diag", "full", "tied")
WIDER: Mapping[str, tuple[str, ...]] = {
    "spherical": ("diag", "full"), "diag": ("full",), "tied": ("full",), "full": (),
}  # fmt: skip
"""Shapes of spreads that contain another one, for points."""
OF_TRANSITIONS = ("sticky", "stays", "left-right", "cyclic")


def _freed(config: Config) -> Config:
    """The settings without constraints and priors, from which each variant differs in one thing."""
    location, trainable = constraints.location_of(config), config.trainable
    if config.held_at == "true":
        # What was taken from here leaves what is compared as it was.
        trainable = trainable_for(config.family, (*trainable, location))
    return replace(config, **FREE, trainable=trainable)


def available(config: Config, data: Dataset) -> dict[str, str]:
    """The variants that make sense for these data and so many states: name to label.

    Left out is what would be the same as another: all spreads but a tied one of single numbers, a
    cycle of two states. So is what is not trained.
    """
    config = _freed(config)
    labels = dict(FIELD_OF["variants"].choices or {})
    names = ["plain"]
    if "covariances" in config.trainable:
        if data.family == "points":
            names += [name for name in SPREADS if name != config.covariance_type]
        elif data.family == "numbers" and config.num_states > 1:
            names.append("tied")
    if config.num_states > 1 and "transition_matrix" in config.trainable:
        names += [name for name in OF_TRANSITIONS if name != "cyclic" or config.num_states > 2]
    location = constraints.location_of(config)
    if (
        location in config.trainable
        and data.truth is not None
        and data.truth.num_states == config.num_states
    ):
        names.append("true")
    if data.family == "numbers" and "means" in config.trainable:
        names.append("network")
    if data.family == "points":
        labels["plain"] = (FIELD_OF["covariance_type"].choices or {})[config.covariance_type]
    if location:
        held = "values" if location == "locations" else FAMILIES[data.family].trainable[location]
        labels["true"] = f"True {held.lower()} held"
    return {name: labels[name] for name in labels if name in names}


def own_settings(config: Config, name: str) -> dict[str, Any]:
    """The settings of the experiment that make it a variant."""
    values: dict[str, Any] = dict(FREE)
    if name in SPREADS:
        values["spread"] = name
    elif name == "sticky":
        values["sticky_prior"] = config.variant_sticky
    elif name == "stays":
        values["stays"] = "shared"
    elif name in ("left-right", "cyclic"):
        values["chain"] = name
    elif name == "network":
        values["mean_model"] = "network"
    elif name == "true":
        location = constraints.location_of(config)
        values["held_at"] = "true"
        values["trainable"] = tuple(one for one in config.trainable if one != location)
    return values


def with_own_settings(config: Config, name: str) -> Config:
    """The experiment as a variant."""
    return replace(config, **own_settings(config, name))


def plan_of_variants(config: Config, data: Dataset) -> Plan:
    """The variants that were chosen, by one method."""
    config = _freed(config)
    methods = ("Gradient",) if config.method == "Gradient" else ("EM",)
    there = available(config, data)
    chosen = tuple(name for name in there if name in config.variants) or ("plain",)
    notes = []
    held = model_choice.hold_out(config, data)
    cells = data.sequences.num_observations * config.num_states * len(chosen)
    most = model_choice.most_starts(cells * (1 if held == "nothing" else 2))
    if config.variant_starts > most:
        notes.append(f"With these data at most {most} starts are trained for each.")
    config = replace(
        config, variants=chosen, variant_starts=min(config.variant_starts, most), hold_out=held,
        only="",
    )  # fmt: skip
    shared = model_choice.shared_key(config, data, methods)
    known = data.truth if "true" in chosen else None
    key = (
        "variants", chosen, config.num_states, config.variant_starts,
        config.variant_sticky if "sticky" in chosen else None, held, known, *shared,
    )  # fmt: skip
    return Plan(key, config, methods, tuple(notes))


def variants(plan: Plan, data: Dataset) -> dict[str, Variant]:
    """The variants of a plan, by name."""
    chosen = plan.config.variants
    return {name: _variant(plan, data, name, chosen) for name in chosen}


def _variant(plan: Plan, data: Dataset, name: str, chosen: tuple[str, ...]) -> Variant:
    config, (method,) = plan.config, plan.methods
    own = with_own_settings(config, name)

    def make_trainer(sequences: Sequences) -> Trainer:
        return model_choice.trainer(method, own, data, sequences)

    within = tuple(other for other in _containing(name, config, data) if other in chosen)
    return Variant(make_trainer, model_choice.make_start(own, data), within)


def _containing(name: str, config: Config, data: Dataset) -> tuple[str, ...]:
    """Variants that can do whatever this one can."""
    if name == "left-right" and "initial_probs" not in config.trainable:
        return ()  # it begins in its first state, the others as their start does
    if data.family != "points":
        return () if name == "plain" else ("plain",)
    base = config.covariance_type
    if name in OF_TRANSITIONS or name in ("plain", "true"):
        # All of these have the spreads of the data's own kind.
        wider = WIDER[base]
        return wider if name == "plain" else ("plain", *wider)
    return tuple("plain" if other == base else other for other in WIDER[name])
