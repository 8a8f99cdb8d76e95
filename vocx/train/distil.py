"""A sentence encoder distilled to static vectors of tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vocx.encode.tokens import Tokens
from vocx.encode.transformer import padded, special_tokens
from vocx.errors import MissingExtra

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BATCH = 2048
_TEXTS = 1024  # a step
_EPOCHS, _RATE = 5, 0.03
_SMOOTHING = 1e-3  # of the inverse frequency weight, Arora et al. 2017


def start_vectors(
    folder: Path, tokenizer: Tokenizer, counts: np.ndarray, dimensions: int
) -> np.ndarray:
    """(n_tokens, dimensions) static vectors to begin with, after Tulkens and van Dongen 2024.

    ``counts`` is how often each token occurs in customers' comments.
    """
    vectors = reduced(token_embeddings(folder, tokenizer), counts, dimensions)
    return vectors / max(float(vectors.std()), 1e-9) * 0.1


def token_embeddings(folder: Path, tokenizer: Tokenizer) -> np.ndarray:
    """(n_tokens, hidden) mean-pooled outputs of the encoder for every token of its vocabulary."""
    try:
        import torch
        from transformers import AutoModel
    except ImportError as error:
        raise MissingExtra(str(error.name), "train") from None
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    out = []
    with torch.inference_mode():
        for start in range(0, model.config.vocab_size, _BATCH):
            ids = np.arange(start, min(model.config.vocab_size, start + _BATCH))
            places = np.stack([ids - start, ids - start + 1], axis=1)
            rows, mask = padded(ids, places, special_tokens(tokenizer))
            hidden = model(
                input_ids=torch.from_numpy(rows), attention_mask=torch.from_numpy(mask)
            ).last_hidden_state
            out.append(hidden.mean(dim=1).numpy())
    return np.vstack(out)


def reduced(embeddings: np.ndarray, counts: np.ndarray, dimensions: int) -> np.ndarray:
    """(n_tokens, dimensions) principal components, weighted by smooth inverse frequency."""
    centred = embeddings - embeddings.mean(axis=0)
    _, _, components = np.linalg.svd(centred, full_matrices=False)
    return reduced_to(embeddings, counts, components[:dimensions].T)


def reduced_to(embeddings: np.ndarray, counts: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """(n_tokens, dimensions) components along (hidden, dimensions) axes, weighted in the same way."""
    frequency = (counts + 1) / (counts.sum() + len(counts))
    weight = _SMOOTHING / (_SMOOTHING + frequency)
    centred = embeddings - embeddings.mean(axis=0)
    return (centred @ axes * weight[:, None]).astype(np.float32)


def meaning_table(
    start: np.ndarray, tokens: Tokens, targets: np.ndarray, dimensions: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(v, dimensions) vectors of tokens and a bias, whose sums over a text lie as its target does.

    ``start`` (v, hidden) are the encoder's outputs for single tokens, ``targets`` (n, hidden) its unit
    vectors of n texts, of which the principal components are learned (cosine loss). After Tulkens and
    van Dongen's tokenlearn (2024).
    """
    import torch

    centred = targets - targets.mean(axis=0)
    _, _, components = np.linalg.svd(
        centred[:: max(1, len(centred) // 50_000)], full_matrices=False
    )
    axes = components[:dimensions].T
    wanted = torch.from_numpy((centred @ axes).astype(np.float32))
    counts = np.bincount(tokens.ids, minlength=len(start))
    first = reduced_to(start, counts, axes)
    table = torch.nn.EmbeddingBag(len(first), dimensions, mode="sum")
    table.weight.data = torch.from_numpy(first / first.std())
    bias = torch.nn.Parameter(torch.zeros(dimensions))
    optimiser = torch.optim.Adam([table.weight, bias], lr=_RATE)
    n_steps = _EPOCHS * -(-len(targets) // _TEXTS)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=_RATE, total_steps=n_steps)
    rng = np.random.default_rng(seed)
    ids, lengths = torch.from_numpy(tokens.ids.astype(np.int64)), np.diff(tokens.starts)
    for _ in range(_EPOCHS):
        order = rng.permutation(len(targets))
        for low in range(0, len(order), _TEXTS):
            rows = order[low : low + _TEXTS]
            begins = np.cumsum(lengths[rows]) - lengths[rows]
            flat = np.arange(lengths[rows].sum()) - np.repeat(
                begins - tokens.starts[rows], lengths[rows]
            )
            sums = table(ids[torch.from_numpy(flat)], torch.from_numpy(begins)) + bias
            loss = -torch.nn.functional.cosine_similarity(sums, wanted[rows]).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rate.step()
    return table.weight.detach().numpy(), bias.detach().numpy()
