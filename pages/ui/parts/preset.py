"""Experiments that teach: each asks one question, says what to press, and what will be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from pages.ui.settings.config import FIELDS, Config

_LOOKED_AT = frozenset(field.name for field in FIELDS if field.group == "view")
"""Fields that say how an experiment is looked at, not what it is."""


@dataclass(frozen=True, eq=False)
class Preset:
    """One experiment as settings of the page.

    `outcome` holds for these settings, seed and start number included; tests/ui/test_outcomes.py
    does what `press` says and measures it.

    Attributes:
        name: short, for tests and keys.
        title: for the list.
        question: what there is to find out, in plain words.
        press: what to do on the Playground, in the words of its controls.
        outcome: what will be seen then, and why.
        fields: of the Config, where they differ from its defaults.
        varies: fields that `press`, or the remedy of a finding, changes; the experiment stays the
            same one.
    """

    name: str
    title: str
    question: str
    press: str
    outcome: str
    fields: Mapping[str, Any]
    varies: frozenset[str] = frozenset()

    @cached_property
    def config(self) -> Config:
        """The whole Config: what is not in `fields` is as the page opens."""
        return Config(**self.fields)

    @property
    def values(self) -> Mapping[str, Any]:
        """Every field of the Config by name, to change to."""
        return MappingProxyType({f.name: getattr(self.config, f.name) for f in FIELDS})

    def matches(self, config: Config) -> bool:
        """Whether `config` is still this experiment, however it is looked at."""
        free = {name: getattr(self.config, name) for name in _LOOKED_AT | self.varies}
        return replace(config, **free) == self.config
