"""Paths of customers: feedback of one person over sources and time, and what comes before leaving."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from vocx.journey import Journey
from vocx.schema import PATHS
from vocx.stats import false_discovery, p_of_change, wilson
from vocx.turns import customer_words

_LEAVING = re.compile(
    r"\b(?:cancel(?:led|ling|ed|ing)? (?:my|our|the|this) (?:\w+ )?(?:account|subscription|policy|contract|membership|plan|card|service)|"
    r"clos(?:ed?|ing) (?:my|our|the) account|(?:switch(?:ed|ing)?|mov(?:ed|ing)|gone?|going|went) (?:to|over to) (?:a |an )?(?:another|competitor|different|rival)|"
    r"(?:leaving|left|quit(?:ting)?) (?:you|this company|them)|last (?:time|order|purchase) (?:with|from) (?:you|them)|never (?:again|(?:buy|order|use|shop|"
    r"come|go|stay|fly|return)\w*)|won'?t (?:be )?(?:renew|return|com(?:e|ing) back|us(?:e|ing) (?:you|them|this)|buy|order)\w*|not renew\w*|"
    r"taking my (?:business|custom|money) elsewhere|uninstall(?:ed|ing)?|delet(?:ed?|ing) (?:the|this|my) (?:app|account))\b",
    re.I,
)
_LEAST_PERSONS = 3


def build_paths(
    feedback: pd.DataFrame,
    mentions: pd.DataFrame,
    journey: Journey,
    thresholds: dict[str, float],
) -> pd.DataFrame:
    """The paths table of `vocx.schema`; empty where nobody is known to have spoken twice in time.

    A step is from one feedback of a person to the next in time; a person who takes it often counts once.
    """
    told = feedback[feedback["author_id"].notna() & feedback["created_at"].notna()]
    told = told[told["meaningful"].astype(bool)].copy()
    told["_stage"] = journey.stages_of(told, thresholds.get("feedback.stage", 0.0))
    told = told.sort_values(["author_id", "created_at", "feedback_id"], kind="stable")
    several = told[told["author_id"].duplicated(keep=False)]
    if several.empty:
        return pd.DataFrame(columns=PATHS.names)
    rows = [*_steps(several), *_before_leaving(several, mentions)]
    return pd.DataFrame(rows, columns=PATHS.names)


def is_leaving(feedback: pd.DataFrame) -> pd.Series:
    """Whether feedback (with text, turns, polarity) says that its author goes, or has gone, and not gladly."""
    said = np.array([bool(_LEAVING.search(t)) for t in customer_words(feedback)], bool)
    return said & (feedback["polarity"].fillna(0) < 0)


def _steps(told: pd.DataFrame) -> list[dict[str, Any]]:
    same = told["author_id"].eq(told["author_id"].shift(-1))
    steps = pd.DataFrame({
        "person": told["author_id"], "from_stage": told["_stage"], "to_stage": told["_stage"].shift(-1),
        "change": told["polarity"].shift(-1) - told["polarity"],
        "across": told["source"].ne(told["source"].shift(-1)),
    })[same].dropna(subset=["from_stage", "to_stage"])  # fmt: skip
    went_on = steps.groupby("from_stage")["person"].nunique()
    rows = []
    for (start, end), mine in steps.groupby(["from_stage", "to_stage"], sort=True):
        n, of = mine["person"].nunique(), int(went_on[start])
        low, high = wilson(n, of)
        rows.append({
            "what": "step", "from_stage": start, "to_stage": end, "n_persons": n, "n_of": of,
            "share": n / of, "share_low": float(low), "share_high": float(high),
            "polarity_change": mine.groupby("person")["change"].mean().mean(),
            "across_sources": mine.loc[mine["across"], "person"].nunique(),
        })  # fmt: skip
    return rows


def _before_leaving(told: pd.DataFrame, mentions: pd.DataFrame) -> list[dict[str, Any]]:
    """Pains that persons told of before the feedback in which they leave, against all others."""
    leaving = told[is_leaving(told)].drop_duplicates("author_id")
    if len(leaving) < _LEAST_PERSONS:
        return []
    left_at = leaving.set_index("author_id")["created_at"]
    before = told[~(told["created_at"] >= told["author_id"].map(left_at))]
    pains = mentions[(mentions["kind"] == "pain") & mentions["theme"].notna()]
    pains = pains.merge(before[["feedback_id", "author_id"]], on="feedback_id")
    persons = before["author_id"].nunique()
    left = set(left_at.index) & set(before["author_id"])
    if len(left) < _LEAST_PERSONS:
        return []
    rows = []
    for theme, mine in pains.groupby("theme", sort=True):
        who = set(mine["author_id"])
        n, others = len(who & left), len(left - who)
        if len(who) < _LEAST_PERSONS:
            continue
        low, high = wilson(n, len(who))
        rows.append({
            "what": "before_leaving", "theme": theme, "n_persons": n, "n_of": len(who),
            "share": n / len(who), "share_low": float(low), "share_high": float(high),
            "share_others": others / max(1, persons - len(who)),
            "p": float(p_of_change(others, persons - len(who), n, len(who))[0]),
        })  # fmt: skip
    q = false_discovery(np.array([r["p"] for r in rows]))
    return [row | {"q": float(x)} for row, x in zip(rows, q, strict=True)]
