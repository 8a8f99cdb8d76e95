from pathlib import Path

import numpy as np
import pytest
from conftest import SAMPLES, TINY

from vocx.labelled import read_labels
from vocx.train.lessons import make_lessons, read_comments, task_classes
from vocx.train.teacher import Lessons, Teacher

torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two small layers with random weights, and the tiny model's tokenizer."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    tokenizer = BertTokenizerFast(tokenizer_file=str(TINY / "tokenizer.json"))
    tokenizer.save_pretrained(folder)
    config = BertConfig(vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, initializer_range=0.5)  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder


def test_a_teacher_learns_two_tasks_from_rows_labelled_for_one_each(encoder: Path) -> None:
    texts = ["parcel late", "kettle lovely"] * 40
    labels = {"a": np.array([0, 1] * 20 + [-1] * 40), "b": np.array([-1] * 40 + [1, 0] * 20)}
    lessons = Lessons(texts, [None] * 40 + ["the whole"] * 40, ["survey"] * 80, labels, np.ones(80))
    teacher = Teacher(encoder, {"a": ["x", "y"], "b": ["u", "v"]}).fit(lessons, 60)
    p = teacher.predict_proba(lessons, ["a", "b"])
    assert np.allclose(p["a"].sum(axis=1), 1, atol=1e-2)
    assert (p["a"][:40].argmax(axis=1) == labels["a"][:40]).mean() > 0.9
    assert (p["b"][40:].argmax(axis=1) == labels["b"][40:]).mean() > 0.9


def test_lessons_teach_each_row_only_what_it_is_labelled_for() -> None:
    labelled = read_labels(SAMPLES / "labelled_feedback.jsonl")
    classes = task_classes(labelled)
    import pandas as pd

    packs = pd.DataFrame({"text": ["Great", "Bad"], "step": [2, -2]})
    lessons = make_lessons(labelled, packs, classes)
    n = len(labelled.feedback)
    assert (lessons.labels["feedback.stage"][:n] >= 0).all()
    assert (lessons.labels["feedback.stage"][n:] == -1).all()
    assert (lessons.labels["feedback.polarity"][-2:] == [4, 0]).all()
    assert (lessons.labels["segment.kind"][n:-2] >= 0).all()
    none = lessons.labels["segment.kind"] == classes["segment.kind"].index("none")
    assert (lessons.labels["segment.stage"][none] == -1).all()


def test_conversations_of_a_pack_are_joined(tmp_path: Path) -> None:
    import pandas as pd

    from vocx.config import Pack

    frame = pd.DataFrame({"dialogue_id": [1, 1, 2], "speaker": ["user", "wizard", "user"], "text": ["Where is it", "Here it is", "I want to cancel"]})  # fmt: skip
    frame.to_parquet(tmp_path / "p.parquet")
    pack = Pack(path=str(tmp_path / "p.parquet"), source="transcript", rows=10)
    assert set(read_comments(pack, set(), 0)["text"]) == {"Where is it", "I want to cancel"}
