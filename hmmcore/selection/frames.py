"""What sweeps found, as tables of pandas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from hmmcore.selection.states import TriedStates

if TYPE_CHECKING:
    import pandas as pd

TITLES: Mapping[str, str] = MappingProxyType(
    {"aic": "AIC", "aicc": "AICc", "bic": "BIC", "icl": "ICL"}
)
"""By criterion, the title of its column."""


def states_frame(
    rows: Sequence[TriedStates], symbols: Mapping[str, str] = MappingProxyType({})
) -> pd.DataFrame:
    """Numbers of states, one in each row, as far as they have criteria.

    Columns: K; Log-likelihood in nats; free parameters, part by part and in all; the criteria;
    Held out, the log-likelihood of held-out data in nats, NaN where nothing was held out.
    Parameters that are called alike are counted together.

    Args:
        rows: of a sweep.
        symbols: what parameters are called, such as {"transition_matrix": "A"}.
    """
    import pandas as pd  # slow to load

    known = [(row, row.criteria) for row in rows if row.criteria is not None]
    names = dict.fromkeys(name for _, own in known for name in own.parameter_counts)
    called: dict[str, list[str]] = {}
    for name in names:
        called.setdefault(symbols.get(name, name.replace("_", " ")), []).append(name)
    return pd.DataFrame(
        {
            "K": [row.num_states for row, _ in known],
            "Log-likelihood": [float(own.log_likelihood) for _, own in known],
            **{
                f"{symbol} free": [
                    sum(own.parameter_counts.get(name, 0) for name in alike) for _, own in known
                ]
                for symbol, alike in called.items()
            },
            "Parameters": [int(own.num_parameters) for _, own in known],
            **{
                title: [float(getattr(own, name)) for _, own in known]
                for name, title in TITLES.items()
            },
            "Held out": [
                float("nan") if row.held_out is None else float(row.held_out.sum())
                for row, _ in known
            ],
        }
    )
