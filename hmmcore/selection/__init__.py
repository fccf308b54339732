"""Comparing models: criteria with their cost, held-out data, and sweeps over starts, numbers of
states, and families and constraints."""

from hmmcore.selection.cluster import Cluster
from hmmcore.selection.criteria import (
    InformationCriteria,
    information_criteria,
    parameter_counts,
)
from hmmcore.selection.frames import states_frame, variants_frame
from hmmcore.selection.held_out import (
    Split,
    held_out_log_likelihood,
    split_by_sequence,
    split_by_time,
)
from hmmcore.selection.jobs import Ended, Task, as_they_end
from hmmcore.selection.preference import (
    CRITERIA,
    HELD_OUT,
    HeldOutDifference,
    Preference,
    Preferred,
    held_out_difference,
    missed,
    preference,
)
from hmmcore.selection.states import StatesSweep, TriedStates, sweep_states
from hmmcore.selection.tried import Tried
from hmmcore.selection.variants import (
    TriedVariant,
    Variant,
    VariantsSweep,
    beaten_from_within,
    preferred_variant,
    sweep_variants,
)

__all__ = [
    "CRITERIA",
    "HELD_OUT",
    "Cluster",
    "Ended",
    "HeldOutDifference",
    "InformationCriteria",
    "Preference",
    "Preferred",
    "Split",
    "StatesSweep",
    "Task",
    "Tried",
    "TriedStates",
    "TriedVariant",
    "Variant",
    "VariantsSweep",
    "as_they_end",
    "beaten_from_within",
    "held_out_difference",
    "held_out_log_likelihood",
    "information_criteria",
    "missed",
    "parameter_counts",
    "preference",
    "preferred_variant",
    "split_by_sequence",
    "split_by_time",
    "states_frame",
    "sweep_states",
    "sweep_variants",
    "variants_frame",
]
