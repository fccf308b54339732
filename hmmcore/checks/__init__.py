"""Whether data look like what a model says of them: simulated, residual by residual, and ahead."""

from hmmcore.checks.backtest import Backtest, backtest
from hmmcore.checks.outliers import Outliers, outliers
from hmmcore.checks.residual import ResidualCheck, residual_check
from hmmcore.checks.simulated import SimulationCheck, Statistic, simulate_check, simulate_checks

__all__ = [
    "Backtest",
    "Outliers",
    "ResidualCheck",
    "SimulationCheck",
    "Statistic",
    "backtest",
    "outliers",
    "residual_check",
    "simulate_check",
    "simulate_checks",
]
