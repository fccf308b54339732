"""What sweeps found, as tables of pandas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from hmmcore.selection.criteria import InformationCriteria
from hmmcore.selection.states import TriedStates
from hmmcore.selection.tried import Tried
from hmmcore.selection.variants import TriedVariant

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
    known = _known(rows)
    counts = _called(known, lambda name: symbols.get(name, name.replace("_", " ")))
    return _frame("K", [row.num_states for row, _ in known], known, counts)


def variants_frame(
    rows: Sequence[TriedVariant],
    labels: Mapping[str, str] = MappingProxyType({}),
    symbols: Mapping[str, str] = MappingProxyType({}),
) -> pd.DataFrame:
    """Variants, one in each row, as far as they have criteria.

    Columns as of `states_frame`, with the variant's name under Model in place of K. Whatever a
    network has counts as its means.

    Args:
        rows: of a sweep.
        labels: what to call variants, in place of their names.
        symbols: as of `states_frame`.
    """
    known = _known(rows)
    others = symbols.get("means")
    counts = _called(known, lambda name: symbols.get(name, others or name.replace("_", " ")))
    return _frame("Model", [labels.get(row.name, row.name) for row, _ in known], known, counts)


Row = TypeVar("Row", bound=Tried)
Known = list[tuple[Row, InformationCriteria]]


def _known(rows: Sequence[Row]) -> Known[Row]:
    return [(row, row.criteria) for row in rows if row.criteria is not None]


def _called(known: Known[Row], symbol: Callable[[str], str]) -> list[dict[str, int]]:
    """The free parameters of each row by symbol; those that are called alike together."""
    counts = []
    for _, own in known:
        found: dict[str, int] = {}
        for name, count in own.parameter_counts.items():
            found[symbol(name)] = found.get(symbol(name), 0) + count
        counts.append(found)
    return counts


def _frame(
    title: str, keys: list[Any], known: Known[Row], counts: list[dict[str, int]]
) -> pd.DataFrame:
    import pandas as pd  # slow to load

    names = dict.fromkeys(name for own in counts for name in own)
    return pd.DataFrame(
        {
            title: keys,
            "Log-likelihood": [float(own.log_likelihood) for _, own in known],
            **{f"{name} free": [own.get(name, 0) for own in counts] for name in names},
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
