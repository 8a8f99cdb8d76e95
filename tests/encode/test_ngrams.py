import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vocx.encode import HashedNgrams

TEXTS = ["The parcel was late", "Late parcel, late refund!", "Lovely kettle"]


def test_both_blocks_have_length_one() -> None:
    rows = HashedNgrams(256, 256).fit_idf(TEXTS).transform(TEXTS).toarray()
    assert np.allclose(np.linalg.norm(rows[:, :256], axis=1), 1)
    assert np.allclose(np.linalg.norm(rows[:, 256:], axis=1), 1)


def test_a_text_without_words_is_a_row_of_zeros() -> None:
    assert HashedNgrams(256, 256).transform(["", "  "]).nnz == 0
    assert HashedNgrams(256, 256).transform([]).shape == (0, 512)


@given(st.permutations(TEXTS))
def test_permuting_rows_permutes_results(texts: list[str]) -> None:
    ngrams = HashedNgrams(256, 256).fit_idf(TEXTS)
    of = dict(zip(TEXTS, ngrams.transform(TEXTS).toarray(), strict=True))
    assert np.array_equal(ngrams.transform(texts).toarray(), np.array([of[t] for t in texts]))


def test_case_does_not_matter_and_typos_stay_near() -> None:
    ngrams = HashedNgrams(2**12, 2**12)
    a, b, c, d = ngrams.transform(["DELIVERY late", "delivery LATE", "delivry late", "nice soup"])
    assert (a != b).nnz == 0
    assert (a @ c.T).toarray()[0, 0] > 0.6 > 0.1 > (a @ d.T).toarray()[0, 0]
