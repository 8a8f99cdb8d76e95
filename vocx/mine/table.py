"""The issues table of a run: what was said of each issue, how badly, when, and in whose words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from vocx.mine.names import stems_of
from vocx.mine.phrases import key_of
from vocx.mine.space import unit
from vocx.schema import ISSUES

_N_EXAMPLES = 5
_ALIKE = 0.15  # what likeness to a quote already chosen costs, beside being central


def issue_table(
    issues: pd.DataFrame, segments: pd.DataFrame, feedback: pd.DataFrame, vectors: np.ndarray
) -> pd.DataFrame:
    """One row per issue, most voices first: counts, polarity, severity, emotion, times, example quotes.

    ``vectors`` are the segments' unit vectors, row by row. Issues that a codebook knows stay, with
    counts of zero, if nobody speaks of them.
    """
    times = feedback.set_index("feedback_id")["created_at"]
    rows = []
    where = {k: np.asarray(v) for k, v in segments.groupby("issue_id").indices.items()}
    for issue in issues.to_dict("records"):
        places = where.get(issue["issue_id"], np.zeros(0, int))
        mine = segments.iloc[places]
        seen = times.loc[mine["feedback_id"].unique()].dropna()
        rows.append(
            issue
            | {
                "n_feedback": mine["feedback_id"].nunique(),
                "n_segments": len(mine),
                "polarity": mine["polarity"].mean(),
                "severity": mine["severity"].mean(),
                "emotion": _most_felt(mine),
                "first_seen": seen.min() if len(seen) else pd.NaT,
                "last_seen": seen.max() if len(seen) else pd.NaT,
                "examples": examples(mine, vectors[places], issue["name"]),
            }
        )
    table = pd.DataFrame(rows, columns=ISSUES.names)
    table["theme"] = table["theme"].astype(object).where(table["theme"].notna(), None)
    return table.sort_values(["n_feedback", "issue_id"], ascending=[False, True], ignore_index=True)


def _most_felt(mentions: pd.DataFrame) -> str | None:
    """The emotion that most customers of an issue show."""
    felt = mentions.drop_duplicates(["feedback_id", "emotion"])["emotion"].dropna().value_counts()
    return None if felt.empty else str(min(felt[felt == felt.max()].index))


def examples(mentions: pd.DataFrame, vectors: np.ndarray, name: str) -> list[str]:
    """Segment ids of quotes that are central, readable, of different customers, and differ.

    Quotes that say what the issue's name says come first.
    """
    if mentions.empty:
        return []
    central = vectors @ unit(vectors.mean(axis=0))
    n_words = mentions["text"].str.count(r"\w+").to_numpy()
    key = key_of(name.lower().split())
    says_it = np.array([key <= stems_of(t) for t in mentions["text"]], bool)
    worth = central - np.where((n_words >= 4) & (n_words <= 28), 0.0, 0.3) + 0.3 * says_it
    texts = mentions["text"].str.lower().str.strip(" .!?").to_numpy()
    owners, ids = mentions["feedback_id"].to_numpy(), mentions["segment_id"].to_numpy()
    open_ = np.ones(len(ids), bool)
    chosen: list[str] = []
    while open_.any() and len(chosen) < _N_EXAMPLES:
        best = int(np.where(open_, worth, -np.inf).argmax())
        chosen.append(str(ids[best]))
        open_ &= (owners != owners[best]) & (texts != texts[best])
        worth = worth - _ALIKE * np.clip(vectors @ vectors[best], 0, 1)
    return chosen
