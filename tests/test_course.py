import pandas as pd

from vocx.course import course_of


def talk(words: list[tuple[str, str, float]]) -> pd.DataFrame:
    return pd.DataFrame({
        "feedback_id": "f", "seq": range(len(words)), "text": [w for w, _, _ in words], "kind": [k for _, k, _ in words],
        "polarity": [p for _, _, p in words], "severity": [2 if k == "pain" else None for _, k, _ in words],
    })  # fmt: skip


FEEDBACK = pd.DataFrame({"feedback_id": ["f", "g"], "turns": [[{"speaker": "customer"}], None]})
BAD, OPEN, GOOD = (
    ("it is broken", "pain", -0.8),
    ("my name is on it", "none", 0.0),
    ("great, thank you", "win", 0.9),
)


def test_a_talk_that_turns_out_well() -> None:
    row = course_of(FEEDBACK, talk([BAD, OPEN, GOOD])).iloc[0]
    assert (row["polarity_start"], row["polarity_end"], row["pain_at"], row["resolved"]) == (
        -0.8,
        0.9,
        0.0,
        True,
    )


def test_a_talk_that_ends_as_it_began() -> None:
    row = course_of(FEEDBACK, talk([OPEN, OPEN, BAD])).iloc[0]
    assert row["polarity_slope"] == -0.8
    assert (row["pain_at"], row["resolved"]) == (1.0, False)


def test_what_is_not_told_is_not_known() -> None:
    out = course_of(FEEDBACK, talk([OPEN, OPEN, OPEN]))
    assert out.iloc[0]["resolved"] is None
    assert out.iloc[1].isna().all()
    assert course_of(FEEDBACK, talk([BAD])).iloc[0].isna().all()
