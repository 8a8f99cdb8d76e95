"""Probabilities to the label columns of the tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from vocx.schema import BAND_CUTS, MIXED, SENTIMENTS

POLARITY_VALUES = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])  # of the five steps -2..2


def top(probabilities: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) probabilities to (n,) most likely labels and their scores."""
    if len(probabilities) == 0:
        return np.array([], dtype=object), np.array([], dtype=float)
    best = probabilities.argmax(axis=1)
    return np.asarray(classes, dtype=object)[best], probabilities[np.arange(len(best)), best]


def polarity(probabilities: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """(n, 5) probabilities of the steps -2..2 to a polarity -1..1.

    The expected step is bent, by a monotone line through ``knots``, so that `BAND_CUTS` divide the
    bands where they divide best on rows that trained nothing.

    Parameters
    ----------
    knots : (4,) expected values at which the four cuts belong.
    """
    expected = probabilities @ POLARITY_VALUES
    return np.interp(expected, [-1.0, *knots, 1.0], [-1.0, *BAND_CUTS, 1.0])


def band(values: np.ndarray) -> np.ndarray:
    """Polarity to one of the five named bands.

    >>> band(np.array([-0.9, -0.3, 0.1, 0.5, 1.0])).tolist()
    ['very_negative', 'negative', 'neutral', 'positive', 'very_positive']
    """
    return np.asarray(SENTIMENTS, dtype=object)[np.searchsorted(BAND_CUTS, values, side="right")]


def with_mixed(feedback: pd.DataFrame, segments: pd.DataFrame) -> pd.Series:
    """The sentiment column, `mixed` where a feedback has pains and wins and leans little.

    ``segments`` has kind and feedback_id; leaning little is a polarity between -0.5 and 0.5.
    """
    kinds = segments.groupby("feedback_id")["kind"].agg(set)
    both = (
        feedback["feedback_id"]
        .map(kinds)
        .map(lambda found: isinstance(found, set) and {"pain", "win"} <= found)
    )
    little = feedback["polarity"].abs() < 0.5
    return feedback["sentiment"].where(~(both.astype(bool) & little), MIXED)
