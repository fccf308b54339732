"""Sentences on paths: what they say of ties, of stretches of time, and of little probability."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import BestPaths
from pages.ui.parts.paths import path_words


def listed(ranks: list[int], probs: list[float], length: int = 5) -> BestPaths:
    paths = np.zeros((len(ranks), length), dtype=np.int64)
    paths[1:, 2] = 1
    return BestPaths(paths, np.log(probs), np.log(probs), np.array(ranks))


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([], ""),
        ([0], "t = 1"),
        ([1, 2, 3], "t = 2–4"),
        ([0, 2, 3, 9], "t = 1, 3–4, 10"),
        ([0, 2, 4, 6, 8], "t = 1, 3, 5, 7 and 1 more stretch"),
        ([0, 2, 4, 6, 8, 10], "t = 1, 3, 5, 7 and 2 more stretches"),
    ],
)
def test_steps_are_written_as_stretches_from_one_on(steps: list[int], text: str) -> None:
    marked = np.zeros(12, dtype=bool)
    marked[steps] = True
    assert path_words.stretches(marked) == text


def test_every_stretch_is_written_where_there_is_room() -> None:
    marked = np.arange(3000) % 2 == 0
    assert path_words.stretches(marked, None, str).endswith(", 2997, 2999")


def test_a_difference_is_counted() -> None:
    best = np.zeros(200, dtype=np.int64)
    path = best.copy()
    path[40:43] = 1
    assert path_words.difference(path, best) == "differs at 3 of 200 steps: t = 41–43"
    assert path_words.difference(best, best) == "is the best path"


def test_what_paths_hold_together() -> None:
    found = listed([0, 1], [0.021, 0.02])
    assert path_words.together(found, 2) == (
        "Given these data, the best path has 2.1% of all; the first 2 together 4.1%."
    )
    assert path_words.together(found, 5).endswith("4.1%, and there are no others.")
    assert path_words.together(listed([0], [0.5]), 1) == (
        "Given these data, the best path has 50.0% of all."
    )


@pytest.mark.parametrize(
    ("ranks", "most", "text"),
    [
        ([0, 1, 2], 3, ""),
        ([0, 0, 2], 3, "paths 1 and 2."),
        ([0, 1, 1, 1], 9, "paths 2 to 4."),
        ([0, 0, 2, 2], 4, "paths 1 and 2; 3 and 4. More paths may tie with the last."),
        ([0, 0, 2, 2, 4, 4, 6, 6, 8], 9, "paths 1 and 2; 3 and 4; 5 and 6; and 1 further group."),
    ],
)
def test_ties_are_named(ranks: list[int], most: int, text: str) -> None:
    said = path_words.tied(listed(ranks, [0.1] * len(ranks)), most)
    assert said == (f"Equally probable up to rounding: {text}" if text else "")


def test_places_say_what_ties() -> None:
    assert path_words.places(np.array([0, 1, 1, 3])) == ["1", "2 (tie)", "2 (tie)", "4"]


def test_the_bound_says_what_would_be_right() -> None:
    assert path_words.about_bound(20, 20, 100_000, 5) == ""
    assert "choose 20 or fewer" in path_words.about_bound(100, 20, 100_000, 5)


def test_the_truth_is_placed() -> None:
    paths = np.array([[0, 0], [0, 1]])
    assert path_words.about_truth(paths[1], -1.0, paths) == "The true path is path 2."
    other = np.array([1, 1])
    assert "is not among them" in path_words.about_truth(other, -9.0, paths)
    assert "is impossible" in path_words.about_truth(other, -np.inf, paths)
