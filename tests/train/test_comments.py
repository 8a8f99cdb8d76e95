import pandas as pd
import pytest
from conftest import ROOT, SHARED

from vocx.labelled import held_out
from vocx.schema import EMOTIONS, STAGES, TOUCHPOINTS
from vocx.themes import load_themes
from vocx.train.comments import pack_comments, read_digest_labels

LABELS = ROOT / "data" / "labels"


def test_labels_kept_by_digest_hold_no_text_and_known_names() -> None:
    comments = pd.read_parquet(LABELS / "comments.parquet")
    mentions = pd.read_parquet(LABELS / "mentions.parquet")
    assert "text" not in {*comments.columns, *mentions.columns}
    assert comments["digest"].str.fullmatch("[0-9a-f]{64}").all()
    assert comments["digest"].is_unique
    for rows in (comments, pd.read_json(LABELS / "posts.jsonl", lines=True)):
        for said in ("", "_second"):
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
    assert labelled.feedback["mentions_coded"].all()
    assert labelled.mentions["quote"].str.strip().str.len().min() > 1
