"""All that is counted of labelled feedback: matrix, effects on scores, scores by stage, paths."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from vocx.confusion import Confusion
from vocx.impact import build_effects, main_score
from vocx.journey import Journey
from vocx.matrix import build_matrix, slices
from vocx.paths import build_paths
from vocx.runs import as_stored, counted_mentions, without_hidden
from vocx.scores import build_scores


@dataclass
class Counts:
    """The counted tables of `vocx.schema`."""

    matrix: pd.DataFrame
    effects: pd.DataFrame
    scores: pd.DataFrame
    paths: pd.DataFrame


def count(
    feedback: pd.DataFrame,
    segments: pd.DataFrame,
    issues: pd.DataFrame,
    journey: Journey,
    thresholds: dict[str, float],
    by: list[str] | None = None,
    period: str | None = None,
    confusion: Confusion | None = None,
    suppress: int = 0,
) -> Counts:
    """Everything counted anew from labelled feedback; parameters as of `vocx.matrix.build_matrix`."""
    by = by or []
    shown = without_hidden(segments, issues)
    mentions = counted_mentions(shown, journey, thresholds)
    matrix = build_matrix(
        feedback, segments, journey, thresholds, issues, by, period, confusion, suppress
    )
    placed = feedback.assign(
        stage=journey.stages_of(feedback, thresholds.get("feedback.stage", 0.0))
    )
    effects = build_effects(placed, mentions, issues, by)
    scores = build_scores(list(slices(feedback, by, period)), journey, thresholds)
    paths = build_paths(feedback, mentions, journey, thresholds)
    matrix = with_impact(matrix, effects, main_score(feedback))
    return Counts(
        *(
            as_stored(frame, table)
            for table, frame in (
                ("matrix", matrix),
                ("effects", effects),
                ("scores", scores),
                ("paths", paths),
            )
        )
    )


def with_impact(matrix: pd.DataFrame, effects: pd.DataFrame, score: str | None) -> pd.DataFrame:
    """The matrix with the impact of each cell of everybody on the main score."""
    names = ["impact", "impact_low", "impact_high"]
    levels = ["theme_at_stage", "issue_at_stage"]
    mine = effects[(effects["score"] == score) & effects["level"].isin(levels)]
    keys = ["stage", "theme", "issue_id", "kind"]
    at = {_key(r, keys): tuple(getattr(r, n) for n in names) for r in mine.itertuples()}
    nothing = (float("nan"),) * 3
    whole = matrix["group"].isna() & matrix["period"].isna()
    values = [
        at.get(_key(r, keys), nothing) if everybody else nothing
        for r, everybody in zip(matrix.itertuples(), whole, strict=True)
    ]
    return matrix.assign(**pd.DataFrame(values, columns=names, index=matrix.index))


def _key(row: object, names: list[str]) -> tuple[str, ...]:
    values = (getattr(row, n) for n in names)
    return tuple("" if v is None or v != v else str(v) for v in values)
