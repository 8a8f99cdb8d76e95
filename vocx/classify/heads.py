"""Linear heads: one calibrated classifier per task, with a threshold below which it is unsure."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

Rows: TypeAlias = Any  # (n, n_features) array or scipy.sparse matrix


class LinearHead(ClassifierMixin, BaseEstimator):
    """Multinomial logistic regression over feature rows, with temperature and threshold.

    Parameters
    ----------
    C : inverse strength of the L2 penalty.
    balance : 0 weighs all rows alike, 1 all classes alike; between, class weights to that power.
    max_iter : of L-BFGS.

    Attributes
    ----------
    classes_ : (k,) labels.
    coef_ : (n_features, k) float array; intercept_ : (k,).
    temperature_ : logits are divided by it (Guo et al. 2017); 1 until `calibrate`.
    threshold_ : a top probability below it is *unsure*; 0 until set.
    ngrams_ : (BINS, k) coefficients of n-gram rows (`vocx.encode.ngrams`) that are read beside the
        features, or null.
    several_ : whether a row may have several labels, each then with a threshold of its own.
    """

    several_ = False
    ngrams_: np.ndarray | None = None

    def __init__(self, C: float = 6.0, balance: float = 0.5, max_iter: int = 200):
        self.C = C
        self.balance = balance
        self.max_iter = max_iter

    def fit(self, X: Rows, y: Any, sample_weight: np.ndarray | None = None) -> LinearHead:
        """Fit to (n, n_features) rows and (n,) labels."""
        y = np.asarray(y)
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        weight = weight * class_weights(y, weight, self.balance)
        model = LogisticRegression(C=self.C, max_iter=self.max_iter, tol=1e-3)
        model.fit(X, y, sample_weight=weight)
        coef, intercept = model.coef_, model.intercept_
        if len(model.classes_) == 2:  # scikit-learn keeps one row for two classes
            coef, intercept = np.vstack([-coef, coef]) / 2, np.r_[-intercept, intercept] / 2
        self.classes_ = model.classes_
        self.coef_ = np.ascontiguousarray(coef.T, dtype=np.float32)
        self.intercept_ = intercept.astype(np.float32)
        self.temperature_: float = 1.0
        self.threshold_: Any = 0.0
        return self

    def decision_function(self, X: Rows, ngrams: Rows = None) -> np.ndarray:
        """(n, k) logits, before the temperature; ``ngrams`` are (n, BINS) rows, if any are read."""
        logits = np.asarray(X @ self.coef_) + self.intercept_
        return logits if self.ngrams_ is None else logits + ngrams @ self.ngrams_

    def predict_proba(self, X: Rows, ngrams: Rows = None) -> np.ndarray:
        """(n, k) calibrated probabilities."""
        logits = self.decision_function(X, ngrams) / self.temperature_
        return expit(logits) if self.several_ else softmax(logits, axis=1)

    def predict(self, X: Rows, ngrams: Rows = None) -> np.ndarray:
        """(n,) most likely labels, sure or not."""
        return self.classes_[self.decision_function(X, ngrams).argmax(axis=1)]


def class_weights(y: np.ndarray, weight: np.ndarray, power: float) -> np.ndarray:
    """(n,) weights that move the classes' total weights towards each other.

    >>> class_weights(np.array(["a", "a", "b"]), np.ones(3), 1.0)
    array([0.75, 0.75, 1.5 ])
    """
    labels, index = np.unique(y, return_inverse=True)
    totals = np.bincount(index, weights=weight)
    return ((weight.sum() / len(labels) / totals) ** power)[index]


def votes(truth: np.ndarray, k: int) -> np.ndarray:
    """(n, k) coders' votes for each class: as given, or all for one of (n,) indices.

    >>> votes(np.array([1, 0]), 2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    return np.asarray(truth, float) if truth.ndim == 2 else np.eye(k)[truth]


def likelihood_loss(logits: np.ndarray, said: np.ndarray) -> float:
    """Mean cross-entropy of (n, k) votes by (n, k) logits."""
    return float(-(said * log_softmax(logits, axis=1)).sum(axis=1).mean())


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """The temperature at which coders' ``truth`` (see `votes`) is most likely by (n, k) logits.

    The logits must come from rows that trained nothing.
    """
    said = votes(truth, logits.shape[1])

    def loss(log_temperature: float) -> float:
        return likelihood_loss(logits / np.exp(log_temperature), said)

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded").x))


def fit_threshold(scores: np.ndarray, right: np.ndarray, target: float, least: float) -> float:
    """The lowest threshold at which ``target`` of the answered are right.

    Never so high that less than ``least`` of all rows stay answered.

    >>> fit_threshold(np.array([.9, .8, .4, .3]), np.array([True, True, False, True]), 1.0, 0.25)
    0.8
    """
    order = np.argsort(-scores, kind="stable")
    accuracy = np.cumsum(right[order]) / np.arange(1, len(right) + 1)
    good = np.flatnonzero(accuracy >= target)
    n_answered = max(good[-1] + 1 if len(good) else 0, int(np.ceil(least * len(scores))))
    return 0.0 if n_answered >= len(scores) else float(scores[order][n_answered - 1])
