import numpy as np
import pandas as pd

from vocx.impact import build_effects, main_score, points

ISSUES = pd.DataFrame({"issue_id": ["i"], "theme": ["late-delivery"]})


def customers(n: int = 1200, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Late delivery costs two points; hold time costs nothing, but goes along with late delivery."""
    rng = np.random.default_rng(seed)
    late = rng.random(n) < 0.2
    hold = rng.random(n) < np.where(late, 0.5, 0.05)
    feedback = pd.DataFrame({
        "feedback_id": [f"f{k}" for k in range(n)], "source_file": "s", "source_row": range(n),
        "author_id": None, "source": "survey", "stage": rng.choice(["use", "support"], n),
        "nps": np.nan, "csat": np.nan, "ces": np.nan,
        "rating": np.clip((4 - 2 * late + rng.normal(0, 0.7, n) - 1) / 4, 0, 1),
    })  # fmt: skip
    told = [(f, "late-delivery", "fulfilment") for f in feedback["feedback_id"][late]]
    told += [(f, "long-hold-time", "support") for f in feedback["feedback_id"][hold]]
    told += [(f, "will-not-return", "retention") for f in feedback["feedback_id"][late][::2]]
    mentions = pd.DataFrame(told, columns=["feedback_id", "theme", "stage"])
    return feedback, mentions.assign(kind="pain", issue_id=None)


def themes(effects: pd.DataFrame) -> pd.DataFrame:
    return effects[effects["level"] == "theme"].set_index("theme")


def test_an_issue_is_not_charged_with_what_goes_along_with_it() -> None:
    found = themes(build_effects(*customers(), ISSUES))
    late, hold = found.loc["late-delivery"], found.loc["long-hold-time"]
    assert late["effect_low"] < -1.85 < late["effect_high"] < -1.6
    assert hold["effect_low"] < 0 < hold["effect_high"]
    assert hold["naive"] < -0.08 < hold["impact"]
    assert late["rank"] == 1
    assert late["q"] < 0.001 < 0.05 < hold["q"]
    assert abs(late["impact"] - late["effect"] * late["share"]) < 1e-6


def test_a_verdict_is_no_cause() -> None:
    assert "will-not-return" not in themes(build_effects(*customers(), ISSUES)).index


def test_answers_of_one_row_share_their_score() -> None:
    feedback, mentions = customers()
    feedback["source_row"] = feedback["source_row"] // 2
    found = build_effects(feedback, mentions, ISSUES)
    assert set(found["n_scored"]) == {600}


def test_rows_of_one_author_are_not_taken_for_so_many_customers() -> None:
    feedback, mentions = customers(400)
    many = pd.concat([feedback.assign(feedback_id=feedback["feedback_id"] + s, source_file=s, author_id=feedback["feedback_id"]) for s in "abcd"])  # fmt: skip
    told = pd.concat([mentions.assign(feedback_id=mentions["feedback_id"] + s) for s in "abcd"])
    once = themes(build_effects(feedback, mentions, ISSUES)).loc["late-delivery"]
    four = themes(build_effects(many.reset_index(drop=True), told, ISSUES)).loc["late-delivery"]
    width = (four["effect_high"] - four["effect_low"]) / (once["effect_high"] - once["effect_low"])
    assert 0.8 < width < 1.2


def test_few_who_write_often_are_not_taken_for_many() -> None:
    """Twenty customers answer ten times each; what some of them always tell of costs nothing."""
    surely = []
    for draw in range(60):
        rng = np.random.default_rng(draw)
        feedback, _ = customers(200)
        who = np.repeat(np.arange(20), 10)
        score = rng.normal(0, 1, 20)[who] + rng.normal(0, 0.3, 200)
        feedback = feedback.assign(author_id=who.astype(str), stage="use", rating=np.clip(0.5 + score / 8, 0, 1))  # fmt: skip
        told = {"late-delivery": who < 7, "long-hold-time": who < 5}
        mentions = pd.concat([pd.DataFrame({"feedback_id": feedback["feedback_id"][rows], "theme": theme, "stage": "use",
                                            "kind": "pain", "issue_id": None}) for theme, rows in told.items()])  # fmt: skip
        found = themes(build_effects(feedback, mentions, ISSUES))
        assert found.index.tolist() == ["late-delivery"]  # of the other only five customers tell
        surely.append(found["p"].iloc[0] <= 0.05)
    assert np.mean(surely) < 0.12


def test_too_few_scores_are_not_measured() -> None:
    feedback, mentions = customers(20)
    assert build_effects(feedback, mentions, ISSUES).empty
    assert main_score(feedback) is None


def test_points_are_told_as_people_tell_them() -> None:
    frame = pd.DataFrame({"nps": [10, 5], "rating": [1.0, 0.5], "csat": [0.5, 1.0]})
    assert points(frame, "nps").tolist() == [100, -100]
    assert points(frame, "rating").tolist() == [5, 3]
    assert points(frame, "csat").tolist() == [50, 100]
