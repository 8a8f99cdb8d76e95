import numpy as np

from vocx.encode.features import one_hot
from vocx.pipeline import Model


def test_unknown_source_is_a_row_of_zeros() -> None:
    assert one_hot(["survey", None, "letter"]).sum(axis=1).tolist() == [1, 0, 0]
    assert one_hot([]).shape == (0, 5)


def test_a_segment_carries_its_feedback_as_context(tiny: Model) -> None:
    contexts = np.eye(2, tiny.encoder.static.dimensions, dtype=np.float32)
    labels = np.array([[1.0], [0.0]], np.float32)
    rows = tiny.encoder.segments(
        ["so slow", "so slow"], np.array([0, 1]), contexts, labels, ["survey", "review"]
    )
    assert rows.shape[0] == 2
    assert (rows[0] != rows[1]).nnz > 0
