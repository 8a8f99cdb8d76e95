"""The engine: labels shards of feedback in parallel, then mines, counts and reports once."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from vocx import __version__
from vocx.codebook import CODEBOOK, Codebook, continued, load_codebook, save_codebook
from vocx.config import Input, MiningConfig, RunConfig
from vocx.confusion import CONFUSION, Confusion, load_confusion
from vocx.counting import Counts, count
from vocx.errors import UserError, closest
from vocx.evaluate import count_confusion
from vocx.impact import main_score
from vocx.ingest import Ingested, RawTable, ingest, ingest_raw, plain_frame
from vocx.ingest.columns import slug
from vocx.ingest.pseudonyms import key_digest
from vocx.journey import Journey, load_journey
from vocx.labelled import Labelled, read_labels
from vocx.mine import IssueMiner, issue_table, with_beliefs
from vocx.models import load_folder
from vocx.pipeline import Model, label_shard, load_model, place_by_examples
from vocx.report import write_reports
from vocx.runs import (
    MANIFEST,
    Run,
    begin,
    check_out,
    counted_mentions,
    load_run,
    read_shard,
    read_table,
    shard_digest,
    shard_is_done,
    write_json,
    write_shard,
    write_shard_table,
    write_table,
)
from vocx.schema import GROUP_PREFIX, STAGES, TABLES, empty
from vocx.themes import themes_digest

Progress = Callable[[str, int, int], None]


def quiet(step: str, done: int, total: int) -> None:
    """Progress that says nothing."""


def execute(config: RunConfig, out: Path, progress: Progress = quiet) -> Run:
    """A whole run into the folder ``out``; shards that are there already are not done again.

    Everything the user can get wrong is checked before anything is written.
    """
    clock = Clock()
    check_out(out, [Path(i.path) for i in config.inputs if "://" not in i.path])
    journey = load_journey(config.journey)
    load_folder(config.model)
    if config.labelled:
        coded_labels(Path(config.labelled))
    with clock.step("ingest"):
        progress("ingest", 0, 1)
        ingested = preview(config)
        progress("ingest", 1, 1)
    return _execute(config, ingested, journey, out, progress, clock)


def _execute(
    config: RunConfig,
    ingested: Ingested,
    journey: Journey,
    out: Path,
    progress: Progress,
    clock: Clock,
) -> Run:
    """The part of a run after the feedback is read: the last checks, then all that writes."""
    by = _group_columns(config.by, ingested.feedback)
    if config.period and ingested.feedback["created_at"].isna().all():
        raise UserError(
            f"--period {config.period}: no feedback has a time",
            "leave it out, or name the column: --set columns.time=COLUMN",
        )
    model = load_model(config.model)
    twice = [t for t in model.own_tasks if f"{GROUP_PREFIX}{t}" in ingested.feedback]
    if twice:
        raise UserError(
            f"the input has a column '{twice[0]}', and model '{model.name}' labels a task of that name",
            "leave the column out of the input, or train the task under another name",
        )
    book = starting_codebook(config, out)
    begin(out, __version__)
    with clock.step("label"):
        _label_shards(ingested.feedback, config, model.digest, out, progress)
    feedback, segments = read_table(out, "feedback"), read_table(out, "segments")
    with clock.step("mine"):
        progress("mine", 0, 1)
        segments, issues, found = _mine(feedback, segments, model, config, book)
        placed = journey.by_examples or feedback["journey_stage"].notna().any()
        feedback, segments = place_by_examples(feedback, segments, journey, model)
        write_assigned(segments, "segments", out)
        if placed:  # now, or by the journey of a run that this one goes on from
            write_assigned(feedback, "feedback", out)
        write_table(issues, "issues", out / "issues.parquet")
        save_codebook(found, out / CODEBOOK, __version__)
        progress("mine", 1, 1)
    with clock.step("matrix"):
        confusion = known_errors(config, model)
        (out / CONFUSION).unlink(missing_ok=True)
        if confusion:
            confusion.save(out)
        feedback, segments, issues = (
            read_table(out, table) for table in ("feedback", "segments", "issues")
        )
        thresholds = model.thresholds
        counts = count(
            feedback,
            segments,
            issues,
            journey,
            thresholds,
            by,
            config.period,
            confusion,
            config.suppress,
        )
        write_counts(counts, out)
        write_table(ingested.rejects, "rejects", out / "rejects.parquet")
    manifest = _manifest(config, ingested, by, model, journey, feedback, segments)
    manifest["codebook"]["started_from"] = book.digest if book else None
    manifest["score"] = main_score(feedback)
    manifest["errors_known_from"] = confusion.n_feedback if confusion else None
    run = Run(manifest, **{table: read_table(out, table) for table in TABLES}, path=out)
    with clock.step("report"):
        progress("report", 0, 1)
        write_reports(run, out, journey)
        progress("report", 1, 1)
    manifest |= {"seconds": clock.seconds, "state": "finished"}
    write_json(manifest, out / MANIFEST)
    return load_run(out)


def execute_frame(frame: pd.DataFrame, config: RunConfig) -> Run:
    """A run over a frame, in a temporary folder; the frame itself is not written."""
    if frame.empty:
        raise UserError("the frame is empty", "give one with rows")
    raw = RawTable("frame", plain_frame(frame))
    journey, clock = load_journey(config.journey), Clock()
    entry = _filled(Input(path="frame"), config)
    ingested = ingest_raw([(raw, entry)], config.redact, config.by)
    folder = Path(tempfile.mkdtemp(prefix="vocx-")) / "run"
    return _execute(config, ingested, journey, folder, quiet, clock)


def rejourney(run: Run, journey: Journey) -> Run:
    """The run with its matrix counted by another journey; nothing is written.

    A journey told by examples needs the run's model again.
    """
    config = run.manifest["config"]
    feedback, segments = run.feedback, run.segments
    if journey.by_examples and journey.model_dump() != run.manifest["journey_stages"]:
        model = load_model(config["model"])
        feedback, segments = place_by_examples(feedback, segments, journey, model)
    counts = count(
        feedback,
        segments,
        run.issues,
        journey,
        run.thresholds,
        run.manifest["groups"],
        config["period"],
        run.confusion,
        config.get("suppress", 0),
    )
    manifest = {**run.manifest, "journey": journey.name, "journey_stages": journey.model_dump()}
    return replace(run, manifest=manifest, feedback=feedback, segments=segments, **vars(counts))


def recount(run: Run, out: Path) -> Run:
    """The run with matrix and report made anew from its tables, and written."""
    counted = rejourney(run, run.journey)
    write_counts(Counts(counted.matrix, counted.effects, counted.scores, counted.paths), out)
    write_reports(counted, out, run.journey)
    return counted


def write_counts(counts: Counts, out: Path) -> None:
    """The counted tables into a run's folder."""
    for table, frame in vars(counts).items():
        write_table(frame, table, out / f"{table}.parquet")


def coded_labels(path: Path) -> Labelled:
    """Labels in which coders looked for mentions; UserError for others."""
    labelled = read_labels(path)
    if not labelled.feedback["mentions_coded"].any():
        raise UserError(
            f"{path}: no row has `mentions`, so nothing tells of the model's errors on them",
            "give each row a list of mentions, [] where there is none: see docs/labels.md",
        )
    told = labelled.mentions
    if len(bare := told[~told["stage"].isin(STAGES) | told["theme"].isna()]):
        raise UserError(
            f"{path}: {len(bare)} of {len(told)} mentions lack a stage or a theme "
            f"(the first is '{bare['quote'].iloc[0]}'), so the model's errors on them cannot be counted",
            "give each mention one of the ten stages and a theme's id: see docs/labels.md",
        )
    return labelled


def known_errors(config: RunConfig, model: Model) -> Confusion | None:
    """The model's errors: counted on the labels that the config names, or else those it comes with."""
    if config.labelled:
        return count_confusion(model, coded_labels(Path(config.labelled)))
    return load_confusion(model.folder.path) if model.folder.path else None


class Clock:
    """Seconds that each step took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 2)


def _filled(entry: Input, config: RunConfig) -> Input:
    """An input with what the config says of all inputs where it does not say itself."""
    given = entry.columns.model_dump(exclude_none=True)
    merged = config.columns.model_copy(update=given)
    return entry.model_copy(update={"columns": merged, "source": entry.source or config.source})


def _group_columns(by: list[str], feedback: pd.DataFrame) -> list[str]:
    """Columns of the feedback that ``--by`` names; UserError for one that is not there."""
    known = sorted(c for c in feedback.columns if str(c).startswith(GROUP_PREFIX))
    plain = [c for c in ("source", "channel", "language") if feedback[c].notna().any()]
    found = []
    for name in by:
        options = [GROUP_PREFIX + slug(name), slug(name)]
        hit = next((o for o in options if o in known + plain), None)
        if hit is None:
            names = [c.removeprefix(GROUP_PREFIX) for c in known] + plain
            raise UserError(
                f"--by {name}: there is no such column to group by", closest(name, names)
            )
        found.append(hit)
    return list(dict.fromkeys(found))


def _label_shards(
    feedback: pd.DataFrame, config: RunConfig, model_digest: str, out: Path, progress: Progress
) -> None:
    """Label every shard that is not done yet, in processes; remove shards of an older input."""
    size = config.shard_size
    starts = range(0, len(feedback), size)
    shards = [feedback.iloc[s : s + size].reset_index(drop=True) for s in starts]
    digests = [_shard_digest(shard, model_digest) for shard in shards]
    todo = [i for i, d in enumerate(digests) if not shard_is_done(out, i, d)]
    done = len(shards) - len(todo)
    progress("label", done * size, len(feedback))
    workers = min(config.workers or joblib.cpu_count(), max(1, len(todo)))
    pool = joblib.Parallel(n_jobs=workers, return_as="generator")
    tasks = (
        joblib.delayed(label_and_write)(shards[i], config.model, out, i, digests[i]) for i in todo
    )
    for n, _ in enumerate(pool(tasks), start=1):
        progress("label", min((done + n) * size, len(feedback)), len(feedback))
    for table in ("feedback", "segments"):
        for path in sorted((out / table).glob("part-*.parquet"))[len(shards) :]:
            path.unlink()


def label_and_write(feedback: pd.DataFrame, model: str, out: Path, shard: int, digest: str) -> None:
    """One unit of work: a shard of feedback to its label tables on disk.

    On one thread: sums in another order differ in the last digit, and bytes shall not depend on
    how many workers there are.
    """
    with threadpool_limits(limits=1):
        labelled, segments = label_shard(feedback, load_model(model))
    write_shard(out, shard, digest, labelled, segments)


def _shard_digest(shard: pd.DataFrame, model_digest: str) -> str:
    content = shard.assign(turns=shard["turns"].map(str)).to_csv(index=False)
    columns = f"{TABLES['feedback'].names}{TABLES['segments'].names}"  # of another make: done again
    return sha256(f"{__version__}{columns}{model_digest}{content}".encode()).hexdigest()


def starting_codebook(config: RunConfig, out: Path) -> Codebook | None:
    """The codebook that a run starts from: the one named, or the run's own where a person edited it."""
    if config.codebook:
        return load_codebook(Path(config.codebook))
    if (out / CODEBOOK).is_file():
        own = load_codebook(out)
        return own if own.edited else None
    return None


def _mine(
    feedback: pd.DataFrame,
    segments: pd.DataFrame,
    model: Model,
    config: RunConfig,
    book: Codebook | None,
) -> tuple[pd.DataFrame, pd.DataFrame, Codebook]:
    """The segments with their issues, the issues table, and the codebook that the run ends with."""
    is_mention = segments["kind"].isin(["pain", "win"])
    mentions = segments[is_mention].sort_values(["text", "segment_id"]).reset_index(drop=True)
    if mentions.empty:
        known = book.table() if book else empty("issues")
        issues = issue_table(known, mentions, feedback, np.zeros((0, 0), np.float32))
        return segments, issues, book or Codebook([])
    vectors = mention_vectors(mentions["text"].tolist(), mentions["kind"], model, config.mine)
    miner = miner_of(config, model)
    if book:
        learned = book.learned()
        own = mention_vectors(learned["text"].tolist(), learned["kind"], model, config.mine)
        miner.fit(mentions, vectors, book.table(), learned, own, book.seen())
    else:
        miner.fit(mentions, vectors)
    columns = ["issue_id", "issue_score", "issue_reason"]
    found = miner.predict(mentions, vectors)
    mentions[columns] = found
    segments = segments.drop(columns=columns, errors="ignore").merge(
        mentions[["segment_id", *columns]], on="segment_id", how="left", validate="1:1"
    )
    issues = issue_table(miner.issues_, mentions, feedback, vectors)
    quotes = dict(zip(mentions["segment_id"], mentions["text"], strict=True))
    seen = pd.concat([miner.members_, miner.unplaced(mentions, found)], ignore_index=True)
    return segments, issues, continued(book, issues, seen, quotes)


def miner_of(config: RunConfig, model: Model) -> IssueMiner:
    """The miner of a run, not fitted yet."""
    thresholds = {k: model.thresholds[f"segment.{k}_theme"] for k in ("pain", "win")}
    return IssueMiner(
        **config.mine.model_dump(),
        theme_threshold=thresholds,
        seed=config.seed,
        reader=PhraseReader(model, config.mine),
    )


class PhraseReader:
    """Reads phrases that may name issues, as a model reads the mentions of a run."""

    def __init__(self, model: Model, config: MiningConfig):
        self._model, self._config = model, config

    def reads_as(self, phrases: list[str], kind: str, theme: str | None) -> np.ndarray:
        """(n,) how surely each phrase is a mention of a kind and a theme."""
        return self._model.reads_as(phrases, kind, theme)

    def vectors(self, phrases: list[str], kind: str) -> np.ndarray:
        """(n, d) unit vectors, as `mention_vectors`."""
        kinds = pd.Series(kind, index=range(len(phrases)))
        return mention_vectors(phrases, kinds, self._model, self._config)


def mention_vectors(
    texts: list[str], kinds: pd.Series, model: Model, config: MiningConfig
) -> np.ndarray:
    """(n, d) unit vectors of mentions; outside themes with what the model believes of theirs."""
    vectors = model.vectors(texts)
    if config.within_themes:
        return vectors
    return with_beliefs(vectors, model.theme_beliefs(texts, kinds.tolist()))


def write_assigned(rows: pd.DataFrame, table: str, out: Path) -> None:
    """A table's shards again, now with issues and own stages; their digests stay."""
    for path in sorted((out / table).glob("part-*.parquet")):
        owners = set(read_shard(path)["feedback_id"])
        write_shard_table(rows[rows["feedback_id"].isin(owners)], table, path, shard_digest(path))


def _manifest(
    config: RunConfig,
    ingested: Ingested,
    by: list[str],
    model: Model,
    journey: Journey,
    feedback: pd.DataFrame,
    segments: pd.DataFrame,
) -> dict[str, Any]:
    """What the run was: versions, digests, counts, assumptions, coverage."""
    files = [asdict(f) for f in ingested.files]
    settings = json.loads(config.model_dump_json(exclude={"inputs", "workers"}))
    return {
        "vocx": __version__,
        "versions": {"numpy": np.__version__, "pandas": pd.__version__},
        "config": settings,
        "journey": journey.name,
        "journey_stages": journey.model_dump(),
        "groups": by,
        "model": {
            "name": model.name,
            "digest": model.digest,
            "thresholds": model.thresholds,
        },
        "codebook": {"name": "cx", "digest": themes_digest()},
        "seed": config.seed,
        "inputs": files,
        "rows": {
            "read": sum(f["rows"] for f in files),
            "taken": len(feedback),
            "merged": sum(f["merged"] for f in files),
            "rejected": sum(f["rejected"] for f in files),
        },
        "privacy": {
            "redacted": config.redact,
            "masked": dict(sorted(ingested.masked.items())),
            "pseudonym_key": key_digest(),
        },
        "coverage": coverage(feedback, segments, journey, model.thresholds),
    }


def coverage(
    feedback: pd.DataFrame,
    segments: pd.DataFrame,
    journey: Journey,
    thresholds: dict[str, float],
) -> dict[str, Any]:
    """How much was labelled surely: counts of feedback, of mentions, and of the sure among them."""
    meaningful = feedback[feedback["meaningful"].astype(bool)]
    mentions = segments[segments["kind"].isin(["pain", "win"])]
    least = mentions["kind"].map(lambda k: thresholds[f"segment.{k}_theme"]).astype(float)
    sure = {
        task: int((meaningful[f"{task}_score"] >= thresholds[f"feedback.{task}"]).sum())
        for task in ("stage", "touchpoint", "emotion")
    }
    return {
        "feedback": len(feedback),
        "meaningful": len(meaningful),
        "sure": sure,
        "segments": len(segments),
        "mentions": len(mentions),
        "mentions_sure_of_stage": int(
            (mentions["stage_score"] >= thresholds["segment.stage"]).sum()
        ),
        "mentions_sure_of_theme": int((mentions["theme_score"] >= least).sum()),
        "mentions_counted": len(counted_mentions(segments, journey, thresholds)),
        "mentions_in_issues": int(mentions["issue_id"].notna().sum()),
        "mentions_too_rare": int((mentions["issue_reason"] == "too_rare").sum()),
        "mentions_too_vague": int((mentions["issue_reason"] == "too_vague").sum()),
        "feedback_with_mention": int(mentions["feedback_id"].nunique()),
    }


def preview(config: RunConfig) -> Ingested:
    """What the importers see of the inputs; nothing is written."""
    if not config.inputs:
        raise UserError("no input given", "name a data file, a folder or a pipeline file")
    return ingest([_filled(i, config) for i in config.inputs], config.redact, config.by)
