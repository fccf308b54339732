"""One teaching experiment: a question, what to press, what will be seen, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from pages.ui.settings.config import FIELDS, PAGE_FIELDS, Config

_SHOWING = frozenset(field.name for field in FIELDS if field.group in ("view", "names", "page"))
"""Fields that change how an experiment is shown, not the experiment itself."""


@dataclass(frozen=True, eq=False)
class Preset:
    """One teaching experiment, as settings of the page.

    `outcome` holds for exactly these settings, including seed and start number;
    tests/ui/parts/test_outcomes.py does what `press` says and measures the outcome.

    Attributes:
        name: short identifier, for tests and keys.
        title: its name in the list.
        question: what there is to find out, in plain words.
        press: what to do on the Playground, with the labels of its controls.
        outcome: what will then be seen, and why.
        fields: values of the Config that differ from its defaults, by name.
        varies: fields that `press` or the remedy of a finding changes; the preset still matches.
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
        """The whole Config: `fields`, and the defaults for all others."""
        return Config(**self.fields)

    @property
    def values(self) -> Mapping[str, Any]:
        """The value of every field of the Config that an experiment has, by name."""
        names = (field.name for field in FIELDS if field.name not in PAGE_FIELDS)
        return MappingProxyType({name: getattr(self.config, name) for name in names})

    def matches(self, config: Config) -> bool:
        """Whether `config` is this experiment, apart from view fields and `varies`."""
        free = {name: getattr(self.config, name) for name in _SHOWING | self.varies}
        return replace(config, **free) == self.config
