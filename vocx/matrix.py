"""The matrix: stages by themes and issues, a cell counting distinct feedback, with its interval."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from vocx.journey import Journey
from vocx.runs import counted_mentions, without_hidden
from vocx.schema import MATRIX, Z95

_PERIOD = {"month": "M", "quarter": "Q", "year": "Y"}


def wilson(n: np.ndarray, total: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
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


def period_of(times: pd.Series, period: str) -> pd.Series:
    """Names of the periods that times fall in: 2026-03, 2026-Q1 or 2026; null for no time."""
    names = times.dt.tz_localize(None).dt.to_period(_PERIOD[period])
    return pd.Series(
        [None if p is pd.NaT else str(p).replace("Q", "-Q") for p in names],
        times.index,
        dtype=object,
    )


def build_matrix(
    feedback: pd.DataFrame,
    segments: pd.DataFrame,
    journey: Journey,
    thresholds: dict[str, float],
    issues: pd.DataFrame,
    by: list[str] | None = None,
    period: str | None = None,
) -> pd.DataFrame:
    """The long matrix of `vocx.schema`: everybody, then each group, each period, and each of both.

    Parameters
    ----------
    issues : the issues table; hidden ones are left out.
    by : feedback columns (``x_*``) whose values are groups.
    period : month, quarter or year; feedback without a time is in no period.
    """
    mentions = counted_mentions(without_hidden(segments, issues), journey, thresholds)
    theme_of = dict(zip(issues["issue_id"], issues["theme"], strict=True))
    parts = []
    for group, span, members in _slices(feedback, by or [], period):
        mine = mentions[mentions["feedback_id"].isin(members)]
        cells = _cells(mine, theme_of, len(members))
        parts.append(cells.assign(group=group, period=span))
    matrix = pd.concat(parts, ignore_index=True).reindex(columns=MATRIX.names)
    order = {s: i for i, s in enumerate(journey.stage_names)}
    matrix["_stage"] = matrix["stage"].map(order)
    matrix["_theme"] = matrix["issue_id"].notna()
    keys = ["group", "period", "_stage", "_theme", "n_feedback", "theme", "issue_id"]
    ascending = [True, True, True, True, False, True, True]
    matrix = matrix.sort_values(keys, ascending=ascending, na_position="first", kind="stable")
    return matrix.drop(columns=["_stage", "_theme"]).reset_index(drop=True)


def _slices(
    feedback: pd.DataFrame, by: list[str], period: str | None
) -> Iterator[tuple[str | None, str | None, set[str]]]:
    """(group, period, ids of its feedback), everybody first."""
    ids = feedback["feedback_id"]
    groups: list[tuple[str | None, pd.Series]] = [(None, pd.Series(True, feedback.index))]
    for column in by:
        for value in sorted(feedback[column].dropna().unique()):
            name = f"{column.removeprefix('x_')}={value}"
            groups.append((name, feedback[column] == value))
    spans: list[tuple[str | None, pd.Series]] = [(None, pd.Series(True, feedback.index))]
    if period:
        names = period_of(feedback["created_at"], period)
        spans += [(name, names == name) for name in sorted(names.dropna().unique())]
    for group, in_group in groups:
        for span, in_span in spans:
            members = ids[in_group & in_span]
            if len(members):
                yield group, span, set(members)


def _cells(mentions: pd.DataFrame, theme_of: dict[str, str | None], total: int) -> pd.DataFrame:
    """Cells of one slice: whole themes, then issues, each under the theme that is its own."""
    themed = mentions[mentions["theme"].notna()].assign(issue_id=None)
    issued = mentions[mentions["issue_id"].notna()]
    issued = issued.assign(theme=issued["issue_id"].map(theme_of))
    keys = ["stage", "theme", "issue_id", "kind"]
    both = pd.concat([themed, issued]) if len(mentions) else mentions
    if both.empty:
        return pd.DataFrame(columns=[*keys, "n_feedback", "share", "share_low", "share_high",
                                     "severity", "polarity", "top_emotion"])  # fmt: skip
    by_voice = both.groupby([*keys, "feedback_id"], dropna=False)[["severity", "polarity"]].mean()
    cells = by_voice.groupby(keys, dropna=False, sort=True).agg(
        n_feedback=("polarity", "size"),
        severity=("severity", "mean"),
        polarity=("polarity", "mean"),
    )
    felt = both.drop_duplicates([*keys, "feedback_id", "emotion"]).groupby(keys, dropna=False)
    cells["top_emotion"] = felt["emotion"].agg(_most_common)
    cells = cells.reset_index()
    cells["theme"] = cells["theme"].where(cells["theme"].notna(), None)
    cells["issue_id"] = cells["issue_id"].where(cells["issue_id"].notna(), None)
    cells["share"] = cells["n_feedback"] / total
    cells["share_low"], cells["share_high"] = wilson(cells["n_feedback"].to_numpy(), total)
    return cells


def _most_common(values: pd.Series) -> str | None:
    counts = values.dropna().value_counts()
    return None if counts.empty else str(sorted(counts[counts == counts.max()].index)[0])
