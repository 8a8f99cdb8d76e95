"""A sentence encoder distilled to static token vectors: each token passed through it alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vocx.encode.transformer import padded
from vocx.errors import MissingExtra

_BATCH = 2048
_SMOOTHING = 1e-3  # of the inverse frequency weight, Arora et al. 2017


def start_vectors(folder: Path, counts: np.ndarray, dimensions: int) -> np.ndarray:
    """(n_tokens, dimensions) static vectors to begin with, after Tulkens and van Dongen 2024.

    ``counts`` is how often each token occurs in customers' comments.
    """
    vectors = reduced(token_embeddings(folder), counts, dimensions)
    return vectors / max(float(vectors.std()), 1e-9) * 0.1


def token_embeddings(folder: Path) -> np.ndarray:
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
            rows, mask = padded(ids, places, (101, 102))
            hidden = model(
                input_ids=torch.from_numpy(rows), attention_mask=torch.from_numpy(mask)
            ).last_hidden_state
            out.append(hidden.mean(dim=1).numpy())
    return np.vstack(out)


def reduced(embeddings: np.ndarray, counts: np.ndarray, dimensions: int) -> np.ndarray:
    """(n_tokens, dimensions) principal components, weighted by smooth inverse frequency."""
    centred = embeddings - embeddings.mean(axis=0)
    _, _, components = np.linalg.svd(centred, full_matrices=False)
    frequency = (counts + 1) / (counts.sum() + len(counts))
    weight = _SMOOTHING / (_SMOOTHING + frequency)
    return (centred @ components[:dimensions].T * weight[:, None]).astype(np.float32)
