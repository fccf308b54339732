"""How far to believe a fitted model: standard errors, intervals, and whether it is a maximum."""

from hmmcore.uncertainty.appraisal import Appraisal, Verdict, appraise, num_free_coordinates
from hmmcore.uncertainty.bootstrap import Bootstrap, bootstrap
from hmmcore.uncertainty.coverage import Coverage, interval_coverage
from hmmcore.uncertainty.information import Information, observed_information
from hmmcore.uncertainty.optimality import Optimality, em_rate, is_maximum, raised, rising_zeros
from hmmcore.uncertainty.profile import ProfiledInterval, profile_interval, profile_intervals

__all__ = [
    "Appraisal",
    "Bootstrap",
    "Coverage",
    "Information",
    "Optimality",
    "ProfiledInterval",
    "Verdict",
    "appraise",
    "bootstrap",
    "em_rate",
    "interval_coverage",
    "is_maximum",
    "num_free_coordinates",
    "observed_information",
    "profile_interval",
    "profile_intervals",
    "raised",
    "rising_zeros",
]
