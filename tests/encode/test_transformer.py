from pathlib import Path

import numpy as np
import pytest

from vocx.encode import TransformerEncoder, all_threads
from vocx.encode.tokens import plain_tokenizer
from vocx.encode.transformer import WINDOW, batches, windows
from vocx.models import load_folder

pytest.importorskip("torch")
SETTINGS = {
    "vocab_size": 3100, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
    "intermediate_size": 32, "max_position_embeddings": 512,
}  # fmt: skip


@pytest.fixture(scope="module")
def encoder(tiny_path: Path) -> TransformerEncoder:
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    model = BertModel(BertConfig(**SETTINGS), add_pooling_layer=False)
    weights = {k: v.numpy() for k, v in model.state_dict().items()}
    tokenizer = plain_tokenizer(load_folder(str(tiny_path)).tokenizer)
    return TransformerEncoder(tokenizer, SETTINGS, weights)


def test_windows_cover_every_token_once() -> None:
    starts = np.array([0, 5, 5, 5 + 3 * WINDOW])
    parts = windows(starts)
    covered = np.concatenate([np.arange(a, b) for a, b in parts])
    assert covered.tolist() == list(range(starts[-1]))
    assert (parts[:, 1] - parts[:, 0]).max() <= WINDOW


def test_batches_hold_every_window_once() -> None:
    parts = windows(np.arange(0, 5000, 50))
    assert sorted(map(tuple, np.vstack(list(batches(parts))).tolist())) == sorted(
        map(tuple, parts.tolist())
    )


def test_a_text_is_read_the_same_among_others_and_alone(encoder: TransformerEncoder) -> None:
    texts = ["The parcel was late", "Lovely kettle but it is very loud in the morning", "ok", ""]
    owner, spans = np.array([1, 0, 1]), np.array([[0, 13], [0, 19], [14, 48]])
    feedback, segments = encoder.encode(texts, [None] * 4, owner, spans)
    assert feedback.shape == (4, 2 * 16 + 5)
    assert segments.shape == (3, 3 * 16 + 5)
    alone, piece = encoder.encode(texts[:1], [None], np.array([0]), spans[1:2])
    assert np.allclose(alone[0], feedback[0], atol=1e-5)
    assert np.allclose(piece[0], segments[1], atol=1e-5)
    assert not feedback[3].any()


def test_a_clause_is_read_in_its_context(encoder: TransformerEncoder) -> None:
    texts = ["so slow. The parcel was late", "so slow. The waiter was rude"]
    _, segments = encoder.encode(texts, [None] * 2, np.array([0, 1]), np.array([[0, 8], [0, 8]]))
    assert not np.allclose(segments[0, :16], segments[1, :16], atol=1e-4)


def test_a_text_longer_than_a_window_keeps_all_its_words(encoder: TransformerEncoder) -> None:
    text = "the parcel was late and " * 120
    _, segments = encoder.encode(
        [text], [None], np.array([0]), np.array([[len(text) - 9, len(text)]])
    )
    assert segments[0, :16].any()


def test_vectors_are_of_length_one_and_say_more_than_the_words(encoder: TransformerEncoder) -> None:
    vectors = encoder.vectors(["the parcel was late", "late was the parcel", "rude waiter", ""])
    assert vectors.shape == (4, 2 * 16)
    assert np.allclose(np.linalg.norm(vectors[:3], axis=1), 1, atol=1e-5)
    assert not vectors[3].any()
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_all_threads_are_given_back(encoder: TransformerEncoder) -> None:
    with all_threads(encoder):
        assert encoder.threads is None
    assert encoder.threads == 1
