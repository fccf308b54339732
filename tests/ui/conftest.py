"""What the tests of `pages/ui` share."""

from __future__ import annotations

import math

import pytest

from pages.ui.experiment import experiment


@pytest.fixture(autouse=True)
def runs_arrive_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A link's runs are taken to where it says however slow the machine is."""
    monkeypatch.setattr(experiment, "OPENING_BUDGET", math.inf)
