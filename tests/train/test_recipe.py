from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from vocx.classify import LinearHead
from vocx.errors import UserError
from vocx.train.recipe import (
    Fitted,
    _spread,
    fit_calibrated,
    fit_knots,
    fit_mention_threshold,
    read_packs,
    selective,
)


def rows(n: int = 200) -> tuple[sparse.csr_matrix, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, n)
    return sparse.csr_matrix(rng.normal(size=(n, 6)) + 1.5 * np.eye(3, 6)[y]), np.array(
        list("abc")
    )[y]


def test_a_row_is_judged_by_a_head_that_did_not_see_its_group() -> None:
    """With labels that nothing explains, out-of-fold accuracy is chance though training's is not."""
    rng = np.random.default_rng(0)
    X = sparse.csr_matrix(np.eye(120))
    y = rng.integers(0, 2, 120).astype(str)
    fitted = fit_calibrated(X, y, np.arange(120), C=1000.0, target=0.9)
    assert fitted.head.score(X, y) > 0.95
    assert abs(selective(fitted)["accuracy"] - 0.5) < 0.2


def test_probabilities_are_calibrated_and_the_threshold_reaches_its_target() -> None:
    X, y = rows()
    fitted = fit_calibrated(X, y, np.arange(len(y)), C=1.0, target=0.9)
    assert np.allclose(fitted.probabilities.sum(axis=1), 1, atol=1e-5)
    assert selective(fitted)["selective_accuracy"] >= 0.89 or selective(fitted)["coverage"] <= 0.51


def test_one_class_is_refused() -> None:
    with pytest.raises(UserError, match="one class only"):
        fit_calibrated(sparse.csr_matrix(np.eye(4)), np.array(["a"] * 4), np.arange(4), 1.0, 0.9)


def test_knots_find_where_the_bands_divide() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(-2, 3, 2000)
    p = np.full((2000, 5), 0.05)
    p[np.arange(2000), truth + 2] += 0.75
    knots = fit_knots(Fitted(LinearHead(), p / p.sum(axis=1, keepdims=True), truth))
    assert (np.diff(knots) > 0).all()


def test_the_mention_threshold_prefers_the_best_f1() -> None:
    head = LinearHead()
    head.classes_ = np.array(["none", "pain", "win"])
    truth = np.array(["pain"] * 50 + ["none"] * 50)
    p = np.array([[0.4, 0.55, 0.05]] * 50 + [[0.6, 0.35, 0.05]] * 50)
    assert 0.35 < fit_mention_threshold(Fitted(head, p, truth)) <= 0.55


def test_soft_labels_spread_over_the_likeliest_classes() -> None:
    X, labels, weights = _spread(
        sparse.csr_matrix(np.eye(2)),
        np.array([[0.7, 0.25, 0.05], [0.98, 0.01, 0.01]]),
        ["a", "b", "c"],
        0.5,
    )
    assert labels.tolist() == ["a", "b", "a"]
    assert X.shape[0] == 3
    assert weights[0] > weights[1]


def test_rated_packs_become_steps_and_held_out_texts_are_left_out(tmp_path: Path) -> None:
    from vocx.labelled import text_digest

    frame = pd.DataFrame(
        {"text": ["Lovely stay here", "Awful, never again", "A held out one"], "rating5": [5, 1, 3]}
    )
    frame.to_parquet(tmp_path / "p.parquet")
    held = tmp_path / "held.txt"
    held.write_text(text_digest("a held out one"))
    found = read_packs({"p": tmp_path / "p.parquet"}, held, seed=0)
    assert dict(zip(found["text"], found["step"], strict=True)) == {
        "Lovely stay here": 2,
        "Awful, never again": -2,
    }
