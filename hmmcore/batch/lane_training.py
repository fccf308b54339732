"""One training step of many models at once, a model in every lane.

A step that comes out of range, falls, or whose data the lanes cannot sweep is taken by the trainer
itself, for that model alone: it has the exact sweep, and the sentence that says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, IntArray
from hmmcore.batch import kernels
from hmmcore.batch.families import Columns, LaneFamily, Sums, lane_family
from hmmcore.batch.models import Arrays, Models
from hmmcore.batch.remedies import codes_of
from hmmcore.compiling import kernel
from hmmcore.emissions import parameters_of
from hmmcore.emissions.gaussian_steps import FLOORED
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.lane_sweep import workspace
from hmmcore.sweeps.sweep import Expectations
from hmmcore.training import EM, GradientAscent, TrainState
from hmmcore.training.em import ROUNDING_RTOL, fill_proportions
from hmmcore.training.gradient import (
    OPTIMIZERS,
    OptimizerState,
    distributions,
    move,
    parameter_of,
    slopes_of_logits,
)
from hmmcore.training.held import chosen_numbers

STRETCH_CELLS = 1 << 14
"""Cells of a workspace, of one lane, that are swept together: short sequences share a call."""


@dataclass
class Group:
    """Models in training, and what the data say under them; all arrays have one row for each.

    Attributes:
        numbers: (G,) which of all models each is.
        parameters: π, A and the emissions', by name.
        statistics: expected statistics: "initial_counts", "transition_counts", and the family's.
        log_likelihoods: (G, N).
        iterations: (G,) how many steps led here.
        codes: (G, K) what the last step did to keep states alive: bits of `remedies.CODES`.
        moving, first_moments, second_moments: what gradient ascent carries, by name; see
            `OptimizerState`.
    """

    numbers: IntArray
    parameters: Arrays
    statistics: Arrays
    log_likelihoods: FloatArray
    iterations: IntArray
    codes: IntArray
    moving: Arrays
    first_moments: Arrays
    second_moments: Arrays

    def __len__(self) -> int:
        return len(self.numbers)

    def only(self, rows: IntArray) -> Group:
        """Some of the models."""
        chosen: dict[str, Any] = {
            name: {key: values[rows] for key, values in value.items()}
            if isinstance(value, dict)
            else value[rows]
            for name, value in vars(self).items()
        }
        return Group(**chosen)

    def joined_with(self, other: Group) -> Group:
        """These models and others."""
        theirs = vars(other)
        joined: dict[str, Any] = {
            name: {key: np.concatenate([value[key], theirs[name][key]]) for key in value}
            if isinstance(value, dict)
            else np.concatenate([value, theirs[name]])
            for name, value in vars(self).items()
        }
        return Group(**joined)


@dataclass(frozen=True)
class Advanced:
    """A group one step on.

    Attributes:
        group: all models of the one before, in their order. Those that failed are as they were.
        failures: by row, the sentence that says why a model could not take the step.
    """

    group: Group
    failures: dict[int, str]


class LaneSweep:
    """The data, ready to be swept under many models of one kind.

    Args:
        models: what kind they are.
    """

    def __init__(self, models: Models, sequences: Sequences) -> None:
        example = models[0]
        kind = lane_family(example.emissions)
        assert kind is not None
        self.num_states = models.num_states
        self.offsets = sequences.offsets
        self.columns: Columns = kind.columns_of(sequences, example.emissions)
        self.family: LaneFamily = kind(example.emissions, self.columns)
        self.stretches = _stretches(sequences.offsets, STRETCH_CELLS // self.num_states)
        self.longest = int(np.diff(sequences.offsets[self.stretches]).max())

    def log_likelihoods(self, parameters: Arrays) -> FloatArray:
        """(G, N); NaN where the lanes cannot tell."""
        return self._sweep(parameters, False)[0]

    def expectations(self, parameters: Arrays) -> tuple[FloatArray, Arrays]:
        """Log-likelihoods (G, N), and statistics by name; a model with NaN has none."""
        return self._sweep(parameters, True)

    def _sweep(self, parameters: Arrays, learning: bool) -> tuple[FloatArray, Arrays]:
        initial, matrices = parameters["initial_probs"], parameters["transition_matrix"]
        own = {name: parameters[name] for name in self.family.names}
        means, variances = self.family.numbers(own)
        tables = self.family.tables(own)
        log_likelihoods = np.empty((len(initial), len(self.offsets) - 1))
        # Without learning nothing is written to these.
        states = len(initial), 1, self.num_states
        shapes = [states, matrices.shape, states, *[means.shape] * 3, tables.shape]
        sums = [np.empty(shape if learning else (0,) * len(shape)) for shape in shapes]
        kernels.sweep(
            initial[:, np.newaxis], matrices, means, variances, tables,
            self.columns.values, self.columns.symbols, self.offsets, self.stretches,
            workspace("scores", self.longest, self.num_states),
            workspace("alphas", self.longest, self.num_states),
            log_likelihoods[:, :, np.newaxis], learning, *sums,
        )  # fmt: skip
        if not learning:
            return log_likelihoods, {}
        initial_counts, transition_counts, weights, *rest = sums
        return log_likelihoods, {
            "initial_counts": initial_counts[:, 0],
            "transition_counts": transition_counts,
            **self.family.statistics(Sums(weights[:, 0], *rest)),
        }


class LaneTraining:
    """`init` and `step` of a trainer, for many models of one kind at once.

    Args:
        trainer: without priors and ties.
        models: what kind they are.

    Raises:
        ValueError: when the trainer's `trainable` or `coordinates` do not suit the models.
    """

    def __init__(self, trainer: EM | GradientAscent, models: Models) -> None:
        self.trainer = trainer
        self.models = models
        self.chosen = chosen_numbers(trainer.trainable, trainer.coordinates, models[0])
        self.trainable = self.chosen.names
        self.sweep = LaneSweep(models, trainer.sequences)
        self.family = self.sweep.family
        self.num_observations = trainer.sequences.num_observations
        self.parameter_of = parameter_of(models[0].emissions)

    def init(self, numbers: IntArray) -> Advanced:
        """Evaluate starting models: iteration 0.

        Args:
            numbers: (G,) which of the models.
        """
        parameters = {name: values[numbers] for name, values in self.models.arrays().items()}
        log_likelihoods, statistics = self.sweep.expectations(parameters)
        moving = self._unconstrained(parameters)
        group = Group(
            numbers, parameters, statistics, log_likelihoods,
            np.zeros(len(numbers), dtype=np.int64),
            np.zeros(parameters["initial_probs"].shape, dtype=np.int64), moving,
            {name: np.zeros_like(values) for name, values in moving.items()},
            {name: np.zeros_like(values) for name, values in moving.items()},
        )  # fmt: skip
        doubtful = np.asarray(np.isnan(totals(log_likelihoods)))
        for name in self.chosen.variances:
            trained = True if self.chosen.masks is None else self.chosen.masks[name]
            variances = np.where(trained, parameters[name], np.inf)
            lowest = variances.reshape(len(group), -1).min(axis=1)
            doubtful |= lowest < self.trainer.variance_floor
        return self._with_single_steps(group, group, doubtful, starting=True)

    def step(self, group: Group, done: BoolArray) -> Advanced:
        """Update the parameters, then evaluate them.

        Args:
            done: (G,) of whom nothing is asked any more, and none fails.
        """
        if isinstance(self.trainer, EM):
            moved, doubtful = self._in_halves(group, self._maximized)
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                moved, doubtful = self._in_halves(group, self._ascended)
        moved.log_likelihoods, moved.statistics = self.sweep.expectations(moved.parameters)
        moved.iterations = group.iterations + 1
        after = totals(moved.log_likelihoods)
        doubtful |= np.isnan(after)
        if isinstance(self.trainer, EM):
            before = totals(group.log_likelihoods)
            rounding = ROUNDING_RTOL * (np.abs(before) + self.num_observations)
            doubtful |= ~(after >= before - rounding)
        return self._with_single_steps(group, moved, doubtful & ~done)

    def condition_numbers(self, group: Group, rows: IntArray) -> FloatArray:
        """(R,) the largest of `Emissions.condition_numbers` for some models of a group."""
        parameters = {name: group.parameters[name][rows] for name in self.family.names}
        of_states = self.family.side_by_side(parameters).condition_numbers()
        largest: FloatArray = of_states.reshape(len(rows), -1).max(axis=1)
        return largest

    # --- parameters ---------------------------------------------------------------------------

    def _maximized(self, group: Group) -> tuple[Group, BoolArray]:
        """The M-step of EM. Raises ValueError where emissions are not valid."""
        parameters = dict(group.parameters)
        given = replace(group, statistics=self.chosen.statistics(group.statistics, parameters))
        for name, counts in (
            ("initial_probs", "initial_counts"),
            ("transition_matrix", "transition_counts"),
        ):
            if name in self.trainable:
                parameters[name] = parameters[name].copy()
                fill_proportions(given.statistics[counts], parameters[name])
        emissions, codes = self.family.maximize(
            self._of_family(parameters), self._emission_statistics(given), self.trainable,
            self.trainer.variance_floor,
        )  # fmt: skip
        parameters, codes = self._with_held(parameters | emissions, codes, group.parameters)
        moved = replace(group, parameters=parameters, codes=codes)
        return moved, np.zeros(len(group), dtype=bool)

    def _ascended(self, group: Group) -> tuple[Group, BoolArray]:
        """A step along the gradient, and which models it takes out of range.

        Raises ValueError where emissions are not valid.
        """
        assert isinstance(self.trainer, GradientAscent)
        before = group.parameters
        slopes = {
            "initial_logits": slopes_of_logits(
                group.statistics["initial_counts"], before["initial_probs"]
            ),
            "transition_logits": slopes_of_logits(
                group.statistics["transition_counts"], before["transition_matrix"]
            ),
            **self.family.gradient(self._of_family(before), self._emission_statistics(group)),
        }
        moving = {name: values.copy() for name, values in group.moving.items()}
        firsts = {name: values.copy() for name, values in group.first_moments.items()}
        seconds = {name: values.copy() for name, values in group.second_moments.items()}
        in_range = np.ones(len(group), dtype=bool)
        for name in moving:
            slope = slopes[name] / self.num_observations
            if self.chosen.masks is not None:
                slope = np.where(self.chosen.masks[self.parameter_of[name]], slope, 0.0)
            in_rows = (len(group), -1)
            _move_each(
                slope.reshape(in_rows), moving[name].reshape(in_rows),
                firsts[name].reshape(in_rows), seconds[name].reshape(in_rows),
                self.trainer.learning_rate, group.iterations + 1,
                OPTIMIZERS.index(self.trainer.optimizer), in_range,
            )  # fmt: skip
        parameters = dict(before)
        for name, logits in (
            ("initial_probs", "initial_logits"),
            ("transition_matrix", "transition_logits"),
        ):
            if name in self.trainable:
                parameters[name], sound = distributions(moving[logits])
                if not sound:
                    in_range &= np.isfinite(parameters[name]).reshape(len(group), -1).all(axis=1)
        emissions, codes = self.family.constrained(
            self._of_family(before), moving, self.trainable, self.trainer.variance_floor
        )
        parameters, codes = self._with_held(parameters | emissions, codes, before)
        held = np.flatnonzero(codes.any(axis=1))
        if len(held):
            # A parameter that was held at the floor continues from the floor.
            kept = self._unconstrained({name: value[held] for name, value in parameters.items()})
            for name, values in kept.items():
                moving[name][held] = values
        moved = replace(
            group, parameters=parameters, codes=codes, moving=moving, first_moments=firsts,
            second_moments=seconds,
        )  # fmt: skip
        return moved, ~in_range

    def _in_halves(
        self, group: Group, step: Callable[[Group], tuple[Group, BoolArray]]
    ) -> tuple[Group, BoolArray]:
        """Take a step; where it is not valid, find by halves the models for which it is not.

        Returns:
            the group after the step, and which models could not take it: these are as they were.
        """
        try:
            return step(group)
        except ValueError:
            if len(group) == 1:
                return replace(group), np.ones(1, dtype=bool)
        middle = len(group) // 2
        rows = np.arange(len(group))
        left, left_failed = self._in_halves(group.only(rows[:middle]), step)
        right, right_failed = self._in_halves(group.only(rows[middle:]), step)
        return left.joined_with(right), np.concatenate([left_failed, right_failed])

    def _with_held(
        self, parameters: Arrays, codes: IntArray, present: Arrays
    ) -> tuple[Arrays, IntArray]:
        """Parameters after a step with what is not trained as at present; see `held.with_held`."""
        if self.chosen.masks is None:
            return parameters, codes
        held = self.chosen.with_held(parameters, present)
        if self.chosen.variances:
            low = self.chosen.at_floor(held, self.trainer.variance_floor)
            codes = np.where(low, codes, codes & ~FLOORED)
        return held, codes

    def _of_family(self, parameters: Arrays) -> Arrays:
        return {name: parameters[name] for name in self.family.names}

    def _emission_statistics(self, group: Group) -> Arrays:
        shared = "initial_counts", "transition_counts"
        return {name: value for name, value in group.statistics.items() if name not in shared}

    def _unconstrained(self, parameters: Arrays) -> Arrays:
        """What gradient ascent moves, by name: nothing for EM."""
        if isinstance(self.trainer, EM):
            return {}
        moving = {}
        with np.errstate(divide="ignore"):
            if "initial_probs" in self.trainable:
                moving["initial_logits"] = np.log(parameters["initial_probs"])
            if "transition_matrix" in self.trainable:
                moving["transition_logits"] = np.log(parameters["transition_matrix"])
        own = self.family.unconstrained(self._of_family(parameters))
        trained = {k: values for k, values in own.items() if self.parameter_of[k] in self.trainable}
        return moving | trained

    # --- one model alone ------------------------------------------------------------------------

    def _with_single_steps(
        self, before: Group, after: Group, doubtful: BoolArray, starting: bool = False
    ) -> Advanced:
        """`after`, with the doubtful models' steps from `before` taken by the trainer itself."""
        failures = {}
        for row in np.flatnonzero(doubtful).tolist():
            try:
                if starting:
                    state = self.trainer.init(self._hmm(before, row))
                else:
                    state = self.trainer.step(self._state(before, row))
            except (ValueError, ArithmeticError) as error:
                failures[row] = str(error)
                if not starting:
                    # It stays what it was when it was last sound.
                    self._put(after, row, self._state(before, row))
            else:
                self._put(after, row, state)
        return Advanced(after, failures)

    def _hmm(self, group: Group, row: int) -> HMM:
        rows = {name: value[row : row + 1] for name, value in group.parameters.items()}
        return self.models.with_arrays(rows)[0]

    def _state(self, group: Group, row: int) -> TrainState:
        """A model of a group as the trainer itself holds it."""
        emissions = {name: v[row] for name, v in self._emission_statistics(group).items()}
        expectations = Expectations(
            group.log_likelihoods[row], group.statistics["initial_counts"][row],
            group.statistics["transition_counts"][row], emissions,
        )  # fmt: skip
        optimizer = None
        if isinstance(self.trainer, GradientAscent):
            moving, firsts, seconds = (
                {name: value[row] for name, value in carried.items()}
                for carried in (group.moving, group.first_moments, group.second_moments)
            )
            optimizer = OptimizerState(
                moving, firsts, seconds, self.trainer.optimizer, int(group.iterations[row])
            )
        return TrainState(
            self._hmm(group, row), expectations, int(group.iterations[row]), optimizer=optimizer
        )

    def _put(self, group: Group, row: int, state: TrainState) -> None:
        """Write a state over a model of a group."""
        hmm, found = state.hmm, state.expectations
        group.parameters["initial_probs"][row] = hmm.initial_probs
        group.parameters["transition_matrix"][row] = hmm.transition_matrix
        for name, parameter in parameters_of(hmm.emissions).items():
            group.parameters[name][row] = parameter
        group.statistics["initial_counts"][row] = found.initial_counts
        group.statistics["transition_counts"][row] = found.transition_counts
        for name, value in found.emissions.items():
            group.statistics[name][row] = value
        group.log_likelihoods[row] = found.log_likelihoods
        group.iterations[row] = state.iteration
        group.codes[row] = codes_of(state.remedies, (1, hmm.num_states))[0]
        if isinstance(state.optimizer, OptimizerState):
            for carried, values in (
                (group.moving, state.optimizer.parameters),
                (group.first_moments, state.optimizer.first_moments),
                (group.second_moments, state.optimizer.second_moments),
            ):
                for name, value in values.items():
                    carried[name][row] = value


@kernel()
def totals(rows: FloatArray) -> FloatArray:
    """Sums (G,) of short rows (G, N): a tenth of what NumPy takes."""
    found = np.zeros(len(rows))
    for g in range(len(rows)):
        for value in rows[g]:
            found[g] += value
    return found


@kernel(error_model="numpy")
def _move_each(
    slopes: FloatArray,
    parameters: FloatArray,
    first_moments: FloatArray,
    second_moments: FloatArray,
    learning_rate: float,
    steps: IntArray,
    optimizer: int,
    in_range: BoolArray,
) -> None:
    """`gradient.move` for every model: arrays (G, P), steps and in_range (G,).

    A model that leaves the range of numbers is marked False in `in_range`.
    """
    for g in range(len(slopes)):
        in_range[g] &= move(
            slopes[g], learning_rate, steps[g], optimizer, parameters[g], first_moments[g],
            second_moments[g],
        )  # fmt: skip


def _stretches(offsets: IntArray, rows: int) -> IntArray:
    """Numbers of sequences between which about so many rows lie; a sequence is never split."""
    bounds = [0]
    last = len(offsets) - 1
    while bounds[-1] < last:
        stop = int(np.searchsorted(offsets, offsets[bounds[-1]] + rows, side="right")) - 1
        bounds.append(min(max(stop, bounds[-1] + 1), last))
    return np.array(bounds)
