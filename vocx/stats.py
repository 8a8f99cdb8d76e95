"""Intervals, tests and false-discovery control: what statsmodels does well, and what counts need."""

from __future__ import annotations

from typing import Any

import numpy as np

Z95 = 1.959963984540054
DRAWS = 400  # of a bootstrap
Array = np.ndarray[Any, np.dtype[Any]]


def wilson(n: Array | int, total: Array | int) -> tuple[Array, Array]:
    """95 % interval of a share n / total (Wilson 1927).

    >>> low, high = wilson(np.array([0, 5]), 10)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 0.237], [0.278, 0.763])
    """
    n = np.asarray(n, float)
    total = np.maximum(np.asarray(total, float), 1)
    p, z2 = n / total, Z95**2
    centre = p + z2 / (2 * total)
    spread = Z95 * np.sqrt(p * (1 - p) / total + z2 / (4 * total**2))
    low, high = (centre - spread) / (1 + z2 / total), (centre + spread) / (1 + z2 / total)
    return np.where(n == 0, 0.0, np.clip(low, 0, 1)), np.where(n == total, 1.0, np.clip(high, 0, 1))


def newcombe(n1: Array, total1: int, n2: Array, total2: int) -> tuple[Array, Array]:
    """95 % interval of the difference n2/total2 - n1/total1 of two independent shares.

    Newcombe 1998, method 10: from the two Wilson intervals.

    >>> low, high = newcombe(np.array([48]), 80, np.array([56]), 70)
    >>> low.round(4).item(), high.round(4).item()
    (0.0524, 0.3339)
    """
    p1, p2 = np.asarray(n1, float) / max(total1, 1), np.asarray(n2, float) / max(total2, 1)
    low1, high1 = wilson(n1, total1)
    low2, high2 = wilson(n2, total2)
    low = (p2 - p1) - np.sqrt((p2 - low2) ** 2 + (high1 - p1) ** 2)
    high = (p2 - p1) + np.sqrt((high2 - p2) ** 2 + (p1 - low1) ** 2)
    return low, high


def p_of_change(n1: Array | int, total1: int, n2: Array | int, total2: int) -> Array:
    """Two-sided p of no difference between two shares: Fisher's exact test, by its mid-p.

    The mid-p version (Lancaster 1961) keeps near its level where counts are small, as the plain one
    does not.

    >>> p_of_change(np.array([10, 10]), 1000, np.array([10, 40]), 1000).round(3).tolist()
    [1.0, 0.0]
    """
    from scipy.stats import hypergeom

    n1, n2 = np.atleast_1d(n1).astype(int), np.atleast_1d(n2).astype(int)
    both = hypergeom(total1 + total2, n1 + n2, total2)
    at = both.pmf(n2)
    less, more = both.cdf(n2) - at / 2, both.sf(n2) + at / 2
    return np.minimum(1.0, 2 * np.minimum(less, more))


def false_discovery(p: Array, weights: Array | None = None) -> Array:
    """q values: the false discovery rate at which each test is one (Benjamini & Hochberg 1995).

    Tests without a p (nan) have no q, and do not count. ``weights`` say where a discovery is likely,
    by something that tells nothing of the p where there is none, such as the number of cases
    (weighted: Genovese, Roeder & Wasserman 2006).
    """
    from statsmodels.stats.multitest import multipletests

    p = np.asarray(p, float)
    q, known = np.full(len(p), np.nan), ~np.isnan(p)
    if known.any():
        mine = p[known]
        if weights is not None:
            w = np.asarray(weights, float)[known]
            mine = np.minimum(mine / np.maximum(w / w.mean(), 1e-12), 1.0)
        q[known] = multipletests(mine, method="fdr_bh")[1]
    return q


def scale_interval(values: Array, least: float, most: float) -> tuple[float, float, float]:
    """Mean of answers on a scale and its 95 % interval; the interval is unknown below two answers.

    Adjusted Wald: one answer is added at either end of the scale (as Agresti & Coull 1998 do with shares). Few
    answers that are all alike do not tell that others would be: Student's t would say just that.

    >>> [round(x, 3) for x in scale_interval(np.array([1.0, 1, 1]), 0, 1)]
    [1.0, 0.449, 1.0]
    """
    n = len(values)
    if n < 2:
        return float(np.mean(values)) if n else float("nan"), float("nan"), float("nan")
    with_ends = np.concatenate([values, [least, most]])
    half, centre = Z95 * np.std(with_ends) / np.sqrt(n + 2), with_ends.mean()
    low, high = max(least, centre - half), min(most, centre + half)
    return float(np.mean(values)), float(low), float(high)


def nps_points(scores: Array) -> Array:
    """What each answer of 0 to 10 gives the net promoter score: 100, 0 or -100 points.

    >>> nps_points(np.array([10, 8, 3])).tolist()
    [100.0, 0.0, -100.0]
    """
    scores = np.asarray(scores, float)
    return 100.0 * (scores >= 9) - 100.0 * (scores <= 6)


def nps_interval(scores: Array) -> tuple[float, float, float]:
    """Net promoter score and its 95 % interval: adjusted Wald, three answers added (Rocks 2016).

    The interval is unknown below two answers.

    >>> [round(x, 1) for x in nps_interval(np.array([10.0, 9, 7, 0]))]
    [25.0, -44.2, 72.7]
    """
    n = len(scores)
    if n < 2:
        return float(nps_points(scores).mean()) if n else float("nan"), float("nan"), float("nan")
    promoters, detractors = (scores >= 9).sum() + 0.75, (scores <= 6).sum() + 0.75
    m = n + 3
    centre = (promoters - detractors) / m
    half = Z95 * np.sqrt(((promoters + detractors) / m - centre**2) / m)
    low, high = max(-1.0, centre - half), min(1.0, centre + half)
    return float(nps_points(scores).mean()), 100 * float(low), 100 * float(high)
