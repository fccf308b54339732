"""Many models on the same data at once, a model in every vector lane.

`stack` puts models side by side; `log_likelihoods` and `fit` are those of `hmmcore` for all of
them. Small data are where it pays: there most of the time of a step goes into calling, not into
arithmetic. `many_starts` is the same as one would use it, from starts to the best of them.
"""

from hmmcore.batch.fitting import fit, log_likelihoods
from hmmcore.batch.models import Models, stack
from hmmcore.batch.outcome import Fits

__all__ = ["Fits", "Models", "fit", "log_likelihoods", "stack"]
