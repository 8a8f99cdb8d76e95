"""Kinds of source as features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vocx.schema import SOURCES


def one_hot(sources: Sequence[str | None]) -> np.ndarray:
    """(n,) sources to (n, 5); an unknown one is a row of zeros."""
    return np.array(
        [[float(s == known) for known in SOURCES] for s in sources], np.float32
    ).reshape(len(sources), len(SOURCES))
