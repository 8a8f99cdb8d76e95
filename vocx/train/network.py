"""Encoders as trainable networks: every task at once, with masked losses.

A body turns a batch of texts and spans into the same features that its NumPy twin in `vocx.encode`
serves; one linear head per task reads them. Only rows that are labelled for a task teach it.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from vocx.encode.bag import WINDOW, window_places, with_pairs
from vocx.encode.sources import one_hot
from vocx.encode.tokens import Tokens, tokenise
from vocx.encode.transformer import padded, special_tokens, windows
from vocx.errors import MissingExtra, UserError
from vocx.models import ModelFolder
from vocx.schema import SOURCES
from vocx.train.lessons import Classes, Lessons

try:
    import torch
    from torch import nn
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
except ImportError as error:
    raise MissingExtra(str(error.name), "train") from None

log = logging.getLogger(__name__)

_SOURCE_DROPOUT = 0.4  # so that a model does not lean on the kind of source alone
_SEGMENT_WEIGHT = 0.5  # of a segment's loss, beside that of a whole comment
_MEANING_WEIGHT = (
    5.0  # of how far texts have moved from, or to, each other (mean square of cosines)
)
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a network learns."""

    epochs: float
    body_rate: float
    head_rate: float
    batch_tokens: int
    warm_up: float = 0.06
    decay: float = 0.01
    masked: float = 0.0  # share of a row's tokens that are hidden from it
    average: float = 0.0  # how much of the mean of past weights stays at a step; 0: the last ones
    emphasis: Mapping[str, float] = field(default_factory=dict)  # of losses, by a task's last word
    multi_label: tuple[str, ...] = ("side.goemotions",)


def _runs(low: np.ndarray, high: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Flat positions of runs, and for each position its run."""
    lengths = high - low
    begins = np.cumsum(lengths) - lengths
    flat = np.arange(lengths.sum()) + np.repeat(low - begins, lengths)
    run = np.repeat(np.arange(len(low)), lengths)
    return torch.from_numpy(flat).to(DEVICE), torch.from_numpy(run).to(DEVICE)


def _pool(rows: torch.Tensor, low: np.ndarray, high: np.ndarray) -> torch.Tensor:
    """(n, 2d) means and maxima of runs of rows; an empty run is a row of zeros."""
    flat, run = _runs(low, high)
    n, d = len(low), rows.shape[1]
    picked = rows[flat]
    total = torch.from_numpy(np.maximum(high - low, 1).astype(np.float32)).to(DEVICE)
    mean = torch.zeros(n, d, device=DEVICE).index_add(0, run, picked)
    most = torch.full((n, d), -1e9, device=DEVICE)
    most = most.scatter_reduce(0, run[:, None].expand(-1, d), picked, "amax", include_self=True)
    full = torch.from_numpy(high > low).to(DEVICE)[:, None]
    return torch.cat([mean / total[:, None], torch.where(full, most, 0.0)], 1)


def _attention(
    module: nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor,
    mask: torch.Tensor | None, scaling: float | None = None, **_: Any,
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """Attention in the precision of its input throughout; queries (b, heads, t, d), mask added.

    On a CPU its backward pass in bfloat16 measured twice as fast as the fused one's, and it spares
    the copies to and from float32 that a softmax in that precision costs.
    """
    scores = query @ key.transpose(2, 3) * (scaling or query.shape[-1] ** -0.5)
    with torch.autocast(query.device.type, enabled=False):
        if mask is not None:
            scores = scores + mask.to(scores.dtype)
        shares = scores.softmax(-1)
        return (shares @ value).transpose(1, 2).contiguous(), shares


class TransformerBody(nn.Module):
    """A sentence transformer, its word embeddings frozen so that two cores suffice.

    Without dropout inside (it costs a third of the time on a CPU), and with attention of its own
    where the architecture allows it (see `_attention`).
    """

    prefix = "encoder."  # of its weights in a model folder

    def __init__(self, folder: Path, tokenizer: Tokenizer):
        super().__init__()
        from transformers import AttentionInterface, AttentionMaskInterface, AutoModel
        from transformers.masking_utils import eager_mask

        self.bert = AutoModel.from_pretrained(
            folder, local_files_only=True, add_pooling_layer=False, attn_implementation="eager",
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        )  # fmt: skip
        if self.bert.config.model_type == "bert":
            AttentionInterface.register("vocx", _attention)
            AttentionMaskInterface.register("vocx", eager_mask)
            self.bert.set_attn_implementation("vocx")
        self.bert.embeddings.word_embeddings.requires_grad_(False)
        width = self.bert.config.hidden_size
        self.special = special_tokens(tokenizer)
        self.widths = (2 * width + len(SOURCES), 3 * width + len(SOURCES))

    def forward(
        self, tokens: Tokens, known: torch.Tensor, owner: np.ndarray, spans: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Features of the texts and of the spans."""
        parts = windows(tokens.starts)
        ids, mask = padded(tokens.ids, parts, self.special)
        with torch.autocast(DEVICE.type, dtype=torch.bfloat16):
            hidden = self.bert(
                input_ids=torch.from_numpy(ids).to(DEVICE),
                attention_mask=torch.from_numpy(mask).to(DEVICE),
            ).last_hidden_state
        own = torch.from_numpy(mask).to(DEVICE).bool()
        own[:, 0] = False
        ends = torch.from_numpy(parts[:, 1] - parts[:, 0] + 1).to(DEVICE)
        own[torch.arange(len(parts), device=DEVICE), ends] = False
        rows = hidden[own].float()
        feedback = _pool(rows, tokens.starts[:-1], tokens.starts[1:])
        ranges = tokens.ranges(owner, spans)
        segments = _pool(rows, ranges[:, 0], ranges[:, 1])
        of = torch.from_numpy(owner).to(DEVICE)
        mean = feedback[:, : rows.shape[1]]
        return torch.cat([feedback, known], 1), torch.cat([segments, mean[of], known[of]], 1)

    def settings(self) -> dict[str, Any]:
        """What Hugging Face needs to build the same transformer."""
        names = ("model_type vocab_size hidden_size num_hidden_layers num_attention_heads "
                 "intermediate_size max_position_embeddings type_vocab_size layer_norm_eps "
                 "relative_attention_num_buckets").split()  # fmt: skip
        return {n: getattr(self.bert.config, n) for n in names if hasattr(self.bert.config, n)}

    def tensors(self) -> dict[str, np.ndarray]:
        """Weights by name, as `TransformerEncoder` reads them."""
        return {k: v.detach().float().cpu().numpy() for k, v in self.bert.state_dict().items()}

    def restore(self, tensors: dict[str, torch.Tensor]) -> None:
        """Take weights as `tensors` gives them."""
        self.bert.load_state_dict(tensors)


class BagBody(nn.Module):
    """Vectors of tokens, hashed pairs and windows, with a hidden layer; see `BagEncoder`."""

    prefix = ""  # of its weights in a model folder

    def __init__(self, vectors: np.ndarray, n_pairs: int, channels: int, hidden: int,
                 seed: int = 0):  # fmt: skip
        super().__init__()
        torch.manual_seed(seed)
        n, d = vectors.shape
        self.n_tokens, self.n_pairs = n, n_pairs
        start = torch.from_numpy(np.asarray(vectors, np.float32))
        self.vectors = nn.Parameter(torch.cat([start, torch.zeros(n_pairs, d)]))
        self.weights = nn.Parameter(torch.zeros(n + n_pairs))
        scale = 1 / (float(start.std()) * math.sqrt(WINDOW * d))
        self.window_layer = nn.Parameter(scale * torch.randn(d, WINDOW * channels))
        self.window_bias = nn.Parameter(torch.zeros(channels))
        k, pooled = len(SOURCES), 2 * d + 2 * channels
        self.feedback_layer = nn.Linear(pooled + k, hidden)
        self.segment_layer = nn.Linear(pooled + hidden + k, hidden)
        self.widths = (pooled + k + hidden, pooled + hidden + k + hidden)
        self.dropout = nn.Dropout(0.3)

    def forward(
        self, tokens: Tokens, known: torch.Tensor, owner: np.ndarray, spans: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Features of the texts and of the spans."""
        items, places, starts = with_pairs(tokens, self.n_tokens, self.n_pairs)
        ranges = tokens.ranges(owner, spans)
        used, items = np.unique(items, return_inverse=True)  # one dense gradient, not four
        picked = torch.from_numpy(used).to(DEVICE)
        vectors, weights = self.vectors[picked], self.weights[picked].exp()
        at = np.searchsorted(used, tokens.ids)
        around = self._windows(vectors[: int(at.max(initial=-1)) + 1], at, tokens)
        alike, each = torch.ones(len(around), device=DEVICE), np.arange(len(around))
        of = torch.from_numpy(owner).to(DEVICE)

        def pooled(low: np.ndarray, high: np.ndarray, by_token: np.ndarray) -> torch.Tensor:
            both = (
                _weighted(vectors, weights, items, low, high),
                _weighted(around, alike, each, by_token[:, 0], by_token[:, 1]),
            )
            return self.dropout(torch.cat(both, 1))

        whole = np.stack([tokens.starts[:-1], tokens.starts[1:]], axis=1)
        feedback = torch.cat([pooled(starts[:-1], starts[1:], whole), known], 1)
        hidden = torch.relu(self.feedback_layer(feedback))
        low, high = (np.searchsorted(places, ranges[:, i]) for i in (0, 1))
        own = torch.cat([pooled(low, high, ranges), hidden[of], known[of]], 1)
        deep = torch.relu(self.segment_layer(own))
        return torch.cat([feedback, hidden], 1), torch.cat([own, deep], 1)

    def _windows(self, vectors: torch.Tensor, at: np.ndarray, tokens: Tokens) -> torch.Tensor:
        """(t, c) what the window around each token holds; ``at`` (t,) are its rows in ``vectors``."""
        parts = vectors @ self.window_layer
        parts = torch.cat([parts, torch.zeros(1, parts.shape[1], device=DEVICE)])
        split = parts.view(len(parts), WINDOW, -1)
        total = self.window_bias.expand(len(at), -1)
        for place, rows in enumerate(window_places(at, tokens, len(vectors))):
            total = total + split[:, place].contiguous()[torch.from_numpy(rows).to(DEVICE)]
        return torch.relu(total)

    def tensors(self) -> dict[str, np.ndarray]:
        """Weights by name, as `BagEncoder` reads them."""

        def plain(x: torch.Tensor) -> np.ndarray:
            return x.detach().cpu().numpy()

        n = self.n_tokens
        return {
            "token_vectors": plain(self.vectors[:n]), "pair_vectors": plain(self.vectors[n:]),
            "token_weights": plain(self.weights[:n]), "pair_weights": plain(self.weights[n:]),
            "window_layer": plain(self.window_layer), "window_bias": plain(self.window_bias),
            "feedback_layer": plain(self.feedback_layer.weight.T),
            "feedback_bias": plain(self.feedback_layer.bias),
            "segment_layer": plain(self.segment_layer.weight.T),
            "segment_bias": plain(self.segment_layer.bias),
        }  # fmt: skip

    def restore(self, tensors: dict[str, torch.Tensor]) -> None:
        """Take weights as `tensors` gives them."""
        both = {n: torch.cat([tensors[f"token_{n}"], tensors[f"pair_{n}"]])
                for n in ("vectors", "weights")}  # fmt: skip
        window = {n: tensors[n] for n in ("window_layer", "window_bias")}
        deep: dict[str, torch.Tensor] = {}
        for part in ("feedback", "segment"):
            deep[f"{part}_layer.weight"] = tensors[f"{part}_layer"].T
            deep[f"{part}_layer.bias"] = tensors[f"{part}_bias"]
        self.load_state_dict(both | window | deep)


def _weighted(
    vectors: torch.Tensor, weights: torch.Tensor, items: np.ndarray,
    low: np.ndarray, high: np.ndarray,
) -> torch.Tensor:  # fmt: skip
    """(n, 2d) weighted means and maxima of runs of items; an empty run is a row of zeros."""
    flat, run = _runs(low, high)
    picked = torch.from_numpy(items).to(DEVICE)[flat]
    begins = torch.from_numpy(np.cumsum(high - low) - (high - low)).to(DEVICE)
    weight = weights[picked]
    total = torch.zeros(len(low), device=DEVICE).index_add(0, run, weight)
    mean = nn.functional.embedding_bag(
        picked, vectors, begins, mode="sum", per_sample_weights=weight / total[run]
    )
    most = nn.functional.embedding_bag(picked, vectors, begins, mode="max")
    return torch.cat([mean, most], 1)


class Network:
    """A body and a linear head per task.

    Parameters
    ----------
    body : `TransformerBody` or `BagBody`.
    tokenizer : the body's.
    classes : task to its labels; a task's first word tells what it reads: feedback, segment, side.
    """

    def __init__(self, body: Any, tokenizer: Tokenizer, classes: Classes, seed: int = 0):
        torch.manual_seed(seed)
        self.body = body.to(DEVICE)
        self.tokenizer = tokenizer
        self.classes = classes
        self.seed = seed
        self.heads = nn.ModuleDict(
            {
                _key(t): nn.Linear(body.widths[t.startswith("segment.")], len(labels))
                for t, labels in classes.items()
            }
        ).to(DEVICE)
        self.dropout = nn.Dropout(0.1)
        told = [tokenizer.token_to_id(t) for t in ("<mask>", "[MASK]")]
        self._mask = next((i for i in told if i is not None), 0)

    def fit(
        self,
        lessons: Lessons,
        schedule: Schedule,
        progress: Callable[[str], None] = log.info,
        checkpoint: Path | None = None,
        rare_power: float = 0.0,
        meaning: np.ndarray | None = None,
    ) -> Network:
        """Learn for some passes over the rows; with ``checkpoint`` a stopped training goes on.

        ``rare_power`` 0 weighs all rows alike, 1 all classes of a task alike. ``meaning`` are
        (m, d) unit vectors of the rows: texts that are alike by them stay so.
        """
        weights = {
            t: _class_weights(y, rare_power)
            for t, y in (lessons.feedback | lessons.segments).items()
            if t not in schedule.multi_label
        }
        tokens = _Cut(tokenise(self.tokenizer, lessons.texts), lessons)
        lengths = np.minimum(np.diff(tokens.all.starts), 2000)
        optimiser = torch.optim.AdamW(
            [
                {"params": [p for p in self.body.parameters() if p.requires_grad],
                 "lr": schedule.body_rate},
                {"params": self.heads.parameters(), "lr": schedule.head_rate},
            ],
            weight_decay=schedule.decay, fused=True,
        )  # fmt: skip
        per_epoch = len(_buckets(lengths, schedule.batch_tokens, np.random.default_rng(0)))
        n_steps = max(1, math.ceil(schedule.epochs * per_epoch))
        warm = max(1, int(schedule.warm_up * n_steps))
        rates = torch.optim.lr_scheduler.LambdaLR(
            optimiser,
            lambda s: min((s + 1) / warm, max(0.02, (n_steps - s) / (n_steps - warm + 1))),
        )
        both = nn.ModuleDict({"body": self.body, "heads": self.heads})
        stays = min(schedule.average, max(0.0, 1 - 5 / n_steps))  # a short training, a short memory
        mean = (
            AveragedModel(both, multi_avg_fn=get_ema_multi_avg_fn(stays))
            if schedule.average
            else None
        )
        state = {"epoch": 0, "step": 0}
        saved: dict[str, Any] = {}
        how = (schedule, rare_power, meaning is not None and _MEANING_WEIGHT)
        of = self._training_digest(lessons, how) if checkpoint else ""
        if checkpoint and checkpoint.is_file():
            saved = torch.load(checkpoint, weights_only=True)
        if saved.get("of") == of:
            progress(f"going on from {checkpoint}")
            both.load_state_dict(saved["network"])
            if mean:
                mean.load_state_dict(saved["mean"])
            state = saved["state"]
            if state["step"] < n_steps:
                optimiser.load_state_dict(saved["optimiser"])
                rates.load_state_dict(saved["rates"])
        self._train(True)
        while state["step"] < n_steps:
            rng = np.random.default_rng([self.seed, state["epoch"]])
            torch.manual_seed(int(rng.integers(2**31)))  # one that goes on drops the same out
            losses, began = [], time.perf_counter()
            for rows in _buckets(lengths, schedule.batch_tokens, rng):
                if state["step"] >= n_steps:
                    break
                loss = self._loss(
                    lessons, tokens, rows, rng, weights, schedule,
                    None if meaning is None else meaning[rows],
                )  # fmt: skip
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(self.body.parameters(), 1.0)
                optimiser.step()
                rates.step()
                if mean:
                    mean.update_parameters(both)
                losses.append(float(loss.detach()))
                state["step"] += 1
            state["epoch"] += 1
            progress(f"pass {state['epoch']}, step {state['step']} of {n_steps}: "
                     f"loss {np.mean(losses):.3f}, {time.perf_counter() - began:.0f} s")  # fmt: skip
            if checkpoint:
                checkpoint.parent.mkdir(parents=True, exist_ok=True)
                aside = checkpoint.with_suffix(".part")
                torch.save({"of": of, "network": both.state_dict(), "state": state,
                            "mean": mean.state_dict() if mean else {}, "rates": rates.state_dict(),
                            "optimiser": optimiser.state_dict()}, aside)  # fmt: skip
                aside.replace(checkpoint)
        if mean:
            both.load_state_dict(mean.module.state_dict())
        self._train(False)
        return self

    def _training_digest(self, lessons: Lessons, how: Any) -> str:
        """sha256 of what is learned, how, and from which weights on: no other checkpoint is a start."""
        told = (how, self.seed, self.classes, lessons.texts, lessons.sources)
        total = sha256(repr(told).encode())
        start = {**self.body.state_dict(), **self.heads.state_dict()}
        arrays = {
            **lessons.feedback, **lessons.segments, "owner": lessons.owner, "spans": lessons.spans,
            "weights": lessons.weights, "segment_weights": lessons.segment_weights,
            **{name: tensor.cpu().numpy() for name, tensor in start.items()},
        }  # fmt: skip
        for name, array in sorted(arrays.items()):
            total.update(name.encode() + np.ascontiguousarray(array).tobytes())
        return total.hexdigest()

    def begin_at(self, folder: ModelFolder) -> Network:
        """Take the weights of a model of the same shape, as it was saved: its body's, its heads'.

        A head that the folder lacks, or has with other classes, begins as it is.
        """
        own, prefix = self.body.tensors(), self.body.prefix
        stored = {n: folder.tensors.get(prefix + n) for n in own}
        if any(s is None or s.shape != own[n].shape for n, s in stored.items()):
            raise UserError(
                f"start '{folder.name}': its weights are not of this recipe's encoder and size",
                "name a model that was trained by a like recipe, or leave `start` out",
            )
        self.body.restore({n: torch.from_numpy(np.ascontiguousarray(s)) for n, s in stored.items()})
        for task, classes in self.classes.items():
            if folder.config["heads"].get(task, {}).get("classes") == classes:
                layer: Any = self.heads[_key(task)]
                coef, intercept = (
                    folder.tensors[f"{task}.coef"],
                    folder.tensors[f"{task}.intercept"],
                )
                layer.load_state_dict(
                    {"weight": torch.from_numpy(coef.T.copy()), "bias": torch.from_numpy(intercept)}
                )
        return self

    def linear_heads(self, tasks: list[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Task to coefficients (d, k) and intercepts (k,), as `LinearHead` reads them."""
        found = {}
        for task in tasks:
            layer: Any = self.heads[_key(task)]
            found[task] = (layer.weight.detach().cpu().numpy().T, layer.bias.detach().cpu().numpy())
        return found

    def _train(self, on: bool) -> None:
        for module in (self.body, self.heads, self.dropout):
            module.train(on)

    def logits(
        self, lessons: Lessons, tasks: list[str], batch_tokens: int = 8192
    ) -> dict[str, Any]:
        """Task to (m, k) or (n, k) logits of all rows."""
        self._train(False)
        tokens = _Cut(tokenise(self.tokenizer, lessons.texts), lessons)
        lengths = np.minimum(np.diff(tokens.all.starts), 2000)
        out = {
            t: np.zeros(
                (len(lessons.owner if t.startswith("segment.") else lessons.texts),
                 len(self.classes[t])), np.float32)
            for t in tasks
        }  # fmt: skip
        with torch.inference_mode():
            for rows in _buckets(lengths, batch_tokens, None):
                cut, owner, pieces = tokens.take(rows)
                known = torch.from_numpy(one_hot([lessons.sources[i] for i in rows])).to(DEVICE)
                found = self.body(cut, known, owner, lessons.spans[pieces])
                for task in tasks:
                    mine = task.startswith("segment.")
                    values = self.heads[_key(task)](found[mine]).float().cpu().numpy()
                    out[task][pieces if mine else rows] = values
        return out

    def _loss(
        self, lessons: Lessons, tokens: _Cut, rows: np.ndarray, rng: np.random.Generator,
        weights: dict[str, np.ndarray], schedule: Schedule, meaning: np.ndarray | None,
    ) -> Any:  # fmt: skip
        """Losses of the rows labelled for each task, over the number of comments."""
        cut, owner, pieces = tokens.take(rows)
        if schedule.masked:
            hidden = rng.random(len(cut.ids)) < schedule.masked
            cut.ids[hidden] = self._mask
        sources = one_hot([lessons.sources[i] for i in rows])
        sources *= rng.random((len(rows), 1)) > _SOURCE_DROPOUT
        known = torch.from_numpy(sources.astype(np.float32)).to(DEVICE)
        found = self.body(cut, known, owner, lessons.spans[pieces])
        total = torch.zeros((), device=DEVICE)
        if meaning is not None:
            own = nn.functional.normalize(found[0][:, : meaning.shape[1]], dim=1)
            goal = torch.from_numpy(meaning).to(DEVICE)
            total = total + _MEANING_WEIGHT * ((own @ own.T - goal @ goal.T) ** 2).mean()
        for task in self.classes:
            mine = task.startswith("segment.")
            labels = (lessons.segments if mine else lessons.feedback).get(task)
            if labels is None:
                continue
            chosen = pieces if mine else rows
            weight = (lessons.segment_weights if mine else lessons.weights)[chosen]
            target = labels[chosen].astype(np.float32)
            taught = np.flatnonzero(target.sum(axis=1) > 0)
            if not len(taught):
                continue
            at = torch.from_numpy(taught).to(DEVICE)
            values = self.heads[_key(task)](self.dropout(found[mine][at])).float()
            goal = torch.from_numpy(target[taught]).to(DEVICE)
            if task not in weights:  # several labels a row
                each = nn.functional.binary_cross_entropy_with_logits(
                    values, goal, reduction="none"
                ).sum(1)
            else:
                goal = goal * torch.from_numpy(weights[task]).to(DEVICE)
                each = -(goal * torch.log_softmax(values, 1)).sum(1)
            share = _SEGMENT_WEIGHT if mine else 1.0
            share *= schedule.emphasis.get(task.split(".")[1], 1.0)
            shares = torch.from_numpy(weight[taught].astype(np.float32)).to(DEVICE)
            total = total + share * (each * shares).sum() / len(rows)
        return total


class _Cut:
    """All tokens of some lessons, and what a batch needs of them."""

    def __init__(self, tokens: Tokens, lessons: Lessons):
        self.all = tokens
        self.order = np.argsort(lessons.owner, kind="stable")
        self.first = np.searchsorted(lessons.owner[self.order], np.arange(len(lessons) + 1))

    def take(self, rows: np.ndarray) -> tuple[Tokens, np.ndarray, np.ndarray]:
        """Tokens of some texts, and of their segments the text's place and their own index."""
        low, high = self.all.starts[rows], self.all.starts[rows + 1]
        lengths = high - low
        begins = np.concatenate([[0], np.cumsum(lengths)])
        flat = np.arange(begins[-1]) + np.repeat(low - begins[:-1], lengths)
        tokens = Tokens(self.all.ids[flat], self.all.begins[flat], begins)
        counts = self.first[rows + 1] - self.first[rows]
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]]) if len(rows) else counts
        at = np.arange(counts.sum()) + np.repeat(self.first[rows] - starts, counts)
        return tokens, np.repeat(np.arange(len(rows)), counts), self.order[at]


def _class_weights(labels: np.ndarray, power: float) -> np.ndarray:
    """(k,) weights of a task's classes, their mean over the labelled rows one."""
    counts = labels.astype(np.float32).sum(axis=0)
    weight = (counts.sum() / np.maximum(counts, 1) / len(counts)) ** power
    weight = np.clip(weight, 0.3, 5.0)
    return (weight * counts.sum() / max(float((weight * counts).sum()), 1e-9)).astype(np.float32)


def _key(task: str) -> str:
    """A task's name as torch allows it for a module."""
    return task.replace(".", "__")


def _buckets(
    lengths: np.ndarray, batch_tokens: int, rng: np.random.Generator | None
) -> list[np.ndarray]:
    """Batches of rows of like length, in random order; in order of length without ``rng``."""
    noise = rng.uniform(0.96, 1.05, len(lengths)) if rng else np.ones(len(lengths))
    order = np.argsort((lengths + 2) * noise, kind="stable")
    batches, start = [], 0
    while start < len(order):
        end, widest = start, 0
        while end < len(order):
            widest = max(widest, min(int(lengths[order[end]]), 254) + 2)
            if end > start and widest * (end + 1 - start) > batch_tokens:
                break
            end += 1
        batches.append(order[start:end])
        start = end
    return [batches[i] for i in rng.permutation(len(batches))] if rng else batches
