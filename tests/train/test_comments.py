from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, SHARED

from vocx.errors import UserError
from vocx.labelled import held_out, text_digest
from vocx.schema import EMOTIONS, STAGES, TOUCHPOINTS
from vocx.themes import load_themes
from vocx.train.comments import (
    pack_comments,
    read_digest_labels,
    with_second_coder,
    without_held,
)
from vocx.train.lessons import from_labelled, task_classes

LABELS = ROOT / "data" / "labels"


def written_posts() -> pd.DataFrame:
    return pd.concat(
        [pd.read_json(path, lines=True) for path in sorted(LABELS.glob("posts*.jsonl"))]
    )


def test_labels_kept_by_digest_hold_no_text_and_known_names() -> None:
    comments = pd.read_parquet(LABELS / "comments.parquet")
    mentions = pd.read_parquet(LABELS / "mentions.parquet")
    assert "text" not in {*comments.columns, *mentions.columns}
    assert comments["digest"].str.fullmatch("[0-9a-f]{64}").all()
    assert comments["digest"].is_unique
    second = pd.read_parquet(LABELS / "journeybench_second.parquet")
    assert second["digest"].is_unique
    assert "text" not in second
    posts = written_posts()
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


def texts(*found: str, threads: tuple[str | None, ...] = ()) -> pd.DataFrame:
    table = {"pack": "p", "text": found, "source": "review", "thread": threads or None}
    return pd.DataFrame(table).assign(digest=[text_digest(t) for t in found])


def test_a_text_is_held_out_with_what_scraping_left_on_it_too() -> None:
    held = {text_digest("They kept my deposit."), text_digest("Never again with this firm")}
    found = texts(
        "They kept my deposit.",
        "They kept  my deposit.August 8, 2025",
        "They kept my deposit.November 21, 2025Unprompted review",
        "Never again with\u2026Never again with this firmMay 2, 2024",
        "They kept my deposit. In August 8 people wrote",
    )
    assert without_held(found, held)["text"].tolist() == [found["text"].iloc[-1]]
    assert len(without_held(found, set())) == 5


def test_a_conversation_is_held_out_with_any_part_of_it() -> None:
    found = texts(
        "my bag / is lost", "my bag is really lost", "my bag is lost too",
        threads=("a", "a", "b"),
    )  # fmt: skip
    kept = without_held(found, {text_digest("my bag / is lost")})
    assert kept["thread"].tolist() == ["b"]


def test_a_comment_whose_mentions_nobody_coded_teaches_no_segment(tmp_path: Path) -> None:
    found = texts("The bus was late again today.", "A fine day out at the zoo.")
    rows = {"stage": "use", "touchpoint": "product", "sentiment": 0, "emotion": "neutral",
            "draw": "unsure", "source": "review", "mentions_coded": [True, False]}  # fmt: skip
    found[["digest"]].assign(**rows).to_parquet(tmp_path / "comments.parquet")
    none = {"digest": [], "start": [], "end": [], "kind": [], "stage": [], "touchpoint": [],
            "theme": [], "severity": []}  # fmt: skip
    pd.DataFrame(none).astype({"digest": str}).to_parquet(tmp_path / "mentions.parquet")
    labelled = read_digest_labels(tmp_path, found)
    lessons = from_labelled(labelled, task_classes())
    assert lessons.of("feedback.stage").any(axis=1).all()
    assert lessons.of("segment.kind").any(axis=1).tolist() == [True, False]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the data packs are not beside the repository")
def test_no_labelled_text_holds_a_comment_that_models_are_judged_by() -> None:
    bench = SHARED / "journeybench"
    labelled = read_digest_labels(
        LABELS, pack_comments(SHARED / "data", held_out(bench / "holdout_sha256.txt"))
    )
    posts = written_posts()
    ours = " \n ".join(" ".join(t.lower().split())
                       for t in [*labelled.feedback["text"], *posts["text"]])  # fmt: skip
    judged = pd.read_json(bench / "dev.jsonl", lines=True)["text"]
    judged = judged.map(lambda t: " ".join(t.lower().split()))
    assert [t for t in judged if len(t) >= 40 and t in ours] == []


def test_a_second_coder_is_found_by_the_text_and_need_not_have_read_all(tmp_path: Path) -> None:
    feedback = texts("The Queue  was long", "fine").assign(stage=["purchase", "use"])
    feedback["emotion_second"] = ["anger", "joy"]
    said = {"digest": [text_digest("the queue was long")], "stage": ["fulfilment"],
            "touchpoint": ["on_location"], "sentiment": [-1], "emotion": ["frustration"]}  # fmt: skip
    pd.DataFrame(said).to_parquet(tmp_path / "second.parquet")
    both = with_second_coder(feedback, tmp_path / "second.parquet")
    assert both["stage"].tolist() == ["purchase", "use"]
    assert both["stage_second"].fillna("-").tolist() == ["fulfilment", "-"]
    assert both["sentiment_second"].iloc[0] == -1
    assert both["emotion_second"].tolist() == ["frustration", "joy"]


def test_a_second_coders_table_that_cannot_be_used_is_told_with_its_remedy(tmp_path: Path) -> None:
    feedback = texts("fine").assign(stage="use")
    with pytest.raises(UserError, match="no such file"):
        with_second_coder(feedback, tmp_path / "absent.parquet")
    pd.DataFrame({"stage": []}).to_parquet(tmp_path / "short.parquet")
    with pytest.raises(UserError, match="digest, touchpoint, sentiment, emotion"):
        with_second_coder(feedback, tmp_path / "short.parquet")
    said = {"digest": feedback["digest"], "stage": "using", "touchpoint": "product",
            "sentiment": 0, "emotion": "joy"}  # fmt: skip
    pd.DataFrame(said).to_parquet(tmp_path / "odd.parquet")
    with pytest.raises(UserError, match="stage 'using' is none of the labels"):
        with_second_coder(feedback, tmp_path / "odd.parquet")
