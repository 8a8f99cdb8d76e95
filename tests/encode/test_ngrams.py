"""Rows of hashed n-grams."""

import numpy as np
import pytest

from vocx.encode.ngrams import BINS, fit_idf, ngram_rows


def test_words_and_characters_each_have_length_one() -> None:
    rows = ngram_rows(["the parcel came late again", "ok"])
    for half in (rows[:, : BINS // 2], rows[:, BINS // 2 :]):
        lengths = np.sqrt(half.power(2).sum(axis=1)).A1
        assert lengths == pytest.approx([1, 1], abs=1e-5)


def test_a_text_without_any_word_is_a_row_of_zeros() -> None:
    assert ngram_rows(["", "  "]).sum() == 0
    assert ngram_rows([]).shape == (0, BINS)


def test_alike_words_share_characters_and_order_of_words_counts() -> None:
    rows = ngram_rows(["refunded", "refunding", "staff rude", "rude staff"]).toarray()
    words, characters = rows[:, : BINS // 2], rows[:, BINS // 2 :]
    assert characters[0] @ characters[1] > 0.3
    assert words[0] @ words[1] == 0
    assert 0.5 < words[2] @ words[3] < 0.9  # the words are the same, the pair is not


def test_a_word_that_few_texts_have_weighs_more() -> None:
    texts = ["the parcel", "the refund", "the queue", "the bill"]
    idf = fit_idf(texts)
    plain, weighed = (ngram_rows(["the refund"], i)[:, : BINS // 2] for i in (None, idf))
    common = ngram_rows(["the"])[:, : BINS // 2].indices
    assert weighed[0, common[0]] < plain[0, common[0]]
    assert idf.shape == (BINS,)
