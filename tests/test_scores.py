import pandas as pd

from vocx.journey import load_journey
from vocx.scores import build_scores, tells_of_effort

JOURNEY = load_journey("vocx-10")


def feedback() -> pd.DataFrame:
    n = 40
    return pd.DataFrame({
        "source_file": "f", "source_row": range(n), "nps": [10, 9, 7, 0] * 10, "csat": None, "ces": None,
        "rating": [1.0, 0.5] * 20, "stage": ["use"] * 30 + ["support"] * 10, "stage_score": [0.9] * 35 + [0.1] * 5,
        "touchpoint": "chat", "touchpoint_score": 0.9, "emotion": "joy", "emotion_score": 0.9, "polarity": 0.5,
        "meaningful": True, "turns": None, "text": ["third time I call", "all good", "quick", "nice"] * 10,
    })  # fmt: skip


def test_each_score_has_its_interval_and_its_n() -> None:
    scores = build_scores([(None, None, feedback())], JOURNEY, {"feedback.stage": 0.5})
    nps = scores[(scores["level"] == "all") & (scores["measure"] == "nps")].iloc[0]
    assert (nps["value"], nps["n"]) == (25.0, 40)
    assert nps["low"] < 25 < nps["high"]
    stars = scores[(scores["level"] == "all") & (scores["measure"] == "rating")].iloc[0]
    assert stars["value"] == 4.0


def test_unsure_stages_are_left_out() -> None:
    scores = build_scores([(None, None, feedback())], JOURNEY, {"feedback.stage": 0.5})
    support = scores[(scores["name"] == "support") & (scores["measure"] == "nps")].iloc[0]
    assert support["n"] == 5


def test_effort_is_a_share_of_those_who_say_something() -> None:
    scores = build_scores([(None, None, feedback())], JOURNEY, {})
    effort = scores[(scores["level"] == "all") & (scores["measure"] == "effort")].iloc[0]
    assert effort["value"] == 0.25


def test_words_of_effort() -> None:
    said = [
        "I was transferred from one desk to another",
        "Still waiting",
        "had to ring twice",
        "lovely",
    ]
    assert tells_of_effort(pd.Series(said)).tolist() == [True, True, True, False]
