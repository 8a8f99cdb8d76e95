"""What every encoder can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

NO_SEGMENTS = np.zeros(0, int), np.zeros((0, 2), int)  # owner and spans, where only texts matter


def unit(rows: np.ndarray) -> np.ndarray:
    """(n, d) rows at length one; a row of zeros stays so.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


class Encoder(Protocol):
    """Texts and spans of them to feature rows."""

    def encode(
        self,
        texts: Sequence[str],
        sources: Sequence[str | None],
        owner: np.ndarray,
        spans: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """(m,) texts and (n, 2) spans, each of the text ``owner`` says, to two float32 matrices."""
        ...

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """(n,) texts to (n, d) unit vectors: what each means alone, without source or context."""
        ...
