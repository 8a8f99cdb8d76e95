"""A classifier out of a handful of examples a class: a journey of a team's own, without a training run."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression


class FewShotClassifier(ClassifierMixin, BaseEstimator):
    """Logistic regression over sentence vectors, its answer null where no class stands out.

    Parameters
    ----------
    C : inverse strength of the L2 penalty.
    least : times chance (one over the number of classes) that a top probability must reach.

    Attributes
    ----------
    classes_ : (k,) labels; coef_ : (k, d); intercept_ : (k,).
    """

    def __init__(self, C: float = 10.0, least: float = 1.5):
        self.C = C
        self.least = least

    def fit(self, X: np.ndarray, y: Any) -> FewShotClassifier:
        """Fit to (n, d) unit vectors and (n,) labels."""
        self.classes_ = np.unique(np.asarray(y, dtype=object))
        model = LogisticRegression(C=self.C, max_iter=500, class_weight="balanced")
        model.fit(X, np.asarray(y, dtype=object).astype(str))
        coef, intercept = model.coef_, model.intercept_
        if len(self.classes_) == 2:
            coef, intercept = np.vstack([-coef, coef]) / 2, np.r_[-intercept, intercept] / 2
        self.coef_, self.intercept_ = coef, intercept
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n, k) probabilities; of few examples, so not calibrated."""
        return softmax(X @ self.coef_.T + self.intercept_, axis=1)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(n,) the likeliest labels."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def answers(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) labels, null where unsure, and (n,) their probabilities."""
        p = self.predict_proba(X)
        score = p.max(axis=1) if len(p) else np.zeros(0)
        said = self.classes_[p.argmax(axis=1)] if len(p) else np.zeros(0, object)
        said = said.astype(object)
        said[score < self.least / len(self.classes_)] = None
        return said, score
