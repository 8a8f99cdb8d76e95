"""A run as it was made is true; each tampering is told with its address."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from vocx.cli import app
from vocx.runs import Run, load_run, read_shard, write_json, write_shard_table, write_table
from vocx.verify import verify


def test_a_run_is_true(sample_run: Run) -> None:
    verdict = verify(sample_run)
    assert verdict.lies == []
    assert min(verdict.checked[k] for k in ("rows", "ids", "quotes", "issues", "cells")) > 5


def count(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(n_feedback=frame["n_feedback"] + (frame.index == 0))


def quote(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(text=frame["text"].where(frame.index != 3, "Nobody ever said this."))


def shifted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(start=frame["start"] + (frame.index == 5))


def without_first(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[1:]


def twice(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[:1]])


def strayed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(issue_id=frame["issue_id"].where(frame.index != 7, "i-0000000000"))


def severe(frame: pd.DataFrame) -> pd.DataFrame:
    first = frame.index == frame["severity"].first_valid_index()
    return frame.assign(severity=frame["severity"].where(~first, 1.234))


TAMPERINGS = [
    ("matrix", count, "n_feedback"),
    ("matrix", severe, "severity"),
    ("matrix", without_first, "the cell is missing"),
    ("issues", count, "n_feedback"),
    ("issues", severe, "severity"),
    ("issues", without_first, "there is no issue"),
    ("segments", quote, "Nobody ever said this."),
    ("segments", shifted, "found at"),
    ("segments", without_first, "segments: "),
    ("segments", strayed, "there is no issue i-0000000000"),
    ("segments", twice, "the id is there twice"),
    ("feedback", without_first, "taken"),
    ("feedback", twice, "the id is there twice"),
    ("feedback", quote, "found at"),
]


@pytest.mark.parametrize(("table", "change", "told"), TAMPERINGS)
def test_each_tampering_is_told_with_its_address(
    sample_run: Run,
    tmp_path: Path,
    table: str,
    change: Callable[[pd.DataFrame], pd.DataFrame],
    told: str,
) -> None:
    assert sample_run.path is not None
    copy = tmp_path / "run"
    shutil.copytree(sample_run.path, copy)
    if table in ("feedback", "segments"):
        path = sorted((copy / table).glob("part-*.parquet"))[0]
        write_shard_table(change(read_shard(path)), table, path, None)
    else:
        path = copy / f"{table}.parquet"
        write_table(change(getattr(sample_run, table)), table, path)
    lies = verify(load_run(copy)).lies
    assert any(told in str(lie) for lie in lies)
    result = CliRunner().invoke(app, ["verify", str(copy)])
    assert result.exit_code == 1
    assert "wrong: " in result.output


def test_a_manifest_that_hides_a_rejected_row_is_caught(sample_run: Run, tmp_path: Path) -> None:
    assert sample_run.path is not None
    copy = tmp_path / "run"
    shutil.copytree(sample_run.path, copy)
    manifest = {**sample_run.manifest, "rows": {**sample_run.manifest["rows"], "rejected": 99}}
    write_json(manifest, copy / "manifest.json")
    assert any("rejected: 99 said" in str(lie) for lie in verify(load_run(copy)).lies)
