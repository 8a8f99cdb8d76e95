"""Edits of a run's codebook, carried through its tables, matrix and report.

An edit moves the mentions it speaks of and no others; the codebook file keeps it, and every later run
that starts from the codebook has it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vocx import __version__
from vocx.codebook import CODEBOOK, Codebook, CodedIssue, load_codebook, save_codebook
from vocx.config import RunConfig
from vocx.engine import coverage, mention_vectors, miner_of, recount, write_assigned
from vocx.errors import UserError
from vocx.mine import issue_table
from vocx.pipeline import load_model
from vocx.runs import MANIFEST, Run, load_run, write_json, write_table


class Recoder:
    """A run with its codebook open for edits; nothing is written before `save`."""

    def __init__(self, run_dir: Path):
        self.run: Run = load_run(run_dir)
        self.folder = run_dir
        if not (run_dir / CODEBOOK).is_file():
            raise UserError(
                f"{run_dir}: the run has no {CODEBOOK}", "run it again with this version"
            )
        self.book: Codebook = load_codebook(run_dir)
        self.config = RunConfig.model_validate(self.run.manifest["config"])

    def merge(self, keys: list[str], name: str | None) -> CodedIssue:
        """Several issues into the first."""
        merged = self.book.merge(keys, name)
        self._move(self.run.segments["issue_id"].isin(merged.parents), merged.id)
        return merged

    def split(
        self, key: str, name: str, query: str | None, examples: list[str]
    ) -> tuple[CodedIssue, int]:
        """A new issue of an issue's mentions that hold a query's words, or are like the examples."""
        issue = self.book.find(key)
        of_issue = self.run.segments["issue_id"] == issue.id
        mine = self.run.segments[of_issue]
        if mine.empty:
            raise UserError(f"split: nobody tells of '{issue.name}' in this run", "split it in a run that has it")  # fmt: skip
        if query:
            chosen = holds(mine["text"], query)
        elif examples:
            chosen = self._nearer(mine, examples)
        else:
            raise UserError("split: neither words nor examples given", "add --query or --example")
        if chosen.all() and len(chosen):
            raise UserError(f"split: all of '{issue.name}' fits", "rename it, or ask for less")
        made = self.book.split(key, name, mine.loc[chosen, ["kind", "theme", "text"]])
        self._move(self.run.segments["segment_id"].isin(mine.loc[chosen, "segment_id"]), made.id)
        return made, int(chosen.sum())

    def add(
        self, name: str, kind: str, definition: str, examples: list[str], theme: str | None
    ) -> tuple[CodedIssue, int]:
        """A new issue, and the mentions that are typical of it, whatever issue they were of."""
        made = self.book.add(name, kind, definition, examples, theme)
        chosen = self._fitting(made)
        self._move(chosen, made.id)
        return made, int(chosen.sum())

    def save(self) -> None:
        """Write the codebook, and all tables and reports that an edit changes."""
        told = {i.id: i for i in self.book.issues}
        mentions = self.run.segments[self.run.segments["kind"].isin(["pain", "win"])]
        mentions = mentions.sort_values(["text", "segment_id"]).reset_index(drop=True)
        in_issue = mentions[mentions["issue_id"].notna()].reset_index(drop=True)
        vectors = self._vectors(in_issue["text"].tolist(), in_issue["kind"])
        status = {i.id: i.status for i in self.book.issues}
        table = self.book.table()
        table["status"] = table["issue_id"].map(status)
        table["definition"] = table["definition"].where(table["definition"] != "", table["name"])
        issues = issue_table(table, in_issue, self.run.feedback, vectors)
        texts = dict(zip(in_issue["segment_id"], in_issue["text"], strict=True))
        for row in issues.itertuples():
            coded = told[row.issue_id]
            fresh = [texts[e] for e in row.examples if e not in coded.examples]
            coded.examples = (coded.examples + fresh)[: max(len(coded.examples), 5)]
        write_table(issues, "issues", self.folder / "issues.parquet")
        write_assigned(self.run.segments, "segments", self.folder)
        save_codebook(self.book, self.folder / CODEBOOK, __version__)
        manifest = {**self.run.manifest}
        manifest["codebook"] = {**manifest["codebook"], "edits": len(self.book.history)}
        manifest["coverage"] = coverage(
            self.run.feedback, self.run.segments, self.run.journey, self.run.thresholds
        )
        write_json(manifest, self.folder / MANIFEST)
        recount(load_run(self.folder), self.folder)

    def _move(self, rows: pd.Series, issue_id: str) -> None:
        self.run.segments.loc[rows, "issue_id"] = issue_id
        self.run.segments.loc[rows, "issue_reason"] = None

    def _vectors(self, texts: list[str], kinds: pd.Series) -> np.ndarray:
        model = load_model(self.config.model)
        return mention_vectors(texts, kinds, model, self.config.mine)

    def _nearer(self, mentions: pd.DataFrame, examples: list[str]) -> np.ndarray:
        """Which mentions are more like the examples than like the middle of all of them."""
        rows = self._vectors(mentions["text"].tolist(), mentions["kind"])
        told = self._vectors(examples, pd.Series([mentions["kind"].iloc[0]] * len(examples)))
        middle = rows.mean(axis=0)
        middle /= max(float(np.linalg.norm(middle)), 1e-9)
        return np.asarray((rows @ told.T).max(axis=1) > rows @ middle)

    def _fitting(self, issue: CodedIssue) -> pd.Series:
        """Which segments the miner would give to an issue that its examples tell."""
        segments = self.run.segments
        chosen = pd.Series(False, index=segments.index)
        of_kind = segments[segments["kind"] == issue.kind]
        if of_kind.empty:
            return chosen
        learned = self.book.learned()
        vectors = self._vectors(of_kind["text"].tolist(), of_kind["kind"])
        own = self._vectors(learned["text"].tolist(), learned["kind"])
        miner = miner_of(self.config, load_model(self.config.model))
        miner.recall(of_kind, vectors, self.book.table(), learned, own)
        found = miner.predict(of_kind, vectors)["issue_id"]
        chosen.loc[found.index[found == issue.id]] = True
        return chosen


def holds(texts: pd.Series, query: str) -> np.ndarray:
    """Which texts hold all words of a query, in any order; ``|`` parts alternatives.

    >>> holds(pd.Series(["The app crashes", "app is fine"]), "app crash | broken").tolist()
    [True, False]
    """
    found = np.zeros(len(texts), bool)
    for part in query.split("|"):
        words = part.split()
        if words:
            found |= np.logical_and.reduce(
                [texts.str.contains(rf"\b{re.escape(w)}", case=False).to_numpy(bool) for w in words]
            )
    return found


def listed(run_dir: Path, everything: bool) -> list[dict[str, Any]]:
    """The issues of a run's codebook with their counts, hidden ones too if asked."""
    run = load_run(run_dir)
    rows = run.issues if everything else run.shown().issues
    return rows.to_dict("records")
