import json
from pathlib import Path

import pandas as pd
import pytest
from conftest import SAMPLES

from vocx.errors import UserError
from vocx.labelled import held_out, label_segments, read_labels, text_digest
from vocx.schema import EMOTIONS, STAGES, TOUCHPOINTS
from vocx.segment import segment
from vocx.themes import load_themes


def test_the_labelled_sample_follows_the_codebook() -> None:
    labelled = read_labels(SAMPLES / "labelled_feedback.jsonl")
    assert len(labelled.feedback) == 200
    assert set(labelled.feedback["stage"]) <= set(STAGES)
    assert set(labelled.feedback["touchpoint"]) <= set(TOUCHPOINTS)
    assert set(labelled.feedback["emotion"]) <= set(EMOTIONS)
    assert set(labelled.mentions["theme"]) <= set(load_themes()) | {"other"}


def test_quotes_stand_in_their_text() -> None:
    for line in (SAMPLES / "labelled_feedback.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert all(m["quote"] in row["text"] for m in row["mentions"])


def test_segments_take_the_labels_of_the_mention_they_carry() -> None:
    feedback = pd.DataFrame({"feedback_id": ["f"], "text": ["Nice shop. The app crashes daily."], "turns": [None], "meaningful": [True]})  # fmt: skip
    mention = {"feedback_id": "f", "quote": "app crashes daily", "kind": "pain", "stage": "use", "touchpoint": "mobile_app", "theme": "crashes-or-bugs", "severity": 2}  # fmt: skip
    found = label_segments(segment(feedback), pd.DataFrame([mention]))
    assert found["kind"].tolist() == ["none", "pain"]
    assert found["theme"].isna().tolist() == [True, False]


def test_held_out_texts_and_excluded_licences_are_left_out(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "text": "Keep this one, please", "stage": "use", "licence": "other"},
        {"id": "b", "text": "Held  OUT text", "stage": "use", "licence": "other"},
        {"id": "c", "text": "Not for commerce", "stage": "use", "licence": "nc"},
    ]
    path, held = tmp_path / "l.jsonl", tmp_path / "held.txt"
    path.write_text("\n".join(map(json.dumps, rows)))
    held.write_text(text_digest("held out text") + "\n")
    assert read_labels(path, ["nc"], held).feedback["source_id"].tolist() == ["a"]
    with pytest.raises(UserError, match="no labelled row is left"):
        read_labels(path, ["nc", "other"])


def test_a_missing_file_of_held_out_digests_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        held_out(tmp_path / "none.txt")
    assert held_out(None) == set()


@pytest.mark.parametrize("mention", [{"kind": "pain"}, {"quote": "late", "kind": "bad"}, "late"])
def test_a_mention_that_is_none_is_told_with_its_row(tmp_path: Path, mention: object) -> None:
    rows = [{"text": "It came late", "mentions": []}, {"text": "Late again", "mentions": [mention]}]
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    with pytest.raises(UserError, match=r"labels.jsonl: row 2: a mention without `quote`"):
        read_labels(path)


def test_a_sentiment_that_is_no_step_is_told_with_its_row_of_the_file(tmp_path: Path) -> None:
    rows = [{"text": "", "sentiment": 1}, {"text": "It came late", "sentiment": 9}]
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    with pytest.raises(UserError, match=r"labels.jsonl: row 2: sentiment '9' is no step"):
        read_labels(path)


def test_columns_and_labels_may_be_written_otherwise(tmp_path: Path) -> None:
    rows = pd.DataFrame({"Comment": ["The parcel came late", "Rude staff at the till", "Nothing works here"],
                         "Stage": ["Fulfilment", " use ", None], "Touchpoint": ["delivery", "On location", ""],
                         "Sentiment": ["negative", -2, None]})  # fmt: skip
    rows.to_csv(tmp_path / "l.csv", index=False)
    found = read_labels(tmp_path / "l.csv").feedback
    assert found["stage"].tolist() == ["fulfilment", "use", None]
    assert found["touchpoint"].tolist() == ["delivery", "on_location", None]
    assert found["sentiment"].tolist()[:2] == [-1, -2]
    assert found["digest"].tolist() == [text_digest(t) for t in rows["Comment"]]


def test_a_label_that_is_none_is_told_with_its_row_and_the_nearest(tmp_path: Path) -> None:
    rows = pd.DataFrame({"text": ["Late", "Rude staff"], "stage": ["fulfilment", "delivery"]})
    rows.to_csv(tmp_path / "l.csv", index=False)
    with pytest.raises(UserError, match="row 2: stage 'delivery' is no stage that vocx knows"):
        read_labels(tmp_path / "l.csv")
