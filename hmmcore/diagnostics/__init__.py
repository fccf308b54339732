"""Health of a model in training: what keeps it from learning, and what its likelihood is worth."""

from hmmcore.diagnostics.checkup import RESTING, STANDINGS, examine, standing
from hmmcore.diagnostics.circumstances import Circumstances
from hmmcore.diagnostics.exchangeable import exchangeable_states, gradient_between
from hmmcore.diagnostics.finding import KINDS, Finding
from hmmcore.diagnostics.progress import LOOK_BACK, STANDSTILL, STANDSTILL_STEPS
from hmmcore.diagnostics.zeros import with_zeros_raised

__all__ = [
    "KINDS",
    "LOOK_BACK",
    "RESTING",
    "STANDINGS",
    "STANDSTILL",
    "STANDSTILL_STEPS",
    "Circumstances",
    "Finding",
    "examine",
    "exchangeable_states",
    "gradient_between",
    "standing",
    "with_zeros_raised",
]
