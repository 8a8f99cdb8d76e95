from pathlib import Path

import numpy as np
import pytest
from conftest import SAMPLES, TINY

from vocx.encode import BagEncoder, TransformerEncoder
from vocx.encode.tokens import plain_tokenizer
from vocx.labelled import read_labels
from vocx.models import load_folder
from vocx.train.lessons import Lessons, from_labelled, task_classes

torch = pytest.importorskip("torch")
from vocx.train.network import BagBody, Network, Schedule, TransformerBody  # noqa: E402

NOBODY, NOWHERE = np.zeros(0, int), np.zeros((0, 2), int)


@pytest.fixture(scope="module")
def lessons() -> Lessons:
    labelled = read_labels(SAMPLES / "labelled_feedback.jsonl")
    return from_labelled(labelled, task_classes()).take(np.arange(40))


def bag(classes: dict) -> Network:
    folder = load_folder(str(TINY))
    body = BagBody(folder.tensors["token_vectors"], 64, 4, 8)
    return Network(body, plain_tokenizer(folder.tokenizer), classes)


@pytest.fixture(scope="module", params=["bert", "mpnet"])
def small_transformer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A transformer of one small layer, on disk as a trained one would be."""
    from transformers import AutoConfig, AutoModel

    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    settings = AutoConfig.for_model(
        request.param, vocab_size=3100, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32,
    )  # fmt: skip
    AutoModel.from_config(settings).save_pretrained(folder)
    return folder


def test_a_bag_is_served_as_it_was_trained(lessons: Lessons) -> None:
    network = bag(task_classes()).fit(lessons, Schedule(1, 1e-2, 1e-2, 512))
    encoder = BagEncoder(network.tokenizer, network.body.tensors())
    served = encoder.encode(lessons.texts, lessons.sources, lessons.owner, lessons.spans)
    heads = network.linear_heads(list(network.classes))
    trained = network.logits(lessons, list(network.classes))
    for task, (coef, intercept) in heads.items():
        said = served[task.startswith("segment.")] @ coef + intercept
        assert np.allclose(said, trained[task], atol=1e-4), task


def test_a_transformer_is_served_as_it_was_trained(
    lessons: Lessons, small_transformer: Path
) -> None:
    tokenizer = plain_tokenizer(load_folder(str(TINY)).tokenizer)
    body = TransformerBody(small_transformer, tokenizer)
    assert body.special == tuple(tokenizer.token_to_id(t) for t in ("[CLS]", "[SEP]"))
    network = Network(body, tokenizer, task_classes()).fit(lessons, Schedule(1, 1e-3, 1e-2, 512))
    encoder = TransformerEncoder(tokenizer, body.settings(), body.tensors())
    feedback, _ = encoder.encode(lessons.texts, lessons.sources, NOBODY, NOWHERE)
    coef, intercept = network.linear_heads(["feedback.stage"])["feedback.stage"]
    trained = network.logits(lessons, ["feedback.stage"])["feedback.stage"]
    assert np.allclose(feedback @ coef + intercept, trained, atol=0.05)  # trained in bfloat16
    assert not body.bert.embeddings.word_embeddings.weight.requires_grad


def test_a_row_teaches_only_what_it_is_labelled_for() -> None:
    texts = ["good", "bad", "red", "blue"] * 8
    a, b = np.zeros((32, 2), np.float16), np.zeros((32, 2), np.float16)
    a[0::4, 0] = a[1::4, 1] = b[2::4, 0] = b[3::4, 1] = 1
    rows = Lessons(texts, [None] * 32, NOBODY, NOWHERE, {"feedback.a": a, "feedback.b": b})
    network = bag({"feedback.a": ["+", "-"], "feedback.b": ["r", "b"]})
    network.fit(rows, Schedule(60, 3e-2, 3e-2, 64))
    found = network.logits(rows, ["feedback.a", "feedback.b"])
    assert found["feedback.a"][:2].argmax(axis=1).tolist() == [0, 1]
    assert found["feedback.b"][2:4].argmax(axis=1).tolist() == [0, 1]


def test_a_task_with_emphasis_counts_that_often(lessons: Lessons) -> None:
    def loss(**emphasis: float) -> float:
        said: list[str] = []
        network = bag({t: c for t, c in task_classes().items() if t.startswith("feedback.")})
        network.fit(lessons, Schedule(1, 1e-9, 1e-9, 2**20, emphasis=emphasis), said.append)
        return float(said[-1].split("loss ")[1].split(",")[0])

    every = {"stage": 3.0, "touchpoint": 3.0, "polarity": 3.0, "emotion": 3.0}
    assert loss(**every) == pytest.approx(3 * loss(), abs=0.01)
    alone = [loss(**{task: 3.0}) - loss() for task in every]
    assert min(alone) > 0.1
    assert sum(alone) == pytest.approx(2 * loss(), abs=0.02)


HOW = Schedule(3, 1e-2, 1e-2, 512, masked=0.1, average=0.9)


def test_a_stopped_training_goes_on_where_it_stopped(lessons: Lessons, tmp_path: Path) -> None:
    whole = bag(task_classes()).fit(lessons, HOW)

    def stop(said: str) -> None:
        if said.startswith("pass 2"):
            raise KeyboardInterrupt

    path, said = tmp_path / "w.pt", []
    with pytest.raises(KeyboardInterrupt):
        bag(task_classes()).fit(lessons, HOW, stop, path)
    again = bag(task_classes()).fit(lessons, HOW, said.append, path)
    assert said[0].startswith("going on")
    assert said[1].startswith("pass 2")
    one, two = (n.logits(lessons, ["feedback.stage"])["feedback.stage"] for n in (whole, again))
    assert np.array_equal(one, two)


def test_a_checkpoint_of_another_training_is_no_start(lessons: Lessons, tmp_path: Path) -> None:
    path, said = tmp_path / "w.pt", []
    bag(task_classes()).fit(lessons, HOW, checkpoint=path)
    other = bag(task_classes())
    other.body.weights.data += 0.1
    other.fit(lessons, HOW, said.append, path)
    assert not any(line.startswith("going on") for line in said)


def test_the_mean_of_a_short_training_is_of_its_end(lessons: Lessons) -> None:
    def loss(average: float) -> float:
        network = bag(task_classes()).fit(lessons, Schedule(20, 1e-2, 1e-2, 512, average=average))
        z = network.logits(lessons, ["feedback.stage"])["feedback.stage"]
        truth = lessons.feedback["feedback.stage"]
        known = truth.sum(axis=1) > 0
        return float((z[known].argmax(axis=1) != truth[known].argmax(axis=1)).mean())

    assert loss(0.998) < loss(0.0) + 0.1


def test_same_seed_same_weights(lessons: Lessons) -> None:
    one, two = (bag(task_classes()).fit(lessons, Schedule(1, 1e-2, 1e-2, 512)) for _ in range(2))
    assert np.array_equal(one.body.tensors()["token_vectors"], two.body.tensors()["token_vectors"])
