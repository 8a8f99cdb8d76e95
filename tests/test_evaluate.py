from conftest import SAMPLES, TINY

from vocx.evaluate import evaluate_model


def test_every_task_of_the_labelled_sample_is_scored() -> None:
    scores = evaluate_model(str(TINY), SAMPLES / "labelled_feedback.jsonl")
    assert set(scores["tasks"]) == {
        "stage", "touchpoint", "emotion", "sentiment",
        "pains found (F1)", "wins found (F1)", "pain theme", "win theme",
    }  # fmt: skip
    assert scores["tasks"]["stage"]["accuracy"] > 0.5  # it was trained on these
    assert all(0 <= s["accuracy"] <= 1 for s in scores["tasks"].values())
