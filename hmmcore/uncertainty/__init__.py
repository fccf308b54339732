"""How far to believe a fitted model: standard errors, intervals, and whether it is a maximum."""

from hmmcore.uncertainty.information import Information, observed_information
from hmmcore.uncertainty.optimality import Optimality, em_rate, is_maximum
from hmmcore.uncertainty.profile import profile_interval

__all__ = [
    "Information",
    "Optimality",
    "em_rate",
    "is_maximum",
    "observed_information",
    "profile_interval",
]
