"""The small encoder: tuned vectors of tokens and token pairs, pooled, and one hidden layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from tokenizers import Tokenizer

from vocx.encode.encoder import NO_SEGMENTS, unit
from vocx.encode.sources import one_hot
from vocx.encode.tokens import Tokens, pair_bins, tokenise


class BagEncoder:
    """Texts and spans to feature rows, out of vectors of tokens and of hashed token pairs.

    A text is the weighted mean and the maximum of its vectors, and a hidden layer over both; a
    segment is the same of its own tokens, with its text's hidden layer beside them, so that a clause
    is judged in its context. After Joulin et al. 2017 (fastText); the vectors begin as the static
    ones of Tulkens and van Dongen 2024 (model2vec) and are tuned on the tasks.

    Parameters
    ----------
    tokenizer : of the encoder that the vectors began with.
    tensors : token_vectors (v, d), token_weights (v,), pair_vectors (b, d), pair_weights (b,),
        feedback_layer (2d + 5, h), feedback_bias (h,), segment_layer (2d + h + 5, h), segment_bias.
    """

    def __init__(self, tokenizer: Tokenizer, tensors: dict[str, np.ndarray]):
        self.tokenizer = tokenizer
        self.tensors = tensors
        tokens, pairs = tensors["token_vectors"], tensors["pair_vectors"]
        self._vectors = np.concatenate([tokens, pairs])
        self._weights = np.exp(
            np.concatenate([tensors["token_weights"], tensors["pair_weights"]])
        ).astype(np.float32)
        self._n_tokens, self._n_pairs = len(tokens), len(pairs)

    @property
    def dimensions(self) -> int:
        """Length of a token's vector."""
        return int(self._vectors.shape[1])

    def encode(
        self,
        texts: Sequence[str],
        sources: Sequence[str | None],
        owner: np.ndarray,
        spans: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Features of m texts and of n spans of them, float32.

        Parameters
        ----------
        texts, sources : (m,) words, and kinds of source.
        owner, spans : (n,) index of each span's text, and (n, 2) its characters.
        """
        items, places, starts, ranges = self._items(texts, owner, spans)
        known = one_hot(sources)
        pooled = self._pooled(items, starts[:-1], starts[1:])
        feedback = np.hstack([pooled, known])
        hidden = np.maximum(
            feedback @ self.tensors["feedback_layer"] + self.tensors["feedback_bias"], 0
        )
        low, high = (np.searchsorted(places, ranges[:, i]) for i in (0, 1))
        own = np.hstack([self._pooled(items, low, high), hidden[owner], known[owner]])
        deep = np.maximum(own @ self.tensors["segment_layer"] + self.tensors["segment_bias"], 0)
        return np.hstack([feedback, hidden]), np.hstack([own, deep])

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """(n,) texts to (n, d) unit vectors: what texts mean alone; without tokens a row of zeros."""
        items, _, starts, _ = self._items(texts, *NO_SEGMENTS)
        return unit(self._pooled(items, starts[:-1], starts[1:])[:, : self.dimensions])

    def _items(
        self, texts: Sequence[str], owner: np.ndarray, spans: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Tokens and pairs in reading order: rows of the vectors, token positions, starts, ranges."""
        tokens = tokenise(self.tokenizer, texts)
        return with_pairs(tokens, self._n_tokens, self._n_pairs, owner, spans)

    def _pooled(self, items: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """(n, 2d) weighted means and maxima of runs of items; an empty run is a row of zeros."""
        n, d = len(low), self.dimensions
        out = np.zeros((n, 2 * d), np.float32)
        lengths = high - low
        bounds = np.concatenate([[0], np.cumsum(lengths)])
        flat = items[np.arange(bounds[-1]) + np.repeat(low - bounds[:-1], lengths)]
        weights = sparse.csr_matrix((self._weights[flat], flat, bounds), (n, len(self._vectors)))
        total = np.asarray(weights.sum(axis=1)).ravel()
        out[:, :d] = (weights @ self._vectors) / np.maximum(total, 1e-9)[:, None]
        out[:, d:] = self._maxima(flat, bounds[:-1], lengths)
        return out

    def _maxima(self, flat: np.ndarray, begins: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """(n, d) maxima of runs, the k-th items of all runs at once: runs are many and short."""
        out = np.zeros((len(begins), self.dimensions), np.float32)
        order = np.argsort(-lengths, kind="stable")
        longest_first, begins = lengths[order], begins[order]
        best = np.empty_like(out)
        for k in range(int(lengths.max(initial=0))):
            n = int(np.searchsorted(-longest_first, -k))  # runs longer than k
            rows = self._vectors[flat[begins[:n] + k]]
            best[:n] = rows if k == 0 else np.maximum(best[:n], rows)
        n = int((lengths > 0).sum())
        out[order[:n]] = best[:n]
        return out


def with_pairs(
    tokens: Tokens, n_tokens: int, n_pairs: int, owner: np.ndarray, spans: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Tokens with the pair that each begins after it.

    Returns
    -------
    items : (u,) rows of the joined vectors; places : (u,) position of the (first) token.
    starts : (m + 1,) where each text begins in ``items``; ranges : (n, 2) tokens of each span.
    """
    bins, first = pair_bins(tokens, n_pairs)
    places = np.concatenate([np.arange(len(tokens.ids)), first])
    order = np.argsort(places, kind="stable")
    items = np.concatenate([tokens.ids, n_tokens + bins])[order]
    places = places[order]
    starts = np.searchsorted(places, tokens.starts)
    return items, places, starts, tokens.ranges(owner, spans)
