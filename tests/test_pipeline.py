from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from conftest import SAMPLES, TINY

from vocx.api import run
from vocx.engine import rejourney
from vocx.ingest.conversations import join_turns
from vocx.journey import load_journey
from vocx.models import FORMAT, ModelFolder
from vocx.pipeline import Model, doubts, label_shard, load_model, worth_asking


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


def test_a_journey_told_by_examples_is_counted_by_its_own_stages(tmp_path: Path) -> None:
    said = {
        "waiting": ["The parcel came late", "I waited two weeks", "Still not delivered"],
        "paying": ["The card was charged twice", "No refund yet", "The fee is a joke"],
    }
    stages = [{"name": n, "definition": n, "examples": e} for n, e in said.items()]
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump({"name": "own", "stages": stages}))
    survey = str(SAMPLES / "retail_survey_nps.csv")
    done = run(survey, tmp_path / "run", model=str(TINY), journey=str(path))
    assert set(done.matrix["stage"]) <= set(said)
    assert set(done.segments["journey_stage"].dropna()) <= set(said)
    assert done.segments.loc[done.segments["kind"] == "none", "journey_stage"].isna().all()
    plain = run(survey, tmp_path / "plain", model=str(TINY))
    assert plain.segments["journey_stage"].isna().all()
    again = rejourney(plain, load_journey(str(path)))
    one, two = (m.astype(object).where(m.notna(), None) for m in (again.matrix, done.matrix))
    pd.testing.assert_frame_equal(one, two, check_dtype=False)


def test_a_cascade_answers_and_hands_on_what_it_doubts(tiny: Model, tmp_path: Path) -> None:
    texts, nobody, nowhere = (
        ["Refund not here", "Great kettle"],
        np.zeros(0, int),
        np.zeros((0, 2), int),
    )
    for doubt in (0.0, 1.0):
        config = {"format": FORMAT, "name": "both",
                  "cascade": {"first": str(TINY), "then": str(TINY), "doubt": doubt}}  # fmt: skip
        ModelFolder("both", config, {}, "").save(tmp_path / f"c{doubt}", "card")
        both = load_model(str(tmp_path / f"c{doubt}"))
        judged = both.judge(texts, [None, None], nobody, nowhere)
        alone = tiny.judge(texts, [None, None], nobody, nowhere)
        assert np.allclose(
            judged.feedback["feedback.stage"], alone.feedback["feedback.stage"], atol=1e-6
        )
        assert len(doubts(judged, nobody)) == 2
    assert both.digest != tiny.digest


def test_long_feedback_must_be_more_in_doubt_to_be_read_again(tiny: Model) -> None:
    nobody, nowhere = np.zeros(0, int), np.zeros((0, 2), int)
    texts = ["Refund not here", "Refund not here", "Great kettle"]
    judged = tiny.judge(texts, [None] * 3, nobody, nowhere)
    doubt = doubts(judged, nobody)
    assert np.allclose(worth_asking(judged, nobody, ["x" * 20] * 3), doubt)
    assert np.allclose(worth_asking(judged, nobody, ["", "x", "x" * 80]), doubt * [1, 1, 0.5])
