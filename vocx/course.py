"""The course of a conversation: how the customer feels at its start and end, where it hurts, how it ends."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

_ENDS_WELL = re.compile(
    r"\b(?:thank(?:s| you)|perfect|brilliant|great|lovely|wonderful|excellent|awesome|appreciate|that(?:'s| is) (?:all|it|great|fine|sorted)|"
    r"(?:that|it|this) (?:works|worked|fixed|helped|solved|did it)|works now|working now|all sorted|sorted now|problem solved|you'?ve been)\b",
    re.I,
)
_ENDS_BADLY = re.compile(
    r"\b(?:still (?:not|no|isn'?t|doesn'?t|haven'?t|waiting|broken)|not (?:resolved|sorted|fixed|working|acceptable|good enough)|ridiculous|useless|"
    r"unacceptable|never ?mind|forget it|manager|complain\w*|cancel\w*|waste of time|no help|not helpful|unhelpful|goodbye)\b",
    re.I,
)
_LEAST = 3  # clauses of the customer's that a course takes
_LAST = 3  # clauses that tell how it ends
COLUMNS = ["polarity_start", "polarity_end", "polarity_slope", "pain_at", "resolved"]


def course_of(feedback: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """The columns of a conversation's course, by the feedback's index; null for other feedback.

    Start and end are the mean polarity of the first and the last third of the customer's clauses, where
    a clause that is no pain or win has zero; the slope is that of a straight line through all of them,
    from 0 (the first clause) to 1 (the last). Resolved is how the last three clauses speak: thanks without
    complaint, or complaint; null where they do neither.
    """
    out = pd.DataFrame(None, feedback.index, COLUMNS, dtype=object)
    talks = feedback.index[feedback["turns"].map(lambda t: t is not None and len(t) > 0)]
    if not len(talks):
        return out
    by_talk = dict(iter(segments.sort_values("seq").groupby("feedback_id")))
    for row in talks:
        mine = by_talk.get(feedback.at[row, "feedback_id"])
        if mine is None or len(mine) < _LEAST:
            continue
        part = max(1, len(mine) // 3)
        polarity = mine["polarity"].to_numpy(float)
        out.at[row, "polarity_start"] = float(polarity[:part].mean())
        out.at[row, "polarity_end"] = float(polarity[-part:].mean())
        slope = np.polyfit(np.linspace(0, 1, len(polarity)), polarity, 1)[0]
        out.at[row, "polarity_slope"] = float(round(slope, 6))
        pain = mine["kind"].eq("pain").to_numpy()
        if pain.any():
            gravest = np.argmax(np.where(pain, mine["severity"].fillna(0).to_numpy(float), -1))
            out.at[row, "pain_at"] = float(gravest / max(1, len(mine) - 1))
        out.at[row, "resolved"] = _ending(mine.tail(_LAST))
    return out


def _ending(last: pd.DataFrame) -> bool | None:
    words = " ".join(last["text"])
    badly = bool(_ENDS_BADLY.search(words)) or last["kind"].iloc[-1] == "pain"
    well = bool(_ENDS_WELL.search(words)) or last["kind"].iloc[-1] == "win"
    return None if badly == well else well
