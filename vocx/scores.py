"""Scores by stage and touchpoint: NPS, CSAT, CES, stars, polarity, effort and emotions, with intervals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from vocx.journey import Journey
from vocx.runs import answered_once
from vocx.schema import SCORES
from vocx.stats import nps_interval, scale_interval, wilson
from vocx.turns import customer_words

# Words of customers who had to try again, wait, or be passed on: what it cost them to get it done.
_EFFORT = re.compile(
    r"\b(?:(?:second|third|fourth|fifth|2nd|3rd|4th|5th|nth|umpteenth) (?:time|attempt|call|email|e-mail|visit|try)|"
    r"(?:two|three|four|five|six|several|multiple|many|countless|numerous|\d+) (?:times|calls|emails|e-mails|attempts|visits)|"
    r"(?:called|rang|phoned|emailed|e-mailed|contacted|asked|tried|chased|explained|wrote) (?:\w+ ){0,3}(?:again|twice|repeatedly|over and over)|"
    r"again and again|over and over|keep (?:having|calling|asking|getting)|kept (?:having to|calling|asking|getting)|had to (?:call|ring|chase|"
    r"ask|repeat|explain|go back|start over|wait|queue)|(?:transferred|passed|bounced|sent) (?:around|from|between|back and forth|to another)|"
    r"still (?:waiting|no|not|haven'?t|have not|hasn'?t)|on hold|(?:hours|days|weeks|months) (?:later|on hold|of waiting)|no (?:reply|response|one answers)|"
    r"(?:never|nobody|no one) (?:called|got|rang|replied|answered|responded)|jump(?:ing)? through hoops|wild goose|run ?around|chasing)\b",
    re.I,
)
_MEASURES = ("nps", "csat", "ces", "rating")


def tells_of_effort(texts: pd.Series) -> pd.Series:
    """Whether each text tells of effort: "third time", "still waiting", "passed around".

    >>> tells_of_effort(pd.Series(["I am still waiting", "quick and easy"])).tolist()
    [True, False]
    """
    return texts.map(lambda t: bool(_EFFORT.search(t)) if isinstance(t, str) else False)


def build_scores(
    slices: list[tuple[str | None, str | None, pd.DataFrame]],
    journey: Journey,
    thresholds: dict[str, float],
) -> pd.DataFrame:
    """The scores table of `vocx.schema`.

    Parameters
    ----------
    slices : (group, period, its feedback), everybody first.
    """
    rows: list[dict[str, Any]] = []
    for group, period, feedback in slices:
        for level, name, mine in _parts(feedback, journey, thresholds):
            for row in _measured(mine, thresholds):
                rows.append({"level": level, "name": name, "group": group, "period": period} | row)
    return pd.DataFrame(rows, columns=SCORES.names)


def _parts(
    feedback: pd.DataFrame, journey: Journey, thresholds: dict[str, float]
) -> Iterator[tuple[str, str | None, pd.DataFrame]]:
    """All feedback, then that of each stage in order, then that of each touchpoint; only the sure."""
    yield "all", None, feedback
    stage_of = journey.stages_of(feedback, thresholds.get("feedback.stage", 0.0))
    for stage in journey.stage_names:
        if (mine := (stage_of == stage)).any():
            yield "stage", stage, feedback[mine]
    sure = feedback["touchpoint_score"] >= thresholds.get("feedback.touchpoint", 0.0)
    for touchpoint in sorted(feedback.loc[sure, "touchpoint"].dropna().unique()):
        yield "touchpoint", touchpoint, feedback[sure & (feedback["touchpoint"] == touchpoint)]


def _measured(feedback: pd.DataFrame, thresholds: dict[str, float]) -> Iterator[dict[str, Any]]:
    once = answered_once(feedback)
    for measure in _MEASURES:
        values = once[measure].dropna().to_numpy(float)
        if len(values):
            yield _row(measure, len(values), _interval(values, measure))
    said = feedback[feedback["meaningful"].astype(bool)]
    if said.empty:
        return
    yield _row(
        "polarity", len(said), scale_interval(said["polarity"].dropna().to_numpy(float), -1, 1)
    )
    yield _share(
        "effort", None, int(tells_of_effort(pd.Series(customer_words(said))).sum()), len(said)
    )
    sure = said.loc[said["emotion_score"] >= thresholds.get("feedback.emotion", 0.0), "emotion"]
    for emotion, n in sorted(sure.value_counts().items(), key=lambda e: (-e[1], str(e[0]))):
        yield _share("emotion", str(emotion), int(n), len(sure))


def _interval(values: np.ndarray, measure: str) -> tuple[float, float, float]:
    """Value, low and high: NPS -100..100, CSAT and CES 0..100, stars 1..5; none below two answers."""
    if measure == "nps":
        return nps_interval(values)
    least, most = (1.0, 5.0) if measure == "rating" else (0.0, 100.0)
    return scale_interval(least + (most - least) * values, least, most)


def _row(measure: str, n: int, told: tuple[float, float, float]) -> dict[str, Any]:
    value, low, high = told
    return {"measure": measure, "of": None, "n": n, "value": value, "low": low, "high": high}


def _share(measure: str, of: str | None, n: int, total: int) -> dict[str, Any]:
    low, high = wilson(n, total)
    return {"measure": measure, "of": of, "n": total, "value": n / max(total, 1),
            "low": float(low), "high": float(high)}  # fmt: skip
