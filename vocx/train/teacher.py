"""A transformer fine-tuned on every task at once, whose soft labels teach the small model.

One encoder and one linear head per task. A row teaches only what it is labelled for (masked
losses): a coder's comment all feedback tasks, a rated review the polarity alone, a segment its
mention's labels. Segments are read with their whole feedback as the second text of the pair.
The word embeddings stay frozen, so that two cores suffice.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vocx.errors import MissingExtra
from vocx.schema import SOURCES

log = logging.getLogger(__name__)

MAX_TOKENS = 96
_BATCH = 32
_ENCODER_RATE, _HEAD_RATE = 1e-4, 2e-3
_WARM_UP = 0.1
_SMOOTHING = 0.05
_UNLABELLED = -1


@dataclass
class Lessons:
    """Rows to learn from, or to label.

    Attributes
    ----------
    texts : (n,) what is judged.
    contexts : (n,) the whole feedback of a segment; null for a row that is a feedback itself.
    sources : (n,) kind of source, or null.
    labels : task to (n,) indices into the task's classes; -1 where the row is not labelled for it.
    weights : (n,) of the row's losses.
    """

    texts: list[str]
    contexts: list[str | None]
    sources: list[str | None]
    labels: dict[str, np.ndarray]
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)


class Teacher:
    """A fine-tuned sentence encoder with a head per task.

    Parameters
    ----------
    folder : of the encoder's weights and tokenizer.
    classes : task to its labels, in the order of the labels' indices.
    seed : of the heads and of the order of rows.
    """

    def __init__(self, folder: Path, classes: dict[str, list[Any]], seed: int = 0):
        try:
            import torch
            from transformers import AutoModel, AutoTokenizer
        except ImportError as error:
            raise MissingExtra(str(error.name), "train") from None
        torch.manual_seed(seed)
        self.torch = torch
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.classes = classes
        self.seed = seed
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.encoder = AutoModel.from_pretrained(folder, local_files_only=True).to(self.device)
        self.encoder.embeddings.word_embeddings.requires_grad_(False)
        width = self.encoder.config.hidden_size + len(SOURCES)
        self.heads = torch.nn.ModuleDict(
            {_key(t): torch.nn.Linear(width, len(labels)) for t, labels in classes.items()}
        ).to(self.device)
        self.dropout = torch.nn.Dropout(0.1)

    def fit(
        self, lessons: Lessons, epochs: int, progress: Callable[[str], None] = log.info
    ) -> Teacher:
        """Fine-tune for some passes over the rows."""
        torch = self.torch
        rng = np.random.default_rng(self.seed)
        optimiser = torch.optim.AdamW(
            [
                {
                    "params": [p for p in self.encoder.parameters() if p.requires_grad],
                    "lr": _ENCODER_RATE,
                },
                {"params": self.heads.parameters(), "lr": _HEAD_RATE},
            ],
            weight_decay=0.01,
        )
        n_steps = epochs * math.ceil(len(lessons) / _BATCH)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser,
            lambda s: min(
                (s + 1) / (_WARM_UP * n_steps), max(0.0, (n_steps - s) / (n_steps * (1 - _WARM_UP)))
            ),
        )
        weights = {t: self._class_weights(t, lessons.labels[t]) for t in self.classes}
        self.encoder.train()
        for epoch in range(epochs):
            losses = []
            for rows in _buckets(lessons, rng):
                with self._autocast():
                    logits = self._forward(lessons, rows, train=True)
                    loss = self._loss(logits, lessons, rows, weights)
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.encoder.parameters(), 1.0)
                optimiser.step()
                schedule.step()
                losses.append(float(loss.detach()))
            progress(f"teacher: pass {epoch + 1} of {epochs}, loss {np.mean(losses):.3f}")
        return self

    def predict_proba(self, lessons: Lessons, tasks: list[str]) -> dict[str, np.ndarray]:
        """Task to (n, k) probabilities."""
        torch = self.torch
        self.encoder.eval()
        out = {t: np.zeros((len(lessons), len(self.classes[t])), np.float32) for t in tasks}
        order = np.argsort([_length(lessons, i) for i in range(len(lessons))], kind="stable")
        with torch.inference_mode():
            for start in range(0, len(order), 2 * _BATCH):
                rows = order[start : start + 2 * _BATCH]
                with self._autocast():
                    logits = self._forward(lessons, rows, train=False)
                for task in tasks:
                    out[task][rows] = torch.softmax(logits[task].float(), dim=1).cpu().numpy()
        return out

    def _autocast(self) -> Any:
        return self.torch.autocast(self.device.type, dtype=self.torch.bfloat16)

    def _forward(self, lessons: Lessons, rows: np.ndarray, train: bool) -> dict[str, Any]:
        """Task to (batch, k) logits."""
        torch = self.torch
        firsts = [lessons.texts[i] for i in rows]
        seconds = [lessons.contexts[i] for i in rows]
        if all(s is None for s in seconds):
            batch = self.tokenizer(
                firsts,
                padding=True,
                pad_to_multiple_of=16,
                truncation=True,
                max_length=MAX_TOKENS,
                return_tensors="pt",
            )
        else:
            pairs = [(a, b or "") for a, b in zip(firsts, seconds, strict=True)]
            batch = self.tokenizer(
                pairs,
                padding=True,
                pad_to_multiple_of=16,
                truncation="longest_first",
                max_length=MAX_TOKENS,
                return_tensors="pt",
            )
        batch = batch.to(self.device)
        hidden = self.encoder(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        pooled = (hidden * mask).sum(1) / mask.sum(1)
        known = [[float(lessons.sources[i] == s) for s in SOURCES] for i in rows]
        source = torch.tensor(known, device=self.device)
        features = torch.cat([self.dropout(pooled.float()) if train else pooled.float(), source], 1)
        return {task: self.heads[_key(task)](features) for task in self.classes}

    def _loss(
        self, logits: dict[str, Any], lessons: Lessons, rows: np.ndarray, weights: dict[str, Any]
    ) -> Any:
        """Mean over the tasks of the weighted losses of the rows labelled for them."""
        torch = self.torch
        total = torch.zeros((), device=self.device)
        for task, values in logits.items():
            truth = torch.tensor(lessons.labels[task][rows], device=self.device)
            known = truth != _UNLABELLED
            if not known.any():
                continue
            each = torch.nn.functional.cross_entropy(
                values[known].float(), truth[known], weight=weights[task],
                label_smoothing=_SMOOTHING, reduction="none",
            )  # fmt: skip
            weight = torch.tensor(lessons.weights[rows], device=self.device, dtype=torch.float32)
            total = total + (each * weight[known]).sum() / len(rows)
        return total

    def _class_weights(self, task: str, labels: np.ndarray) -> Any:
        counts = np.bincount(labels[labels >= 0], minlength=len(self.classes[task]))
        weight = (counts.sum() / np.maximum(counts, 1) / len(counts)) ** 0.4
        return self.torch.tensor(
            np.clip(weight, 0.3, 4.0), dtype=self.torch.float32, device=self.device
        )


def _key(task: str) -> str:
    """A task's name as torch allows it for a module."""
    return task.replace(".", "__")


def _length(lessons: Lessons, i: Any) -> int:
    return min(len(lessons.texts[i]) + len(lessons.contexts[i] or ""), 5 * MAX_TOKENS)


def _buckets(lessons: Lessons, rng: np.random.Generator) -> list[np.ndarray]:
    """Batches of rows of like length, in random order, each of one kind (feedback or segment)."""
    batches = []
    single = np.array([c is None for c in lessons.contexts])
    for rows in (np.flatnonzero(single), np.flatnonzero(~single)):
        lengths = np.array([_length(lessons, i) for i in rows]) * rng.uniform(0.8, 1.25, len(rows))
        rows = rows[np.argsort(lengths, kind="stable")]
        batches += [rows[s : s + _BATCH] for s in range(0, len(rows), _BATCH)]
    return [batches[i] for i in rng.permutation(len(batches))]
