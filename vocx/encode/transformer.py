"""The large encoder: a fine-tuned sentence transformer read once per text, pooled per span."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from vocx.encode.encoder import unit
from vocx.encode.sources import one_hot
from vocx.encode.tokens import Tokens, tokenise
from vocx.errors import MissingExtra

WINDOW = 254  # tokens read at once, the two special ones aside
_BATCH = 4096  # padded tokens
_CHUNK = 512  # texts whose token vectors are held at once


def windows(starts: np.ndarray) -> np.ndarray:
    """(w, 2) ranges of tokens, none longer than `WINDOW`, a long text cut into even parts.

    >>> windows(np.array([0, 3, 303])).tolist()
    [[0, 3], [3, 153], [153, 303]]
    """
    parts = []
    for low, high in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        n = max(1, -(-(high - low) // WINDOW))
        cuts = np.linspace(low, high, n + 1).astype(int)
        parts += [[a, b] for a, b in itertools.pairwise(cuts) if b > a]
    return np.array(parts, int).reshape(-1, 2)


def special_tokens(tokenizer: Tokenizer) -> tuple[int, int]:
    """Ids of what a text begins and ends with, in RoBERTa's and MPNet's vocabulary or in BERT's."""
    for first, last in (("<s>", "</s>"), ("[CLS]", "[SEP]")):
        begin, end = tokenizer.token_to_id(first), tokenizer.token_to_id(last)
        if begin is not None and end is not None:
            return begin, end
    return 0, 0


class TransformerEncoder:
    """Texts and spans to feature rows, out of the token vectors of a transformer.

    A text is the mean and the maximum of its token vectors; a segment the same of its own, and its
    text's mean: every token has read the whole text already, so one forward pass serves all tasks.

    Parameters
    ----------
    tokenizer : of the transformer.
    settings : the transformer's configuration, with Hugging Face's names; a BERT where no
        ``model_type`` is told.
    tensors : its weights by name.

    Attributes
    ----------
    threads : of torch while it reads; 1, so that the same texts give the same bytes however many
        processes share the work. Null is as many as torch likes.
    """

    def __init__(
        self, tokenizer: Tokenizer, settings: dict[str, Any], tensors: dict[str, np.ndarray]
    ):
        try:
            import torch
            from transformers import AutoConfig, AutoModel
        except ImportError as error:
            raise MissingExtra(str(error.name), "train") from None
        self._torch = torch
        self.threads: int | None = 1
        self.tokenizer = tokenizer
        self._special = special_tokens(tokenizer)
        config = AutoConfig.for_model(**{"model_type": "bert", **settings})
        self._model = AutoModel.from_config(config, add_pooling_layer=False).eval()
        state = {k: torch.from_numpy(np.array(v, np.float32)) for k, v in tensors.items()}
        self._model.load_state_dict(state)

    def encode(
        self,
        texts: Sequence[str],
        sources: Sequence[str | None],
        owner: np.ndarray,
        spans: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Features of m texts and of n spans of them, float32; see `BagEncoder.encode`."""
        order = np.argsort(owner, kind="stable")
        cuts = np.searchsorted(owner[order], np.arange(0, len(texts) + _CHUNK, _CHUNK))
        whole, parts = [], []
        for i, low in enumerate(range(0, len(texts), _CHUNK)):
            mine = order[cuts[i] : cuts[i + 1]]
            found = self._pooled(texts[low : low + _CHUNK], owner[mine] - low, spans[mine])
            whole.append(found[0])
            parts.append(found[1])
        width = self._model.config.hidden_size
        feedback = np.vstack(whole) if whole else np.zeros((0, 2 * width), np.float32)
        segments = np.zeros((len(owner), 3 * width), np.float32)
        if parts:
            segments[order] = np.vstack(parts)
        known = one_hot(sources)
        return np.hstack([feedback, known]), np.hstack([segments, known[owner]])

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """(n,) texts to (n, 2 width) unit vectors: what texts mean alone.

        Half is the mean of the last layer, half that of the first: the heads bent the one to their
        tasks, the other still tells words apart.
        """
        width = self._model.config.hidden_size
        out = np.zeros((len(texts), 2 * width), np.float32)
        for low in range(0, len(texts), _CHUNK):
            tokens = tokenise(self.tokenizer, texts[low : low + _CHUNK])
            for i, first in enumerate((False, True)):
                rows = self._token_vectors(tokens, first)
                mean = pooled(rows, tokens.starts[:-1], tokens.starts[1:])[:, :width]
                half = slice(i * width, (i + 1) * width)
                out[low : low + _CHUNK, half] = unit(mean) / np.sqrt(2)
        return out

    def _pooled(
        self, texts: Sequence[str], owner: np.ndarray, spans: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        tokens = tokenise(self.tokenizer, texts)
        hidden = self._token_vectors(tokens)
        feedback = pooled(hidden, tokens.starts[:-1], tokens.starts[1:])
        ranges = tokens.ranges(owner, spans)
        own = pooled(hidden, ranges[:, 0], ranges[:, 1])
        return feedback, np.hstack([own, feedback[owner, : hidden.shape[1]]])

    def _token_vectors(self, tokens: Tokens, first: bool = False) -> np.ndarray:
        """(t, width) what each token means where it stands; or ``first``, before it has looked around."""
        torch = self._torch
        out = np.zeros((len(tokens.ids), self._model.config.hidden_size), np.float32)
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads or before)
        with torch.inference_mode():
            for batch in batches(windows(tokens.starts)):
                ids, mask = padded(tokens.ids, batch, self._special)
                ids, mask = torch.from_numpy(ids), torch.from_numpy(mask)
                if first:
                    found = self._model.embeddings(input_ids=ids)
                else:
                    found = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
                hidden = found.float().numpy()
                for row, (low, high) in enumerate(batch):
                    out[low:high] = hidden[row, 1 : 1 + high - low]
        torch.set_num_threads(before)
        return out


@contextmanager
def all_threads(encoder: Any) -> Iterator[None]:
    """Let a transformer read on all cores, where the last bits of its answer do not matter."""
    if not isinstance(encoder, TransformerEncoder):
        yield
        return
    before, encoder.threads = encoder.threads, None
    try:
        yield
    finally:
        encoder.threads = before


def batches(parts: np.ndarray) -> Iterator[np.ndarray]:
    """Windows of like length together, as many as `_BATCH` padded tokens hold."""
    lengths = parts[:, 1] - parts[:, 0] + 2
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and (end + 1 - start) * lengths[order[end]] <= _BATCH:
            end += 1
        yield parts[order[start:end]]
        start = end


def padded(
    ids: np.ndarray, parts: np.ndarray, special: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Windows as rows: ids between the special tokens, and the mask of what is no padding."""
    width = int((parts[:, 1] - parts[:, 0]).max()) + 2
    out = np.zeros((len(parts), width), np.int64)
    mask = np.zeros((len(parts), width), np.int64)
    for row, (low, high) in enumerate(parts):
        n = high - low
        out[row, 0], out[row, n + 1] = special
        out[row, 1 : n + 1] = ids[low:high]
        mask[row, : n + 2] = 1
    return out, mask


def pooled(rows: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """(n, 2 width) means and maxima of runs of rows; an empty run is a row of zeros.

    >>> pooled(np.array([[1.0], [3.0]]), np.array([0, 1]), np.array([2, 1])).tolist()
    [[2.0, 3.0], [0.0, 0.0]]
    """
    width = rows.shape[1]
    out = np.zeros((len(low), 2 * width), np.float32)
    for i in np.flatnonzero(high > low):
        run = rows[low[i] : high[i]]
        out[i, :width], out[i, width:] = run.mean(axis=0), run.max(axis=0)
    return out
