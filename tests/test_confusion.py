from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from vocx.confusion import Confusion, KindErrors, correct, load_confusion


def errors(found: float = 0.6, mistaken: float = 0.2) -> KindErrors:
    """Errors on three themes and two stages, seen in 200 cases of each theme."""
    said = np.full((3, 3), 200 * mistaken / 2)
    np.fill_diagonal(said, 200 * found)
    placed = np.tile(np.array([[60.0, 6.0], [6.0, 60.0]]), (3, 1, 1))
    return KindErrors(["a", "b", "c"], ["s", "t"], np.full(3, 200.0), said, placed,
                      np.full((2, 3), 2.0), 3000)  # fmt: skip


TRUE = np.array([[100.0, 20.0, 10.0], [10.0, 80.0, 10.0]])


def counted(by: KindErrors, segments: int) -> np.ndarray:
    """What such errors make of the true counts, on the mean."""
    placed = by.placed / by.placed.sum(axis=2, keepdims=True)
    said = by.said / by.true[:, None]
    told = np.einsum("su,use->eu", TRUE @ said, placed)
    return told + segments * by.made_up / by.segments


def test_true_counts_are_found_behind_the_counted_ones() -> None:
    by = errors()
    fixed = correct(by, counted(by, 3000), 3000)
    assert np.abs(fixed.counts - TRUE).max() < 8
    assert np.abs(counted(by, 3000) - TRUE).max() > 30
    assert ((fixed.low <= TRUE) & (fixed.high >= TRUE)).all()


def test_the_interval_is_wider_where_fewer_labels_tell_of_the_errors() -> None:
    many, few = errors(), errors()
    few.said, few.true, few.placed = few.said / 20, few.true / 20, few.placed / 20
    wide, narrow = (correct(e, counted(e, 3000), 3000) for e in (few, many))
    assert (wide.high - wide.low)[0, 0] > 1.3 * (narrow.high - narrow.low)[0, 0]


def test_what_is_not_told_stays_nothing() -> None:
    fixed = correct(errors(), np.zeros((2, 3)), 1000)
    assert not fixed.counts.any()


def test_stages_are_joined_as_a_journey_joins_them() -> None:
    by = errors()
    joined = correct(by, counted(by, 3000), 3000, rows=[[0, 1]])
    assert joined.counts.shape == (1, 3)
    assert np.abs(joined.counts[0] - TRUE.sum(axis=0)).max() < 8


def test_the_same_every_time() -> None:
    by = errors()
    one, two = (correct(by, counted(by, 3000), 3000) for _ in range(2))
    assert (one.low == two.low).all()


def test_errors_are_kept_in_a_models_folder(tmp_path: Path) -> None:
    Confusion(7, {"pain": errors()}).save(tmp_path)
    kept = load_confusion(tmp_path)
    assert kept is not None
    assert kept.n_feedback == 7
    assert (kept.kinds["pain"].said == errors().said).all()
    assert load_confusion(tmp_path / "nothing") is None


@pytest.mark.parametrize("model", ["voc-small", "voc-base", "voc-cascade"])
def test_the_models_that_ship_tell_their_errors(model: str) -> None:
    known = load_confusion(ROOT / "models" / model)
    assert known is not None
    assert known.n_feedback > 1500
    for kind in known.kinds.values():
        assert 0.3 < np.trace(kind.said) / kind.true.sum() < 0.95
