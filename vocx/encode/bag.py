"""The small encoder: tuned vectors of tokens, pairs and windows, pooled, and one hidden layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import sparse
from tokenizers import Tokenizer

from vocx.encode.encoder import unit
from vocx.encode.sources import one_hot
from vocx.encode.tokens import Tokens, pair_bins, tokenise

_MEANING = 0.7  # what the vectors of meaning weigh in a likeness, beside the tuned ones
WINDOW = 5  # tokens of a window: one, and two on either side


class BagEncoder:
    """Texts and spans to feature rows, out of vectors of tokens, of hashed pairs, and of windows.

    A text is the weighted mean and the maximum of its tokens' and pairs' vectors, the same of
    windows that slide over its tokens (Kim 2014), and a hidden layer over all; a segment is the same
    of its own tokens, with its text's hidden layer beside them, so that a clause is judged in its
    context. After Joulin et al. 2017 (fastText); the vectors begin as the static ones of Tulkens and
    van Dongen 2024 (model2vec) and are tuned on the tasks.

    Parameters
    ----------
    tokenizer : of the encoder that the vectors began with.
    tensors : token_vectors (v, d), token_weights (v,), pair_vectors (b, d), pair_weights (b,),
        window_layer (d, WINDOW * c), window_bias (c,), feedback_layer (2d + 2c + 5, h),
        feedback_bias (h,), segment_layer (2d + 2c + h + 5, h), segment_bias (h,); and, where the model
        has them, meaning_vectors (v, m) and meaning_bias (m,), whose sums lie as a sentence
        transformer's vectors do.
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
        tokens = tokenise(self.tokenizer, texts)
        items, places, starts = with_pairs(tokens, self._n_tokens, self._n_pairs)
        ranges = tokens.ranges(owner, spans)
        windows = self._windows(tokens)
        known = one_hot(sources)
        feedback = np.hstack([
            self._pooled_items(items, starts[:-1], starts[1:]),
            _pooled_windows(windows, tokens.starts[:-1], tokens.starts[1:]),
            known,
        ])  # fmt: skip
        hidden = np.maximum(
            feedback @ self.tensors["feedback_layer"] + self.tensors["feedback_bias"], 0
        )
        own = np.hstack([
            self._pooled_items(items, *(np.searchsorted(places, ranges[:, i]) for i in (0, 1))),
            _pooled_windows(windows, ranges[:, 0], ranges[:, 1]),
            hidden[owner],
            known[owner],
        ])  # fmt: skip
        deep = np.maximum(own @ self.tensors["segment_layer"] + self.tensors["segment_bias"], 0)
        return np.hstack([feedback, hidden]), np.hstack([own, deep])

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """(n,) texts to (n, d + m) unit vectors: what texts mean alone; without tokens a row of zeros.

        The tuned vectors know what matters to the tasks, those of meaning what is particular beside it.
        """
        tokens = tokenise(self.tokenizer, texts)
        items, _, starts = with_pairs(tokens, self._n_tokens, self._n_pairs)
        tuned = unit(self._pooled_items(items, starts[:-1], starts[1:])[:, : self.dimensions])
        if "meaning_vectors" not in self.tensors:
            return tuned
        table = self.tensors["meaning_vectors"]
        ones = np.ones(len(tokens.ids), np.float32)
        rows = sparse.csr_matrix((ones, tokens.ids, tokens.starts), (len(texts), len(table)))
        meaning = unit(rows @ table + self.tensors["meaning_bias"])
        meaning[np.diff(tokens.starts) == 0] = 0
        a, b = np.float32(np.sqrt(_MEANING)), np.float32(np.sqrt(1 - _MEANING))
        return np.hstack([a * meaning, b * tuned])

    def _pooled_items(self, items: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """(n, 2d) of runs of tokens and pairs."""
        return _pooled(self._vectors, self._weights, items, low, high)

    def _windows(self, tokens: Tokens) -> np.ndarray:
        """(t, c) what the window around each token holds.

        A window's value is a sum over its places, and each place's part depends on one token alone:
        so the parts are worked out once for every token that occurs.
        """
        used, at = np.unique(tokens.ids, return_inverse=True)
        parts = self._vectors[used] @ self.tensors["window_layer"]
        parts = np.vstack([parts, np.zeros((1, parts.shape[1]), np.float32)])
        total = np.tile(self.tensors["window_bias"], (len(at), 1))
        width = total.shape[1]
        for place, rows in enumerate(window_places(at, tokens, len(used))):
            total += parts[rows, place * width : (place + 1) * width]
        return np.maximum(total, 0, out=total)


def _pooled_windows(windows: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """(n, 2c) means and maxima of runs of windows."""
    alike = np.ones(len(windows), np.float32)
    return _pooled(windows, alike, np.arange(len(windows)), low, high)


def _pooled(
    vectors: np.ndarray, weights: np.ndarray, items: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """(n, 2d) weighted means and maxima of runs of items, which are rows of (v, d) vectors.

    An empty run is a row of zeros.
    """
    n, d = len(low), vectors.shape[1]
    out = np.zeros((n, 2 * d), np.float32)
    lengths = high - low
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    flat = items[np.arange(bounds[-1]) + np.repeat(low - bounds[:-1], lengths)]
    rows = sparse.csr_matrix((weights[flat], flat, bounds), (n, len(vectors)))
    total = np.asarray(rows.sum(axis=1)).ravel()
    out[:, :d] = (rows @ vectors) / np.maximum(total, 1e-9)[:, None]
    out[:, d:] = _maxima(vectors, flat, bounds[:-1], lengths)
    return out


def _maxima(
    vectors: np.ndarray, flat: np.ndarray, begins: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """(n, d) maxima of runs, the k-th items of all runs at once: runs are many and short."""
    out = np.zeros((len(begins), vectors.shape[1]), np.float32)
    order = np.argsort(-lengths, kind="stable")
    longest_first, begins = lengths[order], begins[order]
    best = np.empty_like(out)
    for k in range(int(lengths.max(initial=0))):
        n = int(np.searchsorted(-longest_first, -k))  # runs longer than k
        rows = vectors[flat[begins[:n] + k]]
        best[:n] = rows if k == 0 else np.maximum(best[:n], rows)
    n = int((lengths > 0).sum())
    out[order[:n]] = best[:n]
    return out


def window_places(at: np.ndarray, tokens: Tokens, beyond: int) -> Iterator[np.ndarray]:
    """For each of WINDOW places, (t,) what of ``at`` stands there; ``beyond`` outside of the text.

    >>> tokens = Tokens(np.array([7, 8, 9]), np.zeros(3), np.array([0, 2, 3]))
    >>> [p.tolist() for p in window_places(np.array([0, 1, 2]), tokens, -1)][1:4]
    [[-1, 0, -1], [0, 1, 2], [1, -1, -1]]
    """
    half = WINDOW // 2
    spread = np.full(len(at) + half * (len(tokens.starts) + 1), beyond)
    places = np.arange(len(at)) + half * (tokens.owner + 1)
    spread[places] = at
    for offset in range(-half, half + 1):
        yield spread[places + offset]


def with_pairs(
    tokens: Tokens, n_tokens: int, n_pairs: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tokens with the pair that each begins after it, in reading order.

    Returns
    -------
    items : (u,) rows of the joined vectors; places : (u,) position of the (first) token.
    starts : (m + 1,) where each text begins in ``items``.
    """
    bins, first = pair_bins(tokens, n_pairs)
    places = np.concatenate([np.arange(len(tokens.ids)), first])
    order = np.argsort(places, kind="stable")
    items = np.concatenate([tokens.ids, n_tokens + bins])[order]
    places = places[order]
    return items, places, np.searchsorted(places, tokens.starts)
