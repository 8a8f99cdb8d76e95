"""The matrix: stages by themes and issues, a cell counting distinct feedback, with its interval."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from vocx.confusion import DRAWS, FEW_DRAWS, Confusion, correct
from vocx.journey import DEFAULT_JOURNEY, Journey, load_journey
from vocx.runs import counted_mentions, without_hidden
from vocx.schema import MATRIX
from vocx.stats import wilson

_PERIOD = {"month": "M", "quarter": "Q", "year": "Y"}


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
    confusion: Confusion | None = None,
    suppress: int = 0,
) -> pd.DataFrame:
    """The long matrix of `vocx.schema`: everybody, then each group, each period, and each of both.

    Parameters
    ----------
    issues : the issues table; hidden ones are left out.
    by : feedback columns (``x_*``) whose values are groups.
    period : month, quarter or year; feedback without a time is in no period.
    confusion : the model's known errors, for which whole themes are corrected at fine stages.
    suppress : cells of fewer feedback are left out.
    """
    mentions = counted_mentions(without_hidden(segments, issues), journey, thresholds)
    theme_of = dict(zip(issues["issue_id"], issues["theme"], strict=True))
    parts = []
    fine = _at_fine_stages(segments, thresholds) if confusion and not journey.by_examples else None
    for group, span, mine_feedback in slices(feedback, by or [], period):
        members = set(mine_feedback["feedback_id"])
        mine = mentions[mentions["feedback_id"].isin(members)]
        cells = _cells(mine, theme_of, len(members))
        if confusion and fine is not None:
            pieces = segments[segments["feedback_id"].isin(members)]
            told = fine[fine["feedback_id"].isin(members)]
            draws = DRAWS if group is None and span is None else FEW_DRAWS
            cells = _corrected(cells, told, pieces["kind"], journey, confusion, draws)
        parts.append(cells.assign(group=group, period=span))
    matrix = pd.concat(parts, ignore_index=True).reindex(columns=MATRIX.names)
    matrix = matrix[matrix["n_feedback"] >= suppress].reset_index(drop=True)
    order = {s: i for i, s in enumerate(journey.stage_names)}
    matrix["_stage"] = matrix["stage"].map(order)
    matrix["_theme"] = matrix["issue_id"].notna()
    keys = ["group", "period", "_stage", "_theme", "n_feedback", "theme", "issue_id"]
    ascending = [True, True, True, True, False, True, True]
    matrix = matrix.sort_values(keys, ascending=ascending, na_position="first", kind="stable")
    return matrix.drop(columns=["_stage", "_theme"]).reset_index(drop=True)


def slices(
    feedback: pd.DataFrame, by: list[str], period: str | None
) -> Iterator[tuple[str | None, str | None, pd.DataFrame]]:
    """(group, period, its feedback), everybody first."""
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
            if (chosen := in_group & in_span).any():
                yield group, span, feedback[chosen]


def _at_fine_stages(segments: pd.DataFrame, thresholds: dict[str, float]) -> pd.DataFrame:
    """Counted mentions of known themes, at the ten fine stages that a model knows."""
    told = counted_mentions(segments, load_journey(DEFAULT_JOURNEY), thresholds)
    return told[told["theme"].notna()]


def _corrected(
    cells: pd.DataFrame,
    told: pd.DataFrame,
    kinds: pd.Series,
    journey: Journey,
    confusion: Confusion,
    draws: int,
) -> pd.DataFrame:
    """Cells of whole themes with counts corrected for the model's errors."""
    columns = ["n_corrected", "n_corrected_low", "n_corrected_high"]
    found: dict[tuple[str, str, str], tuple[float, ...]] = {}
    for kind, errors in confusion.kinds.items():
        mine = told[(told["kind"] == kind) & told["theme"].isin(errors.themes)]
        counts = mine.groupby(["stage", "theme"])["feedback_id"].nunique().unstack(fill_value=0)
        counts = counts.reindex(index=errors.stages, columns=errors.themes, fill_value=0)
        rows = [
            [i for i, s in enumerate(errors.stages) if s in stage.covers]
            for stage in journey.stages
        ]
        fixed = correct(
            errors, counts.to_numpy(float), int((kinds != kind).sum()), rows, draws=draws
        )
        once = _told_once(mine, counts, journey)
        for i, stage in enumerate(journey.stage_names):
            for j, theme in enumerate(errors.themes):
                corrected = (fixed.counts[i, j], fixed.low[i, j], fixed.high[i, j])
                found[kind, stage, theme] = tuple(once[i, j] * c for c in corrected)
    nothing = (float("nan"),) * 3
    values = [
        found.get((c.kind, c.stage, c.theme), nothing) if pd.isna(c.issue_id) else nothing
        for c in cells.itertuples()
    ]
    return cells.assign(**pd.DataFrame(values, columns=columns, index=cells.index))


def _told_once(mine: pd.DataFrame, fine: pd.DataFrame, journey: Journey) -> np.ndarray:
    """(stages, themes) distinct feedback at a journey's stage, of its sum over the fine stages there.

    Who tells of a theme at two fine stages that a journey holds in one is one voice there; ``fine`` are the
    counts of the fine stages by themes.
    """
    told = mine.assign(stage=mine["stage"].map(journey.of_fine)).dropna(subset=["stage"])
    distinct = told.groupby(["stage", "theme"])["feedback_id"].nunique().unstack(fill_value=0)
    added = fine.groupby(fine.index.map(journey.of_fine)).sum()
    n, of = (
        counts.reindex(index=journey.stage_names, columns=fine.columns, fill_value=0).to_numpy(
            float
        )
        for counts in (distinct, added)
    )
    return np.where(of > 0, n / np.maximum(of, 1), 1.0)


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
