from pathlib import Path

import numpy as np
import pytest

from vocx.encode import unit
from vocx.encode.tokens import Tokens
from vocx.errors import UserError
from vocx.train.distil import meaning_table, reduced
from vocx.train.recipe import encoder_folder


def test_common_tokens_weigh_less() -> None:
    embeddings = np.random.default_rng(0).normal(size=(50, 8))
    counts = np.ones(50)
    counts[7] = 10_000
    plain = reduced(embeddings, np.ones(50), 4)
    weighed = reduced(embeddings, counts, 4)
    assert weighed.shape == (50, 4)
    assert np.linalg.norm(weighed[7]) < 0.1 * np.linalg.norm(plain[7])


def test_a_missing_encoder_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not installed"):
        encoder_folder("package:no_such_encoder")
    with pytest.raises(UserError, match=r"holds no tokenizer\.json"):
        encoder_folder(str(tmp_path))


def test_sums_of_token_vectors_learn_to_lie_as_their_targets() -> None:
    rng = np.random.default_rng(0)
    n_tokens, hidden, n_texts = 30, 12, 30_000
    true = rng.normal(size=(n_tokens, hidden)).astype(np.float32)
    lengths = rng.integers(2, 6, n_texts)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    ids = rng.integers(0, n_tokens, starts[-1])
    tokens = Tokens(ids, np.zeros(len(ids)), starts)
    sums = np.add.reduceat(true[ids], starts[:-1])
    targets = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    start = rng.normal(size=(n_tokens, hidden)).astype(np.float32)
    table, bias = meaning_table(start, tokens, targets, dimensions=12, seed=0)
    found = np.add.reduceat(table[ids], starts[:-1]) + bias
    a, b = (x @ x.T for x in (unit(found)[:500], unit(targets - targets.mean(axis=0))[:500]))
    assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.8
