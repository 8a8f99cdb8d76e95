import numpy as np

from vocx.pipeline import Model


def test_vectors_are_unit_or_zero(tiny: Model) -> None:
    vectors = tiny.encoder.static.encode(["The parcel was late", ""])
    assert vectors.shape == (2, tiny.encoder.static.dimensions)
    assert np.isclose(np.linalg.norm(vectors[0]), 1)
    assert not vectors[1].any()
