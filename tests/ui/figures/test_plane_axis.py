"""Ticks of axes whose places are values, logarithms or logits."""

import numpy as np
import pytest

from hmmcore.coordinates import Scale
from pages.ui.figures.plane_axis import FEWEST_TICKS, ticks

CASES = [
    ("value", (-6.0, 6.0), ("−6", "−4", "−2", "0", "2", "4", "6")),
    ("value", (0.0, 0.7), ("0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7")),
    ("log", (np.log(0.09), np.log(4.0)), ("0.1", "0.2", "0.5", "1", "2")),
    ("log", (np.log(1e-3), np.log(1e3)), ("0.001", "0.01", "0.1", "1", "10", "100", "1000")),
    ("logit", (-5.5, 5.5), ("0.01", "0.05", "0.2", "0.5", "0.8", "0.95", "0.99")),
]


@pytest.mark.parametrize(("scale", "ends", "texts"), CASES)
def test_ticks_are_round_values_in_natural_units(scale, ends, texts):
    positions, found = ticks(ends, Scale(scale))
    assert found == texts
    values = [float(text.replace("−", "-")) for text in found]
    np.testing.assert_allclose(Scale(scale).value(positions), values, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("scale", ["value", "log", "logit"])
@pytest.mark.parametrize("width", [1e-3, 0.1, 1.0, 8.0, 20.0])
@pytest.mark.parametrize("middle", [-3.0, 0.0, 2.5])
def test_every_axis_has_some_and_none_outside(scale, width, middle):
    ends = middle - width / 2, middle + width / 2
    positions, texts = ticks(ends, Scale(scale))
    assert FEWEST_TICKS - 1 <= len(positions) == len(texts) <= 12
    assert all(ends[0] - 1e-9 <= position <= ends[1] + 1e-9 for position in positions)
    assert list(positions) == sorted(positions)


def test_an_axis_without_extent_does_not_fail():
    assert ticks((1.0, 1.0), Scale("value")) == ((1.0,), ("1",))
