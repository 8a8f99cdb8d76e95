"""Temperatures, thresholds and cuts, fitted to what a model says of rows that trained nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax

from vocx.classify.heads import fit_temperature, fit_threshold, votes
from vocx.classify.labels import POLARITY_VALUES

SHARE = 10  # of comments drawn as they came one in so many calibrates, and trains nothing
_LEAST_ANSWERED = 0.5
TARGETS = {"stage": 0.85, "touchpoint": 0.8, "emotion": 0.75, "polarity": 0.75, "kind": 0.75,
           "severity": 0.0, "pain_theme": 0.65, "win_theme": 0.65}  # fmt: skip


@dataclass(frozen=True)
class Calibration:
    """One task's temperature and threshold, and how well the calibration rows then come out."""

    temperature: float
    threshold: float
    n: int
    accuracy: float
    coverage: float
    selective_accuracy: float


def in_calibrating_tenth(digest: str) -> bool:
    """Whether a text is of the tenth that calibrates if it was drawn as it came; by its digest.

    A rule, not a draw: a text is on the same side in every training.
    """
    return int(digest[:8], 16) % SHARE == 0


def calibrate(
    logits: np.ndarray, truth: np.ndarray, target: float, weights: np.ndarray | None = None
) -> Calibration:
    """Temperature and threshold of (n, k) logits for coders' ``truth``.

    Truth is (n,) indices of classes or (n, k) votes; an answer is right to the share of the coders
    who gave it. ``weights`` (n,) are those of the rows for the temperature. The threshold is the lowest
    at which ``target`` of the answered are right, but at least half of the rows stay answered.
    """
    said = votes(truth, logits.shape[1])
    weights = np.ones(len(said)) if weights is None else weights
    temperature = fit_temperature(logits, said * weights[:, None])
    p = softmax(logits / temperature, axis=1)
    score, right = p.max(axis=1), said[np.arange(len(p)), p.argmax(axis=1)]
    threshold = fit_threshold(score, right, target, _LEAST_ANSWERED)
    sure = score >= threshold
    return Calibration(
        round(temperature, 4),
        round(threshold, 4),
        len(truth),
        round(float(right.mean()), 4),
        round(float(sure.mean()), 4),
        round(float(right[sure].mean()) if sure.any() else 0.0, 4),
    )


def calibrating_weights(judging: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """(n,) weights with which labelled rows fit a temperature, or the cuts between polarity bands.

    Rows in ``judging`` (n,), those of the coders that the model is judged by, weigh together at least as
    much as all others: others dispute other things, and alone would make it too sure or too shy. Of the
    others each of the ``sources`` (n,) weighs the same, however many rows it has.
    """
    weights, others = np.ones(len(judging)), ~judging
    names, source = np.unique(sources[others].astype(str), return_inverse=True)
    if len(names):
        weights[others] = others.sum() / len(names) / np.bincount(source)[source]
    if 0 < judging.sum() < len(judging) / 2:
        weights[judging] = others.sum() / judging.sum()
    return weights


def fit_knots(
    probabilities: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """(4,) expected steps at which the polarity bands divide best.

    Parameters
    ----------
    probabilities : (n, 5) of the steps -2..2; truth : (n,) steps; weights : (n,) of the rows. Best is
        the agreement on negative, neutral and positive, and half as much that on the five steps.
    """
    weights = np.ones(len(truth)) if weights is None else weights
    expected = probabilities @ POLARITY_VALUES
    grid = np.linspace(-0.9, 0.9, 73)
    knots = np.array([-0.75, -0.25, 0.25, 0.75])
    for _ in range(4):
        for k in range(4):
            low = knots[k - 1] if k else -1.0
            high = knots[k + 1] if k < 3 else 1.0
            tries = grid[(grid > low + 0.02) & (grid < high - 0.02)]
            scores = [_agreement(np.r_[knots[:k], v, knots[k + 1 :]], expected, truth, weights)
                      for v in tries]  # fmt: skip
            knots[k] = tries[int(np.argmax(scores))]
    return knots


def _agreement(
    knots: np.ndarray, expected: np.ndarray, truth: np.ndarray, weights: np.ndarray
) -> float:
    step = np.searchsorted(knots, expected, side="right") - 2
    agreed = (np.sign(step) == np.sign(truth)) + 0.5 * (step == truth)
    return float(np.average(agreed, weights=weights))


def fit_mention_threshold(probabilities: np.ndarray, truth: Any, classes: list[Any]) -> float:
    """The probability of pain or win from which on a segment is a mention: best micro F1."""
    none = classes.index("none")
    p = probabilities.copy()
    p[:, none] = 0
    best, score = p.argmax(axis=1), p.max(axis=1)
    index = {c: i for i, c in enumerate(classes)}
    wanted = np.array([index[t] for t in truth])
    found, grid = [], np.linspace(0.15, 0.7, 56)
    for threshold in grid:
        said = score >= threshold
        hit = (said & (best == wanted)).sum()
        found.append(2 * hit / max(1, said.sum() + (wanted != none).sum()))
    return float(grid[int(np.argmax(found))])
