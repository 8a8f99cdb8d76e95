"""Heads over n-grams beside a head over features."""

import numpy as np
import pytest

from vocx.encode.ngrams import ngram_rows
from vocx.train.ngram_heads import best_share, fit_ngram_head

TEXTS = ["late parcel", "parcel lost", "rude staff", "staff shouted"] * 10
TRUTH = np.array([0, 0, 2, 2] * 10)


def test_a_class_without_rows_is_never_answered() -> None:
    head = fit_ngram_head(ngram_rows(TEXTS), TRUTH, 3)
    logits = head.logits(ngram_rows(["where is the parcel", "staff", "something else"]))
    assert logits.argmax(axis=1)[:2].tolist() == [0, 2]
    assert (logits.argmax(axis=1) != 1).all()


def test_times_scales_the_logits() -> None:
    head, rows = fit_ngram_head(ngram_rows(TEXTS), TRUTH, 3), ngram_rows(TEXTS[:4])
    assert head.times(0.5).logits(rows) == pytest.approx(0.5 * head.logits(rows), abs=1e-5)


def test_as_much_is_added_as_helps_and_nothing_of_noise() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 400)
    weak = np.eye(3)[truth] + rng.normal(0, 1, (400, 3))
    other = 2 * np.eye(3)[truth] + rng.normal(0, 1, (400, 3))
    assert best_share(weak, other, truth) > 0.5
    assert best_share(weak, rng.normal(0, 3, (400, 3)), truth) == 0
