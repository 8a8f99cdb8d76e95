"""Words as they stand: hashed n-grams beside what an encoder understands.

Names, codes and turns of phrase decide many labels, and an encoder blurs them. Rows of n-grams keep
them, and a linear model over both is better than either (Cheng et al. 2016, wide and deep).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import normalize

BINS = 1 << 15  # half of them for words and pairs of words, half for 3 to 5 characters of a word


@lru_cache(maxsize=1)
def _hashers() -> tuple[HashingVectorizer, HashingVectorizer]:
    plain = {"n_features": BINS // 2, "alternate_sign": False, "norm": None, "dtype": np.float32}
    return (
        HashingVectorizer(ngram_range=(1, 2), **plain),
        HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), **plain),
    )


def ngram_rows(texts: Sequence[str], idf: np.ndarray | None = None) -> sparse.csr_matrix:
    """(n,) texts to (n, BINS) rows: damped counts, times ``idf``, words and characters of length one.

    >>> ngram_rows(["late again"]).shape
    (1, 32768)
    """
    if not len(texts):
        return sparse.csr_matrix((0, BINS), dtype=np.float32)
    blocks = []
    for i, hasher in enumerate(_hashers()):
        counts = hasher.transform(texts)
        counts.data = 1 + np.log(counts.data)
        if idf is not None:
            counts.data *= idf[i * BINS // 2 :][counts.indices]
        blocks.append(normalize(counts, copy=False))
    return sparse.hstack(blocks, format="csr", dtype=np.float32)


def fit_idf(texts: Sequence[str]) -> np.ndarray:
    """(BINS,) inverse document frequencies of n-grams, smoothed, in (n,) texts."""
    within = np.bincount(ngram_rows(texts).indices, minlength=BINS)
    return (1 + np.log((1 + len(texts)) / (1 + within))).astype(np.float32)
