"""Emission families: one file each, behind one small protocol."""

from hmmcore.emissions.base import Emissions, EmissionStatistics
from hmmcore.emissions.categorical import Categorical
from hmmcore.emissions.gaussian import Gaussian
from hmmcore.emissions.neural import NeuralGaussian
from hmmcore.emissions.poisson import Poisson

__all__ = [
    "Categorical",
    "EmissionStatistics",
    "Emissions",
    "Gaussian",
    "NeuralGaussian",
    "Poisson",
]
