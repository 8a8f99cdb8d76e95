"""Heads over n-grams, fitted beside a head over an encoder's features and added to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vocx.classify.heads import LinearHead, Rows, fit_temperature, likelihood_loss, votes

STRENGTH = 4.0  # of logistic regression over n-grams
_NEVER = -12.0  # the logit of a class that no row has
SHARES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2)  # of its logits, tried


@dataclass
class NgramHead:
    """Coefficients (BINS, k) and intercepts (k,) over rows of `vocx.encode.ngrams`."""

    coef: np.ndarray
    intercept: np.ndarray

    def logits(self, rows: Rows) -> np.ndarray:
        """(n, k) logits of (n, BINS) rows."""
        return np.asarray(rows @ self.coef) + self.intercept

    def times(self, share: float) -> NgramHead:
        """The same, weaker or stronger."""
        return NgramHead(share * self.coef, share * self.intercept)


def fit_ngram_head(rows: Rows, truth: np.ndarray, k: int) -> NgramHead:
    """Fit to (n, BINS) rows and (n,) indices of k classes."""
    seen = LinearHead(C=STRENGTH, balance=0.0, max_iter=200).fit(rows, truth)
    head = NgramHead(np.zeros((rows.shape[1], k), np.float32), np.full(k, _NEVER, dtype=np.float32))
    head.coef[:, seen.classes_], head.intercept[seen.classes_] = seen.coef_, seen.intercept_
    return head


def best_share(logits: np.ndarray, beside: np.ndarray, truth: np.ndarray) -> float:
    """How much of the logits ``beside`` to add: what makes coders' ``truth`` (see `votes`) most likely.

    Both are (n, k) and of rows that trained neither; 0 where nothing helps.
    """
    said = votes(truth, logits.shape[1])

    def loss(share: float) -> float:
        z = logits + share * beside
        return likelihood_loss(z / fit_temperature(z, said), said)

    return min(SHARES, key=loss)
