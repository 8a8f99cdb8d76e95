import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vocx.encode import BagEncoder
from vocx.encode.sources import one_hot
from vocx.pipeline import Model

TEXTS = ["The parcel was late. The kettle is lovely.", "Refund still not here", ""]
OWNER, SPANS = np.array([0, 0, 1]), np.array([[0, 20], [21, 42], [0, 21]])
SOURCES = ["survey", "review", None]


def test_unknown_source_is_a_row_of_zeros() -> None:
    assert one_hot(["survey", None, "letter"]).sum(axis=1).tolist() == [1, 0, 0]
    assert one_hot([]).shape == (0, 5)


def test_one_row_per_text_and_per_span(tiny: Model) -> None:
    feedback, segments = tiny.encoder.encode(TEXTS, SOURCES, OWNER, SPANS)
    assert len(feedback) == 3
    assert len(segments) == 3
    assert np.isfinite(feedback).all()
    assert not np.allclose(segments[0], segments[1])


def test_vectors_are_unit_or_zero(tiny: Model) -> None:
    vectors = tiny.vectors(["The parcel was late", ""])
    assert np.isclose(np.linalg.norm(vectors[0]), 1)
    assert not vectors[1].any()


@given(st.permutations(range(3)))
def test_permuting_texts_permutes_rows(tiny: Model, order: list[int]) -> None:
    feedback, segments = tiny.encoder.encode(TEXTS, SOURCES, OWNER, SPANS)
    place = np.argsort(order)
    moved, pieces = tiny.encoder.encode(
        [TEXTS[i] for i in order], [SOURCES[i] for i in order], place[OWNER], SPANS
    )
    assert np.allclose(moved, feedback[order], atol=1e-6)
    assert np.allclose(pieces, segments, atol=1e-6)


def test_a_text_alone_is_read_as_among_others(tiny: Model) -> None:
    together, _ = tiny.encoder.encode(TEXTS, SOURCES, OWNER, SPANS)
    alone, _ = tiny.encoder.encode(
        TEXTS[1:2], SOURCES[1:2], np.zeros(0, int), np.zeros((0, 2), int)
    )
    assert np.allclose(alone[0], together[1], atol=1e-6)


def test_texts_without_words_are_read(tiny: Model) -> None:
    feedback, segments = tiny.encoder.encode(
        ["", ""], [None, None], np.array([1]), np.array([[0, 0]])
    )
    assert np.isfinite(feedback).all()
    assert feedback.shape[0] == 2
    assert np.isfinite(segments).all()


def test_a_window_does_not_look_into_the_next_text(tiny: Model) -> None:
    one, _ = tiny.encoder.encode(["not good", "at all"], [None] * 2, OWNER[:0], SPANS[:0])
    two, _ = tiny.encoder.encode(["not good", "ever"], [None] * 2, OWNER[:0], SPANS[:0])
    assert np.allclose(one[0], two[0], atol=1e-6)


def test_the_order_of_words_counts(tiny: Model) -> None:
    said, _ = tiny.encoder.encode(
        ["good not bad it is", "bad not good it is"], [None] * 2, OWNER[:0], SPANS[:0]
    )
    assert not np.allclose(said[0], said[1], atol=1e-4)


def test_meaning_stands_beside_the_tuned_vectors(tiny: Model) -> None:
    table = np.random.default_rng(0).normal(size=(3000, 5)).astype(np.float32)
    more = {"meaning_vectors": table, "meaning_bias": np.ones(5, np.float32)}
    tuned = tiny.vectors(TEXTS)
    found = BagEncoder(tiny.encoder.tokenizer, {**tiny.folder.tensors, **more}).vectors(TEXTS)
    assert found.shape == (3, tuned.shape[1] + 5)
    assert np.allclose(np.linalg.norm(found, axis=1), [1, 1, 0])
    likeness = 0.7 * np.dot(*(found[:2, :5] / np.sqrt(0.7))) + 0.3 * np.dot(*tuned[:2])
    assert np.isclose(np.dot(*found[:2]), likeness, atol=1e-6)
