"""Runs that others have replaced: their curves, where they ended, and how they differ from now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from hmmcore import HMM, log_likelihood
from hmmcore.arrays import FloatArray, IntArray
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.player import MAX_ITERATIONS, Run
from pages.ui.experiment.run_position import Revision
from pages.ui.figures.decimation import extreme_indices
from pages.ui.settings.config import FIELD_OF, FIELDS, Config
from pages.ui.settings.field import Field

MAX_EARLIER_RUNS = 5
"""More faint curves would hide the present one."""

MAX_POINTS = 150
"""Points that are kept of a curve: about one for every other pixel of its chart."""

MAX_MODELS = 40
"""Models that are kept of a run, for the path that it took."""

MOST_NAMED = 2
"""Differences that a name lists; the table has them all."""

SHORT = {
    "num_states": "K = {}",
    "length": "M = {}",
    "num_sequences": "N = {}",
    "noise_sd": "σ = {}",
    "num_symbols": "C = {}",
    "seed": "seed {}",
    "start_seed": "start {}",
    "nudge": "nudge {}",
    "trainable": "trained otherwise",
    "only": "others trained alone",
}
"""How a name says the value of a field, where its label would be too long."""

OF_FILES = ("family", "num_states", "covariance_type")
"""The fields of group "data" that decide something where the data are a file."""


@dataclass(frozen=True)
class Path:
    """What decides the steps of a run: two runs of equal paths differ at most in how far they came.

    Attributes:
        method: "EM" or "Gradient".
        start_fields: the fields of the Config that name the starting point.
        trainable: what is trained, by the model's own names, the coordinates if only some are, and
            priors and ties.
        revisions: learning rate and optimizer from which iteration on; empty for EM.
        data: `Dataset.fingerprint` of the data.
        start: the model that training starts from.
    """

    method: str
    start_fields: tuple[str, int, int]
    trainable: object
    revisions: tuple[Revision, ...]
    data: bytes
    start: HMM


@dataclass(frozen=True, eq=False)
class EarlierRun:
    """What is kept of a run that another one replaced.

    Attributes:
        path: what decided its steps.
        config: the settings that it was left with.
        file_name: the visitor's file with its data; empty for other data.
        iterations, log_likelihoods: (P,) its curve, thinned, in nats per observation.
        true_log_likelihood: that of the true model on its data; None if it is unknown.
        standing: how it stood when it was left, a word of `hmmcore.diagnostics.STANDINGS`.
        models: some of its models, from the start to where it was left.
    """

    path: Path
    config: Config
    file_name: str
    iterations: IntArray
    log_likelihoods: FloatArray
    true_log_likelihood: float | None
    standing: str
    models: tuple[HMM, ...]

    @property
    def iteration(self) -> int:
        """The last iteration."""
        return int(self.iterations[-1])

    @property
    def end(self) -> float:
        """The last log-likelihood, in nats per observation."""
        return float(self.log_likelihoods[-1])


@dataclass(frozen=True, eq=False)
class PresentRun:
    """A run that is trained now, with what belongs to it.

    Attributes:
        run: the run, which goes on.
        config: the settings.
        file_name: the visitor's file with its data; empty for other data.
        data: its data.
    """

    run: Run
    config: Config
    file_name: str
    data: Dataset

    @property
    def path(self) -> Path:
        """What decides its steps."""
        run, config = self.run, self.config
        return Path(
            run.method,
            (config.start, config.start_seed, config.nudge),
            tuple(
                getattr(run.trainer, name, None)
                for name in ("trainable", "coordinates", "priors", "transition_ties")
            ),
            run.revisions if run.method == "Gradient" else (),
            self.data.fingerprint,
            run.start,
        )

    def kept(self) -> EarlierRun:
        """What is kept of the run as it stands."""
        data, curve = self.data, self.run.curve
        kept = _outline(curve)
        maker, true_log_likelihood = data.generating_model, None
        if maker is not None:
            total = float(log_likelihood(maker, data.sequences).sum())
            true_log_likelihood = data.sequences.per_observation(total)
        return EarlierRun(
            self.path, self.config, self.file_name, kept, curve[kept], true_log_likelihood,
            _standing(self.run), tuple(self.run.history.path(MAX_MODELS)[1]),
        )  # fmt: skip


def _outline(curve: FloatArray) -> IntArray:
    """Indices of at most MAX_POINTS + 1 values that keep a curve's outline.

    Two thirds of them stand the closer the earlier they are: a curve moves most at its beginning,
    which alone is seen beside a shorter run.
    """
    last = len(curve) - 1
    if last < MAX_POINTS:
        return np.arange(last + 1)
    extremes = extreme_indices(curve, MAX_POINTS // 3)
    early = np.geomspace(1, last, MAX_POINTS - MAX_POINTS // 3)
    return np.union1d(extremes, np.rint(early).astype(np.int64))


def _standing(run: Run) -> str:
    if run.failed:
        return "diverged"
    if run.ended is None:
        return "learning"
    return "stopped" if run.state.iteration >= MAX_ITERATIONS else "at_rest"


def with_left(earlier: Sequence[EarlierRun], left: EarlierRun) -> tuple[EarlierRun, ...]:
    """The earlier runs and one that was left, the latest last.

    Of the same path only the longest is kept, and of all the last MAX_EARLIER_RUNS.
    """
    same = [one for one in earlier if one.path == left.path]
    others = [one for one in earlier if one not in same]
    longest = max([*same, left], key=lambda one: one.iteration)
    return (*others, longest)[-MAX_EARLIER_RUNS:]


def differences(earlier: EarlierRun, present: Sequence[PresentRun]) -> list[tuple[str, str, str]]:
    """In what an earlier run differs from the present one: (short form, label and value, now).

    Of several present runs the one by the same method is compared with.
    """
    now = next((one for one in present if one.run.method == earlier.path.method), present[0])
    found = [*_of_training(earlier, now), *_of_settings(earlier, now)]
    if found:
        return found
    if earlier.path.data != now.path.data:
        return [("other data", "Data: others", "")]
    if earlier.path.revisions != now.path.revisions:
        label = FIELD_OF["learning_rate"].label
        return [("rate changed elsewhere", f"{label}: changed at another iteration", "")]
    return [("another start", f"{FIELD_OF['start'].label}: another", "")]


def _of_training(earlier: EarlierRun, now: PresentRun) -> Iterator[tuple[str, str, str]]:
    method, now_method = earlier.path.method, now.run.method
    if method != now_method:
        yield method, f"{FIELD_OF['method'].label}: {method}", now_method
    elif method == "Gradient":
        for name, short in (("learning_rate", "rate {}"), ("optimizer", "{}")):
            field = FIELD_OF[name]
            before, after = (_on_the_way(field, one.path.revisions) for one in (earlier, now))
            if before != after:
                yield short.format(before), f"{field.label}: {before}", after


def _of_settings(earlier: EarlierRun, now: PresentRun) -> Iterator[tuple[str, str, str]]:
    if earlier.file_name != now.file_name:
        before, after = (
            f"“{one.file_name}”" if one.file_name else _text(FIELD_OF["source"], one.config.source)
            for one in (earlier, now)
        )
        yield "other data", f"{FIELD_OF['source'].label}: {before}", after
    files = bool(earlier.file_name or now.file_name)
    for field in FIELDS:
        if field.name == "hand":
            # Where only one of them was made by hand, the starting point says so.
            if (
                None
                not in (
                    earlier.config.hand,
                    now.config.hand,
                )
                and earlier.config.hand != now.config.hand
            ):
                yield "another by hand", f"{field.label}: another", ""
            continue
        values = [getattr(config, field.name) for config in (earlier.config, now.config)]
        if (
            field.group not in ("data", "start")
            or values[0] == values[1]
            or (files and field.group == "data" and field.name not in OF_FILES)
        ):
            continue
        short = SHORT.get(field.name, "{}" if field.choices else f"{field.label} {{}}")
        before, after = (_text(field, value) for value in values)
        yield short.format(before), f"{field.label}: {before}", after


def _on_the_way(field: Field, revisions: Sequence[Revision]) -> str:
    """The values that a field had while a run was trained, in their order."""
    texts = [_text(field, getattr(revision, field.name)) for revision in revisions]
    return " → ".join(text for i, text in enumerate(texts) if not i or text != texts[i - 1])


def _text(field: Field, value: Any) -> str:
    """A value of a field in words."""
    if field.table is not None:
        return "the default" if value is None else "edited"
    if field.choices is not None:
        if field.multiple:
            return ", ".join(dict.fromkeys(field.choices[one] for one in value)) or "nothing"
        return field.choices[value]
    if field.coordinates:
        return value or "all"
    return field.zero if field.zero and not value else f"{value:g}"


def names(earlier: Sequence[EarlierRun], present: Sequence[PresentRun]) -> list[str]:
    """Short names, which say in what each earlier run differs from the present one.

    Of many differences a name has those that the fewest other runs share.
    """
    shorts = [[short for short, _, _ in differences(one, present)] for one in earlier]
    if len({one.run.method for one in present}) > 1:
        for one, own in zip(earlier, shorts, strict=True):
            own.insert(0, one.path.method)
    shared = Counter(chain.from_iterable(shorts))
    found = []
    for own in shorts:
        telling = sorted(own, key=lambda short: shared[short])[:MOST_NAMED]
        rest = ["…"] if len(own) > MOST_NAMED else []
        found.append(", ".join([short for short in own if short in telling] + rest))
    return found
