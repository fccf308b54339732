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
    "noise_sd": 1.0,
    "initial_table": None,
    "transition_table": None,
    "means_table": None,
    "sequence": 1,
    "trainable": ALL_PARAMETERS,
    "nudge": 0,
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
    }
)  # fmt: skip
"""The fields that each preset sets; all others, the seed among them, stay as they are."""


def matching_preset(config: Config) -> str | None:
    """The preset that `config` still is, or None when something of it was changed."""
    for name, fields in PRESETS.items():
        if replace(config, **{**fields, "sequence": config.sequence}) == config:
            return name
    return None
