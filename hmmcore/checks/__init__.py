"""Whether data look like what a model says of them: simulated, residual by residual, and ahead."""

from hmmcore.checks.backtest import Backtest, backtest
from hmmcore.checks.residual import ResidualCheck, residual_check
from hmmcore.checks.simulated import SimulationCheck, Statistic, simulate_check, simulate_checks

__all__ = [
    "Backtest",
    "ResidualCheck",
    "SimulationCheck",
    "Statistic",
    "backtest",
    "residual_check",
    "simulate_check",
    "simulate_checks",
]
