import numpy as np
import pytest
from scipy import sparse
from scipy.special import softmax
from sklearn.base import clone

from vocx.classify import LinearHead
from vocx.classify.heads import class_weights, fit_temperature, fit_threshold


def data(k: int = 3, n: int = 300) -> tuple[sparse.csr_matrix, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, k, n)
    X = rng.normal(size=(n, 8)) + 3 * np.eye(k, 8)[y]
    return sparse.csr_matrix(X), np.array(list("abcdef"))[y]


@pytest.mark.parametrize("k", [2, 3])
def test_a_head_learns_and_its_probabilities_add_up(k: int) -> None:
    X, y = data(k)
    head = LinearHead().fit(X, y)
    p = head.predict_proba(X)
    assert p.shape == (len(y), k)
    assert np.allclose(p.sum(axis=1), 1)
    assert head.score(X, y) > 0.85


def test_the_estimator_contract() -> None:
    head = clone(LinearHead(C=2.0, balance=0.0))
    assert head.get_params() == {"C": 2.0, "balance": 0.0, "max_iter": 200}


def test_temperature_undoes_overconfidence() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(4000, 4)) * 2
    truth = np.array([rng.choice(4, p=p) for p in softmax(logits, axis=1)])
    assert fit_temperature(logits * 3, truth) == pytest.approx(3, rel=0.1)


def test_threshold_keeps_the_least_that_must_be_answered() -> None:
    scores, right = np.linspace(0, 1, 100), np.zeros(100, bool)
    assert (scores >= fit_threshold(scores, right, 0.9, 0.5)).mean() == pytest.approx(0.5)


def test_threshold_is_zero_when_all_are_right() -> None:
    assert fit_threshold(np.linspace(0, 1, 10), np.ones(10, bool), 0.9, 0.5) == 0.0


def test_no_balance_leaves_weights_alone() -> None:
    assert class_weights(np.array(["a", "a", "b"]), np.ones(3), 0.0).tolist() == [1, 1, 1]


def test_a_divided_vote_draws_confidence_to_the_middle() -> None:
    logits = np.tile([2.0, 0.0], (50, 1))
    sure, divided = np.tile([1.0, 0.0], (50, 1)), np.tile([0.6, 0.4], (50, 1))
    assert fit_temperature(logits, divided) > 2 * fit_temperature(logits, sure)
    assert fit_temperature(logits, np.zeros(50, int)) == fit_temperature(logits, sure)
