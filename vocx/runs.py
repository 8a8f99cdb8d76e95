"""The run folder: a run's tables and manifest, written so that same input gives same bytes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from vocx.confusion import Confusion, load_confusion
from vocx.errors import UserError
from vocx.journey import Journey
from vocx.schema import TABLES, conform

MANIFEST = "manifest.json"
_SHARDED = ("feedback", "segments")


@dataclass
class Run:
    """One execution over one input.

    Attributes
    ----------
    manifest : what manifest.json holds.
    feedback, segments, issues, matrix, effects, scores, paths, rejects : the tables of `vocx.schema`.
    path : the run's folder; null for a run that lives in memory only.
    """

    manifest: dict[str, Any]
    feedback: pd.DataFrame
    segments: pd.DataFrame
    issues: pd.DataFrame
    matrix: pd.DataFrame
    effects: pd.DataFrame
    scores: pd.DataFrame
    paths: pd.DataFrame
    rejects: pd.DataFrame
    path: Path | None = None

    def find_feedback(self, feedback_id: str) -> pd.Series:
        """One feedback by its id, or its source's id; UserError where there is none."""
        for column in ("feedback_id", "source_id"):
            hit = self.feedback[self.feedback[column] == feedback_id]
            if len(hit):
                return hit.iloc[0]
        known = self.feedback["source_id"].dropna().astype(str).tolist()[:500]
        near = get_close_matches(feedback_id, known, n=1)
        raise UserError(
            f"no feedback '{feedback_id}' in this run",
            (f"did you mean '{near[0]}'? " if near else "")
            + "ids are in feedback/*.parquet, columns feedback_id and source_id",
        )

    def report(self) -> Path:
        """The path of the run's HTML report; UserError for a run that was never written."""
        if self.path is None:
            raise UserError("this run has no folder, so no report", "run it with an `out` folder")
        return self.path / "report.html"

    def shown(self) -> Run:
        """The run without its hidden issues."""
        kept = self.issues[self.issues["status"] != "hidden"].reset_index(drop=True)
        return replace(self, segments=without_hidden(self.segments, self.issues), issues=kept)

    @property
    def journey(self) -> Journey:
        """The journey that the matrix is counted by, as it was when the run was made."""
        return Journey.model_validate(self.manifest["journey_stages"])

    @property
    def confusion(self) -> Confusion | None:
        """The model's known errors, by which counts were corrected; null where none are known."""
        return load_confusion(self.path) if self.path else None

    @property
    def thresholds(self) -> dict[str, float]:
        """Scores below which a label is unsure, by head."""
        return self.manifest["model"]["thresholds"]


def without_hidden(segments: pd.DataFrame, issues: pd.DataFrame) -> pd.DataFrame:
    """The segments, hidden issues taken for none."""
    hidden = issues.loc[issues["status"] == "hidden", "issue_id"]
    shown = ~segments["issue_id"].isin(hidden)
    return segments.assign(issue_id=segments["issue_id"].where(shown, None))


def answered_once(feedback: pd.DataFrame) -> pd.DataFrame:
    """One feedback of each row that was read: the answers of a row share its scores.

    >>> rows = pd.DataFrame({"source_file": "a.csv", "source_row": [1, 1, 2], "nps": [9, 9, 0]})
    >>> answered_once(rows)["nps"].tolist()
    [9, 0]
    """
    return feedback.drop_duplicates(["source_file", "source_row"])


def counted_mentions(
    segments: pd.DataFrame, journey: Journey, thresholds: dict[str, float]
) -> pd.DataFrame:
    """Mentions that the matrix counts: sure of stage and theme, at a stage of the journey.

    A theme below its threshold is null: such a mention counts only in the issue it belongs to,
    if it has one. Stages are those of the journey.
    """
    found = segments[segments["kind"].isin(["pain", "win"])].copy()
    if found.empty:
        return found
    found["stage"] = journey.stages_of(found, thresholds.get("segment.stage", 0.0))
    least = found["kind"].map(lambda k: thresholds.get(f"segment.{k}_theme", 0.0)).astype(float)
    found["theme"] = found["theme"].where(found["theme_score"] >= least, None)
    return found[found["stage"].notna() & (found["theme"].notna() | found["issue_id"].notna())]


def write_table(frame: pd.DataFrame, table: str, path: Path) -> None:
    """One table as Parquet; written aside and moved, so that a file is whole or absent."""
    write_arrow(conform(frame, table), path)


def write_arrow(content: pa.Table, path: Path) -> None:
    """An Arrow table as zstd Parquet, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    pq.write_table(content, aside, compression="zstd", version="2.6")
    aside.replace(path)


def write_json(content: Any, path: Path) -> None:
    """JSON with sorted keys, whole or not at all."""
    aside = path.with_suffix(".part")
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, default=str)
    aside.write_text(text + "\n", encoding="utf-8")
    aside.replace(path)


def shard_path(run: Path, table: str, shard: int) -> Path:
    """Where a shard of a table lies."""
    return run / table / f"part-{shard:05d}.parquet"


def shard_digest(path: Path) -> str | None:
    """The digest of what a shard's file was made of; null where there is no file."""
    if not path.is_file():
        return None
    metadata = pq.read_schema(path).metadata or {}
    return metadata.get(b"vocx.digest", b"").decode()


def shard_is_done(run: Path, shard: int, digest: str) -> bool:
    """Whether a shard was written by the same input, config and model."""
    return all(shard_digest(shard_path(run, table, shard)) == digest for table in _SHARDED)


def write_shard_table(frame: pd.DataFrame, table: str, path: Path, digest: str | None) -> None:
    """One table of a shard, the digest in the file's metadata."""
    content = conform(frame, table).replace_schema_metadata({"vocx.digest": digest or ""})
    write_arrow(content, path)


def write_shard(
    run: Path, shard: int, digest: str, feedback: pd.DataFrame, segments: pd.DataFrame
) -> None:
    """A finished shard; the feedback last, so that a shard cut short is not taken for done."""
    for table, frame in (("segments", segments), ("feedback", feedback)):
        write_shard_table(frame, table, shard_path(run, table, shard), digest)


def read_shard(path: Path) -> pd.DataFrame:
    """One shard's file as a frame."""
    return _frame(pq.read_table(path).replace_schema_metadata(None))


def read_table(run: Path, table: str) -> pd.DataFrame:
    """A table of a run folder, its shards joined."""
    path = run / table if table in _SHARDED else run / f"{table}.parquet"
    if not path.exists():
        raise UserError(f"{run}: the run has no table '{table}'", "run `vocx run` again")
    if path.is_dir():
        parts = [
            pq.read_table(p).replace_schema_metadata(None)
            for p in sorted(path.glob("part-*.parquet"))
        ]
        content = pa.concat_tables(parts, promote_options="default")
    else:
        content = pq.read_table(path)
    return _frame(content)


def as_stored(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """A frame as it would be read back from the table it is written to."""
    return _frame(conform(frame, table))


def _frame(content: pa.Table) -> pd.DataFrame:
    """An Arrow table as a frame: null text is None, lists are lists."""
    frame = content.to_pandas(integer_object_nulls=False)
    for field in content.schema:
        if pa.types.is_string(field.type) or pa.types.is_list(field.type):
            frame[field.name] = pd.Series(
                content.column(field.name).to_pylist(), index=frame.index, dtype=object
            )
    return frame


def load_run(path: str | Path) -> Run:
    """A run folder with all its tables; UserError where the folder is none."""
    folder = Path(path)
    if not folder.is_dir():
        raise UserError(f"{folder}: no such run folder", "give the --out DIR of a `vocx run`")
    if not _is_run(folder):
        raise UserError(
            f"{folder}: is no run (no {MANIFEST} of vocx)", "give the --out DIR of a run"
        )
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    if manifest.get("state") != "finished":
        raise UserError(
            f"{folder}: is no finished run",
            "run `vocx run INPUT --out DIR` to the end; it goes on where it stopped",
        )
    tables = {name: read_table(folder, name) for name in TABLES}
    return Run(manifest=manifest, path=folder, **tables)


def files_of_run(path: Path) -> set[str]:
    """Names of the files that the finished run in a folder was made of; none where there is no such run."""
    if not _is_run(path):
        return set()
    manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    return {entry["file"] for entry in manifest.get("inputs", [])}


def check_out(path: Path, inputs: list[Path]) -> None:
    """UserError where a folder cannot be made, holds other things, or holds an input."""
    if path.is_file():
        raise UserError(f"{path}: is a file", "give --out a folder")
    if path.is_dir() and any(path.iterdir()) and not _is_run(path):
        raise UserError(
            f"{path}: the folder is not empty and holds no run", "give --out a new folder"
        )
    within = [i for i in inputs if i.resolve().is_relative_to(path.resolve())]
    if within:
        raise UserError(f"{path}: the input {within[0].name} lies in it", "give --out a new folder")
    parent = next(p for p in path.absolute().parents if p.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise UserError(f"{path}: cannot be made in {parent}", "give --out another place")


def _is_run(path: Path) -> bool:
    try:
        return "vocx" in json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def begin(path: Path, version: str) -> None:
    """Make a run's folder and mark it as not finished."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        write_json({"vocx": version, "state": "unfinished"}, path / MANIFEST)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written: {error.strerror}", "give --out another place"
        ) from None
