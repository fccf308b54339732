"""Where starts end, as a table of pandas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hmmcore.landscape.starts import Optima

if TYPE_CHECKING:
    import pandas as pd


def optima_frame(
    optima: Optima, methods: Sequence[str], num_starts: int, most: int | None = None
) -> pd.DataFrame:
    """Optima, the highest first, one in each row.

    Columns: Optimum, counted from 1; Log-likelihood in nats; Below the best, by how much; Starts
    that ended there, with several methods also of each; Share of all starts; Start number, of the
    one that came highest.

    Args:
        optima: of starts that are numbered method × num_starts + start.
        methods: what they are called.
        num_starts: of each method.
        most: how many optima; None for all.
    """
    import pandas as pd  # slow to load

    shown = optima.found[:most]
    of_each = [
        [sum(n // num_starts == m for n in one.starts) for one in shown]
        for m in range(len(methods))
    ]
    several = len(methods) > 1
    return pd.DataFrame(
        {
            "Optimum": range(1, len(shown) + 1),
            "Log-likelihood": [one.log_likelihood for one in shown],
            "Below the best": [shown[0].log_likelihood - one.log_likelihood for one in shown],
            "Starts": [len(one.starts) for one in shown],
            **(
                {f"By {m}": own for m, own in zip(methods, of_each, strict=True)} if several else {}
            ),
            "Share": [one.share for one in shown],
            "Start number": [one.leader % num_starts for one in shown],
        }
    )
