"""Named experiments as settings of the page: the laws of `hmmcore.presets`, drawn with any seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pages.ui.config import FIELD_OF, NOTEBOOK, Config

ALL_PARAMETERS = FIELD_OF["trainable"].default

_COMMON: Mapping[str, Any] = {
    "source": "generated",
    "family": "numbers",
    "noise_sd": 1.0,
    "mean_model": "free",
    "initial_table": None,
    "transition_table": None,
    "means_table": None,
    "rates_table": None,
    "symbols_table": None,
    "points_table": None,
    "sequence": 1,
    "trainable": ALL_PARAMETERS,
}


def _law(**fields: Any) -> Mapping[str, Any]:
    return MappingProxyType({**_COMMON, **fields})


PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "notebook": _law(
            **NOTEBOOK,
            source="notebook",
            start="symmetric",
            trainable=("initial_probs", "transition_matrix", "means"),
        ),
        "easy": _law(
            num_states=3, length=200, num_sequences=5,
            structure="sticky", persistence=0.95,
            mean_law="spaced", separation=5.0, start="quantiles",
        ),
        "overlapping": _law(
            num_states=3, length=200, num_sequences=10,
            structure="sticky", persistence=0.95,
            mean_law="spaced", separation=1.5, start="quantiles",
        ),
        "left-right": _law(
            num_states=4, length=60, num_sequences=20,
            structure="left-right", persistence=0.9,
            mean_law="spaced", separation=2.0, start="near-truth",
        ),
        "cyclic": _law(
            num_states=4, length=200, num_sequences=10,
            structure="cyclic", persistence=0.6,
            mean_law="spaced", separation=2.0, start="kmeans",
        ),
        "twins": _law(
            num_states=4, length=200, num_sequences=10,
            structure="cyclic", persistence=0.6,
            mean_law="edited", means_table=((-3.0, 0.0, 3.0, 0.0),), start="near-truth",
        ),
        "fast-switching": _law(
            num_states=3, length=200, num_sequences=10,
            structure="sticky", persistence=0.05,
            mean_law="spaced", separation=2.0, start="kmeans",
        ),
        "umbrella": _law(
            family="symbols", num_symbols=2, num_states=2, length=50, num_sequences=20,
            structure="sticky", persistence=0.7,
            symbols_table=((0.9, 0.1), (0.2, 0.8)), start="near-truth",
            trainable=("initial_probs", "transition_matrix", "probs"),
        ),
        "casino": _law(
            family="symbols", num_symbols=6, num_states=2, length=300, num_sequences=5,
            structure="edited", transition_table=((0.95, 0.05), (0.1, 0.9)),
            symbols_table=((1 / 6,) * 6, (0.1,) * 5 + (0.5,)), start="kmeans",
            trainable=("initial_probs", "transition_matrix", "probs"),
        ),
    }
)  # fmt: skip
"""The fields that each preset sets; all others, the seed among them, stay as they are."""


def matching_preset(config: Config) -> str | None:
    """The preset that `config` still is, or None when something of it was changed."""
    for name, fields in PRESETS.items():
        if replace(config, **{**fields, "sequence": config.sequence}) == config:
            return name
    return None
