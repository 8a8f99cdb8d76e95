"""Texts to one flat row of tokens, and spans of characters to ranges of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

_FAR = 1 << 32  # more characters than any text has


@dataclass
class Tokens:
    """The tokens of m texts, one text after another.

    Attributes
    ----------
    ids : (t,) of the vocabulary; begins : (t,) first character of each token in its text.
    starts : (m + 1,) where each text begins in ``ids``; the last is t.
    """

    ids: np.ndarray
    begins: np.ndarray
    starts: np.ndarray

    @property
    def owner(self) -> np.ndarray:
        """(t,) index of each token's text."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def ranges(self, owner: np.ndarray, spans: np.ndarray) -> np.ndarray:
        """(n, 2) spans of characters to ranges of tokens: those that begin inside the span.

        ``owner`` is the index of each span's text. A span in which no token begins is empty.
        """
        keys = self.owner * _FAR + self.begins
        spans = np.asarray(spans).reshape(-1, 2)
        base = np.asarray(owner, np.int64) * _FAR
        return np.stack([np.searchsorted(keys, base + spans[:, i]) for i in (0, 1)], axis=1)


def tokenise(tokenizer: Tokenizer, texts: Sequence[str]) -> Tokens:
    """Tokens of texts, without special ones."""
    found = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    lengths = [len(f.ids) for f in found]
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = np.fromiter((i for f in found for i in f.ids), np.int64, count=starts[-1])
    begins = np.fromiter((o[0] for f in found for o in f.offsets), np.int64, count=starts[-1])
    return Tokens(ids, begins, starts)


def plain_tokenizer(text: str) -> Tokenizer:
    """A tokenizer out of the text of a tokenizer.json, without padding and truncation."""
    tokenizer = Tokenizer.from_str(text)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def pair_bins(tokens: Tokens, n_bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Hashed bins of neighbouring tokens, and for each pair the position of its first token.

    Pairs never cross from one text to the next.
    """
    inside = np.ones(len(tokens.ids), bool)
    ends = tokens.starts[1:][np.diff(tokens.starts) > 0]
    inside[ends - 1] = False
    first = np.flatnonzero(inside)
    mixed = tokens.ids[first] * 0x9E3779B1 + tokens.ids[first + 1] * 0x85EBCA77
    return ((mixed ^ (mixed >> 15)) & 0x7FFFFFFF) % n_bins, first
