import numpy as np

from vocx.mine.groups import communities, nearest


def blobs(n: int, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(n * k, 16) unit rows around k directions, and whose they are."""
    rng = np.random.default_rng(seed)
    centres = np.linalg.qr(rng.normal(size=(16, 16)))[0][:k]
    rows = np.repeat(centres, n, axis=0) + rng.normal(scale=0.08, size=(n * k, 16))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), np.repeat(np.arange(k), n)


def test_the_number_of_groups_follows_from_the_data() -> None:
    for k in (3, 9):
        rows, truth = blobs(40, k)
        labels = communities(rows, 1.0)
        assert len(set(labels)) == k
        assert len(set(zip(labels, truth, strict=True))) == k


def test_more_detail_makes_no_fewer_groups() -> None:
    rows, _ = blobs(60, 5)
    counts = [len(set(communities(rows, d))) for d in (0.5, 4.0, 30.0)]
    assert counts == sorted(counts)


def test_few_rows_and_rows_of_nothing() -> None:
    assert len(communities(np.ones((2, 4), np.float32), 4.0)) == 2
    assert len(communities(np.zeros((5, 4), np.float32), 4.0)) == 5


def test_the_nearest_are_the_nearest() -> None:
    rows, _ = blobs(30, 4)
    places, likeness = nearest(rows, rows, 5)
    full = np.sort(rows @ rows.T, axis=1)[:, -5:]
    assert np.allclose(np.sort(likeness, axis=1), full, atol=1e-5)
    assert np.allclose((rows[:, None] * rows[places]).sum(-1), likeness, atol=1e-5)
