"""The space that mentions are compared in: what they mean, beside the words they use."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from vocx.mine.words import stem

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+", re.UNICODE)
_DIMENSIONS = 256  # of the words' part
_LEARNED = 50_000  # texts whose words are learned, of more
_BLOCK = 50_000  # rows made at once


def all_stems(text: str) -> list[str]:
    """Stems of every word, the empty ones too: "can I" and "why did" tell a wish from a fault.

    >>> all_stems("Why was it declined?")
    ['why', 'was', 'it', 'declin']
    """
    return [stem(w) for w in _WORD.findall(text.lower().replace("’", "'"))]


class MentionSpace(BaseEstimator):
    """Vectors of meaning joined with vectors of words.

    Vectors know that "parcel" and "package" are one; words know that "ZipParcel" and "dowel" are
    matters of their own. Rows are scaled so that a plain product of two is their likeness, -1..1.

    Parameters
    ----------
    share_of_words : what words weigh in a likeness, 0..1.

    Attributes
    ----------
    common_ : the mean vector, which is taken off, so that what is said everywhere brings nothing together.
    words_ : TF-IDF of stems that at least two mentions use; axes_ : its main directions.
    """

    def __init__(self, share_of_words: float = 0.3, seed: int = 0):
        self.share_of_words = share_of_words
        self.seed = seed

    def fit(self, texts: pd.Series, vectors: np.ndarray) -> MentionSpace:
        """Learn the words of this data, and what all its vectors have in common."""
        self.common_ = vectors.mean(axis=0) if len(vectors) > 2 else np.zeros(vectors.shape[1])
        self.words_ = TfidfVectorizer(
            analyzer=all_stems, min_df=2, sublinear_tf=True, dtype=np.float32
        )
        try:
            counts = self.words_.fit_transform(evenly(texts, _LEARNED))
        except ValueError:  # no word is used twice
            self.words_ = self.axes_ = None
            return self
        size = min(_DIMENSIONS, *(s - 1 for s in counts.shape))
        self.axes_ = TruncatedSVD(size, random_state=self.seed).fit(counts) if size > 1 else None
        return self

    def transform(self, texts: pd.Series, vectors: np.ndarray) -> np.ndarray:
        """(n,) texts and (n, dimensions) unit vectors to (n, width) rows of length one at most."""
        meaning = vectors.shape[1]
        words = self.axes_.components_.shape[0] if self.axes_ is not None else 0
        rows = np.empty((len(texts), meaning + words), np.float32)
        a, b = np.sqrt(1 - self.share_of_words), np.sqrt(self.share_of_words)
        for start in range(0, len(texts), _BLOCK):
            block = slice(start, start + _BLOCK)
            rows[block, :meaning] = unit(vectors[block] - self.common_) * (a if words else 1.0)
            if self.axes_ is not None and self.words_ is not None:
                told = self.axes_.transform(self.words_.transform(texts.iloc[block]))
                rows[block, meaning:] = unit(told) * b
        return rows


def evenly(texts: pd.Series, most: int) -> pd.Series:
    """So many of some texts, or all where they are fewer: every second, every third."""
    return texts.iloc[:: max(1, -(-len(texts) // most))]


def with_beliefs(vectors: np.ndarray, beliefs: np.ndarray) -> np.ndarray:
    """(n, d) unit vectors and (n, themes) probabilities to (n, d + themes) unit vectors.

    Half of their likeness is then how far a model believes two mentions to be of one theme
    (Bhattacharyya's coefficient).
    """
    return np.hstack([vectors, np.sqrt(beliefs)]).astype(np.float32) * np.float32(np.sqrt(0.5))


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows at length one."""
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)
