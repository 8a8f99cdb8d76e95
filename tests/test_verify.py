"""A run as it was made is true; each tampering is told with its address."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import SAMPLES, TINY
from typer.testing import CliRunner

from vocx.api import run
from vocx.cli import app
from vocx.runs import Run, load_run, read_shard, write_json, write_shard_table, write_table
from vocx.verify import verify

Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def a_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("verified") / "run"
    files = ["retail_survey_nps.csv", "support_conversations.jsonl"]
    return run([str(SAMPLES / f) for f in files], out, model=str(TINY))


def test_a_run_is_true(a_run: Run) -> None:
    verdict = verify(a_run)
    assert verdict.lies == []
    assert min(verdict.checked.values()) > 5


def more(column: str, by: float = 1) -> Change:
    """The first row's value raised."""
    return lambda frame: frame.assign(**{column: frame[column] + by * (frame.index == frame[column].first_valid_index())})  # fmt: skip


def quote(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(text=frame["text"].where(frame.index != 3, "Nobody ever said this."))


def without_first(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[1:]


def twice(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[:1]])


def strayed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(issue_id=frame["issue_id"].where(frame.index != 7, "i-0000000000"))


def praised(frame: pd.DataFrame) -> pd.DataFrame:
    """A pain turned into a win."""
    first = frame.index == frame.index[frame["kind"] == "pain"][0]
    return frame.assign(kind=frame["kind"].where(~first, "win"))


def happier(frame: pd.DataFrame) -> pd.DataFrame:
    first = frame.index == frame["nps"].first_valid_index()
    return frame.assign(nps=frame["nps"].where(~first, 10 - frame["nps"]))


TAMPERINGS: list[tuple[str, Change, str]] = [
    ("matrix", more("n_feedback"), "n_feedback"),
    ("matrix", more("severity", 0.3), "severity"),
    ("matrix", more("share_high", 0.01), "share_high"),
    ("matrix", without_first, "the row is missing"),
    ("matrix", twice, "the row is there twice"),
    ("issues", more("n_feedback"), "n_feedback"),
    ("issues", more("severity", 0.3), "severity"),
    ("issues", without_first, "there is no issue"),
    ("segments", quote, "Nobody ever said this."),
    ("segments", more("start"), "found at"),
    ("segments", without_first, "segments: "),
    ("segments", strayed, "there is no issue i-0000000000"),
    ("segments", twice, "the id is there twice"),
    ("segments", praised, "n_feedback"),
    ("feedback", without_first, "taken"),
    ("feedback", twice, "the id is there twice"),
    ("feedback", quote, "found at"),
    ("feedback", happier, "scores, level all, measure nps"),
    ("effects", more("impact", 2), "impact"),
    ("effects", more("n_told"), "n_told"),
    ("scores", more("value", 5), "value"),
    ("scores", without_first, "the row is missing"),
    ("paths", more("n_persons"), "n_persons"),
]  # fmt: skip


@pytest.fixture
def copy(a_run: Run, tmp_path: Path) -> Path:
    assert a_run.path is not None
    shutil.copytree(a_run.path, tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.parametrize(("table", "change", "told"), TAMPERINGS)
def test_each_tampering_is_told_with_its_address(
    a_run: Run, copy: Path, table: str, change: Change, told: str
) -> None:
    if table in ("feedback", "segments"):
        path = sorted((copy / table).glob("part-*.parquet"))[0]
        write_shard_table(change(read_shard(path)), table, path, None)
    else:
        write_table(change(getattr(a_run, table)), table, copy / f"{table}.parquet")
    lies = verify(load_run(copy)).lies
    assert any(told in str(lie) for lie in lies), lies[:5]


def test_a_lie_is_exit_code_one(a_run: Run, copy: Path) -> None:
    write_table(more("n_feedback")(a_run.matrix), "matrix", copy / "matrix.parquet")
    result = CliRunner().invoke(app, ["verify", str(copy)])
    assert result.exit_code == 1
    assert "wrong: matrix, stage" in result.output


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda m: m["rows"].update(rejected=99), "rejected: 99 said"),
        (lambda m: m["coverage"].update(mentions=1), "mentions: 1 said"),
        (lambda m: m["inputs"][0].update(taken=1), "taken: 1 said"),
    ],
)
def test_a_manifest_that_miscounts_is_caught(
    a_run: Run, copy: Path, change: Callable[[Any], None], told: str
) -> None:
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    change(manifest)
    write_json(manifest, copy / "manifest.json")
    assert any(told in str(lie) for lie in verify(load_run(copy)).lies)


@pytest.mark.parametrize("file", ["report.json", "report.html"])
def test_a_report_that_says_other_than_the_tables_is_caught(copy: Path, file: str) -> None:
    path = copy / file
    text = path.read_text(encoding="utf-8")
    known = json.loads((copy / "report.json").read_text(encoding="utf-8"))
    words = next(q[0]["text"] for q in known["quotes"].values() if len(q[0]["text"]) > 30 and '"' not in q[0]["text"])  # fmt: skip
    assert words in text
    path.write_text(text.replace(words, "We love everything about you"), encoding="utf-8")
    lies = verify(load_run(copy)).lies
    assert any(str(lie).startswith(file) and "We love everything" in str(lie) for lie in lies)
