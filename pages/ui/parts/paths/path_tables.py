"""Tables of the best paths of a sequence: for the page, and as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hmmcore import BestPaths
from pages.ui.figures import theme
from pages.ui.parts.paths import path_words
from pages.ui.session.listed_paths import GivenPaths


def numbers(found: BestPaths, drawn: GivenPaths, true: GivenPaths | None) -> pd.DataFrame:
    """One row for each best path, each drawn one and the true one: how probable, and where other.

    Log-probabilities are natural logarithms; steps count from 1; what a row lacks is empty.
    """
    names, every = _all(found, drawn, true)
    lacking = [None] * (len(names) - len(found.paths))
    differ = every.paths != found.paths[0]
    return pd.DataFrame(
        {
            "path": names,
            "rank": pd.array([*(found.ranks + 1).tolist(), *lacking], dtype="Int64"),
            "log_joint": every.log_joints,
            "log_posterior": every.log_posteriors,
            "posterior_prob": np.exp(every.log_posteriors),
            "cumulative_prob": pd.array(
                [*np.exp(found.cumulative_log_probs).tolist(), *lacking], dtype="Float64"
            ),
            "differing_steps": differ.sum(axis=1),
            "differing_at": [path_words.stretches(each, None, str) for each in differ],
        }
    )


def shown(found: BestPaths, drawn: GivenPaths, true: GivenPaths | None) -> pd.DataFrame:
    """The same as it is read on the page."""
    names, every = _all(found, drawn, true)
    lacking = [""] * (len(names) - len(found.paths))
    differ = every.paths != found.paths[0]
    return pd.DataFrame(
        {
            "place": [*path_words.places(found.ranks), *lacking],
            "log p(path, x)": every.log_joints,
            "p(path | x)": path_words.shares(every.log_posteriors),
            "so far together": [*path_words.shares(found.cumulative_log_probs), *lacking],
            "differs at": differ.sum(axis=1),
            "where it differs": [path_words.stretches(each) for each in differ],
        },
        index=pd.Index(names),
    )


def steps(
    found: BestPaths, drawn: GivenPaths, times: NDArray[Any] | None, names: Sequence[str]
) -> pd.DataFrame:
    """One row for each step, and one column for each path, with what its state is called.

    Args:
        times: (M,) as the file has them; None where steps are counted, from 1.
        names: (K,) what states are called.
    """
    count, called = found.paths.shape[1], np.array(names, dtype=object)
    return pd.DataFrame(
        {
            "time": np.arange(count) + theme.FIRST_TIME if times is None else times,
            **{f"path_{number}": called[path] for number, path in enumerate(found.paths, 1)},
            **{f"draw_{number}": called[path] for number, path in enumerate(drawn.paths, 1)},
        }
    )


def _all(
    found: BestPaths, drawn: GivenPaths, true: GivenPaths | None
) -> tuple[list[str], GivenPaths]:
    """All paths, with what each is called."""
    names = [f"path {number + 1}" for number in range(len(found.paths))]
    names += [f"draw {number + 1}" for number in range(len(drawn.paths))]
    groups: list[BestPaths | GivenPaths] = [found, drawn]
    if true is not None:
        groups.append(true)
        names.append("true path")
    return names, GivenPaths(
        np.concatenate([group.paths for group in groups]),
        np.concatenate([group.log_joints for group in groups]),
        np.concatenate([group.log_posteriors for group in groups]),
    )
