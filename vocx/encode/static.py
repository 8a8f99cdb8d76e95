"""Static token vectors: the mean of a text's token vectors, distilled from a sentence encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer


class StaticEncoder:
    """Text to a dense vector of unit length.

    Parameters
    ----------
    tokenizer : of the encoder that the vectors were distilled from.
    vectors : (n_tokens, dimensions) float array, already weighted by how much a token tells.

    After Tulkens and van Dongen 2024 (model2vec): each token passed through the encoder alone,
    principal components kept, weighted by smooth inverse frequency (Arora et al. 2017).
    """

    def __init__(self, tokenizer: Tokenizer, vectors: np.ndarray):
        self.tokenizer = tokenizer
        self.vectors = vectors

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(n,) texts to (n, dimensions) float32; a text without known tokens is a row of zeros."""
        out = np.zeros((len(texts), self.dimensions), np.float32)
        encoded = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        for i, found in enumerate(encoded):
            if found.ids:
                out[i] = self.vectors[found.ids].mean(axis=0)
        norms = np.linalg.norm(out, axis=1, keepdims=True)
        return out / np.maximum(norms, 1e-9)
