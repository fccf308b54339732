"""Starting models for training: without data, from data, and from a known truth.

The functions named here make Gaussian models; `poisson` and `categorical` have the same for counts
and symbols, `product` for columns of several kinds; `near_truth`, `nudge` and constraints serve
every family.

Where values are missing, a start from data uses the observed ones. Clustering puts a missing
coordinate at the mean of its dimension and leaves out an observation that is wholly missing. A
dimension of which nothing is observed is an error.
"""

from hmmcore.initialization.clustering import VARIANCE_OF_CONSTANT_DATA
from hmmcore.initialization.constraining import (
    CHAINS,
    in_chain_order,
    shared_stays,
    with_chain,
    with_covariance_type,
)
from hmmcore.initialization.gaussian import (
    SMALLEST_CLUSTER_SHARE,
    kmeans,
    quantiles,
    random,
    symmetric,
    with_full_covariances,
)
from hmmcore.initialization.gaussian_comparison import best_of_several, compare_starts
from hmmcore.initialization.perturbation import near_truth, nudge
from hmmcore.initialization.race import StartComparison

__all__ = [
    "CHAINS",
    "SMALLEST_CLUSTER_SHARE",
    "VARIANCE_OF_CONSTANT_DATA",
    "StartComparison",
    "best_of_several",
    "compare_starts",
    "in_chain_order",
    "kmeans",
    "near_truth",
    "nudge",
    "quantiles",
    "random",
    "shared_stays",
    "symmetric",
    "with_chain",
    "with_covariance_type",
    "with_full_covariances",
]
