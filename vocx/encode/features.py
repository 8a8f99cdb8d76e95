"""Features of feedback and of segments: what the heads of a model read.

One row holds, side by side: hashed n-grams of the text; its static vector; what kind of source it
comes from; and for a segment also the static vector of its whole feedback and the feedback's own
label probabilities, so that a clause is judged in its context.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from vocx.encode.ngrams import HashedNgrams
from vocx.encode.static import StaticEncoder
from vocx.schema import SOURCES


class FeatureEncoder:
    """Texts to feature rows, out of a static encoder and hashed n-grams."""

    def __init__(self, static: StaticEncoder, ngrams: HashedNgrams):
        self.static = static
        self.ngrams = ngrams

    def feedback(self, texts: Sequence[str], sources: Sequence[str | None]) -> sparse.csr_matrix:
        """(n,) texts and sources to (n, bins + dimensions + sources) float32."""
        blocks = [self.ngrams.transform(texts), self.static.encode(texts), one_hot(sources)]
        return _side_by_side(blocks)

    def segments(
        self,
        texts: Sequence[str],
        owner: np.ndarray,
        contexts: np.ndarray,
        context_labels: np.ndarray,
        sources: Sequence[str | None],
    ) -> sparse.csr_matrix:
        """Features of n segments of m feedback.

        Parameters
        ----------
        texts : (n,) words of the segments.
        owner : (n,) index of each segment's feedback.
        contexts : (m, dimensions) static vectors of the feedback.
        context_labels : (m, k) probabilities of the feedback's labels, all tasks side by side.
        sources : (m,) kind of source of the feedback.
        """
        context = np.hstack([contexts, context_labels, one_hot(sources)])[owner]
        return _side_by_side([self.ngrams.transform(texts), self.static.encode(texts), context])


def one_hot(sources: Sequence[str | None]) -> np.ndarray:
    """(n,) sources to (n, 5); an unknown one is a row of zeros."""
    return np.array(
        [[float(s == known) for known in SOURCES] for s in sources], np.float32
    ).reshape(len(sources), len(SOURCES))


def _side_by_side(blocks: list[np.ndarray | sparse.csr_matrix]) -> sparse.csr_matrix:
    return sparse.hstack([sparse.csr_matrix(b) for b in blocks], format="csr", dtype=np.float32)
