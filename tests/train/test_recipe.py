import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import SAMPLES, TINY
from scipy.special import softmax

from vocx.config import TrainConfig, load_train_config
from vocx.encode.ngrams import ngram_rows
from vocx.errors import UserError
from vocx.labelled import FEEDBACK_TASKS, read_labels, text_digest
from vocx.models import ModelFolder
from vocx.pipeline import load_model
from vocx.train import train_by_recipe
from vocx.train.calibrate import in_calibrating_tenth
from vocx.train.comments import without_held
from vocx.train.lessons import Lessons, from_labelled, task_classes, unlabelled
from vocx.train.recipe import (
    NgramRows,
    coders_labels,
    coders_lessons,
    only_mentions,
    replayed,
    second_opinion,
    teachers_lessons,
    to_folder,
    train_bag,
    train_model,
    train_transformer,
)

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small transformer with the tiny model's tokenizer."""
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("encoder")
    settings = BertConfig(
        vocab_size=3000, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16,
    )  # fmt: skip
    BertModel(settings).save_pretrained(folder)
    tokenizer = (TINY / "tokenizer.json").read_text(encoding="utf-8")
    (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    return folder


def recipe(folder: Path, encoder: Path, **settings: object) -> Path:
    path = folder / "recipe.yaml"
    content = {"name": "mine", "data": str(folder), "encoder": str(encoder), "epochs": 1,
               "labels": [str(SAMPLES / "labelled_feedback.jsonl")], "out": str(folder / "mine"),
               "evaluate": str(SAMPLES / "labelled_feedback.jsonl"), **settings}  # fmt: skip
    path.write_text(json.dumps(content))
    return path


def test_a_recipe_trains_a_transformer_that_serves_and_has_a_card(
    tmp_path: Path, encoder: Path
) -> None:
    folder = train_by_recipe(recipe(tmp_path, encoder), None, print)
    model = load_model(str(folder))
    assert len(model.label(["The parcel came late"])) == 1
    card = (folder / "README.md").read_text()
    assert "| stage |" in card
    assert model.folder.config["precision"] == "float16"
    assert model.folder.config["n_calibrating"] > 5


def test_a_training_may_go_on_from_a_model(tmp_path: Path, encoder: Path) -> None:
    first = train_by_recipe(recipe(tmp_path, encoder, epochs=3), None, print)
    told = {"start": str(first), "epochs": 0.01, "rate": 1e-7}
    config = load_train_config(recipe(tmp_path, encoder, **told))
    learn, _ = coders_lessons(config, set(), print)
    again = train_transformer(config, learn, set(), print)
    model = load_model(str(first))
    head = model.heads["feedback.stage"]
    said = softmax(again.logits(learn, ["feedback.stage"])["feedback.stage"] / head.temperature_, 1)
    before = model.judge(learn.texts, learn.sources, learn.owner, learn.spans)
    assert np.abs(said - before.feedback["feedback.stage"]).max() < 0.02


def test_a_bag_may_go_on_from_a_model(tmp_path: Path, encoder: Path) -> None:
    small = {"kind": "bag", "dimensions": 8, "pairs": 64, "channels": 4, "hidden": 8, "meaning": 0}
    first = train_by_recipe(recipe(tmp_path, encoder, **small), None, print)
    told = {**small, "start": str(first), "epochs": 0.01, "rate": 1e-7}
    config = load_train_config(recipe(tmp_path, encoder, **told))
    learn, _ = coders_lessons(config, set(), print)
    again = train_bag(config, learn, set(), print).body.tensors()
    stored = load_model(str(first)).folder.tensors
    for name, tensor in again.items():
        assert np.abs(tensor - stored[name]).max() < 1e-4, name


@pytest.mark.parametrize("kind", ["transformer", "bag"])
def test_a_model_that_goes_on_may_stay_half_way(kind: str, tmp_path: Path, encoder: Path) -> None:
    small = {"kind": kind, "dimensions": 8, "pairs": 64, "channels": 4, "hidden": 8, "meaning": 0}
    first = train_by_recipe(recipe(tmp_path, encoder, **small), None, print)
    before = load_model(str(first)).folder.tensors

    def trained(**told: object) -> ModelFolder:
        ngrams = {"ngrams": kind == "transformer"}  # that the model before does not read
        path = recipe(tmp_path, encoder, **small, **ngrams, start=str(first), **told)
        return train_model(load_train_config(path), print)

    after, half = trained(), trained(keep_start=0.5)
    moved = 0.0
    for name, tensor in half.tensors.items():
        old = before.get(name, np.zeros_like(tensor))
        assert np.allclose(tensor, (after.tensors[name] + old) / 2, atol=1e-4), name
        moved = max(moved, float(np.abs(after.tensors[name] - old).max()))
    assert moved > 1e-3
    assert half.config["heads"]["feedback.stage"] != after.config["heads"]["feedback.stage"]


@pytest.mark.parametrize(
    ("told", "said"),
    [({"emphasis": {"stages": 2}}, "no task 'stages'"), ({"keep_start": 0.5}, "no `start`")],
)
def test_a_recipe_that_makes_no_sense_is_told_before_it_reads(
    told: dict[str, object], said: str, tmp_path: Path, encoder: Path
) -> None:
    with pytest.raises(UserError, match=said):
        train_by_recipe(recipe(tmp_path, encoder, labels=["no-such-file"], **told), None, print)


def test_a_bag_that_goes_on_keeps_its_vectors_of_meaning(tmp_path: Path, encoder: Path) -> None:
    small = {"kind": "bag", "dimensions": 8, "pairs": 64, "channels": 4, "hidden": 8, "meaning": 0}
    first = train_by_recipe(recipe(tmp_path, encoder, **small), None, print)
    told = {**small, "start": str(first), "meaning": 4}
    with pytest.raises(UserError, match="0 dimensions, the recipe asks for 4"):
        train_by_recipe(recipe(tmp_path, encoder, **told), None, print)


def test_a_bag_goes_on_from_no_model_of_another_size_and_says_so_before_teachers_read(
    tmp_path: Path, encoder: Path
) -> None:
    small = {"kind": "bag", "dimensions": 8, "pairs": 64, "channels": 4, "hidden": 8, "meaning": 0}
    first = train_by_recipe(recipe(tmp_path, encoder, **small), None, print)
    told = {**small, "dimensions": 12, "start": str(first), "teachers": ["no-such-model"]}
    config = load_train_config(recipe(tmp_path, encoder, **told))
    learn, _ = coders_lessons(config, set(), print)
    with pytest.raises(UserError, match="not of this recipe's encoder and size"):
        train_bag(config, learn, set(), print)


def test_a_training_goes_on_from_no_model_of_another_encoder(tmp_path: Path, encoder: Path) -> None:
    config = load_train_config(recipe(tmp_path, encoder, start=str(TINY)))
    learn, _ = coders_lessons(config, set(), print)
    with pytest.raises(UserError, match="not of this recipe's encoder"):
        train_transformer(config, learn, set(), print)


def test_heads_that_read_ngrams_answer_as_they_did_in_training(
    tmp_path: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vocx.train.recipe.best_share", lambda *_: 0.5)
    config = load_train_config(recipe(tmp_path, encoder, ngrams=True))
    learn, calibrating = coders_lessons(config, set(), print)
    network = train_transformer(config, learn, set(), print)
    to_folder(config, network, learn, calibrating).save(tmp_path / "m", "")
    model = load_model(str(tmp_path / "m"))
    texts, sources = learn.texts[:20], learn.sources[:20]
    some = learn.take(np.arange(20))
    judged = model.judge(texts, sources, some.owner, some.spans)
    words = NgramRows(learn, calibrating)
    for task, said in (judged.feedback | judged.segments).items():
        part = task.split(".")[0]
        plain = network.logits(some, [task])[task]
        rows = ngram_rows(texts if part == "feedback" else some.clauses(), words.idf[part])
        beside = words.head(task, network.logits(calibrating, [task])[task])
        if beside is None:
            continue
        temperature = model.heads[task].temperature_
        expected = softmax((plain + beside.logits(rows)) / temperature, axis=1)
        assert np.abs(said - expected).max() < 0.05, task
    assert sum(n.endswith(".ngrams") for n in model.folder.tensors) > 4


def test_a_teacher_labels_what_is_not_held_out_and_calibrates_nothing(
    tmp_path: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"The courier lost parcel {i}" for i in range(60)]
    comments = pd.DataFrame({"pack": "p", "text": texts, "source": "review", "thread": None,
                             "digest": [text_digest(t) for t in texts]})  # fmt: skip
    monkeypatch.setattr(
        "vocx.train.recipe.pack_comments", lambda _, held: without_held(comments, held)
    )
    parts = [f"Room {i} was cold." for i in range(60)]
    config = load_train_config(recipe(tmp_path, encoder, teachers=[str(TINY)], passages=200))
    learn = unlabelled([*texts[:5], *(f"{p} Nobody came." for p in parts)], [None] * 65)
    held = {text_digest(texts[59]), text_digest(parts[3])}
    soft = teachers_lessons(config, [load_model(str(TINY))], learn, held, print)
    found = [*texts[5:59], "Nobody came.", *(p for p in parts if text_digest(p) not in held)]
    assert set(soft.texts) == {t for t in found if not in_calibrating_tenth(text_digest(t))}
    assert np.allclose(soft.feedback["feedback.stage"].sum(axis=1), 1, atol=0.01)


def test_a_transformer_is_taught_by_others(
    tmp_path: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def texts(words: str) -> pd.DataFrame:
        found = [f"{words} {i}" for i in range(30)]
        digests = [text_digest(t) for t in found]
        return pd.DataFrame({"text": found, "source": "review", "digest": digests})

    monkeypatch.setattr("vocx.train.recipe.pack_comments", lambda *_: texts("The courier lost"))
    monkeypatch.setattr("vocx.train.recipe.unrelated_texts", lambda *_: texts("What a match"))
    wanted = {"unlabelled": 9, "unrelated": 7, "passages": 5}
    path = recipe(tmp_path, encoder, teachers=[str(TINY), str(TINY)], **wanted)
    told: list[str] = []
    card = (train_by_recipe(path, None, told.append) / "README.md").read_text()
    assert "21 texts that tiny-model and tiny-model labelled" in card
    assert "labels of 21 texts (5 of them parts of comments)" in card
    assert any(line.startswith("tiny-model and tiny-model: 21 texts") for line in told)


def test_a_small_pack_is_heard_beside_a_large_one_when_packs_are_learned_again() -> None:
    packs = [unlabelled([f"{name} {i}" for i in range(n)], [None] * n)
             for name, n in (("large", 900), ("small", 100), ("tiny", 2))]  # fmt: skip
    again = replayed(packs, 40, seed=1)
    counts = pd.Series(again.texts).str.split().str[0].value_counts()
    assert counts["large"] == int(40 * 30 / (30 + 10 + np.sqrt(2)))
    assert counts["small"] == int(40 * 10 / (30 + 10 + np.sqrt(2)))
    assert counts["tiny"] == 1
    assert len(set(again.texts)) == len(again)  # no row twice
    assert (again.weights < packs[0].weights[0]).all()  # a coder's row counts more


def test_teachers_have_a_part_of_the_vote_where_coders_voted() -> None:
    classes = task_classes()
    learn = from_labelled(read_labels(SAMPLES / "labelled_feedback.jsonl"), classes)
    teacher = load_model(str(TINY))
    both = second_opinion([teacher, teacher], learn, 0.3, print)
    said = teacher.judge(learn.texts, learn.sources, learn.owner, learn.spans)
    for task, theirs in (said.feedback | said.segments).items():
        labels, mixed = learn.of(task), both.of(task)
        known = labels.any(axis=1)
        assert not mixed[~known].any()
        assert np.allclose(mixed[known], 0.7 * labels[known] + 0.3 * theirs[known], atol=0.01), task


def test_teachers_alone_tell_of_segments_in_which_nobody_looked_for_mentions() -> None:
    labelled = read_labels(SAMPLES / "labelled_feedback.jsonl")
    nobody = labelled.feedback.index < 5
    labelled.feedback["mentions_coded"] = ~nobody
    left = labelled.feedback.loc[~nobody, "feedback_id"]
    labelled.mentions = labelled.mentions[labelled.mentions["feedback_id"].isin(left)]
    learn = from_labelled(labelled, task_classes())
    of_nobody = learn.owner < 5
    assert not any(y[of_nobody].any() for y in learn.segments.values())
    both = second_opinion([load_model(str(TINY))], learn, 0.3, print)
    assert np.allclose(both.of("segment.kind")[of_nobody].sum(axis=1), 1, atol=0.01)
    assert set(both.segment_weights[of_nobody]) == {0.5}
    assert set(both.segment_weights[~of_nobody]) == {1.0}
    unlabelled_before = ~learn.of("segment.severity").any(axis=1) & ~of_nobody
    assert not both.of("segment.severity")[unlabelled_before].any()


def test_a_source_of_labels_may_count_more(tmp_path: Path, encoder: Path) -> None:
    labels = [{"path": str(SAMPLES / "labelled_feedback.jsonl"), "weight": 2}]
    config = load_train_config(recipe(tmp_path, encoder, labels=labels))
    learn, _ = coders_lessons(config, set(), print)
    assert set(learn.weights) == set(learn.segment_weights) == {2.0}


def test_a_source_of_labels_may_have_a_second_coder(tmp_path: Path, encoder: Path) -> None:
    path = SAMPLES / "labelled_feedback.jsonl"
    given = pd.read_json(path, lines=True)  # names of persons in it are not masked yet
    said = given.assign(digest=given["text"].map(text_digest), emotion="surprise")
    said["stage"] = "need"
    said[["digest", *FEEDBACK_TASKS]].iloc[1:].to_parquet(tmp_path / "second.parquet")
    labels = [{"path": str(path), "second": "second.parquet"}]
    config = load_train_config(recipe(tmp_path, encoder, labels=labels))
    both = coders_labels(config, set())[0].feedback.set_index("digest").loc[said["digest"]]
    assert set(both["text"].map(text_digest)) != set(said["digest"])
    assert both["stage"].tolist() == given["stage"].tolist()
    assert pd.isna(both["stage_second"].iloc[0])
    assert both["stage_second"].iloc[1:].eq("need").all()
    assert both["sentiment_second"].iloc[1:].tolist() == given["sentiment"].iloc[1:].tolist()


def test_themes_are_taught_by_mentions_alone() -> None:
    lessons = Lessons(["a b"], [None], np.array([0, 0]), np.array([[0, 1], [2, 3]]))
    ones = {t: np.ones((2, 2), np.float16) for t in ("pain_theme", "win_theme", "severity",
            "stage", "touchpoint", "polarity", "emotion")}  # fmt: skip
    lessons.segments = {f"segment.{t}": y for t, y in ones.items()}
    lessons.segments["segment.kind"] = np.array([[0.9, 0.05, 0.05], [0.1, 0.1, 0.8]], np.float16)
    only_mentions(lessons, ["pain", "win", "none"])
    assert lessons.segments["segment.pain_theme"].any(axis=1).tolist() == [True, False]
    assert not lessons.segments["segment.win_theme"].any()
    assert lessons.segments["segment.stage"].any(axis=1).tolist() == [True, False]


def test_every_task_of_coders_labels_is_a_distribution() -> None:
    lessons = from_labelled(read_labels(SAMPLES / "labelled_feedback.jsonl"), task_classes())
    for labels in (lessons.feedback | lessons.segments).values():
        assert set(np.unique(labels.sum(axis=1))) <= {0.0, 1.0}
    assert lessons.segments["segment.pain_theme"].any()


def test_two_coders_who_differ_have_half_a_vote_each(tmp_path: Path) -> None:
    rows = [
        {"text": "The app froze, please help me", "stage": "use", "stage_second": "support",
         "sentiment": -1, "sentiment_second": -2, "mentions": []},
        {"text": "Delivery came two days late", "stage": "fulfilment", "stage_second": "fulfilment",
         "sentiment": -1},
        {"text": "A colleague told me of your shop", "stage_second": "awareness", "sentiment": 0},
    ]  # fmt: skip
    path = tmp_path / "labels.jsonl"
    path.write_text("\n".join(json.dumps(r) for r in rows))
    classes = task_classes()
    lessons = from_labelled(read_labels(path), classes)
    stage = [dict(zip(classes["feedback.stage"], row, strict=True))
             for row in lessons.feedback["feedback.stage"]]  # fmt: skip
    assert stage[0]["use"] == stage[0]["support"] == 0.5
    assert stage[1]["fulfilment"] == stage[2]["awareness"] == 1
    assert lessons.feedback["feedback.polarity"][:, :2].tolist() == [[0.5, 0.5], [0, 1], [0, 0]]
    kinds = lessons.segments["segment.kind"].any(axis=1)
    assert kinds.tolist() == (lessons.owner == 0).tolist()  # elsewhere nobody looked for mentions


def test_a_recipe_needs_its_keys() -> None:
    with pytest.raises(ValueError, match="encoder"):
        TrainConfig(name="x", data=".", labels=[])
