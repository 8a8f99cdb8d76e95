"""What issues cost: the effect of each on the score, told beside others, adjusted, with its uncertainty.

The score of each customer is regressed on what the customer tells of (least squares), with stage, source and group held equal. An issue's *effect* is how much lower those score who tell
of it than like customers who do not; its *impact* is what that comes to in the score of all: effect x share.
Intervals come from a multiplier bootstrap of the regression, author by author (Kline & Santos 2012), which also tells how
stable the order of the issues is. What is measured is told together, not caused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t

from vocx.runs import answered_once
from vocx.schema import EFFECTS
from vocx.stats import DRAWS, Array, false_discovery, nps_points
from vocx.themes import verdicts

SCORES = {"nps": "points of NPS", "csat": "points of 100 of CSAT", "ces": "points of 100 of CES",
          "rating": "stars of 5"}  # fmt: skip
_LEAST_SCORED = 30  # answers with a score, and
_LEAST_TOLD = 6  # customers who tell of something in them, for its effect to be measured
_LEAST_BOTH = 4  # ... and who do not, in others
_ROWS_A_TERM = 8  # customers for each thing that stands in one regression
_MOST_TERMS = 300  # that stand in one regression: those told by most
_AT_ONCE = 50  # draws held in memory at once
_MOST_LEVELS = 12  # of a column that is held equal; rarer ones are one


def points(feedback: pd.DataFrame, score: str) -> pd.Series:
    """A score of the feedback in points that a mean makes the score of all: NPS -100..100, 0..100, stars."""
    values = feedback[score].astype(float)
    if score == "nps":
        return pd.Series(nps_points(values.to_numpy()), values.index).where(values.notna())
    return 1 + 4 * values if score == "rating" else 100 * values


def main_score(feedback: pd.DataFrame) -> str | None:
    """The score that most customers gave; null where too few gave any."""
    once = answered_once(feedback)
    counts = {s: int(once[s].notna().sum()) for s in SCORES}
    best = max(counts, key=lambda s: counts[s])
    return best if counts[best] >= _LEAST_SCORED else None


def build_effects(
    feedback: pd.DataFrame,
    mentions: pd.DataFrame,
    issues: pd.DataFrame,
    by: list[str] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """The effects table of `vocx.schema`: themes, issues, and both at each stage, on every score.

    Parameters
    ----------
    mentions : counted ones (`vocx.runs.counted_mentions`), hidden issues taken out. Verdicts ("will not
        return") are left out: they are what a score says too, and would take away what caused both.
    by : feedback columns that are held equal, beside stage and source.
    """
    theme_of = dict(zip(issues["issue_id"], issues["theme"], strict=True))
    under = mentions["issue_id"].map(theme_of)
    verdict = mentions["theme"].isin(verdicts()) | under.isin(verdicts())
    mentions = mentions[~verdict]
    parts = []
    for score in SCORES:
        told = _Told(feedback, mentions, score, by or [])
        if len(told.points) < _LEAST_SCORED:
            continue
        for level, keys in (
            ("theme", ["theme", "kind"]),
            ("issue", ["issue_id", "kind"]),
            ("theme_at_stage", ["stage", "theme", "kind"]),
            ("issue_at_stage", ["stage", "issue_id", "kind"]),
        ):
            parts.append(told.effects(keys, seed).assign(level=level, score=score))
    if not parts:
        return pd.DataFrame(columns=EFFECTS.names)
    effects = pd.concat(parts, ignore_index=True)
    own = effects["issue_id"].map(theme_of)
    effects["theme"] = effects["theme"].where(effects["issue_id"].isna(), own)
    return effects.reindex(columns=EFFECTS.names)


@dataclass
class _Fit:
    """A regression, as far as effects need it.

    Attributes
    ----------
    coefficients : (k,) of what is told; influence : (n, k) of each answer on them.
    rank : how many columns the regression has, with those that are held equal.
    """

    coefficients: Array
    influence: Array
    rank: int


class _Told:
    """Customers with a score: (n,) points, what is held equal, and who told of what."""

    def __init__(self, feedback: pd.DataFrame, mentions: pd.DataFrame, score: str, by: list[str]):
        scored = feedback[feedback[score].notna()]
        rows = scored.groupby(["source_file", "source_row"], sort=False).ngroup()
        self._row_of = pd.Series(rows.to_numpy(), scored["feedback_id"])
        first = answered_once(scored)
        self.points = points(first, score).to_numpy(float)
        author = first["author_id"].where(first["author_id"].notna(), first["feedback_id"])
        self.clusters = pd.factorize(author)[0]
        self.held = _held(first, ["source", "stage", *by])
        self.mentions = mentions[mentions["feedback_id"].isin(self._row_of.index)]

    def effects(self, keys: list[str], seed: int) -> pd.DataFrame:
        """A row for each thing told by enough customers; only pains and wins that have the keys."""
        known = self.mentions.dropna(subset=keys)
        found = known.groupby(keys, sort=True)["feedback_id"].unique()
        n = len(self.points)
        rows, columns, fewer = [], [], []
        for key, ids in found.items():
            told = np.zeros(n)
            told[self._row_of.loc[list(ids)].unique()] = 1
            who, others = self._customers(told)
            if who >= _LEAST_TOLD and others >= _LEAST_BOTH:
                rows.append(dict(zip(keys, key, strict=True)))
                columns.append(told)
                fewer.append(min(who, others))
        if not rows:
            return pd.DataFrame(columns=["theme", "issue_id", "stage", "kind"])
        told = np.column_stack(columns)
        terms = min(_MOST_TERMS, max(1, n // _ROWS_A_TERM))
        most = np.sort(np.argsort(-told.sum(axis=0), kind="stable")[:terms])
        out = pd.DataFrame([rows[i] for i in most])
        out = out.reindex(columns=["theme", "issue_id", "stage", "kind"])
        return pd.concat([out, self._measured(told[:, most], np.array(fewer)[most], seed)], axis=1)

    def _customers(self, told: Array) -> tuple[int, int]:
        """How many customers tell of something in some answer, and how many do not in some."""
        return tuple(len(np.unique(self.clusters[told == x])) for x in (1, 0))  # type: ignore[return-value]

    def _measured(self, told: Array, fewer: Array, seed: int) -> pd.DataFrame:
        """A row for each column of ``told`` (n, k); ``fewer`` (k,) customers are on its smaller side."""
        n, k = told.shape
        share, mean = told.mean(axis=0), self.points.mean()
        without = np.array([self.points[told[:, j] == 0].mean() for j in range(k)])
        fit = _regress(self.points, told, self.held)
        effects, shares = self._resampled(told, fit, seed)
        impact, impacts = fit.coefficients * share, effects * shares
        ranks = np.argsort(np.argsort(impacts, axis=1), axis=1) + 1
        rank_low, rank_high = np.quantile(ranks, [0.025, 0.975], axis=0).round()
        spare = max(1, int(self.clusters.max()) + 1 - fit.rank)
        freedom = np.minimum(fewer - 1, spare)
        effect_low, effect_high, p = _around(effects, fit.coefficients, freedom)
        impact_low, impact_high, _ = _around(impacts, impact, freedom)
        return pd.DataFrame({
            "n_scored": n, "n_told": told.sum(axis=0).astype(int), "share": share,
            "naive": mean - without, "effect": fit.coefficients, "effect_low": effect_low,
            "effect_high": effect_high, "impact": impact, "impact_low": impact_low,
            "impact_high": impact_high, "p": p, "q": false_discovery(p),
            "rank": np.argsort(np.argsort(impact)) + 1, "rank_low": rank_low,
            "rank_high": rank_high,
        })  # fmt: skip

    def _resampled(self, told: Array, fit: _Fit, seed: int) -> tuple[Array, Array]:
        """(draws, k) effects and shares, each author weighed anew by an exponential draw."""
        rng, authors = np.random.default_rng(seed), int(self.clusters.max()) + 1
        effects, shares = [], []
        for _ in range(0, DRAWS, _AT_ONCE):
            weights = rng.exponential(1.0, (_AT_ONCE, authors))[:, self.clusters]
            effects.append(fit.coefficients + (weights - 1) @ fit.influence)
            shares.append((weights @ told) / weights.sum(axis=1, keepdims=True))
        return np.concatenate(effects), np.concatenate(shares)


def _around(draws: Array, point: Array, freedom: Array) -> tuple[Array, Array, Array]:
    """95 % interval about a point by the spread of draws, and the p of zero; Student's t.

    Degrees of freedom are those of the smaller side of the comparison, in customers: what eight of them
    tell of is known as well as eight can tell it, however often each writes.
    """
    spread = draws.std(axis=0, ddof=1)
    half = t.ppf(0.975, freedom) * spread
    p = 2 * t.sf(np.abs(point) / np.maximum(spread, 1e-12), freedom)
    return point - half, point + half, np.where(np.isnan(point), np.nan, p)


def _held(feedback: pd.DataFrame, columns: list[str]) -> Array:
    """(n, h) indicators of what is held equal; the commonest value of each column is the base."""
    parts: list[Array] = [np.ones((len(feedback), 1))]
    for column in columns:
        values = feedback[column].astype(object).where(feedback[column].notna(), "unknown")
        common = values.value_counts().index[:_MOST_LEVELS]
        values = values.where(values.isin(common), "other")
        levels = values.value_counts()
        for level in levels.index[1:]:
            if levels[level] >= _LEAST_TOLD:
                parts.append((values == level).to_numpy(float)[:, None])
    return np.hstack(parts)


def _regress(y: Array, told: Array, held: Array) -> _Fit:
    """Least squares of y on what is told and what is held equal."""
    from statsmodels.regression.linear_model import OLS

    k = told.shape[1]
    design = np.hstack([held, told])
    kept = _independent(design)
    design = design[:, kept]
    fitted = OLS(y, design).fit()
    hat = design @ fitted.normalized_cov_params
    leverage = np.minimum((hat * design).sum(axis=1), 0.9)
    influence = (fitted.resid / np.sqrt(1 - leverage))[:, None] * hat  # as HC2
    fit = _Fit(np.full(k, np.nan), np.zeros((len(y), k)), len(kept))
    for at, column in enumerate(kept - held.shape[1]):
        if column >= 0:
            fit.coefficients[column] = fitted.params[at]
            fit.influence[:, column] = influence[:, at]
    return fit


def _independent(design: Array) -> Array:
    """Columns that no combination of those before them makes."""
    diagonal = np.abs(np.diag(np.linalg.qr(design, mode="r")))
    return np.flatnonzero(diagonal > 1e-8 * np.sqrt(len(design)))
