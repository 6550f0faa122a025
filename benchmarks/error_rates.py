"""False matches and false non-matches over thresholds, from labelled embeddings; it reads and draws nothing.

FMR: share of pairs of two persons that are taken for one. FNMR: share of pairs of one person that are taken for two
(ISO/IEC 19795-1). Pairs of the same few pictures are not independent: the bounds are the least uncertainty, not all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

THRESHOLDS = np.round(np.arange(0.30, 0.901, 0.01), 2)
# 95 %, both sides.
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Pairs:
    """Distances between all embeddings: (n,) of one person, (m,) of two."""

    same: NDArray[np.float64]
    different: NDArray[np.float64]

    @classmethod
    def of(cls, embeddings: NDArray[np.float32], persons: Sequence[str]) -> Pairs:
        """Return all pairs of embeddings (n, 128) whose persons are named in the same order."""
        wide = embeddings.astype(np.float64)
        first, second = np.triu_indices(len(wide), k=1)
        distances = np.sqrt(((wide[first] - wide[second]) ** 2).sum(axis=1))
        names = np.asarray(persons)
        one = names[first] == names[second]
        return cls(np.sort(distances[one]), np.sort(distances[~one]))

    def fmr(self, threshold: float) -> Rate:
        """Return the share of pairs of two persons that are as near as the threshold."""
        return Rate(int(np.count_nonzero(self.different <= threshold)), len(self.different))

    def fnmr(self, threshold: float) -> Rate:
        """Return the share of pairs of one person that are farther than the threshold."""
        return Rate(int(np.count_nonzero(self.same > threshold)), len(self.same))


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    count: int
    of: int

    @property
    def share(self) -> float:
        """0..1; NaN of nothing."""
        return self.count / self.of if self.of else float("nan")

    @property
    def bounds(self) -> tuple[float, float]:
        """The 95 % interval of the share when pairs were independent (Wilson 1927); 0 and 1 of nothing."""
        if not self.of:
            return 0.0, 1.0
        spread = _Z**2 / self.of
        middle = self.share + spread / 2
        reach = _Z * (self.share * (1 - self.share) / self.of + spread / (4 * self.of)) ** 0.5
        return max(0.0, (middle - reach) / (1 + spread)), min(1.0, (middle + reach) / (1 + spread))
