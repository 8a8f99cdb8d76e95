import numpy as np

from vocx.encode.tokens import pair_bins, tokenise
from vocx.pipeline import Model

TEXTS = ["The parcel was late", "", "Lovely kettle, but loud"]


def test_tokens_of_all_texts_stand_one_after_another(tiny: Model) -> None:
    tokens = tokenise(tiny.encoder.tokenizer, TEXTS)
    assert tokens.starts[0] == 0
    assert tokens.starts[-1] == len(tokens.ids) == len(tokens.begins)
    assert tokens.starts[1] == tokens.starts[2]  # the empty text has none
    assert (np.diff(tokens.owner) >= 0).all()


def test_a_span_of_characters_is_the_tokens_that_begin_in_it(tiny: Model) -> None:
    tokens = tokenise(tiny.encoder.tokenizer, TEXTS)
    text = TEXTS[2]
    comma = text.index(",")
    spans = np.array([[0, comma], [comma, len(text)], [3, 3]])
    first, second, nothing = tokens.ranges(np.array([2, 2, 0]), spans)
    assert first[0] == tokens.starts[2]
    assert first[1] == second[0]
    assert second[1] == tokens.starts[3]
    assert nothing[0] == nothing[1]


def test_pairs_never_cross_from_one_text_to_the_next(tiny: Model) -> None:
    tokens = tokenise(tiny.encoder.tokenizer, TEXTS)
    bins, first = pair_bins(tokens, 64)
    assert len(first) == len(tokens.ids) - 2  # two texts have tokens
    assert tokens.starts[1] - 1 not in first
    assert ((bins >= 0) & (bins < 64)).all()
