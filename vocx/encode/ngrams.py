"""Hashed word and character n-grams: what a linear head needs beside the static vectors."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from scipy import sparse

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+|[!?]+|[^\sa-z\d]", re.UNICODE)
_CACHE_LIMIT = 200_000


def words(text: str) -> list[str]:
    """Lower-cased words, numbers and marks of a text.

    >>> words("It's LATE, again!!")
    ["it's", 'late', ',', 'again', '!!']
    """
    return _WORD.findall(text.lower())


class HashedNgrams:
    """Text to a sparse row of word 1-2-grams and character 3-5-grams, hashed.

    Words fill bins ``0 .. n_word_bins-1`` and characters the ``n_char_bins`` after them; each of the
    two blocks holds ``1 + log(count)`` times the bin's inverse document frequency and has length one,
    so that neither long texts nor the many character n-grams outweigh the rest.

    Parameters
    ----------
    n_word_bins, n_char_bins : powers of two.
    idf : (n_word_bins + n_char_bins,) float array, or None for all ones.
    """

    def __init__(
        self, n_word_bins: int = 2**15, n_char_bins: int = 2**15, idf: np.ndarray | None = None
    ):
        self.n_word_bins = n_word_bins
        self.n_char_bins = n_char_bins
        self.idf = idf
        self._grams_of: dict[str, np.ndarray] = {}

    @property
    def n_bins(self) -> int:
        """Width of a row."""
        return self.n_word_bins + self.n_char_bins

    def _char_bins(self, word: str) -> np.ndarray:
        """Bins of the character n-grams of one word (cached: words repeat, as Zipf says)."""
        found = self._grams_of.get(word)
        if found is None:
            if len(self._grams_of) >= _CACHE_LIMIT:
                self._grams_of.clear()
            padded = f" {word} "
            grams = [padded[i : i + n] for n in (3, 4, 5) for i in range(len(padded) - n + 1)]
            mask = self.n_char_bins - 1
            found = np.fromiter(
                (self.n_word_bins + (crc32(g.encode()) & mask) for g in grams or [padded]), np.int64
            )
            self._grams_of[word] = found
        return found

    def _row(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        tokens = words(text)
        if not tokens:
            return np.zeros(0, np.int64), np.zeros(0)
        mask = self.n_word_bins - 1
        pairs = [f"{a} {b}" for a, b in itertools.pairwise(tokens)]
        word_bins = np.fromiter((crc32(w.encode()) & mask for w in tokens + pairs), np.int64)
        char_bins = np.concatenate([self._char_bins(w) for w in tokens])
        parts = [np.unique(b, return_counts=True) for b in (word_bins, char_bins)]
        values = []
        for bins, counts in parts:
            value = 1.0 + np.log(counts)
            if self.idf is not None:
                value *= self.idf[bins]
            values.append(value / max(np.sqrt((value**2).sum()), 1e-9))
        return np.concatenate([b for b, _ in parts]), np.concatenate(values)

    def fit_idf(self, texts: Sequence[str]) -> HashedNgrams:
        """Learn inverse document frequencies, ``log((1 + n) / (1 + df)) + 1``."""
        self.idf = None
        counts = np.bincount(self.transform(texts).indices, minlength=self.n_bins)
        self.idf = (np.log((1 + len(texts)) / (1 + counts)) + 1).astype(np.float32)
        return self

    def transform(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """(n,) texts to an (n, n_bins) float32 matrix; a text without words is a row of zeros."""
        rows = [self._row(t) for t in texts]
        indptr = np.cumsum([0] + [len(b) for b, _ in rows])
        indices = np.concatenate([b for b, _ in rows]) if rows else np.zeros(0, np.int64)
        data = np.concatenate([v for _, v in rows]) if rows else np.zeros(0)
        return sparse.csr_matrix(
            (data.astype(np.float32), indices, indptr), shape=(len(rows), self.n_bins)
        )
