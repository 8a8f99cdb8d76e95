import numpy as np
import pandas as pd

from vocx.mine import ISSUE_COLUMNS, issue_table
from vocx.mine.table import examples


def mentions() -> pd.DataFrame:
    texts = [
        "battery died after weeks",
        "Battery died after weeks.",
        "the battery is dead now",
        "so flat",
    ]
    return pd.DataFrame(
        {
            "segment_id": [f"{f}/0" for f in "abcd"], "feedback_id": list("abcd"), "text": texts,
            "issue_id": ["i-1"] * 4, "polarity": -0.5, "severity": [1, 2, 3, 2],
            "emotion": ["anger", "anger", "sadness", None],
        }
    )  # fmt: skip


def test_counts_severity_emotion_and_issues_nobody_speaks_of() -> None:
    rows = [("i-1", "defective-product", "pain", "battery died", "", [], "known", False, False, []),
            ("i-2", None, "pain", "lid cracked", "", [], "known", False, False, [])]  # fmt: skip
    issues = pd.DataFrame(rows, columns=list(ISSUE_COLUMNS))
    times = pd.to_datetime(["2026-01-02", "2026-01-01", None, None], utc=True)
    feedback = pd.DataFrame({"feedback_id": list("abcd"), "created_at": times})
    table = issue_table(issues, mentions(), feedback, np.eye(4))
    assert table["n_feedback"].tolist() == [4, 0]
    first = table.iloc[0]
    assert (first["severity"], first["emotion"]) == (2.0, "anger")
    assert first["first_seen"] == pd.Timestamp("2026-01-01", tz="UTC")
    assert table.iloc[1]["examples"] == []
    assert table.iloc[1]["theme"] is None


def test_quotes_differ_and_the_one_that_says_the_name_leads() -> None:
    found = mentions()
    vectors = np.array([[1.0, 0], [1, 0], [0.8, 0.6], [0, 1]])
    chosen = examples(found, vectors, "battery died")
    assert chosen[0] == "a/0"
    assert "b/0" not in chosen  # the same words again
    assert set(chosen) == {"a/0", "c/0", "d/0"}
