"""Covariance matrices as standard deviations and directions, instead of Cholesky factors.

Row d of a factor L is sd_d times a unit vector, whose direction is (z_d1, ..., z_d,d-1, 1): so a
standard deviation is a coordinate of its own, which can be held while all else moves.
"""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray


def directions(factors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log standard deviations (..., D) and z (..., D (D - 1) / 2) of factors with log diagonals."""
    lower = _with_diagonal(factors, np.exp)
    norms = np.sqrt((lower**2).sum(axis=-1))
    diagonal = np.diagonal(lower, axis1=-2, axis2=-1)
    rows, columns = np.tril_indices(factors.shape[-1], -1)
    return np.log(norms), lower[..., rows, columns] / diagonal[..., rows]


def factors_from(log_deviations: FloatArray, z: FloatArray) -> FloatArray:
    """Undo `directions`: Cholesky factors (..., D, D) with log diagonals."""
    size = log_deviations.shape[-1]
    rows, columns = np.tril_indices(size, -1)
    lower = np.zeros((*log_deviations.shape, size))
    lower[..., np.arange(size), np.arange(size)] = 1.0
    lower[..., rows, columns] = z
    lower *= (np.exp(log_deviations) / np.sqrt((lower**2).sum(axis=-1)))[..., np.newaxis]
    return _with_diagonal(lower, np.log)


def gradient_in_directions(
    factors: FloatArray, slopes: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Turn slopes in factors with log diagonals into slopes in what `directions` gives."""
    size = factors.shape[-1]
    lower = _with_diagonal(factors, np.exp)
    diagonal = np.arange(size)
    in_entries = np.tril(slopes)
    in_entries[..., diagonal, diagonal] /= lower[..., diagonal, diagonal]
    along = (in_entries * lower).sum(axis=-1)
    norms = np.sqrt((lower**2).sum(axis=-1))
    across = in_entries - (along / norms**2)[..., np.newaxis] * lower
    # z = (row of L) / (its last entry), so a unit of z moves the row by that entry.
    in_z = across * lower[..., diagonal, diagonal][..., np.newaxis]
    rows, columns = np.tril_indices(size, -1)
    return along, in_z[..., rows, columns]


def _with_diagonal(factors: FloatArray, function: np.ufunc) -> FloatArray:
    changed = np.tril(factors)
    diagonal = np.arange(factors.shape[-1])
    changed[..., diagonal, diagonal] = function(changed[..., diagonal, diagonal])
    return changed
