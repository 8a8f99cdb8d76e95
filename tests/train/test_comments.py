from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, SHARED

from vocx.errors import UserError
from vocx.labelled import held_out, text_digest
from vocx.schema import EMOTIONS, STAGES, TOUCHPOINTS
from vocx.themes import load_themes
from vocx.train.comments import pack_comments, read_digest_labels, with_second_coder

LABELS = ROOT / "data" / "labels"


def test_labels_kept_by_digest_hold_no_text_and_known_names() -> None:
    comments = pd.read_parquet(LABELS / "comments.parquet")
    mentions = pd.read_parquet(LABELS / "mentions.parquet")
    assert "text" not in {*comments.columns, *mentions.columns}
    assert comments["digest"].str.fullmatch("[0-9a-f]{64}").all()
    assert comments["digest"].is_unique
    second = pd.read_parquet(LABELS / "journeybench_second.parquet")
    assert second["digest"].is_unique
    assert "text" not in second
    posts = pd.read_json(LABELS / "posts.jsonl", lines=True)
    for rows, coders in (
        (comments, ("", "_second")),
        (posts, ("", "_second")),
        (second, ("",)),
    ):
        for said in coders:
            assert set(rows[f"stage{said}"].dropna()) <= set(STAGES)
            assert set(rows[f"touchpoint{said}"].dropna()) <= set(TOUCHPOINTS)
            assert set(rows[f"emotion{said}"].dropna()) <= set(EMOTIONS)
            assert rows[f"sentiment{said}"].dropna().isin([-2, -1, 0, 1, 2]).all()
    assert set(mentions["theme"]) <= {*load_themes(), "other"}
    assert set(mentions["digest"]) <= set(comments["digest"])
    assert mentions.loc[mentions["kind"] == "pain", "severity"].between(1, 3).all()


@pytest.mark.skipif(not SHARED.is_dir(), reason="the data packs are not beside the repository")
def test_labels_find_their_words_again_and_none_is_held_out() -> None:
    held = held_out(SHARED / "journeybench" / "holdout_sha256.txt")
    labelled = read_digest_labels(LABELS, pack_comments(SHARED / "data"))
    kept = pd.read_parquet(LABELS / "comments.parquet")
    assert not set(kept["digest"]) & held
    assert len(labelled.feedback) == len(kept)
    assert labelled.feedback["stage_second"].notna().sum() == kept["stage_second"].notna().sum()
    assert labelled.feedback["mentions_coded"].sum() == kept["mentions_coded"].sum() > 20_000
    mentioned = labelled.feedback.set_index("feedback_id").loc[labelled.mentions["feedback_id"]]
    assert mentioned["mentions_coded"].all()
    assert labelled.mentions["quote"].str.strip().str.len().min() > 1


def test_a_second_coder_is_found_by_the_text_and_need_not_have_read_all(tmp_path: Path) -> None:
    feedback = pd.DataFrame({"text": ["The Queue  was long", "fine"], "stage": ["purchase", "use"]})
    said = {"digest": [text_digest("the queue was long")], "stage": ["fulfilment"],
            "touchpoint": ["on_location"], "sentiment": [-1], "emotion": ["frustration"]}  # fmt: skip
    pd.DataFrame(said).to_parquet(tmp_path / "second.parquet")
    both = with_second_coder(feedback, tmp_path / "second.parquet")
    assert both["stage"].tolist() == ["purchase", "use"]
    assert both["stage_second"].fillna("-").tolist() == ["fulfilment", "-"]
    assert both["sentiment_second"].iloc[0] == -1
    assert pd.isna(both["emotion_second"].iloc[1])


def test_a_second_coders_table_lacking_or_short_of_a_column_is_told_with_its_remedy(
    tmp_path: Path,
) -> None:
    feedback = pd.DataFrame({"text": ["fine"], "stage": ["use"]})
    with pytest.raises(UserError, match="no such file"):
        with_second_coder(feedback, tmp_path / "absent.parquet")
    pd.DataFrame({"digest": [], "stage": []}).to_parquet(tmp_path / "short.parquet")
    with pytest.raises(UserError, match="touchpoint, sentiment, emotion"):
        with_second_coder(feedback, tmp_path / "short.parquet")
