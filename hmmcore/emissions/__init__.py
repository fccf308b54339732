"""Emission families: one file each, behind one small protocol."""

from hmmcore.emissions.base import Emissions, EmissionStatistics
from hmmcore.emissions.categorical import Categorical
from hmmcore.emissions.gaussian import Gaussian
from hmmcore.emissions.neural import NeuralGaussian
from hmmcore.emissions.parameters import (
    beginning_of,
    member_of,
    members,
    parameters_of,
    with_members,
    with_parameters,
)
from hmmcore.emissions.poisson import Poisson
from hmmcore.emissions.product import Product, own_name, part_name

__all__ = [
    "Categorical",
    "EmissionStatistics",
    "Emissions",
    "Gaussian",
    "NeuralGaussian",
    "Poisson",
    "Product",
    "beginning_of",
    "member_of",
    "members",
    "own_name",
    "parameters_of",
    "part_name",
    "with_members",
    "with_parameters",
]
