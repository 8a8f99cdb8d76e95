from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import SHARED

from vocx.errors import UserError
from vocx.labelled import text_digest
from vocx.schema import EMOTIONS, STAGES, TOUCHPOINTS
from vocx.train.packs import _written, pack_entries, read_pack

DATA = SHARED / "data"


def test_every_written_mapping_names_known_labels() -> None:
    for intents in _written("intents").values():
        for place, listed in intents.items():
            stage, touchpoint = place.split()
            assert stage in STAGES
            assert touchpoint in TOUCHPOINTS
            assert listed
        listed = [i for group in intents.values() for i in group]
        assert len(listed) == len(set(listed))
    for mapping in _written("emotions").values():
        assert set(mapping.values()) <= set(EMOTIONS)


def test_a_rated_pack_becomes_steps_and_held_out_texts_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "reviews_rated").mkdir()
    frame = pd.DataFrame(
        {"text": ["Lovely stay here", "Awful, never again", "A held out one", "A test one"],
         "rating5": [5, 1, 3, 3], "split": ["train", "train", "train", "test"]}
    )  # fmt: skip
    frame.to_parquet(tmp_path / "reviews_rated" / "reviews.parquet")
    found = read_pack("reviews_rated", tmp_path, {text_digest("a held out one")}, seed=0)
    steps = found.feedback["feedback.polarity"].argmax(axis=1) - 2
    assert dict(zip(found.texts, steps.tolist(), strict=True)) == {
        "Lovely stay here": 2,
        "Awful, never again": -2,
    }


def test_a_talk_with_a_turn_that_is_held_out_teaches_nothing(tmp_path: Path) -> None:
    (tmp_path / "multidogo").mkdir()
    intent = next(i for group in _written("intents")["multidogo"].values() for i in group)
    said = [("a", "I have lost my bag"), ("a", "It was a red one"), ("b", "My card was charged")]
    pd.DataFrame({
        "conversation_id": [c for c, _ in said], "turn": [0, 1, 0],
        "text": [t for _, t in said], "intents": [[intent]] * 3, "split": "train",
    }).to_parquet(tmp_path / "multidogo" / "turn_level.parquet")  # fmt: skip
    everything = read_pack("multidogo", tmp_path, set(), seed=0)
    assert sorted(everything.texts) == ["I have lost my bag\nIt was a red one", said[2][1]]
    left = read_pack("multidogo", tmp_path, {text_digest("It was a red one")}, seed=0)
    assert left.texts == [said[2][1]]


def test_an_unknown_pack_suggests_the_nearest() -> None:
    with pytest.raises(UserError, match="no pack 'goemotion'") as error:
        read_pack("goemotion", Path(), set(), 0)
    assert "goemotions" in error.value.remedy


@pytest.mark.skipif(not DATA.is_dir(), reason="the data packs are not beside the repository")
@pytest.mark.parametrize("name", [n for n in pack_entries() if n not in ("surveys", "multidogo")])
def test_every_pack_teaches_what_it_says(name: str) -> None:
    found = read_pack(name, DATA, set(), seed=0)
    assert len(found) > 200
    taught = [y.sum(axis=1) > 0 for y in (found.feedback | found.segments).values()]
    assert all(t.mean() > 0.1 for t in taught)
    for task, labels in found.feedback.items():
        if task != "side.goemotions":
            sums = labels.astype(np.float32).sum(axis=1)
            assert np.isclose(sums[sums > 0], 1, atol=0.01).all(), task


def test_no_pack_that_is_kept_for_evaluation_teaches() -> None:
    files = " ".join(e.file for e in pack_entries().values())
    for kept in ("airline_tweets", "twcs", "dailydialog", "meld"):
        assert kept not in files
    assert all(e.licence for e in pack_entries().values())


def test_a_missing_pack_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_pack("banking77", tmp_path, set(), 0)
