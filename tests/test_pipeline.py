import numpy as np
import pandas as pd

from vocx.ingest.conversations import join_turns
from vocx.pipeline import Model, label_shard


def feedback(texts: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "feedback_id": [f"f{i}" for i in range(len(texts))],
            "source": "survey",
            "text": texts,
            "turns": None,
            "meaningful": True,
        }
    )


TEXTS = ["The parcel came late. Staff were lovely.", "Refund still not here!", "Great kettle"]


def test_permuting_feedback_permutes_labels(tiny: Model) -> None:
    frame = feedback(TEXTS)
    one, _ = label_shard(frame, tiny)
    two, _ = label_shard(frame.iloc[::-1].reset_index(drop=True), tiny)
    columns = ["feedback_id", "stage", "touchpoint", "emotion", "sentiment"]
    pd.testing.assert_frame_equal(
        one[columns].sort_values("feedback_id", ignore_index=True),
        two[columns].sort_values("feedback_id", ignore_index=True),
    )


def test_context_changes_how_a_clause_is_read(tiny: Model) -> None:
    frame = feedback(
        ["It was slow. The app crashed at checkout.", "It was slow. The waiter was rude."]
    )
    _, segments = label_shard(frame, tiny)
    slow = segments[segments["text"] == "It was slow."]
    assert slow["stage_score"].nunique() == 2


def test_only_the_customers_words_are_judged(tiny: Model) -> None:
    turns = [
        ("customer", "Refund still not here!", None),
        ("agent", "I love the app and the kettle", None),
    ]
    text, spans = join_turns(turns)
    frame = feedback(["x", "Refund still not here!"])
    frame.loc[0, "text"] = text
    frame["turns"] = pd.Series([spans, None], dtype=object)
    found, _ = label_shard(frame, tiny)
    assert np.isclose(found["stage_score"][0], found["stage_score"][1])


def test_a_shard_of_nothing_meaningful(tiny: Model) -> None:
    frame = feedback(["n/a"]).assign(meaningful=False)
    found, segments = label_shard(frame, tiny)
    assert found["stage"].isna().all()
    assert segments.empty
