from pathlib import Path

import numpy as np
import pytest

from vocx.errors import UserError
from vocx.train.distil import reduced
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
