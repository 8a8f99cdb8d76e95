import numpy as np
import pandas as pd

from vocx.mine.space import MentionSpace, with_beliefs

TEXTS = pd.Series(
    ["card declined at till", "card declined again", "till queue", "long queue again"]
)


def test_words_bring_together_what_vectors_hold_apart() -> None:
    vectors = np.eye(4, dtype=np.float32)
    rows = MentionSpace().fit(TEXTS, vectors).transform(TEXTS, vectors)
    assert rows[0] @ rows[1] > rows[0] @ rows[3]
    assert np.all(np.linalg.norm(rows, axis=1) <= 1 + 1e-5)


def test_no_shared_words_leave_the_vectors_alone() -> None:
    texts = pd.Series(["one", "two"])
    vectors = np.eye(2, dtype=np.float32)
    assert np.array_equal(MentionSpace().fit(texts, vectors).transform(texts, vectors), vectors)


def test_beliefs_count_for_half() -> None:
    vectors, beliefs = np.eye(2, dtype=np.float32), np.array([[0.5, 0.5], [0.5, 0.5]])
    rows = with_beliefs(vectors, beliefs)
    assert np.allclose(rows @ rows.T, [[1.0, 0.5], [0.5, 1.0]], atol=1e-6)
