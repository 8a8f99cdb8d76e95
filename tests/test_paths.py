import pandas as pd

from vocx.journey import load_journey
from vocx.paths import build_paths, is_leaving

JOURNEY = load_journey("vocx-10")


def people() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ten buy and use; five of them tell of a fee and leave, five are glad and stay."""
    rows = []
    for k in range(10):
        goes = k < 5
        texts = [
            "I bought it",
            "An extra fee!" if goes else "works well",
            "I cancelled my subscription" if goes else "still good",
        ]
        for step, text in enumerate(texts):
            rows.append({
                "feedback_id": f"{k}/{step}", "author_id": f"p{k}", "created_at": pd.Timestamp(f"2026-01-0{step + 1}", tz="UTC"),
                "source": "survey" if step < 2 else "review", "stage": ["purchase", "use", "retention"][step], "stage_score": 0.9,
                "polarity": [0.2, -0.5 if goes else 0.6, -0.8 if goes else 0.7][step], "text": text, "turns": None, "meaningful": True,
            })  # fmt: skip
    mentions = pd.DataFrame(
        {"feedback_id": [f"{k}/1" for k in range(5)], "kind": "pain", "theme": "unexpected-fee"}
    )
    return pd.DataFrame(rows), mentions


def test_steps_count_persons_over_sources() -> None:
    paths = build_paths(*people(), JOURNEY, {})
    step = paths[(paths["from_stage"] == "use") & (paths["to_stage"] == "retention")].iloc[0]
    assert (step["n_persons"], step["n_of"], step["across_sources"]) == (10, 10, 10)
    assert abs(step["polarity_change"] - (-0.3 * 5 + 0.1 * 5) / 10) < 1e-9


def test_what_comes_before_leaving_is_told_against_those_who_stay() -> None:
    paths = build_paths(*people(), JOURNEY, {})
    fee = paths[paths["what"] == "before_leaving"].iloc[0]
    assert (fee["theme"], fee["n_persons"], fee["n_of"], fee["share_others"]) == (
        "unexpected-fee",
        5,
        5,
        0.0,
    )
    assert fee["q"] < 0.05


def test_a_person_who_goes_to_and_fro_counts_once() -> None:
    feedback, mentions = people()
    one = feedback[feedback["author_id"] == "p9"]
    later = one.assign(
        created_at=one["created_at"] + pd.Timedelta(days=30), feedback_id=one["feedback_id"] + "b"
    )
    paths = build_paths(pd.concat([feedback, later]), mentions, JOURNEY, {})
    step = paths[(paths["from_stage"] == "purchase") & (paths["to_stage"] == "use")].iloc[0]
    assert step["n_persons"] == 10


def test_without_authors_there_are_no_paths() -> None:
    feedback, mentions = people()
    assert build_paths(feedback.assign(author_id=None), mentions, JOURNEY, {}).empty


def test_leaving_is_said_in_words_and_not_gladly() -> None:
    said = [
        "I am switching to another bank",
        "I cancelled my account",
        "never again",
        "I'll come again",
    ]
    frame = pd.DataFrame({"text": said, "turns": None, "polarity": [-0.5, -0.4, 0.5, -0.5]})
    assert is_leaving(frame).tolist() == [True, True, False, False]
