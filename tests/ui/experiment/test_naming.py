"""What parameters are called, from the names of columns."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from hmmcore import information_criteria
from hmmcore.emissions import part_name
from hmmcore.selection import TriedStates
from hmmcore.selection.frames import states_frame
from pages.ui.experiment import generated
from pages.ui.experiment.naming import parameter_symbols
from pages.ui.parts.truth import titled_errors
from pages.ui.settings.config import Config
from pages.ui.settings.config_rules import legal


def test_columns_with_names_that_begin_alike_are_told_apart():
    config = legal(Config(family="product", kinds="ccn", num_states=2, length=20))[0]
    data = generated.dataset(config)
    assert parameter_symbols(data)[part_name(2, "covariances")] == f"σ of {data.columns[2]}"
    alike = ("acceleration_mean_x", "acceleration_mean_y", "noise")
    data = replace(data, columns=alike)
    symbols = parameter_symbols(data)
    assert symbols[part_name(0, "rates")] == "λ of (1) acceleration_mea…"
    assert len(set(symbols.values())) == len(symbols)
    # A figure's titles are cut again, and still differ: of these names, and of two that fit.
    for columns in (alike, ("acceleration_x", "acceleration_y", "acceleration_z")):
        of_one_kind = replace(data, columns=columns, kinds=("numbers",) * 3)
        errors = {
            part_name(j, name): np.zeros(2) for j in range(3) for name in ("means", "covariances")
        }
        assert len(titled_errors(SimpleNamespace(data=of_one_kind), errors)) == 6
    # Every parameter of the models has a column of the table.
    criteria = information_criteria(data.truth, data.sequences)
    frame = states_frame([TriedStates(2, criteria=criteria)], symbols)
    free = [name for name in frame if name.endswith(" free")]
    assert len(free) == len(criteria.parameter_counts)
    assert frame[free].sum(axis=1).item() == frame["Parameters"].item() == 11
    # Whoever calls two alike has them counted together.
    together = states_frame(
        [TriedStates(2, criteria=criteria)], dict.fromkeys(criteria.parameter_counts, "all")
    )
    assert together["all free"].item() == 11
